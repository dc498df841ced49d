/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A world for the supervision tree to act on: agents that start and end at once or
 * later, timers, a clock. What is done in it is noted in a log:
 *
 *	+a	agent a is being started
 *	-a	is being stopped
 *	A~100	group A restarts, 100 ms after its members are down
 *	A!	has spent its budget
 *	A^ A_	is started, is stopped as asked (only if tells_all)
 *	A_B A_a	is stopped with group B, because agent a is done (likewise)
 *
 * A tree is described by a line: "Aa2[ab'Br5[cd]]" is group A below the root, of
 * strategy all (1, a, r: for one, all, rest), budget 2, with agents a and b, the
 * latter temporary, and group B. A "*" behind a member makes it significant; behind
 * the budget, "y" has the group stop when any of those is done, "z" when all are.
 */
#ifndef AGENTSYS_TESTS_CORE_TREE_WORLD_H
#define AGENTSYS_TESTS_CORE_TREE_WORLD_H

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core_random.h"
#include "tree.h"

#define WORLD_AGENTS 20
#define WORLD_GROUPS 10
#define WORLD_ROOT 'R'
#define WORLD_OWN_MS 10

enum life {
	DEAD,
	WAITING, /* for a start with others */
	PAUSING, /* for its own restart */
	BIRTH,
	RUNNING,
	DYING,
};

struct agent {
	struct agentsys_node node;
	char name;
	enum life life;
	bool rerun; /* started again by hand when it has ended */
	u32 bad_starts; /* so many next starts fail */
	u32 own_ms;
	u32 stop_ms; /* that its end takes, when it is stopped */
	u64 due;
	u32 starts;
	u32 stops;
	bool wanted; /* of the test: it is to run in the end */
	bool unsure; /* that cannot be said */
};

struct group {
	struct agentsys_group tree;
	char name;
	bool gone;
	bool armed;
	u64 due;
	u32 told_restart; /* which one in its window, or in that of the group above */
};

static struct world {
	struct agent agents[WORLD_AGENTS];
	struct group groups[WORLD_GROUPS]; /* root first */
	u32 nr_agents;
	u32 nr_groups;
	u64 now;
	u32 draws; /* random numbers so far */
	u32 at_once; /* percentage of starts and ends that do not take time */
	bool tells_all;
	char log[8192];
	void (*before_start)(struct agent *agent);
	void (*before_stop)(struct agent *agent);
	void (*ended_for_good)(struct agent *agent);
} world;

static void world_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void world_log(const char *format, ...)
{
	size_t length = strlen(world.log);
	va_list args;

	if (length && length < sizeof(world.log) - 1)
		world.log[length++] = ' ';
	va_start(args, format);
	vsnprintf(world.log + length, sizeof(world.log) - length, format, args);
	va_end(args);
}

static struct agent *agent_of(struct agentsys_node *node)
{
	return (struct agent *)((char *)node - offsetof(struct agent, node));
}

static struct group *group_of(struct agentsys_group *tree)
{
	return (struct group *)((char *)tree - offsetof(struct group, tree));
}

static inline struct agentsys_group *tree_of(struct agentsys_node *node)
{
	return (struct agentsys_group *)((char *)node - offsetof(struct agentsys_group, node));
}

/* ---- the life of an agent, as the supervisor lets it go ---- */

static void world_begin(struct agent *agent);

static void world_ended(struct agent *agent, bool badly)
{
	if (!badly || agent->node.temporary) {
		if (world.ended_for_good)
			world.ended_for_good(agent);
		agent->life = DEAD;
		agentsys_tree_note(&agent->node, AGENTSYS_NODE_DOWN);
		agentsys_tree_done(&agent->node, agent->name);
		return;
	}
	switch (agentsys_tree_failed(&agent->node, agent->name)) {
	case AGENTSYS_TREE_ALONE:
		agent->life = PAUSING;
		agent->due = world.now + agent->own_ms;
		return;
	case AGENTSYS_TREE_WAIT:
		agent->life = WAITING;
		break;
	case AGENTSYS_TREE_OVER:
		agent->life = DEAD;
		break;
	}
	agentsys_tree_proceed(agent->node.parent);
}

/* Its start or its end, which was under way, is complete. */
static void world_complete(struct agent *agent)
{
	const struct agentsys_group *group = agent->node.parent;

	if (agent->life == BIRTH) {
		if (agent->bad_starts) {
			agent->bad_starts--;
			world_ended(agent, true);
			return;
		}
		agent->life = RUNNING;
		agentsys_tree_note(&agent->node, AGENTSYS_NODE_UP);
		return;
	}
	assert_int_equal(agent->life, DYING);
	world.now += agent->stop_ms;
	if (agent->rerun) {
		agent->rerun = false;
		world_begin(agent);
		return;
	}
	agent->life = DEAD;
	if (group->state == AGENTSYS_STOPPING && group->goal == AGENTSYS_DOWN_AGAIN &&
	    agent->node.falls && agent->node.again)
		agent->life = WAITING;
	agentsys_tree_note(&agent->node, AGENTSYS_NODE_DOWN);
}

static void world_perhaps_complete(struct agent *agent)
{
	if (core_random_below(100) < world.at_once)
		world_complete(agent);
}

static void world_birth(struct agent *agent)
{
	agent->life = BIRTH;
	agent->starts++;
	world_log("+%c", agent->name);
}

/* Started by itself or by hand. */
static void world_begin(struct agent *agent)
{
	world_birth(agent);
	agentsys_tree_note(&agent->node, AGENTSYS_NODE_STARTING);
	/* It may be dying already. */
	if (agent->life == BIRTH)
		world_perhaps_complete(agent);
}

static void world_death(struct agent *agent)
{
	agent->life = DYING;
	agent->stops++;
	world_log("-%c", agent->name);
}

/* ---- what the tree has done for it ---- */

static void op_start(struct agentsys_node *node)
{
	struct agent *agent = agent_of(node);

	assert_int_equal(node->state, AGENTSYS_NODE_STARTING);
	assert_in_range(agent->life, DEAD, WAITING);
	if (world.before_start)
		world.before_start(agent);
	world_birth(agent);
	world_perhaps_complete(agent);
}

static void op_stop(struct agentsys_node *node)
{
	struct agent *agent = agent_of(node);

	if (node->state == AGENTSYS_NODE_DOWN) {
		assert_in_range(agent->life, DEAD, WAITING);
		agent->life = DEAD;
		return;
	}
	assert_int_equal(node->state, AGENTSYS_NODE_STOPPING);
	assert_in_range(agent->life, PAUSING, RUNNING);
	if (world.before_stop)
		world.before_stop(agent);
	if (agent->life == PAUSING) {
		agent->life = node->again ? WAITING : DEAD;
		agentsys_tree_note(node, AGENTSYS_NODE_DOWN);
		return;
	}
	world_death(agent);
	world_perhaps_complete(agent);
}

static void op_arm(struct agentsys_group *tree, u32 ms)
{
	struct group *group = group_of(tree);

	group->armed = true;
	group->due = world.now + ms;
}

static void world_log_stopped(const struct group *group)
{
	const struct agentsys_group *tree = &group->tree;

	if (!world.tells_all)
		return;
	if (tree->why == AGENTSYS_CAUSE_GROUP)
		world_log("%c_%c", group->name, group_of(tree->node.parent)->name);
	else if (tree->why == AGENTSYS_CAUSE_EXIT)
		world_log("%c_%c", group->name, tree->done_by);
	else
		world_log("%c_", group->name);
}

static void op_tell(struct agentsys_group *tree, u32 what)
{
	struct group *group = group_of(tree);

	switch (what) {
	case AGENTSYS_EVENT_GROUP_RESTART:
		group->told_restart = agentsys_tree_alone(tree) ? tree->node.parent->spent.n :
								  tree->spent.n;
		world_log("%c~%u", group->name, tree->delay_ms);
		break;
	case AGENTSYS_EVENT_GROUP_FAILED:
		world_log("%c!", group->name);
		break;
	case AGENTSYS_EVENT_GROUP_STARTED:
		if (world.tells_all)
			world_log("%c^", group->name);
		break;
	case AGENTSYS_EVENT_GROUP_STOPPED:
		world_log_stopped(group);
		break;
	default:
		fail_msg("unknown event %u", what);
	}
}

static u64 op_now_ms(void)
{
	return world.now;
}

/* The n-th number, for whoever has to know it: both halves, and the ends, come often. */
static u32 world_random(u32 n)
{
	return (n % 2 ? n * 2654435761U : n % 4 / 2 * U32_MAX);
}

static u32 op_random(void)
{
	return world_random(world.draws++);
}

static const struct agentsys_tree_ops world_ops = {
	.start = op_start,
	.stop = op_stop,
	.arm = op_arm,
	.tell = op_tell,
	.now_ms = op_now_ms,
	.random = op_random,
};

/* ---- time ---- */

/* What is under way, number @skip of it; NULL: not so many. */
static struct agent *world_pending(u32 skip)
{
	for (u32 i = 0; i < world.nr_agents; i++) {
		struct agent *agent = &world.agents[i];

		if ((agent->life == BIRTH || agent->life == DYING) && !skip--)
			return agent;
	}
	return NULL;
}

static bool world_complete_one(void)
{
	u32 n = 0;

	while (world_pending(n))
		n++;
	if (n)
		world_complete(world_pending(core_random_below(n)));
	return n;
}

/* Let the time pass until the next timer, or until @end. */
static bool world_timer(u64 end)
{
	struct agent *agent = NULL;
	struct group *group = NULL;

	for (u32 i = 0; i < world.nr_agents; i++)
		if (world.agents[i].life == PAUSING && world.agents[i].due < end) {
			agent = &world.agents[i];
			end = agent->due;
		}
	for (u32 i = 0; i < world.nr_groups; i++)
		if (world.groups[i].armed && world.groups[i].due < end) {
			group = &world.groups[i];
			end = group->due;
		}
	if (!group && !agent)
		return false;
	if (end > world.now)
		world.now = end;
	if (group) {
		group->armed = false;
		agentsys_tree_timer(&group->tree);
	} else {
		world_begin(agent);
	}
	return true;
}

/* A timer that nobody needs any more: the group no longer waits for it. */
static void world_drop_idle_timers(void)
{
	for (u32 i = 0; i < world.nr_groups; i++) {
		struct group *group = &world.groups[i];

		if (group->tree.state != AGENTSYS_BACKOFF || !group->tree.waits)
			group->armed = false;
	}
}

/* Let everything happen that happens by itself. */
static void world_drain(void)
{
	u32 steps = 0;

	for (;;) {
		if (++steps > 100000)
			fail_msg("this does not settle: ...%s", world.log + 8000);
		if (world_complete_one())
			continue;
		world_drop_idle_timers();
		if (!world_timer(~0ULL))
			break;
	}
}

/* ---- what people do ---- */

static void world_start(struct agent *agent)
{
	if (agent->life < BIRTH)
		world_begin(agent);
}

static void world_stop(struct agent *agent)
{
	agentsys_tree_keep_down(&agent->node);
	agent->rerun = false;
	if (agent->life == BIRTH || agent->life == RUNNING) {
		world_death(agent);
		agentsys_tree_note(&agent->node, AGENTSYS_NODE_STOPPING);
		if (agent->life == DYING)
			world_perhaps_complete(agent);
	} else if (agent->life != DYING) {
		agent->life = DEAD;
		agentsys_tree_note(&agent->node, AGENTSYS_NODE_DOWN);
	}
}

static inline void world_restart(struct agent *agent)
{
	if (agent->life != RUNNING)
		return;
	world_death(agent);
	agent->rerun = true;
	agentsys_tree_note(&agent->node, AGENTSYS_NODE_STOPPING);
	if (agent->life == DYING)
		world_perhaps_complete(agent);
}

/* Only what does not run can be removed. */
static inline void world_remove(struct agent *agent)
{
	assert_in_range(agent->life, DEAD, PAUSING);
	agent->life = DEAD;
	agentsys_tree_leave(&agent->node);
}

static inline void world_stop_group(struct group *group)
{
	agentsys_tree_keep_down(&group->tree.node);
	agentsys_tree_stop(&group->tree);
}

/* ---- how it comes to be ---- */

static void world_clear(void)
{
	memset(&world, 0, sizeof(world));
	world.now = 1000000;
}

static struct group *world_add_group(struct group *parent, char name)
{
	struct group *group = &world.groups[world.nr_groups++];

	assert_in_range(world.nr_groups, 1, WORLD_GROUPS);
	group->name = name;
	group->tree.ops = &world_ops;
	group->tree.state = AGENTSYS_ACTIVE;
	group->tree.node.is_group = true;
	group->tree.node.state = AGENTSYS_NODE_UP;
	if (parent)
		agentsys_tree_enter(&parent->tree, &group->tree.node);
	return group;
}

static struct agent *world_add_agent(struct group *parent, char name)
{
	struct agent *agent = &world.agents[world.nr_agents++];

	assert_in_range(world.nr_agents, 1, WORLD_AGENTS);
	agent->name = name;
	agent->own_ms = WORLD_OWN_MS;
	agentsys_tree_enter(&parent->tree, &agent->node);
	return agent;
}

static inline struct agent *world_agent(char name)
{
	for (u32 i = 0; i < world.nr_agents; i++)
		if (world.agents[i].name == name)
			return &world.agents[i];
	fail_msg("no agent %c", name);
	return NULL;
}

static inline struct group *world_group(char name)
{
	for (u32 i = 0; i < world.nr_groups; i++)
		if (world.groups[i].name == name)
			return &world.groups[i];
	fail_msg("no group %c", name);
	return NULL;
}

/* Returns what follows the ']' of this group. */
static inline const char *world_build_members(struct group *group, const char *line)
{
	static const char strategies[] = "1ar";

	for (; *line && *line != ']'; line++) {
		struct group *below;

		if (*line == '\'') {
			world.agents[world.nr_agents - 1].node.temporary = true;
		} else if (*line == '*') {
			group->tree.last->significant = true;
		} else if (islower(*line)) {
			world_add_agent(group, *line);
		} else {
			below = world_add_group(group, *line++);
			below->tree.policy = (struct agentsys_group_policy){
				.strategy = strchr(strategies, *line++) - strategies,
				.budget = *line++ - '0',
				.within_ms = 1000,
				.backoff_initial_ms = 100,
				.backoff_max_ms = 400,
			};
			if (*line == 'y' || *line == 'z')
				below->tree.policy.auto_shutdown =
					*line++ == 'y' ? AGENTSYS_AUTO_SHUTDOWN_ANY :
							 AGENTSYS_AUTO_SHUTDOWN_ALL;
			assert_int_equal(*line, '[');
			line = world_build_members(below, line + 1);
		}
	}
	return line;
}

/* All agents are started one by one, and run. */
static inline void world_build(const char *line)
{
	world_clear();
	world_build_members(world_add_group(NULL, WORLD_ROOT), line);
	for (u32 i = 0; i < world.nr_agents; i++)
		world_begin(&world.agents[i]);
	world_drain();
	world.log[0] = 0;
}

/* ---- what has to be so at any time ---- */

static void check_group_node(const struct agentsys_group *tree)
{
	u32 expected = AGENTSYS_NODE_DOWN;

	switch (tree->state) {
	case AGENTSYS_ACTIVE:
		expected = AGENTSYS_NODE_UP;
		break;
	case AGENTSYS_STARTING:
		expected = AGENTSYS_NODE_STARTING;
		break;
	case AGENTSYS_BACKOFF:
		if (tree->waits)
			expected = AGENTSYS_NODE_STARTING;
		break;
	case AGENTSYS_STOPPING:
		expected = tree->goal == AGENTSYS_DOWN_AGAIN ? AGENTSYS_NODE_STARTING :
							       AGENTSYS_NODE_STOPPING;
		if (tree->held)
			expected = AGENTSYS_NODE_UP;
		break;
	}
	assert_int_equal(tree->node.state, expected);
}

static void check_agent_node(struct agentsys_node *node)
{
	static const u32 states[] = {
		[DEAD] = AGENTSYS_NODE_DOWN,	    [WAITING] = AGENTSYS_NODE_DOWN,
		[PAUSING] = AGENTSYS_NODE_STARTING, [BIRTH] = AGENTSYS_NODE_STARTING,
		[RUNNING] = AGENTSYS_NODE_UP,	    [DYING] = AGENTSYS_NODE_STOPPING,
	};

	assert_int_equal(node->state, states[agent_of(node)->life]);
}

static void world_check(void)
{
	for (u32 i = 0; i < world.nr_groups; i++) {
		struct agentsys_group *tree = &world.groups[i].tree;
		struct agentsys_node *node, *prev = NULL;
		u32 members = 0;

		assert_false(tree->stepping);
		assert_false(tree->pending);
		check_group_node(tree);
		for (node = tree->first; node; prev = node, node = node->next) {
			members++;
			assert_ptr_equal(node->prev, prev);
			assert_ptr_equal(node->parent, tree);
			assert_true(!prev || prev->place < node->place);
			if (!node->is_group)
				check_agent_node(node);
			/* In what is down, nothing is up. */
			if (tree->node.state == AGENTSYS_NODE_DOWN)
				assert_int_equal(node->state, AGENTSYS_NODE_DOWN);
		}
		assert_ptr_equal(tree->last, prev);
		assert_int_equal(tree->members, members);
		if (tree->state == AGENTSYS_BACKOFF && tree->waits)
			assert_true(world.groups[i].armed);
	}
}

/* And when nothing more happens by itself. */
static inline void world_check_settled(void)
{
	world_check();
	for (u32 i = 0; i < world.nr_agents; i++)
		if (world.agents[i].life != DEAD && world.agents[i].life != RUNNING)
			fail_msg("%c waits for ever: %s", world.agents[i].name, world.log);
	for (u32 i = 0; i < world.nr_groups; i++) {
		u32 state = world.groups[i].tree.state;

		if (!world.groups[i].gone && state != AGENTSYS_ACTIVE &&
		    state != AGENTSYS_EXITED && state != AGENTSYS_FAILED)
			fail_msg("group %c hangs in state %u: %s", world.groups[i].name, state,
				 world.log);
	}
}

#endif /* AGENTSYS_TESTS_CORE_TREE_WORLD_H */
