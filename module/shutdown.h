/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The end of all agents: in order, with a deadline, or at once.
 *
 * Agents in root, and each group below it, have nothing to do with one another and are
 * stopped side by side; inside a group one after the other, as the group does it. What
 * is left at the deadline is killed, whether its turn has come or not.
 */
#ifndef _AGENTSYS_SHUTDOWN_H
#define _AGENTSYS_SHUTDOWN_H

#include <linux/types.h>

struct agentsys_agent;

/* With the supervisor lock held. */

bool agentsys_shutdown_active(void); /* no start is accepted */
void agentsys_shutdown_killed(void); /* one was killed */

/* Stop @agent, now that its turn has come. */
void agentsys_shutdown_stop(struct agentsys_agent *agent);

/* @agent was being attached when it began: end it now. */
void agentsys_shutdown_late(struct agentsys_agent *agent);

void agentsys_shutdown_check(void); /* one more has ended */

/* The deadline is so many jiffies later: nobody could end meanwhile. */
void agentsys_shutdown_put_off(unsigned long by);

/* The system goes down: everything is killed, and nothing ever started again. */
void agentsys_shutdown_for_good(void);

void agentsys_shutdown_exit(void);

#endif /* _AGENTSYS_SHUTDOWN_H */
