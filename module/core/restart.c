// SPDX-License-Identifier: GPL-2.0-only
#include "restart.h"

bool agentsys_cause_abnormal(enum agentsys_cause cause, s32 code)
{
	switch (cause) {
	case AGENTSYS_CAUSE_EXIT:
		return code != 0;
	case AGENTSYS_CAUSE_SIGNAL:
	case AGENTSYS_CAUSE_OOM:
	case AGENTSYS_CAUSE_FAULT:
	case AGENTSYS_CAUSE_LAUNCH:
		return true;
	default:
		return false;
	}
}

u32 agentsys_backoff_ms(const struct agentsys_restart_policy *policy, u32 n)
{
	u32 initial = policy->backoff_initial_ms;
	u32 max = policy->backoff_max_ms;
	u32 doublings = n ? n - 1 : 0;

	if (!initial)
		return 0;
	/* initial << doublings > max, without the overflow. */
	if (doublings >= 32 || initial > max >> doublings)
		return max;
	return initial << doublings;
}

static bool restart_wanted(u32 condition, enum agentsys_cause cause, s32 code)
{
	switch (condition) {
	case AGENTSYS_RESTART_ON_FAILURE:
		return agentsys_cause_abnormal(cause, code);
	case AGENTSYS_RESTART_ALWAYS:
		/* An end that was asked for is the asker's to follow up. */
		return cause == AGENTSYS_CAUSE_EXIT || agentsys_cause_abnormal(cause, code);
	default:
		return false;
	}
}

void agentsys_restart_decide(const struct agentsys_restart_policy *policy, u32 restarts_used,
			     enum agentsys_cause cause, s32 code, struct agentsys_verdict *verdict)
{
	verdict->delay_ms = 0;
	if (!restart_wanted(policy->condition, cause, code)) {
		verdict->state = cause == AGENTSYS_CAUSE_LAUNCH ? AGENTSYS_FAILED : AGENTSYS_EXITED;
	} else if (restarts_used >= policy->max_restarts) {
		verdict->state = AGENTSYS_FAILED;
	} else {
		verdict->state = AGENTSYS_BACKOFF;
		verdict->delay_ms = agentsys_backoff_ms(policy, restarts_used + 1);
	}
}
