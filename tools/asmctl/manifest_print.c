// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "format.h"
#include "manifest_plan.h"
#include "spec.h"

static const struct {
	const char *sign, *name;
	enum colour colour;
} actions[] = {
	[ADD] = { "+", "add", GREEN },	   [CHANGE] = { "~", "change", YELLOW },
	[MOVE] = { "->", "move", YELLOW }, [REPLACE] = { "-/+", "replace", YELLOW },
	[REMOVE] = { "-", "remove", RED },
};

bool step_is_group(const struct step *step)
{
	return step->member ? step->member->is_group : !!step->group;
}

const char *step_name(const struct step *step)
{
	return step->member ? step->member->name :
	       step->group  ? step->group->name :
			      step->agent->name;
}

const char *step_group(const struct step *step)
{
	return step->member ? step->member->up->name :
	       step->group  ? step->group->parent :
			      step->agent->group;
}

static struct json_object *get(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return value;
}

/* ---- lines ---- */

static const char *text_of(struct json_object *value)
{
	const int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;

	if (!value)
		return "nothing";
	if (json_object_is_type(value, json_type_string))
		return json_object_get_string(value);
	return json_object_to_json_string_ext(value, flags);
}

static void print_changes(struct json_object *changes)
{
	for (size_t i = 0; i < json_object_array_length(changes); i++) {
		struct json_object *change = json_object_array_get_idx(changes, i);
		struct json_object *from = get(change, "from"), *to = get(change, "to");

		printf("%s %s", i ? "," : ":", json_object_get_string(get(change, "key")));
		if (from || to)
			printf(" %s -> %s", text_of(from), text_of(to));
	}
}

/* What is added is told in brief: who has the manifest can read the rest there. */
static void print_added(const struct member *member)
{
	char window[FORMAT_MAX];

	if (member->is_group) {
		printf(": %s, budget %u in %s, backoff %ums to %ums",
		       agentsys_strategy_name(member->policy.strategy), member->policy.budget,
		       format_window(member->policy.within_ms, window), member->policy.initial_ms,
		       member->policy.max_ms);
		return;
	}
	printf(":");
	for (size_t i = 0; i < json_object_array_length(get(member->made_of, "command")); i++)
		printf(" %s",
		       text_of(json_object_array_get_idx(get(member->made_of, "command"), i)));
}

void plan_print_step(const struct step *step)
{
	printf("%s%3s %s %s%s in %s", colour(actions[step->action].colour),
	       actions[step->action].sign, step_is_group(step) ? "group" : "agent", step_name(step),
	       colour_end(), step_group(step));
	if (step->changes)
		print_changes(step->changes);
	else if (step->action == ADD)
		print_added(step->member);
	if (step->why && !step->changes)
		printf(": %s", step->why);
	if (step->below)
		printf("%s it requires %s", step->changes ? "," : ":", step->below->name);
	if (step->id)
		printf(" (agent %u)", step->id);
	printf("\n");
}

void plan_print(const struct plan *plan)
{
	for (size_t i = plan->removals.n; i-- > 0;)
		plan_print_step(&plan->removals.at[i]);
	for (size_t i = 0; i < plan->steps.n; i++)
		plan_print_step(&plan->steps.at[i]);
}

/* ---- JSON ---- */

static void add(struct json_object *object, const char *key, struct json_object *value)
{
	need_memory(!value || json_object_object_add(object, key, value));
}

static struct json_object *json_of_below(const struct member *below)
{
	char why[2 * AGENTSYS_NAME_MAX];

	snprintf(why, sizeof(why), "it requires %s", below->name);
	return json_object_new_string(why);
}

static struct json_object *json_of_step(const struct step *step)
{
	struct json_object *object = json_object_new_object();
	uint32_t id = step->id ? step->id : step->agent ? step->agent->id : 0;

	add(object, "action", json_object_new_string(actions[step->action].name));
	add(object, "kind", json_object_new_string(step_is_group(step) ? "group" : "agent"));
	add(object, "name", json_object_new_string(step_name(step)));
	add(object, "group", json_object_new_string(step_group(step)));
	if (id)
		add(object, "agent_id", json_object_new_uint64(id));
	add(object, "changes",
	    step->changes ? json_object_get(step->changes) : json_object_new_array());
	if (step->why && !step->changes)
		add(object, "why", json_object_new_string(step->why));
	else if (step->below)
		add(object, "why", json_of_below(step->below));
	return object;
}

struct json_object *plan_json(const struct plan *plan)
{
	struct json_object *object = json_object_new_object();
	struct json_object *steps = json_object_new_array();

	for (size_t i = plan->removals.n; i-- > 0;)
		json_object_array_add(steps, json_of_step(&plan->removals.at[i]));
	for (size_t i = 0; i < plan->steps.n; i++)
		json_object_array_add(steps, json_of_step(&plan->steps.at[i]));
	add(object, "manifest", json_object_new_string(plan->manifest));
	add(object, "steps", steps);
	for (enum action action = ADD; action <= REMOVE; action++)
		add(object, actions[action].name, json_object_new_uint64(plan_count(plan, action)));
	return object;
}
