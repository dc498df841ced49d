/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * clone3() for a child that shares the caller's memory.
 *
 * Such a child comes back from the system call on a stack of its own, where
 * there is no frame to return to: it must be led to a function right behind the
 * instruction, which no C code around a plain syscall() can promise.
 */
#ifndef ASM_LAUNCH_CLONE_H
#define ASM_LAUNCH_CLONE_H

#include <linux/sched.h>
#include <sys/syscall.h>

/* The child runs @fn(@arg), which must not return. */
static inline long clone_call(struct clone_args *args, void (*fn)(const void *), const void *arg)
{
#if defined(__x86_64__)
	register void (*r8)(const void *) asm("r8") = fn;
	register const void *r9 asm("r9") = arg;
	long ret;

	/*
	 * The kernel preserves every register but rax, rcx and r11, in the child
	 * too. The stack's top is aligned to 16 bytes, as a call expects it.
	 */
	asm volatile("syscall\n\t"
		     "test %%rax, %%rax\n\t"
		     "jnz 1f\n\t"
		     "xor %%ebp, %%ebp\n\t"
		     "mov %%r9, %%rdi\n\t"
		     "call *%%r8\n\t"
		     "ud2\n"
		     "1:"
		     : "=a"(ret)
		     : "a"(__NR_clone3), "D"(args), "S"(sizeof(*args)), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return ret;
#elif defined(__aarch64__)
	register long x8 asm("x8") = __NR_clone3;
	register long x0 asm("x0") = (long)args;
	register long x1 asm("x1") = sizeof(*args);
	register void (*x9)(const void *) asm("x9") = fn;
	register const void *x10 asm("x10") = arg;

	asm volatile("svc #0\n\t"
		     "cbnz x0, 1f\n\t"
		     "mov x29, xzr\n\t"
		     "mov x30, xzr\n\t"
		     "mov x0, x10\n\t"
		     "blr x9\n\t"
		     "brk #1\n"
		     "1:"
		     : "+r"(x0)
		     : "r"(x8), "r"(x1), "r"(x9), "r"(x10)
		     : "memory");
	return x0;
#endif
}

#endif
