/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The groups of the supervision tree: made, changed and removed here, and where
 * the decisions of core/tree.c become starts and stops of agents.
 */
#ifndef _AGENTSYS_GROUP_H
#define _AGENTSYS_GROUP_H

#include <linux/agentsys.h>
#include <linux/bits.h>

#include "core/history.h"
#include "core/tree.h"
#include "waiter.h"

struct agentsys_agent;
struct agentsys_restart_policy;
struct netlink_ext_ack;

#define AGENTSYS_GROUP_BUDGET_DEFAULT	 5
#define AGENTSYS_GROUP_WITHIN_DEFAULT_MS 60000

/**
 * struct agentsys_group_status - what is told of a group
 * @serial: grows from one group to the next
 * @name: its name, terminated
 * @parent: that of the group above, empty for root
 * @policy: how it restarts
 * @state: enum agentsys_state
 * @place: its number in the group above
 * @members: agents and groups in it
 * @recent: restarts in the window
 * @restarts: restarts since it was made
 * @reason: agent whose end was the reason for the last one
 * @significant: a significant member of the group above
 */
struct agentsys_group_status {
	u32 serial;
	char name[AGENTSYS_NAME_MAX + 1];
	char parent[AGENTSYS_NAME_MAX + 1];
	struct agentsys_group_policy policy;
	u32 state;
	u32 place;
	u32 members;
	u32 recent;
	u64 restarts;
	u32 reason;
	bool significant;
};

/**
 * struct agentsys_group_history - the last restarts of a group
 * @ends: whose ends were the reasons
 * @below: for each of them, at the same place in the ring, the name of the group in it that
 *	failed for that; empty if the agent was a member itself
 */
struct agentsys_group_history {
	struct agentsys_history ends;
	char below[AGENTSYS_HISTORY_MAX][AGENTSYS_NAME_MAX + 1];
};

/**
 * struct agentsys_group_change - what to make of a group's policy
 * @has: AGENTSYS_GROUP_* for each field given
 * @policy: the values
 * @significant: a significant member of the group above
 * @parent: the group to move it to, or NULL; not of a new one
 */
struct agentsys_group_change {
	u32 has;
#define AGENTSYS_GROUP_STRATEGY	     BIT(0)
#define AGENTSYS_GROUP_BUDGET	     BIT(1)
#define AGENTSYS_GROUP_WITHIN	     BIT(2)
#define AGENTSYS_GROUP_INITIAL	     BIT(3)
#define AGENTSYS_GROUP_MAX	     BIT(4)
#define AGENTSYS_GROUP_AUTO_SHUTDOWN BIT(5)
#define AGENTSYS_GROUP_KIND	     BIT(6)
#define AGENTSYS_GROUP_JITTER	     BIT(7)
#define AGENTSYS_GROUP_MEMBERS	     BIT(8)
#define AGENTSYS_GROUP_SIGNIFICANT   BIT(9)
	struct agentsys_group_policy policy;
	bool significant;
	const char *parent;
};

enum agentsys_group_command {
	AGENTSYS_GROUP_START,
	AGENTSYS_GROUP_STOP,
	AGENTSYS_GROUP_RESTART,
};

void agentsys_groups_init(void);
void agentsys_groups_exit(void);

/*
 * These take the supervisor lock, return 0 or an errno of
 * <linux/agentsys_netlink.h> and explain it in @extack. A @waiter, which may be
 * NULL, is taken over by success alone.
 */
int agentsys_group_new(const char *name, const char *parent,
		       const struct agentsys_group_change *change, struct netlink_ext_ack *extack);
int agentsys_group_set(const char *name, const struct agentsys_group_change *change,
		       struct netlink_ext_ack *extack);
int agentsys_group_del(const char *name, struct netlink_ext_ack *extack);
int agentsys_group_control(const char *name, enum agentsys_group_command command,
			   struct agentsys_waiter *waiter, struct netlink_ext_ack *extack);

/*
 * Copy what is told of @name, or of the first group of a serial above @after; or
 * -ENOENT. Process context.
 */
int agentsys_group_status(const char *name, struct agentsys_group_status *status);
int agentsys_group_history(const char *name, struct agentsys_group_history *history);
int agentsys_group_next(u32 after, struct agentsys_group_status *status);

/* The name of the group that @agent is in. Any process context. */
void agentsys_group_of(const struct agentsys_agent *agent, char name[AGENTSYS_NAME_MAX + 1]);

/* How often groups have come and gone; tells a dump that it was overtaken. */
unsigned int agentsys_group_generation(void);

/*
 * With the supervisor lock held.
 */

/* The group of this name (NULL: root), or NULL. */
struct agentsys_group *agentsys_group_find(const char *name);
const char *agentsys_group_name(const struct agentsys_group *group);

/* Has it room for one more? -ENOSPC, explained in @extack. */
int agentsys_group_room(const struct agentsys_group *group, struct netlink_ext_ack *extack);

/* May @node leave its group for @to (NULL: there is no such group), or go to its end? */
int agentsys_group_check_move(const struct agentsys_node *node, const struct agentsys_group *to,
			      struct netlink_ext_ack *extack);

/* What an agent of @group gets that says nothing of it. */
void agentsys_group_defaults(const struct agentsys_group *group,
			     struct agentsys_restart_policy *policy);

/* An agent of @group, which has ended, is started again by itself in @delay_ms. */
void agentsys_group_remember(struct agentsys_group *group, struct agentsys_agent *agent,
			     u32 delay_ms);

/*
 * A shutdown: nothing that is under way starts anything again; then all groups below
 * root are stopped side by side, and the agents in root with them by @stop, those that
 * came last first. When it is over, what was to wait for its turn does so no longer.
 */
void agentsys_groups_hold(void);
void agentsys_groups_stop(void (*stop)(struct agentsys_agent *agent));
void agentsys_groups_release(void);

/* Is it among those that its group is just stopping? Then no restart begins. */
bool agentsys_group_stops(const struct agentsys_node *node);

/* Is it stopped only to be started with others? Then it waits for them. */
bool agentsys_group_parks(const struct agentsys_node *node);

#endif /* _AGENTSYS_GROUP_H */
