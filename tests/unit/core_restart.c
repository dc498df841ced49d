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
		assert_int_equal(agentsys_backoff_ms(&p, n + 1, 0), delays[n]);
	assert_int_equal(agentsys_backoff_ms(&p, 0, 0), 100);
	assert_int_equal(agentsys_backoff_ms(&p, 0xffffffff, 0), 30000);
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

				assert_int_equal(agentsys_backoff_ms(&p, numbers[n], 0),
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

		assert_int_equal(agentsys_backoff_ms(&p, n, 0), naive_backoff(&p, n));
	}
}

/* The rules as one literal table: what a clean end, a crash, ... come to. */
enum { E, F, B };	/* exited, failed, backoff */

static const struct {
	enum agentsys_cause cause;
	s32 code;
	bool abnormal;
	/* with restarts left: never, on-failure, always, on-abnormal */
	int left[4];
	/* with none left */
	int spent[4];
} rules[] = {
	{ AGENTSYS_CAUSE_NONE, 0, false, { E, E, E, E }, { E, E, E, E } },
	{ AGENTSYS_CAUSE_EXIT, 0, false, { E, E, B, E }, { E, E, F, E } },
	{ AGENTSYS_CAUSE_EXIT, 1, true, { E, B, B, E }, { E, F, F, E } },
	{ AGENTSYS_CAUSE_EXIT, 255, true, { E, B, B, E }, { E, F, F, E } },
	{ AGENTSYS_CAUSE_SIGNAL, 11, true, { E, B, B, B }, { E, F, F, F } },
	{ AGENTSYS_CAUSE_SIGNAL, 15, true, { E, B, B, B }, { E, F, F, F } },
	{ AGENTSYS_CAUSE_OOM, 9, true, { E, B, B, B }, { E, F, F, F } },
	{ AGENTSYS_CAUSE_FAULT, 9, true, { E, B, B, B }, { E, F, F, F } },
	{ AGENTSYS_CAUSE_STOP, 0, false, { E, E, E, E }, { E, E, E, E } },
	{ AGENTSYS_CAUSE_STOP, 15, false, { E, E, E, E }, { E, E, E, E } },
	{ AGENTSYS_CAUSE_KILL, 9, false, { E, E, E, E }, { E, E, E, E } },
	{ AGENTSYS_CAUSE_RESTART, 15, false, { E, E, E, E }, { E, E, E, E } },
	{ AGENTSYS_CAUSE_GROUP, 9, false, { E, E, E, E }, { E, E, E, E } },
	{ AGENTSYS_CAUSE_LAUNCH, 2, true, { F, B, B, F }, { F, F, F, F } },
	{ AGENTSYS_CAUSE_DEPENDENCY, 15, false, { E, E, E, E }, { E, E, E, E } },
	{ AGENTSYS_CAUSE_LINK, 9, true, { E, B, B, B }, { E, F, F, F } },
	{ __AGENTSYS_CAUSES, 3, false, { E, E, E, E }, { E, E, E, E } },
};

static u32 state_of(int verdict)
{
	return verdict == E ? AGENTSYS_EXITED : verdict == F ? AGENTSYS_FAILED : AGENTSYS_BACKOFF;
}

static void check(u32 condition, u32 max, u32 used, size_t rule)
{
	struct agentsys_restart_policy p = { condition, max, 100, 30000, .stable_ms = 1000 };
	struct agentsys_restart_past past = { .used = used, .streak = 4 };
	struct agentsys_end end = { rules[rule].cause, rules[rule].code, 10 };
	struct agentsys_verdict v = { 77, 77, true };
	u32 column = condition < 4 ? condition : 0;

	agentsys_restart_decide(&p, &past, &end, 0xffffffff, &v);
	assert_int_equal(v.state, state_of(used < max ? rules[rule].left[column] :
							rules[rule].spent[column]));
	assert_int_equal(v.delay_ms, v.state == AGENTSYS_BACKOFF ? 1600 : 0);
	assert_int_equal(past.streak, v.state == AGENTSYS_BACKOFF ? 5 : 4);
	assert_int_equal(past.used, used);
	assert_false(v.opens);
}

static void verdicts(void **unused)
{
	static const struct agentsys_restart_policy plain;
	static const u32 budgets[][2] = { { 0, 0 }, { 1, 0 }, { 3, 2 }, { 3, 3 }, { 3, 4 },
					  { 0x7fffffff, 0x7ffffffe }, { 0xffffffff, 0xfffffffe },
					  { 0xffffffff, 0xffffffff } };

	(void)unused;
	for (size_t rule = 0; rule < ARRAY_SIZE(rules); rule++) {
		assert_int_equal(agentsys_end_abnormal(&plain, rules[rule].cause, rules[rule].code),
				 rules[rule].abnormal);
		for (u32 condition = 0; condition < 6; condition++)
			for (size_t b = 0; b < ARRAY_SIZE(budgets); b++)
				check(condition, budgets[b][0], budgets[b][1], rule);
	}
}

/* What becomes of an agent of the policy that ends like this, with nothing behind it. */
static u32 verdict_of(const struct agentsys_restart_policy *p, u32 cause, s32 code)
{
	struct agentsys_end end = { cause, code, 1 };
	struct agentsys_restart_past past = { 0 };
	struct agentsys_verdict v;

	agentsys_restart_decide(p, &past, &end, 0, &v);
	return v.state;
}

static void codes_and_signals(void **unused)
{
	struct agentsys_restart_policy p = {
		.condition = AGENTSYS_RESTART_ON_FAILURE,
		.max_restarts = 1,
		.success_signals = 1ULL << (15 - 1) | 1ULL << (64 - 1),
		.never_signals = 1ULL << (1 - 1),
		.success_codes = { 1ULL << 3, 0, 0, 1ULL << 63 },
		.never_codes = { 0, 1ULL << 61 },	/* 125, as with s6 */
		.never_causes = 1U << AGENTSYS_CAUSE_OOM,
	};

	(void)unused;
	for (s32 code = -300; code < 600; code++) {
		bool fine = code == 0 || code == 3 || code == 255;

		assert_int_equal(agentsys_end_abnormal(&p, AGENTSYS_CAUSE_EXIT, code), !fine);
		assert_int_equal(verdict_of(&p, AGENTSYS_CAUSE_EXIT, code),
				 fine || code == 125 ? AGENTSYS_EXITED : AGENTSYS_BACKOFF);
	}
	for (s32 signal = -70; signal < 140; signal++) {
		bool fine = signal == 15 || signal == 64;

		assert_int_equal(agentsys_end_abnormal(&p, AGENTSYS_CAUSE_SIGNAL, signal), !fine);
		assert_int_equal(verdict_of(&p, AGENTSYS_CAUSE_SIGNAL, signal),
				 fine || signal == 1 ? AGENTSYS_EXITED : AGENTSYS_BACKOFF);
	}
	/* A code is no signal, nor the other way round. */
	assert_int_equal(verdict_of(&p, AGENTSYS_CAUSE_EXIT, 15), AGENTSYS_BACKOFF);
	assert_int_equal(verdict_of(&p, AGENTSYS_CAUSE_SIGNAL, 3), AGENTSYS_BACKOFF);
	assert_int_equal(verdict_of(&p, AGENTSYS_CAUSE_OOM, 9), AGENTSYS_EXITED);
	assert_int_equal(verdict_of(&p, AGENTSYS_CAUSE_FAULT, 9), AGENTSYS_BACKOFF);
	/* Always means after a good end too, but never means never. */
	p.condition = AGENTSYS_RESTART_ALWAYS;
	assert_int_equal(verdict_of(&p, AGENTSYS_CAUSE_EXIT, 3), AGENTSYS_BACKOFF);
	assert_int_equal(verdict_of(&p, AGENTSYS_CAUSE_SIGNAL, 15), AGENTSYS_BACKOFF);
	assert_int_equal(verdict_of(&p, AGENTSYS_CAUSE_EXIT, 125), AGENTSYS_EXITED);
	assert_int_equal(verdict_of(&p, AGENTSYS_CAUSE_OOM, 9), AGENTSYS_EXITED);
}

static void backoff_kinds(void **unused)
{
	struct agentsys_restart_policy p = { .backoff_initial_ms = 100, .backoff_max_ms = 950,
					     .stable_ms = 10000 };
	static const u32 linear[] = { 100, 200, 300, 400, 500, 600, 700, 800, 900, 950, 950 };
	static const u32 adaptive[][2] = { { 0, 950 }, { 1, 950 }, { 1052, 950 }, { 2000, 500 },
					   { 5000, 200 }, { 9999, 100 }, { 10000, 100 },
					   { 0xffffffff, 100 } };

	(void)unused;
	p.backoff_kind = AGENTSYS_BACKOFF_LINEAR;
	for (u32 n = 0; n < ARRAY_SIZE(linear); n++)
		assert_int_equal(agentsys_backoff_ms(&p, n + 1, 0), linear[n]);
	assert_int_equal(agentsys_backoff_ms(&p, 0xffffffff, 0), 950);
	p.backoff_kind = AGENTSYS_BACKOFF_CONSTANT;
	for (u32 n = 0; n < 40; n++)
		assert_int_equal(agentsys_backoff_ms(&p, n, 0), 100);
	p.backoff_kind = AGENTSYS_BACKOFF_ADAPTIVE;
	for (size_t i = 0; i < ARRAY_SIZE(adaptive); i++)
		assert_int_equal(agentsys_backoff_ms(&p, 7, adaptive[i][0]), adaptive[i][1]);
	/* A maximum below the initial delay counts in every kind; unknown is exponential. */
	p.backoff_max_ms = 50;
	for (p.backoff_kind = 0; p.backoff_kind < 6; p.backoff_kind++)
		assert_int_equal(agentsys_backoff_ms(&p, 1, 20000), 50);
}

static void jitter_is_added(void **unused)
{
	struct agentsys_restart_policy p = { AGENTSYS_RESTART_ALWAYS, 9, 1000, 1000, .jitter = 25 };
	static const u32 cases[][2] = { { 0, 1000 }, { 0x80000000, 1125 }, { 0xffffffff, 1249 } };
	struct agentsys_end end = { AGENTSYS_CAUSE_EXIT, 1, 0 };
	struct agentsys_verdict v;

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct agentsys_restart_past past = { 0 };

		agentsys_restart_decide(&p, &past, &end, cases[i][0], &v);
		assert_int_equal(v.delay_ms, cases[i][1]);
	}
}

/* Each end of so many ms, the delay that follows: only a stable run makes it short again. */
static void a_stable_run_resets_the_delay(void **unused)
{
	static const u32 runs[][2] = { { 5, 100 }, { 999, 200 }, { 0, 400 }, { 1000, 100 },
				       { 999, 200 }, { 5000, 100 }, { 5000, 100 }, { 1, 200 } };
	struct agentsys_restart_policy p = { AGENTSYS_RESTART_ALWAYS, 100, 100, 30000,
					     .stable_ms = 1000 };
	struct agentsys_restart_past past = { 0 };
	struct agentsys_verdict v;

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		struct agentsys_end end = { AGENTSYS_CAUSE_SIGNAL, 11, runs[i][0] };

		agentsys_restart_decide(&p, &past, &end, 0, &v);
		assert_int_equal(v.delay_ms, runs[i][1]);
	}
}

static void survival_is_the_mean_of_the_last_and_before(void **unused)
{
	static const u64 runs[][2] = { { 1000, 1000 }, { 0, 500 }, { 3, 251 }, { 749, 500 },
				       { 1ULL << 40, 0x800000f9 }, { 0xffffffff, 0xc000007c } };
	struct agentsys_restart_policy p = { .stable_ms = 1 };
	struct agentsys_restart_past past = { 0 };
	struct agentsys_verdict v;

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		struct agentsys_end end = { AGENTSYS_CAUSE_SIGNAL, 11, runs[i][0] };

		agentsys_restart_decide(&p, &past, &end, 0, &v);
		assert_int_equal(past.survival_ms, runs[i][1]);
	}
}

/* Closed for three restarts in a row, then open and half open in turns, until a stable run. */
static void the_circuit_opens_and_closes(void **unused)
{
	struct agentsys_restart_policy p = { AGENTSYS_RESTART_ALWAYS, 100, 100, 30000,
					     .stable_ms = 1000, .breaker = 3, .breaker_ms = 77000 };
	static const struct {
		u32 ran_ms, delay_ms;
		bool opens;
	} runs[] = {
		{ 1, 100, false }, { 1, 200, false }, { 1, 400, false }, { 1, 77000, true },
		{ 999, 77000, true }, { 1000, 100, false }, { 1, 200, false },
	};
	struct agentsys_restart_past past = { 0 };
	struct agentsys_verdict v;

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		struct agentsys_end end = { AGENTSYS_CAUSE_EXIT, 1, runs[i].ran_ms };

		agentsys_restart_decide(&p, &past, &end, 0xffffffff, &v);
		assert_int_equal(v.delay_ms, runs[i].delay_ms);
		assert_int_equal(v.opens, runs[i].opens);
		assert_int_equal(agentsys_circuit_of(&p, past.streak, AGENTSYS_BACKOFF, 0),
				 runs[i].opens ? AGENTSYS_CIRCUIT_OPEN : AGENTSYS_CIRCUIT_CLOSED);
		assert_int_equal(agentsys_circuit_of(&p, past.streak, AGENTSYS_ACTIVE, 999),
				 runs[i].opens ? AGENTSYS_CIRCUIT_HALF_OPEN :
						 AGENTSYS_CIRCUIT_CLOSED);
		assert_int_equal(agentsys_circuit_of(&p, past.streak, AGENTSYS_ACTIVE, 1000),
				 AGENTSYS_CIRCUIT_CLOSED);
	}
	p.breaker = 0;
	assert_int_equal(agentsys_circuit_of(&p, 0xffffffff, AGENTSYS_BACKOFF, 0),
			 AGENTSYS_CIRCUIT_CLOSED);
}

/* A crashing agent is started max_restarts times, then is failed, and never forgets that. */
static void budget_is_spent(void **unused)
{
	(void)unused;
	for (u32 max = 0; max < 20; max++) {
		struct agentsys_restart_policy p = { AGENTSYS_RESTART_ON_FAILURE, max, 1, 8,
						     .stable_ms = 1000 };
		struct agentsys_end end = { AGENTSYS_CAUSE_EXIT, 3, 0 };
		struct agentsys_restart_past past = { 0 };
		struct agentsys_verdict v;

		for (;;) {
			end.ran_ms = core_random_below(3000);
			agentsys_restart_decide(&p, &past, &end, 0, &v);
			if (v.state != AGENTSYS_BACKOFF)
				break;
			past.used++;
		}
		assert_int_equal(past.used, max);
		assert_int_equal(v.state, AGENTSYS_FAILED);
	}
}

/* What a fault that it was killed for makes of each condition. */
static void a_fault_changes_the_policy(void **unused)
{
	static const struct {
		u32 fault;
		bool restarts;
		u32 conditions[4]; /* of never, on-failure, always, on-abnormal */
		u32 never_causes;
	} cases[] = {
		{ AGENTSYS_FAULT_NONE, true, { 0, 1, 2, 3 }, 0x18 },
		{ AGENTSYS_FAULT_UNRESPONSIVE, false, { 0, 1, 2, 3 }, 0x18 },
		{ AGENTSYS_FAULT_UNRESPONSIVE, true, { 0, 2, 2, 2 }, 0 },
		{ AGENTSYS_FAULT_MEMORY_LIMIT, true, { 0, 2, 2, 2 }, 0 },
		{ AGENTSYS_FAULT_BUDGET, false, { 0, 0, 0, 0 }, 0x18 },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (u32 condition = 0; condition < 4; condition++) {
			struct agentsys_restart_policy p = {
				.condition = condition,
				.max_restarts = 7,
				.never_causes = 0x18,
				.never_signals = 5,
			};

			agentsys_restart_for_fault(&p, cases[i].fault, cases[i].restarts);
			assert_int_equal(p.condition, cases[i].conditions[condition]);
			if (condition)
				assert_int_equal(p.never_causes, cases[i].never_causes);
			assert_int_equal(p.max_restarts, 7);
			assert_int_equal(p.never_signals, 5);
		}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(backoff_doubles),
		cmocka_unit_test(backoff_edges),
		cmocka_unit_test(backoff_random),
		cmocka_unit_test(backoff_kinds),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(codes_and_signals),
		cmocka_unit_test(jitter_is_added),
		cmocka_unit_test(a_stable_run_resets_the_delay),
		cmocka_unit_test(survival_is_the_mean_of_the_last_and_before),
		cmocka_unit_test(the_circuit_opens_and_closes),
		cmocka_unit_test(budget_is_spent),
		cmocka_unit_test(a_fault_changes_the_policy),
	};

	core_random_init(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
