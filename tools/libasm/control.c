// SPDX-License-Identifier: LGPL-2.1-only
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conn.h"
#include "spec.h"

/* Attributes that a request has beside a spec. */
#define REQUEST_SIZE 128

/* What an answer said. */
struct outcome {
	uint32_t id;
	uint32_t ended;
	uint32_t killed;
};

static int take_outcome(struct agentsys *h, struct nlattr **attrs, void *arg)
{
	const char *text = attr_string(attrs[AGENTSYS_A_TEXT]);
	uint32_t error = attr_u32(attrs[AGENTSYS_A_ERRNO]);
	struct outcome *outcome = arg;

	if (attrs[AGENTSYS_A_ID])
		outcome->id = attr_u32(attrs[AGENTSYS_A_ID]);
	h->pid = attr_u32(attrs[AGENTSYS_A_PID]);
	outcome->ended = attr_u32(attrs[AGENTSYS_A_COUNT]);
	outcome->killed = attr_u32(attrs[AGENTSYS_A_KILLED]);
	if (!error)
		return 0;
	if (error > ERRNO_MAX)
		return conn_fail(h, -EPROTO, "the module's answer cannot be read");
	h->step = attr_u32(attrs[AGENTSYS_A_STEP]);
	/* The text tells what was tried; with a step, the errno tells why it failed. */
	if (text && (h->step == AGENTSYS_STEP_NONE || strstr(text, strerror(error))))
		return conn_fail(h, -(int)error, "%s", text);
	if (text)
		return conn_fail(h, -(int)error, "%s: %s", text, strerror(error));
	return conn_fail(h, -(int)error, "%s: %s", agentsys_step_text(h->step), strerror(error));
}

/* A request with what is common to all; more may be put into it. */
static struct nl_msg *request(struct agentsys *h, uint8_t cmd, size_t size, unsigned int flags)
{
	struct nl_msg *msg = conn_message(h, cmd, 0, REQUEST_SIZE + size);

	if (msg && flags & AGENTSYS_WAIT)
		nla_put_flag(msg, AGENTSYS_A_WAIT);
	return msg;
}

static int send_request(struct agentsys *h, struct nl_msg *msg, uint8_t cmd, bool expected,
			struct outcome *outcome)
{
	struct answers answers = {
		.cmd = cmd,
		.maxattr = AGENTSYS_A_MAX,
		.fn = take_outcome,
		.arg = outcome,
		.expected = expected,
		.interruptible = true,
	};

	memset(outcome, 0, sizeof(*outcome));
	h->pid = 0;
	return conn_request(h, msg, &answers);
}

static int put_failed(struct agentsys *h, struct nl_msg *msg, int error)
{
	nlmsg_free(msg);
	return conn_fail(h, error, "%s", strerror(-error));
}

/* As systemd tells its services. */
static int put_watchdog(struct agentsys *h, struct nl_msg *msg, const struct agentsys_spec *spec)
{
	struct agentsys_limits_info *limits;
	char variable[64];
	uint64_t ms;
	int ret;

	if (!spec_tells_watchdog(spec, &ms))
		return 0;
	if (ms == WATCHDOG_DEFAULT) {
		ret = agentsys_limits_get(h, 0, &limits);
		if (ret)
			return ret;
		ms = limits->max[AGENTSYS_LIMIT_WATCHDOG];
		agentsys_limits_free(limits);
	}
	snprintf(variable, sizeof(variable), "WATCHDOG_USEC=%" PRIu64, ms * 1000);
	return ms ? nla_put_string(msg, AGENTSYS_A_ENV, variable) : 0;
}

static int spawn_with(struct agentsys *h, const struct agentsys_spec *spec,
		      const struct words *args, unsigned int flags, uint32_t *id)
{
	struct nl_msg *msg = request(h, AGENTSYS_CMD_SPAWN, spec_size(spec, args), flags);
	struct outcome outcome;
	int ret;

	if (!msg)
		return -ENOMEM;
	ret = spec_put(msg, spec, SPEC_ALL, args);
	if (!ret)
		ret = put_watchdog(h, msg, spec);
	if (ret)
		return put_failed(h, msg, ret);
	ret = send_request(h, msg, AGENTSYS_CMD_SPAWN, true, &outcome);
	if (id)
		*id = outcome.id;
	return ret;
}

int agentsys_spawn(struct agentsys *h, const struct agentsys_spec *spec, unsigned int flags,
		   uint32_t *id)
{
	struct words args = { NULL };
	char why[ERROR_MAX];
	int ret;

	if (id)
		*id = 0;
	ret = spec_args(spec, &args, why, sizeof(why));
	if (ret)
		ret = conn_fail(h, ret, "%s", *why ? why : strerror(-ret));
	else
		ret = spawn_with(h, spec, &args, flags, id);
	words_clear(&args);
	return ret;
}

static bool has_ended(int pidfd)
{
	struct pollfd poll_fd = { .fd = pidfd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) > 0;
}

int agentsys_attach(struct agentsys *h, pid_t pid, const struct agentsys_spec *spec,
		    unsigned int flags, uint32_t *id)
{
	struct outcome outcome;
	struct nl_msg *msg;
	int pidfd, ret;

	if (id)
		*id = 0;
	msg = request(h, AGENTSYS_CMD_ATTACH, spec_size(spec, NULL), flags);
	if (!msg)
		return -ENOMEM;
	nla_put_u32(msg, AGENTSYS_A_PID, pid);
	ret = spec_put(msg, spec, SPEC_ATTACH, NULL);
	if (ret)
		return put_failed(h, msg, ret);

	/*
	 * The request can only name a number. As long as the process that had it
	 * before the request lives after it, the number meant no other one.
	 */
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0) /* EINVAL: a thread, or a process that is just being reaped */
		return put_failed(h, msg, errno == EINVAL && pid > 0 ? -ESRCH : -errno);
	ret = send_request(h, msg, AGENTSYS_CMD_ATTACH, true, &outcome);
	if (!ret && has_ended(pidfd))
		ret = conn_fail(h, -ESRCH, "process %d ended while it was being attached",
				(int)pid);
	close(pidfd);
	if (id)
		*id = outcome.id;
	return ret;
}

/* A command about one agent. */
static int control(struct agentsys *h, uint8_t cmd, uint32_t id, int64_t timeout_ms,
		   unsigned int flags)
{
	struct nl_msg *msg = request(h, cmd, 0, flags);
	struct outcome outcome;

	if (!msg)
		return -ENOMEM;
	nla_put_u32(msg, AGENTSYS_A_ID, id);
	if (timeout_ms >= 0)
		nla_put_u32(msg, AGENTSYS_A_STOP_TIMEOUT, timeout_ms);
	return send_request(h, msg, cmd, flags & AGENTSYS_WAIT, &outcome);
}

int agentsys_start(struct agentsys *h, uint32_t id, unsigned int flags)
{
	return control(h, AGENTSYS_CMD_START, id, AGENTSYS_DEFAULT_TIMEOUT, flags);
}

int agentsys_stop(struct agentsys *h, uint32_t id, int64_t timeout_ms, unsigned int flags)
{
	return control(h, AGENTSYS_CMD_STOP, id, timeout_ms, flags);
}

int agentsys_kill(struct agentsys *h, uint32_t id, unsigned int flags)
{
	return control(h, AGENTSYS_CMD_KILL, id, AGENTSYS_DEFAULT_TIMEOUT, flags);
}

int agentsys_restart(struct agentsys *h, uint32_t id, int64_t timeout_ms, unsigned int flags)
{
	return control(h, AGENTSYS_CMD_RESTART, id, timeout_ms, flags);
}

int agentsys_pause(struct agentsys *h, uint32_t id)
{
	return control(h, AGENTSYS_CMD_PAUSE, id, AGENTSYS_DEFAULT_TIMEOUT, 0);
}

int agentsys_resume(struct agentsys *h, uint32_t id)
{
	return control(h, AGENTSYS_CMD_RESUME, id, AGENTSYS_DEFAULT_TIMEOUT, 0);
}

int agentsys_remove(struct agentsys *h, uint32_t id)
{
	return control(h, AGENTSYS_CMD_REMOVE, id, AGENTSYS_DEFAULT_TIMEOUT, AGENTSYS_WAIT);
}

int agentsys_set(struct agentsys *h, uint32_t id, const struct agentsys_spec *spec)
{
	struct nl_msg *msg = request(h, AGENTSYS_CMD_SET, spec_size(spec, NULL), 0);
	struct outcome outcome;
	int ret;

	if (!msg)
		return -ENOMEM;
	nla_put_u32(msg, AGENTSYS_A_ID, id);
	ret = spec_put(msg, spec, SPEC_POLICY, NULL);
	if (ret)
		return put_failed(h, msg, ret);
	return send_request(h, msg, AGENTSYS_CMD_SET, false, &outcome);
}

int agentsys_move(struct agentsys *h, uint32_t id, const char *group)
{
	struct outcome outcome;
	struct nl_msg *msg;

	/* No attribute can carry all that is too long. */
	if (strlen(group) > AGENTSYS_NAME_MAX)
		return conn_fail(h, -ENOENT, "there is no such group to move it to");
	msg = request(h, AGENTSYS_CMD_SET, nla_total_size(strlen(group) + 1), 0);
	if (!msg)
		return -ENOMEM;
	nla_put_u32(msg, AGENTSYS_A_ID, id);
	nla_put_string(msg, AGENTSYS_A_GROUP, group);
	return send_request(h, msg, AGENTSYS_CMD_SET, false, &outcome);
}

int agentsys_set_significant(struct agentsys *h, uint32_t id, bool significant)
{
	struct nl_msg *msg = request(h, AGENTSYS_CMD_SET, 0, 0);
	struct outcome outcome;

	if (!msg)
		return -ENOMEM;
	nla_put_u32(msg, AGENTSYS_A_ID, id);
	nla_put_u32(msg, AGENTSYS_A_SET_SIGNIFICANT, significant);
	return send_request(h, msg, AGENTSYS_CMD_SET, false, &outcome);
}

int agentsys_shutdown(struct agentsys *h, int64_t timeout_ms, unsigned int flags, uint32_t *ended,
		      uint32_t *killed)
{
	struct nl_msg *msg = request(h, AGENTSYS_CMD_SHUTDOWN, 0, flags);
	struct outcome outcome;
	int ret;

	if (!msg)
		return -ENOMEM;
	if (timeout_ms >= 0)
		nla_put_u32(msg, AGENTSYS_A_STOP_TIMEOUT, timeout_ms);
	ret = send_request(h, msg, AGENTSYS_CMD_SHUTDOWN, flags & AGENTSYS_WAIT, &outcome);
	if (ended)
		*ended = outcome.ended;
	if (killed)
		*killed = outcome.killed;
	return ret;
}
