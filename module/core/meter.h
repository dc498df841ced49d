/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A limit, and what is used of it: a warning at 80 per cent and a fault at 100,
 * each once in a window, or once ever where there is no window.
 */
#ifndef AGENTSYS_CORE_METER_H
#define AGENTSYS_CORE_METER_H

#include "env.h"

/* What a reading comes to. */
enum agentsys_reading {
	AGENTSYS_READING_QUIET,	 /* nothing that was not said before */
	AGENTSYS_READING_WARNS,	 /* 80 per cent of the limit are used */
	AGENTSYS_READING_FAULTS, /* all of it is */
};

/**
 * struct agentsys_meter - what was used of a limit, and said about it
 * @begun_ms: when the present window began
 * @base: what the counter showed then
 * @used: what the last reading came to: since the window began, or now
 * @warned: the warning of this window was given, or its fault was
 * @faulted: its fault was
 */
struct agentsys_meter {
	u64 begun_ms;
	u64 base;
	u64 used;
	bool warned;
	bool faulted;
};

/* Begin anew, with a counter that shows @total. */
void agentsys_meter_begin(struct agentsys_meter *meter, u64 total, u64 now_ms);

/*
 * Read a counter that shows @total: CPU time, messages, system calls. It may use
 * @limit in @window_ms, or in all with a window of 0. A reading that comes late is
 * judged by the mean of the time since the window began, so the window is the
 * shortest time that matters and not the longest. @limit 0 sets none.
 */
enum agentsys_reading agentsys_meter_count(struct agentsys_meter *meter, u64 limit, u32 window_ms,
					   u64 total, u64 now_ms);

/* Read a gauge, which goes up and down: memory, processes. */
enum agentsys_reading agentsys_meter_level(struct agentsys_meter *meter, u64 limit, u32 window_ms,
					   u64 level, u64 now_ms);

#endif /* AGENTSYS_CORE_METER_H */
