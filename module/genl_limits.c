// SPDX-License-Identifier: GPL-2.0-only
#include "genl_limits.h"

#include <net/genetlink.h>

#include "core/limits.h"
#include "genl.h"
#include "genl_answer.h"
#include "limit.h"

/* Not const: before v6.6 a policy points to something that is not. */
static struct netlink_range_validation id_range __ro_after_init = {
	.min = AGENTSYS_ID_MIN,
	.max = AGENTSYS_ID_MAX,
};

/* clang-format off */
const struct nla_policy agentsys_genl_limits_policy[AGENTSYS_L_MAX + 1] = {
	[AGENTSYS_L_FIRST ... AGENTSYS_L_MAX] = { .type = NLA_U64 },
};

/* clang-format on */

const struct nla_policy agentsys_genl_limits_get_policy[AGENTSYS_A_ID + 1] = {
	[AGENTSYS_A_ID] = NLA_POLICY_FULL_RANGE(NLA_U32, &id_range),
};

const struct nla_policy agentsys_genl_limits_set_policy[AGENTSYS_A_LIMITS_PRESET + 1] = {
	[AGENTSYS_A_ID] = NLA_POLICY_FULL_RANGE(NLA_U32, &id_range),
	[AGENTSYS_A_LIMITS] = NLA_POLICY_NESTED(agentsys_genl_limits_policy),
	[AGENTSYS_A_LIMITS_PRESET] = NLA_POLICY_MAX(NLA_U32, __AGENTSYS_LIMITS_PRESETS - 1),
};

static_assert(AGENTSYS_L_MAX - AGENTSYS_L_FIRST + 1 == __AGENTSYS_LIMITS);

int agentsys_genl_limits(const struct nlattr *attr, struct agentsys_limits_change *change,
			 struct netlink_ext_ack *extack)
{
	struct nlattr *attrs[AGENTSYS_L_MAX + 1];
	u32 i;
	int ret;

	if (!attr)
		return 0;
	ret = nla_parse_nested(attrs, AGENTSYS_L_MAX, attr, agentsys_genl_limits_policy, extack);
	if (ret)
		return ret;
	for (i = 0; i < __AGENTSYS_LIMITS; i++) {
		if (!attrs[AGENTSYS_L_FIRST + i])
			continue;
		change->has |= BIT(i);
		change->max[i] = nla_get_u64(attrs[AGENTSYS_L_FIRST + i]);
	}
	return 0;
}

/* A nest of those @values of which the bit is set in @which. */
static int put_values(struct sk_buff *skb, int attr, const u64 *values, u32 which)
{
	struct nlattr *nest = nla_nest_start(skb, attr);
	u32 i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < __AGENTSYS_LIMITS; i++)
		if (which & BIT(i) &&
		    nla_put_u64_64bit(skb, AGENTSYS_L_FIRST + i, values[i], AGENTSYS_L_PAD))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int agentsys_genl_put_limits(struct sk_buff *skb, const struct agentsys_limits *limits)
{
	return put_values(skb, AGENTSYS_A_LIMITS, limits->max, BIT(__AGENTSYS_LIMITS) - 1);
}

static u32 id_of(const struct genl_info *info)
{
	return info->attrs[AGENTSYS_A_ID] ? nla_get_u32(info->attrs[AGENTSYS_A_ID]) : 0;
}

int agentsys_genl_limits_get(struct sk_buff *request, struct genl_info *info)
{
	struct agentsys_limits_use use;
	struct agentsys_limits limits;
	struct sk_buff *skb;
	void *head;
	int ret;

	ret = agentsys_limits_get(id_of(info), &limits, &use, info->extack);
	if (ret)
		return ret;
	skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	head = genlmsg_put_reply(skb, info, &agentsys_genl_family, 0, AGENTSYS_CMD_LIMITS_GET);
	if (!head || (id_of(info) && nla_put_u32(skb, AGENTSYS_A_ID, id_of(info))) ||
	    agentsys_genl_put_limits(skb, &limits) ||
	    put_values(skb, AGENTSYS_A_USE, use.of, use.known)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return genlmsg_reply(skb, info);
}

int agentsys_genl_limits_set(struct sk_buff *request, struct genl_info *info)
{
	struct nlattr *preset = info->attrs[AGENTSYS_A_LIMITS_PRESET];
	struct agentsys_limits_change change = {};
	int ret;

	ret = agentsys_genl_need_admin(request, info);
	if (!ret)
		ret = agentsys_genl_limits(info->attrs[AGENTSYS_A_LIMITS], &change, info->extack);
	if (ret)
		return ret;
	if (!id_of(info))
		return agentsys_limits_set_default(preset ? nla_get_u32(preset) :
							    __AGENTSYS_LIMITS_PRESETS,
						   &change, info->extack);
	if (preset) {
		NL_SET_ERR_MSG_ATTR(info->extack, preset, "a preset is for new agents alone");
		return -EINVAL;
	}
	return agentsys_limits_set(id_of(info), &change, info->extack);
}
