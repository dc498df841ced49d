/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many restarts a group may make: so many within a window that slides.
 */
#ifndef AGENTSYS_CORE_BUDGET_H
#define AGENTSYS_CORE_BUDGET_H

#include "env.h"
#include "restart.h"

/**
 * struct agentsys_spent - the restarts of a window
 * @n: how many
 * @at_ms: when each was, oldest first, on the clock of the group
 */
struct agentsys_spent {
	u32 n;
	u64 at_ms[AGENTSYS_BUDGET_MAX + 1];
};

/**
 * struct agentsys_clock - a clock that can be made to stand still
 * @stood_ms: for how long it has stood before, altogether
 * @since_ms: since when it stands
 * @reasons: why it does, 0 if it goes
 */
struct agentsys_clock {
	u64 stood_ms;
	u64 since_ms;
	u32 reasons;
};

/* One more reason to stand, or one less; @now_ms is of a clock that always goes. */
void agentsys_clock_stand(struct agentsys_clock *clock, u64 now_ms);
void agentsys_clock_go(struct agentsys_clock *clock, u64 now_ms);
u64 agentsys_clock_ms(const struct agentsys_clock *clock, u64 now_ms);

/* How many are not older than @within_ms, as far as there is room; the others are dropped. */
u32 agentsys_budget_used(struct agentsys_spent *spent, u32 within_ms, u64 now_ms);

/* Add one. False: that is more than @budget. */
bool agentsys_budget_spend(struct agentsys_spent *spent, u32 budget, u32 within_ms, u64 now_ms);

/*
 * Can @budget never be spent? If as many restarts as it allows, each after its
 * backoff, take longer than the window, something that never works is restarted
 * for ever.
 */
bool agentsys_budget_endless(u32 budget, u32 within_ms,
			     const struct agentsys_restart_policy *backoff);

#endif /* AGENTSYS_CORE_BUDGET_H */
