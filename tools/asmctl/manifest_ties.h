/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the agents of a manifest, and those beside it, are to each other: what there is of
 * that, and what is to be there.
 */
#ifndef ASMCTL_MANIFEST_TIES_H
#define ASMCTL_MANIFEST_TIES_H

#include "manifest_plan.h"

/**
 * struct end - one side of a relation
 * @member: the agent of the manifest that it is, or NULL
 * @agent: what there is of it, or NULL
 */
struct end {
	const struct member *member;
	const struct agentsys_info *agent;
};

/**
 * struct tie - a relation
 * @kind: enum agentsys_relation
 * @from: who has it
 * @to: and with whom; which is which does not matter if it is mutual
 * @is: it is there
 * @wanted: the manifest says so
 * @goes: it is taken away, before anything else is done
 * @owner: the member of whose changes it is one
 * @name: what the other one is called there
 * @made: it was made when all else was done
 */
struct tie {
	uint32_t kind;
	struct end from, to;
	bool is, wanted, goes;
	const struct member *owner;
	const char *name;
	bool made;
};

/* Those that there are; exits if that fails. */
void plan_ties_look(struct plan *plan, struct agentsys *h);

/* Is @agent stopped when @other is, by what there is? */
bool plan_requires(const struct plan *plan, const struct agentsys_info *agent,
		   const struct agentsys_info *other);

/*
 * The one that @agent, which is there and to be left as it is, requires and that is
 * replaced, or NULL: it would be stopped together with that.
 */
const struct member *plan_replaced_below(const struct plan *plan, const struct member *agent);

/* Who is meant, what goes and what comes, once all steps are known; exits if something is wrong. */
void plan_ties(struct plan *plan);

/* Is it to be there when all is done? */
bool tie_stays(const struct plan *plan, const struct tie *tie);

/* By now; 0 if it was not started yet. */
uint32_t end_id(const struct plan *plan, const struct end *end);

/* What @member was given to be to others, to be noted. */
struct json_object *json_of_wishes(const struct plan *plan, const struct member *member);

/* ---- manifest_relate.c: exit statuses ---- */

struct work;

/* Take away what goes. */
int drop_ties(const struct work *work);

/* An agent that is about to be started has these from its first moment on. */
void start_with_ties(const struct work *work, const struct member *agent);

/* Make what is still not there. */
int make_ties(const struct work *work);

/*
 * What is moved may not depend on what stays behind, nor the other way round: such
 * relations are taken away, and are made again in the end.
 */
int move_agent_freely(const struct work *work, uint32_t id, const char *group);
int move_group_freely(const struct work *work, const char *name, const char *parent);

/* Undo make_ties() first, and have there be what there was when all else is undone. */
void unmake_ties(const struct work *work);
bool restore_ties(const struct work *work);

#endif
