// SPDX-License-Identifier: GPL-2.0-only
/* The limits of an agent: which are possible, and what goes with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core_random.h"
#include "limits.h"

static int check(struct agentsys_limits *limits)
{
	enum agentsys_limit wrong = __AGENTSYS_LIMITS;
	const char *why = NULL;
	int ret = agentsys_limits_check(limits, &wrong, &why);

	if (ret) {
		assert_true(wrong < __AGENTSYS_LIMITS);
		assert_non_null(why);
		return wrong;
	}
	return -1;
}

static void ranges(void **state)
{
	static const struct {
		enum agentsys_limit limit;
		u64 low, high;
	} bounds[] = {
		{ AGENTSYS_LIMIT_CPU_QUOTA, 1000, U64_MAX },
		{ AGENTSYS_LIMIT_CPU_PERIOD, 1000, 1000000 },
		{ AGENTSYS_LIMIT_SYSCALL_RATE, 1, U32_MAX },
		{ AGENTSYS_LIMIT_SYSCALL_BURST, 1, U32_MAX },
		{ AGENTSYS_LIMIT_WATCHDOG, 100, 86400000 },
		{ AGENTSYS_LIMIT_WATCHDOG_MODE, 1, AGENTSYS_WATCHDOG_PASSIVE },
		{ AGENTSYS_LIMIT_WATCHDOG_PHI, 1, 12000 },
		{ AGENTSYS_LIMIT_WATCHDOG_DEVIATION, 1, 86400000 },
		{ AGENTSYS_LIMIT_WATCHDOG_PAUSE, 1, 86400000 },
		{ AGENTSYS_LIMIT_WATCHDOG_START, 1, 1 },
		{ AGENTSYS_LIMIT_WATCHDOG_WINDOW, 2, 128 },
		{ AGENTSYS_LIMIT_MEMORY_MAX, 1, U64_MAX },
		{ AGENTSYS_LIMIT_MESSAGES, 1, U64_MAX },
		{ AGENTSYS_LIMIT_IO_READ, 2, U64_MAX },
		{ AGENTSYS_LIMIT_IO_WRITE, 2, U64_MAX },
		{ AGENTSYS_LIMIT_IO_READ_OPS, 2, U64_MAX },
		{ AGENTSYS_LIMIT_IO_WRITE_OPS, 2, U64_MAX },
		{ AGENTSYS_LIMIT_MEMORY_PRESSURE, 1, 100 },
		{ AGENTSYS_LIMIT_CPU_PRESSURE, 1, 100 },
		{ AGENTSYS_LIMIT_IO_PRESSURE, 1, 100 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bounds); i++) {
		struct agentsys_limits limits = { 0 };

		assert_int_equal(check(&limits), -1);
		limits.max[bounds[i].limit] = bounds[i].low;
		assert_int_equal(check(&limits), -1);
		limits.max[bounds[i].limit] = bounds[i].high;
		assert_int_equal(check(&limits), -1);
		limits.max[bounds[i].limit] = bounds[i].low - 1;
		assert_int_equal(check(&limits),
				 bounds[i].low > 1 ? (int)bounds[i].limit : -1);
		limits.max[bounds[i].limit] = bounds[i].high + 1;
		assert_int_equal(check(&limits),
				 bounds[i].high < U64_MAX ? (int)bounds[i].limit : -1);
	}
}

static void companions(void **state)
{
	static const struct {
		u64 rate, burst;
	} filled[] = { { 1, 20000 }, { 2000, 20000 }, { 2001, 20010 }, { U32_MAX, U32_MAX } };
	struct agentsys_limits limits = { 0 };

	assert_int_equal(check(&limits), -1);
	assert_int_equal(limits.max[AGENTSYS_LIMIT_CPU_PERIOD], 100000);
	assert_int_equal(limits.max[AGENTSYS_LIMIT_SYSCALL_BURST], 0);
	assert_false(agentsys_limits_any(&limits));
	for (size_t i = 0; i < ARRAY_SIZE(filled); i++) {
		limits.max[AGENTSYS_LIMIT_SYSCALL_RATE] = filled[i].rate;
		limits.max[AGENTSYS_LIMIT_SYSCALL_BURST] = 0;
		assert_int_equal(check(&limits), -1);
		assert_int_equal(limits.max[AGENTSYS_LIMIT_SYSCALL_BURST], filled[i].burst);
		assert_true(agentsys_limits_any(&limits));
	}
}

/* How phi is judged is filled in where it is, and only there. */
static void watchdog(void **state)
{
	struct agentsys_limits limits = { 0 };

	limits.max[AGENTSYS_LIMIT_WATCHDOG] = 1000;
	assert_int_equal(check(&limits), -1);
	assert_int_equal(limits.max[AGENTSYS_LIMIT_WATCHDOG_WINDOW], 0);
	limits.max[AGENTSYS_LIMIT_WATCHDOG_MODE] = AGENTSYS_WATCHDOG_PHI;
	assert_int_equal(check(&limits), -1);
	assert_int_equal(limits.max[AGENTSYS_LIMIT_WATCHDOG_PHI], 8000);
	assert_int_equal(limits.max[AGENTSYS_LIMIT_WATCHDOG_DEVIATION], 100);
	assert_int_equal(limits.max[AGENTSYS_LIMIT_WATCHDOG_WINDOW], 64);
	limits.max[AGENTSYS_LIMIT_WATCHDOG_WINDOW] = 7;
	assert_int_equal(check(&limits), -1);
	assert_int_equal(limits.max[AGENTSYS_LIMIT_WATCHDOG_WINDOW], 7);
}

/* One by one, in the order of what was said. */
static void change_against_twin(void **state)
{
	for (int n = 0; n < 20000; n++) {
		struct agentsys_limits limits, twin, before;
		struct agentsys_limits_change change = { 0 };
		u32 others = 0;

		for (u32 i = 0; i < __AGENTSYS_LIMITS; i++) {
			limits.max[i] = core_random_below(5);
			change.max[i] = core_random_below(5);
			change.has |= (u32)core_random_below(2) << i;
		}
		twin = limits;
		if (change.has & 1U << AGENTSYS_LIMIT_CPU_QUOTA &&
		    !(change.has & 1U << AGENTSYS_LIMIT_CPU_PERIOD))
			twin.max[AGENTSYS_LIMIT_CPU_PERIOD] = 0;
		if (change.has & 1U << AGENTSYS_LIMIT_SYSCALL_RATE &&
		    !(change.has & 1U << AGENTSYS_LIMIT_SYSCALL_BURST))
			twin.max[AGENTSYS_LIMIT_SYSCALL_BURST] = 0;
		for (u32 i = 0; i < __AGENTSYS_LIMITS; i++)
			if (change.has & 1U << i)
				twin.max[i] = change.max[i];
		before = limits;
		agentsys_limits_change(&limits, &change);
		assert_memory_equal(&limits, &twin, sizeof(twin));
		for (u32 i = 0; i < __AGENTSYS_LIMITS; i++)
			if (before.max[i] != twin.max[i])
				others |= 1U << i;
		assert_int_equal(agentsys_limits_differ(&before, &limits), others);
	}
}

/* What was never filled in is what it is filled in with. */
static void differences(void **state)
{
	struct agentsys_limits a = { 0 }, b = { 0 };

	assert_int_equal(check(&b), -1);
	assert_int_equal(agentsys_limits_differ(&a, &b), 0);
	b.max[AGENTSYS_LIMIT_CPU_PERIOD]++;
	b.max[__AGENTSYS_LIMITS - 1]++;
	assert_int_equal(agentsys_limits_differ(&a, &b),
			 1U << AGENTSYS_LIMIT_CPU_PERIOD | 1U << (__AGENTSYS_LIMITS - 1));
}

/*
 * resource_check_unlimited_skipped, of clawft_kernel/supervisor.rs: 0 is no limit, of whatever.
 */
static void nothing_is_no_limit(void **state)
{
	struct agentsys_limits limits = { 0 };

	assert_false(agentsys_limits_any(&limits));
	assert_false(agentsys_limits_io(&limits));
	assert_int_equal(check(&limits), -1);
	assert_false(agentsys_limits_any(&limits));
	limits.max[AGENTSYS_LIMIT_MESSAGES] = 1;
	assert_true(agentsys_limits_any(&limits));
	limits.max[AGENTSYS_LIMIT_MESSAGES] = 0;
	assert_false(agentsys_limits_any(&limits));
}

static void presets(void **state)
{
	struct agentsys_limits limits;

	memset(&limits, 0xff, sizeof(limits));
	assert_true(agentsys_limits_preset(&limits, AGENTSYS_LIMITS_NONE));
	assert_false(agentsys_limits_any(&limits));
	assert_true(agentsys_limits_preset(&limits, AGENTSYS_LIMITS_GUIDE));
	assert_int_equal(limits.max[AGENTSYS_LIMIT_MEMORY_MAX], 104857600);
	assert_int_equal(limits.max[AGENTSYS_LIMIT_CPU_QUOTA], 1000000);
	assert_int_equal(limits.max[AGENTSYS_LIMIT_CPU_PERIOD], 1000000);
	assert_int_equal(limits.max[AGENTSYS_LIMIT_SYSCALL_RATE], 1000);
	assert_int_equal(limits.max[AGENTSYS_LIMIT_SYSCALL_BURST], 20000);
	assert_int_equal(limits.max[AGENTSYS_LIMIT_WATCHDOG], 30000);
	assert_false(agentsys_limits_preset(&limits, __AGENTSYS_LIMITS_PRESETS));
	assert_int_equal(limits.max[AGENTSYS_LIMIT_MEMORY_MAX], 104857600);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),
		cmocka_unit_test(companions),
		cmocka_unit_test(watchdog),
		cmocka_unit_test(change_against_twin),
		cmocka_unit_test(differences),
		cmocka_unit_test(nothing_is_no_limit),
		cmocka_unit_test(presets),
	};

	core_random_init(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
