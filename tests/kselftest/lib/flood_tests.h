/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System calls of agents: counted, told when they are too many, and slowed down. These
 * tests are those of either way to hook them.
 *
 * Include it behind flood.h.
 */
#ifndef TESTS_LIB_FLOOD_TESTS_H
#define TESTS_LIB_FLOOD_TESTS_H

/* ---- counting ---- */

/* At one moment: so many calls of the agent, and of all. */
static void look_at_both(struct agents *a, uint32_t id, uint64_t *own, uint64_t *all)
{
	do {
		*own = look(a, id).syscalls;
		*all = look_system(a->h).syscalls;
	} while (look(a, id).syscalls != *own);
}

TEST_F(flood, counts_every_call_once)
{
	struct agents *a = &self->a;
	struct caller *c = &self->c;
	uint64_t before, all, own, system;

	START(a, c, "1", "getpid", 1000000, 1000000);
	look_at_both(a, c->id, &before, &all);
	EXPECT_GE(all, before);
	tell(c, 'n');
	ASSERT_LINE("done", c->out);
	ASSERT_TRUE(AWAIT(look(a, c->id).syscalls >= before + 1002));
	/* It reads its orders too, and some may have been before the first look. */
	look_at_both(a, c->id, &own, &system);
	EXPECT_LE(own, before + 1100);
	EXPECT_EQ(own - before, system - all);
	EXPECT_EQ(0, look(a, c->id).faults);
	/* What has ended is not counted, and not forgotten. */
	ASSERT_OK(a->h, agentsys_kill(a->h, c->id, AGENTSYS_WAIT));
	EXPECT_EQ(0, look(a, c->id).syscalls);
	EXPECT_GE(look_system(a->h).syscalls, system);
}

TEST_F(flood, counts_calls_by_the_old_gate)
{
	struct agents *a = &self->a;
	struct caller *c = &self->c;
	uint64_t before;

	START(a, c, "1", "int80", 1000000, 1000000);
	before = look(a, c->id).syscalls;
	tell(c, 'n');
	ASSERT_LINE("done", c->out);
	ASSERT_TRUE(AWAIT(look(a, c->id).syscalls >= before + 1002));
	EXPECT_LE(look(a, c->id).syscalls, before + 1100);
}

TEST_F(flood, who_has_no_limit_is_not_counted)
{
	struct agents *a = &self->a;
	struct caller other = { 0 }, *c = &self->c;

	START(a, c, "1", "getpid", 1000000, 1000000);
	other.id = SPAWN(a, caller_spec(&other, WORK "/other", "1", "getpid", 0, 0));
	ASSERT_LINE("ready", other.out);
	tell(&other, 'n');
	ASSERT_LINE("done", other.out);
	EXPECT_EQ(0, look(a, other.id).syscalls);
	/* Nor are others on the system. */
	EXPECT_LT(look_system(a->h).syscalls, 1000);
}

/* ---- too many ---- */

TEST_F(flood, is_slowed_down_to_its_rate)
{
	struct agents *a = &self->a;
	struct caller twin = { 0 }, *c = &self->c;
	uint64_t ms, calls, twins;

	START(a, c, "1", "getpid", 200, 400);
	twin.id = SPAWN(a, caller_spec(&twin, WORK "/twin", "1", "getpid", 0, 0));
	FLOOD(a, c);
	tell(&twin, 'g');
	ASSERT_TRUE(AWAIT(calls_of(&twin) > 1000));
	ms = now_ms();
	calls = calls_of(c);
	twins = calls_of(&twin);
	ASSERT_TRUE(AWAIT(calls_of(c) >= calls + 500));
	/* The time last: what is counted later than that may be more. */
	calls = calls_of(c) - calls;
	twins = calls_of(&twin) - twins;
	ms = now_ms() - ms;
	TH_LOG("%llu calls in %llu ms, its twin %llu", (unsigned long long)calls,
	       (unsigned long long)ms, (unsigned long long)twins);
	/* No more than what came, what processors still had, and what was read too late. */
	EXPECT_LE(calls, ms / 5 + 100);
	EXPECT_GE(twins, 20 * calls);
	EXPECT_FALSE(is_throttled(a, twin.id));
	c->page->stop = 1;
	twin.page->stop = 1;
	ASSERT_LINE("stopped", c->out);
}

TEST_F(flood, is_quick_again_when_it_has_rested)
{
	struct agents *a = &self->a;
	struct caller *c = &self->c;
	uint64_t faults;

	START(a, c, "1", "getpid", 200, 200);
	FLOOD(a, c);
	c->page->stop = 1;
	ASSERT_LINE("stopped", c->out);
	ASSERT_TRUE(AWAIT(!is_throttled(a, c->id)));
	faults = look(a, c->id).faults;
	/* And it is a fault again when it goes on. */
	c->page->stop = 0;
	FLOOD(a, c);
	EXPECT_GT(look(a, c->id).faults, faults);
}

TEST_F(flood, many_threads_share_one_limit)
{
	struct agents *a = &self->a;
	struct caller *c = &self->c;
	uint64_t ms, calls;

	START(a, c, "50", "getpid", 100, 1000);
	FLOOD(a, c);
	ms = now_ms();
	calls = calls_of(c);
	ASSERT_TRUE(AWAIT(calls_of(c) >= calls + 200));
	calls = calls_of(c) - calls;
	ms = now_ms() - ms;
	EXPECT_LE(calls, ms / 10 + 100);
}

TEST_F(flood, forks_are_slowed_down_too)
{
	struct agents *a = &self->a;
	struct caller *c = &self->c;
	uint64_t calls;

	/* A machine that is slow forks slowly, five times a second perhaps: three calls each. */
	START(a, c, "2", "fork", 6, 200);
	FLOOD(a, c);
	calls = calls_of(c);
	ASSERT_TRUE(AWAIT(calls_of(c) > calls + 5));
	ASSERT_OK(a->h, agentsys_kill(a->h, c->id, AGENTSYS_WAIT));
}

TEST_F(flood, a_start_of_python_is_none)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC("/usr/bin/python3", "-c",
					  "import json, subprocess, threading, argparse, asyncio");
	struct agentsys_event event;
	struct caller *c = &self->c;
	uint32_t id;

	START(a, c, "1", "getpid", 1000000, 1000000);
	MUST(!agentsys_spec_set_limit(spec, AGENTSYS_LIMIT_SYSCALL_RATE, 1000));
	id = SPAWN(a, spec);
	event = LATER(a, id, EXIT);
	EXPECT_EQ(0, event.code);
	EXPECT_EQ(0, look(a, id).faults);
}

/* ---- what is done about it ---- */

TEST_F(flood, alert_tells_once_in_a_window)
{
	struct agents *a = &self->a;
	struct caller *c = &self->c;
	uint64_t ms, calls, faults;

	START(a, c, "2", "getpid", 100, 100);
	set_action(_metadata, a, c->id, AGENTSYS_RECOVER_ALERT);
	ms = now_ms();
	tell(c, 'g');
	ASSERT_EQ(AGENTSYS_FAULT_SYSCALL_FLOOD, LATER(a, c->id, FAULT).code);
	LATER(a, c->id, FAULT);
	LATER(a, c->id, FAULT);
	EXPECT_FALSE(is_throttled(a, c->id));
	calls = calls_of(c);
	faults = look(a, c->id).faults;
	ms = now_ms() - ms;
	EXPECT_GE(faults, 3);
	EXPECT_LE(faults, ms / 1000 + 1);
	EXPECT_GT(calls, 20 * (100 * ms / 1000 + 100));
}

TEST_F(flood, warning_comes_first)
{
	struct agents *a = &self->a;
	struct agentsys_event event;
	struct caller *c = &self->c;

	START(a, c, "1", "getpid", 1100, 100000);
	/* Twice: the first ones may be parted by the end of a window. */
	for (int i = 0; i < 2; i++) {
		tell(c, 'n');
		ASSERT_LINE("done", c->out);
	}
	event = NEXT(a, c->id, SPAWN);
	event = NEXT(a, c->id, WARNING);
	EXPECT_EQ(AGENTSYS_FAULT_SYSCALL_FLOOD, event.code);
	EXPECT_GE(event.value, 880);
	EXPECT_EQ(0, look(a, c->id).faults);
}

TEST_F(flood, kill_kills)
{
	struct agents *a = &self->a;
	struct agentsys_event event;
	struct caller *c = &self->c;

	START(a, c, "3", "getpid", 100, 100);
	set_action(_metadata, a, c->id, AGENTSYS_RECOVER_KILL);
	tell(c, 'g');
	event = LATER(a, c->id, CRASH);
	EXPECT_EQ(AGENTSYS_CAUSE_FAULT, event.cause);
	EXPECT_EQ(AGENTSYS_FAULT_SYSCALL_FLOOD, event.code);
	EXPECT_TRUE(AWAIT(is_state(a, c->id, AGENTSYS_EXITED)));
}

TEST_F(flood, restart_restarts_and_begins_anew)
{
	struct agents *a = &self->a;
	struct caller *c = &self->c;
	uint64_t faults;

	c->restarts = true;
	START(a, c, "2", "getpid", 100, 500);
	set_action(_metadata, a, c->id, AGENTSYS_RECOVER_RESTART);
	tell(c, 'g');
	LATER(a, c->id, CRASH);
	LATER(a, c->id, RESTART);
	ASSERT_LINE("ready", c->out);
	faults = look(a, c->id).faults;
	EXPECT_EQ(1, faults);
	EXPECT_FALSE(is_throttled(a, c->id));
	/* The calls of its predecessor are not held against it. */
	ASSERT_TRUE(AWAIT(is_counted(a, c)));
	EXPECT_EQ(faults, look(a, c->id).faults);
}

/* ---- while it sleeps ---- */

static bool sleeps(pid_t pid)
{
	char state = process_state(pid);

	return state == 'S' || state == 'I';
}

TEST_F(flood, who_sleeps_is_no_load_and_can_be_killed)
{
	struct agents *a = &self->a;
	struct agentsys_event event;
	struct caller *c = &self->c;

	FLOOD_FOR_LONG(a, c, "getpid");
	EXPECT_TRUE(AWAIT(sleeps(look(a, c->id).pid)));
	kill(look(a, c->id).pid, SIGKILL);
	event = LATER(a, c->id, CRASH);
	EXPECT_EQ(SIGKILL, event.code);
	EXPECT_TRUE(AWAIT(!cgroup_exists(c->id)));
}

TEST_F(flood, its_cgroup_can_be_killed)
{
	struct agents *a = &self->a;
	struct caller *c = &self->c;

	FLOOD_FOR_LONG(a, c, "getpid");
	ASSERT_OK(a->h, agentsys_kill(a->h, c->id, AGENTSYS_WAIT));
	EXPECT_FALSE(cgroup_exists(c->id));
	ASSERT_OK(a->h, agentsys_remove(a->h, c->id));
}

TEST_F(flood, it_can_be_stopped)
{
	struct agents *a = &self->a;
	struct caller *c = &self->c;

	FLOOD_FOR_LONG(a, c, "getpid");
	ASSERT_OK(a->h, agentsys_stop(a->h, c->id, NEVER_MS, AGENTSYS_WAIT));
	EXPECT_EQ(AGENTSYS_CAUSE_STOP, look(a, c->id).cause);
	EXPECT_FALSE(is_throttled(a, c->id));
}

/* A handler of its own is slow as all of it is, but comes to its end. */
TEST_F(flood, it_can_be_asked_to_stop)
{
	struct agents *a = &self->a;
	struct caller *c = &self->c;

	START(a, c, "1", "term", 10, 100);
	FLOOD(a, c);
	ASSERT_OK(a->h, agentsys_stop(a->h, c->id, NEVER_MS, AGENTSYS_WAIT));
	EXPECT_EQ(7 << 8, look(a, c->id).exit_status);
}

TEST_F(flood, it_can_be_frozen)
{
	struct agents *a = &self->a;
	struct caller *c = &self->c;
	char text[64];

	FLOOD_FOR_LONG(a, c, "getpid");
	ASSERT_OK(a->h, agentsys_pause(a->h, c->id));
	ASSERT_TRUE(AWAIT(read_cgroup(c->id, "cgroup.events", text, sizeof(text)) > 0 &&
			  strstr(text, "frozen 1")));
	ASSERT_OK(a->h, agentsys_resume(a->h, c->id));
	ASSERT_TRUE(AWAIT(read_cgroup(c->id, "cgroup.events", text, sizeof(text)) > 0 &&
			  strstr(text, "frozen 0")));
	ASSERT_TRUE(AWAIT(all_sleep(c)));
}

/* ---- changes while it runs ---- */

TEST_F(flood, without_its_limit_it_wakes_at_once)
{
	struct agents *a = &self->a;
	struct caller *c = &self->c;
	uint64_t calls;

	FLOOD_FOR_LONG(a, c, "getpid");
	calls = calls_of(c);
	set_limits(_metadata, a, c->id, 0, 0);
	EXPECT_FALSE(is_throttled(a, c->id));
	EXPECT_TRUE(AWAIT(calls_of(c) > calls + 10000));
	EXPECT_EQ(0, look(a, c->id).syscalls);
	/* And it can have one again. */
	set_limits(_metadata, a, c->id, FEW, 1000);
	LATER(a, c->id, FAULT);
	EXPECT_TRUE(AWAIT(is_throttled(a, c->id)));
	EXPECT_TRUE(AWAIT(all_sleep(c)));
}

TEST_F(flood, another_limit_holds_at_once)
{
	struct agents *a = &self->a;
	struct caller *c = &self->c;
	uint64_t calls;

	FLOOD_FOR_LONG(a, c, "getpid");
	calls = calls_of(c);
	set_limits(_metadata, a, c->id, 2000, 1000);
	EXPECT_TRUE(AWAIT(calls_of(c) > calls + 2000));
	EXPECT_TRUE(is_throttled(a, c->id));
	set_limits(_metadata, a, c->id, FEW, 1000);
	EXPECT_TRUE(AWAIT(all_sleep(c)));
}

TEST_F(flood, another_action_is_taken_at_the_next_fault)
{
	struct agents *a = &self->a;
	struct caller *c = &self->c;

	START(a, c, "2", "getpid", 50, 100);
	FLOOD(a, c);
	set_action(_metadata, a, c->id, AGENTSYS_RECOVER_ALERT);
	EXPECT_TRUE(AWAIT(!is_throttled(a, c->id)));
}

#endif
