/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Agents that try what only an administrator may: to control the module.
 */
#ifndef _AGENTSYS_VIOLATION_H
#define _AGENTSYS_VIOLATION_H

struct agentsys_agent;

/*
 * The caller was refused something for want of CAP_SYS_ADMIN. If it belongs to an agent,
 * that is a fault of this. Any process context without the supervisor lock.
 */
void agentsys_violation_refused(void);

/* Some of its calls were refused: tell, and act. Supervisor lock held. */
void agentsys_violation_look(struct agentsys_agent *agent);

#endif /* _AGENTSYS_VIOLATION_H */
