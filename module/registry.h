/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All records: by id, by the cgroup that an agent lives in, by its main process.
 */
#ifndef _AGENTSYS_REGISTRY_H
#define _AGENTSYS_REGISTRY_H

#include <linux/types.h>

struct agentsys_agent;
struct pid;
struct task_struct;

/* Keep a free id for later. -ENOSPC, -ENOMEM. */
int agentsys_registry_reserve(u32 *id);
void agentsys_registry_unreserve(u32 id);

/*
 * Enter a record under @id, or under a free id if that is 0; @reserved says that
 * the id was kept for it. The registry takes its own reference. -EEXIST, -ENOSPC
 * (max_agents), -ENOMEM.
 */
int agentsys_registry_add(struct agentsys_agent *agent, u32 id, bool reserved);

/* Take a record out, and drop the registry's reference. */
void agentsys_registry_del(struct agentsys_agent *agent);

/* The record of @id with a reference, or NULL. */
struct agentsys_agent *agentsys_registry_get(u32 id);

/*
 * The record with the lowest id that is @id or higher, with a reference, or
 * NULL. To look at all of them, begin with 0 and go on with agent->id + 1, read
 * before the reference is dropped.
 */
struct agentsys_agent *agentsys_registry_next(u32 id);

/* Tell to which agent the cgroup @cgroup_id belongs. -EBUSY, -ENOMEM. */
int agentsys_registry_bind(struct agentsys_agent *agent, u64 cgroup_id);
void agentsys_registry_unbind(u64 cgroup_id);

/*
 * The main process of @agent is @pid from now on: its exit is seen wherever it
 * goes, for a process may be moved out of its cgroup. -ENOMEM. Or there is none
 * any more. Supervisor lock held.
 */
int agentsys_registry_set_main(struct agentsys_agent *agent, struct pid *pid);
void agentsys_registry_drop_main(struct agentsys_agent *agent);

/* The agent whose main process is, or just was, @tgid, or NULL. RCU read side, any context. */
struct agentsys_agent *agentsys_registry_of_main(pid_t tgid);

/* The agent that @task lives in, or NULL. RCU read side, any context. */
struct agentsys_agent *agentsys_registry_of_task(struct task_struct *task);

/* The same with a reference, for process context. */
struct agentsys_agent *agentsys_registry_get_by_task(struct task_struct *task);

/* How many records there are, how many there may be. */
unsigned int agentsys_registry_count(void);
unsigned int agentsys_registry_max(void);

/* Changes whenever a record comes or goes; tells a dump that it was overtaken. */
unsigned int agentsys_registry_generation(void);

/* At unload, when nobody else can reach a record any more. */
void agentsys_registry_clear(void);

#endif /* _AGENTSYS_REGISTRY_H */
