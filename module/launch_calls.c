// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls of the launcher and of the children that it bears.
 */
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "agent.h"
#include "cgroup.h"
#include "core/limits.h"
#include "launch_internal.h"
#include "limit.h"
#include "mailbox.h"
#include "registry.h"
#include "spec.h"
#include "uarg.h"

/* How often a new process looks whether the one before it is gone, every 50 to 100 us. */
#define PREVIOUS_TRIES 100

/* Marks a file that has joined, in its private_data. */
static char launcher_file;

/*
 * Asked before the supervisor lock is taken: anyone may call, and might be taken off
 * the processor for long while holding it.
 */
static bool is_launcher_file(const struct file *file)
{
	return READ_ONCE(file->private_data) == &launcher_file;
}

static bool is_launcher(const struct task_struct *task)
{
	pid_t tgid = READ_ONCE(agentsys_launch.tgid);

	return tgid && task_tgid_nr((struct task_struct *)task) == tgid;
}

static long launch_join(struct file *file, void __user *uarg)
{
	struct agentsys_launch_join arg;
	struct file *root;
	long ret;
	int fd;

	ret = agentsys_get_arg(&arg, uarg);
	if (ret)
		return ret;
	if (arg.flags)
		return -EINVAL;
	if (!is_launcher(current))
		return -EPERM;

	mutex_lock(&agentsys_lock);
	if (!is_launcher(current)) {
		ret = -EPERM;
		goto out;
	}
	if (agentsys_launch.state != LAUNCH_BEGUN) {
		ret = -EBUSY;
		goto out;
	}
	ret = fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		goto out;
	root = agentsys_cgroup_open_root();
	if (IS_ERR(root)) {
		put_unused_fd(fd);
		ret = PTR_ERR(root);
		goto out;
	}
	fd_install(fd, root);
	WRITE_ONCE(file->private_data, &launcher_file);
	agentsys_launch.file = file;
	agentsys_launch.state = LAUNCH_JOINED;
	agentsys_launch_progress();
out:
	mutex_unlock(&agentsys_lock);
	return ret;
}

/* The launcher is back: what it was busy with runs, has failed, or came to nothing. */
static void finish_job(void)
{
	lockdep_assert_held(&agentsys_lock);

	if (!agentsys_launch.job)
		return;
	if (agentsys_launch.committed)
		agentsys_launch_drop_job();
	else
		agentsys_launch_fail_job(EIO, AGENTSYS_STEP_CLONE);
	agentsys_launch_progress();
}

static bool has_job(void)
{
	return !list_empty(&agentsys_launch.queue) && !READ_ONCE(agentsys_launch.held);
}

/*
 * While it is idle the launcher handles what the exec probe posts: an agent that
 * has just been borne shall come to its first instruction, not make room for a
 * worker.
 */
static bool has_work(void)
{
	return has_job() || READ_ONCE(agentsys_launch.dismissed) || agentsys_mail_pending();
}

/* Wait for an agent to launch and make it the job. Success leaves the lock held. */
static int take_job(struct file *file)
{
	int ret;

	if (!is_launcher_file(file))
		return -EPERM;
	mutex_lock(&agentsys_lock);
	if (!is_launcher(current)) {
		mutex_unlock(&agentsys_lock);
		return -EPERM;
	}
	if (agentsys_launch.waiting) { /* a second thread of it */
		mutex_unlock(&agentsys_lock);
		return -EBUSY;
	}
	agentsys_mail_drain();
	finish_job();
	while (!has_job()) {
		if (agentsys_launch.dismissed) {
			agentsys_launch.state = LAUNCH_LEAVING;
			mutex_unlock(&agentsys_lock);
			return -ESHUTDOWN;
		}
		agentsys_launch.waiting = true;
		mutex_unlock(&agentsys_lock);
		ret = rcuwait_wait_event(&agentsys_launch_wait, has_work(), TASK_INTERRUPTIBLE);
		mutex_lock(&agentsys_lock);
		agentsys_launch.waiting = false;
		agentsys_mail_drain();
		if (ret) {
			mutex_unlock(&agentsys_lock);
			return -ERESTARTSYS;
		}
	}
	agentsys_launch.job =
		list_first_entry(&agentsys_launch.queue, struct agentsys_agent, launch_node);
	list_del_init(&agentsys_launch.job->launch_node);
	agentsys_launch.committed = false;
	agentsys_launch.job->token = ++agentsys_launch.token;
	WRITE_ONCE(agentsys_launch.job->has_cgroup, true);
	agentsys_launch_progress();
	return 0;
}

/* Give the launcher its own descriptors of the files that the agent gets. */
static int install_files(struct agentsys_job *job, const struct agentsys_spec *spec)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(spec->files); i++) {
		int fd;

		if (!spec->files[i])
			continue;
		fd = get_unused_fd_flags(O_CLOEXEC);
		if (fd < 0)
			return fd;
		fd_install(fd, get_file(spec->files[i]));
		job->stdio_at[i] = fd;
	}
	return 0;
}

static int put_job(const struct agentsys_launch_next *arg, struct agentsys_job *job,
		   const struct agentsys_spec *spec)
{
	void __user *buf = u64_to_user_ptr(arg->buf);
	int ret;

	if (copy_to_user(buf, spec->job, spec->job->size))
		return -EFAULT;
	ret = install_files(job, spec);
	if (!ret && copy_to_user(buf, job, sizeof(*job)))
		ret = -EFAULT;
	return ret;
}

/* As they are now: they may have been changed since it was spawned. */
static void put_limits(struct agentsys_job *job, struct agentsys_agent *agent)
{
	struct agentsys_limits limits;

	agentsys_limits_of(agent, &limits);
	agentsys_limits_effective(agent, &limits);
	job->memory_max = limits.max[AGENTSYS_LIMIT_MEMORY_MAX];
	job->memory_high = limits.max[AGENTSYS_LIMIT_MEMORY_HIGH];
	job->cpu_quota_us = limits.max[AGENTSYS_LIMIT_CPU_QUOTA];
	job->cpu_period_us = limits.max[AGENTSYS_LIMIT_CPU_PERIOD];
	job->pids_max = limits.max[AGENTSYS_LIMIT_PIDS_MAX];
}

static long launch_next(struct file *file, void __user *uarg)
{
	struct agentsys_launch_next arg;
	struct agentsys_spec *spec;
	struct agentsys_job job;
	int ret;

	ret = agentsys_get_arg(&arg, uarg);
	if (ret)
		return ret;
	if (arg.flags)
		return -EINVAL;
	if (arg.len < AGENTSYS_SPEC_MAX)
		return -ENOBUFS;

	ret = take_job(file);
	if (ret)
		return ret;
	spec = agentsys_spec_get(agentsys_launch.job->spec);
	job = *spec->job;
	job.agent_id = agentsys_launch.job->id;
	job.token = agentsys_launch.job->token;
	put_limits(&job, agentsys_launch.job);
	if (!agentsys_launch.job->cgroup_id)
		job.flags |= AGENTSYS_JOB_NEW_CGROUP;
	mutex_unlock(&agentsys_lock);

	ret = put_job(&arg, &job, spec);
	agentsys_spec_put(spec);
	if (ret) {
		mutex_lock(&agentsys_lock);
		if (agentsys_launch.job && agentsys_launch.job->token == job.token) {
			agentsys_launch_fail_job(-ret, AGENTSYS_STEP_LAUNCHER);
			agentsys_launch_progress();
		}
		mutex_unlock(&agentsys_lock);
	}
	return ret;
}

/* current is borne inside the cgroup of @agent: know it by that from now on. */
static int bind_cgroup(struct agentsys_agent *agent)
{
	struct cgroup *cgroup;
	u64 id = 0;
	int ret;

	lockdep_assert_held(&agentsys_lock);

	rcu_read_lock();
	cgroup = agentsys_cgroup_of(current);
	if (cgroup)
		id = cgroup_id(cgroup);
	rcu_read_unlock();
	if (!id)
		return -EPERM;
	if (id == agent->cgroup_id)
		return 0;
	ret = agentsys_registry_bind(agent, id);
	if (ret)
		return ret;
	if (agent->cgroup_id)
		agentsys_registry_unbind(agent->cgroup_id);
	agent->cgroup_id = id;
	return 0;
}

static long launch_commit(struct file *file, const struct agentsys_launch_result *arg)
{
	struct agentsys_agent *agent = agentsys_launch.job;
	int ret;

	lockdep_assert_held(&agentsys_lock);

	if (arg->error || arg->step)
		return -EINVAL;
	if (is_launcher(current))
		return -EPERM;
	if (!agent || agentsys_launch.committed || !arg->token || agent->token != arg->token)
		return -ECANCELED;
	if (agent->previous && !agentsys_launch_is_gone(agent->previous))
		return -EAGAIN;
	ret = bind_cgroup(agent);
	if (!ret)
		ret = agentsys_registry_set_main(agent, task_tgid(current));
	if (ret)
		return ret;
	put_pid(agent->previous);
	agent->previous = NULL;
	agentsys_launch.committed = true;
	agentsys_launch.deaths = 0;
	return 0;
}

/*
 * As a rule the instance before is gone by now, or will be in a moment. If not,
 * nobody else shall wait for it: the supervisor does that.
 */
static long launch_commit_patiently(struct file *file, const struct agentsys_launch_result *arg)
{
	unsigned int tries = PREVIOUS_TRIES;
	long ret;

	lockdep_assert_held(&agentsys_lock);

	while ((ret = launch_commit(file, arg)) == -EAGAIN && tries-- &&
	       !fatal_signal_pending(current)) {
		mutex_unlock(&agentsys_lock);
		usleep_range(50, 100);
		mutex_lock(&agentsys_lock);
	}
	if (ret == -EAGAIN) {
		agentsys_launch_fail_job(EAGAIN, AGENTSYS_STEP_CLONE);
		agentsys_launch_progress();
		ret = -ECANCELED;
	}
	return ret;
}

static long launch_fail(const struct agentsys_launch_result *arg)
{
	struct agentsys_agent *agent;
	int ret = -ECANCELED;

	lockdep_assert_held(&agentsys_lock);

	/* Later ones are the module's own. */
	if (!arg->error || arg->error > MAX_ERRNO || !arg->step || arg->step > AGENTSYS_STEP_ATTACH)
		return -EINVAL;

	if (agentsys_launch.job && arg->token && agentsys_launch.job->token == arg->token) {
		agentsys_launch_fail_job(arg->error, arg->step);
		agentsys_launch_progress();
		return 0;
	}
	/* Or a child that had committed before its launcher died. */
	agent = agentsys_registry_get_by_task(current);
	if (!agent)
		return ret;
	if (arg->token && agent->token == arg->token) {
		agentsys_launch_failed(agent, arg->error, arg->step);
		ret = 0;
	}
	agentsys_agent_put(agent);
	return ret;
}

static long launch_result(struct file *file, unsigned int nr, void __user *uarg)
{
	struct agentsys_launch_result arg;
	long ret;

	ret = agentsys_get_arg(&arg, uarg);
	if (ret)
		return ret;
	if (arg.reserved)
		return -EINVAL;
	if (!is_launcher_file(file))
		return -EPERM;

	mutex_lock(&agentsys_lock);
	if (nr == _IOC_NR(AGENTSYS_IOC_LAUNCH_COMMIT))
		ret = launch_commit_patiently(file, &arg);
	else
		ret = launch_fail(&arg);
	mutex_unlock(&agentsys_lock);
	return ret;
}

long agentsys_launch_ioctl(struct file *file, unsigned int nr, void __user *uarg)
{
	switch (nr) {
	case _IOC_NR(AGENTSYS_IOC_LAUNCH_JOIN):
		return launch_join(file, uarg);
	case _IOC_NR(AGENTSYS_IOC_LAUNCH_NEXT):
		return launch_next(file, uarg);
	default:
		return launch_result(file, nr, uarg);
	}
}

void agentsys_launch_release(struct file *file)
{
	if (!is_launcher_file(file))
		return;
	mutex_lock(&agentsys_lock);
	if (agentsys_launch.file == file)
		agentsys_launch.file = NULL;
	agentsys_launch_check_gone();
	mutex_unlock(&agentsys_lock);
}
