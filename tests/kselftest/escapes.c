// SPDX-License-Identifier: GPL-2.0-only
/*
 * Agents that run as root and move processes out of their cgroup, or into it: what is
 * theirs does not get away, and that is a fault of theirs. What an agent does
 * below its own cgroup, and what an administrator does, is none.
 *
 * vm: timeout=120
 */
#include "kselftest_harness.h"
#include "lib/agents.h"

#include <sys/mount.h>
#include <sys/wait.h>

#define MOUNT	"/sys/fs/cgroup"
#define AWAY	MOUNT "/escaped"
#define MANY	200

FIXTURE(escapes) {
	struct agents a;
	struct agentsys_system before;
	uint32_t id;
	pid_t bystander;
	int held;
	int in;
	int out;
};

FIXTURE_SETUP(escapes)
{
	agents_open(_metadata, &self->a);
	MUST(!mkdir(AWAY, 0755) || errno == EEXIST);
	self->held = make_fifo(WORK "/held");
	self->before = look_system(self->a.h);
	self->bystander = fork();
	if (!self->bystander)
		for (;;)
			pause();
}

FIXTURE_TEARDOWN(escapes)
{
	close(self->held);
	kill(self->bystander, SIGKILL);
	waitpid(self->bystander, NULL, 0);
	agents_close(&self->a);
	EXPECT_TRUE(AWAIT(!rmdir(AWAY)));
}

#define TELL() ASSERT_EQ(1, write(self->in, "\n", 1))

static struct agentsys_spec *by(const char *way, const char *to, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return SPEC(program("escape"), way, to, text, WORK "/held");
}

static void spawn(struct __test_metadata *_metadata, FIXTURE_DATA(escapes) *self,
		  struct agentsys_spec *spec)
{
	self->in = piped(spec, 0);
	self->out = piped(spec, 1);
	self->id = SPAWN(&self->a, spec);
	ASSERT_LINE("ready", self->out);
}

static void rule(struct __test_metadata *_metadata, FIXTURE_DATA(escapes) *self, uint32_t action)
{
	const struct agentsys_recovery_rule rule = { AGENTSYS_FAULT_POLICY_VIOLATION, action };

	ASSERT_OK(self->a.h,
		  agentsys_recovery_set(self->a.h, self->id, AGENTSYS_PRESET_CUSTOM, &rule, 1));
}

static int count_away(void)
{
	char text[4096];
	int n = 0;

	MUST(read_whole(AWAY "/cgroup.procs", text, sizeof(text)) >= 0);
	for (char *at = text; (at = strchr(at, '\n')); at++)
		n++;
	return n;
}

static bool lives(pid_t pid)
{
	return !kill(pid, 0) && process_state(pid) != 'Z';
}

static void move(const char *cgroup, pid_t pid)
{
	char path[64], text[16];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	snprintf(text, sizeof(text), "%d", pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	MUST(fd >= 0 && write(fd, text, strlen(text)) > 0);
	close(fd);
}

/* As it is where nobody says otherwise: all that was the agent's is dead, wherever it is. */
static void expect_killed(struct __test_metadata *_metadata, FIXTURE_DATA(escapes) *self)
{
	struct agents *a = &self->a;
	struct agentsys_event event;

	event = LATER(a, self->id, FAULT);
	EXPECT_EQ(AGENTSYS_FAULT_POLICY_VIOLATION, event.code);
	EXPECT_EQ(1, event.value);
	event = LATER(a, self->id, CRASH);
	EXPECT_EQ(AGENTSYS_CAUSE_FAULT, event.cause);
	EXPECT_EQ(AGENTSYS_FAULT_POLICY_VIOLATION, event.code);
	EXPECT_TRUE(AWAIT(!cgroup_exists(self->id)));
	EXPECT_TRUE(lives(self->bystander));
	move(MOUNT "/vm-test", self->bystander);
	EXPECT_TRUE(AWAIT(!count_away()));
	EXPECT_TRUE(end_of_file(self->held));
	EXPECT_EQ(1, look(a, self->id).faults);
	EXPECT_EQ(self->before.faults + 1, look_system(a->h).faults);
}

static void try(struct __test_metadata *_metadata, FIXTURE_DATA(escapes) *self, const char *way)
{
	spawn(_metadata, self, by(way, AWAY, self->bystander));
	TELL();
	expect_killed(_metadata, self);
}

TEST_F(escapes, itself)
{
	try(_metadata, self, "self");
}

TEST_F(escapes, by_a_thread)
{
	try(_metadata, self, "thread");
}

TEST_F(escapes, a_child)
{
	try(_metadata, self, "child");
}

/* Its first thread, by whose pid it is moved, has exited. */
TEST_F(escapes, a_child_without_its_first_thread)
{
	try(_metadata, self, "headless");
}

TEST_F(escapes, a_daemon)
{
	try(_metadata, self, "daemon");
}

/* What it forks meanwhile either stays with the agent or comes to nothing. */
TEST_F(escapes, while_it_forks)
{
	struct agentsys_spec *spec = by("forker", AWAY, 0);

	if (has_controller(&self->a, "pids"))
		agentsys_spec_set_pids_max(spec, 200);
	spawn(_metadata, self, spec);
	/* That may be a fault too, which kills nobody. */
	TELL();
	while (LATER(&self->a, self->id, FAULT).code != AGENTSYS_FAULT_POLICY_VIOLATION)
		;
	EXPECT_EQ(AGENTSYS_FAULT_POLICY_VIOLATION, LATER(&self->a, self->id, CRASH).code);
	EXPECT_TRUE(end_of_file(self->held));
	EXPECT_TRUE(AWAIT(!count_away()));
}

TEST_F(escapes, borne_elsewhere)
{
	try(_metadata, self, "borne");
}

/* Who was moved has done nothing. */
TEST_F(escapes, of_another)
{
	try(_metadata, self, "other");
}

/* What it has taken in is in its cgroup, and goes with that. */
TEST_F(escapes, taking_in)
{
	struct agents *a = &self->a;

	spawn(_metadata, self, by("take-in", AWAY, self->bystander));
	rule(_metadata, self, AGENTSYS_RECOVER_ALERT);
	TELL();
	EXPECT_EQ(AGENTSYS_FAULT_POLICY_VIOLATION, LATER(a, self->id, FAULT).code);
	EXPECT_LINE("done", self->out);
	EXPECT_TRUE(in_agent(self->bystander, self->id));
	EXPECT_TRUE(lives(self->bystander));
	move(AWAY, self->bystander);
	EXPECT_EQ(1, look(a, self->id).faults);
	ASSERT_OK(a->h, agentsys_kill(a->h, self->id, AGENTSYS_WAIT));
	EXPECT_TRUE(lives(self->bystander));
}

/* Into another agent's. */
TEST_F(escapes, to_another_agent)
{
	struct agents *a = &self->a;
	uint32_t other = SPAWN(a, SLEEP);
	char path[64];

	snprintf(path, sizeof(path), CGROUPS "/%u", other);
	spawn(_metadata, self, by("child", path, 0));
	TELL();
	EXPECT_EQ(AGENTSYS_FAULT_POLICY_VIOLATION, LATER(a, self->id, CRASH).code);
	EXPECT_TRUE(end_of_file(self->held));
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, other).state);
	EXPECT_EQ(0, look(a, other).faults);
}

/* The next instance is where it belongs, and has done nothing yet. */
TEST_F(escapes, restarted)
{
	struct agents *a = &self->a;

	spawn(_metadata, self,
	      restarting(by("self", AWAY, 0), AGENTSYS_RESTART_ON_FAILURE, 5, 0, 0));
	rule(_metadata, self, AGENTSYS_RECOVER_RESTART);
	for (int i = 1; i <= 3; i++) {
		EXPECT_TRUE(in_agent(look(a, self->id).pid, self->id));
		TELL();
		EXPECT_EQ(i, LATER(a, self->id, FAULT).instance);
		EXPECT_EQ(AGENTSYS_CAUSE_FAULT, LATER(a, self->id, CRASH).cause);
		ASSERT_LINE("ready", self->out);
		EXPECT_EQ(i + 1, look(a, self->id).instance);
		EXPECT_EQ(i, look(a, self->id).faults);
		EXPECT_TRUE(AWAIT(!count_away()));
	}
}

TEST_F(escapes, told_and_no_more)
{
	struct agents *a = &self->a;
	struct agentsys_event event;
	pid_t pid;

	spawn(_metadata, self, by("self", AWAY, 0));
	rule(_metadata, self, AGENTSYS_RECOVER_ALERT);
	pid = look(a, self->id).pid;
	TELL();
	event = LATER(a, self->id, FAULT);
	EXPECT_EQ(AGENTSYS_FAULT_POLICY_VIOLATION, event.code);
	EXPECT_LINE("done", self->out);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, self->id).state);
	EXPECT_EQ(1, count_away());
	EXPECT_TRUE(lives(pid));
	/* It is out, and nobody's who might be told of. */
	TELL();
	EXPECT_LINE("done", self->out);
	EXPECT_TRUE(no_event(a, self->id));
	ASSERT_OK(a->h, agentsys_kill(a->h, self->id, AGENTSYS_WAIT));
	EXPECT_FALSE(lives(pid));
}

/* The ladder is gone up by what is told, and what is killed for is killed at once. */
TEST_F(escapes, on_the_ladder)
{
	struct agents *a = &self->a;
	int away;

	spawn(_metadata, self, by("child", AWAY, 0));
	rule(_metadata, self, AGENTSYS_RECOVER_ALERT);
	ASSERT_OK(a->h, agentsys_recovery_ladder(a->h, 1, NEVER_MS));
	for (int i = 0; i < 2; i++) {
		uint64_t faults = look(a, self->id).faults;

		/* One in each window: alert, and what cannot be slowed down is told again. */
		while (look(a, self->id).faults == faults) {
			TELL();
			ASSERT_LINE("done", self->out);
			/* Ahead of this the supervisor handles what is in its mailbox. */
			ASSERT_OK(a->h, agentsys_report_heartbeat(a->h, self->id, 0));
		}
	}
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, self->id).state);
	away = count_away();
	EXPECT_LE(2, away);
	TELL();
	EXPECT_EQ(AGENTSYS_CAUSE_FAULT, LATER(a, self->id, CRASH).cause);
	/* Those before were let go. */
	EXPECT_TRUE(AWAIT(count_away() == away));
	ASSERT_OK(a->h, agentsys_recovery_ladder(a->h, 0, NEVER_MS));
	MUST(!system("echo 1 >" AWAY "/cgroup.kill"));
}

/* It is told again at once where it is killed for it now. */
TEST_F(escapes, with_another_rule_a_moment_later)
{
	struct agents *a = &self->a;

	spawn(_metadata, self, by("child", AWAY, 0));
	rule(_metadata, self, AGENTSYS_RECOVER_ALERT);
	TELL();
	LATER(a, self->id, FAULT);
	ASSERT_LINE("done", self->out);
	rule(_metadata, self, AGENTSYS_RECOVER_KILL);
	TELL();
	LATER(a, self->id, FAULT);
	EXPECT_EQ(AGENTSYS_CAUSE_FAULT, LATER(a, self->id, CRASH).cause);
	EXPECT_TRUE(AWAIT(count_away() == 1));
	MUST(!system("echo 1 >" AWAY "/cgroup.kill"));
}

/* What is being stopped has nothing to be killed for, and gets out all the less. */
TEST_F(escapes, while_it_is_stopped)
{
	struct agents *a = &self->a;
	char line[256];

	snprintf(line, sizeof(line), "trap '' TERM; exec %s child %s 0 %s", program("escape"), AWAY,
		 WORK "/held");
	spawn(_metadata, self, SHELL(line));
	ASSERT_OK(a->h, agentsys_stop(a->h, self->id, NEVER_MS, 0));
	LATER(a, self->id, STOP);
	TELL();
	EXPECT_EQ(AGENTSYS_FAULT_POLICY_VIOLATION, LATER(a, self->id, FAULT).code);
	ASSERT_LINE("done", self->out);
	EXPECT_TRUE(AWAIT(!count_away()));
	EXPECT_EQ(AGENTSYS_STOPPING, look(a, self->id).state);
	ASSERT_OK(a->h, agentsys_kill(a->h, self->id, AGENTSYS_WAIT));
	EXPECT_EQ(AGENTSYS_CAUSE_KILL, look(a, self->id).cause);
}

/* What was not told of one instance is not held against the next one. */
TEST_F(escapes, count_for_the_instance)
{
	struct agents *a = &self->a;

	spawn(_metadata, self, by("other", AWAY, self->bystander));
	rule(_metadata, self, AGENTSYS_RECOVER_ALERT);
	for (int i = 0; i < 10; i++) {
		TELL();
		ASSERT_LINE("done", self->out);
	}
	ASSERT_OK(a->h, agentsys_restart(a->h, self->id, 1, AGENTSYS_WAIT));
	ASSERT_LINE("ready", self->out);
	skip_events(a);
	TELL();
	EXPECT_EQ(1, LATER(a, self->id, FAULT).value);
	move(MOUNT "/vm-test", self->bystander);
}

/* A storm of it is told once a second, and nothing of it is forgotten. */
TEST_F(escapes, are_counted)
{
	struct agents *a = &self->a;
	uint64_t began = now_ms(), moved = 1, told = 1;
	struct agentsys_event event;

	spawn(_metadata, self, by("other", AWAY, self->bystander));
	rule(_metadata, self, AGENTSYS_RECOVER_ALERT);
	TELL();
	ASSERT_LINE("done", self->out);
	EXPECT_EQ(1, LATER(a, self->id, FAULT).value);
	while (told < MANY && now_ms() - began < PATIENCE_MS) {
		TELL();
		ASSERT_LINE("done", self->out);
		moved++;
		move(MOUNT "/vm-test", self->bystander);
		while (agentsys_events_next(a->events, &event, NULL, 0) == 1)
			if (event.agent_id == self->id && event.type == AGENTSYS_EVENT_FAULT)
				told += event.value;
	}
	EXPECT_LE(MANY, told);
	EXPECT_GE(moved, told);
	EXPECT_GE(1 + (now_ms() - began) / 1000, look(a, self->id).faults);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, self->id).state);
}

static void expect_nothing(struct __test_metadata *_metadata, FIXTURE_DATA(escapes) *self)
{
	struct agents *a = &self->a;

	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, self->id).state);
	EXPECT_EQ(0, look(a, self->id).faults);
	EXPECT_EQ(self->before.faults, look_system(a->h).faults);
	ASSERT_OK(a->h, agentsys_kill(a->h, self->id, AGENTSYS_WAIT));
	EXPECT_EQ(self->before.faults, look_system(a->h).faults);
	EXPECT_FALSE(cgroup_exists(self->id));
}

TEST_F(escapes, not_below_its_own_cgroup)
{
	spawn(_metadata, self, by("within", AWAY, 0));
	TELL();
	ASSERT_LINE("done", self->out);
	expect_nothing(_metadata, self);
}

TEST_F(escapes, not_of_threads_below_its_own_cgroup)
{
	spawn(_metadata, self, by("threads", AWAY, 0));
	TELL();
	ASSERT_LINE("done", self->out);
	expect_nothing(_metadata, self);
}

TEST_F(escapes, not_by_an_administrator)
{
	pid_t pid;

	spawn(_metadata, self, by("self", AWAY, 0));
	pid = look(&self->a, self->id).pid;
	move(AWAY, pid);
	move(MOUNT "/vm-test", pid);
	move(AWAY, pid);
	/* Nor what it does there. */
	TELL();
	ASSERT_LINE("done", self->out);
	expect_nothing(_metadata, self);
	EXPECT_FALSE(lives(pid));
}

static bool has_version_1(void)
{
	char text[1024];

	MUST(read_whole("/proc/self/cgroup", text, sizeof(text)) > 0);
	return strstr(text, "escapes");
}

/* Agents are none of its business. It goes away with its mount, a moment later. */
TEST_F(escapes, not_in_a_hierarchy_of_version_1)
{
	mkdir(WORK "/v1", 0755);
	if (mount("none", WORK "/v1", "cgroup", 0, "none,name=escapes"))
		SKIP(return, "no cgroups of version 1 here");
	EXPECT_TRUE(has_version_1());
	spawn(_metadata, self, by("self", WORK "/v1", 0));
	TELL();
	ASSERT_LINE("done", self->out);
	expect_nothing(_metadata, self);
	EXPECT_EQ(0, umount(WORK "/v1"));
	EXPECT_TRUE(AWAIT(!has_version_1()));
}

/* They get out while they are started, killed, stopped and removed. */
TEST_F(escapes, races)
{
	static const char *const ways[] = { "self", "thread", "child", "daemon", "borne", "other" };
	struct agents *a = &self->a;
	uint32_t ids[6];

	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 6; i++) {
			struct agentsys_spec *spec = by(ways[i], AWAY, self->bystander);
			int flags = round % 2 ? AGENTSYS_WAIT : 0;

			restarting(spec, AGENTSYS_RESTART_ALWAYS, 1000, 0, 0);
			ASSERT_OK(a->h, agentsys_spawn(a->h, spec, flags, &ids[i]));
		}
		for (int i = 0; i < 6; i++) {
			if ((round + i) % 3 == 0)
				agentsys_stop(a->h, ids[i], 0, 0);
			else if ((round + i) % 3 == 1)
				agentsys_kill(a->h, ids[i], 0);
			agentsys_kill(a->h, ids[i], AGENTSYS_WAIT);
			EXPECT_OK(a->h, agentsys_remove(a->h, ids[i]));
		}
	}
	move(MOUNT "/vm-test", self->bystander);
	EXPECT_TRUE(AWAIT(!count_away()));
}

TEST_HARNESS_MAIN
