// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of everything: in which order, by when, and what is told of each.
 *
 * vm: timeout=300
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/groups.h"

#include <sys/wait.h>

FIXTURE(shutdown) {
	struct agents a;
};

FIXTURE_SETUP(shutdown)
{
	agents_open(_metadata, &self->a);
}

FIXTURE_TEARDOWN(shutdown)
{
	groups_clear(&self->a);
	agents_close(&self->a);
}

/* A member that runs on and on. */
static struct agentsys_spec *sleeper(const char *group, uint32_t id)
{
	struct agentsys_spec *spec = SLEEP;

	MUST(!agentsys_spec_set_group(spec, group));
	agentsys_spec_set_id(spec, id);
	return spec;
}

/* One that hears no request to end. */
static struct agentsys_spec *stubborn(const char *group, uint32_t id, uint32_t timeout_ms)
{
	struct agentsys_spec *spec = SPEC(program("actor"), "stubborn");

	MUST(!agentsys_spec_set_group(spec, group));
	agentsys_spec_set_id(spec, id);
	agentsys_spec_set_stop_timeout(spec, timeout_ms);
	return spec;
}

/*
 * The ids of the events of this type since the last one that was looked at, as
 * text: "102 101 100".
 */
static const char *ids_of(struct agents *a, uint32_t type, char *buf, size_t size)
{
	struct agentsys_events *ring;
	struct agentsys_event event;
	size_t length = 0;

	buf[0] = '\0';
	MUST(!agentsys_events_open(&ring, a->seen));
	while (agentsys_events_next(ring, &event, NULL, 0) == 1)
		if (event.type == type)
			length += snprintf(buf + length, size - length, "%s%u",
					   length ? " " : "", event.agent_id);
	agentsys_events_close(ring);
	return buf;
}

#define EXPECT_IDS(want, a, type) do {					\
	char __ids[256];						\
									\
	EXPECT_STREQ(want, ids_of(a, AGENTSYS_EVENT_##type, __ids, sizeof(__ids)));	\
} while (0)

/* ---- order ---- */

TEST_F(shutdown, members_end_one_after_another)
{
	static const uint32_t order[] = { 104, 103, 100, 102, 101 };
	struct agents *a = &self->a;
	uint32_t ended, killed;

	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ONE);
	GROUP(a, "in-g", "g", AGENTSYS_ONE_FOR_ALL);
	for (uint32_t id = 100; id <= 104; id++)
		SPAWN(a, sleeper(id == 101 || id == 102 ? "in-g" : "g", id));
	skip_events(a);
	ASSERT_OK(a->h, agentsys_shutdown(a->h, NEVER_MS, AGENTSYS_WAIT, &ended, &killed));
	EXPECT_EQ(5, ended);
	EXPECT_EQ(0, killed);
	/* The nested group came before the agents of the other one. */
	EXPECT_IDS("104 103 100 102 101", a, STOP);
	EXPECT_IDS("104 103 100 102 101", a, EXIT);
	/* Each when the one before has ended. */
	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
		LATER(a, order[i], STOP);
		EXPECT_EQ(AGENTSYS_CAUSE_STOP, LATER(a, order[i], EXIT).cause);
	}
	EXPECT_TRUE(is_group_state(a, "g", AGENTSYS_EXITED));
	EXPECT_TRUE(is_group_state(a, "in-g", AGENTSYS_EXITED));
	/* It is over: a start by hand has a group live again. */
	ASSERT_OK(a->h, agentsys_start(a->h, 101, AGENTSYS_WAIT));
	EXPECT_TRUE(AWAIT(is_group_state(a, "in-g", AGENTSYS_ACTIVE)));
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, 101).state);
}

/* Nobody ends here, so what is seen was asked for before anybody had ended. */
TEST_F(shutdown, what_has_nothing_to_do_with_one_another_ends_at_once)
{
	struct agents *a = &self->a;

	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ALL);
	GROUP(a, "h", NULL, AGENTSYS_REST_FOR_ONE);
	/* In root, in the order in which they come: g, h, 105, 110, 108. */
	for (uint32_t id = 100; id <= 103; id++)
		SPAWN_READY(a, stubborn(id < 102 ? "g" : "h", id, NEVER_MS));
	SPAWN_READY(a, stubborn("root", 105, NEVER_MS));
	SPAWN_READY(a, stubborn("root", 110, NEVER_MS));
	SPAWN_READY(a, stubborn("root", 108, NEVER_MS));
	skip_events(a);
	ASSERT_OK(a->h, agentsys_shutdown(a->h, NEVER_MS, 0, NULL, NULL));
	EXPECT_IDS("108 110 105 103 101", a, STOP);
	EXPECT_IDS("", a, EXIT);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, 100).state);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, 102).state);
	/* Whoever ends makes room for the one ahead of it. */
	kill(look(a, 101).pid, SIGKILL);
	LATER(a, 100, STOP);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, 102).state);
	/* One whose turn has not come may end by itself, and is not started again. */
	kill(look(a, 102).pid, SIGKILL);
	LATER(a, 102, CRASH);
	for (uint32_t id = 100; id <= 110; id++)
		if (is_state(a, id, AGENTSYS_STOPPING))
			kill(look(a, id).pid, SIGKILL);
	EXPECT_TRUE(AWAIT(!look_system(a->h).launcher_pid));
	EXPECT_EQ(1, look(a, 102).instance);
	EXPECT_TRUE(is_group_state(a, "h", AGENTSYS_EXITED));
}

/* ---- by when ---- */

TEST_F(shutdown, the_deadline_is_for_those_too_whose_turn_has_not_come)
{
	struct agents *a = &self->a;
	uint32_t ended, killed;

	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ALL);
	for (uint32_t id = 100; id <= 102; id++)
		SPAWN_READY(a, stubborn("g", id, NEVER_MS));
	skip_events(a);
	ASSERT_OK(a->h, agentsys_shutdown(a->h, 100, AGENTSYS_WAIT, &ended, &killed));
	EXPECT_EQ(3, ended);
	EXPECT_EQ(3, killed);
	EXPECT_IDS("102", a, STOP);
	for (uint32_t id = 100; id <= 102; id++) {
		EXPECT_EQ(AGENTSYS_EXITED, look(a, id).state);
		EXPECT_EQ(AGENTSYS_CAUSE_KILL, look(a, id).cause);
		EXPECT_EQ(1, look(a, id).instance);
	}
	EXPECT_TRUE(is_group_state(a, "g", AGENTSYS_EXITED));
}

TEST_F(shutdown, each_member_has_its_own_time)
{
	struct agents *a = &self->a;
	uint32_t ended, killed;

	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ALL);
	for (uint32_t id = 100; id <= 102; id++)
		SPAWN_READY(a, stubborn("g", id, 10));
	skip_events(a);
	ASSERT_OK(a->h, agentsys_shutdown(a->h, NEVER_MS, AGENTSYS_WAIT, &ended, &killed));
	EXPECT_EQ(3, killed);
	EXPECT_IDS("102 101 100", a, STOP);
	EXPECT_IDS("102 101 100", a, KILL);
	EXPECT_IDS("102 101 100", a, EXIT);
	EXPECT_EQ(10, LATER(a, 102, STOP).value);
}

/* ---- what was under way ---- */

TEST_F(shutdown, a_group_that_waits_is_not_started_any_more)
{
	const struct group_policy slow = { AGENTSYS_ONE_FOR_ALL, 2, NEVER_MS * 4, NEVER_MS,
					   NEVER_MS };
	struct agents *a = &self->a;
	uint32_t ended;
	int ret;

	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ONE);
	ASSERT_OK(a->h, agentsys_group_new(a->h, "waits", group_spec("g", &slow)));
	GROUP(a, "starts", "g", AGENTSYS_ONE_FOR_ALL);
	for (uint32_t id = 100; id <= 103; id++)
		SPAWN(a, sleeper(id < 102 ? "waits" : "starts", id));
	SPAWN_READY(a, stubborn("g", 105, NEVER_MS));
	crash_member(a, 100);
	ASSERT_TRUE(AWAIT(is_group_state(a, "waits", AGENTSYS_BACKOFF)));
	ASSERT_OK(a->h, agentsys_stop(a->h, 103, NEVER_MS, AGENTSYS_WAIT));
	hold_launcher(a);
	ASSERT_OK(a->h, agentsys_group_restart(a->h, "starts", 0));
	ASSERT_TRUE(AWAIT(is_state(a, 102, AGENTSYS_STARTING)));
	skip_events(a);
	ASSERT_OK(a->h, agentsys_shutdown(a->h, NEVER_MS, 0, NULL, NULL));
	/* They are down, but it is not yet the turn of their groups. */
	for (uint32_t id = 100; id <= 103; id++)
		EXPECT_EQ(AGENTSYS_EXITED, look(a, id).state);
	EXPECT_EQ(AGENTSYS_STOPPING, look(a, 105).state);
	wake_launcher(a->h);
	ASSERT_OK(a->h, agentsys_kill(a->h, 105, 0));
	/* When another one is accepted it is over, and has ended all. */
	EXPECT_TRUE(AWAIT((ret = agentsys_shutdown(a->h, 0, AGENTSYS_WAIT, &ended, NULL)) !=
			  -EALREADY));
	EXPECT_OK(a->h, ret);
	EXPECT_EQ(0, ended);
	EXPECT_TRUE(is_group_state(a, "waits", AGENTSYS_EXITED));
	EXPECT_TRUE(is_group_state(a, "starts", AGENTSYS_EXITED));
	EXPECT_TRUE(is_group_state(a, "g", AGENTSYS_EXITED));
	EXPECT_IDS("", a, RESTART);
	EXPECT_IDS("", a, GROUP_STARTED);
}

/* ---- what is told ---- */

static const struct agentsys_info *find(struct agentsys_info **list, uint32_t id)
{
	for (; *list; list++)
		if ((*list)->id == id)
			return *list;
	return NULL;
}

static struct agentsys_spec *exits_with_15(void)
{
	return SHELL("trap 'exit 15' TERM; echo ready; while :; do sleep 1000000 & wait; done");
}

TEST_F(shutdown, each_end_is_told)
{
	struct agents *a = &self->a;
	uint32_t by_code, by_signal, killed, waiting, ended;
	const struct agentsys_info *info;
	struct agentsys_info **list;
	uint32_t pids[3];

	ended = SPAWN(a, SPEC("/bin/true"));
	LATER(a, ended, EXIT);
	ASSERT_TRUE(AWAIT(!cgroup_exists(ended)));
	by_code = SPAWN_READY(a, exits_with_15());
	by_signal = SPAWN(a, SLEEP);
	killed = SPAWN_READY(a, stubborn("root", 500, 50));
	waiting = SPAWN(a, restarting(SHELL("exit 3"), AGENTSYS_RESTART_ALWAYS, 9, NEVER_MS,
				      NEVER_MS));
	LATER(a, waiting, RESTART_SCHEDULED);
	pids[0] = look(a, by_code).pid;
	pids[1] = look(a, by_signal).pid;
	pids[2] = look(a, killed).pid;
	EXPECT_EQ(-1, look(a, by_code).exit_status);
	EXPECT_EQ(0, look(a, by_code).asked_time);
	EXPECT_EQ(0, look(a, ended).exit_status);
	EXPECT_EQ(0, look(a, ended).asked_time);

	ASSERT_EQ(4, agentsys_shutdown_all(a->h, NEVER_MS, &list)) TH_LOG("%s",
									  agentsys_error(a->h));
	EXPECT_EQ(NULL, find(list, ended));
	info = find(list, by_code);
	ASSERT_NE(NULL, info);
	EXPECT_EQ(15 << 8, info->exit_status);
	EXPECT_EQ(pids[0], info->end_pid);
	EXPECT_EQ(AGENTSYS_CAUSE_STOP, info->cause);
	EXPECT_LT(0, info->asked_time);
	EXPECT_LE(info->asked_time, info->end_time);
	info = find(list, by_signal);
	ASSERT_NE(NULL, info);
	EXPECT_EQ(SIGTERM, info->exit_status);
	EXPECT_EQ(pids[1], info->end_pid);
	EXPECT_EQ(AGENTSYS_CAUSE_STOP, info->cause);
	info = find(list, killed);
	ASSERT_NE(NULL, info);
	EXPECT_EQ(SIGKILL, info->exit_status);
	EXPECT_EQ(pids[2], info->end_pid);
	EXPECT_EQ(AGENTSYS_CAUSE_KILL, info->cause);
	/* From when it was first asked, not from when it was killed. Jiffies are not that exact. */
	EXPECT_LE(25 * 1000000ULL, info->end_time - info->asked_time);
	/* It ended before; what was ended is its wait for a restart. */
	info = find(list, waiting);
	ASSERT_NE(NULL, info);
	EXPECT_EQ(3 << 8, info->exit_status);
	EXPECT_EQ(0, info->asked_time);
	EXPECT_EQ(AGENTSYS_EXITED, info->state);
	/* In the order of their ends. */
	EXPECT_EQ(waiting, list[0]->id);
	for (int i = 1; i < 4; i++)
		EXPECT_LE(list[i - 1]->end_time, list[i]->end_time);
	agentsys_list_free(list);

	EXPECT_EQ(0, agentsys_shutdown_all(a->h, NEVER_MS, &list));
	EXPECT_EQ(NULL, list[0]);
	agentsys_list_free(list);
}

/* What the last launch came to was no process, so there is no status of one. */
TEST_F(shutdown, a_failed_launch_has_no_status)
{
	struct agents *a = &self->a;
	const char *path = WORK "/program";
	uint32_t id;

	make_file(path, "#!/bin/sh\nexit 7\n", 0755);
	id = SPAWN(a, SPEC(path));
	LATER(a, id, CRASH);
	EXPECT_EQ(7 << 8, look(a, id).exit_status);
	EXPECT_LT(0, look(a, id).end_pid);
	unlink(path);
	EXPECT_EQ(-ENOENT, agentsys_start(a->h, id, AGENTSYS_WAIT));
	EXPECT_EQ(AGENTSYS_CAUSE_LAUNCH, look(a, id).cause);
	EXPECT_EQ(-1, look(a, id).exit_status);
	EXPECT_EQ(0, look(a, id).end_pid);
}

/* ---- once more ---- */

/* Whatever has been done before: each is a success and changes nothing. */
TEST_F(shutdown, stops_and_kills_may_be_repeated)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN_READY(a, stubborn("root", 100, NEVER_MS));
	struct agentsys_info info;

	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ALL);
	SPAWN_READY(a, stubborn("g", 101, NEVER_MS));
	for (int i = 0; i < 3; i++) {
		EXPECT_OK(a->h, agentsys_stop(a->h, id, NEVER_MS, 0));
		EXPECT_OK(a->h, agentsys_group_stop(a->h, "g", 0));
	}
	EXPECT_EQ(AGENTSYS_STOPPING, look(a, id).state);
	EXPECT_TRUE(is_group_state(a, "g", AGENTSYS_STOPPING));
	/* Those that have ended, too. */
	for (int i = 0; i < 3; i++) {
		EXPECT_OK(a->h, agentsys_kill(a->h, id, 0));
		EXPECT_OK(a->h, agentsys_kill(a->h, 101, 0));
	}
	EXPECT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
	EXPECT_OK(a->h, agentsys_kill(a->h, 101, AGENTSYS_WAIT));
	EXPECT_TRUE(AWAIT(is_group_state(a, "g", AGENTSYS_EXITED)));
	info = look(a, id);
	skip_events(a);
	for (int i = 0; i < 3; i++) {
		EXPECT_OK(a->h, agentsys_stop(a->h, id, 0, AGENTSYS_WAIT));
		EXPECT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
		EXPECT_OK(a->h, agentsys_group_stop(a->h, "g", AGENTSYS_WAIT));
		EXPECT_OK(a->h, agentsys_shutdown(a->h, i * 100, AGENTSYS_WAIT, NULL, NULL));
	}
	EXPECT_EQ(info.end_time, look(a, id).end_time);
	EXPECT_EQ(info.asked_time, look(a, id).asked_time);
	EXPECT_EQ(info.exits, look(a, id).exits);
	EXPECT_IDS("", a, KILL);
	EXPECT_IDS("", a, STOP);
	EXPECT_IDS("", a, EXIT);
}

TEST_HARNESS_MAIN
