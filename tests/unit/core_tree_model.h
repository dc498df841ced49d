/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The naive twin of the supervision tree, written from its description alone: what
 * is asked of it has happened, with all that follows, when the call returns. It
 * knows nothing of what goes on meanwhile.
 *
 * A restart of several is a recursion: a start that fails calls for another restart,
 * which brings up all that is wanted, so that the first has nothing left to do.
 */
#ifndef AGENTSYS_TESTS_CORE_TREE_MODEL_H
#define AGENTSYS_TESTS_CORE_TREE_MODEL_H

#include "core_tree_world.h"

#define TWIN_STAMPS 4000

struct twin {
	char name;
	bool is_group;
	bool temporary;
	bool runs;
	bool wanted; /* it runs, or is to run with the others */
	struct twin *in;
	/* an agent */
	u32 bad_starts;
	u32 own_ms;
	u32 stop_ms;
	u32 starts;
	u32 stops;
	/* a group */
	struct agentsys_group_policy policy;
	struct twin *members[WORLD_AGENTS + WORLD_GROUPS];
	u32 nr_members;
	u32 state;
	u32 restarts;
	u32 began; /* how often its members were stopped or started; tells that it happened again */
	u64 stood; /* how long its members were being stopped */
	u32 nr_stamps;
	u64 stamps[TWIN_STAMPS];
};

static struct model {
	struct twin agents[WORLD_AGENTS];
	struct twin groups[WORLD_GROUPS];
	u64 now;
	u32 draws;
	char log[sizeof(world.log)];
} model;

static void model_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void model_log(const char *format, ...)
{
	size_t length = strlen(model.log);
	va_list args;

	if (length && length < sizeof(model.log) - 1)
		model.log[length++] = ' ';
	va_start(args, format);
	vsnprintf(model.log + length, sizeof(model.log) - length, format, args);
	va_end(args);
}

static bool twin_one_by_one(const struct twin *group)
{
	return group->policy.strategy == AGENTSYS_ONE_FOR_ONE ||
	       group->policy.strategy == AGENTSYS_TRANSIENT ||
	       group->policy.strategy == AGENTSYS_PERMANENT;
}

static u32 twin_recent(const struct twin *group)
{
	u32 n = 0;

	for (u32 i = 0; i < group->nr_stamps; i++)
		n += model.now - group->stood <= group->stamps[i] + group->policy.within_ms;
	return n;
}

static u32 twin_backoff(const struct twin *group)
{
	u64 delay = group->policy.backoff_initial_ms;

	for (u32 n = twin_recent(group); n > 1 && delay < group->policy.backoff_max_ms; n--) {
		if (group->policy.backoff_kind == AGENTSYS_BACKOFF_EXPONENTIAL)
			delay *= 2;
		else if (group->policy.backoff_kind == AGENTSYS_BACKOFF_LINEAR)
			delay += group->policy.backoff_initial_ms;
	}
	if (delay > group->policy.backoff_max_ms)
		delay = group->policy.backoff_max_ms;
	/* The longest is one that could be drawn, and no more. */
	return delay + delay * group->policy.jitter / 100 *
		       (u64)world_random(model.draws++) / (1ULL << 32);
}

static void twin_start(struct twin *twin);

/* In reverse order; those that are temporary are not wanted any more, if they ran. */
static void twin_stop_members(struct twin *group, u32 from)
{
	u64 began_at = model.now;

	group->began++;
	for (u32 i = group->nr_members; i-- > from;) {
		struct twin *member = group->members[i];

		if (member->temporary && member->runs)
			member->wanted = false;
		if (member->is_group && member->runs) {
			twin_stop_members(member, 0);
			member->state = AGENTSYS_EXITED;
		} else if (member->runs) {
			model_log("-%c", member->name);
			member->stops++;
			model.now += member->stop_ms;
		}
		member->runs = false;
	}
	group->stood += model.now - began_at;
}

static void twin_start_members(struct twin *group)
{
	u32 began = ++group->began;

	group->runs = true;
	group->state = AGENTSYS_ACTIVE;
	for (u32 i = 0; i < group->nr_members && group->began == began; i++)
		if (group->members[i]->wanted && !group->members[i]->runs)
			twin_start(group->members[i]);
}

/* It would be restarted. */
static void twin_failed(struct twin *twin)
{
	struct twin *group = twin->in;
	bool in_root = !group->in;
	u32 delay, from = 0;

	twin->runs = false;
	if (in_root && twin->is_group) {
		twin->wanted = false;
		return;
	}
	if (!in_root) {
		group->restarts++;
		assert_in_range(group->nr_stamps, 0, TWIN_STAMPS - 1);
		group->stamps[group->nr_stamps++] = model.now - group->stood;
		if (twin_recent(group) > group->policy.budget) {
			u64 began_at = model.now;

			model_log("%c!", group->name);
			twin_stop_members(group, 0);
			for (struct twin *above = group->in; above; above = above->in)
				above->stood += model.now - began_at;
			group->state = AGENTSYS_FAILED;
			twin_failed(group);
			return;
		}
	}
	if (in_root || (twin_one_by_one(group) && !twin->is_group)) {
		model.now += twin->own_ms;
		twin_start(twin);
		return;
	}
	/* A restart will come; if it does not, what waited for it counts as stopped. */
	if (twin->is_group)
		twin->state = AGENTSYS_EXITED;
	delay = twin_backoff(group);
	model_log("%c~%u", twin_one_by_one(group) ? twin->name : group->name, delay);
	if (twin_one_by_one(group)) {
		model.now += delay;
		twin_start(twin);
		return;
	}
	if (group->policy.strategy == AGENTSYS_REST_FOR_ONE)
		while (group->members[from] != twin)
			from++;
	twin_stop_members(group, from);
	model.now += delay;
	twin_start_members(group);
}

static void twin_ended(struct twin *agent, bool badly)
{
	agent->runs = false;
	if (badly && !agent->temporary)
		twin_failed(agent);
	else
		agent->wanted = false;
}

static void twin_start(struct twin *twin)
{
	if (twin->is_group) {
		twin->nr_stamps = 0;
		twin_start_members(twin);
		return;
	}
	model_log("+%c", twin->name);
	twin->starts++;
	twin->runs = true;
	if (twin->bad_starts) {
		twin->bad_starts--;
		twin_ended(twin, true);
	}
}

/* ---- what people do ---- */

/* A group that is down is up with what is started in it, and with nothing else. */
static void twin_revive(struct twin *group, struct twin *with)
{
	if (!group)
		return;
	if (!group->runs) {
		for (u32 i = 0; i < group->nr_members; i++)
			group->members[i]->wanted = false;
		group->runs = true;
		group->state = AGENTSYS_ACTIVE;
		twin_revive(group->in, group);
	}
	with->wanted = true;
}

static void twin_want_all(struct twin *group)
{
	for (u32 i = 0; i < group->nr_members; i++) {
		struct twin *member = group->members[i];

		member->wanted = true;
		if (member->is_group && !member->runs)
			twin_want_all(member);
	}
}

static void model_start(struct twin *agent)
{
	if (agent->runs)
		return;
	twin_revive(agent->in, agent);
	twin_start(agent);
}

static void model_stop(struct twin *agent)
{
	agent->wanted = false;
	if (!agent->runs)
		return;
	model_log("-%c", agent->name);
	agent->stops++;
	model.now += agent->stop_ms;
	agent->runs = false;
}

static void model_restart(struct twin *agent)
{
	if (!agent->runs)
		return;
	model_stop(agent);
	model_start(agent);
}

static void model_start_group(struct twin *group)
{
	twin_revive(group->in, group);
	group->nr_stamps = 0;
	twin_want_all(group);
	twin_start_members(group);
}

static void model_stop_group(struct twin *group)
{
	twin_stop_members(group, 0);
	group->runs = false;
	group->wanted = false;
	group->state = AGENTSYS_EXITED;
}

static void model_restart_group(struct twin *group)
{
	if (!group->runs) {
		model_start_group(group);
		return;
	}
	group->nr_stamps = 0;
	model_log("%c~0", group->name);
	twin_stop_members(group, 0);
	twin_start_members(group);
}

static void model_move(struct twin *twin, struct twin *to)
{
	struct twin *from = twin->in;
	u32 i = 0;

	while (from->members[i] != twin)
		i++;
	for (from->nr_members--; i < from->nr_members; i++)
		from->members[i] = from->members[i + 1];
	to->members[to->nr_members++] = twin;
	twin->in = to;
	twin->wanted = twin->runs;
	if (twin->runs)
		twin_revive(to, twin);
}

/* ---- the twin of the world as it is: all its groups run, and no agent does ---- */

static struct twin *twin_of(struct agentsys_node *node)
{
	if (node->is_group)
		return &model.groups[group_of(tree_of(node)) - world.groups];
	return &model.agents[agent_of(node) - world.agents];
}

static void model_enter(struct twin *twin, struct agentsys_node *node)
{
	if (!node->parent)
		return;
	twin->in = &model.groups[group_of(node->parent) - world.groups];
	twin->in->members[twin->in->nr_members++] = twin;
}

/* Members in the order in which they have entered their groups. */
static void model_copy_members(struct group *group)
{
	struct agentsys_node *node;

	for (node = group->tree.first; node; node = node->next)
		model_enter(twin_of(node), node);
}

static void model_copy_world(void)
{
	memset(&model, 0, sizeof(model));
	model.now = world.now;
	model.draws = world.draws;
	for (u32 i = 0; i < world.nr_groups; i++) {
		struct twin *twin = &model.groups[i];

		twin->name = world.groups[i].name;
		twin->is_group = true;
		twin->runs = true;
		twin->wanted = true;
		twin->state = AGENTSYS_ACTIVE;
		twin->policy = world.groups[i].tree.policy;
		model_copy_members(&world.groups[i]);
	}
	for (u32 i = 0; i < world.nr_agents; i++) {
		model.agents[i].name = world.agents[i].name;
		model.agents[i].temporary = world.agents[i].node.temporary;
		model.agents[i].own_ms = world.agents[i].own_ms;
		model.agents[i].stop_ms = world.agents[i].stop_ms;
	}
}

#endif /* AGENTSYS_TESTS_CORE_TREE_MODEL_H */
