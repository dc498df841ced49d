// SPDX-License-Identifier: LGPL-2.1-only
#include <errno.h>
#include <stdlib.h>

#include "conn.h"

/* An attribute that holds a u64. */
#define VALUE_SIZE 12

/* What agentsys_limits_get() allocates at once. */
struct limits_room {
	struct agentsys_limits_info info;
	uint64_t max[__AGENTSYS_LIMITS];
	uint64_t used[__AGENTSYS_LIMITS];
	uint8_t known[__AGENTSYS_LIMITS];
};

static int take_values(struct nlattr *nest, uint64_t *values, uint8_t *known)
{
	struct nlattr *attrs[AGENTSYS_L_MAX + 1];

	if (!nest || nla_parse_nested(attrs, AGENTSYS_L_MAX, nest, NULL))
		return -EPROTO;
	for (uint32_t i = 0; i < __AGENTSYS_LIMITS; i++) {
		values[i] = attr_u64(attrs[AGENTSYS_L_FIRST + i]);
		if (known)
			known[i] = !!attrs[AGENTSYS_L_FIRST + i];
	}
	return 0;
}

static int take_limits(struct agentsys *h, struct nlattr **attrs, void *arg)
{
	struct limits_room *room = arg;

	if (take_values(attrs[AGENTSYS_A_LIMITS], room->max, NULL) ||
	    take_values(attrs[AGENTSYS_A_USE], room->used, room->known))
		return conn_fail(h, -EPROTO, "the module's answer cannot be read");
	return 0;
}

int agentsys_limits_get(struct agentsys *h, uint32_t id, struct agentsys_limits_info **limits)
{
	struct limits_room *room = calloc(1, sizeof(*room));
	struct answers answers = {
		.cmd = AGENTSYS_CMD_LIMITS_GET,
		.maxattr = AGENTSYS_A_MAX,
		.fn = take_limits,
		.arg = room,
		.expected = true,
	};
	struct nl_msg *msg;
	int ret = -ENOMEM;

	*limits = NULL;
	if (!room)
		return conn_fail(h, -ENOMEM, "out of memory");
	room->info = (struct agentsys_limits_info){
		.id = id,
		.limits = __AGENTSYS_LIMITS,
		.max = room->max,
		.used = room->used,
		.known = room->known,
	};
	msg = conn_message(h, AGENTSYS_CMD_LIMITS_GET, 0, 8);
	if (msg) {
		if (id)
			nla_put_u32(msg, AGENTSYS_A_ID, id);
		ret = conn_request(h, msg, &answers);
	}
	if (ret)
		free(room);
	else
		*limits = &room->info;
	return ret;
}

/* It begins what was allocated. */
void agentsys_limits_free(struct agentsys_limits_info *limits)
{
	free(limits);
}

static int put_changes(struct agentsys *h, struct nl_msg *msg,
		       const struct agentsys_limit_change *changes, size_t n)
{
	struct nlattr *nest = nla_nest_start(msg, AGENTSYS_A_LIMITS);

	for (size_t i = 0; i < n; i++) {
		if (changes[i].limit >= __AGENTSYS_LIMITS)
			return conn_fail(h, -EINVAL, "there is no such limit");
		nla_put_u64(msg, AGENTSYS_L_FIRST + changes[i].limit, changes[i].max);
	}
	nla_nest_end(msg, nest);
	return 0;
}

static int change(struct agentsys *h, uint32_t id, uint32_t preset,
		  const struct agentsys_limit_change *changes, size_t n)
{
	struct answers answers = { .maxattr = AGENTSYS_A_MAX };
	struct nl_msg *msg;
	int ret = 0;

	if (n > 1000) /* the last one for each is enough */
		return conn_fail(h, -EINVAL, "too many limits");
	msg = conn_message(h, AGENTSYS_CMD_LIMITS_SET, 0, 24 + n * VALUE_SIZE);
	if (!msg)
		return -ENOMEM;
	if (id)
		nla_put_u32(msg, AGENTSYS_A_ID, id);
	if (preset != AGENTSYS_LIMITS_KEEP)
		nla_put_u32(msg, AGENTSYS_A_LIMITS_PRESET, preset);
	if (n)
		ret = put_changes(h, msg, changes, n);
	if (!ret)
		return conn_request(h, msg, &answers);
	nlmsg_free(msg);
	return ret;
}

int agentsys_limits_set(struct agentsys *h, uint32_t id,
			const struct agentsys_limit_change *changes, size_t n)
{
	if (!id)
		return conn_fail(h, -ESRCH, "no such agent");
	return change(h, id, AGENTSYS_LIMITS_KEEP, changes, n);
}

int agentsys_limits_default(struct agentsys *h, uint32_t preset,
			    const struct agentsys_limit_change *changes, size_t n)
{
	return change(h, 0, preset, changes, n);
}
