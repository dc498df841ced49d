// SPDX-License-Identifier: GPL-2.0-only
#include "manifest_plan.h"

#include <stdlib.h>
#include <string.h>

#include "manifest_changes.h"
#include "manifest_state.h"
#include "spec.h"

const struct member *next_member(const struct member *member)
{
	if (member->first)
		return member->first;
	while (member && !member->next)
		member = member->up;
	return member ? member->next : NULL;
}

/* ---- what there is ---- */

static void look(struct plan *plan, struct agentsys *h)
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

static const struct agentsys_info *find_agent(const struct plan *plan, const struct member *member)
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

/* Is something of that kind and name in this group of the manifest? */
static bool has(const struct member *group, const char *name, bool is_group)
{
	for (const struct member *member = group->first; member; member = member->next)
		if (member->is_group == is_group && !strcmp(member->name, name))
			return true;
	return false;
}

/* ---- steps ---- */

static void add_step(struct steps *steps, struct step step)
{
	steps->at = reallocarray(steps->at, steps->n + 1, sizeof(*steps->at));
	if (!steps->at)
		out_of_memory();
	steps->at[steps->n++] = step;
}

static void remove_agent(struct plan *plan, const struct agentsys_info *info, bool part)
{
	add_step(&plan->removals, (struct step){ REMOVE, .agent = info, .part = part });
}

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

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->place < y->place ? -1 : x->place > y->place;
}

/* In order, with nothing behind the last one; free() frees it. */
static struct place *members_of(const struct plan *plan, const char *group)
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

/* With all that is in it. */
static void remove_group(struct plan *plan, const struct agentsys_group *group, bool part)
{
	struct place *places = members_of(plan, group->name);

	add_step(&plan->removals, (struct step){ REMOVE, .group = group, .part = part });
	for (struct place *at = places; at->group || at->agent; at++) {
		if (at->group)
			remove_group(plan, at->group, part);
		else
			remove_agent(plan, at->agent, part);
	}
	free(places);
}

/* ---- members that are in the manifest ---- */

static bool needs_order(const struct group_policy *policy)
{
	return policy->strategy == AGENTSYS_ONE_FOR_ALL ||
	       policy->strategy == AGENTSYS_REST_FOR_ONE;
}

/* A group is not made anew over the heads of those that somebody else has put there. */
static void need_all_known(const struct plan *plan, const struct member *group)
{
	struct place *places = members_of(plan, group->name);

	for (struct place *at = places; at->group || at->agent; at++) {
		const char *name = at->group ? at->group->name : at->agent->name;

		if (plan->prune || has(group, name, at->group))
			continue;
		complain("group '%s' would have to be made anew to keep the order in '%s'",
			 group->name, group->up->name);
		complain("'%s' is in it and not in the manifest: remove it, or give --prune", name);
		exit(EXIT_FAILED);
	}
	free(places);
	for (const struct member *member = group->first; member; member = member->next)
		if (member->is_group)
			need_all_known(plan, member);
}

static void plan_members(struct plan *plan, const struct member *group, bool anew);

static void plan_agent(struct plan *plan, const struct member *member,
		       const struct agentsys_info *info, const char *anew)
{
	struct json_object *noted = state_of_agent(plan->state, info);
	struct step step = { REPLACE, member, .agent = info, .why = anew };
	enum difference difference = agent_difference(member, info, noted, &step.changes);

	if (difference == SAME && !anew)
		return;
	if (difference == IN_PLACE && !anew)
		step.action = CHANGE;
	else
		remove_agent(plan, info, true);
	if (!noted)
		step.why = "it was not applied, so what it runs is not known";
	add_step(&plan->steps, step);
}

static void plan_group(struct plan *plan, const struct member *member,
		       const struct agentsys_group *group, const char *anew)
{
	struct step step = { anew ? REPLACE : CHANGE, member, .group = group, .why = anew };

	if (strcmp(group->parent, member->up->name)) {
		complain("group '%s' is in '%s' and cannot be moved to '%s': delete it first",
			 group->name, group->parent, member->up->name);
		exit(EXIT_FAILED);
	}
	step.changes = group_changes(&member->policy, group);
	if (anew) {
		need_all_known(plan, member);
		remove_group(plan, group, true);
	}
	if (anew || step.changes)
		add_step(&plan->steps, step);
}

/* What there is of it, and where. */
static bool find(const struct plan *plan, const struct member *member, struct place *found)
{
	*found = (struct place){ 0 };
	if (member->is_group)
		found->group = find_group(plan, member->name);
	else
		found->agent = find_agent(plan, member);
	found->place = found->group ? found->group->place : found->agent ? found->agent->place : 0;
	return found->group || found->agent;
}

/*
 * Who is new is the last one, so where the order counts all that have to be behind it are
 * made anew. @gone: the group is removed with all that is in it, and made again.
 */
static void plan_members(struct plan *plan, const struct member *group, bool gone)
{
	static const char to_keep_order[] = "to keep the order of its group";
	bool ordered = group->up && needs_order(&group->policy);
	bool moved = false;
	uint32_t last = 0;

	for (const struct member *member = group->first; member; member = member->next) {
		size_t before = plan->steps.n;
		struct place found;

		if (!find(plan, member, &found)) {
			add_step(&plan->steps, (struct step){ ADD, member });
			moved = ordered;
		} else if (gone) {
			struct step step = { REPLACE, member, found.group, found.agent };

			step.why = "its group is made anew";
			add_step(&plan->steps, step);
		} else {
			const char *anew = NULL;

			if (ordered && (moved || found.place < last))
				anew = to_keep_order;
			if (found.group)
				plan_group(plan, member, found.group, anew);
			else
				plan_agent(plan, member, found.agent, anew);
			last = found.place;
			if (plan->steps.n > before && plan->steps.at[before].action == REPLACE)
				moved = ordered;
		}
		if (member->is_group) {
			bool anew = gone || (plan->steps.n > before &&
					     plan->steps.at[before].action == REPLACE);

			plan_members(plan, member, anew);
		}
	}
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
	struct place *places = members_of(plan, group->name);

	for (struct place *at = places; at->group || at->agent; at++) {
		const char *name = at->group ? at->group->name : at->agent->name;

		if (has(group, name, at->group) || (!group->up && !is_ours(plan, at)))
			continue;
		if (at->group)
			remove_group(plan, at->group, false);
		else
			remove_agent(plan, at->agent, false);
	}
	free(places);
}

static bool is_made_anew(const struct plan *plan, const struct member *group)
{
	for (size_t i = 0; i < plan->steps.n; i++)
		if (plan->steps.at[i].member == group && plan->steps.at[i].action == REPLACE)
			return true;
	return false;
}

void plan_apply(struct plan *plan, struct agentsys *h, const struct member *root)
{
	look(plan, h);
	plan_members(plan, root, false);
	if (!plan->prune)
		return;
	for (const struct member *member = root; member; member = next_member(member))
		if (member->is_group && !is_made_anew(plan, member))
			prune(plan, member);
}

void plan_delete(struct plan *plan, struct agentsys *h, const struct member *root)
{
	const struct member *member = root;

	look(plan, h);
	while ((member = next_member(member))) {
		struct place found;

		if (!find(plan, member, &found))
			continue;
		if (found.group)
			add_step(&plan->removals, (struct step){ REMOVE, .group = found.group });
		else
			remove_agent(plan, found.agent, false);
	}
}

bool plan_is_empty(const struct plan *plan)
{
	return !plan->removals.n && !plan->steps.n;
}

size_t plan_count(const struct plan *plan, enum action action)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->removals.n; i++)
		n += plan->removals.at[i].action == action && !plan->removals.at[i].part;
	for (size_t i = 0; i < plan->steps.n; i++)
		n += plan->steps.at[i].action == action;
	return n;
}

static void free_steps(struct steps *steps)
{
	for (size_t i = 0; i < steps->n; i++)
		json_object_put(steps->at[i].changes);
	free(steps->at);
}

void plan_free(struct plan *plan)
{
	free_steps(&plan->removals);
	free_steps(&plan->steps);
	agentsys_group_list_free(plan->groups);
	agentsys_list_free(plan->agents);
}
