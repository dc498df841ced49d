// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every transition of every agent. What may happen in which state, and what is
 * done about it, is the table in core/state.c; the functions below do it, and
 * those in starting.c and ending.c.
 */
#include "supervisor_internal.h"

#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sched/signal.h>

#include "agent.h"
#include "escape.h"
#include "fault.h"
#include "group.h"
#include "helper.h"
#include "launch.h"
#include "limit.h"
#include "liveness.h"
#include "mailbox.h"
#include "registry.h"
#include "related.h"
#include "relation.h"
#include "shutdown.h"
#include "standby.h"
#include "telemetry.h"
#include "usage.h"
#include "violation.h"

/* A kill that could not be delivered, for lack of memory, is tried again after this. */
#define KILL_RETRY_MS 1000

static unsigned int nr_live;

/* Between PREPARE and POST of a suspend or a hibernation, and since when in jiffies. */
static bool asleep;
static unsigned long asleep_since;

unsigned int agentsys_supervisor_live(void)
{
	return nr_live;
}

void agentsys_set_state(struct agentsys_agent *agent, u32 state)
{
	bool changes = agent->status.state != state;

	spin_lock(&agent->lock);
	agent->status.state = state;
	agent->status.flags &= ~AGENTSYS_AGENT_WAITS;
	spin_unlock(&agent->lock);
	if (changes)
		agentsys_related_changed(agent);
}

void agentsys_decided(struct agentsys_agent *agent, u32 decision, u32 delay_ms)
{
	spin_lock(&agent->lock);
	agentsys_history_decided(&agent->history, decision, delay_ms);
	spin_unlock(&agent->lock);
	if (decision == AGENTSYS_DECISION_STAYS || decision == AGENTSYS_DECISION_FAILS)
		agentsys_fault_stays(agent);
}

void agentsys_ask(struct agentsys_agent *agent, enum agentsys_cause cause)
{
	if (!agent->asked) {
		spin_lock(&agent->lock);
		agent->status.asked_ns = ktime_get_boottime_ns();
		spin_unlock(&agent->lock);
	}
	agent->asked = cause;
}

void agentsys_set_flag(struct agentsys_agent *agent, u32 flag, bool on)
{
	spin_lock(&agent->lock);
	if (on)
		agent->status.flags |= flag;
	else
		agent->status.flags &= ~flag;
	spin_unlock(&agent->lock);
}

void agentsys_disarm(struct agentsys_agent *agent)
{
	/* One that has just fired leaves a message that the deadline tells to be void. */
	agent->deadline = 0;
	del_timer(&agent->timer);
}

/* A live agent holds the module. */
void agentsys_supervisor_hold(struct agentsys_agent *agent)
{
	lockdep_assert_held(&agentsys_lock);

	if (agent->populated)
		return;
	agent->populated = true;
	nr_live++;
	__module_get(THIS_MODULE);
}

void agentsys_let_go(struct agentsys_agent *agent)
{
	lockdep_assert_held(&agentsys_lock);

	if (!agent->populated)
		return;
	agent->populated = false;
	nr_live--;
	if (!nr_live) {
		agentsys_standby_drop();
		agentsys_launch_dismiss(false);
	}
	agentsys_helper_check();
	/* Who waits for a shutdown unloads the module next. A work of ours keeps it till then. */
	module_put(THIS_MODULE);
	agentsys_shutdown_check();
}

/*
 * Without the file that kills a cgroup in one go, for want of memory: this takes none.
 * What forks faster is reached when the kill is tried again.
 */
static void kill_one_by_one(const struct agentsys_agent *agent)
{
	struct task_struct *task;

	rcu_read_lock();
	for_each_process(task)
		if (agentsys_registry_of_task(task) == agent)
			kill_pid(task_tgid(task), SIGKILL, 1);
	rcu_read_unlock();
}

static void kill_all(struct agentsys_agent *agent, enum agentsys_input input)
{
	if (agent->asked != AGENTSYS_CAUSE_KILL) {
		agentsys_event_agent(agent, AGENTSYS_EVENT_KILL, 0, 0, 0);
		agentsys_shutdown_killed();
	}
	agentsys_ask(agent, AGENTSYS_CAUSE_KILL);
	agent->held = false;
	if (agentsys_cgroup_kill(agent->id))
		kill_one_by_one(agent);
	/* Also where the other one failed, or did not reach it. */
	if (agent->main)
		kill_pid(agent->main, SIGKILL, 1);
	agentsys_agent_arm(agent, KILL_RETRY_MS);
}

static void thaw(struct agentsys_agent *agent, enum agentsys_input input)
{
	agent->freeze_error = 0;
	if (!(agent->status.flags & AGENTSYS_AGENT_PAUSED))
		return;
	agent->freeze_error = agentsys_cgroup_freeze(agent->id, false);
	if (agent->freeze_error)
		return;
	agentsys_set_flag(agent, AGENTSYS_AGENT_PAUSED, false);
	agentsys_event_agent(agent, AGENTSYS_EVENT_RESUME, 0, 0, 0);
	agentsys_liveness_excuse(agent);
}

static void freeze(struct agentsys_agent *agent, enum agentsys_input input)
{
	agent->freeze_error = 0;
	if (agent->status.flags & AGENTSYS_AGENT_PAUSED)
		return;
	agent->freeze_error = agentsys_cgroup_freeze(agent->id, true);
	if (agent->freeze_error)
		return;
	agentsys_set_flag(agent, AGENTSYS_AGENT_PAUSED, true);
	agentsys_event_agent(agent, AGENTSYS_EVENT_PAUSE, 0, 0, 0);
}

static enum agentsys_cause stop_cause(const struct agentsys_agent *agent)
{
	if (agent->by_required)
		return AGENTSYS_CAUSE_DEPENDENCY;
	return agent->by_group ? AGENTSYS_CAUSE_GROUP : AGENTSYS_CAUSE_STOP;
}

/* Ask it to end. */
void agentsys_stop_held(struct agentsys_agent *agent)
{
	const struct agentsys_status *status = &agent->status;
	bool own = agent->stop_timeout_ms == AGENTSYS_OWN_TIMEOUT;
	u32 timeout_ms = own ? status->stop_timeout_ms : agent->stop_timeout_ms;

	agent->held = false;
	if (!timeout_ms) { /* nobody asks it */
		kill_all(agent, AGENTSYS_IN_STOP);
		return;
	}
	thaw(agent, AGENTSYS_IN_STOP); /* a frozen process handles no signal */
	agentsys_event_agent(agent, AGENTSYS_EVENT_STOP, 0, status->stop_signal, timeout_ms);
	kill_pid(agent->main, status->stop_signal, 1);
	kill_pid(agent->main, SIGCONT, 1); /* nor does a suspended one */
	if (timeout_ms == AGENTSYS_STOP_UNLIMITED)
		agentsys_disarm(agent);
	else
		agentsys_agent_arm(agent, timeout_ms);
}

static void send_signal(struct agentsys_agent *agent, enum agentsys_input input)
{
	agent->restart_after = input == AGENTSYS_IN_RESTART;
	agentsys_ask(agent,
		     input == AGENTSYS_IN_RESTART ? AGENTSYS_CAUSE_RESTART : stop_cause(agent));
	agent->held = agentsys_related_hold(agent);
	if (agent->held)
		agentsys_disarm(agent);
	else
		agentsys_stop_held(agent);
}

/* Stopped while it is being started. */
static void abort_launch(struct agentsys_agent *agent, enum agentsys_input input)
{
	bool kill = input == AGENTSYS_IN_KILL;

	agentsys_ask(agent, kill ? AGENTSYS_CAUSE_KILL : stop_cause(agent));
	agentsys_event_agent(agent, kill ? AGENTSYS_EVENT_KILL : AGENTSYS_EVENT_STOP, 0, 0, 0);
	if (agent->has_cgroup)
		agentsys_cgroup_kill(agent->id);
	if (agentsys_launch_cancel(agent)) {
		agentsys_note_end(agent, input, agent->asked, 0, agentsys_stopped_state(agent));
		agentsys_finish_or_park(agent);
	} else {
		agentsys_agent_arm(agent, KILL_RETRY_MS);
	}
}

static void remove(struct agentsys_agent *agent, enum agentsys_input input)
{
	if (agent->populated) {
		agent->forget = true;
		return;
	}
	agentsys_forget(agent);
	agentsys_waiter_reached(agent, AGENTSYS_GONE);
}

static void nothing(struct agentsys_agent *agent, enum agentsys_input input)
{
}

/* clang-format off */
static void (*const actions[])(struct agentsys_agent *agent, enum agentsys_input input) = {
	[AGENTSYS_ACT_NONE]		= nothing,
	[AGENTSYS_ACT_REFUSE]		= nothing,
	[AGENTSYS_ACT_LAUNCH]		= agentsys_act_launch,
	[AGENTSYS_ACT_HELD_UP]		= agentsys_act_held_up,
	[AGENTSYS_ACT_RUNNING]		= agentsys_act_running,
	[AGENTSYS_ACT_EXECED]		= agentsys_act_execed,
	[AGENTSYS_ACT_DECIDE]		= agentsys_act_decide,
	[AGENTSYS_ACT_ABORT]		= abort_launch,
	[AGENTSYS_ACT_SIGNAL]		= send_signal,
	[AGENTSYS_ACT_KILL]		= kill_all,
	[AGENTSYS_ACT_FREEZE]		= freeze,
	[AGENTSYS_ACT_THAW]		= thaw,
	[AGENTSYS_ACT_ENDED_AS_ASKED]	= agentsys_act_ended_as_asked,
	[AGENTSYS_ACT_FINISH]		= agentsys_act_cancel_restart,
	[AGENTSYS_ACT_REAP]		= agentsys_act_reap,
	[AGENTSYS_ACT_FORGET]		= remove,
};

/* clang-format on */

static_assert(ARRAY_SIZE(actions) == __AGENTSYS_ACTIONS);

int agentsys_supervisor_apply(struct agentsys_agent *agent, enum agentsys_input input)
{
	const struct agentsys_transition *transition;

	lockdep_assert_held(&agentsys_lock);

	transition = agentsys_transition(agent->status.state, input);
	if (transition->action == AGENTSYS_ACT_REFUSE)
		return -transition->error;
	agentsys_set_state(agent, transition->next);
	actions[transition->action](agent, input);
	return 0;
}

static void handle_mail(struct agentsys_agent *agent, unsigned long mail)
{
	/* A launch that was given up may have run all the same: nobody's business. */
	if (mail & BIT(AGENTSYS_MAIL_RAN) && agent->main)
		agentsys_supervisor_apply(agent, AGENTSYS_IN_RAN);
	if (mail & BIT(AGENTSYS_MAIL_LAUNCH_FAILED))
		agentsys_supervisor_apply(agent, AGENTSYS_IN_LAUNCH_FAILED);
	if (mail & BIT(AGENTSYS_MAIL_LIMIT)) {
		agentsys_fault_look(agent);
		agentsys_usage_reported(agent);
	}
	if (mail & BIT(AGENTSYS_MAIL_LIVENESS))
		agentsys_liveness_look(agent);
	if (mail & BIT(AGENTSYS_MAIL_TRIGGER))
		agentsys_liveness_triggered(agent);
	if (mail & BIT(AGENTSYS_MAIL_REFUSED))
		agentsys_violation_look(agent);
	if (mail & BIT(AGENTSYS_MAIL_ESCAPED))
		agentsys_escape_look(agent);
	/*
	 * Likewise its end. What tells is whether the present main process has
	 * ended: its tgid is taken then.
	 */
	if (mail & BIT(AGENTSYS_MAIL_ENDED) && agent->main && !READ_ONCE(agent->tgid))
		agentsys_supervisor_apply(agent, AGENTSYS_IN_ENDED);
	/* While asleep no time passes: the timer fires anew when that is over. */
	if (mail & BIT(AGENTSYS_MAIL_TIMER) && agent->deadline && !asleep &&
	    time_after_eq(jiffies, agent->deadline))
		agentsys_supervisor_apply(agent, AGENTSYS_IN_TIMER);
	if (mail & BIT(AGENTSYS_MAIL_RELATED))
		agentsys_related_look(agent);
}

bool agentsys_supervisor_asleep(void)
{
	lockdep_assert_held(&agentsys_lock);

	return asleep;
}

void agentsys_supervisor_sleep(void)
{
	lockdep_assert_held(&agentsys_lock);

	asleep = true;
	asleep_since = jiffies;
	agentsys_launch_hold(true);
}

/*
 * Who was frozen could neither end nor come up. What waits for its restart has waited: it
 * is due when it was, or now.
 */
static void put_off(struct agentsys_agent *agent, unsigned long by)
{
	if (!agent->deadline)
		return;
	if (agent->status.state != AGENTSYS_BACKOFF)
		agent->deadline = (agent->deadline + by) ?: 1;
	mod_timer(&agent->timer, agent->deadline);
}

void agentsys_supervisor_wake(void)
{
	unsigned long by = jiffies - asleep_since;
	struct agentsys_agent *agent;
	u32 id;

	lockdep_assert_held(&agentsys_lock);

	if (!asleep)
		return;
	asleep = false;
	for (id = 0; (agent = agentsys_registry_next(id)); agentsys_agent_put(agent)) {
		id = agent->id + 1;
		put_off(agent, by);
		agentsys_liveness_excuse(agent);
	}
	agentsys_shutdown_put_off(by);
	agentsys_launch_hold(false);
}

int agentsys_supervisor_init(void)
{
	int ret = agentsys_mailbox_init(handle_mail);

	if (ret)
		return ret;
	agentsys_groups_init();
	agentsys_faults_init();
	ret = agentsys_limits_init();
	if (ret)
		goto err_mailbox;
	ret = agentsys_attach_init();
	if (ret)
		goto err_limits;
	return 0;

err_limits:
	agentsys_limits_exit();
err_mailbox:
	agentsys_mailbox_exit();
	return ret;
}

/* No agent is live, no front end left. */
void agentsys_supervisor_exit(void)
{
	struct agentsys_agent *agent;
	u32 id;

	agentsys_attach_exit();
	agentsys_helper_exit();
	agentsys_standby_exit();
	agentsys_shutdown_exit();
	/* Orders in the tree point to groups. */
	agentsys_relations_exit();
	agentsys_groups_exit();
	for (id = 0; (agent = agentsys_registry_next(id));) {
		id = agent->id + 1;
		timer_delete_sync(&agent->timer);
		agentsys_agent_put(agent);
	}
	agentsys_limits_exit();
	agentsys_mailbox_exit();
	agentsys_registry_clear();
}
