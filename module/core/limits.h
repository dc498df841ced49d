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

/* Is there any limit at all? */
bool agentsys_limits_any(const struct agentsys_limits *limits);

#endif /* AGENTSYS_CORE_LIMITS_H */
