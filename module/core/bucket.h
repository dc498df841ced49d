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
 * @debt: what was borrowed of those to come, likewise; nothing is in it until that is paid
 * @at_ns: the latest time that it was looked at
 *
 * The clock may stand still and go on anywhere: one that goes back adds nothing
 * until it is where it was, and one far ahead fills the bucket, no more.
 */
struct agentsys_bucket {
	u32 rate;
	u32 burst;
	u64 level;
	u64 debt;
	u64 at_ns;
};

/* A full one. */
void agentsys_bucket_init(struct agentsys_bucket *bucket, u32 rate, u32 burst, u64 now_ns);

/* Change it while it is in use: what is in it stays, as far as there is room; debts do not. */
void agentsys_bucket_set(struct agentsys_bucket *bucket, u32 rate, u32 burst, u64 now_ns);

/* Take @n tokens. False: there are not so many, and none is taken. */
bool agentsys_bucket_take(struct agentsys_bucket *bucket, u32 n, u64 now_ns);

/*
 * Take @n tokens, also of those that are still to come: in how many ns is the last of
 * them there? 0 if they all are. U64_MAX: too many are owed already, and none is taken.
 */
u64 agentsys_bucket_borrow(struct agentsys_bucket *bucket, u32 n, u64 now_ns);

/* Put back what was taken or borrowed, and not used. */
void agentsys_bucket_give(struct agentsys_bucket *bucket, u32 n, u64 now_ns);

/* Is it more than half full? */
bool agentsys_bucket_half_full(struct agentsys_bucket *bucket, u64 now_ns);

#endif /* AGENTSYS_CORE_BUCKET_H */
