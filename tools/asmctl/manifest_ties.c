// SPDX-License-Identifier: GPL-2.0-only
#include "manifest_ties.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "manifest_changes.h"
#include "manifest_state.h"
#include "relation.h"
#include "spec.h"

static struct tie *add_tie(struct plan *plan, struct tie tie)
{
	plan->ties = reallocarray(plan->ties, plan->nties + 1, sizeof(*plan->ties));
	need_memory(plan->ties ? 0 : -1);
	plan->ties[plan->nties] = tie;
	return &plan->ties[plan->nties++];
}

static const struct agentsys_info *find_agent(const struct plan *plan, uint32_t id)
{
	for (ssize_t i = 0; i < plan->nagents; i++)
		if (plan->agents[i]->id == id)
			return plan->agents[i];
	return NULL;
}

void plan_ties_look(struct plan *plan, struct agentsys *h)
{
	struct relations all;
	int status;

	if (!get_relations(h, &all, &status))
		exit(status);
	for (size_t i = 0; i < all.n; i++) {
		struct tie tie = { .kind = all.at[i].kind, .is = true };

		tie.from.agent = find_agent(plan, all.at[i].from);
		tie.to.agent = find_agent(plan, all.at[i].to);
		if (tie.from.agent && tie.to.agent)
			add_tie(plan, tie);
	}
	free_relations(&all);
}

/* ---- what depends on what is replaced ---- */

bool plan_requires(const struct plan *plan, const struct agentsys_info *agent,
		   const struct agentsys_info *other)
{
	for (size_t i = 0; i < plan->nties; i++) {
		const struct tie *tie = &plan->ties[i];

		if (tie->is && !tie->goes && tie->kind == AGENTSYS_RELATION_REQUIRES &&
		    tie->from.agent == agent && tie->to.agent == other)
			return true;
	}
	return false;
}

const struct member *plan_replaced_below(const struct plan *plan, const struct member *agent)
{
	if (!was_live(agent->is))
		return NULL;
	for (size_t i = 0; i < agent->nwishes; i++) {
		const struct member *to = agent->wishes[i].to;

		if (agent->wishes[i].kind == AGENTSYS_RELATION_REQUIRES && to && to->anew &&
		    to->is && plan_requires(plan, agent->is, to->is))
			return to;
	}
	return NULL;
}

static bool is_removed(const struct plan *plan, const struct end *end)
{
	for (size_t i = 0; i < plan->removals.n && end->agent; i++)
		if (plan->removals.at[i].agent == end->agent)
			return true;
	return false;
}

/* Whom nobody asked about is not stopped together with what it requires. */
static void check_stranger(const struct plan *plan, const struct tie *tie)
{
	const struct agentsys_info *from = tie->from.agent, *to = tie->to.agent;
	bool removed = is_removed(plan, &tie->to);

	if (!tie->is || tie->kind != AGENTSYS_RELATION_REQUIRES || tie->from.member ||
	    is_removed(plan, &tie->from) || !was_live(from))
		return;
	if (!removed && !(tie->to.member && tie->to.member->anew))
		return;
	complain("agent %" PRIu32 " (%s), which is not in the manifest, requires agent %" PRIu32
		 " (%s), which has to be %s: stop it first, or asmctl unrelate %" PRIu32
		 " requires %" PRIu32,
		 from->id, from->name, to->id, to->name, removed ? "removed" : "replaced", from->id,
		 to->id);
	exit(EXIT_FAILED);
}

/* ---- whom the manifest means ---- */

static const struct member *member_that_is(const struct plan *plan,
					   const struct agentsys_info *info)
{
	for (const struct member *member = plan->root; member; member = next_member(member))
		if (member->is && member->is == info)
			return member;
	return NULL;
}

NORETURN static void no_such_agent(const struct plan *plan, const struct wish *wish)
{
	const char **names, *meant;
	size_t n = 0;

	for (const struct member *member = plan->root; member; member = next_member(member))
		n++;
	names = calloc(n, sizeof(*names));
	need_memory(names ? 0 : -1);
	n = 0;
	for (const struct member *member = plan->root; member; member = next_member(member))
		if (!member->is_group)
			names[n++] = member->name;
	meant = nearest(wish->name, names, n);
	if (meant)
		wish_wrong(wish, "there is no agent '%s'; did you mean '%s'?", wish->name, meant);
	wish_wrong(wish, "there is no agent '%s', neither in the manifest nor beside it",
		   wish->name);
}

static const struct agentsys_info *find_outside(const struct plan *plan, const struct wish *wish)
{
	const struct agentsys_info *found = NULL;

	for (ssize_t i = 0; i < plan->nagents; i++) {
		const struct agentsys_info *info = plan->agents[i];

		if ((strcmp(info->name, wish->name) &&
		     !is_called(wish->name, info->group, info->name)) ||
		    member_that_is(plan, info))
			continue;
		if (found)
			wish_wrong(wish,
				   "more than one agent is called '%s', %" PRIu32
				   " in group '%s' and %" PRIu32 " in group '%s'",
				   wish->name, found->id, found->group, info->id, info->group);
		found = info;
	}
	if (!found)
		no_such_agent(plan, wish);
	if (is_removed(plan, &(struct end){ NULL, found }))
		wish_wrong(wish, "agent %" PRIu32 " (%s) is not in the manifest, and removed",
			   found->id, found->name);
	return found;
}

static bool ends_at(const struct end *end, const struct end *other)
{
	return end->member ? end->member == other->member :
			     !other->member && end->agent == other->agent;
}

static struct tie *find_tie(const struct plan *plan, const struct tie *like)
{
	for (size_t i = 0; i < plan->nties; i++) {
		struct tie *tie = &plan->ties[i];

		if (tie->kind != like->kind)
			continue;
		if (ends_at(&tie->from, &like->from) && ends_at(&tie->to, &like->to))
			return tie;
		if (is_mutual(tie->kind) && ends_at(&tie->from, &like->to) &&
		    ends_at(&tie->to, &like->from))
			return tie;
	}
	return NULL;
}

/* The module would refuse it, or start something that has ended: which is left like that. */
static void check_required(const struct member *agent, const struct wish *wish,
			   const struct tie *tie)
{
	const struct agentsys_info *other = tie->to.agent;
	bool ended;
	char end[FORMAT_MAX];

	if (tie->kind != AGENTSYS_RELATION_REQUIRES || (wish->to && wish->to->anew))
		return;
	ended = other->state == AGENTSYS_EXITED || other->state == AGENTSYS_FAILED;
	if (agent->anew ? !ended :
			  tie->is || !was_live(agent->is) || other->state == AGENTSYS_ACTIVE)
		return;
	if (ended)
		wish_wrong(wish, "agent %u (%s) has ended (%s), start it first: asmctl start %u",
			   other->id, other->name, format_end(other, end), other->id);
	wish_wrong(wish, "agent %u (%s) does not run but is in state %s: wait for it", other->id,
		   other->name, agentsys_state_name(other->state));
}

static void take_wish(struct plan *plan, const struct member *agent, struct wish *wish)
{
	struct tie like = { .kind = wish->kind, .from = { agent, agent->is } }, *tie;

	if (wish->to)
		like.to = (struct end){ wish->to, wish->to->is };
	else
		like.to.agent = wish->outside = find_outside(plan, wish);
	tie = find_tie(plan, &like);
	if (!tie)
		tie = add_tie(plan, like);
	check_required(agent, wish, tie);
	if (tie->wanted)
		return;
	tie->wanted = true;
	tie->owner = agent;
	tie->name = wish->name;
}

/* ---- what goes ---- */

static bool is_noted(const struct plan *plan, const struct end *end, uint32_t kind,
		     const struct end *other)
{
	return end->member && end->agent && other->agent &&
	       state_has_relation(state_of_agent(plan->state, end->agent), kind, other->agent->id);
}

/*
 * Beside what is between two members of the manifest, what apply made itself and what
 * would have a member stopped together with somebody who is removed.
 */
static bool goes(const struct plan *plan, const struct tie *tie)
{
	const struct end *from = &tie->from, *to = &tie->to;

	if (!tie->is || tie->wanted || (!from->member && !to->member))
		return false;
	return (from->member && to->member) || is_removed(plan, from) || is_removed(plan, to) ||
	       is_noted(plan, from, tie->kind, to) ||
	       (is_mutual(tie->kind) && is_noted(plan, to, tie->kind, from));
}

static bool is_left(const struct end *end)
{
	return end->member && !end->member->anew;
}

static void take_away(const struct plan *plan, struct tie *tie)
{
	const struct end *other = &tie->to;

	tie->goes = true;
	if (is_removed(plan, &tie->from) || is_removed(plan, &tie->to))
		return;
	if (is_left(&tie->from)) {
		tie->owner = tie->from.member;
	} else if (is_mutual(tie->kind) && is_left(&tie->to)) {
		tie->owner = tie->to.member;
		other = &tie->from;
	}
	tie->name = other->member ? other->member->name : other->agent->name;
}

/* ---- what is told of it ---- */

static void add_name(struct json_object **names, const char *name)
{
	if (!*names)
		*names = json_object_new_array();
	need_memory(json_object_array_add(*names, json_object_new_string(name)));
}

static void compare_kind(const struct plan *plan, const struct member *agent, uint32_t kind,
			 struct json_object **changes)
{
	struct json_object *from = NULL, *to = NULL;
	bool differs = false;

	for (size_t i = 0; i < plan->nties; i++) {
		const struct tie *tie = &plan->ties[i];

		if (tie->owner != agent || tie->kind != kind)
			continue;
		if (tie->is)
			add_name(&from, tie->name);
		if (tie->wanted)
			add_name(&to, tie->name);
		differs = differs || tie->is != tie->wanted;
	}
	if (differs) {
		add_change(changes, relation_key(kind), from, to);
		return;
	}
	json_object_put(from);
	json_object_put(to);
}

/* Of who is new or replaced nothing is told: it has them from the start. */
static void plan_changes(struct plan *plan, const struct member *agent)
{
	struct step step = { CHANGE, agent, .agent = agent->is, .relates = true };

	for (uint32_t kind = 0; kind < __AGENTSYS_RELATIONS; kind++)
		compare_kind(plan, agent, kind, &step.changes);
	if (step.changes)
		plan_add_step(&plan->steps, step);
}

void plan_ties(struct plan *plan)
{
	for (size_t i = 0; i < plan->nties; i++) {
		struct tie *tie = &plan->ties[i];

		tie->from.member = member_that_is(plan, tie->from.agent);
		tie->to.member = member_that_is(plan, tie->to.agent);
		check_stranger(plan, tie);
	}
	for (struct member *agent = plan->root; agent; agent = next_member(agent))
		for (size_t i = 0; i < agent->nwishes; i++)
			take_wish(plan, agent, &agent->wishes[i]);
	errors_about(NULL);
	for (size_t i = 0; i < plan->nties; i++)
		if (goes(plan, &plan->ties[i]))
			take_away(plan, &plan->ties[i]);
	for (struct member *agent = plan->root; agent; agent = next_member(agent))
		if (agent->is && !agent->anew)
			plan_changes(plan, agent);
}

/* ---- for those who do it ---- */

bool tie_stays(const struct plan *plan, const struct tie *tie)
{
	return !tie->goes && !is_removed(plan, &tie->from) && !is_removed(plan, &tie->to);
}

uint32_t end_id(const struct plan *plan, const struct end *end)
{
	return end->member ? plan_id_of(plan, end->member) : end->agent->id;
}

struct json_object *json_of_wishes(const struct plan *plan, const struct member *member)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < member->nwishes; i++) {
		const struct wish *wish = &member->wishes[i];
		const struct end end = { wish->to, wish->outside };

		state_add_relation(array, wish->kind, end_id(plan, &end));
	}
	return array;
}
