// SPDX-License-Identifier: GPL-2.0-only
/*
 * Restarts by the cause of an end: which ends are no failure, which prevent a restart,
 * how the delay grows and starts anew, and the circuit breaker. The delays are those
 * that the module tells; how long it really waits is lifecycle.c's.
 *
 * vm: timeout=300
 */
#include "kselftest_harness.h"
#include "lib/agents.h"

/* An agent whose backoff no test waits for. */
#define LONG_MS	3600000

FIXTURE(restarts) {
	struct agents a;
};

FIXTURE_SETUP(restarts)
{
	agents_open(_metadata, &self->a);
}

FIXTURE_TEARDOWN(restarts)
{
	agents_close(&self->a);
}

/* What ends by itself, and would be restarted so. */
static struct agentsys_spec *ending(const char *how, enum agentsys_restart condition)
{
	return restarting(SHELL(how), condition, 5, LONG_MS, LONG_MS);
}

static void add_code(uint64_t codes[AGENTSYS_CODE_WORDS], int code)
{
	codes[code / 64] |= 1ULL << code % 64;
}

static struct agentsys_spec *with_success_code(struct agentsys_spec *spec, int code)
{
	uint64_t codes[AGENTSYS_CODE_WORDS] = { 0 };

	add_code(codes, code);
	agentsys_spec_set_success_codes(spec, codes);
	return spec;
}

static struct agentsys_spec *with_never_code(struct agentsys_spec *spec, int code)
{
	uint64_t codes[AGENTSYS_CODE_WORDS] = { 0 };

	add_code(codes, code);
	agentsys_spec_set_never_codes(spec, codes);
	return spec;
}

static struct agentsys_spec *with_success_signal(struct agentsys_spec *spec, int signal)
{
	agentsys_spec_set_success_signals(spec, 1ULL << (signal - 1));
	return spec;
}

static struct agentsys_spec *with_never_signal(struct agentsys_spec *spec, int signal)
{
	agentsys_spec_set_never_signals(spec, 1ULL << (signal - 1));
	return spec;
}

static struct agentsys_spec *with_never_cause(struct agentsys_spec *spec,
					      enum agentsys_cause cause)
{
	agentsys_spec_set_never_causes(spec, 1U << cause);
	return spec;
}

/* ---- which ends count ---- */

#define CRASH	AGENTSYS_EVENT_CRASH
#define EXIT	AGENTSYS_EVENT_EXIT

/* It ends at once: is that a crash, and is it to be restarted? */
static void check_end(struct __test_metadata *_metadata, struct agents *a, const char *what,
		      struct agentsys_spec *spec, uint32_t type, bool again)
{
	uint32_t id = SPAWN(a, spec);
	struct agentsys_event event;
	struct agentsys_info info;

	NEXT(a, id, SPAWN);
	/* One that runs out of memory has that told first, and that it is killed for that. */
	do {
		ASSERT_TRUE(next_event(a, id, &event));
	} while (event.type == AGENTSYS_EVENT_WARNING || event.type == AGENTSYS_EVENT_FAULT ||
		 event.type == AGENTSYS_EVENT_KILL);
	EXPECT_EQ(type, event.type);
	if (again)
		NEXT(a, id, RESTART_SCHEDULED);
	EXPECT_TRUE(AWAIT(is_state(a, id, again ? AGENTSYS_BACKOFF : AGENTSYS_EXITED)));
	info = look(a, id);
	EXPECT_EQ(type == CRASH, info.crashes);
	EXPECT_EQ(type == CRASH, info.faults);
	EXPECT_TRUE(no_event(a, id));
	if (!__test_passed(_metadata))
		TH_LOG("%s", what);
	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
	ASSERT_OK(a->h, agentsys_remove(a->h, id));
	skip_events(a);
}

#define ON_FAILURE(how) ending(how, AGENTSYS_RESTART_ON_FAILURE)
#define ON_ABNORMAL(how) ending(how, AGENTSYS_RESTART_ON_ABNORMAL)
#define ALWAYS(how) ending(how, AGENTSYS_RESTART_ALWAYS)
#define CHECK(spec, type, again) check_end(_metadata, &self->a, #spec, spec, type, again)

TEST_F(restarts, a_success_is_no_crash)
{
	CHECK(ON_FAILURE("exit 3"), CRASH, true);
	CHECK(with_success_code(ON_FAILURE("exit 3"), 3), EXIT, false);
	CHECK(with_success_code(ON_FAILURE("exit 255"), 255), EXIT, false);
	CHECK(with_success_code(ON_FAILURE("exit 4"), 3), CRASH, true);
	CHECK(with_success_code(ON_FAILURE("exit 67"), 3), CRASH, true);
	/* Always means a success as well. */
	CHECK(with_success_code(ALWAYS("exit 3"), 3), EXIT, true);
	/* A signal is not the code of its number. */
	CHECK(with_success_code(ON_FAILURE("kill -HUP $$"), SIGHUP), CRASH, true);
	CHECK(with_success_signal(ON_FAILURE("exit 1"), SIGHUP), CRASH, true);
	CHECK(with_success_signal(ON_FAILURE("kill -HUP $$"), SIGHUP), EXIT, false);
	CHECK(with_success_signal(ON_FAILURE("kill -INT $$"), SIGHUP), CRASH, true);
	CHECK(with_success_signal(ON_FAILURE("kill -64 $$"), 64), EXIT, false);
}

TEST_F(restarts, what_prevents_ends_it_for_good)
{
	CHECK(ALWAYS("exit 4"), CRASH, true);
	CHECK(with_never_code(ALWAYS("exit 4"), 4), CRASH, false);
	CHECK(with_never_code(ON_FAILURE("exit 200"), 200), CRASH, false);
	CHECK(with_never_code(ALWAYS("exit 0"), 0), EXIT, false);
	CHECK(with_never_code(ALWAYS("exit 5"), 4), CRASH, true);
	CHECK(with_never_code(ALWAYS("kill -ILL $$"), SIGILL), CRASH, true);
	CHECK(with_never_signal(ALWAYS("kill -SEGV $$"), SIGSEGV), CRASH, false);
	CHECK(with_never_signal(ON_ABNORMAL("kill -SEGV $$"), SIGSEGV), CRASH, false);
	CHECK(with_never_signal(ALWAYS("kill -ABRT $$"), SIGSEGV), CRASH, true);
	CHECK(with_never_cause(ALWAYS("exit 1"), AGENTSYS_CAUSE_EXIT), CRASH, false);
	CHECK(with_never_cause(ALWAYS("kill -SEGV $$"), AGENTSYS_CAUSE_EXIT), CRASH, true);
}

TEST_F(restarts, on_abnormal_is_for_what_is_no_exit)
{
	CHECK(ON_ABNORMAL("exit 0"), EXIT, false);
	CHECK(ON_ABNORMAL("exit 1"), CRASH, false);
	CHECK(ON_ABNORMAL("kill -SEGV $$"), CRASH, true);
	CHECK(with_success_signal(ON_ABNORMAL("kill -TERM $$"), SIGTERM), EXIT, false);
}

/* ---- running out of memory ---- */

static struct agentsys_spec *eater(void)
{
	struct agentsys_spec *spec = restarting(SPEC(program("actor"), "touch", "64"),
						AGENTSYS_RESTART_ALWAYS, 5, LONG_MS, LONG_MS);

	agentsys_spec_set_memory_max(spec, 16 << 20);
	return spec;
}

TEST_F(restarts, memory_that_ran_out)
{
	if (!has_controller(&self->a, "memory"))
		SKIP(return, "the memory controller is missing");
	CHECK(eater(), CRASH, true);
	CHECK(with_never_cause(eater(), AGENTSYS_CAUSE_OOM), CRASH, false);
	/* It is killed, but not by a signal that somebody sent. */
	CHECK(with_never_signal(eater(), SIGKILL), CRASH, true);
	CHECK(with_success_signal(eater(), SIGKILL), CRASH, true);
}

/* ---- a start that fails ---- */

/* Its program is gone when it is to be restarted. */
static void check_relaunch(struct __test_metadata *_metadata, struct agents *a,
			   enum agentsys_restart condition, bool prevented, bool again)
{
	struct agentsys_spec *spec;
	uint32_t id;
	int in;

	ASSERT_EQ(0, system("cp /bin/busybox " WORK "/sh"));
	spec = restarting(SPEC(WORK "/sh", "-c", "read line; kill -SEGV $$"), condition, 1, 1, 1);
	if (prevented)
		with_never_cause(spec, AGENTSYS_CAUSE_LAUNCH);
	agentsys_spec_set_max_restarts(spec, 2);
	in = piped(spec, 0);
	id = SPAWN(a, spec);
	ASSERT_EQ(0, unlink(WORK "/sh"));
	MUST(write(in, "\n", 1) == 1);
	LATER(a, id, LAUNCH_FAILED);
	if (again)
		NEXT(a, id, RESTART_SCHEDULED);
	EXPECT_TRUE(AWAIT(is_state(a, id, AGENTSYS_FAILED)));
	EXPECT_EQ(again ? 2 : 1, look(a, id).restarts);
	ASSERT_OK(a->h, agentsys_remove(a->h, id));
	skip_events(a);
}

TEST_F(restarts, a_restart_that_fails)
{
	check_relaunch(_metadata, &self->a, AGENTSYS_RESTART_ALWAYS, false, true);
	check_relaunch(_metadata, &self->a, AGENTSYS_RESTART_ALWAYS, true, false);
	check_relaunch(_metadata, &self->a, AGENTSYS_RESTART_ON_ABNORMAL, false, false);
}

/* ---- delays ---- */

/* It fails at once, @n times; the delays that are told. */
static void take_delays(struct __test_metadata *_metadata, struct agents *a, uint32_t id,
			int n, uint64_t delays[])
{
	for (int i = 0; i < n; i++) {
		struct agentsys_event event = LATER(a, id, RESTART_SCHEDULED);

		EXPECT_EQ(i + 1, event.code);
		delays[i] = event.value;
	}
	LATER(a, id, FAILED);
}

static void check_delays(struct __test_metadata *_metadata, struct agents *a,
			 enum agentsys_backoff kind, const uint64_t expected[], int n)
{
	struct agentsys_spec *spec = restarting(SHELL("exit 1"), AGENTSYS_RESTART_ON_FAILURE, n,
						4, 14);
	uint64_t delays[8];
	uint32_t id;

	agentsys_spec_set_stable(spec, LONG_MS);
	agentsys_spec_set_backoff_kind(spec, kind);
	id = SPAWN(a, spec);
	EXPECT_EQ(kind, look(a, id).backoff_kind);
	take_delays(_metadata, a, id, n, delays);
	for (int i = 0; i < n; i++) {
		EXPECT_EQ(expected[i], delays[i])
			TH_LOG("%s, restart %d", agentsys_backoff_name(kind), i + 1);
	}
	EXPECT_EQ(n, look(a, id).streak);
}

TEST_F(restarts, delays_by_kind)
{
	static const uint64_t exponential[] = { 4, 8, 14, 14, 14 };
	static const uint64_t linear[] = { 4, 8, 12, 14, 14 };
	static const uint64_t constant[] = { 4, 4, 4, 4, 4 };
	struct agents *a = &self->a;

	check_delays(_metadata, a, AGENTSYS_BACKOFF_EXPONENTIAL, exponential, 5);
	check_delays(_metadata, a, AGENTSYS_BACKOFF_LINEAR, linear, 5);
	check_delays(_metadata, a, AGENTSYS_BACKOFF_CONSTANT, constant, 5);
	/* It survives a few ms of an hour: as long as may be. */
	check_delays(_metadata, a, AGENTSYS_BACKOFF_ADAPTIVE,
		     (const uint64_t[]){ 14, 14, 14, 14, 14 }, 5);
}

/* Has its instance run for so long? */
static bool ran_for(struct agents *a, uint32_t id, uint64_t ms)
{
	struct agentsys_info info = look(a, id);
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return info.state == AGENTSYS_ACTIVE &&
	       now.tv_sec * 1000000000ULL + now.tv_nsec - info.start_time >= ms * 1000000;
}

/* By the book: the mean of each run and of the mean before it, and the delay from that. */
TEST_F(restarts, an_adaptive_delay_follows_survival)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = restarting(SHELL("read line; exit 1"),
						AGENTSYS_RESTART_ON_FAILURE, 4, 1, LONG_MS);
	int in = piped(spec, 0);
	uint64_t survival = 0;
	uint32_t id;

	agentsys_spec_set_backoff_kind(spec, AGENTSYS_BACKOFF_ADAPTIVE);
	agentsys_spec_set_stable(spec, 2000);
	id = SPAWN(a, spec);
	for (int i = 0; i < 4; i++) {
		struct agentsys_event event;
		uint64_t ran;

		ASSERT_TRUE(AWAIT(ran_for(a, id, 50 * (i + 1))));
		MUST(write(in, "\n", 1) == 1);
		event = LATER(a, id, CRASH);
		ran = event.value / 1000000 ?: 1;
		survival = i ? (survival + ran) / 2 : ran;
		EXPECT_EQ(survival < 2000 ? 2000 / survival : 1,
			  LATER(a, id, RESTART_SCHEDULED).value);
		EXPECT_EQ(survival, look(a, id).survival_ms);
		LATER(a, id, RESTART);
	}
}

/* ---- a stable run ---- */

/* One that ends when a line is written to it, and otherwise runs. */
static struct agentsys_spec *on_order(uint32_t max_restarts, uint32_t stable_ms, int *in)
{
	struct agentsys_spec *spec = restarting(SHELL("read line; exit 1"),
						AGENTSYS_RESTART_ON_FAILURE, max_restarts, 2,
						LONG_MS);

	*in = piped(spec, 0);
	agentsys_spec_set_stable(spec, stable_ms);
	return spec;
}

/* From now on a run that has lasted for so long is a stable one, the present one too. */
static void set_stable(struct __test_metadata *_metadata, struct agents *a, uint32_t id,
		       uint32_t stable_ms)
{
	struct agentsys_spec *spec = agentsys_spec_new();

	agentsys_spec_set_stable(spec, stable_ms);
	ASSERT_OK(a->h, agentsys_set(a->h, id, spec));
	agentsys_spec_free(spec);
}

/* The delay that is told when it ends now. */
static uint64_t end_on_order(struct __test_metadata *_metadata, struct agents *a, uint32_t id,
			     int in)
{
	MUST(write(in, "\n", 1) == 1);
	return LATER(a, id, RESTART_SCHEDULED).value;
}

TEST_F(restarts, a_stable_run_starts_the_delay_anew)
{
	const uint32_t stable_ms = 500;
	struct agents *a = &self->a;
	int in;
	uint32_t id = SPAWN(a, on_order(10, LONG_MS, &in));

	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(2 << i, end_on_order(_metadata, a, id, in));
		EXPECT_EQ(i + 1, look(a, id).streak);
		LATER(a, id, RESTART);
	}
	set_stable(_metadata, a, id, stable_ms);
	ASSERT_TRUE(AWAIT(ran_for(a, id, stable_ms)));
	EXPECT_EQ(2, end_on_order(_metadata, a, id, in));
	EXPECT_EQ(1, look(a, id).streak);
	LATER(a, id, RESTART);
	/* The next one is short again, however busy the machine is. */
	set_stable(_metadata, a, id, LONG_MS);
	EXPECT_EQ(4, end_on_order(_metadata, a, id, in));
	LATER(a, id, RESTART);
	/* The restarts themselves are not given back by that. */
	EXPECT_EQ(5, look(a, id).restarts);
}

/* By hand everything begins again. */
TEST_F(restarts, a_start_by_hand_starts_the_delay_anew)
{
	struct agents *a = &self->a;
	int in;
	uint32_t id = SPAWN(a, on_order(10, LONG_MS, &in));

	EXPECT_EQ(2, end_on_order(_metadata, a, id, in));
	LATER(a, id, RESTART);
	EXPECT_EQ(4, end_on_order(_metadata, a, id, in));
	LATER(a, id, RESTART);
	ASSERT_OK(a->h, agentsys_restart(a->h, id, 0, AGENTSYS_WAIT));
	EXPECT_EQ(0, look(a, id).streak);
	EXPECT_EQ(0, look(a, id).survival_ms);
	EXPECT_EQ(2, end_on_order(_metadata, a, id, in));
}

/* ---- the circuit breaker ---- */

TEST_F(restarts, the_breaker_opens_and_closes)
{
	struct agents *a = &self->a;
	const uint32_t stable_ms = 500, open_ms = 77;
	struct agentsys_spec *spec;
	struct agentsys_event event;
	uint32_t id;
	int in;

	spec = on_order(20, LONG_MS, &in);
	agentsys_spec_set_backoff_kind(spec, AGENTSYS_BACKOFF_CONSTANT);
	agentsys_spec_set_breaker(spec, 2, open_ms);
	id = SPAWN(a, spec);
	EXPECT_EQ(AGENTSYS_CIRCUIT_CLOSED, look(a, id).circuit);
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(2, end_on_order(_metadata, a, id, in));
		EXPECT_EQ(AGENTSYS_CIRCUIT_CLOSED, look(a, id).circuit);
		LATER(a, id, RESTART);
	}

	/* The third in a row is one too many, and so is the one after it. */
	for (int i = 3; i <= 4; i++) {
		skip_events(a);
		MUST(write(in, "\n", 1) == 1);
		NEXT(a, id, CRASH);
		event = NEXT(a, id, CIRCUIT_OPEN);
		EXPECT_EQ(i, event.code);
		EXPECT_EQ(open_ms, event.value);
		EXPECT_EQ(open_ms, NEXT(a, id, RESTART_SCHEDULED).value);
		NEXT(a, id, RESTART);
		EXPECT_EQ(AGENTSYS_CIRCUIT_HALF_OPEN, look(a, id).circuit);
	}

	/* A run that lasts closes it. */
	set_stable(_metadata, a, id, stable_ms);
	ASSERT_TRUE(AWAIT(ran_for(a, id, stable_ms)));
	EXPECT_EQ(AGENTSYS_CIRCUIT_CLOSED, look(a, id).circuit);
	EXPECT_EQ(2, end_on_order(_metadata, a, id, in));
	EXPECT_EQ(AGENTSYS_CIRCUIT_CLOSED, look(a, id).circuit);
	EXPECT_EQ(1, look(a, id).streak);
}

/* While it waits for the break it is open, and a hand closes it. */
TEST_F(restarts, an_open_circuit)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = restarting(SHELL("read line; exit 1"),
						AGENTSYS_RESTART_ON_FAILURE, 20, 1, 1);
	struct agentsys_info info;
	int in = piped(spec, 0);
	uint32_t id;

	agentsys_spec_set_breaker(spec, 1, LONG_MS);
	id = SPAWN(a, spec);
	EXPECT_EQ(1, end_on_order(_metadata, a, id, in));
	LATER(a, id, RESTART);
	EXPECT_EQ(LONG_MS, end_on_order(_metadata, a, id, in));
	EXPECT_TRUE(AWAIT(is_state(a, id, AGENTSYS_BACKOFF)));
	info = look(a, id);
	EXPECT_EQ(AGENTSYS_CIRCUIT_OPEN, info.circuit);
	EXPECT_EQ(2, info.streak);
	EXPECT_GT(info.next_start_ms, LONG_MS / 2);
	ASSERT_OK(a->h, agentsys_start(a->h, id, AGENTSYS_WAIT));
	info = look(a, id);
	EXPECT_EQ(AGENTSYS_CIRCUIT_CLOSED, info.circuit);
	EXPECT_EQ(0, info.streak);
	EXPECT_EQ(1, end_on_order(_metadata, a, id, in));
}

/* ---- jitter ---- */

TEST_F_TIMEOUT(restarts, jitter_stays_within_its_range, 120)
{
	enum { N = 60, LEAST = 20, MOST = 30 };
	struct agents *a = &self->a;
	struct agentsys_spec *spec = restarting(SHELL("exit 1"), AGENTSYS_RESTART_ON_FAILURE, N,
						LEAST, LEAST);
	uint64_t delays[N], low = UINT64_MAX, high = 0;
	uint32_t id;

	agentsys_spec_set_backoff_kind(spec, AGENTSYS_BACKOFF_CONSTANT);
	agentsys_spec_set_jitter(spec, 50);
	id = SPAWN(a, spec);
	take_delays(_metadata, a, id, N, delays);
	for (int i = 0; i < N; i++) {
		low = delays[i] < low ? delays[i] : low;
		high = delays[i] > high ? delays[i] : high;
	}
	EXPECT_GE(low, LEAST);
	EXPECT_LE(high, MOST);
	/* Chance misses the lower or the upper half of it once in 2^60 runs. */
	EXPECT_LT(low, (LEAST + MOST) / 2);
	EXPECT_GE(high, (LEAST + MOST) / 2);
}

/* ---- changing it ---- */

TEST_F(restarts, all_of_it_can_be_set_and_read)
{
	static const uint64_t success[AGENTSYS_CODE_WORDS] = { 1ULL << 63, 2, 4, 1ULL << 63 };
	static const uint64_t never[AGENTSYS_CODE_WORDS] = { 2, 1ULL << 63, 1, 8 };
	struct agents *a = &self->a;
	struct agentsys_spec *spec = agentsys_spec_new();
	uint32_t id = SPAWN(a, SLEEP);
	struct agentsys_info info = look(a, id);

	EXPECT_EQ(AGENTSYS_BACKOFF_EXPONENTIAL, info.backoff_kind);
	EXPECT_EQ(0, info.jitter);
	EXPECT_EQ(60000, info.stable_ms);
	EXPECT_EQ(0, info.breaker);
	EXPECT_EQ(60000, info.breaker_open_ms);
	EXPECT_EQ(0, info.success_signals | info.never_signals | info.never_causes);

	agentsys_spec_set_restart(spec, AGENTSYS_RESTART_ON_ABNORMAL);
	agentsys_spec_set_backoff_kind(spec, AGENTSYS_BACKOFF_LINEAR);
	agentsys_spec_set_jitter(spec, 100);
	agentsys_spec_set_stable(spec, 86400000);
	agentsys_spec_set_breaker(spec, 2147483647, 86400000);
	agentsys_spec_set_success_codes(spec, success);
	agentsys_spec_set_success_signals(spec, 1ULL << 63);
	agentsys_spec_set_never_codes(spec, never);
	agentsys_spec_set_never_signals(spec, 1);
	agentsys_spec_set_never_causes(spec, 1U << AGENTSYS_CAUSE_LAUNCH);
	ASSERT_OK(a->h, agentsys_set(a->h, id, spec));
	/* What is not given stays. */
	spec = agentsys_spec_new();
	agentsys_spec_set_max_restarts(spec, 7);
	ASSERT_OK(a->h, agentsys_set(a->h, id, spec));

	info = look(a, id);
	EXPECT_EQ(AGENTSYS_RESTART_ON_ABNORMAL, info.restart);
	EXPECT_EQ(7, info.max_restarts);
	EXPECT_EQ(AGENTSYS_BACKOFF_LINEAR, info.backoff_kind);
	EXPECT_EQ(100, info.jitter);
	EXPECT_EQ(86400000, info.stable_ms);
	EXPECT_EQ(2147483647, info.breaker);
	EXPECT_EQ(86400000, info.breaker_open_ms);
	EXPECT_EQ(0, memcmp(success, info.success_codes, sizeof(success)));
	EXPECT_EQ(1ULL << 63, info.success_signals);
	EXPECT_EQ(0, memcmp(never, info.never_codes, sizeof(never)));
	EXPECT_EQ(1, info.never_signals);
	EXPECT_EQ(1U << AGENTSYS_CAUSE_LAUNCH, info.never_causes);
}

/* A restart that is scheduled, and that the new sets would not make, is called off. */
TEST_F(restarts, a_new_set_calls_a_restart_off)
{
	struct agents *a = &self->a;
	struct agentsys_spec *more = agentsys_spec_new();
	uint32_t id = SPAWN(a, ON_FAILURE("exit 3"));

	LATER(a, id, RESTART_SCHEDULED);
	agentsys_spec_set_jitter(more, 10);
	ASSERT_OK(a->h, agentsys_set(a->h, id, more));
	EXPECT_TRUE(is_state(a, id, AGENTSYS_BACKOFF));
	with_success_code(more, 3);
	ASSERT_OK(a->h, agentsys_set(a->h, id, more));
	EXPECT_TRUE(AWAIT(is_state(a, id, AGENTSYS_EXITED)));
}

#define EXPECT_RANGE(set, ...) do {					\
	struct agentsys_spec *__spec = SLEEP;				\
	uint32_t __id;							\
									\
	agentsys_spec_set_##set(__spec, __VA_ARGS__);			\
	EXPECT_EQ(-ERANGE, agentsys_spawn(self->a.h, __spec, 0, &__id))	\
		TH_LOG("%s", #set " " #__VA_ARGS__);			\
	EXPECT_EQ(-ERANGE, agentsys_set(self->a.h, id, __spec));	\
	EXPECT_NE(0, strlen(agentsys_error(self->a.h)));		\
} while (0)

TEST_F(restarts, out_of_range)
{
	uint32_t id = SPAWN(&self->a, SLEEP);

	EXPECT_RANGE(restart, __AGENTSYS_RESTARTS);
	EXPECT_RANGE(backoff_kind, __AGENTSYS_BACKOFFS);
	EXPECT_RANGE(jitter, 101);
	EXPECT_RANGE(stable, 0);
	EXPECT_RANGE(stable, 86400001);
	EXPECT_RANGE(breaker, 0x80000000, 1);
	EXPECT_RANGE(breaker, 1, 86400001);
	EXPECT_RANGE(never_causes, 1U << __AGENTSYS_CAUSES);
	EXPECT_EQ(1, look_system(self->a.h).agents);
	EXPECT_EQ(60000, look(&self->a, id).stable_ms);
}

TEST_HARNESS_MAIN
