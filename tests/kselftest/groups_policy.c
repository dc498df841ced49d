// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a group restarts, beyond whom: how its delay grows, what its members get of that,
 * and how its budget is counted.
 *
 * vm: timeout=120
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/groups.h"

FIXTURE(groups) {
	struct agents a;
};

FIXTURE_SETUP(groups)
{
	agents_open(_metadata, &self->a);
}

FIXTURE_TEARDOWN(groups)
{
	groups_clear(&self->a);
	agents_close(&self->a);
}

/* A group that restarts all, with many restarts in an hour, after 20 ms at first. */
static struct agentsys_group_spec *waiting(enum agentsys_backoff kind, uint32_t jitter)
{
	const struct group_policy policy = { AGENTSYS_ONE_FOR_ALL, 20, 3600000, 20, 70 };
	struct agentsys_group_spec *spec = group_spec(NULL, &policy);

	agentsys_group_spec_set_backoff_kind(spec, kind);
	agentsys_group_spec_set_jitter(spec, jitter);
	return spec;
}

/* The delay of the next restart of "g", which is because of its first member. */
#define NEXT_DELAY(a) ({						\
	uint64_t __delay;						\
									\
	crash_member(a, MEMBER_ID);					\
	__delay = GROUP_EVENT(a, "g", RESTART).value;			\
	GROUP_EVENT(a, "g", STARTED);					\
	__delay;							\
})

TEST_F(groups, the_delay_grows_by_its_kind)
{
	static const uint32_t expected[][5] = {
		[AGENTSYS_BACKOFF_EXPONENTIAL] = { 20, 40, 70, 70, 70 },
		[AGENTSYS_BACKOFF_LINEAR] = { 20, 40, 60, 70, 70 },
		[AGENTSYS_BACKOFF_CONSTANT] = { 20, 20, 20, 20, 20 },
	};
	struct agents *a = &self->a;

	for (uint32_t kind = 0; kind < AGENTSYS_BACKOFF_ADAPTIVE; kind++) {
		ASSERT_OK(a->h, agentsys_group_new(a->h, "g", waiting(kind, 0)));
		EXPECT_EQ(kind, look_group(a, "g").backoff_kind);
		EXPECT_EQ(0, look_group(a, "g").jitter);
		SPAWN(a, member("g", MEMBER_ID));
		for (int n = 0; n < 5; n++)
			EXPECT_EQ(expected[kind][n], NEXT_DELAY(a));
		groups_clear(a);
	}
}

/* Of so many delays some are longer, and none by more; what was decided is remembered. */
TEST_F(groups, jitter_makes_delays_longer)
{
	struct agentsys_group_spec *none = agentsys_group_spec_new();
	struct agents *a = &self->a;
	struct agentsys_past *list;
	uint64_t sum = 0, last = 0;
	ssize_t n;

	ASSERT_OK(a->h, agentsys_group_new(a->h, "g", waiting(AGENTSYS_BACKOFF_CONSTANT, 100)));
	EXPECT_EQ(100, look_group(a, "g").jitter);
	SPAWN(a, member("g", MEMBER_ID));
	for (int i = 0; i < 12; i++) {
		last = NEXT_DELAY(a);
		EXPECT_GE(last, 20);
		EXPECT_LE(last, 40);
		sum += last;
	}
	EXPECT_GT(sum, 12 * 20);
	n = agentsys_group_history(a->h, "g", &list);
	ASSERT_GT(n, 0);
	EXPECT_EQ(last, list[n - 1].delay_ms);
	agentsys_history_free(list);
	/* Without it they are as long as they are again. */
	agentsys_group_spec_set_jitter(none, 0);
	ASSERT_OK(a->h, agentsys_group_set(a->h, "g", none));
	EXPECT_EQ(AGENTSYS_BACKOFF_CONSTANT, look_group(a, "g").backoff_kind);
	EXPECT_EQ(20, NEXT_DELAY(a));
}

/* What an agent does not say of its delays its group does; in root nobody does. */
TEST_F(groups, members_get_the_delays_of_their_group)
{
	struct agents *a = &self->a;
	struct agentsys_spec *own = member("g", MEMBER_ID + 1);
	struct agentsys_info info;

	ASSERT_OK(a->h, agentsys_group_new(a->h, "g", waiting(AGENTSYS_BACKOFF_LINEAR, 30)));
	SPAWN(a, member("g", MEMBER_ID));
	info = look(a, MEMBER_ID);
	EXPECT_EQ(AGENTSYS_BACKOFF_LINEAR, info.backoff_kind);
	EXPECT_EQ(30, info.jitter);
	EXPECT_EQ(20, info.backoff_initial_ms);
	EXPECT_EQ(70, info.backoff_max_ms);
	agentsys_spec_set_backoff_kind(own, AGENTSYS_BACKOFF_ADAPTIVE);
	agentsys_spec_set_jitter(own, 0);
	SPAWN(a, own);
	EXPECT_EQ(AGENTSYS_BACKOFF_ADAPTIVE, look(a, MEMBER_ID + 1).backoff_kind);
	EXPECT_EQ(0, look(a, MEMBER_ID + 1).jitter);
	SPAWN(a, member(AGENTSYS_ROOT_GROUP, MEMBER_ID + 2));
	EXPECT_EQ(AGENTSYS_BACKOFF_EXPONENTIAL, look(a, MEMBER_ID + 2).backoff_kind);
	EXPECT_EQ(0, look(a, MEMBER_ID + 2).jitter);
}

/* Nobody knows how long a group survives; and what could go on for ever depends on the kind. */
TEST_F(groups, kinds_that_cannot_be_are_refused)
{
	const struct group_policy four = { AGENTSYS_ONE_FOR_ALL, 4, 1000, 200, 10000 };
	struct agentsys_group_spec *spec = group_spec(NULL, &four);
	struct agentsys_group_spec *change = agentsys_group_spec_new();
	struct agents *a = &self->a;

	EXPECT_REFUSED(a->h, EINVAL, "cannot be adaptive",
		       agentsys_group_new(a->h, "g", waiting(AGENTSYS_BACKOFF_ADAPTIVE, 0)));
	EXPECT_REFUSED(a->h, ERANGE, "out of range",
		       agentsys_group_new(a->h, "g", waiting(__AGENTSYS_BACKOFFS, 0)));
	EXPECT_REFUSED(a->h, ERANGE, "out of range",
		       agentsys_group_new(a->h, "g", waiting(AGENTSYS_BACKOFF_LINEAR, 101)));
	/* 200 + 400 + 600 + 800 ms, and 4 * 200. */
	agentsys_group_spec_set_backoff_kind(spec, AGENTSYS_BACKOFF_LINEAR);
	EXPECT_REFUSED(a->h, EINVAL, "for ever", agentsys_group_new(a->h, "g", spec));
	agentsys_group_spec_set_backoff_kind(spec, AGENTSYS_BACKOFF_CONSTANT);
	ASSERT_OK(a->h, agentsys_group_new(a->h, "g", spec));
	agentsys_group_spec_set_backoff_kind(change, AGENTSYS_BACKOFF_ADAPTIVE);
	EXPECT_REFUSED(a->h, EINVAL, "cannot be adaptive", agentsys_group_set(a->h, "g", change));
	agentsys_group_spec_set_backoff_kind(change, AGENTSYS_BACKOFF_LINEAR);
	EXPECT_REFUSED(a->h, EINVAL, "for ever", agentsys_group_set(a->h, "g", change));
	EXPECT_EQ(AGENTSYS_BACKOFF_CONSTANT, look_group(a, "g").backoff_kind);
}

/* ---- the window ---- */

#define WINDOW_MS (4000 * vm_scale())

/* One that does not hear, and is killed after more than the window. */
static struct agentsys_spec *deaf_member(const char *group, uint32_t id)
{
	struct agentsys_spec *spec = SPEC(program("actor"), "stubborn");

	agentsys_spec_set_id(spec, id);
	agentsys_spec_set_stop_timeout(spec, WINDOW_MS + 500);
	MUST(!agentsys_spec_set_group(spec, group));
	return spec;
}

/* Stopping the others takes longer than the window: the restart before counts all the same. */
TEST_F_TIMEOUT(groups, slow_stops_do_not_outlast_the_window, 60)
{
	const struct group_policy one = { AGENTSYS_ONE_FOR_ALL, 1, WINDOW_MS, 1, 1 };
	struct agents *a = &self->a;

	ASSERT_OK(a->h, agentsys_group_new(a->h, "g", group_spec(NULL, &one)));
	SPAWN(a, member("g", MEMBER_ID));
	SPAWN_READY(a, deaf_member("g", MEMBER_ID + 1));
	crash_member(a, MEMBER_ID);
	EXPECT_EQ(1, GROUP_EVENT(a, "g", RESTART).instance);
	LATER(a, MEMBER_ID + 1, KILL);
	GROUP_EVENT(a, "g", STARTED);
	EXPECT_EQ(1, look_group(a, "g").recent);
	crash_member(a, MEMBER_ID);
	EXPECT_EQ(2, GROUP_EVENT(a, "g", FAILED).instance);
	ASSERT_OK(a->h, agentsys_kill(a->h, MEMBER_ID + 1, 0));
	EXPECT_TRUE(AWAIT(is_group_state(a, "g", AGENTSYS_FAILED)));
	/* It is down: the window goes on. */
	EXPECT_TRUE(AWAIT(look_group(a, "g").recent == 0));
}

/* The same where a group fails slowly: for the one above that restarts it. */
TEST_F_TIMEOUT(groups, slow_failures_do_not_outlast_the_window_above, 60)
{
	const struct group_policy one = { AGENTSYS_ONE_FOR_ONE, 1, WINDOW_MS, 1, 1 };
	const struct group_policy none = { AGENTSYS_ONE_FOR_ONE, 0, 1000, 0, 0 };
	struct agentsys_spec *deaf = deaf_member("g", MEMBER_ID + 1);
	struct agents *a = &self->a;
	int out = piped(deaf, 1);

	ASSERT_OK(a->h, agentsys_group_new(a->h, "above", group_spec(NULL, &one)));
	ASSERT_OK(a->h, agentsys_group_new(a->h, "g", group_spec("above", &none)));
	SPAWN(a, member("g", MEMBER_ID));
	SPAWN(a, deaf);
	ASSERT_LINE("ready", out);
	crash_member(a, MEMBER_ID);
	GROUP_EVENT(a, "g", FAILED);
	GROUP_EVENT(a, "g", STARTED);
	EXPECT_EQ(1, look_group(a, "above").recent);
	/* The second time it takes as long. */
	ASSERT_LINE("ready", out);
	crash_member(a, MEMBER_ID);
	GROUP_EVENT(a, "g", FAILED);
	LATER(a, MEMBER_ID + 1, KILL);
	EXPECT_EQ(2, GROUP_EVENT(a, "above", FAILED).instance);
	EXPECT_TRUE(AWAIT(is_group_state(a, "above", AGENTSYS_FAILED)));
}

/* ---- how many members ---- */

/* A full group takes nobody, agent or group; who is in stays in when it takes fewer. */
TEST_F(groups, a_full_group_takes_nobody)
{
	struct agentsys_group_spec *two = agentsys_group_spec_new();
	struct agentsys_group_spec *one = agentsys_group_spec_new();
	struct agentsys_group_spec *within = agentsys_group_spec_new();
	struct agents *a = &self->a;
	uint32_t id;

	agentsys_group_spec_set_members_max(two, 2);
	agentsys_group_spec_set_members_max(one, 1);
	ASSERT_EQ(0, agentsys_group_spec_set_parent(within, "g"));
	ASSERT_OK(a->h, agentsys_group_new(a->h, "other", NULL));
	EXPECT_EQ(AGENTSYS_MEMBERS_MAX, look_group(a, "other").members_max);
	EXPECT_EQ(0, look_group(a, AGENTSYS_ROOT_GROUP).members_max);
	ASSERT_OK(a->h, agentsys_group_new(a->h, "g", two));
	EXPECT_EQ(2, look_group(a, "g").members_max);

	SPAWN(a, member("g", MEMBER_ID));
	ASSERT_OK(a->h, agentsys_group_new(a->h, "inner", within));
	EXPECT_REFUSED(a->h, ENOSPC, "as it takes",
		       agentsys_spawn(a->h, member("g", MEMBER_ID + 1), 0, &id));
	EXPECT_REFUSED(a->h, ENOSPC, "as it takes", agentsys_group_new(a->h, "no", within));
	/* What is in a group of it is not its member. */
	SPAWN(a, member("inner", MEMBER_ID + 1));

	ASSERT_OK(a->h, agentsys_group_set(a->h, "g", one));
	EXPECT_EQ(1, look_group(a, "g").members_max);
	EXPECT_EQ(2, look_group(a, "g").members);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, MEMBER_ID).state);
	EXPECT_TRUE(is_group_state(a, "inner", AGENTSYS_ACTIVE));
	/* It is restarted all the same, for it is in. */
	crash_member(a, MEMBER_ID);
	LATER(a, MEMBER_ID, RESTART);
	ASSERT_OK(a->h, agentsys_kill(a->h, MEMBER_ID, AGENTSYS_WAIT));
	ASSERT_OK(a->h, agentsys_remove(a->h, MEMBER_ID));
	EXPECT_REFUSED(a->h, ENOSPC, "as it takes",
		       agentsys_spawn(a->h, member("g", MEMBER_ID), 0, &id));
	ASSERT_OK(a->h, agentsys_group_set(a->h, "g", two));
	SPAWN(a, member("g", MEMBER_ID));

	agentsys_group_spec_set_members_max(one, 0);
	EXPECT_REFUSED(a->h, ERANGE, "out of range", agentsys_group_set(a->h, "g", one));
	agentsys_group_spec_set_members_max(one, AGENTSYS_MEMBERS_MAX + 1);
	EXPECT_REFUSED(a->h, ERANGE, "out of range", agentsys_group_set(a->h, "g", one));
}

TEST_HARNESS_MAIN
