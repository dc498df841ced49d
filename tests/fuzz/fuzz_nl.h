/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A netlink socket without a kernel, for the library's own code: include this
 * before it. A target says what comes back.
 */
#ifndef AGENTSYS_TESTS_FUZZ_NL_H
#define AGENTSYS_TESTS_FUZZ_NL_H

#include <errno.h>
#include <linux/agentsys_netlink.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <poll.h>
#include <sanitizer/asan_interface.h>
#include <sys/socket.h>

#include "../../tools/libasm/conn.h"

#define FUZZ_FAMILY 30	/* the family's number */

#define recvmsg(fd, msg, flags)	fuzz_recvmsg(fd, msg, flags)
#define sendto(fd, buf, len, flags, to, tolen)	fuzz_sendto(fd, buf, len, flags, to, tolen)
#define poll(fds, n, timeout)	fuzz_poll(fds, n, timeout)

/* The target's: a request; and add a datagram for who receives into @buf, or -errno. */
ssize_t fuzz_sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to,
		    socklen_t tolen);
int fuzz_nl_more(const void *buf);

/* The datagram that is next. */
static unsigned char *fuzz_nl_datagram;
static size_t fuzz_nl_len;

static inline void fuzz_nl_add(const void *message, size_t len)
{
	fuzz_nl_datagram = realloc(fuzz_nl_datagram, fuzz_nl_len + len + 1);
	CHECK(fuzz_nl_datagram);
	memcpy(fuzz_nl_datagram + fuzz_nl_len, message, len);
	fuzz_nl_len += len;
}

static inline void fuzz_nl_clear(void)
{
	free(fuzz_nl_datagram);
	fuzz_nl_datagram = NULL;
	fuzz_nl_len = 0;
}

/* Behind what was received nothing may be read: the sanitizer is told so. */
static inline ssize_t fuzz_recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct sockaddr_nl *from = msg->msg_name;
	struct iovec *iov = msg->msg_iov;
	size_t len;

	(void)fd;
	ASAN_UNPOISON_MEMORY_REGION(iov->iov_base, iov->iov_len);
	if (!fuzz_nl_datagram) {
		errno = -fuzz_nl_more(iov->iov_base);
		/* No more will come: poll() tells. */
		if (errno == EIO)
			errno = EAGAIN;
		if (!fuzz_nl_datagram)
			return -1;
	}
	from->nl_pid = 0;
	len = fuzz_nl_len;
	if (flags & MSG_PEEK)
		return (ssize_t)len;
	CHECK(len <= iov->iov_len);
	memcpy(iov->iov_base, fuzz_nl_datagram, len);
	ASAN_POISON_MEMORY_REGION((char *)iov->iov_base + len, iov->iov_len - len);
	fuzz_nl_clear();
	return (ssize_t)len;
}

static inline int fuzz_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	(void)fds, (void)n, (void)timeout;
	errno = EIO;
	return -1;
}

/* A connection, without what agentsys_open() asks the kernel. */
static inline struct agentsys *fuzz_nl_open(void)
{
	struct agentsys *h = calloc(1, sizeof(*h));

	CHECK(h);
	h->buf_size = 512;	/* it has to grow now and then */
	h->buf = malloc(h->buf_size);
	h->sock = nl_socket_alloc();
	h->family = FUZZ_FAMILY;
	CHECK(h->buf && h->sock);
	return h;
}

#endif /* AGENTSYS_TESTS_FUZZ_NL_H */
