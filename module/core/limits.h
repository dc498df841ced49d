/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an agent may use.
 */
#ifndef AGENTSYS_CORE_LIMITS_H
#define AGENTSYS_CORE_LIMITS_H

#include "env.h"

/**
 * struct agentsys_limits - all limits of an agent
 * @max: by enum agentsys_limit; 0 is none
 */
struct agentsys_limits {
	u64 max[__AGENTSYS_LIMITS];
};

/*
 * Are they possible? Fills in what goes with those that are given: the period of a
 * quota, the burst of a rate. 0, or -EINVAL with @wrong and a sentence in @why.
 */
int agentsys_limits_check(struct agentsys_limits *limits, enum agentsys_limit *wrong,
			  const char **why);

/**
 * struct agentsys_limits_change - what to change of them
 * @has: a bit for each enum agentsys_limit that is given
 * @max: like agentsys_limits
 */
struct agentsys_limits_change {
	u32 has;
	u64 max[__AGENTSYS_LIMITS];
};

/*
 * A quota without a period has the usual one, whatever there was before, and a rate
 * without a burst likewise: agentsys_limits_check() fills them in.
 */
void agentsys_limits_change(struct agentsys_limits *limits,
			    const struct agentsys_limits_change *change);

/* Which are not the same: a bit for each enum agentsys_limit. */
u32 agentsys_limits_differ(const struct agentsys_limits *a, const struct agentsys_limits *b);

/* Those of a preset. False: no such one. */
bool agentsys_limits_preset(struct agentsys_limits *limits, u32 preset);

/**
 * struct agentsys_limits_use - what is used of them
 * @known: a bit for each enum agentsys_limit that is known
 * @of: in the units of the limit
 */
struct agentsys_limits_use {
	u32 known;
	u64 of[__AGENTSYS_LIMITS];
};

/* Is there one of I/O? */
bool agentsys_limits_io(const struct agentsys_limits *limits);

/* Is there any limit at all? */
bool agentsys_limits_any(const struct agentsys_limits *limits);

#endif /* AGENTSYS_CORE_LIMITS_H */
