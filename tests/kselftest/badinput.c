// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is refused: with which errno, at which step, in which words; and that
 * nothing is left of it.
 *
 * vm: timeout=120
 */
#include "kselftest_harness.h"
#include "lib/agents.h"

#include <linux/agentsys_netlink.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <sched.h>
#include <sys/prctl.h>
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

static bool nothing_is_left(struct agents *a, const struct agentsys_system *before)
{
	struct agentsys_system now = look_system(a->h);

	if (now.agents == before->agents && now.active == before->active &&
	    now.spawns == before->spawns && now.exits == before->exits &&
	    now.crashes == before->crashes && now.faults == before->faults &&
	    now.restarts == before->restarts && !count_cgroups())
		return true;
	fprintf(stderr, "# left: %d records, %d live, %d cgroups\n",
		(int)(now.agents - before->agents), (int)(now.active - before->active),
		count_cgroups());
	return false;
}

/* A spec that would do. */
static struct agentsys_spec *good(void)
{
	return SLEEP;
}

/* ---- launches that fail ---- */

static struct agentsys_spec *missing(void)
{
	return SPEC("/bin/there-is-none");
}

static struct agentsys_spec *missing_in_path(void)
{
	return SPEC("there-is-none");
}

static struct agentsys_spec *path_through_a_file(void)
{
	return SPEC("/bin/busybox/sleep");
}

static struct agentsys_spec *not_executable(void)
{
	make_file(WORK "/data", "data", 0644);
	return SPEC(WORK "/data");
}

static struct agentsys_spec *a_directory(void)
{
	return SPEC("/bin");
}

static struct agentsys_spec *bad_interpreter(void)
{
	make_file(WORK "/script", "#!/bin/there-is-none\n", 0755);
	return SPEC(WORK "/script");
}

static struct agentsys_spec *not_a_program(void)
{
	make_file(WORK "/text", "echo hello\n", 0755);
	return SPEC(WORK "/text");
}

static struct agentsys_spec *not_for_this_user(void)
{
	struct agentsys_spec *spec = SPEC(WORK "/mine");

	make_file(WORK "/mine", "#!/bin/sh\n", 0700);
	agentsys_spec_set_uid(spec, USER);
	agentsys_spec_set_gid(spec, USER);
	return spec;
}

static struct agentsys_spec *cwd_missing(void)
{
	struct agentsys_spec *spec = good();

	agentsys_spec_set_cwd(spec, WORK "/nowhere");
	return spec;
}

static struct agentsys_spec *cwd_is_a_file(void)
{
	struct agentsys_spec *spec = good();

	agentsys_spec_set_cwd(spec, "/bin/busybox");
	return spec;
}

static struct agentsys_spec *cwd_not_for_this_user(void)
{
	struct agentsys_spec *spec = good();

	mkdir(WORK "/private", 0700);
	agentsys_spec_set_cwd(spec, WORK "/private");
	agentsys_spec_set_uid(spec, USER);
	agentsys_spec_set_gid(spec, USER);
	return spec;
}

static struct agentsys_spec *stdio(int n, const char *path)
{
	struct agentsys_spec *spec = good();

	agentsys_spec_set_stdio_path(spec, n, path);
	return spec;
}

static struct agentsys_spec *stdin_missing(void)
{
	return stdio(0, WORK "/nothing");
}

static struct agentsys_spec *stdout_folder_missing(void)
{
	return stdio(1, WORK "/nowhere/out");
}

static struct agentsys_spec *stdout_is_a_directory(void)
{
	return stdio(1, "/tmp");
}

static struct agentsys_spec *stderr_folder_missing(void)
{
	return stdio(2, WORK "/nowhere/err");
}

/* What its user may not write, by a link that its user could have made. */
static struct agentsys_spec *stdout_behind_a_link(void)
{
	struct agentsys_spec *spec = stdio(1, WORK "/link");

	make_file(WORK "/secret", "", 0600);
	unlink(WORK "/link");
	MUST(!symlink(WORK "/secret", WORK "/link"));
	agentsys_spec_set_uid(spec, USER);
	agentsys_spec_set_gid(spec, USER);
	return spec;
}

static struct agentsys_spec *too_many_descriptors(void)
{
	struct agentsys_spec *spec = good();

	/* Above fs.nr_open. */
	agentsys_spec_set_rlimit(spec, RLIMIT_NOFILE, 10, UINT64_MAX);
	return spec;
}

static struct agentsys_spec *limit_that_the_kernel_refuses(void)
{
	struct agentsys_spec *spec = good();

	agentsys_spec_set_pids_max(spec, UINT64_MAX);
	return spec;
}

/* What a terminal must not be sent, in a text that is UTF-8. */
static struct agentsys_spec *any_bytes(void)
{
	return SPEC("/there/\xff\x1b[1m\xc3");
}

/* A character of two bytes is where the text is cut. */
static struct agentsys_spec *long_path(void)
{
	char path[242] = "/";

	for (int i = 0; i < 120; i++)
		strcat(path, "\xc3\xa9");
	return SPEC(path);
}

static const struct failure {
	const char *what;
	struct agentsys_spec *(*make)(void);
	int error;
	enum agentsys_step step;
	const char *words;
} failures[] = {
	{ "missing", missing, ENOENT, AGENTSYS_STEP_EXEC, "/bin/there-is-none" },
	{ "any bytes", any_bytes, ENOENT, AGENTSYS_STEP_EXEC, "\"/there/??[1m?\"" },
	{ "a long path", long_path, ENOENT, AGENTSYS_STEP_EXEC, "\xc3\xa9?\"" },
	{ "missing in path", missing_in_path, ENOENT, AGENTSYS_STEP_EXEC, "there-is-none" },
	{ "path through a file", path_through_a_file, ENOTDIR, AGENTSYS_STEP_EXEC,
	  "busybox/sleep" },
	{ "not executable", not_executable, EACCES, AGENTSYS_STEP_EXEC, WORK "/data" },
	{ "a directory", a_directory, EACCES, AGENTSYS_STEP_EXEC, "/bin" },
	{ "bad interpreter", bad_interpreter, ENOENT, AGENTSYS_STEP_EXEC, WORK "/script" },
	{ "not a program", not_a_program, ENOEXEC, AGENTSYS_STEP_EXEC, WORK "/text" },
	{ "not for this user", not_for_this_user, EACCES, AGENTSYS_STEP_EXEC, WORK "/mine" },
	{ "cwd missing", cwd_missing, ENOENT, AGENTSYS_STEP_CWD, "working directory" },
	{ "cwd is a file", cwd_is_a_file, ENOTDIR, AGENTSYS_STEP_CWD, "working directory" },
	{ "cwd not for this user", cwd_not_for_this_user, EACCES, AGENTSYS_STEP_CWD,
	  "working directory" },
	{ "stdin missing", stdin_missing, ENOENT, AGENTSYS_STEP_STDIN, "standard input" },
	{ "stdout folder missing", stdout_folder_missing, ENOENT, AGENTSYS_STEP_STDOUT,
	  "standard output" },
	{ "stdout is a directory", stdout_is_a_directory, EISDIR, AGENTSYS_STEP_STDOUT,
	  "standard output" },
	{ "stderr folder missing", stderr_folder_missing, ENOENT, AGENTSYS_STEP_STDERR,
	  "standard error" },
	{ "stdout behind a link", stdout_behind_a_link, EACCES, AGENTSYS_STEP_STDOUT,
	  "standard output" },
	{ "too many descriptors", too_many_descriptors, EPERM, AGENTSYS_STEP_RLIMIT,
	  "resource limits" },
	{ "limit that the kernel refuses", limit_that_the_kernel_refuses, ERANGE,
	  AGENTSYS_STEP_LIMITS, "limits" },
};

TEST_F(bad, launch_that_fails_is_told_to_who_waits_and_forgotten)
{
	struct agents *a = &self->a;

	for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
		const struct failure *failure = &failures[i];
		struct agentsys_spec *spec = failure->make();
		uint32_t id;
		int ret;

		/* Twice: nothing is in the way of another try under the same id. */
		agentsys_spec_set_id(spec, 300 + i);
		for (int try = 0; try < 2; try++) {
			ret = agentsys_spawn(a->h, spec, AGENTSYS_WAIT, &id);
			EXPECT_EQ(-failure->error, ret)
				TH_LOG("%s: %s", failure->what, agentsys_error(a->h));
			EXPECT_EQ(failure->step, agentsys_error_step(a->h))
				TH_LOG("%s: %s", failure->what, agentsys_error(a->h));
			EXPECT_EQ(300 + i, id);
			EXPECT_NE(NULL, strstr(agentsys_error(a->h), failure->words))
				TH_LOG("%s: %s", failure->what, agentsys_error(a->h));
			EXPECT_NE(NULL, strstr(agentsys_error(a->h), strerror(failure->error)))
				TH_LOG("%s: %s", failure->what, agentsys_error(a->h));
		}
	}
	EXPECT_TRUE(nothing_is_left(a, &self->before));
}

/* Nobody waits for the answer, so the record is where it is to be found. */
TEST_F(bad, launch_that_fails_unwatched_is_kept_as_failed)
{
	struct agents *a = &self->a;
	struct agentsys_event event;
	struct agentsys_info info;
	uint32_t id;

	ASSERT_OK(a->h, agentsys_spawn(a->h, missing(), 0, &id));
	event = NEXT(a, id, LAUNCH_FAILED);
	EXPECT_EQ(ENOENT, event.code);
	EXPECT_EQ(AGENTSYS_STEP_EXEC, event.value);
	NEXT(a, id, FAILED);
	info = look(a, id);
	EXPECT_EQ(AGENTSYS_FAILED, info.state);
	EXPECT_EQ(AGENTSYS_CAUSE_LAUNCH, info.cause);
	EXPECT_EQ(ENOENT, info.code);
	EXPECT_EQ(0, info.spawns);
	EXPECT_EQ(0, info.exits);
	EXPECT_TRUE(AWAIT(!cgroup_exists(id)));
	/* Started by hand it fails in the same way, and stays: it has a history now. */
	EXPECT_EQ(-ENOENT, agentsys_start(a->h, id, AGENTSYS_WAIT));
	EXPECT_EQ(AGENTSYS_STEP_EXEC, agentsys_error_step(a->h));
	EXPECT_EQ(AGENTSYS_FAILED, look(a, id).state);
	EXPECT_EQ(0, look_system(a->h).active);
}

/* The program goes away while it runs: its restarts fail, and that is a reason to try again. */
TEST_F(bad, relaunch_that_fails_counts_as_a_restart)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC(WORK "/program");
	struct agentsys_event event;
	uint32_t id;
	int in;

	make_file(WORK "/program", "#!/bin/sh\nread line\nexit 1\n", 0755);
	in = piped(spec, 0);
	id = SPAWN(a, restarting(spec, AGENTSYS_RESTART_ON_FAILURE, 3, 0, 0));
	ASSERT_EQ(0, unlink(WORK "/program"));
	ASSERT_EQ(1, write(in, "\n", 1));
	NEXT(a, id, SPAWN);
	NEXT(a, id, CRASH);
	for (int n = 1; n <= 3; n++) {
		EXPECT_EQ(n, NEXT(a, id, RESTART_SCHEDULED).code);
		event = NEXT(a, id, LAUNCH_FAILED);
		EXPECT_EQ(ENOENT, event.code);
		EXPECT_EQ(n + 1, event.instance);
	}
	NEXT(a, id, FAILED);
	EXPECT_EQ(AGENTSYS_CAUSE_LAUNCH, look(a, id).cause);
	EXPECT_EQ(3, look(a, id).restarts);
	EXPECT_EQ(1, look(a, id).spawns);
	EXPECT_EQ(1, look(a, id).exits);
}

/* ---- refused at once ---- */

#define EXPECT_BAD(error, words, spec) do {				\
	uint32_t __id = 1;						\
									\
	EXPECT_REFUSED(a->h, error, words, agentsys_spawn(a->h, spec, AGENTSYS_WAIT, &__id));	\
	EXPECT_EQ(0, __id);						\
	EXPECT_EQ(AGENTSYS_STEP_NONE, agentsys_error_step(a->h));	\
	EXPECT_REFUSED(a->h, error, words, agentsys_spawn(a->h, spec, 0, NULL));	\
	EXPECT_TRUE(nothing_is_left(a, &self->before));			\
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
	EXPECT_TRUE(nothing_is_left(a, &self->before));
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
	EXPECT_BAD(ERANGE, "range", WITH(agentsys_spec_set_restart(spec, 3)));
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
	agentsys_spec_set_restart(spec, 3);
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
