// SPDX-License-Identifier: LGPL-2.1-only
#include "conn.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A whole spec in one message, and as much again for the kernel's accounting. */
#define SEND_BUFFER    (2 * AGENTSYS_SPEC_MAX)
#define RECEIVE_BUFFER (1024 * 1024)
/* What one message may bring before the buffer has to grow. */
#define FIRST_BUFFER (64 * 1024)

int conn_fail(struct agentsys *h, int error, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(h->error, sizeof(h->error), format, ap);
	va_end(ap);
	return error;
}

static int fail_errno(struct agentsys *h, int error)
{
	return conn_fail(h, error, "%s", strerror(-error));
}

/* libnl has errors of its own. */
static int errno_of_nl(int error)
{
	switch (error < 0 ? -error : error) {
	case NLE_OBJ_NOTFOUND:
		return -ENODEV;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_PERM:
		return -EPERM;
	case NLE_NOACCESS:
		return -EACCES;
	case NLE_AF_NOSUPPORT:
	case NLE_PROTO_MISMATCH:
		return -EPROTONOSUPPORT;
	case NLE_BAD_SOCK:
		return -EMFILE;
	default:
		return -EIO;
	}
}

/* Beyond the system's limit where that is allowed. */
static void set_buffer(int fd, int force, int option, int size)
{
	if (setsockopt(fd, SOL_SOCKET, force, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, option, &size, sizeof(size));
}

static void set_options(struct nl_sock *sock)
{
	int fd = nl_socket_get_fd(sock);
	int one = 1;

	set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, SEND_BUFFER);
	set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, RECEIVE_BUFFER);
	/* The kernel's own words; and no copy of the request with a refusal. */
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
}

int agentsys_open(struct agentsys **result)
{
	struct agentsys *h = calloc(1, sizeof(*h));
	int ret;

	*result = NULL;
	if (!h)
		return -ENOMEM;
	h->buf_size = FIRST_BUFFER;
	h->buf = malloc(h->buf_size);
	h->sock = nl_socket_alloc();
	ret = -ENOMEM;
	if (!h->buf || !h->sock)
		goto fail;
	ret = genl_connect(h->sock);
	if (ret < 0) {
		ret = errno_of_nl(ret);
		goto fail;
	}
	h->family = genl_ctrl_resolve(h->sock, AGENTSYS_GENL_NAME);
	if (h->family < 0) {
		ret = errno_of_nl(h->family);
		goto fail;
	}
	set_options(h->sock);
	*result = h;
	return 0;

fail:
	agentsys_close(h);
	return ret;
}

void agentsys_close(struct agentsys *h)
{
	if (!h)
		return;
	if (h->sock)
		nl_socket_free(h->sock);
	free(h->buf);
	free(h);
}

const char *agentsys_error(const struct agentsys *h)
{
	return h->error;
}

pid_t agentsys_pid(const struct agentsys *h)
{
	return h->pid;
}

enum agentsys_step agentsys_error_step(const struct agentsys *h)
{
	return h->step;
}

/*
 * Groups are looked up before the first is joined: libnl takes an event that comes
 * in between for a wrong answer.
 */
int conn_join_events(struct agentsys *h)
{
	int events = genl_ctrl_resolve_grp(h->sock, AGENTSYS_GENL_NAME, AGENTSYS_MCGRP_EVENTS);
	int notify = genl_ctrl_resolve_grp(h->sock, "nlctrl", "notify");
	int ret;

	if (events < 0 || notify < 0)
		return errno_of_nl(events < 0 ? events : notify);
	ret = nl_socket_add_memberships(h->sock, events, notify, 0);
	return ret < 0 ? errno_of_nl(ret) : 0;
}

struct nl_msg *conn_message(struct agentsys *h, uint8_t cmd, int flags, size_t size)
{
	struct nl_msg *msg = nlmsg_alloc_size(NLMSG_HDRLEN + GENL_HDRLEN + size);

	h->step = AGENTSYS_STEP_NONE;
	h->error[0] = '\0';
	if (msg && genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, h->family, 0,
			       NLM_F_REQUEST | NLM_F_ACK | flags, cmd, AGENTSYS_GENL_VERSION))
		return msg;
	nlmsg_free(msg);
	fail_errno(h, -ENOMEM);
	return NULL;
}

int conn_wait(struct agentsys *h, int timeout_ms)
{
	struct pollfd poll_fd = {
		.fd = nl_socket_get_fd(h->sock),
		.events = POLLIN,
	};
	int ret = poll(&poll_fd, 1, timeout_ms);

	return ret < 0 ? -errno : ret;
}

ssize_t conn_receive(struct agentsys *h)
{
	struct sockaddr_nl from;
	struct iovec iov;
	struct msghdr msg;
	ssize_t n;

	for (;;) {
		iov = (struct iovec){ h->buf, h->buf_size };
		msg = (struct msghdr){
			.msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &iov,
			.msg_iovlen = 1,
		};
		n = recvmsg(nl_socket_get_fd(h->sock), &msg, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
		if (n >= 0 && (size_t)n > h->buf_size) {
			unsigned char *bigger = realloc(h->buf, n);

			if (!bigger)
				return -ENOMEM;
			h->buf = bigger;
			h->buf_size = n;
			continue;
		}
		if (n >= 0)
			n = recvmsg(nl_socket_get_fd(h->sock), &msg, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (from.nl_pid == 0) /* anybody may write to the socket, the kernel is 0 */
			return n;
	}
}

int conn_parse(struct nlmsghdr *hdr, struct nlattr **attrs, int maxattr)
{
	if (hdr->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN ||
	    nlmsg_parse(hdr, GENL_HDRLEN, attrs, maxattr, NULL) < 0)
		return -EPROTO;
	return 0;
}

/* What the kernel said along with @error, behind the fixed part of a message. */
static int fail_with_extack(struct agentsys *h, int error, struct nlmsghdr *hdr, size_t fixed)
{
	struct nlattr *attrs[NLMSGERR_ATTR_MAX + 1];
	const char *text = NULL;

	if (hdr->nlmsg_flags & NLM_F_ACK_TLVS &&
	    nlmsg_parse(hdr, fixed, attrs, NLMSGERR_ATTR_MAX, NULL) >= 0)
		text = attr_string(attrs[NLMSGERR_ATTR_MSG]);
	if (text)
		return conn_fail(h, error, "%s", text);
	return fail_errno(h, error);
}

static int fail_unreadable(struct agentsys *h)
{
	return conn_fail(h, -EPROTO, "the kernel's answer cannot be read");
}

static int take_ack(struct agentsys *h, struct nlmsghdr *hdr)
{
	const struct nlmsgerr *ack = nlmsg_data(hdr);
	size_t len = nlmsg_datalen(hdr);
	size_t fixed = sizeof(*ack);

	if (len < sizeof(*ack))
		return fail_unreadable(h);
	if (!(hdr->nlmsg_flags & NLM_F_CAPPED))
		fixed = offsetof(struct nlmsgerr, msg) + ack->msg.nlmsg_len;
	if (fixed < sizeof(*ack) || fixed > len || ack->error > 0 || ack->error < -ERRNO_MAX)
		return fail_unreadable(h);
	return ack->error ? fail_with_extack(h, ack->error, hdr, fixed) : 0;
}

static int take_done(struct agentsys *h, struct nlmsghdr *hdr)
{
	int error = 0;

	if (nlmsg_datalen(hdr) >= (int)sizeof(error))
		memcpy(&error, nlmsg_data(hdr), sizeof(error));
	if (error < -ERRNO_MAX)
		return fail_unreadable(h);
	return error < 0 ? fail_with_extack(h, error, hdr, sizeof(error)) : 0;
}

static int take_answer(struct agentsys *h, struct nlmsghdr *hdr, const struct answers *answers)
{
	struct nlattr *attrs[answers->maxattr + 1];
	const struct genlmsghdr *genl = nlmsg_data(hdr);
	int ret;

	if (hdr->nlmsg_type != h->family)
		return 0;
	ret = conn_parse(hdr, attrs, answers->maxattr);
	if (ret)
		return conn_fail(h, ret, "the module's answer cannot be read");
	return answers->fn && genl->cmd == answers->cmd ? answers->fn(h, attrs, answers->arg) : 0;
}

/* What is still to come for a request. */
struct pending {
	uint32_t seq;
	bool ack;
	bool answer;
};

/*
 * One message. Those of an older number are answers to a request that was
 * interrupted.
 */
static int take_message(struct agentsys *h, struct nlmsghdr *hdr, struct answers *answers,
			struct pending *pending)
{
	int ret;

	if (hdr->nlmsg_seq != pending->seq)
		return 0;
	if (hdr->nlmsg_flags & NLM_F_DUMP_INTR)
		answers->interrupted = true;

	switch (hdr->nlmsg_type) {
	case NLMSG_ERROR:
		pending->ack = false;
		ret = take_ack(h, hdr);
		break;
	case NLMSG_DONE:
		pending->ack = pending->answer = false;
		ret = take_done(h, hdr);
		break;
	default:
		ret = take_answer(h, hdr, answers);
		if (!(hdr->nlmsg_flags & NLM_F_MULTI))
			pending->answer = false;
	}
	return ret;
}

/* A message that failed leaves the rest unread: nobody asks for its number again. */
static int take_all(struct agentsys *h, struct answers *answers, struct pending *pending)
{
	ssize_t received;
	int ret;

	while (pending->ack || pending->answer) {
		struct nlmsghdr *hdr;
		int left;

		received = conn_receive(h);
		if (received == -EAGAIN) {
			ret = conn_wait(h, -1);
			if (ret == -EINTR && !answers->interruptible)
				continue;
			if (ret < 0)
				return fail_errno(h, ret);
			continue;
		}
		if (received < 0)
			return fail_errno(h, received);

		left = received;
		for (hdr = (struct nlmsghdr *)h->buf; nlmsg_ok(hdr, left);
		     hdr = nlmsg_next(hdr, &left)) {
			ret = take_message(h, hdr, answers, pending);
			if (ret < 0)
				return ret;
		}
	}
	return 0;
}

int conn_request(struct agentsys *h, struct nl_msg *msg, struct answers *answers)
{
	struct pending pending = { .ack = true, .answer = answers->expected };
	int ret;

	nl_complete_msg(h->sock, msg);
	pending.seq = nlmsg_hdr(msg)->nlmsg_seq;
	do
		ret = sendto(nl_socket_get_fd(h->sock), nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len,
			     0, NULL, 0);
	while (ret < 0 && errno == EINTR);
	ret = ret < 0 ? -errno : 0;
	nlmsg_free(msg);
	if (ret == -EMSGSIZE) /* beyond what the module would take */
		ret = -E2BIG;
	if (ret)
		return fail_errno(h, ret);
	return take_all(h, answers, &pending);
}
