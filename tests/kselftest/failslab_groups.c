// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation of a request about groups fails once, and those that others make
 * while a group restarts its members. The request is refused or done, never halfway;
 * a round comes to its end, or spends its budget. See failslab.c and failslab_others.c.
 *
 * vm: timeout=300
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/failslab.h"
#include "lib/groups.h"

#define OF_WORKERS	25
#define OF_LAUNCHER	60
#define MEMBERS		2

FIXTURE(failslab) {
	struct agents a;
	int nth;	/* counts down in this thread; the allocation at which it reaches 0 fails */
	int history;
};

FIXTURE_SETUP(failslab)
{
	self->nth = open_failslab();
	if (self->nth < 0)
		SKIP(return, "this kernel does not let allocations fail");
	agents_open(_metadata, &self->a);
	self->history = open_history();
}

FIXTURE_TEARDOWN(failslab)
{
	setting(FAILSLAB "probability", "0");
	setting(FAILSLAB "task-filter", "N");
	groups_clear(&self->a);
	agents_close(&self->a);
}

static bool group_exists(struct agents *a, const char *name)
{
	return look_group(a, name).state != UINT32_MAX;
}

/* If there is none. */
static void make_group(struct __test_metadata *_metadata, struct agents *a, const char *name,
		       const struct agentsys_group_spec *spec)
{
	if (!group_exists(a, name))
		EXPECT_OK(a->h, agentsys_group_new(a->h, name, spec));
}

/* MEMBERS members of @group, which run. */
static void spawn_members(struct __test_metadata *_metadata, struct agents *a, const char *group)
{
	for (uint32_t i = 0; i < MEMBERS; i++) {
		struct agentsys_spec *spec = SLEEP;

		agentsys_spec_set_id(spec, MEMBER_ID + i);
		ASSERT_EQ(0, agentsys_spec_set_group(spec, group));
		SPAWN(a, spec);
	}
}

static bool all_are(struct agents *a, enum agentsys_state state)
{
	for (uint32_t i = 0; i < MEMBERS; i++)
		if (!is_state(a, MEMBER_ID + i, state))
			return false;
	return true;
}

static uint32_t all_starts(struct agents *a)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < MEMBERS; i++)
		sum += look(a, MEMBER_ID + i).instance;
	return sum;
}

/* ---- what the caller allocates ---- */

/* Unless the acknowledgement was lost, who asked knows whether it was done. */
TEST_F_TIMEOUT(failslab, new_set_and_delete, 120)
{
	const struct group_policy policy = { AGENTSYS_ONE_FOR_ALL, 3, 60000, 1, 1 };
	struct agentsys_group_spec *spec = group_spec(NULL, &policy);
	struct agents *a = &self->a;

	EACH_FAILS(, agentsys_group_new(a->h, "g", spec), {
		EXPECT_TRUE(ret == -ENOBUFS || group_exists(a, "g") == !ret);
		if (group_exists(a, "g"))
			EXPECT_OK(a->h, agentsys_group_del(a->h, "g"));
		EXPECT_EQ(0, look_group(a, AGENTSYS_ROOT_GROUP).members);
	});
	ASSERT_OK(a->h, agentsys_group_new(a->h, "g", spec));
	EACH_FAILS(agentsys_group_spec_set_budget(spec, n), agentsys_group_set(a->h, "g", spec),
		   EXPECT_TRUE(ret == -ENOBUFS || ((int)look_group(a, "g").budget == n) == !ret));
	EACH_FAILS(make_group(_metadata, a, "g", spec), agentsys_group_del(a->h, "g"),
		   EXPECT_TRUE(ret == -ENOBUFS || group_exists(a, "g") == !!ret));
}

/* What is refused has not begun; what is not is done, if anybody waits for it or not. */
TEST_F_TIMEOUT(failslab, stop_start_and_restart, 240)
{
	struct agents *a = &self->a;
	uint32_t starts;

	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ALL);
	spawn_members(_metadata, a, "g");
	for (unsigned int flags = 0; flags <= AGENTSYS_WAIT; flags += AGENTSYS_WAIT) {
		EACH_FAILS(EXPECT_OK(a->h, agentsys_group_start(a->h, "g", AGENTSYS_WAIT)),
			   agentsys_group_stop(a->h, "g", flags), {
			if (!ret)
				EXPECT_TRUE(AWAIT(is_group_state(a, "g", AGENTSYS_EXITED)));
			if (!ret && flags)
				EXPECT_TRUE(all_are(a, AGENTSYS_EXITED));
			if (ret == -ENOMEM)
				EXPECT_TRUE(all_are(a, AGENTSYS_ACTIVE));
		});
		EACH_FAILS(EXPECT_OK(a->h, agentsys_group_stop(a->h, "g", AGENTSYS_WAIT)),
			   agentsys_group_start(a->h, "g", flags), {
			if (!ret)
				EXPECT_TRUE(AWAIT(is_group_state(a, "g", AGENTSYS_ACTIVE)));
			if (!ret)
				EXPECT_TRUE(all_are(a, AGENTSYS_ACTIVE));
			if (ret == -ENOMEM)
				EXPECT_TRUE(all_are(a, AGENTSYS_EXITED));
		});
		EACH_FAILS({
			EXPECT_OK(a->h, agentsys_group_start(a->h, "g", AGENTSYS_WAIT));
			starts = all_starts(a);
		}, agentsys_group_restart(a->h, "g", flags), {
			EXPECT_TRUE(AWAIT(is_group_state(a, "g", AGENTSYS_ACTIVE)));
			EXPECT_TRUE(all_are(a, AGENTSYS_ACTIVE));
			starts = all_starts(a) - starts;
			EXPECT_TRUE(starts == 0 || starts == MEMBERS);
			EXPECT_TRUE(ret == -ENOBUFS || !starts == !!ret);
		});
	}
}

TEST_F_TIMEOUT(failslab, spawn_into_a_group, 120)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SLEEP;

	agentsys_spec_set_id(spec, MEMBER_ID);
	ASSERT_EQ(0, agentsys_spec_set_group(spec, "g"));
	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ALL);
	for (unsigned int flags = 0; flags <= AGENTSYS_WAIT; flags += AGENTSYS_WAIT)
		EACH_FAILS(, agentsys_spawn(a->h, spec, flags, NULL), {
			bool there = !is_state(a, MEMBER_ID, UINT32_MAX);

			EXPECT_TRUE(ret == -ENOBUFS || there == !ret);
			EXPECT_EQ(there, look_group(a, "g").members);
			if (there) {
				int gone;

				EXPECT_OK(a->h, agentsys_kill(a->h, MEMBER_ID, AGENTSYS_WAIT));
				gone = agentsys_remove(a->h, MEMBER_ID);
				/* Killed before it ran it is no more, where somebody waited. */
				EXPECT_TRUE(!gone || (ret == -ENOBUFS && gone == -ESRCH));
			}
			EXPECT_EQ(0, look_group(a, "g").members);
		});
	EXPECT_OK(a->h, agentsys_group_del(a->h, "g"));
}

TEST_F_TIMEOUT(failslab, looking, 120)
{
	struct agents *a = &self->a;
	struct agentsys_group **list = NULL;
	struct agentsys_group *group = NULL;

	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ALL);
	spawn_members(_metadata, a, "g");
	crash_member(a, MEMBER_ID);
	GROUP_EVENT(a, "g", STARTED);
	EACH_FAILS(, agentsys_group_get(a->h, "g", &group), {
		if (!ret)
			EXPECT_EQ(MEMBERS, group->members);
		agentsys_group_free(ret ? NULL : group);
	});
	EACH_FAILS(, agentsys_group_list(a->h, &list), {
		if (ret >= 0)
			EXPECT_EQ(2, ret);
		agentsys_group_list_free(ret < 0 ? NULL : list);
	});
	EACH_FAILS(, get_history(self->history, 0, "g"), {
		if (ret >= 0)
			EXPECT_EQ(1, ret);
	});
	EACH_FAILS(, get_history(self->history, MEMBER_ID, NULL), {
		if (ret >= 0)
			EXPECT_EQ(1, ret);
	});
}

/* ---- what others allocate ---- */

static bool runs_again(struct agents *a, uint32_t instance)
{
	return is_group_state(a, "g", AGENTSYS_ACTIVE) && all_are(a, AGENTSYS_ACTIVE) &&
	       look(a, MEMBER_ID).instance > instance;
}

/* A member crashes, all are stopped and started, and allocation @n of it fails. */
static void round_fails(struct __test_metadata *_metadata, struct agents *a, int n)
{
	uint32_t instance;

	ASSERT_TRUE(AWAIT(runs_again(a, 0)));
	instance = look(a, MEMBER_ID).instance;
	arm_others(n);
	crash_member(a, MEMBER_ID + n % MEMBERS);
	ASSERT_TRUE(AWAIT(runs_again(a, instance)))
		TH_LOG("allocation %d: the group is %s, its members %s and %s", n,
		       agentsys_state_name(look_group(a, "g").state),
		       agentsys_state_name(look(a, MEMBER_ID).state),
		       agentsys_state_name(look(a, MEMBER_ID + 1).state));
}

/* Of which none is too many: each costs a restart or two of a budget that is renewed. */
static void renew_budget(struct __test_metadata *_metadata, struct agents *a)
{
	ASSERT_OK(a->h, agentsys_group_start(a->h, "g", AGENTSYS_WAIT));
	EXPECT_EQ(0, look_group(a, "g").recent);
}

TEST_F_TIMEOUT(failslab, a_round_by_workers, 240)
{
	struct agents *a = &self->a;
	int failed = 0;

	setting(FAILSLAB "task-filter", "Y");
	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ALL);
	spawn_members(_metadata, a, "g");
	choose_workers(true);
	for (int n = 1; n <= OF_WORKERS; n++) {
		round_fails(_metadata, a, n);
		failed += disarm_others();
		renew_budget(_metadata, a);
	}
	choose_workers(false);
	EXPECT_LT(0, failed);
	TH_LOG("%d allocations failed", failed);
}

TEST_F_TIMEOUT(failslab, a_round_by_the_launcher, 240)
{
	struct agents *a = &self->a;
	int failed = 0;

	setting(FAILSLAB "task-filter", "Y");
	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ALL);
	spawn_members(_metadata, a, "g");
	for (int n = 1; n <= OF_LAUNCHER; n++) {
		/* It may have died of the one before. */
		ASSERT_TRUE(AWAIT(look_system(a->h).launcher_pid));
		choose(look_system(a->h).launcher_pid, true);
		round_fails(_metadata, a, n);
		failed += disarm_others();
		renew_budget(_metadata, a);
	}
	EXPECT_LT(0, failed);
	TH_LOG("%d allocations failed", failed);
}

/* Without a budget each of them fails the group, which is down then, and can be started. */
TEST_F_TIMEOUT(failslab, a_group_that_fails, 240)
{
	const struct group_policy none = { AGENTSYS_ONE_FOR_ALL, 0, 60000, 0, 0 };
	struct agents *a = &self->a;
	int failed = 0;

	setting(FAILSLAB "task-filter", "Y");
	ASSERT_OK(a->h, agentsys_group_new(a->h, "g", group_spec(NULL, &none)));
	spawn_members(_metadata, a, "g");
	choose_workers(true);
	for (int n = 1; n <= OF_WORKERS; n++) {
		arm_others(n);
		crash_member(a, MEMBER_ID + n % MEMBERS);
		EXPECT_TRUE(AWAIT(is_group_state(a, "g", AGENTSYS_FAILED)));
		failed += disarm_others();
		EXPECT_EQ(AGENTSYS_FAILED, look(a, MEMBER_ID + n % MEMBERS).state);
		renew_budget(_metadata, a);
		EXPECT_TRUE(all_are(a, AGENTSYS_ACTIVE));
	}
	choose_workers(false);
	EXPECT_LT(0, failed);
	TH_LOG("%d allocations failed", failed);
}

TEST_HARNESS_MAIN
