// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bucket.h"
#include "core_random.h"

#define SECOND 1000000000ULL

typedef unsigned __int128 u128;

/* In how many ns could @n be taken? */
static u64 wait_of(const struct agentsys_bucket *b, u32 n, u64 now)
{
	struct agentsys_bucket copy = *b;

	return agentsys_bucket_borrow(&copy, n, now);
}

static void full_then_rate(void **unused)
{
	struct agentsys_bucket b;

	(void)unused;
	agentsys_bucket_init(&b, 10, 3, 0);
	assert_false(agentsys_bucket_take(&b, 4, 0));
	for (int i = 0; i < 3; i++)
		assert_true(agentsys_bucket_take(&b, 1, 0));
	assert_false(agentsys_bucket_take(&b, 1, SECOND / 10 - 1));
	assert_true(agentsys_bucket_take(&b, 1, SECOND / 10));
	assert_false(agentsys_bucket_take(&b, 1, SECOND / 10));
	/* A rest fills it up to the burst and no further. */
	assert_true(agentsys_bucket_take(&b, 3, 100 * SECOND));
	assert_false(agentsys_bucket_take(&b, 1, 100 * SECOND));
}

static void no_limit(void **unused)
{
	struct agentsys_bucket b;

	(void)unused;
	agentsys_bucket_init(&b, 0, 0, 5);
	assert_true(agentsys_bucket_take(&b, U32_MAX, 5));
	assert_true(agentsys_bucket_take(&b, U32_MAX, 0));
	assert_int_equal(wait_of(&b, U32_MAX, 5), 0);
}

static void how_long(void **unused)
{
	struct agentsys_bucket b;

	(void)unused;
	agentsys_bucket_init(&b, 3, 2, 0);
	assert_int_equal(wait_of(&b, 2, 0), 0);
	assert_true(agentsys_bucket_take(&b, 2, 0));
	assert_int_equal(wait_of(&b, 1, 0), 333333334);
	assert_false(agentsys_bucket_take(&b, 1, 333333333));
	assert_int_equal(wait_of(&b, 1, 333333333), 1);
	assert_true(agentsys_bucket_take(&b, 1, 333333334));
}

/* It neither gives for time that it has given for already, nor runs over. */
static void clocks_that_jump(void **unused)
{
	struct agentsys_bucket b;

	(void)unused;
	agentsys_bucket_init(&b, 1000, 5, 10 * SECOND);
	assert_true(agentsys_bucket_take(&b, 5, 10 * SECOND));
	assert_false(agentsys_bucket_take(&b, 1, 0));
	assert_int_equal(wait_of(&b, 1, 9 * SECOND), SECOND + SECOND / 1000);
	assert_false(agentsys_bucket_take(&b, 1, 10 * SECOND));
	assert_true(agentsys_bucket_take(&b, 5, ~0ULL));
	assert_false(agentsys_bucket_take(&b, 1, ~0ULL));
	assert_false(agentsys_bucket_take(&b, 1, 10 * SECOND));

	agentsys_bucket_init(&b, 1, U32_MAX, 0);
	assert_true(agentsys_bucket_take(&b, U32_MAX, 0));
	assert_true(wait_of(&b, U32_MAX, 0) == U32_MAX * SECOND);
}

static void borrowed(void **unused)
{
	struct agentsys_bucket b;

	(void)unused;
	agentsys_bucket_init(&b, 10, 4, 0);
	assert_int_equal(agentsys_bucket_borrow(&b, 4, 0), 0);
	/* One after the other. */
	assert_int_equal(agentsys_bucket_borrow(&b, 1, 0), SECOND / 10);
	assert_int_equal(agentsys_bucket_borrow(&b, 2, 0), 3 * SECOND / 10);
	assert_int_equal(agentsys_bucket_borrow(&b, 1, SECOND / 10), 3 * SECOND / 10);
	/* What comes pays for that first. */
	assert_false(agentsys_bucket_take(&b, 1, 4 * SECOND / 10));
	assert_true(agentsys_bucket_take(&b, 1, 5 * SECOND / 10));
	assert_true(agentsys_bucket_take(&b, 4, 9 * SECOND / 10));
	/* Whoever gives up leaves no debt. */
	assert_int_equal(agentsys_bucket_borrow(&b, 3, SECOND), 2 * SECOND / 10);
	agentsys_bucket_give(&b, 3, SECOND);
	assert_true(agentsys_bucket_take(&b, 1, SECOND));
	assert_false(agentsys_bucket_take(&b, 1, SECOND));
	/* Nobody gains by it either. */
	agentsys_bucket_give(&b, 1000, SECOND);
	assert_true(agentsys_bucket_take(&b, 4, SECOND));
	assert_false(agentsys_bucket_take(&b, 1, SECOND));
	/* Debts are forgotten with the rule that they were made under. */
	assert_int_equal(agentsys_bucket_borrow(&b, 20, SECOND), 2 * SECOND);
	agentsys_bucket_set(&b, 10, 4, SECOND);
	assert_int_equal(agentsys_bucket_borrow(&b, 1, SECOND), SECOND / 10);
	/* There is an end to it. */
	agentsys_bucket_init(&b, 1, 1, 0);
	assert_true(agentsys_bucket_borrow(&b, U32_MAX, 0) < U64_MAX);
	for (int i = 0; i < 2; i++)
		assert_true(agentsys_bucket_borrow(&b, U32_MAX, 0) == U64_MAX);
	assert_true(agentsys_bucket_borrow(&b, 1, 0) == (u64)U32_MAX * SECOND);
}

static void half_full(void **unused)
{
	struct agentsys_bucket b;

	(void)unused;
	agentsys_bucket_init(&b, 1, 10, 0);
	assert_true(agentsys_bucket_take(&b, 5, 0));
	assert_false(agentsys_bucket_half_full(&b, 0));
	assert_true(agentsys_bucket_half_full(&b, 1));
	assert_int_equal(agentsys_bucket_borrow(&b, 7, 1), 2 * SECOND - 1);
	assert_false(agentsys_bucket_half_full(&b, 7 * SECOND - 1));
	assert_true(agentsys_bucket_half_full(&b, 7 * SECOND + 1));
}

static void changed_in_use(void **unused)
{
	struct agentsys_bucket b;

	(void)unused;
	agentsys_bucket_init(&b, 10, 10, 0);
	assert_true(agentsys_bucket_take(&b, 10, 0));
	/* What came until then came at the old rate. */
	agentsys_bucket_set(&b, 1, 20, SECOND / 2);
	assert_true(agentsys_bucket_take(&b, 5, SECOND / 2));
	assert_false(agentsys_bucket_take(&b, 1, SECOND / 2));
	assert_true(agentsys_bucket_take(&b, 1, SECOND + SECOND / 2));
	agentsys_bucket_set(&b, 10, 20, 100 * SECOND);
	agentsys_bucket_set(&b, 10, 4, 100 * SECOND);
	assert_false(agentsys_bucket_take(&b, 5, 100 * SECOND));
	assert_true(agentsys_bucket_take(&b, 4, 100 * SECOND));
}

/* The naive twin knows in more bits than it takes what is in it at any time. */
struct twin {
	u128 level;	/* billionths */
	u64 at_ns;
};

static void twin_refill(struct twin *t, const struct agentsys_bucket *b, u64 now)
{
	u128 full = (u128)b->burst * SECOND;

	if (now <= t->at_ns)
		return;
	t->level += (u128)(now - t->at_ns) * b->rate;
	t->level = t->level < full ? t->level : full;
	t->at_ns = now;
}

static void against_twin(void **unused)
{
	(void)unused;
	for (int life = 0; life < 2000; life++) {
		struct agentsys_bucket b;
		struct twin t;
		u64 now = core_random() >> core_random_below(64);

		agentsys_bucket_init(&b, core_random_u32() | 1, core_random_u32(), now);
		t.level = (u128)b.burst * SECOND;
		t.at_ns = now;
		for (int i = 0; i < 200; i++) {
			u32 n = core_random_u32();
			u64 step = core_random() >> core_random_below(64);
			u64 wait;

			now = core_random_below(8) ? now + step : now - step;
			twin_refill(&t, &b, now);
			wait = wait_of(&b, n, now);
			assert_int_equal(wait == 0, t.level >= (u128)n * SECOND);
			if (n <= b.burst && wait && now + wait > now) {
				struct agentsys_bucket early = b, then = b;

				/* Then, and no sooner. */
				assert_false(agentsys_bucket_take(&early, n, now + wait - 1));
				assert_true(agentsys_bucket_take(&then, n, now + wait));
			}
			assert_int_equal(agentsys_bucket_take(&b, n, now), wait == 0);
			if (!wait)
				t.level -= (u128)n * SECOND;
		}
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_then_rate),   cmocka_unit_test(no_limit),
		cmocka_unit_test(how_long),	    cmocka_unit_test(clocks_that_jump),
		cmocka_unit_test(changed_in_use),   cmocka_unit_test(against_twin),
		cmocka_unit_test(borrowed),	    cmocka_unit_test(half_full),
	};

	core_random_init(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
