// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core_random.h"
#include "restart.h"

/* Naive twin: double step by step in 64 bits. */
static u32 naive_backoff(const struct agentsys_restart_policy *p, u32 n)
{
	unsigned long long delay = p->backoff_initial_ms;

	for (u32 i = 1; i < n && delay && delay < p->backoff_max_ms; i++)
		delay *= 2;
	return delay < p->backoff_max_ms ? (u32)delay : p->backoff_max_ms;
}

static void backoff_doubles(void **unused)
{
	static const u32 delays[] = { 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000,
				      30000 };
	struct agentsys_restart_policy p = { .backoff_initial_ms = 100, .backoff_max_ms = 30000 };

	(void)unused;
	for (u32 n = 0; n < ARRAY_SIZE(delays); n++)
		assert_int_equal(agentsys_backoff_ms(&p, n + 1), delays[n]);
	assert_int_equal(agentsys_backoff_ms(&p, 0), 100);
	assert_int_equal(agentsys_backoff_ms(&p, 0xffffffff), 30000);
}

static void backoff_edges(void **unused)
{
	static const u32 edges[] = { 0, 1, 2, 3, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff };
	static const u32 numbers[] = { 1, 2, 3, 30, 31, 32, 33, 34, 64, 65, 0x80000000,
				       0xffffffff };

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(edges); i++)
		for (size_t m = 0; m < ARRAY_SIZE(edges); m++)
			for (size_t n = 0; n < ARRAY_SIZE(numbers); n++) {
				struct agentsys_restart_policy p = {
					.backoff_initial_ms = edges[i],
					.backoff_max_ms = edges[m],
				};

				assert_int_equal(agentsys_backoff_ms(&p, numbers[n]),
						 naive_backoff(&p, numbers[n]));
			}
}

static void backoff_random(void **unused)
{
	(void)unused;
	for (int i = 0; i < 300000; i++) {
		struct agentsys_restart_policy p = {
			.backoff_initial_ms = core_random_u32(),
			.backoff_max_ms = core_random_u32(),
		};
		u32 n = core_random_u32();

		assert_int_equal(agentsys_backoff_ms(&p, n), naive_backoff(&p, n));
	}
}

/* The rules as one literal table: what a clean end, a crash, ... come to. */
enum { E, F, B };	/* exited, failed, backoff */

static const struct {
	enum agentsys_cause cause;
	s32 code;
	bool abnormal;
	/* with restarts left: never, on-failure, always */
	int left[3];
	/* with none left */
	int spent[3];
} rules[] = {
	{ AGENTSYS_CAUSE_NONE, 0, false, { E, E, E }, { E, E, E } },
	{ AGENTSYS_CAUSE_EXIT, 0, false, { E, E, B }, { E, E, F } },
	{ AGENTSYS_CAUSE_EXIT, 1, true, { E, B, B }, { E, F, F } },
	{ AGENTSYS_CAUSE_EXIT, 255, true, { E, B, B }, { E, F, F } },
	{ AGENTSYS_CAUSE_SIGNAL, 11, true, { E, B, B }, { E, F, F } },
	{ AGENTSYS_CAUSE_SIGNAL, 15, true, { E, B, B }, { E, F, F } },
	{ AGENTSYS_CAUSE_OOM, 9, true, { E, B, B }, { E, F, F } },
	{ AGENTSYS_CAUSE_FAULT, 9, true, { E, B, B }, { E, F, F } },
	{ AGENTSYS_CAUSE_STOP, 0, false, { E, E, E }, { E, E, E } },
	{ AGENTSYS_CAUSE_STOP, 15, false, { E, E, E }, { E, E, E } },
	{ AGENTSYS_CAUSE_KILL, 9, false, { E, E, E }, { E, E, E } },
	{ AGENTSYS_CAUSE_RESTART, 15, false, { E, E, E }, { E, E, E } },
	{ AGENTSYS_CAUSE_GROUP, 9, false, { E, E, E }, { E, E, E } },
	{ AGENTSYS_CAUSE_LAUNCH, 2, true, { F, B, B }, { F, F, F } },
	{ __AGENTSYS_CAUSES, 3, false, { E, E, E }, { E, E, E } },
};

static u32 state_of(int verdict)
{
	return verdict == E ? AGENTSYS_EXITED : verdict == F ? AGENTSYS_FAILED : AGENTSYS_BACKOFF;
}

static void check(u32 condition, u32 max, u32 used, size_t rule)
{
	struct agentsys_restart_policy p = { condition, max, 100, 30000 };
	struct agentsys_verdict v = { 77, 77 };
	u32 column = condition < 3 ? condition : 0;

	agentsys_restart_decide(&p, used, rules[rule].cause, rules[rule].code, &v);
	assert_int_equal(v.state, state_of(used < max ? rules[rule].left[column] :
							rules[rule].spent[column]));
	assert_int_equal(v.delay_ms, v.state == AGENTSYS_BACKOFF ? naive_backoff(&p, used + 1) : 0);
}

static void verdicts(void **unused)
{
	static const u32 budgets[][2] = { { 0, 0 }, { 1, 0 }, { 3, 2 }, { 3, 3 }, { 3, 4 },
					  { 0x7fffffff, 0x7ffffffe }, { 0xffffffff, 0xfffffffe },
					  { 0xffffffff, 0xffffffff } };

	(void)unused;
	for (size_t rule = 0; rule < ARRAY_SIZE(rules); rule++) {
		assert_int_equal(agentsys_cause_abnormal(rules[rule].cause, rules[rule].code),
				 rules[rule].abnormal);
		for (u32 condition = 0; condition < 5; condition++)
			for (size_t b = 0; b < ARRAY_SIZE(budgets); b++)
				check(condition, budgets[b][0], budgets[b][1], rule);
	}
}

/* A crashing agent is started max_restarts times, then is failed, and never forgets that. */
static void budget_is_spent(void **unused)
{
	(void)unused;
	for (u32 max = 0; max < 20; max++) {
		struct agentsys_restart_policy p = { AGENTSYS_RESTART_ON_FAILURE, max, 1, 8 };
		struct agentsys_verdict v;
		u32 used = 0;

		for (;;) {
			agentsys_restart_decide(&p, used, AGENTSYS_CAUSE_EXIT, 3, &v);
			if (v.state != AGENTSYS_BACKOFF)
				break;
			used++;
		}
		assert_int_equal(used, max);
		assert_int_equal(v.state, AGENTSYS_FAILED);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(backoff_doubles),
		cmocka_unit_test(backoff_edges),
		cmocka_unit_test(backoff_random),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(budget_is_spent),
	};

	core_random_init(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
