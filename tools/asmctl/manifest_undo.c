// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "manifest_changes.h"
#include "manifest_do.h"
#include "manifest_health.h"
#include "manifest_text.h"
#include "manifest_ties.h"
#include "spec.h"

/* ---- what somebody was made of ---- */

/* As if a manifest said it; exits if that is not possible any more. */
static struct agentsys_spec *make_spec(const struct agentsys_info *info,
				       struct json_object *made_of)
{
	struct member group = { .is_group = true, .name = info->group };
	struct member agent = { .up = &group, .name = info->name, .restart = *info };
	struct at top = { .value = json_object_new_object() };

	need_memory(top.value ? 0 : -1);
	json_object_object_foreach(made_of, key, value)
		need_memory(json_object_object_add(top.value, key, json_object_get(value)));
	need_memory(json_object_object_add(top.value, "name", json_object_new_string(info->name)));
	manifest_agent(&agent, &top);
	set_restart(agent.spec, info);
	agentsys_spec_set_id(agent.spec, info->id);
	agentsys_spec_set_significant(agent.spec, info->significant);
	json_object_put(agent.made_of);
	json_object_put(agent.checks);
	json_object_put(top.value);
	manifest_about_no_more();
	return agent.spec;
}

/* A program, a folder or a user may have gone: somebody else finds out, and says nothing. */
static bool can_make_spec(const struct agentsys_info *info, struct json_object *made_of)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		fclose(stderr);
		make_spec(info, made_of);
		_exit(EXIT_OK);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

struct agentsys_spec *spec_of_noted(const struct agentsys_info *info, struct json_object *noted)
{
	struct json_object *made_of = NULL;

	json_object_object_get_ex(noted, "made_of", &made_of);
	if (!json_object_is_type(made_of, json_type_object) || !can_make_spec(info, made_of))
		return NULL;
	return make_spec(info, made_of);
}

/* ---- step by step ---- */

static bool is_stopping(struct agentsys *h, uint32_t id)
{
	struct agentsys_info *info;
	bool is = false;

	if (!agentsys_get(h, id, &info)) {
		is = info->state == AGENTSYS_STOPPING;
		agentsys_info_free(info);
	}
	return is;
}

/* False, and it was said, if the old one is not there again as it was. */
static bool bring_back(const struct work *work, struct step *step)
{
	const struct agentsys_info *old = step->agent;
	int ret;

	if (step->gone && !step->old) {
		complain("agent '%s' in '%s', which was there before, stays removed", old->name,
			 old->group);
		return false;
	}
	if (!was_live(old))
		return true;
	if (step->gone) {
		ret = agentsys_spawn(work->h, step->old, AGENTSYS_WAIT, &step->reborn);
	} else if (is_stopping(work->h, old->id)) {
		/* Nobody waits for that, with Ctrl-C least of all. */
		ret = agentsys_restart(work->h, old->id, AGENTSYS_DEFAULT_TIMEOUT, 0);
		complain("agent '%s' in '%s' is still being stopped, and is started again then",
			 old->name, old->group);
	} else {
		ret = agentsys_start(work->h, old->id, AGENTSYS_WAIT);
	}
	if (!ret || ret == -EALREADY)
		return true;
	complain("agent '%s' in '%s', which ran before, cannot be started again: %s", old->name,
		 old->group, agentsys_error(work->h));
	return false;
}

static bool undone(const struct work *work, const struct step *step, int error)
{
	if (!error || error == -ESRCH || error == -ENOENT)
		return true;
	complain("%s '%s' could not be undone: %s", step_is_group(step) ? "group" : "agent",
		 step_name(step), agentsys_error(work->h));
	return false;
}

/* To where it was; among whom is seen to later. */
static int move_back(const struct work *work, const struct step *step)
{
	if (!step->changes)
		return 0;
	if (step->group)
		return move_group_freely(work, step->group->name, step->group->parent);
	return move_agent_freely(work, step->agent->id, step->agent->group);
}

static int set_back(const struct work *work, const struct step *step)
{
	const struct agentsys_group *group = step->group;

	if (!group) {
		int ret = change_agent(work->h, step->agent->id, step->agent);

		return ret ? ret : set_back_limits(work->h, step->agent->id, step->limits);
	}
	return change_group(work->h, group->name, policy_of_group(group), group->significant);
}

static bool undo_step(const struct work *work, struct step *step)
{
	bool all = true;
	int ret = 0;

	if (step->checks)
		all = !set_back_health(work->h, step->agent->id, step->checks);
	if (step->done && step->action == MOVE)
		ret = move_back(work, step);
	else if (step->done && step->action == CHANGE)
		ret = set_back(work, step);
	else if (step->done && step->member->is_group)
		ret = remove_group(work->h, step->member->name);
	else if (step->done)
		ret = remove_agent(work->h, step->id);
	return undone(work, step, ret) && all;
}

/* Those that were stopped, once what was started is gone: it may have had their ids. */
static bool bring_all_back(const struct work *work, const struct steps *steps)
{
	bool all = true;

	for (size_t i = 0; i < steps->n; i++)
		if (steps->at[i].stopped)
			all = bring_back(work, &steps->at[i]) && all;
	return all;
}

/* ---- the order that there was ---- */

/* Where the same member of @group stands now; 0 if it is not there. */
static uint32_t place_now(const struct place *members, const struct place *old)
{
	for (const struct place *at = members; at->group || at->agent; at++) {
		if (old->agent && at->agent && at->agent->id == old->agent->id)
			return at->place;
		if (old->group && at->group && !strcmp(at->group->name, old->group->name))
			return at->place;
	}
	return 0;
}

static bool restore_order_in(const struct work *work, const struct plan *now, const char *group)
{
	struct place *old = plan_members_of(work->plan, group);
	struct place *members = plan_members_of(now, group);
	uint32_t last = 0;
	bool moves = false;
	int ret = 0;

	for (const struct place *at = old; (at->group || at->agent) && !ret; at++) {
		uint32_t place = place_now(members, at);

		if (!place)
			continue;
		moves = moves || place < last;
		last = place;
		if (moves)
			ret = at->group ? move_group_freely(work, at->group->name, group) :
					  move_agent_freely(work, at->agent->id, group);
	}
	free(old);
	free(members);
	if (ret)
		complain("group '%s' has another order than before: %s", group,
			 agentsys_error(work->h));
	return !ret;
}

/* In root nobody has to do with anybody else. */
static bool restore_order(const struct work *work)
{
	struct plan now = { 0 };
	bool all = true;

	plan_look(&now, work->h);
	for (ssize_t i = 0; i < work->plan->ngroups; i++)
		if (*work->plan->groups[i]->parent)
			all = restore_order_in(work, &now, work->plan->groups[i]->name) && all;
	plan_free(&now);
	return all;
}

void undo_plan(const struct work *work)
{
	const struct steps *steps = &work->plan->steps;
	bool all = true;

	interrupted = 0;
	unmake_ties(work);
	for (size_t i = steps->n; i-- > 0;)
		all = undo_step(work, &steps->at[i]) && all;
	all = bring_all_back(work, steps) && all;
	all = bring_all_back(work, &work->plan->removals) && all;
	all = restore_order(work) && all;
	all = restore_ties(work) && all;
	all = restore_room(work) && all;
	if (all)
		complain("all that was done for \"%s\" was undone", work->file);
}
