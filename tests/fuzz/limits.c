// SPDX-License-Identifier: GPL-2.0-only
/*
 * Token buckets and windows, under clocks that go anywhere: what is given never
 * exceeds what has come, and what was used is told of no time but its own.
 *
 * fuzz: -max_len=192 -runs=60000
 */
#include "bucket.h"
#include "fuzz.h"
#include "window.h"

#define SECOND 1000000000ULL

typedef unsigned __int128 u128;

static void check_bucket(struct fuzz *in)
{
	struct agentsys_bucket bucket, then;
	u64 now = fuzz_any(in), latest = now;
	u128 came;	/* billionths of tokens */
	u128 taken = 0;

	agentsys_bucket_init(&bucket, (u32)fuzz_any(in), (u32)fuzz_any(in), now);
	came = (u128)bucket.burst * SECOND;
	while (in->left) {
		u32 rate = bucket.rate, n = (u32)fuzz_any(in);
		u64 wait;
		bool ok;

		now = fuzz_u8(in) % 4 ? now + fuzz_any(in) : fuzz_any(in);
		if (now > latest) {
			came += (u128)(now - latest) * rate;
			latest = now;
		}
		if (fuzz_u8(in) % 8 == 0) {
			agentsys_bucket_set(&bucket, rate, (u32)fuzz_any(in), now);
			CHECK(bucket.level <= bucket.burst * SECOND);
		}
		then = bucket;
		wait = agentsys_bucket_borrow(&then, n, now);
		CHECK(then.debt <= U64_MAX / 4 && !(then.debt && then.level));
		if (fuzz_u8(in) % 2 == 0) {
			/* What is borrowed and given back is as if nothing had been. */
			if (wait != U64_MAX)
				agentsys_bucket_give(&then, n, now);
			CHECK(then.debt == bucket.debt || !rate || now > bucket.at_ns);
		}
		ok = agentsys_bucket_take(&bucket, n, now);
		CHECK(ok == !wait);
		CHECK(bucket.at_ns == latest);
		if (!ok || !rate)
			continue;
		taken += (u128)n * SECOND;
		CHECK(taken <= came);
	}
}

static void check_window(struct fuzz *in)
{
	u32 window_ms = (u32)fuzz_any(in), per_us = 1000 + (u32)fuzz_any(in) % 1000000;
	u64 now = fuzz_any(in), total = fuzz_any(in), held = fuzz_u8(in);
	u64 amount = fuzz_any(in);
	bool only_held = fuzz_u8(in) & 1;
	struct agentsys_window window;

	agentsys_window_begin(&window, total, held, now);
	while (in->left) {
		struct agentsys_window before = window;
		enum agentsys_reading reading;
		u64 allowed = 0;
		bool early;

		now = fuzz_u8(in) % 4 ? now + fuzz_any(in) : fuzz_any(in);
		total = fuzz_u8(in) % 4 ? total + fuzz_any(in) : fuzz_any(in);
		held += fuzz_u8(in) % 2;
		early = now < before.at_ms ? window_ms : now - before.at_ms < window_ms;
		reading = agentsys_window_look(&window, amount, per_us, window_ms, total, held,
					       only_held, now, &allowed);
		if (held != before.held) {
			CHECK(reading == AGENTSYS_READING_FAULTS);
		} else if (early) {
			CHECK(reading == AGENTSYS_READING_QUIET);
			CHECK(window.at_ms == before.at_ms && window.base == before.base);
			continue;
		}
		CHECK(window.at_ms == now && window.base == total && window.held == held);
		CHECK(window.used == (total > before.base ? total - before.base : 0));
		if (held == before.held && reading == AGENTSYS_READING_FAULTS)
			CHECK(!only_held && window.used >= allowed);
		if (reading == AGENTSYS_READING_QUIET)
			CHECK(window.used < allowed);
		agentsys_window_pace(&window, per_us);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz in = { data, size };

	if (fuzz_u8(&in) & 1)
		check_bucket(&in);
	else
		check_window(&in);
	return 0;
}
