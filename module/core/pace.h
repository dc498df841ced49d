/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How fast somebody calls: what may be let through, and what there is to be told.
 */
#ifndef AGENTSYS_CORE_PACE_H
#define AGENTSYS_CORE_PACE_H

#include "bucket.h"

/* In which something is counted, and told once. */
#define AGENTSYS_PACE_WINDOW_NS 1000000000ULL

/* News, a bit each. */
#define AGENTSYS_PACE_WARNS  0x1 /* 80 per cent of what may be called in a window were */
#define AGENTSYS_PACE_FAULTS 0x2 /* the bucket was found empty */

/**
 * struct agentsys_pace - how fast somebody calls
 * @bucket: how many calls may come, and how many at once
 * @begun_ns: when the present window began
 * @used: calls in it
 * @before: calls in the window before
 * @faulted_ns: when the bucket was last told to be empty, if @faulted
 * @rested_ns: since when it is more than half full, as far as anybody looked, if @rests
 * @news: what has not been fetched yet, AGENTSYS_PACE_*
 * @warned: the warning of this window was given
 */
struct agentsys_pace {
	struct agentsys_bucket bucket;
	u64 begun_ns;
	u64 used;
	u64 before;
	u64 faulted_ns;
	u64 rested_ns;
	u32 news;
	bool warned;
	bool faulted;
	bool rests;
};

/* As if nothing had been called before; @rate is not 0. */
void agentsys_pace_begin(struct agentsys_pace *pace, u32 rate, u32 burst, u64 now_ns);

/* Change what may be called. Whoever has borrowed owes nothing any more, and asks anew. */
void agentsys_pace_change(struct agentsys_pace *pace, u32 rate, u32 burst, u64 now_ns);

/* May @n calls come? Those that may are counted. */
bool agentsys_pace_take(struct agentsys_pace *pace, u32 n, u64 now_ns);

/* They come all the same. */
void agentsys_pace_let(struct agentsys_pace *pace, u32 n, u64 now_ns);

/* They come later: in how many ns? U64_MAX: there are too many that wait for that. */
u64 agentsys_pace_borrow(struct agentsys_pace *pace, u32 n, u64 now_ns);

/* They do not come. */
void agentsys_pace_give(struct agentsys_pace *pace, u32 n, u64 now_ns);

/* Calls in the last second, about. */
u64 agentsys_pace_measured(struct agentsys_pace *pace, u64 now_ns);

/* Has its bucket been more than half full for a window? To be asked time and again. */
bool agentsys_pace_rested(struct agentsys_pace *pace, u64 now_ns);

/*
 * How many calls are let through at once on one of @cpus processors, so that they need
 * not ask for each, and no more than a small part of what may come is in their hands.
 */
u32 agentsys_pace_lot(u32 rate, u32 burst, u32 cpus);

#endif /* AGENTSYS_CORE_PACE_H */
