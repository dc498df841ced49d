// SPDX-License-Identifier: GPL-2.0-only
#include "genl_history.h"

#include <linux/slab.h>
#include <net/genetlink.h>

#include "agent.h"
#include "genl.h"
#include "group.h"
#include "registry.h"

static struct netlink_range_validation id_range __ro_after_init = {
	.min = AGENTSYS_ID_HELPER,
	.max = AGENTSYS_ID_MAX,
};

const struct nla_policy agentsys_genl_history_policy[AGENTSYS_H_GROUP + 1] = {
	[AGENTSYS_H_AGENT_ID] = NLA_POLICY_FULL_RANGE(NLA_U32, &id_range),
	[AGENTSYS_H_GROUP] = { .type = NLA_NUL_STRING },
};

static int of_agent(u32 id, struct agentsys_group_history *history)
{
	struct agentsys_agent *agent = agentsys_registry_get(id);

	if (!agent)
		return -ESRCH;
	agentsys_agent_history(agent, &history->ends);
	agentsys_agent_put(agent);
	return 0;
}

static int get_history(struct genl_info *info, struct agentsys_group_history *history)
{
	struct nlattr *id = info->attrs[AGENTSYS_H_AGENT_ID];
	struct nlattr *group = info->attrs[AGENTSYS_H_GROUP];
	int ret;

	if (!id == !group) {
		NL_SET_ERR_MSG(info->extack, "give an agent id or a group");
		return -EINVAL;
	}
	ret = id ? of_agent(nla_get_u32(id), history) :
		   agentsys_group_history(nla_data(group), history);
	if (ret == -ESRCH)
		NL_SET_ERR_MSG(info->extack, "no such agent");
	else if (ret)
		NL_SET_ERR_MSG(info->extack, "no such group");
	return ret;
}

static int put_past(struct sk_buff *skb, const struct agentsys_past *past, const char *below)
{
	struct nlattr *nest = nla_nest_start(skb, AGENTSYS_H_ENTRY);

	if (!nest || nla_put_u32(skb, AGENTSYS_H_AGENT_ID, past->agent_id) ||
	    nla_put_u64_64bit(skb, AGENTSYS_H_TIME, past->time_ns, AGENTSYS_H_PAD) ||
	    nla_put_u64_64bit(skb, AGENTSYS_H_RAN, past->ran_ns, AGENTSYS_H_PAD) ||
	    nla_put_u32(skb, AGENTSYS_H_INSTANCE, past->instance) ||
	    nla_put_u32(skb, AGENTSYS_H_CAUSE, past->cause) ||
	    nla_put_s32(skb, AGENTSYS_H_CODE, past->code) ||
	    nla_put_u32(skb, AGENTSYS_H_DECISION, past->decision) ||
	    nla_put_u32(skb, AGENTSYS_H_DELAY, past->delay_ms) ||
	    nla_put_u32(skb, AGENTSYS_H_PID, past->pid) ||
	    (past->exit_status != AGENTSYS_NO_STATUS &&
	     nla_put_u32(skb, AGENTSYS_H_EXIT_STATUS, past->exit_status)) ||
	    (*below && nla_put_string(skb, AGENTSYS_H_GROUP, below)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_history(struct sk_buff *skb, struct genl_info *info,
		       const struct agentsys_group_history *history)
{
	const struct agentsys_history *ends = &history->ends;
	const struct agentsys_past *past;
	struct nlattr *nest;
	void *head;
	u32 i;

	head = genlmsg_put_reply(skb, info, &agentsys_genl_family, 0, AGENTSYS_CMD_HISTORY_GET);
	nest = head ? nla_nest_start(skb, AGENTSYS_H_ENTRIES) : NULL;
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < agentsys_history_count(ends); i++) {
		past = agentsys_history_at(ends, i);
		if (put_past(skb, past, history->below[past - ends->past]))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	genlmsg_end(skb, head);
	return 0;
}

static int answer(struct genl_info *info, const struct agentsys_group_history *history)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	int ret;

	if (!skb)
		return -ENOMEM;
	ret = put_history(skb, info, history);
	if (ret) {
		nlmsg_free(skb);
		return ret;
	}
	return genlmsg_reply(skb, info);
}

int agentsys_genl_history(struct sk_buff *request, struct genl_info *info)
{
	/* Of an agent, the half of it. */
	struct agentsys_group_history *history = kzalloc(sizeof(*history), GFP_KERNEL);
	int ret;

	if (!history)
		return -ENOMEM;
	ret = get_history(info, history);
	if (!ret)
		ret = answer(info, history);
	kfree(history);
	return ret;
}
