// SPDX-License-Identifier: GPL-2.0-only
/*
 * Agents that were there before: processes of this test become agents.
 *
 * vm: timeout=180
 */
#include "kselftest_harness.h"
#include "lib/agents.h"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/wait.h>

AGENTS_FIXTURE(attach);

/* A child that does what it is told: "e" and a byte exits with it, "f" forks and tells the pid. */
struct child {
	pid_t pid;
	int in;
	int out;
};

static void obey(int in, int out)
{
	char order[2];

	while (read(in, order, 2) == 2) {
		pid_t pid;

		switch (order[0]) {
		case 'e':
			_exit(order[1]);
		case 's':
			kill(getpid(), order[1]);
			break;
		case 'f':
			pid = fork();
			if (!pid) {
				signal(SIGTERM, SIG_IGN);
				for (;;)
					pause();
			}
			if (write(out, &pid, sizeof(pid)) != sizeof(pid))
				_exit(1);
			break;
		case 'x':
			dup2(in, 0);
			execl("/bin/sh", "sh", "-c", "read line; exit 6", NULL);
		}
	}
	_exit(1);
}

static struct child make_child(void)
{
	struct child child;
	int in[2], out[2];

	MUST(!pipe2(in, O_CLOEXEC) && !pipe2(out, O_CLOEXEC));
	child.pid = fork();
	if (!child.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(in[1]);
		obey(in[0], out[1]);
	}
	close(in[0]);
	close(out[1]);
	child.in = in[1];
	child.out = out[0];
	return child;
}

static void tell(struct child *child, char order, char what)
{
	const char bytes[] = { order, what };

	MUST(write(child->in, bytes, 2) == 2);
}

static pid_t make_grandchild(struct child *child)
{
	pid_t pid;

	tell(child, 'f', 0);
	MUST(readable(child->out) && read(child->out, &pid, sizeof(pid)) == sizeof(pid));
	return pid;
}

#define ATTACH(a, pid, spec) ({						\
	uint32_t __id;							\
									\
	ASSERT_OK((a)->h, agentsys_attach((a)->h, pid, spec, AGENTSYS_WAIT, &__id));	\
	__id;								\
})

/* ---- a life ---- */

TEST_F(attach, process_becomes_an_agent)
{
	struct agents *a = &self->a;
	struct child child = make_child();
	struct agentsys_spec *spec = agentsys_spec_new();
	struct agentsys_event event;
	struct agentsys_info info;
	uint32_t id;

	agentsys_spec_set_id(spec, 90);
	ASSERT_EQ(0, agentsys_spec_set_name(spec, "adopted"));
	agentsys_spec_set_stop_signal(spec, SIGUSR1);
	agentsys_spec_set_stop_timeout(spec, 1234);
	id = ATTACH(a, child.pid, spec);
	EXPECT_EQ(90, id);
	EXPECT_TRUE(in_agent(child.pid, id));
	info = look(a, id);
	EXPECT_EQ(AGENTSYS_ACTIVE, info.state);
	EXPECT_EQ(AGENTSYS_AGENT_ATTACHED, info.flags);
	EXPECT_EQ(child.pid, info.pid);
	EXPECT_STREQ("adopted", info.name);
	EXPECT_EQ(SIGUSR1, info.stop_signal);
	EXPECT_EQ(1234, info.stop_timeout_ms);
	EXPECT_EQ(AGENTSYS_RESTART_NEVER, info.restart);
	EXPECT_EQ(1, info.instance);
	EXPECT_EQ(1, info.spawns);
	event = NEXT(a, id, ATTACH);
	EXPECT_EQ(child.pid, event.pid);
	EXPECT_EQ(1, event.instance);
}

AGENTS_FIXTURE(ends);

FIXTURE_VARIANT(ends)
{
	char order;
	char what;
	uint32_t type;
	uint32_t cause;
};

FIXTURE_VARIANT_ADD(ends, success) { 'e', 0, AGENTSYS_EVENT_EXIT, AGENTSYS_CAUSE_EXIT };
FIXTURE_VARIANT_ADD(ends, failure) { 'e', 5, AGENTSYS_EVENT_CRASH, AGENTSYS_CAUSE_EXIT };
FIXTURE_VARIANT_ADD(ends, killed) { 's', SIGKILL, AGENTSYS_EVENT_CRASH, AGENTSYS_CAUSE_SIGNAL };
FIXTURE_VARIANT_ADD(ends, aborted) { 's', SIGABRT, AGENTSYS_EVENT_CRASH, AGENTSYS_CAUSE_SIGNAL };

TEST_F(ends, are_seen)
{
	struct agents *a = &self->a;
	struct child child = make_child();
	uint32_t id = ATTACH(a, child.pid, NULL);
	struct agentsys_event event;
	int status;

	NEXT(a, id, ATTACH);
	tell(&child, variant->order, variant->what);
	ASSERT_TRUE(next_event(a, id, &event));
	EXPECT_EQ(variant->type, event.type);
	EXPECT_EQ(variant->cause, event.cause);
	EXPECT_EQ(variant->what, event.code);
	EXPECT_EQ(child.pid, event.pid);
	EXPECT_TRUE(AWAIT(is_state(a, id, AGENTSYS_EXITED)));
	EXPECT_EQ(1, look(a, id).exits);
	EXPECT_TRUE(AWAIT(!cgroup_exists(id)));
	EXPECT_TRUE(no_event(a, id));

	/* Its parent sees what it would have seen. */
	ASSERT_EQ(child.pid, waitpid(child.pid, &status, 0));
	EXPECT_EQ(variant->what, variant->order == 'e' ? WEXITSTATUS(status) : WTERMSIG(status));
	ASSERT_OK(a->h, agentsys_remove(a->h, id));
}

TEST_F(attach, exec_is_seen)
{
	struct agents *a = &self->a;
	struct child child = make_child();
	uint32_t id = ATTACH(a, child.pid, NULL);

	NEXT(a, id, ATTACH);
	tell(&child, 'x', 0);
	EXPECT_EQ(child.pid, NEXT(a, id, EXEC).pid);
	ASSERT_EQ(1, write(child.in, "\n", 1));
	EXPECT_EQ(6, NEXT(a, id, CRASH).code);
}

/* What it forks is the agent too; what it had forked before is not. */
TEST_F(attach, stop_ends_it_and_what_it_forked_since)
{
	struct agents *a = &self->a;
	struct child child = make_child();
	pid_t before = make_grandchild(&child);
	uint32_t id = ATTACH(a, child.pid, NULL);
	pid_t since = make_grandchild(&child);
	int pidfd = open_pidfd(since), status;

	EXPECT_TRUE(in_agent(since, id));
	EXPECT_FALSE(in_agent(before, id));
	ASSERT_OK(a->h, agentsys_stop(a->h, id, NEVER_MS, AGENTSYS_WAIT));
	EXPECT_TRUE(readable(pidfd));
	EXPECT_EQ(0, kill(before, 0));
	ASSERT_EQ(child.pid, waitpid(child.pid, &status, 0));
	EXPECT_EQ(SIGTERM, WTERMSIG(status));
	EXPECT_EQ(AGENTSYS_CAUSE_STOP, look(a, id).cause);
	EXPECT_FALSE(cgroup_exists(id));
	kill(before, SIGKILL);
}

TEST_F(attach, kill_and_pause)
{
	struct agents *a = &self->a;
	struct child child = make_child();
	uint32_t id = ATTACH(a, child.pid, NULL);
	char text[128];
	int status;

	ASSERT_OK(a->h, agentsys_pause(a->h, id));
	EXPECT_EQ(AGENTSYS_AGENT_ATTACHED | AGENTSYS_AGENT_PAUSED, look(a, id).flags);
	ASSERT_TRUE(AWAIT(read_cgroup(id, "cgroup.events", text, sizeof(text)) > 0 &&
			  strstr(text, "frozen 1")));
	ASSERT_OK(a->h, agentsys_resume(a->h, id));
	EXPECT_EQ(AGENTSYS_AGENT_ATTACHED, look(a, id).flags);
	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
	ASSERT_EQ(child.pid, waitpid(child.pid, &status, 0));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
}

TEST_F(attach, limits)
{
	struct agents *a = &self->a;
	struct child child = make_child();
	struct agentsys_spec *spec = agentsys_spec_new();
	char text[64];
	uint32_t id;

	if (!has_controller(a, "pids") || !has_controller(a, "memory") || !has_controller(a, "cpu"))
		SKIP(return, "not all controllers");
	agentsys_spec_set_pids_max(spec, 33);
	agentsys_spec_set_memory_max(spec, 64 << 20);
	agentsys_spec_set_memory_high(spec, 32 << 20);
	agentsys_spec_set_cpu(spec, 50000, 100000);
	id = ATTACH(a, child.pid, spec);
	EXPECT_GT(read_cgroup(id, "pids.max", text, sizeof(text)), 0);
	EXPECT_STREQ("33\n", text);
	EXPECT_GT(read_cgroup(id, "memory.max", text, sizeof(text)), 0);
	EXPECT_STREQ("67108864\n", text);
	EXPECT_GT(read_cgroup(id, "memory.high", text, sizeof(text)), 0);
	EXPECT_STREQ("33554432\n", text);
	EXPECT_GT(read_cgroup(id, "cpu.max", text, sizeof(text)), 0);
	EXPECT_STREQ("50000 100000\n", text);
}

/* A limit that cannot be set fails it, and the process is as before. */
TEST_F(attach, limit_that_the_kernel_refuses)
{
	struct agents *a = &self->a;
	struct child child = make_child();
	struct agentsys_spec *spec = agentsys_spec_new();
	uint32_t id;
	int status;

	if (!has_controller(a, "pids"))
		SKIP(return, "no pids controller");
	agentsys_spec_set_pids_max(spec, UINT64_MAX);
	EXPECT_EQ(-ERANGE, agentsys_attach(a->h, child.pid, spec, AGENTSYS_WAIT, &id));
	EXPECT_EQ(AGENTSYS_STEP_ATTACH, agentsys_error_step(a->h));
	EXPECT_FALSE(in_agent(child.pid, id));
	EXPECT_FALSE(cgroup_exists(id));
	EXPECT_EQ(UINT32_MAX, look(a, id).state);
	tell(&child, 'e', 3);
	ASSERT_EQ(child.pid, waitpid(child.pid, &status, 0));
	EXPECT_EQ(3, WEXITSTATUS(status));
	EXPECT_EQ(0, look_system(a->h).agents);
}

/* All of its threads, also when the first one has ended. */
TEST_F(attach, threads)
{
	struct agents *a = &self->a;
	int in[2], out[2];
	uint32_t id;
	pid_t pid;

	ASSERT_EQ(0, pipe2(in, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(out, O_CLOEXEC));
	pid = fork();
	if (!pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execl(program("actor"), "actor", "leader-exits", NULL);
		_exit(1);
	}
	ASSERT_LINE("leader gone", out[0]);
	ASSERT_EQ('Z', process_state(pid));
	id = ATTACH(a, pid, NULL);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
	NEXT(a, id, ATTACH);
	EXPECT_TRUE(no_event(a, id));
	ASSERT_EQ(1, write(in[1], "g", 1));
	EXPECT_EQ(7, NEXT(a, id, CRASH).code);
}

TEST_F(attach, oneself)
{
	struct agents *a = &self->a;
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct agentsys_whoami who = { .size = sizeof(who) };
		struct agentsys *h;
		uint32_t id;

		if (agentsys_open(&h) || agentsys_attach(h, getpid(), NULL, AGENTSYS_WAIT, &id) ||
		    agentsys_whoami(-1, &who))
			_exit(1);
		_exit(who.agent_id == id && who.pid == getpid() ? 42 : 2);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(42, WEXITSTATUS(status));
	EXPECT_TRUE(AWAIT(!look_system(a->h).active));
}

TEST_F(attach, without_wait)
{
	struct agents *a = &self->a;
	struct child child = make_child();
	uint32_t id;

	ASSERT_OK(a->h, agentsys_attach(a->h, child.pid, NULL, 0, &id));
	EXPECT_GE(id, AGENTSYS_ID_AUTO);
	EXPECT_EQ(child.pid, NEXT(a, id, ATTACH).pid);
	EXPECT_TRUE(in_agent(child.pid, id));
}

/* ---- what cannot be ---- */

static struct agentsys_spec *with_id(uint32_t id)
{
	struct agentsys_spec *spec = agentsys_spec_new();

	agentsys_spec_set_id(spec, id);
	return spec;
}

static void *wait_in_thread(void *arg)
{
	*(pid_t *)arg = gettid();
	for (;;)
		pause();
	return NULL;
}

TEST_F(attach, refused)
{
	struct agents *a = &self->a;
	struct child child = make_child(), zombie = make_child();
	struct agentsys_system before;
	volatile pid_t tid = 0;
	pthread_t thread;
	uint32_t id, other;
	pid_t gone;

	gone = fork();
	if (!gone)
		_exit(0);
	ASSERT_EQ(gone, waitpid(gone, NULL, 0));
	tell(&zombie, 'e', 0);
	ASSERT_TRUE(AWAIT(process_state(zombie.pid) == 'Z'));
	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_in_thread, (void *)&tid));
	ASSERT_TRUE(AWAIT(tid));
	id = ATTACH(a, child.pid, NULL);
	other = SPAWN(a, SHELL("sleep 1000000 & wait"));
	skip_events(a);
	before = look_system(a->h);

#define REFUSED(error, words, pid, spec) do {				\
	EXPECT_REFUSED(a->h, error, words,				\
		       agentsys_attach(a->h, pid, spec, AGENTSYS_WAIT, NULL));	\
	EXPECT_EQ(before.agents, look_system(a->h).agents);		\
} while (0)
	REFUSED(EINVAL, "pid 1", 1, NULL);
	REFUSED(EINVAL, "kernel thread", 2, NULL);
	REFUSED(EINVAL, "the launcher", (pid_t)before.launcher_pid, NULL);
	REFUSED(ESRCH, "", gone, NULL);
	REFUSED(ESRCH, "no such process", zombie.pid, NULL);
	/* A thread's number is no process's. */
	EXPECT_GT(0, agentsys_attach(a->h, tid, NULL, AGENTSYS_WAIT, NULL));
	REFUSED(EBUSY, "part of an agent", child.pid, NULL);
	REFUSED(EBUSY, "part of an agent", (pid_t)look(a, other).pid, NULL);
	REFUSED(EEXIST, "exists", getpid(), with_id(id));
	REFUSED(ERANGE, "range", getpid(), with_id(1));

	EXPECT_EQ(before.events, look_system(a->h).events);
	EXPECT_FALSE(in_agent(getpid(), id));
	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
	ASSERT_OK(a->h, agentsys_kill(a->h, other, AGENTSYS_WAIT));
	EXPECT_EQ(0, count_cgroups());
}

/* Any process of an agent, not only the main one. */
TEST_F(attach, child_of_an_agent_is_refused)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SHELL("sleep 1000000 & echo $!; wait");
	int out = piped(spec, 1);
	uint32_t id = SPAWN(a, spec);
	char line[32];

	ASSERT_TRUE(read_line(out, line, sizeof(line)));
	ASSERT_TRUE(in_agent(atoi(line), id));
	EXPECT_REFUSED(a->h, EBUSY, "part of an agent",
		       agentsys_attach(a->h, atoi(line), NULL, AGENTSYS_WAIT, NULL));
}

TEST_F(attach, cannot_be_started)
{
	struct agents *a = &self->a;
	struct child child = make_child();
	uint32_t id = ATTACH(a, child.pid, NULL);
	struct agentsys_spec *spec = agentsys_spec_new();

	agentsys_spec_set_max_restarts(spec, 3);
	for (int ended = 0; ended < 2; ended++) {
		EXPECT_REFUSED(a->h, EOPNOTSUPP, "attached", agentsys_start(a->h, id, 0));
		EXPECT_REFUSED(a->h, EOPNOTSUPP, "attached",
			       agentsys_restart(a->h, id, 0, AGENTSYS_WAIT));
		EXPECT_REFUSED(a->h, EOPNOTSUPP, "attached", agentsys_set(a->h, id, spec));
		if (!ended) {
			EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
			EXPECT_EQ(child.pid, look(a, id).pid);
			ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
		}
	}
	EXPECT_EQ(AGENTSYS_EXITED, look(a, id).state);
	ASSERT_OK(a->h, agentsys_remove(a->h, id));
	EXPECT_EQ(UINT32_MAX, look(a, id).state);
}

/* ---- races ---- */

/*
 * The process ends while it is being attached. Either it was attached, and then its
 * end is told with its code, or it was not, and then nothing is left.
 */
TEST_F_TIMEOUT(attach, process_that_ends_at_that_moment, 60)
{
	struct agents *a = &self->a;
	int attached = 0, not_attached = 0;
	int rounds = vm_scale() > 1 ? 100 : 300;

	for (int i = 0; i < rounds; i++) {
		struct child child = make_child();
		struct agentsys_event event;
		bool reaped = i % 3 == 0;
		uint32_t id;
		int ret;

		/* Some are gone for good at once, others stay as zombies. */
		signal(SIGCHLD, reaped ? SIG_IGN : SIG_DFL);
		tell(&child, 'e', 3 + i % 50);
		for (int spin = 0; spin < i * (150000 / rounds); spin++)
			asm volatile("");
		ret = agentsys_attach(a->h, child.pid, NULL, i % 2 ? AGENTSYS_WAIT : 0, &id);
		EXPECT_TRUE(ret == 0 || ret == -ESRCH) TH_LOG("%s", agentsys_error(a->h));
		if (id) {
			do {
				ASSERT_TRUE(next_event(a, id, &event));
			} while (event.type == AGENTSYS_EVENT_ATTACH);
			if (event.type == AGENTSYS_EVENT_CRASH) {
				attached++;
				EXPECT_EQ(AGENTSYS_CAUSE_EXIT, event.cause);
				EXPECT_EQ(3 + i % 50, event.code);
				EXPECT_EQ(child.pid, event.pid);
			} else {
				not_attached++;
				EXPECT_EQ(AGENTSYS_EVENT_LAUNCH_FAILED, event.type);
				EXPECT_EQ(ESRCH, event.code);
			}
		}
		if (!reaped)
			waitpid(child.pid, NULL, 0);
		close(child.in);
		close(child.out);
	}
	signal(SIGCHLD, SIG_DFL);
	TH_LOG("%d were attached, %d ended first", attached, not_attached);
	agents_clear(a->h);
	EXPECT_EQ(0, look_system(a->h).active);
	EXPECT_EQ(0, look_system(a->h).agents);
	EXPECT_EQ(0, count_cgroups());
}

/* Two want the same one: one gets it. */
TEST_F_TIMEOUT(attach, two_at_once, 60)
{
	struct agents *a = &self->a;

	for (int i = 0; i < 30; i++) {
		struct child child = make_child();
		struct agentsys *other;
		int status, ret;
		uint32_t id;
		pid_t pid;

		ASSERT_EQ(0, agentsys_open(&other));
		pid = fork();
		if (!pid) {
			ret = agentsys_attach(other, child.pid, NULL, AGENTSYS_WAIT, NULL);
			_exit(-ret);
		}
		ret = agentsys_attach(a->h, child.pid, NULL, AGENTSYS_WAIT, &id);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(1, !ret + !WEXITSTATUS(status))
			TH_LOG("%d and %d", -ret, WEXITSTATUS(status));
		agentsys_close(other);
		agents_clear(a->h);
		waitpid(child.pid, NULL, 0);
		EXPECT_EQ(0, count_cgroups());
	}
}

TEST_HARNESS_MAIN
