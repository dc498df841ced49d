// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every transition of every agent. What may happen in which state, and what is
 * done about it, is the table in core/state.c; the functions below do it.
 */
#include "supervisor.h"

#include <linux/math64.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/ktime.h>

#include "agent.h"
#include "group.h"
#include "launch.h"
#include "mailbox.h"
#include "registry.h"
#include "shutdown.h"
#include "spec.h"
#include "standby.h"
#include "telemetry.h"

/* A kill that could not be delivered, for lack of memory, is tried again after this. */
#define KILL_RETRY_MS 1000

/* Between attempts at removing a cgroup whose processes are still on their way out. */
#define REAP_RETRY_MAX_MS 1000

/* A start that waits for that is given up after so many, some 10 s. */
#define START_TRIES 18

/* Between two events that tell of an execution. */
#define EXEC_INTERVAL (HZ / 10)

static unsigned int nr_live;

unsigned int agentsys_supervisor_live(void)
{
	return nr_live;
}

static void set_state(struct agentsys_agent *agent, u32 state)
{
	spin_lock(&agent->lock);
	agent->status.state = state;
	spin_unlock(&agent->lock);
}

/* What becomes of the instance that has ended last. */
static void decided(struct agentsys_agent *agent, u32 decision, u32 delay_ms)
{
	spin_lock(&agent->lock);
	agentsys_history_decided(&agent->history, decision, delay_ms);
	spin_unlock(&agent->lock);
}

static void set_flag(struct agentsys_agent *agent, u32 flag, bool on)
{
	spin_lock(&agent->lock);
	if (on)
		agent->status.flags |= flag;
	else
		agent->status.flags &= ~flag;
	spin_unlock(&agent->lock);
}

static void disarm(struct agentsys_agent *agent)
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

static void let_go(struct agentsys_agent *agent)
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
	/* Who waits for a shutdown unloads the module next. A work of ours keeps it till then. */
	module_put(THIS_MODULE);
	agentsys_shutdown_check();
}

/* The caller has a reference, and answers whoever waits for this. */
static void forget(struct agentsys_agent *agent)
{
	lockdep_assert_held(&agentsys_lock);

	agent->deadline = 0;
	/* The callback takes no lock, so it can be waited for with ours held. */
	timer_delete_sync(&agent->timer);
	agentsys_event_agent(agent, AGENTSYS_EVENT_REMOVE, 0, 0, 0);
	agentsys_registry_del(agent);
	if (agent->node.parent)
		agentsys_tree_leave(&agent->node);
}

/*
 * Remove the cgroup of an ended instance: true. A process that has exited leaves
 * its cgroup a moment later, so this may take more than one attempt: false, and
 * the timer is armed for the next one.
 */
static bool drop_cgroup(struct agentsys_agent *agent)
{
	u64 cpu_us;
	int ret;

	if (!agent->has_cgroup)
		return true;
	cpu_us = agentsys_cgroup_cpu_us(agent->id);
	ret = agentsys_cgroup_remove(agent->id);
	if (ret) {
		if (ret == -EAGAIN) /* getting on */
			agent->tries = 0;
		/* Once in a while, in case the kill had failed. */
		if (agent->tries % 8 == 7)
			agentsys_cgroup_kill(agent->id);
		agentsys_agent_arm(agent, min(1U << min(agent->tries++, 10U),
					      (unsigned int)REAP_RETRY_MAX_MS));
		return false;
	}
	if (agent->cgroup_id)
		agentsys_registry_unbind(agent->cgroup_id);
	agent->cgroup_id = 0;
	agent->nested = false;
	agent->untidy = false;
	put_pid(agent->previous);
	agent->previous = NULL;
	spin_lock(&agent->lock);
	WRITE_ONCE(agent->has_cgroup, false);
	/* What used some more between the two lines above was told perhaps. */
	agent->status.cpu_us = max(agent->status.cpu_us + cpu_us, agent->cpu_told);
	spin_unlock(&agent->lock);
	return true;
}

/* Leave nothing of an ended agent but its record. */
static void reap(struct agentsys_agent *agent, enum agentsys_input input)
{
	if (!drop_cgroup(agent))
		return;
	disarm(agent);
	/* Whoever asked for the spawn is told that it failed: there is nothing to keep. */
	if (agent->first && agent->watched)
		agent->forget = true;
	agent->first = false;
	agentsys_agent_get(agent);
	if (agent->forget)
		forget(agent);
	let_go(agent);
	/* Told when nothing of it is left, so that the asker can try again at once. */
	agentsys_waiter_fail(agent);
	agentsys_waiter_reached(agent, AGENTSYS_ENDS);
	agentsys_waiter_reached(agent, AGENTSYS_GONE);
	agentsys_agent_put(agent);
}

/*
 * It has ended and is not started again by itself. Its group hears of it last,
 * because that may start it again.
 */
static void finish(struct agentsys_agent *agent, u32 state)
{
	agentsys_agent_get(agent);
	set_state(agent, state);
	decided(agent, state == AGENTSYS_FAILED ? AGENTSYS_DECISION_FAILS : AGENTSYS_DECISION_STAYS,
		0);
	if (state == AGENTSYS_FAILED)
		agentsys_event_agent(agent, AGENTSYS_EVENT_FAILED, agent->status.cause,
				     agent->status.restarts, agent->status.policy.max_restarts);
	agent->by_hand = false;
	agent->restart_after = false;
	agent->tries = 0;
	/*
	 * Not at once: the main process is still on its way out of the cgroup,
	 * and those who listen want to hear of its end.
	 */
	if (agent->has_cgroup)
		agentsys_agent_arm(agent, 1);
	else
		reap(agent, AGENTSYS_IN_TIMER);
	agentsys_tree_note(&agent->node, AGENTSYS_NODE_DOWN);
	agentsys_agent_put(agent);
}

/* It has ended, and is started again when its group says so. */
static void park(struct agentsys_agent *agent)
{
	disarm(agent);
	set_state(agent, AGENTSYS_BACKOFF);
	decided(agent, AGENTSYS_DECISION_WITH_GROUP, agent->node.parent->delay_ms);
	agent->by_hand = false;
	agent->restart_after = false;
	agentsys_tree_note(&agent->node, AGENTSYS_NODE_DOWN);
}

static void finish_or_park(struct agentsys_agent *agent)
{
	if (agentsys_group_parks(&agent->node))
		park(agent);
	else
		finish(agent, AGENTSYS_EXITED);
}

static void fail_start(struct agentsys_agent *agent, int error, enum agentsys_step step)
{
	lockdep_assert_held(&agentsys_lock);

	agent->launch_error = error;
	agent->launch_step = step;
	agentsys_mail_post(agent, AGENTSYS_MAIL_LAUNCH_FAILED);
}

/*
 * Hand it to the launcher. Two instances never live at once, so what the one
 * before has left behind must be gone; and a cgroup that it has made into a tree
 * cannot hold another one.
 */
static void hand_over(struct agentsys_agent *agent)
{
	if (agent->untidy && !drop_cgroup(agent)) {
		/* There is no way to kill that. */
		if (agent->tries > START_TRIES)
			fail_start(agent, EBUSY, AGENTSYS_STEP_CGROUP);
		return;
	}
	disarm(agent);
	agentsys_launch_queue(agent);
}

/* The time in which something was to become of a start has passed. */
static void held_up(struct agentsys_agent *agent, enum agentsys_input input)
{
	if (!agent->main) {
		hand_over(agent);
		return;
	}
	/* Its launcher died, and it has committed and not executed anything. */
	agentsys_cgroup_kill(agent->id);
	kill_pid(agent->main, SIGKILL, 1);
	agentsys_registry_drop_main(agent);
	fail_start(agent, ETIMEDOUT, AGENTSYS_STEP_TIMEOUT);
}

static void launch(struct agentsys_agent *agent, enum agentsys_input input)
{
	struct agentsys_status *status = &agent->status;

	disarm(agent);
	agent->by_hand = input != AGENTSYS_IN_TIMER && !agent->by_group;
	agent->asked = AGENTSYS_CAUSE_NONE;
	agent->restart_after = false;
	agent->forget = false;
	agentsys_waiter_stays(agent);
	agent->ran = false;
	agent->ran_ns = 0;
	agent->execs = 0;
	agent->exec_told = jiffies - EXEC_INTERVAL;
	agent->begun_ns = ktime_get_boottime_ns();

	spin_lock(&agent->lock);
	agent->first = !status->instance++;
	if (agent->by_hand) {
		status->restarts = 0;
		status->streak = 0;
		status->survival_ms = 0;
	} else if (!agent->by_group) {
		status->restarts++;
	}
	status->next_start_ns = 0;
	spin_unlock(&agent->lock);
	agent->by_group = false;

	agentsys_supervisor_hold(agent);
	/* What they waited for has ended, even if not all of it has gone yet. */
	agentsys_waiter_reached(agent, AGENTSYS_ENDS);
	agent->tries = 0;
	hand_over(agent);
	agentsys_tree_note(&agent->node, AGENTSYS_NODE_STARTING);
}

void agentsys_supervisor_start(struct agentsys_agent *agent)
{
	bool waits = agent->status.state == AGENTSYS_BACKOFF;

	lockdep_assert_held(&agentsys_lock);

	if (!agent->spec || agentsys_shutdown_active()) {
		agentsys_supervisor_apply(agent, AGENTSYS_IN_STOP);
		agentsys_tree_note(&agent->node, AGENTSYS_NODE_DOWN);
		return;
	}
	/* Only one that has failed itself has used a restart up. */
	agent->by_group = !waits || agent->status.cause == AGENTSYS_CAUSE_GROUP;
	agentsys_supervisor_apply(agent, waits ? AGENTSYS_IN_TIMER : AGENTSYS_IN_START);
}

/* One that does nothing but execute programs shall not push everything else out of the ring. */
static void execed(struct agentsys_agent *agent, enum agentsys_input input)
{
	if (time_before(jiffies, agent->exec_told + EXEC_INTERVAL))
		return;
	agent->exec_told = jiffies;
	agentsys_event_agent(agent, AGENTSYS_EVENT_EXEC, 0, 0, READ_ONCE(agent->execs) - 1);
}

static void running(struct agentsys_agent *agent, enum agentsys_input input)
{
	u16 born = agent->spec ? AGENTSYS_EVENT_SPAWN : AGENTSYS_EVENT_ATTACH;
	struct agentsys_status *status = &agent->status;
	u64 start_ns = agent->ran_ns;

	if (agent->ran) { /* on its way out, and executes something else */
		execed(agent, input);
		return;
	}
	agent->ran = true;
	agentsys_launch_done(agent);
	spin_lock(&agent->lock);
	status->spawns++;
	status->start_ns = start_ns;
	spin_unlock(&agent->lock);

	agentsys_count_spawn(!agent->by_hand);
	if (agent->by_hand)
		agentsys_event_agent(agent, born, 0, 0, start_ns - agent->begun_ns);
	else
		agentsys_event_agent(agent, AGENTSYS_EVENT_RESTART, 0, status->restarts,
				     start_ns - status->end_ns);
	agent->by_hand = false;
	agent->first = false;
	if (status->state != AGENTSYS_ACTIVE)
		return;
	agentsys_waiter_reached(agent, AGENTSYS_RUNS);
	if (!agent->node.parent) { /* it was attached */
		agentsys_tree_enter(agentsys_group_find(NULL), &agent->node);
		WRITE_ONCE(agent->place, agent->node.place);
	}
	agentsys_tree_note(&agent->node, AGENTSYS_NODE_UP);
}

/*
 * What a cgroup has used beyond its quota is held against who comes next: the new
 * instance could not run for a while, and the launcher with all its other work
 * stands still until it has executed its program.
 */
static bool owes(const struct agentsys_agent *agent)
{
	return agent->spec && (agent->spec->job->cpu_quota_us || agent->spec->job->memory_high);
}

/* The present instance is over: write down why, and leave nothing of it behind. */
static void note_end(struct agentsys_agent *agent, enum agentsys_input input,
		     enum agentsys_cause cause, s32 code)
{
	struct agentsys_status *status = &agent->status;
	bool crash = agentsys_end_abnormal(&status->policy, cause, code) && !agent->asked;
	u64 now = input == AGENTSYS_IN_ENDED ? agent->ended_ns : ktime_get_boottime_ns();
	u64 ran_ns = agent->ran ? now - status->start_ns : 0;
	const struct agentsys_past past = {
		.time_ns = now,
		.ran_ns = ran_ns,
		.agent_id = agent->id,
		.instance = status->instance,
		.cause = cause,
		.code = code,
	};

	disarm(agent);
	agentsys_launch_done(agent);
	if (input == AGENTSYS_IN_ENDED) {
		if (!agent->alone)
			agentsys_cgroup_kill(agent->id);
		agent->untidy = !agent->alone || agent->nested || owes(agent);
		put_pid(agent->previous);
		agent->previous = get_pid(agent->main);
	}
	if (status->flags & AGENTSYS_AGENT_PAUSED) {
		/* Or its next instance would be born frozen: it gets another cgroup then. */
		if (agentsys_cgroup_freeze(agent->id, false))
			agent->untidy = true;
		set_flag(agent, AGENTSYS_AGENT_PAUSED, false);
	}

	spin_lock(&agent->lock);
	status->cause = cause;
	status->code = code;
	status->step = cause == AGENTSYS_CAUSE_LAUNCH ? agent->launch_step : 0;
	status->end_ns = now;
	status->exits += agent->ran;
	status->crashes += crash && agent->ran;
	status->faults += crash && agent->ran;
	agentsys_history_add(&agent->history, &past);
	spin_unlock(&agent->lock);

	if (agent->ran) {
		agentsys_count_exit(crash);
		agentsys_event_agent(agent, crash ? AGENTSYS_EVENT_CRASH : AGENTSYS_EVENT_EXIT,
				     cause, code, ran_ns);
	} else if (cause == AGENTSYS_CAUSE_LAUNCH) {
		agentsys_event_agent(agent, AGENTSYS_EVENT_LAUNCH_FAILED, cause, code,
				     agent->launch_step);
	}
	agent->ran = false;

	/* The event has still told the pid. */
	agentsys_registry_drop_main(agent);
}

/* How did the instance end, when nobody asked for it? */
static enum agentsys_cause find_cause(struct agentsys_agent *agent, enum agentsys_input input,
				      s32 *code)
{
	int signal = agent->wait_status & 0x7f;

	if (input == AGENTSYS_IN_ENDED && !agent->ran) {
		/* After its commit, before its exec. */
		agent->launch_error = EIO;
		agent->launch_step = AGENTSYS_STEP_EXEC;
		input = AGENTSYS_IN_LAUNCH_FAILED;
	}
	if (input == AGENTSYS_IN_LAUNCH_FAILED) {
		*code = agent->launch_error;
		return AGENTSYS_CAUSE_LAUNCH;
	}
	*code = signal ?: agent->wait_status >> 8 & 0xff;
	if (!signal)
		return AGENTSYS_CAUSE_EXIT;
	return agent->oom ? AGENTSYS_CAUSE_OOM : AGENTSYS_CAUSE_SIGNAL;
}

static void schedule_restart(struct agentsys_agent *agent, u32 delay_ms)
{
	struct agentsys_status *status = &agent->status;

	agentsys_event_agent(agent, AGENTSYS_EVENT_RESTART_SCHEDULED, status->cause,
			     status->restarts + 1, delay_ms);
	set_state(agent, AGENTSYS_BACKOFF);
	decided(agent, AGENTSYS_DECISION_RESTARTS, delay_ms);
	if (!delay_ms) {
		agentsys_supervisor_apply(agent, AGENTSYS_IN_TIMER);
		return;
	}
	spin_lock(&agent->lock);
	status->next_start_ns = ktime_get_boottime_ns() + (u64)delay_ms * NSEC_PER_MSEC;
	spin_unlock(&agent->lock);
	agentsys_agent_arm(agent, delay_ms);
}

/*
 * Did the launch fail because the instance before has not gone yet, of which the
 * processes count and the files are open until then?
 */
static bool came_too_early(const struct agentsys_agent *agent)
{
	return agent->launch_step == AGENTSYS_STEP_CLONE && agent->launch_error == EAGAIN &&
	       agent->cgroup_id;
}

/* It would be started again: its group says how. */
static void restart_or_not(struct agentsys_agent *agent, const struct agentsys_verdict *verdict)
{
	struct agentsys_group *group = agent->node.parent;

	switch (agentsys_tree_failed(&agent->node, agent->id)) {
	case AGENTSYS_TREE_ALONE:
		if (verdict->opens)
			agentsys_event_agent(agent, AGENTSYS_EVENT_CIRCUIT_OPEN, 0,
					     agent->status.streak, verdict->delay_ms);
		agentsys_group_remember(group, agent, verdict->delay_ms);
		schedule_restart(agent, verdict->delay_ms);
		break;
	case AGENTSYS_TREE_WAIT:
		park(agent);
		break;
	case AGENTSYS_TREE_OVER:
		/* Unless it would have come down with its group anyway. */
		finish(agent, group->goal == AGENTSYS_DOWN_FAIL && group->reason == agent->id ?
				      AGENTSYS_FAILED :
				      AGENTSYS_EXITED);
		break;
	}
}

/* By its own policy; what it did counts for the next time. */
static void judge(struct agentsys_agent *agent, enum agentsys_cause cause, s32 code, u64 ran_ns,
		  struct agentsys_verdict *verdict)
{
	struct agentsys_status *status = &agent->status;
	struct agentsys_restart_past past = {
		.used = status->restarts,
		.streak = status->streak,
		.survival_ms = status->survival_ms,
	};
	const struct agentsys_end end = {
		.cause = cause,
		.code = code,
		.ran_ms = div_u64(ran_ns, NSEC_PER_MSEC),
	};

	agentsys_restart_decide(&status->policy, &past, &end, get_random_u32(), verdict);
	spin_lock(&agent->lock);
	status->streak = past.streak;
	status->survival_ms = past.survival_ms;
	spin_unlock(&agent->lock);
}

static void decide(struct agentsys_agent *agent, enum agentsys_input input)
{
	u64 ran_ns = agent->ran ? agent->ended_ns - agent->status.start_ns : 0;
	struct agentsys_verdict verdict;
	enum agentsys_cause cause;
	s32 code;

	if (input == AGENTSYS_IN_LAUNCH_FAILED && came_too_early(agent)) {
		agent->untidy = true;
		agent->tries = 0;
		hand_over(agent);
		return;
	}
	cause = find_cause(agent, input, &code);
	note_end(agent, input, cause, code);
	/* A child that hangs stays behind until it can be killed. */
	if (cause == AGENTSYS_CAUSE_LAUNCH && agent->launch_step == AGENTSYS_STEP_TIMEOUT)
		agent->untidy = true;
	if (cause == AGENTSYS_CAUSE_LAUNCH && agent->by_hand) {
		finish(agent, AGENTSYS_FAILED);
		return;
	}
	judge(agent, cause, code, ran_ns, &verdict);
	if (verdict.state == AGENTSYS_BACKOFF && !agentsys_shutdown_active())
		restart_or_not(agent, &verdict);
	else
		finish(agent, verdict.state == AGENTSYS_BACKOFF ? AGENTSYS_EXITED : verdict.state);
}

static void ended_as_asked(struct agentsys_agent *agent, enum agentsys_input input)
{
	s32 code;

	find_cause(agent, input, &code);
	note_end(agent, input, agent->asked, agent->ran ? code : 0);
	if (agent->restart_after && !agentsys_shutdown_active()) {
		decided(agent, AGENTSYS_DECISION_RESTARTS, 0);
		set_state(agent, AGENTSYS_STARTING);
		launch(agent, AGENTSYS_IN_RESTART);
	} else {
		finish_or_park(agent);
	}
}

static void kill_all(struct agentsys_agent *agent, enum agentsys_input input)
{
	if (agent->asked != AGENTSYS_CAUSE_KILL) {
		agentsys_event_agent(agent, AGENTSYS_EVENT_KILL, 0, 0, 0);
		agentsys_shutdown_killed();
	}
	agent->asked = AGENTSYS_CAUSE_KILL;
	agentsys_cgroup_kill(agent->id);
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
	set_flag(agent, AGENTSYS_AGENT_PAUSED, false);
	agentsys_event_agent(agent, AGENTSYS_EVENT_RESUME, 0, 0, 0);
}

static void freeze(struct agentsys_agent *agent, enum agentsys_input input)
{
	agent->freeze_error = 0;
	if (agent->status.flags & AGENTSYS_AGENT_PAUSED)
		return;
	agent->freeze_error = agentsys_cgroup_freeze(agent->id, true);
	if (agent->freeze_error)
		return;
	set_flag(agent, AGENTSYS_AGENT_PAUSED, true);
	agentsys_event_agent(agent, AGENTSYS_EVENT_PAUSE, 0, 0, 0);
}

static enum agentsys_cause stop_cause(const struct agentsys_agent *agent)
{
	return agent->by_group ? AGENTSYS_CAUSE_GROUP : AGENTSYS_CAUSE_STOP;
}

/* Ask it to end. */
static void send_signal(struct agentsys_agent *agent, enum agentsys_input input)
{
	const struct agentsys_status *status = &agent->status;
	u32 timeout_ms = agent->stop_timeout_ms;

	if (timeout_ms == AGENTSYS_OWN_TIMEOUT)
		timeout_ms = status->stop_timeout_ms;
	agent->restart_after = input == AGENTSYS_IN_RESTART;
	agent->asked = input == AGENTSYS_IN_RESTART ? AGENTSYS_CAUSE_RESTART : stop_cause(agent);
	thaw(agent, input); /* a frozen process handles no signal */
	agentsys_event_agent(agent, AGENTSYS_EVENT_STOP, 0, status->stop_signal, timeout_ms);
	kill_pid(agent->main, status->stop_signal, 1);
	kill_pid(agent->main, SIGCONT, 1); /* nor does a suspended one */
	agentsys_agent_arm(agent, timeout_ms);
}

/* Stopped while it is being started. */
static void abort_launch(struct agentsys_agent *agent, enum agentsys_input input)
{
	bool kill = input == AGENTSYS_IN_KILL;

	agent->asked = kill ? AGENTSYS_CAUSE_KILL : stop_cause(agent);
	agentsys_event_agent(agent, kill ? AGENTSYS_EVENT_KILL : AGENTSYS_EVENT_STOP, 0, 0, 0);
	if (agent->has_cgroup)
		agentsys_cgroup_kill(agent->id);
	if (agentsys_launch_cancel(agent)) {
		note_end(agent, input, agent->asked, 0);
		finish_or_park(agent);
	} else {
		agentsys_agent_arm(agent, KILL_RETRY_MS);
	}
}

/* Its scheduled restart is called off. */
static void cancel_restart(struct agentsys_agent *agent, enum agentsys_input input)
{
	spin_lock(&agent->lock);
	agent->status.next_start_ns = 0;
	spin_unlock(&agent->lock);
	finish_or_park(agent);
}

static void remove(struct agentsys_agent *agent, enum agentsys_input input)
{
	if (agent->populated) {
		agent->forget = true;
		return;
	}
	forget(agent);
	agentsys_waiter_reached(agent, AGENTSYS_GONE);
}

static void nothing(struct agentsys_agent *agent, enum agentsys_input input)
{
}

/* clang-format off */
static void (*const actions[])(struct agentsys_agent *agent, enum agentsys_input input) = {
	[AGENTSYS_ACT_NONE]		= nothing,
	[AGENTSYS_ACT_REFUSE]		= nothing,
	[AGENTSYS_ACT_LAUNCH]		= launch,
	[AGENTSYS_ACT_HELD_UP]		= held_up,
	[AGENTSYS_ACT_RUNNING]		= running,
	[AGENTSYS_ACT_EXECED]		= execed,
	[AGENTSYS_ACT_DECIDE]		= decide,
	[AGENTSYS_ACT_ABORT]		= abort_launch,
	[AGENTSYS_ACT_SIGNAL]		= send_signal,
	[AGENTSYS_ACT_KILL]		= kill_all,
	[AGENTSYS_ACT_FREEZE]		= freeze,
	[AGENTSYS_ACT_THAW]		= thaw,
	[AGENTSYS_ACT_ENDED_AS_ASKED]	= ended_as_asked,
	[AGENTSYS_ACT_FINISH]		= cancel_restart,
	[AGENTSYS_ACT_REAP]		= reap,
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
	set_state(agent, transition->next);
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
	/*
	 * Likewise its end. What tells is whether the present main process has
	 * ended: its tgid is taken then.
	 */
	if (mail & BIT(AGENTSYS_MAIL_ENDED) && agent->main && !READ_ONCE(agent->tgid))
		agentsys_supervisor_apply(agent, AGENTSYS_IN_ENDED);
	if (mail & BIT(AGENTSYS_MAIL_TIMER) && agent->deadline &&
	    time_after_eq(jiffies, agent->deadline))
		agentsys_supervisor_apply(agent, AGENTSYS_IN_TIMER);
}

int agentsys_supervisor_init(void)
{
	int ret = agentsys_mailbox_init(handle_mail);

	if (ret)
		return ret;
	agentsys_groups_init();
	ret = agentsys_attach_init();
	if (ret)
		agentsys_mailbox_exit();
	return ret;
}

/* No agent is live, no front end left. */
void agentsys_supervisor_exit(void)
{
	struct agentsys_agent *agent;
	u32 id;

	agentsys_attach_exit();
	agentsys_standby_exit();
	agentsys_shutdown_exit();
	agentsys_groups_exit();
	for (id = 0; (agent = agentsys_registry_next(id));) {
		id = agent->id + 1;
		timer_delete_sync(&agent->timer);
		agentsys_agent_put(agent);
	}
	agentsys_mailbox_exit();
	agentsys_registry_clear();
}
