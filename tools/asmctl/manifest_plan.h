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
	MOVE,	 /* it becomes the last member of its group in the manifest */
	REPLACE, /* another one is made, and it is removed */
	REMOVE,
};

/**
 * struct step - one thing to do
 * @action: what
 * @member: in the manifest; NULL with REMOVE
 * @group: what there is, if it is a group
 * @agent: what there is, if it is an agent
 * @changes: what differs: an array of objects with key, from and to, or NULL
 * @why: of REPLACE and MOVE, if nothing differs
 * @below: of REPLACE, what it requires and is replaced too; or NULL
 * @relates: of CHANGE, it is only to others what it was not, or the other way round
 * @id: of the agent that was started
 * @done: it was done
 * @stopped: @agent was stopped, for REPLACE and REMOVE
 * @old: and its record given up, because another one needs its id: what it was made of, or NULL
 * @gone: its record was given up
 * @limits: of CHANGE, those that @agent had before they were changed, or NULL
 * @checks: of CHANGE, how @agent was checked before that was changed, or NULL
 * @reborn: the id of the one that was made of @old
 */
struct step {
	enum action action;
	const struct member *member;
	const struct agentsys_group *group;
	const struct agentsys_info *agent;
	struct json_object *changes;
	const char *why;
	const struct member *below;
	bool relates;
	uint32_t id;
	bool done, stopped, gone;
	struct agentsys_spec *old;
	struct agentsys_limits_info *limits;
	struct json_object *checks;
	uint32_t reborn;
};

struct steps {
	struct step *at;
	size_t n;
};

/**
 * struct plan - all that is to be done
 * @removals: what goes, the last one first
 * @steps: then, in order
 * @groups: what there is
 * @agents: likewise
 * @ngroups: how many
 * @nagents: how many
 * @state: what was noted of what was applied
 * @manifest: the path of the file
 * @root: what it says
 * @prune: remove what is not in it
 * @entered: how many members enter a group so far
 * @ties: what agents are to each other, and are to be
 * @nties: how many
 */
struct plan {
	struct steps removals, steps;
	struct agentsys_group **groups;
	struct agentsys_info **agents;
	ssize_t ngroups, nagents;
	struct json_object *state;
	const char *manifest;
	struct member *root;
	bool prune;
	uint32_t entered;
	struct tie *ties;
	size_t nties;
};

/**
 * struct place - a member of a group that there is
 * @place: where it stands
 * @group: it, or NULL
 * @agent: it, or NULL
 */
struct place {
	uint32_t place;
	const struct agentsys_group *group;
	const struct agentsys_info *agent;
};

/* The members of a group that there is in order, with nothing behind the last one; free() it. */
struct place *plan_members_of(const struct plan *plan, const char *group);

/* What there is: the groups and agents of @plan, with nothing planned; exits if that fails. */
void plan_look(struct plan *plan, struct agentsys *h);

/* These exit with EXIT_FAILED if it cannot be done. */
void plan_apply(struct plan *plan, struct agentsys *h);
void plan_delete(struct plan *plan, struct agentsys *h);
void plan_free(struct plan *plan);

void plan_add_step(struct steps *steps, struct step step);

/* Which agent is that member by now? 0 if it was not started yet. */
uint32_t plan_id_of(const struct plan *plan, const struct member *member);

/* Does it run, or is it about to? */
bool was_live(const struct agentsys_info *info);

/* Is there nothing to do? */
bool plan_is_empty(const struct plan *plan);

/* Lines with "+", "~", "->", "-/+" and "-", or a document. */
void plan_print_step(const struct step *step);
void plan_print(const struct plan *plan);
struct json_object *plan_json(const struct plan *plan);

/* How many steps are of this kind. */
size_t plan_count(const struct plan *plan, enum action action);

/* Is it an agent or a group, what is it called, and what is it in or will be? */
bool step_is_group(const struct step *step);
const char *step_name(const struct step *step);
const char *step_group(const struct step *step);

#endif
