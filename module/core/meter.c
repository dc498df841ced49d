// SPDX-License-Identifier: GPL-2.0-only
#include "meter.h"

/* A reading later than so many windows says nothing about any of them: it is cut there. */
#define WINDOWS_MAX 256

void agentsys_meter_begin(struct agentsys_meter *meter, u64 total, u64 now_ms)
{
	meter->begun_ms = now_ms;
	meter->base = total;
	meter->used = 0;
	meter->warned = false;
	meter->faulted = false;
}

/* The smallest whole number that is 80 per cent or more. */
static u64 warning_at(u64 limit)
{
	return limit - div_u64(limit, 5);
}

static enum agentsys_reading judge(struct agentsys_meter *meter, u64 limit)
{
	if (meter->used >= limit && !meter->faulted) {
		meter->faulted = true;
		meter->warned = true;
		return AGENTSYS_READING_FAULTS;
	}
	if (meter->used >= warning_at(limit) && !meter->warned) {
		meter->warned = true;
		return AGENTSYS_READING_WARNS;
	}
	return AGENTSYS_READING_QUIET;
}

/* What may be used in @elapsed_ms, which is the window or more. */
static u64 allowance(u64 limit, u32 window_ms, u64 elapsed_ms)
{
	u64 windows = div_u64(elapsed_ms, window_ms);
	u32 rest_ms = elapsed_ms - windows * window_ms;
	u64 whole;

	if (windows >= WINDOWS_MAX) {
		windows = WINDOWS_MAX;
		rest_ms = 0;
	}
	if (limit > div_u64(U64_MAX, windows + 1))
		return U64_MAX;
	whole = limit * windows;
	return whole + mul_u64_u32_div(limit, rest_ms, window_ms);
}

/* Is the window over? A clock that went back ends it too. */
static bool is_over(const struct agentsys_meter *meter, u32 window_ms, u64 now_ms)
{
	return window_ms && (now_ms < meter->begun_ms || now_ms - meter->begun_ms >= window_ms);
}

enum agentsys_reading agentsys_meter_count(struct agentsys_meter *meter, u64 limit, u32 window_ms,
					   u64 total, u64 now_ms)
{
	enum agentsys_reading reading = AGENTSYS_READING_QUIET;
	bool over = is_over(meter, window_ms, now_ms);

	if (total < meter->base) /* the counter began anew */
		meter->base = total;
	meter->used = total - meter->base;
	if (limit && over && now_ms >= meter->begun_ms)
		limit = allowance(limit, window_ms, now_ms - meter->begun_ms);
	if (limit)
		reading = judge(meter, limit);
	if (over) {
		u64 used = meter->used;

		agentsys_meter_begin(meter, total, now_ms);
		meter->used = used;
	}
	return reading;
}

enum agentsys_reading agentsys_meter_level(struct agentsys_meter *meter, u64 limit, u32 window_ms,
					   u64 level, u64 now_ms)
{
	if (is_over(meter, window_ms, now_ms))
		agentsys_meter_begin(meter, 0, now_ms);
	meter->used = level;
	return limit ? judge(meter, limit) : AGENTSYS_READING_QUIET;
}
