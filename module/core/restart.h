/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AGENTSYS_CORE_RESTART_H
#define AGENTSYS_CORE_RESTART_H

#include "env.h"

/**
 * struct agentsys_restart_policy - when and how fast an agent is restarted
 * @condition: enum agentsys_restart; what is unknown counts as never
 * @max_restarts: restarts in its life
 * @backoff_initial_ms: delay before the first one; 0 restarts at once
 * @backoff_max_ms: the delay doubles up to here
 */
struct agentsys_restart_policy {
	u32 condition;
	u32 max_restarts;
	u32 backoff_initial_ms;
	u32 backoff_max_ms;
};

/**
 * struct agentsys_verdict - what becomes of an ended agent
 * @state: AGENTSYS_BACKOFF, _EXITED or _FAILED
 * @delay_ms: for BACKOFF, how long until the restart
 */
struct agentsys_verdict {
	u32 state;
	u32 delay_ms;
};

/* Did it end otherwise than with exit code 0 and without being asked? */
bool agentsys_cause_abnormal(enum agentsys_cause cause, s32 code);

/* Delay before restart number @n, counted from 1. */
u32 agentsys_backoff_ms(const struct agentsys_restart_policy *policy, u32 n);

void agentsys_restart_decide(const struct agentsys_restart_policy *policy, u32 restarts_used,
			     enum agentsys_cause cause, s32 code, struct agentsys_verdict *verdict);

#endif /* AGENTSYS_CORE_RESTART_H */
