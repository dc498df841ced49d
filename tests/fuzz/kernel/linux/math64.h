/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AGENTSYS_TESTS_KERNEL_MATH64_H
#define AGENTSYS_TESTS_KERNEL_MATH64_H

/* div_u64() is core's own, in env.h. */
#define NSEC_PER_USEC	1000L

#endif
