// SPDX-License-Identifier: GPL-2.0-only
#include "pace.h"

#define WINDOW_MS 1000
#define LOT_MAX	  64

/* The largest part of a second's calls, and of a burst, that all processors hold. */
#define PART_OF_RATE  16
#define PART_OF_BURST 8

static u64 passed(u64 since_ns, u64 now_ns)
{
	return now_ns > since_ns ? now_ns - since_ns : 0;
}

static void roll(struct agentsys_pace *pace, u64 now_ns)
{
	u64 ns = passed(pace->begun_ns, now_ns);

	if (ns < AGENTSYS_PACE_WINDOW_NS)
		return;
	pace->before = ns < 2 * AGENTSYS_PACE_WINDOW_NS ? pace->used : 0;
	pace->used = 0;
	pace->warned = false;
	pace->begun_ns = ns < 2 * AGENTSYS_PACE_WINDOW_NS ?
				 pace->begun_ns + AGENTSYS_PACE_WINDOW_NS :
				 now_ns;
}

static void note(struct agentsys_pace *pace, u32 n)
{
	u32 rate = pace->bucket.rate;

	pace->used += n;
	/* The smallest whole number that is 80 per cent or more. */
	if (pace->warned || pace->used < rate - rate / 5)
		return;
	pace->warned = true;
	pace->news |= AGENTSYS_PACE_WARNS;
}

static void note_empty(struct agentsys_pace *pace, u64 now_ns)
{
	if (pace->faulted && passed(pace->faulted_ns, now_ns) < AGENTSYS_PACE_WINDOW_NS)
		return;
	pace->faulted = true;
	pace->faulted_ns = now_ns;
	pace->news |= AGENTSYS_PACE_FAULTS;
}

void agentsys_pace_begin(struct agentsys_pace *pace, u32 rate, u32 burst, u64 now_ns)
{
	agentsys_bucket_init(&pace->bucket, rate, burst, now_ns);
	pace->begun_ns = now_ns;
	pace->used = 0;
	pace->before = 0;
	pace->news = 0;
	pace->warned = false;
	pace->faulted = false;
	pace->rests = false;
}

void agentsys_pace_change(struct agentsys_pace *pace, u32 rate, u32 burst, u64 now_ns)
{
	roll(pace, now_ns);
	agentsys_bucket_set(&pace->bucket, rate, burst, now_ns);
}

bool agentsys_pace_take(struct agentsys_pace *pace, u32 n, u64 now_ns)
{
	roll(pace, now_ns);
	if (!agentsys_bucket_take(&pace->bucket, n, now_ns)) {
		note_empty(pace, now_ns);
		return false;
	}
	note(pace, n);
	return true;
}

void agentsys_pace_let(struct agentsys_pace *pace, u32 n, u64 now_ns)
{
	roll(pace, now_ns);
	note(pace, n);
}

u64 agentsys_pace_borrow(struct agentsys_pace *pace, u32 n, u64 now_ns)
{
	u64 wait_ns;

	roll(pace, now_ns);
	wait_ns = agentsys_bucket_borrow(&pace->bucket, n, now_ns);
	if (wait_ns)
		note_empty(pace, now_ns);
	if (wait_ns != U64_MAX)
		note(pace, n);
	return wait_ns;
}

void agentsys_pace_give(struct agentsys_pace *pace, u32 n, u64 now_ns)
{
	roll(pace, now_ns);
	pace->used -= pace->used < n ? pace->used : n;
	agentsys_bucket_give(&pace->bucket, n, now_ns);
}

u64 agentsys_pace_measured(struct agentsys_pace *pace, u64 now_ns)
{
	u64 ms;

	roll(pace, now_ns);
	ms = div_u64(passed(pace->begun_ns, now_ns), 1000000);
	return pace->used + div_u64(pace->before * (WINDOW_MS - ms), WINDOW_MS);
}

bool agentsys_pace_rested(struct agentsys_pace *pace, u64 now_ns)
{
	if (!agentsys_bucket_half_full(&pace->bucket, now_ns)) {
		pace->rests = false;
		return false;
	}
	if (!pace->rests) {
		pace->rests = true;
		pace->rested_ns = now_ns;
	}
	return passed(pace->rested_ns, now_ns) >= AGENTSYS_PACE_WINDOW_NS;
}

u32 agentsys_pace_lot(u32 rate, u32 burst, u32 cpus)
{
	u32 lot = rate / PART_OF_RATE / cpus;

	if (lot > burst / PART_OF_BURST / cpus)
		lot = burst / PART_OF_BURST / cpus;
	if (lot > LOT_MAX)
		lot = LOT_MAX;
	return lot ? lot : 1;
}
