/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The last ends of an agent, and the last restarts of a group: who, when, why, and
 * what was decided.
 */
#ifndef AGENTSYS_CORE_HISTORY_H
#define AGENTSYS_CORE_HISTORY_H

#include "env.h"

/* Of an end no wait() gives this: it is what a process that goes on has. */
#define AGENTSYS_NO_STATUS 0xffff

/**
 * struct agentsys_past - one end
 * @time_ns: when, CLOCK_BOOTTIME
 * @ran_ns: how long the instance had run, 0 for never
 * @agent_id: who
 * @instance: which start of it
 * @code: exit code, signal, errno or fault, as the cause says
 * @delay_ms: before the restart
 * @pid: main process that it had, 0 for none
 * @exit_status: as wait() gives it, AGENTSYS_NO_STATUS if no process ended
 * @cause: enum agentsys_cause
 * @decision: enum agentsys_decision
 */
struct agentsys_past {
	u64 time_ns;
	u64 ran_ns;
	u32 agent_id;
	u32 instance;
	s32 code;
	u32 delay_ms;
	u32 pid;
	u16 exit_status;
	u8 cause;
	u8 decision;
};

/**
 * struct agentsys_history - the last of them
 * @n: how many there ever were
 * @past: a ring
 */
struct agentsys_history {
	u32 n;
	struct agentsys_past past[AGENTSYS_HISTORY_MAX];
};

static inline void agentsys_history_add(struct agentsys_history *history,
					const struct agentsys_past *past)
{
	history->past[history->n++ % AGENTSYS_HISTORY_MAX] = *past;
}

/* Say of the last one what was decided. */
static inline void agentsys_history_decided(struct agentsys_history *history, u32 decision,
					    u32 delay_ms)
{
	struct agentsys_past *last = &history->past[(history->n - 1) % AGENTSYS_HISTORY_MAX];

	if (!history->n)
		return;
	last->decision = decision;
	last->delay_ms = delay_ms;
}

/* How many there are, and the one that is number @i of them, the oldest being 0. */
static inline u32 agentsys_history_count(const struct agentsys_history *history)
{
	return history->n < AGENTSYS_HISTORY_MAX ? history->n : AGENTSYS_HISTORY_MAX;
}

static inline const struct agentsys_past *
agentsys_history_at(const struct agentsys_history *history, u32 i)
{
	u32 first = history->n - agentsys_history_count(history);

	return &history->past[(first + i) % AGENTSYS_HISTORY_MAX];
}

#endif /* AGENTSYS_CORE_HISTORY_H */
