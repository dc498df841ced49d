// SPDX-License-Identifier: GPL-2.0-only
/*
 * Launchers that are missing, die, hang or lie, at every point of a launch; and
 * processes that are no launchers. Whatever it is, a spawn has an end, nothing is
 * left behind, and the next one works.
 *
 * vm: timeout=300
 * vm: params="launcher=/tmp/test/launcher launch_timeout_ms=2500"
 */
#include "kselftest_harness.h"
#include "lib/agents.h"

#include <sys/ioctl.h>
#include <sys/wait.h>

#define LAUNCHER	WORK "/launcher"
#define REAL		"/usr/lib/agentsys/asm-launch"
#define TRIES		5	/* launchers that may die in a row */

FIXTURE(launcher) {
	struct agents a;
};

/* What the module was loaded with, which depends on how slow the kernel is. */
static uint64_t timeout_ms(void)
{
	char text[16];

	MUST(read_whole("/sys/module/agentsys/parameters/launch_timeout_ms", text,
			sizeof(text)) > 0);
	return atoi(text);
}

/* Have no launcher process, so that the next start takes what the test puts there. */
static void dismiss(struct agents *a)
{
	MUST(!agentsys_shutdown(a->h, 0, AGENTSYS_WAIT, NULL, NULL));
	MUST(!look_system(a->h).launcher_pid);
}

static void use(const char *path)
{
	unlink(LAUNCHER);
	MUST(!path || !symlink(path, LAUNCHER));
}

/* Let launchers do these lines, one each. */
static void script(const char *lines)
{
	use(program("fake_launcher"));
	make_file(WORK "/script", lines, 0666);
}

FIXTURE_SETUP(launcher)
{
	MUST(!system("rm -rf " WORK "/*"));
	use(REAL);
	agents_open(_metadata, &self->a);
	dismiss(&self->a);
}

FIXTURE_TEARDOWN(launcher)
{
	use(REAL);
	agents_clear(self->a.h);
	dismiss(&self->a);
	EXPECT_TRUE(AWAIT(!count_cgroups()));
	agents_close(&self->a);
}

/* The next one works, and leaves things as they are to be. */
#define EXPECT_NEXT_WORKS(a) do {					\
	uint32_t __id = SPAWN(a, SLEEP);				\
									\
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, __id).state);		\
	EXPECT_OK((a)->h, agentsys_kill((a)->h, __id, AGENTSYS_WAIT));	\
	EXPECT_FALSE(cgroup_exists(__id));				\
} while (0)

/* A spawn that fails, with its record gone when that is told, and soon its cgroup. */
#define EXPECT_SPAWN_FAILS(a, error, in_step, words) do {		\
	uint32_t __id;							\
									\
	EXPECT_REFUSED((a)->h, error, words,				\
		       agentsys_spawn((a)->h, SLEEP, AGENTSYS_WAIT, &__id));	\
	EXPECT_EQ(AGENTSYS_STEP_##in_step, agentsys_error_step((a)->h));	\
	EXPECT_TRUE(AWAIT(look(a, __id).state == UINT32_MAX));		\
	EXPECT_FALSE(cgroup_exists(__id));				\
} while (0)

/* How often has a launcher done something out of order? */
static int times(void)
{
	char text[4096];
	int n = 0;

	if (read_whole(WORK "/at", text, sizeof(text)) > 0)
		for (char *at = text; (at = strchr(at, '\n')); at++)
			n++;
	return n;
}

static int count_events(struct agents *a, uint32_t type)
{
	uint64_t last = look_system(a->h).events;
	struct agentsys_event event;
	int n = 0;

	while (a->seen < last) {
		MUST(next_event(a, 0, &event));
		n += event.type == type;
	}
	return n;
}

/* ---- none that can be started ---- */

static void try_without_launcher(struct __test_metadata *_metadata, struct agents *a)
{
	uint64_t began, took = UINT64_MAX;
	struct agentsys_info info;
	uint32_t id;

	/* At once: nobody waits for what will not come. Now and then a busy machine does. */
	for (int try = 0; try < 3 && took >= timeout_ms(); try++) {
		began = now_ms();
		EXPECT_SPAWN_FAILS(a, EIO, LAUNCHER, "no launcher \"" LAUNCHER "\"");
		took = now_ms() - began;
	}
	EXPECT_LT(took, timeout_ms());

	/* Who does not wait finds the record. */
	ASSERT_OK(a->h, agentsys_spawn(a->h, SLEEP, 0, &id));
	ASSERT_TRUE(AWAIT(is_state(a, id, AGENTSYS_FAILED)));
	info = look(a, id);
	EXPECT_EQ(AGENTSYS_CAUSE_LAUNCH, info.cause);
	EXPECT_EQ(EIO, info.code);
	EXPECT_EQ(0, info.spawns);
	EXPECT_EQ(0, info.exits);
	EXPECT_FALSE(cgroup_exists(id));
	EXPECT_REFUSED(a->h, EIO, "no launcher", agentsys_start(a->h, id, AGENTSYS_WAIT));
	EXPECT_EQ(AGENTSYS_FAILED, look(a, id).state);
	EXPECT_EQ(0, look_system(a->h).launcher_pid);

	/* With one it is as if nothing had been. */
	use(REAL);
	EXPECT_OK(a->h, agentsys_start(a->h, id, AGENTSYS_WAIT));
	EXPECT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
	EXPECT_NEXT_WORKS(a);
}

TEST_F(launcher, missing)
{
	use(NULL);
	try_without_launcher(_metadata, &self->a);
}

TEST_F(launcher, not_executable)
{
	use(NULL);
	make_file(LAUNCHER, "#!/bin/sh\n", 0644);
	try_without_launcher(_metadata, &self->a);
}

TEST_F(launcher, no_program)
{
	use(NULL);
	make_file(LAUNCHER, "it is not\n", 0755);
	try_without_launcher(_metadata, &self->a);
}

TEST_F(launcher, a_folder)
{
	use("/tmp");
	try_without_launcher(_metadata, &self->a);
}

TEST_F(launcher, script_without_interpreter)
{
	use(NULL);
	make_file(LAUNCHER, "#!/nowhere\n", 0755);
	try_without_launcher(_metadata, &self->a);
}

/* The worker that starts it and the exit of what it started race: both ways round, often. */
TEST_F(launcher, missing_many_times)
{
	struct agents *a = &self->a;

	use(NULL);
	for (int i = 0; i < 100; i++) {
		EXPECT_SPAWN_FAILS(a, EIO, LAUNCHER, "no launcher");
		if (i % 10 == 9) {
			use(REAL);
			EXPECT_NEXT_WORKS(a);
			dismiss(a);
			use(NULL);
		}
	}
	use(REAL);
	EXPECT_NEXT_WORKS(a);
}

/* ---- those that die ---- */

static void repeat(const char *line, int n)
{
	char text[1024] = "";

	while (n--)
		strcat(strcat(text, line), "\n");
	script(text);
}

static const char *const deaths[] = {
	"do exit start", "do crash start", "do die start",
	"do exit join", "do crash join", "do die join",
	"do exit job", "do crash job", "do die job",
	"do exit mkdir", "do die mkdir",
	"do exit clone", "do crash clone", "do die clone",
};

/* As often as it may, and the spawn succeeds all the same. */
TEST_F(launcher, dies_before_the_commit_and_the_next_one_does_it)
{
	struct agents *a = &self->a;

	for (size_t i = 0; i < ARRAY_SIZE(deaths); i++) {
		uint32_t id;

		TH_LOG("%s", deaths[i]);
		repeat(deaths[i], TRIES - 1);
		skip_events(a);
		id = SPAWN(a, SLEEP);
		EXPECT_EQ(1, look(a, id).instance);
		EXPECT_EQ(1, look(a, id).spawns);
		EXPECT_EQ(TRIES - 1, count_events(a, AGENTSYS_EVENT_LAUNCHER));
		EXPECT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
		EXPECT_TRUE(AWAIT(!count_cgroups()));
		EXPECT_OK(a->h, agentsys_remove(a->h, id));
		dismiss(a);
	}
}

TEST_F(launcher, dies_too_often)
{
	struct agents *a = &self->a;

	for (size_t i = 0; i < ARRAY_SIZE(deaths); i++) {
		TH_LOG("%s", deaths[i]);
		repeat(deaths[i], TRIES);
		skip_events(a);
		EXPECT_SPAWN_FAILS(a, EIO, LAUNCHER, "no launcher");
		for (int n = 1; n <= TRIES; n++) {
			struct agentsys_event event = LATER(a, 0, LAUNCHER);

			EXPECT_EQ(n, event.value);
		}
		EXPECT_NEXT_WORKS(a);
		dismiss(a);
	}
}

/* The token of the launch that the dead launcher had begun is void. */
TEST_F(launcher, a_child_of_a_dead_launcher_cannot_commit)
{
	struct agents *a = &self->a;
	char text[32];
	uint32_t id;

	script("do die clone\n");
	id = SPAWN(a, SLEEP);
	/* It was killed, or, where it was faster, refused. */
	usleep(200000);
	if (read_whole(WORK "/committed", text, sizeof(text)) > 0)
		EXPECT_STREQ("ECANCELED\n", text);
	EXPECT_EQ(1, look(a, id).spawns);
	EXPECT_TRUE(in_agent(look(a, id).pid, id));
}

TEST_F(launcher, dies_after_the_commit_and_the_agent_runs)
{
	static const char *const lines[] = { "do exit commit", "do crash commit", "do die commit",
					     "do exit after", "do die after" };
	struct agents *a = &self->a;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		uint32_t id;

		TH_LOG("%s", lines[i]);
		repeat(lines[i], 1);
		id = SPAWN(a, SLEEP);
		EXPECT_EQ(1, look(a, id).instance);
		EXPECT_TRUE(in_agent(look(a, id).pid, id));
		EXPECT_NEXT_WORKS(a);
		EXPECT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
		dismiss(a);
	}
}

/* The exec of a child whose launcher is dead fails: that is still told. */
TEST_F(launcher, dies_after_the_commit_and_the_exec_fails)
{
	struct agents *a = &self->a;
	uint32_t id;

	script("do die commit\n");
	EXPECT_REFUSED(a->h, ENOENT, "/nowhere",
		       agentsys_spawn(a->h, SPEC("/nowhere"), AGENTSYS_WAIT, &id));
	EXPECT_EQ(AGENTSYS_STEP_EXEC, agentsys_error_step(a->h));
	EXPECT_NEXT_WORKS(a);
}

/* Nobody watches over the child but the module. */
TEST_F(launcher, dies_after_the_commit_and_the_child_never_executes)
{
	struct agents *a = &self->a;
	uint64_t began = now_ms();

	script("stall\n");
	EXPECT_SPAWN_FAILS(a, ETIMEDOUT, TIMEOUT, "took too long");
	EXPECT_GE(now_ms() - began, timeout_ms() - 50);
	EXPECT_NEXT_WORKS(a);
}

TEST_F(launcher, dies_after_the_commit_and_the_agent_is_stopped)
{
	struct agents *a = &self->a;
	uint32_t id;

	script("stall\n");
	ASSERT_OK(a->h, agentsys_spawn(a->h, SLEEP, 0, &id));
	ASSERT_TRUE(AWAIT(look(a, id).pid));
	EXPECT_OK(a->h, agentsys_stop(a->h, id, -1, AGENTSYS_WAIT));
	EXPECT_EQ(AGENTSYS_EXITED, look(a, id).state);
	EXPECT_EQ(0, look(a, id).spawns);
	EXPECT_FALSE(cgroup_exists(id));
	EXPECT_NEXT_WORKS(a);
}

/* ---- those that hang ---- */

static const struct {
	const char *line;
	int error;
	enum agentsys_step step;
} hangs[] = {
	{ "do hang start", ETIMEDOUT, AGENTSYS_STEP_LAUNCHER },
	{ "do stop start", ETIMEDOUT, AGENTSYS_STEP_LAUNCHER },
	{ "do hang join", ETIMEDOUT, AGENTSYS_STEP_LAUNCHER },
	{ "do stop join", ETIMEDOUT, AGENTSYS_STEP_LAUNCHER },
	{ "do hang job", ETIMEDOUT, AGENTSYS_STEP_TIMEOUT },
	{ "do stop job", ETIMEDOUT, AGENTSYS_STEP_TIMEOUT },
	{ "do hang mkdir", ETIMEDOUT, AGENTSYS_STEP_TIMEOUT },
};

TEST_F_TIMEOUT(launcher, hangs, 60)
{
	struct agents *a = &self->a;

	for (size_t i = 0; i < ARRAY_SIZE(hangs); i++) {
		uint64_t began = now_ms();
		uint32_t id;

		TH_LOG("%s", hangs[i].line);
		repeat(hangs[i].line, 1);
		EXPECT_EQ(-hangs[i].error, agentsys_spawn(a->h, SLEEP, AGENTSYS_WAIT, &id));
		EXPECT_EQ(hangs[i].step, agentsys_error_step(a->h));
		EXPECT_GE(now_ms() - began, timeout_ms() - 50);
		EXPECT_TRUE(AWAIT(look(a, id).state == UINT32_MAX));
		EXPECT_FALSE(cgroup_exists(id));
		EXPECT_NEXT_WORKS(a);
		dismiss(a);
	}
}

/* Its child commits and runs: the launch is over, whatever the launcher does. */
TEST_F(launcher, hangs_with_a_child_that_runs)
{
	static const char *const lines[] = { "do hang clone", "do hang commit", "do stop commit",
					     "do hang after", "do stop after" };
	struct agents *a = &self->a;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		uint64_t began;
		uint32_t id, next;

		TH_LOG("%s", lines[i]);
		repeat(lines[i], 1);
		id = SPAWN(a, SLEEP);
		/* The next one finds nobody to do it, within the time. */
		began = now_ms();
		EXPECT_EQ(-ETIMEDOUT, agentsys_spawn(a->h, SLEEP, AGENTSYS_WAIT, &next));
		EXPECT_EQ(AGENTSYS_STEP_LAUNCHER, agentsys_error_step(a->h));
		EXPECT_GE(now_ms() - began, timeout_ms() - 50);
		EXPECT_NEXT_WORKS(a);
		EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
		EXPECT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
		dismiss(a);
	}
}

/* The queue behind a launch that hangs waits no longer than it has to. */
TEST_F(launcher, hangs_and_the_queue_goes_on)
{
	struct agents *a = &self->a;
	uint32_t ids[20];

	script("do hang job\n");
	for (int i = 0; i < 20; i++)
		ASSERT_OK(a->h, agentsys_spawn(a->h, SLEEP, 0, &ids[i]));
	ASSERT_TRUE(AWAIT(is_state(a, ids[19], AGENTSYS_ACTIVE)));
	EXPECT_EQ(AGENTSYS_FAILED, look(a, ids[0]).state);
	EXPECT_EQ(ETIMEDOUT, look(a, ids[0]).code);
	for (int i = 1; i < 20; i++)
		EXPECT_EQ(AGENTSYS_ACTIVE, look(a, ids[i]).state);
}

/* Nobody waits for ever until a dismissed one leaves. */
TEST_F(launcher, hangs_and_a_shutdown_ends)
{
	static const char *const lines[] = { "do hang after", "do stop after", "do hang commit",
					     "do hang job", "do stop start" };
	struct agents *a = &self->a;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		uint64_t began;
		uint32_t id;

		TH_LOG("%s", lines[i]);
		repeat(lines[i], 1);
		ASSERT_OK(a->h, agentsys_spawn(a->h, SLEEP, 0, &id));
		ASSERT_TRUE(i >= 3 || AWAIT(is_state(a, id, AGENTSYS_ACTIVE)));
		began = now_ms();
		dismiss(a);
		EXPECT_LE(now_ms() - began, 5 * timeout_ms() * vm_scale());
		EXPECT_EQ(AGENTSYS_EXITED, look(a, id).state);
		EXPECT_FALSE(cgroup_exists(id));
		/* It may have been killed before it had read its line. */
		use(REAL);
		EXPECT_NEXT_WORKS(a);
		dismiss(a);
	}
}

/* ---- launches that are given up ---- */

/*
 * The launcher may make the cgroup after the launch was given up: that is over
 * only when it cannot do so any more.
 */
TEST_F(launcher, makes_the_cgroup_of_what_was_stopped)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SLEEP;
	bool late;

	script("dawdle\n");
	agentsys_spec_set_id(spec, 77);
	for (int i = 0, try = 1; i < 4; i += !late, try++) {
		int before = times();

		ASSERT_OK(a->h, agentsys_spawn(a->h, spec, 0, NULL));
		ASSERT_TRUE(AWAIT(times() > before));
		usleep(50000 * i);
		ASSERT_OK(a->h, i % 2 ? agentsys_stop(a->h, 77, -1, AGENTSYS_WAIT) :
					agentsys_kill(a->h, 77, AGENTSYS_WAIT));
		EXPECT_FALSE(cgroup_exists(77));
		EXPECT_EQ(AGENTSYS_EXITED, look(a, 77).state);
		/* On a busy machine the launch may be over before it is asked to end: once more. */
		late = look(a, 77).spawns;
		ASSERT_TRUE(!late || try < 12);
		EXPECT_OK(a->h, agentsys_remove(a->h, 77));
		usleep(400000);
		EXPECT_FALSE(cgroup_exists(77));
	}
	spec = SLEEP;
	agentsys_spec_set_id(spec, 77);
	SPAWN(a, spec);
}

TEST_F(launcher, makes_the_cgroup_of_what_is_started_again)
{
	struct agents *a = &self->a;
	uint32_t id, spawns = 2;

	script("dawdle\n");
	/* On a busy machine one of the launches may be over before it is stopped: once more. */
	for (int try = 0; try < 5 && spawns != 1; try++) {
		int before = times();

		ASSERT_OK(a->h, agentsys_spawn(a->h, SLEEP, 0, &id));
		for (int i = 1; i < 5; i++) {
			ASSERT_TRUE(AWAIT(times() > before));
			usleep(40000 * i);
			ASSERT_OK(a->h, agentsys_stop(a->h, id, -1, 0));
			ASSERT_OK(a->h, agentsys_restart(a->h, id, -1, i < 4 ? 0 : AGENTSYS_WAIT));
		}
		EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
		spawns = look(a, id).spawns;
	}
	EXPECT_EQ(1, spawns);
	EXPECT_TRUE(in_agent(look(a, id).pid, id));
}

TEST_F(launcher, hangs_with_what_was_stopped)
{
	struct agents *a = &self->a;
	uint32_t id;

	script("do hang job\ndo stop job\n");
	for (int i = 0; i < 2; i++) {
		ASSERT_OK(a->h, agentsys_spawn(a->h, SLEEP, 0, &id));
		ASSERT_TRUE(AWAIT(times() == i + 1));
		ASSERT_OK(a->h, agentsys_stop(a->h, id, -1, AGENTSYS_WAIT));
		EXPECT_EQ(AGENTSYS_EXITED, look(a, id).state);
		EXPECT_FALSE(cgroup_exists(id));
	}
	EXPECT_NEXT_WORKS(a);
}

/* ---- who may call ---- */

static int read_noise(char *buf, size_t size)
{
	return read_whole(WORK "/noise", buf, size);
}

TEST_F(launcher, what_is_refused_to_it_changes_nothing)
{
	static const char expected[] =
		"next EPERM\ncommit EPERM\nfail EPERM\n"
		"next-len ENOBUFS\n"
		"join-again EBUSY\njoin-other EBUSY\nnext-other EPERM\n"
		"commit-launcher EPERM\n"
		"fail-step EINVAL\nfail-steps EINVAL\nfail-error EINVAL\nfail-errors EINVAL\n"
		"fail-token ECANCELED\nfail-zero ECANCELED\n"
		"commit-old ECANCELED\ncommit-new ECANCELED\ncommit-zero ECANCELED\n"
		"next-child EPERM\njoin-child EPERM\n"
		"commit-outside EPERM\n"
		"commit-twice ECANCELED\n";
	struct agents *a = &self->a;
	char text[2048];
	uint32_t id;

	script("noise\n");
	id = SPAWN(a, SLEEP);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
	ASSERT_GT(read_noise(text, sizeof(text)), 0);
	EXPECT_STREQ(expected, text);
}

/* What a process says that is no launcher, be it an agent or not. */
static const char all_refused[] = "join EPERM\nnext EPERM\ncommit EPERM\nfail EPERM\n";

static bool says(const char *path, const char *want)
{
	char text[256];

	return read_whole(path, text, sizeof(text)) > 0 && !strcmp(text, want);
}

TEST_F(launcher, calls_of_others_are_refused)
{
	struct agents *a = &self->a;
	pid_t pid = fork();

	if (!pid) {
		execl(program("fake_launcher"), "fake_launcher", "calls", WORK "/said", NULL);
		_exit(1);
	}
	EXPECT_TRUE(AWAIT(says(WORK "/said", all_refused)));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);

	SPAWN(a, SPEC(program("fake_launcher"), "calls", WORK "/agent-said"));
	EXPECT_TRUE(AWAIT(says(WORK "/agent-said", all_refused)));
}

/* An agent with the launcher's own descriptor is still not the launcher. */
TEST_F(launcher, its_descriptor_is_of_no_use_to_an_agent)
{
	struct agents *a = &self->a;
	uint32_t id;

	script("leak\n");
	/* The fourth that it opens: 0 to 2, and the device. */
	id = SPAWN(a, SPEC(program("fake_launcher"), "calls", WORK "/said", "3"));
	EXPECT_TRUE(AWAIT(says(WORK "/said", "join EPERM\nnext EPERM\ncommit ECANCELED\n"
					     "fail ECANCELED\n")));
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
	EXPECT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
}

/* Of two of its threads one gets the job. */
TEST_F(launcher, asks_twice_at_once)
{
	struct agents *a = &self->a;
	uint32_t ids[3];

	script("twice\n");
	for (int i = 0; i < 3; i++)
		ASSERT_OK(a->h, agentsys_spawn(a->h, SLEEP, 0, &ids[i]));
	usleep(300000);
	for (int i = 0; i < 3; i++) {
		ASSERT_OK(a->h, agentsys_kill(a->h, ids[i], AGENTSYS_WAIT));
		EXPECT_EQ(0, look(a, ids[i]).spawns);
	}
	dismiss(a);
	EXPECT_NEXT_WORKS(a);
}

TEST_HARNESS_MAIN
