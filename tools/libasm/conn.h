/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * A netlink socket of the family: one request at a time, and its answers.
 */
#ifndef LIBASM_CONN_H
#define LIBASM_CONN_H

#include <linux/agentsys_netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdarg.h>

#include "libasm.h"

#define ERROR_MAX 512
#define ERRNO_MAX 4095 /* the kernel has no larger ones */

/**
 * struct agentsys - a connection
 * @sock: the socket
 * @family: the family's number
 * @buf: what was received
 * @buf_size: its size
 * @step: see agentsys_error_step()
 * @pid: see agentsys_pid()
 * @error: see agentsys_error()
 */
struct agentsys {
	struct nl_sock *sock;
	int family;
	unsigned char *buf;
	size_t buf_size;
	enum agentsys_step step;
	pid_t pid;
	char error[ERROR_MAX];
};

/**
 * struct answers - what to do with what comes back
 * @cmd: command of the messages that answer
 * @maxattr: highest attribute in them
 * @fn: called for each of them; an error ends the request
 * @arg: its argument
 * @expected: the acknowledgement alone does not complete the request
 * @interruptible: waiting ends with -EINTR
 * @interrupted: out: the dump raced a change
 */
struct answers {
	uint8_t cmd;
	int maxattr;
	int (*fn)(struct agentsys *h, struct nlattr **attrs, void *arg);
	void *arg;
	bool expected;
	bool interruptible;
	bool interrupted;
};

/* Keep why a call failed. Returns @error, which is negative. */
int conn_fail(struct agentsys *h, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A message of @size bytes of attributes, or NULL (and the reason kept). */
struct nl_msg *conn_message(struct agentsys *h, uint8_t cmd, int flags, size_t size);

/* Send @msg, which is freed, and take in its answers. */
int conn_request(struct agentsys *h, struct nl_msg *msg, struct answers *answers);

/* Receive into @h->buf without blocking: bytes, or -errno. */
ssize_t conn_receive(struct agentsys *h);

/* Wait for something to receive: 1, 0 when @timeout_ms have passed, or -EINTR. */
int conn_wait(struct agentsys *h, int timeout_ms);

/* The attributes of a message of the family. */
int conn_parse(struct nlmsghdr *hdr, struct nlattr **attrs, int maxattr);

/* Subscribe to the family's events, and to the news that the family is gone. */
int conn_join_events(struct agentsys *h);

/* Values of attributes, or 0 where there is none. */
static inline uint32_t attr_u32(struct nlattr *attr)
{
	return attr && nla_len(attr) >= 4 ? nla_get_u32(attr) : 0;
}

static inline uint64_t attr_u64(struct nlattr *attr)
{
	return attr && nla_len(attr) >= 8 ? nla_get_u64(attr) : 0;
}

/* NULL where there is none, or no terminated one. */
static inline const char *attr_string(struct nlattr *attr)
{
	if (!attr || nla_len(attr) < 1 || ((const char *)nla_data(attr))[nla_len(attr) - 1] != '\0')
		return NULL;
	return nla_get_string(attr);
}

#endif
