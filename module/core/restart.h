/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether and when what has ended is started again.
 */
#ifndef AGENTSYS_CORE_RESTART_H
#define AGENTSYS_CORE_RESTART_H

#include "env.h"

/**
 * struct agentsys_restart_policy - when and how fast an agent is restarted
 * @condition: enum agentsys_restart; what is unknown counts as never
 * @max_restarts: restarts in its life
 * @backoff_initial_ms: delay before the first one; 0 restarts at once
 * @backoff_max_ms: the delay grows up to here
 * @backoff_kind: enum agentsys_backoff; what is unknown counts as exponential
 * @jitter: per cent of the delay, up to which are added at random; 100 at most
 * @stable_ms: the delay starts anew after an instance that ran so long
 * @breaker: restarts in a row without a stable run that open the circuit, 0 for none
 * @breaker_ms: for how long
 * @never_causes: enum agentsys_cause, a bit each: not restarted after these
 * @success_signals: signals that are no failure, n is bit n - 1
 * @never_signals: signals after which it is not restarted
 * @success_codes: exit codes that are no failure
 * @never_codes: exit codes after which it is not restarted
 */
struct agentsys_restart_policy {
	u32 condition;
	u32 max_restarts;
	u32 backoff_initial_ms;
	u32 backoff_max_ms;
	u32 backoff_kind;
	u32 jitter;
	u32 stable_ms;
	u32 breaker;
	u32 breaker_ms;
	u32 never_causes;
	u64 success_signals;
	u64 never_signals;
	u64 success_codes[AGENTSYS_CODE_WORDS];
	u64 never_codes[AGENTSYS_CODE_WORDS];
};

/**
 * struct agentsys_restart_past - what there was since it was last started by hand
 * @used: restarts
 * @streak: restarts in a row of instances that did not run for the stable time
 * @survival_ms: how long instances survive: the mean of the last one and of this
 *	before it; 0 before the first has ended
 */
struct agentsys_restart_past {
	u32 used;
	u32 streak;
	u32 survival_ms;
};

/**
 * struct agentsys_end - how an instance ended
 * @cause: enum agentsys_cause
 * @code: exit code, signal, errno or fault, as the cause says
 * @ran_ms: how long it ran, 0 if it never did
 */
struct agentsys_end {
	u32 cause;
	s32 code;
	u64 ran_ms;
};

/**
 * struct agentsys_verdict - what becomes of an ended agent
 * @state: AGENTSYS_BACKOFF, _EXITED or _FAILED
 * @delay_ms: for BACKOFF, how long until the restart
 * @opens: for BACKOFF, the circuit opens: the delay is the break
 */
struct agentsys_verdict {
	u32 state;
	u32 delay_ms;
	bool opens;
};

/* The condition of a member, which has none of its own, of a group of this strategy. */
static inline u32 agentsys_strategy_condition(u32 strategy)
{
	switch (strategy) {
	case AGENTSYS_PERMANENT:
		return AGENTSYS_RESTART_NEVER;
	case AGENTSYS_TRANSIENT:
		return AGENTSYS_RESTART_ON_FAILURE;
	default:
		return AGENTSYS_RESTART_ALWAYS;
	}
}

/* Did it end otherwise than well and without being asked? */
bool agentsys_end_abnormal(const struct agentsys_restart_policy *policy, u32 cause, s32 code);

/*
 * What is left of the policy of one that was killed for @fault: @restarts, so that it is
 * started again. AGENTSYS_FAULT_NONE: it was not, and all of it is.
 */
void agentsys_restart_for_fault(struct agentsys_restart_policy *policy, u32 fault, bool restarts);

/* Delay before restart number @n in a row, counted from 1; without jitter and breaker. */
u32 agentsys_backoff_ms(const struct agentsys_restart_policy *policy, u32 n, u32 survival_ms);

/* A delay with its jitter: longer by up to so many per cent, as @random, any number, says. */
u32 agentsys_jitter_ms(u32 delay_ms, u32 percent, u32 random);

/*
 * What becomes of it. @past learns of the end, and of the restart but for @used,
 * which counts when that is made. @random: any number, for the jitter.
 */
void agentsys_restart_decide(const struct agentsys_restart_policy *policy,
			     struct agentsys_restart_past *past, const struct agentsys_end *end,
			     u32 random, struct agentsys_verdict *verdict);

/* The circuit of an agent in @state, whose instance has run for @ran_ms. */
enum agentsys_circuit agentsys_circuit_of(const struct agentsys_restart_policy *policy, u32 streak,
					  u32 state, u64 ran_ms);

#endif /* AGENTSYS_CORE_RESTART_H */
