// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes of one agent that send heartbeats at the same time: none is lost.
 *
 * vm: timeout=120
 */
#include "kselftest_harness.h"
#include "lib/agents.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#define SENDERS	3	/* one more than the machine has processors */
#define BEATS	2000

AGENTS_FIXTURE(heartbeats);

static void send_beats(void)
{
	int device = agentsys_device_open();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < BEATS; i++)
		if (agentsys_heartbeat(device))
			_exit(1);
	_exit(0);
}

/* Becomes an agent while it waits for @go to be closed; ends with 0 if every one was taken. */
static void be_agent(int go)
{
	int failed = 0;
	int status;
	char byte;

	if (read(go, &byte, 1))
		_exit(1);
	for (int i = 0; i < SENDERS; i++)
		if (!fork())
			send_beats();
	for (int i = 0; i < SENDERS; i++)
		failed |= wait(&status) < 0 || status;
	_exit(failed);
}

TEST_F(heartbeats, none_is_lost)
{
	struct agents *a = &self->a;
	uint32_t id;
	int status;
	int go[2];
	pid_t pid;

	ASSERT_EQ(0, pipe2(go, O_CLOEXEC));
	pid = fork();
	if (!pid) {
		close(go[1]);
		be_agent(go[0]);
	}
	ASSERT_OK(a->h, agentsys_attach(a->h, pid, NULL, AGENTSYS_WAIT, &id));
	close(go[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(SENDERS * BEATS, look(a, id).heartbeats);
}

TEST_HARNESS_MAIN
