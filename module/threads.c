// SPDX-License-Identifier: GPL-2.0-only
#include "threads.h"

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/pid_namespace.h>
#include <linux/rwsem.h>
#include <linux/sched/jobctl.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/unistd.h>

#include "agent.h"
#include "registry.h"

/* One with more threads that sleep is not said to hang. */
#define SLEEPERS_MAX 256

/* By a signal or a debugger, or frozen with its cgroup, by whoever. */
static bool is_stopped(struct task_struct *thread)
{
	return READ_ONCE(thread->__state) & (__TASK_STOPPED | __TASK_TRACED) ||
	       READ_ONCE(thread->jobctl) & JOBCTL_TRAP_FREEZE;
}

/*
 * Is a program being executed in its place? procfs would wait until the memory of the one
 * before has gone, which may take as long as what is still to be written to it.
 */
static bool is_in_exec(const struct task_struct *thread)
{
	return thread->in_execve || rwsem_is_locked(&thread->signal->exec_update_lock);
}

/**
 * struct seen - the threads of an agent at one moment
 * @stopped: how many were stopped
 * @blocked: how many slept uninterruptibly
 * @running: how many did none of all this
 * @n: how many slept
 * @sleeper: which; the first SLEEPERS_MAX of them
 */
struct seen {
	unsigned int stopped;
	unsigned int blocked;
	unsigned int running;
	unsigned int n;
	pid_t sleeper[SLEEPERS_MAX];
};

static void see_thread(struct task_struct *thread, struct seen *seen)
{
	unsigned int state = READ_ONCE(thread->__state);

	if (READ_ONCE(thread->exit_state) || thread->flags & PF_EXITING)
		return;
	if (is_stopped(thread)) {
		seen->stopped++;
	} else if (is_in_exec(thread)) {
		seen->running++;
	} else if (state & TASK_UNINTERRUPTIBLE && !(state & TASK_NOLOAD)) {
		seen->blocked++;
	} else if (state & TASK_INTERRUPTIBLE) {
		if (seen->n < SLEEPERS_MAX)
			seen->sleeper[seen->n] = task_pid_nr(thread);
		seen->n++;
	} else {
		seen->running++;
	}
}

static void see(const struct agentsys_agent *agent, struct seen *seen)
{
	struct task_struct *process, *thread;

	rcu_read_lock();
	for_each_process(process) {
		if (agentsys_registry_of_task(process) != agent)
			continue;
		for_each_thread(process, thread)
			see_thread(thread, seen);
	}
	rcu_read_unlock();
}

/* ---- what a thread sleeps in ---- */

enum waits_for {
	WAITS_FOR_OTHERS,
	WAITS_FOR_CHILD,
	WAITS_FOR_LOCK,
};

/* procfs tells the system call of a thread; there is no function for modules that does. */
static ssize_t read_syscall(pid_t tid, char *buf, size_t size)
{
	struct kvec vec = { .iov_base = buf, .iov_len = size - 1 };
	struct iov_iter iter;
	struct kiocb iocb;
	struct file *file;
	char path[32];
	ssize_t ret;

	snprintf(path, sizeof(path), "/proc/%d/syscall", tid);
	file = filp_open(path, O_RDONLY, 0);
	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = -EOPNOTSUPP;
	if (file->f_op->read == seq_read) { /* it is what it should be */
		init_sync_kiocb(&iocb, file);
		iov_iter_kvec(&iter, READ, &vec, 1, vec.iov_len);
		ret = seq_read_iter(&iocb, &iter);
	}
	filp_close(file, NULL);
	buf[max_t(ssize_t, ret, 0)] = '\0';
	return ret;
}

/* Has what was seen to sleep begun to execute something since, or gone? */
static bool is_changing(pid_t tid)
{
	struct task_struct *thread;
	bool changes;

	rcu_read_lock();
	thread = pid_task(find_pid_ns(tid, &init_pid_ns), PIDTYPE_PID);
	changes = !thread || is_in_exec(thread);
	rcu_read_unlock();
	return changes;
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

static enum waits_for waits_for(pid_t tid)
{
	unsigned long arg[4];
	char text[160];
	int nr, n;

	if (is_changing(tid) || read_syscall(tid, text, sizeof(text)) <= 0)
		return WAITS_FOR_OTHERS;
	n = sscanf(text, "%d 0x%lx 0x%lx 0x%lx 0x%lx", &nr, &arg[0], &arg[1], &arg[2], &arg[3]);
	if (n != 5)
		return WAITS_FOR_OTHERS;
	switch (nr) {
	case __NR_futex:
		return waits_without_end(arg[1], arg[3]) ? WAITS_FOR_LOCK : WAITS_FOR_OTHERS;
	case __NR_futex_waitv:
		return arg[3] ? WAITS_FOR_OTHERS : WAITS_FOR_LOCK;
	case __NR_wait4:
	case __NR_waitid:
		return WAITS_FOR_CHILD;
	}
	return WAITS_FOR_OTHERS;
}

static bool hang(const struct seen *seen)
{
	unsigned int locked = seen->blocked;
	unsigned int i;

	if (seen->running || seen->stopped || seen->n > SLEEPERS_MAX)
		return false;
	for (i = 0; i < seen->n; i++) {
		switch (waits_for(seen->sleeper[i])) {
		case WAITS_FOR_OTHERS:
			return false;
		case WAITS_FOR_LOCK:
			locked++;
			break;
		case WAITS_FOR_CHILD: /* which is looked at as well */
			break;
		}
	}
	return locked;
}

bool agentsys_threads_hang(const struct agentsys_agent *agent)
{
	struct seen *seen = kzalloc(sizeof(*seen), GFP_KERNEL);
	bool hangs;

	if (!seen)
		return false;
	see(agent, seen);
	hangs = hang(seen);
	kfree(seen);
	return hangs;
}

bool agentsys_threads_stopped(const struct agentsys_agent *agent)
{
	struct seen *seen = kzalloc(sizeof(*seen), GFP_KERNEL);
	bool stopped;

	if (!seen)
		return false;
	see(agent, seen);
	stopped = seen->stopped && !seen->blocked && !seen->running && !seen->n;
	kfree(seen);
	return stopped;
}
