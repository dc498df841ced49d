/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was applied. The module does not tell what an agent's command or environment is,
 * so apply notes of each agent what it made it of, in /run/agentsys/applied.json.
 */
#ifndef ASMCTL_MANIFEST_STATE_H
#define ASMCTL_MANIFEST_STATE_H

#include <json-c/json.h>

#include "libasm.h"

/* The notes, and the right to change them until the process ends; exits if they cannot be read. */
struct json_object *state_open(void);

/* Replace them; complains if that is impossible. */
bool state_save(struct json_object *state);

/* An empty set of notes. */
struct json_object *state_new(void);

/* What is noted of an agent; NULL if nothing is, or it is about another one of that id. */
struct json_object *state_of_agent(struct json_object *state, const struct agentsys_info *info);

/* Was the group, which is in root, applied from @manifest? */
bool state_has_group(struct json_object *state, const char *manifest, const char *name);

/* Was it applied from @manifest? */
bool state_is_from(struct json_object *entry, const char *manifest);

void state_add_agent(struct json_object *state, const char *manifest,
		     const struct agentsys_info *info, struct json_object *made_of,
		     struct json_object *relations);
void state_add_group(struct json_object *state, const char *manifest, const char *name);

/* Add to an array what it is to another one; and was that noted of it? */
void state_add_relation(struct json_object *relations, uint32_t kind, uint32_t to);
bool state_has_relation(struct json_object *entry, uint32_t kind, uint32_t to);

/* Add what @old notes of an agent, or of a group in root, that is left as it was: @info now. */
void state_keep_agent(struct json_object *state, struct json_object *old,
		      const struct agentsys_info *before, const struct agentsys_info *info);
void state_keep_group(struct json_object *state, struct json_object *old, const char *name);

#endif
