// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an agent is given of its spec, and what it has without one: as the kernel
 * shows the process, and not as the process says. Its descriptors: stdio.c.
 *
 * vm: timeout=120
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/process.h"

#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define USER	1000
#define NOBODY	65534

AGENTS_FIXTURE(spec);

/* Run @act in a child of its own, which may change itself, and be what it returned. */
static int in_child(int (*act)(struct agents *a), struct agents *a)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct agents own = { .seen = a->seen };

		/* A socket is asked for the rights of who opened it too. */
		if (agentsys_open(&own.h))
			_exit(99);
		_exit(act(&own));
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

/* ---- program, arguments, environment ---- */

TEST_F(spec, arguments_arrive_as_they_are)
{
	static const char want[] = "/bin/sh\0-c\0read line\0\0caf\xc3\xa9 \xf0\x9f\xa6\x80\0"
				   "a b\n\tc\0\0\xff\xfe\0";
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC("/bin/sh", "-c", "read line", "",
					  "caf\xc3\xa9 \xf0\x9f\xa6\x80", "a b\n\tc", "", "\xff\xfe");
	char text[512];
	pid_t pid;

	piped(spec, 0);
	pid = PID(a, spec);
	ASSERT_EQ((ssize_t)sizeof(want) - 1, read_proc(pid, "cmdline", text, sizeof(text)));
	EXPECT_EQ(0, memcmp(want, text, sizeof(want) - 1));
}

TEST_F(spec, environment_is_what_was_given_and_nothing_else)
{
	static const char want[] = "A=1\0EMPTY=\0B=two words\0EQUALS=a=b\0NAME=\xc3\xbc\0";
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SLEEP;
	char text[512];
	pid_t pid;

	ASSERT_EQ(0, setenv("OF_THE_CALLER", "1", 1));
	EXPECT_EQ(0, read_proc(PID(a, spec), "environ", text, sizeof(text)));

	ASSERT_EQ(0, agentsys_spec_add_env(spec, "A=0"));
	ASSERT_EQ(0, agentsys_spec_add_env(spec, "EMPTY="));
	ASSERT_EQ(0, agentsys_spec_add_env(spec, "B=two words"));
	ASSERT_EQ(0, agentsys_spec_add_env(spec, "EQUALS=a=b"));
	ASSERT_EQ(0, agentsys_spec_add_env(spec, "NAME=\xc3\xbc"));
	ASSERT_EQ(0, agentsys_spec_add_env(spec, "A=1"));
	pid = PID(a, spec);
	ASSERT_EQ((ssize_t)sizeof(want) - 1, read_proc(pid, "environ", text, sizeof(text)));
	EXPECT_EQ(0, memcmp(want, text, sizeof(want) - 1));
}

TEST_F(spec, a_name_is_searched_for_in_the_path)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC("sleep", "1000000");
	char text[64];
	pid_t pid = PID(a, spec);

	EXPECT_STREQ("/usr/bin/busybox", link_of(pid, "exe"));
	EXPECT_GT(read_proc(pid, "cmdline", text, sizeof(text)), 0);
	EXPECT_STREQ("sleep", text);

	/* In the agent's own, in order. */
	ASSERT_EQ(0, mkdir(WORK "/first", 0755));
	make_file(WORK "/first/sleep", "#!/bin/sh\nexec /bin/cat\n", 0755);
	ASSERT_EQ(0, agentsys_spec_add_env(spec, "PATH=/nowhere:" WORK "/first:/bin"));
	piped(spec, 0);
	pid = PID(a, spec);
	ASSERT_TRUE(AWAIT(read_proc(pid, "comm", text, sizeof(text)) > 0 &&
			  !strcmp(text, "cat\n")));
}

TEST_F(spec, the_largest_that_is_taken)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC("/bin/sh", "-c", "read line");
	static char argument[AGENTSYS_STR_MAX + 1];
	static char text[AGENTSYS_SPEC_MAX];
	char variable[32];
	pid_t pid;

	memset(argument, 'x', AGENTSYS_STR_MAX);
	ASSERT_EQ(0, agentsys_spec_add_arg(spec, argument));
	for (int i = 4; i < AGENTSYS_ARGS_MAX; i++)
		ASSERT_EQ(0, agentsys_spec_add_arg(spec, i % 2 ? "y" : ""));
	for (int i = 0; i < AGENTSYS_ARGS_MAX; i++) {
		snprintf(variable, sizeof(variable), "V%d=%d", i, i);
		ASSERT_EQ(0, agentsys_spec_add_env(spec, variable));
	}
	piped(spec, 0);
	pid = PID(a, spec);
	EXPECT_EQ(8 + 3 + 10 + AGENTSYS_STR_MAX + 1 + (AGENTSYS_ARGS_MAX - 4) / 2 * 3,
		  read_proc(pid, "cmdline", text, sizeof(text)));
	EXPECT_GT(read_proc(pid, "environ", text, sizeof(text)), AGENTSYS_ARGS_MAX * 6);
	snprintf(variable, sizeof(variable), "V%d=%d", AGENTSYS_ARGS_MAX - 1,
		 AGENTSYS_ARGS_MAX - 1);
	EXPECT_NE(NULL, memmem(text, sizeof(text), variable, strlen(variable) + 1));
}

TEST_F(spec, a_script_runs)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC(WORK "/script", "one");
	int out = piped(spec, 1);

	make_file(WORK "/script", "#!/bin/sh\necho \"$0 $1\"\n", 0755);
	SPAWN(a, spec);
	EXPECT_LINE(WORK "/script one", out);
}

TEST_F(spec, working_directory)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SLEEP;

	EXPECT_STREQ("/", link_of(PID(a, spec), "cwd"));
	ASSERT_EQ(0, mkdir(WORK "/a b \xc3\xbc", 0755));
	ASSERT_EQ(0, agentsys_spec_set_cwd(spec, WORK "/a b \xc3\xbc"));
	EXPECT_STREQ(WORK "/a b \xc3\xbc", link_of(PID(a, spec), "cwd"));
}

TEST_F(spec, name_and_id)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SLEEP;
	char want[AGENTSYS_NAME_MAX + 1];
	uint32_t id;

	id = SPAWN(a, spec);
	EXPECT_GE(id, AGENTSYS_ID_AUTO);
	snprintf(want, sizeof(want), "agent-%u", id);
	EXPECT_STREQ(want, look(a, id).name);

	agentsys_spec_set_id(spec, AGENTSYS_ID_MAX);
	ASSERT_EQ(0, agentsys_spec_set_name(spec, "name with \xc3\xbc and \"quotes\""));
	ASSERT_EQ(AGENTSYS_ID_MAX, SPAWN(a, spec));
	EXPECT_STREQ("name with \xc3\xbc and \"quotes\"", look(a, AGENTSYS_ID_MAX).name);
	EXPECT_TRUE(in_agent(look(a, AGENTSYS_ID_MAX).pid, AGENTSYS_ID_MAX));

	agentsys_spec_set_id(spec, AGENTSYS_ID_MIN);
	memset(want, 'x', sizeof(want) - 1);
	want[sizeof(want) - 1] = '\0';
	ASSERT_EQ(0, agentsys_spec_set_name(spec, want));
	ASSERT_EQ(AGENTSYS_ID_MIN, SPAWN(a, spec));
	EXPECT_STREQ(want, look(a, AGENTSYS_ID_MIN).name);
}

/* ---- identity ---- */

static void expect_ids(struct __test_metadata *_metadata, pid_t pid, unsigned int uid,
		       unsigned int gid, const char *groups)
{
	char want[64];

	snprintf(want, sizeof(want), "%u\t%u\t%u\t%u", uid, uid, uid, uid);
	EXPECT_STREQ(want, status_of(pid, "Uid"));
	snprintf(want, sizeof(want), "%u\t%u\t%u\t%u", gid, gid, gid, gid);
	EXPECT_STREQ(want, status_of(pid, "Gid"));
	EXPECT_STREQ(groups, status_of(pid, "Groups"));
}

TEST_F(spec, ids_that_are_given)
{
	static const gid_t groups[] = { 5, NOBODY };
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SLEEP;
	pid_t pid;

	agentsys_spec_set_uid(spec, USER);
	agentsys_spec_set_gid(spec, NOBODY);
	pid = PID(a, spec);
	expect_ids(_metadata, pid, USER, NOBODY, "");
	EXPECT_STREQ("0000000000000000", status_of(pid, "CapEff"));
	EXPECT_STREQ("0000000000000000", status_of(pid, "CapPrm"));

	ASSERT_EQ(0, agentsys_spec_set_groups(spec, 2, groups));
	expect_ids(_metadata, PID(a, spec), USER, NOBODY, "5 65534");

	spec = SLEEP;
	agentsys_spec_set_gid(spec, USER);
	expect_ids(_metadata, PID(a, spec), 0, USER, "");
	ASSERT_EQ(0, agentsys_spec_set_groups(spec, 1, groups));
	expect_ids(_metadata, PID(a, spec), 0, USER, "5");
}

static uint32_t shared_id;

/* A caller that is somebody, and may do this all the same. */
static int spawn_as_user(struct agents *a)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = 1 << CAP_SYS_ADMIN, .permitted = 1 << CAP_SYS_ADMIN },
	};
	static const gid_t groups[] = { 5, USER };
	struct agentsys_spec *spec = SLEEP;

	agentsys_close(a->h);
	if (setgroups(2, groups) || setresgid(USER, USER, USER) || prctl(PR_SET_KEEPCAPS, 1) ||
	    setresuid(USER, USER, USER) || syscall(SYS_capset, &header, data) ||
	    agentsys_open(&a->h))
		return 1;
	agentsys_spec_set_id(spec, 500);
	return !!agentsys_spawn(a->h, spec, AGENTSYS_WAIT, &shared_id);
}

TEST_F(spec, default_ids_are_the_callers)
{
	struct agents *a = &self->a;

	expect_ids(_metadata, PID(a, SLEEP), getuid(), getgid(), "");
	ASSERT_EQ(0, in_child(spawn_as_user, a));
	expect_ids(_metadata, look(a, 500).pid, USER, USER, "5 1000");
	EXPECT_STREQ("0000000000000000", status_of(look(a, 500).pid, "CapEff"));
}

TEST_F(spec, no_new_privileges_unless_they_are_allowed)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SLEEP;

	EXPECT_STREQ("1", status_of(PID(a, spec), "NoNewPrivs"));
	agentsys_spec_set_new_privs(spec, true);
	EXPECT_STREQ("0", status_of(PID(a, spec), "NoNewPrivs"));
	agentsys_spec_set_new_privs(spec, false);
	EXPECT_STREQ("1", status_of(PID(a, spec), "NoNewPrivs"));
}

TEST_F(spec, bounding_set)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SLEEP;
	char all[32];
	pid_t pid;

	pid = PID(a, spec);
	strcpy(all, status_of(1, "CapBnd"));
	EXPECT_STREQ(all, status_of(pid, "CapBnd"));
	EXPECT_STREQ(all, status_of(pid, "CapEff"));

	agentsys_spec_set_bounding(spec, 1ULL << CAP_KILL | 1ULL << CAP_SYS_TIME);
	pid = PID(a, spec);
	EXPECT_STREQ("0000000002000020", status_of(pid, "CapBnd"));
	EXPECT_STREQ("0000000002000020", status_of(pid, "CapEff"));

	agentsys_spec_set_bounding(spec, 0);
	agentsys_spec_set_uid(spec, USER);
	agentsys_spec_set_gid(spec, USER);
	EXPECT_STREQ("0000000000000000", status_of(PID(a, spec), "CapBnd"));
}

TEST_F(spec, nothing_else_is_inherited_of_capabilities)
{
	pid_t pid = PID(&self->a, SLEEP);

	EXPECT_STREQ("0000000000000000", status_of(pid, "CapInh"));
	EXPECT_STREQ("0000000000000000", status_of(pid, "CapAmb"));
	EXPECT_STREQ("0", status_of(pid, "Seccomp"));
}

/* ---- limits and priorities ---- */

TEST_F(spec, resource_limits)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SLEEP;
	struct rlimit limit;
	pid_t pid;

	ASSERT_EQ(0, agentsys_spec_set_rlimit(spec, RLIMIT_NOFILE, 100, 200));
	ASSERT_EQ(0, agentsys_spec_set_rlimit(spec, RLIMIT_CORE, 0, UINT64_MAX));
	ASSERT_EQ(0, agentsys_spec_set_rlimit(spec, RLIMIT_CPU, 1234, 5678));
	ASSERT_EQ(0, agentsys_spec_set_rlimit(spec, RLIMIT_NOFILE, 101, 201));
	pid = PID(a, spec);
	ASSERT_EQ(0, prlimit(pid, RLIMIT_NOFILE, NULL, &limit));
	EXPECT_EQ(101, limit.rlim_cur);
	EXPECT_EQ(201, limit.rlim_max);
	ASSERT_EQ(0, prlimit(pid, RLIMIT_CORE, NULL, &limit));
	EXPECT_EQ(0, limit.rlim_cur);
	EXPECT_EQ(RLIM_INFINITY, limit.rlim_max);
	ASSERT_EQ(0, prlimit(pid, RLIMIT_CPU, NULL, &limit));
	EXPECT_EQ(1234, limit.rlim_cur);
	EXPECT_EQ(5678, limit.rlim_max);
}

/* Somebody else's limits, nice value and so on are no agent's business. */
static int spawn_as_somebody_limited(struct agents *a)
{
	struct rlimit limit = { 30, 40 };
	struct agentsys_spec *spec = SLEEP;
	cpu_set_t one;
	sigset_t all;
	int fd;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sigfillset(&all);
	agentsys_spec_set_id(spec, 600);
	if (setrlimit(RLIMIT_NOFILE, &limit) || setpriority(PRIO_PROCESS, 0, 7) ||
	    sched_setaffinity(0, sizeof(one), &one) || sigprocmask(SIG_BLOCK, &all, NULL))
		return 1;
	for (int n = 1; n < 32; n++)
		signal(n, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	umask(077);
	fd = open("/proc/self/oom_score_adj", O_WRONLY);
	MUST(write(fd, "300", 3) == 3);
	return !!agentsys_spawn(a->h, spec, AGENTSYS_WAIT, NULL);
}

TEST_F(spec, nothing_is_inherited_of_the_caller)
{
	struct agents *a = &self->a;
	char text[4096], of_launcher[4096];
	pid_t pid, launcher;
	cpu_set_t cpus;

	ASSERT_EQ(0, in_child(spawn_as_somebody_limited, a));
	pid = look(a, 600).pid;
	launcher = look_system(a->h).launcher_pid;
	EXPECT_GT(read_proc(pid, "limits", text, sizeof(text)), 0);
	EXPECT_GT(read_proc(launcher, "limits", of_launcher, sizeof(of_launcher)), 0);
	EXPECT_STREQ(of_launcher, text);
	EXPECT_EQ(0, getpriority(PRIO_PROCESS, pid));
	EXPECT_EQ(SCHED_OTHER, sched_getscheduler(pid));
	ASSERT_EQ(0, sched_getaffinity(pid, sizeof(cpus), &cpus));
	EXPECT_EQ(sysconf(_SC_NPROCESSORS_ONLN), CPU_COUNT(&cpus));
	EXPECT_GT(read_proc(pid, "oom_score_adj", text, sizeof(text)), 0);
	EXPECT_STREQ("0\n", text);
	EXPECT_STREQ("0022", status_of(pid, "Umask"));
	EXPECT_GT(read_proc(pid, "personality", text, sizeof(text)), 0);
	EXPECT_STREQ("00000000\n", text);
}

TEST_F(spec, signals_are_as_they_come)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC(program("actor"), "wait-child");
	int out = piped(spec, 1);
	pid_t pid;

	ASSERT_EQ(0, in_child(spawn_as_somebody_limited, a));
	pid = look(a, 600).pid;
	EXPECT_STREQ("0000000000000000", status_of(pid, "SigBlk"));
	EXPECT_STREQ("0000000000000000", status_of(pid, "SigIgn"));
	EXPECT_STREQ("0000000000000000", status_of(pid, "SigCgt"));
	EXPECT_STREQ("0000000000000000", status_of(pid, "SigPnd"));
	EXPECT_STREQ("0000000000000000", status_of(pid, "ShdPnd"));
	/* And in practice: who has children sees them end. */
	SPAWN(a, spec);
	EXPECT_LINE("ready", out);
}

TEST_F(spec, nice_and_oom_score)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SLEEP;
	char text[32];
	pid_t pid;

	agentsys_spec_set_nice(spec, 19);
	agentsys_spec_set_oom_score_adj(spec, 1000);
	pid = PID(a, spec);
	EXPECT_EQ(19, getpriority(PRIO_PROCESS, pid));
	EXPECT_GT(read_proc(pid, "oom_score_adj", text, sizeof(text)), 0);
	EXPECT_STREQ("1000\n", text);

	/* What only root may set, for somebody who is not. */
	agentsys_spec_set_nice(spec, -20);
	agentsys_spec_set_oom_score_adj(spec, -1000);
	agentsys_spec_set_uid(spec, USER);
	agentsys_spec_set_gid(spec, USER);
	pid = PID(a, spec);
	EXPECT_EQ(-20, getpriority(PRIO_PROCESS, pid));
	EXPECT_GT(read_proc(pid, "oom_score_adj", text, sizeof(text)), 0);
	EXPECT_STREQ("-1000\n", text);
}

/* ---- where it runs ---- */

TEST_F(spec, session_and_process_group_are_its_own)
{
	pid_t pid = PID(&self->a, SLEEP);

	EXPECT_EQ(pid, stat_of(pid, 5));
	EXPECT_EQ(pid, stat_of(pid, 6));
	EXPECT_EQ(0, stat_of(pid, 7));	/* no terminal */
}

TEST_F(spec, cgroup_and_namespaces)
{
	static const char *const kinds[] = {
		"ns/mnt", "ns/pid", "ns/net", "ns/ipc", "ns/uts", "ns/user", "ns/cgroup"
	};
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, SLEEP);
	pid_t pid = look(a, id).pid;
	struct agentsys_info *info;
	char want[64];

	EXPECT_TRUE(in_agent(pid, id));
	ASSERT_EQ(0, agentsys_get(a->h, id, &info));
	snprintf(want, sizeof(want), "/agentsys/%u", id);
	EXPECT_STREQ(want, info->cgroup);
	agentsys_info_free(info);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		char *first = strdup(link_of(1, kinds[i]));

		EXPECT_STREQ(first, link_of(pid, kinds[i]));
	}
}

TEST_HARNESS_MAIN
