// SPDX-License-Identifier: GPL-2.0-only
/*
 * What core/tree.c has done for it: agents started and stopped, timers, events,
 * answers to those who wait.
 */
#include "group_internal.h"

#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/workqueue.h>

#include "agent.h"
#include "core/name.h"
#include "mailbox.h"
#include "registry.h"
#include "shutdown.h"
#include "supervisor.h"
#include "telemetry.h"

static void wake(struct work_struct *work);
static DECLARE_DELAYED_WORK(wake_work, wake);

static struct agentsys_agent *agent_of(struct agentsys_node *node)
{
	return container_of(node, struct agentsys_agent, node);
}

/* Either may end in the record's being forgotten. */
static void start_agent(struct agentsys_node *node)
{
	struct agentsys_agent *agent = agentsys_agent_get(agent_of(node));

	agentsys_supervisor_start(agent);
	agentsys_agent_put(agent);
}

static void stop_agent(struct agentsys_node *node)
{
	struct agentsys_agent *agent = agentsys_agent_get(agent_of(node));

	if (agentsys_shutdown_active()) {
		agentsys_shutdown_stop(agent);
	} else {
		agent->by_group = true;
		agent->by_required = false;
		agent->restart_after = false;
		agent->stop_timeout_ms = AGENTSYS_OWN_TIMEOUT;
		agentsys_supervisor_apply(agent, AGENTSYS_IN_STOP);
	}
	agentsys_agent_put(agent);
}

/* One work for all of them: groups come and go, and it stays. */
static void wake_for_first(void)
{
	const struct agentsys_group_record *first = NULL, *record;

	list_for_each_entry(record, &agentsys_groups, node)
		if (record->armed && (!first || time_before(record->due, first->due)))
			first = record;
	if (first)
		mod_delayed_work(agentsys_wq, &wake_work,
				 time_after(first->due, jiffies) ? first->due - jiffies : 0);
}

static void wake(struct work_struct *work)
{
	struct agentsys_group_record *record;

	/* Groups that wait do not hold the module: nothing is started while it goes. */
	if (!try_module_get(THIS_MODULE))
		return;
	mutex_lock(&agentsys_lock);
	agentsys_mail_drain();
	list_for_each_entry(record, &agentsys_groups, node) {
		if (!record->armed || time_before(jiffies, record->due))
			continue;
		record->armed = false;
		agentsys_tree_timer(&record->tree);
	}
	wake_for_first();
	mutex_unlock(&agentsys_lock);
	module_put(THIS_MODULE);
}

static void arm(struct agentsys_group *group, u32 ms)
{
	struct agentsys_group_record *record = agentsys_record_of(group);

	record->due = jiffies + msecs_to_jiffies(ms);
	record->armed = true;
	wake_for_first();
}

void agentsys_group_answer(struct agentsys_group_record *record, enum agentsys_goal goal, int error,
			   const char *text)
{
	const struct agentsys_answer answer = {
		.group = record->name,
		.state = record->tree.state,
		.error = error,
		.text = text,
	};
	struct agentsys_waiter *waiter, *next;

	list_for_each_entry_safe(waiter, next, &record->waiters, node) {
		if (waiter->goal != goal)
			continue;
		list_del(&waiter->node);
		record->nr_waiters--;
		waiter->answer(waiter, &answer);
	}
}

void agentsys_group_cancel(struct agentsys_group_record *record, enum agentsys_goal goal)
{
	agentsys_group_answer(record, goal, ECANCELED,
			      "something else was asked of the group meanwhile");
}

/* The end that @group deals with is the last one of the agent that is its reason. */
static void remember_reason(struct agentsys_group_record *record, u32 decision)
{
	u32 id = record->tree.reason;
	struct agentsys_agent *agent = id ? agentsys_registry_get(id) : NULL;

	agentsys_group_note(record, record->tree.below, agent, decision, record->tree.delay_ms);
	if (agentsys_tree_alone(&record->tree))
		agentsys_group_note(agentsys_record_of(record->tree.node.parent), &record->tree,
				    agent, AGENTSYS_DECISION_RESTARTS, record->tree.delay_ms);
	if (agent)
		agentsys_agent_put(agent);
}

static void note_failure(struct agentsys_group_record *record)
{
	const struct agentsys_group *group = &record->tree;
	const struct agentsys_group *above = group->node.parent;

	/* Once for each start by hand: none is to be lost among others. */
	if (!above->node.parent) {
		pr_err("group %s failed: restart %u within %u ms, of agent %u; nobody is above it: it stays down until it is started by hand\n",
		       record->name, group->spent.n, group->policy.within_ms, group->reason);
		return;
	}
	pr_warn_ratelimited("group %s failed: restart %u within %u ms, of agent %u; up to %s\n",
			    record->name, group->spent.n, group->policy.within_ms, group->reason,
			    agentsys_group_name(above));
}

static void tell(struct agentsys_group *group, u32 what)
{
	struct agentsys_group_record *record = agentsys_record_of(group);
	u64 now = ktime_get_boottime_ns();
	struct agentsys_event event = {
		.type = what,
		.instance = group->spent.n,
	};

	memcpy(event.name, record->name,
	       agentsys_name_fit(record->name, strlen(record->name), sizeof(event.name)));
	switch (what) {
	case AGENTSYS_EVENT_GROUP_RESTART:
		record->since_ns = now;
		if (agentsys_tree_alone(group)) {
			event.cause = AGENTSYS_CAUSE_GROUP;
			event.instance = group->node.parent->spent.n;
		}
		event.code = group->reason;
		event.value = group->delay_ms;
		remember_reason(record, AGENTSYS_DECISION_WITH_GROUP);
		break;
	case AGENTSYS_EVENT_GROUP_STARTED:
		event.value = now - record->since_ns;
		break;
	case AGENTSYS_EVENT_GROUP_STOPPED:
		event.cause = group->why;
		if (group->why == AGENTSYS_CAUSE_EXIT)
			event.code = group->done_by;
		else if (group->why == AGENTSYS_CAUSE_STOP)
			event.code = record->for_shutdown;
		event.value = now - record->since_ns;
		break;
	case AGENTSYS_EVENT_GROUP_FAILED:
		event.code = group->reason;
		event.value = group->policy.budget;
		remember_reason(record, AGENTSYS_DECISION_FAILS);
		note_failure(record);
		break;
	}
	agentsys_event(&event);

	if (what == AGENTSYS_EVENT_GROUP_STARTED) {
		agentsys_group_answer(record, AGENTSYS_RUNS, 0, NULL);
		agentsys_group_cancel(record, AGENTSYS_ENDS);
	} else if (what == AGENTSYS_EVENT_GROUP_STOPPED) {
		agentsys_group_answer(record, AGENTSYS_ENDS, 0, NULL);
		agentsys_group_cancel(record, AGENTSYS_RUNS);
	} else if (what == AGENTSYS_EVENT_GROUP_FAILED) {
		agentsys_group_answer(record, AGENTSYS_RUNS, EIO,
				      "it failed: its restarts are spent");
	}
}

static u64 now_ms(void)
{
	return ktime_to_ms(ktime_get());
}

static u32 random(void)
{
	return get_random_u32();
}

const struct agentsys_tree_ops agentsys_group_ops = {
	.start = start_agent,
	.stop = stop_agent,
	.arm = arm,
	.tell = tell,
	.changed = agentsys_group_changed,
	.now_ms = now_ms,
	.random = random,
};

void agentsys_groups_hold(void)
{
	struct agentsys_group_record *record;

	lockdep_assert_held(&agentsys_lock);

	list_for_each_entry(record, &agentsys_groups, node)
		agentsys_tree_hold(&record->tree);
}

static void stop_for_shutdown(struct agentsys_group_record *record)
{
	record->for_shutdown = true;
	agentsys_tree_stop(&record->tree);
}

static void stop_group(struct agentsys_group_record *record)
{
	if (record->tree.node.state == AGENTSYS_NODE_DOWN ||
	    (record->tree.state == AGENTSYS_STOPPING && !record->tree.held))
		return;
	record->since_ns = ktime_get_boottime_ns();
	agentsys_tree_keep_down(&record->tree.node);
	stop_for_shutdown(record);
}

static struct agentsys_node *get_node(struct agentsys_node *node)
{
	if (node && !node->is_group)
		agentsys_agent_get(agent_of(node));
	return node;
}

static void put_node(struct agentsys_node *node)
{
	if (!node->is_group)
		agentsys_agent_put(agent_of(node));
}

void agentsys_groups_stop(void (*stop)(struct agentsys_agent *agent))
{
	struct agentsys_group *root = &agentsys_root_group.tree;
	struct agentsys_node *node, *prev;

	lockdep_assert_held(&agentsys_lock);

	for (node = get_node(root->last); node; node = prev) {
		/* One that went with the one behind it does not know what is ahead any more. */
		prev = get_node(node->parent ? node->prev : root->last);
		if (node->is_group)
			stop_group(container_of(node, struct agentsys_group_record, tree.node));
		else if (node->parent)
			stop(agent_of(node));
		put_node(node);
	}
	if (root->held)
		stop_for_shutdown(&agentsys_root_group);
}

void agentsys_groups_release(void)
{
	struct agentsys_group_record *record;

	lockdep_assert_held(&agentsys_lock);

	list_for_each_entry(record, &agentsys_groups, node)
		if (record->tree.held)
			stop_for_shutdown(record);
}

bool agentsys_group_stops(const struct agentsys_node *node)
{
	return node->parent && node->parent->state == AGENTSYS_STOPPING && node->falls;
}

bool agentsys_group_parks(const struct agentsys_node *node)
{
	return agentsys_group_stops(node) && node->again &&
	       node->parent->goal == AGENTSYS_DOWN_AGAIN && !agentsys_shutdown_active();
}

void agentsys_group_tree_exit(void)
{
	cancel_delayed_work_sync(&wake_work);
}
