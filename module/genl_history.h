/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AGENTSYS_CMD_HISTORY_GET, for the table in genl.c.
 */
#ifndef _AGENTSYS_GENL_HISTORY_H
#define _AGENTSYS_GENL_HISTORY_H

#include <linux/agentsys_netlink.h>
#include <net/netlink.h>

struct genl_info;
struct sk_buff;

extern const struct nla_policy agentsys_genl_history_policy[AGENTSYS_H_GROUP + 1];

int agentsys_genl_history(struct sk_buff *request, struct genl_info *info);

#endif /* _AGENTSYS_GENL_HISTORY_H */
