// SPDX-License-Identifier: GPL-2.0-only
#include "manifest_plan.h"

#include <stdlib.h>
#include <string.h>

#include "manifest_changes.h"
#include "manifest_state.h"
#include "manifest_ties.h"
#include "spec.h"

/* ---- what there is ---- */

void plan_look(struct plan *plan, struct agentsys *h)
{
	plan->ngroups = agentsys_group_list(h, &plan->groups);
	plan->nagents = plan->ngroups < 0 ? plan->ngroups : agentsys_list(h, &plan->agents);
	if (plan->nagents < 0) {
		complain("cannot list groups and agents: %s", agentsys_error(h));
		exit(exit_status_of(plan->nagents));
	}
}

static const struct agentsys_group *find_group(const struct plan *plan, const char *name)
{
	for (ssize_t i = 0; i < plan->ngroups; i++)
		if (!strcmp(plan->groups[i]->name, name))
			return plan->groups[i];
	return NULL;
}

static bool is_in(const struct agentsys_info *info, const char *group)
{
	return !strcmp(info->group, group);
}

NORETURN static void ambiguous(const struct agentsys_info *a, const struct agentsys_info *b)
{
	complain("two agents in group '%s' are called '%s', %u and %u: remove one of them",
		 a->group, a->name, a->id, b->id);
	exit(EXIT_FAILED);
}

/* Is something of that kind and name in this group of the manifest? */
static bool has(const struct member *group, const char *name, bool is_group)
{
	for (const struct member *member = group->first; member; member = member->next)
		if (member->is_group == is_group && !strcmp(member->name, name))
			return true;
	return false;
}

/* Will it be some member of the manifest, wherever it stands now? */
static bool is_taken(const struct plan *plan, const struct place *place)
{
	for (size_t i = 0; i < plan->steps.n; i++) {
		const struct step *step = &plan->steps.at[i];

		if ((place->group && step->group == place->group) ||
		    (place->agent && step->agent == place->agent))
			return true;
	}
	return false;
}

static const struct agentsys_info *find_in_group(const struct plan *plan,
						 const struct member *member)
{
	const struct agentsys_info *found = NULL;

	for (ssize_t i = 0; i < plan->nagents; i++) {
		const struct agentsys_info *info = plan->agents[i];

		if (strcmp(info->name, member->name) || !is_in(info, member->up->name))
			continue;
		if (found)
			ambiguous(found, info);
		found = info;
	}
	return found;
}

static bool is_wanted_there(const struct plan *plan, const struct agentsys_info *info)
{
	for (const struct member *member = plan->root; member; member = next_member(member))
		if (member->is_group && !strcmp(member->name, info->group))
			return has(member, info->name, false);
	return false;
}

/* The one that was applied from this file, and has no place in it but @member's; or NULL. */
static const struct agentsys_info *find_elsewhere(const struct plan *plan,
						  const struct member *member)
{
	const struct agentsys_info *found = NULL;

	for (ssize_t i = 0; i < plan->nagents; i++) {
		const struct agentsys_info *info = plan->agents[i];
		const struct place place = { .agent = info };

		if (strcmp(info->name, member->name) || is_wanted_there(plan, info) ||
		    is_taken(plan, &place) ||
		    !state_is_from(state_of_agent(plan->state, info), plan->manifest))
			continue;
		if (found)
			return NULL;
		found = info;
	}
	return found;
}

/* ---- steps ---- */

void plan_add_step(struct steps *steps, struct step step)
{
	steps->at = reallocarray(steps->at, steps->n + 1, sizeof(*steps->at));
	if (!steps->at)
		out_of_memory();
	steps->at[steps->n++] = step;
}

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->place < y->place ? -1 : x->place > y->place;
}

struct place *plan_members_of(const struct plan *plan, const char *group)
{
	struct place *places = calloc(plan->ngroups + plan->nagents + 1, sizeof(*places));
	size_t n = 0;

	need_memory(places ? 0 : -1);
	for (ssize_t i = 0; i < plan->ngroups; i++) {
		const struct agentsys_group *below = plan->groups[i];

		if (!strcmp(below->parent, group))
			places[n++] = (struct place){ below->place, below, NULL };
	}
	for (ssize_t i = 0; i < plan->nagents; i++) {
		const struct agentsys_info *info = plan->agents[i];

		if (is_in(info, group))
			places[n++] = (struct place){ info->place, NULL, info };
	}
	qsort(places, n, sizeof(*places), by_place);
	return places;
}

static void remove_agent(struct plan *plan, const struct agentsys_info *info)
{
	plan_add_step(&plan->removals, (struct step){ REMOVE, .agent = info });
}

/* With all that is in it, and does not go elsewhere. */
static void remove_group(struct plan *plan, const struct agentsys_group *group)
{
	struct place *places = plan_members_of(plan, group->name);

	plan_add_step(&plan->removals, (struct step){ REMOVE, .group = group });
	for (struct place *at = places; at->group || at->agent; at++) {
		if (is_taken(plan, at))
			continue;
		if (at->group)
			remove_group(plan, at->group);
		else
			remove_agent(plan, at->agent);
	}
	free(places);
}

/* ---- members that are in the manifest ---- */

/* It will be the last one in its group, for now. */
static void enters(struct plan *plan, struct member *member)
{
	member->place = (UINT64_C(1) << 32) + plan->entered++;
}

static void plan_agent(struct plan *plan, struct member *member, const struct agentsys_info *info)
{
	struct json_object *noted = state_of_agent(plan->state, info);
	struct step step = { REPLACE, member, .agent = info };
	enum difference difference = agent_difference(member, info, noted, &step.changes);
	bool moves = !is_in(info, member->up->name);

	member->is = info;
	if (!noted)
		step.why = "it was not applied, so what it runs is not known";
	member->place = info->place;
	if (difference != ANEW) {
		step.below = plan_replaced_below(plan, member);
		difference = step.below ? ANEW : difference;
	}
	member->anew = difference == ANEW;
	if (moves || member->anew)
		enters(plan, member);
	if (difference == ANEW) {
		if (moves)
			add_group_change(&step.changes, "group", info->group, member->up->name);
		plan_add_step(&plan->steps, step);
		return;
	}
	/* What it is like first: it has to suit the group that it goes to. */
	if (difference == IN_PLACE) {
		step.action = CHANGE;
		plan_add_step(&plan->steps, step);
	}
	if (!moves)
		return;
	step = (struct step){ MOVE, member, .agent = info };
	add_group_change(&step.changes, "group", info->group, member->up->name);
	plan_add_step(&plan->steps, step);
}

static void plan_group(struct plan *plan, struct member *member, const struct agentsys_group *group)
{
	struct step step = { MOVE, member, .group = group };

	member->place = group->place;
	if (strcmp(group->parent, member->up->name)) {
		enters(plan, member);
		add_group_change(&step.changes, "parent", group->parent, member->up->name);
		plan_add_step(&plan->steps, step);
	}
	step = (struct step){ CHANGE, member, .group = group };
	step.changes = group_changes(member, group);
	if (step.changes)
		plan_add_step(&plan->steps, step);
}

/* What there is of it, and where. */
static bool find(const struct plan *plan, const struct member *member, struct place *found)
{
	*found = (struct place){ 0 };
	if (member->is_group)
		found->group = find_group(plan, member->name);
	else
		found->agent = find_in_group(plan, member);
	return found->group || found->agent;
}

static bool needs_order(const struct member *group)
{
	return group->up && (group->policy.strategy == AGENTSYS_ONE_FOR_ALL ||
			     group->policy.strategy == AGENTSYS_REST_FOR_ONE);
}

/* Who enters is the last one, so all that are to be behind it go there after it. */
static void plan_order(struct plan *plan, struct member *group)
{
	uint64_t last = 0;
	bool moves = false;

	if (!needs_order(group))
		return;
	for (struct member *member = group->first; member; member = member->next) {
		struct step step = { MOVE, member, .why = "to keep the order of its group" };
		struct place found;

		moves = moves || member->place < last;
		last = member->place;
		if (!moves)
			continue;
		find(plan, member, &found);
		step.group = found.group;
		step.agent = found.agent;
		plan_add_step(&plan->steps, step);
	}
}

static void plan_members(struct plan *plan, struct member *group)
{
	for (struct member *member = group->first; member; member = member->next) {
		struct place found;

		if (!find(plan, member, &found) && !member->is_group)
			found.agent = find_elsewhere(plan, member);
		if (found.group) {
			plan_group(plan, member, found.group);
		} else if (found.agent) {
			plan_agent(plan, member, found.agent);
		} else {
			enters(plan, member);
			member->anew = true;
			plan_add_step(&plan->steps, (struct step){ ADD, member });
		}
		if (member->is_group)
			plan_members(plan, member);
	}
	plan_order(plan, group);
}

/* ---- what is not in the manifest ---- */

/* In root only what was applied from the same file: the rest is somebody else's. */
static bool is_ours(const struct plan *plan, const struct place *place)
{
	if (place->group)
		return state_has_group(plan->state, plan->manifest, place->group->name);
	return state_is_from(state_of_agent(plan->state, place->agent), plan->manifest);
}

static void prune(struct plan *plan, const struct member *group)
{
	struct place *places = plan_members_of(plan, group->name);

	for (struct place *at = places; at->group || at->agent; at++) {
		const char *name = at->group ? at->group->name : at->agent->name;

		if (has(group, name, at->group) || is_taken(plan, at) ||
		    (!group->up && !is_ours(plan, at)))
			continue;
		if (at->group)
			remove_group(plan, at->group);
		else
			remove_agent(plan, at->agent);
	}
	free(places);
}

void plan_apply(struct plan *plan, struct agentsys *h)
{
	plan_look(plan, h);
	plan_ties_look(plan, h);
	plan_members(plan, plan->root);
	for (const struct member *member = plan->root; member; member = next_member(member))
		if (member->is_group && plan->prune)
			prune(plan, member);
	plan_ties(plan);
}

void plan_delete(struct plan *plan, struct agentsys *h)
{
	const struct member *member = plan->root;

	plan_look(plan, h);
	while ((member = next_member(member))) {
		struct place found;

		if (!find(plan, member, &found))
			continue;
		if (found.group)
			plan_add_step(&plan->removals,
				      (struct step){ REMOVE, .group = found.group });
		else
			remove_agent(plan, found.agent);
	}
}

bool was_live(const struct agentsys_info *info)
{
	return info->state == AGENTSYS_STARTING || info->state == AGENTSYS_ACTIVE ||
	       info->state == AGENTSYS_BACKOFF;
}

uint32_t plan_id_of(const struct plan *plan, const struct member *member)
{
	if (!member->anew)
		return member->is->id;
	for (size_t i = 0; i < plan->steps.n; i++) {
		const struct step *step = &plan->steps.at[i];

		if (step->member == member && (step->action == ADD || step->action == REPLACE))
			return step->id;
	}
	return 0;
}

bool plan_is_empty(const struct plan *plan)
{
	return !plan->removals.n && !plan->steps.n;
}

size_t plan_count(const struct plan *plan, enum action action)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->removals.n; i++)
		n += plan->removals.at[i].action == action;
	for (size_t i = 0; i < plan->steps.n; i++)
		n += plan->steps.at[i].action == action;
	return n;
}

static void free_steps(struct steps *steps)
{
	for (size_t i = 0; i < steps->n; i++) {
		json_object_put(steps->at[i].changes);
		agentsys_spec_free(steps->at[i].old);
		agentsys_limits_free(steps->at[i].limits);
		json_object_put(steps->at[i].checks);
	}
	free(steps->at);
}

void plan_free(struct plan *plan)
{
	free_steps(&plan->removals);
	free_steps(&plan->steps);
	agentsys_group_list_free(plan->groups);
	agentsys_list_free(plan->agents);
	free(plan->ties);
}
