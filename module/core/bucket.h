/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A token bucket: so many per second, and so many at once after a rest.
 */
#ifndef AGENTSYS_CORE_BUCKET_H
#define AGENTSYS_CORE_BUCKET_H

#include "env.h"

/**
 * struct agentsys_bucket - a token bucket
 * @rate: tokens that come in a second; 0 sets no limit
 * @burst: tokens that it holds
 * @level: what is in it at @at_ns, in billionths of a token
 * @at_ns: the latest time that it was looked at
 *
 * The clock may stand still and go on anywhere: one that goes back adds nothing
 * until it is where it was, and one far ahead fills the bucket, no more.
 */
struct agentsys_bucket {
	u32 rate;
	u32 burst;
	u64 level;
	u64 at_ns;
};

/* A full one. */
void agentsys_bucket_init(struct agentsys_bucket *bucket, u32 rate, u32 burst, u64 now_ns);

/* Change it while it is in use: what is in it stays, as far as there is room. */
void agentsys_bucket_set(struct agentsys_bucket *bucket, u32 rate, u32 burst, u64 now_ns);

/* Take @n tokens. False: there are not so many, and none is taken. */
bool agentsys_bucket_take(struct agentsys_bucket *bucket, u32 n, u64 now_ns);

/* In how many ns @n tokens are there: 0 if they are, U64_MAX if there is no room for them. */
u64 agentsys_bucket_wait_ns(struct agentsys_bucket *bucket, u32 n, u64 now_ns);

#endif /* AGENTSYS_CORE_BUCKET_H */
