// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation that a request makes in the caller's own process fails once.
 * The request is then refused, or has done all that it was to do: nothing half
 * done is left behind, and the next one works.
 *
 * For each request the first, the second, the third... allocation is made to
 * fail, until there is none to fail any more.
 *
 * vm: timeout=300
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/failslab.h"
#include "lib/limits.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#define ID	4000

FIXTURE(failslab) {
	struct agents a;
	int nth;	/* counts down in this thread; the allocation at which it reaches 0 fails */
	int device;
	uint32_t id;
	pid_t child;
	int cgroups;
};

FIXTURE_SETUP(failslab)
{
	self->nth = open_failslab();
	if (self->nth < 0)
		SKIP(return, "this kernel does not let allocations fail");
	agents_open(_metadata, &self->a);
	self->device = agentsys_device_open();
	ASSERT_LE(0, self->device);
}

FIXTURE_TEARDOWN(failslab)
{
	agents_close(&self->a);
}

static bool gone(struct agents *a, uint32_t id)
{
	struct agentsys_info *info;
	int ret = agentsys_get(a->h, id, &info);

	if (!ret)
		agentsys_info_free(info);
	return ret == -ESRCH;
}

static void end(struct agents *a, uint32_t id)
{
	MUST(!agentsys_kill(a->h, id, AGENTSYS_WAIT));
	MUST(!agentsys_remove(a->h, id));
}

/*
 * It was made or it was not; only when the acknowledgement was lost the caller
 * does not know.
 */
#define EXPECT_WHOLE(ret, id) do {					\
	EXPECT_TRUE((ret) == -ENOBUFS || gone(&self->a, id) == !!(ret))	\
		TH_LOG("allocation %d: %d, and gone is %d", n, ret, gone(&self->a, id));	\
	if (!gone(&self->a, id)) {					\
		EXPECT_TRUE(AWAIT(is_state(&self->a, id, AGENTSYS_ACTIVE)));	\
		end(&self->a, id);					\
	}								\
	/* But for the one that is kept ready for the next agent. */	\
	EXPECT_TRUE(AWAIT(count_cgroups() <= 1));			\
} while (0)

static struct agentsys_spec *spec_with_everything(void)
{
	struct agentsys_spec *spec = SLEEP;

	agentsys_spec_set_id(spec, ID);
	agentsys_spec_set_name(spec, "failslab");
	agentsys_spec_add_env(spec, "A=1");
	agentsys_spec_set_cwd(spec, "/tmp");
	agentsys_spec_set_groups(spec, 2, (gid_t[]){ 1, 2 });
	agentsys_spec_set_stdio_fd(spec, 0, 0);
	agentsys_spec_set_stdio_path(spec, 1, "/dev/null");
	agentsys_spec_set_pids_max(spec, 10);
	return spec;
}

TEST_F_TIMEOUT(failslab, spawn, 120)
{
	struct agentsys_spec *spec = spec_with_everything();

	EACH_FAILS(, agentsys_spawn(self->a.h, spec, 0, NULL), EXPECT_WHOLE(ret, ID));
}

TEST_F_TIMEOUT(failslab, spawn_and_wait, 120)
{
	struct agentsys_spec *spec = spec_with_everything();

	EACH_FAILS(, agentsys_spawn(self->a.h, spec, AGENTSYS_WAIT, NULL), EXPECT_WHOLE(ret, ID));
}

/* The id and the cgroup may be those that are kept ready. */
TEST_F_TIMEOUT(failslab, spawn_without_an_id, 120)
{
	struct agentsys_spec *spec = SLEEP;
	uint32_t other = SPAWN(&self->a, SLEEP);

	EACH_FAILS(self->id = 0; AWAIT(count_cgroups() == 2),
		   agentsys_spawn(self->a.h, spec, 0, &self->id), {
		struct agentsys_info **list;
		ssize_t len = agentsys_list(self->a.h, &list);

		ASSERT_LE(1, len);
		if (ret == -ENOMEM)
			EXPECT_EQ(1, len);
		if (!ret)
			EXPECT_EQ(2, len);
		for (ssize_t i = 0; i < len; i++) {
			if (list[i]->id != other)
				end(&self->a, list[i]->id);
		}
		agentsys_list_free(list);
	});
}

static pid_t new_child(void)
{
	pid_t pid = fork();

	MUST(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	return pid;
}

TEST_F_TIMEOUT(failslab, attach, 120)
{
	struct agentsys_spec *spec = agentsys_spec_new();

	agentsys_spec_set_id(spec, ID);
	agentsys_spec_set_name(spec, "failslab");
	agentsys_spec_set_pids_max(spec, 10);
	for (unsigned int flags = 0; flags <= AGENTSYS_WAIT; flags += AGENTSYS_WAIT)
		EACH_FAILS(self->child = new_child(),
			   agentsys_attach(self->a.h, self->child, spec, flags, NULL), {
			EXPECT_WHOLE(ret, ID);
			kill(self->child, SIGKILL);
			waitpid(self->child, NULL, 0);
		});
}

/* In an agent: have each allocation of a map fail, then beat. The number of those that did. */
static int map_until_it_works(void)
{
	int nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC), n = 0, refused = 0;
	struct agentsys_pulse *pulse;
	bool failed = true;
	int ret;

	while (failed && n++ < ENOUGH) {
		arm(nth, n);
		ret = agentsys_pulse_open(-1, &pulse);
		failed = disarm(nth);
		if (ret && !(failed && ret == -ENOMEM))
			return 201;
		refused += !!ret;
		if (!ret) {
			agentsys_pulse_beat(pulse);
			agentsys_pulse_close(pulse);
		}
	}
	return n < ENOUGH ? refused : 202;
}

/* What it takes to map the page of heartbeats, but for the page, which is no object of a slab. */
TEST_F_TIMEOUT(failslab, map, 120)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = agentsys_spec_new();
	int go[2], status;
	pid_t pid;
	uint32_t id;

	MUST(!pipe(go));
	pid = fork();
	MUST(pid >= 0);
	if (!pid) {
		char byte;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(read(go[0], &byte, 1) == 1 ? map_until_it_works() : 200);
	}
	ASSERT_OK(a->h, agentsys_attach(a->h, pid, spec, AGENTSYS_WAIT, &id));
	agentsys_spec_free(spec);
	ASSERT_EQ(1, write(go[1], "", 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	TH_LOG("%d allocations needed", WEXITSTATUS(status));
	/* The descriptor, the mapping and the record at least. */
	EXPECT_LE(3, WEXITSTATUS(status));
	EXPECT_GT(200, WEXITSTATUS(status));
	ASSERT_TRUE(AWAIT(is_state(a, id, AGENTSYS_EXITED) || is_state(a, id, AGENTSYS_FAILED)));
	ASSERT_OK(a->h, agentsys_remove(a->h, id));
}

/* An agent that nobody has watched yet is in one call more, or in none. */
TEST_F_TIMEOUT(failslab, call, 120)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SLEEP;

	agentsys_spec_set_id(spec, ID);
	EACH_FAILS(SPAWN(a, spec), agentsys_report_call_begin(a->h, ID, 0, 60000), {
		EXPECT_TRUE(ret == -ENOBUFS || look(a, ID).calls == !ret)
			TH_LOG("allocation %d: %d, and calls is %u", n, ret, look(a, ID).calls);
		end(a, ID);
	});
	SPAWN(a, spec);
	ASSERT_OK(a->h, agentsys_report_call_begin(a->h, ID, 0, 60000));
	EACH_FAILS(ret = 0, agentsys_report_call_end(a->h, ID, 0), {
		EXPECT_TRUE(ret == -ENOBUFS || look(a, ID).calls == !!ret);
		if (!look(a, ID).calls)
			ASSERT_OK(a->h, agentsys_report_call_begin(a->h, ID, 0, 60000));
	});
	end(a, ID);
}

/* Only when the answer was lost it is unknown whether it is paused. Its cgroup knows. */
static void expect_paused(struct __test_metadata *_metadata, struct agents *a, uint32_t id, int n,
			  int ret, bool want)
{
	bool paused = look(a, id).flags & AGENTSYS_AGENT_PAUSED;
	char text[256];

	EXPECT_TRUE(ret == -ENOBUFS || paused == want)
		TH_LOG("allocation %d: %d, and paused is %d", n, ret, paused);
	read_cgroup(id, "cgroup.freeze", text, sizeof(text));
	EXPECT_EQ(paused, atoi(text));
}

TEST_F_TIMEOUT(failslab, pause_and_resume, 120)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, SLEEP);

	EACH_FAILS(EXPECT_OK(a->h, agentsys_resume(a->h, id)), agentsys_pause(a->h, id),
		   expect_paused(_metadata, a, id, n, ret, !ret));
	EACH_FAILS(EXPECT_OK(a->h, agentsys_pause(a->h, id)), agentsys_resume(a->h, id),
		   expect_paused(_metadata, a, id, n, ret, !!ret));
}

static bool runs(struct agents *a, uint32_t id)
{
	uint32_t state = look(a, id).state;	/* once: it may change in between */

	return state == AGENTSYS_ACTIVE || state == AGENTSYS_STARTING;
}

/* It ends, or nothing was done; likewise. */
static void expect_end(struct __test_metadata *_metadata, struct agents *a, uint32_t id, int ret)
{
	if (!ret)
		EXPECT_TRUE(AWAIT(is_state(a, id, AGENTSYS_EXITED)));
	if (ret == -ENOMEM)
		EXPECT_TRUE(is_state(a, id, AGENTSYS_ACTIVE));
}

TEST_F_TIMEOUT(failslab, start_and_end, 240)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SLEEP;
	uint32_t id = SPAWN(a, spec);

	for (unsigned int flags = 0; flags <= AGENTSYS_WAIT; flags += AGENTSYS_WAIT) {
		EACH_FAILS(agentsys_kill(a->h, id, AGENTSYS_WAIT), agentsys_start(a->h, id, flags),
			   EXPECT_TRUE(ret == -ENOBUFS || runs(a, id) == !ret));
		EACH_FAILS(agentsys_start(a->h, id, AGENTSYS_WAIT),
			   agentsys_stop(a->h, id, AGENTSYS_DEFAULT_TIMEOUT, flags), {
			expect_end(_metadata, a, id, ret);
			agentsys_kill(a->h, id, AGENTSYS_WAIT);
		});
		EACH_FAILS(agentsys_start(a->h, id, AGENTSYS_WAIT),
			   agentsys_kill(a->h, id, flags), {
			expect_end(_metadata, a, id, ret);
			agentsys_kill(a->h, id, AGENTSYS_WAIT);
		});
		EACH_FAILS(agentsys_start(a->h, id, AGENTSYS_WAIT),
			   agentsys_restart(a->h, id, AGENTSYS_DEFAULT_TIMEOUT, flags),
			   EXPECT_TRUE(AWAIT(is_state(a, id, AGENTSYS_ACTIVE))));
		agentsys_kill(a->h, id, AGENTSYS_WAIT);
	}
}

TEST_F_TIMEOUT(failslab, set_and_remove, 120)
{
	struct agents *a = &self->a;
	struct agentsys_spec *policy = agentsys_spec_new(), *spec = SLEEP;

	agentsys_spec_set_id(spec, ID);
	SPAWN(a, spec);
	EACH_FAILS(agentsys_spec_set_max_restarts(policy, n), agentsys_set(a->h, ID, policy),
		   EXPECT_TRUE(ret == -ENOBUFS ||
			       ((int)look(a, ID).max_restarts == n) == !ret));
	end(a, ID);
	EACH_FAILS({
		SPAWN(a, spec);
		agentsys_kill(a->h, ID, AGENTSYS_WAIT);
	}, agentsys_remove(a->h, ID), {
		EXPECT_TRUE(ret == -ENOBUFS || gone(a, ID) == !ret);
		agentsys_remove(a->h, ID);
	});
}

/* All of them or none, in the record and in the files. */
TEST_F_TIMEOUT(failslab, limits, 120)
{
	struct agents *a = &self->a;
	struct agentsys_limit_change changes[] = {
		{ AGENTSYS_LIMIT_PIDS_MAX, 0 }, { AGENTSYS_LIMIT_CPU_QUOTA, 0 },
		{ AGENTSYS_LIMIT_MESSAGES, 0 },
	};
	struct agentsys_spec *spec = SLEEP;
	char text[32], expected[32];
	uint64_t last = 0;

	agentsys_spec_set_id(spec, ID);
	SPAWN(a, spec);
	EACH_FAILS({
		for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
			changes[i].max = 2000 + n;
	}, agentsys_limits_set(a->h, ID, changes, ARRAY_SIZE(changes)), {
		uint64_t now = limit_of(a, ID, AGENTSYS_LIMIT_PIDS_MAX);

		EXPECT_TRUE(now == (uint64_t)2000 + n || now == last);
		EXPECT_TRUE(ret == -ENOBUFS || (now != last) == !ret);
		EXPECT_EQ(now, limit_of(a, ID, AGENTSYS_LIMIT_MESSAGES));
		EXPECT_EQ(now, limit_of(a, ID, AGENTSYS_LIMIT_CPU_QUOTA));
		snprintf(expected, sizeof(expected), now ? "%d\n" : "max\n", (int)now);
		EXPECT_GT(read_cgroup(ID, "pids.max", text, sizeof(text)), 0);
		EXPECT_STREQ(expected, text);
		last = now;
	});
	end(a, ID);
	EACH_FAILS(, agentsys_limits_default(a->h, AGENTSYS_LIMITS_NONE, NULL, 0));
	EACH_FAILS(struct agentsys_limits_info *limits, agentsys_limits_get(a->h, 0, &limits),
		   agentsys_limits_free(limits));
}

TEST_F_TIMEOUT(failslab, looking, 120)
{
	struct agents *a = &self->a;
	struct agentsys_system *system = NULL;
	struct agentsys_events *events = NULL;
	struct agentsys_info **list = NULL;
	struct agentsys_info *info = NULL;
	struct agentsys_event event;
	uint32_t id = SPAWN(a, SLEEP);
	char *text = NULL;

	EACH_FAILS(info = NULL, agentsys_get(a->h, id, &info), {
		if (!ret)
			EXPECT_EQ(id, info->id);
		agentsys_info_free(ret ? NULL : info);
	});
	EACH_FAILS(list = NULL, agentsys_list(a->h, &list), {
		if (ret >= 0)
			EXPECT_EQ(1, ret);
		agentsys_list_free(ret < 0 ? NULL : list);
	});
	EACH_FAILS(, agentsys_system(a->h, &system), {
		if (!ret)
			EXPECT_EQ(1, system->active);
		agentsys_system_free(ret ? NULL : system);
	});
	EACH_FAILS(MUST(!agentsys_events_open(&events, 0)),
		   agentsys_events_next(events, &event, NULL, 1000), {
		if (ret >= 0)
			EXPECT_EQ(1, ret);
		agentsys_events_close(events);
	});
	EACH_FAILS(text = NULL, agentsys_telemetry(self->device, &text),
		   free(ret < 0 ? NULL : text));
	EACH_FAILS(text = NULL, agentsys_info_text(self->device, id, &text),
		   free(ret < 0 ? NULL : text));
}

/* Those of the device allocate nothing, and so cannot fail. */
TEST_F_TIMEOUT(failslab, device_calls, 120)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, SLEEP);
	struct agentsys_whoami who = { .size = sizeof(who) };

	arm(self->nth, 1);
	EXPECT_EQ(0, agentsys_patch_policy(self->device, id, AGENTSYS_PATCH_AUTO_RESTART, 7));
	EXPECT_EQ(-ESRCH, agentsys_whoami(self->device, &who));
	EXPECT_EQ(-ESRCH, agentsys_heartbeat(self->device));
	EXPECT_FALSE(disarm(self->nth));
	EXPECT_EQ(7, look(a, id).max_restarts);
}

TEST_F_TIMEOUT(failslab, shutdown, 240)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SLEEP;

	for (unsigned int flags = 0; flags <= AGENTSYS_WAIT; flags += AGENTSYS_WAIT)
		EACH_FAILS(self->id = SPAWN(a, spec),
			   agentsys_shutdown(a->h, NEVER_MS, flags, NULL, NULL), {
			expect_end(_metadata, a, self->id, ret);
			/* Nothing can be started before it is over. */
			EXPECT_TRUE(AWAIT(agentsys_shutdown(a->h, 0, AGENTSYS_WAIT, NULL,
							    NULL) != -EALREADY));
			agentsys_remove(a->h, self->id);
		});
}

/*
 * Once it is accepted no failure keeps anything from being killed: neither what hears no
 * request and is more than one process, nor a group that starts.
 */
TEST_F_TIMEOUT(failslab, emergency_stop, 240)
{
	struct agents *a = &self->a;
	int fifo = make_fifo(WORK "/fifo");
	struct agentsys_spec *spec = SPEC(program("actor"), "stubborn", WORK "/fifo");
	int out = piped(spec, 1);
	uint32_t other = 0;

	restarting(spec, AGENTSYS_RESTART_ALWAYS, 1000, 0, 0);
	EACH_FAILS({
			self->id = SPAWN(a, spec);
			ASSERT_LINE("ready", out);
			ASSERT_OK(a->h, agentsys_spawn(a->h, spec, 0, &other));
		},
		agentsys_shutdown(a->h, 0, AGENTSYS_WAIT, NULL, NULL), {
			if (ret == -ENOMEM)
				EXPECT_EQ(AGENTSYS_ACTIVE, look(a, self->id).state);
			EXPECT_TRUE(AWAIT((ret = agentsys_shutdown(a->h, 0, AGENTSYS_WAIT, NULL,
								   NULL)) != -EALREADY));
			EXPECT_EQ(0, ret);
			EXPECT_EQ(0, count_cgroups());
			EXPECT_EQ(AGENTSYS_EXITED, look(a, self->id).state);
			EXPECT_EQ(AGENTSYS_EXITED, look(a, other).state);
			agentsys_remove(a->h, self->id);
			agentsys_remove(a->h, other);
			ASSERT_TRUE(end_of_file(fifo));
			close(fifo);
			fifo = make_fifo(WORK "/fifo");
			close(out);
			out = piped(spec, 1);
		});
}

/* As `cat` does. */
static int read_page(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret = fd < 0 ? -errno : 0;
	char buf[4096];
	ssize_t len;

	while (!ret && (len = read(fd, buf, sizeof(buf)))) {
		if (len < 0)
			ret = -errno;
	}
	if (fd >= 0)
		close(fd);
	return ret;
}

TEST_F_TIMEOUT(failslab, files, 120)
{
	static const char *const pages[] = { "status", "telemetry", "events" };

	SPAWN(&self->a, SLEEP);
	EACH_FAILS(, agentsys_device_open(), {
		if (ret >= 0)
			close(ret);
	});
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/agentsys/%s", pages[i]);
		EACH_FAILS(, read_page(path));
	}
}

TEST_HARNESS_MAIN
