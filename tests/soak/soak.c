// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything that agents can do, for minutes, by processes that ask for anything at
 * random; and in the end nothing is left of it. MINUTES=N says how long, the seed is
 * printed and SEED=N repeats it, as far as the machine does.
 *
 * vm: isolated
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/ending.h"
#include "lib/groups.h"
#include "lib/memory.h"
#include "lib/requests.h"

#include <sys/mman.h>
#include <sys/resource.h>

#define WORKERS		4
#define IDS		24	/* of agents that are kept; others are forgotten at once */
#define GROUPS		6	/* beside root, in one another as it comes */
#define WARM_UP_MS	(15000 * vm_scale())
#define REPORT_MS	5000

/* What may remain, and why. */
/* Slabs that are not full, and what is freed late. */
#define TOLERANCE_KB	1024
/* The kernel's count is off by up to 32 for each CPU. */
#define TOLERANCE_FILES	100
/* What a CPU holds ready counts as used. */
#define TOLERANCE_OBJECTS 300

/* ---- things to do ---- */

static struct agentsys_spec *some_spec(struct worker *w)
{
	static const struct {
		const char *act, *arg;
		uint64_t memory_max;
	} acts[] = {
		{ "live", "0", 0 }, { "live", "0", 0 }, { "deaf", "0", 0 }, { "exit", "0", 0 },
		{ "exit", "1", 0 }, { "crash", "0", 0 }, { "fork", "0", 0 }, { "leave", "0", 0 },
		{ "exec", "3", 0 }, { "burst", "20", 0 },
		{ "eat", "2", 8 << 20 },	/* within its limit */
		{ "eat", "32", 4 << 20 },	/* beyond it */
		{ "hoard", "0", 0 },
	};
	/* The last two keep the machine busy, and are rare. */
	size_t n = pick(w, ARRAY_SIZE(acts) - (pick(w, 6) ? 2 : 0));
	struct agentsys_spec *spec = SPEC(program("mark"), "-", "-", acts[n].act,
					  acts[n].arg);

	agentsys_spec_set_memory_max(spec, acts[n].memory_max);
	agentsys_spec_set_rlimit(spec, RLIMIT_NOFILE, 11000, 11000);
	agentsys_spec_set_stop_timeout(spec, pick(w, 200));
	if (!pick(w, 4))
		agentsys_spec_set_pids_max(spec, 1 + pick(w, 8));
	if (pick(w, 2))
		restarting(spec, pick(w, 2) ? AGENTSYS_RESTART_ALWAYS : AGENTSYS_RESTART_ON_FAILURE,
			   pick(w, 20), 20 + pick(w, 200), 1000);
	return spec;
}

static void do_spawn(struct worker *w)
{
	struct agentsys_spec *spec = some_spec(w);

	agentsys_spec_set_id(spec, some_id(w));
	ALLOW(w, agentsys_spawn(w->h, spec, wait_or_not(w), NULL), EEXIST, START_ERRORS(w));
	agentsys_spec_free(spec);
}

/* One that nobody hears of again. */
static void do_pass_by(struct worker *w)
{
	struct agentsys_spec *spec = SPEC(program("mark"), "-", "-", "exit", "0");
	uint32_t id;
	int ret;

	ret = agentsys_spawn(w->h, spec, 0, &id);
	ALLOW(w, ret, START_ERRORS(w));
	agentsys_spec_free(spec);
	if (ret)
		return;
	w->id = id;
	while ((ret = agentsys_remove(w->h, id)) == -EBUSY)
		usleep(1000);
	ALLOW(w, ret, ESRCH);
}

static void do_pause_and_resume(struct worker *w)
{
	ALLOW(w, agentsys_pause(w->h, some_id(w)), ESRCH, EINVAL, EBUSY);
	usleep(pick(w, 2000));
	ALLOW(w, agentsys_resume(w->h, w->id), ESRCH, EINVAL, EBUSY);
}

static const char *some_group(struct worker *w)
{
	static const char *const names[GROUPS] = { "a", "b", "c", "d", "e", "f" };

	w->id = pick(w, GROUPS);
	return names[w->id];
}

/* What it does fails its group sooner or later. */
static void do_spawn_member(struct worker *w)
{
	struct agentsys_spec *spec = some_spec(w);

	MUST(!agentsys_spec_set_group(spec, some_group(w)));
	agentsys_spec_set_id(spec, some_id(w));
	ALLOW(w, agentsys_spawn(w->h, spec, wait_or_not(w), NULL), EEXIST, ENOENT, EBUSY,
	      START_ERRORS(w));
	agentsys_spec_free(spec);
}

static struct agentsys_group_spec *some_group_spec(struct worker *w)
{
	struct group_policy policy = {
		pick(w, __AGENTSYS_STRATEGIES), pick(w, 6), 60000, 20 + pick(w, 200), 1000
	};

	return group_spec(pick(w, 2) ? some_group(w) : AGENTSYS_ROOT_GROUP, &policy);
}

static void do_group_new(struct worker *w)
{
	struct agentsys_group_spec *spec = some_group_spec(w);

	ALLOW(w, agentsys_group_new(w->h, some_group(w), spec), EEXIST, ENOENT);
	agentsys_group_spec_free(spec);
}

static void do_group_set(struct worker *w)
{
	struct agentsys_group_spec *spec = some_group_spec(w);

	ALLOW(w, agentsys_group_set(w->h, some_group(w), spec), ENOENT);
	agentsys_group_spec_free(spec);
}

static void do_group_del(struct worker *w)
{
	ALLOW(w, agentsys_group_del(w->h, some_group(w)), ENOENT, ENOTEMPTY);
}

static void do_group_start(struct worker *w)
{
	ALLOW(w, agentsys_group_start(w->h, some_group(w), wait_or_not(w)), ENOENT, ECANCELED, EIO);
}

static void do_group_stop(struct worker *w)
{
	ALLOW(w, agentsys_group_stop(w->h, some_group(w), wait_or_not(w)), ENOENT, ECANCELED);
}

static void do_group_restart(struct worker *w)
{
	ALLOW(w, agentsys_group_restart(w->h, some_group(w), wait_or_not(w)), ENOENT, ECANCELED,
	      EIO);
}

static void do_group_list(struct worker *w)
{
	struct agentsys_group **list;
	struct agentsys_past *past;
	ssize_t n = agentsys_group_list(w->h, &list);

	ALLOW(w, n, 0);
	if (n >= 0)
		agentsys_group_list_free(list);
	ALLOW(w, agentsys_group_history(w->h, some_group(w), &past), ENOENT);
	agentsys_history_free(past);
	ALLOW(w, agentsys_history(w->h, some_id(w), &past), ESRCH);
	agentsys_history_free(past);
}

static void do_reconnect(struct worker *w)
{
	agentsys_restart(w->h, some_id(w), 10, 0);
	worker_close(w);
	worker_open(w);
}

static const struct thing things[] = {
	{ do_spawn, "spawn", 24 },	{ do_pass_by, "pass-by", 24 },
	{ do_spawn_nothing, "spawn-nothing", 2 },
	{ do_start, "start", 6 },	{ do_stop, "stop", 8 },
	{ do_kill, "kill", 8 },		{ do_restart, "restart", 8 },
	{ do_pause_and_resume, "pause-and-resume", 4 },
	{ do_remove, "remove", 12 },	{ do_set, "set", 3 },
	{ do_attach, "attach", 4 },	{ do_events, "events", 4 },
	{ do_reconnect, "reconnect", 2 },
	{ do_list, "list", 3 },		{ do_look, "look", 2 },
	{ do_telemetry, "telemetry", 2 },
	{ do_proc, "proc", 3 },		{ do_kill_launcher, "kill-launcher", 1 },
	{ do_spawn_member, "spawn-member", 16 },
	{ do_group_new, "group-new", 6 }, { do_group_set, "group-set", 1 },
	{ do_group_del, "group-del", 4 }, { do_group_start, "group-start", 4 },
	{ do_group_stop, "group-stop", 3 }, { do_group_restart, "group-restart", 3 },
	{ do_group_list, "group-list", 3 },
	{ 0 }
};

/* What the processes share. */
static struct shared {
	atomic_bool stop;
	struct worker workers[WORKERS];
	atomic_ullong done[ARRAY_SIZE(things)];	/* of each thing */
} *shared;

static _Noreturn void work(struct worker *w)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	worker_open(w);
	while (!shared->stop)
		shared->done[do_one(w)]++;
	worker_close(w);
	_exit(0);
}

/* ---- rounds ---- */

static unsigned long long all_done(void)
{
	unsigned long long sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(things); i++)
		sum += shared->done[i];
	return sum;
}

static void report(struct agents *a, uint64_t since)
{
	struct agentsys_system system = look_system(a->h);

	printf("# %4llu s: %llu operations, %lu spawns, %lu crashes, %u live, %u records, kernel %ld KiB, slab %ld KiB, %d cgroups, %ld dying\n",
	       (unsigned long long)(now_ms() - since) / 1000, all_done(), system.spawns,
	       system.crashes, system.active, system.agents, kernel_kb(),
	       field("/proc/meminfo", "Slab"), count_cgroups(), dying_cgroups());
	fflush(stdout);
}

/* Work for so long; then end everything and forget it. */
static void work_round(struct __test_metadata *_metadata, struct agents *a, unsigned int seed,
		       uint64_t ms)
{
	uint64_t since = now_ms(), told = since;
	pid_t pids[WORKERS];
	int status;

	shared->stop = false;
	for (int i = 0; i < WORKERS; i++) {
		shared->workers[i] = (struct worker){
			.things = things, .ids = IDS, .seed = seed + i * 7919,
			/* The cgroup of one that eats is full. */
			.start_error = ENOMEM,
		};
		pids[i] = fork();
		MUST(pids[i] >= 0);
		if (!pids[i])
			work(&shared->workers[i]);
	}
	while (now_ms() < since + ms) {
		usleep(100000);
		if (now_ms() < told + REPORT_MS)
			continue;
		told = now_ms();
		report(a, since);
	}
	shared->stop = true;
	for (int i = 0; i < WORKERS; i++) {
		MUST(waitpid(pids[i], &status, 0) == pids[i]);
		EXPECT_EQ(0, status);
		EXPECT_EQ(0, shared->workers[i].unexpected);
	}
	report(a, since);
	groups_clear(a);
	expect_all_ended(_metadata, a);
}

FIXTURE(soak) {
	struct agents a;
};

FIXTURE_SETUP(soak)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	agents_open(_metadata, &self->a);
	/* Nobody reads them here. */
	agentsys_events_close(self->a.events);
	self->a.events = NULL;
}

FIXTURE_TEARDOWN(soak)
{
	groups_clear(&self->a);
	agentsys_close(self->a.h);
}

/* The runner knows how long it may take. */
TEST_F_TIMEOUT(soak, nothing_is_left, 86400)
{
	const char *minutes = getenv("MINUTES"), *asked = getenv("SEED");
	unsigned int seed = asked ? strtoul(asked, NULL, 0) : now_ms() * 2654435761U;
	static struct memory before, after;
	uint64_t spawns;

	TH_LOG("SEED=%u", seed);
	/* Every end for want of memory would print all processes. */
	memory_write("/proc/sys/vm/oom_dump_tasks", "0");
	/* What is allocated once and kept is not counted. */
	work_round(_metadata, &self->a, seed + 1, WARM_UP_MS);
	memory_settle(&before, NULL);
	memory_print("before", &before);
	spawns = look_system(self->a.h).spawns;

	work_round(_metadata, &self->a, seed, (minutes ? atof(minutes) : 5) * 60000);
	spawns = look_system(self->a.h).spawns - spawns;
	memory_settle(&after, &before);
	memory_print("after", &after);
	memory_print_growth(&before, &after, TOLERANCE_OBJECTS / 6);
	for (size_t i = 0; things[i].fn; i++)
		printf("# %s: %llu\n", things[i].name, shared->done[i]);

	EXPECT_LT(0, spawns);
	EXPECT_EQ(0, after.dying);
	EXPECT_GT(before.files + TOLERANCE_FILES, after.files);
	EXPECT_EQ(before.processes, after.processes);
	/* A sanitizer keeps what is freed for a while; it finds leaks by itself. */
	if (vm_scale() > 1)
		return;
	EXPECT_GT(before.kb + TOLERANCE_KB, after.kb);
	EXPECT_EQ(0, memory_growth(&before, &after, TOLERANCE_OBJECTS));
}

TEST_HARNESS_MAIN
