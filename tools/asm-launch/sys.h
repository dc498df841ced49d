/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System calls without the C library.
 *
 * The child shares the launcher's memory until it has executed its program, so
 * it may not run code that believes to own the process: glibc's setresuid()
 * signals every thread, and errno would be the launcher's. Results are the
 * kernel's: a negative errno, or what the call returns.
 */
#ifndef ASM_LAUNCH_SYS_H
#define ASM_LAUNCH_SYS_H

#include <sys/syscall.h>

#if defined(__x86_64__)

static inline long sys_call(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 asm("r10") = d;
	register long r8 asm("r8") = e;
	register long r9 asm("r9") = f;
	long ret;

	asm volatile("syscall"
		     : "=a"(ret)
		     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return ret;
}

#elif defined(__aarch64__)

static inline long sys_call(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 asm("x8") = nr;
	register long x0 asm("x0") = a;
	register long x1 asm("x1") = b;
	register long x2 asm("x2") = c;
	register long x3 asm("x3") = d;
	register long x4 asm("x4") = e;
	register long x5 asm("x5") = f;

	asm volatile("svc #0"
		     : "+r"(x0)
		     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
		     : "memory");
	return x0;
}

#else
#error "asm-launch knows the system calls of x86_64 and arm64 only"
#endif

#define SYS_PAD(nr, a, b, c, d, e, f, ...) \
	sys_call((nr), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
/* sys(__NR_x, up to six arguments) */
#define sys(...) SYS_PAD(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

#endif
