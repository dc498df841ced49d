// SPDX-License-Identifier: GPL-2.0-only
/*
 * asmd, the helper daemon: what agents say by sd_notify(), and health checks. It is
 * agent 1, started and restarted by the module; or it is started by systemd.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents.h"
#include "control.h"
#include "log.h"
#include "loop.h"
#include "notify.h"
#include "proc.h"
#include "state.h"
#include "systemd.h"

/* Who started us is not to try again: the module, and asmd.service, know it. */
#define EXIT_NOT_ALONE 3

/* Held for as long as we run, so that there is one of us. */
static void lock(void)
{
	int fd;

	umask(022);
	if (mkdir(RUN_DIR, 0755) && errno != EEXIST)
		die("cannot make %s: %m", RUN_DIR);
	/* Whoever made it may have had another mask. */
	if (chmod(RUN_DIR, 0755))
		die("cannot open %s to agents: %m", RUN_DIR);
	fd = open(RUN_DIR "/asmd.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		die("cannot open %s/asmd.lock: %m", RUN_DIR);
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		say(LOG_ERR, "another one runs");
		exit(EXIT_NOT_ALONE);
	}
}

static void asked_to_end(struct source *source, uint32_t events)
{
	(void)source;
	(void)events;
	loop_end();
}

static void hear_signals(void)
{
	static struct source source = { .ready = asked_to_end };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	source.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (source.fd < 0)
		die("cannot receive signals: %m");
	source_add(&source, EPOLLIN);
}

int main(int argc, char **argv)
{
	bool verbose = argc == 2 && !strcmp(argv[1], "--verbose");

	if (argc > 1 && !verbose) {
		printf("Usage: asmd [--verbose]\n\n"
		       "The helper daemon of agentsys: health checks and sd_notify() for agents. The\n"
		       "module starts it, see \"asmctl helper --help\", or systemd; it stays in the\n"
		       "foreground. It ends with 3 if another one runs.\n");
		return argc == 2 && !strcmp(argv[1], "--help") ? 0 : 2;
	}
	log_init(verbose);
	lock();
	loop_init();
	/* First of all: agents that are started after us may speak at once. */
	notify_init();
	hear_signals();
	agents_init();
	proc_init();
	state_load();
	/* What has been said while there was nobody comes after what was known before. */
	notify_begin();
	control_init();
	systemd_ready();
	loop_run();
	systemd_stopping();
	state_save();
	unlink(CONTROL_SOCKET);
	notify_end();
	return 0;
}
