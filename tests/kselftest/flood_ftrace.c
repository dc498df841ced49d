// SPDX-License-Identifier: GPL-2.0-only
/*
 * System calls of agents, hooked by ftrace: which patches the entries of hundreds of
 * functions. The emulator's other processors may go on executing what was there before,
 * so there is only one.
 *
 * vm: nomodule timeout=300 cpus=1 kernels=6.1,6.12
 */
#define HOOKS "ftrace"

#include "kselftest_harness.h"
#include "lib/flood.h"

#include <sys/mount.h>

#define TRACING "/sys/kernel/tracing"

/* How many functions call us. */
static int hooked(void)
{
	static char text[1 << 20];
	int n = 0;

	if (access(TRACING "/trace", F_OK))
		MUST(!mount("none", TRACING, "tracefs", 0, NULL));
	MUST(read_whole(TRACING "/enabled_functions", text, sizeof(text)) >= 0);
	for (char *at = text; (at = strstr(at, "agentsys_hook_entry")); at++)
		n++;
	return n;
}

/* Nobody pays for what nobody uses. */
TEST_F(flood, hooks_are_there_while_somebody_is_counted)
{
	struct agents *a = &self->a;
	struct caller other = { 0 }, *c = &self->c;

	other.id = SPAWN(a, caller_spec(&other, WORK "/other", "1", "getpid", 0, 0));
	ASSERT_LINE("ready", other.out);
	EXPECT_EQ(0, hooked());
	START(a, c, "1", "getpid", 1000, 1000);
	EXPECT_GT(hooked(), 300);
	set_limits(_metadata, a, c->id, 0, 0);
	EXPECT_TRUE(AWAIT(!hooked()));
	set_limits(_metadata, a, c->id, 1000, 1000);
	EXPECT_TRUE(AWAIT(hooked()));
	ASSERT_OK(a->h, agentsys_kill(a->h, c->id, AGENTSYS_WAIT));
	EXPECT_TRUE(AWAIT(!hooked()));
}

TEST_HARNESS_MAIN
