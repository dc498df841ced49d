// SPDX-License-Identifier: GPL-2.0-only
/* A spawn brings up a process; its end is seen. */
#include <signal.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include <libasm.h>

TEST(starts_and_ends)
{
	struct agentsys_spec *spec = agentsys_spec_new();
	const char *args[] = { "/bin/sleep", "1000", NULL };
	struct agentsys_info *info;
	struct agentsys *h;
	uint32_t id = 0;
	pid_t pid = 0;
	int ret;

	ASSERT_EQ(0, agentsys_open(&h));
	agentsys_spec_set_args(spec, args);
	ret = agentsys_spawn(h, spec, AGENTSYS_WAIT, &id);
	ASSERT_EQ(0, ret) TH_LOG("%s", agentsys_error(h));
	pid = agentsys_pid(h);
	ASSERT_GT(pid, 1);
	ASSERT_EQ(0, agentsys_get(h, id, &info));
	EXPECT_EQ(pid, info->pid);
	agentsys_info_free(info);
	EXPECT_EQ(0, kill(pid, 0));
	ASSERT_EQ(0, agentsys_stop(h, id, -1, AGENTSYS_WAIT));
	EXPECT_EQ(-1, kill(pid, 0));
	ASSERT_EQ(0, agentsys_get(h, id, &info));
	EXPECT_EQ(AGENTSYS_EXITED, info->state);
	agentsys_info_free(info);
	EXPECT_EQ(0, agentsys_shutdown(h, -1, AGENTSYS_WAIT, NULL, NULL));
	agentsys_close(h);
}

TEST_HARNESS_MAIN
