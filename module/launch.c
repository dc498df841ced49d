// SPDX-License-Identifier: GPL-2.0-only
#include "launch.h"

#include <linux/file.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/umh.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "agent.h"
#include "cgroup.h"
#include "mailbox.h"
#include "registry.h"
#include "spec.h"
#include "telemetry.h"

/* Launchers that may die in a row without bearing an agent before it is given up. */
#define LAUNCHER_TRIES	5

/* How long a launcher that nobody needs stays: long enough for a script's next line. */
#define LAUNCHER_LINGER	HZ

static char *launcher = "/usr/lib/agentsys/asm-launch";
module_param(launcher, charp, 0444);
MODULE_PARM_DESC(launcher, "path of the launcher (default /usr/lib/agentsys/asm-launch)");

static unsigned int launch_timeout_ms = 10000;
module_param(launch_timeout_ms, uint, 0444);
MODULE_PARM_DESC(launch_timeout_ms, "how long one launch may take up to its exec (default 10000)");

enum state {
	NONE,		/* no process */
	BEGUN,		/* started, has not joined yet */
	JOINED,		/* serves */
	LEAVING,	/* was told to exit */
};

/*
 * Guarded by the supervisor lock, but for @tgid.
 *
 * @state: see above
 * @pid: its process
 * @tgid: the same for the exit probe; who sets it to 0 handles the end
 * @wait_status: how it ended
 * @file: the file that has joined, compared only
 * @queue: agents to launch, with a reference each
 * @job: the one that is being borne, with its reference; NULL once it runs
 * @committed: its process has told that it is the main one
 * @error: the job was given up for this errno, 0 if it was not; it is over when
 *	the launcher is back or dead, because until then that may make the
 *	cgroup, or a process in it
 * @step: at which step
 * @token: of the last launch
 * @starts: launchers started
 * @deaths: launchers that died in a row
 * @unneeded: may be dismissed when it has lingered
 * @dismissed: is to exit
 * @deadline: jiffies by which there must be progress
 * @gone: to be called once there is no process and no file
 */
static struct {
	enum state state;
	struct pid *pid;
	pid_t tgid;
	int wait_status;
	struct file *file;
	struct list_head queue;
	struct agentsys_agent *job;
	bool committed;
	int error;
	enum agentsys_step step;
	u64 token;
	unsigned int starts;
	unsigned int deaths;
	bool unneeded;
	bool dismissed;
	unsigned long deadline;
	void (*gone)(void);
} self = {
	.queue = LIST_HEAD_INIT(self.queue),
};

static DECLARE_WAIT_QUEUE_HEAD(job_wait);

static void begin(struct work_struct *work);
static void ended(struct work_struct *work);
static void hung(struct work_struct *work);
static void lingered(struct work_struct *work);

static DECLARE_WORK(begin_work, begin);
static DECLARE_WORK(ended_work, ended);
static DECLARE_DELAYED_WORK(hung_work, hung);
static DECLARE_DELAYED_WORK(linger_work, lingered);

/* Marks a file that has joined, in its private_data. */
static char launcher_file;

static bool is_launcher_file(const struct file *file)
{
	return file->private_data == &launcher_file;
}

static bool is_launcher(const struct task_struct *task)
{
	pid_t tgid = READ_ONCE(self.tgid);

	return tgid && task_tgid_nr((struct task_struct *)task) == tgid;
}

/* Something moved: the launcher has its full time again, if there is work left. */
static void note_progress(void)
{
	unsigned long timeout = msecs_to_jiffies(launch_timeout_ms);

	lockdep_assert_held(&agentsys_lock);

	if (!self.job && list_empty(&self.queue)) {
		cancel_delayed_work(&hung_work);
		return;
	}
	self.deadline = jiffies + timeout;
	mod_delayed_work(agentsys_wq, &hung_work, timeout);
}

static void start_launcher(void)
{
	lockdep_assert_held(&agentsys_lock);

	self.state = BEGUN;
	self.starts++;
	WRITE_ONCE(self.dismissed, false);
	queue_work(system_unbound_wq, &begin_work);
}

static void check_gone(void)
{
	void (*gone)(void) = self.gone;

	if (gone && self.state == NONE && !self.file) {
		self.gone = NULL;
		gone();
	}
}

/* The main process of a launch that came to nothing is nobody's any more. */
static void forget_main(struct agentsys_agent *agent)
{
	agentsys_registry_drop_main(agent);
	agent->token = 0;
}

/* Give up on @agent. The caller has taken it off the queue, or it is the job. */
static void launch_failed(struct agentsys_agent *agent, int error, enum agentsys_step step)
{
	forget_main(agent);
	agent->launch_error = error;
	agent->launch_step = step;
	agentsys_mail_post(agent, AGENTSYS_MAIL_LAUNCH_FAILED);
}

static void drop_job(void)
{
	struct agentsys_agent *agent = self.job;

	self.job = NULL;
	self.committed = false;
	self.error = 0;
	agentsys_agent_put(agent);
}

/* The job fails; @error and @step say why if it was not given up before. */
static void fail_job(int error, enum agentsys_step step)
{
	if (self.error)
		launch_failed(self.job, self.error, self.step);
	else
		launch_failed(self.job, error, step);
	drop_job();
}

/* Give up the job. Its process, if there will be one, cannot commit any more. */
static void give_up_job(int error, enum agentsys_step step)
{
	self.job->token = 0;
	self.error = error;
	self.step = step;
}

static void fail_queue(int error)
{
	struct agentsys_agent *agent, *next;

	list_for_each_entry_safe(agent, next, &self.queue, launch_node) {
		list_del_init(&agent->launch_node);
		launch_failed(agent, error, AGENTSYS_STEP_LAUNCHER);
		agentsys_agent_put(agent);
	}
}

/* There is no launcher process any more. */
static void bury(void)
{
	bool expected = self.state == LEAVING;

	lockdep_assert_held(&agentsys_lock);

	put_pid(self.pid);
	self.pid = NULL;
	self.state = NONE;

	if (self.job && self.committed) {
		/* It goes on by itself, but does not have for ever. */
		agentsys_agent_arm(self.job, launch_timeout_ms);
		drop_job();
	} else if (self.job) {
		/*
		 * It may have a child that has not committed. That one is killed,
		 * and too late in any case: its token is void.
		 */
		agentsys_cgroup_kill(self.job->id);
		if (self.error) {
			fail_job(0, 0);
		} else {
			self.job->token = 0;
			list_add(&self.job->launch_node, &self.queue);
			self.job = NULL;
		}
	}

	if (!expected) {
		struct agentsys_event event = {
			.type = AGENTSYS_EVENT_LAUNCHER,
			.code = self.wait_status & 0x7f ?: self.wait_status >> 8,
			.value = ++self.deaths,
		};

		agentsys_event(&event);
	}
	if (self.deaths >= LAUNCHER_TRIES)
		fail_queue(EIO);
	if (list_empty(&self.queue))
		self.deaths = 0;
	else
		start_launcher();
	note_progress();
	check_gone();
}

static void ended(struct work_struct *work)
{
	mutex_lock(&agentsys_lock);
	if (self.state != NONE)
		bury();
	mutex_unlock(&agentsys_lock);
}

void agentsys_launch_probe_exit(pid_t tgid, int wait_status)
{
	if (READ_ONCE(self.tgid) != tgid || cmpxchg(&self.tgid, tgid, 0) != tgid)
		return;
	self.wait_status = wait_status;
	queue_work(agentsys_wq, &ended_work);
}

/* In the new process, before it executes the launcher. */
static int began(struct subprocess_info *info, struct cred *new)
{
	mutex_lock(&agentsys_lock);
	self.pid = get_pid(task_tgid(current));
	WRITE_ONCE(self.tgid, task_tgid_nr(current));
	mutex_unlock(&agentsys_lock);
	return 0;
}

static void begin(struct work_struct *work)
{
	static char *envp[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	static char *argv[2];
	struct subprocess_info *info;
	unsigned int start;
	int ret = -ENOMEM;
	pid_t tgid;

	mutex_lock(&agentsys_lock);
	start = self.starts;
	mutex_unlock(&agentsys_lock);

	argv[0] = launcher;
	info = call_usermodehelper_setup(launcher, argv, envp, GFP_KERNEL, began, NULL, NULL);
	if (info)
		ret = call_usermodehelper_exec(info, UMH_WAIT_EXEC);
	if (!ret)
		return;

	mutex_lock(&agentsys_lock);
	tgid = READ_ONCE(self.tgid);
	/*
	 * If the exit probe was first, ended() counts it as a death and tries
	 * again; it may have done so already.
	 */
	if (self.state == BEGUN && self.starts == start &&
	    (tgid ? cmpxchg(&self.tgid, tgid, 0) == tgid : !self.pid)) {
		pr_err_ratelimited("cannot start the launcher %s: error %d\n", launcher, ret);
		self.wait_status = 127 << 8;
		fail_queue(EIO);
		bury();
	}
	mutex_unlock(&agentsys_lock);
}

/* No progress within launch_timeout_ms. */
static void hung(struct work_struct *work)
{
	mutex_lock(&agentsys_lock);
	agentsys_mail_drain();	/* it may have run by now */
	if (!self.job && list_empty(&self.queue))
		goto out;
	if (time_before(jiffies, self.deadline))
		goto out;	/* it was put off meanwhile */
	if (!self.job) {
		fail_queue(ETIMEDOUT);
	} else if (self.committed || self.error == ETIMEDOUT) {
		/* What the launcher could still do to the cgroup is done, or never will be. */
		agentsys_cgroup_kill(self.job->id);
		fail_job(ETIMEDOUT, AGENTSYS_STEP_TIMEOUT);
	} else {
		give_up_job(ETIMEDOUT, AGENTSYS_STEP_TIMEOUT);
	}
	if (self.pid)
		kill_pid(self.pid, SIGKILL, 1);
	note_progress();
out:
	mutex_unlock(&agentsys_lock);
}

/* Dismiss it, and kill it if it has not left after the time it has for anything else. */
static void lingered(struct work_struct *work)
{
	mutex_lock(&agentsys_lock);
	if (!self.unneeded || self.state == NONE)
		goto out;
	if (self.dismissed) {
		if (self.pid)
			kill_pid(self.pid, SIGKILL, 1);
	} else {
		WRITE_ONCE(self.dismissed, true);
		wake_up(&job_wait);
	}
	queue_delayed_work(agentsys_wq, &linger_work, msecs_to_jiffies(launch_timeout_ms));
out:
	mutex_unlock(&agentsys_lock);
}

void agentsys_launch_dismiss(bool now)
{
	lockdep_assert_held(&agentsys_lock);

	if (self.unneeded && self.dismissed)
		return;		/* on its way out, and watched */
	self.unneeded = true;
	mod_delayed_work(agentsys_wq, &linger_work, now ? 0 : LAUNCHER_LINGER);
}

bool agentsys_launch_gone(void (*fn)(void))
{
	lockdep_assert_held(&agentsys_lock);

	if (self.state == NONE && !self.file)
		return true;
	self.gone = fn;
	return false;
}

void agentsys_launch_queue(struct agentsys_agent *agent)
{
	lockdep_assert_held(&agentsys_lock);

	self.unneeded = false;
	WRITE_ONCE(self.dismissed, false);
	agent->token = 0;
	list_add_tail(&agentsys_agent_get(agent)->launch_node, &self.queue);
	if (self.state == NONE)
		start_launcher();
	else if (self.state == JOINED)
		wake_up(&job_wait);
	if (!self.job && list_is_singular(&self.queue))
		note_progress();
}

bool agentsys_launch_cancel(struct agentsys_agent *agent)
{
	lockdep_assert_held(&agentsys_lock);

	if (!list_empty(&agent->launch_node)) {
		list_del_init(&agent->launch_node);
		agentsys_agent_put(agent);
		note_progress();
		return true;
	}
	if (self.job != agent)
		return !agent->main;
	if (!self.committed && !self.error)
		give_up_job(ECANCELED, AGENTSYS_STEP_NONE);
	return false;
}

void agentsys_launch_done(struct agentsys_agent *agent)
{
	lockdep_assert_held(&agentsys_lock);

	agent->token = 0;
	if (self.job == agent) {
		drop_job();
		note_progress();
	}
}

pid_t agentsys_launch_pid(void)
{
	return READ_ONCE(self.tgid);
}

const char *agentsys_launch_path(void)
{
	return launcher;
}

#define get_arg(arg, uarg) get_struct(arg, sizeof(*(arg)), uarg)

/* Every version so far is the first: shorter is too short. */
static int get_struct(void *arg, size_t ksize, void __user *uarg)
{
	u32 size;

	if (get_user(size, (u32 __user *)uarg))
		return -EFAULT;
	if (size < ksize)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	return copy_struct_from_user(arg, ksize, uarg, size);
}

static long launch_join(struct file *file, void __user *uarg)
{
	struct agentsys_launch_join arg;
	struct file *root;
	long ret;
	int fd;

	ret = get_arg(&arg, uarg);
	if (ret)
		return ret;
	if (arg.flags)
		return -EINVAL;

	mutex_lock(&agentsys_lock);
	if (!is_launcher(current)) {
		ret = -EPERM;
		goto out;
	}
	if (self.state != BEGUN) {
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
	file->private_data = &launcher_file;
	self.file = file;
	self.state = JOINED;
	note_progress();
out:
	mutex_unlock(&agentsys_lock);
	return ret;
}

/* The launcher is back: what it was busy with runs, has failed, or came to nothing. */
static void finish_job(void)
{
	if (!self.job)
		return;
	if (self.committed)
		drop_job();
	else
		fail_job(EIO, AGENTSYS_STEP_CLONE);
	note_progress();
}

void agentsys_launch_kick(void)
{
	if (wq_has_sleeper(&job_wait))
		wake_up(&job_wait);
}

/*
 * While it is idle the launcher handles what the exec probe posts: an agent that
 * has just been borne shall come to its first instruction, not make room for a
 * worker.
 */
static bool has_work(void)
{
	return !list_empty(&self.queue) || READ_ONCE(self.dismissed) ||
	       agentsys_mail_pending();
}

/* Wait for an agent to launch and make it the job. Success leaves the lock held. */
static int take_job(struct file *file)
{
	int ret;

	mutex_lock(&agentsys_lock);
	if (!is_launcher_file(file) || !is_launcher(current)) {
		mutex_unlock(&agentsys_lock);
		return -EPERM;
	}
	agentsys_mail_drain();
	finish_job();
	while (list_empty(&self.queue)) {
		if (self.dismissed) {
			self.state = LEAVING;
			mutex_unlock(&agentsys_lock);
			return -ESHUTDOWN;
		}
		mutex_unlock(&agentsys_lock);
		ret = wait_event_interruptible(job_wait, has_work());
		if (ret) {
			agentsys_mail_kick();
			return ret;
		}
		mutex_lock(&agentsys_lock);
		agentsys_mail_drain();
	}
	if (self.job) {		/* a second thread of it was faster */
		mutex_unlock(&agentsys_lock);
		return -EBUSY;
	}
	self.job = list_first_entry(&self.queue, struct agentsys_agent, launch_node);
	list_del_init(&self.job->launch_node);
	self.committed = false;
	self.job->token = ++self.token;
	WRITE_ONCE(self.job->has_cgroup, true);
	note_progress();
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

static long launch_next(struct file *file, void __user *uarg)
{
	struct agentsys_launch_next arg;
	struct agentsys_spec *spec;
	struct agentsys_job job;
	int ret;

	ret = get_arg(&arg, uarg);
	if (ret)
		return ret;
	if (arg.flags)
		return -EINVAL;
	if (arg.len < AGENTSYS_SPEC_MAX)
		return -ENOBUFS;

	ret = take_job(file);
	if (ret)
		return ret;
	spec = agentsys_spec_get(self.job->spec);
	job = *spec->job;
	job.agent_id = self.job->id;
	job.token = self.job->token;
	if (!self.job->cgroup_id)
		job.flags |= AGENTSYS_JOB_NEW_CGROUP;
	mutex_unlock(&agentsys_lock);

	ret = put_job(&arg, &job, spec);
	agentsys_spec_put(spec);
	if (ret) {
		mutex_lock(&agentsys_lock);
		if (self.job && self.job->token == job.token) {
			fail_job(-ret, AGENTSYS_STEP_LAUNCHER);
			note_progress();
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
	struct agentsys_agent *agent = self.job;
	int ret;

	if (arg->error || arg->step)
		return -EINVAL;
	if (is_launcher(current))
		return -EPERM;
	if (!agent || self.committed || agent->token != arg->token)
		return -ECANCELED;
	ret = bind_cgroup(agent);
	if (!ret)
		ret = agentsys_registry_set_main(agent, task_tgid(current));
	if (ret)
		return ret;
	self.committed = true;
	self.deaths = 0;
	return 0;
}

static long launch_fail(const struct agentsys_launch_result *arg)
{
	struct agentsys_agent *agent;
	int ret = -ECANCELED;

	if (!arg->error || arg->error > MAX_ERRNO || !arg->step || arg->step >= __AGENTSYS_STEPS)
		return -EINVAL;

	if (self.job && arg->token && self.job->token == arg->token) {
		fail_job(arg->error, arg->step);
		note_progress();
		return 0;
	}
	/* Or a child that had committed before its launcher died. */
	agent = agentsys_registry_get_by_task(current);
	if (!agent)
		return ret;
	if (arg->token && agent->token == arg->token) {
		launch_failed(agent, arg->error, arg->step);
		ret = 0;
	}
	agentsys_agent_put(agent);
	return ret;
}

static long launch_result(struct file *file, unsigned int nr, void __user *uarg)
{
	struct agentsys_launch_result arg;
	long ret;

	ret = get_arg(&arg, uarg);
	if (ret)
		return ret;
	if (arg.reserved)
		return -EINVAL;

	mutex_lock(&agentsys_lock);
	if (!is_launcher_file(file))
		ret = -EPERM;
	else if (nr == _IOC_NR(AGENTSYS_IOC_LAUNCH_COMMIT))
		ret = launch_commit(file, &arg);
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
	if (self.file == file)
		self.file = NULL;
	check_gone();
	mutex_unlock(&agentsys_lock);
}

int agentsys_launch_init(void)
{
	return launch_timeout_ms ? 0 : -EINVAL;
}

/* Nobody is live, so nothing is queued; a launcher may be on its way all the same. */
void agentsys_launch_exit(void)
{
	cancel_work_sync(&begin_work);
	mutex_lock(&agentsys_lock);
	if (self.pid)
		kill_pid(self.pid, SIGKILL, 1);
	put_pid(self.pid);
	self.pid = NULL;
	self.state = NONE;
	mutex_unlock(&agentsys_lock);
	cancel_work_sync(&ended_work);
	cancel_delayed_work_sync(&hung_work);
	cancel_delayed_work_sync(&linger_work);
}
