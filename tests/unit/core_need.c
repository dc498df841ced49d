// SPDX-License-Identifier: GPL-2.0-only
/* What dependencies ask for, against a table written from the rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "need.h"

/*
 * A letter for each state of the other: starting, active, stopping, backoff, exited,
 * failed. To start: . may, w waits, f fails. To run: . may, x may not. Kept: k, its stop
 * waits for the other's.
 */
static const struct {
	const char *start, *start_called, *run, *keeps;
} rules[] = {
	[AGENTSYS_RELATION_REQUIRES] = { "w.wwff", "w.wwww", "x.xxxx", "kkk..." },
	[AGENTSYS_RELATION_WANTS] = { "w.....", "wwwwww", "......", "..k..." },
	[AGENTSYS_RELATION_PEER] = { "......", "......", "......", "......" },
	[AGENTSYS_RELATION_LINK] = { "......", "......", "......", "......" },
	[AGENTSYS_RELATION_MONITOR] = { "......", "......", "......", "......" },
};

static void every_entry(void **unused)
{
	static const char needs[] = { [AGENTSYS_NEED_MET] = '.',
				      [AGENTSYS_NEED_WAITS] = 'w',
				      [AGENTSYS_NEED_FAILS] = 'f' };

	(void)unused;
	assert_int_equal(ARRAY_SIZE(rules), __AGENTSYS_RELATIONS);
	for (u32 kind = 0; kind < __AGENTSYS_RELATIONS; kind++)
		for (u32 state = 0; state < __AGENTSYS_STATES; state++) {
			assert_int_equal(needs[agentsys_need_to_start(kind, state, false)],
					 rules[kind].start[state]);
			assert_int_equal(needs[agentsys_need_to_start(kind, state, true)],
					 rules[kind].start_called[state]);
			assert_int_equal(agentsys_need_to_run(kind, state) ? '.' : 'x',
					 rules[kind].run[state]);
			assert_int_equal(agentsys_need_keeps(kind, state) ? 'k' : '.',
					 rules[kind].keeps[state]);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
