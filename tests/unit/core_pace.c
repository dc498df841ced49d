// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core_random.h"
#include "pace.h"

#define SECOND 1000000000ULL

typedef unsigned __int128 u128;

static u32 news_of(struct agentsys_pace *p)
{
	u32 news = p->news;

	p->news = 0;
	return news;
}

static void a_burst_is_no_fault(void **unused)
{
	struct agentsys_pace p;

	(void)unused;
	agentsys_pace_begin(&p, 10, 50, 0);
	for (int i = 0; i < 50; i++)
		assert_true(agentsys_pace_take(&p, 1, 0));
	assert_int_equal(news_of(&p), AGENTSYS_PACE_WARNS);
	assert_false(agentsys_pace_take(&p, 1, 1));
	assert_int_equal(news_of(&p), AGENTSYS_PACE_FAULTS);
	assert_int_equal(agentsys_pace_measured(&p, 1), 50);
}

/* Each once in a window, and the warning at 80 per cent. */
static void told_once(void **unused)
{
	struct agentsys_pace p;

	(void)unused;
	agentsys_pace_begin(&p, 10, 10, 0);
	assert_true(agentsys_pace_take(&p, 7, 0));
	assert_int_equal(news_of(&p), 0);
	assert_true(agentsys_pace_take(&p, 1, 0));
	assert_int_equal(news_of(&p), AGENTSYS_PACE_WARNS);
	assert_true(agentsys_pace_take(&p, 2, 0));
	assert_int_equal(news_of(&p), 0);
	assert_false(agentsys_pace_take(&p, 1, 5));
	assert_int_equal(news_of(&p), AGENTSYS_PACE_FAULTS);
	agentsys_pace_let(&p, 100, 6);
	assert_false(agentsys_pace_take(&p, 11, SECOND + 4));
	assert_int_equal(news_of(&p), 0);
	assert_false(agentsys_pace_take(&p, 11, SECOND + 5));
	assert_int_equal(news_of(&p), AGENTSYS_PACE_FAULTS);
	agentsys_pace_let(&p, 8, SECOND + 6);
	assert_int_equal(news_of(&p), AGENTSYS_PACE_WARNS);
	/* The smallest rate of all. */
	agentsys_pace_begin(&p, 1, 1, 0);
	assert_int_equal(news_of(&p), 0);
	assert_true(agentsys_pace_take(&p, 1, 0));
	assert_int_equal(news_of(&p), AGENTSYS_PACE_WARNS);
}

static void measured(void **unused)
{
	struct agentsys_pace p;

	(void)unused;
	agentsys_pace_begin(&p, 1000, 1000, 0);
	agentsys_pace_let(&p, 600, SECOND / 2);
	assert_int_equal(agentsys_pace_measured(&p, SECOND - 1), 600);
	/* The window before counts as far as it is within the last second. */
	assert_int_equal(agentsys_pace_measured(&p, SECOND), 600);
	assert_int_equal(agentsys_pace_measured(&p, SECOND + SECOND / 4), 450);
	agentsys_pace_let(&p, 100, SECOND + SECOND / 2);
	assert_int_equal(agentsys_pace_measured(&p, SECOND + SECOND / 2), 400);
	assert_int_equal(agentsys_pace_measured(&p, 2 * SECOND), 100);
	assert_int_equal(agentsys_pace_measured(&p, 9 * SECOND), 0);
}

static void rested(void **unused)
{
	struct agentsys_pace p;

	(void)unused;
	agentsys_pace_begin(&p, 10, 20, 0);
	assert_true(agentsys_pace_take(&p, 20, 0));
	assert_true(agentsys_pace_borrow(&p, 10, 0) == SECOND);
	assert_false(agentsys_pace_rested(&p, 2 * SECOND));
	/* 11 are in it, ... */
	assert_false(agentsys_pace_rested(&p, 21 * SECOND / 10));
	assert_false(agentsys_pace_rested(&p, 31 * SECOND / 10 - 1));
	assert_true(agentsys_pace_rested(&p, 31 * SECOND / 10));
	/* ... and if they are taken meanwhile it begins anew. */
	assert_true(agentsys_pace_take(&p, 20, 4 * SECOND));
	assert_false(agentsys_pace_rested(&p, 4 * SECOND));
	assert_false(agentsys_pace_rested(&p, 52 * SECOND / 10));
	assert_false(agentsys_pace_rested(&p, 53 * SECOND / 10));
	assert_true(agentsys_pace_rested(&p, 63 * SECOND / 10));
}

/* Who borrows and gives back has not called. */
static void given_back(void **unused)
{
	struct agentsys_pace p;

	(void)unused;
	agentsys_pace_begin(&p, 10, 10, 0);
	assert_true(agentsys_pace_take(&p, 10, 0));
	assert_true(agentsys_pace_borrow(&p, 5, 0) == SECOND / 2);
	agentsys_pace_give(&p, 5, 0);
	assert_int_equal(agentsys_pace_measured(&p, 0), 10);
	assert_true(agentsys_pace_borrow(&p, 1, 0) == SECOND / 10);
	/* After a change nobody owes anything. */
	agentsys_pace_change(&p, 100, 10, 0);
	assert_true(agentsys_pace_borrow(&p, 1, 0) == SECOND / 100);
}

static void lots(void **unused)
{
	(void)unused;
	assert_int_equal(agentsys_pace_lot(1, 1, 1), 1);
	assert_int_equal(agentsys_pace_lot(1000, 20000, 2), 31);
	assert_int_equal(agentsys_pace_lot(1000000, 20000, 2), 64);
	assert_int_equal(agentsys_pace_lot(1000000, 100, 2), 6);
	assert_int_equal(agentsys_pace_lot(U32_MAX, U32_MAX, 1), 64);
	for (int i = 0; i < 10000; i++) {
		u32 rate = core_random_u32() | 1, burst = core_random_u32() | 1;
		u32 cpus = 1 + core_random_below(4096);
		u32 lot = agentsys_pace_lot(rate, burst, cpus);

		assert_true(lot >= 1 && lot <= 64);
		assert_true(lot == 1 || (u64)lot * cpus * 16 <= rate);
		assert_true(lot == 1 || (u64)lot * cpus * 8 <= burst);
	}
}

/*
 * Whoever keeps asking and sleeps as he is told gets no more than what comes, whatever
 * the clock; and what is told is told once in a window.
 */
static void at_random(void **unused)
{
	(void)unused;
	for (int life = 0; life < 300; life++) {
		u32 rate = 1 + core_random_below(100000), burst = 1 + core_random_below(100000);
		u64 now = core_random() >> 2, begun = now, calls = 0, fault_at = 0;
		struct agentsys_pace p;

		agentsys_pace_begin(&p, rate, burst, now);
		for (int i = 0; i < 1000; i++) {
			u32 n = 1 + core_random_below(64);

			now += core_random() >> (30 + core_random_below(34));
			if (core_random_below(2)) {
				calls += agentsys_pace_take(&p, n, now) ? n : 0;
			} else {
				u64 wait = agentsys_pace_borrow(&p, n, now);

				now += wait;
				calls += n;
			}
			assert_true(calls <= burst + (u128)(now - begun) * rate /
							     SECOND + 1);
			if (!(p.news & AGENTSYS_PACE_FAULTS))
				continue;
			p.news = 0;
			assert_true(!fault_at || p.faulted_ns - fault_at >= SECOND);
			fault_at = p.faulted_ns;
		}
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_is_no_fault),
		cmocka_unit_test(told_once),
		cmocka_unit_test(measured),
		cmocka_unit_test(rested),
		cmocka_unit_test(given_back),
		cmocka_unit_test(lots),
		cmocka_unit_test(at_random),
	};

	core_random_init(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
