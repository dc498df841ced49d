/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters of the system, and the ring of the last events.
 */
#ifndef _AGENTSYS_TELEMETRY_H
#define _AGENTSYS_TELEMETRY_H

#include <linux/agentsys.h>
#include <linux/percpu.h>
#include <linux/types.h>

struct agentsys_agent;

/* Bounds of the module parameter ring_size. */
#define AGENTSYS_RING_SIZE_DEFAULT 1024
#define AGENTSYS_RING_SIZE_MIN	   64
#define AGENTSYS_RING_SIZE_MAX	   65536

/* What is counted since the module was loaded. */
enum agentsys_counter {
	AGENTSYS_COUNT_SPAWNS, /* instances that ran */
	AGENTSYS_COUNT_EXITS,  /* instances that ran and ended */
	AGENTSYS_COUNT_CRASHES,
	AGENTSYS_COUNT_FAULTS,	 /* crashes among them */
	AGENTSYS_COUNT_RESTARTS, /* instances that the module started again */
	AGENTSYS_COUNT_SYSCALLS, /* of agents that have a limit of them, while that is so */

	__AGENTSYS_COUNTERS,
};

/**
 * struct agentsys_totals - the counters at one moment
 * @count: by enum agentsys_counter; spawns were read after exits, so they are
 *	never fewer
 * @faults: faults by enum agentsys_fault
 * @active: live agents, spawns less exits
 */
struct agentsys_totals {
	u64 count[__AGENTSYS_COUNTERS];
	u64 faults[__AGENTSYS_FAULTS];
	u64 active;
};

int agentsys_telemetry_init(void);
void agentsys_telemetry_exit(void);

/* An instance runs, by the module's own decision or not; it has ended, by a crash or not. */
void agentsys_count_spawn(bool restart);
void agentsys_count_exit(bool crash);

/* A fault of this type, enum agentsys_fault. */
void agentsys_count_fault(u32 type);

/* A system call, in a hook: no processor waits for another. */
DECLARE_PER_CPU(u64, agentsys_syscalls);
static inline void agentsys_count_syscall(void)
{
	this_cpu_inc(agentsys_syscalls);
}

/* Any context. */
void agentsys_totals(struct agentsys_totals *totals);

/*
 * Write an event; @event gets its seq and time. Never blocks and never fails:
 * it takes the place of the oldest. Any context but NMI. Returns the seq.
 */
u64 agentsys_event(struct agentsys_event *event);

/*
 * The same for an agent, whose id, name, process and instance are filled in;
 * it counts as activity of the agent. Supervisor lock held.
 */
u64 agentsys_event_agent(struct agentsys_agent *agent, u16 type, u16 cause, s32 code, u64 value);

/* A fault of it: what was measured, what may be, and what is done about it. Likewise. */
u64 agentsys_event_fault(struct agentsys_agent *agent, u32 type, u64 measured, u64 limit,
			 u32 action);

/* The same for one whose main process, @pid, is already forgotten. */
u64 agentsys_event_ended(struct agentsys_agent *agent, pid_t pid, u16 type, u16 cause, s32 code,
			 u64 value);

/*
 * Copy the first event after @after that is still there. False: there is none.
 * @lost grows by those in between that have been overwritten. Any context; a
 * reader never delays a writer.
 */
bool agentsys_event_read(u64 after, struct agentsys_event *event, u64 *lost);

/* Seq of the newest event, 0 for none; and how many are kept. */
u64 agentsys_event_last(void);
u32 agentsys_event_ring_size(void);

/*
 * @notify is called after each event, in whatever context that was written;
 * NULL ends that, and returns when no call is under way any more.
 */
void agentsys_event_set_notify(void (*notify)(void));

#endif /* _AGENTSYS_TELEMETRY_H */
