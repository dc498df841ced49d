/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What agents use of what they may: looked at once in an interval, those alone that
 * run and have a limit of which the kernel tells nothing by itself, and not at all
 * while there are none.
 */
#ifndef _AGENTSYS_USAGE_H
#define _AGENTSYS_USAGE_H

#include <linux/types.h>

struct agentsys_agent;
struct agentsys_limits_use;
struct workqueue_struct;

int agentsys_usage_init(struct workqueue_struct *wq);
void agentsys_usage_exit(void);

/* These are called with the supervisor lock held. Its instance runs. */
void agentsys_usage_begin(struct agentsys_agent *agent);

/* Its limits have changed: look at it from now on, or no more, and judge it anew. */
void agentsys_usage_limits_changed(struct agentsys_agent *agent);

/* Its instance has ended. */
void agentsys_usage_end(struct agentsys_agent *agent);

/* It has reported something that came near to a budget, or would exceed it. */
void agentsys_usage_reported(struct agentsys_agent *agent);

/*
 * It says that it has sent so many messages and called so many tools. -EDQUOT: it may
 * not, and nothing is counted. Its own context, no lock held.
 */
int agentsys_usage_report(struct agentsys_agent *agent, u64 messages, u64 tool_calls);

/* What is known of that. Any process context. */
void agentsys_usage_of(struct agentsys_agent *agent, struct agentsys_limits_use *use);

#endif /* _AGENTSYS_USAGE_H */
