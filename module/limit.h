/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The limits of agents. What a limit comes to when it is reached is in fault.c.
 */
#ifndef _AGENTSYS_LIMIT_H
#define _AGENTSYS_LIMIT_H

#include <linux/agentsys.h>
#include <linux/types.h>

struct agentsys_agent;
struct agentsys_limits;

/* Those that it begins with; it is not in the registry yet. -ENOMEM */
int agentsys_limits_begin(struct agentsys_agent *agent, const struct agentsys_limits *limits);

/* Copy them. Any process context. */
void agentsys_limits_of(struct agentsys_agent *agent, struct agentsys_limits *limits);

/* One of them, 0 for none. Supervisor lock held. */
u64 agentsys_limit(const struct agentsys_agent *agent, enum agentsys_limit limit);

#endif /* _AGENTSYS_LIMIT_H */
