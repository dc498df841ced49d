// SPDX-License-Identifier: GPL-2.0-only
/*
 * What agents are to each other: who is stopped, started, killed and told because of
 * what becomes of another.
 *
 * vm: timeout=300
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/groups.h"

#include <sys/wait.h>

#define REQUIRES AGENTSYS_RELATION_REQUIRES
#define WANTS	 AGENTSYS_RELATION_WANTS
#define PEER	 AGENTSYS_RELATION_PEER
#define LINK	 AGENTSYS_RELATION_LINK
#define MONITOR	 AGENTSYS_RELATION_MONITOR

FIXTURE(relations) {
	struct agents a;
};

FIXTURE_SETUP(relations)
{
	agents_open(_metadata, &self->a);
}

FIXTURE_TEARDOWN(relations)
{
	groups_clear(&self->a);
	agents_close(&self->a);
}

/* A spec with one relation more. */
static struct agentsys_spec *related(struct agentsys_spec *spec, enum agentsys_relation kind,
				     uint32_t to)
{
	MUST(!agentsys_spec_add_relation(spec, kind, to));
	return spec;
}

/* One that is restarted by itself, at once, as often as it takes. */
static struct agentsys_spec *lasting(void)
{
	return restarting(SLEEP, AGENTSYS_RESTART_ALWAYS, 1000, 0, 0);
}

/* One that is started again with others, but not for an end of its own. */
static struct agentsys_spec *coming(void)
{
	return restarting(SLEEP, AGENTSYS_RESTART_ON_FAILURE, 1000, 0, 0);
}

static void crash(struct agents *a, uint32_t id)
{
	MUST(!kill(look(a, id).pid, SIGSEGV));
}

static int stop_agent(struct agents *a, uint32_t id)
{
	return agentsys_stop(a->h, id, AGENTSYS_DEFAULT_TIMEOUT, AGENTSYS_WAIT);
}

static int start_agent(struct agents *a, uint32_t id)
{
	return agentsys_start(a->h, id, AGENTSYS_WAIT);
}

#define IS_STATE(a, id, which) EXPECT_TRUE(AWAIT(is_state(a, id, AGENTSYS_##which)))	\
	TH_LOG("agent %u is %s", id, agentsys_state_name(look(a, id).state))

/* ---- requires ---- */

TEST_F(relations, who_requires_is_stopped_first)
{
	struct agents *a = &self->a;
	uint32_t base = SPAWN(a, coming());
	uint32_t middle = SPAWN(a, related(coming(), REQUIRES, base));
	uint32_t top = SPAWN(a, related(coming(), REQUIRES, middle));
	struct agentsys_event event;

	skip_events(a);
	ASSERT_OK(a->h, stop_agent(a, base));
	/* Whatever else is told, they end in this order. */
	EXPECT_TRUE(event_of_type(a, 0, AGENTSYS_EVENT_EXIT, &event));
	EXPECT_EQ(top, event.agent_id);
	EXPECT_EQ(AGENTSYS_CAUSE_DEPENDENCY, event.cause);
	EXPECT_TRUE(event_of_type(a, 0, AGENTSYS_EVENT_STOP, &event));
	EXPECT_EQ(middle, event.agent_id);
	EXPECT_TRUE(event_of_type(a, 0, AGENTSYS_EVENT_EXIT, &event));
	EXPECT_EQ(middle, event.agent_id);
	EXPECT_TRUE(event_of_type(a, 0, AGENTSYS_EVENT_STOP, &event));
	EXPECT_EQ(base, event.agent_id);
	EXPECT_TRUE(event_of_type(a, 0, AGENTSYS_EVENT_EXIT, &event));
	EXPECT_EQ(base, event.agent_id);
	EXPECT_EQ(AGENTSYS_CAUSE_STOP, event.cause);
	/* It stays stopped, and so do they. */
	IS_STATE(a, top, EXITED);
	IS_STATE(a, middle, EXITED);
	IS_STATE(a, base, EXITED);
}

TEST_F(relations, who_requires_comes_back_with_it)
{
	struct agents *a = &self->a;
	uint32_t base = SPAWN(a, lasting());
	uint32_t middle = SPAWN(a, related(coming(), REQUIRES, base));
	uint32_t top = SPAWN(a, related(coming(), REQUIRES, middle));
	struct agentsys_info info;

	skip_events(a);
	crash(a, base);
	LATER(a, top, RESTART);
	info = look(a, top);
	EXPECT_EQ(AGENTSYS_ACTIVE, info.state);
	EXPECT_EQ(2, info.instance);
	EXPECT_EQ(AGENTSYS_CAUSE_DEPENDENCY, info.cause);
	/* It was not its own doing. */
	EXPECT_EQ(0, info.restarts);
	EXPECT_EQ(0, info.crashes);
	EXPECT_EQ(2, look(a, middle).instance);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, middle).state);
	EXPECT_EQ(1, look(a, base).restarts);

	/* A restart that is asked for likewise, and in order. */
	ASSERT_OK(a->h, agentsys_restart(a->h, base, AGENTSYS_DEFAULT_TIMEOUT, AGENTSYS_WAIT));
	LATER(a, base, STOP);
	LATER(a, base, SPAWN);
	LATER(a, top, RESTART);
	EXPECT_EQ(3, look(a, top).instance);
	EXPECT_EQ(3, look(a, base).instance);
}

/* Also when it has to be killed for that. */
TEST_F(relations, a_deaf_one_comes_back_too)
{
	struct agentsys_spec *deaf = restarting(SPEC(program("actor"), "stubborn"),
						AGENTSYS_RESTART_ON_FAILURE, 1000, 0, 0);
	struct agents *a = &self->a;
	uint32_t base = SPAWN(a, lasting()), top;

	agentsys_spec_set_stop_timeout(deaf, 20);
	top = SPAWN_READY(a, related(deaf, REQUIRES, base));
	skip_events(a);
	crash(a, base);
	LATER(a, top, KILL);
	LATER(a, top, RESTART);
	EXPECT_EQ(AGENTSYS_CAUSE_KILL, look(a, top).cause);
	EXPECT_EQ(0, look(a, top).restarts);
}

TEST_F(relations, who_requires_ends_with_it_for_good)
{
	struct agents *a = &self->a;
	uint32_t base = SPAWN(a, SLEEP); /* is not restarted */
	uint32_t top = SPAWN(a, related(lasting(), REQUIRES, base));

	crash(a, base);
	IS_STATE(a, top, EXITED);
	EXPECT_EQ(AGENTSYS_CAUSE_DEPENDENCY, look(a, top).cause);
	EXPECT_EQ(1, look(a, top).instance);
}

TEST_F(relations, one_that_is_never_restarted_stays_ended)
{
	struct agents *a = &self->a;
	uint32_t base = SPAWN(a, lasting());
	uint32_t top = SPAWN(a, related(SLEEP, REQUIRES, base));

	skip_events(a);
	crash(a, base);
	LATER(a, base, RESTART);
	IS_STATE(a, top, EXITED);
}

TEST_F(relations, a_start_starts_what_is_required)
{
	struct agents *a = &self->a;
	uint32_t base = SPAWN(a, coming());
	uint32_t middle = SPAWN(a, related(coming(), REQUIRES, base));
	uint32_t top = SPAWN(a, related(coming(), REQUIRES, middle));
	uint32_t more;

	ASSERT_OK(a->h, stop_agent(a, base));
	ASSERT_OK(a->h, start_agent(a, top));
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, base).state);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, middle).state);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, top).state);
	EXPECT_EQ(0, look(a, top).flags & AGENTSYS_AGENT_WAITS);

	/* So does a first start. */
	ASSERT_OK(a->h, stop_agent(a, base));
	more = SPAWN(a, related(coming(), REQUIRES, top));
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, base).state);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, more).state);
}

TEST_F(relations, a_start_fails_with_what_is_required)
{
	struct agents *a = &self->a;
	struct agentsys_info info;
	uint32_t base, top, more;

	make_file(WORK "/program", "#!/bin/sh\nexec sleep 1000000\n", 0755);
	base = SPAWN(a, SPEC(WORK "/program"));
	top = SPAWN(a, related(coming(), REQUIRES, base));
	ASSERT_OK(a->h, stop_agent(a, base));
	unlink(WORK "/program");
	EXPECT_REFUSED(a->h, ECANCELED, "an agent that it requires does not run",
		       start_agent(a, top));
	info = look(a, top);
	EXPECT_EQ(AGENTSYS_FAILED, info.state);
	EXPECT_EQ(AGENTSYS_CAUSE_LAUNCH, info.cause);
	EXPECT_EQ(AGENTSYS_STEP_REQUIRED, info.step);
	EXPECT_EQ(ECANCELED, info.code);
	EXPECT_EQ(AGENTSYS_FAILED, look(a, base).state);

	/* A first start leaves nothing behind. */
	EXPECT_REFUSED(a->h, ECANCELED, "an agent that it requires does not run",
		       agentsys_spawn(a->h, related(coming(), REQUIRES, base), AGENTSYS_WAIT,
				      &more));
	EXPECT_EQ(2, look_system(a->h).agents);
	EXPECT_EQ(0, look_system(a->h).active);
}

/* What fails is forgotten with its first start, but not before who requires it has failed. */
TEST_F(relations, a_chain_of_first_starts_fails)
{
	struct agents *a = &self->a;
	uint32_t base, top;
	int status;
	pid_t pid;

	base = SPAWN(a, restarting(SLEEP, AGENTSYS_RESTART_ALWAYS, 1000, NEVER_MS, NEVER_MS));
	crash(a, base);
	IS_STATE(a, base, BACKOFF);
	pid = fork();
	MUST(pid >= 0);
	if (!pid) {
		struct agentsys_spec *middle = related(coming(), REQUIRES, base);
		struct agentsys *h;

		agentsys_spec_set_id(middle, MEMBER_ID);
		MUST(!agentsys_open(&h));
		_exit(-agentsys_spawn(h, middle, AGENTSYS_WAIT, NULL));
	}
	EXPECT_TRUE(AWAIT(look(a, MEMBER_ID).flags & AGENTSYS_AGENT_WAITS));
	ASSERT_OK(a->h, agentsys_spawn(a->h, related(coming(), REQUIRES, MEMBER_ID), 0, &top));
	ASSERT_OK(a->h, stop_agent(a, base));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(ECANCELED, WEXITSTATUS(status));
	IS_STATE(a, top, FAILED);
	EXPECT_EQ(AGENTSYS_STEP_REQUIRED, look(a, top).step);
	EXPECT_EQ(0, look(a, top).spawns);
}

TEST_F(relations, a_first_start_that_waits_can_be_stopped)
{
	struct agents *a = &self->a;
	int status;
	uint32_t base;
	pid_t pid;

	base = SPAWN(a, restarting(SLEEP, AGENTSYS_RESTART_ALWAYS, 1000, NEVER_MS, NEVER_MS));
	crash(a, base);
	IS_STATE(a, base, BACKOFF);
	pid = fork();
	MUST(pid >= 0);
	if (!pid) {
		struct agentsys_spec *spec = related(coming(), REQUIRES, base);
		struct agentsys *h;

		agentsys_spec_set_id(spec, MEMBER_ID);
		MUST(!agentsys_open(&h));
		_exit(-agentsys_spawn(h, spec, AGENTSYS_WAIT, NULL));
	}
	EXPECT_TRUE(AWAIT(look(a, MEMBER_ID).flags & AGENTSYS_AGENT_WAITS));
	/* What cannot be done to it changes nothing. */
	EXPECT_EQ(-EINVAL, agentsys_pause(a->h, MEMBER_ID));
	EXPECT_EQ(-EBUSY, agentsys_remove(a->h, MEMBER_ID));
	ASSERT_OK(a->h, stop_agent(a, MEMBER_ID));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(ECANCELED, WEXITSTATUS(status));
	EXPECT_EQ(1, look_system(a->h).agents);
}

/* A round that finds it waiting starts it in its turn, which is no restart of its own. */
TEST_F(relations, a_wait_in_a_round_counts_no_restart)
{
	struct agents *a = &self->a;
	struct agentsys_spec *set = agentsys_spec_new();
	uint32_t base;

	base = SPAWN(a, restarting(SLEEP, AGENTSYS_RESTART_ALWAYS, 1000, NEVER_MS, NEVER_MS));
	crash(a, base);
	IS_STATE(a, base, BACKOFF);
	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ALL);
	SPAWN(a, member("g", MEMBER_ID));
	ASSERT_OK(a->h, agentsys_spawn(a->h, related(member("g", MEMBER_ID + 1), REQUIRES, base), 0,
				       NULL));
	EXPECT_TRUE(AWAIT(look(a, MEMBER_ID + 1).flags & AGENTSYS_AGENT_WAITS));
	crash_member(a, MEMBER_ID);
	EXPECT_TRUE(AWAIT(look(a, MEMBER_ID).instance == 2 &&
			  look(a, MEMBER_ID + 1).flags & AGENTSYS_AGENT_WAITS));
	/* Nor does a change of its policy call that off. */
	agentsys_spec_set_jitter(set, 1);
	ASSERT_OK(a->h, agentsys_set(a->h, MEMBER_ID + 1, set));
	ASSERT_OK(a->h, start_agent(a, base));
	EXPECT_TRUE(AWAIT(is_state(a, MEMBER_ID + 1, AGENTSYS_ACTIVE)));
	EXPECT_EQ(0, look(a, MEMBER_ID + 1).restarts);
}

TEST_F(relations, a_start_waits_for_what_is_required)
{
	struct agents *a = &self->a;
	struct agentsys_event event;
	struct agentsys_info info;
	uint32_t base, top;

	/* It waits for its own restart, for ever. */
	base = SPAWN(a, restarting(SLEEP, AGENTSYS_RESTART_ALWAYS, 1000, NEVER_MS, NEVER_MS));
	crash(a, base);
	IS_STATE(a, base, BACKOFF);
	skip_events(a);
	ASSERT_OK(a->h, agentsys_spawn(a->h, related(lasting(), REQUIRES, base), 0, &top));
	event = LATER(a, top, REQUIRED);
	EXPECT_EQ(base, event.code);
	EXPECT_EQ(1, event.value);
	info = look(a, top);
	EXPECT_EQ(AGENTSYS_BACKOFF, info.state);
	EXPECT_TRUE(info.flags & AGENTSYS_AGENT_WAITS);
	EXPECT_EQ(0, info.instance);
	ASSERT_OK(a->h, start_agent(a, base));
	LATER(a, top, SPAWN);
	EXPECT_EQ(0, look(a, top).restarts);

	/* A stop ends the wait. */
	crash(a, base);
	EXPECT_TRUE(AWAIT(look(a, top).flags & AGENTSYS_AGENT_WAITS));
	ASSERT_OK(a->h, stop_agent(a, top));
	EXPECT_EQ(AGENTSYS_EXITED, look(a, top).state);
	ASSERT_OK(a->h, start_agent(a, base));
	EXPECT_EQ(AGENTSYS_EXITED, look(a, top).state);

	/* So does the end of hope. */
	ASSERT_OK(a->h, start_agent(a, top));
	crash(a, base);
	EXPECT_TRUE(AWAIT(look(a, top).flags & AGENTSYS_AGENT_WAITS));
	ASSERT_OK(a->h, stop_agent(a, base));
	IS_STATE(a, top, EXITED);
}

TEST_F(relations, a_killed_agent_takes_who_requires_it_along)
{
	struct agents *a = &self->a;
	uint32_t base = SPAWN(a, coming());
	uint32_t top = SPAWN(a, related(coming(), REQUIRES, base));

	ASSERT_OK(a->h, agentsys_kill(a->h, base, AGENTSYS_WAIT));
	IS_STATE(a, top, EXITED);
	EXPECT_EQ(AGENTSYS_CAUSE_DEPENDENCY, look(a, top).cause);
}

TEST_F(relations, a_shutdown_stops_who_requires_first)
{
	struct agents *a = &self->a;
	uint32_t base = SPAWN(a, coming());
	uint32_t top = SPAWN(a, related(coming(), REQUIRES, base));
	struct agentsys_event event;
	uint32_t ended, killed;

	skip_events(a);
	ASSERT_OK(a->h, agentsys_shutdown(a->h, NEVER_MS, AGENTSYS_WAIT, &ended, &killed));
	EXPECT_EQ(2, ended);
	EXPECT_EQ(0, killed);
	EXPECT_TRUE(event_of_type(a, 0, AGENTSYS_EVENT_EXIT, &event));
	EXPECT_EQ(top, event.agent_id);
	EXPECT_EQ(AGENTSYS_EXITED, look(a, top).state);
	EXPECT_EQ(AGENTSYS_EXITED, look(a, base).state);
}

/* ---- order ---- */

static uint32_t place(struct agents *a, uint32_t id)
{
	return look(a, id).place;
}

TEST_F(relations, members_stand_in_the_order_of_what_they_require)
{
	struct agents *a = &self->a;
	uint32_t ids[4];

	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ALL);
	for (int i = 0; i < 4; i++) {
		struct agentsys_spec *spec = SLEEP;

		MUST(!agentsys_spec_set_group(spec, "g"));
		ids[i] = SPAWN(a, spec);
	}
	/* The first one has to come behind the third, and takes nobody along. */
	ASSERT_OK(a->h, agentsys_relate(a->h, ids[0], REQUIRES, ids[2]));
	EXPECT_LT(place(a, ids[1]), place(a, ids[2]));
	EXPECT_LT(place(a, ids[2]), place(a, ids[0]));
	EXPECT_LT(place(a, ids[0]), place(a, ids[3]));
	/* Now the third behind the fourth, and the first with it. */
	ASSERT_OK(a->h, agentsys_relate(a->h, ids[2], WANTS, ids[3]));
	EXPECT_LT(place(a, ids[1]), place(a, ids[3]));
	EXPECT_LT(place(a, ids[3]), place(a, ids[2]));
	EXPECT_LT(place(a, ids[2]), place(a, ids[0]));

	EXPECT_REFUSED(a->h, ELOOP, "in a circle", agentsys_relate(a->h, ids[3], WANTS, ids[0]));
	EXPECT_REFUSED(a->h, ELOOP, "in a circle", agentsys_relate(a->h, ids[3], REQUIRES, ids[2]));

	/* A round starts them in that order. */
	skip_events(a);
	crash(a, ids[1]);
	EXPECT_EQ(ids[1], LATER(a, 0, RESTART).agent_id);
	EXPECT_EQ(ids[3], LATER(a, 0, RESTART).agent_id);
	EXPECT_EQ(ids[2], LATER(a, 0, RESTART).agent_id);
	EXPECT_EQ(ids[0], LATER(a, 0, RESTART).agent_id);
	GROUP_EVENT(a, "g", STARTED);
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(2, look(a, ids[i]).instance);
}

TEST_F(relations, groups_stand_in_the_order_of_what_is_in_them)
{
	struct agents *a = &self->a;

	GROUP(a, "one", NULL, AGENTSYS_ONE_FOR_ONE);
	GROUP(a, "two", NULL, AGENTSYS_ONE_FOR_ONE);
	GROUP(a, "deep", "two", AGENTSYS_ONE_FOR_ONE);
	SPAWN(a, member("one", MEMBER_ID));
	SPAWN(a, member("deep", MEMBER_ID + 1));
	SPAWN(a, member("deep", MEMBER_ID + 2));
	SPAWN(a, member("one", MEMBER_ID + 3));
	EXPECT_LT(look_group(a, "one").place, look_group(a, "two").place);
	ASSERT_OK(a->h, agentsys_relate(a->h, MEMBER_ID, REQUIRES, MEMBER_ID + 1));
	EXPECT_GT(look_group(a, "one").place, look_group(a, "two").place);
	/* No circle of agents, but one of groups. */
	EXPECT_REFUSED(a->h, ELOOP, "groups would wait",
		       agentsys_relate(a->h, MEMBER_ID + 2, REQUIRES, MEMBER_ID + 3));
	ASSERT_OK(a->h, agentsys_unrelate(a->h, MEMBER_ID, REQUIRES, MEMBER_ID + 1));
	ASSERT_OK(a->h, agentsys_relate(a->h, MEMBER_ID + 2, REQUIRES, MEMBER_ID + 3));
	EXPECT_LT(look_group(a, "one").place, look_group(a, "two").place);
}

TEST_F(relations, a_group_waits_for_what_its_members_require)
{
	struct agents *a = &self->a;
	uint32_t base, top;

	base = SPAWN(a, restarting(SLEEP, AGENTSYS_RESTART_ALWAYS, 1000, NEVER_MS, NEVER_MS));
	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ALL);
	SPAWN(a, related(member("g", MEMBER_ID), REQUIRES, base));
	SPAWN(a, member("g", MEMBER_ID + 1));
	top = MEMBER_ID;
	crash(a, base);
	EXPECT_TRUE(AWAIT(look(a, top).flags & AGENTSYS_AGENT_WAITS));
	/* It is no failure of the group. */
	EXPECT_EQ(0, look_group(a, "g").restarts);
	skip_events(a);
	crash_member(a, MEMBER_ID + 1);
	EXPECT_EQ(MEMBER_ID + 1, GROUP_EVENT(a, "g", RESTART).code);
	EXPECT_TRUE(AWAIT(look(a, top).flags & AGENTSYS_AGENT_WAITS));
	EXPECT_EQ(AGENTSYS_STARTING, look_group(a, "g").state);
	ASSERT_OK(a->h, start_agent(a, base));
	GROUP_EVENT(a, "g", STARTED);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, top).state);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, MEMBER_ID + 1).state);
	EXPECT_EQ(1, look_group(a, "g").restarts);
}

TEST_F(relations, wanted_agents_are_waited_for_while_they_start)
{
	struct agents *a = &self->a;
	struct held held = hold_program("/bin/busybox", WORK "/held");
	uint32_t base, top;

	ASSERT_OK(a->h, agentsys_spawn(a->h, SPEC(WORK "/held", "sleep", "1000000"), 0, &base));
	ASSERT_TRUE(tried(&held));
	ASSERT_OK(a->h, agentsys_spawn(a->h, related(lasting(), WANTS, base), 0, &top));
	EXPECT_EQ(base, LATER(a, top, REQUIRED).code);
	EXPECT_EQ(AGENTSYS_BACKOFF, look(a, top).state);
	/* Its failure is as good as its success. */
	ASSERT_OK(a->h, agentsys_kill(a->h, base, 0));
	release_program(&held);
	LATER(a, top, SPAWN);
	EXPECT_EQ(AGENTSYS_EXITED, look(a, base).state);

	/* It does not matter when it ends later. */
	ASSERT_OK(a->h, start_agent(a, base));
	crash(a, base);
	IS_STATE(a, base, EXITED);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, top).state);
	EXPECT_EQ(1, look(a, top).instance);
}

/* ---- links ---- */

TEST_F(relations, a_crash_takes_linked_agents_along)
{
	struct agents *a = &self->a;
	uint32_t first = SPAWN(a, lasting());
	uint32_t second = SPAWN(a, related(lasting(), LINK, first));
	uint32_t third = SPAWN(a, related(SLEEP, LINK, second));
	uint32_t other = SPAWN(a, lasting());
	struct agentsys_event event;

	skip_events(a);
	crash(a, second);
	event = LATER(a, first, LINK);
	EXPECT_EQ(second, event.code);
	EXPECT_EQ(1, event.value);
	event = LATER(a, first, CRASH);
	EXPECT_EQ(AGENTSYS_CAUSE_LINK, event.cause);
	EXPECT_EQ(SIGKILL, event.code);
	LATER(a, first, RESTART);
	IS_STATE(a, third, EXITED);
	EXPECT_EQ(AGENTSYS_CAUSE_LINK, look(a, third).cause);
	EXPECT_EQ(1, look(a, first).restarts);
	EXPECT_EQ(1, look(a, first).crashes);
	/* One that is still being started would not be reached below. */
	IS_STATE(a, second, ACTIVE);
	/* Each died once: the deaths of those that were killed are passed on to nobody. */
	EXPECT_EQ(2, look(a, first).instance);
	EXPECT_EQ(2, look(a, second).instance);
	EXPECT_EQ(1, look(a, other).instance);

	/* By way of one that has ended nothing is passed on. */
	crash(a, first);
	EXPECT_TRUE(AWAIT(look(a, second).instance == 3 &&
			  is_state(a, second, AGENTSYS_ACTIVE)));
	EXPECT_EQ(1, look(a, third).instance);
}

TEST_F(relations, links_pass_on_crashes_alone)
{
	struct agents *a = &self->a;
	uint32_t first = SPAWN(a, SLEEP);
	uint32_t second = SPAWN(a, related(SHELL("read line; exit 0"), LINK, first));

	/* Standard input is empty: it has exited with 0, which is no crash. */
	IS_STATE(a, second, EXITED);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, first).state);
	ASSERT_OK(a->h, agentsys_unrelate(a->h, first, LINK, second));
	second = SPAWN(a, related(SLEEP, LINK, first));
	ASSERT_OK(a->h, stop_agent(a, second));
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, first).state);
	ASSERT_OK(a->h, start_agent(a, second));
	ASSERT_OK(a->h, agentsys_kill(a->h, second, AGENTSYS_WAIT));
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, first).state);
}

TEST_F(relations, one_that_traps_survives_and_is_told)
{
	struct agents *a = &self->a;
	struct agentsys_spec *traps = SLEEP, *no;
	uint32_t first = SPAWN(a, SLEEP), second, third;
	struct agentsys_event event;

	agentsys_spec_set_traps(traps, true);
	second = SPAWN(a, related(traps, LINK, first));
	third = SPAWN(a, related(SLEEP, LINK, second));
	EXPECT_TRUE(look(a, second).flags & AGENTSYS_AGENT_TRAPS);
	skip_events(a);
	crash(a, first);
	event = LATER(a, second, LINK);
	EXPECT_EQ(first, event.code);
	EXPECT_EQ(0, event.value);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, second).state);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, third).state);

	/* It can be taught otherwise. */
	no = agentsys_spec_new();
	agentsys_spec_set_traps(no, false);
	ASSERT_OK(a->h, agentsys_set(a->h, second, no));
	EXPECT_FALSE(look(a, second).flags & AGENTSYS_AGENT_TRAPS);
	crash(a, third);
	IS_STATE(a, second, EXITED);
	EXPECT_EQ(AGENTSYS_CAUSE_LINK, look(a, second).cause);
}

/* What is left of one that is killed for a link goes too. */
TEST_F(relations, a_link_kills_the_whole_cgroup)
{
	struct agents *a = &self->a;
	int fifo = make_fifo(WORK "/fifo");
	uint32_t first = SPAWN(a, SLEEP);
	uint32_t second = SPAWN_READY(a, related(SPEC(program("actor"), "stubborn", WORK "/fifo"),
						 LINK, first));

	crash(a, first);
	EXPECT_TRUE(end_of_file(fifo));
	IS_STATE(a, second, EXITED);
}

/* ---- monitors and peers ---- */

TEST_F(relations, monitors_are_told_of_every_end)
{
	struct agents *a = &self->a;
	uint32_t watched = SPAWN(a, lasting());
	uint32_t watcher = SPAWN(a, related(SLEEP, MONITOR, watched));
	struct agentsys_event event;

	skip_events(a);
	crash(a, watched);
	event = LATER(a, watcher, DOWN);
	EXPECT_EQ(watched, event.code);
	EXPECT_EQ(AGENTSYS_CAUSE_SIGNAL, event.cause);
	EXPECT_EQ(SIGSEGV, event.value);
	EXPECT_TRUE(AWAIT(look(a, watched).instance == 2 &&
			  is_state(a, watched, AGENTSYS_ACTIVE)));
	ASSERT_OK(a->h, stop_agent(a, watched));
	event = LATER(a, watcher, DOWN);
	EXPECT_EQ(AGENTSYS_CAUSE_STOP, event.cause);

	/* One-way. */
	skip_events(a);
	ASSERT_OK(a->h, stop_agent(a, watcher));
	EXPECT_TRUE(no_event(a, watched));
}

TEST_F(relations, peers_are_told_of_each_other)
{
	struct agents *a = &self->a;
	uint32_t one = SPAWN(a, SLEEP);
	uint32_t two = SPAWN(a, related(SLEEP, PEER, one));

	skip_events(a);
	crash(a, one);
	EXPECT_EQ(one, LATER(a, two, DOWN).code);
	crash(a, two);
	EXPECT_EQ(two, LATER(a, one, DOWN).code);
}

/* ---- what is refused, and what is told ---- */

TEST_F(relations, what_makes_no_sense_is_refused)
{
	struct agents *a = &self->a;
	uint32_t one = SPAWN(a, SLEEP), two = SPAWN(a, SLEEP), three = SPAWN(a, SLEEP), id;

	EXPECT_REFUSED(a->h, EINVAL, "to itself", agentsys_relate(a->h, one, LINK, one));
	EXPECT_REFUSED(a->h, ESRCH, "no such agent", agentsys_relate(a->h, one, LINK, 5));
	EXPECT_REFUSED(a->h, ESRCH, "no such agent", agentsys_relate(a->h, 5, LINK, one));
	EXPECT_REFUSED(a->h, ENOENT, "not related", agentsys_unrelate(a->h, one, LINK, two));
	EXPECT_EQ(-ERANGE, agentsys_relate(a->h, one, __AGENTSYS_RELATIONS, two));
	EXPECT_EQ(-ERANGE, agentsys_relate(a->h, one, LINK, 1));
	ASSERT_OK(a->h, agentsys_relate(a->h, one, LINK, two));
	EXPECT_REFUSED(a->h, EEXIST, "already", agentsys_relate(a->h, one, LINK, two));
	EXPECT_REFUSED(a->h, EEXIST, "already", agentsys_relate(a->h, two, LINK, one));
	ASSERT_OK(a->h, agentsys_relate(a->h, one, MONITOR, two));
	ASSERT_OK(a->h, agentsys_relate(a->h, two, MONITOR, one));

	/* It runs without already. */
	ASSERT_OK(a->h, stop_agent(a, three));
	EXPECT_REFUSED(a->h, ENOTCONN, "start that first",
		       agentsys_relate(a->h, one, REQUIRES, three));
	ASSERT_OK(a->h, start_agent(a, three));

	/* A circle of three. */
	ASSERT_OK(a->h, agentsys_relate(a->h, one, REQUIRES, two));
	ASSERT_OK(a->h, agentsys_relate(a->h, two, WANTS, three));
	EXPECT_REFUSED(a->h, ELOOP, "in a circle", agentsys_relate(a->h, three, REQUIRES, one));
	/* Peers have no order. */
	ASSERT_OK(a->h, agentsys_relate(a->h, three, PEER, one));
	ASSERT_OK(a->h, agentsys_unrelate(a->h, one, PEER, three));

	/* A spawn that is refused for a relation leaves nothing behind. */
	EXPECT_REFUSED(a->h, ESRCH, "no such agent",
		       agentsys_spawn(a->h, related(related(SLEEP, LINK, one), LINK, 5),
				      AGENTSYS_WAIT, &id));
	EXPECT_EQ(3, look_system(a->h).agents);
	ASSERT_OK(a->h, agentsys_unrelate(a->h, two, LINK, one));
}

TEST_F(relations, there_is_a_bound)
{
	struct agents *a = &self->a;
	uint32_t hub = SPAWN(a, SLEEP), id = 0, refused;
	struct agentsys_spec *many = SLEEP;

	for (int i = 0; i < AGENTSYS_RELATIONS_MAX; i++)
		id = SPAWN(a, related(SPEC("/bin/true"), MONITOR, hub));
	EXPECT_REFUSED(a->h, ENOSPC, "64", agentsys_relate(a->h, hub, LINK, id));
	EXPECT_REFUSED(a->h, ENOSPC, "64",
		       agentsys_spawn(a->h, related(SLEEP, LINK, hub), AGENTSYS_WAIT, &refused));
	for (int i = 0; i < AGENTSYS_RELATIONS_MAX + 1; i++)
		related(many, MONITOR, id);
	EXPECT_REFUSED(a->h, ENOSPC, "64", agentsys_spawn(a->h, many, AGENTSYS_WAIT, &refused));
	/* Who is removed makes room. */
	EXPECT_TRUE(AWAIT(!agentsys_remove(a->h, id)));
	SPAWN(a, related(SLEEP, LINK, hub));
}

TEST_F(relations, all_are_told)
{
	struct agents *a = &self->a;
	uint32_t one = SPAWN(a, SLEEP);
	uint32_t two = SPAWN(a, related(related(SLEEP, REQUIRES, one), LINK, one));
	struct agentsys_relation_info *list;

	ASSERT_OK(a->h, agentsys_relate(a->h, one, MONITOR, two));
	ASSERT_EQ(3, agentsys_relations(a->h, &list));
	EXPECT_EQ(one, list[0].from);
	EXPECT_EQ(MONITOR, list[0].kind);
	EXPECT_EQ(two, list[0].to);
	EXPECT_EQ(two, list[1].from);
	EXPECT_EQ(REQUIRES, list[1].kind);
	EXPECT_EQ(one, list[1].to);
	EXPECT_EQ(LINK, list[2].kind);
	agentsys_relations_free(list);

	/* They go with either of the two. */
	ASSERT_OK(a->h, agentsys_kill(a->h, one, AGENTSYS_WAIT));
	ASSERT_OK(a->h, agentsys_remove(a->h, one));
	ASSERT_EQ(0, agentsys_relations(a->h, &list));
	agentsys_relations_free(list);
}

TEST_HARNESS_MAIN
