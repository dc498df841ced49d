// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does something accept connections? The target is HOST:PORT, or [ADDRESS]:PORT. A name
 * is looked up by a thread, because that may take long; each of its addresses is tried
 * until one answers.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "log.h"

/* Names that are looked up at a time, with those that nobody waits for any more. */
#define LOOKUPS_MAX 64

/**
 * struct attempt - a check that is under way
 * @source: the socket that is to be connected; none while @source.fd is negative
 * @check: it
 * @lookup: of its name, while that lasts
 * @found: the addresses
 * @next: the one to be tried when this one does not answer
 */
struct attempt {
	struct source source;
	struct check *check;
	struct lookup *lookup;
	struct addrinfo *found;
	struct addrinfo *next;
};

/**
 * struct lookup - a name that is looked up; the thread's until it has written to the pipe
 * @attempt: whose; NULL when nobody waits any more; the thread does not look at it
 * @host: the name
 * @port: beside it
 * @found: what came of it; or
 * @error: of getaddrinfo()
 */
struct lookup {
	struct attempt *attempt;
	char host[CHECK_TARGET_MAX + 1];
	char port[8];
	struct addrinfo *found;
	int error;
};

static struct source answers = { .fd = -1 };
static int answers_in;
static unsigned int lookups;

/* ---- the target ---- */

static bool is_port(const char *text)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	return isdigit((unsigned char)*text) && !*end && port >= 1 && port <= 65535 &&
	       strlen(text) < sizeof(((struct lookup *)0)->port);
}

static bool is_host(const char *text)
{
	static const char also[] = ".-_:%";

	while (isalnum((unsigned char)*text) || (*text && strchr(also, *text)))
		text++;
	return !*text;
}

/* @text is the target, and is written to; false if it is none. */
static bool parse(char *text, const char **host, const char **port)
{
	char *colon = strrchr(text, ':');

	if (!colon || !is_port(colon + 1))
		return false;
	*host = text;
	*port = colon + 1;
	*colon = '\0';
	if (*text == '[' && colon > text && colon[-1] == ']') {
		colon[-1] = '\0';
		++*host;
	}
	if (!strcmp(*host, "localhost"))
		*host = "127.0.0.1";
	return **host && is_host(*host);
}

/* What it is without being looked up; NULL if it is a name. freeaddrinfo() frees it. */
static struct addrinfo *address_of(const char *host, const char *port)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM };
	struct addrinfo *address = NULL;

	return getaddrinfo(host, port, &hints, &address) ? NULL : address;
}

static int prepare(const char *target, char why[CHECK_WHY_MAX])
{
	char text[CHECK_TARGET_MAX + 1];
	const char *host, *port;
	struct addrinfo *address;

	snprintf(text, sizeof(text), "%s", target);
	if (parse(text, &host, &port)) {
		address = address_of(host, port);
		if (address)
			freeaddrinfo(address);
		/* Only addresses have colons, or what goes with a link. */
		if (address || !strpbrk(host, ":%"))
			return 0;
	}
	snprintf(why, CHECK_WHY_MAX, "tcp takes HOST:PORT, or [ADDRESS]:PORT");
	return -1;
}

/* ---- connecting ---- */

static void drop_socket(struct attempt *attempt)
{
	if (attempt->source.fd < 0)
		return;
	source_drop(&attempt->source);
	close(attempt->source.fd);
	attempt->source.fd = -1;
}

static void cancel(struct check *check)
{
	struct attempt *attempt = check->work;

	if (!attempt)
		return;
	check->work = NULL;
	drop_socket(attempt);
	if (attempt->lookup)
		attempt->lookup->attempt = NULL;
	if (attempt->found)
		freeaddrinfo(attempt->found);
	free(attempt);
}

static int begin_to(struct attempt *attempt, const struct addrinfo *address)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd >= 0 &&
	    (!connect(fd, address->ai_addr, address->ai_addrlen) || errno == EINPROGRESS)) {
		attempt->source.fd = fd;
		source_add(&attempt->source, EPOLLOUT);
		return 0;
	}
	error = errno;
	if (fd >= 0)
		close(fd);
	return error;
}

/* The one before, if any, did not work because of @error. */
static void try_next(struct attempt *attempt, int error)
{
	struct check *check = attempt->check;

	while (attempt->next) {
		struct addrinfo *address = attempt->next;

		attempt->next = address->ai_next;
		error = begin_to(attempt, address);
		if (!error)
			return;
	}
	cancel(check);
	check_done(check, false, "%s", strerror(error));
}

static void connected(struct source *source, uint32_t events)
{
	struct attempt *attempt = HOLDER(source, struct attempt, source);
	struct check *check = attempt->check;
	socklen_t size = sizeof(int);
	int error = 0;

	(void)events;
	getsockopt(source->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error) {
		drop_socket(attempt);
		try_next(attempt, error);
		return;
	}
	cancel(check);
	check_done(check, true, "connected");
}

static void try_all(struct attempt *attempt, struct addrinfo *found)
{
	attempt->found = found;
	attempt->next = found;
	try_next(attempt, 0);
}

/* ---- names ---- */

static void *look_up(void *arg)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	struct lookup *lookup = arg;

	lookup->error = getaddrinfo(lookup->host, lookup->port, &hints, &lookup->found);
	/* Few enough of them for the pipe. */
	if (write(answers_in, &lookup, sizeof(lookup)) < 0)
		return NULL;
	return NULL;
}

static void answered(struct source *from, uint32_t events)
{
	struct attempt *attempt;
	struct lookup *lookup;
	struct check *check;

	(void)events;
	if (read(from->fd, &lookup, sizeof(lookup)) != sizeof(lookup))
		return;
	lookups--;
	attempt = lookup->attempt;
	if (!attempt) {
		if (!lookup->error)
			freeaddrinfo(lookup->found);
	} else if (lookup->error) {
		check = attempt->check;
		cancel(check);
		check_done(check, false, "%s", gai_strerror(lookup->error));
	} else {
		attempt->lookup = NULL;
		try_all(attempt, lookup->found);
	}
	free(lookup);
}

/* With the first name: 0, or an errno. */
static int hear_answers(void)
{
	int ends[2];

	if (answers.fd >= 0)
		return 0;
	if (pipe2(ends, O_CLOEXEC))
		return errno;
	answers.fd = ends[0];
	answers.ready = answered;
	answers_in = ends[1];
	source_add(&answers, EPOLLIN);
	return 0;
}

static int begin_lookup(struct attempt *attempt, const char *host, const char *port)
{
	struct lookup *lookup;
	pthread_t thread;
	int error;

	error = lookups < LOOKUPS_MAX ? hear_answers() : EAGAIN;
	if (error)
		return error;
	lookup = need(calloc(1, sizeof(*lookup)));
	snprintf(lookup->host, sizeof(lookup->host), "%s", host);
	snprintf(lookup->port, sizeof(lookup->port), "%s", port);
	error = pthread_create(&thread, NULL, look_up, lookup);
	if (error) {
		free(lookup);
		return error;
	}
	pthread_detach(thread);
	lookups++;
	lookup->attempt = attempt;
	attempt->lookup = lookup;
	return 0;
}

static void begin(struct check *check)
{
	struct attempt *attempt = need(calloc(1, sizeof(*attempt)));
	char text[CHECK_TARGET_MAX + 1];
	const char *host, *port;
	struct addrinfo *address;
	int error;

	attempt->check = check;
	attempt->source.fd = -1;
	attempt->source.ready = connected;
	check->work = attempt;
	snprintf(text, sizeof(text), "%s", check->target);
	parse(text, &host, &port); /* as it did in prepare() */
	address = address_of(host, port);
	if (address) {
		try_all(attempt, address);
		return;
	}
	error = begin_lookup(attempt, host, port);
	if (!error)
		return;
	cancel(check);
	check_done(check, false, "cannot look up %s: %s", host, strerror(error));
}

const struct check_kind check_tcp = {
	.name = "tcp",
	.needs_target = true,
	.prepare = prepare,
	.begin = begin,
	.cancel = cancel,
};
