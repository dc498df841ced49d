/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What others, the helper daemon first of all, report of agents.
 */
#ifndef _AGENTSYS_REPORTED_H
#define _AGENTSYS_REPORTED_H

#include <linux/types.h>

struct netlink_ext_ack;

/**
 * struct agentsys_reported - a report
 * @id: of which agent
 * @instance: of which start of it, 0 for the present one
 * @what: enum agentsys_report
 * @type: enum agentsys_fault, of a fault or a warning
 * @measured: what was measured then
 * @limit: and what it may be; how long a call may last, in ms
 */
struct agentsys_reported {
	u32 id;
	u32 instance;
	u32 what;
	u32 type;
	u64 measured;
	u64 limit;
};

/* Take it as if the module had seen it by itself. Takes the supervisor lock. */
int agentsys_reported(const struct agentsys_reported *report, struct netlink_ext_ack *extack);

#endif /* _AGENTSYS_REPORTED_H */
