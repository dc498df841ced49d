// SPDX-License-Identifier: GPL-2.0-only
#include "genl_limits.h"

#include "core/limits.h"

const struct nla_policy agentsys_genl_limits_policy[AGENTSYS_L_MAX + 1] = {
	[AGENTSYS_L_FIRST ... AGENTSYS_L_MAX] = { .type = NLA_U64 },
};

static_assert(AGENTSYS_L_MAX - AGENTSYS_L_FIRST + 1 == __AGENTSYS_LIMITS);

int agentsys_genl_limits(const struct nlattr *attr, struct agentsys_limits *limits,
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
	for (i = 0; i < __AGENTSYS_LIMITS; i++)
		if (attrs[AGENTSYS_L_FIRST + i])
			limits->max[i] = nla_get_u64(attrs[AGENTSYS_L_FIRST + i]);
	return 0;
}

int agentsys_genl_put_limits(struct sk_buff *skb, const struct agentsys_limits *limits)
{
	struct nlattr *nest = nla_nest_start(skb, AGENTSYS_A_LIMITS);
	u32 i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < __AGENTSYS_LIMITS; i++)
		if (nla_put_u64_64bit(skb, AGENTSYS_L_FIRST + i, limits->max[i], AGENTSYS_L_PAD))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}
