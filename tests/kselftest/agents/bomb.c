// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fork bomb: it and all of its descendants fork as fast as they can, hear no
 * request to end, and never end by themselves. bomb FIFO: they hold it open.
 */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc != 2 || open(argv[1], O_WRONLY) < 0)
		return 1;
	signal(SIGTERM, SIG_IGN);
	if (write(STDOUT_FILENO, "ready\n", 6) != 6)
		return 1;
	for (;;) {
		/* Every other one a daemon. */
		if (!fork() && getpid() % 2)
			setsid();
	}
}
