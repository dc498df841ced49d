// SPDX-License-Identifier: GPL-2.0-only
#include "agent.h"

#include <linux/slab.h>
#include <linux/string.h>
#include <linux/ktime.h>

#include "cgroup.h"
#include "mailbox.h"
#include "spec.h"

static void agent_timer(struct timer_list *timer)
{
	struct agentsys_agent *agent = container_of(timer, struct agentsys_agent, timer);

	agentsys_mail_post(agent, AGENTSYS_MAIL_TIMER);
}

struct agentsys_agent *agentsys_agent_new(const char *name, struct agentsys_spec *spec)
{
	struct agentsys_agent *agent = kzalloc(sizeof(*agent), GFP_KERNEL_ACCOUNT);

	if (!agent)
		return NULL;
	strscpy(agent->name, name, sizeof(agent->name));
	agent->spec = spec;
	refcount_set(&agent->refs, 1);
	spin_lock_init(&agent->lock);
	INIT_LIST_HEAD(&agent->launch_node);
	INIT_LIST_HEAD(&agent->waiters);
	timer_setup(&agent->timer, agent_timer, 0);
	agent->status.state = AGENTSYS_EXITED;
	agent->status.exit_status = AGENTSYS_NO_STATUS;
	agent->made_ns = ktime_get_boottime_ns();
	return agent;
}

void agentsys_agent_arm(struct agentsys_agent *agent, u32 ms)
{
	lockdep_assert_held(&agentsys_lock);

	/* 0 means that no timer is armed, so it is never used as a time. */
	agent->deadline = (jiffies + msecs_to_jiffies(ms)) ?: 1;
	mod_timer(&agent->timer, agent->deadline);
}

void agentsys_agent_put(struct agentsys_agent *agent)
{
	if (!refcount_dec_and_test(&agent->refs))
		return;
	/*
	 * Nobody can find the record any more, but a probe may still look at
	 * it: what probes do not touch goes now, the rest after they are done.
	 * The timer is not armed: it was stopped before the registry let go.
	 */
	WARN_ON_ONCE(!list_empty(&agent->waiters));
	put_pid(agent->main);
	put_pid(agent->previous);
	if (agent->spec)
		agentsys_spec_put(agent->spec);
	agentsys_faults_free(agent->faults); /* watches nothing any more, as there is no cgroup */
	kfree_rcu(agent, rcu);
}

void agentsys_agent_history(struct agentsys_agent *agent, struct agentsys_history *history)
{
	spin_lock(&agent->lock);
	*history = agent->history;
	spin_unlock(&agent->lock);
}

void agentsys_agent_status(struct agentsys_agent *agent, struct agentsys_status *status)
{
	spin_lock(&agent->lock);
	*status = agent->status;
	spin_unlock(&agent->lock);
}

/*
 * CPU time so far, which never goes back. A cgroup may be given up while it is
 * read, with what it had used added to the status: then look again.
 */
static u64 cpu_us_of(struct agentsys_agent *agent)
{
	unsigned int tries;
	u64 cpu_us;

	for (tries = 3; tries; tries--) {
		u64 base_us, live_us = 0;
		bool has_cgroup;

		spin_lock(&agent->lock);
		/* It is set without this lock, by whoever is about to make the cgroup. */
		has_cgroup = READ_ONCE(agent->has_cgroup);
		base_us = agent->status.cpu_us;
		spin_unlock(&agent->lock);
		if (has_cgroup)
			live_us = agentsys_cgroup_cpu_us(agent->id);

		spin_lock(&agent->lock);
		if (has_cgroup == READ_ONCE(agent->has_cgroup) && base_us == agent->status.cpu_us) {
			agent->cpu_told = max(agent->cpu_told, base_us + live_us);
			tries = 1;
		}
		cpu_us = agent->cpu_told;
		spin_unlock(&agent->lock);
	}
	return cpu_us;
}

void agentsys_agent_usage(struct agentsys_agent *agent, u64 *cpu_us, u64 *memory)
{
	*cpu_us = cpu_us_of(agent);
	*memory = READ_ONCE(agent->has_cgroup) ? agentsys_cgroup_memory(agent->id) : 0;
}

void agentsys_agent_touch(struct agentsys_agent *agent)
{
	WRITE_ONCE(agent->activity_ns, ktime_get_boottime_ns());
}
