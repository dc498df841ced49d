// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random things happen to random trees. Once everything is left to settle after each,
 * and compared with the naive twin; once nothing is, and what has to be so at any
 * time is checked at every step.
 */
#include "core_tree_model.h"

#define DRAINED_TREES 150
#define DRAINED_EVENTS 200
#define BUSY_TREES 600
#define BUSY_STEPS 500

#define MAX_DEPTH 4

/* ---- random worlds ---- */

static u32 pick(const u32 *values, u32 n)
{
	return values[core_random_below(n)];
}

static void random_policy(struct agentsys_group_policy *policy)
{
	static const u32 initial_ms[] = { 0, 1, 50, 100 };
	static const u32 max_ms[] = { 0, 100, 400, 1000 };

	policy->strategy = core_random_below(__AGENTSYS_STRATEGIES);
	policy->budget = core_random_below(5);
	policy->backoff_initial_ms = pick(initial_ms, ARRAY_SIZE(initial_ms));
	policy->backoff_max_ms = pick(max_ms, ARRAY_SIZE(max_ms));
	policy->backoff_kind = core_random_below(AGENTSYS_BACKOFF_ADAPTIVE);
	policy->jitter = core_random_below(2) ? core_random_below(101) : 0;
}

static u32 depth(const struct group *group)
{
	const struct agentsys_group *tree = &group->tree;
	u32 n = 0;

	while ((tree = tree->node.parent))
		n++;
	return n;
}

static struct group *random_group(void)
{
	return &world.groups[core_random_below(world.nr_groups)];
}

static struct agent *random_agent(void)
{
	return &world.agents[core_random_below(world.nr_agents)];
}

static void add_random_agent(struct group *parent)
{
	struct agent *agent = world_add_agent(parent, 'a' + world.nr_agents);

	agent->own_ms = core_random_below(50);
	agent->stop_ms = core_random_below(3) ? 0 : core_random_below(300);
	agent->node.temporary = !core_random_below(5);
}

static void add_random_group(struct group *parent)
{
	static const u32 within_ms[] = { 1, 100, 1000, 100000 };
	struct group *group = world_add_group(parent, 'A' + world.nr_groups - 1);

	random_policy(&group->tree.policy);
	group->tree.policy.within_ms = pick(within_ms, ARRAY_SIZE(within_ms));
}

static void random_world(void)
{
	u32 groups = 1 + core_random_below(WORLD_GROUPS - 1);
	u32 agents = 1 + core_random_below(WORLD_AGENTS);

	world_clear();
	world_add_group(NULL, WORLD_ROOT);
	while (groups || agents) {
		struct group *parent = random_group();

		if (groups && core_random_below(groups + agents) < groups) {
			if (depth(parent) == MAX_DEPTH)
				continue;
			add_random_group(parent);
			groups--;
		} else {
			add_random_agent(parent);
			agents--;
		}
	}
}

static bool may_move(const struct agentsys_node *node, const struct group *to)
{
	if (!node->parent || to->gone || !agentsys_tree_can_move(node, &to->tree))
		return false;
	return !node->is_group ||
	       !agentsys_tree_is_within(&to->tree, tree_of((struct agentsys_node *)node));
}

/* ---- settled, and compared ---- */

static void drained_move(struct agentsys_node *node, struct group *to)
{
	if (!may_move(node, to))
		return;
	agentsys_tree_move(&to->tree, node);
	model_move(twin_of(node), twin_of(&to->tree.node));
}

static const char *drained_event(void)
{
	struct agent *agent = random_agent();
	struct group *group = random_group();
	struct twin *a = twin_of(&agent->node);
	struct twin *g = twin_of(&group->tree.node);
	static char what[64];
	u32 kind = core_random_below(100);
	u32 ms = core_random_below(3000);

	if (kind < 35 && agent->life == RUNNING) {
		snprintf(what, sizeof(what), "%c fails", agent->name);
		world_ended(agent, true);
		twin_ended(a, true);
	} else if (kind < 40 && agent->life == RUNNING) {
		snprintf(what, sizeof(what), "%c ends for good", agent->name);
		world_ended(agent, false);
		twin_ended(a, false);
	} else if (kind < 55) {
		snprintf(what, sizeof(what), "%c is started", agent->name);
		world_start(agent);
		model_start(a);
	} else if (kind < 60) {
		snprintf(what, sizeof(what), "%c is stopped", agent->name);
		world_stop(agent);
		model_stop(a);
	} else if (kind < 65) {
		snprintf(what, sizeof(what), "%c is restarted", agent->name);
		world_restart(agent);
		model_restart(a);
	} else if (kind < 74) {
		agent->bad_starts = core_random_below(4);
		a->bad_starts = agent->bad_starts;
		snprintf(what, sizeof(what), "%c: %u bad starts", agent->name, agent->bad_starts);
	} else if (kind < 82) {
		snprintf(what, sizeof(what), "%c is started", group->name);
		agentsys_tree_start(&group->tree);
		model_start_group(g);
	} else if (kind < 85) {
		snprintf(what, sizeof(what), "%c is stopped", group->name);
		world_stop_group(group);
		model_stop_group(g);
	} else if (kind < 90) {
		snprintf(what, sizeof(what), "%c is restarted", group->name);
		agentsys_tree_restart(&group->tree);
		model_restart_group(g);
	} else if (kind < 93) {
		snprintf(what, sizeof(what), "%c gets another policy", group->name);
		random_policy(&group->tree.policy);
		g->policy = group->tree.policy;
	} else if (kind < 95) {
		snprintf(what, sizeof(what), "%c moves to %c", agent->name, group->name);
		drained_move(&agent->node, group);
	} else if (kind < 96) {
		struct group *to = random_group();

		snprintf(what, sizeof(what), "%c moves to %c", group->name, to->name);
		drained_move(&group->tree.node, to);
	} else {
		snprintf(what, sizeof(what), "%u ms pass", ms);
		world.now += ms;
		model.now += ms;
	}
	return what;
}

/* Of each agent whether it runs, its starts and stops; of each group state, restarts, budget. */
static void world_state(char *text)
{
	text += sprintf(text, "%llu ms", (unsigned long long)world.now);
	for (u32 i = 0; i < world.nr_agents; i++) {
		const struct agent *agent = &world.agents[i];

		text += sprintf(text, " %c%s %u %u,", agent->name,
				agent->life == RUNNING ? "" : "-", agent->starts, agent->stops);
	}
	for (u32 i = 0; i < world.nr_groups; i++) {
		struct agentsys_group *tree = &world.groups[i].tree;
		u32 used = agentsys_budget_used(&tree->spent, tree->policy.within_ms,
						agentsys_clock_ms(&tree->clock, world.now));

		/* Of a group that is down nobody asks for the latter. */
		text += sprintf(text, " %c %u %llu %u,", world.groups[i].name, tree->state,
				(unsigned long long)tree->restarts,
				tree->state == AGENTSYS_ACTIVE ? used : 0);
	}
}

static void model_state(char *text)
{
	text += sprintf(text, "%llu ms", (unsigned long long)model.now);
	for (u32 i = 0; i < world.nr_agents; i++) {
		const struct twin *twin = &model.agents[i];

		text += sprintf(text, " %c%s %u %u,", twin->name, twin->runs ? "" : "-",
				twin->starts, twin->stops);
	}
	for (u32 i = 0; i < world.nr_groups; i++) {
		const struct twin *twin = &model.groups[i];

		text += sprintf(text, " %c %u %u %u,", twin->name, twin->state, twin->restarts,
				twin->runs ? twin_recent(twin) : 0);
	}
}

static void describe(const struct group *group, char *text)
{
	static const char strategies[] = "1artp";
	struct agentsys_node *node;

	sprintf(text, "%c%c%u[", group->name, strategies[group->tree.policy.strategy],
		group->tree.policy.budget);
	for (node = group->tree.first; node; node = node->next) {
		text += strlen(text);
		if (node->is_group)
			describe(group_of(tree_of(node)), text);
		else
			sprintf(text, "%c%s%s", agent_of(node)->name, node->temporary ? "'" : "",
				agent_of(node)->life == RUNNING ? "" : "-");
	}
	strcat(text, "]");
}

static void drained_tree(u32 tree)
{
	char before[1000], got[2000], expected[2000];

	random_world();
	model_copy_world();
	world.at_once = tree % 3 * 50;
	for (u32 i = 0; i < DRAINED_EVENTS; i++) {
		const char *what;

		describe(&world.groups[0], before);
		world.log[0] = 0;
		model.log[0] = 0;
		what = drained_event();
		world_drain();
		world_check_settled();
		world_state(got);
		model_state(expected);
		if (strcmp(world.log, model.log) || strcmp(got, expected))
			fail_msg("tree %u, event %u: %s, %s:\ngot %s\n%s\nexpected %s\n%s", tree, i,
				 before, what, world.log, got, model.log, expected);
	}
}

static void as_the_naive_twin(void **unused)
{
	u64 restarts = 0;

	(void)unused;
	for (u32 tree = 0; tree < DRAINED_TREES; tree++) {
		drained_tree(tree);
		for (u32 i = 0; i < world.nr_groups; i++)
			restarts += world.groups[i].tree.restarts;
	}
	/* Things did happen. */
	assert_in_range(restarts, DRAINED_TREES * 20, ~0U);
}

/* ---- never settled ---- */

/* As somebody asked, and something above or here is being stopped as somebody asked. */
static bool sinks(const struct agentsys_group *tree)
{
	for (; tree; tree = tree->node.parent)
		if (tree->state == AGENTSYS_STOPPING && tree->goal == AGENTSYS_DOWN_STAY)
			return true;
	return false;
}

static void want(struct agent *agent)
{
	const struct agentsys_group *tree = agent->node.parent;

	agent->wanted = true;
	agent->unsure = sinks(tree) ||
			(agent->node.temporary && tree->state == AGENTSYS_STOPPING);
}

static void want_nothing(struct agent *agent)
{
	agent->wanted = false;
	agent->unsure = false;
}

static void doubt(struct agent *agent)
{
	agent->unsure = true;
}

static void for_all_below(struct agentsys_group *tree, void (*call)(struct agent *agent))
{
	struct agentsys_node *node;

	for (node = tree->first; node; node = node->next) {
		if (node->is_group)
			for_all_below(tree_of(node), call);
		else
			call(agent_of(node));
	}
}

static bool is_busy(const struct agentsys_group *tree)
{
	for (; tree; tree = tree->node.parent)
		if (agentsys_tree_busy(tree))
			return true;
	return false;
}

/* Something is started in it. If it was down nothing else is, unless all of it is about to be. */
static void revive(struct agentsys_group *tree)
{
	for (; tree; tree = tree->node.parent)
		if (tree->state == AGENTSYS_FAILED || tree->state == AGENTSYS_EXITED)
			for_all_below(tree, is_busy(tree) ? doubt : want_nothing);
}

static void want_all(struct agentsys_group *tree)
{
	struct agentsys_node *node;

	for (node = tree->first; node; node = node->next) {
		if (!node->is_group)
			want(agent_of(node));
		else if (node->state == AGENTSYS_NODE_DOWN || node->state == AGENTSYS_NODE_STOPPING)
			want_all(tree_of(node));
		else if (sinks(tree)) /* what ran comes back with it */
			for_all_below(tree_of(node), doubt);
	}
}

static void busy_ended_for_good(struct agent *agent)
{
	const struct agentsys_group *tree = agent->node.parent;

	/* It was to be stopped anyway: that it ended before is nobody's business. */
	if (tree->state == AGENTSYS_STOPPING && agent->node.falls && !agent->node.temporary)
		return;
	want_nothing(agent);
}

/* A group goes on with what it does until the one above comes to stopping it. */
static bool will_be_stopped(const struct agentsys_node *node)
{
	for (; node->parent; node = &node->parent->node)
		if (node->parent->state == AGENTSYS_STOPPING && node->falls)
			return true;
	return false;
}

/* Nobody is started whom nobody wants, nor before those ahead of it run. */
static void busy_before_start(struct agent *agent)
{
	const struct agentsys_node *node = &agent->node;

	assert_int_equal(node->parent->state, AGENTSYS_STARTING);
	if (!agent->wanted && !agent->unsure && !will_be_stopped(node))
		fail_msg("%c is started and nobody wants it: %s", agent->name, world.log);
	while ((node = node->prev))
		if (node->again && node->state != AGENTSYS_NODE_UP)
			fail_msg("%c is started too early: %s", agent->name, world.log);
}

/* Nobody is stopped before those that come after it are down. */
static void busy_before_stop(struct agent *agent)
{
	const struct agentsys_node *node = &agent->node;

	assert_int_equal(node->parent->state, AGENTSYS_STOPPING);
	assert_true(node->falls);
	if (node->temporary)
		agent->wanted = false;
	while ((node = node->next))
		if (node->state != AGENTSYS_NODE_DOWN)
			fail_msg("%c is stopped too early: %s", agent->name, world.log);
}

static void busy_agent_event(struct agent *agent)
{
	switch (core_random_below(10)) {
	case 0:
	case 1:
	case 2:
		if (agent->life == RUNNING) {
			world_log("(!%c)", agent->name);
			world_ended(agent, true);
		}
		break;
	case 3:
		if (agent->life == RUNNING) {
			world_log("(.%c)", agent->name);
			world_ended(agent, false);
		}
		break;
	case 4:
	case 5:
		world_log("(+%c)", agent->name);
		if (agent->life < BIRTH) {
			revive(agent->node.parent);
			want(agent);
		}
		world_start(agent);
		break;
	case 6:
		world_log("(-%c)", agent->name);
		want_nothing(agent);
		world_stop(agent);
		break;
	case 7:
		world_log("(*%c)", agent->name);
		/* It starts among those that are stopped, perhaps. */
		if (agent->node.temporary)
			doubt(agent);
		world_restart(agent);
		break;
	case 8:
		agent->bad_starts = core_random_below(3);
		break;
	case 9:
		if (agent->life < BIRTH && !core_random_below(10))
			world_remove(agent);
		break;
	}
}

static void busy_start_group(struct group *group)
{
	world_log("(+%c)", group->name);
	revive(group->tree.node.parent);
	want_all(&group->tree);
	agentsys_tree_start(&group->tree);
}

static void busy_restart_group(struct group *group)
{
	if (group->tree.state == AGENTSYS_EXITED || group->tree.state == AGENTSYS_FAILED) {
		busy_start_group(group);
		return;
	}
	world_log("(*%c)", group->name);
	if (sinks(&group->tree))
		for_all_below(&group->tree, doubt);
	revive(group->tree.node.parent);
	agentsys_tree_restart(&group->tree);
}

static void busy_remove_group(struct group *group)
{
	if (group->tree.first || !group->tree.node.parent)
		return;
	group->gone = true;
	group->armed = false;
	agentsys_tree_leave(&group->tree.node);
}

static void busy_group_event(struct group *group)
{
	switch (core_random_below(8)) {
	case 0:
	case 1:
		busy_start_group(group);
		break;
	case 2:
		world_log("(-%c)", group->name);
		for_all_below(&group->tree, want_nothing);
		world_stop_group(group);
		break;
	case 3:
	case 4:
		busy_restart_group(group);
		break;
	case 5:
		random_policy(&group->tree.policy);
		break;
	case 6:
		if (world.nr_agents < WORLD_AGENTS)
			add_random_agent(group);
		break;
	case 7:
		busy_remove_group(group);
		break;
	}
}

static void busy_move(struct agentsys_node *node, struct group *to)
{
	void (*will)(struct agent *agent) = NULL;

	if (!may_move(node, to))
		return;
	/* It may get away from what was about to stop it, or come under it. */
	if (is_busy(node->parent) || is_busy(&to->tree))
		will = doubt;
	else if (node->state == AGENTSYS_NODE_DOWN)
		will = want_nothing;
	if (node->state != AGENTSYS_NODE_DOWN)
		revive(&to->tree);
	if (will && node->is_group)
		for_all_below(tree_of(node), will);
	else if (will)
		will(agent_of(node));
	world_log("(%c>%c)", node->is_group ? group_of(tree_of(node))->name : agent_of(node)->name,
		  to->name);
	agentsys_tree_move(&to->tree, node);
}

static void busy_step(void)
{
	struct agent *agent = random_agent();
	struct group *group = random_group();
	u32 kind = core_random_below(100);

	if (kind < 50)
		world_complete_one();
	else if (kind < 60)
		world_timer(~0ULL);
	else if (kind < 65)
		world.now += core_random_below(300);
	else if (kind == 65)
		busy_move(&agent->node, group);
	else if (kind == 66)
		busy_move(&random_group()->tree.node, group);
	else if (kind < 93 && agent->node.parent)
		busy_agent_event(agent);
	else if (kind >= 93 && !group->gone)
		busy_group_event(group);
}

static bool has_failed(const struct agentsys_group *tree)
{
	for (; tree; tree = tree->node.parent)
		if (tree->state == AGENTSYS_FAILED)
			return true;
	return false;
}

/* Returns how many there were of whom it could be said whether they run. */
static u32 busy_settled(void)
{
	u32 sure = 0;

	world_drain();
	world_check_settled();
	for (u32 i = 0; i < world.nr_agents; i++) {
		struct agent *agent = &world.agents[i];

		if (!agent->node.parent)
			continue;
		sure += !agent->unsure;
		if (!agent->unsure && agent->life == RUNNING && !agent->wanted)
			fail_msg("nobody wants %c: %s", agent->name, world.log);
		if (!agent->unsure && agent->life == DEAD && agent->wanted &&
		    !has_failed(agent->node.parent))
			fail_msg("%c was forgotten: %s", agent->name, world.log);
		agent->wanted = agent->life == RUNNING;
		agent->unsure = false;
	}
	return sure;
}

static u32 busy_tree(u32 tree)
{
	char before[1000];
	u32 sure = 0;

	random_world();
	world.at_once = tree % 3 * 40;
	world.before_start = busy_before_start;
	world.before_stop = busy_before_stop;
	world.ended_for_good = busy_ended_for_good;
	for (u32 i = 0; i < BUSY_STEPS; i++) {
		if (!world.log[0]) {
			describe(&world.groups[0], before);
			world_log("%s:", before);
		}
		busy_step();
		world_check();
		if (!core_random_below(40)) {
			sure += busy_settled();
			world.log[0] = 0;
		}
	}
	return sure;
}

static void all_at_the_same_time(void **unused)
{
	u32 sure = 0;

	(void)unused;
	for (u32 tree = 0; tree < BUSY_TREES; tree++)
		sure += busy_tree(tree);
	/* Mostly it can be said. */
	assert_in_range(sure, BUSY_TREES * 50, ~0U);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_the_naive_twin),
		cmocka_unit_test(all_at_the_same_time),
	};

	core_random_init(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
