// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the whole of asm-launch against a module made of four functions, and
 * looks at what its children became. As root, with a cgroup2 mount somewhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <mntent.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../asm-launch/device.h"

int launch_main(void);

#define AGENT 4711

static struct {
	int committed;
	enum agentsys_step step;
	int error;
	bool cancel;
} *shared;

static char dir[64];
static char cgroup[256];
static int tests, failures;

/* ---- the module ---- */

static struct agentsys_job *job;
static int jobs_left;
static int given_fd = -1;

int device_join(void)
{
	return open(cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int device_next(void *buf)
{
	/* The children are reaped by themselves, so this ends with ECHILD. */
	while (waitpid(-1, NULL, 0) > 0)
		;
	if (!jobs_left--)
		return -ESHUTDOWN;
	memcpy(buf, job, job->size);
	for (int n = 0; n < 3; n++)
		if (job->stdio[n] == AGENTSYS_STDIO_FD)
			((struct agentsys_job *)buf)->stdio_at[n] =
				fcntl(given_fd, F_DUPFD_CLOEXEC, 3);
	return 0;
}

int device_commit(__u64 token)
{
	shared->committed += token == 0x1122334455667788;
	return shared->cancel ? -ECANCELED : 0;
}

void device_fail(__u64 token, enum agentsys_step step, int error)
{
	if (token != 0x1122334455667788)
		error = -1;
	shared->step = step;
	shared->error = error;
}

/* ---- jobs ---- */

static __u32 append(const void *data, size_t n)
{
	__u32 at = job->size;

	memcpy((char *)job + at, data, n);
	job->size += n;
	return at;
}

static __u32 append_string(const char *s)
{
	return append(s, strlen(s) + 1);
}

static void align_job(void)
{
	job->size = (job->size + 7) & ~7U;
}

/* A job that runs @first and further arguments up to NULL. */
static void new_job(const char *first, ...)
{
	const char *arg;
	va_list ap;

	memset(job, 0, AGENTSYS_SPEC_MAX);
	memset(shared, 0, sizeof(*shared));
	job->size = sizeof(*job);
	job->agent_id = AGENT;
	job->token = 0x1122334455667788;
	job->flags = AGENTSYS_JOB_NEW_CGROUP;
	job->args = append_string(first);
	job->nargs = 1;
	va_start(ap, first);
	while ((arg = va_arg(ap, const char *))) {
		append_string(arg);
		job->nargs++;
	}
	va_end(ap);
}

static void set_env(const char *value)
{
	job->env = append_string(value);
	job->nenv = 1;
}

static const char *path_of(const char *name)
{
	static char path[4][128];
	static int i;

	i = (i + 1) % 4;
	snprintf(path[i], sizeof(path[i]), "%s/%s", dir, name);
	return path[i];
}

static void to_file(int n, const char *path)
{
	job->stdio[n] = AGENTSYS_STDIO_FILE;
	job->stdio_at[n] = append_string(path);
}

/* Even those that the C library keeps for itself: somebody may have ignored them. */
static void reset_signals(void)
{
	static const unsigned long long kernel_default[4];

	for (int sig = 1; sig <= 64; sig++)
		syscall(__NR_rt_sigaction, sig, kernel_default, NULL, 8);
}

static void run(int n)
{
	pid_t pid;
	int status;

	shared->committed = 0;
	shared->step = AGENTSYS_STEP_NONE;
	shared->error = 0;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		/* As a usermode helper starts, but for what a test gives away. */
		close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
		close_range(0, 2, 0);
		reset_signals();
		jobs_left = n;
		_exit(launch_main());
	}
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		printf("# launcher ended with status %#x\n", status);
}

static const char *contents(const char *name)
{
	static char text[8192];
	int fd = open(path_of(name), O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

/* The job's output, which is what most tests look at. */
static const char *output(void)
{
	unlink(path_of("out"));
	to_file(1, path_of("out"));
	job->stdio[2] = job->stdio[1];
	job->stdio_at[2] = job->stdio_at[1];
	run(1);
	return contents("out");
}

/* ---- results ---- */

static void ok(bool good, const char *name)
{
	printf("%sok %d %s\n", good ? "" : "not ", ++tests, name);
	failures += !good;
}

static void equals(const char *got, const char *want, const char *name)
{
	bool good = !strcmp(got, want);

	if (!good)
		printf("# wanted '%s', got '%s' (step %d, errno %d)\n", want, got,
		       shared->step, shared->error);
	ok(good, name);
}

static void fails(enum agentsys_step step, int error, const char *name)
{
	bool good = shared->step == step && shared->error == error;

	if (!good)
		printf("# wanted step %d errno %d, got step %d errno %d\n", step, error,
		       shared->step, shared->error);
	ok(good, name);
}

static bool ran(void)
{
	return shared->committed == 1 && !shared->step;
}

/* ---- tests ---- */

static void test_plain(void)
{
	char want[64];

	new_job("/bin/sh", "-c", "echo one; echo two >&2", NULL);
	equals(output(), "one\ntwo\n", "arguments, stdout and stderr in one file");
	ok(ran(), "committed once, nothing failed");

	new_job("/usr/bin/env", NULL);
	set_env("A=b c");
	equals(output(), "A=b c\n", "the environment is the job's");

	new_job("/bin/pwd", NULL);
	equals(output(), "/\n", "starts in /");
	new_job("/bin/pwd", NULL);
	job->cwd = append_string("/usr/lib");
	equals(output(), "/usr/lib\n", "cwd");

	new_job("/bin/sh", "-c", "umask; ps -o sid= -p $$ | tr -d ' ' | sed \"s/$$/own/\"", NULL);
	equals(output(), "0022\nown\n", "umask and session");

	new_job("/bin/sed", "-n", "/^Sig[BIC]/p", "/proc/self/status", NULL);
	equals(output(),
	       "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n",
	       "no signal is blocked or ignored");

	new_job("/bin/sh", "-c", "ls /proc/$$/fd; true", NULL);
	equals(output(), "0\n1\n2\n", "no descriptor but the three");

	new_job("/bin/sh", "-c", "grep ^0:: /proc/self/cgroup | sed 's,.*/,,'", NULL);
	snprintf(want, sizeof(want), "%d\n", AGENT);
	equals(output(), want, "born in its cgroup");

	new_job("/bin/sh", "-c", "true & wait $!; echo $?", NULL);
	equals(output(), "0\n", "can wait for its children");
}

static void test_stdio(void)
{
	struct stat st;
	int fds[2];
	char buf[64] = "";
	int fd;

	new_job("/bin/sh", "-c", "echo $(readlink /proc/$$/fd/0 /proc/$$/fd/1) >&2", NULL);
	unlink(path_of("err"));
	to_file(2, path_of("err"));
	run(1);
	equals(contents("err"), "/dev/null /dev/null\n", "nothing given is /dev/null");

	fd = open(path_of("in"), O_CREAT | O_WRONLY | O_TRUNC, 0600);
	dprintf(fd, "from a file\n");
	close(fd);
	new_job("/bin/cat", NULL);
	to_file(0, path_of("in"));
	equals(output(), "from a file\n", "stdin from a file");
	run(1);
	equals(contents("out"), "from a file\nfrom a file\n", "output is appended to");

	new_job("/bin/true", NULL);
	job->uid = job->gid = 12345;
	output();
	stat(path_of("out"), &st);
	ok(st.st_uid == 12345 && st.st_gid == 12345 && (st.st_mode & 07777) == 0600,
	   "a new log belongs to the agent alone");

	chown(path_of("out"), 0, 0);
	new_job("/bin/echo", "more", NULL);
	job->uid = job->gid = 12345;
	to_file(1, path_of("out"));
	run(1);
	equals(contents("out"), "more\n", "a log of root's is opened for it all the same");
	stat(path_of("out"), &st);
	ok(!st.st_uid, "and stays root's");

	symlink(path_of("out"), path_of("link"));
	new_job("/bin/echo", "more", NULL);
	job->uid = job->gid = 12345;
	to_file(1, path_of("link"));
	run(1);
	fails(AGENTSYS_STEP_STDOUT, EACCES, "but not through a link");
	chmod(dir, 0755);
	chown(path_of("out"), 12345, 12345);
	run(1);
	ok(ran(), "unless the agent itself could");
	new_job("/bin/echo", "more", NULL);
	to_file(1, path_of("link"));
	run(1);
	ok(ran(), "root's agents may");
	chmod(dir, 0700);

	new_job("/bin/cat", NULL);
	to_file(0, path_of("missing"));
	run(1);
	fails(AGENTSYS_STEP_STDIN, ENOENT, "stdin that does not exist");
	new_job("/bin/cat", NULL);
	to_file(2, dir);
	run(1);
	fails(AGENTSYS_STEP_STDERR, EISDIR, "stderr that is a directory");
	mkfifo(path_of("fifo"), 0600);
	new_job("/bin/echo", NULL);
	to_file(1, path_of("fifo"));
	run(1);
	fails(AGENTSYS_STEP_STDOUT, ENXIO, "a FIFO without a reader does not hold it up");
	new_job("/bin/cat", NULL);
	to_file(0, path_of("fifo"));
	output();
	ok(ran(), "nor one without a writer");

	pipe(fds);
	given_fd = fds[1];
	new_job("/bin/sh", "-c", "echo out; echo err >&2", NULL);
	job->stdio[1] = job->stdio[2] = AGENTSYS_STDIO_FD;
	run(1);
	close(fds[1]);
	read(fds[0], buf, sizeof(buf) - 1);
	equals(buf, "out\nerr\n", "descriptors of the requester");
	ok(!read(fds[0], buf, 1), "of which the launcher keeps none");
	close(fds[0]);
}

static void test_identity(void)
{
	struct agentsys_job_rlimit limits[2] = {
		{ .resource = RLIMIT_NOFILE, .cur = 77, .max = 99 },
		{ .resource = RLIMIT_CORE, .cur = 0, .max = RLIM_INFINITY },
	};
	__u32 groups[2] = { 2001, 2002 };
	char own[16];

	new_job("/usr/bin/id", NULL);
	equals(output(), "uid=0(root) gid=0(root) groups=0(root)\n", "root without further groups");

	new_job("/bin/sh", "-c",
		"id -u; id -g; id -G; grep -E '^(Cap(Eff|Prm|Amb)|NoNewPrivs)' /proc/self/status",
		NULL);
	job->uid = 1001;
	job->gid = 1002;
	align_job();
	job->groups = append(groups, sizeof(groups));
	job->ngroups = 2;
	job->flags |= AGENTSYS_JOB_NO_NEW_PRIVS;
	equals(output(),
	       "1001\n1002\n1002 2001 2002\n"
	       "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
	       "CapAmb:\t0000000000000000\nNoNewPrivs:\t1\n",
	       "user, group, groups, no capability, no_new_privs");

	new_job("/bin/sh", "-c", "grep -E '^(CapBnd|CapEff|NoNewPrivs)' /proc/self/status", NULL);
	job->flags |= AGENTSYS_JOB_BOUNDING;
	job->bounding = 1ULL << CAP_NET_BIND_SERVICE;
	equals(output(),
	       "CapEff:\t0000000000000400\nCapBnd:\t0000000000000400\nNoNewPrivs:\t0\n",
	       "bounding set");

	new_job("/bin/sh", "-c", "ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Hc", NULL);
	align_job();
	job->rlimits = append(limits, sizeof(limits));
	job->nrlimits = 2;
	equals(output(), "77\n99\n0\nunlimited\n", "resource limits");

	new_job("/bin/sh", "-c", "nice; cat /proc/self/oom_score_adj", NULL);
	job->flags |= AGENTSYS_JOB_NICE | AGENTSYS_JOB_OOM_SCORE_ADJ;
	job->nice = 5;
	job->oom_score_adj = 345;
	equals(output(), "5\n345\n", "nice and OOM score");
	new_job("/bin/sh", "-c", "nice; cat /proc/self/oom_score_adj", NULL);
	snprintf(own, sizeof(own), "%d\n0\n", getpriority(PRIO_PROCESS, 0));
	equals(output(), own, "and the next agent has those of the launcher");

	new_job("/bin/pwd", NULL);
	job->uid = 1001;
	job->cwd = append_string("/root");
	chmod("/root", 0700);
	run(1);
	fails(AGENTSYS_STEP_CWD, EACCES, "a directory that is not the agent's");
}

static void test_exec(void)
{
	char long_path[64 + 2 * 128];
	int fd;

	new_job("/no/such/program", NULL);
	run(1);
	fails(AGENTSYS_STEP_EXEC, ENOENT, "no such program");
	new_job("/etc/passwd", NULL);
	run(1);
	fails(AGENTSYS_STEP_EXEC, EACCES, "not executable");
	fd = open(path_of("text"), O_CREAT | O_WRONLY, 0755);
	dprintf(fd, "no interpreter\n");
	close(fd);
	new_job(path_of("text"), NULL);
	run(1);
	fails(AGENTSYS_STEP_EXEC, ENOEXEC, "not a program");

	new_job("echo", "found", NULL);
	equals(output(), "found\n", "a name is searched for in the default path");
	new_job("echo", "found", NULL);
	snprintf(long_path, sizeof(long_path), "PATH=/etc/passwd:/nowhere:%s::/bin", dir);
	set_env(long_path);
	equals(output(), "found\n", "or in PATH");
	new_job("echo", NULL);
	set_env("PATH=/nowhere:/etc/passwd");
	run(1);
	ok(shared->step == AGENTSYS_STEP_EXEC &&
	   (shared->error == ENOENT || shared->error == ENOTDIR), "which does not hold it");
	new_job("text", NULL);
	chmod(path_of("text"), 0644);
	snprintf(long_path, sizeof(long_path), "PATH=%s:/nowhere", dir);
	set_env(long_path);
	run(1);
	fails(AGENTSYS_STEP_EXEC, EACCES, "EACCES on the way is remembered");

	new_job("/bin/sh", "-c", "echo ran", NULL);
	shared->cancel = true;
	equals(output(), "", "given up: nothing is executed");
	ok(shared->committed == 1 && !shared->step, "and nothing failed");
}

static void test_cgroup(void)
{
	char path[300];

	new_job("/bin/true", NULL);
	job->flags &= ~AGENTSYS_JOB_NEW_CGROUP;
	job->agent_id = AGENT + 1;
	run(1);
	fails(AGENTSYS_STEP_CGROUP, ENOENT, "no cgroup");

	snprintf(path, sizeof(path), "%s/%d/memory.max", cgroup, AGENT);
	new_job("/bin/true", NULL);
	job->memory_max = 1 << 20;
	if (access(path, F_OK)) {
		run(1);
		fails(AGENTSYS_STEP_LIMITS, ENOENT, "a limit without its controller");
	}
}

static void test_killed(void)
{
	new_job("/bin/sh", "-c", "kill -9 $$", NULL);
	run(100);
	ok(shared->committed == 100 && !shared->step, "children that are killed do it no harm");
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static void measure(void)
{
	static char *argv[] = { "/bin/true", NULL }, *envp[] = { NULL };
	enum { N = 1000 };
	double start, spawn, launch;

	for (int round = 0; round < 3; round++) {
		start = seconds();
		for (int i = 0; i < N; i++) {
			pid_t pid;

			posix_spawn(&pid, argv[0], NULL, NULL, argv, envp);
			waitpid(pid, NULL, 0);
		}
		spawn = seconds() - start;

		new_job("/bin/true", NULL);
		start = seconds();
		run(N);
		launch = seconds() - start;
		printf("# spawn and end: posix_spawn %.1f us, asm-launch %.1f us (%+.1f %%)\n",
		       spawn / N * 1e6, launch / N * 1e6, (launch / spawn - 1) * 100);
	}
	ok(shared->committed == N && !shared->step, "a thousand in a row");
}

static bool find_cgroup(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	struct mntent *m;

	while (mounts && (m = getmntent(mounts)))
		if (!strcmp(m->mnt_type, "cgroup2")) {
			snprintf(cgroup, sizeof(cgroup), "%s/asm-launch-test.%d", m->mnt_dir,
				 getpid());
			endmntent(mounts);
			return !mkdir(cgroup, 0755);
		}
	return false;
}

int main(void)
{
	char path[300];

	if (geteuid() || !find_cgroup()) {
		printf("1..0 # SKIP needs root and a writable cgroup2 mount\n");
		return 0;
	}
	job = malloc(AGENTSYS_SPEC_MAX);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	strcpy(dir, "/tmp/asm-launch-test.XXXXXX");
	if (!mkdtemp(dir))
		return 1;

	test_plain();
	test_stdio();
	test_identity();
	test_exec();
	test_cgroup();
	test_killed();
	measure();
	printf("1..%d\n", tests);

	snprintf(path, sizeof(path), "%s/%d", cgroup, AGENT);
	rmdir(path);
	rmdir(cgroup);
	snprintf(path, sizeof(path), "rm -r %s", dir);
	return system(path) || failures;
}
