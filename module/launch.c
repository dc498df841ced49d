// SPDX-License-Identifier: GPL-2.0-only
#include "launch_internal.h"

#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/umh.h>
#include <linux/workqueue.h>

#include "agent.h"
#include "cgroup.h"
#include "mailbox.h"
#include "registry.h"
#include "telemetry.h"

/* Launchers that may die in a row without bearing an agent before it is given up. */
#define LAUNCHER_TRIES 5

/* How long a launcher that nobody needs stays: long enough for a script's next line. */
#define LAUNCHER_LINGER HZ

static char *launcher = "/usr/lib/agentsys/asm-launch";
module_param(launcher, charp, 0444);
MODULE_PARM_DESC(launcher, "path of the launcher (default /usr/lib/agentsys/asm-launch)");

static unsigned int launch_timeout_ms = 10000;
module_param(launch_timeout_ms, uint, 0444);
MODULE_PARM_DESC(launch_timeout_ms, "how long one launch may take up to its exec (default 10000)");

struct agentsys_launch agentsys_launch = {
	.queue = LIST_HEAD_INIT(agentsys_launch.queue),
};

struct rcuwait agentsys_launch_wait = __RCUWAIT_INITIALIZER(agentsys_launch_wait);

static void begin(struct work_struct *work);
static void ended(struct work_struct *work);
static void hung(struct work_struct *work);
static void lingered(struct work_struct *work);
static void look_if_gone(struct work_struct *work);

static DECLARE_WORK(begin_work, begin);
static DECLARE_WORK(ended_work, ended);
static DECLARE_DELAYED_WORK(hung_work, hung);
static DECLARE_DELAYED_WORK(linger_work, lingered);
static DECLARE_DELAYED_WORK(gone_work, look_if_gone);

/* Something moved: the launcher has its full time again, if there is work left. */
void agentsys_launch_progress(void)
{
	unsigned long timeout = msecs_to_jiffies(launch_timeout_ms);

	lockdep_assert_held(&agentsys_lock);

	if (agentsys_launch.held || (!agentsys_launch.job && list_empty(&agentsys_launch.queue))) {
		cancel_delayed_work(&hung_work);
		return;
	}
	agentsys_launch.deadline = jiffies + timeout;
	mod_delayed_work(agentsys_wq, &hung_work, timeout);
}

static void start_launcher(void)
{
	lockdep_assert_held(&agentsys_lock);

	if (agentsys_launch.held)
		return; /* until it is not */
	agentsys_launch.state = LAUNCH_BEGUN;
	agentsys_launch.starts++;
	WRITE_ONCE(agentsys_launch.dismissed, false);
	queue_work(system_unbound_wq, &begin_work);
}

bool agentsys_launch_is_gone(struct pid *pid)
{
	struct task_struct *leader, *thread;
	bool gone = true;

	rcu_read_lock();
	leader = pid_task(pid, PIDTYPE_TGID);
	if (leader)
		for_each_thread(leader, thread)
			gone = gone && READ_ONCE(thread->exit_state);
	rcu_read_unlock();
	return gone;
}

/* Nothing but the last moments of the process, if those, are left. */
static bool has_left(void)
{
	return agentsys_launch.state == LAUNCH_NONE && !agentsys_launch.file;
}

/*
 * A file holds the module until a moment after its release, but not beyond the end
 * of the process that had it open.
 */
static bool is_gone(void)
{
	return has_left() && agentsys_launch_is_gone(agentsys_launch.last);
}

void agentsys_launch_check_gone(void)
{
	void (*gone)(void) = agentsys_launch.gone;

	lockdep_assert_held(&agentsys_lock);

	if (!gone)
		return;
	if (is_gone()) {
		agentsys_launch.gone = NULL;
		gone();
	} else if (has_left()) {
		mod_delayed_work(agentsys_wq, &gone_work, 1);
	}
}

static void look_if_gone(struct work_struct *work)
{
	mutex_lock(&agentsys_lock);
	agentsys_launch_check_gone();
	mutex_unlock(&agentsys_lock);
}

/* The main process of a launch that came to nothing is nobody's any more. */
static void forget_main(struct agentsys_agent *agent)
{
	agentsys_registry_drop_main(agent);
	agent->token = 0;
}

/* Give up on @agent. The caller has taken it off the queue, or it is the job. */
void agentsys_launch_failed(struct agentsys_agent *agent, int error, enum agentsys_step step)
{
	lockdep_assert_held(&agentsys_lock);

	forget_main(agent);
	agent->launch_error = error;
	agent->launch_step = step;
	agentsys_mail_post(agent, AGENTSYS_MAIL_LAUNCH_FAILED);
}

void agentsys_launch_drop_job(void)
{
	struct agentsys_agent *agent = agentsys_launch.job;

	lockdep_assert_held(&agentsys_lock);

	agentsys_launch.job = NULL;
	agentsys_launch.committed = false;
	agentsys_launch.error = 0;
	agentsys_agent_put(agent);
}

/* The job fails; @error and @step say why if it was not given up before. */
void agentsys_launch_fail_job(int error, enum agentsys_step step)
{
	lockdep_assert_held(&agentsys_lock);

	if (agentsys_launch.error)
		agentsys_launch_failed(agentsys_launch.job, agentsys_launch.error,
				       agentsys_launch.step);
	else
		agentsys_launch_failed(agentsys_launch.job, error, step);
	agentsys_launch_drop_job();
}

/* Give up the job. Its process, if there will be one, cannot commit any more. */
static void give_up_job(int error, enum agentsys_step step)
{
	lockdep_assert_held(&agentsys_lock);

	agentsys_launch.job->token = 0;
	agentsys_launch.error = error;
	agentsys_launch.step = step;
}

static void fail_queue(int error)
{
	struct agentsys_agent *agent, *next;

	lockdep_assert_held(&agentsys_lock);

	list_for_each_entry_safe(agent, next, &agentsys_launch.queue, launch_node) {
		list_del_init(&agent->launch_node);
		agentsys_launch_failed(agent, error, AGENTSYS_STEP_LAUNCHER);
		agentsys_agent_put(agent);
	}
}

/* There is no launcher process any more. */
static void bury(void)
{
	bool expected = agentsys_launch.state == LAUNCH_LEAVING;
	int status = agentsys_launch.wait_status;

	lockdep_assert_held(&agentsys_lock);

	put_pid(agentsys_launch.last);
	agentsys_launch.last = agentsys_launch.pid;
	agentsys_launch.pid = NULL;
	agentsys_launch.state = LAUNCH_NONE;

	if (agentsys_launch.job && agentsys_launch.committed) {
		/* It goes on by itself, but does not have for ever. */
		agentsys_agent_arm(agentsys_launch.job, launch_timeout_ms);
		agentsys_launch_drop_job();
	} else if (agentsys_launch.job) {
		/*
		 * It may have a child that has not committed. That one is killed,
		 * and too late in any case: its token is void.
		 */
		agentsys_cgroup_kill(agentsys_launch.job->id);
		if (agentsys_launch.error) {
			agentsys_launch_fail_job(0, 0);
		} else {
			agentsys_launch.job->token = 0;
			list_add(&agentsys_launch.job->launch_node, &agentsys_launch.queue);
			agentsys_launch.job = NULL;
		}
	}

	if (!expected) {
		struct agentsys_event event = {
			.type = AGENTSYS_EVENT_LAUNCHER,
			.code = status & 0x7f ?: status >> 8,
			.value = ++agentsys_launch.deaths,
		};

		agentsys_event(&event);
	}
	if (agentsys_launch.deaths >= LAUNCHER_TRIES)
		fail_queue(EIO);
	if (list_empty(&agentsys_launch.queue))
		agentsys_launch.deaths = 0;
	else
		start_launcher();
	agentsys_launch_progress();
	agentsys_launch_check_gone();
}

static void ended(struct work_struct *work)
{
	mutex_lock(&agentsys_lock);
	if (agentsys_launch.state != LAUNCH_NONE)
		bury();
	mutex_unlock(&agentsys_lock);
}

void agentsys_launch_probe_exit(pid_t tgid, int wait_status)
{
	if (READ_ONCE(agentsys_launch.tgid) != tgid ||
	    cmpxchg(&agentsys_launch.tgid, tgid, 0) != tgid)
		return;
	agentsys_launch.wait_status = wait_status;
	queue_work(agentsys_wq, &ended_work);
}

/* In the new process, before it executes the launcher. */
static int began(struct subprocess_info *info, struct cred *new)
{
	mutex_lock(&agentsys_lock);
	agentsys_launch.pid = get_pid(task_tgid(current));
	WRITE_ONCE(agentsys_launch.tgid, task_tgid_nr(current));
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
	start = agentsys_launch.starts;
	mutex_unlock(&agentsys_lock);

	argv[0] = launcher;
	info = call_usermodehelper_setup(launcher, argv, envp, GFP_KERNEL, began, NULL, NULL);
	if (info)
		ret = call_usermodehelper_exec(info, UMH_WAIT_EXEC);
	if (!ret)
		return;

	mutex_lock(&agentsys_lock);
	tgid = READ_ONCE(agentsys_launch.tgid);
	/*
	 * If the exit probe was first, ended() counts it as a death and tries
	 * again; it may have done so already.
	 */
	if (agentsys_launch.state == LAUNCH_BEGUN && agentsys_launch.starts == start &&
	    (tgid ? cmpxchg(&agentsys_launch.tgid, tgid, 0) == tgid : !agentsys_launch.pid)) {
		pr_err_ratelimited("cannot start the launcher %s: error %d\n", launcher, ret);
		agentsys_launch.wait_status = 127 << 8;
		fail_queue(EIO);
		bury();
	}
	mutex_unlock(&agentsys_lock);
}

/* No progress within launch_timeout_ms. */
static void hung(struct work_struct *work)
{
	mutex_lock(&agentsys_lock);
	agentsys_mail_drain(); /* it may have run by now */
	if (agentsys_launch.held || (!agentsys_launch.job && list_empty(&agentsys_launch.queue)))
		goto out;
	if (time_before(jiffies, agentsys_launch.deadline))
		goto out; /* it was put off meanwhile */
	if (!agentsys_launch.job) {
		fail_queue(ETIMEDOUT);
	} else if (agentsys_launch.committed || agentsys_launch.error == ETIMEDOUT) {
		/* What the launcher could still do to the cgroup is done, or never will be. */
		agentsys_cgroup_kill(agentsys_launch.job->id);
		agentsys_launch_fail_job(ETIMEDOUT, AGENTSYS_STEP_TIMEOUT);
	} else {
		give_up_job(ETIMEDOUT, AGENTSYS_STEP_TIMEOUT);
	}
	agentsys_launch_kill();
	agentsys_launch_progress();
out:
	mutex_unlock(&agentsys_lock);
}

/* Dismiss it, and kill it if it has not left after the time it has for anything else. */
static void lingered(struct work_struct *work)
{
	mutex_lock(&agentsys_lock);
	if (!agentsys_launch.unneeded || agentsys_launch.state == LAUNCH_NONE)
		goto out;
	if (agentsys_launch.dismissed) {
		agentsys_launch_kill();
	} else {
		WRITE_ONCE(agentsys_launch.dismissed, true);
		rcuwait_wake_up(&agentsys_launch_wait);
	}
	queue_delayed_work(agentsys_wq, &linger_work, msecs_to_jiffies(launch_timeout_ms));
out:
	mutex_unlock(&agentsys_lock);
}

void agentsys_launch_dismiss(bool now)
{
	lockdep_assert_held(&agentsys_lock);

	if (agentsys_launch.unneeded && agentsys_launch.dismissed)
		return; /* on its way out, and watched */
	agentsys_launch.unneeded = true;
	mod_delayed_work(agentsys_wq, &linger_work, now ? 0 : LAUNCHER_LINGER);
}

void agentsys_launch_hold(bool hold)
{
	lockdep_assert_held(&agentsys_lock);

	WRITE_ONCE(agentsys_launch.held, hold);
	if (!hold && !list_empty(&agentsys_launch.queue)) {
		if (agentsys_launch.state == LAUNCH_NONE)
			start_launcher();
		else if (agentsys_launch.state == LAUNCH_JOINED)
			rcuwait_wake_up(&agentsys_launch_wait);
	}
	agentsys_launch_progress();
}

void agentsys_launch_kill(void)
{
	lockdep_assert_held(&agentsys_lock);

	if (agentsys_launch.pid)
		kill_pid(agentsys_launch.pid, SIGKILL, 1);
}

bool agentsys_launch_gone(void (*fn)(void))
{
	lockdep_assert_held(&agentsys_lock);

	/* Whoever waited before does so no more. */
	agentsys_launch.gone = NULL;
	if (is_gone())
		return true;
	agentsys_launch.gone = fn;
	agentsys_launch_check_gone();
	return false;
}

void agentsys_launch_queue(struct agentsys_agent *agent)
{
	lockdep_assert_held(&agentsys_lock);

	agentsys_launch.unneeded = false;
	WRITE_ONCE(agentsys_launch.dismissed, false);
	agent->token = 0;
	list_add_tail(&agentsys_agent_get(agent)->launch_node, &agentsys_launch.queue);
	if (agentsys_launch.state == LAUNCH_NONE)
		start_launcher();
	else if (agentsys_launch.state == LAUNCH_JOINED)
		rcuwait_wake_up(&agentsys_launch_wait);
	if (!agentsys_launch.job && list_is_singular(&agentsys_launch.queue))
		agentsys_launch_progress();
}

bool agentsys_launch_cancel(struct agentsys_agent *agent)
{
	lockdep_assert_held(&agentsys_lock);

	if (!list_empty(&agent->launch_node)) {
		list_del_init(&agent->launch_node);
		agentsys_agent_put(agent);
		agentsys_launch_progress();
		return true;
	}
	if (agentsys_launch.job != agent)
		return !agent->main;
	if (!agentsys_launch.committed && !agentsys_launch.error)
		give_up_job(ECANCELED, AGENTSYS_STEP_NONE);
	return false;
}

void agentsys_launch_done(struct agentsys_agent *agent)
{
	lockdep_assert_held(&agentsys_lock);

	agent->token = 0;
	if (agentsys_launch.job == agent) {
		agentsys_launch_drop_job();
		agentsys_launch_progress();
	}
}

void agentsys_launch_kick(void)
{
	rcuwait_wake_up(&agentsys_launch_wait);
}

pid_t agentsys_launch_pid(void)
{
	return READ_ONCE(agentsys_launch.tgid);
}

const char *agentsys_launch_path(void)
{
	return launcher;
}

int agentsys_launch_init(void)
{
	if (!launch_timeout_ms) {
		pr_err("launch_timeout_ms=0 leaves no time for a launch\n");
		return -EINVAL;
	}
	if (!*launcher) {
		pr_err("launcher= names no program\n");
		return -EINVAL;
	}
	return 0;
}

/* Nobody is live, so nothing is queued; a launcher may be on its way all the same. */
void agentsys_launch_exit(void)
{
	cancel_work_sync(&begin_work);
	mutex_lock(&agentsys_lock);
	agentsys_launch_kill();
	put_pid(agentsys_launch.pid);
	agentsys_launch.pid = NULL;
	put_pid(agentsys_launch.last);
	agentsys_launch.last = NULL;
	agentsys_launch.state = LAUNCH_NONE;
	agentsys_launch_check_gone();
	mutex_unlock(&agentsys_lock);
	cancel_work_sync(&ended_work);
	cancel_delayed_work_sync(&hung_work);
	cancel_delayed_work_sync(&linger_work);
	cancel_delayed_work_sync(&gone_work);
}
