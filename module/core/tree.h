/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The supervision tree: which members of a group are stopped and started when, and
 * what a group does when its restarts are spent. All of it is decided here; what
 * is done goes through struct agentsys_tree_ops, and what came of it comes back by
 * agentsys_tree_note(), at once or later.
 *
 * A group has one thing under way at most: it stops members, last first, one at a
 * time; then it may wait; then it starts members, from the first on, one at a time.
 */
#ifndef AGENTSYS_CORE_TREE_H
#define AGENTSYS_CORE_TREE_H

#include "budget.h"
#include "env.h"

struct agentsys_group;
struct agentsys_order;

/* What a group knows of a member. */
enum agentsys_node_state {
	AGENTSYS_NODE_DOWN,	/* nothing of it runs, and nothing will by itself */
	AGENTSYS_NODE_STARTING, /* or waits for a restart that it makes by itself */
	AGENTSYS_NODE_UP,
	AGENTSYS_NODE_STOPPING,
};

/**
 * struct agentsys_node - a member of a group: an agent or another group
 * @parent: the group, NULL for the root group, or when it is in none
 * @prev: the member before it, NULL for the first
 * @next: the member after it, NULL for the last
 * @after: what it has to come after, see order.h
 * @place: its number in the group, which grows from one to the next
 * @state: enum agentsys_node_state
 * @is_group: it is the node of a struct agentsys_group
 * @temporary: it is stopped with others but not started again with them
 * @significant: that it is done may end the group
 * @falls: it is among those that are being stopped
 * @again: it is started again when that is over
 * @moves: it is being moved within the group
 */
struct agentsys_node {
	struct agentsys_group *parent;
	struct agentsys_node *prev;
	struct agentsys_node *next;
	struct agentsys_order *after;
	u32 place;
	u8 state;
	bool is_group;
	bool temporary;
	bool significant;
	bool falls;
	bool again;
	bool moves;
};

/**
 * struct agentsys_group_policy - how a group restarts
 * @strategy: enum agentsys_strategy
 * @budget: restarts within the window, at most AGENTSYS_BUDGET_MAX
 * @within_ms: the window
 * @backoff_initial_ms: delay before the first restart in the window, of several
 *	members or of a group
 * @backoff_max_ms: the delay grows up to here
 * @backoff_kind: enum agentsys_backoff, but not adaptive: a group does not survive
 * @jitter: per cent of the delay, up to which are added at random
 * @auto_shutdown: enum agentsys_auto_shutdown
 * @members_max: more do not enter; not of root
 */
struct agentsys_group_policy {
	u32 strategy;
	u32 budget;
	u32 within_ms;
	u32 backoff_initial_ms;
	u32 backoff_max_ms;
	u32 backoff_kind;
	u32 jitter;
	u32 auto_shutdown;
	u32 members_max;
};

/* What of it is about delays, as the policy of an agent has it. */
static inline struct agentsys_restart_policy
agentsys_group_backoff(const struct agentsys_group_policy *policy)
{
	return (struct agentsys_restart_policy){
		.backoff_initial_ms = policy->backoff_initial_ms,
		.backoff_max_ms = policy->backoff_max_ms,
		.backoff_kind = policy->backoff_kind,
		.jitter = policy->jitter,
	};
}

/* What becomes of a group when its members are down. */
enum agentsys_goal_down {
	AGENTSYS_DOWN_AGAIN, /* they are started again */
	AGENTSYS_DOWN_STAY,
	AGENTSYS_DOWN_FAIL,
};

/**
 * struct agentsys_group - a group
 *
 * A new one is all zero but for @ops, @policy, @state active and its node up.
 *
 * @node: its place in the group above
 * @ops: how things are done, the same for the whole tree
 * @first: the first member
 * @last: the last one
 * @members: how many there are
 * @places: how many there ever were
 * @policy: how it restarts
 * @clock: what the window is counted by: it stands still in state stopping, and while
 *	a group in it stops because it has failed; or what takes longer to stop than
 *	the window would be restarted for ever
 * @stands: its own clock does because of that
 * @stands_above: and so do those of all groups above
 * @spent: what of the budget is spent
 * @restarts: restarts that counted, since it was made
 * @reason: agent whose end was the reason for the last one
 * @below: group in it that failed for that, NULL if the agent is a member itself, and when
 *	the group has left
 * @delay_ms: how long the one under way waits
 * @state: enum agentsys_state, of what is under way
 * @goal: enum agentsys_goal_down, in state stopping
 * @why: in state stopping, to stay down: enum agentsys_cause STOP, asked by somebody; GROUP,
 *	with the group above; EXIT, its significant members are done
 * @done_by: with EXIT, the agent that was the last of them, or within that
 * @waits: in state backoff: for its own timer, not for the group above
 * @held: in state stopping: but not before the group above comes to it
 * @stepping: it is being taken care of, further up the stack
 * @pending: and has to be looked at once more
 */
struct agentsys_group {
	struct agentsys_node node;
	const struct agentsys_tree_ops *ops;
	struct agentsys_node *first;
	struct agentsys_node *last;
	u32 members;
	u32 places;
	struct agentsys_group_policy policy;
	struct agentsys_clock clock;
	struct agentsys_spent spent;
	u64 restarts;
	u32 reason;
	const struct agentsys_group *below;
	u32 delay_ms;
	u8 state;
	u8 goal;
	u8 why;
	u32 done_by;
	bool stands;
	bool stands_above;
	bool waits;
	bool held;
	bool stepping;
	bool pending;
};

/**
 * struct agentsys_tree_ops - what the tree has done for it
 * @start: start an agent; it is noted as starting already
 * @stop: end an agent, which is noted as stopping already; or, if it is down, have it
 *	wait for a start with others no longer
 * @arm: call agentsys_tree_timer() in so many ms, and at no other time
 * @tell: enum agentsys_event_type GROUP_*: this has come to that
 * @changed: what is told of the group may have changed; may be NULL
 * @now_ms: a clock that stands still during suspend
 * @random: any number, for the jitter of a delay
 */
struct agentsys_tree_ops {
	void (*start)(struct agentsys_node *agent);
	void (*stop)(struct agentsys_node *agent);
	void (*arm)(struct agentsys_group *group, u32 ms);
	void (*tell)(struct agentsys_group *group, u32 what);
	void (*changed)(struct agentsys_group *group);
	u64 (*now_ms)(void);
	u32 (*random)(void);
};

/* Enter @node as the last member of @group; take it out of its group. */
void agentsys_tree_enter(struct agentsys_group *group, struct agentsys_node *node);
void agentsys_tree_leave(struct agentsys_node *node);

/* The members of @group stand in another order. */
void agentsys_tree_renumber(struct agentsys_group *group);

/*
 * Make @node, which is in a group already, the last member of @group, which may be the
 * same. Nothing may be under way in either, nor may @node be ending, nor a group within it
 * be failing: see can_move(). A group that is down is active again when what runs enters
 * it. No group may be moved to what is within it.
 */
void agentsys_tree_move(struct agentsys_group *group, struct agentsys_node *node);
bool agentsys_tree_is_within(const struct agentsys_group *group,
			     const struct agentsys_group *other);
bool agentsys_tree_can_move(const struct agentsys_node *node, const struct agentsys_group *to);

/* The restart of what has ended: */
enum agentsys_tree_verdict {
	AGENTSYS_TREE_ALONE, /* is its own affair: after its own backoff */
	AGENTSYS_TREE_WAIT,  /* comes with that of others */
	AGENTSYS_TREE_OVER,  /* does not come: the budget is spent, or the group is stopped */
};

/*
 * The agent @node, whose id is @reason, has ended and would be started again. With
 * WAIT and OVER agentsys_tree_proceed() is to be called for its group, when the
 * agent's own affairs are in order.
 */
enum agentsys_tree_verdict agentsys_tree_failed(struct agentsys_node *node, u32 reason);

/*
 * The member @node has ended by itself, is noted as down, and is not started again: it
 * is done, since agent @id is. This may stop the group.
 */
void agentsys_tree_done(struct agentsys_node *node, u32 id);

/* Go on with what is under way in @group. */
void agentsys_tree_proceed(struct agentsys_group *group);

/*
 * The agent @node has come to @state. A group that was stopped or has failed is
 * active again when somebody starts an agent in it.
 */
void agentsys_tree_note(struct agentsys_node *node, enum agentsys_node_state state);

/* Somebody stops it, now: restarts of its group leave it out. */
static inline void agentsys_tree_keep_down(struct agentsys_node *node)
{
	node->again = false;
	if (node->state != AGENTSYS_NODE_DOWN)
		node->state = AGENTSYS_NODE_STOPPING;
}

/* The time asked for with @arm has passed. */
void agentsys_tree_timer(struct agentsys_group *group);

/* As asked by a person. Starting also forgets the restarts of the window. */
void agentsys_tree_start(struct agentsys_group *group);
void agentsys_tree_stop(struct agentsys_group *group);

/*
 * Everything is about to be stopped: whatever is under way in @group ends here, nothing
 * in it is started any more, and it is stopped by agentsys_tree_stop(), as it is when
 * the group above comes to it.
 */
void agentsys_tree_hold(struct agentsys_group *group);
void agentsys_tree_restart(struct agentsys_group *group);

/*
 * Has it failed, and is the group above about to restart it alone? When that is told, it
 * is a restart that counts there.
 */
static inline bool agentsys_tree_alone(const struct agentsys_group *group)
{
	return group->state == AGENTSYS_BACKOFF && group->waits &&
	       group->goal == AGENTSYS_DOWN_FAIL;
}

/* Is something under way in it? */
static inline bool agentsys_tree_busy(const struct agentsys_group *group)
{
	return group->state == AGENTSYS_STARTING || group->state == AGENTSYS_STOPPING ||
	       group->state == AGENTSYS_BACKOFF;
}

#endif /* AGENTSYS_CORE_TREE_H */
