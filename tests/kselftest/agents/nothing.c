// SPDX-License-Identifier: GPL-2.0-only
/*
 * The agent that costs least: it exits at once, or waits to be killed if it has an
 * argument.
 *
 * build: -static -nostdlib -fno-stack-protector -fcf-protection=none
 */
#include "call.h"

__attribute__((used)) static void begin(const long *stack)
{
	if (stack[0] < 2)
		call(__NR_exit_group, 0, 0, 0, 0);
	for (;;)
		call(__NR_ppoll, 0, 0, 0, 0);
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall begin\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n\tmov x0, sp\n\tbl begin\n");
#endif
