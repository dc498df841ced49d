// SPDX-License-Identifier: LGPL-2.1-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"

/* A rule: an attribute that holds two numbers. */
#define RULE_SIZE 20

/* What agentsys_faults() allocates at once. */
struct faults_room {
	struct agentsys_faults faults;
	uint64_t count[__AGENTSYS_FAULTS];
	struct agentsys_fault_entry entry[AGENTSYS_FAULTS_MAX];
};

/* And agentsys_recovery(). */
struct recovery_room {
	struct agentsys_recovery recovery;
	uint32_t action[__AGENTSYS_FAULTS];
	uint8_t own[__AGENTSYS_FAULTS];
};

/* Have @take take each attribute in @list. */
static int for_each(struct agentsys *h, struct nlattr *list,
		    int (*take)(struct nlattr **attrs, void *room), void *room)
{
	struct nlattr *attrs[AGENTSYS_F_MAX + 1];
	struct nlattr *attr;
	int left;

	if (!list)
		return conn_fail(h, -EPROTO, "the module's answer cannot be read");
	nla_for_each_nested(attr, list, left)
		if (nla_parse_nested(attrs, AGENTSYS_F_MAX, attr, NULL) || take(attrs, room))
			return conn_fail(h, -EPROTO, "the module's answer cannot be read");
	return 0;
}

/* Ask about the agent @id and have @take take what it needs from the answer. */
static int request(struct agentsys *h, uint8_t cmd, uint32_t id,
		   int (*take)(struct agentsys *h, struct nlattr **attrs, void *room), void *room)
{
	struct nl_msg *msg = conn_message(h, cmd, 0, 8);
	struct answers answers = {
		.cmd = cmd,
		.maxattr = AGENTSYS_F_MAX,
		.fn = take,
		.arg = room,
		.expected = true,
	};

	if (!msg)
		return -ENOMEM;
	if (id)
		nla_put_u32(msg, AGENTSYS_F_AGENT_ID, id);
	return conn_request(h, msg, &answers);
}

/* A type that this library does not know is left out. */
static int take_counter(struct nlattr **attrs, void *arg)
{
	struct faults_room *room = arg;
	uint32_t type = attr_u32(attrs[AGENTSYS_F_TYPE]);

	if (type < __AGENTSYS_FAULTS)
		room->count[type] = attr_u64(attrs[AGENTSYS_F_COUNT]);
	return 0;
}

static int take_entry(struct nlattr **attrs, void *arg)
{
	struct faults_room *room = arg;
	struct agentsys_fault_entry *entry;

	if (room->faults.n >= AGENTSYS_FAULTS_MAX)
		return -EPROTO;
	entry = &room->entry[room->faults.n++];
	entry->time_ns = attr_u64(attrs[AGENTSYS_F_TIME]);
	entry->measured = attr_u64(attrs[AGENTSYS_F_MEASURED]);
	entry->limit = attr_u64(attrs[AGENTSYS_F_LIMIT]);
	entry->instance = attr_u32(attrs[AGENTSYS_F_INSTANCE]);
	entry->type = attr_u32(attrs[AGENTSYS_F_TYPE]);
	entry->action = attr_u32(attrs[AGENTSYS_F_ACTION]);
	return 0;
}

static int take_faults(struct agentsys *h, struct nlattr **attrs, void *room)
{
	int ret = for_each(h, attrs[AGENTSYS_F_COUNTERS], take_counter, room);

	return ret ?: for_each(h, attrs[AGENTSYS_F_ENTRIES], take_entry, room);
}

int agentsys_faults(struct agentsys *h, uint32_t id, struct agentsys_faults **faults)
{
	struct faults_room *room = calloc(1, sizeof(*room));
	int ret;

	*faults = NULL;
	if (!room)
		return conn_fail(h, -ENOMEM, "out of memory");
	room->faults.types = __AGENTSYS_FAULTS;
	room->faults.count = room->count;
	room->faults.entry = room->entry;
	ret = request(h, AGENTSYS_CMD_FAULT_GET, id, take_faults, room);
	if (ret)
		free(room);
	else
		*faults = &room->faults;
	return ret;
}

/* It begins what was allocated. */
void agentsys_faults_free(struct agentsys_faults *faults)
{
	free(faults);
}

static int take_rule(struct nlattr **attrs, void *arg)
{
	struct recovery_room *room = arg;
	uint32_t type = attr_u32(attrs[AGENTSYS_F_TYPE]);

	if (type >= __AGENTSYS_FAULTS)
		return 0;
	room->action[type] = attr_u32(attrs[AGENTSYS_F_ACTION]);
	room->own[type] = !!attrs[AGENTSYS_F_OWN];
	return 0;
}

static int take_recovery(struct agentsys *h, struct nlattr **attrs, void *arg)
{
	struct recovery_room *room = arg;

	room->recovery.preset = attr_u32(attrs[AGENTSYS_F_PRESET]);
	room->recovery.after = attr_u32(attrs[AGENTSYS_F_AFTER]);
	room->recovery.within_ms = attr_u32(attrs[AGENTSYS_F_WITHIN]);
	return for_each(h, attrs[AGENTSYS_F_RULES], take_rule, room);
}

int agentsys_recovery(struct agentsys *h, uint32_t id, struct agentsys_recovery **recovery)
{
	struct recovery_room *room = calloc(1, sizeof(*room));
	int ret;

	*recovery = NULL;
	if (!room)
		return conn_fail(h, -ENOMEM, "out of memory");
	room->recovery.types = __AGENTSYS_FAULTS;
	room->recovery.action = room->action;
	room->recovery.own = room->own;
	ret = request(h, AGENTSYS_CMD_RECOVERY_GET, id, take_recovery, room);
	if (ret)
		free(room);
	else
		*recovery = &room->recovery;
	return ret;
}

void agentsys_recovery_free(struct agentsys_recovery *recovery)
{
	free(recovery);
}

static void put_rules(struct nl_msg *msg, const struct agentsys_recovery_rule *rules, size_t n)
{
	struct nlattr *list = nla_nest_start(msg, AGENTSYS_F_RULES);

	for (size_t i = 0; i < n; i++) {
		struct nlattr *rule = nla_nest_start(msg, AGENTSYS_F_RULE);

		nla_put_u32(msg, AGENTSYS_F_TYPE, rules[i].type);
		if (rules[i].action != AGENTSYS_RECOVER_AS_ALL)
			nla_put_u32(msg, AGENTSYS_F_ACTION, rules[i].action);
		nla_nest_end(msg, rule);
	}
	nla_nest_end(msg, list);
}

int agentsys_recovery_set(struct agentsys *h, uint32_t id, uint32_t preset,
			  const struct agentsys_recovery_rule *rules, size_t n)
{
	struct answers answers = { .maxattr = AGENTSYS_F_MAX };
	struct nl_msg *msg;

	if (n > 1000) /* the last one for each type is enough */
		return conn_fail(h, -EINVAL, "too many rules");
	msg = conn_message(h, AGENTSYS_CMD_RECOVERY_SET, 0, 20 + n * RULE_SIZE);
	if (!msg)
		return -ENOMEM;
	if (id)
		nla_put_u32(msg, AGENTSYS_F_AGENT_ID, id);
	if (preset != AGENTSYS_PRESET_CUSTOM)
		nla_put_u32(msg, AGENTSYS_F_PRESET, preset);
	if (n)
		put_rules(msg, rules, n);
	return conn_request(h, msg, &answers);
}

int agentsys_recovery_ladder(struct agentsys *h, uint32_t after, uint32_t within_ms)
{
	struct nl_msg *msg = conn_message(h, AGENTSYS_CMD_RECOVERY_SET, 0, 16);
	struct answers answers = { .maxattr = AGENTSYS_F_MAX };

	if (!msg)
		return -ENOMEM;
	nla_put_u32(msg, AGENTSYS_F_AFTER, after);
	if (within_ms)
		nla_put_u32(msg, AGENTSYS_F_WITHIN, within_ms);
	return conn_request(h, msg, &answers);
}
