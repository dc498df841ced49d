// SPDX-License-Identifier: GPL-2.0-only
/*
 * Agents that are paused: they stand still, go on when they are resumed, and end
 * and begin again like others.
 *
 * vm: timeout=120
 */
#include "kselftest_harness.h"
#include "lib/agents.h"

#include <sys/mman.h>

AGENTS_FIXTURE(pause);

static bool is_frozen(uint32_t id, bool frozen)
{
	char text[128];

	return read_cgroup(id, "cgroup.events", text, sizeof(text)) > 0 &&
	       strstr(text, frozen ? "frozen 1" : "frozen 0");
}

/* An agent that counts without end, and where. */
static volatile uint64_t *counter_of(struct agentsys_spec **spec)
{
	int fd = open(WORK "/count", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	volatile uint64_t *counter;

	MUST(fd >= 0 && !ftruncate(fd, sizeof(*counter)));
	counter = mmap(NULL, sizeof(*counter), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	*spec = SPEC(program("actor"), "count", WORK "/count");
	return counter;
}

static bool advances(volatile uint64_t *counter)
{
	uint64_t then = *counter;

	return AWAIT(*counter != then);
}

TEST_F(pause, pause_freezes_and_resume_goes_on)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec;
	volatile uint64_t *counter = counter_of(&spec);
	uint32_t id = SPAWN(a, spec);
	uint64_t then;
	uint32_t other;

	NEXT(a, id, SPAWN);
	EXPECT_TRUE(advances(counter));
	ASSERT_OK(a->h, agentsys_pause(a->h, id));
	EXPECT_EQ(AGENTSYS_AGENT_PAUSED, look(a, id).flags);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
	ASSERT_TRUE(AWAIT(is_frozen(id, true)));
	then = *counter;

	/* Once more is no error and nothing new. */
	ASSERT_OK(a->h, agentsys_pause(a->h, id));
	/* Another one lives its whole life meanwhile: the time would do. */
	other = SPAWN(a, SHELL("i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done"));
	LATER(a, other, EXIT);
	EXPECT_EQ(then, *counter);

	ASSERT_OK(a->h, agentsys_resume(a->h, id));
	EXPECT_EQ(0, look(a, id).flags);
	EXPECT_TRUE(advances(counter));
	EXPECT_TRUE(is_frozen(id, false));
	ASSERT_OK(a->h, agentsys_resume(a->h, id));
	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
}

TEST_F(pause, pause_and_resume_are_told_once)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, SLEEP);

	for (int i = 0; i < 2; i++)
		ASSERT_OK(a->h, agentsys_pause(a->h, id));
	for (int i = 0; i < 2; i++)
		ASSERT_OK(a->h, agentsys_resume(a->h, id));
	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
	NEXT(a, id, SPAWN);
	NEXT(a, id, PAUSE);
	NEXT(a, id, RESUME);
	NEXT(a, id, KILL);
}

TEST_F(pause, stop_of_a_paused_one_is_heard_by_it)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SHELL("trap 'echo asked; exit 0' TERM; echo ready;"
					   "while :; do sleep 1000 & wait; done");
	int out = piped(spec, 1);
	uint32_t id = SPAWN(a, spec);

	ASSERT_LINE("ready", out);
	ASSERT_OK(a->h, agentsys_pause(a->h, id));
	ASSERT_TRUE(AWAIT(is_frozen(id, true)));
	ASSERT_OK(a->h, agentsys_stop(a->h, id, NEVER_MS, AGENTSYS_WAIT));
	EXPECT_LINE("asked", out);
	LATER(a, id, PAUSE);
	NEXT(a, id, RESUME);
	NEXT(a, id, STOP);
	EXPECT_EQ(AGENTSYS_CAUSE_STOP, NEXT(a, id, EXIT).cause);
	EXPECT_EQ(0, look(a, id).flags);
}

TEST_F(pause, kill_of_a_paused_one)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, SLEEP);

	ASSERT_OK(a->h, agentsys_pause(a->h, id));
	ASSERT_TRUE(AWAIT(is_frozen(id, true)));
	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
	EXPECT_EQ(AGENTSYS_EXITED, look(a, id).state);
	EXPECT_EQ(0, look(a, id).flags);
}

TEST_F(pause, restart_of_a_paused_one_runs)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec;
	volatile uint64_t *counter = counter_of(&spec);
	uint32_t id = SPAWN(a, spec);

	EXPECT_TRUE(advances(counter));
	ASSERT_OK(a->h, agentsys_pause(a->h, id));
	ASSERT_TRUE(AWAIT(is_frozen(id, true)));
	ASSERT_OK(a->h, agentsys_restart(a->h, id, NEVER_MS, AGENTSYS_WAIT));
	EXPECT_EQ(0, look(a, id).flags);
	EXPECT_TRUE(advances(counter));
	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
}

/* Somebody else kills it while it is frozen. */
TEST_F(pause, a_paused_one_that_is_restarted_is_not_born_frozen)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec;
	volatile uint64_t *counter = counter_of(&spec);
	uint32_t id = SPAWN(a, restarting(spec, AGENTSYS_RESTART_ON_FAILURE, 1, 0, 0));

	EXPECT_TRUE(advances(counter));
	ASSERT_OK(a->h, agentsys_pause(a->h, id));
	ASSERT_TRUE(AWAIT(is_frozen(id, true)));
	kill(look(a, id).pid, SIGKILL);
	LATER(a, id, RESTART);
	EXPECT_EQ(0, look(a, id).flags);
	EXPECT_TRUE(AWAIT(is_frozen(id, false)));
	EXPECT_TRUE(advances(counter));
	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
}

TEST_HARNESS_MAIN
