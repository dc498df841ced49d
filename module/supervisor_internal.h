/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the supervisor share: supervisor.c has the table and what is
 * asked of agents that run, starting.c how they come to run, ending.c how that
 * ends. Everything here is done with the supervisor lock held.
 */
#ifndef _AGENTSYS_SUPERVISOR_INTERNAL_H
#define _AGENTSYS_SUPERVISOR_INTERNAL_H

#include <linux/ktime.h>

#include "supervisor.h"

/* How long the system was suspended since it was booted. */
static inline u64 agentsys_suspended_ns(void)
{
	return ktime_to_ns(ktime_mono_to_any(0, TK_OFFS_BOOT));
}

/* ---- supervisor.c ---- */

void agentsys_set_state(struct agentsys_agent *agent, u32 state);
void agentsys_set_flag(struct agentsys_agent *agent, u32 flag, bool on);

/* What becomes of the instance that has ended last, for its history. */
void agentsys_decided(struct agentsys_agent *agent, u32 decision, u32 delay_ms);

/* Its end is asked for, for this reason; the first one to ask counts. */
void agentsys_ask(struct agentsys_agent *agent, enum agentsys_cause cause);

/* The time given to the present state does not matter any more. */
void agentsys_disarm(struct agentsys_agent *agent);

/* Nothing keeps it from being stopped any more: ask it to end. */
void agentsys_stop_held(struct agentsys_agent *agent);

/* It is over and done with: it no longer holds the module. */
void agentsys_let_go(struct agentsys_agent *agent);

/* ---- starting.c ---- */

/*
 * Hand it to the launcher. Two instances never live at once, so what the one
 * before has left behind must be gone; and a cgroup that it has made into a tree
 * cannot hold another one.
 */
void agentsys_hand_over(struct agentsys_agent *agent);

/* It waits to be started with what it requires, which does not come. */
void agentsys_start_not(struct agentsys_agent *agent);

void agentsys_act_launch(struct agentsys_agent *agent, enum agentsys_input input);
void agentsys_act_held_up(struct agentsys_agent *agent, enum agentsys_input input);
void agentsys_act_running(struct agentsys_agent *agent, enum agentsys_input input);
void agentsys_act_execed(struct agentsys_agent *agent, enum agentsys_input input);

/* ---- ending.c ---- */

/*
 * Remove the cgroup of an ended instance: true. A process that has exited leaves
 * its cgroup a moment later, so this may take more than one attempt: false, and
 * the timer is armed for the next one.
 */
bool agentsys_drop_cgroup(struct agentsys_agent *agent);

/*
 * The present instance is over: write down why, and leave nothing of it behind. The
 * agent is in @state before anybody hears of the end.
 */
void agentsys_note_end(struct agentsys_agent *agent, enum agentsys_input input,
		       enum agentsys_cause cause, s32 code, u32 state);

/* What it comes to when it is stopped: it stays so, or waits to be started with others. */
u32 agentsys_stopped_state(const struct agentsys_agent *agent);

/* It was stopped: it stays so, or is started again when its group says so. */
void agentsys_finish_or_park(struct agentsys_agent *agent);

/* Take the record away. The caller has a reference, and answers whoever waits for this. */
void agentsys_forget(struct agentsys_agent *agent);

void agentsys_act_decide(struct agentsys_agent *agent, enum agentsys_input input);
void agentsys_act_ended_as_asked(struct agentsys_agent *agent, enum agentsys_input input);
void agentsys_act_cancel_restart(struct agentsys_agent *agent, enum agentsys_input input);
void agentsys_act_reap(struct agentsys_agent *agent, enum agentsys_input input);

#endif /* _AGENTSYS_SUPERVISOR_INTERNAL_H */
