// SPDX-License-Identifier: GPL-2.0-only
#include "manifest_changes.h"

#include <string.h>

#include "restarts.h"
#include "spec.h"

#define ENV "env."

/* What add_restarts() tells beside: how it went. */
static const char *const no_policy[] = { "restart_streak", "survival_ms", "circuit" };

static void add(struct json_object *object, const char *key, struct json_object *value)
{
	need_memory(!value || json_object_object_add(object, key, value));
}

void add_change(struct json_object **changes, const char *key, struct json_object *from,
		struct json_object *to)
{
	struct json_object *change = json_object_new_object();

	if (!*changes)
		*changes = json_object_new_array();
	add(change, "key", json_object_new_string(key));
	if (from)
		add(change, "from", from);
	if (to)
		add(change, "to", to);
	need_memory(json_object_array_add(*changes, change));
}

static void compare_words(struct json_object **changes, const char *key, const char *from,
			  const char *to)
{
	if (strcmp(from, to))
		add_change(changes, key, json_object_new_string(from), json_object_new_string(to));
}

static struct json_object *number(uint32_t n)
{
	return n == AGENTSYS_RESTARTS_UNLIMITED ? json_object_new_string("infinity") :
						  json_object_new_uint64(n);
}

static void compare_numbers(struct json_object **changes, const char *key, uint32_t from,
			    uint32_t to)
{
	if (from != to)
		add_change(changes, key, number(from), number(to));
}

struct group_policy policy_of_group(const struct agentsys_group *group)
{
	return (struct group_policy){
		.strategy = group->strategy,
		.budget = group->budget,
		.within_ms = group->within_ms,
		.initial_ms = group->backoff_initial_ms,
		.max_ms = group->backoff_max_ms,
		.kind = group->backoff_kind,
		.jitter = group->jitter,
		.auto_shutdown = group->auto_shutdown,
		.members_max = group->members_max,
	};
}

static void compare_bools(struct json_object **changes, const char *key, bool from, bool to)
{
	if (from != to)
		add_change(changes, key, json_object_new_boolean(from),
			   json_object_new_boolean(to));
}

void add_group_change(struct json_object **changes, const char *key, const char *from,
		      const char *to)
{
	add_change(changes, key, json_object_new_string(from), json_object_new_string(to));
}

struct json_object *group_changes(const struct member *member, const struct agentsys_group *group)
{
	const struct group_policy *policy = &member->policy;
	struct json_object *changes = NULL;

	compare_words(&changes, "strategy", agentsys_strategy_name(group->strategy),
		      agentsys_strategy_name(policy->strategy));
	compare_numbers(&changes, "budget", group->budget, policy->budget);
	compare_numbers(&changes, "within_ms", group->within_ms, policy->within_ms);
	compare_numbers(&changes, "backoff_initial_ms", group->backoff_initial_ms,
			policy->initial_ms);
	compare_numbers(&changes, "backoff_max_ms", group->backoff_max_ms, policy->max_ms);
	compare_words(&changes, "backoff_kind", agentsys_backoff_name(group->backoff_kind),
		      agentsys_backoff_name(policy->kind));
	compare_numbers(&changes, "jitter", group->jitter, policy->jitter);
	compare_words(&changes, "auto_shutdown", agentsys_auto_shutdown_name(group->auto_shutdown),
		      agentsys_auto_shutdown_name(policy->auto_shutdown));
	compare_numbers(&changes, "members_max", group->members_max, policy->members_max);
	compare_bools(&changes, "significant", group->significant, member->significant);
	return changes;
}

/* ---- agents: objects of JSON ---- */

static struct json_object *get(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return value;
}

/* An empty one if there is none. */
static struct json_object *get_object(struct json_object *object, const char *key)
{
	static struct json_object *empty;
	struct json_object *value = get(object, key);

	if (json_object_is_type(value, json_type_object))
		return value;
	if (!empty)
		empty = json_object_new_object();
	need_memory(empty ? 0 : -1);
	return empty;
}

static void compare_values(struct json_object **changes, const char *prefix, const char *key,
			   struct json_object *from, struct json_object *to)
{
	char name[256];

	if (json_object_equal(from, to))
		return;
	snprintf(name, sizeof(name), "%s%s", prefix, key);
	/* Values of the environment may be secrets. */
	if (!strcmp(prefix, ENV))
		add_change(changes, name, NULL, NULL);
	else
		add_change(changes, name, json_object_get(from), json_object_get(to));
}

/* These are compared for themselves. */
static bool is_apart(const char *key)
{
	return !strcmp(key, "env") || !strcmp(key, "limits") || !strcmp(key, "health");
}

/* All keys of either that stand for a value. */
static void compare_objects(struct json_object **changes, const char *prefix,
			    struct json_object *from, struct json_object *to)
{
	struct json_object_iter it;

	json_object_object_foreachC(to, it)
	{
		if (*prefix || !is_apart(it.key))
			compare_values(changes, prefix, it.key, get(from, it.key), it.val);
	}
	json_object_object_foreachC(from, it)
	{
		if ((*prefix || !is_apart(it.key)) && !get(to, it.key))
			compare_values(changes, prefix, it.key, it.val, NULL);
	}
}

static void compare_made_of(struct json_object **changes, struct json_object *from,
			    struct json_object *to)
{
	compare_objects(changes, "", from, to);
	compare_objects(changes, ENV, get_object(from, "env"), get_object(to, "env"));
}

/* By the words that asmctl has for it elsewhere. */
static struct json_object *json_of_restart(const struct agentsys_info *info)
{
	struct json_object *object = json_object_new_object();

	add(object, "restart", json_object_new_string(agentsys_restart_name(info->restart)));
	add(object, "max_restarts", number(info->max_restarts));
	add(object, "backoff_initial_ms", number(info->backoff_initial_ms));
	add(object, "backoff_max_ms", number(info->backoff_max_ms));
	add_restarts(object, info);
	for (size_t i = 0; i < ARRAY_SIZE(no_policy); i++)
		json_object_object_del(object, no_policy[i]);
	return object;
}

static void compare_restart(struct json_object **changes, const struct agentsys_info *is,
			    const struct agentsys_info *wanted)
{
	struct json_object *from = json_of_restart(is), *to = json_of_restart(wanted);

	compare_objects(changes, "", from, to);
	compare_bools(changes, "traps", is->flags & AGENTSYS_AGENT_TRAPS,
		      wanted->flags & AGENTSYS_AGENT_TRAPS);
	compare_bools(changes, "significant", is->significant, wanted->significant);
	json_object_put(from);
	json_object_put(to);
}

enum difference agent_difference(const struct member *member, const struct agentsys_info *info,
				 struct json_object *noted, struct json_object **changes)
{
	struct json_object *made_of = get(noted, "made_of");

	*changes = NULL;
	if (!json_object_is_type(made_of, json_type_object))
		return ANEW;
	compare_made_of(changes, made_of, member->made_of);
	if (*changes)
		return ANEW;
	compare_objects(changes, "limits.", get_object(made_of, "limits"),
			get_object(member->made_of, "limits"));
	compare_values(changes, "", "health", get(made_of, "health"),
		       get(member->made_of, "health"));
	compare_restart(changes, info, &member->restart);
	return *changes ? IN_PLACE : SAME;
}
