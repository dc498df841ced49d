// SPDX-License-Identifier: GPL-2.0-only
/*
 * Adopting a process that runs already.
 *
 * Moving it into the agent's cgroup waits for an RCU grace period, so that is
 * done by a worker of its own, and its result is a message like all others.
 */
#include <linux/netlink.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/ktime.h>
#include <linux/workqueue.h>

#include "agent.h"
#include "group.h"
#include "launch.h"
#include "limit.h"
#include "mailbox.h"
#include "registry.h"
#include "shutdown.h"
#include "standby.h"
#include "supervisor.h"
#include "telemetry.h"

/* Those under way: a process can become one agent only. Guarded by the supervisor lock. */
static LIST_HEAD(under_way);

/* Of our own, so that unloading the module waits for the last line of the work. */
static struct workqueue_struct *attach_wq;

/**
 * struct attach - one adoption under way
 * @work: moves the process
 * @node: link in the list of those under way
 * @agent: with a reference
 * @pid: the process, with a reference
 */
struct attach {
	struct work_struct work;
	struct list_head node;
	struct agentsys_agent *agent;
	struct pid *pid;
};

/*
 * The agent's cgroup if @pid is in it, else 0. Any thread tells: where the first one
 * has ended, it stays in the cgroup that it ended in.
 */
static u64 cgroup_id_of(struct pid *pid)
{
	struct task_struct *task, *thread;
	struct cgroup *cgroup;
	u64 id = 0;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	if (task) {
		for_each_thread(task, thread) {
			cgroup = agentsys_cgroup_of(thread);
			if (cgroup)
				id = cgroup_id(cgroup);
		}
	}
	rcu_read_unlock();
	return id;
}

/*
 * Has its last thread begun to exit, so that the exit probe may have passed
 * already? -ESRCH: it has been waited for too, and nobody knows how it ended.
 */
static int is_exiting(struct pid *pid, int *wait_status)
{
	struct task_struct *task;
	int ret = -ESRCH;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	if (task) {
		ret = !atomic_read(&task->signal->live);
		smp_rmb(); /* the thread that made it 0 has written its status before */
		*wait_status = task->signal->group_exit_code;
	}
	rcu_read_unlock();
	return ret;
}

static int move(struct attach *attach)
{
	struct agentsys_agent *agent = attach->agent;
	int ret;

	WRITE_ONCE(agent->has_cgroup, true);
	ret = agentsys_cgroup_make(agent->id);
	if (!ret)
		ret = agentsys_limits_write(agent);
	if (!ret)
		ret = agentsys_cgroup_move(agent->id, pid_nr(attach->pid));
	return ret;
}

/* It is in the cgroup: from here on its exec and exit are seen. */
static int adopt(struct attach *attach)
{
	struct agentsys_agent *agent = attach->agent;
	u64 id = cgroup_id_of(attach->pid);
	pid_t tgid = pid_nr(attach->pid);
	int status, exiting, ret;

	lockdep_assert_held(&agentsys_lock);

	if (!id)
		return -ESRCH;
	ret = agentsys_registry_bind(agent, id);
	if (ret)
		return ret;
	agent->cgroup_id = id;
	agent->ran_ns = ktime_get_boottime_ns(); /* before its end can be seen */
	agent->execs = 1;
	ret = agentsys_registry_set_main(agent, attach->pid);
	if (ret)
		return ret;

	/* Pairs with the decrement of signal->live, which the exit probe comes after. */
	smp_mb();
	exiting = is_exiting(attach->pid, &status);
	if (exiting && cmpxchg(&agent->tgid, tgid, 0) == tgid) {
		if (exiting < 0) {
			agentsys_registry_drop_main(agent);
			return exiting;
		}
		agent->wait_status = status;
		agent->ended_ns = ktime_get_boottime_ns();
		agent->oom = false;
		agent->alone = false;
		agent->nested = true;
		agentsys_mail_post(agent, AGENTSYS_MAIL_ENDED);
	}
	agentsys_mail_post(agent, AGENTSYS_MAIL_RAN);
	return 0;
}

static void attach_work(struct work_struct *work)
{
	struct attach *attach = container_of(work, struct attach, work);
	struct agentsys_agent *agent = attach->agent;
	int ret;

	ret = move(attach);

	mutex_lock(&agentsys_lock);
	list_del(&attach->node);
	if (!ret)
		ret = adopt(attach);
	if (ret) {
		agent->launch_error = -ret;
		agent->launch_step = AGENTSYS_STEP_ATTACH;
		agentsys_mail_post(agent, AGENTSYS_MAIL_LAUNCH_FAILED);
	}
	agentsys_mail_drain();
	agentsys_shutdown_late(agent);
	mutex_unlock(&agentsys_lock);

	agentsys_agent_put(agent);
	put_pid(attach->pid);
	kfree(attach);
}

/* Is it an agent's, or about to be? */
static bool is_taken(struct pid *pid)
{
	pid_t tgid = pid_nr(pid);
	struct agentsys_agent *agent;
	struct attach *attach;
	bool taken;

	lockdep_assert_held(&agentsys_lock);

	list_for_each_entry(attach, &under_way, node)
		if (attach->pid == pid)
			return true;
	rcu_read_lock();
	agent = agentsys_registry_of_main(tgid);
	taken = agent && READ_ONCE(agent->tgid) == tgid;
	rcu_read_unlock();
	return taken || cgroup_id_of(pid);
}

/* Why @pid cannot be adopted, or 0. */
static int check(struct pid *pid, struct netlink_ext_ack *extack)
{
	struct task_struct *task;
	int ret = 0;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID); /* NULL for NULL */
	if (!task || !atomic_read(&task->signal->live)) {
		NL_SET_ERR_MSG(extack, "no such process");
		ret = -ESRCH;
	} else if (is_global_init(task)) {
		NL_SET_ERR_MSG(extack, "pid 1 cannot be an agent");
		ret = -EINVAL;
	} else if (task->flags & PF_KTHREAD) {
		NL_SET_ERR_MSG(extack, "a kernel thread cannot be an agent");
		ret = -EINVAL;
	} else if (pid_nr(pid) == agentsys_launch_pid()) {
		NL_SET_ERR_MSG(extack, "the launcher cannot be an agent");
		ret = -EINVAL;
	} else if (is_taken(pid)) {
		NL_SET_ERR_MSG(extack, "the process is part of an agent already");
		ret = -EBUSY;
	}
	rcu_read_unlock();
	return ret;
}

/* Enter the record in state starting, as if it had been handed to a launcher. */
static int enter(struct attach *attach, u32 id, struct agentsys_waiter *waiter,
		 struct netlink_ext_ack *extack)
{
	struct agentsys_agent *agent = attach->agent;
	int ret = -ESHUTDOWN;
	bool standby = false;

	agentsys_group_defaults(agentsys_group_find(NULL), &agent->status.policy);
	agent->status.policy.max_restarts = 0;
	agent->node.temporary = true;
	if (!agentsys_shutdown_active()) {
		standby = agentsys_standby_take(&id);
		ret = agentsys_registry_add(agent, id, standby);
	}
	if (ret) {
		if (standby)
			agentsys_standby_give_back(id);
		NL_SET_ERR_MSG(extack,
			       "its id exists, there are too many, or a shutdown is under way");
		return ret;
	}
	agent->watched = waiter;
	if (waiter)
		agentsys_waiter_add(agent, waiter);
	agent->first = true;
	agent->by_hand = true;
	agent->begun_ns = ktime_get_boottime_ns();
	spin_lock(&agent->lock);
	agent->status.state = AGENTSYS_STARTING;
	agent->status.flags |= AGENTSYS_AGENT_ATTACHED;
	agent->status.instance = 1;
	spin_unlock(&agent->lock);
	agentsys_supervisor_hold(agent);
	agentsys_agent_get(agent);
	list_add(&attach->node, &under_way);
	queue_work(attach_wq, &attach->work);
	return 0;
}

int agentsys_attach(struct agentsys_agent *agent, u32 id, pid_t pid, struct agentsys_waiter *waiter,
		    struct netlink_ext_ack *extack)
{
	struct attach *attach = kzalloc(sizeof(*attach), GFP_KERNEL);
	int ret;

	if (!attach)
		return -ENOMEM;
	INIT_WORK(&attach->work, attach_work);
	attach->agent = agent;
	rcu_read_lock();
	attach->pid = get_pid(find_pid_ns(pid, &init_pid_ns));
	rcu_read_unlock();

	mutex_lock(&agentsys_lock);
	agentsys_mail_drain();
	ret = check(attach->pid, extack);
	if (!ret)
		ret = enter(attach, id, waiter, extack);
	mutex_unlock(&agentsys_lock);
	if (ret) {
		put_pid(attach->pid);
		kfree(attach);
	}
	return ret;
}

int agentsys_attach_init(void)
{
	attach_wq = alloc_workqueue("agentsys_attach", WQ_UNBOUND, 0);
	return attach_wq ? 0 : -ENOMEM;
}

void agentsys_attach_exit(void)
{
	destroy_workqueue(attach_wq);
}
