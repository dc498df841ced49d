/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The commands about relations, for the table in genl.c.
 */
#ifndef _AGENTSYS_GENL_RELATION_H
#define _AGENTSYS_GENL_RELATION_H

#include <linux/agentsys_netlink.h>
#include <net/netlink.h>

struct agentsys_relations;
struct genl_info;
struct sk_buff;

extern const struct nla_policy agentsys_genl_relation_policy[AGENTSYS_R_TO + 1];

/* Of what is in AGENTSYS_A_RELATION. */
extern const struct nla_policy agentsys_genl_relation_own_policy[AGENTSYS_R_TO + 1];

int agentsys_genl_relation_new(struct sk_buff *skb, struct genl_info *info);
int agentsys_genl_relation_del(struct sk_buff *skb, struct genl_info *info);
int agentsys_genl_relation_dump(struct sk_buff *skb, struct netlink_callback *cb);

/* All that AGENTSYS_A_RELATION says; NULL for nothing; or an ERR_PTR. kfree() frees it. */
struct agentsys_relations *agentsys_genl_own_relations(struct genl_info *info);

#endif /* _AGENTSYS_GENL_RELATION_H */
