/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The generic netlink family, see <linux/agentsys_netlink.h>.
 */
#ifndef _AGENTSYS_GENL_H
#define _AGENTSYS_GENL_H

extern struct genl_family agentsys_genl_family;

int agentsys_genl_init(void);
void agentsys_genl_exit(void);

#endif /* _AGENTSYS_GENL_H */
