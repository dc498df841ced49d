/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who waits for an agent or a group to run or to end. Nothing in the module blocks for a
 * process: whoever asked is answered by a call when it has come to that.
 */
#ifndef _AGENTSYS_WAITER_H
#define _AGENTSYS_WAITER_H

#include <linux/list.h>
#include <linux/types.h>

struct agentsys_agent;

/* More than this many for one agent are refused with -EBUSY. */
#define AGENTSYS_WAITERS_MAX 64

/**
 * struct agentsys_answer - how it came out
 * @id: the agent
 * @pid: its main process, 0 if none
 * @state: enum agentsys_state
 * @error: positive errno, 0 for success
 * @step: enum agentsys_step at which a launch failed
 * @text: one line for a person, or NULL
 * @count: shutdown: agents that were ended
 * @killed: shutdown: how many of them by a kill
 * @group: the group, when it is about one
 */
struct agentsys_answer {
	u32 id;
	s32 pid;
	u32 state;
	int error;
	u32 step;
	const char *text;
	u32 count;
	u32 killed;
	const char *group;
};

enum agentsys_goal {
	AGENTSYS_RUNS, /* its program was executed */
	AGENTSYS_ENDS, /* it has ended, and everything in its cgroup with it */
	AGENTSYS_GONE, /* its record is gone, and its id free */
};

/**
 * struct agentsys_waiter - someone to answer
 * @node: link in agentsys_agent.waiters, or in the list of a group
 * @goal: what for
 * @answer: called once, with the supervisor lock held; must not sleep for
 *	long, and frees the waiter
 */
struct agentsys_waiter {
	struct list_head node;
	enum agentsys_goal goal;
	void (*answer)(struct agentsys_waiter *waiter, const struct agentsys_answer *answer);
};

/* All of these with the supervisor lock held. */

int agentsys_waiter_add(struct agentsys_agent *agent, struct agentsys_waiter *waiter);
void agentsys_waiter_del(struct agentsys_agent *agent, struct agentsys_waiter *waiter);

/* Answer those whose goal is reached. */
void agentsys_waiter_reached(struct agentsys_agent *agent, enum agentsys_goal goal);

/* Answer those that wait for it to run: it will not. */
void agentsys_waiter_fail(struct agentsys_agent *agent);

/* Answer those that wait for its record to go: it was started again. */
void agentsys_waiter_stays(struct agentsys_agent *agent);

#endif /* _AGENTSYS_WAITER_H */
