// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading, shutting down and unloading: what holds the module, what ends it all,
 * and that nothing is left.
 *
 * vm: nomodule timeout=180
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/groups.h"
#include "lib/loading.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

static bool nothing_is_left(void)
{
	return !what_is_left() && access(CGROUPS, F_OK);
}

/* Whether @text was logged since @log was opened. */
static bool is_logged(int log, const char *text)
{
	char line[4096];
	ssize_t n;

	while ((n = read(log, line, sizeof(line) - 1)) > 0) {
		line[n] = '\0';
		if (strstr(line, text))
			return true;
	}
	return false;
}

static int open_log(void)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	MUST(log >= 0 && lseek(log, 0, SEEK_END) >= 0);
	return log;
}

FIXTURE(unload) {
	struct agents a;
};

FIXTURE_SETUP(unload)
{
	if (!is_loaded())
		ASSERT_EQ(0, load(""));
	agents_open(_metadata, &self->a);
}

/* Tests leave it loaded or not. */
static void unload_whatever_runs(struct __test_metadata *_metadata, struct agents *a)
{
	struct agentsys *h;

	if (a->events)
		agentsys_events_close(a->events);
	if (a->h)
		agentsys_close(a->h);
	if (!is_loaded())
		return;
	if (!agentsys_open(&h)) {
		agents_clear(h);
		EXPECT_EQ(0, agentsys_shutdown(h, 0, AGENTSYS_WAIT, NULL, NULL));
		agentsys_close(h);
	}
	EXPECT_TRUE(AWAIT(!unload()));
	EXPECT_TRUE(nothing_is_left());
}

FIXTURE_TEARDOWN(unload)
{
	unload_whatever_runs(_metadata, &self->a);
}

static struct agentsys_spec *stubborn(void)
{
	struct agentsys_spec *spec = SPEC(program("actor"), "stubborn");

	agentsys_spec_set_stop_timeout(spec, NEVER_MS);
	return spec;
}

/* ---- what holds it ---- */

TEST_F(unload, live_agent_holds_the_module)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, restarting(SLEEP, AGENTSYS_RESTART_ALWAYS, 9, 0, 0));
	uint32_t waiting = SPAWN(a, restarting(SHELL("exit 1"), AGENTSYS_RESTART_ALWAYS, 9,
					       NEVER_MS, NEVER_MS));
	pid_t pid = look(a, id).pid;

	LATER(a, waiting, RESTART_SCHEDULED);
	EXPECT_EQ(-EWOULDBLOCK, unload());

	/* It goes on as before. */
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
	EXPECT_EQ(pid, look(a, id).pid);
	skip_events(a);
	kill(pid, SIGKILL);
	LATER(a, id, RESTART);
	SPAWN(a, SLEEP);

	/* One that is to be restarted some day is reason enough. */
	agents_clear(a->h);
	waiting = SPAWN(a, restarting(SHELL("exit 1"), AGENTSYS_RESTART_ALWAYS, 9, NEVER_MS,
				      NEVER_MS));
	ASSERT_TRUE(AWAIT(is_state(a, waiting, AGENTSYS_BACKOFF)));
	ASSERT_TRUE(AWAIT(!look_system(a->h).active));
	EXPECT_EQ(-EWOULDBLOCK, unload());
}

/* Not only by way of the launcher, which has the device open. */
TEST_F(unload, live_agent_holds_it_without_a_launcher)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, SLEEP);
	pid_t launcher = look_system(a->h).launcher_pid;

	kill(launcher, SIGKILL);
	ASSERT_TRUE(AWAIT(!process_state(launcher)));
	ASSERT_TRUE(AWAIT(!look_system(a->h).launcher_pid));
	EXPECT_EQ(-EWOULDBLOCK, unload());
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
	/* The next start brings up another one. */
	SPAWN(a, SLEEP);
	EXPECT_NE(0, look_system(a->h).launcher_pid);
}

/* Records of agents that have ended do not; the launcher goes by itself after a while. */
TEST_F(unload, ended_agents_do_not_hold_it)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, SLEEP);
	struct agentsys_event event;
	struct agentsys *h;
	pid_t launcher = look_system(a->h).launcher_pid;

	EXPECT_GT(launcher, 0);
	ASSERT_OK(a->h, agentsys_stop(a->h, id, NEVER_MS, AGENTSYS_WAIT));
	EXPECT_EQ(1, look_system(a->h).agents);
	skip_events(a);
	EXPECT_TRUE(AWAIT(!unload()));
	EXPECT_TRUE(nothing_is_left());
	EXPECT_TRUE(AWAIT(!process_state(launcher)));

	/* Who listens is told, who asks as well. */
	EXPECT_EQ(-ENODEV, agentsys_events_next(a->events, &event, NULL, PATIENCE_MS));
	EXPECT_EQ(-ENODEV, agentsys_open(&h));
	EXPECT_GT(0, agentsys_stop(a->h, id, 0, 0));

	/* Loaded again it knows nothing of before. */
	ASSERT_EQ(0, load(""));
	agentsys_events_close(a->events);
	agentsys_close(a->h);
	agents_open(_metadata, a);
	EXPECT_EQ(0, look_system(a->h).agents);
	EXPECT_EQ(0, look_system(a->h).spawns);
	SPAWN(a, SLEEP);
	EXPECT_EQ(1, NEXT(a, 0, SPAWN).seq);
}

/* Who waits for a group that is to start its failed members later is told that it will not. */
TEST_F(unload, a_group_that_waits_does_not_hold_it)
{
	const struct group_policy slow = { AGENTSYS_ONE_FOR_ONE, 1, NEVER_MS, NEVER_MS / 2,
					   NEVER_MS / 2 };
	const struct group_policy none = { AGENTSYS_ONE_FOR_ONE, 0, 1000, 0, 0 };
	struct agents *a = &self->a;
	int status = 0;
	pid_t pid;

	ASSERT_OK(a->h, agentsys_group_new(a->h, "top", group_spec(NULL, &slow)));
	ASSERT_OK(a->h, agentsys_group_new(a->h, "sub", group_spec("top", &none)));
	SPAWN(a, member("sub", MEMBER_ID));
	crash_member(a, MEMBER_ID);
	EXPECT_TRUE(AWAIT(is_group_state(a, "sub", AGENTSYS_BACKOFF)));
	pid = fork();
	MUST(pid >= 0);
	if (!pid) {
		struct agentsys *h;

		MUST(!agentsys_open(&h));
		_exit(-agentsys_group_start(h, "top", AGENTSYS_WAIT));
	}
	EXPECT_TRUE(AWAIT(is_group_state(a, "top", AGENTSYS_STARTING)));
	EXPECT_TRUE(AWAIT(!unload()));
	EXPECT_TRUE(AWAIT(waitpid(pid, &status, WNOHANG) == pid)) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	EXPECT_EQ(ECANCELED, WEXITSTATUS(status));
}

/* Nor do relations, which groups stand in the order of. */
TEST_F(unload, relations_do_not_hold_it)
{
	const struct group_policy some = { AGENTSYS_ONE_FOR_ONE, 1, 1000, 0, 0 };
	struct agents *a = &self->a;

	ASSERT_OK(a->h, agentsys_group_new(a->h, "one", group_spec(NULL, &some)));
	ASSERT_OK(a->h, agentsys_group_new(a->h, "two", group_spec(NULL, &some)));
	SPAWN(a, member("one", MEMBER_ID));
	SPAWN(a, member("two", MEMBER_ID + 1));
	ASSERT_OK(a->h, agentsys_relate(a->h, MEMBER_ID, AGENTSYS_RELATION_REQUIRES,
					MEMBER_ID + 1));
	ASSERT_OK(a->h, agentsys_relate(a->h, MEMBER_ID, AGENTSYS_RELATION_LINK, MEMBER_ID + 1));
	ASSERT_OK(a->h, agentsys_kill(a->h, MEMBER_ID, AGENTSYS_WAIT));
	ASSERT_OK(a->h, agentsys_kill(a->h, MEMBER_ID + 1, AGENTSYS_WAIT));
	EXPECT_TRUE(AWAIT(!unload()));
}

TEST_F(unload, open_device_holds_it)
{
	int device = open(AGENTSYS_DEVICE, O_RDWR | O_CLOEXEC);

	ASSERT_GE(device, 0);
	EXPECT_EQ(-EWOULDBLOCK, unload());
	close(device);
	EXPECT_TRUE(AWAIT(!unload()));
	EXPECT_TRUE(nothing_is_left());
}

/* ---- shutdown ---- */

TEST_F(unload, shutdown_ends_all_and_lets_go)
{
	struct agents *a = &self->a;
	uint32_t timeout_ms = 100 * vm_scale();
	uint32_t ids[4], ended = 99, killed = 99;

	/* On a busy machine others may take longer to end: then with more time. */
	do {
		timeout_ms *= 5;
		ids[0] = SPAWN(a, restarting(SLEEP, AGENTSYS_RESTART_ALWAYS, 9, 0, 0));
		ids[1] = SPAWN(a, SLEEP);
		ids[2] = SPAWN(a, SPEC("/bin/true"));
		ids[3] = SPAWN_READY(a, stubborn());
		ASSERT_TRUE(AWAIT(is_state(a, ids[2], AGENTSYS_EXITED) && !cgroup_exists(ids[2])));
		ASSERT_OK(a->h, agentsys_pause(a->h, ids[1]));
		skip_events(a);
		ASSERT_OK(a->h, agentsys_shutdown(a->h, timeout_ms, AGENTSYS_WAIT, &ended,
						  &killed));
	} while (killed != 1 && timeout_ms < 2500 * vm_scale());
	EXPECT_EQ(3, ended);
	EXPECT_EQ(1, killed);
	EXPECT_EQ(0, count_cgroups());
	EXPECT_EQ(timeout_ms, NEXT(a, 0, SHUTDOWN).value);
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(AGENTSYS_EXITED, look(a, ids[i]).state);
		EXPECT_EQ(1, look(a, ids[i]).instance);
	}
	EXPECT_EQ(AGENTSYS_CAUSE_STOP, look(a, ids[0]).cause);
	EXPECT_EQ(AGENTSYS_CAUSE_STOP, look(a, ids[1]).cause);
	EXPECT_EQ(AGENTSYS_CAUSE_EXIT, look(a, ids[2]).cause);
	EXPECT_EQ(AGENTSYS_CAUSE_KILL, look(a, ids[3]).cause);
	EXPECT_EQ(0, look_system(a->h).active);
	EXPECT_EQ(0, look_system(a->h).launcher_pid);

	/* That is what was waited for. */
	EXPECT_EQ(0, unload());
	EXPECT_TRUE(nothing_is_left());
}

TEST_F(unload, shutdown_at_once_asks_nobody)
{
	struct agents *a = &self->a;
	uint32_t ended = 99, killed = 99, ids[2];
	struct agentsys_event event;

	for (int i = 0; i < 2; i++)
		ids[i] = SPAWN(a, SLEEP);
	skip_events(a);
	ASSERT_OK(a->h, agentsys_shutdown(a->h, 0, AGENTSYS_WAIT, &ended, &killed));
	EXPECT_EQ(2, ended);
	EXPECT_EQ(2, killed);
	EXPECT_EQ(0, NEXT(a, 0, SHUTDOWN).value);
	for (int i = 0; i < 4; i++) {
		ASSERT_TRUE(next_event(a, 0, &event));
		EXPECT_NE(AGENTSYS_EVENT_STOP, event.type);
	}
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(AGENTSYS_CAUSE_KILL, look(a, ids[i]).cause);
	EXPECT_EQ(0, unload());
}

/* One that eats up memory, again and again, one that forks without end, one that stands still. */
TEST_F(unload, emergency_stop)
{
	struct agents *a = &self->a;
	int fifo = make_fifo(WORK "/fifo");
	struct agentsys_spec *hog = restarting(SPEC(program("actor"), "touch", "1000000"),
					       AGENTSYS_RESTART_ALWAYS, 1000000, 0, 0);
	struct agentsys_spec *bomb = restarting(SPEC(program("bomb"), WORK "/fifo"),
						AGENTSYS_RESTART_ALWAYS, 1000000, 0, 0);
	uint32_t hog_id, bomb_id, paused, ended;

	if (!has_controller(a, "memory") || !has_controller(a, "pids"))
		SKIP(return, "nothing bounds them here");
	agentsys_spec_set_memory_max(hog, 16 << 20);
	agentsys_spec_set_pids_max(bomb, 200);
	hog_id = SPAWN(a, hog);
	paused = SPAWN(a, restarting(SLEEP, AGENTSYS_RESTART_ALWAYS, 9, 0, 0));
	ASSERT_OK(a->h, agentsys_pause(a->h, paused));
	bomb_id = SPAWN_READY(a, bomb);
	LATER(a, hog_id, RESTART);
	ASSERT_OK(a->h, agentsys_shutdown(a->h, 0, AGENTSYS_WAIT, &ended, NULL));
	EXPECT_EQ(3, ended);
	EXPECT_TRUE(end_of_file(fifo));
	EXPECT_EQ(0, count_cgroups());
	EXPECT_EQ(AGENTSYS_EXITED, look(a, hog_id).state);
	EXPECT_EQ(AGENTSYS_CAUSE_KILL, look(a, bomb_id).cause);
	EXPECT_EQ(AGENTSYS_CAUSE_KILL, look(a, paused).cause);
	EXPECT_EQ(0, unload());
	EXPECT_TRUE(nothing_is_left());
}

TEST_F(unload, shutdown_of_nobody)
{
	struct agents *a = &self->a;
	uint32_t ended = 99, killed = 99;

	ASSERT_OK(a->h, agentsys_shutdown(a->h, -1, AGENTSYS_WAIT, &ended, &killed));
	EXPECT_EQ(0, ended);
	EXPECT_EQ(0, killed);
	EXPECT_EQ(0, unload());
}

/* One that waits for its restart, and one that was to be started. */
TEST_F(unload, shutdown_of_those_that_do_not_run)
{
	struct agents *a = &self->a;
	uint32_t waiting = SPAWN(a, restarting(SHELL("exit 1"), AGENTSYS_RESTART_ALWAYS, 9,
					       NEVER_MS, NEVER_MS));
	uint32_t queued;
	pid_t launcher;

	SPAWN(a, SLEEP);
	LATER(a, waiting, RESTART_SCHEDULED);
	launcher = hold_launcher(a);
	ASSERT_OK(a->h, agentsys_spawn(a->h, SLEEP, 0, &queued));
	ASSERT_OK(a->h, agentsys_shutdown(a->h, NEVER_MS, 0, NULL, NULL));
	EXPECT_TRUE(AWAIT(is_state(a, waiting, AGENTSYS_EXITED)));
	EXPECT_TRUE(AWAIT(is_state(a, queued, AGENTSYS_EXITED)));
	EXPECT_EQ(0, look(a, queued).spawns);
	EXPECT_EQ(1, look(a, waiting).instance);
	kill(launcher, SIGCONT);
	EXPECT_TRUE(AWAIT(!unload()));
	EXPECT_TRUE(nothing_is_left());
}

/* The time that an agent has of its own is not made longer by that for all. */
TEST_F(unload, shutdown_gives_no_agent_more_than_its_own_time)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec;
	uint32_t ended = 99, killed = 99, id;

	spec = stubborn();
	agentsys_spec_set_stop_timeout(spec, 50);
	id = SPAWN_READY(a, spec);
	ASSERT_OK(a->h, agentsys_shutdown(a->h, NEVER_MS, AGENTSYS_WAIT, &ended, &killed));
	EXPECT_EQ(1, ended);
	EXPECT_EQ(1, killed);
	EXPECT_EQ(50, LATER(a, id, STOP).value);
}

/* Nor has one any more that was asked to stop before, and given all the time there is. */
TEST_F(unload, shutdown_has_a_deadline_for_those_that_end_already)
{
	struct agents *a = &self->a;
	uint32_t ended = 99, killed = 99, id;

	id = SPAWN_READY(a, stubborn());
	ASSERT_OK(a->h, agentsys_stop(a->h, id, NEVER_MS, 0));
	ASSERT_OK(a->h, agentsys_shutdown(a->h, 100, AGENTSYS_WAIT, &ended, &killed));
	EXPECT_EQ(1, ended);
	EXPECT_EQ(1, killed);
	EXPECT_EQ(0, unload());
}

static pid_t shut_down_in_a_child(uint32_t ended)
{
	pid_t pid = fork();

	if (!pid) {
		uint32_t got = 99, killed = 99;
		struct agentsys *h;

		if (agentsys_open(&h) ||
		    agentsys_shutdown(h, NEVER_MS, AGENTSYS_WAIT, &got, &killed))
			_exit(1);
		_exit(got == ended && killed == 1 ? 0 : 2);
	}
	return pid;
}

TEST_F(unload, nothing_is_started_during_a_shutdown)
{
	struct agents *a = &self->a;
	uint32_t ended, id, stays;
	int status;
	pid_t pid;

	ended = SPAWN(a, SPEC("/bin/true"));
	LATER(a, ended, EXIT);
	ASSERT_TRUE(AWAIT(!cgroup_exists(ended)));
	stays = SPAWN_READY(a, stubborn());
	pid = shut_down_in_a_child(1);
	ASSERT_TRUE(AWAIT(is_state(a, stays, AGENTSYS_STOPPING)));

#define SHUT(call) EXPECT_REFUSED(a->h, ESHUTDOWN, "shutdown is under way", call)
	SHUT(agentsys_spawn(a->h, SLEEP, AGENTSYS_WAIT, &id));
	SHUT(agentsys_start(a->h, ended, AGENTSYS_WAIT));
	SHUT(agentsys_restart(a->h, ended, 0, AGENTSYS_WAIT));
	SHUT(agentsys_restart(a->h, stays, 0, AGENTSYS_WAIT));
	SHUT(agentsys_attach(a->h, getpid(), NULL, AGENTSYS_WAIT, NULL));
	EXPECT_REFUSED(a->h, EALREADY, "under way already",
		       agentsys_shutdown(a->h, 0, AGENTSYS_WAIT, NULL, NULL));
	EXPECT_EQ(0, waitpid(pid, &status, WNOHANG));
	EXPECT_EQ(AGENTSYS_STOPPING, look(a, stays).state);
	/* A record can still go. */
	ASSERT_OK(a->h, agentsys_remove(a->h, ended));

	/* Whoever ends the last one ends the shutdown. */
	ASSERT_OK(a->h, agentsys_kill(a->h, stays, AGENTSYS_WAIT));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	/* And it is over. */
	SPAWN(a, SLEEP);
}

/* ---- loading ---- */

/* Here tests load it themselves. */
FIXTURE(load) {
	struct agents a;
};

FIXTURE_SETUP(load)
{
	ASSERT_TRUE(nothing_is_left());
}

FIXTURE_TEARDOWN(load)
{
	unload_whatever_runs(_metadata, &self->a);
}

TEST_F(load, without_cgroup2)
{
	int log = open_log();
	int status;
	pid_t pid = fork();

	/* In a mount namespace where it is not mounted; the tests' own stays. */
	if (!pid) {
		int ret;

		if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    umount2("/sys/fs/cgroup", MNT_DETACH))
			_exit(200);
		ret = load("");
		_exit(-ret);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(ENODEV, WEXITSTATUS(status));
	EXPECT_TRUE(is_logged(log, "no cgroup v2"));
	EXPECT_TRUE(nothing_is_left());

	EXPECT_EQ(0, load(""));
	EXPECT_TRUE(is_logged(log, "[ASM] Agent Supervision Module initialized"));
	EXPECT_EQ(0, unload());
	EXPECT_TRUE(nothing_is_left());
}

TEST_F(load, with_bad_parameters)
{
	static const struct {
		const char *params;
		int error;
		const char *words;
	} bad[] = {
		{ "cgroup_mount=/nowhere", ENOENT, "/nowhere" },
		{ "cgroup_mount=/tmp", ENODEV, "/tmp" },
		{ "cgroup_root=/", EINVAL, "cgroup" },
		{ "cgroup_root=/a/../b", EACCES, "cgroup" },
		{ "ring_size=63", EINVAL, "ring_size=63" },
		{ "ring_size=131072", EINVAL, "ring_size=131072" },
		{ "launch_timeout_ms=0", EINVAL, "launch_timeout_ms" },
		{ "launcher=", EINVAL, "launcher=" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int log = open_log();

		EXPECT_EQ(-bad[i].error, load(bad[i].params)) TH_LOG("%s", bad[i].params);
		EXPECT_TRUE(is_logged(log, bad[i].words)) TH_LOG("%s", bad[i].params);
		EXPECT_TRUE(nothing_is_left()) TH_LOG("%s", bad[i].params);
		close(log);
		if (is_loaded())
			unload();
	}
	rmdir("/sys/fs/cgroup/a");
}

TEST_F(load, cgroup_of_another_name)
{
	struct agents *a = &self->a;
	struct agentsys_info *info;
	char text[512];
	uint32_t id;

	ASSERT_EQ(0, load("cgroup_root=/made/for/agents"));
	agents_open(_metadata, a);
	id = SPAWN(a, SLEEP);
	ASSERT_EQ(0, agentsys_get(a->h, id, &info));
	snprintf(text, sizeof(text), "/made/for/agents/%u", id);
	EXPECT_STREQ(text, info->cgroup);
	EXPECT_EQ(0, access("/sys/fs/cgroup/made/for/agents", F_OK));
	EXPECT_NE(0, access(CGROUPS, F_OK));
	/* Limits reach down there. */
	EXPECT_TRUE(has_controller(a, "pids") && has_controller(a, "memory"));
	EXPECT_EQ(0, agentsys_shutdown(a->h, 0, AGENTSYS_WAIT, NULL, NULL));
	EXPECT_EQ(0, unload());
	EXPECT_NE(0, access("/sys/fs/cgroup/made/for/agents", F_OK));
	rmdir("/sys/fs/cgroup/made/for");
	rmdir("/sys/fs/cgroup/made");
}

TEST_F(load, as_many_agents_as_there_may_be)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SLEEP;
	uint32_t first, id;

	ASSERT_EQ(0, load("max_agents=2"));
	agents_open(_metadata, a);
	EXPECT_EQ(2, look_system(a->h).max_agents);
	first = SPAWN(a, SPEC("/bin/true"));
	SPAWN(a, SLEEP);
	/* Ended ones count: their records are there. */
	LATER(a, first, EXIT);
	for (int i = 0; i < 2; i++) {
		EXPECT_REFUSED(a->h, ENOSPC, "max_agents",
			       agentsys_spawn(a->h, spec, AGENTSYS_WAIT, &id));
		EXPECT_REFUSED(a->h, ENOSPC, "",
			       agentsys_attach(a->h, getpid(), NULL, AGENTSYS_WAIT, &id));
		agentsys_spec_set_id(spec, 40);
	}
	EXPECT_EQ(2, look_system(a->h).agents);
	ASSERT_OK(a->h, agentsys_remove(a->h, first));
	EXPECT_EQ(40, SPAWN(a, spec));
	EXPECT_EQ(0, agentsys_shutdown(a->h, 0, AGENTSYS_WAIT, NULL, NULL));
	EXPECT_EQ(0, unload());
	EXPECT_TRUE(nothing_is_left());
}

TEST_F(load, launcher_that_is_missing)
{
	struct agents *a = &self->a;

	ASSERT_EQ(0, load("launcher=/usr/lib/there-is-none"));
	agents_open(_metadata, a);
	EXPECT_EQ(-EIO, agentsys_spawn(a->h, SLEEP, AGENTSYS_WAIT, NULL));
	EXPECT_EQ(AGENTSYS_STEP_LAUNCHER, agentsys_error_step(a->h));
	EXPECT_NE(NULL, strstr(agentsys_error(a->h), "launcher"))
		TH_LOG("%s", agentsys_error(a->h));
	EXPECT_EQ(0, look_system(a->h).agents);
	EXPECT_TRUE(AWAIT(!unload()));
	EXPECT_TRUE(nothing_is_left());
}

/* ---- races ---- */

/* Somebody spawns all the time, somebody else wants the module gone. */
TEST_F_TIMEOUT(load, and_unload_while_somebody_spawns, 120)
{
	pid_t pid;
	int unloaded = 0;

	ASSERT_EQ(0, load(""));
	pid = fork();
	if (!pid) {
		struct agentsys_spec *spec = SPEC("/bin/true");

		for (;;) {
			struct agentsys *h;

			if (agentsys_open(&h))
				continue;
			if (agentsys_spawn(h, spec, 0, NULL))
				usleep(1);
			agentsys_close(h);
		}
	}
	for (int i = 0; i < 10; i++) {
		struct agentsys *h;

		/* Between a shutdown and the next spawn there is a moment for it. */
		if (!agentsys_open(&h)) {
			int ret = agentsys_shutdown(h, 0, AGENTSYS_WAIT, NULL, NULL);

			EXPECT_EQ(0, ret) TH_LOG("%s", agentsys_error(h));
			agentsys_close(h);
		}
		for (int try = 0; try < 50; try++) {
			if (unload())
				continue;
			unloaded++;
			EXPECT_EQ(0, load(""));
			break;
		}
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	TH_LOG("unloaded %d times", unloaded);
}

TEST_HARNESS_MAIN
