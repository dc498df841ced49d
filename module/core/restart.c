// SPDX-License-Identifier: GPL-2.0-only
#include "restart.h"

static bool has_code(const u64 codes[AGENTSYS_CODE_WORDS], s32 code)
{
	return code >= 0 && code < 64 * AGENTSYS_CODE_WORDS && codes[code / 64] >> code % 64 & 1;
}

static bool has_signal(u64 signals, s32 signal)
{
	return signal >= 1 && signal <= 64 && signals >> (signal - 1) & 1;
}

/* Nobody asked for it. */
static bool is_own(u32 cause)
{
	switch (cause) {
	case AGENTSYS_CAUSE_EXIT:
	case AGENTSYS_CAUSE_SIGNAL:
	case AGENTSYS_CAUSE_OOM:
	case AGENTSYS_CAUSE_FAULT:
	case AGENTSYS_CAUSE_LAUNCH:
	case AGENTSYS_CAUSE_LINK:
		return true;
	default:
		return false;
	}
}

bool agentsys_end_abnormal(const struct agentsys_restart_policy *policy, u32 cause, s32 code)
{
	switch (cause) {
	case AGENTSYS_CAUSE_EXIT:
		return code != 0 && !has_code(policy->success_codes, code);
	case AGENTSYS_CAUSE_SIGNAL:
		return !has_signal(policy->success_signals, code);
	default:
		return is_own(cause);
	}
}

void agentsys_restart_for_fault(struct agentsys_restart_policy *policy, u32 fault, bool restarts)
{
	if (fault == AGENTSYS_FAULT_NONE)
		return;
	/* What it has for its ends is no word against a restart that a fault asks for. */
	if (policy->condition != AGENTSYS_RESTART_NEVER && restarts) {
		policy->condition = AGENTSYS_RESTART_ALWAYS;
		policy->never_causes = 0;
	}
	/* What is spent is spent for the next instance too. */
	if (fault == AGENTSYS_FAULT_BUDGET)
		policy->condition = AGENTSYS_RESTART_NEVER;
}

static u32 adaptive_ms(const struct agentsys_restart_policy *policy, u32 survival_ms)
{
	u64 delay = div_u64((u64)policy->backoff_initial_ms * policy->stable_ms, survival_ms ?: 1);

	if (delay < policy->backoff_initial_ms)
		delay = policy->backoff_initial_ms;
	return delay < policy->backoff_max_ms ? delay : policy->backoff_max_ms;
}

static u32 linear_ms(const struct agentsys_restart_policy *policy, u32 n)
{
	u64 delay = (u64)policy->backoff_initial_ms * n;

	return delay < policy->backoff_max_ms ? delay : policy->backoff_max_ms;
}

static u32 exponential_ms(const struct agentsys_restart_policy *policy, u32 n)
{
	u32 initial = policy->backoff_initial_ms;
	u32 max = policy->backoff_max_ms;

	if (!initial)
		return 0;
	/* initial << (n - 1) > max, without the overflow. */
	if (n > 32 || initial > max >> (n - 1))
		return max;
	return initial << (n - 1);
}

u32 agentsys_backoff_ms(const struct agentsys_restart_policy *policy, u32 n, u32 survival_ms)
{
	n = n ?: 1;
	switch (policy->backoff_kind) {
	case AGENTSYS_BACKOFF_LINEAR:
		return linear_ms(policy, n);
	case AGENTSYS_BACKOFF_CONSTANT:
		return linear_ms(policy, 1);
	case AGENTSYS_BACKOFF_ADAPTIVE:
		return adaptive_ms(policy, survival_ms);
	default:
		return exponential_ms(policy, n);
	}
}

static bool is_excluded(const struct agentsys_restart_policy *policy,
			const struct agentsys_end *end)
{
	if (end->cause < 32 && policy->never_causes >> end->cause & 1)
		return true;
	if (end->cause == AGENTSYS_CAUSE_EXIT)
		return has_code(policy->never_codes, end->code);
	return end->cause == AGENTSYS_CAUSE_SIGNAL && has_signal(policy->never_signals, end->code);
}

static bool is_wanted(const struct agentsys_restart_policy *policy, const struct agentsys_end *end)
{
	bool abnormal = agentsys_end_abnormal(policy, end->cause, end->code);

	if (is_excluded(policy, end))
		return false;
	switch (policy->condition) {
	case AGENTSYS_RESTART_ON_FAILURE:
		return abnormal;
	case AGENTSYS_RESTART_ON_ABNORMAL:
		return abnormal && end->cause != AGENTSYS_CAUSE_EXIT &&
		       end->cause != AGENTSYS_CAUSE_LAUNCH;
	case AGENTSYS_RESTART_ALWAYS:
		/* An end that was asked for is the asker's to follow up. */
		return is_own(end->cause);
	default:
		return false;
	}
}

static void learn(struct agentsys_restart_past *past, const struct agentsys_restart_policy *policy,
		  u64 ran_ms)
{
	u32 ran = ran_ms < U32_MAX ? ran_ms : U32_MAX;

	if (ran_ms >= policy->stable_ms)
		past->streak = 0;
	if (!ran)
		ran = 1;
	past->survival_ms = past->survival_ms ? past->survival_ms / 2 + ran / 2 +
							(past->survival_ms & ran & 1) :
						ran;
}

static bool is_broken(const struct agentsys_restart_policy *policy, u32 streak)
{
	return policy->breaker && streak > policy->breaker;
}

u32 agentsys_jitter_ms(u32 delay_ms, u32 percent, u32 random)
{
	u64 most = div_u64((u64)delay_ms * (percent < 100 ? percent : 100), 100);
	u64 sum = delay_ms + ((most * random) >> 32);

	return sum < U32_MAX ? sum : U32_MAX;
}

void agentsys_restart_decide(const struct agentsys_restart_policy *policy,
			     struct agentsys_restart_past *past, const struct agentsys_end *end,
			     u32 random, struct agentsys_verdict *verdict)
{
	verdict->delay_ms = 0;
	verdict->opens = false;
	learn(past, policy, end->ran_ms);
	if (!is_wanted(policy, end)) {
		verdict->state = end->cause == AGENTSYS_CAUSE_LAUNCH ? AGENTSYS_FAILED :
								       AGENTSYS_EXITED;
		return;
	}
	if (past->used >= policy->max_restarts) {
		verdict->state = AGENTSYS_FAILED;
		return;
	}
	verdict->state = AGENTSYS_BACKOFF;
	if (past->streak < U32_MAX)
		past->streak++;
	if (is_broken(policy, past->streak)) {
		verdict->opens = true;
		verdict->delay_ms = policy->breaker_ms;
		return;
	}
	verdict->delay_ms = agentsys_backoff_ms(policy, past->streak, past->survival_ms);
	verdict->delay_ms = agentsys_jitter_ms(verdict->delay_ms, policy->jitter, random);
}

enum agentsys_circuit agentsys_circuit_of(const struct agentsys_restart_policy *policy, u32 streak,
					  u32 state, u64 ran_ms)
{
	if (!is_broken(policy, streak) || state == AGENTSYS_EXITED || state == AGENTSYS_FAILED)
		return AGENTSYS_CIRCUIT_CLOSED;
	if (state == AGENTSYS_BACKOFF)
		return AGENTSYS_CIRCUIT_OPEN;
	return ran_ms < policy->stable_ms ? AGENTSYS_CIRCUIT_HALF_OPEN : AGENTSYS_CIRCUIT_CLOSED;
}
