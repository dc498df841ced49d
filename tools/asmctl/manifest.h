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
 */
struct group_policy {
	uint32_t strategy, budget, within_ms, initial_ms, max_ms, kind, jitter, auto_shutdown;
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
 * @made_of: of an agent: what cannot be changed while it is there, as JSON
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
	struct json_object *made_of;
};

/* The tree of JSON that manifest_read() gave, with root on top; exits if something is wrong. */
struct member *manifest_check(struct json_object *json);
void manifest_free(struct member *root);

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

#endif
