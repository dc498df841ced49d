// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations that the module makes while it is loaded fail. It is then not
 * loaded and nothing of it is left, or it can do without; and it can be loaded
 * again.
 *
 * vm: nomodule timeout=560
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/failslab.h"
#include "lib/loading.h"

/*
 * Which of them: a load takes some seconds on such a kernel, and there are 310
 * allocations without the making of the cgroup, which has as many again. So each
 * run takes every STEPth, from another one on; STEP=1 in the environment takes all.
 */
#define STEP		13
#define STEP_CGROUP	41

/* Allocations between two counts of the same that may differ, by what is cached. */
#define SLACK	10

/* As somebody may have made it before: with all that the module would switch on. */
static void make_cgroup(void)
{
	static const char *const controllers[] = { "+cpu", "+memory", "+pids", "+io" };

	MUST(!mkdir(CGROUPS, 0755) || errno == EEXIST);
	for (size_t i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++)
		setting(CGROUPS "/cgroup.subtree_control", controllers[i]);
}

static int count_allocations(int nth, const char *params, int want)
{
	char text[16] = "";

	arm(nth, 1000000);
	MUST(load(params) == want);
	MUST(pread(nth, text, sizeof(text) - 1, 0) > 0);
	arm(nth, 0);
	return 1000000 - atoi(text);
}

static bool agents_run(void)
{
	struct agentsys_spec *spec = SPEC("/bin/true");
	struct agentsys *h;
	uint32_t id;
	bool run;

	MUST(!agentsys_open(&h));
	run = !agentsys_spawn(h, spec, AGENTSYS_WAIT, &id);
	MUST(!agentsys_shutdown(h, 0, AGENTSYS_WAIT, NULL, NULL));
	agentsys_close(h);
	return run;
}

FIXTURE(failslab) {
	int nth;
};

FIXTURE_SETUP(failslab)
{
	self->nth = open_failslab();
	if (self->nth < 0)
		SKIP(return, "this kernel does not let allocations fail");
}

FIXTURE_TEARDOWN(failslab)
{
	close(self->nth);
}

static void load_without(struct __test_metadata *_metadata, int nth, bool cgroup, int step)
{
	int first, last, refused = 0;

	if (getenv("STEP"))
		step = atoi(getenv("STEP"));
	ASSERT_LT(0, step);

	/* The first load of all takes more, for what the kernel keeps. */
	ASSERT_EQ(0, load(""));
	ASSERT_EQ(0, unload());
	/* What the kernel allocates before it calls the module is its own business. */
	first = count_allocations(nth, "ring_size=1", -EINVAL) - SLACK;
	if (cgroup)
		make_cgroup();
	last = count_allocations(nth, "", 0) + SLACK;
	ASSERT_EQ(0, unload());
	ASSERT_LT(first + 3 * SLACK, last);
	first += now_ms() % step;
	TH_LOG("allocations %d to %d, every %dth", first, last, step);

	for (int n = first; n <= last; n += step) {
		const char *left;
		bool failed;
		int ret;

		if (cgroup)
			make_cgroup();
		arm(nth, n);
		ret = load("");
		failed = disarm(nth);
		if (!ret) {
			ASSERT_TRUE(AWAIT(!unload()));
		} else {
			EXPECT_TRUE(failed && ret == -ENOMEM) TH_LOG("allocation %d: %d", n, ret);
			refused++;
		}
		left = what_is_left();
		if (!left && !cgroup && !access(CGROUPS, F_OK))
			left = "the cgroup";
		ASSERT_EQ(NULL, left) TH_LOG("allocation %d: %d, and %s is left", n, ret, left);
	}
	TH_LOG("%d of them needed", refused);
	EXPECT_LT(0, refused);

	ASSERT_EQ(0, load(""));
	EXPECT_TRUE(agents_run());
	EXPECT_TRUE(AWAIT(!unload()));
}

TEST_F_TIMEOUT(failslab, load, 280)
{
	load_without(_metadata, self->nth, true, STEP);
}

TEST_F_TIMEOUT(failslab, load_that_makes_the_cgroup, 280)
{
	load_without(_metadata, self->nth, false, STEP_CGROUP);
}

TEST_HARNESS_MAIN
