// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits that are changed while the agent runs, and those that new agents have.
 *
 * vm: timeout=300
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/limits.h"

#define MIB (1ULL << 20)

/* No test leaves a default to the next one. */
FIXTURE(limits_set) {
	struct agents a;
};

FIXTURE_SETUP(limits_set)
{
	agents_open(_metadata, &self->a);
	if (!has_controller(&self->a, "memory") || !has_controller(&self->a, "cpu") ||
	    !has_controller(&self->a, "pids"))
		SKIP(return, "a controller is missing");
}

FIXTURE_TEARDOWN(limits_set)
{
	EXPECT_OK(self->a.h, agentsys_limits_default(self->a.h, AGENTSYS_LIMITS_NONE, NULL, 0));
	agents_close(&self->a);
}

TEST_F(limits_set, holds_at_once_and_for_the_next_ones)
{
	struct agents *a = &self->a;
	struct agentsys_limit_change changes[] = {
		{ AGENTSYS_LIMIT_MEMORY_MAX, 32 * MIB }, { AGENTSYS_LIMIT_MEMORY_HIGH, 16 * MIB },
		{ AGENTSYS_LIMIT_CPU_QUOTA, 20000 },	 { AGENTSYS_LIMIT_PIDS_MAX, 7 },
		{ AGENTSYS_LIMIT_MESSAGES, 5 },		 { AGENTSYS_LIMIT_MESSAGES, 6 },
	};
	uint32_t id = SPAWN(a, SLEEP);

	ASSERT_OK(a->h, agentsys_limits_set(a->h, id, changes, ARRAY_SIZE(changes)));
	for (int i = 0; i < 3; i++) {
		EXPECT_FILE(id, "memory.max", "33554432");
		EXPECT_FILE(id, "memory.oom.group", "1");
		EXPECT_FILE(id, "memory.high", "16777216");
		EXPECT_FILE(id, "cpu.max", "20000 100000");
		EXPECT_FILE(id, "pids.max", "7");
		EXPECT_EQ(6, limit_of(a, id, AGENTSYS_LIMIT_MESSAGES));
		EXPECT_EQ(7, look(a, id).pids_max);
		if (i) {
			ASSERT_OK(a->h, agentsys_stop(a->h, id, NEVER_MS, AGENTSYS_WAIT));
			ASSERT_OK(a->h, agentsys_start(a->h, id, AGENTSYS_WAIT));
		} else {
			ASSERT_OK(a->h, agentsys_restart(a->h, id, NEVER_MS, AGENTSYS_WAIT));
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		changes[i].max = 0;
	ASSERT_OK(a->h, agentsys_limits_set(a->h, id, changes, ARRAY_SIZE(changes)));
	EXPECT_FILE(id, "memory.max", "max");
	EXPECT_FILE(id, "memory.oom.group", "0");
	EXPECT_FILE(id, "memory.high", "max");
	EXPECT_FILE(id, "cpu.max", "max 100000");
	EXPECT_FILE(id, "pids.max", "max");
}

/* One that is wrong keeps the others from being changed; the kernel's refusal does too. */
TEST_F(limits_set, all_or_nothing)
{
	struct agents *a = &self->a;
	struct agentsys_limit_change changes[] = {
		{ AGENTSYS_LIMIT_MEMORY_MAX, 32 * MIB },
		{ AGENTSYS_LIMIT_WATCHDOG, 1 },
	};
	uint32_t id = SPAWN(a, SLEEP);

	EXPECT_REFUSED(a->h, EINVAL, "watchdog", agentsys_limits_set(a->h, id, changes, 2));
	EXPECT_FILE(id, "memory.max", "max");
	EXPECT_EQ(0, limit_of(a, id, AGENTSYS_LIMIT_MEMORY_MAX));
	/* Written behind the memory: more than there can be. */
	changes[1] = (struct agentsys_limit_change){ AGENTSYS_LIMIT_PIDS_MAX, 1 << 30 };
	EXPECT_REFUSED(a->h, EINVAL, "cgroup", agentsys_limits_set(a->h, id, changes, 2));
	EXPECT_FILE(id, "memory.max", "max");
	EXPECT_FILE(id, "memory.oom.group", "0");
	EXPECT_EQ(0, limit_of(a, id, AGENTSYS_LIMIT_MEMORY_MAX));
	EXPECT_REFUSED(a->h, ESRCH, "no such agent", set_limit(a, 4000, 0, 1));
	EXPECT_REFUSED(a->h, EINVAL, "no such limit", set_limit(a, id, __AGENTSYS_LIMITS, 1));
	EXPECT_OK(a->h, agentsys_limits_set(a->h, id, NULL, 0));
}

/* It begins to be watched with the limit, and what was before does not count. */
TEST_F(limits_set, watches_begin_and_end)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC(program("actor"), "fork");
	uint32_t id;
	int out = piped(spec, 1);
	struct agentsys_event event;

	agentsys_spec_set_pids_max(spec, 8);
	id = SPAWN(a, spec);
	EXPECT_LINE("8 EAGAIN", out);
	event = LATER(a, id, FAULT);
	EXPECT_EQ(AGENTSYS_FAULT_PROCESS_LIMIT, event.code);
	ASSERT_OK(a->h, set_limit(a, id, AGENTSYS_LIMIT_PIDS_MAX, 0));
	ASSERT_OK(a->h, set_limit(a, id, AGENTSYS_LIMIT_PIDS_MAX, 9));
	EXPECT_EQ(1, look(a, id).faults);
	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));

	/* One without any to begin with. */
	spec = SPEC("/bin/sh", "-c", "read go; exec $0 fork", program("actor"));
	{
		int in = piped(spec, 0);

		out = piped(spec, 1);
		id = SPAWN(a, spec);
		ASSERT_OK(a->h, set_limit(a, id, AGENTSYS_LIMIT_PIDS_MAX, 5));
		ASSERT_EQ(1, write(in, "\n", 1));
		EXPECT_LINE("5 EAGAIN", out);
	}
	event = LATER(a, id, FAULT);
	EXPECT_EQ(AGENTSYS_FAULT_PROCESS_LIMIT, event.code);
}

/* What cannot be taken back is what it is killed for. */
TEST_F(limits_set, below_what_is_used)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC(program("actor"), "touch", "32");
	int out = piped(spec, 1);
	uint32_t id = SPAWN(a, spec);
	struct agentsys_event event;

	ASSERT_LINE("begun", out);
	ASSERT_LINE("ready", out);
	ASSERT_OK(a->h, set_limit(a, id, AGENTSYS_LIMIT_MEMORY_MAX, 4 * MIB));
	event = LATER(a, id, FAULT);
	EXPECT_EQ(AGENTSYS_FAULT_MEMORY_LIMIT, event.code);
	event = LATER(a, id, CRASH);
	EXPECT_EQ(AGENTSYS_CAUSE_OOM, event.cause);
}

TEST_F(limits_set, defaults)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SLEEP;
	uint32_t before = SPAWN(a, SLEEP), id;

	ASSERT_OK(a->h, agentsys_limits_default(a->h, AGENTSYS_LIMITS_GUIDE, NULL, 0));
	EXPECT_EQ(100 * MIB, limit_of(a, 0, AGENTSYS_LIMIT_MEMORY_MAX));
	EXPECT_EQ(0, limit_of(a, before, AGENTSYS_LIMIT_MEMORY_MAX));
	ASSERT_OK(a->h, set_default(a, AGENTSYS_LIMIT_PIDS_MAX, 30));
	/* What is given counts, and given is that there is none as well. */
	agentsys_spec_set_limit(spec, AGENTSYS_LIMIT_CPU_QUOTA, 0);
	agentsys_spec_set_limit(spec, AGENTSYS_LIMIT_WATCHDOG, 5000);
	id = SPAWN(a, spec);
	EXPECT_FILE(id, "memory.max", "104857600");
	EXPECT_FILE(id, "pids.max", "30");
	EXPECT_FILE(id, "cpu.max", "max 100000");
	EXPECT_EQ(5000, limit_of(a, id, AGENTSYS_LIMIT_WATCHDOG));
	EXPECT_EQ(1000, limit_of(a, id, AGENTSYS_LIMIT_SYSCALL_RATE));
	EXPECT_EQ(20000, limit_of(a, id, AGENTSYS_LIMIT_SYSCALL_BURST));
	id = SPAWN(a, SLEEP);
	EXPECT_FILE(id, "cpu.max", "1000000 1000000");
	EXPECT_EQ(30000, limit_of(a, id, AGENTSYS_LIMIT_WATCHDOG));

	EXPECT_REFUSED(a->h, EINVAL, "period", set_default(a, AGENTSYS_LIMIT_CPU_PERIOD, 1));
	EXPECT_REFUSED(a->h, ERANGE, "", agentsys_limits_default(a->h, 99, NULL, 0));
	ASSERT_OK(a->h, agentsys_limits_default(a->h, AGENTSYS_LIMITS_NONE, NULL, 0));
	EXPECT_FILE(SPAWN(a, SLEEP), "memory.max", "max");
	EXPECT_FILE(id, "memory.max", "104857600");
}

/* A rate has its burst with it, a quota its period. */
TEST_F(limits_set, what_goes_together)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, SLEEP);

	ASSERT_OK(a->h, set_limit(a, id, AGENTSYS_LIMIT_SYSCALL_RATE, 5000));
	EXPECT_EQ(50000, limit_of(a, id, AGENTSYS_LIMIT_SYSCALL_BURST));
	ASSERT_OK(a->h, set_limit(a, id, AGENTSYS_LIMIT_SYSCALL_BURST, 7));
	EXPECT_EQ(5000, limit_of(a, id, AGENTSYS_LIMIT_SYSCALL_RATE));
	EXPECT_EQ(7, limit_of(a, id, AGENTSYS_LIMIT_SYSCALL_BURST));
	ASSERT_OK(a->h, set_limit(a, id, AGENTSYS_LIMIT_CPU_PERIOD, 200000));
	ASSERT_OK(a->h, set_limit(a, id, AGENTSYS_LIMIT_CPU_QUOTA, 50000));
	EXPECT_FILE(id, "cpu.max", "50000 100000");
	ASSERT_OK(a->h, set_limit(a, id, AGENTSYS_LIMIT_SYSCALL_RATE, 0));
	EXPECT_EQ(0, limit_of(a, id, AGENTSYS_LIMIT_SYSCALL_BURST));
}

/* However the change and the launch meet, what was said last is what holds. */
TEST_F_TIMEOUT(limits_set, while_it_is_launched, 60)
{
	struct agents *a = &self->a;
	char text[32], expected[32];
	uint32_t id;

	for (int i = 0; i < 40; i++) {
		struct agentsys_spec *spec = SLEEP;

		agentsys_spec_set_pids_max(spec, 5);
		ASSERT_OK(a->h, agentsys_spawn(a->h, spec, 0, &id));
		usleep(i * 50);
		ASSERT_OK(a->h, set_limit(a, id, AGENTSYS_LIMIT_PIDS_MAX, 100 + i));
		snprintf(expected, sizeof(expected), "%d\n", 100 + i);
		ASSERT_TRUE(AWAIT(is_state(a, id, AGENTSYS_ACTIVE)));
		ASSERT_TRUE(AWAIT(read_cgroup(id, "pids.max", text, sizeof(text)) > 0 &&
				  !strcmp(text, expected)))
			TH_LOG("%s instead of %s", text, expected);
		ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
		ASSERT_OK(a->h, agentsys_remove(a->h, id));
	}
}

/* What has changed is told, once that has happened, and nothing where nothing has. */
TEST_F(limits_set, changes_are_told)
{
	struct agents *a = &self->a;
	struct agentsys_limit_change changes[] = {
		{ AGENTSYS_LIMIT_PIDS_MAX, 7 },
		{ AGENTSYS_LIMIT_MESSAGES, 5 },
	};
	struct agentsys_event event;
	uint32_t id = SPAWN(a, SLEEP);

	ASSERT_OK(a->h, agentsys_limits_set(a->h, id, changes, 2));
	event = LATER(a, id, LIMITS);
	EXPECT_EQ(1 << AGENTSYS_LIMIT_PIDS_MAX | 1 << AGENTSYS_LIMIT_MESSAGES, event.value);
	EXPECT_EQ(look(a, id).pid, event.pid);
	EXPECT_EQ(1, event.instance);
	/* The same again, what is refused, and what the kernel refuses. */
	ASSERT_OK(a->h, agentsys_limits_set(a->h, id, changes, 2));
	ASSERT_OK(a->h, agentsys_limits_set(a->h, id, NULL, 0));
	EXPECT_REFUSED(a->h, EINVAL, "watchdog", set_limit(a, id, AGENTSYS_LIMIT_WATCHDOG, 1));
	EXPECT_REFUSED(a->h, EINVAL, "cgroup", set_limit(a, id, AGENTSYS_LIMIT_PIDS_MAX, 1 << 30));
	EXPECT_TRUE(no_event(a, id));
	/* A rate brings its burst. */
	ASSERT_OK(a->h, set_limit(a, id, AGENTSYS_LIMIT_SYSCALL_RATE, 5000));
	event = NEXT(a, id, LIMITS);
	EXPECT_EQ(1 << AGENTSYS_LIMIT_SYSCALL_RATE | 1 << AGENTSYS_LIMIT_SYSCALL_BURST,
		  event.value);
	ASSERT_OK(a->h, agentsys_stop(a->h, id, NEVER_MS, AGENTSYS_WAIT));
	LATER(a, id, EXIT);
	ASSERT_OK(a->h, set_limit(a, id, AGENTSYS_LIMIT_PIDS_MAX, 0));
	EXPECT_EQ(1 << AGENTSYS_LIMIT_PIDS_MAX, NEXT(a, id, LIMITS).value);
}

TEST_F(limits_set, changed_defaults_are_told)
{
	struct agents *a = &self->a;
	struct agentsys_event event;

	ASSERT_OK(a->h, set_default(a, AGENTSYS_LIMIT_PIDS_MAX, 30));
	event = LATER(a, 0, LIMITS);
	EXPECT_EQ(1 << AGENTSYS_LIMIT_PIDS_MAX, event.value);
	ASSERT_OK(a->h, set_default(a, AGENTSYS_LIMIT_PIDS_MAX, 30));
	EXPECT_REFUSED(a->h, EINVAL, "period", set_default(a, AGENTSYS_LIMIT_CPU_PERIOD, 1));
	ASSERT_OK(a->h, agentsys_limits_default(a->h, AGENTSYS_LIMITS_GUIDE, NULL, 0));
	event = LATER(a, 0, LIMITS);
	EXPECT_EQ(1 << AGENTSYS_LIMIT_MEMORY_MAX | 1 << AGENTSYS_LIMIT_CPU_QUOTA |
		  1 << AGENTSYS_LIMIT_CPU_PERIOD | 1 << AGENTSYS_LIMIT_PIDS_MAX |
		  1 << AGENTSYS_LIMIT_SYSCALL_RATE | 1 << AGENTSYS_LIMIT_SYSCALL_BURST |
		  1 << AGENTSYS_LIMIT_WATCHDOG, event.value);
}

TEST_F(limits_set, of_one_that_does_not_run)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC("/bin/true");
	uint32_t id = SPAWN(a, spec);

	ASSERT_TRUE(AWAIT(is_state(a, id, AGENTSYS_EXITED) && !cgroup_exists(id)));
	ASSERT_OK(a->h, set_limit(a, id, AGENTSYS_LIMIT_PIDS_MAX, 3));
	EXPECT_EQ(3, limit_of(a, id, AGENTSYS_LIMIT_PIDS_MAX));
	EXPECT_FALSE(cgroup_exists(id));
}

TEST_HARNESS_MAIN
