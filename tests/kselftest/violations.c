// SPDX-License-Identifier: GPL-2.0-only
/*
 * Agents that try what only an administrator may: they are refused, and that is a fault
 * of theirs, for which something is done.
 */
#include "kselftest_harness.h"
#include "lib/agents.h"

#include <sched.h>
#include <sys/wait.h>

#define USER	65534
#define ONCE	"1"
#define MANY	"500"

FIXTURE(violations) {
	struct agents a;
	struct agentsys_system before;
	int status;
};

FIXTURE_SETUP(violations)
{
	agents_open(_metadata, &self->a);
	self->before = look_system(self->a.h);
}

FIXTURE_TEARDOWN(violations)
{
	agents_close(&self->a);
}

/* One that asks when it is told to. @in, @out: its standard input and output */
static uint32_t spawn(struct __test_metadata *_metadata, struct agents *a,
		      struct agentsys_spec *spec, int *in, int *out)
{
	uint32_t id;

	*in = piped(spec, 0);
	*out = piped(spec, 1);
	id = SPAWN(a, spec);
	ASSERT_LINE("ready", *out);
	return id;
}

static struct agentsys_spec *by(const char *way, const char *times, uid_t uid)
{
	struct agentsys_spec *spec = SPEC(program("trespass"), way, times);

	agentsys_spec_set_uid(spec, uid);
	agentsys_spec_set_gid(spec, uid);
	return spec;
}

#define TELL(in) ASSERT_EQ(1, write(in, "\n", 1))

static void expect_alert_only(struct __test_metadata *_metadata, struct agents *a, uint32_t id)
{
	const struct agentsys_recovery_rule rule = {
		AGENTSYS_FAULT_CAPABILITY_VIOLATION, AGENTSYS_RECOVER_ALERT,
	};

	ASSERT_OK(a->h, agentsys_recovery_set(a->h, id, AGENTSYS_PRESET_CUSTOM, &rule, 1));
}

/* As the guide has it, where nobody says otherwise. */
static void expect_killed(struct __test_metadata *_metadata, struct agents *a, const char *way)
{
	struct agentsys_event event;
	int in, out;
	uint32_t id = spawn(_metadata, a, by(way, ONCE, USER), &in, &out);

	TELL(in);
	event = LATER(a, id, FAULT);
	EXPECT_EQ(AGENTSYS_FAULT_CAPABILITY_VIOLATION, event.code);
	EXPECT_EQ(1, event.value);
	event = LATER(a, id, CRASH);
	EXPECT_EQ(AGENTSYS_CAUSE_FAULT, event.cause);
	EXPECT_EQ(AGENTSYS_FAULT_CAPABILITY_VIOLATION, event.code);
	EXPECT_TRUE(AWAIT(look(a, id).state == AGENTSYS_EXITED));
	EXPECT_EQ(1, look(a, id).faults);
}

TEST_F(violations, by_the_device)
{
	expect_killed(_metadata, &self->a, "device");
	EXPECT_EQ(self->before.faults + 1, look_system(self->a.h).faults);
}

TEST_F(violations, by_netlink)
{
	expect_killed(_metadata, &self->a, "netlink");
	EXPECT_EQ(self->before.faults + 1, look_system(self->a.h).faults);
}

/* Whoever is root of a namespace of its own is nobody here. */
TEST_F(violations, as_root_of_a_namespace)
{
	if (!fork())
		_exit(unshare(CLONE_NEWUSER) != 0);
	wait(&self->status);
	if (self->status)
		SKIP(return, "no user namespaces here");
	expect_killed(_metadata, &self->a, "namespace");
}

/* It is killed a moment after it was refused: it may have said so. */
static bool comes_up(int out)
{
	char line[64];

	while (read_line(out, line, sizeof(line)))
		if (!strcmp(line, "ready"))
			return true;
	return false;
}

/* The next instance has done nothing yet. */
TEST_F(violations, restarted)
{
	const struct agentsys_recovery_rule rule = {
		AGENTSYS_FAULT_CAPABILITY_VIOLATION, AGENTSYS_RECOVER_RESTART,
	};
	struct agents *a = &self->a;
	int in, out;
	uint32_t id = spawn(_metadata, a,
			    restarting(by("device", ONCE, USER), AGENTSYS_RESTART_ON_FAILURE, 5, 0,
				       0),
			    &in, &out);
	uint32_t pid = look(a, id).pid;

	ASSERT_OK(a->h, agentsys_recovery_set(a->h, id, AGENTSYS_PRESET_CUSTOM, &rule, 1));
	for (int i = 1; i <= 2; i++) {
		TELL(in);
		EXPECT_EQ(i, LATER(a, id, FAULT).instance);
		LATER(a, id, CRASH);
		ASSERT_TRUE(comes_up(out));
		EXPECT_NE(pid, look(a, id).pid);
		EXPECT_EQ(i + 1, look(a, id).instance);
		EXPECT_EQ(i, look(a, id).faults);
	}
}

/* It is refused all the same, and goes on; a storm of it is told once a second. */
TEST_F(violations, told_and_no_more)
{
	struct agents *a = &self->a;
	int in, out;
	uint32_t id = spawn(_metadata, a, by("device", MANY, USER), &in, &out);
	uint64_t began = now_ms(), faults;

	expect_alert_only(_metadata, a, id);
	TELL(in);
	ASSERT_LINE("EPERM", out);
	EXPECT_EQ(AGENTSYS_FAULT_CAPABILITY_VIOLATION, LATER(a, id, FAULT).code);
	faults = look(a, id).faults;
	EXPECT_LE(1, faults);
	EXPECT_GE(1 + (now_ms() - began) / 1000, faults);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
}

/* Who may, may; who asks for what anybody may, too; who is no agent has no faults. */
TEST_F(violations, not_of_others)
{
	struct agents *a = &self->a;
	int in, out, status;
	uint32_t id = spawn(_metadata, a, by("device", ONCE, 0), &in, &out);
	pid_t child;

	TELL(in);
	ASSERT_LINE("ESRCH", out);
	child = fork();
	if (!child) {
		struct agentsys *h;

		_exit(setuid(USER) || agentsys_open(&h) || agentsys_kill(h, id, 0) != -EPERM);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
	EXPECT_EQ(0, look(a, id).faults);
	EXPECT_EQ(self->before.faults, look_system(a->h).faults);
	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
}

/* 0, or why it cannot be opened so. */
static int access_of(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* May somebody who is nobody list it? */
static bool lists(const char *path)
{
	bool may;

	MUST(!seteuid(USER));
	may = !access_of(path, O_RDONLY | O_DIRECTORY);
	MUST(!seteuid(0));
	return may;
}

/*
 * Who lists a directory has it locked for as long as his memory takes, and the module
 * needs that lock. What is in there can be read.
 */
TEST_F(violations, directories_are_not_listed)
{
	struct agentsys_spec *named = SLEEP;
	struct agents *a = &self->a;
	pid_t child = fork();
	char path[96];
	uint32_t id[3];

	if (!child)
		for (;;)
			pause();
	agentsys_spec_set_id(named, 7000);
	id[0] = SPAWN(a, SLEEP);
	id[1] = SPAWN(a, named);
	ASSERT_OK(a->h, agentsys_attach(a->h, child, NULL, AGENTSYS_WAIT, &id[2]));
	EXPECT_FALSE(lists(CGROUPS));
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), CGROUPS "/%u", id[i]);
		EXPECT_FALSE(lists(path));
		snprintf(path, sizeof(path), CGROUPS "/%u/cgroup.procs", id[i]);
		MUST(!seteuid(USER));
		EXPECT_EQ(0, access_of(path, O_RDONLY));
		MUST(!seteuid(0));
	}
	ASSERT_OK(a->h, agentsys_kill(a->h, id[2], AGENTSYS_WAIT));
	waitpid(child, NULL, 0);
}

TEST_HARNESS_MAIN
