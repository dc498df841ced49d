// SPDX-License-Identifier: GPL-2.0-only
/*
 * Token buckets and meters, under clocks that go anywhere: what is given never
 * exceeds what has come, and everything is said once.
 *
 * fuzz: -max_len=192 -runs=60000
 */
#include "bucket.h"
#include "fuzz.h"
#include "meter.h"

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

static void check_meter(struct fuzz *in)
{
	u32 window_ms = (u32)fuzz_any(in);
	u64 now = fuzz_any(in), total = fuzz_any(in);
	u64 limit = fuzz_any(in);
	bool gauge = fuzz_u8(in) & 1;
	bool warned = false, faulted = false;
	struct agentsys_meter meter;

	agentsys_meter_begin(&meter, total, now);
	while (in->left) {
		enum agentsys_reading reading;
		u64 begun = meter.begun_ms;
		bool over;

		now = fuzz_u8(in) % 4 ? now + fuzz_any(in) : fuzz_any(in);
		total = fuzz_u8(in) % 4 ? total + fuzz_any(in) : fuzz_any(in);
		over = window_ms && (now < begun || now - begun >= window_ms);
		if (gauge && over)
			warned = faulted = false;
		reading = gauge ? agentsys_meter_level(&meter, limit, window_ms, total, now) :
				  agentsys_meter_count(&meter, limit, window_ms, total, now);
		CHECK(limit || reading == AGENTSYS_READING_QUIET);
		if (reading == AGENTSYS_READING_FAULTS) {
			CHECK(!faulted && meter.used >= limit);
			faulted = warned = true;
		} else if (reading == AGENTSYS_READING_WARNS) {
			CHECK(!warned && meter.used >= limit - limit / 5);
			warned = true;
		} else if (limit && !over) {
			CHECK(faulted || meter.used < limit);
		}
		if (!gauge && over)
			warned = faulted = false;
		CHECK(!window_ms || meter.begun_ms == (over ? now : begun));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz in = { data, size };

	if (fuzz_u8(&in) & 1)
		check_bucket(&in);
	else
		check_meter(&in);
	return 0;
}
