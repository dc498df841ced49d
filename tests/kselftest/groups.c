// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups of the supervision tree: who is restarted when a member ends, in which
 * order, and what becomes of a group whose restarts are spent.
 *
 * vm: timeout=300
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/groups.h"
#include "lib/members.h"

GROUPS_FIXTURE(groups);

/* ---- who is restarted ---- */

enum end { CRASHES, EXITS_WITH_3, EXITS_WITH_0, __ENDS };

static const char *const end_names[] = { "crashes", "exits with 3", "exits with 0" };

static void end_somehow(struct agents *a, uint32_t id, enum end end)
{
	if (end == CRASHES)
		crash_member(a, id);
	else
		end_member(id, end == EXITS_WITH_3 ? 3 : 0);
}

/* By the book: is member @i started again when @failed has ended? */
static bool restarts(enum agentsys_strategy strategy, enum end end, int failed, int i)
{
	switch (strategy) {
	case AGENTSYS_ONE_FOR_ONE:
		return i == failed;
	case AGENTSYS_ONE_FOR_ALL:
		return true;
	case AGENTSYS_REST_FOR_ONE:
		return i >= failed;
	case AGENTSYS_TRANSIENT:
		return i == failed && end != EXITS_WITH_0;
	default:
		return false;
	}
}

static void check_strategy(struct __test_metadata *_metadata, struct agents *a,
			   enum agentsys_strategy strategy, enum end end, int failed)
{
	bool together = strategy == AGENTSYS_ONE_FOR_ALL || strategy == AGENTSYS_REST_FOR_ONE;
	bool any = restarts(strategy, end, failed, failed);
	struct agentsys_info before[MEMBERS], info;
	uint64_t from;

	GROUP(a, "g", NULL, strategy);
	spawn_members(_metadata, a, "g", MEMBER_ID);
	for (int i = 0; i < MEMBERS; i++)
		before[i] = look(a, MEMBER_ID + i);
	skip_events(a);
	from = a->seen;

	end_somehow(a, MEMBER_ID + failed, end);
	if (any && together)
		EXPECT_EQ(MEMBER_ID + failed, GROUP_EVENT(a, "g", RESTART).code);
	if (any && together)
		GROUP_EVENT(a, "g", STARTED);
	else if (any)
		LATER(a, MEMBER_ID + failed, RESTART);
	else
		EXPECT_TRUE(AWAIT(is_state(a, MEMBER_ID + failed, AGENTSYS_EXITED)));

	for (int i = 0; i < MEMBERS; i++) {
		bool again = restarts(strategy, end, failed, i);

		info = look(a, MEMBER_ID + i);
		EXPECT_EQ(i == failed && !again ? AGENTSYS_EXITED : AGENTSYS_ACTIVE, info.state);
		EXPECT_EQ(again ? 2 : 1, info.instance);
		EXPECT_EQ(again && i == failed ? 1 : 0, info.restarts);
		if (i != failed)
			EXPECT_EQ(again, before[i].pid != info.pid);
		if (i != failed)
			EXPECT_EQ(again ? AGENTSYS_CAUSE_GROUP : AGENTSYS_CAUSE_NONE, info.cause);
	}
	EXPECT_TRUE(is_group_state(a, "g", AGENTSYS_ACTIVE));
	EXPECT_EQ(any, look_group(a, "g").recent);
	check_order(_metadata, a, from, a->seen);
	if (!__test_passed(_metadata))
		TH_LOG("%s: %d %s", agentsys_strategy_name(strategy), failed, end_names[end]);
	groups_clear(a);
}

TEST_F_TIMEOUT(groups, every_strategy_by_cause_and_position, 200)
{
	for (int strategy = 0; strategy < __AGENTSYS_STRATEGIES; strategy++)
		for (int end = 0; end < __ENDS; end++)
			for (int failed = 0; failed < MEMBERS; failed++)
				check_strategy(_metadata, &self->a, strategy, end, failed);
}

/* What had ended, or was stopped by hand, stays so; who is never restarted is not either. */
TEST_F(groups, a_round_leaves_alone_what_was_down)
{
	struct agents *a = &self->a;
	struct agentsys_spec *temporary = member("g", MEMBER_ID + 2);

	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ALL);
	SPAWN(a, member("g", MEMBER_ID));
	SPAWN(a, member("g", MEMBER_ID + 1));
	agentsys_spec_set_restart(temporary, AGENTSYS_RESTART_NEVER);
	SPAWN(a, temporary);
	ASSERT_OK(a->h, stop_member(a, MEMBER_ID + 1));
	crash_member(a, MEMBER_ID);
	GROUP_EVENT(a, "g", STARTED);
	EXPECT_EQ(2, look(a, MEMBER_ID).instance);
	EXPECT_EQ(AGENTSYS_EXITED, look(a, MEMBER_ID + 1).state);
	EXPECT_EQ(AGENTSYS_CAUSE_STOP, look(a, MEMBER_ID + 1).cause);
	EXPECT_EQ(AGENTSYS_EXITED, look(a, MEMBER_ID + 2).state);
	EXPECT_EQ(AGENTSYS_CAUSE_GROUP, look(a, MEMBER_ID + 2).cause);
}

/* One that does not hear is killed when its own stop timeout has passed, and comes back. */
TEST_F(groups, a_deaf_member_is_killed_in_a_round)
{
	struct agents *a = &self->a;
	int out;

	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ALL);
	SPAWN(a, member("g", MEMBER_ID));
	out = SPAWN_DEAF(a, "g", MEMBER_ID + 1, 50);
	crash_member(a, MEMBER_ID);
	LATER(a, MEMBER_ID + 1, KILL);
	GROUP_EVENT(a, "g", STARTED);
	EXPECT_EQ(2, look(a, MEMBER_ID + 1).instance);
	EXPECT_EQ(AGENTSYS_CAUSE_KILL, look(a, MEMBER_ID + 1).cause);
	/* It was not its own doing. */
	EXPECT_EQ(0, look(a, MEMBER_ID + 1).restarts);
	ASSERT_LINE("ready", out);
}

/* ---- budgets ---- */

/* Seed of the rule: one more than allowed within the window, and the group gives up. */
TEST_F(groups, a_spent_budget_fails_the_group)
{
	const struct group_policy two = { AGENTSYS_ONE_FOR_ONE, 2, 60000, 1, 1 };
	struct agents *a = &self->a;
	struct agentsys_event event;

	ASSERT_OK(a->h, agentsys_group_new(a->h, "g", group_spec(NULL, &two)));
	spawn_members(_metadata, a, "g", MEMBER_ID);
	for (uint32_t n = 1; n <= 2; n++) {
		crash_member(a, MEMBER_ID + 1);
		LATER(a, MEMBER_ID + 1, RESTART);
		EXPECT_TRUE(AWAIT(is_state(a, MEMBER_ID + 1, AGENTSYS_ACTIVE)));
		EXPECT_EQ(n, look_group(a, "g").recent);
	}
	crash_member(a, MEMBER_ID + 1);
	event = GROUP_EVENT(a, "g", FAILED);
	EXPECT_EQ(MEMBER_ID + 1, event.code);
	EXPECT_EQ(3, event.instance);
	EXPECT_EQ(2, event.value);
	/* The others are stopped, last first. */
	LATER(a, MEMBER_ID + 2, STOP);
	LATER(a, MEMBER_ID, STOP);
	EXPECT_TRUE(AWAIT(is_group_state(a, "g", AGENTSYS_FAILED)));
	EXPECT_EQ(AGENTSYS_EXITED, look(a, MEMBER_ID).state);
	EXPECT_EQ(AGENTSYS_FAILED, look(a, MEMBER_ID + 1).state);
	EXPECT_EQ(AGENTSYS_EXITED, look(a, MEMBER_ID + 2).state);
	EXPECT_EQ(3, look_group(a, "g").restarts);

	/* By hand it starts all the same, with a new budget. */
	ASSERT_OK(a->h, agentsys_group_start(a->h, "g", AGENTSYS_WAIT));
	for (int i = 0; i < MEMBERS; i++)
		EXPECT_EQ(AGENTSYS_ACTIVE, look(a, MEMBER_ID + i).state);
	EXPECT_EQ(0, look_group(a, "g").recent);
	crash_member(a, MEMBER_ID);
	LATER(a, MEMBER_ID, RESTART);
}

TEST_F(groups, without_a_budget_the_first_failure_fails_the_group)
{
	const struct group_policy none = { AGENTSYS_ONE_FOR_ALL, 0, 1000, 0, 0 };
	struct agents *a = &self->a;

	ASSERT_OK(a->h, agentsys_group_new(a->h, "g", group_spec(NULL, &none)));
	spawn_members(_metadata, a, "g", MEMBER_ID);
	crash_member(a, MEMBER_ID);
	GROUP_EVENT(a, "g", FAILED);
	EXPECT_TRUE(AWAIT(is_group_state(a, "g", AGENTSYS_FAILED)));
}

/* A window that has passed does not count any more. */
TEST_F(groups, the_window_slides)
{
	const struct group_policy one = { AGENTSYS_ONE_FOR_ONE, 1, 300, 1, 1 };
	struct agents *a = &self->a;

	ASSERT_OK(a->h, agentsys_group_new(a->h, "g", group_spec(NULL, &one)));
	SPAWN(a, member("g", MEMBER_ID));
	for (uint32_t n = 1; n <= 3; n++) {
		crash_member(a, MEMBER_ID);
		LATER(a, MEMBER_ID, RESTART);
		EXPECT_TRUE(AWAIT(look_group(a, "g").recent == 0));
		EXPECT_EQ(n, look_group(a, "g").restarts);
	}
	EXPECT_TRUE(AWAIT(is_state(a, MEMBER_ID, AGENTSYS_ACTIVE)));
}

/* A start that fails in a round counts: the group fails, and does not try for ever. */
TEST_F(groups, a_round_that_cannot_start_spends_the_budget)
{
	const struct group_policy three = { AGENTSYS_ONE_FOR_ALL, 3, 60000, 1, 1 };
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC(WORK "/program", "1000000");

	ASSERT_EQ(0, system("cp /bin/busybox " WORK "/sleep && ln -s sleep " WORK "/program"));
	ASSERT_OK(a->h, agentsys_group_new(a->h, "g", group_spec(NULL, &three)));
	SPAWN(a, member("g", MEMBER_ID));
	agentsys_spec_set_id(spec, MEMBER_ID + 1);
	agentsys_spec_set_args(spec, (const char *const[]){ WORK "/sleep", "1000000", NULL });
	ASSERT_EQ(0, agentsys_spec_set_group(spec, "g"));
	SPAWN(a, spec);
	ASSERT_EQ(0, unlink(WORK "/sleep"));
	crash_member(a, MEMBER_ID);
	EXPECT_EQ(MEMBER_ID + 1, GROUP_EVENT(a, "g", FAILED).code);
	EXPECT_TRUE(AWAIT(is_group_state(a, "g", AGENTSYS_FAILED)));
	EXPECT_EQ(AGENTSYS_EXITED, look(a, MEMBER_ID).state);
	EXPECT_EQ(AGENTSYS_FAILED, look(a, MEMBER_ID + 1).state);
	/* One for the crash, and one for each start that failed after it. */
	EXPECT_EQ(4, look(a, MEMBER_ID).instance);
}

/* ---- the tree ---- */

/* A failed group fails the one above, whose strategy then applies. */
static void check_escalation(struct __test_metadata *_metadata, struct agents *a,
			     enum agentsys_strategy strategy)
{
	const struct group_policy none = { AGENTSYS_ONE_FOR_ONE, 0, 1000, 0, 0 };
	static const char *const names[] = { "first", "second", "third" };

	GROUP(a, "above", NULL, strategy);
	for (int i = 0; i < 3; i++) {
		ASSERT_OK(a->h, agentsys_group_new(a->h, names[i], group_spec("above", &none)));
		SPAWN(a, member(names[i], MEMBER_ID + 10 * i));
		SPAWN(a, member(names[i], MEMBER_ID + 10 * i + 1));
	}
	crash_member(a, MEMBER_ID + 10);
	GROUP_EVENT(a, "second", FAILED);
	GROUP_EVENT(a, strategy == AGENTSYS_ONE_FOR_ONE ? "second" : "above", STARTED);
	for (int i = 0; i < 3; i++) {
		bool again = restarts(strategy, CRASHES, 1, i);

		for (int k = 0; k < 2; k++) {
			EXPECT_EQ(AGENTSYS_ACTIVE, look(a, MEMBER_ID + 10 * i + k).state);
			EXPECT_EQ(again ? 2 : 1, look(a, MEMBER_ID + 10 * i + k).instance);
		}
		EXPECT_TRUE(is_group_state(a, names[i], AGENTSYS_ACTIVE));
	}
	EXPECT_EQ(1, look_group(a, "above").recent);
	if (!__test_passed(_metadata))
		TH_LOG("%s", agentsys_strategy_name(strategy));
	groups_clear(a);
}

TEST_F(groups, a_failed_group_is_a_failure_of_the_one_above)
{
	check_escalation(_metadata, &self->a, AGENTSYS_ONE_FOR_ONE);
	check_escalation(_metadata, &self->a, AGENTSYS_ONE_FOR_ALL);
	check_escalation(_metadata, &self->a, AGENTSYS_REST_FOR_ONE);
}

/* Up to the top, where the subtree stays down, and the neighbour does not notice. */
TEST_F(groups, at_the_root_the_subtree_stays_failed)
{
	const struct group_policy one = { AGENTSYS_ONE_FOR_ALL, 1, 60000, 1, 1 };
	struct agents *a = &self->a;

	ASSERT_OK(a->h, agentsys_group_new(a->h, "top", group_spec(NULL, &one)));
	ASSERT_OK(a->h, agentsys_group_new(a->h, "sub", group_spec("top", &one)));
	GROUP(a, "neighbour", NULL, AGENTSYS_ONE_FOR_ALL);
	SPAWN(a, member("top", MEMBER_ID));
	SPAWN(a, member("sub", MEMBER_ID + 1));
	SPAWN(a, member("neighbour", MEMBER_ID + 2));
	/* Twice for sub, which fails top once; and again. */
	for (int n = 0; n < 4; n++) {
		EXPECT_TRUE(AWAIT(is_state(a, MEMBER_ID + 1, AGENTSYS_ACTIVE) &&
				  is_group_state(a, "top", AGENTSYS_ACTIVE)));
		crash_member(a, MEMBER_ID + 1);
		if (n == 0)
			GROUP_EVENT(a, "sub", STARTED);
		else if (n == 1)
			GROUP_EVENT(a, "top", STARTED);
		else if (n == 2)
			GROUP_EVENT(a, "sub", STARTED);
	}
	GROUP_EVENT(a, "top", FAILED);
	EXPECT_TRUE(AWAIT(is_group_state(a, "top", AGENTSYS_FAILED)));
	EXPECT_EQ(AGENTSYS_EXITED, look(a, MEMBER_ID).state);
	EXPECT_NE(AGENTSYS_ACTIVE, look(a, MEMBER_ID + 1).state);
	EXPECT_EQ(1, look(a, MEMBER_ID + 2).instance);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, MEMBER_ID + 2).state);
	EXPECT_TRUE(is_group_state(a, AGENTSYS_ROOT_GROUP, AGENTSYS_ACTIVE));
}

/* With its own backoff an agent could go on for ever within the budget: that is refused. */
TEST_F(groups, an_endless_member_is_refused)
{
	struct agents *a = &self->a;
	struct agentsys_spec *slow = member("g", MEMBER_ID);
	struct agentsys_spec *waits = agentsys_spec_new(), *unlimited = agentsys_spec_new();
	uint32_t id;

	agentsys_spec_set_backoff(waits, 30000, 30000);
	agentsys_spec_set_max_restarts(unlimited, AGENTSYS_RESTARTS_UNLIMITED);
	ASSERT_OK(a->h, agentsys_group_new(a->h, "g", NULL));
	agentsys_spec_set_backoff(slow, 30000, 30000);
	EXPECT_REFUSED(a->h, EINVAL, "never be spent", agentsys_spawn(a->h, slow, 0, &id));
	agentsys_spec_set_max_restarts(slow, 7);
	EXPECT_EQ(MEMBER_ID, SPAWN(a, slow));

	/* Nor does it become so later. */
	SPAWN(a, member("g", MEMBER_ID + 1));
	EXPECT_REFUSED(a->h, EINVAL, "never be spent", agentsys_set(a->h, MEMBER_ID + 1, waits));
	EXPECT_EQ(100, look(a, MEMBER_ID + 1).backoff_initial_ms);
	EXPECT_REFUSED(a->h, EINVAL, "never be spent", agentsys_set(a->h, MEMBER_ID, unlimited));
	EXPECT_EQ(7, look(a, MEMBER_ID).max_restarts);
	agentsys_spec_set_max_restarts(waits, 7);
	EXPECT_OK(a->h, agentsys_set(a->h, MEMBER_ID + 1, waits));
	/* Where several are restarted it is the delays of the group that count. */
	GROUP(a, "all", NULL, AGENTSYS_ONE_FOR_ALL);
	SPAWN(a, member("all", MEMBER_ID + 2));
	agentsys_spec_set_max_restarts(waits, AGENTSYS_RESTARTS_UNLIMITED);
	EXPECT_OK(a->h, agentsys_set(a->h, MEMBER_ID + 2, waits));
}

/* A start by hand does not wait for the backoff. */
TEST_F(groups, start_ends_the_backoff)
{
	const struct group_policy slow = { AGENTSYS_ONE_FOR_ALL, 1, NEVER_MS, NEVER_MS / 2,
					   NEVER_MS / 2 };
	struct agents *a = &self->a;

	ASSERT_OK(a->h, agentsys_group_new(a->h, "g", group_spec(NULL, &slow)));
	spawn_members(_metadata, a, "g", MEMBER_ID);
	crash_member(a, MEMBER_ID);
	EXPECT_TRUE(AWAIT(is_group_state(a, "g", AGENTSYS_BACKOFF)));
	ASSERT_OK(a->h, agentsys_group_start(a->h, "g", AGENTSYS_WAIT));
	for (int i = 0; i < MEMBERS; i++)
		EXPECT_EQ(2, look(a, MEMBER_ID + i).instance);
}

/* Nothing that waits for its group starts in or after a shutdown. */
TEST_F(groups, a_shutdown_ends_what_is_under_way)
{
	const struct group_policy slow = { AGENTSYS_ONE_FOR_ALL, 1, NEVER_MS, NEVER_MS / 2,
					   NEVER_MS / 2 };
	struct agents *a = &self->a;

	ASSERT_OK(a->h, agentsys_group_new(a->h, "g", group_spec(NULL, &slow)));
	spawn_members(_metadata, a, "g", MEMBER_ID);
	crash_member(a, MEMBER_ID);
	EXPECT_TRUE(AWAIT(is_group_state(a, "g", AGENTSYS_BACKOFF)));
	ASSERT_OK(a->h, agentsys_shutdown(a->h, 10000, AGENTSYS_WAIT, NULL, NULL));
	EXPECT_TRUE(is_group_state(a, "g", AGENTSYS_EXITED));
	for (int i = 0; i < MEMBERS; i++)
		EXPECT_EQ(AGENTSYS_EXITED, look(a, MEMBER_ID + i).state);
}

/* Its work is done when that of its significant member is. */
TEST_F(groups, a_significant_member_ends_the_group)
{
	struct agentsys_group_spec *done = agentsys_group_spec_new();
	struct agents *a = &self->a;
	struct agentsys_spec *job = member("g", MEMBER_ID);

	agentsys_group_spec_set_auto_shutdown(done, AGENTSYS_AUTO_SHUTDOWN_ANY);
	agentsys_group_spec_set_strategy(done, AGENTSYS_TRANSIENT);
	ASSERT_OK(a->h, agentsys_group_new(a->h, "g", done));
	EXPECT_EQ(AGENTSYS_AUTO_SHUTDOWN_ANY, look_group(a, "g").auto_shutdown);
	agentsys_spec_set_significant(job, true);
	SPAWN(a, job);
	SPAWN(a, member("g", MEMBER_ID + 1));
	EXPECT_EQ(1, look(a, MEMBER_ID).significant);
	EXPECT_EQ(0, look(a, MEMBER_ID + 1).significant);
	/* A crash is not the end of it, nor is the end of another one. */
	crash_member(a, MEMBER_ID);
	LATER(a, MEMBER_ID, RESTART);
	SPAWN(a, member("g", MEMBER_ID + 2));
	end_member(MEMBER_ID + 2, 0);
	LATER(a, MEMBER_ID + 2, EXIT);
	EXPECT_TRUE(is_group_state(a, "g", AGENTSYS_ACTIVE));
	end_member(MEMBER_ID, 0);
	GROUP_EVENT(a, "g", STOPPED);
	EXPECT_TRUE(is_group_state(a, "g", AGENTSYS_EXITED));
	EXPECT_EQ(AGENTSYS_EXITED, look(a, MEMBER_ID + 1).state);
	EXPECT_EQ(AGENTSYS_CAUSE_GROUP, look(a, MEMBER_ID + 1).cause);
	EXPECT_EQ(AGENTSYS_CAUSE_EXIT, look(a, MEMBER_ID).cause);
}

/* ---- what is refused ---- */

TEST_F(groups, what_cannot_be_is_refused)
{
	const struct group_policy endless = { AGENTSYS_ONE_FOR_ALL, 5, 1000, 500, 500 };
	const struct group_policy good = { AGENTSYS_ONE_FOR_ALL, 5, 60000, 100, 30000 };
	struct agents *a = &self->a;
	char name[AGENTSYS_NAME_MAX + 2];
	struct agentsys_spec *stray = member("none", MEMBER_ID);
	uint32_t id;

	EXPECT_REFUSED(a->h, EINVAL, "for ever",
		       agentsys_group_new(a->h, "g", group_spec(NULL, &endless)));
	EXPECT_REFUSED(a->h, ENOENT, "no such group",
		       agentsys_group_new(a->h, "g", group_spec("none", &good)));
	EXPECT_REFUSED(a->h, EINVAL, "empty", agentsys_group_new(a->h, "", NULL));
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	EXPECT_REFUSED(a->h, ENAMETOOLONG, "63", agentsys_group_new(a->h, name, NULL));
	EXPECT_REFUSED(a->h, EEXIST, "exists", agentsys_group_new(a->h, AGENTSYS_ROOT_GROUP, NULL));
	EXPECT_REFUSED(a->h, ENOENT, "no such group", agentsys_group_del(a->h, "g"));
	EXPECT_REFUSED(a->h, ENOENT, "no such group", agentsys_group_start(a->h, "g", 0));
	EXPECT_REFUSED(a->h, ENOENT, "no such group", agentsys_spawn(a->h, stray, 0, &id));
	EXPECT_REFUSED(a->h, EINVAL, "root", agentsys_group_del(a->h, AGENTSYS_ROOT_GROUP));
	EXPECT_REFUSED(a->h, EINVAL, "root",
		       agentsys_group_set(a->h, AGENTSYS_ROOT_GROUP, group_spec(NULL, &good)));

	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ONE);
	EXPECT_REFUSED(a->h, EEXIST, "exists", agentsys_group_new(a->h, "g", NULL));
	EXPECT_REFUSED(a->h, EINVAL, "for ever",
		       agentsys_group_set(a->h, "g", group_spec(NULL, &endless)));
	EXPECT_EQ(20, look_group(a, "g").budget);
	SPAWN(a, member("g", MEMBER_ID));
	EXPECT_REFUSED(a->h, ENOTEMPTY, "not empty", agentsys_group_del(a->h, "g"));
	ASSERT_OK(a->h, agentsys_kill(a->h, MEMBER_ID, AGENTSYS_WAIT));
	EXPECT_REFUSED(a->h, ENOTEMPTY, "not empty", agentsys_group_del(a->h, "g"));
	ASSERT_OK(a->h, agentsys_remove(a->h, MEMBER_ID));
	EXPECT_OK(a->h, agentsys_group_del(a->h, "g"));
}

TEST_F(groups, the_tree_has_eight_levels)
{
	const struct group_policy some = { AGENTSYS_ONE_FOR_ONE, 5, 60000, 1, 1 };
	struct agents *a = &self->a;
	char name[16], parent[16] = AGENTSYS_ROOT_GROUP;

	for (int i = 1; i <= AGENTSYS_TREE_DEPTH; i++) {
		snprintf(name, sizeof(name), "level-%d", i);
		GROUP(a, name, parent, AGENTSYS_ONE_FOR_ALL);
		strcpy(parent, name);
	}
	EXPECT_REFUSED(a->h, E2BIG, "8 groups",
		       agentsys_group_new(a->h, "deeper", group_spec(parent, &some)));
	/* A crash at the bottom stays there. */
	SPAWN(a, member(parent, MEMBER_ID));
	crash_member(a, MEMBER_ID);
	GROUP_EVENT(a, parent, STARTED);
	/* And a stop at the top reaches it. */
	ASSERT_OK(a->h, agentsys_group_stop(a->h, "level-1", AGENTSYS_WAIT));
	EXPECT_EQ(AGENTSYS_EXITED, look(a, MEMBER_ID).state);
}

TEST_HARNESS_MAIN
