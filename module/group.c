// SPDX-License-Identifier: GPL-2.0-only
#include "group.h"

#include <linux/agentsys_netlink.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "agent.h"
#include "core/name.h"
#include "mailbox.h"
#include "registry.h"
#include "shutdown.h"
#include "supervisor.h"
#include "telemetry.h"

/**
 * struct told - what anybody may ask of a group, with no lock that others wait for
 * @status: but for @recent
 * @spent: what that is counted from
 * @history: the last restarts
 */
struct told {
	struct agentsys_group_status status;
	struct agentsys_spent spent;
	struct agentsys_history history;
};

/**
 * struct record - a group, guarded by the supervisor lock
 * @tree: what decides
 * @told: what is told of it, guarded by @told_lock
 * @name: its name
 * @node: link in @groups
 * @rcu: for the delayed free, because @name is read without the lock
 * @serial: its number
 * @due: jiffies at which @tree is to be woken, when @armed
 * @armed: it is to be
 * @since_ns: when what is under way began, CLOCK_BOOTTIME
 * @waiters: who waits for it to run or to end, struct agentsys_waiter
 * @nr_waiters: how many
 */
struct record {
	struct agentsys_group tree;
	struct told told;
	char name[AGENTSYS_NAME_MAX + 1];
	struct list_head node;
	struct rcu_head rcu;
	u32 serial;
	unsigned long due;
	bool armed;
	u64 since_ns;
	struct list_head waiters;
	unsigned int nr_waiters;
};

static void wake(struct work_struct *work);

static struct record root = { .name = AGENTSYS_ROOT_GROUP };
/* In the order in which they were made, root first; changed with both locks held. */
static LIST_HEAD(groups);
static DEFINE_SPINLOCK(told_lock);
static unsigned int nr_groups;
static unsigned int generation;
static u32 last_serial;
static DECLARE_DELAYED_WORK(wake_work, wake);

static struct record *record_of(const struct agentsys_group *group)
{
	return container_of(group, struct record, tree);
}

const char *agentsys_group_name(const struct agentsys_group *group)
{
	return record_of(group)->name;
}

void agentsys_group_of(const struct agentsys_agent *agent, char name[AGENTSYS_NAME_MAX + 1])
{
	const struct agentsys_group *group;

	rcu_read_lock();
	group = READ_ONCE(agent->node.parent);
	/* Its record may just have been taken away; an attached one is about to enter root. */
	strscpy(name, group ? agentsys_group_name(group) : root.name, AGENTSYS_NAME_MAX + 1);
	rcu_read_unlock();
}

/* Either lock held. */
static struct record *find(const char *name)
{
	struct record *record;

	list_for_each_entry(record, &groups, node)
		if (!strcmp(record->name, name))
			return record;
	return NULL;
}

struct agentsys_group *agentsys_group_find(const char *name)
{
	struct record *record = name ? find(name) : &root;

	return record ? &record->tree : NULL;
}

/* ---- what the tree has done for it ---- */

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

	agent->by_group = true;
	agent->restart_after = false;
	agent->stop_timeout_ms = AGENTSYS_OWN_TIMEOUT;
	agentsys_supervisor_apply(agent, AGENTSYS_IN_STOP);
	agentsys_agent_put(agent);
}

/* One work for all of them: groups come and go, and it stays. */
static void wake_for_first(void)
{
	const struct record *first = NULL, *record;

	list_for_each_entry(record, &groups, node)
		if (record->armed && (!first || time_before(record->due, first->due)))
			first = record;
	if (first)
		mod_delayed_work(agentsys_wq, &wake_work,
				 time_after(first->due, jiffies) ? first->due - jiffies : 0);
}

static void wake(struct work_struct *work)
{
	struct record *record;

	/* Groups that wait do not hold the module: nothing is started while it goes. */
	if (!try_module_get(THIS_MODULE))
		return;
	mutex_lock(&agentsys_lock);
	agentsys_mail_drain();
	list_for_each_entry(record, &groups, node) {
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
	struct record *record = record_of(group);

	record->due = jiffies + msecs_to_jiffies(ms);
	record->armed = true;
	wake_for_first();
}

static void answer_all(struct record *record, enum agentsys_goal goal, int error, const char *text)
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

/* Those who wait for the contrary. */
static void cancel(struct record *record, enum agentsys_goal goal)
{
	answer_all(record, goal, ECANCELED, "something else was asked of the group meanwhile");
}

/* @agent: whose end is the reason, NULL if somebody asked for it */
static void remember(struct record *record, const struct agentsys_agent *agent, u32 decision,
		     u32 delay_ms)
{
	struct agentsys_past past = {
		.time_ns = ktime_get_boottime_ns(),
		.cause = AGENTSYS_CAUSE_RESTART,
		.decision = decision,
		.delay_ms = delay_ms,
	};

	if (agent) {
		past.agent_id = agent->id;
		past.instance = agent->status.instance;
		past.cause = agent->status.cause;
		past.code = agent->status.code;
	}
	spin_lock(&told_lock);
	agentsys_history_add(&record->told.history, &past);
	spin_unlock(&told_lock);
}

void agentsys_group_remember(struct agentsys_group *group, struct agentsys_agent *agent,
			     u32 delay_ms)
{
	lockdep_assert_held(&agentsys_lock);

	remember(record_of(group), agent, AGENTSYS_DECISION_RESTARTS, delay_ms);
}

/* The end that @group deals with is the last one of the agent that is its reason. */
static void remember_reason(struct record *record, u32 decision)
{
	u32 id = record->tree.reason;
	struct agentsys_agent *agent = id ? agentsys_registry_get(id) : NULL;

	remember(record, agent, decision, record->tree.delay_ms);
	if (agent)
		agentsys_agent_put(agent);
}

static void tell(struct agentsys_group *group, u32 what)
{
	struct record *record = record_of(group);
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
		event.code = group->reason;
		event.value = group->delay_ms;
		remember_reason(record, AGENTSYS_DECISION_WITH_GROUP);
		break;
	case AGENTSYS_EVENT_GROUP_STARTED:
	case AGENTSYS_EVENT_GROUP_STOPPED:
		event.value = now - record->since_ns;
		break;
	case AGENTSYS_EVENT_GROUP_FAILED:
		event.code = group->reason;
		event.value = group->policy.budget;
		remember_reason(record, AGENTSYS_DECISION_FAILS);
		pr_warn_ratelimited("group %s failed: restart %u within %u ms, of agent %u\n",
				    record->name, group->spent.n, group->policy.within_ms,
				    group->reason);
		break;
	}
	agentsys_event(&event);

	if (what == AGENTSYS_EVENT_GROUP_STARTED) {
		answer_all(record, AGENTSYS_RUNS, 0, NULL);
		cancel(record, AGENTSYS_ENDS);
	} else if (what == AGENTSYS_EVENT_GROUP_STOPPED) {
		answer_all(record, AGENTSYS_ENDS, 0, NULL);
		cancel(record, AGENTSYS_RUNS);
	} else if (what == AGENTSYS_EVENT_GROUP_FAILED) {
		answer_all(record, AGENTSYS_RUNS, EIO, "it failed: its restarts are spent");
	}
}

static void changed(struct agentsys_group *group)
{
	struct record *record = record_of(group);
	struct agentsys_group_status *status = &record->told.status;

	spin_lock(&told_lock);
	status->policy = group->policy;
	status->state = group->state;
	status->place = group->node.place;
	status->members = group->members;
	status->restarts = group->restarts;
	status->reason = group->reason;
	record->told.spent = group->spent;
	spin_unlock(&told_lock);
}

static u64 now_ms(void)
{
	return ktime_to_ms(ktime_get());
}

static const struct agentsys_tree_ops ops = {
	.start = start_agent,
	.stop = stop_agent,
	.arm = arm,
	.tell = tell,
	.changed = changed,
	.now_ms = now_ms,
};

/* ---- what an agent gets of its group ---- */

void agentsys_group_defaults(const struct agentsys_group *group,
			     struct agentsys_restart_policy *policy)
{
	bool in_root = group == &root.tree;

	memset(policy, 0, sizeof(*policy));
	if (in_root || group->policy.strategy == AGENTSYS_PERMANENT)
		policy->condition = AGENTSYS_RESTART_NEVER;
	else if (group->policy.strategy == AGENTSYS_TRANSIENT)
		policy->condition = AGENTSYS_RESTART_ON_FAILURE;
	else
		policy->condition = AGENTSYS_RESTART_ALWAYS;
	policy->max_restarts = in_root ? AGENTSYS_MAX_RESTARTS_DEFAULT :
					 AGENTSYS_RESTARTS_UNLIMITED;
	policy->backoff_kind = AGENTSYS_BACKOFF_EXPONENTIAL;
	policy->stable_ms = AGENTSYS_STABLE_DEFAULT_MS;
	policy->breaker_ms = AGENTSYS_BREAKER_DEFAULT_MS;
	policy->backoff_initial_ms = group->policy.backoff_initial_ms;
	policy->backoff_max_ms = group->policy.backoff_max_ms;
}

void agentsys_groups_end(void)
{
	struct record *record;

	lockdep_assert_held(&agentsys_lock);

	list_for_each_entry(record, &groups, node) {
		if (!agentsys_tree_busy(&record->tree))
			continue;
		agentsys_tree_keep_down(&record->tree.node);
		agentsys_tree_stop(&record->tree);
	}
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

/* ---- what people ask for ---- */

/* One line, however long: it is searched for as it is printed. */
#define ENDLESS \
	"as many restarts as the budget allows take longer than the window: what never works would be restarted for ever"

static int refuse(int error, struct netlink_ext_ack *extack)
{
	switch (error) {
	case -ENOENT:
		NL_SET_ERR_MSG(extack, "no such group");
		break;
	case -EEXIST:
		NL_SET_ERR_MSG(extack, "a group of this name exists");
		break;
	case -ENOSPC:
		NL_SET_ERR_MSG(extack, "there are 1024 groups: remove some");
		break;
	case -E2BIG:
		NL_SET_ERR_MSG(extack, "that is more than 8 groups below one another");
		break;
	case -ENOTEMPTY:
		NL_SET_ERR_MSG(extack,
			       "the group is not empty: remove its agents and groups first");
		break;
	case -EPERM:
		NL_SET_ERR_MSG(extack, "the root group cannot be changed or removed");
		return -EINVAL;
	case -EINVAL:
		NL_SET_ERR_MSG(extack, ENDLESS);
		break;
	case -EBUSY:
		NL_SET_ERR_MSG(extack, "too many wait for this group");
		break;
	case -ESHUTDOWN:
		NL_SET_ERR_MSG(extack, "a shutdown is under way: nothing is started");
		break;
	}
	return error;
}

static int apply_change(struct agentsys_group_policy *policy,
			const struct agentsys_group_change *change)
{
	struct agentsys_restart_policy backoff = {};
	struct agentsys_group_policy new = *policy;

	if (change->has & AGENTSYS_GROUP_STRATEGY)
		new.strategy = change->policy.strategy;
	if (change->has & AGENTSYS_GROUP_BUDGET)
		new.budget = change->policy.budget;
	if (change->has & AGENTSYS_GROUP_WITHIN)
		new.within_ms = change->policy.within_ms;
	if (change->has & AGENTSYS_GROUP_INITIAL)
		new.backoff_initial_ms = change->policy.backoff_initial_ms;
	if (change->has & AGENTSYS_GROUP_MAX)
		new.backoff_max_ms = change->policy.backoff_max_ms;
	if (change->has & AGENTSYS_GROUP_AUTO_SHUTDOWN)
		new.auto_shutdown = change->policy.auto_shutdown;
	backoff.backoff_initial_ms = new.backoff_initial_ms;
	backoff.backoff_max_ms = new.backoff_max_ms;
	if (agentsys_budget_endless(new.budget, new.within_ms, &backoff))
		return -EINVAL;
	*policy = new;
	return 0;
}

static void enter(struct record *record, struct record *parent)
{
	struct agentsys_group_status *status = &record->told.status;

	record->serial = ++last_serial;
	record->tree.ops = &ops;
	record->tree.state = AGENTSYS_ACTIVE;
	record->tree.node.is_group = true;
	record->tree.node.state = AGENTSYS_NODE_UP;
	INIT_LIST_HEAD(&record->waiters);
	if (parent)
		agentsys_tree_enter(&parent->tree, &record->tree.node);
	status->serial = record->serial;
	status->significant = record->tree.node.significant;
	strscpy(status->name, record->name, sizeof(status->name));
	strscpy(status->parent, parent ? parent->name : "", sizeof(status->parent));
	changed(&record->tree);
	spin_lock(&told_lock);
	list_add_tail(&record->node, &groups);
	spin_unlock(&told_lock);
	nr_groups++;
	WRITE_ONCE(generation, generation + 1);
}

static int depth(const struct record *record)
{
	const struct agentsys_group *group = &record->tree;
	int n = 0;

	while ((group = group->node.parent))
		n++;
	return n;
}

static int add(struct record *record, const char *name, const char *parent,
	       const struct agentsys_group_change *change)
{
	struct record *above = find(parent);
	int ret;

	if (!above)
		return -ENOENT;
	if (find(name))
		return -EEXIST;
	if (nr_groups >= AGENTSYS_TREE_GROUPS)
		return -ENOSPC;
	if (depth(above) >= AGENTSYS_TREE_DEPTH)
		return -E2BIG;
	ret = apply_change(&record->tree.policy, change);
	if (ret)
		return ret;
	strscpy(record->name, name, sizeof(record->name));
	record->tree.node.significant = change->significant;
	enter(record, above);
	return 0;
}

static const struct agentsys_group_policy default_policy = {
	.strategy = AGENTSYS_ONE_FOR_ONE,
	.budget = AGENTSYS_GROUP_BUDGET_DEFAULT,
	.within_ms = AGENTSYS_GROUP_WITHIN_DEFAULT_MS,
	.backoff_initial_ms = AGENTSYS_BACKOFF_INITIAL_DEFAULT_MS,
	.backoff_max_ms = AGENTSYS_BACKOFF_MAX_DEFAULT_MS,
};

int agentsys_group_new(const char *name, const char *parent,
		       const struct agentsys_group_change *change, struct netlink_ext_ack *extack)
{
	struct record *record = kzalloc(sizeof(*record), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!record)
		return -ENOMEM;
	record->tree.policy = default_policy;
	mutex_lock(&agentsys_lock);
	ret = add(record, name, parent, change);
	mutex_unlock(&agentsys_lock);
	if (ret)
		kfree(record);
	return refuse(ret, extack);
}

int agentsys_group_set(const char *name, const struct agentsys_group_change *change,
		       struct netlink_ext_ack *extack)
{
	struct record *record;
	int ret;

	mutex_lock(&agentsys_lock);
	record = find(name);
	if (!record)
		ret = -ENOENT;
	else if (record == &root)
		ret = -EPERM;
	else
		ret = apply_change(&record->tree.policy, change);
	if (!ret)
		changed(&record->tree);
	mutex_unlock(&agentsys_lock);
	return refuse(ret, extack);
}

int agentsys_group_del(const char *name, struct netlink_ext_ack *extack)
{
	struct record *record;
	int ret = 0;

	mutex_lock(&agentsys_lock);
	agentsys_mail_drain();
	record = find(name);
	if (!record)
		ret = -ENOENT;
	else if (record == &root)
		ret = -EPERM;
	else if (record->tree.members)
		ret = -ENOTEMPTY;
	if (ret)
		goto out;
	cancel(record, AGENTSYS_RUNS);
	cancel(record, AGENTSYS_ENDS);
	spin_lock(&told_lock);
	list_del(&record->node);
	spin_unlock(&told_lock);
	nr_groups--;
	WRITE_ONCE(generation, generation + 1);
	agentsys_tree_leave(&record->tree.node);
	kfree_rcu(record, rcu);
out:
	mutex_unlock(&agentsys_lock);
	return refuse(ret, extack);
}

static void command_group(struct record *record, enum agentsys_group_command command)
{
	record->since_ns = ktime_get_boottime_ns();
	switch (command) {
	case AGENTSYS_GROUP_START:
		cancel(record, AGENTSYS_ENDS);
		agentsys_tree_start(&record->tree);
		break;
	case AGENTSYS_GROUP_STOP:
		cancel(record, AGENTSYS_RUNS);
		agentsys_tree_keep_down(&record->tree.node);
		agentsys_tree_stop(&record->tree);
		break;
	case AGENTSYS_GROUP_RESTART:
		cancel(record, AGENTSYS_ENDS);
		agentsys_tree_restart(&record->tree);
		break;
	}
}

int agentsys_group_control(const char *name, enum agentsys_group_command command,
			   struct agentsys_waiter *waiter, struct netlink_ext_ack *extack)
{
	struct record *record;
	int ret = 0;

	mutex_lock(&agentsys_lock);
	agentsys_mail_drain();
	record = find(name);
	if (!record)
		ret = -ENOENT;
	else if (command != AGENTSYS_GROUP_STOP && agentsys_shutdown_active())
		ret = -ESHUTDOWN;
	else if (waiter && record->nr_waiters >= AGENTSYS_WAITERS_MAX)
		ret = -EBUSY;
	if (ret)
		goto out;
	if (waiter) {
		list_add_tail(&waiter->node, &record->waiters);
		record->nr_waiters++;
	}
	command_group(record, command);
out:
	mutex_unlock(&agentsys_lock);
	return refuse(ret, extack);
}

/* ---- what is told ---- */

/* The first group that is named so, or has a later serial, or NULL. */
static const struct record *first_told(const char *name, u32 after)
{
	const struct record *record;

	lockdep_assert_held(&told_lock);

	list_for_each_entry(record, &groups, node)
		if (name ? !strcmp(record->name, name) : record->serial > after)
			return record;
	return NULL;
}

static int get_status(const char *name, u32 after, struct agentsys_group_status *status)
{
	const struct record *record;
	struct agentsys_spent spent;

	spin_lock(&told_lock);
	record = first_told(name, after);
	if (record) {
		*status = record->told.status;
		spent = record->told.spent;
	}
	spin_unlock(&told_lock);
	if (!record)
		return -ENOENT;
	status->recent = agentsys_budget_used(&spent, status->policy.within_ms, now_ms());
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

int agentsys_group_history(const char *name, struct agentsys_history *history)
{
	const struct record *record;

	spin_lock(&told_lock);
	record = first_told(name, 0);
	if (record)
		*history = record->told.history;
	spin_unlock(&told_lock);
	return record ? 0 : -ENOENT;
}

unsigned int agentsys_group_generation(void)
{
	return READ_ONCE(generation);
}

void agentsys_groups_init(void)
{
	root.tree.policy = default_policy;
	mutex_lock(&agentsys_lock);
	enter(&root, NULL);
	mutex_unlock(&agentsys_lock);
}

/* No agent is left, nor anybody who could ask for something; but there may be who waits. */
void agentsys_groups_exit(void)
{
	static const char text[] = "the module is being unloaded";
	struct record *record, *next;

	cancel_delayed_work_sync(&wake_work);
	mutex_lock(&agentsys_lock);
	list_for_each_entry_safe(record, next, &groups, node) {
		answer_all(record, AGENTSYS_RUNS, ECANCELED, text);
		answer_all(record, AGENTSYS_ENDS, ECANCELED, text);
		if (record != &root)
			kfree(record);
	}
	mutex_unlock(&agentsys_lock);
}
