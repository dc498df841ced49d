// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core_random.h"
#include "names.h"

/* Every number below @count has a name of its own; beyond it, "unknown". */
static void check_names(const char *(*name)(u32), u32 first, u32 count)
{
	for (u32 i = first; i < count; i++) {
		assert_string_not_equal(name(i), "unknown");
		assert_int_not_equal(strlen(name(i)), 0);
		for (u32 other = first; other < i; other++)
			assert_string_not_equal(name(i), name(other));
	}
	assert_string_equal(name(count), "unknown");
	assert_string_equal(name(0x7fffffff), "unknown");
	assert_string_equal(name(0xffffffff), "unknown");
}

static void names(void **unused)
{
	(void)unused;
	check_names(agentsys_state_name, 0, __AGENTSYS_STATES);
	check_names(agentsys_cause_name, 0, __AGENTSYS_CAUSES);
	check_names(agentsys_restart_name, 0, __AGENTSYS_RESTARTS);
	check_names(agentsys_event_name, 1, __AGENTSYS_EVENTS);
	check_names(agentsys_fault_name, 0, __AGENTSYS_FAULTS);
	check_names(agentsys_fault_text, 0, __AGENTSYS_FAULTS);
	check_names(agentsys_recover_name, 0, __AGENTSYS_RECOVERS);
	check_names(agentsys_preset_name, 0, __AGENTSYS_PRESETS);
	check_names(agentsys_step_text, 0, __AGENTSYS_STEPS);
	assert_string_equal(agentsys_event_name(0), "unknown");
	assert_string_equal(agentsys_state_name(AGENTSYS_BACKOFF), "backoff");
	assert_string_equal(agentsys_restart_name(AGENTSYS_RESTART_ON_FAILURE), "on-failure");
	assert_string_equal(agentsys_cause_name(AGENTSYS_CAUSE_OOM), "oom");
	assert_string_equal(agentsys_event_name(AGENTSYS_EVENT_RESTART_SCHEDULED),
			    "restart-scheduled");
	assert_string_equal(agentsys_event_name(AGENTSYS_EVENT_SHUTDOWN), "shutdown");
}

static void errors_as_strerror(void **unused)
{
	static const int needed[] = { EPERM, ENOENT, EACCES, ENOEXEC, ENOMEM, EAGAIN, E2BIG,
				      ENOTDIR, EISDIR, ELOOP, ETXTBSY, EINVAL, ECANCELED,
				      ETIMEDOUT };
	int known = 0;

	(void)unused;
	for (int error = 0; error < 4096; error++) {
		const char *text = agentsys_error_text((u32)error);

		if (!text)
			continue;
		assert_string_equal(text, strerror(error));
		known++;
	}
	assert_true(known >= 40);
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		assert_non_null(agentsys_error_text((u32)needed[i]));
	assert_null(agentsys_error_text(0xffffffff));
}

#define EVENT(...) (&(struct agentsys_event){ __VA_ARGS__ })

static void check_text(const struct agentsys_event *event, const char *expected)
{
	char text[AGENTSYS_EVENT_TEXT_MAX];
	char small[8];
	int len = agentsys_event_text(event, text, sizeof(text));

	assert_string_equal(text, expected);
	assert_int_equal(len, strlen(expected));
	assert_int_equal(agentsys_event_text(event, NULL, 0), len);
	assert_int_equal(agentsys_event_text(event, small, sizeof(small)), len);
	assert_int_equal(strncmp(small, expected, 7), 0);
	assert_int_equal(small[7], 0);
}

static void sentences(void **unused)
{
	(void)unused;
	check_text(EVENT(.agent_id = 102, .type = AGENTSYS_EVENT_SPAWN), "Agent 102 spawned");
	check_text(EVENT(.agent_id = 103, .type = AGENTSYS_EVENT_EXIT,
			 .cause = AGENTSYS_CAUSE_EXIT), "Agent 103 exited (code 0)");
	check_text(EVENT(.agent_id = 103, .type = AGENTSYS_EVENT_EXIT,
			 .cause = AGENTSYS_CAUSE_STOP, .code = 15), "Agent 103 exited (stopped)");
	check_text(EVENT(.agent_id = 103, .type = AGENTSYS_EVENT_EXIT,
			 .cause = AGENTSYS_CAUSE_KILL, .code = 9), "Agent 103 exited (killed)");
	check_text(EVENT(.agent_id = 7, .type = AGENTSYS_EVENT_CRASH,
			 .cause = AGENTSYS_CAUSE_SIGNAL, .code = 11),
		   "Agent 7 crashed (signal 11)");
	check_text(EVENT(.agent_id = 7, .type = AGENTSYS_EVENT_CRASH,
			 .cause = AGENTSYS_CAUSE_EXIT, .code = 3), "Agent 7 crashed (code 3)");
	check_text(EVENT(.agent_id = 7, .type = AGENTSYS_EVENT_CRASH,
			 .cause = AGENTSYS_CAUSE_OOM, .code = 9),
		   "Agent 7 crashed (out of memory)");
	check_text(EVENT(.agent_id = 7, .type = AGENTSYS_EVENT_CRASH,
			 .cause = AGENTSYS_CAUSE_FAULT, .code = AGENTSYS_FAULT_PROCESS_LIMIT),
		   "Agent 7 crashed (process limit exceeded)");
	check_text(EVENT(.agent_id = 101, .type = AGENTSYS_EVENT_FAULT,
			 .code = AGENTSYS_FAULT_CPU_QUOTA), "Agent 101 fault: CPU quota exceeded");
	check_text(EVENT(.agent_id = 101, .type = AGENTSYS_EVENT_WARNING,
			 .code = AGENTSYS_FAULT_MEMORY_LIMIT),
		   "Agent 101 warning: close to MemoryLimit");
	check_text(EVENT(.agent_id = 7, .type = AGENTSYS_EVENT_RESTART_SCHEDULED, .code = 2,
			 .value = 200), "Agent 7 restart 2 in 200 ms");
	check_text(EVENT(.agent_id = 7, .type = AGENTSYS_EVENT_RESTART, .code = 2),
		   "Agent 7 restarted (restart 2)");
	check_text(EVENT(.agent_id = 7, .type = AGENTSYS_EVENT_FAILED, .code = 3, .value = 3),
		   "Agent 7 failed (3 of 3 restarts used)");
	check_text(EVENT(.agent_id = 7, .type = AGENTSYS_EVENT_FAILED, .code = 1,
			 .value = AGENTSYS_RESTARTS_UNLIMITED),
		   "Agent 7 failed: the budget of its group is spent (1 restarts)");
	check_text(EVENT(.agent_id = 7, .type = AGENTSYS_EVENT_FAILED,
			 .cause = AGENTSYS_CAUSE_LAUNCH),
		   "Agent 7 failed: its start did, and is not repeated");
	check_text(EVENT(.agent_id = 7, .type = AGENTSYS_EVENT_FAILED), "Agent 7 failed (0 of 0 restarts used)");
	check_text(EVENT(.name = "workers", .type = AGENTSYS_EVENT_GROUP_STOPPED,
			 .cause = AGENTSYS_CAUSE_STOP), "Group workers stopped as asked");
	check_text(EVENT(.name = "workers", .type = AGENTSYS_EVENT_GROUP_STOPPED,
			 .cause = AGENTSYS_CAUSE_STOP, .code = 1),
		   "Group workers stopped for a shutdown");
	check_text(EVENT(.name = "workers", .type = AGENTSYS_EVENT_GROUP_STOPPED,
			 .cause = AGENTSYS_CAUSE_GROUP), "Group workers stopped with its group");
	check_text(EVENT(.name = "workers", .type = AGENTSYS_EVENT_GROUP_STOPPED,
			 .cause = AGENTSYS_CAUSE_EXIT, .code = 7),
		   "Group workers stopped: its significant agent 7 is done");
	check_text(EVENT(.agent_id = 7, .type = AGENTSYS_EVENT_LAUNCH_FAILED, .code = EACCES,
			 .value = AGENTSYS_STEP_STDOUT),
		   "Agent 7 not started (cannot open standard output: Permission denied)");
	check_text(EVENT(.agent_id = 7, .type = AGENTSYS_EVENT_POLICY,
			 .code = AGENTSYS_RESTART_NEVER, .value = 5),
		   "Agent 7 is not restarted any more");
	check_text(EVENT(.agent_id = 7, .type = AGENTSYS_EVENT_POLICY,
			 .code = AGENTSYS_RESTART_ALWAYS, .value = 5),
		   "Agent 7 is restarted always, at most 5 times");
	check_text(EVENT(.agent_id = 7, .type = AGENTSYS_EVENT_LAUNCH_FAILED, .code = 4000,
			 .value = AGENTSYS_STEP_EXEC),
		   "Agent 7 not started (cannot execute the program: error 4000)");
	check_text(EVENT(.type = AGENTSYS_EVENT_LAUNCHER, .cause = AGENTSYS_CAUSE_SIGNAL, .code = 9,
			 .value = 1), "Launcher ended (signal 9), 1 in a row");
	check_text(EVENT(.type = AGENTSYS_EVENT_SHUTDOWN, .value = 5000),
		   "Shutdown of all agents within 5000 ms");
	check_text(EVENT(.agent_id = 7, .type = AGENTSYS_EVENT_LIMITS,
			 .value = 1 << AGENTSYS_LIMIT_MEMORY_MAX | 1 << AGENTSYS_LIMIT_WATCHDOG),
		   "Agent 7 has other limits: memory_max, watchdog");
	check_text(EVENT(.type = AGENTSYS_EVENT_LIMITS, .value = 0xff),
		   "New agents have other limits: memory_max, memory_high, cpu_quota and 5 more");
	check_text(EVENT(.name = "workers", .type = AGENTSYS_EVENT_GROUP_RESTART,
			 .cause = AGENTSYS_CAUSE_GROUP, .code = 7, .instance = 2, .value = 100),
		   "Group workers restarts in 100 ms after the end of agent 7 (restart 2 of its group)");
	check_text(EVENT(.name = "the longest name", .type = AGENTSYS_EVENT_GROUP_RESTART,
			 .cause = AGENTSYS_CAUSE_GROUP, .code = INT32_MIN, .instance = UINT32_MAX,
			 .value = UINT64_MAX),
		   "Group the longest name restarts in 18446744073709551615 ms after the end of agent "
		   "-2147483648 (restart 4294967295 of its group)");
	check_text(EVENT(.agent_id = 7, .type = 999), "Agent 7 event 999");
	check_text(EVENT(.type = 999), "Event 999");
}

/* Whatever an event holds, its sentence is whole in a buffer of the documented size. */
static void every_sentence_fits(void **unused)
{
	(void)unused;
	for (int i = 0; i < 200000; i++) {
		struct agentsys_event event = {
			.agent_id = core_random_below(8) ? 0xffffffff - core_random_below(3) : 0,
			.type = (u16)core_random_below(__AGENTSYS_EVENTS + 1),
			.cause = (u16)core_random_below(__AGENTSYS_CAUSES + 1),
			.code = (s32)(core_random() | 0x80000000),
			.value = core_random_below(2) ? ~0ULL : core_random_below(__AGENTSYS_STEPS),
		};
		char text[AGENTSYS_EVENT_TEXT_MAX];
		int len = agentsys_event_text(&event, text, sizeof(text));

		assert_true(len > 0 && (size_t)len < sizeof(text));
		assert_int_equal(strlen(text), len);
	}
}

static void every_launch_text_fits(void **unused)
{
	(void)unused;
	for (u32 step = 0; step <= __AGENTSYS_STEPS; step++)
		for (u32 error = 0; error < 140; error++) {
			struct agentsys_event event = {
				.agent_id = 0xffffffff,
				.type = AGENTSYS_EVENT_LAUNCH_FAILED,
				.code = (s32)error,
				.value = step,
			};
			char reason[256], text[AGENTSYS_EVENT_TEXT_MAX], expected[300];

			agentsys_launch_text(step, error, reason, sizeof(reason));
			snprintf(expected, sizeof(expected), "Agent 4294967295 not started (%s)",
				 reason);
			assert_int_equal(agentsys_event_text(&event, text, sizeof(text)),
					 strlen(expected));
			assert_string_equal(text, expected);
		}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(errors_as_strerror),
		cmocka_unit_test(sentences),
		cmocka_unit_test(every_sentence_fits),
		cmocka_unit_test(every_launch_text_fits),
	};

	core_random_init(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
