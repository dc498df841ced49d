// SPDX-License-Identifier: GPL-2.0-only
#include "tree.h"

#include "restart.h"

static struct agentsys_group *group_of(struct agentsys_node *node)
{
	return container_of(node, struct agentsys_group, node);
}

static void changed(struct agentsys_group *group)
{
	if (group->ops->changed)
		group->ops->changed(group);
}

void agentsys_tree_enter(struct agentsys_group *group, struct agentsys_node *node)
{
	WRITE_ONCE(node->parent, group);
	WRITE_ONCE(node->place, ++group->places);
	node->prev = group->last;
	node->next = NULL;
	node->again = false;
	/* Should somebody start it meanwhile, it is stopped with the others. */
	node->falls = group->state == AGENTSYS_STOPPING;
	if (group->last)
		group->last->next = node;
	else
		group->first = node;
	group->last = node;
	group->members++;
	changed(group);
}

static void unlink(struct agentsys_node *node)
{
	struct agentsys_group *group = node->parent;

	if (node->prev)
		node->prev->next = node->next;
	else
		group->first = node->next;
	if (node->next)
		node->next->prev = node->prev;
	else
		group->last = node->prev;
	group->members--;
	if (node->is_group && group->below == group_of(node))
		group->below = NULL;
}

void agentsys_tree_leave(struct agentsys_node *node)
{
	struct agentsys_group *group = node->parent;

	unlink(node);
	WRITE_ONCE(node->parent, NULL);
	agentsys_tree_proceed(group);
}

void agentsys_tree_renumber(struct agentsys_group *group)
{
	struct agentsys_node *node;

	group->places = 0;
	for (node = group->first; node; node = node->next) {
		WRITE_ONCE(node->place, ++group->places);
		if (node->is_group)
			changed(group_of(node));
	}
}

bool agentsys_tree_is_within(const struct agentsys_group *group, const struct agentsys_group *other)
{
	while (group && group != other)
		group = group->node.parent;
	return group;
}

/* Does something within it make the clocks of all groups above stand? */
static bool stands_within(const struct agentsys_group *group)
{
	const struct agentsys_node *node;

	if (group->stands_above)
		return true;
	for (node = group->first; node; node = node->next)
		if (node->is_group &&
		    stands_within(container_of(node, struct agentsys_group, node)))
			return true;
	return false;
}

bool agentsys_tree_can_move(const struct agentsys_node *node, const struct agentsys_group *to)
{
	const struct agentsys_group *self;

	if (agentsys_tree_busy(node->parent) || agentsys_tree_busy(to))
		return false;
	if (!node->is_group)
		return node->state != AGENTSYS_NODE_STOPPING;
	self = container_of(node, struct agentsys_group, node);
	return !agentsys_tree_busy(self) && !stands_within(self);
}

void agentsys_tree_move(struct agentsys_group *group, struct agentsys_node *node)
{
	struct agentsys_group *from = node->parent;

	unlink(node);
	changed(from);
	agentsys_tree_enter(group, node);
	/* What runs has a group that is not down. */
	agentsys_tree_note(node, node->state);
}

static u32 backoff_ms(const struct agentsys_group *group)
{
	const struct agentsys_restart_policy backoff = agentsys_group_backoff(&group->policy);
	u32 delay_ms = agentsys_backoff_ms(&backoff, group->spent.n, 0);

	return agentsys_jitter_ms(delay_ms, group->policy.jitter, group->ops->random());
}

static void stand(struct agentsys_group *group, bool stands, u64 now_ms)
{
	if (stands)
		agentsys_clock_stand(&group->clock, now_ms);
	else
		agentsys_clock_go(&group->clock, now_ms);
	changed(group);
}

/* Have the clocks stand or go, as what is under way wants it. */
static void set_clocks(struct agentsys_group *group)
{
	bool stands = group->state == AGENTSYS_STOPPING;
	bool stands_above = stands && group->goal == AGENTSYS_DOWN_FAIL;
	u64 now_ms = group->ops->now_ms();
	struct agentsys_group *above;

	if (stands != group->stands)
		stand(group, stands, now_ms);
	group->stands = stands;
	if (stands_above == group->stands_above)
		return;
	group->stands_above = stands_above;
	for (above = group->node.parent; above; above = above->node.parent)
		stand(above, stands_above, now_ms);
}

static void set_state(struct agentsys_group *group, u32 state)
{
	group->state = state;
	set_clocks(group);
}

/* ---- what a group begins with ---- */

/* Does it run, or is it to run when what is under way is over? */
static bool is_wanted(const struct agentsys_group *group, struct agentsys_node *node)
{
	if (node->state == AGENTSYS_NODE_UP || node->state == AGENTSYS_NODE_STARTING)
		return true;
	/* What a person is stopping is not, but a group that fails is to be restarted. */
	if (node->state == AGENTSYS_NODE_STOPPING && node->is_group &&
	    group_of(node)->goal == AGENTSYS_DOWN_FAIL)
		return true;
	return agentsys_tree_busy(group) && node->again;
}

/* The members from @from on are to come down. */
static void begin_down(struct agentsys_group *group, struct agentsys_node *from,
		       enum agentsys_goal_down goal)
{
	bool falls = false;
	struct agentsys_node *node;

	for (node = group->first; node; node = node->next) {
		falls |= node == from;
		node->falls = falls;
		/* Those that are ahead of it may have to be started still. */
		node->again = is_wanted(group, node) &&
			      !(falls && node->temporary && node->state != AGENTSYS_NODE_DOWN);
	}
	group->goal = goal;
	group->why = AGENTSYS_CAUSE_STOP;
	set_state(group, AGENTSYS_STOPPING);
	group->waits = false;
	group->held = false;
	group->delay_ms = 0;
	group->node.state = goal == AGENTSYS_DOWN_AGAIN ? AGENTSYS_NODE_STARTING :
							  AGENTSYS_NODE_STOPPING;
}

/* Start those that are to be started. */
static void begin_up(struct agentsys_group *group)
{
	set_state(group, AGENTSYS_STARTING);
	group->waits = false;
	/* The group above may stop it at once. */
	agentsys_tree_note(&group->node, AGENTSYS_NODE_STARTING);
	agentsys_tree_proceed(group);
}

/* It is down, and is to be started with others. */
static bool comes_back(const struct agentsys_group *group)
{
	const struct agentsys_group *above = group->node.parent;

	return above && group->node.again && (agentsys_tree_busy(above) || comes_back(above));
}

/* Somebody starts a member of @group, which is down. */
static void revive(struct agentsys_group *group, struct agentsys_node *started)
{
	struct agentsys_node *node;

	if (!comes_back(group))
		for (node = group->first; node; node = node->next)
			node->again = false;
	started->again = true;
	begin_up(group);
}

/* ---- ends ---- */

static bool one_by_one(const struct agentsys_group *group)
{
	return group->policy.strategy != AGENTSYS_ONE_FOR_ALL &&
	       group->policy.strategy != AGENTSYS_REST_FOR_ONE;
}

static enum agentsys_tree_verdict judge(struct agentsys_group *group, struct agentsys_node *node,
					u32 reason)
{
	bool within, one;

	/* It was to end anyway. */
	if (group->state == AGENTSYS_STOPPING && node->falls)
		return group->goal == AGENTSYS_DOWN_AGAIN && node->again ? AGENTSYS_TREE_WAIT :
									   AGENTSYS_TREE_OVER;
	if (!group->node.parent) { /* root */
		node->state = AGENTSYS_NODE_STARTING;
		return AGENTSYS_TREE_ALONE;
	}

	group->reason = reason;
	group->below = node->is_group ? group_of(node) : NULL;
	group->restarts++;
	within = agentsys_budget_spend(&group->spent, group->policy.budget, group->policy.within_ms,
				       agentsys_clock_ms(&group->clock, group->ops->now_ms()));
	one = one_by_one(group);
	if (within && one) {
		node->state = AGENTSYS_NODE_STARTING;
		return AGENTSYS_TREE_ALONE;
	}
	begin_down(group,
		   within && group->policy.strategy == AGENTSYS_REST_FOR_ONE ? node : group->first,
		   within ? AGENTSYS_DOWN_AGAIN : AGENTSYS_DOWN_FAIL);
	node->again = true;
	if (!within) {
		group->ops->tell(group, AGENTSYS_EVENT_GROUP_FAILED);
		return AGENTSYS_TREE_OVER;
	}
	group->delay_ms = backoff_ms(group);
	group->ops->tell(group, AGENTSYS_EVENT_GROUP_RESTART);
	return AGENTSYS_TREE_WAIT;
}

enum agentsys_tree_verdict agentsys_tree_failed(struct agentsys_node *node, u32 reason)
{
	struct agentsys_group *group = node->parent;
	enum agentsys_tree_verdict verdict;

	node->state = AGENTSYS_NODE_DOWN;
	if (!group)
		return AGENTSYS_TREE_ALONE;
	verdict = judge(group, node, reason);
	changed(group);
	return verdict;
}

/* It has ended by itself, and nobody starts it again, unless it was to be stopped and started. */
static void ended_for_good(const struct agentsys_group *group, struct agentsys_node *node)
{
	if (group->state != AGENTSYS_STOPPING || !node->falls || node->temporary)
		node->again = false;
}

/* All members of @group are down, and it has spent its budget: it fails the group above. */
static void escalate(struct agentsys_group *group)
{
	struct agentsys_group *above = group->node.parent;

	if (!above->node.parent) { /* nobody is there to restart it */
		ended_for_good(above, &group->node);
		agentsys_tree_note(&group->node, AGENTSYS_NODE_DOWN);
		return;
	}
	switch (agentsys_tree_failed(&group->node, group->reason)) {
	case AGENTSYS_TREE_ALONE:
		group->spent.n = 0;
		set_state(group, AGENTSYS_BACKOFF);
		group->waits = true;
		group->delay_ms = backoff_ms(above);
		group->ops->tell(group, AGENTSYS_EVENT_GROUP_RESTART);
		group->ops->arm(group, group->delay_ms);
		break;
	case AGENTSYS_TREE_WAIT:
		set_state(group, AGENTSYS_BACKOFF);
		agentsys_tree_proceed(above);
		break;
	case AGENTSYS_TREE_OVER:
		agentsys_tree_proceed(above);
		break;
	}
}

/* ---- what is under way ---- */

static void all_up(struct agentsys_group *group)
{
	struct agentsys_node *node;

	for (node = group->first; node; node = node->next)
		node->again = false;
	set_state(group, AGENTSYS_ACTIVE);
	group->ops->tell(group, AGENTSYS_EVENT_GROUP_STARTED);
	agentsys_tree_note(&group->node, AGENTSYS_NODE_UP);
}

/* Those that have come down in the hope of being started with the others are not. */
static void end_hopes(struct agentsys_group *group)
{
	struct agentsys_node *node, *next;

	for (node = group->first; node; node = next) {
		next = node->next;
		if (!node->falls)
			continue;
		if (!node->is_group) {
			group->ops->stop(node);
		} else if (group_of(node)->state == AGENTSYS_BACKOFF) {
			group_of(node)->state = AGENTSYS_EXITED;
			changed(group_of(node));
		}
	}
}

static void all_down(struct agentsys_group *group)
{
	if (group->goal != AGENTSYS_DOWN_AGAIN)
		end_hopes(group);
	switch (group->goal) {
	case AGENTSYS_DOWN_AGAIN:
		if (!group->delay_ms) {
			begin_up(group);
			break;
		}
		set_state(group, AGENTSYS_BACKOFF);
		group->waits = true;
		group->ops->arm(group, group->delay_ms);
		break;
	case AGENTSYS_DOWN_STAY:
		/* If the group above starts it again it waits for that. */
		set_state(group, group->node.again ? AGENTSYS_BACKOFF : AGENTSYS_EXITED);
		group->ops->tell(group, AGENTSYS_EVENT_GROUP_STOPPED);
		agentsys_tree_note(&group->node, AGENTSYS_NODE_DOWN);
		if (group->why == AGENTSYS_CAUSE_EXIT && group->state == AGENTSYS_EXITED)
			agentsys_tree_done(&group->node, group->done_by);
		break;
	case AGENTSYS_DOWN_FAIL:
		set_state(group, AGENTSYS_FAILED);
		escalate(group);
		break;
	}
}

/* It goes down and stays so, whatever is under way in it. */
static void stop(struct agentsys_group *group, enum agentsys_cause why)
{
	begin_down(group, group->first, AGENTSYS_DOWN_STAY);
	group->why = why;
	agentsys_tree_proceed(group);
}

static void stop_member(struct agentsys_node *node)
{
	if (node->is_group) {
		stop(group_of(node), AGENTSYS_CAUSE_GROUP);
		return;
	}
	node->state = AGENTSYS_NODE_STOPPING;
	node->parent->ops->stop(node);
}

static void start_member(struct agentsys_node *node)
{
	if (node->is_group) {
		group_of(node)->spent.n = 0;
		begin_up(group_of(node));
		return;
	}
	node->state = AGENTSYS_NODE_STARTING;
	node->parent->ops->start(node);
}

static struct agentsys_node *last_to_stop(struct agentsys_group *group)
{
	struct agentsys_node *node = group->last;

	while (node && (!node->falls || node->state == AGENTSYS_NODE_DOWN))
		node = node->prev;
	return node;
}

static void go_down(struct agentsys_group *group)
{
	struct agentsys_node *node = last_to_stop(group);

	if (!node) {
		all_down(group);
		return;
	}
	if (node->state == AGENTSYS_NODE_STOPPING)
		return;
	stop_member(node);
	/* It may have come down at once. */
	group->pending = true;
}

static struct agentsys_node *first_to_start(struct agentsys_group *group)
{
	struct agentsys_node *node = group->first;

	while (node && (!node->again || node->state == AGENTSYS_NODE_UP))
		node = node->next;
	return node;
}

static void go_up(struct agentsys_group *group)
{
	struct agentsys_node *node = first_to_start(group);

	if (!node) {
		all_up(group);
		return;
	}
	if (node->state != AGENTSYS_NODE_DOWN)
		return;
	start_member(node);
	group->pending = true;
}

void agentsys_tree_proceed(struct agentsys_group *group)
{
	group->pending = true;
	if (group->stepping)
		return;
	group->stepping = true;
	while (group->pending) {
		group->pending = false;
		if (group->state == AGENTSYS_STOPPING && !group->held)
			go_down(group);
		else if (group->state == AGENTSYS_STARTING)
			go_up(group);
	}
	group->stepping = false;
	changed(group);
}

void agentsys_tree_note(struct agentsys_node *node, enum agentsys_node_state state)
{
	struct agentsys_group *group = node->parent;
	bool ran = node->state == AGENTSYS_NODE_STARTING || node->state == AGENTSYS_NODE_UP;

	node->state = state;
	if (!group)
		return;
	if (state == AGENTSYS_NODE_DOWN && ran)
		ended_for_good(group, node);
	/* Somebody starts what is being stopped with others: it will come back with them. */
	if (state == AGENTSYS_NODE_STARTING && group->state == AGENTSYS_STOPPING)
		node->again = true;
	if (state != AGENTSYS_NODE_DOWN && group->node.state == AGENTSYS_NODE_DOWN)
		revive(group, node);
	else
		agentsys_tree_proceed(group);
}

static bool another_runs(const struct agentsys_group *group)
{
	const struct agentsys_node *node;

	for (node = group->first; node; node = node->next)
		if (node->significant && node->state != AGENTSYS_NODE_DOWN)
			return true;
	return false;
}

void agentsys_tree_done(struct agentsys_node *node, u32 id)
{
	struct agentsys_group *group = node->parent;

	/* It is being stopped anyway, or it is down. */
	if (!group || !node->significant || group->state == AGENTSYS_STOPPING ||
	    group->node.state == AGENTSYS_NODE_DOWN)
		return;
	if (group->policy.auto_shutdown == AGENTSYS_AUTO_SHUTDOWN_NEVER ||
	    (group->policy.auto_shutdown == AGENTSYS_AUTO_SHUTDOWN_ALL && another_runs(group)))
		return;
	group->done_by = id;
	stop(group, AGENTSYS_CAUSE_EXIT);
}

void agentsys_tree_timer(struct agentsys_group *group)
{
	const struct agentsys_group *above = group->node.parent;

	if (group->state != AGENTSYS_BACKOFF || !group->waits)
		return;
	if (above && above->state == AGENTSYS_STOPPING && group->node.falls)
		stop(group, AGENTSYS_CAUSE_GROUP);
	else
		begin_up(group);
}

/* ---- what people ask for ---- */

/* Everything in it is to run. */
static void want_all(struct agentsys_group *group)
{
	struct agentsys_node *node;

	for (node = group->first; node; node = node->next) {
		node->again = true;
		if (node->is_group &&
		    (node->state == AGENTSYS_NODE_DOWN || node->state == AGENTSYS_NODE_STOPPING))
			want_all(group_of(node));
	}
}

void agentsys_tree_start(struct agentsys_group *group)
{
	group->spent.n = 0;
	want_all(group);
	if (group->state != AGENTSYS_STOPPING) {
		begin_up(group);
		return;
	}
	group->goal = AGENTSYS_DOWN_AGAIN;
	set_clocks(group);
	group->delay_ms = 0;
	agentsys_tree_note(&group->node, AGENTSYS_NODE_STARTING);
}

void agentsys_tree_stop(struct agentsys_group *group)
{
	stop(group, AGENTSYS_CAUSE_STOP);
}

void agentsys_tree_hold(struct agentsys_group *group)
{
	if (!agentsys_tree_busy(group) ||
	    (group->state == AGENTSYS_STOPPING && group->goal == AGENTSYS_DOWN_STAY))
		return;
	begin_down(group, group->first, AGENTSYS_DOWN_STAY);
	group->held = true;
	/* For the group above it is still to be stopped. */
	group->node.state = AGENTSYS_NODE_UP;
	changed(group);
}

void agentsys_tree_restart(struct agentsys_group *group)
{
	if (group->state == AGENTSYS_EXITED || group->state == AGENTSYS_FAILED) {
		agentsys_tree_start(group);
		return;
	}
	group->spent.n = 0;
	group->reason = 0;
	group->below = NULL;
	begin_down(group, group->first, AGENTSYS_DOWN_AGAIN);
	group->ops->tell(group, AGENTSYS_EVENT_GROUP_RESTART);
	agentsys_tree_proceed(group);
}
