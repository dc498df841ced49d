// SPDX-License-Identifier: GPL-2.0-only
/*
 * Restarts without anybody asking for them: when, how often, after which delay; and
 * what a change of the policy does to them.
 *
 * vm: timeout=120
 */
#include "kselftest_harness.h"
#include "lib/agents.h"

AGENTS_FIXTURE(restart);

AGENTS_FIXTURE(policy);

FIXTURE_VARIANT(policy)
{
	enum agentsys_restart condition;
	const char *line;
	bool restarts;
};

FIXTURE_VARIANT_ADD(policy, never_after_success) {
	AGENTSYS_RESTART_NEVER, "exit 0", false
};

FIXTURE_VARIANT_ADD(policy, never_after_failure) {
	AGENTSYS_RESTART_NEVER, "exit 1", false
};

FIXTURE_VARIANT_ADD(policy, on_failure_after_success) {
	AGENTSYS_RESTART_ON_FAILURE, "exit 0", false
};

FIXTURE_VARIANT_ADD(policy, on_failure_after_failure) {
	AGENTSYS_RESTART_ON_FAILURE, "exit 1", true
};

FIXTURE_VARIANT_ADD(policy, on_failure_after_signal) {
	AGENTSYS_RESTART_ON_FAILURE, "kill -9 $$", true
};

FIXTURE_VARIANT_ADD(policy, always_after_success) {
	AGENTSYS_RESTART_ALWAYS, "exit 0", true
};

FIXTURE_VARIANT_ADD(policy, always_after_failure) {
	AGENTSYS_RESTART_ALWAYS, "exit 1", true
};

TEST_F(policy, decides)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, restarting(SHELL(variant->line), variant->condition, 2, 0, 0));
	struct agentsys_event event;

	NEXT(a, id, SPAWN);
	ASSERT_TRUE(next_event(a, id, &event));
	for (int n = 1; variant->restarts && n <= 2; n++) {
		NEXT(a, id, RESTART_SCHEDULED);
		EXPECT_EQ(n, NEXT(a, id, RESTART).code);
		ASSERT_TRUE(next_event(a, id, &event));
		EXPECT_TRUE(event.type == AGENTSYS_EVENT_EXIT ||
			    event.type == AGENTSYS_EVENT_CRASH);
	}
	if (variant->restarts) {
		event = NEXT(a, id, FAILED);
		EXPECT_EQ(2, event.code);
		EXPECT_EQ(2, event.value);
	}
	EXPECT_EQ(variant->restarts ? AGENTSYS_FAILED : AGENTSYS_EXITED, look(a, id).state);
	EXPECT_EQ(variant->restarts ? 3 : 1, look(a, id).instance);
	EXPECT_TRUE(no_event(a, id));
}

TEST_F(restart, on_failure_restarts_until_its_restarts_are_spent)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, restarting(SHELL("exit 7"), AGENTSYS_RESTART_ON_FAILURE, 4, 1, 5));
	struct agentsys_event event = NEXT(a, id, SPAWN);
	struct agentsys_info info;
	pid_t pid = event.pid;

	for (int n = 1; n <= 4; n++) {
		event = NEXT(a, id, CRASH);
		EXPECT_EQ(pid, event.pid);
		EXPECT_EQ(n, event.instance);
		EXPECT_EQ(n, NEXT(a, id, RESTART_SCHEDULED).code);
		event = NEXT(a, id, RESTART);
		EXPECT_EQ(n, event.code);
		EXPECT_EQ(n + 1, event.instance);
		EXPECT_NE(0, event.pid);
		EXPECT_NE(pid, event.pid);
		pid = event.pid;
	}
	NEXT(a, id, CRASH);
	event = NEXT(a, id, FAILED);
	EXPECT_EQ(AGENTSYS_CAUSE_EXIT, event.cause);
	EXPECT_EQ(4, event.code);
	EXPECT_EQ(4, event.value);

	info = look(a, id);
	EXPECT_EQ(AGENTSYS_FAILED, info.state);
	EXPECT_EQ(AGENTSYS_CAUSE_EXIT, info.cause);
	EXPECT_EQ(7, info.code);
	EXPECT_EQ(5, info.instance);
	EXPECT_EQ(4, info.restarts);
	EXPECT_EQ(5, info.spawns);
	EXPECT_EQ(5, info.exits);
	EXPECT_EQ(5, info.crashes);
	EXPECT_EQ(0, info.pid);
	EXPECT_TRUE(AWAIT(!cgroup_exists(id)));

	/* Started by hand it has all of them again. */
	ASSERT_OK(a->h, agentsys_start(a->h, id, AGENTSYS_WAIT));
	NEXT(a, id, SPAWN);
	for (int n = 1; n <= 4; n++) {
		NEXT(a, id, CRASH);
		EXPECT_EQ(n, NEXT(a, id, RESTART_SCHEDULED).code);
		EXPECT_EQ(n, NEXT(a, id, RESTART).code);
	}
	NEXT(a, id, CRASH);
	NEXT(a, id, FAILED);
	EXPECT_EQ(10, look(a, id).instance);
}

AGENTS_FIXTURE(backoff);

FIXTURE_VARIANT(backoff)
{
	uint32_t initial_ms;
	uint32_t max_ms;
	uint32_t want_ms[4];
};

FIXTURE_VARIANT_ADD(backoff, doubles) { 20, 30000, { 20, 40, 80, 160 } };
FIXTURE_VARIANT_ADD(backoff, is_capped) { 20, 50, { 20, 40, 50, 50 } };
FIXTURE_VARIANT_ADD(backoff, cap_below_initial) { 50, 10, { 10, 10, 10, 10 } };
FIXTURE_VARIANT_ADD(backoff, none) { 0, 30000, { 0, 0, 0, 0 } };

TEST_F(backoff, schedule)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, restarting(SHELL("exit 1"), AGENTSYS_RESTART_ON_FAILURE, 4,
					  variant->initial_ms, variant->max_ms));

	for (int n = 0; n < 4; n++) {
		EXPECT_EQ(variant->want_ms[n], LATER(a, id, RESTART_SCHEDULED).value);
		NEXT(a, id, RESTART);
	}
}

/* One that waits for @ms comes back after another one that waits for much less, and twice. */
static bool is_slower(struct __test_metadata *_metadata, struct agents *a, uint32_t ms)
{
	enum agentsys_restart always = AGENTSYS_RESTART_ALWAYS;
	uint32_t slow = SPAWN(a, restarting(SHELL("exit 1"), always, 1, ms, ms));
	uint32_t quick = SPAWN(a, restarting(SHELL("exit 1"), always, 2, 50, 50));

	LATER(a, slow, RESTART);
	return look(a, quick).restarts == 2;
}

/* Told by the order of two: how long anything takes depends on how busy the machine is. */
TEST_F(restart, backoff_is_waited_for)
{
	struct agents *a = &self->a;

	EXPECT_TRUE(is_slower(_metadata, a, 1000) || is_slower(_metadata, a, 10000));
}

/* Somebody else has removed the cgroup, in which nothing was left. */
TEST_F(restart, cgroup_that_has_gone)
{
	struct agentsys_spec *spec = SHELL("exec sleep 1000");
	struct agents *a = &self->a;
	char path[64];
	uint32_t id;

	id = SPAWN(a, restarting(spec, AGENTSYS_RESTART_ALWAYS, 1, NEVER_MS, NEVER_MS));
	snprintf(path, sizeof(path), CGROUPS "/%u", id);
	MUST(!kill(look(a, id).pid, SIGKILL));
	LATER(a, id, RESTART_SCHEDULED);
	EXPECT_TRUE(AWAIT(!rmdir(path)));
	ASSERT_OK(a->h, agentsys_start(a->h, id, AGENTSYS_WAIT));
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
	EXPECT_TRUE(in_agent(look(a, id).pid, id));
}

TEST_F(restart, default_backoff_is_100_ms_doubling)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SHELL("exit 1");
	struct agentsys_info info;
	uint32_t id;

	agentsys_spec_set_restart(spec, AGENTSYS_RESTART_ON_FAILURE);
	id = SPAWN(a, spec);
	info = look(a, id);
	EXPECT_EQ(3, info.max_restarts);
	EXPECT_EQ(100, info.backoff_initial_ms);
	EXPECT_EQ(30000, info.backoff_max_ms);
	for (int delay = 100; delay <= 400; delay *= 2)
		EXPECT_EQ(delay, LATER(a, id, RESTART_SCHEDULED).value);
	LATER(a, id, FAILED);
}

TEST_F(restart, next_start_is_told_in_backoff)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, restarting(SHELL("exit 1"), AGENTSYS_RESTART_ALWAYS, 1, NEVER_MS,
					  NEVER_MS));
	struct agentsys_info info;

	LATER(a, id, RESTART_SCHEDULED);
	info = look(a, id);
	EXPECT_EQ(AGENTSYS_BACKOFF, info.state);
	EXPECT_GT(info.next_start_ms, NEVER_MS / 2);
	EXPECT_LE(info.next_start_ms, NEVER_MS);
	/* By hand it starts at once, and its restarts are not spent. */
	ASSERT_OK(a->h, agentsys_start(a->h, id, AGENTSYS_WAIT));
	NEXT(a, id, SPAWN);
	NEXT(a, id, CRASH);
	EXPECT_EQ(1, NEXT(a, id, RESTART_SCHEDULED).code);
}

/* ---- changing the policy ---- */

TEST_F(restart, set_changes_the_policy_of_the_next_end)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, SLEEP);
	struct agentsys_spec *spec = restarting(agentsys_spec_new(), AGENTSYS_RESTART_ALWAYS, 5,
						0, 7);
	struct agentsys_info info;

	NEXT(a, id, SPAWN);
	ASSERT_OK(a->h, agentsys_set(a->h, id, spec));
	EXPECT_EQ(5, NEXT(a, id, POLICY).value);
	info = look(a, id);
	EXPECT_EQ(AGENTSYS_RESTART_ALWAYS, info.restart);
	EXPECT_EQ(5, info.max_restarts);
	EXPECT_EQ(0, info.backoff_initial_ms);
	EXPECT_EQ(7, info.backoff_max_ms);
	kill(info.pid, SIGKILL);
	LATER(a, id, RESTART);

	/* One thing alone leaves the others as they are. */
	spec = agentsys_spec_new();
	agentsys_spec_set_restart(spec, AGENTSYS_RESTART_NEVER);
	ASSERT_OK(a->h, agentsys_set(a->h, id, spec));
	info = look(a, id);
	EXPECT_EQ(AGENTSYS_RESTART_NEVER, info.restart);
	EXPECT_EQ(5, info.max_restarts);
	EXPECT_EQ(7, info.backoff_max_ms);
	NEXT(a, id, POLICY);
	kill(info.pid, SIGKILL);
	NEXT(a, id, CRASH);
	EXPECT_EQ(AGENTSYS_EXITED, look(a, id).state);
}

AGENTS_FIXTURE(set_in_backoff);

FIXTURE_VARIANT(set_in_backoff)
{
	const char *line;
	int condition;
	int max;
	enum agentsys_state after;
};

/* The policy that ended in backoff is "always, 3 times". */
FIXTURE_VARIANT_ADD(set_in_backoff, never) {
	"exit 1", AGENTSYS_RESTART_NEVER, -1, AGENTSYS_EXITED
};

FIXTURE_VARIANT_ADD(set_in_backoff, no_restarts) {
	"exit 1", -1, 0, AGENTSYS_EXITED
};

FIXTURE_VARIANT_ADD(set_in_backoff, another_condition_that_holds) {
	"exit 1", AGENTSYS_RESTART_ON_FAILURE, -1, AGENTSYS_BACKOFF
};

FIXTURE_VARIANT_ADD(set_in_backoff, another_condition_that_does_not_hold) {
	"exit 0", AGENTSYS_RESTART_ON_FAILURE, -1, AGENTSYS_EXITED
};

FIXTURE_VARIANT_ADD(set_in_backoff, more_restarts) {
	"exit 1", -1, 7, AGENTSYS_BACKOFF
};

TEST_F(set_in_backoff, decides_anew)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = agentsys_spec_new();
	uint32_t id = SPAWN(a, restarting(SHELL(variant->line), AGENTSYS_RESTART_ALWAYS, 3,
					  NEVER_MS, NEVER_MS));

	LATER(a, id, RESTART_SCHEDULED);
	if (variant->condition >= 0)
		agentsys_spec_set_restart(spec, variant->condition);
	if (variant->max >= 0)
		agentsys_spec_set_max_restarts(spec, variant->max);
	ASSERT_OK(a->h, agentsys_set(a->h, id, spec));
	NEXT(a, id, POLICY);
	EXPECT_EQ(variant->after, look(a, id).state);
	if (variant->after == AGENTSYS_EXITED)
		EXPECT_TRUE(AWAIT(!cgroup_exists(id)));
	/* On again, from an ended state: it stays there until somebody starts it. */
	ASSERT_OK(a->h, agentsys_set(a->h, id, restarting(agentsys_spec_new(),
							  AGENTSYS_RESTART_ALWAYS, 3, 0, 0)));
	EXPECT_EQ(variant->after, look(a, id).state);
	EXPECT_EQ(1, look(a, id).instance);
}

TEST_HARNESS_MAIN
