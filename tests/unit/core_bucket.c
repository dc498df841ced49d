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
	assert_int_equal(agentsys_bucket_wait_ns(&b, U32_MAX, 5), 0);
}

static void how_long(void **unused)
{
	struct agentsys_bucket b;

	(void)unused;
	agentsys_bucket_init(&b, 3, 2, 0);
	assert_int_equal(agentsys_bucket_wait_ns(&b, 2, 0), 0);
	assert_true(agentsys_bucket_wait_ns(&b, 3, 0) == U64_MAX);
	assert_true(agentsys_bucket_take(&b, 2, 0));
	assert_int_equal(agentsys_bucket_wait_ns(&b, 1, 0), 333333334);
	assert_false(agentsys_bucket_take(&b, 1, 333333333));
	assert_int_equal(agentsys_bucket_wait_ns(&b, 1, 333333333), 1);
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
	assert_int_equal(agentsys_bucket_wait_ns(&b, 1, 9 * SECOND), SECOND + SECOND / 1000);
	assert_false(agentsys_bucket_take(&b, 1, 10 * SECOND));
	assert_true(agentsys_bucket_take(&b, 5, ~0ULL));
	assert_false(agentsys_bucket_take(&b, 1, ~0ULL));
	assert_false(agentsys_bucket_take(&b, 1, 10 * SECOND));

	agentsys_bucket_init(&b, 1, U32_MAX, 0);
	assert_true(agentsys_bucket_take(&b, U32_MAX, 0));
	assert_true(agentsys_bucket_wait_ns(&b, U32_MAX, 0) == U32_MAX * SECOND);
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
			wait = agentsys_bucket_wait_ns(&b, n, now);
			assert_int_equal(wait == 0, t.level >= (u128)n * SECOND);
			if (n > b.burst) {
				assert_true(wait == U64_MAX);
			} else if (wait && now + wait > now) {
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
	};

	core_random_init(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
