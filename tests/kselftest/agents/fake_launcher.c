// SPDX-License-Identifier: GPL-2.0-only
/*
 * A launcher that misbehaves where it is told to, and otherwise bears agents.
 *
 * Each start takes the first line off /tmp/test/script and does what it says;
 * when there is none left the real launcher takes its place. A line is "do WHAT
 * POINT": exit, crash, die (by SIGKILL), hang or stop (by SIGSTOP) at
 *	start	before anything else
 *	join	when it has joined
 *	job	with a job taken
 *	mkdir	with the cgroup made
 *	clone	with a child in it that has not committed; the child commits a
 *		moment later and writes what came of it to /tmp/test/committed
 *	commit	when the child has committed, which executes a moment later
 *	after	when the child has executed its program
 * (and writes that to /tmp/test/at before), or one word:
 *	dawdle	take 300 ms between the job and everything else
 *	stall	the child commits and never executes, and the launcher dies
 *	noise	try what is refused, write what came of it to /tmp/test/noise
 *	leak	let the agent inherit the launcher's descriptor of the device
 *	twice	join, take a job in each of two threads at once
 * As an agent it is called with "calls FILE [FD]" and tries the launcher's calls.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/agentsys.h>

#define WORK "/tmp/test/"
#define REAL "/usr/lib/agentsys/asm-launch"

static _Alignas(8) unsigned char spec[AGENTSYS_SPEC_MAX];
static struct agentsys_job *const job = (struct agentsys_job *)spec;

static char what[16], point[16];
static int device, root, cgroup;
static int pipe_ends[2];	/* the child tells its parent how far it is */

static void note(const char *file, const char *format, ...)
{
	char path[64], text[256];
	va_list ap;
	int fd, n;

	va_start(ap, format);
	n = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	snprintf(path, sizeof(path), WORK "%s", file);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0666);
	if (fd < 0 || write(fd, text, n) != n)
		abort();
	close(fd);
}

/* The first line of the script, taken off it. */
static bool take_line(char *line, size_t size)
{
	int fd = open(WORK "script", O_RDWR);
	char text[4096];
	char *end;
	ssize_t n;

	if (fd < 0 || flock(fd, LOCK_EX))
		return false;
	n = read(fd, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	end = strchr(text, '\n');
	if (end) {
		*end++ = '\0';
		snprintf(line, size, "%.60s", text);
		n = strlen(end);
		if (ftruncate(fd, 0) || pwrite(fd, end, n, 0) != n)
			abort();
	}
	close(fd);
	return end;
}

static void at(const char *here)
{
	if (strcmp(here, point))
		return;
	note("at", "%s %s\n", what, point);
	point[0] = '\0';
	if (!strcmp(what, "exit"))
		_exit(3);
	if (!strcmp(what, "crash"))
		raise(SIGSEGV);
	if (!strcmp(what, "die"))
		raise(SIGKILL);
	if (!strcmp(what, "stop"))
		raise(SIGSTOP);
	while (!strcmp(what, "hang"))
		pause();
}

static int call(unsigned int command, void *arg)
{
	return ioctl(device, command, arg) < 0 ? errno : 0;
}

static int join(void)
{
	struct agentsys_launch_join arg = { .size = sizeof(arg) };
	int fd = ioctl(device, AGENTSYS_IOC_LAUNCH_JOIN, &arg);

	if (fd < 0)
		return errno;
	root = fd;
	return 0;
}

static int next(void *buf, uint64_t len)
{
	struct agentsys_launch_next arg = {
		.size = sizeof(arg),
		.buf = (uintptr_t)buf,
		.len = len,
	};

	return call(AGENTSYS_IOC_LAUNCH_NEXT, &arg);
}

static int commit(uint64_t token)
{
	struct agentsys_launch_result arg = { .size = sizeof(arg), .token = token };

	return call(AGENTSYS_IOC_LAUNCH_COMMIT, &arg);
}

static int fail(uint64_t token, uint32_t step, uint32_t error)
{
	struct agentsys_launch_result arg = {
		.size = sizeof(arg),
		.step = step,
		.token = token,
		.error = error,
	};

	return call(AGENTSYS_IOC_LAUNCH_FAIL, &arg);
}

/* ---- what is refused ---- */

static void refused(const char *name, int error)
{
	note("noise", "%s %s\n", name, error ? strerrorname_np(error) : "0");
}

static void noise_before_join(void)
{
	refused("next", next(spec, sizeof(spec)));
	refused("commit", commit(1));
	refused("fail", fail(1, AGENTSYS_STEP_EXEC, EIO));
}

static void noise_with_job(void)
{
	int other = open(AGENTSYS_DEVICE, O_RDWR), own = device;

	refused("join-again", join());
	device = other;
	refused("join-other", join());
	refused("next-other", next(spec, sizeof(spec)));
	device = own;
	close(other);
	refused("commit-launcher", commit(job->token));
	refused("fail-step", fail(job->token, 0, EIO));
	refused("fail-steps", fail(job->token, AGENTSYS_STEP_ATTACH + 1, EIO));
	refused("fail-error", fail(job->token, AGENTSYS_STEP_EXEC, 0));
	refused("fail-errors", fail(job->token, AGENTSYS_STEP_EXEC, 4096));
	refused("fail-token", fail(job->token + 1, AGENTSYS_STEP_EXEC, EIO));
	refused("fail-zero", fail(0, AGENTSYS_STEP_EXEC, EIO));
}

static void noise_as_child(void)
{
	refused("commit-old", commit(job->token - 1));
	refused("commit-new", commit(job->token + 1));
	refused("commit-zero", commit(0));
	refused("next-child", next(spec, sizeof(spec)));
	refused("join-child", join());
	if (!fork()) {
		/* Not in the agent's cgroup. */
		int fd = openat(root, "../cgroup.procs", O_WRONLY);

		if (fd < 0 || write(fd, "0", 1) != 1)
			refused("move", errno);
		refused("commit-outside", commit(job->token));
		_exit(0);
	}
	wait(NULL);
}

static void noise_committed(void)
{
	refused("commit-twice", commit(job->token));
}

/* As an agent: none of this is for it. */
static int calls(const char *file, const char *fd)
{
	FILE *out = fopen(file, "w");

	if (!out)
		return 1;
	device = fd ? atoi(fd) : open(AGENTSYS_DEVICE, O_RDWR);
	fprintf(out, "join %s\n", strerrorname_np(join()));
	fprintf(out, "next %s\n", strerrorname_np(next(spec, sizeof(spec))));
	fprintf(out, "commit %s\n", strerrorname_np(commit(1)));
	fprintf(out, "fail %s\n", strerrorname_np(fail(1, AGENTSYS_STEP_EXEC, EIO)));
	fclose(out);
	for (;;)
		pause();
}

/* ---- bearing ---- */

static void told(void)
{
	char byte;

	if (read(pipe_ends[0], &byte, 1) != 1)
		return;
}

static void tell(void)
{
	if (write(pipe_ends[1], "", 1) != 1)
		_exit(1);
}

static void vector(const char **v, uint32_t at_offset, uint32_t n)
{
	const char *s = (const char *)spec + at_offset;

	for (uint32_t i = 0; i < n; i++, s += strlen(s) + 1)
		v[i] = s;
	v[n] = NULL;
}

/*
 * The end of the launcher is to be known before the child commits, and that may
 * take it a while: the child is killed for it, or waits longer than that.
 */
static void hesitate(pid_t launcher)
{
	usleep(100000);
	if (strcmp(what, "exit") && strcmp(what, "crash") && strcmp(what, "die"))
		return;
	while (getppid() == launcher)
		usleep(1000);
	sleep(1);
}

static void child(bool is_noise, pid_t launcher)
{
	const char *argv[64], *envp[64];
	sigset_t none;
	int error;

	if (!strcmp(point, "clone"))
		hesitate(launcher);
	if (is_noise)
		noise_as_child();
	error = commit(job->token);
	if (!strcmp(point, "clone"))
		note("committed", "%s\n", error ? strerrorname_np(error) : "0");
	if (error)
		_exit(1);
	if (is_noise)
		noise_committed();
	if (!strcmp(what, "stall")) {
		tell();
		for (;;)
			pause();
	}
	if (!strcmp(point, "commit")) {
		tell();
		usleep(100000);
	}
	if (!strcmp(what, "leak"))
		fcntl(device, F_SETFD, 0);
	vector(argv, job->args, job->nargs);
	vector(envp, job->env, job->nenv);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(argv[0], (char *const *)argv, (char *const *)envp);
	fail(job->token, AGENTSYS_STEP_EXEC, errno);
	_exit(127);
}

static void make_cgroup(void)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", job->agent_id);
	if (mkdirat(root, name, 0755) && errno != EEXIST)
		exit(4);
	cgroup = openat(root, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void bear(void)
{
	struct clone_args args = {
		.flags = CLONE_INTO_CGROUP | CLONE_CLEAR_SIGHAND,
		.exit_signal = SIGCHLD,
	};
	bool is_noise = !strcmp(what, "noise");
	pid_t launcher = getpid();
	pid_t pid;

	at("job");
	if (is_noise)
		noise_with_job();
	if (!strcmp(what, "dawdle")) {
		note("at", "dawdle\n");
		usleep(300000);
	}
	make_cgroup();
	at("mkdir");
	if (pipe2(pipe_ends, O_CLOEXEC))
		exit(5);
	args.cgroup = cgroup;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (!pid)
		child(is_noise, launcher);
	if (pid < 0)
		fail(job->token, AGENTSYS_STEP_CLONE, errno);
	at("clone");
	close(pipe_ends[1]);
	told();		/* it has committed, or executed its program, or died */
	at("commit");
	if (!strcmp(what, "stall"))
		_exit(0);
	told();
	close(pipe_ends[0]);
	close(cgroup);
	at("after");
}

static __attribute__((noreturn)) void *take(void *unused)
{
	unsigned char *buf = malloc(sizeof(spec));

	note("noise", "%d\n", next(buf, sizeof(spec)));
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	char line[64] = "";
	pthread_t thread;

	if (argc > 2 && !strcmp(argv[1], "calls"))
		return calls(argv[2], argv[3]);
	do
		device = open("/dev/null", O_RDWR);
	while (device < 3);
	close(device);
	if (!take_line(line, sizeof(line))) {
		execl(REAL, "asm-launch", NULL);
		return 1;
	}
	if (sscanf(line, "do %15s %15s", what, point) != 2)
		sscanf(line, "%15s", what);
	signal(SIGCHLD, SIG_IGN);

	at("start");
	device = open(AGENTSYS_DEVICE, O_RDWR | O_CLOEXEC);
	if (!strcmp(what, "noise"))
		noise_before_join();
	if (device < 0 || join())
		return 1;
	at("join");
	if (!strcmp(what, "twice")) {
		pthread_create(&thread, NULL, take, NULL);
		take(NULL);
	}
	if (!strcmp(what, "noise"))
		refused("next-len", next(spec, sizeof(spec) - 1));
	for (;;) {
		int error = next(spec, sizeof(spec));

		if (error == EINTR)
			continue;
		if (error)
			return error == ESHUTDOWN ? 0 : 1;
		bear();
	}
}
