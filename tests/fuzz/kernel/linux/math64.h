/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AGENTSYS_TESTS_KERNEL_MATH64_H
#define AGENTSYS_TESTS_KERNEL_MATH64_H

#include <linux/types.h>

static inline __u64 div_u64(__u64 dividend, __u32 divisor)
{
	return dividend / divisor;
}

#define NSEC_PER_USEC	1000L

#endif
