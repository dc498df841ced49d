/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System calls of agents that have a limit of them: counted, told when they are too
 * many, and slowed down.
 */
#ifndef _AGENTSYS_FLOOD_H
#define _AGENTSYS_FLOOD_H

#include <linux/preempt.h>
#include <linux/sched.h>

#include "cgroup.h"

struct agentsys_agent;

/* With the supervisor lock held. */

/* Its instance runs: its calls are counted from now on, if it has a limit of them. */
void agentsys_flood_watch(struct agentsys_agent *agent);

/* It has ended: they are not any more, and nothing of it sleeps here. */
void agentsys_flood_unwatch(struct agentsys_agent *agent);

/* Its limits are others now. */
void agentsys_flood_limits_changed(struct agentsys_agent *agent);

/* It called too much perhaps, or no more. */
void agentsys_flood_look(struct agentsys_agent *agent);

/*
 * How many calls of it were counted, in all instances: false if it has none counted
 * now. Any process context, no lock.
 */
bool agentsys_flood_calls(struct agentsys_agent *agent, u64 *calls);

/* For the hooks. */

/* current, which is in @cgroup, calls. Preemption is off. */
bool agentsys_flood_count_in(struct cgroup *cgroup);

/* Count a call of current. True: it has called too much, and is to be held. */
static __always_inline bool agentsys_flood_count(void)
{
	struct cgroup *cgroup;
	bool hold = false;

	/* It may be moved to another cgroup meanwhile: this one stays for as long. */
	preempt_disable_notrace();
	cgroup = task_dfl_cgroup(current);
	if (unlikely(cgroup_is_descendant(cgroup, agentsys_cgroup_root)))
		hold = agentsys_flood_count_in(cgroup);
	preempt_enable_notrace();
	return hold;
}

/*
 * Sleep until current may call again. @restarts says that the call can be put off: then
 * any signal ends this with -ERESTARTNOINTR. Otherwise 0. A reference to the module is
 * held.
 */
long agentsys_flood_hold(bool restarts);

/* At unload, when no hook is attached any more. */
void agentsys_flood_exit(void);

#endif /* _AGENTSYS_FLOOD_H */
