/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AGENTSYS_CMD_FAULT_GET, _RECOVERY_GET and _RECOVERY_SET, for the table in genl.c.
 */
#ifndef _AGENTSYS_GENL_FAULT_H
#define _AGENTSYS_GENL_FAULT_H

#include <linux/agentsys_netlink.h>
#include <net/netlink.h>

struct genl_info;
struct sk_buff;

extern const struct nla_policy agentsys_genl_fault_get_policy[AGENTSYS_F_AGENT_ID + 1];
extern const struct nla_policy agentsys_genl_recovery_set_policy[AGENTSYS_F_RULES + 1];

int agentsys_genl_faults(struct sk_buff *request, struct genl_info *info);
int agentsys_genl_recovery_get(struct sk_buff *request, struct genl_info *info);
int agentsys_genl_recovery_set(struct sk_buff *request, struct genl_info *info);

/* Of AGENTSYS_CMD_REPORT. */
extern const struct nla_policy agentsys_genl_report_policy[AGENTSYS_F_REPORT + 1];
int agentsys_genl_report(struct sk_buff *request, struct genl_info *info);

#endif /* _AGENTSYS_GENL_FAULT_H */
