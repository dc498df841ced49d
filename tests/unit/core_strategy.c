// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is what has ended started again? What the strategy of a group comes to for a member
 * that says nothing itself, and what the kinds of children do that OTP knows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "restart.h"

/* With restarts left. */
static bool restarts(u32 condition, u32 cause, s32 code)
{
	const struct agentsys_restart_policy policy = {
		.condition = condition,
		.max_restarts = AGENTSYS_RESTARTS_UNLIMITED,
	};
	const struct agentsys_end end = { .cause = cause, .code = code, .ran_ms = 1 };
	struct agentsys_restart_past past = { 0 };
	struct agentsys_verdict verdict;

	agentsys_restart_decide(&policy, &past, &end, 0, &verdict);
	return verdict.state == AGENTSYS_BACKOFF;
}

static bool should_restart(u32 strategy, s32 exit_code)
{
	return restarts(agentsys_strategy_condition(strategy), AGENTSYS_CAUSE_EXIT, exit_code);
}

/* ---- exit codes by strategy ---- */

static void should_restart_permanent_never_restarts(void **unused)
{
	(void)unused;
	assert_false(should_restart(AGENTSYS_PERMANENT, 0));
	assert_false(should_restart(AGENTSYS_PERMANENT, 1));
	assert_false(should_restart(AGENTSYS_PERMANENT, -1));
}

static void should_restart_transient_only_on_abnormal(void **unused)
{
	(void)unused;
	assert_false(should_restart(AGENTSYS_TRANSIENT, 0));
	assert_true(should_restart(AGENTSYS_TRANSIENT, 1));
	assert_true(should_restart(AGENTSYS_TRANSIENT, -1));
	assert_true(should_restart(AGENTSYS_TRANSIENT, 42));
}

static void should_restart_one_for_one_always(void **unused)
{
	(void)unused;
	assert_true(should_restart(AGENTSYS_ONE_FOR_ONE, 0));
	assert_true(should_restart(AGENTSYS_ONE_FOR_ONE, 1));
}

static void should_restart_one_for_all_always(void **unused)
{
	(void)unused;
	assert_true(should_restart(AGENTSYS_ONE_FOR_ALL, 0));
	assert_true(should_restart(AGENTSYS_ONE_FOR_ALL, -1));
}

static void should_restart_rest_for_one_always(void **unused)
{
	(void)unused;
	assert_true(should_restart(AGENTSYS_REST_FOR_ONE, 0));
	assert_true(should_restart(AGENTSYS_REST_FOR_ONE, 1));
}

/* What is made of nothing but zeros has the defaults. */
static void restart_strategy_default_is_one_for_one(void **unused)
{
	(void)unused;
	assert_int_equal(AGENTSYS_ONE_FOR_ONE, 0);
	assert_int_equal(AGENTSYS_RESTART_NEVER, 0);
}

/* ---- children, as OTP calls them ---- */

static const u32 permanent = AGENTSYS_RESTART_ALWAYS, transient = AGENTSYS_RESTART_ON_FAILURE,
		 temporary = AGENTSYS_RESTART_NEVER;

/* Each row: an end, and which of permanent, transient, temporary are started again. */
static const struct {
	const char *name;
	u32 cause;
	s32 code;
	const char *again;
} ends[] = {
	{ "normal", AGENTSYS_CAUSE_EXIT, 0, "p  " },
	{ "an error", AGENTSYS_CAUSE_EXIT, 1, "pt " },
	{ "a crash", AGENTSYS_CAUSE_SIGNAL, 11, "pt " },
	{ "killed by somebody", AGENTSYS_CAUSE_SIGNAL, 9, "pt " },
	{ "out of memory", AGENTSYS_CAUSE_OOM, 9, "pt " },
	{ "a fault", AGENTSYS_CAUSE_FAULT, 9, "pt " },
	{ "a start that failed", AGENTSYS_CAUSE_LAUNCH, 2, "pt " },
	/* Ends that its supervisor asks for are no reason for it to do anything. */
	{ "stopped", AGENTSYS_CAUSE_STOP, 0, "   " },
	{ "stopped, with an error", AGENTSYS_CAUSE_STOP, 1, "   " },
	{ "killed as asked", AGENTSYS_CAUSE_KILL, 9, "   " },
	{ "stopped with its group", AGENTSYS_CAUSE_GROUP, 15, "   " },
};

static void children_by_end(void **unused)
{
	static const u32 *const children[] = { &permanent, &transient, &temporary };

	(void)unused;
	for (size_t e = 0; e < ARRAY_SIZE(ends); e++)
		for (size_t c = 0; c < ARRAY_SIZE(children); c++)
			if (restarts(*children[c], ends[e].cause, ends[e].code) !=
			    (ends[e].again[c] != ' '))
				fail_msg("%s, child %zu", ends[e].name, c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(should_restart_permanent_never_restarts),
		cmocka_unit_test(should_restart_transient_only_on_abnormal),
		cmocka_unit_test(should_restart_one_for_one_always),
		cmocka_unit_test(should_restart_one_for_all_always),
		cmocka_unit_test(should_restart_rest_for_one_always),
		cmocka_unit_test(restart_strategy_default_is_one_for_one),
		cmocka_unit_test(children_by_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
