/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AGENTSYS_TESTS_KERNEL_TIMER_H
#define AGENTSYS_TESTS_KERNEL_TIMER_H

struct timer_list {
	unsigned long expires;
};

#endif
