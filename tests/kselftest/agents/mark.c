// SPDX-License-Identifier: GPL-2.0-only
/*
 * An agent that leaves a mark: mark LOG LABEL ACT [ARG].
 *
 * It appends the line "LABEL PID TIME" to the file LOG, with "double" behind it if
 * another process that was started with this label still lives, or has not closed
 * its files yet. Then it does what ACT says:
 *	live		waits for ever
 *	deaf		likewise, and hears no request to end
 *	exit CODE	exits
 *	crash		dies of a signal
 *	fork		has a child and a daemon, and waits with them for ever
 *	leave		likewise, but exits itself with code 1
 *	exec N		executes itself N times, then exits with code 0
 *	hoard		opens 10,000 files and exits with code 1
 *	eat N		uses N MiB of memory and waits for ever
 *	burst N		has N children that exit at once, and exits with code 0
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

static char **args;

static _Noreturn void wait_for_ever(void)
{
	for (;;)
		pause();
}

/* Held as long as the process lives; not inherited, not passed on. */
static const char *lock(const char *log, const char *label)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s.%s", log, label);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	return fd < 0 || flock(fd, LOCK_EX | LOCK_NB) ? " double" : "";
}

static void leave_mark(const char *log, const char *label)
{
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	const char *more = lock(log, label);
	struct timespec now;
	char line[256];
	int n;

	clock_gettime(CLOCK_MONOTONIC, &now);
	n = snprintf(line, sizeof(line), "%s %d %lld.%09ld%s\n", label, getpid(),
		     (long long)now.tv_sec, now.tv_nsec, more);
	if (fd < 0 || write(fd, line, n) != n)
		_exit(99);
	close(fd);
}

static void live(void)
{
	wait_for_ever();
}

static void deaf(void)
{
	signal(SIGTERM, SIG_IGN);
	wait_for_ever();
}

static void end(void)
{
	_exit(args[0] ? atoi(args[0]) : 0);
}

static void crash(void)
{
	raise(SIGSEGV);
}

/* Without the lock, which is the main process's. */
static void family(void)
{
	if (!fork()) {
		close_range(3, ~0U, 0);
		if (!fork())
			setsid();
		wait_for_ever();
	}
}

static void have_family(void)
{
	family();
	wait_for_ever();
}

static void leave_family(void)
{
	family();
	_exit(1);
}

static void again(void)
{
	char n[16];
	int left = args[0] ? atoi(args[0]) : 0;

	if (!left)
		_exit(0);
	snprintf(n, sizeof(n), "%d", left - 1);
	execl("/proc/self/exe", "mark", "-", "-", "exec", n, NULL);
}

static void hoard(void)
{
	for (int i = 0; i < 10000; i++)
		if (eventfd(0, 0) < 0)
			_exit(98);
	_exit(1);
}

static void eat(void)
{
	size_t size = (args[0] ? atoi(args[0]) : 1) << 20;
	char *memory = malloc(size);

	for (size_t at = 0; memory && at < size; at += 4096)
		((volatile char *)memory)[at] = 1;
	wait_for_ever();
}

static void burst(void)
{
	signal(SIGCHLD, SIG_IGN);
	for (int n = args[0] ? atoi(args[0]) : 1; n; n--)
		if (!fork())
			_exit(0);
	_exit(0);
}

static const struct {
	const char *name;
	void (*act)(void);
} acts[] = {
	{ "live", live },
	{ "deaf", deaf },
	{ "exit", end },
	{ "crash", crash },
	{ "fork", have_family },
	{ "leave", leave_family },
	{ "exec", again },
	{ "hoard", hoard },
	{ "eat", eat },
	{ "burst", burst },
};

int main(int argc, char **argv)
{
	if (argc < 4)
		return 97;
	args = argv + 4;
	if (strcmp(argv[1], "-"))
		leave_mark(argv[1], argv[2]);
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (!strcmp(acts[i].name, argv[3]))
			acts[i].act();
	return 96;
}
