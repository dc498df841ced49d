// SPDX-License-Identifier: GPL-2.0-only
#include "group_internal.h"

#include <linux/agentsys_netlink.h>
#include <linux/ktime.h>
#include <linux/netlink.h>
#include <linux/slab.h>

#include "agent.h"
#include "mailbox.h"
#include "relation.h"
#include "shutdown.h"
#include "supervisor.h"

struct agentsys_group_record agentsys_root_group = { .name = AGENTSYS_ROOT_GROUP };
static unsigned int nr_groups;
static unsigned int generation;
static u32 last_serial;

const char *agentsys_group_name(const struct agentsys_group *group)
{
	return agentsys_record_of(group)->name;
}

void agentsys_group_of(const struct agentsys_agent *agent, char name[AGENTSYS_NAME_MAX + 1])
{
	const struct agentsys_group *group;

	rcu_read_lock();
	group = READ_ONCE(agent->node.parent);
	/* Its record may just have been taken away; an attached one is about to enter root. */
	strscpy(name, group ? agentsys_group_name(group) : agentsys_root_group.name,
		AGENTSYS_NAME_MAX + 1);
	rcu_read_unlock();
}

static struct agentsys_group_record *find(const char *name)
{
	struct agentsys_group_record *record;

	lockdep_assert_held(&agentsys_lock);
	list_for_each_entry(record, &agentsys_groups, node)
		if (!strcmp(record->name, name))
			return record;
	return NULL;
}

struct agentsys_group *agentsys_group_find(const char *name)
{
	struct agentsys_group_record *record = name ? find(name) : &agentsys_root_group;

	return record ? &record->tree : NULL;
}

/* ---- what an agent gets of its group ---- */

void agentsys_group_defaults(const struct agentsys_group *group,
			     struct agentsys_restart_policy *policy)
{
	bool in_root = group == &agentsys_root_group.tree;

	*policy = agentsys_group_backoff(&group->policy);
	policy->condition = in_root ? AGENTSYS_RESTART_NEVER :
				      agentsys_strategy_condition(group->policy.strategy);
	policy->max_restarts = in_root ? AGENTSYS_MAX_RESTARTS_DEFAULT :
					 AGENTSYS_RESTARTS_UNLIMITED;
	policy->stable_ms = AGENTSYS_STABLE_DEFAULT_MS;
	policy->breaker_ms = AGENTSYS_BREAKER_DEFAULT_MS;
}

int agentsys_group_room(const struct agentsys_group *group, struct netlink_ext_ack *extack)
{
	/* Root is bounded by the number of records. */
	if (!group->node.parent || group->members < group->policy.members_max)
		return 0;
	compat_set_err_msg_fmt(extack, "the group has as many members as it takes",
			       "the group has %u members, as many as it takes",
			       group->policy.members_max);
	return -ENOSPC;
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
	case -EXFULL: /* agentsys_group_room() has said why */
		return -ENOSPC;
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
	struct agentsys_restart_policy backoff;
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
	if (change->has & AGENTSYS_GROUP_KIND)
		new.backoff_kind = change->policy.backoff_kind;
	if (change->has & AGENTSYS_GROUP_JITTER)
		new.jitter = change->policy.jitter;
	if (change->has & AGENTSYS_GROUP_MEMBERS)
		new.members_max = change->policy.members_max;
	backoff = agentsys_group_backoff(&new);
	if (agentsys_budget_endless(new.budget, new.within_ms, &backoff))
		return -EINVAL;
	*policy = new;
	return 0;
}

static void enter(struct agentsys_group_record *record, struct agentsys_group_record *parent)
{
	struct agentsys_group_status *status = &record->told.status;

	record->serial = ++last_serial;
	record->tree.ops = &agentsys_group_ops;
	record->tree.state = AGENTSYS_ACTIVE;
	record->tree.node.is_group = true;
	record->tree.node.state = AGENTSYS_NODE_UP;
	INIT_LIST_HEAD(&record->waiters);
	if (parent)
		agentsys_tree_enter(&parent->tree, &record->tree.node);
	status->serial = record->serial;
	strscpy(status->name, record->name, sizeof(status->name));
	strscpy(status->parent, parent ? parent->name : "", sizeof(status->parent));
	agentsys_group_changed(&record->tree);
	agentsys_group_list(record);
	nr_groups++;
	WRITE_ONCE(generation, generation + 1);
}

static int depth(const struct agentsys_group_record *record)
{
	const struct agentsys_group *group = &record->tree;
	int n = 0;

	while ((group = group->node.parent))
		n++;
	return n;
}

static int add(struct agentsys_group_record *record, const char *name, const char *parent,
	       const struct agentsys_group_change *change, struct netlink_ext_ack *extack)
{
	struct agentsys_group_record *above = find(parent);
	int ret;

	if (!above)
		return -ENOENT;
	if (find(name))
		return -EEXIST;
	if (nr_groups >= AGENTSYS_TREE_GROUPS)
		return -ENOSPC;
	if (depth(above) >= AGENTSYS_TREE_DEPTH)
		return -E2BIG;
	if (agentsys_group_room(&above->tree, extack))
		return -EXFULL;
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
	.members_max = AGENTSYS_MEMBERS_MAX,
};

int agentsys_group_new(const char *name, const char *parent,
		       const struct agentsys_group_change *change, struct netlink_ext_ack *extack)
{
	struct agentsys_group_record *record = kzalloc(sizeof(*record), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!record)
		return -ENOMEM;
	record->tree.policy = default_policy;
	mutex_lock(&agentsys_lock);
	ret = add(record, name, parent, change, extack);
	mutex_unlock(&agentsys_lock);
	if (ret)
		kfree(record);
	return refuse(ret, extack);
}

/* ---- moving ---- */

/* One line, however long: it is searched for as it is printed. */
#define UNDER_WAY \
	"it cannot be moved while it, what is in it, its group or the other one starts or stops"
#define RELATED "an agent depends on another one that would not move with it: take that away first"

int agentsys_group_check_move(const struct agentsys_node *node, const struct agentsys_group *to,
			      struct netlink_ext_ack *extack)
{
	lockdep_assert_held(&agentsys_lock);

	if (!to) {
		NL_SET_ERR_MSG(extack, "there is no such group to move it to");
		return -ENOENT;
	}
	if (to != node->parent && agentsys_group_room(to, extack))
		return -ENOSPC;
	if (!agentsys_tree_can_move(node, to)) {
		NL_SET_ERR_MSG(extack, UNDER_WAY);
		return -EBUSY;
	}
	if (agentsys_relations_order(node)) {
		NL_SET_ERR_MSG(extack, RELATED);
		return -EBUSY;
	}
	return 0;
}

/* How many groups are below one another in @top. */
static int height(const struct agentsys_group_record *top)
{
	const struct agentsys_group_record *record;
	int n = 0;

	list_for_each_entry(record, &agentsys_groups, node)
		if (agentsys_tree_is_within(&record->tree, &top->tree))
			n = max(n, depth(record) - depth(top));
	return n;
}

static int check_move(const struct agentsys_group_record *record,
		      const struct agentsys_group_record *to, struct netlink_ext_ack *extack)
{
	int ret = agentsys_group_check_move(&record->tree.node, to ? &to->tree : NULL, extack);

	if (ret)
		return ret;
	if (agentsys_tree_is_within(&to->tree, &record->tree)) {
		NL_SET_ERR_MSG(extack, "a group cannot be moved into itself");
		return -EINVAL;
	}
	if (depth(to) + 1 + height(record) > AGENTSYS_TREE_DEPTH)
		return refuse(-E2BIG, extack);
	return 0;
}

static void move(struct agentsys_group_record *record, struct agentsys_group_record *to)
{
	agentsys_tree_move(&to->tree, &record->tree.node);
	agentsys_group_relist(record, &last_serial);
	WRITE_ONCE(generation, generation + 1);
}

static int set(struct agentsys_group_record *record, const struct agentsys_group_change *change,
	       struct netlink_ext_ack *extack)
{
	struct agentsys_group_record *to = change->parent ? find(change->parent) : NULL;
	int ret;

	if (change->parent) {
		ret = check_move(record, to, extack);
		if (ret)
			return ret;
	}
	ret = apply_change(&record->tree.policy, change);
	if (ret)
		return refuse(ret, extack);
	if (change->has & AGENTSYS_GROUP_SIGNIFICANT)
		record->tree.node.significant = change->significant;
	if (to)
		move(record, to);
	agentsys_group_changed(&record->tree);
	return 0;
}

int agentsys_group_set(const char *name, const struct agentsys_group_change *change,
		       struct netlink_ext_ack *extack)
{
	struct agentsys_group_record *record;
	int ret;

	mutex_lock(&agentsys_lock);
	agentsys_mail_drain();
	record = find(name);
	if (!record)
		ret = refuse(-ENOENT, extack);
	else if (record == &agentsys_root_group)
		ret = refuse(-EPERM, extack);
	else
		ret = set(record, change, extack);
	mutex_unlock(&agentsys_lock);
	return ret;
}

int agentsys_group_del(const char *name, struct netlink_ext_ack *extack)
{
	struct agentsys_group_record *record;
	int ret = 0;

	mutex_lock(&agentsys_lock);
	agentsys_mail_drain();
	record = find(name);
	if (!record)
		ret = -ENOENT;
	else if (record == &agentsys_root_group)
		ret = -EPERM;
	else if (record->tree.members)
		ret = -ENOTEMPTY;
	if (ret)
		goto out;
	agentsys_group_cancel(record, AGENTSYS_RUNS);
	agentsys_group_cancel(record, AGENTSYS_ENDS);
	agentsys_group_unlist(record);
	nr_groups--;
	WRITE_ONCE(generation, generation + 1);
	agentsys_tree_leave(&record->tree.node);
	kfree_rcu(record, rcu);
out:
	mutex_unlock(&agentsys_lock);
	return refuse(ret, extack);
}

static void command_group(struct agentsys_group_record *record, enum agentsys_group_command command)
{
	record->since_ns = ktime_get_boottime_ns();
	record->for_shutdown = false;
	switch (command) {
	case AGENTSYS_GROUP_START:
		agentsys_group_cancel(record, AGENTSYS_ENDS);
		agentsys_tree_start(&record->tree);
		break;
	case AGENTSYS_GROUP_STOP:
		agentsys_group_cancel(record, AGENTSYS_RUNS);
		agentsys_tree_keep_down(&record->tree.node);
		agentsys_tree_stop(&record->tree);
		break;
	case AGENTSYS_GROUP_RESTART:
		agentsys_group_cancel(record, AGENTSYS_ENDS);
		agentsys_tree_restart(&record->tree);
		break;
	}
}

int agentsys_group_control(const char *name, enum agentsys_group_command command,
			   struct agentsys_waiter *waiter, struct netlink_ext_ack *extack)
{
	struct agentsys_group_record *record;
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

unsigned int agentsys_group_generation(void)
{
	return READ_ONCE(generation);
}

void agentsys_groups_init(void)
{
	agentsys_root_group.tree.policy = default_policy;
	mutex_lock(&agentsys_lock);
	enter(&agentsys_root_group, NULL);
	mutex_unlock(&agentsys_lock);
}

/* No agent is left, nor anybody who could ask for something; but there may be who waits. */
void agentsys_groups_exit(void)
{
	static const char text[] = "the module is being unloaded";
	struct agentsys_group_record *record, *next;

	agentsys_group_tree_exit();
	mutex_lock(&agentsys_lock);
	list_for_each_entry_safe(record, next, &agentsys_groups, node) {
		agentsys_group_answer(record, AGENTSYS_RUNS, ECANCELED, text);
		agentsys_group_answer(record, AGENTSYS_ENDS, ECANCELED, text);
		if (record != &agentsys_root_group)
			kfree(record);
	}
	mutex_unlock(&agentsys_lock);
}
