// SPDX-License-Identifier: GPL-2.0-only
/*
 * An agent moves processes only within its own cgroup: what is elsewhere is out of
 * reach of its limits and of cgroup.kill. Whose doing it is tells the cgroup of
 * the task that writes to cgroup.procs, or that forks into another cgroup.
 */
#include "escape.h"

#include <linux/kprobes.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>

#include "agent.h"
#include "cgroup.h"
#include "fault.h"
#include "fault_internal.h"
#include "mailbox.h"
#include "registry.h"

/* It is told once in this time, by each instance. */
#define WINDOW_MS 1000

/*
 * @task is its own and gets out, or NULL. What is killed here forks no more: a fork that
 * is under way comes to nothing, for it waits until a move is over, and looks for a
 * signal to die of then.
 */
static void escapes(struct agentsys_agent *agent, struct task_struct *task)
{
	atomic_inc(&agent->escapes);
	/* Ahead of the news of its end. */
	agentsys_mail_post(agent, AGENTSYS_MAIL_ESCAPED);
	if (!task || !agentsys_fault_kills(agent, AGENTSYS_FAULT_POLICY_VIOLATION))
		return;
	/* To the process: its first thread, which is meant by its pid, may be dead. */
	kill_pid(task_tgid(task), SIGKILL, 1);
}

void agentsys_escape_probe_fork(void *data, struct task_struct *parent, struct task_struct *child)
{
	struct agentsys_agent *agent;

	/* As nearly always: only clone3() can have it borne elsewhere. */
	if (rcu_access_pointer(parent->cgroups) == rcu_access_pointer(child->cgroups))
		return;
	rcu_read_lock();
	agent = agentsys_registry_of_task(parent);
	if (agent && agentsys_cgroup_of(child) != agentsys_cgroup_of(parent))
		escapes(agent, child); /* before its first instruction */
	rcu_read_unlock();
}

/*
 * Called ahead of cgroup_attach_task(), by which all moves go, with cgroup_mutex and, but
 * for a thread that moves itself alone, cgroup_threadgroup_rwsem held for writing. The
 * tracepoint of the same name comes too late: who has moved itself is elsewhere by then.
 * Nor could anybody be killed there, under a lock that is taken inside that of signals.
 */
static void moves(struct task_struct *task, struct cgroup *to)
{
	struct agentsys_agent *agent;
	struct cgroup *own;
	bool is_own;

	if (to->root != &cgrp_dfl_root)
		return; /* a hierarchy of version 1 is none of ours */
	rcu_read_lock();
	agent = agentsys_registry_of_task(current);
	if (agent) {
		own = agentsys_cgroup_of(current);
		is_own = agentsys_cgroup_of(task) == own;
		if (!is_own || !cgroup_is_descendant(to, own))
			escapes(agent, is_own ? task : NULL);
	}
	rcu_read_unlock();
}

static int probe_attach(struct kprobe *probe, struct pt_regs *regs)
{
	moves((struct task_struct *)regs_get_kernel_argument(regs, 1),
	      (struct cgroup *)regs_get_kernel_argument(regs, 0));
	return 0;
}

static struct kprobe attach_probe = {
	.symbol_name = "cgroup_attach_task",
	.pre_handler = probe_attach,
};

void agentsys_escape_look(struct agentsys_agent *agent)
{
	struct agentsys_faults *faults;
	bool kills;

	lockdep_assert_held(&agentsys_lock);

	if (!agent->ran || agentsys_fault_doom(agent) || !atomic_read(&agent->escapes))
		return;
	faults = agentsys_faults_of(agent);
	kills = agent->status.state == AGENTSYS_ACTIVE &&
		agentsys_fault_kills(agent, AGENTSYS_FAULT_POLICY_VIOLATION);
	/* What was killed above shall not have died untold. */
	if (faults && !agentsys_fault_due(agent, &faults->escape, WINDOW_MS) && !kills)
		return;
	agentsys_fault_raise(agent, AGENTSYS_FAULT_POLICY_VIOLATION,
			     atomic_xchg(&agent->escapes, 0), 0);
}

void agentsys_escape_init(void)
{
	int ret = register_kprobe(&attach_probe);

	if (!ret)
		return;
	pr_warn("agents that leave their cgroup by moving processes are not seen: error %d\n", ret);
	attach_probe.addr = NULL; /* there is none to unregister */
}

void agentsys_escape_exit(void)
{
	if (attach_probe.addr)
		unregister_kprobe(&attach_probe);
}
