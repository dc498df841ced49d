// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "budget.h"
#include "core_random.h"
#include "restart.h"

#define MINUTE_MS 60000

static bool is_endless(u32 budget, u32 within_ms, u32 initial_ms, u32 max_ms)
{
	const struct agentsys_restart_policy backoff = {
		.backoff_initial_ms = initial_ms,
		.backoff_max_ms = max_ms,
	};

	return agentsys_budget_endless(budget, within_ms, &backoff);
}

static u32 least(u32 a, u32 b)
{
	return a < b ? a : b;
}

static u32 remaining(struct agentsys_spent *spent, u32 budget, u64 now)
{
	return budget - least(budget, agentsys_budget_used(spent, MINUTE_MS, now));
}

/* Delay before the restart that was counted last. */
static u32 delay_ms(const struct agentsys_spent *spent)
{
	const struct agentsys_restart_policy p = { .backoff_initial_ms = 100,
						   .backoff_max_ms = 30000 };

	return agentsys_backoff_ms(&p, spent->n, 0);
}

/* ---- what a restart tracker with a budget is commonly asked to do ---- */

static void tracker_new_starts_at_zero(void **unused)
{
	struct agentsys_spent spent = {};

	(void)unused;
	assert_int_equal(agentsys_budget_used(&spent, MINUTE_MS, 0), 0);
	assert_int_equal(agentsys_budget_used(&spent, MINUTE_MS, ~0ULL), 0);
}

static void tracker_records_last_restart(void **unused)
{
	struct agentsys_spent spent = {};

	(void)unused;
	agentsys_budget_spend(&spent, 5, MINUTE_MS, 4711);
	assert_int_equal(spent.n, 1);
	assert_int_equal(spent.at_ms[0], 4711);
}

static void tracker_budget_exceeded_returns_false(void **unused)
{
	struct agentsys_spent spent = {};

	(void)unused;
	assert_true(agentsys_budget_spend(&spent, 2, MINUTE_MS, 1));
	assert_true(agentsys_budget_spend(&spent, 2, MINUTE_MS, 2));
	assert_false(agentsys_budget_spend(&spent, 2, MINUTE_MS, 3));
}

static void tracker_budget_within_returns_true(void **unused)
{
	struct agentsys_spent spent = {};

	(void)unused;
	for (int i = 0; i < 5; i++)
		assert_true(agentsys_budget_spend(&spent, 5, MINUTE_MS, 0));
}

/* Five within a minute are allowed by default, and such a budget can be spent. */
static void restart_budget_default(void **unused)
{
	struct agentsys_spent spent = {};
	u64 now = 1000;

	(void)unused;
	assert_false(is_endless(5, MINUTE_MS, 100, 30000));
	for (int i = 0; i < 5; i++) {
		assert_true(agentsys_budget_spend(&spent, 5, MINUTE_MS, now));
		now += delay_ms(&spent);
	}
	assert_false(agentsys_budget_spend(&spent, 5, MINUTE_MS, now));
}

static void tracker_is_exhausted_when_at_max(void **unused)
{
	struct agentsys_spent spent = {};

	(void)unused;
	assert_int_not_equal(remaining(&spent, 3, 0), 0);
	agentsys_budget_spend(&spent, 3, MINUTE_MS, 0);
	agentsys_budget_spend(&spent, 3, MINUTE_MS, 0);
	assert_int_not_equal(remaining(&spent, 3, 0), 0);
	agentsys_budget_spend(&spent, 3, MINUTE_MS, 0);
	assert_int_equal(remaining(&spent, 3, 0), 0);
	/* And not any more when they are old. */
	assert_int_equal(remaining(&spent, 3, MINUTE_MS), 0);
	assert_int_equal(remaining(&spent, 3, MINUTE_MS + 1), 3);
}

static void tracker_remaining_decreases(void **unused)
{
	struct agentsys_spent spent = {};

	(void)unused;
	assert_int_equal(remaining(&spent, 5, 0), 5);
	agentsys_budget_spend(&spent, 5, MINUTE_MS, 0);
	assert_int_equal(remaining(&spent, 5, 0), 4);
	agentsys_budget_spend(&spent, 5, MINUTE_MS, 0);
	assert_int_equal(remaining(&spent, 5, 0), 3);
}

static void tracker_remaining_saturates_at_zero(void **unused)
{
	struct agentsys_spent spent = {};

	(void)unused;
	agentsys_budget_spend(&spent, 2, MINUTE_MS, 0);
	agentsys_budget_spend(&spent, 2, MINUTE_MS, 0);
	assert_int_equal(remaining(&spent, 2, 0), 0);
	agentsys_budget_spend(&spent, 2, MINUTE_MS, 0);
	assert_int_equal(remaining(&spent, 2, 0), 0);
	assert_int_equal(agentsys_budget_used(&spent, MINUTE_MS, 0), 3);
}

static void tracker_backoff_sequence_matches_spec(void **unused)
{
	static const u32 delays[] = { 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000 };
	struct agentsys_spent spent = {};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(delays); i++) {
		assert_true(agentsys_budget_spend(&spent, 20, 10 * MINUTE_MS, 0));
		assert_int_equal(delay_ms(&spent), delays[i]);
	}
}

static void tracker_backoff_exponential(void **unused)
{
	struct agentsys_spent spent = {};

	(void)unused;
	for (u32 delay = 100; delay <= 800; delay *= 2) {
		agentsys_budget_spend(&spent, 10, MINUTE_MS, 0);
		assert_int_equal(delay_ms(&spent), delay);
	}
}

static void tracker_backoff_caps_at_30s(void **unused)
{
	struct agentsys_spent spent = {};

	(void)unused;
	for (int i = 0; i < 200; i++) {
		agentsys_budget_spend(&spent, AGENTSYS_BUDGET_MAX, MINUTE_MS, 0);
		assert_in_range(delay_ms(&spent), 100, 30000);
		if (i >= 20)
			assert_int_equal(delay_ms(&spent), 30000);
	}
}

/* ---- the window ---- */

/* Each row: restarts at these times, budget 2 within 1000 ms; which of them it allows. */
static const struct {
	u64 at_ms[8];
	const char *allowed;
} windows[] = {
	{ { 0, 0, 0, 0, 1000, 1001, 1001, 1001 }, "++---+--" },
	{ { 5, 6, 1005, 1006, 1007, 2007, 2008, 3009 }, "++---+++" },
	{ { 0, 1000, 2000, 3000, 4000, 5000, 6000, 7000 }, "++++++++" },
	{ { 0, 500, 1000, 1500, 2000, 2500, 3000, 3500 }, "++------" },
	{ { 0, 500, 1001, 1501, 2002, 2502, 3003, 3503 }, "++++++++" },
	{ { 0, 999, 1000, 1001, 2001, 3002, 3002, 3002 }, "++--+++-" },
	/* A burst at the end of one window and one at the beginning of the next. */
	{ { 998, 999, 1000, 1001, 1998, 1999, 2000, 2001 }, "++------" },
};

static void window_slides(void **unused)
{
	static const u64 starts[] = { 0, 1, 0xffffffff, 1ULL << 40, ~0ULL - 10000 };

	(void)unused;
	for (size_t s = 0; s < ARRAY_SIZE(starts); s++)
		for (size_t w = 0; w < ARRAY_SIZE(windows); w++) {
			struct agentsys_spent spent = {};

			for (size_t i = 0; i < 8; i++)
				if (agentsys_budget_spend(&spent, 2, 1000,
							  starts[s] + windows[w].at_ms[i]) !=
				    (windows[w].allowed[i] == '+'))
					fail_msg("window %zu, restart %zu", w, i);
		}
}

/* Intensity and period, as OTP documents them: 1 in 5 s without being told. */
static const struct {
	const char *name;
	u32 intensity, period_ms;
	u64 at_ms[5];
	const char *allowed; /* of those that there are */
} intensities[] = {
	{ "the default: one", 1, 5000, { 0 }, "+" },
	{ "the default: two in the period", 1, 5000, { 0, 5000 }, "+-" },
	{ "the default: two, further apart", 1, 5000, { 0, 5001 }, "++" },
	{ "those that are too many count too", 1, 5000, { 0, 2500, 5001, 7501 }, "+---" },
	{ "a burst, and long time nothing", 3, 1000, { 0, 0, 0, 1001, 1001 }, "+++++" },
	{ "a burst of one too many", 3, 1000, { 0, 0, 0, 0 }, "+++-" },
	{ "evenly, just below", 2, 1000, { 0, 501, 1002, 1503, 2004 }, "+++++" },
	{ "evenly, just above", 2, 1000, { 0, 500, 1000, 1500, 2000 }, "++---" },
	{ "none in any period", 0, 5000, { 0, 100000 }, "--" },
};

static void intensity_and_period(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(intensities); i++) {
		struct agentsys_spent spent = {};

		for (size_t n = 0; intensities[i].allowed[n]; n++)
			if (agentsys_budget_spend(&spent, intensities[i].intensity,
						  intensities[i].period_ms,
						  intensities[i].at_ms[n]) !=
			    (intensities[i].allowed[n] == '+'))
				fail_msg("%s: restart %zu", intensities[i].name, n);
	}
}

static void budget_of_none(void **unused)
{
	struct agentsys_spent spent = {};

	(void)unused;
	for (u64 now = 0; now < 10000; now += 100)
		assert_false(agentsys_budget_spend(&spent, 0, 1, now));
	assert_false(is_endless(0, 1, 0xffffffff, 0xffffffff));
}

/* More than fit: those that are forgotten are the oldest. */
static void newest_are_kept(void **unused)
{
	struct agentsys_spent spent = {};

	(void)unused;
	for (int i = 0; i < AGENTSYS_BUDGET_MAX; i++)
		assert_true(agentsys_budget_spend(&spent, AGENTSYS_BUDGET_MAX, 1000, 0));
	for (int i = 0; i < AGENTSYS_BUDGET_MAX; i++)
		assert_false(agentsys_budget_spend(&spent, AGENTSYS_BUDGET_MAX, 1000, 600));
	/* Those of 0 ms are old now, those of 600 ms are not. */
	assert_false(agentsys_budget_spend(&spent, AGENTSYS_BUDGET_MAX, 1000, 1001));
	assert_true(agentsys_budget_spend(&spent, AGENTSYS_BUDGET_MAX, 1000, 1601));
}

/* Naive twin: all restarts ever. */
struct all {
	u32 n;
	u64 at_ms[3000];
};

static u32 naive_used(const struct all *all, u32 within_ms, u64 now)
{
	u32 used = 0;

	for (u32 i = 0; i < all->n; i++)
		used += all->at_ms[i] + within_ms >= now;
	return used;
}

static void random_life(u32 budget, u32 within_ms, u32 pause_ms)
{
	static struct all all;
	struct agentsys_spent spent = {};
	u64 now = core_random_u32();

	all.n = 0;
	while (all.n < ARRAY_SIZE(all.at_ms)) {
		/* Often no time at all, or just the window. */
		if (core_random_below(3))
			now += core_random_below(pause_ms + 1);
		if (!core_random_below(20))
			now += within_ms;
		assert_int_equal(agentsys_budget_used(&spent, within_ms, now),
				 least(naive_used(&all, within_ms, now), AGENTSYS_BUDGET_MAX + 1));
		all.at_ms[all.n++] = now;
		assert_int_equal(agentsys_budget_spend(&spent, budget, within_ms, now),
				 naive_used(&all, within_ms, now) <= budget);
	}
}

static void random_lives(void **unused)
{
	(void)unused;
	for (int i = 0; i < 60; i++) {
		u32 budget = core_random_below(AGENTSYS_BUDGET_MAX + 1);
		u32 within_ms = 1 + core_random_u32() % 100000;

		if (i < 10)
			budget = AGENTSYS_BUDGET_MAX - i % 2;
		random_life(budget, within_ms, 2 * within_ms / (budget + 1));
	}
}

/* ---- budgets that cannot be spent ---- */

/* Something that fails as soon as it is started: is its budget spent some time? */
static bool naive_endless(u32 budget, u32 within_ms, u32 initial_ms, u32 max_ms)
{
	static struct all all;
	u64 now = 0;

	for (all.n = 0; all.n < 300;) {
		u64 delay = initial_ms;
		u32 used;

		all.at_ms[all.n++] = now;
		used = naive_used(&all, within_ms, now);
		if (used > budget)
			return false;
		for (u32 i = 1; i < used && delay < max_ms; i++)
			delay *= 2;
		now += delay < max_ms ? delay : max_ms;
	}
	return true;
}

static void endless_exactly(void **unused)
{
	(void)unused;
	/* 100 + 200 + 400 + 800 + 1600 */
	assert_false(is_endless(5, 3100, 100, 30000));
	assert_true(is_endless(5, 3099, 100, 30000));
	assert_false(is_endless(5, 1, 0, 30000));
	assert_false(is_endless(5, 500, 100, 100));
	assert_true(is_endless(5, 499, 100, 100));
	assert_true(is_endless(AGENTSYS_BUDGET_MAX, 0xffffffff, 0xffffffff, 0xffffffff));
	assert_false(is_endless(1, 0xffffffff, 0xffffffff, 0xffffffff));
}

static void endless_random(void **unused)
{
	u32 endless = 0;

	(void)unused;
	for (int i = 0; i < 20000; i++) {
		u32 budget = core_random_below(i % 2 ? AGENTSYS_BUDGET_MAX + 1 : 8);
		u32 within_ms = 1 + core_random_u32() % 86400000;
		u32 initial_ms = core_random_u32() % 10000;
		u32 max_ms = core_random_u32() % 100000;
		bool is = naive_endless(budget, within_ms, initial_ms, max_ms);

		endless += is;
		if (is_endless(budget, within_ms, initial_ms, max_ms) != is)
			fail_msg("%u within %u ms, backoff %u to %u ms", budget, within_ms,
				 initial_ms, max_ms);
	}
	assert_in_range(endless, 2000, 18000);
}

/* Only what passes while it goes is counted, whatever it stands for. */
static void clock_stands(void **unused)
{
	struct agentsys_clock clock = { 0 };

	(void)unused;
	assert_int_equal(agentsys_clock_ms(&clock, 1000), 1000);
	agentsys_clock_stand(&clock, 1000);
	assert_int_equal(agentsys_clock_ms(&clock, 1500), 1000);
	agentsys_clock_stand(&clock, 1600);
	agentsys_clock_go(&clock, 1700);
	assert_int_equal(agentsys_clock_ms(&clock, 1800), 1000);
	agentsys_clock_go(&clock, 2000);
	assert_int_equal(agentsys_clock_ms(&clock, 2000), 1000);
	assert_int_equal(agentsys_clock_ms(&clock, 2300), 1300);
	agentsys_clock_stand(&clock, 2300);
	agentsys_clock_go(&clock, 2400);
	assert_int_equal(agentsys_clock_ms(&clock, 2400), 1300);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tracker_new_starts_at_zero),
		cmocka_unit_test(tracker_records_last_restart),
		cmocka_unit_test(tracker_budget_exceeded_returns_false),
		cmocka_unit_test(tracker_budget_within_returns_true),
		cmocka_unit_test(restart_budget_default),
		cmocka_unit_test(tracker_is_exhausted_when_at_max),
		cmocka_unit_test(tracker_remaining_decreases),
		cmocka_unit_test(tracker_remaining_saturates_at_zero),
		cmocka_unit_test(tracker_backoff_sequence_matches_spec),
		cmocka_unit_test(tracker_backoff_exponential),
		cmocka_unit_test(tracker_backoff_caps_at_30s),
		cmocka_unit_test(window_slides),
		cmocka_unit_test(intensity_and_period),
		cmocka_unit_test(budget_of_none),
		cmocka_unit_test(newest_are_kept),
		cmocka_unit_test(random_lives),
		cmocka_unit_test(endless_exactly),
		cmocka_unit_test(endless_random),
		cmocka_unit_test(clock_stands),
	};

	core_random_init(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
