// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core_random.h"
#include "names.h"
#include "recovery.h"

#define ALERT	 AGENTSYS_RECOVER_ALERT
#define THROTTLE AGENTSYS_RECOVER_THROTTLE
#define RESTART	 AGENTSYS_RECOVER_RESTART
#define KILL	 AGENTSYS_RECOVER_KILL

static struct agentsys_recovery preset(u32 which)
{
	struct agentsys_recovery recovery = {};

	assert_true(agentsys_recovery_preset(&recovery, which));
	return recovery;
}

static u32 decide(const struct agentsys_recovery *recovery, u32 fault)
{
	struct agentsys_ladder ladder = {};

	return agentsys_recovery_decide(recovery, NULL, &ladder, fault, 0);
}

/* The guide's table of faults and default actions, and what it says of the two others. */
static void presets(void **unused)
{
	static const struct {
		u32 fault, action;
	} guide[] = {
		{ AGENTSYS_FAULT_CPU_QUOTA, THROTTLE },
		{ AGENTSYS_FAULT_MEMORY_LIMIT, KILL },
		{ AGENTSYS_FAULT_SYSCALL_FLOOD, THROTTLE },
		{ AGENTSYS_FAULT_CRASH, RESTART },
		{ AGENTSYS_FAULT_CAPABILITY_VIOLATION, KILL },
		{ AGENTSYS_FAULT_POLICY_VIOLATION, KILL },
		{ AGENTSYS_FAULT_UNRESPONSIVE, RESTART },
	};
	struct agentsys_recovery recovery = preset(AGENTSYS_PRESET_DEFAULT);

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(guide); i++)
		assert_int_equal(decide(&recovery, guide[i].fault), guide[i].action);
	for (u32 fault = 1; fault < __AGENTSYS_FAULTS; fault++) {
		recovery = preset(AGENTSYS_PRESET_PERMISSIVE);
		assert_int_equal(decide(&recovery, fault), ALERT);
		recovery = preset(AGENTSYS_PRESET_STRICT);
		assert_int_equal(decide(&recovery, fault), KILL);
	}
	assert_false(agentsys_recovery_preset(&recovery, AGENTSYS_PRESET_CUSTOM));
	assert_false(agentsys_recovery_preset(&recovery, 0xffffffff));
}

static void presets_are_known_again(void **unused)
{
	(void)unused;
	for (u32 which = 0; which < AGENTSYS_PRESET_CUSTOM; which++) {
		struct agentsys_recovery recovery = preset(which);

		recovery.after = 3;
		assert_int_equal(agentsys_recovery_is(&recovery), which);
		/* What a preset does not say stays. */
		assert_true(agentsys_recovery_preset(&recovery, which));
		assert_int_equal(recovery.after, 3);
		recovery.action[AGENTSYS_FAULT_CRASH] =
			recovery.action[AGENTSYS_FAULT_CRASH] == KILL ? ALERT : KILL;
		assert_int_equal(agentsys_recovery_is(&recovery), AGENTSYS_PRESET_CUSTOM);
	}
}

static void an_agents_own_comes_first(void **unused)
{
	struct agentsys_recovery recovery = preset(AGENTSYS_PRESET_STRICT);
	struct agentsys_recovery_own own = { .has = 1U << AGENTSYS_FAULT_MEMORY_LIMIT };
	struct agentsys_ladder ladder = {};

	(void)unused;
	assert_int_equal(agentsys_recovery_decide(&recovery, &own, &ladder,
						  AGENTSYS_FAULT_MEMORY_LIMIT, 0), ALERT);
	assert_int_equal(agentsys_recovery_decide(&recovery, &own, &ladder, AGENTSYS_FAULT_CRASH,
						  0), KILL);
}

static void what_does_not_fit_is_told(void **unused)
{
	struct agentsys_recovery recovery = preset(AGENTSYS_PRESET_DEFAULT);

	(void)unused;
	assert_true(agentsys_recovery_fits(AGENTSYS_FAULT_CPU_QUOTA, THROTTLE));
	assert_false(agentsys_recovery_fits(AGENTSYS_FAULT_CRASH, THROTTLE));
	assert_true(agentsys_recovery_fits(AGENTSYS_FAULT_CRASH, KILL));
	assert_false(agentsys_recovery_fits(AGENTSYS_FAULT_CRASH, __AGENTSYS_RECOVERS));
	assert_false(agentsys_recovery_fits(AGENTSYS_FAULT_NONE, ALERT));
	assert_false(agentsys_recovery_fits(AGENTSYS_FAULT_BUDGET, AGENTSYS_RECOVER_RESTART));
	assert_false(agentsys_recovery_fits(AGENTSYS_FAULT_BUDGET, AGENTSYS_RECOVER_THROTTLE));
	assert_true(agentsys_recovery_fits(AGENTSYS_FAULT_BUDGET, AGENTSYS_RECOVER_KILL));
	assert_false(agentsys_recovery_fits(__AGENTSYS_FAULTS, ALERT));
	recovery.action[AGENTSYS_FAULT_CRASH] = THROTTLE;
	assert_int_equal(decide(&recovery, AGENTSYS_FAULT_CRASH), ALERT);
	assert_int_equal(decide(&recovery, AGENTSYS_FAULT_NONE), ALERT);
	assert_int_equal(decide(&recovery, __AGENTSYS_FAULTS), ALERT);
	/* None of the presets asks for what cannot be done. */
	for (u32 which = 0; which < AGENTSYS_PRESET_CUSTOM; which++) {
		recovery = preset(which);
		for (u32 fault = 1; fault < __AGENTSYS_FAULTS; fault++)
			assert_true(agentsys_recovery_fits(fault, recovery.action[fault]));
	}
}

/* Two faults a rung, all within a minute of the first of a rung. */
static void the_ladder(void **unused)
{
	static const u32 expected[] = { ALERT, ALERT, THROTTLE, THROTTLE, RESTART, RESTART,
					KILL, KILL, KILL, KILL };
	struct agentsys_recovery recovery = preset(AGENTSYS_PRESET_PERMISSIVE);
	struct agentsys_ladder ladder = {};
	u64 now = 5;

	(void)unused;
	recovery.after = 2;
	recovery.within_ms = 60000;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_int_equal(agentsys_recovery_decide(&recovery, NULL, &ladder,
							  AGENTSYS_FAULT_CPU_QUOTA, now),
				 expected[i]);
		now += 1000;
	}
	/* It begins anew after a minute, and where the clock went back. */
	now += 60000;
	assert_int_equal(agentsys_recovery_decide(&recovery, NULL, &ladder,
						  AGENTSYS_FAULT_CPU_QUOTA, now), ALERT);
	ladder.rung = KILL;
	assert_int_equal(agentsys_recovery_decide(&recovery, NULL, &ladder,
						  AGENTSYS_FAULT_CPU_QUOTA, 0), ALERT);
}

/* It makes actions more severe, never milder. */
static void the_ladder_only_adds(void **unused)
{
	(void)unused;
	for (int i = 0; i < 20000; i++) {
		struct agentsys_recovery recovery = preset(core_random_below(3));
		struct agentsys_ladder ladder = {};
		u64 now = 0;

		recovery.after = core_random_below(4);
		recovery.within_ms = core_random_below(3000);
		for (int n = 0; n < 20; n++) {
			u32 fault = 1 + core_random_below(__AGENTSYS_FAULTS - 1);
			u32 action = agentsys_recovery_decide(&recovery, NULL, &ladder, fault,
							      now += core_random_below(1000));

			if (!recovery.after)
				assert_int_equal(action, recovery.action[fault]);
			assert_true(action >= recovery.action[fault] || action == ALERT);
			assert_true(agentsys_recovery_fits(fault, action));
		}
	}
}

static void names_both_ways(void **unused)
{
	(void)unused;
	for (u32 i = 0; i < __AGENTSYS_FAULTS; i++)
		assert_int_equal(agentsys_fault_number(agentsys_fault_name(i)), i);
	for (u32 i = 0; i < __AGENTSYS_RECOVERS; i++)
		assert_int_equal(agentsys_recover_number(agentsys_recover_name(i)), i);
	for (u32 i = 0; i < __AGENTSYS_PRESETS; i++)
		assert_int_equal(agentsys_preset_number(agentsys_preset_name(i)), i);
	assert_int_equal(agentsys_fault_number("cpuquota"), AGENTSYS_FAULT_CPU_QUOTA);
	assert_int_equal(agentsys_fault_number("cpu"), __AGENTSYS_FAULTS);
	assert_int_equal(agentsys_recover_number(""), __AGENTSYS_RECOVERS);
	assert_int_equal(agentsys_preset_number("strictest"), __AGENTSYS_PRESETS);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(presets),
		cmocka_unit_test(presets_are_known_again),
		cmocka_unit_test(an_agents_own_comes_first),
		cmocka_unit_test(what_does_not_fit_is_told),
		cmocka_unit_test(the_ladder),
		cmocka_unit_test(the_ladder_only_adds),
		cmocka_unit_test(names_both_ways),
	};

	core_random_init(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
