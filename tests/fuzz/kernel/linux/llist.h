/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AGENTSYS_TESTS_KERNEL_LLIST_H
#define AGENTSYS_TESTS_KERNEL_LLIST_H

struct llist_node {
	struct llist_node *next;
};

#endif
