/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One cgroup that is made before anyone asks for it, under the id that the next
 * agent without an id of its own gets: making it takes nearly as long as all the
 * rest of a start. It lives only while agents live.
 */
#ifndef _AGENTSYS_STANDBY_H
#define _AGENTSYS_STANDBY_H

#include <linux/types.h>

/* All of these with the supervisor lock held, but for the last. */

/* Is it there, and right for @id (0: any)? Then it is the caller's, id and cgroup. */
bool agentsys_standby_take(u32 *id);

void agentsys_standby_give_back(u32 id);

/* One was taken, or could have been: have another one made. */
void agentsys_standby_fill(void);

/* Nobody lives: do without. */
void agentsys_standby_drop(void);

void agentsys_standby_exit(void);

#endif /* _AGENTSYS_STANDBY_H */
