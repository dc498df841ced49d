/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fault detector: what agents did that they should not, and what is done
 * about it. Everything here is done with the supervisor lock held, but for the
 * looks of readers.
 */
#ifndef _AGENTSYS_FAULT_H
#define _AGENTSYS_FAULT_H

#include <linux/types.h>

#include "core/faults.h"
#include "core/recovery.h"

struct agentsys_agent;
struct netlink_ext_ack;

void agentsys_faults_init(void);

/* Its instance runs: watch what there is to be watched of its cgroup. */
void agentsys_fault_watch(struct agentsys_agent *agent);

/* What it may use is about to change: it is watched for what is limited now. */
void agentsys_fault_limits_changed(struct agentsys_agent *agent);

/* Its cgroup is gone. */
void agentsys_fault_unwatch(struct agentsys_agent *agent);

/* Something that is watched has changed perhaps: see, and act. */
void agentsys_fault_look(struct agentsys_agent *agent);

/* Its instance has ended: what it did is not held against the next one in the same cgroup. */
void agentsys_fault_settle(struct agentsys_agent *agent);

/*
 * It did this, for @measured where @limit is allowed: count it, tell it, and do what
 * there is to be done. What was done is returned, enum agentsys_recover; after
 * THROTTLE, slowing it down is left to the caller.
 */
u32 agentsys_fault_raise(struct agentsys_agent *agent, u32 type, u64 measured, u64 limit);

/*
 * Would it be killed for that now, if it runs? Any context but NMI; @agent must be reachable
 * (RCU or a reference).
 */
bool agentsys_fault_kills(const struct agentsys_agent *agent, u32 type);

/* It is about to do that. */
void agentsys_fault_warn(struct agentsys_agent *agent, u32 type, u64 measured);

/* It is slowed down for this fault, or no more: show it, and for how long it was. */
void agentsys_fault_throttles(struct agentsys_agent *agent, u32 type, bool throttled);

/* For how long it was, in all. Any process context. */
u64 agentsys_fault_throttled_ns(struct agentsys_agent *agent);

/* Is it to be slowed down when it comes near its limit of memory? */
bool agentsys_fault_slows_memory(const struct agentsys_agent *agent);

/* Its present instance, which has ended or is about to, is not restarted. Supervisor lock held. */
void agentsys_fault_stays(struct agentsys_agent *agent);

/* It crashed, with this exit code or signal, and is restarted or not. */
void agentsys_fault_crashed(struct agentsys_agent *agent, s32 code, bool restarts);

/* The fault that its present instance is killed for; AGENTSYS_FAULT_NONE if it is not. */
enum agentsys_fault agentsys_fault_doom(const struct agentsys_agent *agent);

/* Has the present instance had a fault of this type? */
bool agentsys_fault_had(const struct agentsys_agent *agent, enum agentsys_fault fault);

/* Is it killed in order to be started again? */
bool agentsys_fault_restarts(const struct agentsys_agent *agent);

/**
 * struct agentsys_recovery_change - what to change of what is done about faults
 * @has_preset: there is a preset, @preset
 * @has_after: likewise @after
 * @has_within: likewise @within_ms
 * @has: a bit for each enum agentsys_fault that has a rule
 * @takes_back: a bit for each of those that is to be as for all agents again
 * @preset: enum agentsys_preset
 * @after: see struct agentsys_recovery
 * @within_ms: likewise
 * @action: enum agentsys_recover, by enum agentsys_fault
 */
struct agentsys_recovery_change {
	bool has_preset;
	bool has_after;
	bool has_within;
	u32 has;
	u32 takes_back;
	u32 preset;
	u32 after;
	u32 within_ms;
	u8 action[__AGENTSYS_FAULTS];
};

/*
 * These take the supervisor lock. With an @id of 0 they are about all agents.
 * @change has been checked as far as it can be without knowing the agent.
 */
int agentsys_recovery_set(u32 id, const struct agentsys_recovery_change *change,
			  struct netlink_ext_ack *extack);
int agentsys_recovery_get(u32 id, struct agentsys_recovery *all, struct agentsys_recovery_own *own,
			  struct netlink_ext_ack *extack);

/* Copy its last faults. Any process context, no lock. */
void agentsys_fault_log(struct agentsys_agent *agent, struct agentsys_fault_log *log);

#endif /* _AGENTSYS_FAULT_H */
