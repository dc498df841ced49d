// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of agents: how they begin, end, and begin again.
 *
 * vm: timeout=300
 */
#include "kselftest_harness.h"
#include "lib/agents.h"

#include <sys/wait.h>

AGENTS_FIXTURE(life);

/* ---- starting ---- */

TEST_F(life, spawn_with_wait_returns_when_it_runs)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, SLEEP);
	struct agentsys_event event = NEXT(a, id, SPAWN);
	struct agentsys_info info = look(a, id);

	EXPECT_EQ(AGENTSYS_ACTIVE, info.state);
	EXPECT_EQ(0, info.flags);
	EXPECT_EQ(1, info.instance);
	EXPECT_EQ(1, info.spawns);
	EXPECT_EQ(0, info.exits);
	EXPECT_EQ(AGENTSYS_CAUSE_NONE, info.cause);
	EXPECT_NE(0, info.start_time);
	EXPECT_EQ(0, info.end_time);
	EXPECT_LE(info.start_time, info.last_activity);
	EXPECT_TRUE(in_agent(info.pid, id));
	EXPECT_EQ(info.pid, event.pid);
	EXPECT_EQ(1, event.instance);
	EXPECT_GT(event.value, 0);
}

/* A start that cannot come to its end shows who waits for it. */
TEST_F(life, spawn_waits_for_the_program_and_not_for_less)
{
	struct agents *a = &self->a;
	struct held held = hold_program("/bin/busybox", WORK "/sleep");
	struct agentsys_spec *spec = SPEC(WORK "/sleep", "1000000");
	uint32_t other = SPAWN(a, SLEEP);
	struct pollfd poll_fd;
	int ends[2], status;
	pid_t pid;

	ASSERT_EQ(0, pipe2(ends, O_CLOEXEC));
	pid = fork();
	if (!pid) {
		struct agentsys *h;
		uint32_t id;
		int ret = agentsys_open(&h);

		ret = ret ?: agentsys_spawn(h, spec, AGENTSYS_WAIT, &id);
		_exit(write(ends[1], "x", 1) != 1 || ret);
	}
	/* Its exec has begun: all before that is done. */
	ASSERT_TRUE(tried(&held));
	/* An answer that comes too early would be there when another life has ended. */
	ASSERT_OK(a->h, agentsys_stop(a->h, other, NEVER_MS, AGENTSYS_WAIT));
	poll_fd = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	EXPECT_EQ(0, poll(&poll_fd, 1, 0));
	release_program(&held);
	EXPECT_TRUE(readable(ends[0]));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(life, spawn_without_wait_returns_before_it_runs)
{
	struct agents *a = &self->a;
	pid_t launcher;
	uint32_t id;

	SPAWN(a, SLEEP);
	launcher = hold_launcher(a);
	ASSERT_OK(a->h, agentsys_spawn(a->h, SLEEP, 0, &id));
	EXPECT_NE(0, id);
	EXPECT_EQ(AGENTSYS_STARTING, look(a, id).state);
	EXPECT_EQ(0, look(a, id).pid);
	EXPECT_TRUE(no_event(a, id));
	kill(launcher, SIGCONT);
	NEXT(a, id, SPAWN);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
}

/* ---- ending by itself ---- */

AGENTS_FIXTURE(end);

FIXTURE_VARIANT(end)
{
	const char *line;
	uint32_t type;
	uint32_t cause;
	int code;
};

FIXTURE_VARIANT_ADD(end, exit_0) {
	"exit 0", AGENTSYS_EVENT_EXIT, AGENTSYS_CAUSE_EXIT, 0
};

FIXTURE_VARIANT_ADD(end, exit_3) {
	"exit 3", AGENTSYS_EVENT_CRASH, AGENTSYS_CAUSE_EXIT, 3
};

FIXTURE_VARIANT_ADD(end, exit_255) {
	"exit 255", AGENTSYS_EVENT_CRASH, AGENTSYS_CAUSE_EXIT, 255
};

FIXTURE_VARIANT_ADD(end, segv) {
	"kill -SEGV $$", AGENTSYS_EVENT_CRASH, AGENTSYS_CAUSE_SIGNAL, SIGSEGV
};

FIXTURE_VARIANT_ADD(end, killed_by_somebody) {
	"kill -KILL $$", AGENTSYS_EVENT_CRASH, AGENTSYS_CAUSE_SIGNAL, SIGKILL
};

FIXTURE_VARIANT_ADD(end, terminated_by_somebody) {
	"kill -TERM $$", AGENTSYS_EVENT_CRASH, AGENTSYS_CAUSE_SIGNAL, SIGTERM
};

TEST_F(end, tells_cause_and_code)
{
	struct agents *a = &self->a;
	bool crash = variant->type == AGENTSYS_EVENT_CRASH;
	uint32_t id = SPAWN(a, SHELL(variant->line));
	struct agentsys_event spawned = NEXT(a, id, SPAWN);
	struct agentsys_event event;
	struct agentsys_info info;

	ASSERT_TRUE(next_event(a, id, &event));
	EXPECT_EQ(variant->type, event.type);
	EXPECT_EQ(variant->cause, event.cause);
	EXPECT_EQ(variant->code, event.code);
	EXPECT_EQ(spawned.pid, event.pid);
	EXPECT_GE(event.time_ns, spawned.time_ns);

	info = look(a, id);
	EXPECT_EQ(AGENTSYS_EXITED, info.state);
	EXPECT_EQ(variant->cause, info.cause);
	EXPECT_EQ(variant->code, info.code);
	EXPECT_EQ(0, info.pid);
	EXPECT_EQ(1, info.exits);
	EXPECT_EQ(crash, info.crashes);
	EXPECT_EQ(crash, info.faults);
	EXPECT_GE(info.end_time, info.start_time);
	/* How long it ran is told by both. */
	EXPECT_EQ(info.end_time - info.start_time, event.value);
	EXPECT_TRUE(no_event(a, id));
	EXPECT_TRUE(AWAIT(!cgroup_exists(id)));
}

/* The supervisor hears late of both: the launcher, which would tell it at once, stands still. */
TEST_F(life, times_are_those_of_what_happened)
{
	struct agents *a = &self->a;
	struct held held = hold_program(program("nothing"), WORK "/nothing");
	struct agentsys_event event;
	struct agentsys_info info;
	pid_t launcher;
	uint32_t id;

	ASSERT_OK(a->h, agentsys_spawn(a->h, SPEC(WORK "/nothing"), 0, &id));
	ASSERT_TRUE(tried(&held));
	launcher = look_system(a->h).launcher_pid;
	kill(launcher, SIGSTOP);
	release_program(&held);
	NEXT(a, id, SPAWN);
	event = NEXT(a, id, EXIT);
	info = look(a, id);
	EXPECT_LE(info.start_time, info.end_time);
	EXPECT_EQ(info.end_time - info.start_time, event.value);
	EXPECT_LE(info.end_time, event.time_ns);
	kill(launcher, SIGCONT);
}

/* ---- threads ---- */

/* What wait() would say of the same program. */
static int code_for_a_parent(const char *byte)
{
	int in[2], out[2], status;
	char line[32];
	pid_t pid;

	MUST(!pipe2(in, O_CLOEXEC) && !pipe2(out, O_CLOEXEC));
	pid = fork();
	if (!pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execl(program("actor"), "actor", "leader-exits", NULL);
		_exit(1);
	}
	MUST(read_line(out[0], line, sizeof(line)) && write(in[1], byte, 1) == 1);
	MUST(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

TEST_F(life, first_thread_exits_first)
{
	static const char *const bytes[] = { "g", "a" };	/* all of it, or the thread alone */
	struct agents *a = &self->a;

	for (int i = 0; i < 2; i++) {
		struct agentsys_spec *spec = SPEC(program("actor"), "leader-exits");
		int in = piped(spec, 0), out = piped(spec, 1);
		uint32_t id = SPAWN(a, spec);
		struct agentsys_event event;

		NEXT(a, id, SPAWN);
		ASSERT_LINE("leader gone", out);
		/* It lives on in its other thread. */
		EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
		EXPECT_TRUE(no_event(a, id));
		ASSERT_EQ(1, write(in, bytes[i], 1));
		event = NEXT(a, id, CRASH);
		EXPECT_EQ(AGENTSYS_CAUSE_EXIT, event.cause);
		EXPECT_EQ(code_for_a_parent(bytes[i]), event.code);
	}
}

TEST_F(life, exit_of_all_by_another_thread)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, SPEC(program("actor"), "thread-exits"));
	struct agentsys_event event = LATER(a, id, CRASH);

	EXPECT_EQ(AGENTSYS_CAUSE_EXIT, event.cause);
	EXPECT_EQ(9, event.code);
}

TEST_F(life, exec_by_another_thread)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC(program("actor"), "thread-execs", "/bin/sh", "-c",
					  "echo $$; read line; exit 4");
	int in = piped(spec, 0), out = piped(spec, 1);
	uint32_t id = SPAWN(a, spec);
	struct agentsys_event event = NEXT(a, id, SPAWN);
	char line[32];

	ASSERT_TRUE(read_line(out, line, sizeof(line)));
	EXPECT_EQ(event.pid, atoi(line));
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
	EXPECT_EQ(event.pid, look(a, id).pid);
	EXPECT_EQ(event.pid, NEXT(a, id, EXEC).pid);
	ASSERT_EQ(1, write(in, "\n", 1));
	event = NEXT(a, id, CRASH);
	EXPECT_EQ(4, event.code);
	EXPECT_EQ(1, look(a, id).spawns);
}

TEST_F(life, exec_of_another_program_is_told)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SHELL("echo ready; read line; exec /bin/sleep 1000000");
	int in = piped(spec, 0), out = piped(spec, 1);
	uint32_t id = SPAWN(a, spec);

	NEXT(a, id, SPAWN);
	ASSERT_LINE("ready", out);
	ASSERT_EQ(1, write(in, "\n", 1));
	NEXT(a, id, EXEC);
	EXPECT_EQ(1, look(a, id).spawns);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
}

/* Processes beside the main one may come, execute and go. */
TEST_F(life, only_the_main_process_counts)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SHELL("/bin/true; /bin/false; (exit 3); echo ready;"
					   "read line; exit 0");
	int in = piped(spec, 0), out = piped(spec, 1);
	uint32_t id = SPAWN(a, spec);

	NEXT(a, id, SPAWN);
	ASSERT_LINE("ready", out);
	EXPECT_TRUE(no_event(a, id));
	ASSERT_EQ(1, write(in, "\n", 1));
	EXPECT_EQ(0, NEXT(a, id, EXIT).code);
}

TEST_HARNESS_MAIN
