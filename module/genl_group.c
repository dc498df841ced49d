// SPDX-License-Identifier: GPL-2.0-only
#include "genl_group.h"

#include <linux/module.h>
#include <net/genetlink.h>

#include "core/name.h"
#include "genl.h"
#include "genl_answer.h"
#include "genl_put.h"
#include "group.h"

#define DAY_MS (24 * 60 * 60 * 1000)

/* Not const: before v6.6 a policy points to something that is not. */
static struct netlink_range_validation delay_range __ro_after_init = {
	.max = DAY_MS,
};

static struct netlink_range_validation window_range __ro_after_init = {
	.min = 1,
	.max = DAY_MS,
};

/* clang-format off */
#define POLICY_NAME	[AGENTSYS_G_NAME] = { .type = NLA_NUL_STRING }
#define POLICY_RESTART									\
	[AGENTSYS_G_STRATEGY] = NLA_POLICY_MAX(NLA_U32, __AGENTSYS_STRATEGIES - 1),	\
	[AGENTSYS_G_BUDGET] = NLA_POLICY_MAX(NLA_U32, AGENTSYS_BUDGET_MAX),		\
	[AGENTSYS_G_WITHIN] = NLA_POLICY_FULL_RANGE(NLA_U32, &window_range),		\
	[AGENTSYS_G_BACKOFF_INITIAL] = NLA_POLICY_FULL_RANGE(NLA_U32, &delay_range),	\
	[AGENTSYS_G_BACKOFF_MAX] = NLA_POLICY_FULL_RANGE(NLA_U32, &delay_range),		\
	[AGENTSYS_G_AUTO_SHUTDOWN] = NLA_POLICY_MAX(NLA_U32, __AGENTSYS_AUTO_SHUTDOWNS - 1),	\
	[AGENTSYS_G_BACKOFF_KIND] = NLA_POLICY_MAX(NLA_U32, __AGENTSYS_BACKOFFS - 1),		\
	[AGENTSYS_G_JITTER] = NLA_POLICY_MAX(NLA_U32, 100),					\
	[AGENTSYS_G_MEMBERS_MAX] = NLA_POLICY_RANGE(NLA_U32, 1, AGENTSYS_MEMBERS_MAX)
/* clang-format on */

const struct nla_policy agentsys_genl_group_name_policy[AGENTSYS_G_NAME + 1] = {
	POLICY_NAME,
};

const struct nla_policy agentsys_genl_group_control_policy[AGENTSYS_G_WAIT + 1] = {
	POLICY_NAME,
	[AGENTSYS_G_WAIT] = { .type = NLA_FLAG },
};

const struct nla_policy agentsys_genl_group_new_policy[AGENTSYS_G_MEMBERS_MAX + 1] = {
	POLICY_NAME,
	[AGENTSYS_G_PARENT] = { .type = NLA_NUL_STRING },
	[AGENTSYS_G_SIGNIFICANT] = { .type = NLA_FLAG },
	POLICY_RESTART,
};

const struct nla_policy agentsys_genl_group_set_policy[AGENTSYS_G_SET_SIGNIFICANT + 1] = {
	POLICY_NAME,
	[AGENTSYS_G_PARENT] = { .type = NLA_NUL_STRING },
	[AGENTSYS_G_SET_SIGNIFICANT] = NLA_POLICY_MAX(NLA_U32, 1),
	POLICY_RESTART,
};

/* The name of the group that a request is about, or an ERR_PTR. */
static const char *need_name(struct genl_info *info)
{
	if (GENL_REQ_ATTR_CHECK(info, AGENTSYS_G_NAME)) {
		NL_SET_ERR_MSG(info->extack, "no group given");
		return ERR_PTR(-EINVAL);
	}
	return nla_data(info->attrs[AGENTSYS_G_NAME]);
}

/* The same, of a request that is not for everybody. */
static const char *need_admin_and_name(struct sk_buff *skb, struct genl_info *info)
{
	int ret = agentsys_genl_need_admin(skb, info);

	return ret ? ERR_PTR(ret) : need_name(info);
}

static int check_name(struct genl_info *info, const char *name)
{
	int ret = agentsys_name_check(name, strlen(name));

	if (ret == -ENAMETOOLONG)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[AGENTSYS_G_NAME],
				    "the name is longer than 63 bytes");
	else if (ret)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[AGENTSYS_G_NAME],
				    "the name is empty, not UTF-8, or has control characters");
	return ret;
}

static void get_u32(struct genl_info *info, int attr, u32 flag, u32 *has, u32 *value)
{
	if (!info->attrs[attr])
		return;
	*has |= flag;
	*value = nla_get_u32(info->attrs[attr]);
}

static int get_change(struct genl_info *info, struct agentsys_group_change *change)
{
	struct nlattr *kind = info->attrs[AGENTSYS_G_BACKOFF_KIND];
	struct agentsys_group_policy *policy = &change->policy;
	u32 *has = &change->has;

	*has = 0;
	get_u32(info, AGENTSYS_G_STRATEGY, AGENTSYS_GROUP_STRATEGY, has, &policy->strategy);
	get_u32(info, AGENTSYS_G_BUDGET, AGENTSYS_GROUP_BUDGET, has, &policy->budget);
	get_u32(info, AGENTSYS_G_WITHIN, AGENTSYS_GROUP_WITHIN, has, &policy->within_ms);
	get_u32(info, AGENTSYS_G_BACKOFF_INITIAL, AGENTSYS_GROUP_INITIAL, has,
		&policy->backoff_initial_ms);
	get_u32(info, AGENTSYS_G_BACKOFF_MAX, AGENTSYS_GROUP_MAX, has, &policy->backoff_max_ms);
	get_u32(info, AGENTSYS_G_AUTO_SHUTDOWN, AGENTSYS_GROUP_AUTO_SHUTDOWN, has,
		&policy->auto_shutdown);
	get_u32(info, AGENTSYS_G_BACKOFF_KIND, AGENTSYS_GROUP_KIND, has, &policy->backoff_kind);
	get_u32(info, AGENTSYS_G_JITTER, AGENTSYS_GROUP_JITTER, has, &policy->jitter);
	get_u32(info, AGENTSYS_G_MEMBERS_MAX, AGENTSYS_GROUP_MEMBERS, has, &policy->members_max);
	if (!kind || policy->backoff_kind != AGENTSYS_BACKOFF_ADAPTIVE)
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, kind,
			    "the backoff of a group cannot be adaptive: that is for single agents");
	return -EINVAL;
}

int agentsys_genl_group_new(struct sk_buff *skb, struct genl_info *info)
{
	const char *name = need_admin_and_name(skb, info);
	struct nlattr *parent = info->attrs[AGENTSYS_G_PARENT];
	struct agentsys_group_change change;
	int ret;

	if (IS_ERR(name))
		return PTR_ERR(name);
	ret = check_name(info, name);
	if (ret)
		return ret;
	ret = get_change(info, &change);
	if (ret)
		return ret;
	change.significant = info->attrs[AGENTSYS_G_SIGNIFICANT];
	return agentsys_group_new(name, parent ? nla_data(parent) : AGENTSYS_ROOT_GROUP, &change,
				  info->extack);
}

int agentsys_genl_group_set(struct sk_buff *skb, struct genl_info *info)
{
	const char *name = need_admin_and_name(skb, info);
	struct agentsys_group_change change;
	struct nlattr *parent = info->attrs[AGENTSYS_G_PARENT];
	u32 significant = 0;
	int ret;

	if (IS_ERR(name))
		return PTR_ERR(name);
	ret = get_change(info, &change);
	if (ret)
		return ret;
	get_u32(info, AGENTSYS_G_SET_SIGNIFICANT, AGENTSYS_GROUP_SIGNIFICANT, &change.has,
		&significant);
	change.significant = significant;
	change.parent = parent ? nla_data(parent) : NULL;
	return agentsys_group_set(name, &change, info->extack);
}

int agentsys_genl_group_del(struct sk_buff *skb, struct genl_info *info)
{
	const char *name = need_admin_and_name(skb, info);

	return IS_ERR(name) ? PTR_ERR(name) : agentsys_group_del(name, info->extack);
}

static int enter_control(const char *name, enum agentsys_group_command command,
			 struct agentsys_waiter *waiter, struct genl_info *info)
{
	int ret = agentsys_genl_hold_module(info);

	if (ret)
		return ret;
	ret = agentsys_group_control(name, command, waiter, info->extack);
	module_put(THIS_MODULE);
	return ret;
}

static int control(struct sk_buff *skb, struct genl_info *info, enum agentsys_group_command command,
		   enum agentsys_goal goal)
{
	const char *name = need_admin_and_name(skb, info);
	struct agentsys_waiter *waiter = NULL;
	int ret;

	if (IS_ERR(name))
		return PTR_ERR(name);
	if (info->attrs[AGENTSYS_G_WAIT])
		waiter = agentsys_genl_waiter(info, goal);
	if (IS_ERR(waiter))
		return PTR_ERR(waiter);
	ret = enter_control(name, command, waiter, info);
	if (ret)
		agentsys_genl_drop_waiter(waiter);
	return ret;
}

int agentsys_genl_group_start(struct sk_buff *skb, struct genl_info *info)
{
	return control(skb, info, AGENTSYS_GROUP_START, AGENTSYS_RUNS);
}

int agentsys_genl_group_stop(struct sk_buff *skb, struct genl_info *info)
{
	return control(skb, info, AGENTSYS_GROUP_STOP, AGENTSYS_ENDS);
}

int agentsys_genl_group_restart(struct sk_buff *skb, struct genl_info *info)
{
	return control(skb, info, AGENTSYS_GROUP_RESTART, AGENTSYS_RUNS);
}

static int put_group(struct sk_buff *skb, const struct agentsys_group_status *status, u32 portid,
		     u32 seq, int flags, struct netlink_callback *cb)
{
	void *head =
		genlmsg_put(skb, portid, seq, &agentsys_genl_family, flags, AGENTSYS_CMD_GROUP_GET);

	if (!head)
		return -EMSGSIZE;
	if (cb)
		genl_dump_check_consistent(cb, head);
	if (agentsys_genl_put_group(skb, status)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return 0;
}

int agentsys_genl_group_get(struct sk_buff *request, struct genl_info *info)
{
	struct agentsys_group_status status;
	struct sk_buff *skb;
	const char *name;
	int ret;

	name = need_name(info);
	if (IS_ERR(name))
		return PTR_ERR(name);
	ret = agentsys_group_status(name, &status);
	if (ret) {
		NL_SET_ERR_MSG(info->extack, "no such group");
		return ret;
	}
	skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	ret = put_group(skb, &status, info->snd_portid, info->snd_seq, 0, NULL);
	if (ret) {
		nlmsg_free(skb);
		return ret;
	}
	return genlmsg_reply(skb, info);
}

/* cb->args[0]: serial of the last one that was sent. */
int agentsys_genl_group_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct agentsys_group_status status;

	cb->seq = agentsys_group_generation() ?: 1;
	while (!agentsys_group_next(cb->args[0], &status)) {
		if (put_group(skb, &status, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			      NLM_F_MULTI, cb))
			break;
		cb->args[0] = status.serial;
	}
	return skb->len;
}
