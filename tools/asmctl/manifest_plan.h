/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What has to be done so that a manifest is what there is.
 */
#ifndef ASMCTL_MANIFEST_PLAN_H
#define ASMCTL_MANIFEST_PLAN_H

#include "asmctl.h"
#include "manifest.h"

enum action {
	ADD,
	CHANGE,
	REPLACE, /* it is removed, and made anew */
	REMOVE,
};

/**
 * struct step - one thing to do
 * @action: what
 * @member: in the manifest; NULL with REMOVE
 * @group: what there is, if it is a group
 * @agent: what there is, if it is an agent
 * @changes: what differs: an array of objects with key, from and to, or NULL
 * @why: of REPLACE, if nothing differs
 * @part: of another step, which tells of it
 * @id: of the agent that was started
 * @done: it was done
 */
struct step {
	enum action action;
	const struct member *member;
	const struct agentsys_group *group;
	const struct agentsys_info *agent;
	struct json_object *changes;
	const char *why;
	bool part;
	uint32_t id;
	bool done;
};

struct steps {
	struct step *at;
	size_t n;
};

/**
 * struct plan - all that is to be done
 * @removals: first, the last one first
 * @steps: then, in order
 * @groups: what there is
 * @agents: likewise
 * @ngroups: how many
 * @nagents: how many
 * @state: what was noted of what was applied
 * @manifest: the path of the file
 * @prune: remove what is not in it
 */
struct plan {
	struct steps removals, steps;
	struct agentsys_group **groups;
	struct agentsys_info **agents;
	ssize_t ngroups, nagents;
	struct json_object *state;
	const char *manifest;
	bool prune;
};

/* These exit with EXIT_FAILED if it cannot be done. */
void plan_apply(struct plan *plan, struct agentsys *h, const struct member *root);
void plan_delete(struct plan *plan, struct agentsys *h, const struct member *root);
void plan_free(struct plan *plan);

/* Is there nothing to do? */
bool plan_is_empty(const struct plan *plan);

/* Lines with "+", "~", "-/+" and "-", or a document. */
void plan_print_step(const struct step *step);
void plan_print(const struct plan *plan);
struct json_object *plan_json(const struct plan *plan);

/* How many steps are of this kind. */
size_t plan_count(const struct plan *plan, enum action action);

/* The members of @root that follow one another in the file, groups ahead of what is in them. */
const struct member *next_member(const struct member *member);

#endif
