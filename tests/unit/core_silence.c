// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core_random.h"
#include "silence.h"

static const struct agentsys_silence_rules plain = { .timeout_ms = 1000 };
static const struct agentsys_silence_rules at_once = { .timeout_ms = 1000, .from_start = true };
static const struct agentsys_silence_rules phi = {
	.mode = AGENTSYS_WATCHDOG_PHI,
	.timeout_ms = 60000,
	.threshold = 8000,
	.min_deviation_ms = 10,
	.pause_ms = 1,
	.window = 64,
};

static enum agentsys_verdict_of_silence look(struct agentsys_silence *s,
					     const struct agentsys_silence_rules *rules, u64 now)
{
	enum agentsys_verdict_of_silence verdict = agentsys_silence_look(s, rules, now);

	agentsys_silence_tell(s, verdict);
	return verdict;
}

static void told_once_until_the_next_sign(void **state)
{
	struct agentsys_silence s;

	agentsys_silence_begin(&s, 5);
	assert_int_equal(look(&s, &plain, 1000000), AGENTSYS_SILENCE_FINE);
	assert_true(agentsys_silence_next(&s, &plain) == U64_MAX);
	for (u64 at = 100; at < 50000; at += 10000) {
		agentsys_silence_sign(&s, &plain, at);
		assert_int_equal(agentsys_silence_next(&s, &plain), at + 800);
		assert_int_equal(look(&s, &plain, at + 799), AGENTSYS_SILENCE_FINE);
		assert_int_equal(look(&s, &plain, at + 800), AGENTSYS_SILENCE_WARNING);
		assert_int_equal(look(&s, &plain, at + 900), AGENTSYS_SILENCE_FINE);
		assert_int_equal(agentsys_silence_next(&s, &plain), at + 1000);
		assert_int_equal(look(&s, &plain, at + 1000), AGENTSYS_SILENCE_OVER);
		assert_int_equal(look(&s, &plain, at + 5000), AGENTSYS_SILENCE_FINE);
		assert_true(agentsys_silence_next(&s, &plain) == U64_MAX);
	}
}

static void from_the_start(void **state)
{
	struct agentsys_silence s;

	agentsys_silence_begin(&s, 5);
	assert_int_equal(look(&s, &at_once, 1004), AGENTSYS_SILENCE_WARNING);
	assert_int_equal(look(&s, &at_once, 1005), AGENTSYS_SILENCE_OVER);
}

/* All of the time is there again, but what was told stays told. */
static void excuses(void **state)
{
	struct agentsys_silence s;

	agentsys_silence_begin(&s, 0);
	agentsys_silence_sign(&s, &plain, 0);
	assert_int_equal(look(&s, &plain, 900), AGENTSYS_SILENCE_WARNING);
	agentsys_silence_excuse(&s, 5000);
	assert_int_equal(look(&s, &plain, 5799), AGENTSYS_SILENCE_FINE);
	assert_int_equal(look(&s, &plain, 5800), AGENTSYS_SILENCE_WARNING);
	assert_int_equal(look(&s, &plain, 6000), AGENTSYS_SILENCE_OVER);
	agentsys_silence_excuse(&s, 9000);
	assert_int_equal(look(&s, &plain, 20000), AGENTSYS_SILENCE_FINE);
	agentsys_silence_excuse(&s, 10); /* of a clock that went back */
	assert_int_equal(s.since_ms, 5000);
}

static void phi_learns(void **state)
{
	struct agentsys_silence s;
	u64 now = 0;

	agentsys_silence_begin(&s, now);
	agentsys_silence_sign(&s, &phi, now);
	/* Nothing is known yet. */
	assert_int_equal(agentsys_silence_end(&s, &phi), 60000);
	assert_int_equal(agentsys_silence_phi(&s, &phi, 5000), 0);
	for (int i = 0; i < 100; i++)
		agentsys_silence_sign(&s, &phi, now += 100);
	/* mean + pause + 5.226 * 10 ms */
	assert_int_equal(agentsys_silence_end(&s, &phi), now + 153);
	assert_true(agentsys_silence_phi(&s, &phi, now + 140) > 3000);
	/* An excuse puts the end off, and is not learned from. */
	agentsys_silence_excuse(&s, now + 5000);
	assert_int_equal(agentsys_silence_end(&s, &phi), now + 5153);
	assert_int_equal(s.since_ms, now + 5000);
	agentsys_silence_sign(&s, &phi, now + 5100);
	assert_int_equal(agentsys_silence_end(&s, &phi), now + 5253);
}

/* What is skipped is no interval, the first one neither. */
static void phi_skips(void **state)
{
	struct agentsys_silence s;
	u64 now = 0;

	agentsys_silence_begin(&s, now);
	agentsys_silence_sign(&s, &phi, now);
	agentsys_silence_skip(&s);
	agentsys_silence_sign(&s, &phi, now += 9000);
	assert_int_equal(agentsys_silence_end(&s, &phi), now + 60000);
	for (int i = 0; i < 100; i++)
		agentsys_silence_sign(&s, &phi, now += 100);
	assert_int_equal(agentsys_silence_end(&s, &phi), now + 153);
	agentsys_silence_skip(&s);
	agentsys_silence_excuse(&s, now += 120);
	agentsys_silence_sign(&s, &phi, now += 20);
	assert_int_equal(agentsys_silence_end(&s, &phi), now + 153);
	/* Those that follow are some again. */
	for (int i = 0; i < 10; i++)
		agentsys_silence_sign(&s, &phi, now += 140);
	assert_true(agentsys_silence_end(&s, &phi) > now + 153);
}

/* A window that becomes smaller, and a time in which no intervals were looked at. */
static void phi_by_other_rules(void **state)
{
	struct agentsys_silence_rules rules = phi;
	struct agentsys_silence s;
	u64 now = 0;

	agentsys_silence_begin(&s, now);
	agentsys_silence_sign(&s, &phi, now);
	for (int i = 0; i < 20; i++)
		agentsys_silence_sign(&s, &phi, now += 100);
	agentsys_silence_sign(&s, &phi, now += 150);
	agentsys_silence_sign(&s, &phi, now += 150);
	rules.window = 2;
	agentsys_silence_judge_by(&s, &rules);
	assert_int_equal(agentsys_silence_end(&s, &rules), now + 203);
	assert_int_equal(s.phi.n, 2);
	/* For a while the timeout is all; the intervals of before are of no use then. */
	agentsys_silence_judge_by(&s, &plain);
	for (int i = 0; i < 20; i++)
		agentsys_silence_sign(&s, &plain, now += 900);
	agentsys_silence_judge_by(&s, &phi);
	assert_int_equal(agentsys_silence_end(&s, &phi), now + 60000);
	assert_int_equal(agentsys_silence_phi(&s, &phi, now + 5000), 0);
	agentsys_silence_sign(&s, &phi, now += 400);
	/* The first one, its pause and a quarter of it for deviation. */
	assert_int_equal(agentsys_silence_end(&s, &phi), now + 400 + 1 + 522);
}

/* However rare its signs are, the timeout holds. */
static void phi_is_never_later(void **state)
{
	struct agentsys_silence s;
	u64 now = 0;

	agentsys_silence_begin(&s, now);
	for (int i = 0; i < 20000; i++) {
		now += core_random_below(70000);
		agentsys_silence_sign(&s, &phi, now);
		assert_true(agentsys_silence_end(&s, &phi) <= now + 60000);
		assert_true(agentsys_silence_warning(&s, &phi) <= agentsys_silence_end(&s, &phi));
		if (core_random_below(3))
			continue;
		now += core_random_below(100000);
		agentsys_silence_excuse(&s, now);
		assert_true(agentsys_silence_end(&s, &phi) >= now);
		assert_true(agentsys_silence_end(&s, &phi) <= now + 60000);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told_once_until_the_next_sign),
		cmocka_unit_test(from_the_start),
		cmocka_unit_test(excuses),
		cmocka_unit_test(phi_learns),
		cmocka_unit_test(phi_skips),
		cmocka_unit_test(phi_by_other_rules),
		cmocka_unit_test(phi_is_never_later),
	};

	core_random_init(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
