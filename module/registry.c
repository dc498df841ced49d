// SPDX-License-Identifier: GPL-2.0-only
#include "registry.h"

#include <linux/module.h>
#include <linux/xarray.h>

#include "agent.h"
#include "cgroup.h"
#include "mailbox.h"

static unsigned int max_agents = 16384;
module_param(max_agents, uint, 0444);
MODULE_PARM_DESC(max_agents, "records that may exist at once (default 16384)");

static DEFINE_XARRAY_ALLOC(by_id); /* its lock also guards the two below */
static unsigned int count;
static unsigned int generation;
static u32 next_auto = AGENTSYS_ID_AUTO;

static DEFINE_XARRAY(by_cgroup);
static DEFINE_XARRAY(by_main);

int agentsys_registry_reserve(u32 *id)
{
	int ret;

	/* Never reused soon: a late reader of an old id finds nothing. */
	ret = xa_alloc_cyclic(&by_id, id, NULL, XA_LIMIT(AGENTSYS_ID_AUTO, AGENTSYS_ID_MAX),
			      &next_auto, GFP_KERNEL_ACCOUNT);
	if (ret == -EBUSY)
		ret = -ENOSPC;
	return ret < 0 ? ret : 0;
}

void agentsys_registry_unreserve(u32 id)
{
	xa_release(&by_id, id);
	/* Nobody has seen it: ids shall not skip without a reason. */
	xa_lock(&by_id);
	if (next_auto == id + 1)
		next_auto = id;
	xa_unlock(&by_id);
}

static int reserve_id(u32 id)
{
	int ret = xa_insert(&by_id, id, NULL, GFP_KERNEL_ACCOUNT);

	return ret == -EBUSY ? -EEXIST : ret;
}

static bool count_one(void)
{
	bool ok;

	xa_lock(&by_id);
	ok = count < max_agents;
	if (ok)
		WRITE_ONCE(count, count + 1);
	xa_unlock(&by_id);
	return ok;
}

static void uncount_one(void)
{
	xa_lock(&by_id);
	WRITE_ONCE(count, count - 1);
	WRITE_ONCE(generation, generation + 1);
	xa_unlock(&by_id);
}

int agentsys_registry_add(struct agentsys_agent *agent, u32 id, bool reserved)
{
	u32 given = id;
	int ret = 0;

	if (!count_one())
		return -ENOSPC;

	/*
	 * Readers take a reference from what they find under RCU, so the
	 * registry's own must be there, and the id be set, before they can: the
	 * entry is reserved first and filled in afterwards.
	 */
	if (!reserved)
		ret = id ? reserve_id(id) : agentsys_registry_reserve(&given);
	if (ret) {
		uncount_one();
		return ret;
	}

	WRITE_ONCE(agent->id, given); /* see agentsys_relation_next() */
	if (!agent->name[0])
		snprintf(agent->name, sizeof(agent->name), "agent-%u", given);
	agentsys_agent_get(agent);
	/* Fills a reserved slot: allocates nothing, cannot fail. */
	xa_store(&by_id, given, agent, GFP_KERNEL_ACCOUNT);
	xa_lock(&by_id);
	WRITE_ONCE(generation, generation + 1);
	xa_unlock(&by_id);
	return 0;
}

void agentsys_registry_del(struct agentsys_agent *agent)
{
	if (WARN_ON_ONCE(xa_erase(&by_id, agent->id) != agent))
		return;
	uncount_one();
	agentsys_agent_put(agent);
}

struct agentsys_agent *agentsys_registry_get(u32 id)
{
	struct agentsys_agent *agent;

	rcu_read_lock();
	agent = xa_load(&by_id, id);
	if (agent && !refcount_inc_not_zero(&agent->refs))
		agent = NULL;
	rcu_read_unlock();
	return agent;
}

struct agentsys_agent *agentsys_registry_next(u32 id)
{
	struct agentsys_agent *agent;
	unsigned long index = id;

	rcu_read_lock();
	agent = xa_find(&by_id, &index, AGENTSYS_ID_MAX, XA_PRESENT);
	while (agent && !refcount_inc_not_zero(&agent->refs))
		agent = xa_find_after(&by_id, &index, AGENTSYS_ID_MAX, XA_PRESENT);
	rcu_read_unlock();
	return agent;
}

int agentsys_registry_bind(struct agentsys_agent *agent, u64 cgroup_id)
{
	lockdep_assert_held(&agentsys_lock);

	/* Not charged to the caller: that is the new agent itself. */
	return xa_insert(&by_cgroup, cgroup_id, agent, GFP_KERNEL);
}

void agentsys_registry_unbind(u64 cgroup_id)
{
	lockdep_assert_held(&agentsys_lock);

	xa_erase(&by_cgroup, cgroup_id);
}

int agentsys_registry_set_main(struct agentsys_agent *agent, struct pid *pid)
{
	pid_t tgid = pid_nr(pid);
	int ret;

	lockdep_assert_held(&agentsys_lock);

	/* An entry that is there is of a process that has ended: its number is in use again. */
	ret = xa_err(xa_store(&by_main, tgid, agent, GFP_KERNEL));
	if (ret)
		return ret;
	agent->main = get_pid(pid);
	WRITE_ONCE(agent->tgid, tgid);
	spin_lock(&agent->lock);
	agent->status.pid = tgid;
	spin_unlock(&agent->lock);
	return 0;
}

void agentsys_registry_drop_main(struct agentsys_agent *agent)
{
	lockdep_assert_held(&agentsys_lock);

	/* If the exit probe was first its message is on the way, and finds no main process. */
	xchg(&agent->tgid, 0);
	if (agent->main)
		xa_cmpxchg(&by_main, pid_nr(agent->main), agent, NULL, 0);
	put_pid(agent->main);
	agent->main = NULL;
	spin_lock(&agent->lock);
	agent->status.pid = 0;
	spin_unlock(&agent->lock);
}

struct agentsys_agent *agentsys_registry_of_main(pid_t tgid)
{
	return xa_load(&by_main, tgid);
}

struct agentsys_agent *agentsys_registry_of_task(struct task_struct *task)
{
	struct cgroup *cgroup = agentsys_cgroup_of(task);

	return cgroup ? xa_load(&by_cgroup, cgroup_id(cgroup)) : NULL;
}

struct agentsys_agent *agentsys_registry_get_by_task(struct task_struct *task)
{
	struct agentsys_agent *agent;

	rcu_read_lock();
	agent = agentsys_registry_of_task(task);
	if (agent && !refcount_inc_not_zero(&agent->refs))
		agent = NULL;
	rcu_read_unlock();
	return agent;
}

unsigned int agentsys_registry_count(void)
{
	return READ_ONCE(count);
}

unsigned int agentsys_registry_max(void)
{
	return max_agents;
}

unsigned int agentsys_registry_generation(void)
{
	return READ_ONCE(generation);
}

void agentsys_registry_clear(void)
{
	struct agentsys_agent *agent;
	unsigned long id;

	xa_for_each(&by_id, id, agent)
		agentsys_registry_del(agent);
	WARN_ON_ONCE(!xa_empty(&by_cgroup));
	WARN_ON_ONCE(!xa_empty(&by_main));
	xa_destroy(&by_id);
	xa_destroy(&by_cgroup);
	xa_destroy(&by_main);
}
