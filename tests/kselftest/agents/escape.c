// SPDX-License-Identifier: GPL-2.0-only
/*
 * An agent that moves processes between cgroups: escape WAY TO PID FIFO. It opens FIFO,
 * says "ready", waits for a byte on standard input, or for the end of that, does as WAY
 * says, with TO the directory of a cgroup, and says "done", if it comes to that; and so on,
 * until the end of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What ends here has failed; nothing of that is what the module kills for. */
#define MUST(condition) do {						\
	if (!(condition)) {						\
		printf("line %d: %m\n", __LINE__);			\
		fflush(stdout);						\
		_exit(121);						\
	}								\
} while (0)

static const char *to;
static const char *pid;
static char own[200];

static void move(const char *cgroup, const char *file, const char *what)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", cgroup, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	MUST(fd >= 0 && write(fd, what, strlen(what)) > 0);
	close(fd);
}

static void move_pid(const char *cgroup, pid_t child)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", child);
	move(cgroup, "cgroup.procs", text);
}

static pid_t fork_one(void)
{
	pid_t child = fork();

	MUST(child >= 0);
	if (!child)
		for (;;)
			pause();
	return child;
}

static pid_t fork_into(const char *cgroup)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD };
	pid_t child;

	args.cgroup = open(cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC);
	child = syscall(SYS_clone3, &args, sizeof(args));
	MUST(child >= 0);
	if (!child)
		for (;;)
			pause();
	close(args.cgroup);
	return child;
}

static void self(void)
{
	move(to, "cgroup.procs", "0");
}

static void *in_thread(void *arg)
{
	self();
	return arg;
}

/* A thread that is not the first one moves all of them. */
static void thread(void)
{
	pthread_t thread;

	MUST(!pthread_create(&thread, NULL, in_thread, NULL));
	pthread_join(thread, NULL);
}

static void child(void)
{
	move_pid(to, fork_one());
}

/* Nobody of the agent is above it any more when it moves itself. */
static void daemonise(void)
{
	pid_t first = fork();

	MUST(first >= 0);
	if (first)
		return;
	first = getpid();
	if (fork())
		_exit(0);
	setsid();
	while (getppid() == first)
		usleep(500);
	self();
	for (;;)
		pause();
}

static void *fork_on(void *arg)
{
	for (;;)
		if (!fork())
			for (;;)
				pause();
	return arg;
}

/* A child of which two threads fork all the time, until there is no room. */
static void forker(void)
{
	pid_t child = fork();
	pthread_t thread;

	MUST(child >= 0);
	if (!child) {
		pthread_create(&thread, NULL, fork_on, NULL);
		fork_on(NULL);
	}
	usleep(1000); /* so that some are there, as a rule */
	move_pid(to, child);
}

static char state_of(pid_t child)
{
	char path[32], text[64];
	const char *name_end;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", child);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	MUST(fd >= 0);
	len = read(fd, text, sizeof(text) - 1);
	MUST(len > 0);
	close(fd);
	text[len] = '\0';
	name_end = strchr(text, ')');
	MUST(name_end);
	return name_end[2];
}

static void *live_on(void *arg)
{
	for (;;)
		pause();
	return arg;
}

/* A child of which the first thread is dead, and another one lives. */
static pid_t fork_headless(void)
{
	pid_t child = fork();
	pthread_t thread;

	MUST(child >= 0);
	if (!child) {
		MUST(!pthread_create(&thread, NULL, live_on, NULL));
		syscall(SYS_exit, 0); /* this thread alone */
	}
	while (state_of(child) != 'Z')
		usleep(500);
	MUST(!waitpid(child, NULL, WNOHANG)); /* but it lives */
	return child;
}

static void headless(void)
{
	move_pid(to, fork_headless());
}

static void borne(void)
{
	fork_into(to);
}

static void other(void)
{
	move(to, "cgroup.procs", pid);
}

static void take_in(void)
{
	move(own, "cgroup.procs", pid);
}

/* All of it below its own cgroup. */
static void within(void)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/a", own);
	mkdir(path, 0755);
	move(path, "cgroup.procs", "0");
	move_pid(own, fork_one());
	fork_into(own);
	move(own, "cgroup.procs", "0");
	fork_into(path);
}

static void *thread_moves(void *arg)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/t", own);
	mkdir(path, 0755);
	move(path, "cgroup.type", "threaded");
	move(path, "cgroup.threads", "0");
	move(own, "cgroup.threads", "0");
	return arg;
}

static void threads(void)
{
	pthread_t thread;

	MUST(!pthread_create(&thread, NULL, thread_moves, NULL));
	pthread_join(thread, NULL);
}

static const struct {
	const char *name;
	void (*act)(void);
} ways[] = {
	{ "self", self },
	{ "thread", thread },
	{ "child", child },
	{ "daemon", daemonise },
	{ "forker", forker },
	{ "headless", headless },
	{ "borne", borne },
	{ "other", other },
	{ "take-in", take_in },
	{ "within", within },
	{ "threads", threads },
};

/* The directory of the cgroup that it begins in. */
static void find_own(void)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[128];

	MUST(file);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, "0::", 3))
			snprintf(own, sizeof(own), "/sys/fs/cgroup%.*s",
				 (int)strcspn(line + 3, "\n"), line + 3);
	fclose(file);
}

int main(int argc, char **argv)
{
	void (*act)(void) = NULL;
	bool more = true;
	char byte;

	for (size_t i = 0; argc == 5 && i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(ways[i].name, argv[1]))
			act = ways[i].act;
	MUST(act && open(argv[4], O_WRONLY) >= 0);
	to = argv[2];
	pid = argv[3];
	find_own();
	puts("ready");
	fflush(stdout);
	while (more) {
		more = read(0, &byte, 1) == 1;
		act();
		puts("done");
		fflush(stdout);
	}
	for (;;)
		pause();
}
