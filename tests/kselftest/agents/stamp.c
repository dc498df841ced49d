// SPDX-License-Identifier: GPL-2.0-only
/*
 * The smallest agent: its first act is to read CLOCK_MONOTONIC, which it writes
 * to standard output as two 64-bit words with its pid behind; then it waits to
 * be killed. Without a C library nothing comes before that.
 *
 * build: -static -nostdlib -fno-stack-protector -fcf-protection=none
 */
#include <asm/unistd.h>
#include <linux/time.h>
#include <linux/types.h>

static long call(long number, long a, long b, long c, long d)
{
#if defined(__x86_64__)
	register long r10 __asm__("r10") = d;
	long ret;

	__asm__ volatile("syscall" : "=a"(ret)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return ret;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
#endif
}

void _start(void)
{
	struct {
		__s64 time[2];
		__s64 pid;
	} stamp;

	call(__NR_clock_gettime, CLOCK_MONOTONIC, (long)stamp.time, 0, 0);
	stamp.pid = call(__NR_getpid, 0, 0, 0, 0);
	call(__NR_write, 1, (long)&stamp, sizeof(stamp), 0);
	for (;;)
		call(__NR_ppoll, 0, 0, 0, 0);
}
