/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is used of a limit that is so much in a time, from one look to the next.
 */
#ifndef AGENTSYS_CORE_WINDOW_H
#define AGENTSYS_CORE_WINDOW_H

#include "env.h"

/* What a look comes to. */
enum agentsys_reading {
	AGENTSYS_READING_QUIET,
	AGENTSYS_READING_WARNS,	 /* 80 per cent of what was allowed were used */
	AGENTSYS_READING_FAULTS, /* it was kept from using more, or all of it was used */
};

/**
 * struct agentsys_window - a counter of what is used
 * @at_ms: when it was looked at last
 * @base: what it showed then
 * @held: how often it had been kept from using more, as far as the kernel counts that
 * @used: in the time before that look
 * @used_ms: how long that was, 0 if there was no look yet
 */
struct agentsys_window {
	u64 at_ms;
	u64 base;
	u64 held;
	u64 used;
	u32 used_ms;
};

/* 80 per cent of a limit, rounded up. */
static inline u64 agentsys_warning_at(u64 limit)
{
	return limit - div_u64(limit, 5);
}

/* What may be used in @ms where @amount may in @per_us. */
u64 agentsys_allowed(u64 amount, u32 per_us, u32 ms);

void agentsys_window_begin(struct agentsys_window *window, u64 total, u64 held, u64 now_ms);

/*
 * Look at a counter that shows @total, and @held. A look that comes before @window_ms
 * are over is none, unless it was held; one that comes late is about all the time since the
 * last one. @allowed is what was allowed in that time. @only_held: to have used all of it
 * is no fault, but near to one.
 */
enum agentsys_reading agentsys_window_look(struct agentsys_window *window, u64 amount, u32 per_us,
					   u32 window_ms, u64 total, u64 held, bool only_held,
					   u64 now_ms, u64 *allowed);

/* What was used in @per_us, as in the time before the last look. */
u64 agentsys_window_pace(const struct agentsys_window *window, u32 per_us);

#endif /* AGENTSYS_CORE_WINDOW_H */
