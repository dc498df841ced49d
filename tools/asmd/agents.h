/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The agents that the daemon has something to do with: those that are checked, and
 * those that have notified it. What it knows of them is what the module said last.
 */
#ifndef ASMD_AGENTS_H
#define ASMD_AGENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libasm.h"

struct check;

/* Bytes of what an agent says of itself, the terminator included. */
#define STATUS_MAX 256

/**
 * struct agent - an agent
 * @next: in its bucket of the table
 * @id: its id
 * @made: when its record was made, which tells it from another agent of this id
 * @instance: which start of it
 * @state: enum agentsys_state
 * @pid: main process
 * @paused: it is frozen: nothing is asked of it
 * @name: its name
 * @group: the group that it is in
 * @notifies: it is one that notifies
 * @ready: it has said that it is ready
 * @stopping: it has said that it is about to end
 * @status: what it has said of itself
 * @checks: what is looked at, in a list
 */
struct agent {
	struct agent *next;
	uint32_t id;
	uint64_t made;
	uint32_t instance;
	uint32_t state;
	pid_t pid;
	bool paused;
	char name[AGENTSYS_NAME_MAX + 1];
	char group[AGENTSYS_NAME_MAX + 1];
	bool notifies;
	bool ready;
	bool stopping;
	char status[STATUS_MAX];
	struct check *checks;
};

/* The connection to the module, for short requests. */
extern struct agentsys *module;

/* Will the module start us again after our end? It does if nobody has asked for that. */
bool agents_helper_returns(void);

/* Connect to the module, and hear of what happens to agents. */
void agents_init(void);

/* The agent, whether anything is known of it or not: NULL if there is none. */
struct agent *agent_of(uint32_t id);

/* The one after @agent, the first after NULL, of those that are known; NULL after the last. */
struct agent *agent_next(const struct agent *agent);

/* Ask the module how it is. It may be forgotten by that: false. */
bool agent_look(struct agent *agent);

/* Nothing is to be done about it any more perhaps: forget it then. */
void agent_trim(struct agent *agent);

/* Does it run, so that there is something to look at? */
static inline bool agent_runs(const struct agent *agent)
{
	return agent->state == AGENTSYS_ACTIVE && !agent->paused && !agent->stopping;
}

#endif
