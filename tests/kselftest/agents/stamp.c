// SPDX-License-Identifier: GPL-2.0-only
/*
 * The smallest agent: its first act is to read CLOCK_MONOTONIC, which it writes
 * to standard output as two 64-bit words with its pid behind; then it waits to
 * be killed. Without a C library nothing comes before that.
 *
 * build: -static -nostdlib -fno-stack-protector -fcf-protection=none
 */
#include "call.h"

#include <linux/time.h>
#include <linux/types.h>

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
