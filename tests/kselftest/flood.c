// SPDX-License-Identifier: GPL-2.0-only
/*
 * System calls of agents, hooked by the tracepoint.
 *
 * vm: nomodule timeout=300
 */
#define HOOKS "tracepoint"

#include "kselftest_harness.h"
#include "lib/flood.h"

static bool waits_for_orders(struct caller *c)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%d/wchan", (int)c->page->pid);
	return read_whole(path, text, sizeof(text)) > 0 && strstr(text, "pipe");
}

/*
 * It is to be held when its call returns, which takes as long as it likes; meanwhile it
 * has left the cgroup, and its agent has ended.
 */
TEST_F(flood, who_is_yet_to_be_held_holds_the_module)
{
	struct agents *a = &self->a;
	struct caller *c = &self->c;
	char pid[16];
	int fd;

	START(a, c, "1", "child", FEW, 200);
	FLOOD(a, c);
	c->page->stop = 1;
	ASSERT_LINE("stopped", c->out);
	ASSERT_TRUE(AWAIT(waits_for_orders(c)));
	ASSERT_TRUE(is_throttled(a, c->id));
	fd = open("/sys/fs/cgroup/vm-test/cgroup.procs", O_WRONLY | O_CLOEXEC);
	snprintf(pid, sizeof(pid), "%d", (int)c->page->pid);
	ASSERT_GT(write(fd, pid, strlen(pid)), 0);
	close(fd);
	ASSERT_OK(a->h, agentsys_kill(a->h, c->id, AGENTSYS_WAIT));
	ASSERT_TRUE(AWAIT(!look_system(a->h).launcher_pid));
	sleep(1);
	EXPECT_EQ(-EWOULDBLOCK, unload());
	tell(c, 'n');
	EXPECT_LINE("done", c->out);
	EXPECT_TRUE(AWAIT(!unload()));
	close(c->in);
	ASSERT_EQ(0, load("hooks=" HOOKS));
	agentsys_events_close(a->events);
	agentsys_close(a->h);
	agents_open(_metadata, a);
}

TEST_HARNESS_MAIN
