// SPDX-License-Identifier: GPL-2.0-only
/*
 * What people ask of the supervisor: checked here, done in supervisor.c.
 */
#include <linux/netlink.h>
#include <linux/sched.h>

#include "agent.h"
#include "fault.h"
#include "group.h"
#include "helper.h"
#include "mailbox.h"
#include "registry.h"
#include "relation.h"
#include "shutdown.h"
#include "standby.h"
#include "supervisor_internal.h"
#include "telemetry.h"

static int explain(int error, struct netlink_ext_ack *extack)
{
	switch (error) {
	case -ESRCH:
		NL_SET_ERR_MSG(extack, "no such agent");
		break;
	case -EEXIST:
		NL_SET_ERR_MSG(extack, "an agent with this id exists");
		break;
	case -ENOSPC:
		NL_SET_ERR_MSG(extack, "max_agents records exist: remove ended ones");
		break;
	case -ESHUTDOWN:
		NL_SET_ERR_MSG(extack, "a shutdown is under way: nothing is started");
		break;
	case -EALREADY:
		NL_SET_ERR_MSG(extack, "the agent runs already");
		break;
	case -EBUSY:
		NL_SET_ERR_MSG(extack, "the agent is just ending, or being attached");
		break;
	case -EINVAL:
		NL_SET_ERR_MSG(extack, "the agent is not active");
		break;
	case -EOPNOTSUPP:
		NL_SET_ERR_MSG(extack, "the agent was attached: there is nothing to start it from");
		break;
	}
	return error;
}

static int add_waiter(struct agentsys_agent *agent, struct agentsys_waiter *waiter,
		      struct netlink_ext_ack *extack)
{
	int ret = waiter ? agentsys_waiter_add(agent, waiter) : 0;

	if (ret)
		NL_SET_ERR_MSG(extack, "too many wait for this agent");
	return ret;
}

#define PLACE(field)                                                         \
	{                                                                    \
		.offset = offsetof(struct agentsys_restart_policy, field),   \
		.size = sizeof_field(struct agentsys_restart_policy, field), \
	}

/* clang-format off */
const struct agentsys_policy_place agentsys_policy_places[] = {
	[AGENTSYS_POLICY_CONDITION]		= PLACE(condition),
	[AGENTSYS_POLICY_MAX_RESTARTS]		= PLACE(max_restarts),
	[AGENTSYS_POLICY_BACKOFF_INITIAL]	= PLACE(backoff_initial_ms),
	[AGENTSYS_POLICY_BACKOFF_MAX]		= PLACE(backoff_max_ms),
	[AGENTSYS_POLICY_BACKOFF_KIND]		= PLACE(backoff_kind),
	[AGENTSYS_POLICY_JITTER]		= PLACE(jitter),
	[AGENTSYS_POLICY_STABLE]		= PLACE(stable_ms),
	[AGENTSYS_POLICY_BREAKER]		= PLACE(breaker),
	[AGENTSYS_POLICY_BREAKER_OPEN]		= PLACE(breaker_ms),
	[AGENTSYS_POLICY_SUCCESS_CODES]		= PLACE(success_codes),
	[AGENTSYS_POLICY_SUCCESS_SIGNALS]	= PLACE(success_signals),
	[AGENTSYS_POLICY_NEVER_CODES]		= PLACE(never_codes),
	[AGENTSYS_POLICY_NEVER_SIGNALS]		= PLACE(never_signals),
	[AGENTSYS_POLICY_NEVER_CAUSES]		= PLACE(never_causes),
};

/* clang-format on */

static void change_policy(struct agentsys_restart_policy *policy,
			  const struct agentsys_policy_change *change)
{
	const struct agentsys_policy_place *place = agentsys_policy_places;
	unsigned int i;

	for (i = 0; i < __AGENTSYS_POLICY_FIELDS; i++, place++)
		if (change->has & BIT(i))
			memcpy((void *)policy + place->offset,
			       (const void *)&change->policy + place->offset, place->size);
}

/* One line, however long: it is searched for as it is printed. */
#define ENDLESS "with this backoff the budget of its group can never be spent: give max-restarts"

/* Can what never works spend the budget of a group that restarts it alone, or its own? */
static bool ends_some_time(const struct agentsys_group *group,
			   const struct agentsys_restart_policy *policy)
{
	return !group->node.parent || policy->condition == AGENTSYS_RESTART_NEVER ||
	       policy->max_restarts != AGENTSYS_RESTARTS_UNLIMITED ||
	       group->policy.strategy == AGENTSYS_ONE_FOR_ALL ||
	       group->policy.strategy == AGENTSYS_REST_FOR_ONE ||
	       !agentsys_budget_endless(group->policy.budget, group->policy.within_ms, policy);
}

/* In the group it has a place, and the policy that was not given. Nobody sees it yet. */
static int enter_group(struct agentsys_agent *agent, struct agentsys_group *group,
		       const struct agentsys_policy_change *given, struct netlink_ext_ack *extack)
{
	struct agentsys_restart_policy policy;

	agentsys_group_defaults(group, &policy);
	change_policy(&policy, given);
	if (policy.condition == AGENTSYS_RESTART_NEVER &&
	    !(given->has & BIT(AGENTSYS_POLICY_MAX_RESTARTS)))
		policy.max_restarts = 0;
	if (!ends_some_time(group, &policy)) {
		NL_SET_ERR_MSG(extack, ENDLESS);
		return -EINVAL;
	}
	agent->node.temporary = policy.condition == AGENTSYS_RESTART_NEVER;
	agent->status.policy = policy;
	if (given->traps)
		agent->status.flags |= AGENTSYS_AGENT_TRAPS;
	agentsys_tree_enter(group, &agent->node);
	return 0;
}

/* May an agent be started in it now? */
static int check_group(const struct agentsys_group *group, struct netlink_ext_ack *extack)
{
	if (!group) {
		NL_SET_ERR_MSG(extack, "no such group");
		return -ENOENT;
	}
	if (group->state == AGENTSYS_STOPPING && group->goal != AGENTSYS_DOWN_AGAIN) {
		NL_SET_ERR_MSG(extack, "the group is being stopped");
		return -EBUSY;
	}
	return agentsys_group_room(group, extack);
}

static int enter(struct agentsys_agent *agent, u32 id, struct netlink_ext_ack *extack)
{
	bool standby;
	int ret;

	if (agentsys_shutdown_active())
		return explain(-ESHUTDOWN, extack);
	standby = agentsys_standby_take(&id);
	ret = agentsys_registry_add(agent, id, standby);
	if (ret && standby)
		agentsys_standby_give_back(id);
	if (!ret)
		WRITE_ONCE(agent->has_cgroup, standby);
	return explain(ret, extack);
}

/* Who asks for it? Nobody sees it yet. */
static void find_parent(struct agentsys_agent *agent)
{
	struct agentsys_agent *parent = agentsys_registry_get_by_task(current);

	if (!parent)
		return;
	agent->parent_id = parent->id;
	agent->parent_instance = parent->status.instance;
	/* While the next instance is being started, what lives in there is of the one before. */
	if (parent->spec && parent->status.state == AGENTSYS_STARTING)
		agent->parent_instance--;
	agentsys_agent_put(parent);
}

int agentsys_spawn(struct agentsys_agent *agent, u32 id, const char *group_name,
		   const struct agentsys_policy_change *given,
		   const struct agentsys_relations *relations, struct agentsys_waiter *waiter,
		   struct netlink_ext_ack *extack)
{
	struct agentsys_group *group;
	bool any = !id;
	int ret;

	mutex_lock(&agentsys_lock);
	agentsys_mail_drain();
	group = agentsys_group_find(group_name);
	ret = check_group(group, extack);
	if (ret)
		goto out;
	ret = enter_group(agent, group, given, extack);
	if (ret)
		goto out;
	ret = relations ? agentsys_relations_enter(agent, relations, extack) : 0;
	if (ret)
		goto leave;
	find_parent(agent);
	ret = enter(agent, id, extack);
	if (ret)
		goto unrelate;
	agent->watched = waiter;
	if (waiter)
		agentsys_waiter_add(agent, waiter); /* the first one */
	agentsys_supervisor_apply(agent, AGENTSYS_IN_START);
	if (any)
		agentsys_standby_fill();
out:
	mutex_unlock(&agentsys_lock);
	return ret;

unrelate:
	agentsys_relations_drop(agent);
leave:
	agentsys_tree_leave(&agent->node);
	goto out;
}

/* Its process is being moved: it has neither begun nor failed to be an agent. */
static bool is_attaching(const struct agentsys_agent *agent)
{
	return agent->status.state == AGENTSYS_STARTING && !agent->spec;
}

static int check_control(struct agentsys_agent *agent, enum agentsys_input input)
{
	if (is_attaching(agent))
		return -EBUSY;
	if (input != AGENTSYS_IN_START && input != AGENTSYS_IN_RESTART)
		return 0;
	if (!agent->spec)
		return -EOPNOTSUPP;
	return agentsys_shutdown_active() ? -ESHUTDOWN : 0;
}

/* It may have come to that already, as with the stop of an ended agent. */
static void answer_at_once(struct agentsys_agent *agent)
{
	if (!agent->populated)
		agentsys_waiter_reached(agent, AGENTSYS_ENDS);
	if (agent->status.state == AGENTSYS_ACTIVE)
		agentsys_waiter_reached(agent, AGENTSYS_RUNS);
}

/* Is never refused to one that runs. */
static bool ends(enum agentsys_input input)
{
	return input == AGENTSYS_IN_STOP || input == AGENTSYS_IN_KILL ||
	       input == AGENTSYS_IN_RESTART;
}

static int control(struct agentsys_agent *agent, enum agentsys_input input, s64 stop_timeout_ms,
		   struct agentsys_waiter *waiter, struct netlink_ext_ack *extack)
{
	int ret;

	ret = check_control(agent, input);
	if (ret)
		return explain(ret, extack);
	ret = add_waiter(agent, waiter, extack);
	if (ret)
		return ret;

	if (ends(input) || input == AGENTSYS_IN_START)
		agent->by_group = false;
	if (ends(input)) {
		agent->by_required = false;
		/* Whatever its group is about to do, this counts. */
		if (input != AGENTSYS_IN_RESTART)
			agentsys_tree_keep_down(&agent->node);
		/* The last word counts for one that is ending already. */
		if (agent->status.state == AGENTSYS_STOPPING)
			agent->restart_after = input == AGENTSYS_IN_RESTART;
		agent->stop_timeout_ms = stop_timeout_ms;
	}

	ret = agentsys_supervisor_apply(agent, input);
	if (ret) {
		if (waiter)
			agentsys_waiter_del(agent, waiter);
		if (ret == -EBUSY && input == AGENTSYS_IN_REMOVE)
			NL_SET_ERR_MSG(extack, "the agent has not ended: stop it first");
		else
			explain(ret, extack);
		return ret;
	}
	if (input == AGENTSYS_IN_PAUSE || input == AGENTSYS_IN_RESUME) {
		if (agent->freeze_error)
			NL_SET_ERR_MSG(extack, "its cgroup cannot be frozen or thawed");
		return agent->freeze_error;
	}
	answer_at_once(agent);
	return 0;
}

/* Have it enter the registry and the tree as one that has ended. */
static int make_helper(struct netlink_ext_ack *extack)
{
	struct agentsys_policy_change policy;
	struct agentsys_agent *agent = agentsys_helper_new(&policy);
	int ret;

	if (agent == ERR_PTR(-ENOENT)) {
		NL_SET_ERR_MSG(extack, "there is no helper: the module was loaded with helper=");
		return -ENOENT;
	}
	if (IS_ERR(agent))
		return PTR_ERR(agent);
	ret = enter_group(agent, agentsys_group_find(NULL), &policy, extack);
	if (!ret) {
		ret = enter(agent, AGENTSYS_ID_HELPER, extack);
		if (ret)
			agentsys_tree_leave(&agent->node);
	}
	agentsys_agent_put(agent);
	return ret;
}

/* Keep in mind whether somebody wants it. */
static int control_helper(struct agentsys_agent *agent, enum agentsys_input input,
			  s64 stop_timeout_ms, struct agentsys_waiter *waiter,
			  struct netlink_ext_ack *extack)
{
	int ret = control(agent, input, stop_timeout_ms, waiter, extack);

	if (input == AGENTSYS_IN_START || input == AGENTSYS_IN_RESTART)
		agentsys_helper_want(!ret || ret == -EALREADY);
	else if (!ret && ends(input))
		agentsys_helper_want(false);
	return ret;
}

int agentsys_control(u32 id, enum agentsys_input input, s64 stop_timeout_ms,
		     struct agentsys_waiter *waiter, struct netlink_ext_ack *extack)
{
	struct agentsys_agent *agent;
	int ret = 0;

	mutex_lock(&agentsys_lock);
	agentsys_mail_drain();
	agent = agentsys_registry_get(id);
	if (!agent && id == AGENTSYS_ID_HELPER && input == AGENTSYS_IN_START) {
		ret = make_helper(extack);
		agent = ret ? NULL : agentsys_registry_get(id);
	}
	if (!agent)
		ret = ret ?: explain(-ESRCH, extack);
	else if (agentsys_is_helper(agent))
		ret = control_helper(agent, input, stop_timeout_ms, waiter, extack);
	else
		ret = control(agent, input, stop_timeout_ms, waiter, extack);
	mutex_unlock(&agentsys_lock);
	if (agent)
		agentsys_agent_put(agent);
	return ret;
}

/* One that has ended waits for its next start: would it by its present rules? */
static bool waits_rightly(const struct agentsys_agent *agent)
{
	const struct agentsys_status *status = &agent->status;
	struct agentsys_restart_policy policy = status->policy;
	struct agentsys_restart_past past = { .used = status->restarts };
	const struct agentsys_end end = { .cause = status->cause, .code = status->code };
	struct agentsys_verdict verdict;

	/* Somebody has asked for that start. */
	if (agent->by_hand)
		return true;
	/* It was stopped with others, and comes back with them. */
	if (agent->asked)
		return !agent->node.temporary;
	agentsys_restart_for_fault(&policy, agentsys_fault_doom(agent),
				   agentsys_fault_restarts(agent));
	agentsys_restart_decide(&policy, &past, &end, 0, &verdict);
	return verdict.state == AGENTSYS_BACKOFF;
}

static void set_policy(struct agentsys_agent *agent, const struct agentsys_restart_policy *policy)
{
	struct agentsys_status *status = &agent->status;

	spin_lock(&agent->lock);
	status->policy = *policy;
	spin_unlock(&agent->lock);
	agent->node.temporary = policy->condition == AGENTSYS_RESTART_NEVER;
	agentsys_event_agent(agent, AGENTSYS_EVENT_POLICY, 0, policy->condition,
			     policy->max_restarts);

	/* If it is started again all the same, then when it was told. */
	if (status->state != AGENTSYS_BACKOFF || waits_rightly(agent))
		return;
	agentsys_tree_keep_down(&agent->node);
	agentsys_supervisor_apply(agent, AGENTSYS_IN_STOP);
}

static int check_move(const struct agentsys_agent *agent, const struct agentsys_group *to,
		      const struct agentsys_restart_policy *policy, struct netlink_ext_ack *extack)
{
	int ret = agentsys_group_check_move(&agent->node, to, extack);

	if (ret)
		return ret;
	if (!ends_some_time(to, policy)) {
		NL_SET_ERR_MSG(extack, ENDLESS);
		return -EINVAL;
	}
	return 0;
}

static bool wants_member(const struct agentsys_member_change *member)
{
	return member && (member->group || member->has_significant);
}

static int set(struct agentsys_agent *agent, const struct agentsys_policy_change *change,
	       const struct agentsys_member_change *member, struct netlink_ext_ack *extack)
{
	struct agentsys_restart_policy policy = agent->status.policy;
	struct agentsys_group *to = NULL;
	int ret;

	/* One that was attached has nothing but this. */
	if (!agent->spec && (!change->has_traps || change->has || wants_member(member)))
		return explain(-EOPNOTSUPP, extack);
	change_policy(&policy, change);
	if (member && member->group) {
		to = agentsys_group_find(member->group);
		ret = check_move(agent, to, &policy, extack);
		if (ret)
			return ret;
	} else if (change->has && !ends_some_time(agent->node.parent, &policy)) {
		NL_SET_ERR_MSG(extack, ENDLESS);
		return -EINVAL;
	}
	if (member && member->has_significant)
		WRITE_ONCE(agent->node.significant, member->significant);
	if (change->has_traps)
		agentsys_set_flag(agent, AGENTSYS_AGENT_TRAPS, change->traps);
	if (to)
		agentsys_tree_move(to, &agent->node);
	if (change->has)
		set_policy(agent, &policy);
	return 0;
}

int agentsys_set(u32 id, const struct agentsys_policy_change *change,
		 const struct agentsys_member_change *member, struct netlink_ext_ack *extack)
{
	struct agentsys_agent *agent;
	int ret;

	mutex_lock(&agentsys_lock);
	agentsys_mail_drain();
	agent = agentsys_registry_get(id);
	ret = agent ? set(agent, change, member, extack) : explain(-ESRCH, extack);
	mutex_unlock(&agentsys_lock);
	if (agent)
		agentsys_agent_put(agent);
	return ret;
}

int agentsys_set_auto_restart(u32 id, u32 max_restarts)
{
	struct agentsys_policy_change change = {
		.has = BIT(AGENTSYS_POLICY_CONDITION) | BIT(AGENTSYS_POLICY_MAX_RESTARTS),
		.policy.max_restarts = max_restarts,
	};
	struct agentsys_agent *agent = agentsys_registry_get(id);
	struct agentsys_status status;

	if (!agent)
		return -ESRCH;
	agentsys_agent_status(agent, &status);
	if (max_restarts)
		change.policy.condition = status.policy.condition ?: AGENTSYS_RESTART_ON_FAILURE;
	agentsys_agent_put(agent);
	return agentsys_set(id, &change, NULL, NULL);
}
