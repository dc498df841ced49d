/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The orderly end of all agents.
 */
#ifndef _AGENTSYS_SHUTDOWN_H
#define _AGENTSYS_SHUTDOWN_H

#include <linux/types.h>

struct agentsys_agent;

/* With the supervisor lock held. */

bool agentsys_shutdown_active(void); /* no start is accepted */
void agentsys_shutdown_killed(void); /* one was killed */

/* @agent was being attached when it began: end it now. */
void agentsys_shutdown_late(struct agentsys_agent *agent);

void agentsys_shutdown_check(void); /* one more has ended */

void agentsys_shutdown_exit(void);

#endif /* _AGENTSYS_SHUTDOWN_H */
