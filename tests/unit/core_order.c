// SPDX-License-Identifier: GPL-2.0-only
/*
 * The order of members: by hand, and random orders in random trees against a naive
 * twin, which keeps a list of pairs and looks for circles in them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core_random.h"
#include "order.h"

#define AGENTS 12
#define GROUPS 5
#define ORDERS 40

static struct agentsys_node agents[AGENTS];
static struct agentsys_group groups[GROUPS]; /* root first */
static struct agentsys_order orders[ORDERS];

static const struct agentsys_tree_ops ops;

static void make_world(u32 n_groups)
{
	memset(agents, 0, sizeof(agents));
	memset(groups, 0, sizeof(groups));
	memset(orders, 0, sizeof(orders));
	for (u32 i = 0; i < n_groups; i++) {
		groups[i].ops = &ops;
		groups[i].state = AGENTSYS_ACTIVE;
		groups[i].node.is_group = true;
		groups[i].node.state = AGENTSYS_NODE_UP;
		if (i)
			agentsys_tree_enter(&groups[core_random_below(i)], &groups[i].node);
	}
}

/* The order of root's agents, as letters. */
static const char *letters(void)
{
	static char text[AGENTS + 1];
	struct agentsys_node *node;
	u32 n = 0, place = 0;

	for (node = groups[0].first; node; node = node->next) {
		assert_ptr_equal(node->prev ? node->prev->next : groups[0].first, node);
		assert_true(node->place > place);
		assert_false(node->moves);
		place = node->place;
		text[n++] = (char)('a' + (node - agents));
		if (!node->next)
			assert_ptr_equal(groups[0].last, node);
	}
	assert_int_equal(n, groups[0].members);
	text[n] = '\0';
	return text;
}

static int keep(u32 i, char first, char then)
{
	return agentsys_order_keep(&orders[i], &agents[first - 'a'], &agents[then - 'a']);
}

static void flat(u32 n)
{
	make_world(1);
	for (u32 i = 0; i < n; i++)
		agentsys_tree_enter(&groups[0], &agents[i]);
}

static void what_is_in_order_stays(void **unused)
{
	(void)unused;
	flat(5);
	assert_int_equal(keep(0, 'a', 'e'), 0);
	assert_int_equal(keep(1, 'b', 'c'), 0);
	assert_string_equal(letters(), "abcde");
}

static void as_few_as_it_takes_move(void **unused)
{
	(void)unused;
	flat(5);
	assert_int_equal(keep(0, 'd', 'b'), 0);
	assert_string_equal(letters(), "acdbe");
	/* c takes nobody along; then d does. */
	assert_int_equal(keep(1, 'b', 'c'), 0);
	assert_string_equal(letters(), "adbce");
	assert_int_equal(keep(2, 'e', 'd'), 0);
	assert_string_equal(letters(), "aedbc");
	/* The next one to come is the last. */
	agentsys_tree_enter(&groups[0], &agents[5]);
	assert_string_equal(letters(), "aedbcf");
}

static void circles_are_refused(void **unused)
{
	(void)unused;
	flat(4);
	assert_int_equal(keep(0, 'c', 'a'), 0);
	assert_int_equal(keep(1, 'a', 'd'), 0);
	assert_string_equal(letters(), "bcad");
	assert_int_equal(keep(2, 'd', 'c'), -ELOOP);
	assert_string_equal(letters(), "bcad");
	/* What is dropped is against nothing any more. */
	agentsys_order_drop(&orders[1]);
	assert_int_equal(keep(2, 'd', 'c'), 0);
	assert_string_equal(letters(), "bdca");
	agentsys_order_drop(&orders[0]);
	agentsys_order_drop(&orders[2]);
	assert_int_equal(keep(0, 'a', 'b'), 0);
	assert_int_equal(keep(1, 'b', 'd'), 0);
	assert_string_equal(letters(), "cabd");
}

static void one_that_is_nowhere_has_no_order(void **unused)
{
	(void)unused;
	flat(2);
	assert_int_equal(agentsys_order_keep(&orders[0], &agents[0], &agents[5]), 0);
	assert_null(orders[0].then);
	agentsys_order_drop(&orders[0]);
	assert_string_equal(letters(), "ab");
}

/* ---- against the naive twin ---- */

/* The members of the lowest common group. */
static void naive_members(struct agentsys_node *a, struct agentsys_node *b,
			  struct agentsys_node **x, struct agentsys_node **y)
{
	struct agentsys_node *up_a, *up_b;

	for (up_a = a; up_a->parent; up_a = &up_a->parent->node)
		for (up_b = b; up_b->parent; up_b = &up_b->parent->node)
			if (up_a->parent == up_b->parent && up_a != up_b) {
				*x = up_a;
				*y = up_b;
				return;
			}
	*x = *y = NULL;
}

static struct pair {
	struct agentsys_node *first, *then;
} pairs[ORDERS];

/* Is there a way from @from to @to by pairs? */
static bool reaches(struct agentsys_node *from, struct agentsys_node *to, u32 depth)
{
	if (from == to)
		return true;
	for (u32 i = 0; i < ORDERS && depth; i++)
		if (pairs[i].first == from && reaches(pairs[i].then, to, depth - 1))
			return true;
	return false;
}

static void check_world(void)
{
	for (u32 i = 0; i < ORDERS; i++)
		if (pairs[i].first)
			assert_true(pairs[i].first->place < pairs[i].then->place);
	for (u32 g = 0; g < GROUPS; g++) {
		struct agentsys_node *node, *last = NULL;
		u32 n = 0;

		for (node = groups[g].first; node; last = node, node = node->next, n++) {
			assert_ptr_equal(node->prev, last);
			assert_ptr_equal(node->parent, &groups[g]);
			assert_true(!last || last->place < node->place);
		}
		assert_ptr_equal(groups[g].last, last);
		assert_int_equal(groups[g].members, n);
	}
}

static void random_orders(void **unused)
{
	u32 refused = 0, moved = 0;

	(void)unused;
	for (u32 round = 0; round < 2000; round++) {
		make_world(GROUPS);
		memset(pairs, 0, sizeof(pairs));
		for (u32 i = 0; i < AGENTS; i++)
			agentsys_tree_enter(&groups[core_random_below(GROUPS)], &agents[i]);
		for (u32 step = 0; step < 60; step++) {
			u32 i = core_random_below(ORDERS);
			struct agentsys_node *a = &agents[core_random_below(AGENTS)];
			struct agentsys_node *b = &agents[core_random_below(AGENTS)];
			struct agentsys_node *x, *y;
			int ret;

			if (a == b)
				continue;
			if (pairs[i].first) {
				agentsys_order_drop(&orders[i]);
				pairs[i] = (struct pair){ NULL, NULL };
				continue;
			}
			naive_members(a, b, &x, &y);
			moved += x->place > y->place;
			ret = agentsys_order_keep(&orders[i], a, b);
			assert_int_equal(ret, reaches(y, x, AGENTS) ? -ELOOP : 0);
			refused += !!ret;
			if (!ret)
				pairs[i] = (struct pair){ x, y };
			check_world();
		}
	}
	/* It was about something. */
	assert_true(refused > 1000 && moved > 1000);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_in_order_stays),
		cmocka_unit_test(as_few_as_it_takes_move),
		cmocka_unit_test(circles_are_refused),
		cmocka_unit_test(one_that_is_nowhere_has_no_order),
		cmocka_unit_test(random_orders),
	};

	core_random_init(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
