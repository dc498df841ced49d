// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything at once: threads that ask for anything at random, of a few agents that
 * do anything at random; and single races in tight loops. Whoever waits is answered,
 * the counters add up, nothing is left behind, and no agent is there twice.
 *
 * The seed is printed. SEED=N in the environment repeats it, as far as the machine
 * does; OPS=N asks for more or fewer than usual.
 *
 * vm: timeout=600
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/ending.h"
#include "lib/requests.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#define LOG		WORK "/log"
#define THREADS		16
#define OPS		400	/* of each thread */
#define IDS		10

static unsigned int number_of(const char *variable, unsigned int otherwise)
{
	const char *text = getenv(variable);

	return text ? (unsigned int)atoi(text) : otherwise;
}

FIXTURE(races) {
	struct agents a;
	unsigned int seed;
};

FIXTURE_SETUP(races)
{
	self->seed = number_of("SEED", now_ms() * 2654435761U);
	TH_LOG("SEED=%u", self->seed);
	MUST(!system("rm -f " LOG "*"));
	agents_open(_metadata, &self->a);
}

/* Whatever was done: this is how things are in the end. */
FIXTURE_TEARDOWN(races)
{
	struct agents *a = &self->a;
	static char log[4 << 20];

	expect_all_ended(_metadata, a);
	if (read_whole(LOG, log, sizeof(log)) > 0)
		EXPECT_EQ(NULL, strstr(log, "double")) TH_LOG("an agent was there twice");
	agents_close(a);
}

/* ---- everything at once ---- */

struct racer {
	struct worker worker;
	pthread_t thread;
	pid_t tid;
	atomic_uint done;
};

static unsigned int ops = OPS;

static void do_spawn(struct worker *w)
{
	static const char *const acts[] = { "live", "live", "deaf", "exit", "crash", "fork", "leave",
					    "exec", "hoard" };
	const char *act = acts[pick(w, ARRAY_SIZE(acts) - (pick(w, 8) != 0))];
	uint32_t id = some_id(w);
	struct agentsys_spec *spec;
	char label[16], number[8];

	snprintf(label, sizeof(label), "a%u", id);
	snprintf(number, sizeof(number), "%u", pick(w, 3));
	spec = SPEC(program("mark"), LOG, label, act, number);
	agentsys_spec_set_id(spec, id);
	agentsys_spec_set_rlimit(spec, RLIMIT_NOFILE, 20000, 20000);
	agentsys_spec_set_stop_timeout(spec, pick(w, 100));
	if (pick(w, 2))
		restarting(spec, pick(w, 2) ? AGENTSYS_RESTART_ALWAYS : AGENTSYS_RESTART_ON_FAILURE,
			   pick(w, 20), pick(w, 10), pick(w, 30));
	if (!pick(w, 4))
		agentsys_spec_set_pids_max(spec, 1 + pick(w, 4));
	ALLOW(w, agentsys_spawn(w->h, spec, wait_or_not(w), NULL), EEXIST, START_ERRORS(w));
	agentsys_spec_free(spec);
}

/* One that has no id of its own, and is mostly forgotten again. */
static void do_spawn_other(struct worker *w)
{
	struct agentsys_spec *spec = SPEC("/bin/true");
	uint32_t id;
	int ret;

	ALLOW(w, agentsys_spawn(w->h, spec, wait_or_not(w), &id), START_ERRORS(w));
	agentsys_spec_free(spec);
	if (!id || !pick(w, 10))
		return;
	while ((ret = agentsys_remove(w->h, id)) == -EBUSY)
		sched_yield();
	ALLOW(w, ret, ESRCH);
}

static void do_patch(struct worker *w)
{
	ALLOW(w, agentsys_patch_policy(w->device, some_id(w), AGENTSYS_PATCH_AUTO_RESTART,
				       pick(w, 3)), ESRCH, EOPNOTSUPP);
}

/* Somebody else kills it. */
static void do_signal(struct worker *w)
{
	static const int signals[] = { SIGKILL, SIGKILL, SIGTERM, SIGSTOP, SIGCONT, SIGSEGV };
	struct agentsys_info *info;

	if (agentsys_get(w->h, some_id(w), &info))
		return;
	/* The pid may be another agent's by now, which is fine; a worker's child at worst. */
	if (info->pid > 1 && in_agent(info->pid, info->id))
		kill(info->pid, signals[pick(w, ARRAY_SIZE(signals))]);
	agentsys_info_free(info);
}

/* Somebody asks, waits, and is not there any more when the answer comes. */
static void do_leave(struct worker *w)
{
	uint32_t id = some_id(w);
	unsigned int patience = pick(w, 5000);
	bool restarts = pick(w, 2);
	pid_t pid = fork();

	if (!pid) {
		struct agentsys *h;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		MUST(!agentsys_open(&h));
		for (;;) {
			if (restarts)
				agentsys_restart(h, id, 10, AGENTSYS_WAIT);
			else
				agentsys_stop(h, id, 10, AGENTSYS_WAIT);
		}
	}
	usleep(patience);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static const struct thing things[] = {
	{ do_spawn, "spawn", 20 },
	{ do_spawn_other, "spawn-other", 3 },
	{ do_spawn_nothing, "spawn-nothing", 1 },
	{ do_start, "start", 8 },
	{ do_stop, "stop", 8 },
	{ do_kill, "kill", 8 },
	{ do_restart, "restart", 10 },
	{ do_pause, "pause", 5 },
	{ do_resume, "resume", 4 },
	{ do_remove, "remove", 8 },
	{ do_set, "set", 4 },
	{ do_patch, "patch", 3 },
	{ do_attach, "attach", 6 },
	{ do_list, "list", 3 },
	{ do_look, "look", 4 },
	{ do_telemetry, "telemetry", 1 },
	{ do_proc, "proc", 3 },
	{ do_events, "events", 3 },
	{ do_signal, "signal", 4 },
	{ do_kill_launcher, "kill-launcher", 1 },
	{ do_leave, "leave", 1 },
	{ 0 }
};

static void *work(void *arg)
{
	struct racer *racer = arg;

	racer->tid = gettid();
	worker_open(&racer->worker);
	while (racer->done < ops) {
		do_one(&racer->worker);
		racer->done++;
	}
	worker_close(&racer->worker);
	return NULL;
}

/* Say who waits for what, if somebody does so for too long: an answer was lost then. */
static bool all_answered(struct racer *racers, struct agents *a)
{
	char path[64], stack[2048];
	bool fine = true;

	for (int i = 0; i < THREADS; i++) {
		struct worker *w = &racers[i].worker;
		const struct thing *doing = w->doing;
		uint64_t since = w->since;

		if (!doing || now_ms() - since < PATIENCE_MS)
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%d/stack", racers[i].tid);
		read_whole(path, stack, sizeof(stack));
		printf("# thread %d, with %u done, waits for %s of %u, which is %s:\n%s", i,
		       racers[i].done, doing->name, w->id,
		       agentsys_state_name(look(a, w->id).state), stack);
		fine = false;
	}
	fflush(stdout);
	return fine;
}

TEST_F_TIMEOUT(races, everything_at_once, 300)
{
	static struct racer racers[THREADS];
	struct agents *a = &self->a;
	struct agentsys_system totals;
	unsigned int unexpected = 0, n;

	ops = number_of("OPS", OPS / vm_scale());
	for (int i = 0; i < THREADS; i++) {
		racers[i].worker = (struct worker){
			.things = things, .ids = IDS, .seed = self->seed + i * 7919,
		};
		MUST(!pthread_create(&racers[i].thread, NULL, work, &racers[i]));
	}
	do {
		usleep(100000);
		ASSERT_TRUE(all_answered(racers, a));
		n = 0;
		for (int i = 0; i < THREADS; i++)
			n += racers[i].done;
	} while (n < THREADS * ops);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(racers[i].thread, NULL);
		unexpected += racers[i].worker.unexpected;
	}
	EXPECT_EQ(0, unexpected);
	totals = look_system(a->h);
	TH_LOG("%lu spawns, %lu crashes, %lu restarts, %u records", totals.spawns, totals.crashes,
	       totals.restarts, totals.agents);
}

/* ---- single races ---- */

/* A slow machine has its own ways to spread them out. */
#define ROUNDS (vm_scale() > 1 ? 50 : 200)

/* The next of as many moments up to @us. */
#define MOMENT(i, us) usleep((i) * (us) / ROUNDS)

static struct agentsys_spec *marked(const char *act, const char *arg)
{
	return SPEC(program("mark"), LOG, "one", act, arg);
}

/* Its exit is on the way when it is asked to end. */
TEST_F_TIMEOUT(races, an_exit_and_a_stop, 120)
{
	struct agents *a = &self->a;

	for (int i = 0; i < ROUNDS; i++) {
		struct agentsys_spec *spec = marked("exit", i % 2 ? "0" : "1");
		struct agentsys_info info;
		uint32_t id;

		ASSERT_OK(a->h, agentsys_spawn(a->h, spec, i % 4 ? AGENTSYS_WAIT : 0, &id));
		MOMENT(i, 1500);
		ASSERT_OK(a->h, i % 3 ? agentsys_stop(a->h, id, 5000, AGENTSYS_WAIT) :
					agentsys_kill(a->h, id, AGENTSYS_WAIT));
		info = look(a, id);
		EXPECT_EQ(AGENTSYS_EXITED, info.state);
		EXPECT_EQ(info.spawns, info.exits);
		EXPECT_FALSE(cgroup_exists(id));
		EXPECT_OK(a->h, agentsys_remove(a->h, id));
	}
}

/* It crashes and is restarted all the time, and somebody restarts it all the time. */
TEST_F_TIMEOUT(races, an_exit_and_a_restart, 120)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, restarting(marked("exit", "1"), AGENTSYS_RESTART_ALWAYS, INT32_MAX,
					  0, 0));
	struct agentsys_info info;

	for (int i = 0; i < ROUNDS; i++) {
		int ret = agentsys_restart(a->h, id, 5000, AGENTSYS_WAIT);

		ASSERT_EQ(0, ret) TH_LOG("%s", agentsys_error(a->h));
		MOMENT(i, 2000);
	}
	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
	info = look(a, id);
	EXPECT_EQ(info.spawns, info.exits);
	EXPECT_GE(info.spawns, (uint32_t)ROUNDS);
	EXPECT_EQ(info.instance, info.spawns);
	EXPECT_EQ(AGENTSYS_EXITED, info.state);
}

struct hammer {
	pthread_t thread;
	uint32_t id;
	int (*fn)(struct agentsys *h, uint32_t id);
	const int *errors;
	int wrong;
};

static void *hammer(void *arg)
{
	struct hammer *me = arg;
	struct agentsys *h;

	MUST(!agentsys_open(&h));
	for (int i = 0; i < ROUNDS; i++) {
		int ret = me->fn(h, me->id);
		const int *error = me->errors;

		while (*error && ret != -*error)
			error++;
		if (ret && !*error) {
			printf("# %s: %s\n", strerrorname_np(-ret), agentsys_error(h));
			me->wrong++;
		}
	}
	agentsys_close(h);
	return NULL;
}

static int hit_start(struct agentsys *h, uint32_t id)
{
	return agentsys_start(h, id, AGENTSYS_WAIT);
}

static int hit_stop(struct agentsys *h, uint32_t id)
{
	return agentsys_stop(h, id, 1, AGENTSYS_WAIT);
}

static int hit_kill(struct agentsys *h, uint32_t id)
{
	return agentsys_kill(h, id, AGENTSYS_WAIT);
}

static int hit_restart(struct agentsys *h, uint32_t id)
{
	return agentsys_restart(h, id, 1, AGENTSYS_WAIT);
}

static int hit_pause(struct agentsys *h, uint32_t id)
{
	return agentsys_pause(h, id);
}

/* Everyone who waits is answered, whoever had the last word. */
TEST_F_TIMEOUT(races, start_stop_kill_restart_and_pause_of_one, 240)
{
	static const int errors[] = { EALREADY, EBUSY, ECANCELED, EINVAL, 0 };
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, marked("deaf", "0"));
	struct hammer hammers[] = {
		{ .fn = hit_start }, { .fn = hit_stop }, { .fn = hit_kill }, { .fn = hit_restart },
		{ .fn = hit_restart }, { .fn = hit_pause },
	};
	struct agentsys_info info;

	for (size_t i = 0; i < ARRAY_SIZE(hammers); i++) {
		hammers[i].id = id;
		hammers[i].errors = errors;
		MUST(!pthread_create(&hammers[i].thread, NULL, hammer, &hammers[i]));
	}
	for (size_t i = 0; i < ARRAY_SIZE(hammers); i++) {
		pthread_join(hammers[i].thread, NULL);
		EXPECT_EQ(0, hammers[i].wrong);
	}
	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
	info = look(a, id);
	EXPECT_EQ(info.spawns, info.exits);
	EXPECT_EQ(0, info.crashes);
}

/* A record is removed while what is left of the agent goes; the id is free soon. */
TEST_F_TIMEOUT(races, an_exit_and_a_remove, 120)
{
	struct agents *a = &self->a;

	for (int i = 0; i < ROUNDS; i++) {
		struct agentsys_spec *spec = marked(i % 4 ? "exit" : "leave", "0");
		int ret;

		agentsys_spec_set_id(spec, 77);
		ASSERT_TRUE(AWAIT((ret = agentsys_spawn(a->h, spec, AGENTSYS_WAIT, NULL)) !=
				  -EEXIST));
		ASSERT_EQ(0, ret) TH_LOG("%s", agentsys_error(a->h));
		ASSERT_TRUE(AWAIT((ret = agentsys_remove(a->h, 77)) != -EBUSY));
		ASSERT_EQ(0, ret) TH_LOG("%s", agentsys_error(a->h));
	}
}

struct reporter {
	pthread_t thread;
	atomic_bool over;
	int wrong;
	int done;
};

static void *report(void *arg)
{
	struct reporter *me = arg;
	struct agentsys *h;

	MUST(!agentsys_open(&h));
	while (!atomic_load(&me->over)) {
		int ret = agentsys_report_heartbeat(h, 78, 0);

		if (ret && ret != -ESRCH && ret != -ENOTCONN)
			me->wrong++;
	}
	agentsys_close(h);
	return NULL;
}

/*
 * Heartbeats of all kinds, from within and from outside, of a watched agent that is
 * restarted, killed and removed, while the way it is judged changes.
 */
TEST_F_TIMEOUT(races, heartbeats_and_an_end, 240)
{
	struct agents *a = &self->a;
	struct reporter reporter = { .over = false };
	uint64_t beats = 0;

	MUST(!pthread_create(&reporter.thread, NULL, report, &reporter));
	for (int i = 0; i < 20; i++) {
		struct agentsys_limit_change mode = { AGENTSYS_LIMIT_WATCHDOG_MODE, i % 3 };
		struct agentsys_spec *spec = SPEC(program("pulse"), "mrrs");
		int ret;

		(void)piped(spec, 0);
		agentsys_spec_set_id(spec, 78);
		MUST(!agentsys_spec_set_limit(spec, AGENTSYS_LIMIT_WATCHDOG, 100 + i));
		ASSERT_TRUE(AWAIT((ret = agentsys_spawn(a->h, spec, AGENTSYS_WAIT, NULL)) !=
				  -EEXIST));
		ASSERT_EQ(0, ret) TH_LOG("%s", agentsys_error(a->h));
		usleep(i * 100 % 20000);
		ASSERT_OK(a->h, agentsys_limits_set(a->h, 78, &mode, 1));
		if (i % 2)
			ASSERT_OK(a->h, agentsys_restart(a->h, 78, 1, AGENTSYS_WAIT));
		usleep(i * 70 % 10000);
		ASSERT_OK(a->h, agentsys_kill(a->h, 78, i % 4 ? AGENTSYS_WAIT : 0));
		ASSERT_TRUE(AWAIT(is_state(a, 78, AGENTSYS_EXITED)));
		beats += look(a, 78).heartbeats;
		ASSERT_TRUE(AWAIT((ret = agentsys_remove(a->h, 78)) != -EBUSY));
		ASSERT_EQ(0, ret) TH_LOG("%s", agentsys_error(a->h));
	}
	atomic_store(&reporter.over, true);
	pthread_join(reporter.thread, NULL);
	EXPECT_EQ(0, reporter.wrong);
	EXPECT_LT(0, beats);
}

/* Calls that begin, end and run out of their time in any order, with heartbeats between. */
static void *report_calls(void *arg)
{
	struct reporter *me = arg;
	struct agentsys *h;

	MUST(!agentsys_open(&h));
	for (unsigned int i = 0; !atomic_load(&me->over); i++) {
		int ret = i % 5 < 2 ? agentsys_report_call_begin(h, 79, i % 3, 1 + i % 7) :
			  i % 5 < 4 ? agentsys_report_call_end(h, 79, i % 3) :
				      agentsys_report_heartbeat(h, 79, 0);

		if (ret && ret != -ESRCH && ret != -ENOTCONN && ret != -ESTALE && ret != -ENOENT)
			me->wrong++;
		me->done += !ret;
	}
	agentsys_close(h);
	return NULL;
}

TEST_F_TIMEOUT(races, calls_and_an_end, 240)
{
	struct agents *a = &self->a;
	struct reporter reporters[2] = { };

	for (int i = 0; i < 2; i++)
		MUST(!pthread_create(&reporters[i].thread, NULL, report_calls, &reporters[i]));
	for (int i = 0; i < ROUNDS / 10; i++) {
		struct agentsys_limit_change mode = { AGENTSYS_LIMIT_WATCHDOG_MODE, i % 3 };
		struct agentsys_spec *spec = SPEC(program("pulse"), "mrs");
		int ret;

		(void)piped(spec, 0);
		agentsys_spec_set_id(spec, 79);
		MUST(!agentsys_spec_set_limit(spec, AGENTSYS_LIMIT_WATCHDOG, 100 + i));
		ASSERT_TRUE(AWAIT((ret = agentsys_spawn(a->h, spec, AGENTSYS_WAIT, NULL)) !=
				  -EEXIST));
		ASSERT_EQ(0, ret) TH_LOG("%s", agentsys_error(a->h));
		usleep(i * 100 % 20000);
		ASSERT_OK(a->h, agentsys_limits_set(a->h, 79, &mode, 1));
		if (i % 2)
			ASSERT_OK(a->h, agentsys_restart(a->h, 79, 1, AGENTSYS_WAIT));
		usleep(i * 70 % 10000);
		ASSERT_OK(a->h, agentsys_kill(a->h, 79, i % 4 ? AGENTSYS_WAIT : 0));
		ASSERT_TRUE(AWAIT(is_state(a, 79, AGENTSYS_EXITED)));
		EXPECT_EQ(0, look(a, 79).calls);
		ASSERT_TRUE(AWAIT((ret = agentsys_remove(a->h, 79)) != -EBUSY));
		ASSERT_EQ(0, ret) TH_LOG("%s", agentsys_error(a->h));
	}
	for (int i = 0; i < 2; i++) {
		atomic_store(&reporters[i].over, true);
		pthread_join(reporters[i].thread, NULL);
		EXPECT_EQ(0, reporters[i].wrong);
		EXPECT_LT(0, reporters[i].done);
	}
}

/* A process is adopted while it ends, executes or forks. */
TEST_F_TIMEOUT(races, an_exit_and_an_attach, 120)
{
	struct agents *a = &self->a;
	int attached = 0;

	for (int i = 0; i < ROUNDS / 2; i++) {
		struct agentsys_info info;
		uint32_t id;
		pid_t pid = fork();
		int ret;

		if (!pid) {
			MOMENT(i, 40000);
			if (i % 3 == 1)
				execl("/bin/true", "true", NULL);
			_exit(i % 3 == 2 && fork() == 0);
		}
		ret = agentsys_attach(a->h, pid, NULL, AGENTSYS_WAIT, &id);
		ASSERT_TRUE(!ret || ret == -ESRCH) TH_LOG("%s", agentsys_error(a->h));
		MUST(waitpid(pid, NULL, 0) == pid);
		/* What came too late is gone; what did not has ended. */
		ASSERT_TRUE(AWAIT(is_state(a, id, UINT32_MAX) || is_state(a, id, AGENTSYS_EXITED)));
		info = look(a, id);
		if (info.state == UINT32_MAX)
			continue;
		attached++;
		EXPECT_EQ(1, info.spawns);
		EXPECT_EQ(1, info.exits);
		EXPECT_TRUE(AWAIT(!cgroup_exists(id)));
	}
	TH_LOG("%d of %d attached", attached, ROUNDS / 2);
}

/* Shutdowns and starts: what is let in is ended, and a shutdown comes to its end. */
TEST_F_TIMEOUT(races, a_shutdown_and_spawns, 240)
{
	static const int errors[] = { EALREADY, EBUSY, ECANCELED, ESHUTDOWN, 0 };
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, marked("live", "0"));
	struct hammer hammers[] = { { .fn = hit_start }, { .fn = hit_restart } };

	for (size_t i = 0; i < ARRAY_SIZE(hammers); i++) {
		hammers[i].id = id;
		hammers[i].errors = errors;
		MUST(!pthread_create(&hammers[i].thread, NULL, hammer, &hammers[i]));
	}
	for (int i = 0; i < 20; i++) {
		uint32_t ended, killed;

		ASSERT_OK(a->h, agentsys_shutdown(a->h, i % 3 * 50, AGENTSYS_WAIT, &ended,
						  &killed));
		EXPECT_LE(killed, ended);
		usleep(i * 300);
	}
	for (size_t i = 0; i < ARRAY_SIZE(hammers); i++) {
		pthread_join(hammers[i].thread, NULL);
		EXPECT_EQ(0, hammers[i].wrong);
	}
}

TEST_HARNESS_MAIN
