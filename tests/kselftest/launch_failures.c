// SPDX-License-Identifier: GPL-2.0-only
/*
 * Launches that fail: with which errno, at which step, in which words; and that
 * nothing is left of it.
 *
 * vm: timeout=120
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/ending.h"

#include <sys/resource.h>

#define USER	1000

FIXTURE(launch) {
	struct agents a;
	struct agentsys_system before;
};

/* No agent lives while something is refused: what there is afterwards came of that. */
FIXTURE_SETUP(launch)
{
	agents_open(_metadata, &self->a);
	self->before = look_system(self->a.h);
	ASSERT_EQ(0, self->before.agents);
	ASSERT_EQ(0, self->before.active);
}

FIXTURE_TEARDOWN(launch)
{
	agents_close(&self->a);
}

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
	struct agentsys_spec *spec = SLEEP;

	agentsys_spec_set_cwd(spec, WORK "/nowhere");
	return spec;
}

static struct agentsys_spec *cwd_is_a_file(void)
{
	struct agentsys_spec *spec = SLEEP;

	agentsys_spec_set_cwd(spec, "/bin/busybox");
	return spec;
}

static struct agentsys_spec *cwd_not_for_this_user(void)
{
	struct agentsys_spec *spec = SLEEP;

	mkdir(WORK "/private", 0700);
	agentsys_spec_set_cwd(spec, WORK "/private");
	agentsys_spec_set_uid(spec, USER);
	agentsys_spec_set_gid(spec, USER);
	return spec;
}

static struct agentsys_spec *stdio(int n, const char *path)
{
	struct agentsys_spec *spec = SLEEP;

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
	struct agentsys_spec *spec = SLEEP;

	/* Above fs.nr_open. */
	agentsys_spec_set_rlimit(spec, RLIMIT_NOFILE, 10, UINT64_MAX);
	return spec;
}

static struct agentsys_spec *limit_that_the_kernel_refuses(void)
{
	struct agentsys_spec *spec = SLEEP;

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

TEST_F(launch, that_fails_is_told_to_who_waits_and_forgotten)
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
	EXPECT_TRUE(as_before(a, &self->before));
}

/* Nobody waits for the answer, so the record is where it is to be found. */
TEST_F(launch, that_fails_unwatched_is_kept_as_failed)
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
TEST_F(launch, relaunch_that_fails_counts_as_a_restart)
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

TEST_HARNESS_MAIN
