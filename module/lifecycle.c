// SPDX-License-Identifier: GPL-2.0-only
#include "lifecycle.h"

#include <linux/oom.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/ktime.h>
#include <linux/tracepoint.h>

#include "agent.h"
#include "cgroup.h"
#include "escape.h"
#include "launch.h"
#include "mailbox.h"
#include "registry.h"

/* The status as wait() would give it. @task is the last thread of its process. */
static int wait_status_of(const struct task_struct *task)
{
	if (task->signal->flags & SIGNAL_GROUP_EXIT)
		return task->signal->group_exit_code;
	return task->group_leader->exit_code;
}

/*
 * Is @task the last one in its agent's cgroup? A hint that spares the kill of
 * what is left behind: only a task of the cgroup could bring in another one, and
 * the one that is left is here. What is counted too long only costs that kill.
 */
static bool is_alone(struct task_struct *task)
{
	struct css_set *cset = task_css_set(task);
	struct cgroup *cgroup = cset->dfl_cgrp;

	return cgroup == agentsys_cgroup_of(task) && READ_ONCE(cset->nr_tasks) == 1 &&
	       READ_ONCE(cgroup->nr_populated_csets) == 1 &&
	       !READ_ONCE(cgroup->nr_populated_domain_children) &&
	       !READ_ONCE(cgroup->nr_populated_threaded_children);
}

/* A new instance cannot be born in a cgroup that hands controllers on to others. */
static bool has_nested(struct task_struct *task)
{
	struct cgroup *cgroup = agentsys_cgroup_of(task);

	return !cgroup || READ_ONCE(cgroup->nr_descendants) || READ_ONCE(cgroup->subtree_control);
}

static void main_ended(struct agentsys_agent *agent, struct task_struct *task)
{
	agent->wait_status = wait_status_of(task);
	agent->oom = tsk_is_oom_victim(task);
	agent->alone = is_alone(task);
	agent->nested = has_nested(task);
	agent->ended_ns = ktime_get_boottime_ns();
	agentsys_mail_post(agent, AGENTSYS_MAIL_ENDED);
}

/* Called by every task that exits on the system. */
static void probe_exit(void *data, struct task_struct *task)
{
	struct agentsys_agent *agent;
	pid_t tgid = task->tgid;

	/* Two threads may be the last one: whoever clears tgid below is. */
	if (atomic_read(&task->signal->live))
		return;
	smp_rmb(); /* whoever made it 0 has written the process's status before */
	agentsys_launch_probe_exit(tgid, wait_status_of(task));

	rcu_read_lock();
	agent = agentsys_registry_of_main(tgid);
	if (agent && READ_ONCE(agent->tgid) == tgid && cmpxchg(&agent->tgid, tgid, 0) == tgid)
		main_ended(agent, task);
	rcu_read_unlock();
}

/* Called by every task that has executed a program. */
static void probe_exec(void *data, struct task_struct *task, pid_t old_pid,
		       struct linux_binprm *bprm)
{
	struct agentsys_agent *agent;

	rcu_read_lock();
	agent = agentsys_registry_of_main(task->tgid);
	if (agent && READ_ONCE(agent->tgid) == task->tgid) {
		if (!agent->ran_ns)
			agent->ran_ns = ktime_get_boottime_ns();
		WRITE_ONCE(agent->execs, agent->execs + 1);
		agentsys_mail_post_soon(agent, AGENTSYS_MAIL_RAN);
		agentsys_launch_kick();
	}
	rcu_read_unlock();
}

/* The tracepoints are not exported by name, so they are looked for once. */
static struct {
	const char *name;
	void *probe;
	struct tracepoint *tracepoint;
} probes[] = {
	{ "sched_process_exit", probe_exit },
	{ "sched_process_exec", probe_exec },
	{ "sched_process_fork", agentsys_escape_probe_fork },
};

static void find(struct tracepoint *tracepoint, void *unused)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (!strcmp(tracepoint->name, probes[i].name))
			probes[i].tracepoint = tracepoint;
}

static void unregister(unsigned int n)
{
	while (n--)
		tracepoint_probe_unregister(probes[n].tracepoint, probes[n].probe, NULL);
	tracepoint_synchronize_unregister();
}

int agentsys_lifecycle_init(void)
{
	unsigned int i;
	int ret;

	for_each_kernel_tracepoint(find, NULL);
	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		ret = -ENOENT;
		if (probes[i].tracepoint)
			ret = tracepoint_probe_register(probes[i].tracepoint, probes[i].probe,
							NULL);
		if (ret) {
			pr_err("cannot attach to the tracepoint %s: error %d\n", probes[i].name,
			       ret);
			unregister(i);
			return ret;
		}
	}
	return 0;
}

void agentsys_lifecycle_exit(void)
{
	unregister(ARRAY_SIZE(probes));
}
