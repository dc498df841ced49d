// SPDX-License-Identifier: GPL-2.0-only
/* How many may wait for an agent. */
#include "kselftest_harness.h"
#include "lib/agents.h"

#include <sys/wait.h>

#define MOST	64

AGENTS_FIXTURE(waiters);

enum { ENDED, REFUSED, WRONG };

static void stop_and_wait(uint32_t id)
{
	struct agentsys *h;
	int ret;

	if (fork())
		return;
	MUST(!agentsys_open(&h));
	ret = agentsys_stop(h, id, NEVER_MS, AGENTSYS_WAIT);
	if (ret == -EBUSY && strstr(agentsys_error(h), "too many wait"))
		_exit(REFUSED);
	_exit(ret ? WRONG : ENDED);
}

static int next_result(void)
{
	int status;

	MUST(wait(&status) > 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F_TIMEOUT(waiters, are_so_many_and_no_more, 60)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN_READY(a, SPEC(program("actor"), "stubborn"));

	for (int i = 0; i <= MOST; i++)
		stop_and_wait(id);
	EXPECT_EQ(REFUSED, next_result());
	EXPECT_EQ(0, waitpid(-1, NULL, WNOHANG));
	EXPECT_TRUE(is_state(a, id, AGENTSYS_STOPPING));

	/* The others are told, and there is room again. */
	EXPECT_OK(a->h, agentsys_kill(a->h, id, 0));
	for (int i = 0; i < MOST; i++)
		EXPECT_EQ(ENDED, next_result());
	EXPECT_OK(a->h, agentsys_start(a->h, id, AGENTSYS_WAIT));
}

TEST_HARNESS_MAIN
