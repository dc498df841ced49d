// SPDX-License-Identifier: GPL-2.0-only
/*
 * How instances end: what is left of them, why they ended, and what becomes of the
 * agent then.
 */
#include "supervisor_internal.h"

#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/random.h>

#include "agent.h"
#include "fault.h"
#include "group.h"
#include "launch.h"
#include "limit.h"
#include "mailbox.h"
#include "registry.h"
#include "related.h"
#include "relation.h"
#include "shutdown.h"
#include "spec.h"
#include "telemetry.h"
#include "usage.h"

/* Between attempts at removing a cgroup whose processes are still on their way out. */
#define REAP_RETRY_MAX_MS 1000

void agentsys_forget(struct agentsys_agent *agent)
{
	lockdep_assert_held(&agentsys_lock);

	agent->deadline = 0;
	/* The callback takes no lock, so it can be waited for with ours held. */
	timer_delete_sync(&agent->timer);
	agentsys_relations_drop(agent);
	agent->called = false;
	agentsys_registry_del(agent);
	if (agent->node.parent)
		agentsys_tree_leave(&agent->node);
	/* Whoever hears of it finds it nowhere any more. */
	agentsys_event_agent(agent, AGENTSYS_EVENT_REMOVE, 0, 0, 0);
}

bool agentsys_drop_cgroup(struct agentsys_agent *agent)
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
	agentsys_fault_unwatch(agent);
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
void agentsys_act_reap(struct agentsys_agent *agent, enum agentsys_input input)
{
	if (!agentsys_drop_cgroup(agent))
		return;
	agentsys_disarm(agent);
	/* Whoever asked for the spawn is told that it failed: there is nothing to keep. */
	if (agent->first && agent->watched)
		agent->forget = true;
	agent->first = false;
	agentsys_agent_get(agent);
	if (agent->forget)
		agentsys_forget(agent);
	agentsys_let_go(agent);
	/* Told when nothing of it is left, so that the asker can try again at once. */
	agentsys_waiter_fail(agent);
	agentsys_waiter_reached(agent, AGENTSYS_ENDS);
	agentsys_waiter_reached(agent, AGENTSYS_GONE);
	agentsys_agent_put(agent);
}

/* By its own policy it is not: its restarts are spent, or a start failed that is not repeated. */
static u32 own_spent(const struct agentsys_agent *agent)
{
	const struct agentsys_status *status = &agent->status;
	u32 most = status->policy.max_restarts;

	return status->restarts >= most ? most : 0;
}

/*
 * It has ended and is not started again by itself. Its group hears of it last,
 * because that may start it again. @spent: of one that has failed, what is told with that.
 */
static void finish(struct agentsys_agent *agent, u32 state, u32 spent)
{
	u32 decision = state == AGENTSYS_FAILED ? AGENTSYS_DECISION_FAILS : AGENTSYS_DECISION_STAYS;

	agentsys_agent_get(agent);
	agentsys_set_state(agent, state);
	agentsys_decided(agent, decision, 0);
	if (state == AGENTSYS_FAILED)
		agentsys_event_agent(agent, AGENTSYS_EVENT_FAILED, agent->status.cause,
				     agent->status.restarts, spent);
	agent->by_hand = false;
	agent->restart_after = false;
	agent->tries = 0;
	/*
	 * Not at once: the main process is still on its way out of the cgroup,
	 * and those who listen want to hear of its end, as do those who depend
	 * on it, before it may be forgotten.
	 */
	if (agent->has_cgroup || !hlist_empty(&agent->ties_in))
		agentsys_agent_arm(agent, 1);
	else
		agentsys_act_reap(agent, AGENTSYS_IN_TIMER);
	agentsys_tree_note(&agent->node, AGENTSYS_NODE_DOWN);
	agentsys_agent_put(agent);
}

/* It has ended, and is started again when its group says so. */
static void park(struct agentsys_agent *agent)
{
	agentsys_disarm(agent);
	agentsys_set_state(agent, AGENTSYS_BACKOFF);
	agentsys_decided(agent, AGENTSYS_DECISION_WITH_GROUP, agent->node.parent->delay_ms);
	agent->by_hand = false;
	agent->restart_after = false;
	agentsys_tree_note(&agent->node, AGENTSYS_NODE_DOWN);
}

u32 agentsys_stopped_state(const struct agentsys_agent *agent)
{
	return agentsys_group_parks(&agent->node) || agentsys_related_comes_back(agent) ?
		       AGENTSYS_BACKOFF :
		       AGENTSYS_EXITED;
}

void agentsys_finish_or_park(struct agentsys_agent *agent)
{
	if (agentsys_group_parks(&agent->node))
		park(agent);
	else if (agentsys_related_comes_back(agent))
		agentsys_related_await(agent);
	else
		finish(agent, AGENTSYS_EXITED, 0);
}

/*
 * What a cgroup has used beyond its quota is held against who comes next: the new
 * instance could not run for a while, and the launcher with all its other work
 * stands still until it has executed its program.
 */
static bool owes(const struct agentsys_agent *agent)
{
	return agentsys_limit(agent, AGENTSYS_LIMIT_CPU_QUOTA) ||
	       agentsys_limit(agent, AGENTSYS_LIMIT_MEMORY_HIGH) ||
	       (agentsys_limit(agent, AGENTSYS_LIMIT_MEMORY_MAX) &&
		agentsys_fault_slows_memory(agent));
}

/* How long it has run up to @now, but for the time that the system was suspended. */
static u64 ran_until(const struct agentsys_agent *agent, u64 now)
{
	u64 suspended = agentsys_suspended_ns() - agent->suspended_ns;
	u64 ran = now - agent->status.start_ns;

	if (!agent->ran)
		return 0;
	/* If that was longer, it came after the end. */
	return suspended < ran ? ran - suspended : ran;
}

void agentsys_note_end(struct agentsys_agent *agent, enum agentsys_input input,
		       enum agentsys_cause cause, s32 code, u32 state)
{
	struct agentsys_status *status = &agent->status;
	bool crash = agentsys_end_abnormal(&status->policy, cause, code) && !agent->asked;
	u64 now = input == AGENTSYS_IN_ENDED ? agent->ended_ns : ktime_get_boottime_ns();
	u64 ran_ns = ran_until(agent, now);
	pid_t pid = status->pid;
	bool has_status = input == AGENTSYS_IN_ENDED && agent->ran;
	const struct agentsys_past past = {
		.time_ns = now,
		.ran_ns = ran_ns,
		.agent_id = agent->id,
		.instance = status->instance,
		.cause = cause,
		.code = code,
		.decision = state == AGENTSYS_FAILED ? AGENTSYS_DECISION_FAILS :
						       AGENTSYS_DECISION_STAYS,
		.pid = pid,
		.exit_status = has_status ? agent->wait_status : AGENTSYS_NO_STATUS,
	};

	agent->held = false;
	agentsys_disarm(agent);
	agentsys_launch_done(agent);
	/* A failure that is still in the mailbox was that of this launch. */
	clear_bit(AGENTSYS_MAIL_LAUNCH_FAILED, &agent->mail);
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
		agentsys_set_flag(agent, AGENTSYS_AGENT_PAUSED, false);
	}

	agentsys_fault_settle(agent);
	agentsys_usage_end(agent);
	if (agent->ran)
		agentsys_count_exit(crash);
	agentsys_registry_drop_main(agent);
	spin_lock(&agent->lock);
	status->state = state;
	status->cause = cause;
	status->code = code;
	status->step = cause == AGENTSYS_CAUSE_LAUNCH ? agent->launch_step : 0;
	status->exit_status = past.exit_status;
	status->end_pid = has_status ? pid : 0;
	if (!agent->asked)
		status->asked_ns = 0;
	status->end_ns = now;
	status->exits += agent->ran;
	status->crashes += crash && agent->ran;
	if (agent->asked && ran_ns >= (u64)status->policy.stable_ms * NSEC_PER_MSEC)
		status->streak = 0;
	agentsys_history_add(&agent->history, &past);
	spin_unlock(&agent->lock);

	/* One that ended for another fault has had that counted. */
	if (crash && agent->ran && cause != AGENTSYS_CAUSE_FAULT &&
	    !(cause == AGENTSYS_CAUSE_OOM &&
	      agentsys_fault_had(agent, AGENTSYS_FAULT_MEMORY_LIMIT)))
		agentsys_fault_crashed(agent, code, state == AGENTSYS_BACKOFF);
	if (agent->ran)
		agentsys_event_ended(agent, pid, crash ? AGENTSYS_EVENT_CRASH : AGENTSYS_EVENT_EXIT,
				     cause, code, ran_ns);
	else if (cause == AGENTSYS_CAUSE_LAUNCH)
		agentsys_event_ended(agent, pid, AGENTSYS_EVENT_LAUNCH_FAILED, cause, code,
				     agent->launch_step);
	agentsys_related_changed(agent);
	if (agent->ran)
		agentsys_related_ended(agent, crash);
	agent->ran = false;
}

/* How did the instance end, when nobody asked for it? */
static enum agentsys_cause find_cause(struct agentsys_agent *agent, enum agentsys_input input,
				      s32 *code)
{
	enum agentsys_fault doom = agentsys_fault_doom(agent);
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
	if (agent->hit_by && signal == SIGKILL)
		return AGENTSYS_CAUSE_LINK;
	if (agent->oom)
		return AGENTSYS_CAUSE_OOM;
	if (signal != SIGKILL || !doom)
		return AGENTSYS_CAUSE_SIGNAL;
	/* The kernel, which found it first, would have killed it for that a moment later. */
	if (doom == AGENTSYS_FAULT_MEMORY_LIMIT)
		return AGENTSYS_CAUSE_OOM;
	*code = doom;
	return AGENTSYS_CAUSE_FAULT;
}

static void schedule_restart(struct agentsys_agent *agent, u32 delay_ms)
{
	struct agentsys_status *status = &agent->status;

	agentsys_event_agent(agent, AGENTSYS_EVENT_RESTART_SCHEDULED, status->cause,
			     status->restarts + 1, delay_ms);
	agentsys_set_state(agent, AGENTSYS_BACKOFF);
	agentsys_decided(agent, AGENTSYS_DECISION_RESTARTS, delay_ms);
	if (!delay_ms) {
		agentsys_supervisor_apply(agent, AGENTSYS_IN_TIMER);
		return;
	}
	spin_lock(&agent->lock);
	status->next_start_ns = ktime_get_ns() + (u64)delay_ms * NSEC_PER_MSEC;
	spin_unlock(&agent->lock);
	agentsys_agent_arm(agent, delay_ms);
}

/*
 * Did the launch fail for its cgroup of before? The instance in there may not have gone
 * yet, of which the processes count and the files are open until then; or somebody has
 * removed it, empty as it was.
 */
static bool wants_other_cgroup(const struct agentsys_agent *agent)
{
	if (!agent->cgroup_id)
		return false;
	return (agent->launch_step == AGENTSYS_STEP_CLONE && agent->launch_error == EAGAIN) ||
	       (agent->launch_step == AGENTSYS_STEP_CGROUP && agent->launch_error == ENOENT);
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
		finish(agent,
		       group->goal == AGENTSYS_DOWN_FAIL && group->reason == agent->id ?
			       AGENTSYS_FAILED :
			       AGENTSYS_EXITED,
		       AGENTSYS_RESTARTS_UNLIMITED);
		break;
	}
}

/* By its own policy; what it did counts for the next time. */
static void judge(struct agentsys_agent *agent, enum agentsys_cause cause, s32 code, u64 ran_ns,
		  struct agentsys_verdict *verdict)
{
	struct agentsys_status *status = &agent->status;
	struct agentsys_restart_policy policy = status->policy;
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

	agentsys_restart_for_fault(&policy, agentsys_fault_doom(agent),
				   agentsys_fault_restarts(agent));
	agentsys_restart_decide(&policy, &past, &end, get_random_u32(), verdict);
	spin_lock(&agent->lock);
	status->streak = past.streak;
	status->survival_ms = past.survival_ms;
	spin_unlock(&agent->lock);
}

/* It has ended by itself, and for good: its group may have nothing left to do. */
static void done(struct agentsys_agent *agent, u32 state)
{
	agentsys_agent_get(agent);
	finish(agent, state, own_spent(agent));
	agentsys_tree_done(&agent->node, agent->id);
	agentsys_agent_put(agent);
}

/* The state that the verdict leads to, unless its group fails. */
static u32 judged_state(const struct agentsys_agent *agent, const struct agentsys_verdict *verdict)
{
	if (verdict->state != AGENTSYS_BACKOFF)
		return verdict->state;
	if (agentsys_shutdown_active())
		return AGENTSYS_EXITED;
	return agentsys_group_stops(&agent->node) ? agentsys_stopped_state(agent) :
						    AGENTSYS_BACKOFF;
}

void agentsys_act_decide(struct agentsys_agent *agent, enum agentsys_input input)
{
	u64 ran_ns = ran_until(agent, agent->ended_ns);
	struct agentsys_verdict verdict;
	enum agentsys_cause cause;
	bool answer;
	s32 code;

	if (input == AGENTSYS_IN_LAUNCH_FAILED && wants_other_cgroup(agent)) {
		agent->untidy = true;
		agent->tries = 0;
		agentsys_hand_over(agent);
		return;
	}
	/* The kernel may have had it killed for a limit before that could be told. */
	agentsys_fault_look(agent);
	cause = find_cause(agent, input, &code);
	answer = cause == AGENTSYS_CAUSE_LAUNCH && agent->by_hand;
	judge(agent, cause, code, ran_ns, &verdict);
	agentsys_note_end(agent, input, cause, code,
			  answer ? AGENTSYS_FAILED : judged_state(agent, &verdict));
	/* A child that hangs stays behind until it can be killed. */
	if (cause == AGENTSYS_CAUSE_LAUNCH && agent->launch_step == AGENTSYS_STEP_TIMEOUT)
		agent->untidy = true;
	if (answer)
		finish(agent, AGENTSYS_FAILED, 0);
	else if (agentsys_shutdown_active())
		finish(agent, judged_state(agent, &verdict), own_spent(agent));
	else if (verdict.state == AGENTSYS_BACKOFF)
		restart_or_not(agent, &verdict);
	else
		done(agent, verdict.state);
}

void agentsys_act_ended_as_asked(struct agentsys_agent *agent, enum agentsys_input input)
{
	bool again;
	s32 code;

	find_cause(agent, input, &code);
	again = agent->restart_after && !agentsys_shutdown_active();
	agentsys_note_end(agent, input, agent->asked, agent->ran ? code : 0,
			  again ? AGENTSYS_STARTING : agentsys_stopped_state(agent));
	if (again) {
		agentsys_decided(agent, AGENTSYS_DECISION_RESTARTS, 0);
		agentsys_set_state(agent, AGENTSYS_STARTING);
		agentsys_act_launch(agent, AGENTSYS_IN_RESTART);
	} else {
		agentsys_finish_or_park(agent);
	}
}

/* Its scheduled restart is called off. */
void agentsys_act_cancel_restart(struct agentsys_agent *agent, enum agentsys_input input)
{
	spin_lock(&agent->lock);
	agent->status.next_start_ns = 0;
	spin_unlock(&agent->lock);
	/* It does not come back with what it requires either. */
	agent->by_required = false;
	agentsys_finish_or_park(agent);
}
