// SPDX-License-Identifier: GPL-2.0-only
/*
 * System calls of agents, hooked by the tracepoint.
 *
 * vm: nomodule timeout=300
 */
#define HOOKS "tracepoint"

#include "kselftest_harness.h"
#include "lib/flood.h"
#include "lib/flood_tests.h"
#include "lib/patient.h"

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

/* Who waits for its turn is not blamed for giving no sign of life meanwhile. */
TEST_F(flood, being_held_is_no_silence)
{
	struct agents *a = &self->a;
	struct patient p = PATIENT(a, "", 1000), other = PATIENT(a, "", 3000);
	uint64_t begun;

	slow_down_for(a, p.id, AGENTSYS_FAULT_SYSCALL_FLOOD);
	rule(a, other.id, AGENTSYS_RECOVER_ALERT);
	set_limits(_metadata, a, p.id, 100, 100);
	TELL(p, "y");
	ASSERT_TRUE(AWAIT(is_throttled(a, p.id)));
	begun = now_ms();
	TELL(p, "h");
	for (int i = 0; i < 2; i++) {
		TELL(other, "h");
		NEXT_FAULT(other.id, 3000);
	}
	ASSERT_TRUE(is_throttled(a, p.id));
	EXPECT_EQ(0, silences(a, p.id));
	set_limits(_metadata, a, p.id, 0, 0);
	EXPECT_LE(LATER_FAULT(a, p.id, UNRESPONSIVE).value + 2 * 3000, now_ms() - begun);
	EXPECT_EQ(1, silences(a, p.id));
}

TEST_HARNESS_MAIN
