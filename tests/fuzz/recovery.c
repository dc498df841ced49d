// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is done about faults, one after the other, against a ladder that is read
 * off a list of all that happened.
 *
 * fuzz: -max_len=192 -runs=60000
 */
#include "fuzz.h"
#include "recovery.h"

/* Rung by rung over the times of all faults, the last one being now. */
static u32 naive_rung(const u64 *at, u32 n, const struct agentsys_recovery *recovery)
{
	u32 rung = 0, on_it = 0;
	u64 first = 0;

	for (u32 i = 0; i < n; i++) {
		if (on_it && (at[i] < first || at[i] - first > recovery->within_ms)) {
			rung = 0;
			on_it = 0;
		} else if (on_it && on_it == recovery->after) {
			rung = rung < AGENTSYS_RECOVER_KILL ? rung + 1 : rung;
			on_it = 0;
		}
		if (!on_it)
			first = at[i];
		on_it++;
	}
	return rung;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz in = { data, size };
	struct agentsys_recovery recovery = { 0 };
	struct agentsys_recovery_own own = { 0 };
	struct agentsys_ladder ladder = { 0 };
	u64 at[200], now = 0;
	u32 n = 0;

	agentsys_recovery_preset(&recovery, fuzz_u8(&in) % 3);
	CHECK(agentsys_recovery_is(&recovery) < AGENTSYS_PRESET_CUSTOM);
	recovery.after = fuzz_u8(&in) % 5;
	recovery.within_ms = (u32)fuzz_any(&in);
	own.has = (u32)fuzz_any(&in);
	for (u32 i = 0; i < __AGENTSYS_FAULTS; i++)
		own.action[i] = fuzz_u8(&in) % (__AGENTSYS_RECOVERS + 1);
	while (in.left && n < ARRAY_SIZE(at)) {
		u32 fault = fuzz_u8(&in) % (__AGENTSYS_FAULTS + 1);
		bool real = fault > AGENTSYS_FAULT_NONE && fault < __AGENTSYS_FAULTS;
		u32 action, expected = AGENTSYS_RECOVER_ALERT;

		now = fuzz_u8(&in) % 8 ? now + fuzz_any(&in) : fuzz_any(&in);
		if (real) {
			at[n++] = now;
			expected = own.has >> fault & 1 ? own.action[fault] :
							  recovery.action[fault];
			if (recovery.after && naive_rung(at, n, &recovery) > expected &&
			    !(fault == AGENTSYS_FAULT_MEMORY_LIMIT &&
			      naive_rung(at, n, &recovery) == AGENTSYS_RECOVER_THROTTLE))
				expected = naive_rung(at, n, &recovery);
			if (!agentsys_recovery_fits(fault, expected))
				expected = AGENTSYS_RECOVER_ALERT;
		}
		action = agentsys_recovery_decide(&recovery, &own, &ladder, fault, now);
		CHECK(action == expected);
	}
	return 0;
}
