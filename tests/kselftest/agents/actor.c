// SPDX-License-Identifier: GPL-2.0-only
/*
 * An agent that does what its first argument says. What it has to say it says
 * in lines on standard output; "ready" is the first of them where it then waits.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char **args;

static void say(const char *line)
{
	if (puts(line) < 0 || fflush(stdout))
		_exit(120);
}

static _Noreturn void wait_for_ever(void)
{
	for (;;)
		pause();
}

static void ignore_requests(void)
{
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
}

/* A daemon: its parent is gone, its session is its own. */
static pid_t daemonise(void)
{
	int ends[2];
	pid_t pid;

	if (pipe(ends))
		_exit(121);
	if (!fork()) {
		setsid();
		pid = fork();
		if (pid)
			_exit(write(ends[1], &pid, sizeof(pid)) != sizeof(pid));
		close(ends[0]);
		close(ends[1]);
		return 0;
	}
	if (read(ends[0], &pid, sizeof(pid)) != sizeof(pid))
		_exit(122);
	close(ends[0]);
	close(ends[1]);
	return pid;
}

/* stubborn FIFO: it, a child and two daemons hear no request to end, and hold the FIFO open. */
static void stubborn(void)
{
	if (args[0] && open(args[0], O_WRONLY) < 0)
		_exit(123);
	ignore_requests();
	if (!fork() || !daemonise() || !daemonise())
		wait_for_ever();
	say("ready");
	wait_for_ever();
}

/* leave FIFO: as above, but it ends when asked, and leaves the others behind. */
static void leave(void)
{
	if (open(args[0], O_WRONLY) < 0)
		_exit(123);
	if (!fork() || !daemonise()) {
		ignore_requests();
		wait_for_ever();
	}
	say("ready");
	wait_for_ever();
}

/*
 * heir FILE: takes the lock of FILE, which only the death of who had it before
 * can give it, tells so, leaves a daemon behind that keeps it, and crashes.
 */
static void heir(void)
{
	int fd = open(args[0], O_RDWR | O_CREAT, 0600);
	char line[64];
	pid_t pid;

	if (fd < 0 || flock(fd, LOCK_EX))
		_exit(123);
	pid = daemonise();
	if (!pid) {
		ignore_requests();
		wait_for_ever();
	}
	snprintf(line, sizeof(line), "%d", pid);
	say(line);
	_exit(1);
}

/* count FILE: counts up in its first 8 bytes. */
static void count(void)
{
	int fd = open(args[0], O_RDWR);
	volatile uint64_t *counter =
		mmap(NULL, sizeof(*counter), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (counter == MAP_FAILED)
		_exit(123);
	say("ready");
	for (;;)
		++*counter;
}

static bool leader_is_gone(void)
{
	char path[64], text[256];
	ssize_t n;
	char *end;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", getpid());
	fd = open(path, O_RDONLY);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	end = strrchr(text, ')');
	return end && end[2] == 'Z';
}

static void in_thread(void *(*fn)(void *arg))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, fn, NULL))
		_exit(124);
}

static void *survive(void *how)
{
	char byte;

	while (!leader_is_gone())
		usleep(500);
	say("leader gone");
	if (read(0, &byte, 1) != 1)
		_exit(125);
	if (byte == 'g')
		_exit(7);	/* exit_group() */
	syscall(SYS_exit, 6);	/* this thread alone, the last one */
	return how;
}

/*
 * leader-exits: its first thread ends with 5. The other one then waits for a byte:
 * with 'g' it ends all of it with 7, else itself alone with 6.
 */
static void leader_exits(void)
{
	in_thread(survive);
	syscall(SYS_exit, 5);
}

static void *exit_all(void *arg)
{
	_exit(9);
	return arg;
}

/* thread-exits: a thread that is not the first ends all of it with 9. */
static void thread_exits(void)
{
	in_thread(exit_all);
	wait_for_ever();
}

static void *execute(void *arg)
{
	execv(args[0], args);
	_exit(126);
	return arg;
}

/* thread-execs PROGRAM...: a thread that is not the first executes a program. */
static void thread_execs(void)
{
	in_thread(execute);
	wait_for_ever();
}

static void touch(size_t bytes)
{
	volatile char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		_exit(123);
	for (size_t at = 0; at < bytes; at += 4096)
		memory[at] = 1;
}

/* touch MIB [FIFO]: uses that much memory; with a FIFO, a daemon of it holds that open. */
static void use_memory(void)
{
	if (args[1]) {
		if (open(args[1], O_WRONLY) < 0)
			_exit(123);
		if (!daemonise())
			wait_for_ever();
	}
	say("begun");
	touch((size_t)atoi(args[0]) << 20);
	say("ready");
	wait_for_ever();
}

/* recycle MIB: uses that much memory in all, little at a time: the kernel can have it back. */
static void recycle_memory(void)
{
	size_t chunk = 1 << 20;

	for (int left = atoi(args[0]); left; left--) {
		char *memory = mmap(NULL, chunk, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (memory == MAP_FAILED)
			_exit(123);
		memset(memory, 1, chunk);
		if (madvise(memory, chunk, MADV_FREE))
			_exit(124);
	}
	say("ready");
	wait_for_ever();
}

/* fork: makes processes until it is refused, and tells how many there were with itself. */
static void fork_many(void)
{
	char line[64];
	int n = 1;
	pid_t pid;

	while ((pid = fork()) > 0)
		n++;
	if (!pid)
		wait_for_ever();
	snprintf(line, sizeof(line), "%d %s", n, errno == EAGAIN ? "EAGAIN" : "another error");
	say(line);
	wait_for_ever();
}

/* burn: 30 ms of CPU time for each byte on standard input, and a line then; ends with the input. */
static void burn(void)
{
	char byte;

	say("ready");
	while (read(0, &byte, 1) == 1) {
		clock_t end = clock() + CLOCKS_PER_SEC * 3 / 100;

		while (clock() < end)
			;
		say("burnt");
	}
}

/* wait-child: sees a child of its own die, which an ignored SIGCHLD would prevent. */
static void wait_child(void)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(3);
	if (waitpid(pid, &status, 0) != pid || status != 3 << 8)
		_exit(123);
	say("ready");
	wait_for_ever();
}

static const struct {
	const char *name;
	void (*act)(void);
} acts[] = {
	{ "stubborn", stubborn },
	{ "leave", leave },
	{ "heir", heir },
	{ "count", count },
	{ "leader-exits", leader_exits },
	{ "thread-exits", thread_exits },
	{ "thread-execs", thread_execs },
	{ "touch", use_memory },
	{ "recycle", recycle_memory },
	{ "fork", fork_many },
	{ "burn", burn },
	{ "wait-child", wait_child },
};

int main(int argc, char **argv)
{
	if (argc < 2)
		return 119;
	args = argv + 2;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (!strcmp(acts[i].name, argv[1])) {
			acts[i].act();
			return 0;
		}
	}
	return 119;
}
