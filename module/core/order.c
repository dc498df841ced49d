// SPDX-License-Identifier: GPL-2.0-only
#include "order.h"

static struct agentsys_node *above(const struct agentsys_node *node)
{
	return node->parent ? &node->parent->node : NULL;
}

static u32 depth(const struct agentsys_node *node)
{
	u32 n = 0;

	while ((node = above(node)))
		n++;
	return n;
}

/* What they are in, or themselves: two members of one group. False: there is none. */
static bool find_members(struct agentsys_node **a, struct agentsys_node **b)
{
	u32 deep_a = depth(*a), deep_b = depth(*b);

	for (; deep_a > deep_b; deep_a--)
		*a = above(*a);
	for (; deep_b > deep_a; deep_b--)
		*b = above(*b);
	while (*a != *b && (*a)->parent != (*b)->parent) {
		*a = above(*a);
		*b = above(*b);
	}
	return *a != *b && (*a)->parent;
}

static bool follows_a_mover(const struct agentsys_node *node)
{
	const struct agentsys_order *order;

	for (order = node->after; order; order = order->next)
		if (order->first->moves)
			return true;
	return false;
}

/* @then moves behind @first, and so does what has to come after it. */
static int mark_movers(struct agentsys_node *first, struct agentsys_node *then)
{
	struct agentsys_node *node;

	then->moves = true;
	for (node = then->next; node != first; node = node->next)
		node->moves = follows_a_mover(node);
	if (!follows_a_mover(first))
		return 0;
	for (node = then; node != first; node = node->next)
		node->moves = false;
	return -ELOOP;
}

static void unlink_node(struct agentsys_group *group, struct agentsys_node *node)
{
	if (node->prev)
		node->prev->next = node->next;
	else
		group->first = node->next;
	node->next->prev = node->prev; /* there is the one that it moves behind */
}

static void link_behind(struct agentsys_group *group, struct agentsys_node *node,
			struct agentsys_node *behind)
{
	node->prev = behind;
	node->next = behind->next;
	if (behind->next)
		behind->next->prev = node;
	else
		group->last = node;
	behind->next = node;
}

static void move(struct agentsys_node *first, struct agentsys_node *then)
{
	struct agentsys_group *group = first->parent;
	struct agentsys_node *behind = first;
	struct agentsys_node *node, *next;

	for (node = then; node != first; node = next) {
		next = node->next;
		if (!node->moves)
			continue;
		node->moves = false;
		unlink_node(group, node);
		link_behind(group, node, behind);
		behind = node;
	}
}

int agentsys_order_keep(struct agentsys_order *order, struct agentsys_node *first,
			struct agentsys_node *then)
{
	order->then = NULL;
	if (!find_members(&first, &then))
		return 0;
	if (first->place > then->place) {
		int ret = mark_movers(first, then);

		if (ret)
			return ret;
		move(first, then);
		agentsys_tree_renumber(first->parent);
	}
	order->first = first;
	order->then = then;
	order->next = then->after;
	order->link = &then->after;
	if (order->next)
		order->next->link = &order->next;
	then->after = order;
	return 0;
}

void agentsys_order_drop(struct agentsys_order *order)
{
	if (!order->then)
		return;
	*order->link = order->next;
	if (order->next)
		order->next->link = order->link;
	order->then = NULL;
}
