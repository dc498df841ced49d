// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations fail that others make for an agent: the kernel's workers, the
 * launcher and the children that it bears. Nobody who could be told has asked for
 * it, so the agent comes up in the end, by its policy; or the request is answered
 * with a failure and leaves nothing.
 *
 * The first of their allocations is made to fail, then the second, the third...
 *
 * vm: timeout=300
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/failslab.h"

#include <sys/prctl.h>
#include <sys/wait.h>

/* Workers have other work too, so there is no last allocation. */
#define OF_WORKERS	25
#define OF_LAUNCHER	60

FIXTURE(others) {
	struct agents a;
};

FIXTURE_SETUP(others)
{
	int nth = open_failslab();

	if (nth < 0)
		SKIP(return, "this kernel does not let allocations fail");
	close(nth);
	setting(FAILSLAB "task-filter", "Y");
	agents_open(_metadata, &self->a);
}

FIXTURE_TEARDOWN(others)
{
	setting(FAILSLAB "probability", "0");
	setting(FAILSLAB "task-filter", "N");
	agents_close(&self->a);
}

static struct agentsys_spec *immortal(void)
{
	return restarting(SLEEP, AGENTSYS_RESTART_ALWAYS, 1000000, 1, 1);
}

static bool runs_anew(struct agents *a, uint32_t id, pid_t before)
{
	struct agentsys_info info = look(a, id);

	return info.state == AGENTSYS_ACTIVE && info.pid != (uint32_t)before;
}

/* It dies, and is restarted without anybody asking for it. */
static void restart(struct __test_metadata *_metadata, struct agents *a, uint32_t id, int n)
{
	pid_t pid = 0;

	/* It may have died once more, of an allocation behind its start. */
	ASSERT_TRUE(AWAIT(is_state(a, id, AGENTSYS_ACTIVE) && (pid = look(a, id).pid) > 0));
	arm_others(n);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_TRUE(AWAIT(runs_anew(a, id, pid)))
		TH_LOG("allocation %d: state %u, step %u, code %d", n, look(a, id).state,
		       look(a, id).step, look(a, id).code);
}

TEST_F_TIMEOUT(others, restart_by_workers, 240)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, immortal());
	int failed = 0;

	choose_workers(true);
	for (int n = 1; n <= OF_WORKERS; n++) {
		restart(_metadata, a, id, n);
		failed += disarm_others();
	}
	choose_workers(false);
	EXPECT_LT(0, failed);
	TH_LOG("%d allocations failed", failed);
}

/* The launcher keeps the mark, and hands it on to its children until they execute. */
TEST_F_TIMEOUT(others, restart_by_the_launcher, 240)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = immortal();
	uint32_t id;
	int failed = 0;

	agentsys_spec_set_stdio_path(spec, 1, "/dev/null");
	agentsys_spec_set_cwd(spec, "/tmp");
	id = SPAWN(a, spec);
	for (int n = 1; n <= OF_LAUNCHER; n++) {
		/* It may have died of the one before. */
		ASSERT_TRUE(AWAIT(look_system(a->h).launcher_pid));
		choose(look_system(a->h).launcher_pid, true);
		restart(_metadata, a, id, n);
		failed += disarm_others();
	}
	EXPECT_LT(0, failed);
	TH_LOG("%d allocations failed", failed);
}

/* There is no launcher yet: workers start it. The one who asked is told what becomes of it. */
TEST_F_TIMEOUT(others, first_start, 240)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SLEEP;
	int failed = 0, refused = 0;

	for (int n = 1; n <= OF_WORKERS; n++) {
		uint32_t id = 0;
		int ret;

		MUST(!agentsys_shutdown(a->h, 0, AGENTSYS_WAIT, NULL, NULL));
		choose_workers(true);
		arm_others(n);
		ret = agentsys_spawn(a->h, spec, AGENTSYS_WAIT, &id);
		failed += disarm_others();
		choose_workers(false);
		if (ret) {
			refused++;
			EXPECT_EQ(UINT32_MAX, look(a, id).state)
				TH_LOG("allocation %d: %d, and the record is there", n, ret);
		} else {
			EXPECT_TRUE(is_state(a, id, AGENTSYS_ACTIVE));
			agentsys_kill(a->h, id, AGENTSYS_WAIT);
			agentsys_remove(a->h, id);
		}
		EXPECT_TRUE(AWAIT(!count_cgroups()));
	}
	EXPECT_LT(0, failed);
	TH_LOG("%d allocations failed, %d of them needed", failed, refused);
	SPAWN(a, spec);
}

/* The process lives on where it was, or has become an agent. */
TEST_F_TIMEOUT(others, attach_by_workers, 240)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = agentsys_spec_new();
	int failed = 0, refused = 0;

	agentsys_spec_set_pids_max(spec, 10);
	for (int n = 1; n <= OF_WORKERS; n++) {
		pid_t pid = fork();
		uint32_t id = 0;
		int ret;

		MUST(pid >= 0);
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			pause();
			_exit(0);
		}
		choose_workers(true);
		arm_others(n);
		ret = agentsys_attach(a->h, pid, spec, AGENTSYS_WAIT, &id);
		failed += disarm_others();
		choose_workers(false);
		EXPECT_EQ(0, kill(pid, 0));
		if (ret) {
			refused++;
			EXPECT_EQ(UINT32_MAX, look(a, id).state);
			kill(pid, SIGKILL);
		} else {
			EXPECT_TRUE(in_agent(pid, id));
			agentsys_kill(a->h, id, AGENTSYS_WAIT);
			agentsys_remove(a->h, id);
		}
		EXPECT_EQ(pid, waitpid(pid, NULL, 0));
		EXPECT_TRUE(AWAIT(!count_cgroups()));
	}
	EXPECT_LT(0, failed);
	TH_LOG("%d allocations failed, %d of them needed", failed, refused);
}

TEST_HARNESS_MAIN
