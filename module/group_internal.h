/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of groups share: group.c has what people ask of them, group_tree.c
 * what the tree has done for it, group_told.c what is told of them.
 */
#ifndef _AGENTSYS_GROUP_INTERNAL_H
#define _AGENTSYS_GROUP_INTERNAL_H

#include <linux/list.h>
#include <linux/rcupdate.h>

#include "group.h"

/**
 * struct agentsys_group_told - what anybody may ask of a group, with no lock that others wait for
 * @status: but for @recent
 * @clock: what that is counted by
 * @spent: what it is counted from
 * @history: likewise
 */
struct agentsys_group_told {
	struct agentsys_group_status status;
	struct agentsys_clock clock;
	struct agentsys_spent spent;
	struct agentsys_group_history history;
};

/**
 * struct agentsys_group_record - a group, guarded by the supervisor lock
 * @tree: what decides
 * @told: what is told of it, guarded by the lock of group_told.c
 * @name: its name
 * @node: link in @agentsys_groups
 * @rcu: for the delayed free, because @name is read without the lock
 * @serial: its number
 * @due: jiffies at which @tree is to be woken, when @armed
 * @armed: it is to be
 * @since_ns: when what is under way began, CLOCK_BOOTTIME
 * @waiters: who waits for it to run or to end, struct agentsys_waiter
 * @nr_waiters: how many
 * @for_shutdown: a shutdown was the last to stop it, and nobody has commanded it since
 */
struct agentsys_group_record {
	struct agentsys_group tree;
	struct agentsys_group_told told;
	char name[AGENTSYS_NAME_MAX + 1];
	struct list_head node;
	struct rcu_head rcu;
	u32 serial;
	unsigned long due;
	bool armed;
	u64 since_ns;
	struct list_head waiters;
	unsigned int nr_waiters;
	bool for_shutdown;
};

static inline struct agentsys_group_record *agentsys_record_of(const struct agentsys_group *group)
{
	return container_of(group, struct agentsys_group_record, tree);
}

extern struct agentsys_group_record agentsys_root_group;

/* Root first, each behind the one that it is in; changed by group_told.c alone. */
extern struct list_head agentsys_groups;

/* ---- group_tree.c ---- */

extern const struct agentsys_tree_ops agentsys_group_ops;

/* Tell those who wait for it to come to @goal. */
void agentsys_group_answer(struct agentsys_group_record *record, enum agentsys_goal goal, int error,
			   const char *text);

/* Those who wait for the contrary of what is asked for. */
void agentsys_group_cancel(struct agentsys_group_record *record, enum agentsys_goal goal);

/* No group is started by itself any more. */
void agentsys_group_tree_exit(void);

/* ---- group_told.c ---- */

/* Take it into the list of groups, or out of it. */
void agentsys_group_list(struct agentsys_group_record *record);
void agentsys_group_unlist(struct agentsys_group_record *record);

/*
 * It was moved: each group is told after the one that it is in, so that it goes to the end,
 * with all that is in it, in the same order and with numbers after @serial.
 */
void agentsys_group_relist(struct agentsys_group_record *moved, u32 *serial);

/* What is told of it may have changed. */
void agentsys_group_changed(struct agentsys_group *group);

/*
 * @below: the group in it that failed for that, or NULL
 * @agent: whose end is the reason, NULL if somebody asked for it
 */
void agentsys_group_note(struct agentsys_group_record *record, const struct agentsys_group *below,
			 const struct agentsys_agent *agent, u32 decision, u32 delay_ms);

#endif /* _AGENTSYS_GROUP_INTERNAL_H */
