// SPDX-License-Identifier: GPL-2.0-only
#include "budget.h"

void agentsys_clock_stand(struct agentsys_clock *clock, u64 now_ms)
{
	if (!clock->reasons++)
		clock->since_ms = now_ms;
}

void agentsys_clock_go(struct agentsys_clock *clock, u64 now_ms)
{
	if (!--clock->reasons)
		clock->stood_ms += now_ms - clock->since_ms;
}

u64 agentsys_clock_ms(const struct agentsys_clock *clock, u64 now_ms)
{
	return (clock->reasons ? clock->since_ms : now_ms) - clock->stood_ms;
}

u32 agentsys_budget_used(struct agentsys_spent *spent, u32 within_ms, u64 now_ms)
{
	u32 old = 0;

	while (old < spent->n && now_ms - spent->at_ms[old] > within_ms)
		old++;
	spent->n -= old;
	memmove(spent->at_ms, spent->at_ms + old, spent->n * sizeof(spent->at_ms[0]));
	return spent->n;
}

bool agentsys_budget_spend(struct agentsys_spent *spent, u32 budget, u32 within_ms, u64 now_ms)
{
	u32 used = agentsys_budget_used(spent, within_ms, now_ms);

	/*
	 * There is room for one more than any budget allows. The oldest makes way: as
	 * long as the others are within the window there are too many without it.
	 */
	if (used == ARRAY_SIZE(spent->at_ms)) {
		spent->n--;
		memmove(spent->at_ms, spent->at_ms + 1, spent->n * sizeof(spent->at_ms[0]));
	}
	spent->at_ms[spent->n++] = now_ms;
	return spent->n <= budget;
}

bool agentsys_budget_endless(u32 budget, u32 within_ms,
			     const struct agentsys_restart_policy *backoff)
{
	u64 least_ms = 0;
	u32 n;

	for (n = 1; n <= budget; n++)
		least_ms += agentsys_backoff_ms(backoff, n, backoff->stable_ms);
	return least_ms > within_ms;
}
