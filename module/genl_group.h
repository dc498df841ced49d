/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The commands about groups, for the table in genl.c.
 */
#ifndef _AGENTSYS_GENL_GROUP_H
#define _AGENTSYS_GENL_GROUP_H

#include <linux/agentsys_netlink.h>
#include <net/netlink.h>

struct genl_info;
struct sk_buff;

extern const struct nla_policy agentsys_genl_group_name_policy[AGENTSYS_G_NAME + 1];
extern const struct nla_policy agentsys_genl_group_control_policy[AGENTSYS_G_WAIT + 1];
extern const struct nla_policy agentsys_genl_group_new_policy[AGENTSYS_G_MEMBERS_MAX + 1];
extern const struct nla_policy agentsys_genl_group_set_policy[AGENTSYS_G_SET_SIGNIFICANT + 1];

int agentsys_genl_group_get(struct sk_buff *skb, struct genl_info *info);
int agentsys_genl_group_dump(struct sk_buff *skb, struct netlink_callback *cb);
int agentsys_genl_group_new(struct sk_buff *skb, struct genl_info *info);
int agentsys_genl_group_set(struct sk_buff *skb, struct genl_info *info);
int agentsys_genl_group_del(struct sk_buff *skb, struct genl_info *info);
int agentsys_genl_group_start(struct sk_buff *skb, struct genl_info *info);
int agentsys_genl_group_stop(struct sk_buff *skb, struct genl_info *info);
int agentsys_genl_group_restart(struct sk_buff *skb, struct genl_info *info);

#endif /* _AGENTSYS_GENL_GROUP_H */
