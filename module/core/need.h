/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether an agent may run, by what it depends on.
 */
#ifndef AGENTSYS_CORE_NEED_H
#define AGENTSYS_CORE_NEED_H

#include "env.h"

/* The worst of all that an agent depends on is what counts. */
enum agentsys_need {
	AGENTSYS_NEED_MET,   /* it may run */
	AGENTSYS_NEED_WAITS, /* it may not yet */
	AGENTSYS_NEED_FAILS, /* it may not, and nothing will change that by itself */
};

/*
 * What one relation of @kind, enum agentsys_relation, asks of an agent that is to be
 * started, when the other is in @state, enum agentsys_state. @called: the other is
 * about to be started.
 */
static inline enum agentsys_need agentsys_need_to_start(u32 kind, u32 state, bool called)
{
	if (kind == AGENTSYS_RELATION_WANTS)
		return state == AGENTSYS_STARTING || called ? AGENTSYS_NEED_WAITS :
							      AGENTSYS_NEED_MET;
	if (kind != AGENTSYS_RELATION_REQUIRES || state == AGENTSYS_ACTIVE)
		return AGENTSYS_NEED_MET;
	if ((state == AGENTSYS_EXITED || state == AGENTSYS_FAILED) && !called)
		return AGENTSYS_NEED_FAILS;
	return AGENTSYS_NEED_WAITS;
}

/* Likewise of one that runs: false, and it has to end. */
static inline bool agentsys_need_to_run(u32 kind, u32 state)
{
	return kind != AGENTSYS_RELATION_REQUIRES || state == AGENTSYS_ACTIVE;
}

/*
 * An agent is to be stopped. Does that wait for another, in @state, which has a
 * relation of @kind to it?
 */
static inline bool agentsys_need_keeps(u32 kind, u32 state)
{
	if (kind == AGENTSYS_RELATION_REQUIRES)
		return state == AGENTSYS_STARTING || state == AGENTSYS_ACTIVE ||
		       state == AGENTSYS_STOPPING;
	return kind == AGENTSYS_RELATION_WANTS && state == AGENTSYS_STOPPING;
}

#endif /* AGENTSYS_CORE_NEED_H */
