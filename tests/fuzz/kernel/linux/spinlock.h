/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AGENTSYS_TESTS_KERNEL_SPINLOCK_H
#define AGENTSYS_TESTS_KERNEL_SPINLOCK_H

typedef struct {
	int locked;
} spinlock_t;

#endif
