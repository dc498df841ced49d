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
 * @at_ms: when each was, oldest first, on a clock that stands still during suspend
 */
struct agentsys_spent {
	u32 n;
	u64 at_ms[AGENTSYS_BUDGET_MAX + 1];
};

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
