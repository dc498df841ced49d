// SPDX-License-Identifier: GPL-2.0-only
/*
 * The helper makes one for itself where it inherits none, so nothing is told of what
 * fails here.
 */
#include "notify.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "sys.h"

#define FOLDER "/run/agentsys"

static const struct sockaddr_un address = {
	.sun_family = AF_UNIX,
	.sun_path = FOLDER "/notify", /* libasm's AGENTSYS_NOTIFY_SOCKET */
};

static int kept = -1;

/* Is there a socket that somebody has? A helper that systemd looks after has its own. */
static bool is_alive(void)
{
	int fd = sys(__NR_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret = sys(__NR_connect, fd, &address, sizeof(address));

	if (fd >= 0)
		sys(__NR_close, fd);
	return !ret;
}

static void drop(void)
{
	if (kept >= 0)
		sys(__NR_close, kept);
	kept = -1;
}

void notify_keep(void)
{
	static const int on = 1;

	if (is_alive())
		return;
	drop();
	sys(__NR_mkdirat, AT_FDCWD, FOLDER, 0755);
	sys(__NR_unlinkat, AT_FDCWD, address.sun_path, 0);
	kept = sys(__NR_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (kept >= 0 &&
	    (sys(__NR_setsockopt, kept, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
	     sys(__NR_bind, kept, &address, sizeof(address)) < 0 ||
	     sys(__NR_fchmodat, AT_FDCWD, address.sun_path, 0666) < 0))
		drop();
}

void notify_give(void)
{
	if (kept >= 0)
		sys(__NR_fcntl, kept, F_SETFD, 0);
}

void notify_give_up(void)
{
	if (kept < 0)
		return;
	sys(__NR_unlinkat, AT_FDCWD, address.sun_path, 0);
	sys(__NR_shutdown, kept, SHUT_RDWR);
}
