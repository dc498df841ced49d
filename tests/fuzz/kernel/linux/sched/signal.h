/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AGENTSYS_TESTS_KERNEL_SCHED_SIGNAL_H
#define AGENTSYS_TESTS_KERNEL_SCHED_SIGNAL_H

#include <linux/types.h>

#define current	NULL

bool fatal_signal_pending(void *task);

#endif
