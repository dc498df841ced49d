// SPDX-License-Identifier: GPL-2.0-only
/*
 * What people ask of groups and their members, also while something is under way there.
 *
 * vm: timeout=120
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/groups.h"
#include "lib/members.h"

GROUPS_FIXTURE(groups_by_hand);

TEST_F(groups_by_hand, stop_start_and_restart_keep_the_order)
{
	struct agents *a = &self->a;
	uint64_t from;

	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ONE);
	GROUP(a, "inner", "g", AGENTSYS_ONE_FOR_ALL);
	SPAWN(a, member("inner", MEMBER_ID));
	SPAWN(a, member("inner", MEMBER_ID + 1));
	SPAWN(a, member("g", MEMBER_ID + 2));
	skip_events(a);
	from = a->seen;
	ASSERT_OK(a->h, agentsys_group_stop(a->h, "g", AGENTSYS_WAIT));
	EXPECT_TRUE(is_group_state(a, "g", AGENTSYS_EXITED));
	EXPECT_TRUE(is_group_state(a, "inner", AGENTSYS_EXITED));
	for (int i = 0; i < MEMBERS; i++) {
		EXPECT_EQ(AGENTSYS_EXITED, look(a, MEMBER_ID + i).state);
		EXPECT_EQ(AGENTSYS_CAUSE_GROUP, look(a, MEMBER_ID + i).cause);
	}
	skip_events(a);
	check_order(_metadata, a, from, a->seen);

	from = a->seen;
	ASSERT_OK(a->h, agentsys_group_start(a->h, "g", AGENTSYS_WAIT));
	skip_events(a);
	check_order(_metadata, a, from, a->seen);
	for (int i = 0; i < MEMBERS; i++)
		EXPECT_EQ(AGENTSYS_ACTIVE, look(a, MEMBER_ID + i).state);
	EXPECT_TRUE(is_group_state(a, "inner", AGENTSYS_ACTIVE));

	from = a->seen;
	ASSERT_OK(a->h, agentsys_group_restart(a->h, "g", AGENTSYS_WAIT));
	skip_events(a);
	check_order(_metadata, a, from, a->seen);
	for (int i = 0; i < MEMBERS; i++)
		EXPECT_EQ(3, look(a, MEMBER_ID + i).instance);
	EXPECT_EQ(0, look_group(a, "g").restarts);
}

/* While the others wait for the backoff of a round, somebody stops the group. */
TEST_F(groups_by_hand, stop_calls_a_round_off)
{
	const struct group_policy slow = { AGENTSYS_ONE_FOR_ALL, 1, NEVER_MS, NEVER_MS / 2,
					   NEVER_MS / 2 };
	struct agents *a = &self->a;

	ASSERT_OK(a->h, agentsys_group_new(a->h, "g", group_spec(NULL, &slow)));
	spawn_members(_metadata, a, "g", MEMBER_ID);
	crash_member(a, MEMBER_ID);
	EXPECT_TRUE(AWAIT(is_group_state(a, "g", AGENTSYS_BACKOFF)));
	for (int i = 0; i < MEMBERS; i++)
		EXPECT_EQ(AGENTSYS_BACKOFF, look(a, MEMBER_ID + i).state);
	/* One member is wanted down, whatever becomes of the others. */
	ASSERT_OK(a->h, stop_member(a, MEMBER_ID + 1));
	EXPECT_EQ(AGENTSYS_EXITED, look(a, MEMBER_ID + 1).state);
	EXPECT_TRUE(is_group_state(a, "g", AGENTSYS_BACKOFF));
	ASSERT_OK(a->h, agentsys_group_stop(a->h, "g", AGENTSYS_WAIT));
	EXPECT_TRUE(is_group_state(a, "g", AGENTSYS_EXITED));
	for (int i = 0; i < MEMBERS; i++)
		EXPECT_EQ(AGENTSYS_EXITED, look(a, MEMBER_ID + i).state);
}

/* While one that is deaf holds a round up, somebody stops a member that waits for it. */
TEST_F(groups_by_hand, what_is_stopped_in_a_round_stays_down)
{
	struct agents *a = &self->a;

	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ALL);
	SPAWN_DEAF(a, "g", MEMBER_ID, NEVER_MS);
	SPAWN(a, member("g", MEMBER_ID + 1));
	SPAWN(a, member("g", MEMBER_ID + 2));
	crash_member(a, MEMBER_ID + 2);
	EXPECT_TRUE(AWAIT(is_state(a, MEMBER_ID, AGENTSYS_STOPPING)));
	EXPECT_EQ(AGENTSYS_BACKOFF, look(a, MEMBER_ID + 1).state);
	ASSERT_OK(a->h, stop_member(a, MEMBER_ID + 1));
	crash_member(a, MEMBER_ID);
	GROUP_EVENT(a, "g", STARTED);
	EXPECT_EQ(2, look(a, MEMBER_ID).instance);
	EXPECT_EQ(AGENTSYS_EXITED, look(a, MEMBER_ID + 1).state);
	EXPECT_EQ(1, look(a, MEMBER_ID + 1).instance);
	EXPECT_EQ(2, look(a, MEMBER_ID + 2).instance);
}

/* New rules call a start with others off, or do not, as they would one that is its own. */
TEST_F(groups_by_hand, who_waits_for_others_follows_new_rules)
{
	struct agentsys_spec *more = agentsys_spec_new(), *never = agentsys_spec_new();
	struct agents *a = &self->a;

	agentsys_spec_set_max_restarts(more, 7);
	agentsys_spec_set_restart(never, AGENTSYS_RESTART_NEVER);
	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ALL);
	/* The first one holds the round up: the others wait for it to end. */
	SPAWN_DEAF(a, "g", MEMBER_ID, NEVER_MS);
	for (uint32_t i = 1; i <= 3; i++)
		SPAWN(a, member("g", MEMBER_ID + i));
	crash_member(a, MEMBER_ID + 3);
	LATER(a, MEMBER_ID, STOP);
	EXPECT_TRUE(is_state(a, MEMBER_ID + 2, AGENTSYS_BACKOFF));
	ASSERT_OK(a->h, agentsys_set(a->h, MEMBER_ID + 1, never));
	EXPECT_EQ(AGENTSYS_EXITED, look(a, MEMBER_ID + 1).state);
	ASSERT_OK(a->h, agentsys_set(a->h, MEMBER_ID + 2, more));
	EXPECT_EQ(AGENTSYS_BACKOFF, look(a, MEMBER_ID + 2).state);
	ASSERT_OK(a->h, agentsys_set(a->h, MEMBER_ID + 3, never));
	EXPECT_EQ(AGENTSYS_EXITED, look(a, MEMBER_ID + 3).state);
	crash_member(a, MEMBER_ID);
	GROUP_EVENT(a, "g", STARTED);
	EXPECT_EQ(AGENTSYS_EXITED, look(a, MEMBER_ID + 1).state);
	EXPECT_EQ(2, look(a, MEMBER_ID + 2).instance);
	EXPECT_EQ(AGENTSYS_EXITED, look(a, MEMBER_ID + 3).state);
}

/* Somebody stops a member, which takes its time; a round that begins meanwhile leaves it out. */
TEST_F(groups_by_hand, what_is_being_stopped_stays_down)
{
	struct agents *a = &self->a;

	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ALL);
	SPAWN(a, member("g", MEMBER_ID));
	SPAWN_DEAF(a, "g", MEMBER_ID + 1, NEVER_MS);
	ASSERT_OK(a->h, agentsys_stop(a->h, MEMBER_ID + 1, AGENTSYS_DEFAULT_TIMEOUT, 0));
	crash_member(a, MEMBER_ID);
	EXPECT_TRUE(AWAIT(is_state(a, MEMBER_ID, AGENTSYS_BACKOFF)));
	crash_member(a, MEMBER_ID + 1);
	GROUP_EVENT(a, "g", STARTED);
	EXPECT_EQ(2, look(a, MEMBER_ID).instance);
	EXPECT_EQ(1, look(a, MEMBER_ID + 1).instance);
	EXPECT_EQ(AGENTSYS_EXITED, look(a, MEMBER_ID + 1).state);
}

/* Stop the group while one waits for its restart; false if that came first, on a busy machine. */
static bool stopped_before_the_restart(struct __test_metadata *_metadata, struct agents *a)
{
	crash_member(a, MEMBER_ID);
	LATER(a, MEMBER_ID, RESTART_SCHEDULED);
	ASSERT_OK(a->h, agentsys_group_stop(a->h, "g", 0));
	return is_state(a, MEMBER_ID, AGENTSYS_BACKOFF);
}

/* A restart that falls due while the group is being stopped does not begin. */
TEST_F(groups_by_hand, no_restart_follows_a_stop)
{
	struct agentsys_spec *late = member("g", MEMBER_ID);
	struct agents *a = &self->a;
	uint32_t instance;
	int deaf;

	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ONE);
	agentsys_spec_set_backoff(late, 500, 500);
	SPAWN(a, late);
	deaf = SPAWN_DEAF(a, "g", MEMBER_ID + 1, NEVER_MS);
	for (uint32_t ms = 1000; !stopped_before_the_restart(_metadata, a); ms *= 2) {
		struct agentsys_spec *later = agentsys_spec_new();

		crash_member(a, MEMBER_ID + 1);
		GROUP_EVENT(a, "g", STOPPED);
		agentsys_spec_set_backoff(later, ms, ms);
		ASSERT_OK(a->h, agentsys_set(a->h, MEMBER_ID, later));
		agentsys_spec_free(later);
		ASSERT_OK(a->h, agentsys_group_start(a->h, "g", AGENTSYS_WAIT));
		ASSERT_LINE("ready", deaf);
	}
	instance = look(a, MEMBER_ID).instance;
	/* The last one holds the stop up, and the first one's time comes. */
	EXPECT_TRUE(AWAIT(look(a, MEMBER_ID).state != AGENTSYS_BACKOFF));
	EXPECT_EQ(AGENTSYS_EXITED, look(a, MEMBER_ID).state);
	EXPECT_TRUE(is_state(a, MEMBER_ID + 1, AGENTSYS_STOPPING));
	crash_member(a, MEMBER_ID + 1);
	GROUP_EVENT(a, "g", STOPPED);
	EXPECT_EQ(instance, look(a, MEMBER_ID).instance);
}

TEST_HARNESS_MAIN
