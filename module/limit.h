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
struct agentsys_limits_change;
struct agentsys_limits_use;
struct netlink_ext_ack;

int agentsys_limits_init(void);
void agentsys_limits_exit(void);

/* Those that a new agent has where nothing else is said. Any process context. */
void agentsys_limits_default(struct agentsys_limits *limits);

/* Those that it begins with; it is not in the registry yet. -ENOMEM */
int agentsys_limits_begin(struct agentsys_agent *agent, const struct agentsys_limits *limits);

/* Copy them. Any process context. */
void agentsys_limits_of(struct agentsys_agent *agent, struct agentsys_limits *limits);

/*
 * As they are written: who is to be slowed down for memory is from nine tenths of its limit
 * on. Supervisor lock held.
 */
void agentsys_limits_effective(struct agentsys_agent *agent, struct agentsys_limits *limits);

/* What is done about faults of @id, or of all with 0, has changed. Supervisor lock held. */
void agentsys_limits_recovery_changed(u32 id);

/* One of them, 0 for none. Supervisor lock held. */
u64 agentsys_limit(const struct agentsys_agent *agent, enum agentsys_limit limit);

/* Write them into the cgroup, which is new. The supervisor lock is not held. */
int agentsys_limits_write(struct agentsys_agent *agent);

/*
 * They have changed, or are about to in its cgroup: do what follows, for each kind.
 * Supervisor lock held.
 */
void agentsys_limits_changed(struct agentsys_agent *agent);

/* Its instance runs: are the limits that it was launched with those that it has? */
void agentsys_limits_ran(struct agentsys_agent *agent);

/*
 * Change limits of an agent, at once if it runs. May sleep for long, see cgroup_limit.h.
 * -ESRCH, -EINVAL, -EOPNOTSUPP, -ENOMEM, -EINTR, or what writing them came to, all explained;
 * nothing is changed then.
 */
int agentsys_limits_set(u32 id, const struct agentsys_limits_change *change,
			struct netlink_ext_ack *extack);

/* And those of agents that are yet to come; @preset comes first if it is one. */
int agentsys_limits_set_default(u32 preset, const struct agentsys_limits_change *change,
				struct netlink_ext_ack *extack);

/* What it may use, and uses; id 0 for the default. -ESRCH, explained */
int agentsys_limits_get(u32 id, struct agentsys_limits *limits, struct agentsys_limits_use *use,
			struct netlink_ext_ack *extack);

#endif /* _AGENTSYS_LIMIT_H */
