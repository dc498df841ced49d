// SPDX-License-Identifier: GPL-2.0-only
#include "threads.h"

#include <linux/init_task.h>
#include <linux/sched/jobctl.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/uaccess.h>
#include <linux/unistd.h>
#include <uapi/linux/futex.h>

#include <asm/syscall.h>

#include "agent.h"
#include "registry.h"

/**
 * struct seen - how many threads of an agent were at what, at one moment
 * @stopped: stopped
 * @blocked: slept uninterruptibly, or waited without a timeout for a lock
 * @parents: waited for a child
 * @others: none of all this: they run, or wait for something else
 */
struct seen {
	unsigned int stopped;
	unsigned int blocked;
	unsigned int parents;
	unsigned int others;
};

/* By a signal or a debugger, or frozen with its cgroup, by whoever. */
static bool is_stopped(struct task_struct *thread)
{
	return READ_ONCE(thread->__state) & (__TASK_STOPPED | __TASK_TRACED) ||
	       READ_ONCE(thread->jobctl) & JOBCTL_TRAP_FREEZE;
}

/* ---- what a thread sleeps in ---- */

static bool is_off_cpu(const struct task_struct *thread)
{
#ifdef CONFIG_SMP
	/* What it did before it left the processor is seen as well. */
	return !smp_load_acquire(&thread->on_cpu);
#else
	return true;
#endif
}

static unsigned long switches(const struct task_struct *thread)
{
	return READ_ONCE(thread->nvcsw) + READ_ONCE(thread->nivcsw);
}

/*
 * What it entered the kernel with. The kernel's function for that, which procfs uses, is not
 * for modules, and procfs waits for whoever executes a program. There is no way to hold the
 * stack either: it is read as what may be gone, and believed if the thread still sleeps, and
 * has not done anything since.
 */
static bool read_registers(struct task_struct *thread, struct pt_regs *regs)
{
	unsigned long before = switches(thread);

	smp_rmb(); /* what follows is as of later */
	if (!is_off_cpu(thread) ||
	    copy_from_kernel_nofault(regs, task_pt_regs(thread), sizeof(*regs)))
		return false;
	smp_rmb(); /* likewise */
	return READ_ONCE(thread->__state) & TASK_INTERRUPTIBLE && is_off_cpu(thread) &&
	       switches(thread) == before;
}

static bool waits_without_end(unsigned long op, unsigned long timeout)
{
	switch (op & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
	case FUTEX_WAIT_REQUEUE_PI:
		return !timeout;
	}
	return false;
}

static void see_sleeper(struct task_struct *thread, struct seen *seen)
{
	unsigned long arg[6];
	struct pt_regs regs;

	/*
	 * Numbers are the native ones; what another ABI's mean is not looked up. Workers of
	 * io_uring have the registers of who made them.
	 */
	if (!read_registers(thread, &regs) || thread->flags & PF_IO_WORKER ||
	    syscall_get_arch(thread) != syscall_get_arch(&init_task)) {
		seen->others++;
		return;
	}
	syscall_get_arguments(thread, &regs, arg);
	switch (syscall_get_nr(thread, &regs)) {
	case __NR_futex:
		if (waits_without_end(arg[1], arg[3]))
			seen->blocked++;
		else
			seen->others++;
		break;
	case __NR_futex_waitv:
		if (!arg[3])
			seen->blocked++;
		else
			seen->others++;
		break;
	case __NR_wait4:
	case __NR_waitid:
		/* It is looked at as well. */
		seen->parents++;
		break;
	default:
		seen->others++;
	}
}

static void see_thread(struct task_struct *thread, struct seen *seen)
{
	unsigned int state = READ_ONCE(thread->__state);

	if (READ_ONCE(thread->exit_state) || thread->flags & PF_EXITING)
		return;
	if (is_stopped(thread))
		seen->stopped++;
	else if (state & TASK_UNINTERRUPTIBLE && !(state & TASK_NOLOAD))
		seen->blocked++;
	else if (state & TASK_INTERRUPTIBLE)
		see_sleeper(thread, seen);
	else
		seen->others++;
}

static struct seen see(const struct agentsys_agent *agent)
{
	struct task_struct *process, *thread;
	struct seen seen = {};

	rcu_read_lock();
	for_each_process(process) {
		if (agentsys_registry_of_task(process) != agent)
			continue;
		/* It ends; what dumps its core may sleep on for long. */
		if (READ_ONCE(process->signal->flags) & SIGNAL_GROUP_EXIT) {
			seen.others++;
			continue;
		}
		for_each_thread(process, thread)
			see_thread(thread, &seen);
	}
	rcu_read_unlock();
	return seen;
}

bool agentsys_threads_hang(const struct agentsys_agent *agent)
{
	struct seen seen = see(agent);

	return seen.blocked && !seen.others && !seen.stopped;
}

bool agentsys_threads_stopped(const struct agentsys_agent *agent)
{
	struct seen seen = see(agent);

	return seen.stopped && !seen.blocked && !seen.parents && !seen.others;
}
