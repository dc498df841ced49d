/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the helper daemon has to do with agents of a manifest.
 */
#ifndef ASMCTL_MANIFEST_HEALTH_H
#define ASMCTL_MANIFEST_HEALTH_H

#include "manifest.h"
#include "manifest_text.h"

struct plan;

/* Take its keys "notify" and "health"; exits if something is wrong with them. */
void manifest_health(struct member *agent, const struct at *at, bool contained);

/* Have the helper run if an agent that is to be started needs it: an exit status. */
int plan_need_helper(const struct plan *plan, struct agentsys *h);

/* It has been started, as @id: likewise. */
int start_health(struct agentsys *h, const struct member *agent, uint32_t id);

#endif
