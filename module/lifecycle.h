/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The scheduler's tracepoints: how the module sees that agents execute, fork and exit.
 */
#ifndef _AGENTSYS_LIFECYCLE_H
#define _AGENTSYS_LIFECYCLE_H

int agentsys_lifecycle_init(void);

/* When this returns, no probe runs any more. */
void agentsys_lifecycle_exit(void);

#endif /* _AGENTSYS_LIFECYCLE_H */
