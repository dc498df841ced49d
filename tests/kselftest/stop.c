// SPDX-License-Identifier: GPL-2.0-only
/*
 * How agents are ended by others: stop, kill, restart, remove.
 *
 * vm: timeout=300
 */
#include "kselftest_harness.h"
#include "lib/agents.h"

#include <sys/wait.h>

AGENTS_FIXTURE(stop);

/* ---- stop, kill, restart ---- */

TEST_F(stop, stop_sends_the_signal_and_no_restart_follows)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SHELL("trap 'echo asked >" WORK "/asked; exit 5' TERM;"
					   "echo ready; while :; do sleep 1000 & wait; done");
	int out = piped(spec, 1);
	uint32_t id = SPAWN(a, restarting(spec, AGENTSYS_RESTART_ALWAYS, 100, 0, 0));
	struct agentsys_event event;
	char text[32];

	NEXT(a, id, SPAWN);
	ASSERT_LINE("ready", out);
	ASSERT_OK(a->h, agentsys_stop(a->h, id, 7777777, AGENTSYS_WAIT));
	EXPECT_GT(read_whole(WORK "/asked", text, sizeof(text)), 0);
	EXPECT_STREQ("asked\n", text);
	EXPECT_EQ(AGENTSYS_EXITED, look(a, id).state);
	EXPECT_EQ(0, look(a, id).pid);
	EXPECT_FALSE(cgroup_exists(id));

	event = NEXT(a, id, STOP);
	EXPECT_EQ(SIGTERM, event.code);
	EXPECT_EQ(7777777, event.value);
	event = NEXT(a, id, EXIT);
	EXPECT_EQ(AGENTSYS_CAUSE_STOP, event.cause);
	EXPECT_EQ(AGENTSYS_CAUSE_STOP, look(a, id).cause);
	EXPECT_EQ(0, look(a, id).crashes);

	/* A restart would be on the way by now, or be scheduled. */
	EXPECT_TRUE(no_event(a, id));
	EXPECT_EQ(1, look(a, id).instance);
}

/* ---- how long it may take ---- */

/* A deaf one that is killed by this time; what a stop of it was asked with is told. */
static uint32_t spawn_deaf(struct __test_metadata *_metadata, struct agents *a, uint32_t timeout_ms)
{
	struct agentsys_spec *spec = SPEC(program("actor"), "stubborn");

	agentsys_spec_set_stop_timeout(spec, timeout_ms);
	return SPAWN_READY(a, spec);
}

/* It is not killed, while others are that were asked later. */
TEST_F(stop, without_a_limit_it_is_not_killed)
{
	struct agents *a = &self->a;
	uint32_t own = spawn_deaf(_metadata, a, AGENTSYS_STOP_UNLIMITED);
	uint32_t told = spawn_deaf(_metadata, a, 1);
	uint32_t other = spawn_deaf(_metadata, a, 50);

	EXPECT_EQ(AGENTSYS_STOP_UNLIMITED, look(a, own).stop_timeout_ms);
	ASSERT_OK(a->h, agentsys_stop(a->h, own, AGENTSYS_DEFAULT_TIMEOUT, 0));
	EXPECT_EQ(AGENTSYS_STOP_UNLIMITED, LATER(a, own, STOP).value);
	ASSERT_OK(a->h, agentsys_stop(a->h, told, AGENTSYS_STOP_UNLIMITED, 0));
	EXPECT_EQ(AGENTSYS_STOP_UNLIMITED, LATER(a, told, STOP).value);
	ASSERT_OK(a->h, agentsys_stop(a->h, other, AGENTSYS_DEFAULT_TIMEOUT, AGENTSYS_WAIT));
	EXPECT_TRUE(is_state(a, own, AGENTSYS_STOPPING));
	EXPECT_TRUE(is_state(a, told, AGENTSYS_STOPPING));
	/* Until somebody does it. */
	ASSERT_OK(a->h, agentsys_kill(a->h, told, AGENTSYS_WAIT));
	EXPECT_EQ(AGENTSYS_CAUSE_KILL, look(a, told).cause);
}

/* A shutdown has a limit, whoever has none. */
TEST_F(stop, a_shutdown_bounds_what_has_no_limit)
{
	struct agents *a = &self->a;
	uint32_t asked = spawn_deaf(_metadata, a, AGENTSYS_STOP_UNLIMITED);
	uint32_t ended, killed;

	spawn_deaf(_metadata, a, AGENTSYS_STOP_UNLIMITED);
	ASSERT_OK(a->h, agentsys_stop(a->h, asked, AGENTSYS_DEFAULT_TIMEOUT, 0));
	EXPECT_REFUSED(a->h, ERANGE, "range",
		       agentsys_shutdown(a->h, AGENTSYS_STOP_UNLIMITED, 0, NULL, NULL));
	ASSERT_OK(a->h, agentsys_shutdown(a->h, 50, AGENTSYS_WAIT, &ended, &killed));
	EXPECT_EQ(2, ended);
	EXPECT_EQ(2, killed);
}

/* OTP's brutal kill: it does not hear of it, whoever says so. */
TEST_F(stop, a_timeout_of_0_kills_without_asking)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SHELL("trap 'echo asked; exit 0' TERM; echo ready;"
					   "while :; do sleep 1000 & wait; done");
	int out = piped(spec, 1);
	uint32_t id;

	agentsys_spec_set_stop_timeout(spec, 0);
	id = SPAWN(a, spec);
	ASSERT_LINE("ready", out);
	NEXT(a, id, SPAWN);
	ASSERT_OK(a->h, agentsys_restart(a->h, id, AGENTSYS_DEFAULT_TIMEOUT, AGENTSYS_WAIT));
	NEXT(a, id, KILL);
	EXPECT_EQ(AGENTSYS_CAUSE_KILL, NEXT(a, id, EXIT).cause);
	NEXT(a, id, SPAWN);
	ASSERT_LINE("ready", out);
	EXPECT_EQ(2, look(a, id).instance);
	ASSERT_OK(a->h, agentsys_stop(a->h, id, 0, AGENTSYS_WAIT));
	NEXT(a, id, KILL);
	EXPECT_EQ(AGENTSYS_CAUSE_KILL, NEXT(a, id, EXIT).cause);
	EXPECT_EQ(0, look(a, id).crashes);
	EXPECT_TRUE(no_event(a, id));
}

/* As with systemd, one that somebody stopped hears the request all the same. */
TEST_F(stop, stop_of_a_suspended_one_is_heard_by_it)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SHELL("trap 'echo asked; exit 0' TERM; echo ready;"
					   "while :; do sleep 1000 & wait; done");
	int out = piped(spec, 1);
	uint32_t id = SPAWN(a, spec);
	pid_t pid = look(a, id).pid;

	ASSERT_LINE("ready", out);
	kill(pid, SIGSTOP);
	ASSERT_TRUE(AWAIT(process_state(pid) == 'T'));
	ASSERT_OK(a->h, agentsys_stop(a->h, id, NEVER_MS, AGENTSYS_WAIT));
	EXPECT_LINE("asked", out);
	EXPECT_EQ(AGENTSYS_CAUSE_STOP, look(a, id).cause);
}

TEST_F(stop, stop_signal_is_the_agents_own)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec =
		SHELL("trap 'echo usr1; exit 0' USR1; trap 'echo term; exit 0' TERM; echo ready;"
		      "while :; do sleep 1000 & wait; done");
	int out = piped(spec, 1);
	uint32_t id;

	agentsys_spec_set_stop_signal(spec, SIGUSR1);
	id = SPAWN(a, spec);
	EXPECT_EQ(SIGUSR1, look(a, id).stop_signal);
	ASSERT_LINE("ready", out);
	ASSERT_OK(a->h, agentsys_stop(a->h, id, AGENTSYS_DEFAULT_TIMEOUT, AGENTSYS_WAIT));
	EXPECT_LINE("usr1", out);
	EXPECT_EQ(SIGUSR1, LATER(a, id, STOP).code);
}

/* The first writers of the FIFO have said so before anybody waits for the last one. */
TEST_F(stop, stop_kills_everything_that_does_not_obey)
{
	struct agents *a = &self->a;
	int fifo = make_fifo(WORK "/fifo");
	struct agentsys_spec *spec = SPEC(program("actor"), "stubborn", WORK "/fifo");
	uint32_t id;

	agentsys_spec_set_stop_timeout(spec, 50);
	id = SPAWN_READY(a, spec);
	NEXT(a, id, SPAWN);
	ASSERT_OK(a->h, agentsys_stop(a->h, id, AGENTSYS_DEFAULT_TIMEOUT, AGENTSYS_WAIT));
	/* The wait is over when all of them are dead, so there is nothing to wait for here. */
	EXPECT_FALSE(cgroup_exists(id));
	EXPECT_TRUE(end_of_file(fifo));
	EXPECT_EQ(50, NEXT(a, id, STOP).value);
	NEXT(a, id, KILL);
	EXPECT_EQ(AGENTSYS_CAUSE_KILL, NEXT(a, id, EXIT).cause);
	EXPECT_EQ(AGENTSYS_CAUSE_KILL, look(a, id).cause);
	EXPECT_EQ(AGENTSYS_EXITED, look(a, id).state);
}

TEST_F(stop, stop_kills_what_an_obedient_one_leaves_behind)
{
	struct agents *a = &self->a;
	int fifo = make_fifo(WORK "/fifo");
	struct agentsys_spec *spec = SPEC(program("actor"), "leave", WORK "/fifo");
	uint32_t id;

	agentsys_spec_set_stop_timeout(spec, NEVER_MS);
	id = SPAWN_READY(a, spec);
	ASSERT_OK(a->h, agentsys_stop(a->h, id, AGENTSYS_DEFAULT_TIMEOUT, AGENTSYS_WAIT));
	EXPECT_TRUE(end_of_file(fifo));
	EXPECT_FALSE(cgroup_exists(id));
	NEXT(a, id, SPAWN);
	NEXT(a, id, STOP);
	/* It has done as it was told: nobody had to kill it. */
	EXPECT_EQ(AGENTSYS_CAUSE_STOP, NEXT(a, id, EXIT).cause);
}

TEST_F(stop, what_a_crash_leaves_behind_is_killed)
{
	struct agents *a = &self->a;
	int fifo = make_fifo(WORK "/fifo");
	uint32_t id = SPAWN_READY(a, SPEC(program("actor"), "leave", WORK "/fifo"));

	kill(look(a, id).pid, SIGKILL);
	EXPECT_TRUE(end_of_file(fifo));
	EXPECT_TRUE(AWAIT(!cgroup_exists(id)));
	EXPECT_EQ(AGENTSYS_EXITED, look(a, id).state);
}

TEST_F(stop, kill_kills_everything_and_no_restart_follows)
{
	struct agents *a = &self->a;
	int fifo = make_fifo(WORK "/fifo");
	struct agentsys_spec *spec = SPEC(program("actor"), "stubborn", WORK "/fifo");
	uint32_t id = SPAWN_READY(a, restarting(spec, AGENTSYS_RESTART_ALWAYS, 100, 0, 0));
	struct agentsys_event event;

	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
	EXPECT_TRUE(end_of_file(fifo));
	EXPECT_FALSE(cgroup_exists(id));
	NEXT(a, id, SPAWN);
	NEXT(a, id, KILL);
	event = NEXT(a, id, EXIT);
	EXPECT_EQ(AGENTSYS_CAUSE_KILL, event.cause);
	EXPECT_EQ(SIGKILL, event.code);
	EXPECT_TRUE(no_event(a, id));
	EXPECT_EQ(1, look(a, id).instance);
	EXPECT_EQ(0, look(a, id).crashes);
}

/* A kill is not held up by a stop that has been given its time. */
TEST_F(stop, kill_while_it_is_being_stopped)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN_READY(a, SPEC(program("actor"), "stubborn"));

	ASSERT_OK(a->h, agentsys_stop(a->h, id, NEVER_MS, 0));
	EXPECT_EQ(AGENTSYS_STOPPING, look(a, id).state);
	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
	EXPECT_EQ(AGENTSYS_EXITED, look(a, id).state);
}

TEST_F(stop, restart_gives_a_new_process)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, restarting(SLEEP, AGENTSYS_RESTART_ON_FAILURE, 1, 0, 0));
	struct agentsys_event first = NEXT(a, id, SPAWN);
	struct agentsys_event event;

	ASSERT_OK(a->h, agentsys_restart(a->h, id, AGENTSYS_DEFAULT_TIMEOUT, AGENTSYS_WAIT));
	NEXT(a, id, STOP);
	event = NEXT(a, id, EXIT);
	EXPECT_EQ(AGENTSYS_CAUSE_RESTART, event.cause);
	EXPECT_EQ(first.pid, event.pid);
	event = NEXT(a, id, SPAWN);
	EXPECT_NE(first.pid, event.pid);
	EXPECT_TRUE(in_agent(event.pid, id));
	EXPECT_EQ(event.pid, look(a, id).pid);
	EXPECT_EQ(2, look(a, id).instance);
	/* It was not the module that had the idea. */
	EXPECT_EQ(0, look(a, id).restarts);
	EXPECT_EQ(0, look(a, id).crashes);
}

TEST_F(stop, restart_starts_what_has_ended)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, SLEEP);

	ASSERT_OK(a->h, agentsys_stop(a->h, id, AGENTSYS_DEFAULT_TIMEOUT, AGENTSYS_WAIT));
	ASSERT_OK(a->h, agentsys_restart(a->h, id, AGENTSYS_DEFAULT_TIMEOUT, AGENTSYS_WAIT));
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
	EXPECT_EQ(2, look(a, id).instance);
}

TEST_F(stop, restart_kills_what_does_not_obey)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN_READY(a, SPEC(program("actor"), "stubborn"));
	pid_t pid = look(a, id).pid;

	ASSERT_OK(a->h, agentsys_restart(a->h, id, 10, AGENTSYS_WAIT));
	EXPECT_NE(pid, look(a, id).pid);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
	LATER(a, id, KILL);
	NEXT(a, id, EXIT);
	NEXT(a, id, SPAWN);
}

/* The last word counts. */
TEST_F(stop, stop_calls_off_a_restart_under_way)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN_READY(a, SPEC(program("actor"), "stubborn"));

	ASSERT_OK(a->h, agentsys_restart(a->h, id, NEVER_MS, 0));
	ASSERT_OK(a->h, agentsys_stop(a->h, id, NEVER_MS, 0));
	kill(look(a, id).pid, SIGKILL);
	LATER(a, id, EXIT);
	EXPECT_TRUE(AWAIT(!cgroup_exists(id)));
	EXPECT_EQ(AGENTSYS_EXITED, look(a, id).state);
	EXPECT_EQ(1, look(a, id).instance);
}

TEST_F(stop, restart_of_one_that_is_being_stopped)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN_READY(a, SPEC(program("actor"), "stubborn"));

	ASSERT_OK(a->h, agentsys_stop(a->h, id, NEVER_MS, 0));
	ASSERT_OK(a->h, agentsys_restart(a->h, id, NEVER_MS, 0));
	kill(look(a, id).pid, SIGKILL);
	LATER(a, id, EXIT);
	NEXT(a, id, SPAWN);
	EXPECT_EQ(2, look(a, id).instance);
}

/* What is refused changes nothing: not even that a restart is to follow. */
TEST_F(stop, refusals_leave_a_restart_under_way_alone)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN_READY(a, SPEC(program("actor"), "stubborn"));

	ASSERT_OK(a->h, agentsys_restart(a->h, id, NEVER_MS, 0));
	EXPECT_EQ(-EBUSY, agentsys_start(a->h, id, 0));
	EXPECT_EQ(-EINVAL, agentsys_pause(a->h, id));
	EXPECT_EQ(-EINVAL, agentsys_resume(a->h, id));
	EXPECT_EQ(-EBUSY, agentsys_remove(a->h, id));
	kill(look(a, id).pid, SIGKILL);
	LATER(a, id, EXIT);
	ASSERT_TRUE(AWAIT(!is_state(a, id, AGENTSYS_STOPPING)));
	EXPECT_EQ(2, look(a, id).instance);
	NEXT(a, id, SPAWN);
}

/* Each instance can only go on when the daemon of the one before it is dead. */
TEST_F(stop, what_was_left_behind_is_dead_when_the_next_one_runs)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = restarting(SPEC(program("actor"), "heir", WORK "/lock"),
						AGENTSYS_RESTART_ON_FAILURE, 5, 0, 0);
	int out = piped(spec, 1);
	uint32_t id = SPAWN(a, spec);
	int before = -1;

	for (int n = 0; n <= 5; n++) {
		char line[64];
		int pidfd;

		ASSERT_TRUE(read_line(out, line, sizeof(line))) TH_LOG("instance %d waits", n + 1);
		/* The last daemon may be dead already, as is the process that told of it. */
		pidfd = open_pidfd(atoi(line));
		if (before >= 0)
			EXPECT_TRUE(readable(before));
		before = pidfd;
	}
	LATER(a, id, FAILED);
	EXPECT_TRUE(before < 0 || readable(before));
	EXPECT_TRUE(AWAIT(!cgroup_exists(id)));
}

/* ---- remove ---- */

TEST_F(stop, remove_forgets)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SLEEP;
	struct agentsys_info *info;
	uint32_t agents, id;

	agentsys_spec_set_id(spec, 77);
	agentsys_spec_set_name(spec, "to-be-forgotten");
	agents = look_system(a->h).agents;
	id = SPAWN(a, spec);
	ASSERT_EQ(77, id);
	EXPECT_EQ(agents + 1, look_system(a->h).agents);
	ASSERT_OK(a->h, agentsys_stop(a->h, id, AGENTSYS_DEFAULT_TIMEOUT, AGENTSYS_WAIT));
	ASSERT_OK(a->h, agentsys_remove(a->h, id));
	EXPECT_EQ(-ESRCH, agentsys_get(a->h, id, &info));
	EXPECT_EQ(-ESRCH, agentsys_find(a->h, "to-be-forgotten", &id));
	EXPECT_EQ(-ESRCH, agentsys_remove(a->h, 77));
	EXPECT_EQ(agents, look_system(a->h).agents);
	LATER(a, 77, REMOVE);
	/* The id is free again. */
	EXPECT_EQ(77, SPAWN(a, spec));
	EXPECT_EQ(1, look(a, 77).instance);
}

/* Also when it has ended this moment, and what it was still dies. */
TEST_F(stop, id_is_free_as_soon_as_it_is_removed)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SHELL("sleep 1000000 & sleep 1000000 & exit 0");
	struct agentsys_info *info;

	agentsys_spec_set_id(spec, 78);
	for (int i = 0; i < 30; i++) {
		ASSERT_EQ(78, SPAWN(a, spec));
		LATER(a, 78, EXIT);
		ASSERT_OK(a->h, agentsys_remove(a->h, 78));
		EXPECT_EQ(-ESRCH, agentsys_get(a->h, 78, &info));
	}
}

/* ---- stopping what does not run ---- */

/* Ask for @id to end while its launch is queued, and go on. */
TEST_F(stop, stop_while_the_launch_is_queued)
{
	struct agents *a = &self->a;
	pid_t launcher;
	uint32_t ids[2];

	SPAWN(a, SLEEP);
	launcher = hold_launcher(a);
	for (int i = 0; i < 2; i++) {
		ASSERT_OK(a->h, agentsys_spawn(a->h, restarting(SLEEP, AGENTSYS_RESTART_ALWAYS,
								9, 0, 0), 0, &ids[i]));
		ASSERT_OK(a->h, i ? agentsys_kill(a->h, ids[i], AGENTSYS_WAIT) :
				agentsys_stop(a->h, ids[i], NEVER_MS, AGENTSYS_WAIT));
		EXPECT_EQ(AGENTSYS_EXITED, look(a, ids[i]).state);
		EXPECT_EQ(i ? AGENTSYS_CAUSE_KILL : AGENTSYS_CAUSE_STOP, look(a, ids[i]).cause);
		EXPECT_EQ(0, look(a, ids[i]).spawns);
		EXPECT_EQ(0, look(a, ids[i]).exits);
	}
	kill(launcher, SIGCONT);
	/* The next one runs, these do not. */
	SPAWN(a, SLEEP);
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(AGENTSYS_EXITED, look(a, ids[i]).state);
		EXPECT_FALSE(cgroup_exists(ids[i]));
		ASSERT_OK(a->h, agentsys_start(a->h, ids[i], AGENTSYS_WAIT));
	}
}

/* It is a process already, but none of its own program. */
TEST_F(stop, stop_between_commit_and_exec)
{
	struct agents *a = &self->a;
	static const char *const folders[] = { WORK "/1", WORK "/2" };
	static const char *const programs[] = { WORK "/1/sleep", WORK "/2/sleep" };

	for (int i = 0; i < 2; i++) {
		struct agentsys_spec *spec = restarting(SPEC(programs[i], "1000000"),
							AGENTSYS_RESTART_ALWAYS, 9, 0, 0);
		struct held held;
		uint32_t id;
		pid_t pid;

		mkdir(folders[i], 0755);
		held = hold_program("/bin/busybox", programs[i]);

		ASSERT_OK(a->h, agentsys_spawn(a->h, spec, 0, &id));
		ASSERT_TRUE(tried(&held));
		pid = look(a, id).pid;
		EXPECT_TRUE(in_agent(pid, id));
		EXPECT_EQ(AGENTSYS_STARTING, look(a, id).state);
		ASSERT_OK(a->h, i ? agentsys_kill(a->h, id, AGENTSYS_WAIT) :
				agentsys_stop(a->h, id, NEVER_MS, AGENTSYS_WAIT));
		EXPECT_EQ(AGENTSYS_EXITED, look(a, id).state);
		EXPECT_EQ(0, process_state(pid));
		EXPECT_FALSE(cgroup_exists(id));
		EXPECT_EQ(0, look(a, id).spawns);
		EXPECT_EQ(0, look(a, id).exits);
		release_program(&held);
		ASSERT_OK(a->h, agentsys_start(a->h, id, AGENTSYS_WAIT));
	}
}

TEST_F(stop, who_waits_for_a_start_is_told_of_its_stop)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SLEEP;
	pid_t launcher, pid;
	int status;

	agentsys_spec_set_id(spec, 50);
	SPAWN(a, SLEEP);
	launcher = hold_launcher(a);
	pid = fork();
	if (!pid) {
		struct agentsys *h;
		int ret = agentsys_open(&h);

		ret = ret ?: agentsys_spawn(h, spec, AGENTSYS_WAIT, NULL);
		_exit(ret != -ECANCELED ? 1 : strstr(agentsys_error(h), "asked to end") ? 0 : 2);
	}
	ASSERT_TRUE(AWAIT(is_state(a, 50, AGENTSYS_STARTING)));
	ASSERT_OK(a->h, agentsys_stop(a->h, 50, NEVER_MS, 0));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	kill(launcher, SIGCONT);
}

/* Another one with a longer delay is the clock: when it is back, this one would have been. */
TEST_F(stop, stop_in_backoff_calls_the_restart_off)
{
	struct agents *a = &self->a;
	uint32_t ms, id, clock;

	/* On a busy machine the restart may come before the stop: then with a longer delay. */
	for (ms = 200; ; ms *= 5) {
		id = SPAWN(a, restarting(SHELL("exit 1"), AGENTSYS_RESTART_ALWAYS, 9, ms, ms));
		LATER(a, id, RESTART_SCHEDULED);
		ASSERT_OK(a->h, agentsys_stop(a->h, id, NEVER_MS, AGENTSYS_WAIT));
		if ((look(a, id).instance == 1 && look(a, id).cause == AGENTSYS_CAUSE_EXIT) ||
		    ms > 1000)
			break;
	}
	EXPECT_EQ(AGENTSYS_EXITED, look(a, id).state);
	EXPECT_FALSE(cgroup_exists(id));
	/* It ended as it ended. */
	EXPECT_EQ(AGENTSYS_CAUSE_EXIT, look(a, id).cause);
	EXPECT_EQ(1, look(a, id).code);
	clock = SPAWN(a, restarting(SHELL("exit 1"), AGENTSYS_RESTART_ALWAYS, 1, ms + 100,
				    ms + 100));
	LATER(a, clock, RESTART);
	EXPECT_EQ(1, look(a, id).instance);
	EXPECT_EQ(AGENTSYS_EXITED, look(a, id).state);
}

/* Whatever the moment, nothing of it is left. */
TEST_F_TIMEOUT(stop, spawn_and_kill_at_once, 60)
{
	struct agents *a = &self->a;
	uint32_t id;

	SPAWN(a, SLEEP);
	for (int i = 0; i < 200; i++) {
		struct agentsys_spec *spec = SLEEP;

		/* The cgroup of an id that is given is made by the launcher. */
		agentsys_spec_set_id(spec, 100 + i);
		ASSERT_OK(a->h, agentsys_spawn(a->h, i % 4 ? spec : SLEEP, 0, &id));
		for (int spin = 0; spin < i / 4 * 1000; spin++)
			asm volatile("");
		ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
		EXPECT_EQ(AGENTSYS_EXITED, look(a, id).state);
		EXPECT_EQ(look(a, id).spawns, look(a, id).exits);
		ASSERT_OK(a->h, agentsys_remove(a->h, id));
	}
	/* The launcher is done with all of them when it has borne this one, and goes then. */
	id = SPAWN(a, SLEEP);
	EXPECT_EQ(2, look_system(a->h).active);
	ASSERT_OK(a->h, agentsys_shutdown(a->h, 0, AGENTSYS_WAIT, NULL, NULL));
	EXPECT_EQ(0, count_cgroups());
}

TEST_HARNESS_MAIN
