// SPDX-License-Identifier: GPL-2.0-only
#include "window.h"

/* What was longer ago says nothing about now; and in us it fits 32 bits. */
#define WINDOW_MAX_MS 3600000

u64 agentsys_allowed(u64 amount, u32 per_us, u32 ms)
{
	u32 us = ms < WINDOW_MAX_MS ? ms * 1000 : WINDOW_MAX_MS * 1000U;

	if (amount > div_u64(U64_MAX, us / per_us + 1))
		return U64_MAX;
	return mul_u64_u32_div(amount, us, per_us);
}

void agentsys_window_begin(struct agentsys_window *window, u64 total, u64 held, u64 now_ms)
{
	window->at_ms = now_ms;
	window->base = total;
	window->held = held;
	window->used = 0;
	window->used_ms = 0;
}

enum agentsys_reading agentsys_window_look(struct agentsys_window *window, u64 amount, u32 per_us,
					   u32 window_ms, u64 total, u64 held, bool only_held,
					   u64 now_ms, u64 *allowed)
{
	u64 ms = now_ms > window->at_ms ? now_ms - window->at_ms : 0;
	u64 used = total > window->base ? total - window->base : 0;
	bool was_held = held > window->held;

	if (ms < window_ms && !was_held)
		return AGENTSYS_READING_QUIET;
	if (ms > WINDOW_MAX_MS)
		ms = WINDOW_MAX_MS;
	*allowed = agentsys_allowed(amount, per_us, ms);
	agentsys_window_begin(window, total, held, now_ms);
	window->used = used;
	window->used_ms = ms;
	if (was_held || (!only_held && used >= *allowed))
		return AGENTSYS_READING_FAULTS;
	return used >= agentsys_warning_at(*allowed) ? AGENTSYS_READING_WARNS :
						       AGENTSYS_READING_QUIET;
}

u64 agentsys_window_pace(const struct agentsys_window *window, u32 per_us)
{
	u64 used = window->used;

	if (!window->used_ms)
		return 0;
	if (used > div_u64(U64_MAX, per_us / 1000 + 1))
		return U64_MAX;
	return div_u64(mul_u64_u32_div(used, per_us, window->used_ms), 1000);
}
