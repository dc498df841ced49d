// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups at once: threads that stop, start, restart, make and delete groups above and
 * below one another while their members crash, come and go, and groups fail whose
 * budget is nothing or nearly so, and agents require, want and are linked to one another.
 * Whoever waits is answered, and in the end everything settles: no group is on its way to
 * anywhere, each can be stopped and deleted, and what an agent that runs requires runs.
 *
 * The seed is printed. SEED=N in the environment repeats it, as far as the machine
 * does; OPS=N asks for more or fewer than usual.
 *
 * vm: timeout=600
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/ending.h"
#include "lib/groups.h"
#include "lib/standing.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define LOG		WORK "/log"
#define THREADS		12
#define OPS		250	/* of each thread */
#define FIRST_ID	100
#define IDS		16

/* Below each other in any order that comes up. */
static const char *const names[] = { "a", "b", "c", "d", "e", "f" };

/* Whatever restarts for ever is caught by a budget: this is longer than the test. */
#define WINDOW_MS	3600000

static unsigned int number_of(const char *variable, unsigned int otherwise)
{
	const char *text = getenv(variable);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

/* @doing, @whom, @since: for the watchdog */
struct worker {
	pthread_t thread;
	pid_t tid;
	unsigned int seed;
	struct agents a;
	int history;
	atomic_uintptr_t doing;
	atomic_uintptr_t whom;
	atomic_uint id;
	atomic_ullong since;
	atomic_uint done;
	unsigned int unexpected;
};

static unsigned int ops;
static bool shutdowns;

static unsigned int pick(struct worker *w, unsigned int n)
{
	return rand_r(&w->seed) % n;
}

static unsigned int wait_or_not(struct worker *w)
{
	return pick(w, 2) ? AGENTSYS_WAIT : 0;
}

/* One of them, or now and then the group above all others. */
static const char *some_group(struct worker *w)
{
	const char *name = pick(w, 40) ? names[pick(w, ARRAY_SIZE(names))] : AGENTSYS_ROOT_GROUP;

	w->whom = (uintptr_t)name;
	return name;
}

static uint32_t some_id(struct worker *w)
{
	return w->id = FIRST_ID + pick(w, IDS);
}

/* What a call may come to: success, or one of the errors in a list that ends with 0. */
static void allow(struct worker *w, int ret, const int *errors)
{
	if (ret >= 0 || (shutdowns && (ret == -ESHUTDOWN || ret == -EALREADY)))
		return;
	for (; *errors; errors++)
		if (ret == -*errors)
			return;
	w->unexpected++;
	printf("# %s of %s, %u: %s (%s)\n", (const char *)w->doing, (const char *)w->whom ?: "",
	       w->id, strerrorname_np(-ret), agentsys_error(w->a.h));
}

#define ALLOW(w, call, ...) allow(w, call, (const int[]){ __VA_ARGS__, 0 })

/* What a start may come to when it is stopped meanwhile, or its program ends first. */
#define START_ERRORS ECANCELED, EIO, EAGAIN, ETIMEDOUT

/* ---- things to do ---- */

static struct group_policy some_policy(struct worker *w)
{
	return (struct group_policy) { pick(w, __AGENTSYS_STRATEGIES), pick(w, 3), WINDOW_MS,
				       pick(w, 4), pick(w, 8) };
}

static void do_new(struct worker *w)
{
	const char *parent = pick(w, 2) ? some_group(w) : AGENTSYS_ROOT_GROUP;
	struct group_policy policy = some_policy(w);
	struct agentsys_group_spec *spec = group_spec(parent, &policy);

	ALLOW(w, agentsys_group_new(w->a.h, some_group(w), spec), EEXIST, ENOENT);
	agentsys_group_spec_free(spec);
}

static void do_set(struct worker *w)
{
	struct group_policy policy = some_policy(w);
	struct agentsys_group_spec *spec = group_spec(NULL, &policy);

	ALLOW(w, agentsys_group_set(w->a.h, some_group(w), spec), ENOENT, EINVAL);
	agentsys_group_spec_free(spec);
}

static void do_move(struct worker *w)
{
	const char *to = pick(w, 4) ? some_group(w) : AGENTSYS_ROOT_GROUP;

	ALLOW(w, agentsys_group_move(w->a.h, some_group(w), to), ENOENT, EBUSY, EINVAL, E2BIG);
}

static void do_move_agent(struct worker *w)
{
	const char *to = pick(w, 4) ? some_group(w) : AGENTSYS_ROOT_GROUP;

	ALLOW(w, agentsys_move(w->a.h, some_id(w), to), ESRCH, ENOENT, EBUSY, EINVAL, EOPNOTSUPP);
}

static void do_del(struct worker *w)
{
	ALLOW(w, agentsys_group_del(w->a.h, some_group(w)), ENOENT, ENOTEMPTY, EINVAL);
}

static void do_group_start(struct worker *w)
{
	ALLOW(w, agentsys_group_start(w->a.h, some_group(w), wait_or_not(w)), ENOENT, ECANCELED,
	      EIO);
}

static void do_group_stop(struct worker *w)
{
	ALLOW(w, agentsys_group_stop(w->a.h, some_group(w), wait_or_not(w)), ENOENT, ECANCELED);
}

static void do_group_restart(struct worker *w)
{
	ALLOW(w, agentsys_group_restart(w->a.h, some_group(w), wait_or_not(w)), ENOENT, ECANCELED,
	      EIO);
}

static void do_spawn(struct worker *w)
{
	static const char *const acts[] = { "live", "live", "live", "deaf", "exit", "crash",
					    "fork" };
	const char *act = acts[pick(w, ARRAY_SIZE(acts))];
	uint32_t id = some_id(w);
	struct agentsys_spec *spec;
	char label[16];

	snprintf(label, sizeof(label), "a%u", id);
	spec = SPEC(program("mark"), LOG, label, act, pick(w, 2) ? "0" : "1");
	agentsys_spec_set_id(spec, id);
	agentsys_spec_set_stop_timeout(spec, pick(w, 20));
	MUST(!agentsys_spec_set_group(spec, some_group(w)));
	agentsys_spec_set_traps(spec, !pick(w, 4));
	while (!pick(w, 4))
		MUST(!agentsys_spec_add_relation(spec, pick(w, __AGENTSYS_RELATIONS),
						 FIRST_ID + pick(w, IDS)));
	if (!pick(w, 3))
		restarting(spec, pick(w, __AGENTSYS_RESTARTS), pick(w, 20), pick(w, 5),
			   pick(w, 10));
	/* EBUSY: just now it is being stopped. */
	ALLOW(w, agentsys_spawn(w->a.h, spec, wait_or_not(w), NULL), EEXIST, ENOENT, EBUSY,
	      ESRCH, ELOOP, EINVAL, START_ERRORS);
	agentsys_spec_free(spec);
}

/* One that is no member by request, but of root. */
static void do_attach(struct worker *w)
{
	struct agentsys_spec *spec = agentsys_spec_new();
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	MUST(pid > 0);
	agentsys_spec_set_id(spec, some_id(w));
	agentsys_spec_set_stop_timeout(spec, pick(w, 20));
	ALLOW(w, agentsys_attach(w->a.h, pid, spec, wait_or_not(w), NULL), EEXIST, ESRCH);
	agentsys_spec_free(spec);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void do_start(struct worker *w)
{
	ALLOW(w, agentsys_start(w->a.h, some_id(w), wait_or_not(w)), ESRCH, EALREADY, EBUSY,
	      EOPNOTSUPP, START_ERRORS);
}

static void do_stop(struct worker *w)
{
	ALLOW(w, agentsys_stop(w->a.h, some_id(w), pick(w, 20), wait_or_not(w)), ESRCH, EBUSY);
}

static void do_kill(struct worker *w)
{
	ALLOW(w, agentsys_kill(w->a.h, some_id(w), wait_or_not(w)), ESRCH, EBUSY);
}

static void do_restart(struct worker *w)
{
	ALLOW(w, agentsys_restart(w->a.h, some_id(w), pick(w, 20), wait_or_not(w)), ESRCH, EBUSY,
	      EOPNOTSUPP, START_ERRORS);
}

static void do_remove(struct worker *w)
{
	ALLOW(w, agentsys_remove(w->a.h, some_id(w)), ESRCH, EBUSY, ECANCELED);
}

static void do_policy(struct worker *w)
{
	struct agentsys_spec *spec = SPEC("unused");

	restarting(spec, pick(w, __AGENTSYS_RESTARTS), pick(w, 30), pick(w, 20), pick(w, 20));
	ALLOW(w, agentsys_set(w->a.h, some_id(w), spec), ESRCH, EOPNOTSUPP);
	agentsys_spec_free(spec);
}

static void do_relate(struct worker *w)
{
	ALLOW(w, agentsys_relate(w->a.h, some_id(w), pick(w, __AGENTSYS_RELATIONS),
				 FIRST_ID + pick(w, IDS)),
	      ESRCH, EEXIST, ELOOP, EINVAL, EBUSY, ENOTCONN);
}

static void do_unrelate(struct worker *w)
{
	ALLOW(w, agentsys_unrelate(w->a.h, some_id(w), pick(w, __AGENTSYS_RELATIONS),
				   FIRST_ID + pick(w, IDS)),
	      ESRCH, ENOENT);
}

static void do_relations(struct worker *w)
{
	struct agentsys_relation_info *list;
	ssize_t n = agentsys_relations(w->a.h, &list);

	ALLOW(w, n, 0);
	if (n >= 0)
		agentsys_relations_free(list);
}

/* Somebody else ends one that runs. Its pid may be another agent's by now, which is as good. */
static void do_crash(struct worker *w)
{
	struct agentsys_info **list;
	ssize_t n = agentsys_list(w->a.h, &list);
	ssize_t from = n > 0 ? pick(w, n) : 0;

	ALLOW(w, n, 0);
	for (ssize_t i = 0; i < n; i++) {
		const struct agentsys_info *info = list[(from + i) % n];

		if (info->state != AGENTSYS_ACTIVE || !in_agent(info->pid, info->id))
			continue;
		kill(info->pid, pick(w, 4) ? SIGKILL : SIGTERM);
		break;
	}
	if (n >= 0)
		agentsys_list_free(list);
}

static void do_list(struct worker *w)
{
	struct agentsys_group **list;
	ssize_t n = agentsys_group_list(w->a.h, &list);

	ALLOW(w, n, 0);
	if (n < 0)
		return;
	if (!n || strcmp(list[0]->name, AGENTSYS_ROOT_GROUP)) {
		printf("# a list of %zd groups does not begin with root\n", n);
		w->unexpected++;
	}
	agentsys_group_list_free(list);
}

static void do_look(struct worker *w)
{
	struct agentsys_group *group;
	int ret = agentsys_group_get(w->a.h, some_group(w), &group);

	ALLOW(w, ret, ENOENT);
	if (!ret)
		agentsys_group_free(group);
	ALLOW(w, get_history(w->history, some_id(w), NULL), ESRCH);
	ALLOW(w, get_history(w->history, 0, some_group(w)), ENOENT);
}

static void do_shutdown(struct worker *w)
{
	if (shutdowns)
		ALLOW(w, agentsys_shutdown(w->a.h, pick(w, 30), wait_or_not(w), NULL, NULL), 0);
}

static const struct {
	void (*fn)(struct worker *w);
	const char *name;
	unsigned int weight;
} things[] = {
	{ do_new, "group-new", 10 },
	{ do_set, "group-set", 2 },
	{ do_del, "group-del", 3 },
	{ do_group_start, "group-start", 16 },
	{ do_group_stop, "group-stop", 4 },
	{ do_group_restart, "group-restart", 6 },
	{ do_spawn, "spawn", 24 },
	{ do_attach, "attach", 1 },
	{ do_start, "start", 8 },
	{ do_stop, "stop", 4 },
	{ do_kill, "kill", 3 },
	{ do_restart, "restart", 4 },
	{ do_remove, "remove", 8 },
	{ do_policy, "set", 3 },
	{ do_move, "group-move", 4 },
	{ do_move_agent, "move", 8 },
	{ do_crash, "crash", 24 },
	{ do_relate, "relate", 12 },
	{ do_unrelate, "unrelate", 4 },
	{ do_relations, "relations", 2 },
	{ do_list, "group-list", 3 },
	{ do_look, "group-get", 4 },
	{ do_shutdown, "shutdown", 1 },
};

static void do_one(struct worker *w)
{
	unsigned int sum = 0, n;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(things); i++)
		sum += things[i].weight;
	n = pick(w, sum);
	for (i = 0; n >= things[i].weight; i++)
		n -= things[i].weight;
	w->id = 0;
	w->whom = 0;
	w->since = now_ms();
	w->doing = (uintptr_t)things[i].name;
	things[i].fn(w);
	w->doing = 0;
}

static void *work(void *arg)
{
	struct worker *w = arg;

	w->tid = gettid();
	MUST(!agentsys_open(&w->a.h));
	w->history = open_history();
	while (w->done < ops) {
		do_one(w);
		w->done++;
	}
	close(w->history);
	agentsys_close(w->a.h);
	return NULL;
}

/* ---- how things are ---- */

static void print_tree(struct agents *a)
{
	struct agentsys_info **agents;
	struct agentsys_group **list;
	ssize_t n = agentsys_group_list(a->h, &list);

	for (ssize_t i = 0; i < n; i++)
		printf("# group %s in %s: %s, %s, %u members, %u of %u recent, reason %u\n",
		       list[i]->name, list[i]->parent, agentsys_state_name(list[i]->state),
		       agentsys_strategy_name(list[i]->strategy), list[i]->members,
		       list[i]->recent, list[i]->budget, list[i]->reason);
	if (n >= 0)
		agentsys_group_list_free(list);
	n = agentsys_list(a->h, &agents);
	for (ssize_t i = 0; i < n; i++)
		printf("# agent %u in %s: %s, pid %u, cause %s, restarts %u of %u\n",
		       agents[i]->id, agents[i]->group, agentsys_state_name(agents[i]->state),
		       agents[i]->pid, agentsys_cause_name(agents[i]->cause), agents[i]->restarts,
		       agents[i]->max_restarts);
	if (n >= 0)
		agentsys_list_free(agents);
	fflush(stdout);
}

/* Say who waits for what, if somebody does so for too long: an answer was lost then. */
static bool all_answered(struct worker *workers, struct agents *a)
{
	bool fine = true;

	for (int i = 0; i < THREADS; i++) {
		struct worker *w = &workers[i];
		const char *doing = (const char *)w->doing;
		uint64_t since = w->since;

		if (!doing || now_ms() < since + PATIENCE_MS)
			continue;
		printf("# thread %d, with %u done, waits for %s of %s, %u\n", i, w->done, doing,
		       (const char *)w->whom ?: "", w->id);
		fine = false;
	}
	if (!fine)
		print_tree(a);
	return fine;
}

/* It comes to fit: what is wrong for good stays so. */
static void expect_fits(struct __test_metadata *_metadata, struct agents *a, bool rest)
{
	struct standing s;

	EXPECT_TRUE(AWAIT(fits(a, rest, &s))) {
		TH_LOG("%s", s.wrong);
		print_tree(a);
	}
}

/* ---- tests ---- */

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
	/* Nobody reads them here. */
	agentsys_events_close(self->a.events);
	self->a.events = NULL;
}

FIXTURE_TEARDOWN(races)
{
	static char log[4 << 20];

	expect_all_ended(_metadata, &self->a);
	groups_clear(&self->a);
	if (read_whole(LOG, log, sizeof(log)) > 0)
		EXPECT_EQ(NULL, strstr(log, "double")) TH_LOG("an agent was there twice");
	agentsys_close(self->a.h);
}

static void run(struct __test_metadata *_metadata, struct agents *a, unsigned int seed)
{
	static struct worker workers[THREADS];
	unsigned int unexpected = 0, n;

	ops = number_of("OPS", OPS / (1 + vm_scale() / 4));
	memset(workers, 0, sizeof(workers));
	for (int i = 0; i < THREADS; i++) {
		workers[i].seed = seed + i * 7919;
		MUST(!pthread_create(&workers[i].thread, NULL, work, &workers[i]));
	}
	do {
		usleep(100000);
		ASSERT_TRUE(all_answered(workers, a));
		n = 0;
		for (int i = 0; i < THREADS; i++)
			n += workers[i].done;
	} while (n < THREADS * ops);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		unexpected += workers[i].unexpected;
	}
	EXPECT_EQ(0, unexpected);
	TH_LOG("%lu spawns, %lu crashes, %lu restarts", look_system(a->h).spawns,
	       look_system(a->h).crashes, look_system(a->h).restarts);
}

/* Every group can be stopped, whatever has become of it, and then nothing of it runs. */
static void stop_each(struct __test_metadata *_metadata, struct agents *a)
{
	struct agentsys_group **list;
	ssize_t n = agentsys_group_list(a->h, &list);

	ASSERT_LE(1, n);
	for (ssize_t i = n - 1; i >= 0; i--) {
		ASSERT_OK(a->h, agentsys_group_stop(a->h, list[i]->name, AGENTSYS_WAIT));
		EXPECT_TRUE(is_group_state(a, list[i]->name, AGENTSYS_EXITED));
		expect_fits(_metadata, a, false);
	}
	agentsys_group_list_free(list);
	EXPECT_EQ(0, look_system(a->h).active);
}

/* And started, unless a member of it fails it again; then stopped from above. */
static void start_each(struct __test_metadata *_metadata, struct agents *a)
{
	struct agentsys_group **list;
	ssize_t n = agentsys_group_list(a->h, &list);

	ASSERT_LE(1, n);
	for (ssize_t i = 0; i < n; i++) {
		int ret = agentsys_group_start(a->h, list[i]->name, AGENTSYS_WAIT);

		EXPECT_TRUE(!ret || ret == -EIO || ret == -ECANCELED)
			TH_LOG("%s: %d, %s", list[i]->name, ret, agentsys_error(a->h));
	}
	agentsys_group_list_free(list);
	expect_fits(_metadata, a, true);
	ASSERT_OK(a->h, agentsys_group_stop(a->h, AGENTSYS_ROOT_GROUP, AGENTSYS_WAIT));
	EXPECT_EQ(0, look_system(a->h).active);
}

TEST_F_TIMEOUT(races, everything_at_once, 240)
{
	run(_metadata, &self->a, self->seed);
	expect_fits(_metadata, &self->a, true);
	stop_each(_metadata, &self->a);
	start_each(_metadata, &self->a);
}

TEST_F_TIMEOUT(races, and_shutdowns, 240)
{
	struct agents *a = &self->a;

	shutdowns = true;
	run(_metadata, a, self->seed);
	shutdowns = false;
	/* One may be under way. */
	ASSERT_TRUE(AWAIT(agentsys_shutdown(a->h, 0, AGENTSYS_WAIT, NULL, NULL) != -EALREADY));
	EXPECT_EQ(0, look_system(a->h).active);
	expect_fits(_metadata, a, true);
	start_each(_metadata, a);
}

TEST_HARNESS_MAIN
