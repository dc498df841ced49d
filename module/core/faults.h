/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The last faults of an agent, and how many there were of each type.
 */
#ifndef AGENTSYS_CORE_FAULTS_H
#define AGENTSYS_CORE_FAULTS_H

#include "env.h"

/**
 * struct agentsys_fault_record - one fault
 * @time_ns: when, CLOCK_BOOTTIME
 * @measured: what was measured; of a crash, the exit code or signal
 * @limit: what it may be; 0 where there is no such thing
 * @instance: which start of the agent
 * @type: enum agentsys_fault
 * @action: enum agentsys_recover, what was done about it
 */
struct agentsys_fault_record {
	u64 time_ns;
	u64 measured;
	u64 limit;
	u32 instance;
	u8 type;
	u8 action;
};

/**
 * struct agentsys_fault_log - the last of them
 * @n: how many there ever were
 * @count: by enum agentsys_fault
 * @record: a ring
 */
struct agentsys_fault_log {
	u32 n;
	u32 count[__AGENTSYS_FAULTS];
	struct agentsys_fault_record record[AGENTSYS_FAULTS_MAX];
};

static inline void agentsys_fault_log_add(struct agentsys_fault_log *log,
					  const struct agentsys_fault_record *record)
{
	log->record[log->n++ % AGENTSYS_FAULTS_MAX] = *record;
	log->count[record->type]++;
}

/*
 * The instance that had them does not come back: where a restart was to be the answer, a
 * kill is what came of it, and of a crash nothing.
 */
static inline void agentsys_fault_log_stays(struct agentsys_fault_log *log, u32 instance)
{
	struct agentsys_fault_record *record;

	for (record = log->record; record < log->record + AGENTSYS_FAULTS_MAX; record++)
		if (record->instance == instance && record->action == AGENTSYS_RECOVER_RESTART)
			record->action = record->type == AGENTSYS_FAULT_CRASH ?
						 AGENTSYS_RECOVER_ALERT :
						 AGENTSYS_RECOVER_KILL;
}

/* How many are remembered, and the one that is number @i of them, the oldest being 0. */
static inline u32 agentsys_fault_log_count(const struct agentsys_fault_log *log)
{
	return log->n < AGENTSYS_FAULTS_MAX ? log->n : AGENTSYS_FAULTS_MAX;
}

static inline const struct agentsys_fault_record *
agentsys_fault_log_at(const struct agentsys_fault_log *log, u32 i)
{
	u32 first = log->n - agentsys_fault_log_count(log);

	return &log->record[(first + i) % AGENTSYS_FAULTS_MAX];
}

#endif /* AGENTSYS_CORE_FAULTS_H */
