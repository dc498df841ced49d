/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The helper daemon, agent AGENTSYS_ID_HELPER: it does for the module what only a
 * process can. Its record is made when it is first started. From then on, until
 * somebody stops it, it is there while other agents live: it is started before
 * the first of them, and stopped a moment after the last one, so that it keeps
 * nobody from unloading the module.
 */
#ifndef _AGENTSYS_HELPER_H
#define _AGENTSYS_HELPER_H

#include <linux/agentsys.h>

#include "agent.h"

struct agentsys_agent;
struct agentsys_policy_change;

static inline bool agentsys_is_helper(const struct agentsys_agent *agent)
{
	return agent->id == AGENTSYS_ID_HELPER;
}

/* All but the last with the supervisor lock held. */

/* A record for it, outside the registry, and how it is restarted; or an ERR_PTR. */
struct agentsys_agent *agentsys_helper_new(struct agentsys_policy_change *policy);

/* Somebody started it, or stopped it. */
void agentsys_helper_want(bool wanted);

/* Another agent is about to be launched. */
void agentsys_helper_need(void);

/* An agent has gone, or the helper has come. */
void agentsys_helper_check(void);

/* Is it not there to hear anything, or stopped? */
bool agentsys_helper_away(void);

/* Is it the only one left? */
bool agentsys_helper_alone(void);

void agentsys_helper_exit(void);

#endif /* _AGENTSYS_HELPER_H */
