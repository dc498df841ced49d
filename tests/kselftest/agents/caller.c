// SPDX-License-Identifier: GPL-2.0-only
/*
 * An agent that makes system calls: caller FILE THREADS KIND.
 *
 * It counts what each thread has called in FILE, which others may map too, and does
 * what it reads from standard input, a letter at a time:
 *	x	nothing
 *	n	1000 calls, then say "done"
 *	g	call in all threads until somebody sets the first word of FILE
 * KIND is what it calls: getpid, int80, fork, or term: getpid, and end with code 7 when
 * it is asked to; or child: getpid, in a child that says its pid in FILE.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS_MAX	500

static struct {
	volatile uint64_t stop;
	volatile uint64_t pid;
	volatile uint64_t calls[THREADS_MAX];
} *page;

static const char *kind;
static pthread_barrier_t all_there; /* to be made is slow when one is held */

static void call(void)
{
	int nr = 20; /* getpid, by the old gate */

	if (!strcmp(kind, "int80")) {
		__asm__ volatile("int $0x80" : "+a"(nr) : : "memory", "r8", "r9", "r10", "r11");
	} else if (!strcmp(kind, "fork")) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	} else {
		syscall(SYS_getpid);
	}
}

static void *flood(void *arg)
{
	volatile uint64_t *calls = arg;

	pthread_barrier_wait(&all_there);
	while (!page->stop) {
		call();
		++*calls;
	}
	return NULL;
}

static void say(const char *line)
{
	if (write(1, line, strlen(line)) < 0)
		_exit(120);
}

static void leave(int sig)
{
	_exit(7);
}

int main(int argc, char **argv)
{
	int fd = open(argv[1], O_RDWR | O_CLOEXEC);
	int n = atoi(argv[2]);
	pthread_t thread[THREADS_MAX];
	char letter;

	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED || n < 1 || n > THREADS_MAX)
		_exit(121);
	kind = argv[3];
	if (!strcmp(kind, "term"))
		signal(SIGTERM, leave);
	if (!strcmp(kind, "child") && fork())
		for (;;)
			pause();
	page->pid = getpid();
	say("ready\n");
	while (read(0, &letter, 1) == 1) {
		if (letter == 'n') {
			for (int i = 0; i < 1000; i++)
				call();
			say("done\n");
		}
		if (letter != 'g')
			continue;
		pthread_barrier_init(&all_there, NULL, n);
		for (int i = 1; i < n; i++)
			if (pthread_create(&thread[i], NULL, flood, (void *)&page->calls[i]))
				_exit(122);
		flood((void *)&page->calls[0]);
		for (int i = 1; i < n; i++)
			pthread_join(thread[i], NULL);
		say("stopped\n");
	}
	return 0;
}
