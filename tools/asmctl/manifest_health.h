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

/* Have the helper run if an agent that is to be started or changed needs it: an exit status. */
int plan_need_helper(const struct plan *plan, struct agentsys *h);

/* It has been started, as @id: likewise. */
int start_health(struct agentsys *h, const struct member *agent, uint32_t id);

/*
 * Have agent @id checked as the manifest says by now: likewise. How it was checked before
 * is in @before, for set_back_health(); NULL if that cannot be told.
 */
int change_health(struct agentsys *h, const struct member *agent, uint32_t id,
		  struct json_object **before);

/* And as before; @before may be NULL. */
int set_back_health(struct agentsys *h, uint32_t id, struct json_object *before);

/* Is one of @changes about that? */
bool changes_health(struct json_object *changes);

#endif
