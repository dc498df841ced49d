// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suspend: nothing is started in it, no agent is held responsible for the time that it
 * stood still, and everything goes on afterwards.
 *
 * Nothing wakes up this machine, so it does not sleep either: what is looked at are
 * suspends that fail after everybody has been frozen for a while.
 *
 * vm: timeout=240 isolated
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/patient.h"

#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define FREEZE_MS	(4000 * vm_scale())

FIXTURE(suspend) {
	struct agents a;
	pid_t blocker;
};

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)strlen(text);
}

FIXTURE_SETUP(suspend)
{
	char text[256];

	if (read_whole("/sys/power/state", text, sizeof(text)) <= 0 || !strstr(text, "freeze"))
		SKIP(return, "this kernel cannot suspend");
	agents_open(_metadata, &self->a);
}

FIXTURE_TEARDOWN(suspend)
{
	if (!self->a.h)
		return;
	if (self->blocker > 0) {
		kill(self->blocker, SIGKILL);
		waitpid(self->blocker, NULL, 0);
	}
	agents_close(&self->a);
}

/*
 * A process that cannot be frozen: it waits in the kernel for a page that nobody gives it.
 * A suspend then fails, after as long as it waits for that.
 */
static pid_t block_the_freezer(void)
{
	pid_t pid = fork();

	MUST(pid >= 0);
	if (!pid) {
		struct uffdio_api api = { .api = UFFD_API };
		struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
		int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
		void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				  -1, 0);
		int ends[2];

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		reg.range.start = (unsigned long)page;
		reg.range.len = 4096;
		if (uffd < 0 || page == MAP_FAILED || ioctl(uffd, UFFDIO_API, &api) ||
		    ioctl(uffd, UFFDIO_REGISTER, &reg) || pipe(ends))
			_exit(1);
		_exit(write(ends[1], page, 1) != 1);
	}
	/* Asleep, and so it has come to that. */
	MUST(AWAIT(process_state(pid) == 'S' || process_state(pid) == 'D'));
	return pid;
}

static void crash_it(struct agents *a, uint32_t id)
{
	MUST(!kill(look(a, id).pid, SIGKILL));
}

/* Have a suspend fail because of @blocker, after FREEZE_MS in which the others are frozen. */
#define FAIL_TO_SUSPEND() do {						\
	char __ms[16];							\
									\
	snprintf(__ms, sizeof(__ms), "%d", FREEZE_MS);			\
	ASSERT_TRUE(put("/sys/power/pm_freeze_timeout", __ms));		\
	ASSERT_FALSE(put("/sys/power/state", "freeze"));		\
} while (0)

/* There is no launcher, and none can be started while others are frozen. */
TEST_F(suspend, a_restart_that_falls_due_is_made_afterwards)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, restarting(SLEEP, AGENTSYS_RESTART_ALWAYS, 3, FREEZE_MS / 4,
					  FREEZE_MS / 4));
	pid_t launcher = look_system(a->h).launcher_pid;
	struct agentsys_event event;

	self->blocker = block_the_freezer();
	kill(launcher, SIGKILL);
	ASSERT_TRUE(AWAIT(!look_system(a->h).launcher_pid));
	crash_it(a, id);
	FAIL_TO_SUSPEND();
	ASSERT_TRUE(next_event(a, id, &event));
	do {
		EXPECT_NE(AGENTSYS_EVENT_LAUNCH_FAILED, event.type);
		ASSERT_TRUE(next_event(a, id, &event));
	} while (event.type != AGENTSYS_EVENT_RESTART);
	EXPECT_EQ(2, look(a, id).instance);
	EXPECT_EQ(1, look(a, id).restarts);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
}

/* It needs less than the time that it has, but cannot use that while it is frozen. */
TEST_F(suspend, the_time_to_stop_stands_still)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec;
	uint32_t id;
	char line[200];

	snprintf(line, sizeof(line),
		 "trap 'sleep %d.%03d; exit 0' TERM; echo ready; while :; do sleep 1000 & wait; done",
		 FREEZE_MS / 4 / 1000, FREEZE_MS / 4 % 1000);
	spec = SHELL(line);
	agentsys_spec_set_stop_timeout(spec, FREEZE_MS / 4 * 3);
	id = SPAWN_READY(a, spec);
	self->blocker = block_the_freezer();
	ASSERT_OK(a->h, agentsys_stop(a->h, id, AGENTSYS_DEFAULT_TIMEOUT, 0));
	FAIL_TO_SUSPEND();
	EXPECT_EQ(AGENTSYS_CAUSE_STOP, LATER(a, id, EXIT).cause);
	EXPECT_EQ(0, look(a, id).exit_status);
}

TEST_F(suspend, the_deadline_of_a_shutdown_stands_still)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec;
	uint32_t id;
	char line[200];

	snprintf(line, sizeof(line),
		 "trap 'sleep %d.%03d; exit 0' TERM; echo ready; while :; do sleep 1000 & wait; done",
		 FREEZE_MS / 4 / 1000, FREEZE_MS / 4 % 1000);
	spec = SHELL(line);
	agentsys_spec_set_stop_timeout(spec, NEVER_MS);
	id = SPAWN_READY(a, spec);
	self->blocker = block_the_freezer();
	ASSERT_OK(a->h, agentsys_shutdown(a->h, FREEZE_MS / 4 * 3, 0, NULL, NULL));
	FAIL_TO_SUSPEND();
	EXPECT_EQ(AGENTSYS_CAUSE_STOP, LATER(a, id, EXIT).cause);
	EXPECT_TRUE(AWAIT(!look_system(a->h).launcher_pid));
}

/* It is silent for longer than it may, because it is frozen: its time begins anew. */
TEST_F(suspend, a_silence_in_it_does_not_count)
{
	struct agents *a = &self->a;
	uint64_t begun = now_ms();
	struct patient p = PATIENT(a, "h", FREEZE_MS / 2);

	rule(a, p.id, AGENTSYS_RECOVER_ALERT);
	self->blocker = block_the_freezer();
	ASSERT_LINE("ok", p.out);
	FAIL_TO_SUSPEND();
	EXPECT_LE(NEXT_FAULT(p.id, FREEZE_MS / 2).value + FREEZE_MS, now_ms() - begun);
	EXPECT_EQ(1, silences(a, p.id));
}

TEST_HARNESS_MAIN
