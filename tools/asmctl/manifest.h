/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a manifest asks for: a tree of groups and agents.
 */
#ifndef ASMCTL_MANIFEST_H
#define ASMCTL_MANIFEST_H

#include <json-c/json.h>
#include <linux/agentsys_netlink.h>

#include "asmctl.h"

/**
 * struct group_policy - what a group is like, all of which the module tells
 * @strategy: enum agentsys_strategy
 * @budget: restarts within the window
 * @within_ms: the window
 * @initial_ms: backoff
 * @max_ms: up to this
 * @kind: enum agentsys_backoff, how it grows
 * @jitter: per cent, by up to which it is longer
 * @auto_shutdown: enum agentsys_auto_shutdown
 * @members_max: how many members it takes
 */
struct group_policy {
	uint32_t strategy, budget, within_ms, initial_ms, max_ms, kind, jitter, auto_shutdown;
	uint32_t members_max;
};

/**
 * struct wish - what an agent is to be to another one
 * @kind: enum agentsys_relation
 * @name: the other one as it is written, with its group or without
 * @place: where that is, for errors
 * @to: who that is, or NULL: it is none of the manifest
 * @outside: for the plan, who that is then
 */
struct wish {
	uint32_t kind;
	const char *name;
	char *place;
	struct member *to;
	const struct agentsys_info *outside;
};

/**
 * struct member - a group or an agent
 * @up: the group that it is in, or NULL for root
 * @next: the one behind it there
 * @first: of a group, its first member
 * @end: and where the next one goes
 * @is_group: it is one
 * @name: unique among the groups, or among the agents of its group
 * @significant: a significant member of the group that it is in
 * @place: for the plan, where it will stand there among the others
 * @policy: of a group
 * @spec: of an agent: all of it
 * @restart: of an agent: how it is restarted, with the defaults that its group gives, and
 *	whether it is significant, as the module would tell it; nothing else is set
 * @limits: of an agent: those that are given
 * @nlimits: how many
 * @made_of: of an agent: what cannot be changed while it is there, and its limits, as JSON
 * @checks: of an agent: what the helper daemon is to check, or NULL
 * @notifies: of an agent: it tells the helper how it is
 * @wishes: of an agent: what it is to be to others
 * @nwishes: how many
 * @seen: by a search
 * @is: for the plan, the agent that it is now, or NULL
 * @anew: for the plan, an agent is made of it
 */
struct member {
	struct member *up, *next, *first, **end;
	bool is_group;
	bool significant;
	const char *name;
	uint64_t place;
	struct group_policy policy;
	struct agentsys_spec *spec;
	struct agentsys_info restart;
	struct agentsys_limit_change *limits;
	size_t nlimits;
	struct json_object *made_of;
	struct json_object *checks;
	bool notifies;
	struct wish *wishes;
	size_t nwishes;
	bool seen;
	const struct agentsys_info *is;
	bool anew;
};

/* The tree of JSON that manifest_read() gave, with root on top; exits if something is wrong. */
struct member *manifest_check(struct json_object *json);
void manifest_free(struct member *root);

/* Those that follow one another in the file, groups ahead of what is in them; NULL at the end. */
struct member *next_member(const struct member *member);

/* ---- manifest_agent.c ---- */

struct at;

/* Fill in what an agent is made of. */
void manifest_agent(struct member *agent, const struct at *at);

/* Have @spec say all of how @info is restarted. */
void set_restart(struct agentsys_spec *spec, const struct agentsys_info *info);

/*
 * A string or a number as the text that an option takes, with @unit behind a number; of
 * an array its elements, with commas between. Exits if it is nothing like that. free()
 * frees the text.
 */
char *option_text(const struct at *at, const char *unit);

/* What is right of a backoff: "100:30000" of {"initial_ms": 100, "max_ms": 30000}. */
char *backoff_text(const struct at *at);

/* ---- manifest_relations.c ---- */

/* What an agent is to be to others, as it is written; and, of all of them, whom that means. */
void manifest_relations(struct member *agent, const struct at *at);
void manifest_relations_check(struct member *root);
void manifest_relations_free(struct member *agent);

/* "requires", "peers": under which key a kind of relation stands. */
const char *relation_key(uint32_t kind);

/* Is @text "group/name" of these? */
bool is_called(const char *text, const char *group, const char *name);

/* What is wrong with a wish; exits. */
PRINTF(2, 3) NORETURN void wish_wrong(const struct wish *wish, const char *format, ...);

#endif
