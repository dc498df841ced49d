// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "manifest_do.h"
#include "manifest_state.h"
#include "manifest_ties.h"

const struct member *member_of(const struct plan *plan, const struct agentsys_info *info)
{
	for (const struct member *member = plan->root; member; member = next_member(member))
		if (!member->is_group && !strcmp(member->name, info->name) &&
		    !strcmp(member->up->name, info->group))
			return member;
	return NULL;
}

static bool has_group(const struct plan *plan, const char *name)
{
	for (const struct member *member = plan->root->first; member; member = member->next)
		if (member->is_group && !strcmp(member->name, name))
			return true;
	return false;
}

static void note_groups(const struct work *work, struct json_object *state, bool applied)
{
	const struct plan *plan = work->plan;
	struct agentsys_group **groups;
	ssize_t n = agentsys_group_list(work->h, &groups);

	for (ssize_t i = 0; i < n; i++) {
		if (strcmp(groups[i]->parent, AGENTSYS_ROOT_GROUP))
			continue;
		if (applied && has_group(plan, groups[i]->name))
			state_add_group(state, plan->manifest, groups[i]->name);
		else
			state_keep_group(state, plan->state, groups[i]->name);
	}
	if (n >= 0)
		agentsys_group_list_free(groups);
}

/* The one in whose stead it was made, when all was undone; itself otherwise. */
static const struct agentsys_info *before(const struct steps *steps,
					  const struct agentsys_info *info)
{
	for (size_t i = 0; i < steps->n; i++)
		if (steps->at[i].reborn && steps->at[i].reborn == info->id)
			return steps->at[i].agent;
	return info;
}

static void note_agent(const struct work *work, struct json_object *state,
		       const struct agentsys_info *info, bool applied)
{
	const struct plan *plan = work->plan;
	const struct member *member = applied ? member_of(plan, info) : NULL;
	const struct agentsys_info *old = before(&plan->steps, before(&plan->removals, info));

	if (member)
		state_add_agent(state, plan->manifest, info, member->made_of,
				json_of_wishes(plan, member));
	else
		state_keep_agent(state, plan->state, old, info);
}

bool note_all(const struct work *work, bool applied)
{
	struct json_object *state = state_new();
	struct agentsys_info **agents;
	ssize_t n = agentsys_list(work->h, &agents);
	bool saved;

	for (ssize_t i = 0; i < n; i++)
		note_agent(work, state, agents[i], applied);
	if (n >= 0)
		agentsys_list_free(agents);
	note_groups(work, state, applied);
	saved = state_save(state);
	json_object_put(state);
	return saved;
}
