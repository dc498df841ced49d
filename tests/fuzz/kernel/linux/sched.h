/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AGENTSYS_TESTS_KERNEL_SCHED_H
#define AGENTSYS_TESTS_KERNEL_SCHED_H

#define cond_resched()	do { } while (0)

#endif
