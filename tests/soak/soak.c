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
#include "lib/memory.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define WORKERS		4
#define FIRST_ID	100
#define IDS		24	/* of agents that are kept; others are forgotten at once */
#define WARM_UP_MS	(15000 * vm_scale())
#define REPORT_MS	5000

/* What may remain, and why. */
/* Slabs that are not full, and what is freed late. */
#define TOLERANCE_KB	1024
/* The kernel's count is off by up to 32 for each CPU. */
#define TOLERANCE_FILES	100
/* What a CPU holds ready counts as used. */
#define TOLERANCE_OBJECTS 300

/* What the processes share. */
static struct shared {
	atomic_bool stop;
	atomic_uint unexpected;
	atomic_ullong done[32];	/* of each thing */
} *shared;

struct worker {
	unsigned int seed;
	struct agentsys *h;
	struct agentsys_events *events;
	int device;
	const char *doing;
	uint32_t id;
};

static unsigned int pick(struct worker *w, unsigned int n)
{
	return rand_r(&w->seed) % n;
}

static unsigned int wait_or_not(struct worker *w)
{
	return pick(w, 2) ? AGENTSYS_WAIT : 0;
}

static uint32_t some_id(struct worker *w)
{
	return w->id = FIRST_ID + pick(w, IDS);
}

/* What a call may come to: success, or one of the errors in a list that ends with 0. */
static void allow(struct worker *w, int ret, const int *errors)
{
	if (ret >= 0)
		return;
	for (; *errors; errors++)
		if (ret == -*errors)
			return;
	if (shared->unexpected++ < 20)
		printf("# %s of %u: %s (%s)\n", w->doing, w->id, strerrorname_np(-ret),
		       agentsys_error(w->h));
	fflush(stdout);
}

#define ALLOW(w, call, ...) allow(w, call, (const int[]){ __VA_ARGS__, 0 })

/* What a start may come to when it is stopped, its launcher is killed, or its cgroup is full. */
#define START_ERRORS ECANCELED, EIO, EAGAIN, ETIMEDOUT, ENOMEM

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
	size_t n = pick(w, sizeof(acts) / sizeof(acts[0]) - (pick(w, 6) ? 2 : 0));
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
	ALLOW(w, agentsys_spawn(w->h, spec, wait_or_not(w), NULL), EEXIST, START_ERRORS);
	agentsys_spec_free(spec);
}

/* One that nobody hears of again. */
static void do_pass_by(struct worker *w)
{
	struct agentsys_spec *spec = SPEC(program("mark"), "-", "-", "exit", "0");
	uint32_t id;
	int ret;

	ret = agentsys_spawn(w->h, spec, 0, &id);
	ALLOW(w, ret, START_ERRORS);
	agentsys_spec_free(spec);
	if (ret)
		return;
	w->id = id;
	while ((ret = agentsys_remove(w->h, id)) == -EBUSY)
		usleep(1000);
	ALLOW(w, ret, ESRCH);
}

static void do_spawn_nothing(struct worker *w)
{
	struct agentsys_spec *spec = SPEC("/nowhere");

	agentsys_spec_set_id(spec, some_id(w));
	ALLOW(w, agentsys_spawn(w->h, spec, AGENTSYS_WAIT, NULL), EEXIST, ENOENT, START_ERRORS);
	agentsys_spec_free(spec);
}

static void do_start(struct worker *w)
{
	ALLOW(w, agentsys_start(w->h, some_id(w), wait_or_not(w)), ESRCH, EALREADY, EBUSY,
	      EOPNOTSUPP, ENOENT, START_ERRORS);
}

static void do_stop(struct worker *w)
{
	ALLOW(w, agentsys_stop(w->h, some_id(w), pick(w, 100), wait_or_not(w)), ESRCH, EBUSY);
}

static void do_kill(struct worker *w)
{
	ALLOW(w, agentsys_kill(w->h, some_id(w), wait_or_not(w)), ESRCH, EBUSY);
}

static void do_restart(struct worker *w)
{
	ALLOW(w, agentsys_restart(w->h, some_id(w), pick(w, 100), wait_or_not(w)), ESRCH, EBUSY,
	      EOPNOTSUPP, ENOENT, START_ERRORS);
}

static void do_pause(struct worker *w)
{
	ALLOW(w, agentsys_pause(w->h, some_id(w)), ESRCH, EINVAL, EBUSY);
	usleep(pick(w, 2000));
	ALLOW(w, agentsys_resume(w->h, w->id), ESRCH, EINVAL, EBUSY);
}

static void do_remove(struct worker *w)
{
	ALLOW(w, agentsys_remove(w->h, some_id(w)), ESRCH, EBUSY, ECANCELED);
}

static void do_set(struct worker *w)
{
	struct agentsys_spec *spec = SPEC("unused");

	restarting(spec, pick(w, 3), pick(w, 30), 20 + pick(w, 100), 1000);
	ALLOW(w, agentsys_set(w->h, some_id(w), spec), ESRCH, EOPNOTSUPP);
	agentsys_spec_free(spec);
}

/* A child of ours, which may end at any moment meanwhile. */
static void do_attach(struct worker *w)
{
	struct agentsys_spec *spec = agentsys_spec_new();
	unsigned int life = pick(w, 20000);
	pid_t pid = fork();

	MUST(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		usleep(life);
		_exit(life % 2);
	}
	agentsys_spec_set_id(spec, some_id(w));
	ALLOW(w, agentsys_attach(w->h, pid, spec, wait_or_not(w), NULL), EEXIST, ESRCH);
	agentsys_spec_free(spec);
	waitpid(pid, NULL, 0);
}

/* Who listens and who does not; who leaves while an answer is on its way. */
static void do_events(struct worker *w)
{
	struct agentsys_event event;

	if (!w->events)
		ALLOW(w, agentsys_events_open(&w->events, pick(w, 2) ? 0 : AGENTSYS_EVENTS_NEW),
		      0);
	for (int i = 0; w->events && i < 100; i++)
		if (agentsys_events_next(w->events, &event, NULL, 0) != 1)
			break;
	if (pick(w, 3))
		return;
	agentsys_events_close(w->events);
	w->events = NULL;
}

static void do_reconnect(struct worker *w)
{
	agentsys_restart(w->h, some_id(w), 10, 0);
	agentsys_close(w->h);
	close(w->device);
	MUST(!agentsys_open(&w->h));
	w->device = agentsys_device_open();
	MUST(w->device >= 0);
}

static void do_list(struct worker *w)
{
	struct agentsys_info **list;
	ssize_t n = agentsys_list(w->h, &list);

	ALLOW(w, n, 0);
	if (n >= 0)
		agentsys_list_free(list);
}

static void do_texts(struct worker *w)
{
	char *text = NULL;

	ALLOW(w, agentsys_info_text(w->device, some_id(w), &text), ESRCH);
	free(text);
	text = NULL;
	ALLOW(w, agentsys_telemetry(w->device, &text), 0);
	free(text);
}

static void do_proc(struct worker *w)
{
	static const char *const pages[] = { "status", "telemetry", "events" };
	char path[64], buf[3001];
	int fd;

	snprintf(path, sizeof(path), "/proc/agentsys/%s", pages[pick(w, 3)]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	MUST(fd >= 0);
	while (read(fd, buf, 1 + pick(w, sizeof(buf) - 1)) > 0 && pick(w, 100))
		;
	close(fd);
}

static void do_kill_launcher(struct worker *w)
{
	pid_t pid = look_system(w->h).launcher_pid;

	if (pid)
		kill(pid, SIGKILL);
}

static const struct {
	void (*fn)(struct worker *w);
	const char *name;
	unsigned int weight;
} things[] = {
	{ do_spawn, "spawn", 24 },	{ do_pass_by, "pass-by", 24 },
	{ do_spawn_nothing, "spawn-nothing", 2 },
	{ do_start, "start", 6 },	{ do_stop, "stop", 8 },
	{ do_kill, "kill", 8 },		{ do_restart, "restart", 8 },
	{ do_pause, "pause", 4 },	{ do_remove, "remove", 12 },
	{ do_set, "set", 3 },		{ do_attach, "attach", 4 },
	{ do_events, "events", 4 },	{ do_reconnect, "reconnect", 2 },
	{ do_list, "list", 3 },		{ do_texts, "texts", 3 },
	{ do_proc, "proc", 3 },		{ do_kill_launcher, "kill-launcher", 1 },
};

static void do_one(struct worker *w)
{
	unsigned int sum = 0, n;
	size_t i;

	for (i = 0; i < sizeof(things) / sizeof(things[0]); i++)
		sum += things[i].weight;
	n = pick(w, sum);
	for (i = 0; n >= things[i].weight; i++)
		n -= things[i].weight;
	w->doing = things[i].name;
	w->id = 0;
	things[i].fn(w);
	shared->done[i]++;
}

static _Noreturn void work(unsigned int seed)
{
	struct worker w = { .seed = seed };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	MUST(!agentsys_open(&w.h));
	w.device = agentsys_device_open();
	MUST(w.device >= 0);
	while (!shared->stop)
		do_one(&w);
	if (w.events)
		agentsys_events_close(w.events);
	close(w.device);
	agentsys_close(w.h);
	_exit(0);
}

/* ---- rounds ---- */

static unsigned long long all_done(void)
{
	unsigned long long sum = 0;

	for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++)
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
		pids[i] = fork();
		MUST(pids[i] >= 0);
		if (!pids[i])
			work(seed + i * 7919);
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
	}
	report(a, since);
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
	agents_clear(self->a.h);
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
	for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++)
		printf("# %s: %llu\n", things[i].name, shared->done[i]);

	EXPECT_EQ(0, shared->unexpected);
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
