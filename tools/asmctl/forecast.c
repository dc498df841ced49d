// SPDX-License-Identifier: GPL-2.0-only
#include "forecast.h"

#include <string.h>

#include "core/recovery.h"
#include "core/tree.h"

/* What the tree wants done. There is one agent, and no other member in any of its groups. */
static struct {
	u64 now_ms;
	struct agentsys_group tree[FORECAST_GROUPS];
	struct agentsys_node agent;
	struct agentsys_group *armed;
	u32 armed_ms;
	u32 armed_most_ms;	       /* with all of the jitter */
	struct agentsys_group *failed; /* the last that did */
	bool started;
} world;

static void start_agent(struct agentsys_node *agent)
{
	(void)agent;
	world.started = true;
}

static void stop_agent(struct agentsys_node *agent)
{
	/* It is down whenever the tree gets to that. */
	(void)agent;
}

static void arm(struct agentsys_group *group, u32 ms)
{
	/* What fails is restarted as the group above says. */
	const struct agentsys_group *whose =
		group->goal == AGENTSYS_DOWN_FAIL ? group->node.parent : group;

	world.armed = group;
	world.armed_ms = ms;
	world.armed_most_ms = agentsys_jitter_ms(ms, whose->policy.jitter, U32_MAX);
}

static void tell(struct agentsys_group *group, u32 what)
{
	if (what == AGENTSYS_EVENT_GROUP_FAILED)
		world.failed = group;
}

static u64 now_ms(void)
{
	return world.now_ms;
}

/* The shortest delay is followed. */
static u32 no_jitter(void)
{
	return 0;
}

static const struct agentsys_tree_ops ops = {
	.start = start_agent,
	.stop = stop_agent,
	.arm = arm,
	.tell = tell,
	.now_ms = now_ms,
	.random = no_jitter,
};

/*
 * When the restarts of the window were is not known. Taking them for recent ones makes
 * a budget last too short rather than too long.
 */
static void make_world(const struct forecast *forecast)
{
	memset(&world, 0, sizeof(world));
	for (size_t i = 0; i < forecast->ngroups; i++) {
		const struct forecast_group *from = &forecast->groups[i];
		struct agentsys_group *group = &world.tree[i];

		group->ops = &ops;
		group->policy.strategy = from->strategy;
		group->policy.budget = from->budget;
		group->policy.within_ms = from->within_ms;
		group->policy.backoff_initial_ms = from->backoff_initial_ms;
		group->policy.backoff_max_ms = from->backoff_max_ms;
		group->policy.backoff_kind = from->backoff_kind;
		group->policy.jitter = from->jitter;
		group->spent.n = from->recent < ARRAY_SIZE(group->spent.at_ms) ?
					 from->recent :
					 ARRAY_SIZE(group->spent.at_ms);
		group->state = AGENTSYS_ACTIVE;
		group->node.is_group = true;
		group->node.state = AGENTSYS_NODE_UP;
		agentsys_tree_enter(group, i ? &world.tree[i - 1].node : &world.agent);
	}
	world.agent.state = AGENTSYS_NODE_UP;
}

static const char *name_of(const struct forecast *forecast, const struct agentsys_group *group)
{
	return forecast->groups[group - world.tree].name;
}

/* ---- what is done about a fault ---- */

size_t forecast_rungs(u32 fault, u32 action, u32 after, struct forecast_rung rungs[FORECAST_RUNGS])
{
	const struct agentsys_recovery recovery = { .after = after, .within_ms = U32_MAX };
	struct agentsys_recovery_own own = { .has = 1U << fault };
	size_t n = 0;

	own.action[fault] = action;
	for (u32 rung = 0; rung < (after ? FORECAST_RUNGS : 1); rung++) {
		/* All of the faults of the rung below are over. */
		struct agentsys_ladder ladder = {
			.rung = rung ? rung - 1 : 0,
			.faults = rung ? after : 0,
		};
		u32 done = agentsys_recovery_decide(&recovery, &own, &ladder, fault, 0);

		if (!n || rungs[n - 1].action != done)
			rungs[n++] = (struct forecast_rung){ done, (u64)after * rung + 1 };
	}
	return n;
}

/* ---- why not ---- */

/* Would it be restarted by @policy? */
static bool restarts(const struct forecast *forecast, struct agentsys_restart_policy policy)
{
	struct agentsys_restart_past past = { 0 };
	struct agentsys_verdict verdict;

	policy.max_restarts = 1;
	agentsys_restart_decide(&policy, &past, &forecast->end, 0, &verdict);
	return verdict.state == AGENTSYS_BACKOFF;
}

/* Its policy, by which such an end is judged. */
static struct agentsys_restart_policy judging(const struct forecast *forecast)
{
	struct agentsys_restart_policy policy = forecast->policy;

	agentsys_restart_for_fault(&policy, forecast->fault, forecast->restart);
	return policy;
}

static enum forecast_why why_not(const struct forecast *forecast)
{
	struct agentsys_restart_policy policy = forecast->policy;

	if (restarts(forecast, judging(forecast)))
		return FORECAST_RESTARTS;
	if (restarts(forecast, policy))
		return FORECAST_SPENT;
	policy.never_causes = 0;
	policy.never_signals = 0;
	memset(policy.never_codes, 0, sizeof(policy.never_codes));
	if (restarts(forecast, policy))
		return FORECAST_PREVENTED;
	policy.success_signals = 0;
	memset(policy.success_codes, 0, sizeof(policy.success_codes));
	return restarts(forecast, policy) ? FORECAST_SUCCESS : FORECAST_CONDITION;
}

/* ---- what comes ---- */

/* Its groups see to it: wait as they say, until it is started or nobody waits any more. */
static bool follow_tree(const struct forecast *forecast, struct forecast_step *step)
{
	world.started = false;
	world.armed = NULL;
	step->group = name_of(forecast, &world.tree[0]);
	agentsys_tree_note(&world.agent, AGENTSYS_NODE_DOWN);
	while (!world.started && world.armed) {
		struct agentsys_group *group = world.armed;

		world.armed = NULL;
		world.now_ms += world.armed_ms;
		step->least_ms += world.armed_ms;
		step->most_ms += world.armed_most_ms;
		step->group = name_of(forecast, group);
		agentsys_tree_timer(group);
	}
	return world.started;
}

/* It has ended: does it come back? */
static bool step_on(struct forecast *forecast, struct agentsys_restart_past *past,
		    const struct agentsys_end *end, struct forecast_step *step)
{
	struct agentsys_restart_past same = *past;
	const struct agentsys_restart_policy policy = judging(forecast);
	struct agentsys_verdict least, most;

	agentsys_restart_decide(&policy, &same, end, U32_MAX, &most);
	agentsys_restart_decide(&policy, past, end, 0, &least);
	forecast->state = least.state;
	if (least.state != AGENTSYS_BACKOFF) {
		forecast->why = why_not(forecast);
		return false;
	}
	memset(step, 0, sizeof(*step));
	world.failed = NULL;
	switch (agentsys_tree_failed(&world.agent, 1)) {
	case AGENTSYS_TREE_ALONE:
		step->least_ms = least.delay_ms;
		step->most_ms = most.delay_ms;
		step->opens = least.opens;
		world.now_ms += least.delay_ms;
		past->used++;
		break;
	case AGENTSYS_TREE_WAIT:
		past->used++;
		return follow_tree(forecast, step);
	case AGENTSYS_TREE_OVER:
		/* What restarts its group does not count as its own. */
		if (follow_tree(forecast, step))
			break;
		forecast->state = AGENTSYS_FAILED;
		forecast->why = FORECAST_BUDGET;
		forecast->failed = name_of(forecast, world.failed ?: &world.tree[0]);
		return false;
	}
	return true;
}

void forecast(struct forecast *forecast)
{
	struct agentsys_restart_past past = forecast->past;
	struct agentsys_end end = forecast->end;

	make_world(forecast);
	forecast->why = FORECAST_ENDLESS;
	forecast->failed = NULL;
	forecast->nsteps = 0;
	while (forecast->nsteps < FORECAST_STEPS &&
	       step_on(forecast, &past, &end, &forecast->steps[forecast->nsteps])) {
		forecast->nsteps++;
		agentsys_tree_note(&world.agent, AGENTSYS_NODE_UP);
		end.ran_ms = forecast->later_ms;
		world.now_ms += end.ran_ms;
	}
}
