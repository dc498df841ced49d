// SPDX-License-Identifier: GPL-2.0-only
/*
 * The protocol of sd_notify(3) is a line in a datagram, so libsystemd is not needed.
 * Signs of life come from the loop: one that hangs gives none.
 */
#include "systemd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "loop.h"

static void beat(struct timer *timer);

static struct timer timer = { .due = beat };
static uint64_t beat_ms;
static bool is_ready;
static size_t last_agents;

/* @kept is a descriptor for it, or -1. */
static void tell_with(const char *state, int kept)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)),
				  .cmsg_level = SOL_SOCKET,
				  .cmsg_type = SCM_RIGHTS } };
	struct iovec vector = { .iov_base = (char *)state, .iov_len = strlen(state) };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct msghdr message = { .msg_name = &address, .msg_iov = &vector, .msg_iovlen = 1 };
	const char *path = getenv("NOTIFY_SOCKET");
	int fd;

	if (!path || !*path || strlen(path) >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, strlen(path));
	if (*path == '@')
		address.sun_path[0] = '\0';
	message.msg_namelen = offsetof(struct sockaddr_un, sun_path) + strlen(path);
	if (kept >= 0) {
		memcpy(CMSG_DATA(&control.header), &kept, sizeof(kept));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	sendmsg(fd, &message, MSG_NOSIGNAL);
	close(fd);
}

static void tell(const char *state)
{
	tell_with(state, -1);
}

static void beat(struct timer *unused)
{
	(void)unused;
	tell("WATCHDOG=1");
	timer_set(&timer, beat_ms);
}

/* Twice as often as it has to be; 0 if nobody waits for it. */
static uint64_t how_often_ms(void)
{
	const char *time_us = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");

	if (!time_us || (pid && strtol(pid, NULL, 10) != getpid()))
		return 0;
	return strtoull(time_us, NULL, 10) / 2000;
}

static void tell_status(const char *first, size_t agents)
{
	char text[128];

	last_agents = agents;
	snprintf(text, sizeof(text), "%sSTATUS=Looks after %zu agent%s", first, agents,
		 agents == 1 ? "" : "s");
	tell(text);
}

void systemd_keep(int fd)
{
	tell_with("FDSTORE=1\nFDNAME=notify", fd);
}

bool systemd_keeps(void)
{
	return getenv("NOTIFY_SOCKET");
}

void systemd_ready(void)
{
	is_ready = true;
	tell_status("READY=1\n", last_agents);
	beat_ms = how_often_ms();
	if (beat_ms)
		beat(&timer);
}

void systemd_status(size_t agents)
{
	if (!is_ready)
		last_agents = agents;
	else if (agents != last_agents)
		tell_status("", agents);
}

void systemd_stopping(void)
{
	tell("STOPPING=1\nSTATUS=Ends");
}
