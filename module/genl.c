// SPDX-License-Identifier: GPL-2.0-only
#include "genl.h"

#include <linux/agentsys_netlink.h>
#include <linux/module.h>
#include <linux/sched/prio.h>
#include <linux/slab.h>
#include <net/genetlink.h>

#include "agent.h"
#include "genl_answer.h"
#include "genl_fault.h"
#include "genl_group.h"
#include "genl_history.h"
#include "genl_limits.h"
#include "genl_put.h"
#include "genl_relation.h"
#include "genl_spec.h"
#include "mailbox.h"
#include "registry.h"
#include "supervisor.h"
#include "telemetry.h"

#define STOP_TIMEOUT_BOUND_MS (24 * 60 * 60 * 1000)

/* An event: numbers, and a name of 16 bytes. */
#define EVENT_SIZE 512

/* Not const: before v6.6 a policy points to something that is not. */
static struct netlink_range_validation id_range __ro_after_init = {
	.min = AGENTSYS_ID_MIN,
	.max = AGENTSYS_ID_MAX,
};

static struct netlink_range_validation any_id_range __ro_after_init = {
	.min = AGENTSYS_ID_HELPER,
	.max = AGENTSYS_ID_MAX,
};

static struct netlink_range_validation pid_range __ro_after_init = {
	.min = 1,
	.max = PID_MAX_LIMIT,
};

static struct netlink_range_validation timeout_range __ro_after_init = {
	.max = STOP_TIMEOUT_BOUND_MS,
};

static struct netlink_range_validation stable_range __ro_after_init = {
	.min = 1,
	.max = STOP_TIMEOUT_BOUND_MS,
};

static struct netlink_range_validation positive_range __ro_after_init = {
	.max = S32_MAX,
};

/* clang-format off */
#define POLICY_ID	[AGENTSYS_A_ID] = NLA_POLICY_FULL_RANGE(NLA_U32, &id_range)
#define POLICY_ANY_ID	[AGENTSYS_A_ID] = NLA_POLICY_FULL_RANGE(NLA_U32, &any_id_range)
#define POLICY_WAIT	[AGENTSYS_A_WAIT] = { .type = NLA_FLAG }
#define POLICY_NAME	[AGENTSYS_A_NAME] = { .type = NLA_NUL_STRING }
/* Its range has a hole: see agentsys_genl_check_stop_timeout(). */
#define POLICY_TIMEOUT	[AGENTSYS_A_STOP_TIMEOUT] = { .type = NLA_U32 }
#define POLICY_STOP							\
	[AGENTSYS_A_STOP_SIGNAL] = NLA_POLICY_RANGE(NLA_U32, 1, 64),	\
	POLICY_TIMEOUT
#define POLICY_RESTART							\
	[AGENTSYS_A_RESTART] = NLA_POLICY_MAX(NLA_U32, __AGENTSYS_RESTARTS - 1),	\
	[AGENTSYS_A_MAX_RESTARTS] = NLA_POLICY_FULL_RANGE(NLA_U32, &positive_range),	\
	[AGENTSYS_A_BACKOFF_INITIAL] = NLA_POLICY_FULL_RANGE(NLA_U32, &timeout_range),	\
	[AGENTSYS_A_BACKOFF_MAX] = NLA_POLICY_FULL_RANGE(NLA_U32, &timeout_range),	\
	[AGENTSYS_A_BACKOFF_KIND] = NLA_POLICY_MAX(NLA_U32, __AGENTSYS_BACKOFFS - 1),	\
	[AGENTSYS_A_JITTER] = NLA_POLICY_MAX(NLA_U32, 100),		\
	[AGENTSYS_A_STABLE] = NLA_POLICY_FULL_RANGE(NLA_U32, &stable_range),	\
	[AGENTSYS_A_BREAKER] = NLA_POLICY_FULL_RANGE(NLA_U32, &positive_range),	\
	[AGENTSYS_A_BREAKER_OPEN] = NLA_POLICY_FULL_RANGE(NLA_U32, &timeout_range),	\
	[AGENTSYS_A_SUCCESS_CODES] = NLA_POLICY_EXACT_LEN(8 * AGENTSYS_CODE_WORDS),	\
	[AGENTSYS_A_SUCCESS_SIGNALS] = { .type = NLA_U64 },		\
	[AGENTSYS_A_NEVER_CODES] = NLA_POLICY_EXACT_LEN(8 * AGENTSYS_CODE_WORDS),	\
	[AGENTSYS_A_NEVER_SIGNALS] = { .type = NLA_U64 },		\
	[AGENTSYS_A_NEVER_CAUSES] = NLA_POLICY_MAX(NLA_U32, BIT(__AGENTSYS_CAUSES) - 1)
#define POLICY_TRAPS	[AGENTSYS_A_TRAPS] = NLA_POLICY_MAX(NLA_U32, 1)
#define POLICY_LIMITS							\
	[AGENTSYS_A_MEMORY_MAX] = { .type = NLA_U64 },			\
	[AGENTSYS_A_MEMORY_HIGH] = { .type = NLA_U64 },			\
	[AGENTSYS_A_CPU_QUOTA] = { .type = NLA_U64 },			\
	[AGENTSYS_A_CPU_PERIOD] = { .type = NLA_U64 },			\
	[AGENTSYS_A_PIDS_MAX] = { .type = NLA_U64 },			\
	[AGENTSYS_A_LIMITS] = NLA_POLICY_NESTED(agentsys_genl_limits_policy)
/* clang-format on */

/* What a command does not know it refuses, so each has a policy of its own. */
static const struct nla_policy get_policy[AGENTSYS_A_ID + 1] = {
	POLICY_ANY_ID,
};

static const struct nla_policy control_policy[AGENTSYS_A_WAIT + 1] = {
	POLICY_ANY_ID,
	POLICY_WAIT,
};

static const struct nla_policy stop_policy[AGENTSYS_A_STOP_TIMEOUT + 1] = {
	POLICY_ANY_ID,
	POLICY_WAIT,
	POLICY_TIMEOUT,
};

static const struct nla_policy shutdown_policy[AGENTSYS_A_STOP_TIMEOUT + 1] = {
	POLICY_WAIT,
	[AGENTSYS_A_STOP_TIMEOUT] = NLA_POLICY_FULL_RANGE(NLA_U32, &timeout_range),
};

static const struct nla_policy set_policy[AGENTSYS_A_SET_SIGNIFICANT + 1] = {
	POLICY_ID,
	POLICY_RESTART,
	POLICY_TRAPS,
	[AGENTSYS_A_GROUP] = { .type = NLA_NUL_STRING },
	[AGENTSYS_A_SET_SIGNIFICANT] = NLA_POLICY_MAX(NLA_U32, 1),
};

/* clang-format off */
static const struct nla_policy attach_policy[AGENTSYS_A_LIMITS + 1] = {
	POLICY_ID,
	POLICY_NAME,
	POLICY_WAIT,
	[AGENTSYS_A_PID] = NLA_POLICY_FULL_RANGE(NLA_U32, &pid_range),
	POLICY_STOP,
	POLICY_LIMITS,
};

/* clang-format on */

static const struct nla_policy spawn_policy[AGENTSYS_A_LIMITS + 1] = {
	POLICY_ID,
	POLICY_NAME,
	POLICY_WAIT,
	[AGENTSYS_A_ARG] = { .type = NLA_NUL_STRING },
	[AGENTSYS_A_ENV] = { .type = NLA_NUL_STRING },
	[AGENTSYS_A_CWD] = { .type = NLA_NUL_STRING },
	[AGENTSYS_A_UID] = { .type = NLA_U32 },
	[AGENTSYS_A_GID] = { .type = NLA_U32 },
	[AGENTSYS_A_GROUPS] = { .type = NLA_BINARY },
	[AGENTSYS_A_RLIMITS] = { .type = NLA_BINARY },
	[AGENTSYS_A_NICE] = NLA_POLICY_RANGE(NLA_S32, MIN_NICE, MAX_NICE),
	[AGENTSYS_A_OOM_SCORE_ADJ] = NLA_POLICY_RANGE(NLA_S32, -1000, 1000),
	[AGENTSYS_A_BOUNDING] = { .type = NLA_U64 },
	[AGENTSYS_A_NEW_PRIVS] = { .type = NLA_FLAG },
	[AGENTSYS_A_STDIN] = { .type = NLA_NUL_STRING },
	[AGENTSYS_A_STDOUT] = { .type = NLA_NUL_STRING },
	[AGENTSYS_A_STDERR] = { .type = NLA_NUL_STRING },
	[AGENTSYS_A_STDIN_FD] = { .type = NLA_S32 },
	[AGENTSYS_A_STDOUT_FD] = { .type = NLA_S32 },
	[AGENTSYS_A_STDERR_FD] = { .type = NLA_S32 },
	POLICY_RESTART,
	POLICY_STOP,
	POLICY_LIMITS,
	[AGENTSYS_A_GROUP] = { .type = NLA_NUL_STRING },
	[AGENTSYS_A_SIGNIFICANT] = { .type = NLA_FLAG },
	[AGENTSYS_A_RELATION] = NLA_POLICY_NESTED(agentsys_genl_relation_own_policy),
	POLICY_TRAPS,
	[AGENTSYS_A_BACKEND] = NLA_POLICY_MAX(NLA_U32, __AGENTSYS_BACKENDS - 1),
};

static const struct nla_policy event_policy[AGENTSYS_E_SEQ + 1] = {
	[AGENTSYS_E_SEQ] = { .type = NLA_U64 },
};

static bool waits(const struct genl_info *info)
{
	return info->attrs[AGENTSYS_A_WAIT];
}

/* The agent that a request is about. */
static int need_id(struct genl_info *info, u32 *id)
{
	if (GENL_REQ_ATTR_CHECK(info, AGENTSYS_A_ID)) {
		NL_SET_ERR_MSG(info->extack, "no agent id given");
		return -EINVAL;
	}
	*id = nla_get_u32(info->attrs[AGENTSYS_A_ID]);
	return 0;
}

static u32 wanted_id(struct genl_info *info)
{
	return info->attrs[AGENTSYS_A_ID] ? nla_get_u32(info->attrs[AGENTSYS_A_ID]) : 0;
}

/*
 * @answer is for the request to wait with; or it is told at once which id was
 * picked. Its message was allocated beforehand in that case too: an agent that
 * has come to life cannot be taken back for want of memory.
 */
static int settle(struct agentsys_agent *agent, struct agentsys_waiter *answer, int ret,
		  struct genl_info *info)
{
	const struct agentsys_answer id = { .id = agent->id, .state = AGENTSYS_STARTING };

	if (ret)
		agentsys_genl_drop_waiter(answer);
	else if (!waits(info))
		agentsys_genl_answer(answer, &id);
	agentsys_agent_put(agent);
	return ret;
}

static int enter_spawn(struct agentsys_agent *agent, struct agentsys_waiter *waiter,
		       struct genl_info *info)
{
	struct nlattr *group = info->attrs[AGENTSYS_A_GROUP];
	struct agentsys_relations *relations;
	struct agentsys_policy_change given;
	int ret = agentsys_genl_hold_module(info);

	if (ret)
		return ret;
	agentsys_genl_policy(info, &given);
	relations = agentsys_genl_own_relations(info);
	if (IS_ERR(relations)) {
		ret = PTR_ERR(relations);
	} else {
		ret = agentsys_spawn(agent, wanted_id(info), group ? nla_data(group) : NULL, &given,
				     relations, waiter, info->extack);
		kfree(relations);
	}
	module_put(THIS_MODULE);
	return ret;
}

static int enter_attach(struct agentsys_agent *agent, struct agentsys_waiter *waiter,
			struct genl_info *info)
{
	int ret = agentsys_genl_hold_module(info);

	if (ret)
		return ret;
	ret = agentsys_attach(agent, wanted_id(info), nla_get_u32(info->attrs[AGENTSYS_A_PID]),
			      waiter, info->extack);
	module_put(THIS_MODULE);
	return ret;
}

static int enter_control(u32 id, enum agentsys_input input, s64 stop_timeout_ms,
			 struct agentsys_waiter *waiter, struct genl_info *info)
{
	int ret = agentsys_genl_hold_module(info);

	if (ret)
		return ret;
	ret = agentsys_control(id, input, stop_timeout_ms, waiter, info->extack);
	module_put(THIS_MODULE);
	return ret;
}

static int doit_spawn(struct sk_buff *skb, struct genl_info *info)
{
	struct agentsys_waiter *answer;
	struct agentsys_agent *agent;
	int ret;

	ret = agentsys_genl_need_admin(skb, info);
	if (ret)
		return ret;
	answer = agentsys_genl_waiter(info, AGENTSYS_RUNS);
	if (IS_ERR(answer))
		return PTR_ERR(answer);
	agent = agentsys_genl_spawn_spec(info);
	if (IS_ERR(agent)) {
		agentsys_genl_drop_waiter(answer);
		return PTR_ERR(agent);
	}
	ret = enter_spawn(agent, waits(info) ? answer : NULL, info);
	return settle(agent, answer, ret, info);
}

static int doit_attach(struct sk_buff *skb, struct genl_info *info)
{
	struct agentsys_waiter *answer;
	struct agentsys_agent *agent;
	int ret;

	ret = agentsys_genl_need_admin(skb, info);
	if (ret)
		return ret;
	if (GENL_REQ_ATTR_CHECK(info, AGENTSYS_A_PID)) {
		NL_SET_ERR_MSG(info->extack, "no pid given");
		return -EINVAL;
	}
	answer = agentsys_genl_waiter(info, AGENTSYS_RUNS);
	if (IS_ERR(answer))
		return PTR_ERR(answer);
	agent = agentsys_genl_attach_spec(info);
	if (IS_ERR(agent)) {
		agentsys_genl_drop_waiter(answer);
		return PTR_ERR(agent);
	}
	ret = enter_attach(agent, waits(info) ? answer : NULL, info);
	return settle(agent, answer, ret, info);
}

static int control(struct sk_buff *skb, struct genl_info *info, enum agentsys_input input,
		   enum agentsys_goal goal, s64 stop_timeout_ms)
{
	struct agentsys_waiter *waiter;
	u32 id;
	int ret;

	ret = agentsys_genl_need_admin(skb, info);
	if (!ret)
		ret = need_id(info, &id);
	if (ret)
		return ret;
	waiter = waits(info) ? agentsys_genl_waiter(info, goal) : NULL;
	if (IS_ERR(waiter))
		return PTR_ERR(waiter);
	ret = enter_control(id, input, stop_timeout_ms, waiter, info);
	if (ret)
		agentsys_genl_drop_waiter(waiter);
	return ret;
}

/* With a stop timeout, or without. */
static int control_stop(struct sk_buff *skb, struct genl_info *info, enum agentsys_input input,
			enum agentsys_goal goal)
{
	struct nlattr *attr = info->attrs[AGENTSYS_A_STOP_TIMEOUT];
	int ret = agentsys_genl_check_stop_timeout(info);

	if (ret)
		return ret;
	return control(skb, info, input, goal, attr ? nla_get_u32(attr) : AGENTSYS_OWN_TIMEOUT);
}

static int doit_start(struct sk_buff *skb, struct genl_info *info)
{
	return control(skb, info, AGENTSYS_IN_START, AGENTSYS_RUNS, AGENTSYS_OWN_TIMEOUT);
}

static int doit_stop(struct sk_buff *skb, struct genl_info *info)
{
	return control_stop(skb, info, AGENTSYS_IN_STOP, AGENTSYS_ENDS);
}

static int doit_kill(struct sk_buff *skb, struct genl_info *info)
{
	return control(skb, info, AGENTSYS_IN_KILL, AGENTSYS_ENDS, AGENTSYS_OWN_TIMEOUT);
}

static int doit_restart(struct sk_buff *skb, struct genl_info *info)
{
	return control_stop(skb, info, AGENTSYS_IN_RESTART, AGENTSYS_RUNS);
}

static int doit_remove(struct sk_buff *skb, struct genl_info *info)
{
	return control(skb, info, AGENTSYS_IN_REMOVE, AGENTSYS_GONE, AGENTSYS_OWN_TIMEOUT);
}

/* These are done when they return: there is nothing to wait for. */
static int control_now(struct sk_buff *skb, struct genl_info *info, enum agentsys_input input)
{
	u32 id;
	int ret;

	ret = agentsys_genl_need_admin(skb, info);
	if (!ret)
		ret = need_id(info, &id);
	if (ret)
		return ret;
	return enter_control(id, input, AGENTSYS_OWN_TIMEOUT, NULL, info);
}

static int doit_pause(struct sk_buff *skb, struct genl_info *info)
{
	return control_now(skb, info, AGENTSYS_IN_PAUSE);
}

static int doit_resume(struct sk_buff *skb, struct genl_info *info)
{
	return control_now(skb, info, AGENTSYS_IN_RESUME);
}

static int doit_set(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *significant = info->attrs[AGENTSYS_A_SET_SIGNIFICANT];
	struct nlattr *group = info->attrs[AGENTSYS_A_GROUP];
	const struct agentsys_member_change member = {
		.group = group ? nla_data(group) : NULL,
		.has_significant = significant,
		.significant = significant && nla_get_u32(significant),
	};
	struct agentsys_policy_change change;
	u32 id;
	int ret;

	ret = agentsys_genl_need_admin(skb, info);
	if (!ret)
		ret = need_id(info, &id);
	if (ret)
		return ret;
	agentsys_genl_policy(info, &change);
	return agentsys_set(id, &change, &member, info->extack);
}

static int doit_shutdown(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[AGENTSYS_A_STOP_TIMEOUT];
	struct agentsys_waiter *waiter;
	int ret;

	ret = agentsys_genl_need_admin(skb, info);
	if (ret)
		return ret;
	waiter = waits(info) ? agentsys_genl_waiter(info, AGENTSYS_ENDS) : NULL;
	if (IS_ERR(waiter))
		return PTR_ERR(waiter);
	ret = agentsys_shutdown(attr ? nla_get_u32(attr) : 10000, waiter, info->extack);
	if (ret)
		agentsys_genl_drop_waiter(waiter);
	return ret;
}

static int put_agent(struct sk_buff *skb, struct agentsys_agent *agent, u32 portid, u32 seq,
		     int flags, struct netlink_callback *cb)
{
	void *head = genlmsg_put(skb, portid, seq, &agentsys_genl_family, flags, AGENTSYS_CMD_GET);

	if (!head)
		return -EMSGSIZE;
	if (cb)
		genl_dump_check_consistent(cb, head);
	if (agentsys_genl_put_agent(skb, agent)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return 0;
}

static int doit_get(struct sk_buff *request, struct genl_info *info)
{
	struct agentsys_agent *agent;
	struct sk_buff *skb;
	u32 id;
	int ret;

	ret = need_id(info, &id);
	if (ret)
		return ret;
	agent = agentsys_registry_get(id);
	if (!agent) {
		NL_SET_ERR_MSG(info->extack, "no such agent");
		return -ESRCH;
	}
	ret = -ENOMEM;
	skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (skb) {
		ret = put_agent(skb, agent, info->snd_portid, info->snd_seq, 0, NULL);
		if (ret)
			nlmsg_free(skb);
		else
			ret = genlmsg_reply(skb, info);
	}
	agentsys_agent_put(agent);
	return ret;
}

/* cb->args[0]: the id to go on with. */
static int dumpit_get(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct agentsys_agent *agent;
	int ret = 0;

	cb->seq = agentsys_registry_generation() ?: 1;
	while (!ret && (agent = agentsys_registry_next(cb->args[0]))) {
		ret = put_agent(skb, agent, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				NLM_F_MULTI, cb);
		if (!ret)
			cb->args[0] = agent->id + 1;
		agentsys_agent_put(agent);
	}
	return skb->len;
}

static int doit_system(struct sk_buff *request, struct genl_info *info)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	void *head;

	if (!skb)
		return -ENOMEM;
	head = genlmsg_put_reply(skb, info, &agentsys_genl_family, 0, AGENTSYS_CMD_SYSTEM_GET);
	if (!head || agentsys_genl_put_system(skb)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return genlmsg_reply(skb, info);
}

static int put_event(struct sk_buff *skb, const struct agentsys_event *event, u32 portid, u32 seq,
		     int flags)
{
	void *head =
		genlmsg_put(skb, portid, seq, &agentsys_genl_family, flags, AGENTSYS_NTF_EVENT);

	if (!head)
		return -EMSGSIZE;
	if (agentsys_genl_put_event(skb, event)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return 0;
}

/*
 * cb->args[0]: seq of the last event that was sent; args[1]: of the last one
 * there was when the dump began, so that it comes to an end; args[2]: begun.
 */
static int dumpit_event(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct agentsys_event event;
	u64 lost = 0;

	if (!cb->args[2]) {
		struct nlattr *after = nlmsg_find_attr(cb->nlh, GENL_HDRLEN, AGENTSYS_E_SEQ);

		cb->args[0] = after ? nla_get_u64(after) : 0;
		cb->args[1] = agentsys_event_last();
		cb->args[2] = 1;
	}
	while (agentsys_event_read(cb->args[0], &event, &lost) && event.seq <= cb->args[1]) {
		if (put_event(skb, &event, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			      NLM_F_MULTI))
			break;
		cb->args[0] = event.seq;
	}
	return skb->len;
}

#define STRICT(name)	   .policy = name##_policy, .maxattr = ARRAY_SIZE(name##_policy) - 1
#define GROUP_POLICY(name) STRICT(agentsys_genl_group_##name)

static const struct genl_ops ops[] = {
	{ .cmd = AGENTSYS_CMD_GET, .doit = doit_get, .dumpit = dumpit_get, STRICT(get) },
	{ .cmd = AGENTSYS_CMD_SPAWN, .doit = doit_spawn, STRICT(spawn) },
	{ .cmd = AGENTSYS_CMD_ATTACH, .doit = doit_attach, STRICT(attach) },
	{ .cmd = AGENTSYS_CMD_START, .doit = doit_start, STRICT(control) },
	{ .cmd = AGENTSYS_CMD_STOP, .doit = doit_stop, STRICT(stop) },
	{ .cmd = AGENTSYS_CMD_KILL, .doit = doit_kill, STRICT(control) },
	{ .cmd = AGENTSYS_CMD_RESTART, .doit = doit_restart, STRICT(stop) },
	{ .cmd = AGENTSYS_CMD_PAUSE, .doit = doit_pause, STRICT(get) },
	{ .cmd = AGENTSYS_CMD_RESUME, .doit = doit_resume, STRICT(get) },
	{ .cmd = AGENTSYS_CMD_REMOVE, .doit = doit_remove, STRICT(control) },
	{ .cmd = AGENTSYS_CMD_SET, .doit = doit_set, STRICT(set) },
	{ .cmd = AGENTSYS_CMD_SYSTEM_GET, .doit = doit_system },
	{ .cmd = AGENTSYS_CMD_EVENT_GET, .dumpit = dumpit_event, STRICT(event) },
	{ .cmd = AGENTSYS_CMD_SHUTDOWN, .doit = doit_shutdown, STRICT(shutdown) },
	/* clang-format off */
	{ .cmd = AGENTSYS_CMD_GROUP_GET, .doit = agentsys_genl_group_get,
	  .dumpit = agentsys_genl_group_dump, GROUP_POLICY(name) },
	{ .cmd = AGENTSYS_CMD_GROUP_NEW, .doit = agentsys_genl_group_new, GROUP_POLICY(new) },
	{ .cmd = AGENTSYS_CMD_GROUP_SET, .doit = agentsys_genl_group_set, GROUP_POLICY(set) },
	{ .cmd = AGENTSYS_CMD_GROUP_DEL, .doit = agentsys_genl_group_del, GROUP_POLICY(name) },
	{ .cmd = AGENTSYS_CMD_GROUP_START, .doit = agentsys_genl_group_start,
	  GROUP_POLICY(control) },
	{ .cmd = AGENTSYS_CMD_GROUP_STOP, .doit = agentsys_genl_group_stop,
	  GROUP_POLICY(control) },
	{ .cmd = AGENTSYS_CMD_GROUP_RESTART, .doit = agentsys_genl_group_restart,
	  GROUP_POLICY(control) },
	{ .cmd = AGENTSYS_CMD_HISTORY_GET, .doit = agentsys_genl_history,
	  STRICT(agentsys_genl_history) },
	{ .cmd = AGENTSYS_CMD_RELATION_NEW, .doit = agentsys_genl_relation_new,
	  STRICT(agentsys_genl_relation) },
	{ .cmd = AGENTSYS_CMD_RELATION_DEL, .doit = agentsys_genl_relation_del,
	  STRICT(agentsys_genl_relation) },
	{ .cmd = AGENTSYS_CMD_RELATION_GET, .dumpit = agentsys_genl_relation_dump },
	{ .cmd = AGENTSYS_CMD_FAULT_GET, .doit = agentsys_genl_faults,
	  STRICT(agentsys_genl_fault_get) },
	{ .cmd = AGENTSYS_CMD_RECOVERY_GET, .doit = agentsys_genl_recovery_get,
	  STRICT(agentsys_genl_fault_get) },
	{ .cmd = AGENTSYS_CMD_RECOVERY_SET, .doit = agentsys_genl_recovery_set,
	  STRICT(agentsys_genl_recovery_set) },
	{ .cmd = AGENTSYS_CMD_REPORT, .doit = agentsys_genl_report,
	  STRICT(agentsys_genl_report) },
	{ .cmd = AGENTSYS_CMD_LIMITS_GET, .doit = agentsys_genl_limits_get,
	  STRICT(agentsys_genl_limits_get) },
	{ .cmd = AGENTSYS_CMD_LIMITS_SET, .doit = agentsys_genl_limits_set,
	  STRICT(agentsys_genl_limits_set) },
	/* clang-format on */
};

static const struct genl_multicast_group groups[] = {
	{ .name = AGENTSYS_MCGRP_EVENTS },
};

struct genl_family agentsys_genl_family __ro_after_init = {
	.name = AGENTSYS_GENL_NAME,
	.version = AGENTSYS_GENL_VERSION,
	.module = THIS_MODULE,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
	.resv_start_op = AGENTSYS_CMD_GET,
	/* Nothing here needs the lock that all families share. */
	.parallel_ops = true,
};

static void notify(struct work_struct *work)
{
	static u64 last;
	struct agentsys_event event;
	struct sk_buff *skb;
	u64 lost = 0;

	while (agentsys_event_read(last, &event, &lost)) {
		last = event.seq;
		if (!genl_has_listeners(&agentsys_genl_family, &init_net, 0))
			continue;
		/* What cannot be sent leaves a gap in the numbers that the reader sees. */
		skb = genlmsg_new(EVENT_SIZE, GFP_KERNEL);
		if (!skb)
			continue;
		if (put_event(skb, &event, 0, 0, 0))
			nlmsg_free(skb);
		else
			genlmsg_multicast(&agentsys_genl_family, skb, 0, 0, GFP_NOWAIT);
	}
}

static DECLARE_WORK(notify_work, notify);

/* Of its own: however many listen, and however slowly, no agent waits for them. */
static struct workqueue_struct *notify_wq;

static void event_written(void)
{
	queue_work(notify_wq, &notify_work);
}

int __init agentsys_genl_init(void)
{
	int ret;

	notify_wq = alloc_ordered_workqueue("agentsys_events", WQ_HIGHPRI);
	if (!notify_wq)
		return -ENOMEM;
	ret = genl_register_family(&agentsys_genl_family);
	if (ret)
		destroy_workqueue(notify_wq);
	else
		agentsys_event_set_notify(event_written);
	return ret;
}

void agentsys_genl_exit(void)
{
	agentsys_event_set_notify(NULL);
	destroy_workqueue(notify_wq);
	genl_unregister_family(&agentsys_genl_family);
}
