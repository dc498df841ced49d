/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is kept of the faults and limits of an agent, for the files that see to them.
 */
#ifndef _AGENTSYS_FAULT_INTERNAL_H
#define _AGENTSYS_FAULT_INTERNAL_H

#include <linux/workqueue.h>

#include "core/faults.h"
#include "core/limits.h"
#include "core/recovery.h"
#include "core/window.h"
#include "watch.h"

struct agentsys_agent;
struct agentsys_flood;
struct agentsys_liveness;

/* What is watched of a cgroup. */
enum agentsys_watched {
	AGENTSYS_WATCHED_MEMORY,
	AGENTSYS_WATCHED_PIDS,

	__AGENTSYS_WATCHED,
};

/**
 * struct agentsys_told - when something was last told
 * @instance: of which instance, 0 for never
 * @at_ms: when
 */
struct agentsys_told {
	u32 instance;
	u64 at_ms;
};

/**
 * struct agentsys_guard - one limit of an agent
 * @agent: whose
 * @watch: the file that counts how often it was hit
 * @hits: how often that was, as far as it was told
 * @touches: how often it was reached without harm
 * @slows: how often it was slowed down before it
 * @seen_slows: how often that was at the last look at what it uses
 * @fault: when it last was a fault
 * @warning: when it last was none
 */
struct agentsys_guard {
	struct agentsys_agent *agent;
	struct agentsys_watch watch;
	u64 hits;
	u64 touches;
	u64 slows;
	u64 seen_slows;
	struct agentsys_told fault;
	struct agentsys_told warning;
};

/* What may be used in all. */
enum agentsys_budget_kind {
	AGENTSYS_BUDGET_CPU,
	AGENTSYS_BUDGET_MESSAGES,
	AGENTSYS_BUDGET_TOOL_CALLS,

	__AGENTSYS_BUDGETS,
};

/**
 * struct agentsys_spending - what there is of a budget
 * @used: how much it has reported
 * @wanted: how much it would have been with what was refused, as long as that is not told
 * @told_by: the instance that was told to have spent it, 0 for none
 * @warned: it was told to be near to that
 */
struct agentsys_spending {
	u64 used;
	u64 wanted;
	u32 told_by;
	bool warned;
};

#define AGENTSYS_IO_KINDS (AGENTSYS_LIMIT_IO_WRITE_OPS - AGENTSYS_LIMIT_IO_READ + 1)

/**
 * struct agentsys_usage - what is used of limits, see usage.c
 * @node: link in the list of those that are looked at
 * @cpu: CPU time
 * @io: bytes and operations, in the order of their limits, of the device that it uses most
 * @budget: by enum agentsys_budget_kind
 */
struct agentsys_usage {
	struct list_head node;
	struct agentsys_window cpu;
	struct agentsys_window io[AGENTSYS_IO_KINDS];
	struct agentsys_spending budget[__AGENTSYS_BUDGETS];
};

/**
 * struct agentsys_pressure_watch - what is watched of one kind of pressure
 * @agent: whose
 * @percent: what is too much, 0 for nothing
 * @watch: the file
 * @told: when it was last told
 */
struct agentsys_pressure_watch {
	struct agentsys_agent *agent;
	u32 percent;
	struct agentsys_watch watch;
	struct agentsys_told told;
};

/**
 * struct agentsys_faults - what there is of an agent that has limits or had faults
 *
 * @log: its last faults; guarded by the record's lock towards readers
 * @own: what is done about its faults, where that is not what is done about all
 * @ladder: where it stands on the ladder
 * @had: the faults of instance @had_by, a bit for each enum agentsys_fault
 * @had_by: which instance that is
 * @doom: what the instance @doomed is killed for, enum agentsys_fault
 * @restarts: and it is started again
 * @doomed: which instance that is, 0 for none
 * @guard: by enum agentsys_watched
 * @pressure: by enum agentsys_pressure
 * @throttled: what it is slowed down for, a bit for each enum agentsys_fault
 * @throttled_at_ns: since when, CLOCK_MONOTONIC
 * @throttled_ns: how long it was before that, in all
 * @limits: what it may use; like @log
 * @usage: what it uses of them; but for its node guarded by both locks, as @limits is
 * @agent: whose all this is
 * @rewrite: @limits changed while it was being launched: the cgroup may have others
 * @rewrite_work: writes them, with a reference to the agent
 * @liveness: its watchdog, which stays when it is there; NULL if it never had one
 * @rcu: for the delayed free: heartbeats come without a lock
 * @flood: the count of its system calls, NULL while there is none; like @log
 * @syscalls: how many were counted before that one began; like @log
 * @refused: calls for which it had no right, since that was told last
 * @violation: when that was
 * @escape: when it was last told that it moved processes as it may not
 */
struct agentsys_faults {
	struct agentsys_fault_log log;
	struct agentsys_recovery_own own;
	struct agentsys_ladder ladder;
	u32 had;
	u32 had_by;
	u32 doom;
	bool restarts;
	u32 doomed;
	struct agentsys_guard guard[__AGENTSYS_WATCHED];
	struct agentsys_pressure_watch pressure[__AGENTSYS_PRESSURES];
	u32 throttled;
	u64 throttled_at_ns;
	u64 throttled_ns;
	struct agentsys_limits limits;
	struct agentsys_usage usage;
	struct agentsys_agent *agent;
	bool rewrite;
	struct work_struct rewrite_work;
	struct agentsys_liveness *liveness;
	struct rcu_head rcu;
	struct agentsys_flood *flood;
	u64 syscalls;
	atomic_t refused;
	struct agentsys_told violation;
	struct agentsys_told escape;
};

/*
 * What it has of that, made if there is none. NULL for want of memory. Any process
 * context.
 */
struct agentsys_faults *agentsys_faults_of(struct agentsys_agent *agent);

/* Is it to be told (again), being told once in @window_ms by each instance? It is told now then. */
bool agentsys_fault_due(struct agentsys_agent *agent, struct agentsys_told *told, u32 window_ms);

/* It uses so much of a limit: is there something to be said? Supervisor lock held. */
void agentsys_fault_near(struct agentsys_agent *agent, enum agentsys_watched i, u64 use);

#endif /* _AGENTSYS_FAULT_INTERNAL_H */
