// SPDX-License-Identifier: GPL-2.0-only
/* The state table, against a second one written from the rules and not from the code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "state.h"

/* Columns: START RAN LAUNCH_FAILED ENDED STOP KILL RESTART TIMER PAUSE RESUME REMOVE */
static const char *const expected[__AGENTSYS_STATES][__AGENTSYS_INPUTS] = {
	{ "!EALREADY", "ACTIVE:RUNNING", ":DECIDE", ":DECIDE", "STOPPING:ABORT", "STOPPING:ABORT",
	  ":NONE", ":HELD_UP", "!EINVAL", "!EINVAL", "!EBUSY" },
	{ "!EALREADY", ":EXECED", ":NONE", ":DECIDE", "STOPPING:SIGNAL", "STOPPING:KILL",
	  "STOPPING:SIGNAL", ":NONE", ":FREEZE", ":THAW", "!EBUSY" },
	{ "!EBUSY", ":RUNNING", ":ENDED_AS_ASKED", ":ENDED_AS_ASKED", ":NONE", ":KILL",
	  ":NONE", ":KILL", "!EINVAL", "!EINVAL", "!EBUSY" },
	{ "STARTING:LAUNCH", ":NONE", ":NONE", ":NONE", "EXITED:FINISH", "EXITED:FINISH",
	  "STARTING:LAUNCH", "STARTING:LAUNCH", "!EINVAL", "!EINVAL", "!EBUSY" },
	{ "STARTING:LAUNCH", ":NONE", ":NONE", ":NONE", ":NONE", ":NONE",
	  "STARTING:LAUNCH", ":REAP", "!EINVAL", "!EINVAL", ":FORGET" },
	{ "STARTING:LAUNCH", ":NONE", ":NONE", ":NONE", ":NONE", ":NONE",
	  "STARTING:LAUNCH", ":REAP", "!EINVAL", "!EINVAL", ":FORGET" },
};

static const char *const states[] = { "STARTING", "ACTIVE", "STOPPING", "BACKOFF", "EXITED",
				      "FAILED" };
static const char *const actions[] = { "NONE", "REFUSE", "LAUNCH", "HELD_UP", "RUNNING", "EXECED",
				       "DECIDE", "ABORT", "SIGNAL", "KILL", "FREEZE", "THAW",
				       "ENDED_AS_ASKED", "FINISH", "REAP", "FORGET" };

static void describe(const struct agentsys_transition *t, unsigned int state, char *text,
		     size_t len)
{
	assert_true(t->next < __AGENTSYS_STATES);
	assert_true(t->action < __AGENTSYS_ACTIONS);
	if (t->action == AGENTSYS_ACT_REFUSE) {
		assert_int_equal(t->next, state);
		snprintf(text, len, "!%s", t->error == EALREADY ? "EALREADY" :
			 t->error == EBUSY ? "EBUSY" : t->error == EINVAL ? "EINVAL" : "?");
		return;
	}
	assert_int_equal(t->error, 0);
	snprintf(text, len, "%s:%s", t->next == state ? "" : states[t->next],
		 actions[t->action]);
}

static void every_entry(void **unused)
{
	(void)unused;
	assert_int_equal(ARRAY_SIZE(states), __AGENTSYS_STATES);
	assert_int_equal(ARRAY_SIZE(actions), __AGENTSYS_ACTIONS);

	for (unsigned int s = 0; s < __AGENTSYS_STATES; s++)
		for (unsigned int i = 0; i < __AGENTSYS_INPUTS; i++) {
			char text[64];

			describe(agentsys_transition(s, i), s, text, sizeof(text));
			if (strcmp(text, expected[s][i]))
				fail_msg("state %s, input %u: %s, expected %s", states[s], i, text,
					 expected[s][i]);
		}
}

static void out_of_range(void **unused)
{
	static const unsigned int beyond[] = { 0, 1000, 0x7fffffff, 0x80000000, 0xffffffff };

	(void)unused;
	for (size_t n = 0; n < ARRAY_SIZE(beyond); n++) {
		unsigned int state = beyond[n] ? beyond[n] : __AGENTSYS_STATES;
		unsigned int input = beyond[n] ? beyond[n] : __AGENTSYS_INPUTS;
		const struct agentsys_transition *t;

		t = agentsys_transition((enum agentsys_state)state, AGENTSYS_IN_START);
		assert_int_equal(t->action, AGENTSYS_ACT_REFUSE);
		assert_int_equal(t->error, EINVAL);
		t = agentsys_transition(AGENTSYS_ACTIVE, (enum agentsys_input)input);
		assert_int_equal(t->action, AGENTSYS_ACT_REFUSE);
		assert_int_equal(t->error, EINVAL);
	}
}

/* Whatever happens to an agent, it can always be brought to an end and be forgotten. */
static void every_state_ends(void **unused)
{
	static const enum agentsys_input way[] = { AGENTSYS_IN_KILL, AGENTSYS_IN_ENDED };

	(void)unused;
	for (unsigned int s = 0; s < __AGENTSYS_STATES; s++) {
		unsigned int state = s;

		for (size_t n = 0; n < ARRAY_SIZE(way); n++) {
			const struct agentsys_transition *t = agentsys_transition(state, way[n]);

			assert_int_not_equal(t->action, AGENTSYS_ACT_REFUSE);
			state = t->action == AGENTSYS_ACT_ENDED_AS_ASKED ? AGENTSYS_EXITED :
									   t->next;
		}
		assert_int_equal(agentsys_transition(state, AGENTSYS_IN_REMOVE)->action,
				 AGENTSYS_ACT_FORGET);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_entry),
		cmocka_unit_test(out_of_range),
		cmocka_unit_test(every_state_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
