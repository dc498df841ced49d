// SPDX-License-Identifier: GPL-2.0-only
#include "bucket.h"

/* In a bucket of the largest burst there is room for 2^32 of them in 62 bits. */
#define TOKEN 1000000000ULL

/* Nor can be owed more than that. */
#define DEBT_MAX (U64_MAX / 4)

/* What comes pays what is owed first. */
static void add(struct agentsys_bucket *bucket, u64 more)
{
	u64 paid = bucket->debt < more ? bucket->debt : more;

	bucket->debt -= paid;
	bucket->level += more - paid;
}

/* In @ns come @ns * rate billionths: reckoned only where the bucket does not run over. */
static void refill(struct agentsys_bucket *bucket, u64 now_ns)
{
	u64 full = bucket->burst * TOKEN;
	u64 ns;

	if (now_ns <= bucket->at_ns)
		return;
	ns = now_ns - bucket->at_ns;
	bucket->at_ns = now_ns;
	if (!bucket->rate || bucket->level >= full)
		return;
	if (ns > div_u64(full - bucket->level + bucket->debt, bucket->rate)) {
		bucket->level = full;
		bucket->debt = 0;
	} else {
		add(bucket, ns * bucket->rate);
	}
}

void agentsys_bucket_init(struct agentsys_bucket *bucket, u32 rate, u32 burst, u64 now_ns)
{
	bucket->rate = rate;
	bucket->burst = burst;
	bucket->level = burst * TOKEN;
	bucket->debt = 0;
	bucket->at_ns = now_ns;
}

void agentsys_bucket_set(struct agentsys_bucket *bucket, u32 rate, u32 burst, u64 now_ns)
{
	refill(bucket, now_ns);
	bucket->rate = rate;
	bucket->burst = burst;
	bucket->debt = 0;
	if (bucket->level > burst * TOKEN)
		bucket->level = burst * TOKEN;
}

bool agentsys_bucket_take(struct agentsys_bucket *bucket, u32 n, u64 now_ns)
{
	refill(bucket, now_ns);
	if (!bucket->rate)
		return true;
	if (bucket->level < n * TOKEN)
		return false;
	bucket->level -= n * TOKEN;
	return true;
}

u64 agentsys_bucket_borrow(struct agentsys_bucket *bucket, u32 n, u64 now_ns)
{
	u64 missing, wait_ns, behind_ns;

	refill(bucket, now_ns);
	if (!bucket->rate)
		return 0;
	if (bucket->level >= n * TOKEN) {
		bucket->level -= n * TOKEN;
		return 0;
	}
	missing = n * TOKEN - bucket->level;
	if (missing > DEBT_MAX - bucket->debt)
		return U64_MAX;
	bucket->debt += missing;
	bucket->level = 0;
	/* Nothing comes before a clock that went back is where it was. */
	behind_ns = bucket->at_ns - now_ns;
	wait_ns = div_u64(bucket->debt + bucket->rate - 1, bucket->rate);
	return wait_ns < U64_MAX - behind_ns ? wait_ns + behind_ns : U64_MAX - 1;
}

void agentsys_bucket_give(struct agentsys_bucket *bucket, u32 n, u64 now_ns)
{
	refill(bucket, now_ns);
	add(bucket, n * TOKEN);
	if (bucket->level > bucket->burst * TOKEN)
		bucket->level = bucket->burst * TOKEN;
}

bool agentsys_bucket_half_full(struct agentsys_bucket *bucket, u64 now_ns)
{
	refill(bucket, now_ns);
	return bucket->level > bucket->burst * TOKEN / 2;
}
