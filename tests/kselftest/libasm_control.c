// SPDX-License-Identifier: GPL-2.0-only
/* vm: timeout=120 */
/* libasm: requests, waits, specs of every size, and the words with which something is refused. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include <libasm.h>

FIXTURE(conn)
{
	struct agentsys *h;
	struct agentsys_spec *spec;
};

static void clear_groups(struct agentsys *h)
{
	struct agentsys_group **list;
	ssize_t n = agentsys_group_list(h, &list);

	for (ssize_t i = n - 1; i > 0; i--)	/* the first one is root */
		agentsys_group_del(h, list[i]->name);
	if (n >= 0)
		agentsys_group_list_free(list);
}

static void clear(struct agentsys *h)
{
	struct agentsys_info **list;
	ssize_t n = agentsys_list(h, &list);

	for (ssize_t i = 0; i < n; i++) {
		agentsys_kill(h, list[i]->id, AGENTSYS_WAIT);
		agentsys_remove(h, list[i]->id);
	}
	if (n >= 0)
		agentsys_list_free(list);
	clear_groups(h);
}

FIXTURE_SETUP(conn)
{
	ASSERT_EQ(0, agentsys_open(&self->h));
	self->spec = agentsys_spec_new();
	ASSERT_NE(NULL, self->spec);
	clear(self->h);
}

FIXTURE_TEARDOWN(conn)
{
	clear(self->h);
	agentsys_spec_free(self->spec);
	agentsys_close(self->h);
}

static void set_shell(struct agentsys_spec *spec, const char *script)
{
	const char *args[] = { "/bin/sh", "-c", script, NULL };

	agentsys_spec_set_args(spec, args);
}

static uint32_t state_of(struct agentsys *h, uint32_t id)
{
	struct agentsys_info *info;
	uint32_t state;

	if (agentsys_get(h, id, &info))
		return UINT32_MAX;
	state = info->state;
	agentsys_info_free(info);
	return state;
}

/* ---- life ---- */

TEST_F(conn, life)
{
	struct agentsys_info *info;
	uint32_t id = 0;
	pid_t first;

	agentsys_spec_add_arg(self->spec, "/bin/sleep");
	agentsys_spec_add_arg(self->spec, "1000");
	agentsys_spec_set_id(self->spec, 200);
	agentsys_spec_set_name(self->spec, "subject");
	ASSERT_EQ(0, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, &id));
	ASSERT_EQ(200, id);
	ASSERT_EQ(0, agentsys_get(self->h, id, &info));
	EXPECT_STREQ("subject", info->name);
	EXPECT_STREQ("/agentsys/200", info->cgroup);
	EXPECT_EQ(AGENTSYS_ACTIVE, info->state);
	EXPECT_EQ(1, info->spawns);
	EXPECT_EQ(1, info->instance);
	EXPECT_EQ(SIGTERM, info->stop_signal);
	EXPECT_EQ(10000, info->stop_timeout_ms);
	EXPECT_EQ(AGENTSYS_RESTART_NEVER, info->restart);
	EXPECT_NE(0, info->start_time);
	first = info->pid;
	EXPECT_EQ(0, kill(first, 0));
	agentsys_info_free(info);

	EXPECT_EQ(0, agentsys_pause(self->h, id));
	ASSERT_EQ(0, agentsys_get(self->h, id, &info));
	EXPECT_TRUE(info->flags & AGENTSYS_AGENT_PAUSED);
	agentsys_info_free(info);
	EXPECT_EQ(0, agentsys_resume(self->h, id));

	EXPECT_EQ(0, agentsys_restart(self->h, id, AGENTSYS_DEFAULT_TIMEOUT, AGENTSYS_WAIT));
	ASSERT_EQ(0, agentsys_get(self->h, id, &info));
	EXPECT_NE(first, (pid_t)info->pid);
	EXPECT_EQ(2, info->instance);
	EXPECT_EQ(AGENTSYS_CAUSE_RESTART, info->cause);
	agentsys_info_free(info);

	EXPECT_EQ(0, agentsys_stop(self->h, id, 5000, AGENTSYS_WAIT));
	EXPECT_EQ(AGENTSYS_EXITED, state_of(self->h, id));
	EXPECT_EQ(0, agentsys_start(self->h, id, AGENTSYS_WAIT));
	EXPECT_EQ(AGENTSYS_ACTIVE, state_of(self->h, id));
	EXPECT_EQ(0, agentsys_kill(self->h, id, AGENTSYS_WAIT));
	EXPECT_EQ(AGENTSYS_EXITED, state_of(self->h, id));
	EXPECT_EQ(0, agentsys_remove(self->h, id));
	EXPECT_EQ(-ESRCH, agentsys_get(self->h, id, &info));
	EXPECT_EQ(NULL, info);
}

TEST_F(conn, no_wait)
{
	uint32_t id = 0;

	set_shell(self->spec, "sleep 1000");
	ASSERT_EQ(0, agentsys_spawn(self->h, self->spec, 0, &id));
	EXPECT_GE(id, AGENTSYS_ID_AUTO);
	EXPECT_EQ(0, agentsys_stop(self->h, id, 0, 0));
	EXPECT_EQ(0, agentsys_stop(self->h, id, 0, AGENTSYS_WAIT));
	EXPECT_EQ(AGENTSYS_EXITED, state_of(self->h, id));
}

TEST_F(conn, words)
{
	struct agentsys_info *info;
	uint32_t id = 77;

	EXPECT_EQ(-EINVAL, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, &id));
	EXPECT_STREQ("no program to run", agentsys_error(self->h));
	EXPECT_EQ(0, id);

	agentsys_spec_add_arg(self->spec, "/no/such/program");
	EXPECT_EQ(-ENOENT, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, &id));
	EXPECT_EQ(AGENTSYS_STEP_EXEC, agentsys_error_step(self->h));
	EXPECT_STREQ("cannot execute the program \"/no/such/program\": No such file or directory",
		     agentsys_error(self->h));
	EXPECT_NE(0, id);
	/* Whoever waited knows, so it is forgotten, once its cgroup is gone. */
	for (int i = 0; i < 500 && !agentsys_get(self->h, id, &info); i++) {
		agentsys_info_free(info);
		usleep(10000);
	}
	EXPECT_EQ(-ESRCH, agentsys_get(self->h, id, &info));
	EXPECT_EQ(AGENTSYS_STEP_NONE, agentsys_error_step(self->h));
	EXPECT_STREQ("no such agent", agentsys_error(self->h));

	set_shell(self->spec, "sleep 1000");
	agentsys_spec_set_cwd(self->spec, "/no/such/directory");
	EXPECT_EQ(-ENOENT, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, NULL));
	EXPECT_EQ(AGENTSYS_STEP_CWD, agentsys_error_step(self->h));
	agentsys_spec_set_cwd(self->spec, "relative");
	EXPECT_EQ(-EINVAL, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, NULL));
	EXPECT_STREQ("the working directory is not an absolute path", agentsys_error(self->h));
	agentsys_spec_set_cwd(self->spec, "/");
	agentsys_spec_set_stdio_path(self->spec, 0, "/no/such/file");
	EXPECT_EQ(-ENOENT, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, NULL));
	EXPECT_EQ(AGENTSYS_STEP_STDIN, agentsys_error_step(self->h));
	agentsys_spec_set_stdio_path(self->spec, 0, NULL);
	agentsys_spec_set_stdio_fd(self->spec, 1, 999);
	EXPECT_EQ(-EBADF, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, NULL));
	agentsys_spec_set_stdio_path(self->spec, 1, NULL);

	agentsys_spec_set_id(self->spec, 300);
	ASSERT_EQ(0, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, &id));
	EXPECT_EQ(-EEXIST, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, NULL));
	EXPECT_EQ(-EALREADY, agentsys_start(self->h, 300, 0));
	EXPECT_EQ(-EBUSY, agentsys_remove(self->h, 300));
	EXPECT_EQ(-ESRCH, agentsys_stop(self->h, 301, 0, AGENTSYS_WAIT));
	/* Ids that cannot be are refused before they are looked for. */
	EXPECT_EQ(-ERANGE, agentsys_stop(self->h, AGENTSYS_ID_MAX + 1U, 0, AGENTSYS_WAIT));
}

TEST_F(conn, refused_to_others)
{
	pid_t child = fork();
	int status;

	if (!child) {
		struct agentsys *h;
		struct agentsys_info **list;

		if (setuid(1000) || agentsys_open(&h))
			_exit(1);
		if (agentsys_list(h, &list) < 0)
			_exit(2);
		if (agentsys_stop(h, 300, 0, 0) != -EPERM)
			_exit(3);
		if (!strstr(agentsys_error(h), "CAP_SYS_ADMIN"))
			_exit(4);
		_exit(0);
	}
	waitpid(child, &status, 0);
	EXPECT_EQ(0, status);
}

/* ---- specs ---- */

static void read_all(int fd, char *buf, size_t size)
{
	size_t n = 0;
	ssize_t got;

	while (n < size - 1 && (got = read(fd, buf + n, size - 1 - n)) > 0)
		n += got;
	buf[n] = '\0';
}

TEST_F(conn, everything_of_a_spec)
{
	const char *env[] = { "A=1", "B=two words", "A=3", NULL };
	struct agentsys_info *info;
	gid_t groups[] = { 2001, 2002 };
	char buf[4096];
	uint32_t id;
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	set_shell(self->spec,
		  "echo $A,$B; pwd; id -u; id -g; id -G; ulimit -n; ulimit -Hn; cut -d' ' -f19 /proc/self/stat;"
		  "cat /proc/self/oom_score_adj; grep -E '^(CapBnd|NoNewPrivs)' /proc/self/status");
	ASSERT_EQ(0, agentsys_spec_set_env(self->spec, env));
	ASSERT_EQ(0, agentsys_spec_add_env(self->spec, "PATH=/bin:/usr/bin"));
	agentsys_spec_set_cwd(self->spec, "/usr");
	agentsys_spec_set_uid(self->spec, 1000);
	agentsys_spec_set_gid(self->spec, 1001);
	ASSERT_EQ(0, agentsys_spec_set_groups(self->spec, 2, groups));
	ASSERT_EQ(0, agentsys_spec_set_rlimit(self->spec, RLIMIT_NOFILE, 1, 2));
	ASSERT_EQ(0, agentsys_spec_set_rlimit(self->spec, RLIMIT_NOFILE, 70, 80));
	agentsys_spec_set_nice(self->spec, 3);
	agentsys_spec_set_oom_score_adj(self->spec, 55);
	agentsys_spec_set_bounding(self->spec, 0x400);
	ASSERT_EQ(0, agentsys_spec_set_stdio_fd(self->spec, 1, fds[1]));
	agentsys_spec_set_stop_signal(self->spec, SIGINT);
	agentsys_spec_set_stop_timeout(self->spec, 1234);
	agentsys_spec_set_restart(self->spec, AGENTSYS_RESTART_ON_FAILURE);
	agentsys_spec_set_max_restarts(self->spec, 4);
	agentsys_spec_set_backoff(self->spec, 11, 22);
	agentsys_spec_set_memory_max(self->spec, 128 << 20);
	agentsys_spec_set_memory_high(self->spec, 64 << 20);
	agentsys_spec_set_cpu(self->spec, 30000, 60000);
	agentsys_spec_set_pids_max(self->spec, 33);
	ASSERT_EQ(0, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, &id))
		TH_LOG("%s", agentsys_error(self->h));
	close(fds[1]);

	ASSERT_EQ(0, agentsys_get(self->h, id, &info));
	EXPECT_EQ(SIGINT, info->stop_signal);
	EXPECT_EQ(1234, info->stop_timeout_ms);
	EXPECT_EQ(AGENTSYS_RESTART_ON_FAILURE, info->restart);
	EXPECT_EQ(4, info->max_restarts);
	EXPECT_EQ(11, info->backoff_initial_ms);
	EXPECT_EQ(22, info->backoff_max_ms);
	EXPECT_EQ(128 << 20, info->memory_max);
	EXPECT_EQ(64 << 20, info->memory_high);
	EXPECT_EQ(30000, info->cpu_quota_us);
	EXPECT_EQ(60000, info->cpu_period_us);
	EXPECT_EQ(33, info->pids_max);
	agentsys_info_free(info);

	/* The record keeps the writing end: it is removed, once the agent has ended. */
	while (state_of(self->h, id) != AGENTSYS_EXITED)
		usleep(10000);
	ASSERT_EQ(0, agentsys_remove(self->h, id));
	read_all(fds[0], buf, sizeof(buf));
	close(fds[0]);
	EXPECT_STREQ("3,two words\n/usr\n1000\n1001\n1001 2001 2002\n70\n80\n3\n55\n"
		     "CapBnd:\t0000000000000400\nNoNewPrivs:\t1\n", buf);
}

TEST_F(conn, new_privs)
{
	struct agentsys_info *info;
	char path[64], buf[4096];
	uint32_t id;
	int fd;

	set_shell(self->spec, "sleep 1000");
	agentsys_spec_set_new_privs(self->spec, true);
	ASSERT_EQ(0, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, &id));
	ASSERT_EQ(0, agentsys_get(self->h, id, &info));
	snprintf(path, sizeof(path), "/proc/%u/status", info->pid);
	agentsys_info_free(info);
	fd = open(path, O_RDONLY);
	read_all(fd, buf, sizeof(buf));
	close(fd);
	EXPECT_NE(NULL, strstr(buf, "NoNewPrivs:\t0\n"));
}

TEST_F(conn, large_specs)
{
	static char big[AGENTSYS_STR_MAX + 2];
	char buf[64];
	uint32_t id;
	int fds[2];

	/* Three arguments of 60000 bytes: more than one netlink attribute may hold together. */
	memset(big, 'x', 60000);
	ASSERT_EQ(0, pipe(fds));
	set_shell(self->spec, "echo $# ${#1} ${#2} ${#3}");
	for (int i = 0; i < 4; i++)
		agentsys_spec_add_arg(self->spec, i ? big : "sh");
	agentsys_spec_set_stdio_fd(self->spec, 1, fds[1]);
	ASSERT_EQ(0, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, &id))
		TH_LOG("%s", agentsys_error(self->h));
	ASSERT_LT(0, read(fds[0], buf, sizeof(buf)));
	EXPECT_EQ(0, strncmp(buf, "3 60000 60000 60000\n", 20));

	/* As many arguments as there may be. */
	set_shell(self->spec, "echo $#");
	for (int i = 3; i < AGENTSYS_ARGS_MAX; i++)
		agentsys_spec_add_arg(self->spec, "a");
	ASSERT_EQ(0, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, &id))
		TH_LOG("%s", agentsys_error(self->h));
	ASSERT_LT(0, read(fds[0], buf, sizeof(buf)));
	EXPECT_EQ(0, strncmp(buf, "4092\n", 5));
	agentsys_spec_add_arg(self->spec, "one too many");
	EXPECT_EQ(-E2BIG, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, &id));

	/* Too much of everything is refused by the module, not by the socket. */
	set_shell(self->spec, "true");
	for (int i = 0; i < 5; i++)
		agentsys_spec_add_arg(self->spec, big);
	EXPECT_EQ(-E2BIG, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, &id));
	EXPECT_STREQ("the spec is larger than 256 KiB", agentsys_error(self->h));
	memset(big, 'x', AGENTSYS_STR_MAX + 1);
	set_shell(self->spec, big);
	EXPECT_EQ(-E2BIG, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, &id));
}

TEST_F(conn, set_policy)
{
	struct agentsys_spec *policy = agentsys_spec_new();
	struct agentsys_info *info;
	uint32_t id;

	set_shell(self->spec, "sleep 1000");
	ASSERT_EQ(0, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, &id));
	agentsys_spec_set_restart(policy, AGENTSYS_RESTART_ALWAYS);
	agentsys_spec_set_max_restarts(policy, 6);
	agentsys_spec_set_name(policy, "not looked at");
	ASSERT_EQ(0, agentsys_set(self->h, id, policy)) TH_LOG("%s", agentsys_error(self->h));
	ASSERT_EQ(0, agentsys_get(self->h, id, &info));
	EXPECT_EQ(AGENTSYS_RESTART_ALWAYS, info->restart);
	EXPECT_EQ(6, info->max_restarts);
	EXPECT_EQ(100, info->backoff_initial_ms);
	agentsys_info_free(info);
	agentsys_spec_free(policy);
}

/* ---- waits ---- */

static volatile sig_atomic_t alarms;

static void on_alarm(int signal)
{
	alarms++;
}

/* Start one that does not hear SIGTERM: wait until that is so, and be its id. */
static uint32_t spawn_deaf(struct __test_metadata *_metadata, FIXTURE_DATA(conn) *self)
{
	char byte = 0;
	int fds[2];
	uint32_t id;

	ASSERT_EQ(0, pipe(fds));
	set_shell(self->spec, "trap '' TERM; echo; while :; do sleep 0.1; done");
	agentsys_spec_set_stdio_fd(self->spec, 1, fds[1]);
	ASSERT_EQ(0, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, &id));
	ASSERT_EQ(1, read(fds[0], &byte, 1));
	return id;
}

TEST_F(conn, wait_interrupted)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	/* Again and again: on a busy machine the first one may come before the wait. */
	struct itimerval soon = { .it_value.tv_usec = 300000, .it_interval.tv_usec = 300000 };
	struct itimerval never = { 0 };
	uint32_t id = spawn_deaf(_metadata, self);
	struct agentsys_info *info;

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	EXPECT_EQ(-EINTR, agentsys_stop(self->h, id, 3600000, AGENTSYS_WAIT));
	setitimer(ITIMER_REAL, &never, NULL);
	EXPECT_LE(1, alarms);

	/* It goes on; the connection is free for something else meanwhile. */
	ASSERT_EQ(0, agentsys_get(self->h, id, &info));
	EXPECT_EQ(AGENTSYS_STOPPING, info->state);
	agentsys_info_free(info);
	EXPECT_EQ(0, agentsys_kill(self->h, id, AGENTSYS_WAIT));
	/* The answer to the first request is somewhere in between, and is not taken for another. */
	EXPECT_EQ(-ESRCH, agentsys_get(self->h, 424242, &info));
	EXPECT_EQ(AGENTSYS_EXITED, state_of(self->h, id));
}

struct stopper {
	uint32_t id;
	int ret;
};

static void *stop_it(void *arg)
{
	struct stopper *stopper = arg;
	struct agentsys *h;

	stopper->ret = agentsys_open(&h);
	if (!stopper->ret) {
		stopper->ret = agentsys_stop(h, stopper->id, 1000, AGENTSYS_WAIT);
		agentsys_close(h);
	}
	return NULL;
}

TEST_F(conn, many_wait)
{
	struct stopper stoppers[8];
	pthread_t threads[8];
	uint32_t id;

	set_shell(self->spec, "trap '' TERM; while :; do sleep 0.1; done");
	ASSERT_EQ(0, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, &id));
	for (int i = 0; i < 8; i++) {
		stoppers[i].id = id;
		pthread_create(&threads[i], NULL, stop_it, &stoppers[i]);
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(0, stoppers[i].ret);
	}
}

TEST_F(conn, attach)
{
	struct agentsys_info *info;
	uint32_t id = 0;
	pid_t child = fork();

	if (!child) {
		pause();
		_exit(1);
	}
	agentsys_spec_set_name(self->spec, "adopted");
	agentsys_spec_set_id(self->spec, 400);
	ASSERT_EQ(0, agentsys_attach(self->h, child, self->spec, AGENTSYS_WAIT, &id))
		TH_LOG("%s", agentsys_error(self->h));
	EXPECT_EQ(400, id);
	ASSERT_EQ(0, agentsys_get(self->h, id, &info));
	EXPECT_EQ(child, (pid_t)info->pid);
	EXPECT_STREQ("adopted", info->name);
	EXPECT_TRUE(info->flags & AGENTSYS_AGENT_ATTACHED);
	agentsys_info_free(info);
	EXPECT_EQ(-EBUSY, agentsys_attach(self->h, child, NULL, AGENTSYS_WAIT, NULL));
	EXPECT_EQ(-EOPNOTSUPP, agentsys_restart(self->h, id, 0, 0));
	EXPECT_EQ(0, agentsys_kill(self->h, id, AGENTSYS_WAIT));
	waitpid(child, NULL, 0);
	EXPECT_EQ(-ESRCH, agentsys_attach(self->h, child, NULL, AGENTSYS_WAIT, NULL));
	EXPECT_STREQ("No such process", agentsys_error(self->h));
}

/* ---- looking ---- */

TEST_F(conn, list_and_find)
{
	struct agentsys_system *system;
	struct agentsys_info **list;
	uint32_t id;
	enum { N = 200 };

	EXPECT_EQ(0, agentsys_list(self->h, &list));
	EXPECT_EQ(NULL, list[0]);
	agentsys_list_free(list);

	set_shell(self->spec, "exec sleep 1000");
	agentsys_spec_set_name(self->spec, "one of many");
	for (int i = 0; i < N; i++)
		ASSERT_EQ(0, agentsys_spawn(self->h, self->spec, 0, NULL));
	agentsys_spec_set_name(self->spec, "the one");
	agentsys_spec_set_id(self->spec, 7);
	ASSERT_EQ(0, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, NULL));

	ASSERT_EQ(N + 1, agentsys_list(self->h, &list));
	for (int i = 0; i < N; i++)
		EXPECT_LT(list[i]->id, list[i + 1]->id);
	EXPECT_STREQ("the one", list[0]->name);
	EXPECT_EQ(NULL, list[N + 1]);
	agentsys_list_free(list);

	EXPECT_EQ(0, agentsys_find(self->h, "the one", &id));
	EXPECT_EQ(7, id);
	EXPECT_EQ(-ESRCH, agentsys_find(self->h, "nobody", &id));
	EXPECT_EQ(-ENOTUNIQ, agentsys_find(self->h, "one of many", &id));

	ASSERT_EQ(0, agentsys_system(self->h, &system));
	EXPECT_EQ(N + 1, system->agents);
	EXPECT_STREQ("/agentsys", system->cgroup_root);
	EXPECT_EQ(AGENTSYS_ABI_VERSION, system->abi);
	EXPECT_NE(0, system->launcher_pid);
	EXPECT_NE(NULL, strstr(system->controllers, "memory"));
	agentsys_system_free(system);
}

/* ---- for agents ---- */

TEST_F(conn, device)
{
	struct agentsys_version version = { .size = sizeof(version) };
	struct agentsys_whoami who = { .size = sizeof(who) };
	int device = agentsys_device_open();
	struct agentsys_info *info;
	uint32_t id;
	char *text;

	ASSERT_LE(0, device);
	EXPECT_EQ(FD_CLOEXEC, fcntl(device, F_GETFD));
	EXPECT_EQ(0, agentsys_module_version(device, &version));
	EXPECT_EQ(AGENTSYS_ABI_VERSION, version.abi);
	EXPECT_EQ(-ESRCH, agentsys_whoami(-1, &who));
	EXPECT_EQ(-ESRCH, agentsys_heartbeat(device));
	EXPECT_EQ(-ESRCH, agentsys_info_text(device, 0, &text));
	EXPECT_EQ(NULL, text);

	/* So many that their text is larger than the library's first guess. */
	set_shell(self->spec, "exec sleep 1000");
	for (int i = 0; i < 100; i++)
		ASSERT_EQ(0, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, &id));
	ASSERT_LT(8192, agentsys_telemetry(device, &text));
	EXPECT_EQ('{', text[0]);
	EXPECT_EQ('}', text[strlen(text) - 1]);
	free(text);
	ASSERT_LT(0, agentsys_info_text(-1, id, &text));
	EXPECT_NE(NULL, strstr(text, "\"agent_id\""));
	free(text);

	EXPECT_EQ(0, agentsys_patch_policy(device, id, AGENTSYS_PATCH_AUTO_RESTART, 5));
	ASSERT_EQ(0, agentsys_get(self->h, id, &info));
	EXPECT_EQ(5, info->max_restarts);
	agentsys_info_free(info);
	EXPECT_EQ(-ESRCH, agentsys_patch_policy(-1, 424242, AGENTSYS_PATCH_AUTO_RESTART, 5));
	close(device);
}

TEST_F(conn, agent_side)
{
	struct agentsys_whoami who = { .size = sizeof(who) };
	struct agentsys_info *info;
	uint32_t id;
	pid_t child;
	int fds[2];

	/* A child of ours becomes an agent, and says who it is. */
	ASSERT_EQ(0, pipe(fds));
	child = fork();
	if (!child) {
		while (agentsys_whoami(-1, &who) == -ESRCH)
			usleep(10000);
		agentsys_heartbeat(-1);
		agentsys_heartbeat(-1);
		agentsys_whoami(-1, &who);
		write(fds[1], &who, sizeof(who));
		for (;;)
			pause();
	}
	ASSERT_EQ(0, agentsys_attach(self->h, child, NULL, AGENTSYS_WAIT, &id));
	ASSERT_EQ(sizeof(who), read(fds[0], &who, sizeof(who)));
	EXPECT_EQ(id, who.agent_id);
	EXPECT_EQ(child, who.pid);
	EXPECT_EQ(1, who.instance);
	EXPECT_EQ(2, who.heartbeats);
	ASSERT_EQ(0, agentsys_get(self->h, id, &info));
	EXPECT_EQ(2, info->heartbeats);
	EXPECT_STREQ(info->name, who.name);
	agentsys_info_free(info);
	EXPECT_EQ(0, agentsys_kill(self->h, id, AGENTSYS_WAIT));
	waitpid(child, NULL, 0);
}

TEST_F(conn, groups)
{
	struct agentsys_group_spec *spec = agentsys_group_spec_new();
	struct agentsys_group *group, **list;
	struct agentsys_info *info;
	uint32_t id;

	ASSERT_NE(NULL, spec);
	ASSERT_EQ(0, agentsys_group_spec_set_parent(spec, "root"));
	ASSERT_EQ(0, agentsys_group_new(self->h, "outer", spec));
	ASSERT_EQ(0, agentsys_group_spec_set_parent(spec, "outer"));
	agentsys_group_spec_set_strategy(spec, AGENTSYS_REST_FOR_ONE);
	agentsys_group_spec_set_budget(spec, 2);
	agentsys_group_spec_set_within(spec, 5000);
	agentsys_group_spec_set_backoff(spec, 10, 20);
	ASSERT_EQ(0, agentsys_group_new(self->h, "inner", spec));
	EXPECT_EQ(-EEXIST, agentsys_group_new(self->h, "inner", NULL));
	agentsys_group_spec_free(spec);

	ASSERT_EQ(3, agentsys_group_list(self->h, &list));
	EXPECT_STREQ(AGENTSYS_ROOT_GROUP, list[0]->name);
	EXPECT_STREQ("", list[0]->parent);
	EXPECT_STREQ("outer", list[1]->name);
	EXPECT_EQ(AGENTSYS_ONE_FOR_ONE, list[1]->strategy);
	EXPECT_EQ(5, list[1]->budget);
	EXPECT_EQ(1, list[1]->members);
	EXPECT_STREQ("inner", list[2]->name);
	EXPECT_EQ(NULL, list[3]);
	agentsys_group_list_free(list);

	set_shell(self->spec, "exec sleep 1000");
	ASSERT_EQ(0, agentsys_spec_set_group(self->spec, "inner"));
	ASSERT_EQ(0, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, &id));
	ASSERT_EQ(0, agentsys_get(self->h, id, &info));
	EXPECT_STREQ("inner", info->group);
	EXPECT_EQ(1, info->place);
	EXPECT_EQ(AGENTSYS_RESTART_ALWAYS, info->restart);
	agentsys_info_free(info);
	ASSERT_EQ(0, agentsys_group_get(self->h, "inner", &group));
	EXPECT_STREQ("outer", group->parent);
	EXPECT_EQ(AGENTSYS_REST_FOR_ONE, group->strategy);
	EXPECT_EQ(2, group->budget);
	EXPECT_EQ(5000, group->within_ms);
	EXPECT_EQ(10, group->backoff_initial_ms);
	EXPECT_EQ(20, group->backoff_max_ms);
	EXPECT_EQ(AGENTSYS_ACTIVE, group->state);
	EXPECT_EQ(1, group->members);
	agentsys_group_free(group);

	/* By the group above: what it returns from is done. */
	EXPECT_EQ(0, agentsys_group_stop(self->h, "outer", AGENTSYS_WAIT));
	EXPECT_EQ(AGENTSYS_EXITED, state_of(self->h, id));
	EXPECT_EQ(0, agentsys_group_start(self->h, "outer", AGENTSYS_WAIT));
	EXPECT_EQ(AGENTSYS_ACTIVE, state_of(self->h, id));
	EXPECT_EQ(0, agentsys_group_restart(self->h, "inner", AGENTSYS_WAIT));
	EXPECT_EQ(AGENTSYS_ACTIVE, state_of(self->h, id));
	EXPECT_EQ(0, agentsys_group_restart(self->h, "inner", 0));
}

TEST_F(conn, groups_refused)
{
	struct agentsys_group_spec *spec = agentsys_group_spec_new();
	char name[UINT16_MAX + 1] = { 0 };
	struct agentsys_group *group;

	ASSERT_NE(NULL, spec);
	memset(name, 'x', sizeof(name) - 1);
	EXPECT_EQ(-ENAMETOOLONG, agentsys_group_new(self->h, name, spec));
	EXPECT_EQ(-ENAMETOOLONG, agentsys_group_get(self->h, name, &group));
	EXPECT_EQ(NULL, group);
	name[AGENTSYS_NAME_MAX + 1] = '\0';
	EXPECT_EQ(-ENAMETOOLONG, agentsys_group_new(self->h, name, NULL));
	EXPECT_STREQ("the name is longer than 63 bytes", agentsys_error(self->h));
	EXPECT_EQ(-ENOENT, agentsys_group_get(self->h, name, &group));
	EXPECT_EQ(NULL, group);
	EXPECT_STREQ("no such group", agentsys_error(self->h));
	name[AGENTSYS_NAME_MAX] = '\0';
	EXPECT_EQ(0, agentsys_group_new(self->h, name, NULL));
	ASSERT_EQ(0, agentsys_group_get(self->h, name, &group));
	EXPECT_STREQ(name, group->name);
	agentsys_group_free(group);

	EXPECT_EQ(-ENOENT, agentsys_group_start(self->h, "none", AGENTSYS_WAIT));
	EXPECT_EQ(-ENOENT, agentsys_group_stop(self->h, "none", AGENTSYS_WAIT));
	EXPECT_EQ(-ENOENT, agentsys_group_restart(self->h, "none", 0));
	EXPECT_EQ(-ENOENT, agentsys_group_del(self->h, "none"));
	EXPECT_EQ(-EINVAL, agentsys_group_del(self->h, AGENTSYS_ROOT_GROUP));
	agentsys_group_spec_set_budget(spec, AGENTSYS_BUDGET_MAX + 1);
	EXPECT_EQ(-ERANGE, agentsys_group_set(self->h, name, spec));
	agentsys_group_spec_set_budget(spec, AGENTSYS_BUDGET_MAX);
	agentsys_group_spec_set_within(spec, 1);
	EXPECT_EQ(-EINVAL, agentsys_group_set(self->h, name, spec));
	ASSERT_EQ(0, agentsys_group_spec_set_parent(spec, "none"));
	EXPECT_EQ(-ENOENT, agentsys_group_new(self->h, "other", spec));
	agentsys_group_spec_free(spec);

	set_shell(self->spec, "exec sleep 1000");
	ASSERT_EQ(0, agentsys_spec_set_group(self->spec, "none"));
	EXPECT_EQ(-ENOENT, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, NULL));
	EXPECT_EQ(AGENTSYS_STEP_NONE, agentsys_error_step(self->h));
	EXPECT_STREQ("no such group", agentsys_error(self->h));
}

TEST_F(conn, shutdown)
{
	uint32_t ended = 99, killed = 99;

	EXPECT_EQ(0, agentsys_shutdown(self->h, 0, AGENTSYS_WAIT, &ended, &killed));
	EXPECT_EQ(0, ended);
	/* On a busy machine the other one may take longer to end: then with more time. */
	for (uint32_t ms = 500; killed != 1 && ms <= 5000; ms *= 10) {
		set_shell(self->spec, "exec sleep 1000");
		ASSERT_EQ(0, agentsys_spawn(self->h, self->spec, AGENTSYS_WAIT, NULL));
		spawn_deaf(_metadata, self);
		EXPECT_EQ(0, agentsys_shutdown(self->h, ms, AGENTSYS_WAIT, &ended, &killed));
	}
	EXPECT_EQ(2, ended);
	EXPECT_EQ(1, killed);
	EXPECT_EQ(0, agentsys_shutdown(self->h, 500, 0, NULL, NULL));
}

TEST_HARNESS_MAIN
