// SPDX-License-Identifier: GPL-2.0-only
/*
 * What agents may use, what they have used, and what is counted.
 *
 * vm: timeout=300
 */
#include "kselftest_harness.h"
#include "lib/agents.h"

#include <sys/wait.h>

AGENTS_FIXTURE(limits);

/* ---- limits ---- */

TEST_F(limits, out_of_memory_is_a_cause_of_its_own)
{
	struct agents *a = &self->a;
	int fifo = make_fifo(WORK "/fifo");
	struct agentsys_spec *spec = restarting(SPEC(program("actor"), "touch", "64", WORK "/fifo"),
						AGENTSYS_RESTART_ON_FAILURE, 0, 0, 0);
	int out = piped(spec, 1);
	struct agentsys_event event;
	char text[32];
	uint32_t id;

	if (!has_controller(a, "memory"))
		SKIP(return, "no memory controller");
	agentsys_spec_set_memory_max(spec, 16 << 20);
	id = SPAWN(a, spec);
	EXPECT_EQ(16 << 20, look(a, id).memory_max);
	ASSERT_LINE("begun", out);
	event = LATER(a, id, CRASH);
	EXPECT_EQ(AGENTSYS_CAUSE_OOM, event.cause);
	EXPECT_EQ(SIGKILL, event.code);
	/* No half of it lives on, and it is a failure. */
	EXPECT_TRUE(end_of_file(fifo));
	NEXT(a, id, FAILED);
	EXPECT_EQ(AGENTSYS_CAUSE_OOM, look(a, id).cause);
	agentsys_end_text(look(a, id).cause, look(a, id).code, text, sizeof(text));
	EXPECT_STREQ("out of memory", text);
}

/* The kernel picks a child of it. Without its child the main process would wait on and on. */
TEST_F(limits, out_of_memory_leaves_no_half_an_agent)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec;
	struct agentsys_event event;
	uint32_t id;

	if (!has_controller(a, "memory"))
		SKIP(return, "no memory controller");
	spec = SPEC("/bin/sh", "-c", "$0 touch 64; while :; do sleep 1000; done", program("actor"));
	agentsys_spec_set_memory_max(spec, 16 << 20);
	id = SPAWN(a, spec);
	event = LATER(a, id, CRASH);
	EXPECT_EQ(AGENTSYS_CAUSE_OOM, event.cause);
	EXPECT_TRUE(AWAIT(!cgroup_exists(id)));
}

TEST_F(limits, enough_memory_is_enough)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC(program("actor"), "touch", "16");
	int out = piped(spec, 1);
	char text[32];
	uint32_t id;

	if (!has_controller(a, "memory"))
		SKIP(return, "no memory controller");
	agentsys_spec_set_memory_max(spec, 64 << 20);
	agentsys_spec_set_memory_high(spec, 48 << 20);
	id = SPAWN(a, spec);
	ASSERT_LINE("begun", out);
	ASSERT_LINE("ready", out);
	EXPECT_GE(look(a, id).memory, 16 << 20);
	EXPECT_LE(look(a, id).memory, 64 << 20);
	EXPECT_GT(read_cgroup(id, "memory.max", text, sizeof(text)), 0);
	EXPECT_EQ(64 << 20, atoi(text));
	EXPECT_GT(read_cgroup(id, "memory.high", text, sizeof(text)), 0);
	EXPECT_EQ(48 << 20, atoi(text));
	ASSERT_OK(a->h, agentsys_stop(a->h, id, NEVER_MS, AGENTSYS_WAIT));
	EXPECT_EQ(0, look(a, id).memory);
}

TEST_F(limits, pids_max_holds)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC(program("actor"), "fork");
	int out = piped(spec, 1);
	uint32_t id;

	if (!has_controller(a, "pids"))
		SKIP(return, "no pids controller");
	agentsys_spec_set_pids_max(spec, 12);
	id = SPAWN(a, spec);
	EXPECT_LINE("12 EAGAIN", out);
	EXPECT_EQ(12, look(a, id).pids_max);
	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
	EXPECT_FALSE(cgroup_exists(id));
}

TEST_F(limits, cpu_quota_is_written)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SLEEP;
	char text[32];
	uint32_t id;

	if (!has_controller(a, "cpu"))
		SKIP(return, "no cpu controller");
	agentsys_spec_set_cpu(spec, 20000, 50000);
	id = SPAWN(a, spec);
	EXPECT_GT(read_cgroup(id, "cpu.max", text, sizeof(text)), 0);
	EXPECT_STREQ("20000 50000\n", text);
	EXPECT_EQ(20000, look(a, id).cpu_quota_us);
	EXPECT_EQ(50000, look(a, id).cpu_period_us);
}

/* They are the agent's: they hold in the cgroup that it is restarted in, and in a new one. */
TEST_F(limits, limits_hold_for_every_instance)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = restarting(SLEEP, AGENTSYS_RESTART_ON_FAILURE, 1, 0, 0);
	char text[32];
	uint32_t id;

	if (!has_controller(a, "pids"))
		SKIP(return, "no pids controller");
	agentsys_spec_set_pids_max(spec, 5);
	id = SPAWN(a, spec);
	kill(look(a, id).pid, SIGKILL);
	LATER(a, id, RESTART);
	EXPECT_GT(read_cgroup(id, "pids.max", text, sizeof(text)), 0);
	EXPECT_STREQ("5\n", text);
	ASSERT_OK(a->h, agentsys_stop(a->h, id, NEVER_MS, AGENTSYS_WAIT));
	EXPECT_FALSE(cgroup_exists(id));
	ASSERT_OK(a->h, agentsys_start(a->h, id, AGENTSYS_WAIT));
	EXPECT_GT(read_cgroup(id, "pids.max", text, sizeof(text)), 0);
	EXPECT_STREQ("5\n", text);
}

/* ---- counters ---- */

TEST_F(limits, counters_add_up)
{
	struct agents *a = &self->a;
	struct agentsys_system before = look_system(a->h);
	uint32_t restarted = SPAWN(a, restarting(SHELL("exit 1"), AGENTSYS_RESTART_ALWAYS, 2, 0,
						 0));
	uint32_t clean = SPAWN(a, SPEC("/bin/true"));
	uint32_t stopped = SPAWN(a, SLEEP);
	uint32_t running = SPAWN(a, SLEEP);
	struct agentsys_system after;
	uint32_t ids[] = { restarted, clean, stopped, running };
	uint64_t spawns = 0, exits = 0, crashes = 0, faults = 0;

	LATER(a, restarted, FAILED);
	ASSERT_TRUE(AWAIT(is_state(a, clean, AGENTSYS_EXITED)));
	ASSERT_OK(a->h, agentsys_restart(a->h, stopped, NEVER_MS, AGENTSYS_WAIT));
	ASSERT_OK(a->h, agentsys_stop(a->h, stopped, NEVER_MS, AGENTSYS_WAIT));
	EXPECT_NE(0, agentsys_spawn(a->h, SPEC("/bin/nope"), AGENTSYS_WAIT, NULL));

	for (int i = 0; i < 4; i++) {
		struct agentsys_info info = look(a, ids[i]);

		EXPECT_EQ(ids[i] == running, info.spawns - info.exits);
		spawns += info.spawns;
		exits += info.exits;
		crashes += info.crashes;
		faults += info.faults;
	}
	EXPECT_EQ(3 + 1 + 2 + 1, spawns);
	EXPECT_EQ(3 + 1 + 2, exits);
	EXPECT_EQ(3, crashes);
	EXPECT_EQ(3, faults);

	after = look_system(a->h);
	EXPECT_EQ(spawns, after.spawns - before.spawns);
	EXPECT_EQ(exits, after.exits - before.exits);
	EXPECT_EQ(crashes, after.crashes - before.crashes);
	EXPECT_EQ(faults, after.faults - before.faults);
	EXPECT_EQ(2, after.restarts - before.restarts);
	EXPECT_EQ(after.active, after.spawns - after.exits);
	EXPECT_EQ(before.active + 1, after.active);
}

static bool burn(int in, int out)
{
	char line[32];

	return write(in, "x", 1) == 1 && read_line(out, line, sizeof(line));
}

/* Each time it has burnt at least 30 ms of its own. */
TEST_F(limits, cpu_time_grows_and_is_kept)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC(program("actor"), "burn");
	int in = piped(spec, 0), out = piped(spec, 1);
	uint32_t id = SPAWN(a, spec);
	uint64_t first, second, restarted;

	ASSERT_LINE("ready", out);
	ASSERT_TRUE(burn(in, out));
	first = look(a, id).cpu_time_us;
	EXPECT_GE(first, 25000);
	ASSERT_TRUE(burn(in, out));
	second = look(a, id).cpu_time_us;
	EXPECT_GE(second, first + 25000);

	/* In the same cgroup, ... */
	ASSERT_OK(a->h, agentsys_restart(a->h, id, NEVER_MS, AGENTSYS_WAIT));
	restarted = look(a, id).cpu_time_us;
	EXPECT_GE(restarted, second);
	ASSERT_LINE("ready", out);
	ASSERT_TRUE(burn(in, out));
	EXPECT_GE(look(a, id).cpu_time_us, restarted + 25000);
	second = look(a, id).cpu_time_us;

	/* ... when that is gone, ... */
	ASSERT_OK(a->h, agentsys_stop(a->h, id, NEVER_MS, AGENTSYS_WAIT));
	EXPECT_FALSE(cgroup_exists(id));
	EXPECT_GE(look(a, id).cpu_time_us, second);
	EXPECT_LE(look(a, id).cpu_time_us, 10 * second);
	second = look(a, id).cpu_time_us;
	EXPECT_EQ(second, look(a, id).cpu_time_us);

	/* ... and in a new one. */
	ASSERT_OK(a->h, agentsys_start(a->h, id, AGENTSYS_WAIT));
	EXPECT_GE(look(a, id).cpu_time_us, second);
	ASSERT_LINE("ready", out);
	ASSERT_TRUE(burn(in, out));
	EXPECT_GE(look(a, id).cpu_time_us, second + 25000);
}

/* Read all the time while it is restarted and its cgroup comes and goes. */
TEST_F_TIMEOUT(limits, cpu_time_never_goes_back, 60)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, SHELL("i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); done"));
	pid_t pid = fork();
	int status;

	if (!pid) {
		uint64_t last = 0, now;
		struct agents own;

		if (agentsys_open(&own.h))
			_exit(1);
		while ((now = look(&own, id).cpu_time_us) >= last && getppid() != 1) {
			if (look(&own, id).instance > 15)
				_exit(0);
			last = now;
		}
		_exit(2);
	}
	for (int i = 0; i < 15; i++) {
		ASSERT_TRUE(AWAIT(!cgroup_exists(id)));
		ASSERT_OK(a->h, agentsys_start(a->h, id, AGENTSYS_WAIT));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
