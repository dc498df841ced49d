// SPDX-License-Identifier: GPL-2.0-only
/* What is used of a limit in a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core_random.h"
#include "window.h"

#define QUIET  AGENTSYS_READING_QUIET
#define WARNS  AGENTSYS_READING_WARNS
#define FAULTS AGENTSYS_READING_FAULTS

typedef unsigned __int128 u128;

static void quota(void **state)
{
	struct agentsys_window w;
	u64 allowed = 0;

	/* 20 ms in 100 ms, looked at each second. */
	agentsys_window_begin(&w, 5000, 3, 1000);
	assert_int_equal(agentsys_window_look(&w, 20000, 100000, 1000, 165000, 3, true, 1999,
					      &allowed), QUIET); /* too early */
	assert_int_equal(w.base, 5000);
	assert_int_equal(agentsys_window_look(&w, 20000, 100000, 1000, 164999, 3, true, 2000,
					      &allowed), QUIET);
	assert_int_equal(allowed, 200000);
	assert_int_equal(w.used, 159999);
	assert_int_equal(agentsys_window_look(&w, 20000, 100000, 1000, 324999, 3, true, 3000,
					      &allowed), WARNS);
	/* All of it is used, but it was never held. */
	assert_int_equal(agentsys_window_look(&w, 20000, 100000, 1000, 524999, 3, true, 4000,
					      &allowed), WARNS);
	assert_int_equal(agentsys_window_look(&w, 20000, 100000, 1000, 525000, 4, true, 4500,
					      &allowed), FAULTS);
	assert_int_equal(allowed, 100000);
	/* A look that is late. */
	assert_int_equal(agentsys_window_look(&w, 20000, 100000, 1000, 925000, 4, false, 6500,
					      &allowed), FAULTS);
	assert_int_equal(allowed, 400000);
	assert_int_equal(agentsys_window_pace(&w, 100000), 20000);
}

static void odd_counters(void **state)
{
	struct agentsys_window w;
	u64 allowed;

	agentsys_window_begin(&w, 100, 5, 1000);
	assert_int_equal(agentsys_window_pace(&w, 1000000), 0);
	/* They began anew, or the clock did. */
	assert_int_equal(agentsys_window_look(&w, 10, 1000000, 1000, 50, 0, false, 2000, &allowed),
			 QUIET);
	assert_int_equal(w.base, 50);
	assert_int_equal(agentsys_window_look(&w, 10, 1000000, 1000, 60, 0, false, 0, &allowed),
			 QUIET);
	assert_int_equal(agentsys_window_look(&w, 10, 1000000, 1000, 60, 1, false, 0, &allowed),
			 FAULTS);
	assert_int_equal(allowed, 0);
	assert_int_equal(agentsys_window_look(&w, U64_MAX, 1000000, 1000, U64_MAX, 1, false, 2000,
					      &allowed), WARNS);
	assert_true(allowed == U64_MAX);
}

static void warnings(void **state)
{
	assert_int_equal(agentsys_warning_at(1), 1);
	assert_int_equal(agentsys_warning_at(5), 4);
	assert_int_equal(agentsys_warning_at(100), 80);
	assert_true(agentsys_warning_at(U64_MAX) == U64_MAX / 5 * 4);
}

/*
 * What a supervisor of processes, clawft_kernel/supervisor.rs, reads from what is used of a limit,
 * by the names of its tests. seed_supervisor.py says where the rest of them is.
 */
static void readings_of_the_supervisor(void **state)
{
	static const struct {
		u64 limit, used;
		enum agentsys_reading comes_to;
	} one[] = {
		/* resource_check_within_limits */
		{ 256 << 20, 100, QUIET },
		/* resource_check_warning_at_80_percent */
		{ 256 << 20, 220 << 20, WARNS },
		{ 100, 79, QUIET },
		{ 100, 80, WARNS },
		/* resource_check_exceeded_at_100_percent */
		{ 256 << 20, 300 << 20, FAULTS },
		{ 100, 99, WARNS },
		{ 100, 100, FAULTS },
		/* resource_check_multiple_exceeded: each for itself */
		{ 100, 200, FAULTS },
		{ 10, 20, FAULTS },
		/* resource_check_cpu_time_limit */
		{ 1000, 1000, FAULTS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(one); i++) {
		struct agentsys_window w;
		u64 allowed;

		agentsys_window_begin(&w, 0, 0, 0);
		assert_int_equal(agentsys_window_look(&w, one[i].limit, 1000000, 1000, one[i].used,
						      0, false, 1000, &allowed), one[i].comes_to);
		assert_int_equal(allowed, one[i].limit);
		/* Budgets, memory and processes are not of a time, and warned of alike. */
		assert_int_equal(one[i].used >= agentsys_warning_at(one[i].limit),
				 one[i].comes_to != QUIET);
	}
}

/* In numbers that hold everything. */
static void against_twin(void **state)
{
	for (int n = 0; n < 50000; n++) {
		u64 amount = core_random() >> core_random_below(64);
		u32 per_us = 1000 + core_random_below(1000000), ms = core_random_below(7200000);
		u64 us = ms < 3600000 ? (u64)ms * 1000 : 3600000000;
		u128 all = (u128)amount * us / per_us;
		u64 allowed = agentsys_allowed(amount, per_us, ms);
		struct agentsys_window w = {
			.used = core_random() >> core_random_below(64),
			.used_ms = 1 + core_random_below(3600000),
		};
		u128 pace = (u128)w.used * per_us / ((u128)w.used_ms * 1000);

		/* Exact, but where it is out of all proportion. */
		assert_true(allowed == U64_MAX ? all >= U64_MAX / 2 : allowed == all);
		assert_true(agentsys_window_pace(&w, per_us) == U64_MAX ?
				    pace >= U64_MAX / 4000000000ULL :
				    agentsys_window_pace(&w, per_us) == pace);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quota),
		cmocka_unit_test(odd_counters),
		cmocka_unit_test(warnings),
		cmocka_unit_test(readings_of_the_supervisor),
		cmocka_unit_test(against_twin),
	};

	core_random_init(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
