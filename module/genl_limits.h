/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Limits in requests and answers.
 */
#ifndef _AGENTSYS_GENL_LIMITS_H
#define _AGENTSYS_GENL_LIMITS_H

#include <linux/agentsys_netlink.h>
#include <net/netlink.h>

struct agentsys_limits;
struct agentsys_limits_change;
struct genl_info;

extern const struct nla_policy agentsys_genl_limits_policy[AGENTSYS_L_MAX + 1];

extern const struct nla_policy agentsys_genl_limits_get_policy[AGENTSYS_A_ID + 1];
extern const struct nla_policy agentsys_genl_limits_set_policy[AGENTSYS_A_LIMITS_PRESET + 1];

int agentsys_genl_limits_get(struct sk_buff *request, struct genl_info *info);
int agentsys_genl_limits_set(struct sk_buff *request, struct genl_info *info);

/* Add those that AGENTSYS_A_LIMITS gives. @attr may be NULL. */
int agentsys_genl_limits(const struct nlattr *attr, struct agentsys_limits_change *change,
			 struct netlink_ext_ack *extack);

/* All of them, as AGENTSYS_A_LIMITS. */
int agentsys_genl_put_limits(struct sk_buff *skb, const struct agentsys_limits *limits);

#endif /* _AGENTSYS_GENL_LIMITS_H */
