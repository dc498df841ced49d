// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is told of groups, with no lock that others wait for.
 */
#include "group_internal.h"

#include <linux/ktime.h>

#include "agent.h"
#include "mailbox.h"

LIST_HEAD(agentsys_groups);
static DEFINE_SPINLOCK(told_lock);

void agentsys_group_list(struct agentsys_group_record *record)
{
	lockdep_assert_held(&agentsys_lock);

	spin_lock(&told_lock);
	list_add_tail(&record->node, &agentsys_groups);
	spin_unlock(&told_lock);
}

void agentsys_group_unlist(struct agentsys_group_record *record)
{
	lockdep_assert_held(&agentsys_lock);

	spin_lock(&told_lock);
	list_del(&record->node);
	spin_unlock(&told_lock);
}

void agentsys_group_relist(struct agentsys_group_record *moved, u32 *serial)
{
	struct agentsys_group_status *status = &moved->told.status;
	struct agentsys_group_record *record, *next;
	LIST_HEAD(last);

	lockdep_assert_held(&agentsys_lock);

	spin_lock(&told_lock);
	list_for_each_entry_safe(record, next, &agentsys_groups, node) {
		if (!agentsys_tree_is_within(&record->tree, &moved->tree))
			continue;
		list_move_tail(&record->node, &last);
		record->serial = ++*serial;
		record->told.status.serial = record->serial;
	}
	list_splice_tail(&last, &agentsys_groups);
	strscpy(status->parent, agentsys_group_name(moved->tree.node.parent),
		sizeof(status->parent));
	status->place = moved->tree.node.place;
	spin_unlock(&told_lock);
}

void agentsys_group_changed(struct agentsys_group *group)
{
	struct agentsys_group_record *record = agentsys_record_of(group);
	struct agentsys_group_status *status = &record->told.status;

	spin_lock(&told_lock);
	status->policy = group->policy;
	status->state = group->state;
	status->place = group->node.place;
	status->members = group->members;
	status->significant = group->node.significant;
	status->restarts = group->restarts;
	status->reason = group->reason;
	record->told.clock = group->clock;
	record->told.spent = group->spent;
	spin_unlock(&told_lock);
}

void agentsys_group_note(struct agentsys_group_record *record, const struct agentsys_group *below,
			 const struct agentsys_agent *agent, u32 decision, u32 delay_ms)
{
	struct agentsys_group_history *history = &record->told.history;
	struct agentsys_past past = {
		.time_ns = ktime_get_boottime_ns(),
		.cause = AGENTSYS_CAUSE_RESTART,
		.decision = decision,
		.delay_ms = delay_ms,
		.exit_status = AGENTSYS_NO_STATUS,
	};

	if (agent) {
		past.agent_id = agent->id;
		past.instance = agent->status.instance;
		past.cause = agent->status.cause;
		past.code = agent->status.code;
		past.exit_status = agent->status.exit_status;
	}
	spin_lock(&told_lock);
	strscpy(history->below[history->ends.n % AGENTSYS_HISTORY_MAX],
		below ? agentsys_group_name(below) : "", sizeof(history->below[0]));
	agentsys_history_add(&history->ends, &past);
	spin_unlock(&told_lock);
}

void agentsys_group_remember(struct agentsys_group *group, struct agentsys_agent *agent,
			     u32 delay_ms)
{
	lockdep_assert_held(&agentsys_lock);

	agentsys_group_note(agentsys_record_of(group), NULL, agent, AGENTSYS_DECISION_RESTARTS,
			    delay_ms);
}

/* The first group that is named so, or has a later serial, or NULL. */
static const struct agentsys_group_record *first_told(const char *name, u32 after)
{
	const struct agentsys_group_record *record;

	lockdep_assert_held(&told_lock);

	list_for_each_entry(record, &agentsys_groups, node)
		if (name ? !strcmp(record->name, name) : record->serial > after)
			return record;
	return NULL;
}

static int get_status(const char *name, u32 after, struct agentsys_group_status *status)
{
	const struct agentsys_group_record *record;
	struct agentsys_clock clock;
	struct agentsys_spent spent;

	spin_lock(&told_lock);
	record = first_told(name, after);
	if (record) {
		*status = record->told.status;
		clock = record->told.clock;
		spent = record->told.spent;
	}
	spin_unlock(&told_lock);
	if (!record)
		return -ENOENT;
	status->recent =
		agentsys_budget_used(&spent, status->policy.within_ms,
				     agentsys_clock_ms(&clock, agentsys_group_ops.now_ms()));
	return 0;
}

int agentsys_group_status(const char *name, struct agentsys_group_status *status)
{
	return get_status(name, 0, status);
}

int agentsys_group_next(u32 after, struct agentsys_group_status *status)
{
	return get_status(NULL, after, status);
}

int agentsys_group_history(const char *name, struct agentsys_group_history *history)
{
	const struct agentsys_group_record *record;

	spin_lock(&told_lock);
	record = first_told(name, 0);
	if (record)
		*history = record->told.history;
	spin_unlock(&told_lock);
	return record ? 0 : -ENOENT;
}
