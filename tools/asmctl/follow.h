/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Staying with an agent until it ends, as its parent would.
 */
#ifndef ASMCTL_FOLLOW_H
#define ASMCTL_FOLLOW_H

#include "asmctl.h"

/* Before the agent is started: its events from here on, and our signals held back. */
struct agentsys_events *follow_begin(void);

/*
 * Returns, when it has ended for good, the exit status that a shell would give
 * for it. The first SIGINT, SIGTERM or SIGHUP stops it, a further one kills it.
 */
int follow(struct agentsys *h, struct agentsys_events *events, uint32_t id);

#endif
