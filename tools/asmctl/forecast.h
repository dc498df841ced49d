/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What becomes of an agent that ends, and ends so again and again. The module's own code
 * (module/core) decides it, on a clock that only exists here.
 */
#ifndef ASMCTL_FORECAST_H
#define ASMCTL_FORECAST_H

#include <stdbool.h>
#include <stddef.h>

#include "core/restart.h"

/* Restarts that are looked at. */
#define FORECAST_STEPS 1000

/* Actions of a ladder. */
#define FORECAST_RUNGS __AGENTSYS_RECOVERS

/* Groups that one is in: itself, those above it, and root. */
#define FORECAST_GROUPS (AGENTSYS_TREE_DEPTH + 1)

/* A group, as it stands; a struct agentsys_group is something else in core than in libasm. */
struct forecast_group {
	const char *name;
	u32 strategy;
	u32 budget;
	u32 within_ms;
	u32 backoff_initial_ms;
	u32 backoff_max_ms;
	u32 backoff_kind;
	u32 jitter;
	u32 recent;
};

/**
 * struct forecast_step - a restart
 * @least_ms: how long it waits for it
 * @most_ms: likewise, with all of the jitter
 * @opens: the circuit is open meanwhile
 * @group: the group with which it is restarted, NULL if alone
 */
struct forecast_step {
	u32 least_ms;
	u32 most_ms;
	bool opens;
	const char *group;
};

/* Why it is not restarted any more. */
enum forecast_why {
	FORECAST_ENDLESS,   /* it would be, beyond FORECAST_STEPS */
	FORECAST_CONDITION, /* its condition is another one */
	FORECAST_SUCCESS,   /* it counts as a success */
	FORECAST_PREVENTED, /* it is among the ends that prevent it */
	FORECAST_SPENT,	    /* what it has a budget of is spent */
	FORECAST_RESTARTS,  /* its restarts are spent */
	FORECAST_BUDGET,    /* those of @failed are, and nobody above restarts that */
};

/**
 * struct forecast - what is asked, and the answer
 * @policy: the agent's
 * @past: what there was up to now
 * @end: how it ends now
 * @fault: the fault that it is killed for, or AGENTSYS_FAULT_NONE
 * @restart: and so that it is started again
 * @later_ms: how long each instance runs after that
 * @groups: those that it is in, inside out, root last
 * @ngroups: how many
 * @steps: restarts, in order
 * @nsteps: how many
 * @state: then it is AGENTSYS_EXITED or _FAILED, unless @why is FORECAST_ENDLESS
 * @why: see above
 * @failed: the outermost group that failed in the end, or NULL
 */
struct forecast {
	struct agentsys_restart_policy policy;
	struct agentsys_restart_past past;
	struct agentsys_end end;
	u32 fault;
	bool restart;
	u64 later_ms;
	struct forecast_group groups[FORECAST_GROUPS];
	size_t ngroups;
	struct forecast_step steps[FORECAST_STEPS];
	size_t nsteps;
	u32 state;
	enum forecast_why why;
	const char *failed;
};

void forecast(struct forecast *forecast);

/**
 * struct forecast_rung - what is done about a fault, the further up a ladder the agent is
 * @action: enum agentsys_recover
 * @from: with this fault within the time of the ladder, counted from 1
 */
struct forecast_rung {
	u32 action;
	u64 from;
};

/* What is said to be done about it, on a ladder of so many faults a rung, 0 for none. */
size_t forecast_rungs(u32 fault, u32 action, u32 after, struct forecast_rung rungs[FORECAST_RUNGS]);

#endif
