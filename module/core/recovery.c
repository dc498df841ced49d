// SPDX-License-Identifier: GPL-2.0-only
#include "recovery.h"

/* clang-format off */
static const u8 presets[][__AGENTSYS_FAULTS] = {
	[AGENTSYS_PRESET_PERMISSIVE] = {
		[0 ... __AGENTSYS_FAULTS - 1]		= AGENTSYS_RECOVER_ALERT,
	},
	[AGENTSYS_PRESET_DEFAULT] = {
		[AGENTSYS_FAULT_NONE]			= AGENTSYS_RECOVER_ALERT,
		[AGENTSYS_FAULT_CPU_QUOTA]		= AGENTSYS_RECOVER_THROTTLE,
		[AGENTSYS_FAULT_MEMORY_LIMIT]		= AGENTSYS_RECOVER_KILL,
		[AGENTSYS_FAULT_SYSCALL_FLOOD]		= AGENTSYS_RECOVER_THROTTLE,
		[AGENTSYS_FAULT_CRASH]			= AGENTSYS_RECOVER_RESTART,
		[AGENTSYS_FAULT_CAPABILITY_VIOLATION]	= AGENTSYS_RECOVER_KILL,
		[AGENTSYS_FAULT_POLICY_VIOLATION]	= AGENTSYS_RECOVER_KILL,
		[AGENTSYS_FAULT_UNRESPONSIVE]		= AGENTSYS_RECOVER_RESTART,
		[AGENTSYS_FAULT_PROCESS_LIMIT]		= AGENTSYS_RECOVER_ALERT,
		[AGENTSYS_FAULT_IO_LIMIT]		= AGENTSYS_RECOVER_THROTTLE,
		[AGENTSYS_FAULT_BUDGET]			= AGENTSYS_RECOVER_KILL,
	},
	[AGENTSYS_PRESET_STRICT] = {
		[AGENTSYS_FAULT_NONE]			= AGENTSYS_RECOVER_ALERT,
		[1 ... __AGENTSYS_FAULTS - 1]		= AGENTSYS_RECOVER_KILL,
	},
};

/* clang-format on */

static_assert(ARRAY_SIZE(presets) == AGENTSYS_PRESET_CUSTOM, "a preset has no actions");

bool agentsys_recovery_preset(struct agentsys_recovery *recovery, u32 preset)
{
	if (preset >= ARRAY_SIZE(presets))
		return false;
	memcpy(recovery->action, presets[preset], sizeof(recovery->action));
	return true;
}

enum agentsys_preset agentsys_recovery_is(const struct agentsys_recovery *recovery)
{
	u32 preset;

	for (preset = 0; preset < ARRAY_SIZE(presets); preset++)
		if (!memcmp(recovery->action, presets[preset], sizeof(recovery->action)))
			break;
	return preset;
}

bool agentsys_recovery_fits(u32 fault, u32 action)
{
	if (fault <= AGENTSYS_FAULT_NONE || fault >= __AGENTSYS_FAULTS)
		return false;
	/* What is spent is spent for the next instance too. */
	if (action == AGENTSYS_RECOVER_RESTART)
		return fault != AGENTSYS_FAULT_BUDGET;
	if (action != AGENTSYS_RECOVER_THROTTLE)
		return action < __AGENTSYS_RECOVERS;
	return fault == AGENTSYS_FAULT_CPU_QUOTA || fault == AGENTSYS_FAULT_SYSCALL_FLOOD ||
	       fault == AGENTSYS_FAULT_IO_LIMIT || fault == AGENTSYS_FAULT_MEMORY_LIMIT;
}

u32 agentsys_recovery_action(const struct agentsys_recovery *recovery,
			     const struct agentsys_recovery_own *own, u32 fault)
{
	return own && own->has >> fault & 1 ? own->action[fault] : recovery->action[fault];
}

/* The rung that this fault is dealt with on. */
static u32 climb(const struct agentsys_recovery *recovery, struct agentsys_ladder *ladder,
		 u64 now_ms)
{
	bool fresh = !ladder->faults || now_ms < ladder->since_ms ||
		     now_ms - ladder->since_ms > recovery->within_ms;

	if (fresh) {
		ladder->rung = AGENTSYS_RECOVER_ALERT;
		ladder->faults = 0;
	} else if (ladder->faults >= recovery->after) {
		if (ladder->rung < AGENTSYS_RECOVER_KILL)
			ladder->rung++;
		ladder->faults = 0;
	}
	if (!ladder->faults++)
		ladder->since_ms = now_ms;
	return ladder->rung;
}

enum agentsys_recover agentsys_recovery_decide(const struct agentsys_recovery *recovery,
					       const struct agentsys_recovery_own *own,
					       struct agentsys_ladder *ladder, u32 fault,
					       u64 now_ms)
{
	u32 action, rung;

	if (fault <= AGENTSYS_FAULT_NONE || fault >= __AGENTSYS_FAULTS)
		return AGENTSYS_RECOVER_ALERT;
	action = agentsys_recovery_action(recovery, own, fault);
	if (recovery->after) {
		rung = climb(recovery, ladder, now_ms);
		/* Who comes to its limit of memory is past what it could be slowed down for. */
		if (fault == AGENTSYS_FAULT_MEMORY_LIMIT && rung == AGENTSYS_RECOVER_THROTTLE)
			rung = AGENTSYS_RECOVER_ALERT;
		if (rung > action)
			action = rung;
	}
	return agentsys_recovery_fits(fault, action) ? action : AGENTSYS_RECOVER_ALERT;
}
