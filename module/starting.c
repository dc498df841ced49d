// SPDX-License-Identifier: GPL-2.0-only
/*
 * How instances start: from the decision to the program that runs.
 */
#include "supervisor_internal.h"

#include <linux/ktime.h>
#include <linux/sched/signal.h>

#include "agent.h"
#include "fault.h"
#include "group.h"
#include "helper.h"
#include "launch.h"
#include "limit.h"
#include "liveness.h"
#include "mailbox.h"
#include "registry.h"
#include "related.h"
#include "shutdown.h"
#include "telemetry.h"
#include "usage.h"

/* A start that waits for that is given up after so many, some 10 s. */
#define START_TRIES 18

/* Between two events that tell of an execution. */
#define EXEC_INTERVAL (HZ / 10)

static void fail_start(struct agentsys_agent *agent, int error, enum agentsys_step step)
{
	lockdep_assert_held(&agentsys_lock);

	agent->launch_error = error;
	agent->launch_step = step;
	agentsys_mail_post(agent, AGENTSYS_MAIL_LAUNCH_FAILED);
}

void agentsys_hand_over(struct agentsys_agent *agent)
{
	if (agent->untidy && !agentsys_drop_cgroup(agent)) {
		/* There is no way to kill that. */
		if (agent->tries > START_TRIES)
			fail_start(agent, EBUSY, AGENTSYS_STEP_CGROUP);
		return;
	}
	agentsys_disarm(agent);
	agentsys_liveness_reset(agent);
	agentsys_launch_queue(agent);
}

/* The time in which something was to become of a start has passed. */
void agentsys_act_held_up(struct agentsys_agent *agent, enum agentsys_input input)
{
	if (!agent->main) {
		agentsys_hand_over(agent);
		return;
	}
	/* Its launcher died, and it has committed and not executed anything. */
	agentsys_cgroup_kill(agent->id);
	kill_pid(agent->main, SIGKILL, 1);
	agentsys_registry_drop_main(agent);
	fail_start(agent, ETIMEDOUT, AGENTSYS_STEP_TIMEOUT);
}

void agentsys_start_not(struct agentsys_agent *agent)
{
	lockdep_assert_held(&agentsys_lock);

	if (!agent->by_hand) {
		agentsys_set_state(agent, AGENTSYS_BACKOFF);
		agentsys_supervisor_apply(agent, AGENTSYS_IN_STOP);
		return;
	}
	/* The answer to whoever asked for the start. */
	agentsys_supervisor_hold(agent);
	agentsys_set_state(agent, AGENTSYS_STARTING);
	fail_start(agent, ECANCELED, AGENTSYS_STEP_REQUIRED);
	agentsys_tree_note(&agent->node, AGENTSYS_NODE_STARTING);
}

void agentsys_act_launch(struct agentsys_agent *agent, enum agentsys_input input)
{
	struct agentsys_status *status = &agent->status;

	if (input == AGENTSYS_IN_TIMER && agentsys_group_stops(&agent->node)) {
		agentsys_finish_or_park(agent);
		return;
	}
	agentsys_disarm(agent);
	agent->by_hand = input != AGENTSYS_IN_TIMER && !agent->by_group;
	agent->by_required = false;
	agent->asked = AGENTSYS_CAUSE_NONE;
	agent->restart_after = false;
	agent->forget = false;
	agentsys_waiter_stays(agent);
	/* What they waited for has ended, even if not all of it has gone yet. */
	agentsys_waiter_reached(agent, AGENTSYS_ENDS);
	agent->first = !status->instance;
	switch (agentsys_related_start(agent)) {
	case AGENTSYS_NEED_MET:
		break;
	case AGENTSYS_NEED_WAITS:
		return;
	case AGENTSYS_NEED_FAILS:
		agentsys_start_not(agent);
		return;
	}
	agent->hit_by = 0;
	agent->ran = false;
	agent->ran_ns = 0;
	agent->execs = 0;
	agent->exec_told = jiffies - EXEC_INTERVAL;
	agent->begun_ns = ktime_get_boottime_ns();

	spin_lock(&agent->lock);
	status->instance++;
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

	if (!agentsys_is_helper(agent))
		agentsys_helper_need();
	agentsys_supervisor_hold(agent);
	agent->tries = 0;
	agentsys_hand_over(agent);
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
	/* Only one that has ended by itself has used a restart up. */
	agent->by_group = !waits || agent->asked;
	agentsys_supervisor_apply(agent, waits ? AGENTSYS_IN_TIMER : AGENTSYS_IN_START);
}

/* One that does nothing but execute programs shall not push everything else out of the ring. */
void agentsys_act_execed(struct agentsys_agent *agent, enum agentsys_input input)
{
	if (time_before(jiffies, agent->exec_told + EXEC_INTERVAL))
		return;
	agent->exec_told = jiffies;
	agentsys_event_agent(agent, AGENTSYS_EVENT_EXEC, 0, 0, READ_ONCE(agent->execs) - 1);
}

void agentsys_act_running(struct agentsys_agent *agent, enum agentsys_input input)
{
	u16 born = agent->spec ? AGENTSYS_EVENT_SPAWN : AGENTSYS_EVENT_ATTACH;
	struct agentsys_status *status = &agent->status;
	u64 start_ns = agent->ran_ns;

	if (agent->ran) { /* on its way out, and executes something else */
		agentsys_act_execed(agent, input);
		return;
	}
	agent->ran = true;
	agent->suspended_ns = agentsys_suspended_ns();
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
	agentsys_limits_ran(agent);
	agentsys_fault_watch(agent);
	agentsys_usage_begin(agent);
	if (status->state != AGENTSYS_ACTIVE)
		return;
	agentsys_waiter_reached(agent, AGENTSYS_RUNS);
	if (!agent->node.parent) /* it was attached */
		agentsys_tree_enter(agentsys_group_find(NULL), &agent->node);
	agentsys_tree_note(&agent->node, AGENTSYS_NODE_UP);
}
