/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is done about a fault: a policy for all agents, what an agent has of its
 * own, and a ladder for those that go on and on.
 */
#ifndef AGENTSYS_CORE_RECOVERY_H
#define AGENTSYS_CORE_RECOVERY_H

#include "env.h"

/**
 * struct agentsys_recovery - what to do about each type of fault
 * @action: enum agentsys_recover, by enum agentsys_fault
 * @after: so many faults of an agent, each within the time of the first, are dealt
 *	with on one rung of the ladder; 0 for no ladder
 * @within_ms: that time; after as long without a fault the ladder begins anew
 *
 * The rungs are the actions, from the mildest on. What is done is the more severe
 * of the rung and the action of the type.
 */
struct agentsys_recovery {
	u8 action[__AGENTSYS_FAULTS];
	u32 after;
	u32 within_ms;
};

/**
 * struct agentsys_recovery_own - what an agent has of its own
 * @has: a bit for each enum agentsys_fault that @action is given for
 * @action: as in the policy
 */
struct agentsys_recovery_own {
	u32 has;
	u8 action[__AGENTSYS_FAULTS];
};

/**
 * struct agentsys_ladder - where an agent stands on the ladder
 * @rung: enum agentsys_recover
 * @faults: how many were dealt with on it
 * @since_ms: when the first of them was
 */
struct agentsys_ladder {
	u32 rung;
	u32 faults;
	u64 since_ms;
};

/* The actions of a preset, CUSTOM being no such; the ladder stays as it is. False: no such one. */
bool agentsys_recovery_preset(struct agentsys_recovery *recovery, u32 preset);

/* Which preset has these actions? */
enum agentsys_preset agentsys_recovery_is(const struct agentsys_recovery *recovery);

/*
 * Can this be done about that? Slowing down helps against being too fast only, and to begin
 * anew does not against having used too much in all.
 */
bool agentsys_recovery_fits(u32 fault, u32 action);

/* What is said to be done about it, whatever the ladder says. @own may be NULL. */
u32 agentsys_recovery_action(const struct agentsys_recovery *recovery,
			     const struct agentsys_recovery_own *own, u32 fault);

/* What is done about a fault now; it counts. @own may be NULL. */
enum agentsys_recover agentsys_recovery_decide(const struct agentsys_recovery *recovery,
					       const struct agentsys_recovery_own *own,
					       struct agentsys_ladder *ladder, u32 fault,
					       u64 now_ms);

#endif /* AGENTSYS_CORE_RECOVERY_H */
