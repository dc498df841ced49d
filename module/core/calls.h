/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls of an agent that somebody else serves. How many there are is told by who serves
 * them, for a time: when the last of these times is over they are none.
 */
#ifndef AGENTSYS_CORE_CALLS_H
#define AGENTSYS_CORE_CALLS_H

#include "env.h"

/**
 * struct agentsys_calls - the calls of one instance
 * @n: how many
 * @until_ms: the latest end of their times, of those that have ended too
 */
struct agentsys_calls {
	u32 n;
	u64 until_ms;
};

/* One more, for @ms at most. -EOVERFLOW */
int agentsys_calls_begin(struct agentsys_calls *calls, u32 ms, u64 now_ms);

/* One less. -ENOENT */
int agentsys_calls_end(struct agentsys_calls *calls);

/* Were there some whose time is over? They are none now. */
bool agentsys_calls_lapse(struct agentsys_calls *calls, u64 now_ms);

/* For how much longer they may last. */
u32 agentsys_calls_left(const struct agentsys_calls *calls, u64 now_ms);

#endif /* AGENTSYS_CORE_CALLS_H */
