// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "calls.h"
#include "core_random.h"

static void one(void **state)
{
	struct agentsys_calls calls = {};

	assert_int_equal(agentsys_calls_end(&calls), -ENOENT);
	assert_false(agentsys_calls_lapse(&calls, 1000000));
	assert_int_equal(agentsys_calls_begin(&calls, 100, 1000), 0);
	assert_int_equal(agentsys_calls_left(&calls, 1000), 100);
	assert_int_equal(agentsys_calls_left(&calls, 1099), 1);
	assert_int_equal(agentsys_calls_left(&calls, 5000), 0);
	assert_false(agentsys_calls_lapse(&calls, 1099));
	assert_int_equal(agentsys_calls_end(&calls), 0);
	assert_int_equal(agentsys_calls_left(&calls, 1000), 0);
	assert_int_equal(agentsys_calls_end(&calls), -ENOENT);
}

static void those_that_do_not_end(void **state)
{
	struct agentsys_calls calls = {};

	agentsys_calls_begin(&calls, 100, 1000);
	agentsys_calls_begin(&calls, 10, 1000);
	assert_false(agentsys_calls_lapse(&calls, 1099));
	assert_true(agentsys_calls_lapse(&calls, 1100));
	assert_int_equal(calls.until_ms, 1100);
	assert_false(agentsys_calls_lapse(&calls, 1100));
	assert_int_equal(agentsys_calls_end(&calls), -ENOENT);
	/* What was is no time of the next one. */
	agentsys_calls_begin(&calls, 50, 1040);
	assert_int_equal(calls.until_ms, 1090);
}

static void bound(void **state)
{
	struct agentsys_calls calls = {};

	for (int i = 0; i < AGENTSYS_CALLS_MAX; i++)
		assert_int_equal(agentsys_calls_begin(&calls, 1, 0), 0);
	assert_int_equal(agentsys_calls_begin(&calls, 100, 0), -EOVERFLOW);
	assert_int_equal(calls.n, AGENTSYS_CALLS_MAX);
	assert_int_equal(calls.until_ms, 1);
}

/* The same, by one that keeps the times of all of them since there were none. */
static void like_a_list(void **state)
{
	struct agentsys_calls calls = {};
	u64 now = 0, latest = 0;
	u32 n = 0;

	for (int i = 0; i < 100000; i++) {
		now += core_random_below(20);
		if (n && now >= latest) {
			assert_true(agentsys_calls_lapse(&calls, now));
			n = 0;
		}
		assert_false(agentsys_calls_lapse(&calls, now));
		if (core_random_below(2)) {
			u32 ms = 1 + core_random_below(100);

			latest = n && latest > now + ms ? latest : now + ms;
			n++;
			assert_int_equal(agentsys_calls_begin(&calls, ms, now), 0);
		} else {
			assert_int_equal(agentsys_calls_end(&calls), n ? 0 : -ENOENT);
			n -= !!n;
		}
		assert_int_equal(calls.n, n);
		assert_int_equal(agentsys_calls_left(&calls, now), n ? latest - now : 0);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one),
		cmocka_unit_test(those_that_do_not_end),
		cmocka_unit_test(bound),
		cmocka_unit_test(like_a_list),
	};

	core_random_init(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
