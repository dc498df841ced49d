// SPDX-License-Identifier: GPL-2.0-only
#include "calls.h"

int agentsys_calls_begin(struct agentsys_calls *calls, u32 ms, u64 now_ms)
{
	if (calls->n == AGENTSYS_CALLS_MAX)
		return -EOVERFLOW;
	if (!calls->n || calls->until_ms < now_ms + ms)
		calls->until_ms = now_ms + ms;
	calls->n++;
	return 0;
}

int agentsys_calls_end(struct agentsys_calls *calls)
{
	if (!calls->n)
		return -ENOENT;
	calls->n--;
	return 0;
}

bool agentsys_calls_lapse(struct agentsys_calls *calls, u64 now_ms)
{
	if (!calls->n || now_ms < calls->until_ms)
		return false;
	calls->n = 0;
	return true;
}

u32 agentsys_calls_left(const struct agentsys_calls *calls, u64 now_ms)
{
	return calls->n && now_ms < calls->until_ms ? calls->until_ms - now_ms : 0;
}
