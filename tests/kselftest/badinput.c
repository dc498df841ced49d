// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is refused at once: with which errno, in which words; and that nothing is
 * left of it.
 *
 * vm: timeout=120
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/ending.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define USER	1000

FIXTURE(bad) {
	struct agents a;
	struct agentsys_system before;
};

/* No agent lives while something is refused: what there is afterwards came of that. */
FIXTURE_SETUP(bad)
{
	agents_open(_metadata, &self->a);
	self->before = look_system(self->a.h);
	ASSERT_EQ(0, self->before.agents);
	ASSERT_EQ(0, self->before.active);
}

FIXTURE_TEARDOWN(bad)
{
	agents_close(&self->a);
}

/* A spec that would do. */
static struct agentsys_spec *good(void)
{
	return SLEEP;
}

#define EXPECT_BAD(error, words, spec) do {				\
	uint32_t __id = 1;						\
									\
	EXPECT_REFUSED(a->h, error, words, agentsys_spawn(a->h, spec, AGENTSYS_WAIT, &__id));	\
	EXPECT_EQ(0, __id);						\
	EXPECT_EQ(AGENTSYS_STEP_NONE, agentsys_error_step(a->h));	\
	EXPECT_REFUSED(a->h, error, words, agentsys_spawn(a->h, spec, 0, NULL));	\
	EXPECT_TRUE(as_before(a, &self->before));			\
} while (0)

/* A good spec with one thing in it. */
#define WITH(call) ({							\
	struct agentsys_spec *spec = good();				\
									\
	call;								\
	spec;								\
})

TEST_F(bad, names)
{
	struct agents *a = &self->a;
	static const char *const names[] = {
		"", "tab\there", "line\nfeed", "del\x7f", "\xff", "cut \xc3", "\xc0\xaf",
		"\xed\xa0\x80", "c1 \xc2\x85",
	};
	char name[AGENTSYS_NAME_MAX + 2];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		EXPECT_BAD(EINVAL, "name", WITH(agentsys_spec_set_name(spec, names[i])));
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	EXPECT_BAD(ENAMETOOLONG, "63 bytes", WITH(agentsys_spec_set_name(spec, name)));
}

TEST_F(bad, ids)
{
	struct agents *a = &self->a;

	EXPECT_BAD(ERANGE, "out of range", WITH(agentsys_spec_set_id(spec, 0)));
	EXPECT_BAD(ERANGE, "out of range", WITH(agentsys_spec_set_id(spec, 1)));
	EXPECT_BAD(ERANGE, "out of range", WITH(agentsys_spec_set_id(spec, 1U << 31)));
	EXPECT_BAD(ERANGE, "out of range", WITH(agentsys_spec_set_id(spec, UINT32_MAX)));
}

TEST_F(bad, id_that_exists)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = good();
	struct agentsys_system before;
	pid_t pid;

	agentsys_spec_set_id(spec, 42);
	ASSERT_EQ(42, SPAWN(a, spec));
	pid = look(a, 42).pid;
	skip_events(a);
	before = look_system(a->h);
	EXPECT_REFUSED(a->h, EEXIST, "exists", agentsys_spawn(a->h, spec, AGENTSYS_WAIT, NULL));
	EXPECT_EQ(before.events, look_system(a->h).events);
	EXPECT_EQ(before.agents, look_system(a->h).agents);
	EXPECT_EQ(pid, look(a, 42).pid);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, 42).state);
	/* An ended one is there as well, until it is removed. */
	ASSERT_OK(a->h, agentsys_kill(a->h, 42, AGENTSYS_WAIT));
	EXPECT_REFUSED(a->h, EEXIST, "exists", agentsys_spawn(a->h, spec, AGENTSYS_WAIT, NULL));
	ASSERT_OK(a->h, agentsys_remove(a->h, 42));
	EXPECT_EQ(42, SPAWN(a, spec));
}

TEST_F(bad, requests_for_nobody)
{
	struct agents *a = &self->a;
	struct agentsys_info *info;

	EXPECT_REFUSED(a->h, ESRCH, "no such agent", agentsys_get(a->h, 4711, &info));
	EXPECT_REFUSED(a->h, ESRCH, "no such agent", agentsys_start(a->h, 4711, AGENTSYS_WAIT));
	EXPECT_REFUSED(a->h, ESRCH, "no such agent", agentsys_stop(a->h, 4711, 0, AGENTSYS_WAIT));
	EXPECT_REFUSED(a->h, ESRCH, "no such agent", agentsys_kill(a->h, 4711, AGENTSYS_WAIT));
	EXPECT_REFUSED(a->h, ESRCH, "no such agent",
		       agentsys_restart(a->h, 4711, 0, AGENTSYS_WAIT));
	EXPECT_REFUSED(a->h, ESRCH, "no such agent", agentsys_pause(a->h, 4711));
	EXPECT_REFUSED(a->h, ESRCH, "no such agent", agentsys_resume(a->h, 4711));
	EXPECT_REFUSED(a->h, ESRCH, "no such agent", agentsys_remove(a->h, 4711));
	EXPECT_REFUSED(a->h, ESRCH, "no such agent",
		       agentsys_set(a->h, 4711, restarting(agentsys_spec_new(),
							   AGENTSYS_RESTART_ALWAYS, 1, 1, 1)));
	EXPECT_TRUE(as_before(a, &self->before));
}

/* A string of @n bytes. */
static const char *bytes(size_t n)
{
	char *s = malloc(n + 1);

	memset(s, 'x', n);
	s[n] = '\0';
	return s;
}

static struct agentsys_spec *with_arguments(int n, size_t size)
{
	struct agentsys_spec *spec = SPEC("/bin/true");

	for (int i = 1; i < n; i++)
		agentsys_spec_add_arg(spec, bytes(size));
	return spec;
}

static struct agentsys_spec *with_variables(int n)
{
	struct agentsys_spec *spec = SPEC("/bin/true");
	char variable[32];

	for (int i = 0; i < n; i++) {
		snprintf(variable, sizeof(variable), "V%d=", i);
		agentsys_spec_add_env(spec, variable);
	}
	return spec;
}

TEST_F(bad, sizes)
{
	struct agents *a = &self->a;
	char *variable = strdup(bytes(AGENTSYS_STR_MAX + 1));

	variable[1] = '=';
	EXPECT_BAD(E2BIG, "65000", with_arguments(2, AGENTSYS_STR_MAX + 1));
	/* More than an attribute can carry. */
	EXPECT_BAD(E2BIG, "", with_arguments(2, 70000));
	EXPECT_BAD(E2BIG, "", with_arguments(2, 2 * 65536 + 3));
	EXPECT_BAD(E2BIG, "65000", WITH(agentsys_spec_add_env(spec, variable)));
	EXPECT_BAD(E2BIG, "4096", with_arguments(AGENTSYS_ARGS_MAX + 1, 1));
	EXPECT_BAD(E2BIG, "4096", with_variables(AGENTSYS_ARGS_MAX + 1));
	EXPECT_BAD(E2BIG, "256 KiB", with_arguments(6, AGENTSYS_STR_MAX));
	EXPECT_BAD(E2BIG, "", with_arguments(40, AGENTSYS_STR_MAX));
	EXPECT_BAD(ENAMETOOLONG, "4095", WITH(agentsys_spec_set_cwd(spec, bytes(4096))));
	EXPECT_BAD(ENAMETOOLONG, "4095", WITH(agentsys_spec_set_stdio_path(spec, 0, bytes(4096))));
	EXPECT_BAD(ENAMETOOLONG, "4095", WITH(agentsys_spec_set_stdio_path(spec, 1, bytes(4096))));
	EXPECT_BAD(ENAMETOOLONG, "4095", WITH(agentsys_spec_set_stdio_path(spec, 2, bytes(4096))));
	EXPECT_BAD(ENAMETOOLONG, "", WITH(agentsys_spec_set_cwd(spec, bytes(65536 + 5))));
	EXPECT_BAD(ENAMETOOLONG, "", WITH(agentsys_spec_set_name(spec, bytes(65536 + 5))));
	EXPECT_BAD(ENAMETOOLONG, "", WITH(agentsys_spec_set_stdio_path(spec, 1, bytes(65541))));
}

TEST_F(bad, programs_and_paths)
{
	struct agents *a = &self->a;

	EXPECT_BAD(EINVAL, "no program", agentsys_spec_new());
	EXPECT_BAD(EINVAL, "path is empty", SPEC(""));
	EXPECT_BAD(EINVAL, "path is empty", SPEC("", "argument"));
	EXPECT_BAD(EINVAL, "absolute", WITH(agentsys_spec_set_cwd(spec, "tmp")));
	EXPECT_BAD(EINVAL, "path is empty", WITH(agentsys_spec_set_cwd(spec, "")));
	EXPECT_BAD(EINVAL, "path is empty", WITH(agentsys_spec_set_stdio_path(spec, 0, "")));
	EXPECT_BAD(EINVAL, "path is empty", WITH(agentsys_spec_set_stdio_path(spec, 1, "")));
}

TEST_F(bad, identities)
{
	struct agents *a = &self->a;
	static const gid_t none = -1;

	EXPECT_BAD(EINVAL, "needs a group", WITH(agentsys_spec_set_uid(spec, USER)));
	EXPECT_BAD(EINVAL, "user id", WITH(agentsys_spec_set_gid(spec, USER);
					   agentsys_spec_set_uid(spec, -1)));
	EXPECT_BAD(EINVAL, "group id", WITH(agentsys_spec_set_gid(spec, -1)));
	EXPECT_BAD(EINVAL, "group id", WITH(agentsys_spec_set_groups(spec, 1, &none)));
}

TEST_F(bad, descriptors)
{
	struct agents *a = &self->a;
	int device = open(AGENTSYS_DEVICE, O_RDWR | O_CLOEXEC);
	int path = open("/tmp", O_PATH | O_CLOEXEC);

	for (int n = 0; n < 3; n++) {
		EXPECT_BAD(EBADF, "not open", WITH(agentsys_spec_set_stdio_fd(spec, n, 900)));
		EXPECT_BAD(EBADF, "not open", WITH(agentsys_spec_set_stdio_fd(spec, n, path)));
		EXPECT_BAD(EINVAL, "module itself",
			   WITH(agentsys_spec_set_stdio_fd(spec, n, device)));
	}
	close(device);
	close(path);
}

TEST_F(bad, numbers)
{
	struct agents *a = &self->a;

	EXPECT_BAD(EINVAL, "soft above hard",
		   WITH(agentsys_spec_set_rlimit(spec, RLIMIT_NOFILE, 11, 10)));
	EXPECT_BAD(ERANGE, "range", WITH(agentsys_spec_set_nice(spec, 20)));
	EXPECT_BAD(ERANGE, "range", WITH(agentsys_spec_set_nice(spec, -21)));
	EXPECT_BAD(ERANGE, "range", WITH(agentsys_spec_set_oom_score_adj(spec, 1001)));
	EXPECT_BAD(ERANGE, "range", WITH(agentsys_spec_set_oom_score_adj(spec, -1001)));
	EXPECT_BAD(ERANGE, "range", WITH(agentsys_spec_set_stop_signal(spec, 0)));
	EXPECT_BAD(ERANGE, "range", WITH(agentsys_spec_set_stop_signal(spec, 65)));
	EXPECT_BAD(ERANGE, "range", WITH(agentsys_spec_set_stop_timeout(spec, 86400001)));
	EXPECT_BAD(ERANGE, "range", WITH(agentsys_spec_set_stop_timeout(spec, UINT32_MAX - 1)));
	EXPECT_BAD(ERANGE, "range", WITH(agentsys_spec_set_restart(spec, __AGENTSYS_RESTARTS)));
	EXPECT_BAD(ERANGE, "range", WITH(agentsys_spec_set_max_restarts(spec, 1U << 31)));
	EXPECT_BAD(ERANGE, "range", WITH(agentsys_spec_set_backoff(spec, 86400001, 1)));
	EXPECT_BAD(ERANGE, "range", WITH(agentsys_spec_set_backoff(spec, 1, 86400001)));
	EXPECT_BAD(EINVAL, "quota", WITH(agentsys_spec_set_cpu(spec, 999, 100000)));
	EXPECT_BAD(EINVAL, "period", WITH(agentsys_spec_set_cpu(spec, 1000, 999)));
	EXPECT_BAD(EINVAL, "period", WITH(agentsys_spec_set_cpu(spec, 1000, 1000001)));
}

TEST_F(bad, policies_of_an_agent)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, good());
	struct agentsys_info before = look(a, id), after;
	struct agentsys_spec *spec;
	uint64_t events;

	skip_events(a);
	events = look_system(a->h).events;
	spec = agentsys_spec_new();
	agentsys_spec_set_restart(spec, __AGENTSYS_RESTARTS);
	EXPECT_REFUSED(a->h, ERANGE, "range", agentsys_set(a->h, id, spec));
	spec = agentsys_spec_new();
	agentsys_spec_set_max_restarts(spec, 1U << 31);
	EXPECT_REFUSED(a->h, ERANGE, "range", agentsys_set(a->h, id, spec));
	spec = agentsys_spec_new();
	agentsys_spec_set_restart(spec, AGENTSYS_RESTART_ALWAYS);
	agentsys_spec_set_backoff(spec, 1, 86400001);
	EXPECT_REFUSED(a->h, ERANGE, "range", agentsys_set(a->h, id, spec));
	after = look(a, id);
	EXPECT_EQ(before.restart, after.restart);
	EXPECT_EQ(before.max_restarts, after.max_restarts);
	EXPECT_EQ(before.backoff_max_ms, after.backoff_max_ms);
	EXPECT_EQ(events, look_system(a->h).events);
}

/* ---- who may ---- */

/*
 * Everything that needs the right, as who is without it. The status is a bit for
 * each that was not refused as it should be.
 */
static int ask_for_everything(struct agentsys *h, uint32_t id)
{
	struct agentsys_info *info;
	int wrong = 0;

#define MUST_NOT(bit, call) do {					\
	if ((call) != -EPERM || !strstr(agentsys_error(h), "CAP_SYS_ADMIN"))	\
		wrong |= 1 << (bit);					\
} while (0)
	MUST_NOT(0, agentsys_spawn(h, SLEEP, AGENTSYS_WAIT, NULL));
	MUST_NOT(1, agentsys_attach(h, getppid(), NULL, AGENTSYS_WAIT, NULL));
	MUST_NOT(2, agentsys_start(h, id, 0));
	MUST_NOT(3, agentsys_stop(h, id, 0, 0));
	MUST_NOT(4, agentsys_kill(h, id, 0));
	MUST_NOT(5, agentsys_restart(h, id, 0, 0));
	MUST_NOT(6, agentsys_pause(h, id));
	MUST_NOT(7, agentsys_resume(h, id));
	MUST_NOT(8, agentsys_remove(h, id));
	MUST_NOT(9, agentsys_set(h, id, restarting(agentsys_spec_new(), 1, 1, 1, 1)));
	MUST_NOT(10, agentsys_shutdown(h, 0, 0, NULL, NULL));
	/* Looking is for everyone. */
	if (agentsys_get(h, id, &info))
		wrong |= 1 << 11;
	return wrong;
}

enum who { NOBODY, ROOT_OF_A_NAMESPACE, NOBODY_WITH_ROOTS_SOCKET, ROOT_WITH_NOBODYS_SOCKET };

static bool drop(void)
{
	return setresgid(USER, USER, USER) || setresuid(USER, USER, USER);
}

static int ask_as(enum who who, uint32_t id)
{
	int ends[2], status, wrong = -1;
	pid_t pid;

	MUST(!pipe2(ends, O_CLOEXEC));
	pid = fork();
	if (!pid) {
		struct agentsys *h;

		if (who == NOBODY_WITH_ROOTS_SOCKET)
			MUST(!agentsys_open(&h));
		if (who == ROOT_WITH_NOBODYS_SOCKET)
			MUST(!setegid(USER) && !seteuid(USER));
		else
			MUST(!drop());
		if (who == ROOT_OF_A_NAMESPACE)
			MUST(!unshare(CLONE_NEWUSER));
		if (who != NOBODY_WITH_ROOTS_SOCKET)
			MUST(!agentsys_open(&h));
		if (who == ROOT_WITH_NOBODYS_SOCKET)
			MUST(!seteuid(0) && !setegid(0));
		wrong = ask_for_everything(h, id);
		_exit(write(ends[1], &wrong, sizeof(wrong)) != sizeof(wrong));
	}
	close(ends[1]);
	MUST(waitpid(pid, &status, 0) == pid);
	if (status || read(ends[0], &wrong, sizeof(wrong)) != sizeof(wrong))
		wrong = -1;
	close(ends[0]);
	return wrong;
}

TEST_F(bad, who_may_not)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, good());
	struct agentsys_system before;
	pid_t pid = look(a, id).pid;

	skip_events(a);
	before = look_system(a->h);
	EXPECT_EQ(0, ask_as(NOBODY, id));
	EXPECT_EQ(0, ask_as(ROOT_OF_A_NAMESPACE, id));
	EXPECT_EQ(0, ask_as(NOBODY_WITH_ROOTS_SOCKET, id));
	EXPECT_EQ(0, ask_as(ROOT_WITH_NOBODYS_SOCKET, id));
	EXPECT_EQ(before.events, look_system(a->h).events);
	EXPECT_EQ(before.agents, look_system(a->h).agents);
	EXPECT_EQ(pid, look(a, id).pid);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
}

TEST_HARNESS_MAIN
