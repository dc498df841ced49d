// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is replaced or removed is only stopped at first. Its record, with all that it was
 * made of, is forgotten when everything else is done: until then it can be started again,
 * as it was and where it was.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "manifest_do.h"
#include "manifest_health.h"
#include "manifest_state.h"
#include "manifest_ties.h"
#include "spec.h"

static void note_signal(int signal)
{
	(void)signal;
	interrupted = 1;
}

static void catch_signals(void)
{
	const struct sigaction action = { .sa_handler = note_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void say_done(const struct work *work, const struct step *step)
{
	if (work->quiet)
		return;
	plan_print_step(step);
	fflush(stdout);
}

/* What cannot be done with the old one of a step. */
static int old_failed(const struct work *work, const struct step *step, const char *what, int error)
{
	complain("cannot %s agent '%s': %s", what, step->agent->name, agentsys_error(work->h));
	return exit_status_of(error);
}

static int stop_old(const struct work *work, struct step *step)
{
	const struct steps *steps = &work->plan->steps;
	int ret;

	/* It would be stopped with this one: and so that it can be undone, ahead of it. */
	for (size_t i = steps->n; i-- > 0;) {
		struct step *other = &steps->at[i];

		if (other->action != REPLACE || other->stopped ||
		    !plan_requires(work->plan, other->agent, step->agent))
			continue;
		ret = stop_old(work, other);
		if (ret)
			return ret;
	}
	/* Even when that is interrupted it may end. */
	step->stopped = true;
	ret = stop_agent(work->h, step->agent->id);
	return ret ? old_failed(work, step, "stop", ret) : EXIT_OK;
}

/* ---- an id that the manifest gives to another one ---- */

static struct step *find_old(const struct steps *steps, uint32_t id)
{
	for (size_t i = 0; i < steps->n; i++) {
		struct step *step = &steps->at[i];

		if ((step->action == REPLACE || step->action == REMOVE) && step->agent &&
		    step->agent->id == id)
			return step;
	}
	return NULL;
}

static uint32_t wanted_id(const struct member *agent)
{
	struct json_object *id = NULL;

	json_object_object_get_ex(agent->made_of, "id", &id);
	return id ? strtoul(json_object_get_string(id), NULL, 10) : 0;
}

/* Its record has to go first, and with it what it was made of: that is noted. */
static int make_room(const struct work *work, const struct member *agent)
{
	uint32_t id = wanted_id(agent);
	struct step *step;
	int ret;

	if (!id)
		return EXIT_OK;
	step = find_old(&work->plan->steps, id);
	if (!step)
		step = find_old(&work->plan->removals, id);
	if (!step || step->gone)
		return EXIT_OK;
	ret = step->stopped ? EXIT_OK : stop_old(work, step);
	if (ret)
		return ret;
	step->old = spec_of_noted(step->agent, state_of_agent(work->plan->state, step->agent));
	ret = agentsys_remove(work->h, id);
	if (ret && ret != -ESRCH)
		return old_failed(work, step, "remove", ret);
	step->gone = true;
	return EXIT_OK;
}

/* ---- steps ---- */

static int step_failed(const struct work *work, const struct step *step, const char *what,
		       int error)
{
	const struct member *member = step->member;

	complain("cannot %s %s '%s' in '%s': %s", what, member->is_group ? "group" : "agent",
		 member->name, member->up->name, agentsys_error(work->h));
	return exit_status_of(error);
}

static int start_new(const struct work *work, struct step *step)
{
	const struct member *agent = step->member;
	char what[2 * AGENTSYS_NAME_MAX + 64];
	int ret;

	if (step->action == REPLACE && !step->stopped) {
		ret = stop_old(work, step);
		if (ret)
			return ret;
	}
	ret = make_room(work, agent);
	if (ret)
		return ret;
	start_with_ties(work, agent);
	ret = agentsys_spawn(work->h, agent->spec, AGENTSYS_WAIT, &step->id);
	/* Whoever is interrupted has it; what fails has been forgotten. */
	step->done = !ret || ret == -EINTR;
	if (!ret)
		return start_health(work->h, agent, step->id);
	snprintf(what, sizeof(what), "start agent '%s' in '%s'", agent->name, agent->up->name);
	return start_failed(work->h, ret, what);
}

static int do_move(const struct work *work, struct step *step)
{
	const struct member *member = step->member;

	if (member->is_group)
		return move_group_freely(work, member->name, member->up->name);
	return move_agent_freely(work, plan_id_of(work->plan, member), member->up->name);
}

static int do_change(const struct work *work, struct step *step)
{
	const struct member *member = step->member;
	struct group_policy policy = member->policy;
	int ret;

	if (member->is_group && is_entered(work->plan, member))
		policy.members_max = AGENTSYS_MEMBERS_MAX;
	if (member->is_group)
		return change_group(work->h, member->name, policy, member->significant);
	ret = change_agent(work->h, step->agent->id, &member->restart);
	if (!ret && changes_limits(step->changes))
		ret = change_limits(work->h, step->agent->id, member, &step->limits);
	return ret;
}

static int do_action(const struct work *work, struct step *step)
{
	const struct member *member = step->member;
	const char *what = "make";
	int ret;

	if (step->action == MOVE) {
		what = "move";
		ret = do_move(work, step);
	} else if (step->action == CHANGE) {
		what = "change";
		/* Half of it may be done. */
		step->done = true;
		ret = do_change(work, step);
		if (!ret && changes_health(step->changes))
			return change_health(work->h, member, step->agent->id, &step->checks);
	} else if (member->is_group) {
		ret = make_group(work->h, member);
	} else {
		return start_new(work, step);
	}
	return ret ? step_failed(work, step, what, ret) : EXIT_OK;
}

static int do_step(const struct work *work, struct step *step)
{
	int status;

	if (interrupted) {
		complain("interrupted");
		return EXIT_FAILED;
	}
	status = do_action(work, step);
	if (status)
		return status;
	step->done = true;
	say_done(work, step);
	return EXIT_OK;
}

static int do_steps(const struct work *work)
{
	const struct plan *plan = work->plan;
	const struct steps *steps = &plan->steps;
	int status = plan_need_helper(plan, work->h);
	size_t i;

	if (!status)
		status = drop_ties(work);
	if (!status)
		status = make_more_room(work);
	for (i = plan->removals.n; i-- > 0 && !status;)
		if (plan->removals.at[i].agent && !plan->removals.at[i].stopped)
			status = stop_old(work, &plan->removals.at[i]);
	for (i = 0; i < steps->n && !steps->at[i].relates && !status; i++)
		status = do_step(work, &steps->at[i]);
	if (!status)
		status = make_ties(work);
	for (; i < steps->n && !status; i++)
		say_done(work, &steps->at[i]);
	return status;
}

/* ---- what goes ---- */

static int do_removal(const struct work *work, struct step *step)
{
	int ret = 0;

	if (step->group)
		ret = remove_group(work->h, step->group->name);
	else if (!step->gone)
		ret = remove_agent(work->h, step->agent->id);
	if (ret) {
		complain("cannot remove %s '%s': %s", step->group ? "group" : "agent",
			 step_name(step), agentsys_error(work->h));
		return exit_status_of(ret);
	}
	step->done = true;
	say_done(work, step);
	return EXIT_OK;
}

/* What cannot be removed keeps nothing else. */
static int do_removals(const struct work *work)
{
	const struct steps *removals = &work->plan->removals;
	int status = EXIT_OK;

	for (size_t i = removals->n; i-- > 0 && !interrupted;) {
		int ret = do_removal(work, &removals->at[i]);

		if (!status)
			status = ret;
	}
	if (interrupted) {
		complain("interrupted");
		status = EXIT_FAILED;
	}
	return status;
}

/* All that is new is there: forget what it was made in the stead of. */
static int forget_old(const struct work *work)
{
	const struct steps *steps = &work->plan->steps;
	int status = EXIT_OK;

	for (size_t i = 0; i < steps->n; i++) {
		const struct step *step = &steps->at[i];
		int ret;

		if (step->action != REPLACE || step->gone)
			continue;
		ret = remove_agent(work->h, step->agent->id);
		if (ret)
			status = old_failed(work, step, "remove", ret);
	}
	return status;
}

int do_plan(const struct work *work)
{
	int status, forgotten, room;

	catch_signals();
	status = do_steps(work);
	if (status) {
		undo_plan(work);
		note_all(work, false);
		return status;
	}
	forgotten = forget_old(work);
	status = do_removals(work);
	room = take_room_back(work);
	if (!note_all(work, true))
		status = EXIT_FAILED;
	return status ? status : forgotten ? forgotten : room;
}

int do_delete(const struct work *work)
{
	int status;

	catch_signals();
	status = do_removals(work);
	return note_all(work, false) ? status : EXIT_FAILED;
}
