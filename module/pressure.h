/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pressure (PSI): how much of the time tasks of an agent wait for memory, the CPU or
 * I/O. It is no fault, but tells that one is near. The kernel measures it all the
 * time, and tells us when there is more of it than a limit.
 */
#ifndef _AGENTSYS_PRESSURE_H
#define _AGENTSYS_PRESSURE_H

#include <linux/types.h>

struct agentsys_agent;
struct agentsys_limits;

/* Is there a limit of it among these that this kernel cannot tell of? */
bool agentsys_pressure_lacks(const struct agentsys_limits *limits);

/* With the supervisor lock held: */

/* Be told of as much as its limits say, from now on. */
void agentsys_pressure_watch(struct agentsys_agent *agent);

/* Its cgroup is to go. */
void agentsys_pressure_unwatch(struct agentsys_agent *agent);

/* There is some perhaps: tell it. */
void agentsys_pressure_look(struct agentsys_agent *agent);

#endif /* _AGENTSYS_PRESSURE_H */
