/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tests of groups share: groups in one line, members that end as they are told,
 * and waiting for what a group does. Include it behind agents.h.
 */
#ifndef TESTS_LIB_GROUPS_H
#define TESTS_LIB_GROUPS_H

#include <linux/agentsys_netlink.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <sys/socket.h>

#define MEMBER_ID 100 /* the first member of a test */

/* @policy: NULL for what a group has without being told */
struct group_policy {
	enum agentsys_strategy strategy;
	uint32_t budget;
	uint32_t within_ms;
	uint32_t initial_ms;
	uint32_t max_ms;
};

static inline struct agentsys_group_spec *group_spec(const char *parent,
						     const struct group_policy *policy)
{
	struct agentsys_group_spec *spec = agentsys_group_spec_new();

	MUST(spec);
	if (parent)
		MUST(!agentsys_group_spec_set_parent(spec, parent));
	agentsys_group_spec_set_strategy(spec, policy->strategy);
	agentsys_group_spec_set_budget(spec, policy->budget);
	agentsys_group_spec_set_within(spec, policy->within_ms);
	agentsys_group_spec_set_backoff(spec, policy->initial_ms, policy->max_ms);
	return spec;
}

/* Many restarts in a minute, nearly at once. */
#define GROUP(a, name, parent, how) \
	ASSERT_OK((a)->h, agentsys_group_new((a)->h, name, group_spec(parent,	\
		&(struct group_policy){ how, 20, 60000, 1, 1 })))

static inline struct agentsys_group look_group(struct agents *a, const char *name)
{
	struct agentsys_group copy = { .state = UINT32_MAX };
	struct agentsys_group *group;

	if (agentsys_group_get(a->h, name, &group))
		return copy;
	copy = *group;
	agentsys_group_free(group);
	return copy;
}

static inline bool is_group_state(struct agents *a, const char *name, enum agentsys_state state)
{
	return look_group(a, name).state == state;
}

/* Remove all groups, those further down first. */
static inline void groups_clear(struct agents *a)
{
	struct agentsys_group **list;
	ssize_t n;

	agents_clear(a->h);
	n = agentsys_group_list(a->h, &list);
	for (ssize_t i = n - 1; i > 0; i--)
		MUST(!agentsys_group_del(a->h, list[i]->name));
	if (n >= 0)
		agentsys_group_list_free(list);
}

/* A fixture that is a connection alone. Each test begins and ends without agents and groups. */
#define GROUPS_FIXTURE(name)						\
	FIXTURE(name) {							\
		struct agents a;					\
	};								\
									\
	FIXTURE_SETUP(name)						\
	{								\
		agents_open(_metadata, &self->a);			\
		/* What a test that died has left. */			\
		groups_clear(&self->a);					\
	}								\
									\
	FIXTURE_TEARDOWN(name)						\
	{								\
		groups_clear(&self->a);					\
		agents_close(&self->a);					\
	}								\
	struct agents

/* A member that exits with the code that is written to its pipe, see end_member(). */
static inline struct agentsys_spec *member(const char *group, uint32_t id)
{
	struct agentsys_spec *spec;
	char path[64], line[128];

	snprintf(path, sizeof(path), WORK "/member-%u", id);
	unlink(path);
	MUST(!mkfifo(path, 0600));
	snprintf(line, sizeof(line), "read code < %s; exit $code", path);
	spec = SHELL(line);
	MUST(!agentsys_spec_set_group(spec, group));
	agentsys_spec_set_id(spec, id);
	return spec;
}

/*
 * A member that does not hear SIGTERM: wait until that is so, and be the end of the pipe
 * to which each of its instances writes "ready" then.
 */
#define SPAWN_DEAF(a, group, id, timeout_ms) ({				\
	struct agentsys_spec *__deaf = SPEC(program("actor"), "stubborn");	\
	int __lines = piped(__deaf, 1);					\
									\
	MUST(!agentsys_spec_set_group(__deaf, group));			\
	agentsys_spec_set_id(__deaf, id);				\
	agentsys_spec_set_stop_timeout(__deaf, timeout_ms);		\
	SPAWN(a, __deaf);						\
	ASSERT_LINE("ready", __lines);					\
	__lines;							\
})

/* Have it exit with @code. It reads by then: opening its pipe waits for that. */
static inline void end_member(uint32_t id, int code)
{
	char path[64], line[16];
	int fd, len;

	snprintf(path, sizeof(path), WORK "/member-%u", id);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	len = snprintf(line, sizeof(line), "%d\n", code);
	MUST(fd >= 0 && write(fd, line, len) == len);
	close(fd);
}

/* Have it crash. */
static inline void crash_member(struct agents *a, uint32_t id)
{
	MUST(!kill(look(a, id).pid, SIGKILL));
}

/* The next event of this type of the group; others are passed over. */
static inline bool group_event(struct agents *a, const char *name, uint32_t type,
			       struct agentsys_event *event)
{
	do {
		if (!event_of_type(a, 0, type, event))
			return false;
	} while (strncmp(event->name, name, sizeof(event->name)));
	return true;
}

#define GROUP_EVENT(a, name, what) ({					\
	struct agentsys_event __event = { 0 };				\
									\
	ASSERT_TRUE(group_event(a, name, AGENTSYS_EVENT_GROUP_##what, &__event))	\
		TH_LOG("no GROUP_" #what " of %s", name);		\
	__event;							\
})

/* ---- what is remembered ---- */

static int history_family;

/* A socket for get_history(). */
static inline int open_history(void)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	struct nl_sock *sock = nl_socket_alloc();

	MUST(fd >= 0 && !connect(fd, (struct sockaddr *)&kernel, sizeof(kernel)));
	MUST(sock && !genl_connect(sock));
	history_family = genl_ctrl_resolve(sock, AGENTSYS_GENL_NAME);
	MUST(history_family > 0);
	nl_socket_free(sock);
	return fd;
}

/* How many ends of agent @id are remembered, or restarts of @group unless it is NULL. */
static inline int get_history(int fd, uint32_t id, const char *group)
{
	struct nl_msg *msg = nlmsg_alloc();
	char answer[8192];
	struct nlmsghdr *head = (struct nlmsghdr *)answer;
	struct nlattr *attr, *entries;
	int n = 0, rest;
	ssize_t len;

	MUST(msg && genlmsg_put(msg, 0, 1, history_family, 0, NLM_F_REQUEST,
				AGENTSYS_CMD_HISTORY_GET, AGENTSYS_GENL_VERSION));
	if (group)
		nla_put_string(msg, AGENTSYS_H_GROUP, group);
	else
		nla_put_u32(msg, AGENTSYS_H_AGENT_ID, id);
	len = send(fd, nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len, 0);
	nlmsg_free(msg);
	if (len > 0)
		len = recv(fd, answer, sizeof(answer), 0);
	if (len < 0)
		return -errno;
	if (head->nlmsg_type == NLMSG_ERROR)
		return ((struct nlmsgerr *)NLMSG_DATA(head))->error;
	entries = nlmsg_find_attr(head, GENL_HDRLEN, AGENTSYS_H_ENTRIES);
	MUST(entries);
	nla_for_each_nested(attr, entries, rest)
		n += nla_type(attr) == AGENTSYS_H_ENTRY;
	return n;
}

#endif
