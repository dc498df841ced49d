/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The order of the members of a group, where some have to come before others:
 * because an agent in one depends on an agent in the other.
 */
#ifndef AGENTSYS_CORE_ORDER_H
#define AGENTSYS_CORE_ORDER_H

#include "tree.h"

/**
 * struct agentsys_order - one member comes before another of its group
 * @first: the one
 * @then: the other; NULL if there is no order to keep
 * @next: the next one with the same @then
 * @link: what points to this one
 */
struct agentsys_order {
	struct agentsys_node *first;
	struct agentsys_node *then;
	struct agentsys_order *next;
	struct agentsys_order **link;
};

/*
 * Have @first come before @then: these or the groups around them, in the lowest
 * group that holds both. Members are moved behind others, as few as it takes, and
 * else keep their order. -ELOOP, with nothing changed: other orders are against it.
 * Two that are not both in the tree have no order.
 */
int agentsys_order_keep(struct agentsys_order *order, struct agentsys_node *first,
			struct agentsys_node *then);

/* It does not matter any more. The members stay as they are. */
void agentsys_order_drop(struct agentsys_order *order);

#endif /* AGENTSYS_CORE_ORDER_H */
