// SPDX-License-Identifier: GPL-2.0-only
/*
 * An agent that uses what it may, and tells on standard output what came of it:
 *
 * spend burn THREADS: for each byte on standard input these burn ('b'), or rest ('r')
 * spend hold: reads numbers, and holds so many MiB of memory then, no more and no less
 * spend use: reads "MESSAGES TOOL_CALLS" and reports that
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <fcntl.h>
#include <unistd.h>

#include <linux/agentsys.h>

static atomic_int burning;

static void say(const char *line)
{
	if (puts(line) < 0 || fflush(stdout))
		_exit(120);
}

static void *burn(void *arg)
{
	for (;;)
		if (!atomic_load_explicit(&burning, memory_order_relaxed))
			usleep(20000);
	return arg;
}

static void burn_on_request(int threads)
{
	pthread_t thread;
	char byte;

	while (threads--)
		if (pthread_create(&thread, NULL, burn, NULL))
			_exit(121);
	say("ready");
	while (read(0, &byte, 1) == 1) {
		burning = byte == 'b';
		say(burning ? "burns" : "rests");
	}
	pause();
}

static void hold(void)
{
	char *memory = NULL;
	size_t len = 0, mib;

	say("ready");
	while (scanf("%zu", &mib) == 1) {
		if (memory)
			munmap(memory, len);
		len = mib << 20;
		memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			      0);
		if (memory == MAP_FAILED)
			_exit(122);
		memset(memory, 1, len);
		say("holds");
	}
	pause();
}

static void report(void)
{
	struct agentsys_use use = { .size = sizeof(use) };
	int fd = open(AGENTSYS_DEVICE, O_RDWR | O_CLOEXEC);
	unsigned long long messages, tool_calls;

	say("ready");
	while (scanf("%llu %llu", &messages, &tool_calls) == 2) {
		use.messages = messages;
		use.tool_calls = tool_calls;
		say(ioctl(fd, AGENTSYS_IOC_USE, &use) ? strerrorname_np(errno) : "counted");
	}
	pause();
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "burn"))
		burn_on_request(atoi(argv[2]));
	else if (argc > 1 && !strcmp(argv[1], "hold"))
		hold();
	else
		report();
	return 119;
}
