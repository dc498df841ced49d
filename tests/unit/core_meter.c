// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core_random.h"
#include "meter.h"

#define QUIET  AGENTSYS_READING_QUIET
#define WARNS  AGENTSYS_READING_WARNS
#define FAULTS AGENTSYS_READING_FAULTS

static void warns_at_80_percent(void **unused)
{
	struct agentsys_meter m;

	(void)unused;
	agentsys_meter_begin(&m, 0, 0);
	assert_int_equal(agentsys_meter_count(&m, 100, 1000, 79, 1), QUIET);
	assert_int_equal(agentsys_meter_count(&m, 100, 1000, 80, 2), WARNS);
	assert_int_equal(agentsys_meter_count(&m, 100, 1000, 99, 3), QUIET);
	assert_int_equal(agentsys_meter_count(&m, 100, 1000, 100, 4), FAULTS);
	assert_int_equal(agentsys_meter_count(&m, 100, 1000, 900, 5), QUIET);
	assert_int_equal(m.used, 900);
}

/* Not a part of a unit too early: 80 per cent of 7 are 5.6. */
static void the_percentage_is_exact(void **unused)
{
	(void)unused;
	for (u64 limit = 1; limit < 300; limit++) {
		for (u64 used = 0; used <= limit; used++) {
			struct agentsys_meter m;
			enum agentsys_reading expected = QUIET;

			agentsys_meter_begin(&m, 0, 0);
			if (used == limit)
				expected = FAULTS;
			else if (5 * used >= 4 * limit)
				expected = WARNS;
			assert_int_equal(agentsys_meter_level(&m, limit, 0, used, 0), expected);
		}
	}
}

/* A fault says it all: no warning follows it, and each comes again in the next window. */
static void once_in_a_window(void **unused)
{
	struct agentsys_meter m;

	(void)unused;
	agentsys_meter_begin(&m, 1000, 0);
	assert_int_equal(agentsys_meter_count(&m, 100, 1000, 1150, 10), FAULTS);
	assert_int_equal(agentsys_meter_count(&m, 100, 1000, 1190, 20), QUIET);
	assert_int_equal(agentsys_meter_count(&m, 100, 1000, 1190, 1000), QUIET);
	assert_int_equal(agentsys_meter_count(&m, 100, 1000, 1270, 1500), WARNS);
	assert_int_equal(agentsys_meter_count(&m, 100, 1000, 1289, 1999), QUIET);
	assert_int_equal(agentsys_meter_count(&m, 100, 1000, 1290, 1999), FAULTS);
}

static void no_limit(void **unused)
{
	struct agentsys_meter m;

	(void)unused;
	agentsys_meter_begin(&m, 0, 0);
	assert_int_equal(agentsys_meter_count(&m, 0, 1000, ~0ULL, 1), QUIET);
	assert_int_equal(agentsys_meter_level(&m, 0, 1000, ~0ULL, 1), QUIET);
	assert_true(m.used == ~0ULL);
	/* One that is set later counts what was used in this window. */
	assert_int_equal(agentsys_meter_level(&m, 5, 1000, 5, 2), FAULTS);
}

/* What is spread over three windows by a late reading is no fault of any of them. */
static void late_readings(void **unused)
{
	struct agentsys_meter m;

	(void)unused;
	agentsys_meter_begin(&m, 0, 0);
	assert_int_equal(agentsys_meter_count(&m, 100, 1000, 239, 3000), QUIET);
	assert_int_equal(agentsys_meter_count(&m, 100, 1000, 239 + 240, 6000), WARNS);
	assert_int_equal(agentsys_meter_count(&m, 100, 1000, 479 + 150, 7500), FAULTS);
	/* Much later, all that is too much for so many windows still is. */
	assert_int_equal(agentsys_meter_count(&m, 100, 1000, 629 + 25600, ~0ULL), FAULTS);
}

static void without_a_window(void **unused)
{
	struct agentsys_meter m;

	(void)unused;
	agentsys_meter_begin(&m, 0, 0);
	assert_int_equal(agentsys_meter_count(&m, 10, 0, 8, 1), WARNS);
	assert_int_equal(agentsys_meter_count(&m, 10, 0, 9, 1ULL << 60), QUIET);
	assert_int_equal(agentsys_meter_count(&m, 10, 0, 10, ~0ULL), FAULTS);
	assert_int_equal(agentsys_meter_count(&m, 10, 0, 1000, 0), QUIET);
}

/* The clock goes back, the counter begins anew: nothing is made up of that. */
static void what_goes_back(void **unused)
{
	struct agentsys_meter m;

	(void)unused;
	agentsys_meter_begin(&m, 500, 5000);
	assert_int_equal(agentsys_meter_count(&m, 100, 1000, 10, 5001), QUIET);
	assert_int_equal(m.used, 0);
	assert_int_equal(agentsys_meter_count(&m, 100, 1000, 90, 5002), WARNS);
	assert_int_equal(agentsys_meter_count(&m, 100, 1000, 95, 100), QUIET);
	assert_int_equal(agentsys_meter_count(&m, 100, 1000, 175, 101), WARNS);
}

/* Naive: every unit that was used, with its time, in windows that are counted one by one. */
static void against_twin(void **unused)
{
	(void)unused;
	for (int life = 0; life < 3000; life++) {
		u64 limit = core_random_u32() | 1;
		u64 total = core_random_u32(), now = core_random_u32();
		u32 window = 1 + core_random_below(2000);
		u64 base = total, begun = now;
		bool warned = false, faulted = false;
		struct agentsys_meter m;

		agentsys_meter_begin(&m, total, now);
		for (int i = 0; i < 100; i++) {
			enum agentsys_reading expected = QUIET;
			__uint128_t allowed, used;
			u64 elapsed;

			total += core_random_below(4) ? core_random_u32() % (limit / 2 + 1) :
							core_random_u32();
			now += core_random_below(16) ? core_random_below(window) :
						       core_random_u32();
			elapsed = now - begun;
			if (elapsed > 256ULL * window)
				elapsed = 256ULL * window;
			used = total - base;
			/* Each in the window's worth of units, rounded down. */
			allowed = elapsed < window ? limit :
						     (__uint128_t)limit * elapsed / window;
			if (used >= allowed && !faulted) {
				expected = FAULTS;
				faulted = warned = true;
			} else if (5 * used >= 4 * allowed && !warned) {
				expected = WARNS;
				warned = true;
			}
			assert_int_equal(agentsys_meter_count(&m, limit, window, total, now),
					 expected);
			if (now - begun >= window) {
				begun = now;
				base = total;
				warned = faulted = false;
			}
		}
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(warns_at_80_percent), cmocka_unit_test(the_percentage_is_exact),
		cmocka_unit_test(once_in_a_window),    cmocka_unit_test(no_limit),
		cmocka_unit_test(late_readings),       cmocka_unit_test(without_a_window),
		cmocka_unit_test(what_goes_back),      cmocka_unit_test(against_twin),
	};

	core_random_init(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
