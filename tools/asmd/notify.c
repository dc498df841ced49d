// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who sends is known from the kernel: its pid, and with that its cgroup. Any process of
 * an agent may speak for it. One that ends before it is looked up is not heard, as with
 * systemd, unless it is the main process of an agent that is known.
 */
#include "notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agents.h"
#include "log.h"
#include "loop.h"
#include "proc.h"
#include "report.h"
#include "state.h"
#include "systemd.h"

#define MESSAGE_MAX 4096
#define KEPT_END    16
#define FDS_MAX	    253 /* of the kernel, SCM_MAX_FD */

/* Since 6.5. */
#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 4
#endif

static struct source source;

/* ---- what is said ---- */

/* Printable ASCII stays; what else there is, and may be no text at all, does not. */
static void set_status(struct agent *agent, const char *text)
{
	size_t n = 0;

	for (; *text && n < STATUS_MAX - 1; text++)
		agent->status[n++] = *text >= ' ' && *text <= '~' ? *text : '?';
	agent->status[n] = '\0';
	state_changed();
}

static void take_line(struct agent *agent, const char *line)
{
	if (!strcmp(line, "WATCHDOG=1")) {
		report_alive(agent);
	} else if (!strcmp(line, "WATCHDOG=trigger")) {
		report_unresponsive(agent, 0, 0);
	} else if (!strcmp(line, "READY=1")) {
		agent->ready = true;
		state_changed();
	} else if (!strcmp(line, "STOPPING=1")) {
		agent->stopping = true;
		agent_look(agent);
		state_changed();
	} else if (!strncmp(line, "STATUS=", 7)) {
		set_status(agent, line + 7);
	} else {
		say(LOG_DEBUG, "agent %u says %s", agent->id, line);
	}
}

static void take_message(struct agent *agent, char *text)
{
	uint32_t id = agent->id;
	char *rest = NULL;

	if (!agent->notifies)
		state_changed();
	agent->notifies = true;
	/* A line may be the last thing that is heard of it. */
	for (char *line = strtok_r(text, "\n", &rest); line && agent;
	     line = strtok_r(NULL, "\n", &rest)) {
		take_line(agent, line);
		agent = agent_of(id);
	}
}

/* ---- who says it ---- */

static bool has_ended(int pidfd)
{
	struct pollfd poll_fd = { .fd = pidfd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) > 0;
}

static struct agent *main_process(pid_t pid)
{
	struct agent *agent = agent_next(NULL);

	while (agent && agent->pid != pid)
		agent = agent_next(agent);
	return agent;
}

/* @pidfd is of the sender, or -1: then its number may be another process's by now. */
static struct agent *sender(pid_t pid, int pidfd)
{
	uint32_t id = proc_agent(pid);

	if (pidfd >= 0 && has_ended(pidfd))
		id = 0;
	return id ? agent_of(id) : main_process(pid);
}

/**
 * struct letter - what came beside a message
 * @pid: of the sender, 0 if it was not told
 * @pidfd: likewise, or -1
 */
struct letter {
	pid_t pid;
	int pidfd;
};

/* Descriptors that are passed are closed: nothing is kept for agents. */
static void open_letter(struct msghdr *message, struct letter *letter)
{
	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part;
	     part = CMSG_NXTHDR(message, part)) {
		struct ucred who;
		int fd;

		if (part->cmsg_level != SOL_SOCKET)
			continue;
		if (part->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&who, CMSG_DATA(part), sizeof(who));
			letter->pid = who.pid;
		} else if (part->cmsg_type == SCM_PIDFD) {
			memcpy(&letter->pidfd, CMSG_DATA(part), sizeof(fd));
		} else if (part->cmsg_type == SCM_RIGHTS) {
			for (size_t at = CMSG_LEN(0); at + sizeof(fd) <= part->cmsg_len;
			     at += sizeof(fd)) {
				memcpy(&fd, (char *)part + at, sizeof(fd));
				close(fd);
			}
		}
	}
}

static void hear(struct source *from, uint32_t events)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int)) +
			   CMSG_SPACE(FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	char text[MESSAGE_MAX + 1];
	struct iovec vector = { .iov_base = text, .iov_len = MESSAGE_MAX };
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct letter letter = { .pidfd = -1 };
	struct agent *agent;
	ssize_t n;

	(void)events;
	n = recvmsg(from->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return;
	text[n] = '\0';
	open_letter(&message, &letter);
	agent = letter.pid && !(message.msg_flags & MSG_TRUNC) ? sender(letter.pid, letter.pidfd) :
								 NULL;
	if (letter.pidfd >= 0)
		close(letter.pidfd);
	if (agent)
		take_message(agent, text);
	else
		say(LOG_DEBUG, "a message of process %d, of no agent or too long", letter.pid);
}

/* ---- the socket ---- */

/*
 * The one that was kept over the end of the daemon before us, with all that has been said
 * meanwhile: by the launcher, or by systemd. -1 if there is none.
 */
static int find_kept(void)
{
	for (int fd = 3; fd < KEPT_END; fd++) {
		struct sockaddr_un address = { 0 };
		socklen_t size = sizeof(address) - 1;

		if (!getsockname(fd, (struct sockaddr *)&address, &size) &&
		    address.sun_family == AF_UNIX &&
		    !strcmp(address.sun_path, AGENTSYS_NOTIFY_SOCKET))
			return fd;
	}
	return -1;
}

static int make(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = AGENTSYS_NOTIFY_SOCKET };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;

	unlink(AGENTSYS_NOTIFY_SOCKET);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    chmod(AGENTSYS_NOTIFY_SOCKET, 0666))
		die("cannot listen on %s: %m", AGENTSYS_NOTIFY_SOCKET);
	return fd;
}

void notify_init(void)
{
	int on = 1;

	source.fd = find_kept();
	source.ready = hear;
	if (source.fd < 0 || access(AGENTSYS_NOTIFY_SOCKET, F_OK)) {
		source.fd = make();
		systemd_keep(source.fd);
	}
	fcntl(source.fd, F_SETFD, FD_CLOEXEC);
	setsockopt(source.fd, SOL_SOCKET, SO_PASSPIDFD, &on, sizeof(on));
}

void notify_begin(void)
{
	source_add(&source, EPOLLIN);
}

void notify_end(void)
{
	if (systemd_keeps() || agents_helper_returns())
		return;
	/* Whoever keeps it, nobody is to wait for an answer that does not come. */
	unlink(AGENTSYS_NOTIFY_SOCKET);
	shutdown(source.fd, SHUT_RDWR);
}
