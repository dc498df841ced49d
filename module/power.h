/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What becomes of agents when the system goes down, or to sleep.
 */
#ifndef _AGENTSYS_POWER_H
#define _AGENTSYS_POWER_H

int agentsys_power_init(void);
void agentsys_power_exit(void);

#endif /* _AGENTSYS_POWER_H */
