// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does something accept connections? The target is ADDRESS:PORT, [ADDRESS]:PORT, or
 * localhost:PORT; other names would have to be looked up, which may take long.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "log.h"

struct attempt {
	struct source source;
	struct check *check;
};

/* The address in @target; NULL if it has none. freeaddrinfo() frees it. */
static struct addrinfo *parse(const char *target)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM };
	struct addrinfo *address = NULL;
	char text[CHECK_TARGET_MAX + 1], *colon;
	const char *host = text;

	snprintf(text, sizeof(text), "%s", target);
	colon = strrchr(text, ':');
	if (!colon || !colon[1])
		return NULL;
	*colon = '\0';
	if (*text == '[' && colon > text && colon[-1] == ']') {
		colon[-1] = '\0';
		host++;
	}
	if (!strcmp(host, "localhost"))
		host = "127.0.0.1";
	if (!*host || getaddrinfo(host, colon + 1, &hints, &address))
		return NULL;
	return address;
}

static int prepare(const char *target, char why[CHECK_WHY_MAX])
{
	struct addrinfo *address = parse(target);

	if (!address) {
		snprintf(why, CHECK_WHY_MAX, "tcp takes ADDRESS:PORT, or localhost:PORT");
		return -1;
	}
	freeaddrinfo(address);
	return 0;
}

static void cancel(struct check *check)
{
	struct attempt *attempt = check->work;

	if (!attempt)
		return;
	check->work = NULL;
	source_drop(&attempt->source);
	close(attempt->source.fd);
	free(attempt);
}

static void end(struct check *check, int error)
{
	cancel(check);
	if (error)
		check_done(check, false, "%s", strerror(error));
	else
		check_done(check, true, "connected");
}

static void connected(struct source *source, uint32_t events)
{
	struct attempt *attempt = HOLDER(source, struct attempt, source);
	socklen_t size = sizeof(int);
	int error = 0;

	(void)events;
	getsockopt(source->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	end(attempt->check, error);
}

static void begin(struct check *check)
{
	struct addrinfo *address = parse(check->target);
	struct attempt *attempt;
	int fd, ret;

	fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ret = fd < 0 ? -1 : connect(fd, address->ai_addr, address->ai_addrlen);
	freeaddrinfo(address);
	if (fd < 0 || (ret && errno != EINPROGRESS)) {
		ret = errno;
		if (fd >= 0)
			close(fd);
		end(check, ret);
		return;
	}
	attempt = need(calloc(1, sizeof(*attempt)));
	attempt->check = check;
	attempt->source.fd = fd;
	attempt->source.ready = connected;
	check->work = attempt;
	source_add(&attempt->source, EPOLLOUT);
}

const struct check_kind check_tcp = {
	.name = "tcp",
	.needs_target = true,
	.prepare = prepare,
	.begin = begin,
	.cancel = cancel,
};
