// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making and ending what the agents of a manifest are to each other. An agent that is started
 * has it from then on; all else is seen to when everything else is done.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "manifest_do.h"
#include "manifest_ties.h"
#include "relation.h"
#include "spec.h"

static int failed(const struct work *work, const char *what, const struct tie *tie, uint32_t from,
		  uint32_t to, int error)
{
	complain("cannot %s agents %" PRIu32 " and %" PRIu32 " (%s): %s", what, from, to,
		 agentsys_relation_name(tie->kind), agentsys_error(work->h));
	return exit_status_of(error);
}

/* Gone is gone, whoever it was that took it away. */
static int end_tie(const struct work *work, const struct tie *tie, uint32_t from, uint32_t to)
{
	int ret = from && to ? agentsys_unrelate(work->h, from, tie->kind, to) : 0;

	return ret == -ENOENT || ret == -ESRCH ? 0 : ret;
}

int drop_ties(const struct work *work)
{
	const struct plan *plan = work->plan;

	for (size_t i = 0; i < plan->nties; i++) {
		const struct tie *tie = &plan->ties[i];
		int ret;

		if (!tie->goes)
			continue;
		ret = end_tie(work, tie, tie->from.agent->id, tie->to.agent->id);
		if (ret)
			return failed(work, "unrelate", tie, tie->from.agent->id, tie->to.agent->id,
				      ret);
	}
	return EXIT_OK;
}

void start_with_ties(const struct work *work, const struct member *agent)
{
	const struct plan *plan = work->plan;

	for (size_t i = 0; i < plan->nties; i++) {
		const struct tie *tie = &plan->ties[i];
		const struct end *other = &tie->to;
		uint32_t id;

		if (!tie_stays(plan, tie))
			continue;
		if (is_mutual(tie->kind) && tie->to.member == agent)
			other = &tie->from;
		else if (tie->from.member != agent)
			continue;
		id = end_id(plan, other);
		if (id)
			need_memory(agentsys_spec_add_relation(agent->spec, tie->kind, id));
	}
}

static bool is_there(const struct relations *all, uint32_t kind, uint32_t from, uint32_t to)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct agentsys_relation_info *at = &all->at[i];

		if (at->kind != kind)
			continue;
		if ((at->from == from && at->to == to) ||
		    (is_mutual(kind) && at->from == to && at->to == from))
			return true;
	}
	return false;
}

static int make_tie(const struct work *work, struct tie *tie, const struct relations *all)
{
	uint32_t from = end_id(work->plan, &tie->from), to = end_id(work->plan, &tie->to);
	int ret;

	if (is_there(all, tie->kind, from, to))
		return EXIT_OK;
	ret = agentsys_relate(work->h, from, tie->kind, to);
	tie->made = !ret;
	/* Whoever is none of the manifest may have gone, and with it what somebody made by hand. */
	if (!ret || ret == -EEXIST || (ret == -ESRCH && !tie->wanted))
		return EXIT_OK;
	return failed(work, "relate", tie, from, to, ret);
}

int make_ties(const struct work *work)
{
	struct plan *plan = work->plan;
	struct relations all;
	int status = EXIT_OK;

	if (!plan->nties)
		return EXIT_OK;
	if (!get_relations(work->h, &all, &status))
		return status;
	for (size_t i = 0; i < plan->nties && !status; i++)
		if (tie_stays(plan, &plan->ties[i]))
			status = make_tie(work, &plan->ties[i], &all);
	free_relations(&all);
	return status;
}

/* ---- moves ---- */

/**
 * struct mover - what is to be moved
 * @now: what there is
 * @id: the agent, or 0
 * @group: the group
 */
struct mover {
	struct plan now;
	uint32_t id;
	const char *group;
};

static const char *group_of(const struct plan *now, uint32_t id)
{
	for (ssize_t i = 0; i < now->nagents; i++)
		if (now->agents[i]->id == id)
			return now->agents[i]->group;
	return "";
}

static const char *parent_of(const struct plan *now, const char *group)
{
	for (ssize_t i = 0; i < now->ngroups; i++)
		if (!strcmp(now->groups[i]->name, group))
			return now->groups[i]->parent;
	return "";
}

static bool moves(const struct mover *mover, uint32_t agent)
{
	const char *group = group_of(&mover->now, agent);

	if (mover->id)
		return agent == mover->id;
	while (*group && strcmp(group, mover->group))
		group = parent_of(&mover->now, group);
	return *group;
}

static int loosen(const struct work *work, const struct mover *mover, const struct tie *tie,
		  uint32_t from, uint32_t to)
{
	if (moves(mover, from) == moves(mover, to))
		return 0;
	return end_tie(work, tie, from, to);
}

/* Both who it is now and who it was: that one is forgotten later. */
static int loosen_all(const struct work *work, struct mover *mover)
{
	const struct plan *plan = work->plan;
	int ret = 0;

	if (!plan->nties)
		return 0;
	plan_look(&mover->now, work->h);
	for (size_t i = 0; i < plan->nties && !ret; i++) {
		const struct tie *tie = &plan->ties[i];

		if (!gives_order(tie->kind))
			continue;
		if (tie->is)
			ret = loosen(work, mover, tie, tie->from.agent->id, tie->to.agent->id);
		if (!ret)
			ret = loosen(work, mover, tie, end_id(plan, &tie->from),
				     end_id(plan, &tie->to));
	}
	plan_free(&mover->now);
	return ret;
}

int move_agent_freely(const struct work *work, uint32_t id, const char *group)
{
	struct mover mover = { .id = id };
	int ret = loosen_all(work, &mover);

	return ret ? ret : move_agent(work->h, id, group);
}

int move_group_freely(const struct work *work, const char *name, const char *parent)
{
	struct mover mover = { .group = name };
	int ret = loosen_all(work, &mover);

	return ret ? ret : move_group(work->h, name, parent);
}

/* ---- undoing ---- */

void unmake_ties(const struct work *work)
{
	const struct plan *plan = work->plan;

	for (size_t i = 0; i < plan->nties; i++) {
		const struct tie *tie = &plan->ties[i];

		if (tie->made)
			end_tie(work, tie, end_id(plan, &tie->from), end_id(plan, &tie->to));
	}
}

static bool restore_tie(const struct work *work, const struct tie *tie, const struct relations *all)
{
	uint32_t from = tie->from.agent->id, to = tie->to.agent->id;
	int ret;

	if (is_there(all, tie->kind, from, to))
		return true;
	ret = agentsys_relate(work->h, from, tie->kind, to);
	if (!ret || ret == -EEXIST || ret == -ESRCH)
		return true;
	failed(work, "relate", tie, from, to, ret);
	return false;
}

bool restore_ties(const struct work *work)
{
	const struct plan *plan = work->plan;
	struct relations all;
	bool good = true;
	int status;

	if (!plan->nties)
		return true;
	if (!get_relations(work->h, &all, &status))
		return false;
	for (size_t i = 0; i < plan->nties; i++)
		if (plan->ties[i].is)
			good = restore_tie(work, &plan->ties[i], &all) && good;
	free_relations(&all);
	return good;
}
