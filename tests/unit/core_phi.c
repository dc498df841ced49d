// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "core_random.h"
#include "phi.h"

static const struct agentsys_phi_config usual = {
	.expected_ms = 1000,
	.min_deviation_ms = 100,
	.pause_ms = 3000,
	.threshold = 8000,
	.window = 64,
};

/* What it is an approximation of, in floating point. */
static double true_phi(double y)
{
	double e = exp(-y * (1.5976 + 0.070566 * y * y));

	return -log10(e / (1 + e));
}

static bool is_about(double a, double b, double off)
{
	if (fabs(a - b) <= off)
		return true;
	printf("# %f is not %f\n", a, b);
	return false;
}

/* With no deviation but the least, a silence of y deviations has the phi of y. */
static void the_table(void **unused)
{
	static const double points[] = { 1, 3, 5, 8, 12 };
	struct agentsys_phi_config config = { .expected_ms = 0, .min_deviation_ms = 100000 };
	struct agentsys_phi phi;

	(void)unused;
	agentsys_phi_begin(&phi, &config, 0);
	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		config.threshold = (u32)(points[i] * 1000);
		assert_true(is_about(true_phi(agentsys_phi_deadline(&phi, &config) / 100000.0),
				     points[i], 0.005));
	}
	for (u64 now = 0; now < 700000; now += 97) {
		double told = agentsys_phi_now(&phi, &config, now) / 1000.0;

		/* Between the points a straight line is drawn; the mean counts as no doubt. */
		if (now)
			assert_true(is_about(told, fmin(true_phi(now / 100000.0), 12),
					     0.35));
	}
	assert_int_equal(agentsys_phi_now(&phi, &config, ~0ULL), AGENTSYS_PHI_MAX);
}

/* It begins with two intervals of the expected mean, and a quarter of it for deviation. */
static void begins_as_expected(void **unused)
{
	struct agentsys_phi phi;

	(void)unused;
	agentsys_phi_begin(&phi, &usual, 500);
	assert_int_equal(agentsys_phi_deadline(&phi, &usual),
			 500 + 1000 + 3000 + 250 * 5226 / 1000);
	assert_false(agentsys_phi_suspects(&phi, &usual, 5806));
	assert_true(agentsys_phi_suspects(&phi, &usual, 5807));
	assert_int_equal(agentsys_phi_now(&phi, &usual, 0), 0);
}

/* Regular signs make it stricter, up to the least deviation. */
static void learns_the_interval(void **unused)
{
	struct agentsys_phi phi;
	u64 now = 0;

	(void)unused;
	agentsys_phi_begin(&phi, &usual, now);
	for (int i = 0; i < 200; i++)
		agentsys_phi_beat(&phi, &usual, now += 200);
	assert_int_equal(agentsys_phi_deadline(&phi, &usual), now + 200 + 3000 + 522);
}

/* The silence that it was suspected for teaches it nothing. */
static void suspicion_is_no_interval(void **unused)
{
	struct agentsys_phi phi, before;

	(void)unused;
	agentsys_phi_begin(&phi, &usual, 0);
	before = phi;
	agentsys_phi_beat(&phi, &usual, 3600000);
	assert_int_equal(phi.n, before.n);
	assert_int_equal(phi.sum, before.sum);
	assert_false(agentsys_phi_suspects(&phi, &usual, 3600000));
	agentsys_phi_beat(&phi, &usual, 3601000);
	assert_int_equal(phi.n, before.n + 1);
}

/* What is older than the window is as if it had never been, and a smaller one holds at once. */
static void a_window_forgets(void **unused)
{
	static const u32 windows[] = { 2, 3, 64, 127, 128 };
	struct agentsys_phi_config config = usual;
	struct agentsys_phi phi;

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(windows); i++) {
		u32 n = windows[i];
		u64 now = 0;

		config.window = n;
		agentsys_phi_begin(&phi, &config, now);
		for (u32 k = 0; k < 300; k++)
			agentsys_phi_beat(&phi, &config, now += 3000);
		assert_int_equal(phi.n, n);
		for (u32 k = 0; k + 1 < n; k++)
			agentsys_phi_beat(&phi, &config, now += 200);
		assert_true(agentsys_phi_deadline(&phi, &config) > now + 200 + 3000 + 522);
		agentsys_phi_beat(&phi, &config, now += 200);
		assert_int_equal(agentsys_phi_deadline(&phi, &config), now + 200 + 3000 + 522);
		/* Two of them are the last ones. */
		agentsys_phi_beat(&phi, &config, now += 100);
		agentsys_phi_beat(&phi, &config, now += 100);
		config.window = 2;
		agentsys_phi_configure(&phi, &config);
		assert_int_equal(phi.n, 2);
		assert_int_equal(agentsys_phi_deadline(&phi, &config), now + 100 + 3000 + 522);
		/* A larger one has to be filled. */
		config.window = n;
		agentsys_phi_configure(&phi, &config);
		assert_int_equal(phi.n, 2);
		assert_int_equal(agentsys_phi_deadline(&phi, &config), now + 100 + 3000 + 522);
	}
}

/* Sums of the longest intervals, all equal and as far apart as they may be, still fit. */
static void the_largest_window_fits(void **unused)
{
	struct agentsys_phi_config config = { .expected_ms = U32_MAX, .window = U32_MAX };
	struct agentsys_phi phi;
	u64 now = 0;

	(void)unused;
	config.pause_ms = U32_MAX;
	agentsys_phi_begin(&phi, &config, now);
	for (u32 i = 0; i < 1000; i++)
		agentsys_phi_beat(&phi, &config, now += AGENTSYS_PHI_INTERVAL_MAX_MS);
	assert_int_equal(phi.n, AGENTSYS_PHI_WINDOW_MAX);
	assert_true(agentsys_phi_deadline(&phi, &config) ==
		    now + AGENTSYS_PHI_INTERVAL_MAX_MS + U32_MAX);
	config.threshold = 1000;
	for (u32 i = 0; i < AGENTSYS_PHI_WINDOW_MAX / 2; i++)
		agentsys_phi_beat(&phi, &config, now);
	assert_true(is_about(agentsys_phi_deadline(&phi, &config),
			     now + U32_MAX + AGENTSYS_PHI_INTERVAL_MAX_MS * 1.141, 2.0));
}

static void excused_time_does_not_count(void **unused)
{
	struct agentsys_phi phi, plain;

	(void)unused;
	agentsys_phi_begin(&phi, &usual, 0);
	plain = phi;
	agentsys_phi_excuse(&phi, 100000);
	assert_int_equal(agentsys_phi_deadline(&phi, &usual),
			 agentsys_phi_deadline(&plain, &usual) + 100000);
	assert_int_equal(agentsys_phi_now(&phi, &usual, 104500),
			 agentsys_phi_now(&plain, &usual, 4500));
	/* Nor is it part of the interval, and it is over with that. */
	agentsys_phi_beat(&phi, &usual, 101000);
	agentsys_phi_beat(&plain, &usual, 1000);
	assert_int_equal(phi.sum, plain.sum);
	assert_int_equal(agentsys_phi_deadline(&phi, &usual),
			 agentsys_phi_deadline(&plain, &usual) + 100000);
	agentsys_phi_excuse(&phi, ~0ULL);
	agentsys_phi_excuse(&phi, ~0ULL);
	assert_false(agentsys_phi_suspects(&phi, &usual, ~0ULL));
}

static void clocks_that_jump(void **unused)
{
	struct agentsys_phi phi, before;

	(void)unused;
	agentsys_phi_begin(&phi, &usual, 10000);
	before = phi;
	agentsys_phi_beat(&phi, &usual, 9000);
	assert_memory_equal(&phi, &before, sizeof(phi));
	assert_int_equal(agentsys_phi_now(&phi, &usual, 0), 0);
	agentsys_phi_begin(&phi, &usual, ~0ULL - 5);
	assert_true(agentsys_phi_deadline(&phi, &usual) == ~0ULL);
	assert_false(agentsys_phi_suspects(&phi, &usual, ~0ULL));
}

/* Naive: all intervals in floating point. */
static void against_twin(void **unused)
{
	(void)unused;
	for (int life = 0; life < 300; life++) {
		struct agentsys_phi_config config = {
			.expected_ms = core_random_u32() >> 4,
			.min_deviation_ms = core_random_below(1000),
			.pause_ms = core_random_below(10000),
			.threshold = core_random_below(13000),
			.window = 2 + core_random_below(AGENTSYS_PHI_WINDOW_MAX - 1),
		};
		struct agentsys_phi phi;
		double all[502];
		u64 now = core_random_u32();
		int n = 0, from = 0;

		agentsys_phi_begin(&phi, &config, now);
		for (u32 i = 0; i < phi.n; i++)
			all[n++] = phi.interval_ms[i];
		for (int i = 0; i < 500; i++) {
			u64 step = core_random_u32() % (2 * (u64)config.expected_ms + 1);
			double sum = 0, squares = 0, mean, sigma;

			if (!core_random_below(50)) {
				config.window = 2 + core_random_below(AGENTSYS_PHI_WINDOW_MAX - 1);
				agentsys_phi_configure(&phi, &config);
				if (n - from > (int)config.window)
					from = n - (int)config.window;
			}
			if (!agentsys_phi_suspects(&phi, &config, now + step))
				all[n++] = step < AGENTSYS_PHI_INTERVAL_MAX_MS ?
						   (double)step : AGENTSYS_PHI_INTERVAL_MAX_MS;
			agentsys_phi_beat(&phi, &config, now += step);
			/* What was forgotten does not come back. */
			if (n - from > (int)config.window)
				from = n - (int)config.window;
			assert_int_equal(phi.n, n - from);
			for (int k = from; k < n; k++)
				sum += all[k];
			mean = sum / (n - from);
			for (int k = from; k < n; k++)
				squares += (all[k] - mean) * (all[k] - mean);
			sigma = fmax(sqrt(squares / (n - from)), config.min_deviation_ms);

			/* Rounded down: a ms of the mean, and y of the deviation. */
			struct agentsys_phi_config zero = config;

			zero.threshold = 0;
			assert_true(is_about(agentsys_phi_deadline(&phi, &zero),
					     now + mean + config.pause_ms, 1.0));
			zero.threshold = 8000;
			assert_true(is_about(agentsys_phi_deadline(&phi, &zero),
					     now + mean + config.pause_ms + 5.226 * sigma, 8.0));
		}
	}
}

/* One more thousandth of doubt never makes the deadline earlier, nor does waiting make it less. */
static void grows(void **unused)
{
	struct agentsys_phi_config config = usual;
	struct agentsys_phi phi;
	u64 last = 0;
	u32 doubt = 0;

	(void)unused;
	agentsys_phi_begin(&phi, &usual, 0);
	for (config.threshold = 0; config.threshold < 13000; config.threshold++) {
		assert_true(agentsys_phi_deadline(&phi, &config) >= last);
		last = agentsys_phi_deadline(&phi, &config);
	}
	for (u64 now = 0; now < 10000; now++) {
		assert_true(agentsys_phi_now(&phi, &usual, now) >= doubt);
		doubt = agentsys_phi_now(&phi, &usual, now);
		/* The two ways to ask agree, but for the rounding. */
		if (now < 5300)
			assert_true(doubt < 8000);
		if (now > 5310)
			assert_true(doubt >= 8000);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table),
		cmocka_unit_test(begins_as_expected),
		cmocka_unit_test(learns_the_interval),
		cmocka_unit_test(a_window_forgets),
		cmocka_unit_test(the_largest_window_fits),
		cmocka_unit_test(suspicion_is_no_interval),
		cmocka_unit_test(excused_time_does_not_count),
		cmocka_unit_test(clocks_that_jump),
		cmocka_unit_test(against_twin),
		cmocka_unit_test(grows),
	};

	core_random_init(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
