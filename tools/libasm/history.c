// SPDX-License-Identifier: LGPL-2.1-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"

/* @past: room for AGENTSYS_HISTORY_MAX */
struct entries {
	struct agentsys_past *past;
	size_t n;
};

static int take_entry(struct nlattr *entry, struct agentsys_past *past)
{
	struct nlattr *attrs[AGENTSYS_H_MAX + 1];

	if (nla_parse_nested(attrs, AGENTSYS_H_MAX, entry, NULL))
		return -EPROTO;
	past->time_ns = attr_u64(attrs[AGENTSYS_H_TIME]);
	past->ran_ns = attr_u64(attrs[AGENTSYS_H_RAN]);
	past->agent_id = attr_u32(attrs[AGENTSYS_H_AGENT_ID]);
	past->instance = attr_u32(attrs[AGENTSYS_H_INSTANCE]);
	past->cause = attr_u32(attrs[AGENTSYS_H_CAUSE]);
	past->code = (int32_t)attr_u32(attrs[AGENTSYS_H_CODE]);
	past->decision = attr_u32(attrs[AGENTSYS_H_DECISION]);
	past->delay_ms = attr_u32(attrs[AGENTSYS_H_DELAY]);
	past->pid = attr_u32(attrs[AGENTSYS_H_PID]);
	if (attrs[AGENTSYS_H_GROUP])
		nla_strlcpy(past->group, attrs[AGENTSYS_H_GROUP], sizeof(past->group));
	return 0;
}

static int take_history(struct agentsys *h, struct nlattr **attrs, void *arg)
{
	struct entries *entries = arg;
	struct nlattr *attr;
	int left;

	if (!attrs[AGENTSYS_H_ENTRIES])
		return conn_fail(h, -EPROTO, "the module's answer cannot be read");
	nla_for_each_nested(attr, attrs[AGENTSYS_H_ENTRIES], left)
		if (entries->n >= AGENTSYS_HISTORY_MAX ||
		    take_entry(attr, &entries->past[entries->n++]))
			return conn_fail(h, -EPROTO, "the module's answer cannot be read");
	return 0;
}

/* Frees @msg. */
static ssize_t request(struct agentsys *h, struct nl_msg *msg, struct agentsys_past **list)
{
	struct entries entries = { .past = calloc(AGENTSYS_HISTORY_MAX, sizeof(**list)) };
	struct answers answers = {
		.cmd = AGENTSYS_CMD_HISTORY_GET,
		.maxattr = AGENTSYS_H_MAX,
		.fn = take_history,
		.arg = &entries,
		.expected = true,
	};
	int ret;

	if (!entries.past) {
		nlmsg_free(msg);
		return conn_fail(h, -ENOMEM, "out of memory");
	}
	ret = conn_request(h, msg, &answers);
	if (ret) {
		free(entries.past);
		return ret;
	}
	*list = entries.past;
	return (ssize_t)entries.n;
}

ssize_t agentsys_history(struct agentsys *h, uint32_t id, struct agentsys_past **list)
{
	struct nl_msg *msg = conn_message(h, AGENTSYS_CMD_HISTORY_GET, 0, 8);

	*list = NULL;
	if (!msg)
		return -ENOMEM;
	nla_put_u32(msg, AGENTSYS_H_AGENT_ID, id);
	return request(h, msg, list);
}

ssize_t agentsys_group_history(struct agentsys *h, const char *name, struct agentsys_past **list)
{
	struct nl_msg *msg =
		conn_message(h, AGENTSYS_CMD_HISTORY_GET, 0, nla_total_size((int)strlen(name) + 1));

	*list = NULL;
	if (!msg)
		return -ENOMEM;
	nla_put_string(msg, AGENTSYS_H_GROUP, name);
	return request(h, msg, list);
}

void agentsys_history_free(struct agentsys_past *list)
{
	free(list);
}
