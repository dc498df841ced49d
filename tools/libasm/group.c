// SPDX-License-Identifier: LGPL-2.1-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "list.h"

/* Numbers of a spec, each an attribute of its own; AGENTSYS_CMD_GROUP_SET takes all of them. */
enum group_number {
	G_STRATEGY,
	G_BUDGET,
	G_WITHIN,
	G_BACKOFF_INITIAL,
	G_BACKOFF_MAX,
	G_AUTO_SHUTDOWN,
	G_BACKOFF_KIND,
	G_JITTER,
	G_MEMBERS_MAX,

	G_NUMBERS
};

static const int group_attrs[G_NUMBERS] = {
	[G_STRATEGY] = AGENTSYS_G_STRATEGY,
	[G_BUDGET] = AGENTSYS_G_BUDGET,
	[G_WITHIN] = AGENTSYS_G_WITHIN,
	[G_BACKOFF_INITIAL] = AGENTSYS_G_BACKOFF_INITIAL,
	[G_BACKOFF_MAX] = AGENTSYS_G_BACKOFF_MAX,
	[G_AUTO_SHUTDOWN] = AGENTSYS_G_AUTO_SHUTDOWN,
	[G_BACKOFF_KIND] = AGENTSYS_G_BACKOFF_KIND,
	[G_JITTER] = AGENTSYS_G_JITTER,
	[G_MEMBERS_MAX] = AGENTSYS_G_MEMBERS_MAX,
};

/**
 * struct agentsys_group_spec - see libasm.h
 * @number: values
 * @has: a bit for each that is set
 * @parent: or NULL
 * @significant: for the group above
 */
struct agentsys_group_spec {
	uint32_t number[G_NUMBERS];
	uint32_t has;
	char *parent;
	bool significant;
};

struct agentsys_group_spec *agentsys_group_spec_new(void)
{
	return calloc(1, sizeof(struct agentsys_group_spec));
}

void agentsys_group_spec_free(struct agentsys_group_spec *spec)
{
	if (!spec)
		return;
	free(spec->parent);
	free(spec);
}

static void set_group_number(struct agentsys_group_spec *spec, enum group_number n, uint32_t value)
{
	spec->number[n] = value;
	spec->has |= 1U << n;
}

int agentsys_group_spec_set_parent(struct agentsys_group_spec *spec, const char *name)
{
	char *copy = strdup(name);

	if (!copy)
		return -ENOMEM;
	free(spec->parent);
	spec->parent = copy;
	return 0;
}

void agentsys_group_spec_set_strategy(struct agentsys_group_spec *spec,
				      enum agentsys_strategy strategy)
{
	set_group_number(spec, G_STRATEGY, strategy);
}

void agentsys_group_spec_set_budget(struct agentsys_group_spec *spec, uint32_t n)
{
	set_group_number(spec, G_BUDGET, n);
}

void agentsys_group_spec_set_within(struct agentsys_group_spec *spec, uint32_t ms)
{
	set_group_number(spec, G_WITHIN, ms);
}

void agentsys_group_spec_set_backoff(struct agentsys_group_spec *spec, uint32_t initial_ms,
				     uint32_t max_ms)
{
	set_group_number(spec, G_BACKOFF_INITIAL, initial_ms);
	set_group_number(spec, G_BACKOFF_MAX, max_ms);
}

void agentsys_group_spec_set_backoff_kind(struct agentsys_group_spec *spec,
					  enum agentsys_backoff kind)
{
	set_group_number(spec, G_BACKOFF_KIND, kind);
}

void agentsys_group_spec_set_jitter(struct agentsys_group_spec *spec, uint32_t percent)
{
	set_group_number(spec, G_JITTER, percent);
}

void agentsys_group_spec_set_members_max(struct agentsys_group_spec *spec, uint32_t n)
{
	set_group_number(spec, G_MEMBERS_MAX, n);
}

void agentsys_group_spec_set_auto_shutdown(struct agentsys_group_spec *spec,
					   enum agentsys_auto_shutdown when)
{
	set_group_number(spec, G_AUTO_SHUTDOWN, when);
}

void agentsys_group_spec_set_significant(struct agentsys_group_spec *spec, bool significant)
{
	spec->significant = significant;
}

/* ---- requests ---- */

/* Longer ones are too long as well, but no attribute can carry all that is. */
static bool is_sendable(const char *name)
{
	return strlen(name) < UINT16_MAX - NLA_HDRLEN;
}

static struct nl_msg *group_message(struct agentsys *h, uint8_t cmd, const char *name,
				    const char *parent, int *error)
{
	size_t size = nla_total_size(strlen(name) + 1) + 2 * nla_total_size(0) +
		      G_NUMBERS * nla_total_size(sizeof(uint32_t));
	struct nl_msg *msg;

	if (parent)
		size += nla_total_size(strlen(parent) + 1);
	msg = conn_message(h, cmd, 0, size);
	*error = -ENOMEM;
	if (!msg)
		return NULL;
	if (is_sendable(name) && (!parent || is_sendable(parent))) {
		nla_put_string(msg, AGENTSYS_G_NAME, name);
		if (parent)
			nla_put_string(msg, AGENTSYS_G_PARENT, parent);
		return msg;
	}
	nlmsg_free(msg);
	*error = conn_fail(h, -ENAMETOOLONG, "%s", strerror(ENAMETOOLONG));
	return NULL;
}

/* How it came out: only what was waited for is answered. */
static int take_group_outcome(struct agentsys *h, struct nlattr **attrs, void *arg)
{
	const char *text = attr_string(attrs[AGENTSYS_G_TEXT]);
	uint32_t error = attr_u32(attrs[AGENTSYS_G_ERRNO]);

	(void)arg;
	if (!error)
		return 0;
	if (error > ERRNO_MAX)
		return conn_fail(h, -EPROTO, "the module's answer cannot be read");
	return conn_fail(h, -(int)error, "%s", text ? text : strerror(error));
}

static int group_request(struct agentsys *h, struct nl_msg *msg, uint8_t cmd, unsigned int flags)
{
	struct answers answers = {
		.cmd = cmd,
		.maxattr = AGENTSYS_G_MAX,
		.fn = take_group_outcome,
		.expected = flags & AGENTSYS_WAIT,
		.interruptible = true,
	};

	if (flags & AGENTSYS_WAIT)
		nla_put_flag(msg, AGENTSYS_G_WAIT);
	return conn_request(h, msg, &answers);
}

static void put_group_spec(struct nl_msg *msg, const struct agentsys_group_spec *spec)
{
	for (enum group_number n = 0; n < G_NUMBERS; n++)
		if (spec->has & (1U << n))
			nla_put_u32(msg, group_attrs[n], spec->number[n]);
}

int agentsys_group_new(struct agentsys *h, const char *name, const struct agentsys_group_spec *spec)
{
	struct nl_msg *msg;
	int ret;

	msg = group_message(h, AGENTSYS_CMD_GROUP_NEW, name, spec ? spec->parent : NULL, &ret);
	if (!msg)
		return ret;
	if (spec)
		put_group_spec(msg, spec);
	if (spec && spec->significant)
		nla_put_flag(msg, AGENTSYS_G_SIGNIFICANT);
	return group_request(h, msg, AGENTSYS_CMD_GROUP_NEW, 0);
}

int agentsys_group_set(struct agentsys *h, const char *name, const struct agentsys_group_spec *spec)
{
	struct nl_msg *msg;
	int ret;

	msg = group_message(h, AGENTSYS_CMD_GROUP_SET, name, NULL, &ret);
	if (!msg)
		return ret;
	put_group_spec(msg, spec);
	return group_request(h, msg, AGENTSYS_CMD_GROUP_SET, 0);
}

int agentsys_group_move(struct agentsys *h, const char *name, const char *parent)
{
	struct nl_msg *msg;
	int ret;

	msg = group_message(h, AGENTSYS_CMD_GROUP_SET, name, parent, &ret);
	return msg ? group_request(h, msg, AGENTSYS_CMD_GROUP_SET, 0) : ret;
}

int agentsys_group_set_significant(struct agentsys *h, const char *name, bool significant)
{
	struct nl_msg *msg;
	int ret;

	msg = group_message(h, AGENTSYS_CMD_GROUP_SET, name, NULL, &ret);
	if (!msg)
		return ret;
	nla_put_u32(msg, AGENTSYS_G_SET_SIGNIFICANT, significant);
	return group_request(h, msg, AGENTSYS_CMD_GROUP_SET, 0);
}

static int group_control(struct agentsys *h, uint8_t cmd, const char *name, unsigned int flags)
{
	struct nl_msg *msg;
	int ret;

	msg = group_message(h, cmd, name, NULL, &ret);
	return msg ? group_request(h, msg, cmd, flags) : ret;
}

int agentsys_group_del(struct agentsys *h, const char *name)
{
	return group_control(h, AGENTSYS_CMD_GROUP_DEL, name, 0);
}

int agentsys_group_start(struct agentsys *h, const char *name, unsigned int flags)
{
	return group_control(h, AGENTSYS_CMD_GROUP_START, name, flags);
}

int agentsys_group_stop(struct agentsys *h, const char *name, unsigned int flags)
{
	return group_control(h, AGENTSYS_CMD_GROUP_STOP, name, flags);
}

int agentsys_group_restart(struct agentsys *h, const char *name, unsigned int flags)
{
	return group_control(h, AGENTSYS_CMD_GROUP_RESTART, name, flags);
}

/* ---- looking ---- */

static void copy_name(char name[AGENTSYS_NAME_MAX + 1], struct nlattr *attr)
{
	const char *s = attr_string(attr);

	if (s)
		strncpy(name, s, AGENTSYS_NAME_MAX);
}

static void *make_group(struct nlattr **attrs)
{
	struct agentsys_group *group = calloc(1, sizeof(*group));

	if (!group)
		return NULL;
	copy_name(group->name, attrs[AGENTSYS_G_NAME]);
	copy_name(group->parent, attrs[AGENTSYS_G_PARENT]);
	group->strategy = attr_u32(attrs[AGENTSYS_G_STRATEGY]);
	group->budget = attr_u32(attrs[AGENTSYS_G_BUDGET]);
	group->within_ms = attr_u32(attrs[AGENTSYS_G_WITHIN]);
	group->backoff_initial_ms = attr_u32(attrs[AGENTSYS_G_BACKOFF_INITIAL]);
	group->backoff_max_ms = attr_u32(attrs[AGENTSYS_G_BACKOFF_MAX]);
	group->auto_shutdown = attr_u32(attrs[AGENTSYS_G_AUTO_SHUTDOWN]);
	group->significant = !!attrs[AGENTSYS_G_SIGNIFICANT];
	group->state = attr_u32(attrs[AGENTSYS_G_STATE]);
	group->place = attr_u32(attrs[AGENTSYS_G_PLACE]);
	group->members = attr_u32(attrs[AGENTSYS_G_MEMBERS]);
	group->recent = attr_u32(attrs[AGENTSYS_G_RECENT]);
	group->reason = attr_u32(attrs[AGENTSYS_G_REASON]);
	group->restarts = attr_u64(attrs[AGENTSYS_G_RESTARTS]);
	group->backoff_kind = attr_u32(attrs[AGENTSYS_G_BACKOFF_KIND]);
	group->jitter = attr_u32(attrs[AGENTSYS_G_JITTER]);
	group->members_max = attr_u32(attrs[AGENTSYS_G_MEMBERS_MAX]);
	return group;
}

static int take_group(struct agentsys *h, struct nlattr **attrs, void *arg)
{
	struct agentsys_group **group = arg;

	free(*group);
	*group = make_group(attrs);
	return *group ? 0 : conn_fail(h, -ENOMEM, "%s", strerror(ENOMEM));
}

int agentsys_group_get(struct agentsys *h, const char *name, struct agentsys_group **group)
{
	struct answers answers = {
		.cmd = AGENTSYS_CMD_GROUP_GET,
		.maxattr = AGENTSYS_G_MAX,
		.fn = take_group,
		.arg = group,
		.expected = true,
	};
	struct nl_msg *msg;
	int ret;

	*group = NULL;
	msg = group_message(h, AGENTSYS_CMD_GROUP_GET, name, NULL, &ret);
	if (!msg)
		return ret;
	ret = conn_request(h, msg, &answers);
	if (ret) {
		free(*group);
		*group = NULL;
	}
	return ret;
}

void agentsys_group_free(struct agentsys_group *group)
{
	free(group);
}

/* A dump that raced a change may have told of a group twice. */
static void keep_first_told(struct list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++) {
		struct agentsys_group *group = list->at[i];
		size_t k = 0;

		while (k < kept &&
		       strcmp(((struct agentsys_group *)list->at[k])->name, group->name))
			k++;
		if (k < kept)
			free(group);
		else
			list->at[kept++] = group;
	}
	list->at[kept] = NULL;
	list->n = kept;
}

ssize_t agentsys_group_list(struct agentsys *h, struct agentsys_group ***result)
{
	struct list list;
	int ret;

	*result = NULL;
	ret = list_dump(h, AGENTSYS_CMD_GROUP_GET, AGENTSYS_G_MAX, make_group, &list);
	if (ret)
		return ret;
	if (list.doubtful)
		keep_first_told(&list);
	*result = (struct agentsys_group **)list.at;
	return list.n;
}

void agentsys_group_list_free(struct agentsys_group **list)
{
	if (!list)
		return;
	for (struct agentsys_group **at = list; *at; at++)
		free(*at);
	free(list);
}
