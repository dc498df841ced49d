// SPDX-License-Identifier: GPL-2.0-only
/*
 * An agent that does as it is told: pulse WORDS [SOCKET]. Each letter of WORDS, and then each on
 * standard input, is something to do, which is answered with "ok" or a negative errno.
 *
 *	h  a heartbeat		t  says that it is broken
 *	m  maps its page	s  a heartbeat there, without a system call
 *	f  a child takes over; it itself only waits for that
 *	e  a child, whose pid is told first, goes on with s for ever
 *	b  maps what it may not, which is answered with the number of what it may all the same
 *	w  uses some CPU time	c  a child uses all that there is
 *	y  a child makes system calls for ever
 *	r  a child gives all kinds of heartbeats for ever, on pages that it maps for each
 *	l  hangs in a lock	p  has a thread that waits for input which does not come
 *	d  hangs uninterruptibly
 *	a  asks who listens on SOCKET, and waits for the answer
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <libasm.h>

static struct agentsys_pulse *pulse;
static int device;
static const char *gateway;

static int trigger(void)
{
	return agentsys_trigger(device);
}

static int heartbeat(void)
{
	return agentsys_heartbeat(device);
}

static int map(void)
{
	return agentsys_pulse_open(-1, &pulse);
}

static int store(void)
{
	agentsys_pulse_beat(pulse);
	return 0;
}

static int child_takes_over(void)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid)
		return 0;
	waitpid(pid, &status, 0);
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 125);
}

static int child_stores(void)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	while (!pid) {
		agentsys_pulse_beat(pulse);
		usleep(1000);
	}
	printf("%d\n", pid);
	return 0;
}

static int child_calls(void)
{
	pid_t pid = fork();

	while (!pid)
		syscall(SYS_getppid);
	return pid < 0 ? -errno : 0;
}

static int child_beats(void)
{
	pid_t pid = fork();

	while (!pid) {
		agentsys_heartbeat(device);
		if (agentsys_pulse_open(device, &pulse))
			continue;
		agentsys_pulse_beat(pulse);
		agentsys_pulse_close(pulse);
	}
	return pid < 0 ? -errno : 0;
}

static int child_burns(void)
{
	volatile pid_t pid = fork();

	while (!pid)
		;
	return pid < 0 ? -errno : 0;
}

static int map_badly(void)
{
	size_t size = sysconf(_SC_PAGESIZE);
	const struct {
		size_t size;
		off_t offset;
		int prot;
		int flags;
		int error;
	} bad[] = {
		{ 2 * size, 0, PROT_READ | PROT_WRITE, MAP_SHARED, EINVAL },
		{ size, size, PROT_READ | PROT_WRITE, MAP_SHARED, EINVAL },
		{ size, 1L << 40, PROT_READ | PROT_WRITE, MAP_SHARED, EINVAL },
		{ size, 0, PROT_READ | PROT_WRITE, MAP_PRIVATE, EINVAL },
		{ size, 0, PROT_READ, MAP_PRIVATE, EINVAL },
		{ size, 0, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, EACCES },
	};
	char *page;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (mmap(NULL, bad[i].size, bad[i].prot, bad[i].flags, device, bad[i].offset) !=
			    MAP_FAILED || errno != bad[i].error)
			return 1 + i;
	page = mmap(NULL, size, PROT_READ, MAP_SHARED, device, AGENTSYS_LIVE_OFFSET);
	if (page == MAP_FAILED)
		return 100;
	if (!mprotect(page, size, PROT_READ | PROT_EXEC))
		return 101;
	if (mprotect(page, size, PROT_READ | PROT_WRITE))
		return 102;
	if (mremap(page, size, 2 * size, MREMAP_MAYMOVE) != MAP_FAILED)
		return 103;
	return munmap(page, size);
}

static int burn(void)
{
	clock_t end = clock() + CLOCKS_PER_SEC / 20;

	while (clock() < end)
		;
	return 0;
}

static int hang(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	puts("ok");
	fflush(stdout);
	pthread_mutex_lock(&lock);
	pthread_mutex_lock(&lock);
	return -EDEADLK;
}

static void *wait_for_input(void *unused)
{
	int ends[2];
	char byte;

	if (pipe(ends) || read(ends[0], &byte, 1))
		exit(124);
	return unused;
}

static int have_thread(void)
{
	pthread_t thread;

	return -pthread_create(&thread, NULL, wait_for_input, NULL);
}

/* A parent in vfork() cannot be interrupted; its child hangs in a lock. */
static int hang_uninterruptibly(void)
{
	if (!vfork())
		_exit(hang());
	return -EDEADLK;
}

static int ask(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), ret;
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char answer = 0;
	ssize_t n;

	strncpy(to.sun_path, gateway, sizeof(to.sun_path) - 1);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) || write(fd, "?", 1) != 1) {
		ret = -errno;
	} else {
		n = read(fd, &answer, 1);
		ret = n == 1 ? 0 : n ? -errno : -ECONNRESET;
	}
	close(fd);
	return ret;
}

static const struct {
	char letter;
	int (*act)(void);
} acts[] = {
	{ 'h', heartbeat },
	{ 't', trigger },
	{ 'm', map },
	{ 's', store },
	{ 'f', child_takes_over },
	{ 'e', child_stores },
	{ 'b', map_badly },
	{ 'w', burn },
	{ 'c', child_burns },
	{ 'y', child_calls },
	{ 'r', child_beats },
	{ 'l', hang },
	{ 'p', have_thread },
	{ 'd', hang_uninterruptibly },
	{ 'a', ask },
};

static int act(char letter)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (acts[i].letter == letter)
			return acts[i].act();
	return -ENOSYS;
}

static void answer(char letter)
{
	int ret = act(letter);

	if (ret)
		printf("%d\n", ret);
	else
		puts("ok");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char letter;

	gateway = argc > 2 ? argv[2] : "";
	device = agentsys_device_open();
	if (device < 0)
		return 123;
	for (const char *c = argc > 1 ? argv[1] : ""; *c; c++)
		answer(*c);
	while (read(0, &letter, 1) == 1)
		answer(letter);
	return 0;
}
