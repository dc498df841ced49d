// SPDX-License-Identifier: GPL-2.0-only
/*
 * What agents use of what they may: seen, told once, and held.
 *
 * vm: timeout=400 params="check_interval_ms=100"
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/limits.h"

FIXTURE(usage) {
	struct agents a;
};

FIXTURE_SETUP(usage)
{
	agents_open(_metadata, &self->a);
	if (!has_controller(&self->a, "memory") || !has_controller(&self->a, "cpu") ||
	    !has_controller(&self->a, "pids"))
		SKIP(return, "a controller is missing");
}

FIXTURE_TEARDOWN(usage)
{
	EXPECT_EQ(0, agentsys_recovery_set(self->a.h, 0, AGENTSYS_PRESET_DEFAULT, NULL, 0));
	agents_close(&self->a);
}

static void act(struct agents *a, uint32_t id, uint32_t type, uint32_t action)
{
	struct agentsys_recovery_rule rule = { type, action };

	MUST(!agentsys_recovery_set(a->h, id, AGENTSYS_PRESET_CUSTOM, &rule, 1));
}

static bool is_throttled(struct agents *a, uint32_t id)
{
	return look(a, id).flags & AGENTSYS_AGENT_THROTTLED;
}

/* An agent with so many threads, which burns when it is told to. */
struct burner {
	uint32_t id;
	int in, out;
};

static struct burner make_burner(struct agents *a, const char *threads,
				 struct agentsys_spec *with(struct agentsys_spec *))
{
	struct agentsys_spec *spec = with(SPEC(program("spend"), "burn", threads));
	struct burner burner = { .in = piped(spec, 0), .out = piped(spec, 1) };
	char line[32];

	MUST(!agentsys_spawn(a->h, spec, AGENTSYS_WAIT, &burner.id));
	MUST(read_line(burner.out, line, sizeof(line)));
	return burner;
}

static struct agentsys_spec *a_fifth(struct agentsys_spec *spec)
{
	agentsys_spec_set_cpu(spec, 20000, 100000);
	return spec;
}

static struct agentsys_spec *restarted(struct agentsys_spec *spec)
{
	agentsys_spec_set_cpu(spec, 20000, 100000);
	return restarting(spec, AGENTSYS_RESTART_ON_FAILURE, 1, 0, 0);
}

#define BURN(burner) do {					\
	ASSERT_EQ(1, write((burner).in, "b", 1));		\
	ASSERT_LINE("burns", (burner).out);			\
} while (0)

TEST_F(usage, cpu_quota)
{
	struct agents *a = &self->a;
	uint64_t begun = now_ms(), throttled;
	struct burner burner = make_burner(a, "8", a_fifth);
	struct agentsys_event event;

	/* Some of what it did before was more than its quota perhaps. */
	skip_events(a);
	BURN(burner);
	event = LATER(a, burner.id, FAULT);
	EXPECT_EQ(AGENTSYS_FAULT_CPU_QUOTA, event.code);
	EXPECT_GT(event.value, 0);
	ASSERT_TRUE(AWAIT(is_throttled(a, burner.id)));
	EXPECT_LT(0, use_of(a, burner.id, AGENTSYS_LIMIT_CPU_QUOTA));
	for (int i = 0; i < 5; i++)
		LATER(a, burner.id, FAULT);
	/* Once in an interval, and no more. */
	EXPECT_LE(look(a, burner.id).faults, (now_ms() - begun) / 100 + 1);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, burner.id).state);

	throttled = look(a, burner.id).throttled_ns;
	EXPECT_GT(throttled, 0);
	ASSERT_EQ(1, write(burner.in, "r", 1));
	ASSERT_LINE("rests", burner.out);
	EXPECT_TRUE(AWAIT(!is_throttled(a, burner.id)));
	EXPECT_GT(look(a, burner.id).throttled_ns, throttled);
	throttled = look(a, burner.id).throttled_ns;
	EXPECT_EQ(throttled, look(a, burner.id).throttled_ns);
}

/* Where there was no limit before. */
TEST_F(usage, cpu_quota_set_while_it_burns)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC(program("spend"), "burn", "2");
	int in = piped(spec, 0);
	uint32_t id = SPAWN_READY(a, spec);

	ASSERT_EQ(1, write(in, "b", 1));
	ASSERT_OK(a->h, set_limit(a, id, AGENTSYS_LIMIT_CPU_QUOTA, 10000));
	EXPECT_EQ(AGENTSYS_FAULT_CPU_QUOTA, LATER(a, id, FAULT).code);
	ASSERT_TRUE(AWAIT(is_throttled(a, id)));
	ASSERT_OK(a->h, set_limit(a, id, AGENTSYS_LIMIT_CPU_QUOTA, 0));
	EXPECT_FALSE(is_throttled(a, id));
	skip_events(a);
	usleep(300000);
	EXPECT_TRUE(no_event(a, id));
}

TEST_F(usage, cpu_quota_kills)
{
	struct agents *a = &self->a;
	struct burner burner = make_burner(a, "8", a_fifth);
	struct agentsys_event event;

	act(a, burner.id, AGENTSYS_FAULT_CPU_QUOTA, AGENTSYS_RECOVER_KILL);
	/* It may not come to say so. */
	ASSERT_EQ(1, write(burner.in, "b", 1));
	EXPECT_EQ(AGENTSYS_FAULT_CPU_QUOTA, LATER(a, burner.id, FAULT).code);
	event = LATER(a, burner.id, CRASH);
	EXPECT_EQ(AGENTSYS_CAUSE_FAULT, event.cause);
	EXPECT_EQ(AGENTSYS_FAULT_CPU_QUOTA, event.code);
	EXPECT_FALSE(is_throttled(a, burner.id));
}

TEST_F(usage, cpu_quota_restarts)
{
	struct agents *a = &self->a;
	struct burner burner = make_burner(a, "8", restarted);

	act(a, burner.id, AGENTSYS_FAULT_CPU_QUOTA, AGENTSYS_RECOVER_RESTART);
	/* It may not come to say so. */
	ASSERT_EQ(1, write(burner.in, "b", 1));
	EXPECT_EQ(AGENTSYS_FAULT_CPU_QUOTA, LATER(a, burner.id, FAULT).code);
	EXPECT_EQ(AGENTSYS_CAUSE_FAULT, LATER(a, burner.id, CRASH).cause);
	LATER(a, burner.id, RESTART);
	EXPECT_EQ(2, look(a, burner.id).instance);
}

/* ---- 80 per cent ---- */

/* One thread cannot use more than 91 per cent of this. */
static struct agentsys_spec *more_than_one(struct agentsys_spec *spec)
{
	agentsys_spec_set_cpu(spec, 1100000, 1000000);
	return spec;
}

/* Needs a CPU for itself. */
TEST_F(usage, cpu_warning)
{
	struct agents *a = &self->a;
	struct burner burner = make_burner(a, "1", more_than_one);
	struct agentsys_event event;

	BURN(burner);
	event = LATER(a, burner.id, WARNING);
	EXPECT_EQ(AGENTSYS_FAULT_CPU_QUOTA, event.code);
	EXPECT_EQ(0, look(a, burner.id).faults);
}

static int count_events(struct agents *a, uint32_t id, uint32_t type)
{
	struct agentsys_events *ring;
	struct agentsys_event event;
	int n = 0;

	MUST(!agentsys_events_open(&ring, a->seen));
	while (agentsys_events_next(ring, &event, NULL, 0) == 1)
		n += event.agent_id == id && event.type == type && event.seq > a->seen;
	agentsys_events_close(ring);
	return n;
}

TEST_F(usage, memory_warning_comes_first_and_once)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC(program("actor"), "touch", "27");
	struct agentsys_event event;
	int out;
	uint32_t id;

	agentsys_spec_set_memory_max(spec, 32 << 20);
	out = piped(spec, 1);
	id = SPAWN(a, spec);
	ASSERT_LINE("begun", out);
	ASSERT_LINE("ready", out);
	event = LATER(a, id, WARNING);
	EXPECT_EQ(AGENTSYS_FAULT_MEMORY_LIMIT, event.code);
	EXPECT_GE(event.value, (32 << 20) / 5 * 4);
	usleep(500000);
	EXPECT_EQ(0, count_events(a, id, AGENTSYS_EVENT_WARNING));
	EXPECT_EQ(0, look(a, id).faults);
}

TEST_F(usage, pids_warning)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC("/bin/sh", "-c",
					  "for i in 1 2 3; do sleep 1000 & done; wait");
	struct agentsys_event event;
	uint32_t id;

	agentsys_spec_set_pids_max(spec, 5);
	id = SPAWN(a, spec);
	event = LATER(a, id, WARNING);
	EXPECT_EQ(AGENTSYS_FAULT_PROCESS_LIMIT, event.code);
	EXPECT_EQ(4, event.value);
	EXPECT_EQ(0, look(a, id).faults);
}

/* With nine tenths of its limit it is slowed down; what it does not give back it keeps. */
TEST_F(usage, memory_throttle)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC(program("spend"), "hold");
	int in = piped(spec, 0), out = piped(spec, 1);
	struct agentsys_event event;
	uint32_t id;

	agentsys_spec_set_memory_max(spec, 64 << 20);
	id = SPAWN(a, spec);
	ASSERT_LINE("ready", out);
	EXPECT_FILE(id, "memory.high", "max");
	act(a, id, AGENTSYS_FAULT_MEMORY_LIMIT, AGENTSYS_RECOVER_THROTTLE);
	EXPECT_TRUE(AWAIT(is_file(id, "memory.high", "60395520")));
	/* What it may use has not changed. */
	EXPECT_EQ(0, limit_of(a, id, AGENTSYS_LIMIT_MEMORY_HIGH));
	ASSERT_EQ(3, write(in, "59\n", 3));
	event = LATER(a, id, FAULT);
	EXPECT_EQ(AGENTSYS_FAULT_MEMORY_LIMIT, event.code);
	EXPECT_TRUE(AWAIT(is_throttled(a, id)));
	ASSERT_LINE("holds", out);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
	ASSERT_EQ(2, write(in, "1\n", 2));
	ASSERT_LINE("holds", out);
	EXPECT_TRUE(AWAIT(!is_throttled(a, id)));
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);

	ASSERT_OK(a->h, set_limit(a, id, AGENTSYS_LIMIT_MEMORY_HIGH, 8 << 20));
	EXPECT_FILE(id, "memory.high", "8388608");
	ASSERT_OK(a->h, agentsys_stop(a->h, id, NEVER_MS, AGENTSYS_WAIT));
	ASSERT_OK(a->h, set_limit(a, id, AGENTSYS_LIMIT_MEMORY_HIGH, 0));
	ASSERT_OK(a->h, agentsys_start(a->h, id, AGENTSYS_WAIT));
	EXPECT_FILE(id, "memory.high", "60395520");
	act(a, id, AGENTSYS_FAULT_MEMORY_LIMIT, AGENTSYS_RECOVER_KILL);
	EXPECT_TRUE(AWAIT(is_file(id, "memory.high", "max")));
}

/* ---- budgets ---- */

static uint64_t budget_us = 2000000;

static struct agentsys_spec *with_budget(struct agentsys_spec *spec)
{
	agentsys_spec_set_limit(spec, AGENTSYS_LIMIT_CPU_BUDGET, budget_us);
	return restarting(spec, AGENTSYS_RESTART_ALWAYS, 5, 0, 0);
}

/* Let it burn, and be what it is told first of: that is a warning or a fault. */
static struct agentsys_event first_told(struct __test_metadata *_metadata, struct agents *a,
					struct burner burner)
{
	struct agentsys_event event;

	BURN(burner);
	do {
		ASSERT_TRUE(next_event(a, burner.id, &event));
	} while (event.type != AGENTSYS_EVENT_WARNING && event.type != AGENTSYS_EVENT_FAULT);
	return event;
}

/* For good: it is not restarted, and one that is started all the same is ended again. */
TEST_F_TIMEOUT(usage, cpu_budget, 60)
{
	struct agents *a = &self->a;
	struct burner burner = make_burner(a, "1", with_budget);
	struct agentsys_event event = first_told(_metadata, a, burner);
	uint32_t id;

	/* The last fifth of it was gone before anybody looked, on a busy machine: with more. */
	if (event.type == AGENTSYS_EVENT_FAULT) {
		budget_us *= 5;
		burner = make_burner(a, "1", with_budget);
		event = first_told(_metadata, a, burner);
	}
	id = burner.id;
	EXPECT_EQ(AGENTSYS_EVENT_WARNING, event.type);
	EXPECT_EQ(AGENTSYS_FAULT_BUDGET, event.code);
	EXPECT_GE(event.value, budget_us / 5 * 4);
	EXPECT_LT(event.value, budget_us);
	event = NEXT(a, id, FAULT);
	EXPECT_EQ(AGENTSYS_FAULT_BUDGET, event.code);
	EXPECT_GE(event.value, budget_us);
	event = LATER(a, id, CRASH);
	EXPECT_EQ(AGENTSYS_CAUSE_FAULT, event.cause);
	EXPECT_EQ(AGENTSYS_FAULT_BUDGET, event.code);
	ASSERT_TRUE(AWAIT(!cgroup_exists(id)));
	EXPECT_EQ(1, look(a, id).instance);
	EXPECT_GE(use_of(a, id, AGENTSYS_LIMIT_CPU_BUDGET), budget_us);

	ASSERT_OK(a->h, agentsys_start(a->h, id, 0));
	EXPECT_EQ(AGENTSYS_FAULT_BUDGET, LATER(a, id, FAULT).code);
	LATER(a, id, CRASH);
	ASSERT_TRUE(AWAIT(!cgroup_exists(id)));

	ASSERT_OK(a->h, set_limit(a, id, AGENTSYS_LIMIT_CPU_BUDGET, 3600000000));
	ASSERT_OK(a->h, agentsys_start(a->h, id, AGENTSYS_WAIT));
	ASSERT_LINE("ready", burner.out);
	EXPECT_EQ(2, look(a, id).faults);
}

/* No instance of it runs as long as an interval. */
TEST_F(usage, cpu_budget_of_short_lives)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec =
		restarting(SHELL("i=0; while [ $i -lt 1000 ]; do i=$((i + 1)); done"),
			   AGENTSYS_RESTART_ALWAYS, 1000, 0, 0);
	uint32_t id;

	agentsys_spec_set_limit(spec, AGENTSYS_LIMIT_CPU_BUDGET, 300000);
	id = SPAWN(a, spec);
	EXPECT_EQ(AGENTSYS_FAULT_BUDGET, LATER(a, id, FAULT).code);
	ASSERT_TRUE(AWAIT(!cgroup_exists(id)));
	EXPECT_EQ(AGENTSYS_EXITED, look(a, id).state);
}

#define REPORT(in, out, what, answer) do {			\
	ASSERT_EQ((ssize_t)strlen(what "\n"), write(in, what "\n", strlen(what "\n")));	\
	ASSERT_LINE(answer, out);				\
} while (0)

TEST_F(usage, reported_budgets)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC(program("spend"), "use");
	int in = piped(spec, 0), out = piped(spec, 1);
	struct agentsys_event event;
	uint32_t id;

	agentsys_spec_set_limit(spec, AGENTSYS_LIMIT_MESSAGES, 5);
	agentsys_spec_set_limit(spec, AGENTSYS_LIMIT_TOOL_CALLS, 100);
	id = SPAWN(a, spec);
	act(a, id, AGENTSYS_FAULT_BUDGET, AGENTSYS_RECOVER_ALERT);
	ASSERT_LINE("ready", out);
	skip_events(a);
	REPORT(in, out, "3 7", "counted");
	EXPECT_TRUE(no_event(a, id));
	REPORT(in, out, "1 0", "counted");
	event = LATER(a, id, WARNING);
	EXPECT_EQ(AGENTSYS_FAULT_BUDGET, event.code);
	EXPECT_EQ(4, event.value);
	/* All of it or nothing. */
	REPORT(in, out, "2 1", "EDQUOT");
	event = NEXT(a, id, FAULT);
	EXPECT_EQ(AGENTSYS_FAULT_BUDGET, event.code);
	EXPECT_EQ(6, event.value);
	EXPECT_EQ(4, use_of(a, id, AGENTSYS_LIMIT_MESSAGES));
	EXPECT_EQ(7, use_of(a, id, AGENTSYS_LIMIT_TOOL_CALLS));
	REPORT(in, out, "1 0", "counted");
	for (int i = 0; i < 10; i++)
		REPORT(in, out, "1 0", "EDQUOT");
	REPORT(in, out, "18446744073709551615 0", "EDQUOT");
	REPORT(in, out, "0 93", "counted");
	REPORT(in, out, "0 1", "EDQUOT");
	EXPECT_TRUE(AWAIT(look(a, id).faults == 2));
	EXPECT_EQ(5, use_of(a, id, AGENTSYS_LIMIT_MESSAGES));

	/* It goes on where it stood. */
	ASSERT_OK(a->h, set_limit(a, id, AGENTSYS_LIMIT_MESSAGES, 7));
	REPORT(in, out, "2 0", "counted");
	REPORT(in, out, "1 0", "EDQUOT");
	EXPECT_TRUE(AWAIT(look(a, id).faults == 3));
	ASSERT_OK(a->h, set_limit(a, id, AGENTSYS_LIMIT_MESSAGES, 0));
	REPORT(in, out, "1000 0", "counted");
	/* And so does its next instance. */
	ASSERT_OK(a->h, agentsys_restart(a->h, id, NEVER_MS, AGENTSYS_WAIT));
	EXPECT_EQ(1007, use_of(a, id, AGENTSYS_LIMIT_MESSAGES));
}

/*
 * Without a limit it is counted all the same; who is no agent has nothing to count for. That is
 * resource_check_unlimited_skipped of clawft_kernel/supervisor.rs.
 */
TEST_F(usage, reports_without_a_limit)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC(program("spend"), "use");
	int in = piped(spec, 0), out = piped(spec, 1), device = agentsys_device_open();
	uint32_t id = SPAWN(a, spec);

	ASSERT_LINE("ready", out);
	REPORT(in, out, "3 4", "counted");
	EXPECT_EQ(3, use_of(a, id, AGENTSYS_LIMIT_MESSAGES));
	EXPECT_EQ(4, use_of(a, id, AGENTSYS_LIMIT_TOOL_CALLS));
	REPORT(in, out, "999999999 999999999", "counted");
	EXPECT_EQ(1000000002, use_of(a, id, AGENTSYS_LIMIT_MESSAGES));
	EXPECT_EQ(0, look(a, id).faults);
	EXPECT_EQ(-ESRCH, agentsys_use(device, 1, 1));
	close(device);
}

/* resource_check_message_limit, likewise. */
TEST_F(usage, the_message_that_is_one_too_many)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC(program("spend"), "use");
	int in = piped(spec, 0), out = piped(spec, 1);
	struct agentsys_event event;
	uint32_t id;

	agentsys_spec_set_limit(spec, AGENTSYS_LIMIT_MESSAGES, 100);
	id = SPAWN(a, spec);
	act(a, id, AGENTSYS_FAULT_BUDGET, AGENTSYS_RECOVER_ALERT);
	ASSERT_LINE("ready", out);
	REPORT(in, out, "100 0", "counted");
	EXPECT_EQ(100, LATER(a, id, WARNING).value);
	EXPECT_EQ(0, look(a, id).faults);
	REPORT(in, out, "1 0", "EDQUOT");
	event = NEXT(a, id, FAULT);
	EXPECT_EQ(AGENTSYS_FAULT_BUDGET, event.code);
	EXPECT_EQ(101, event.value);
}

/* resource_check_multiple_exceeded, likewise: each limit is a fault of its own. */
TEST_F(usage, all_limits_at_once)
{
	struct agents *a = &self->a;
	int fifo = make_fifo(WORK "/fifo");
	int go = open(WORK "/fifo", O_WRONLY | O_CLOEXEC);
	struct agentsys_spec *spec =
		SPEC("/bin/sh", "-c", "while :; do :; done & { read x <" WORK "/fifo; "
				      "exec $0 touch 64; } & exec $1 use",
		     program("actor"), program("spend"));
	int in = piped(spec, 0), out = piped(spec, 1);
	struct agentsys_event event;
	uint64_t values = 0;
	uint32_t id;

	agentsys_spec_set_limit(spec, AGENTSYS_LIMIT_CPU_BUDGET, 100000);
	agentsys_spec_set_limit(spec, AGENTSYS_LIMIT_MESSAGES, 10);
	agentsys_spec_set_limit(spec, AGENTSYS_LIMIT_TOOL_CALLS, 20);
	agentsys_spec_set_memory_max(spec, 16 << 20);
	id = SPAWN(a, spec);
	act(a, id, AGENTSYS_FAULT_BUDGET, AGENTSYS_RECOVER_ALERT);
	ASSERT_LINE("ready", out);
	REPORT(in, out, "20 40", "EDQUOT");
	for (int i = 0; i < 3; i++) {
		event = LATER(a, id, FAULT);
		EXPECT_EQ(AGENTSYS_FAULT_BUDGET, event.code);
		values += event.value;
	}
	EXPECT_GE(values, 100000 + 20 + 40);
	EXPECT_EQ(3, look(a, id).faults);
	ASSERT_EQ(1, write(go, "\n", 1));
	EXPECT_EQ(AGENTSYS_FAULT_MEMORY_LIMIT, LATER(a, id, FAULT).code);
	EXPECT_EQ(AGENTSYS_CAUSE_OOM, LATER(a, id, CRASH).cause);
	EXPECT_EQ(4, look(a, id).faults);
	close(go);
	close(fifo);
}

TEST_F(usage, spent_budget_kills)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = restarting(SPEC(program("spend"), "use"),
						AGENTSYS_RESTART_ALWAYS, 5, 0, 0);
	int in = piped(spec, 0), out = piped(spec, 1);
	struct agentsys_event event;
	uint32_t id;

	agentsys_spec_set_limit(spec, AGENTSYS_LIMIT_MESSAGES, 5);
	id = SPAWN(a, spec);
	ASSERT_LINE("ready", out);
	ASSERT_EQ(4, write(in, "6 0\n", 4));
	EXPECT_EQ(AGENTSYS_FAULT_BUDGET, LATER(a, id, FAULT).code);
	event = LATER(a, id, CRASH);
	EXPECT_EQ(AGENTSYS_CAUSE_FAULT, event.cause);
	ASSERT_TRUE(AWAIT(!cgroup_exists(id)));
	EXPECT_EQ(AGENTSYS_EXITED, look(a, id).state);
	EXPECT_EQ(1, look(a, id).instance);
}

/* ---- I/O ---- */

/* Writes to a disk that is none, past the page cache: 1 MiB at a time. */
TEST_F(usage, io_limit)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec =
		SHELL("dd if=/dev/zero of=/dev/nullb0 bs=1M oflag=direct count=1000000");
	struct agentsys_event event;
	uint32_t id;

	if (system("modprobe null_blk nr_devices=1 2>/dev/null"))
		SKIP(return, "no disk to write to");
	if (!has_controller(a, "io"))
		SKIP(return, "no io controller");
	agentsys_spec_set_limit(spec, AGENTSYS_LIMIT_IO_WRITE, 4 << 20);
	id = SPAWN(a, spec);
	event = LATER(a, id, FAULT);
	EXPECT_EQ(AGENTSYS_FAULT_IO_LIMIT, event.code);
	EXPECT_TRUE(AWAIT(is_throttled(a, id)));
	EXPECT_TRUE(AWAIT(use_of(a, id, AGENTSYS_LIMIT_IO_WRITE) > 0));
	/* Much more than it would have without. */
	ASSERT_OK(a->h, set_limit(a, id, AGENTSYS_LIMIT_IO_WRITE, 1ULL << 40));
	EXPECT_TRUE(AWAIT(use_of(a, id, AGENTSYS_LIMIT_IO_WRITE) > 40 << 20));
	EXPECT_FALSE(is_throttled(a, id));
	ASSERT_OK(a->h, set_limit(a, id, AGENTSYS_LIMIT_IO_WRITE, 0));
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
	EXPECT_EQ(0, system("rmmod null_blk"));
}

TEST_HARNESS_MAIN
