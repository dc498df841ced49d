// SPDX-License-Identifier: GPL-2.0-only
#include "bucket.h"

/* In a bucket of the largest burst there is room for 2^32 of them in 62 bits. */
#define TOKEN 1000000000ULL

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
	if (ns > div_u64(full - bucket->level, bucket->rate))
		bucket->level = full;
	else
		bucket->level += ns * bucket->rate;
}

void agentsys_bucket_init(struct agentsys_bucket *bucket, u32 rate, u32 burst, u64 now_ns)
{
	bucket->rate = rate;
	bucket->burst = burst;
	bucket->level = burst * TOKEN;
	bucket->at_ns = now_ns;
}

void agentsys_bucket_set(struct agentsys_bucket *bucket, u32 rate, u32 burst, u64 now_ns)
{
	refill(bucket, now_ns);
	bucket->rate = rate;
	bucket->burst = burst;
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

u64 agentsys_bucket_wait_ns(struct agentsys_bucket *bucket, u32 n, u64 now_ns)
{
	u64 missing, behind_ns;

	refill(bucket, now_ns);
	if (!bucket->rate || bucket->level >= n * TOKEN)
		return 0;
	if (n > bucket->burst)
		return U64_MAX;
	missing = n * TOKEN - bucket->level;
	/* Nothing comes before a clock that went back is where it was. */
	behind_ns = bucket->at_ns - now_ns;
	missing = div_u64(missing + bucket->rate - 1, bucket->rate);
	return missing < U64_MAX - behind_ns ? missing + behind_ns : U64_MAX - 1;
}
