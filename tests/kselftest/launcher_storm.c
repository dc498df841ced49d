// SPDX-License-Identifier: GPL-2.0-only
/*
 * The launcher is killed at random moments while agents are spawned and restarted
 * all the time. Each spawn succeeds or fails, with an agent or without one; none is
 * lost, none is there twice, and the counters tell the same.
 *
 * The seed is printed; SEED=N in the environment repeats it as far as the machine
 * does.
 *
 * vm: timeout=300
 */
#include "kselftest_harness.h"
#include "lib/agents.h"

#include <pthread.h>
#include <stdatomic.h>

#define LOG		WORK "/log"
#define SPAWNERS	4
#define SPAWNS_MAX	120	/* of each spawner; fewer where everything takes longer */
#define RESTARTERS	4

FIXTURE(storm) {
	struct agents a;
	unsigned int seed;
};

FIXTURE_SETUP(storm)
{
	const char *seed = getenv("SEED");

	self->seed = seed ? (unsigned int)atoi(seed) : (unsigned int)now_ms();
	TH_LOG("SEED=%u", self->seed);
	unlink(LOG);
	agents_open(_metadata, &self->a);
}

FIXTURE_TEARDOWN(storm)
{
	agents_close(&self->a);
}

static int number_of_spawns(void)
{
	return vm_scale() > 1 ? SPAWNS_MAX / 3 : SPAWNS_MAX;
}

struct spawner {
	pthread_t thread;
	unsigned int seed, number;
	int ran, failed;
	int results[SPAWNS_MAX];	/* of each spawn */
	uint32_t ids[SPAWNS_MAX];
};

static struct agentsys_spec *mark(unsigned int spawner, int n, const char *act)
{
	char *label;

	MUST(asprintf(&label, "s%u-%d", spawner, n) > 0);
	return SPEC(program("mark"), LOG, label, act, "0");
}

/*
 * Every third one is not waited for, so that there is a queue; its record tells
 * later what became of it.
 */
static void *spawn(void *arg)
{
	struct spawner *me = arg;
	struct agentsys *h;

	MUST(!agentsys_open(&h));
	for (int n = 0; n < number_of_spawns(); n++) {
		struct agentsys_spec *spec = mark(me->number, n, n % 2 ? "exit" : "live");
		unsigned int flags = n % 3 ? AGENTSYS_WAIT : 0;

		me->results[n] = agentsys_spawn(h, spec, flags, &me->ids[n]);
		agentsys_spec_free(spec);
		if (!(rand_r(&me->seed) % 4))
			usleep(rand_r(&me->seed) % 5000);
	}
	agentsys_close(h);
	return NULL;
}

static atomic_bool over;
static atomic_uint kills;

static void *kill_launchers(void *arg)
{
	unsigned int seed = *(unsigned int *)arg;
	struct agentsys *h;

	MUST(!agentsys_open(&h));
	while (!over) {
		pid_t pid = look_system(h).launcher_pid;

		/* Some of them are to get something done before. */
		usleep(rand_r(&seed) % (40000 * vm_scale()));
		if (pid && !kill(pid, SIGKILL))
			kills++;
		usleep(rand_r(&seed) % (40000 * vm_scale()));
	}
	agentsys_close(h);
	return NULL;
}

static char *read_log(void)
{
	size_t size = 4 << 20;
	char *log = malloc(size);

	MUST(log && read_whole(LOG, log, size) >= 0);
	return log;
}

/* Lines of the log that begin with this label. */
static int marks(const char *log, const char *label)
{
	size_t len = strlen(label);
	int n = 0;

	for (const char *line = log; *line; line++) {
		n += !strncmp(line, label, len) && line[len] == ' ';
		line = strchrnul(line, '\n');
		if (!*line)
			break;
	}
	return n;
}

static bool has_ended(struct agents *a, uint32_t id)
{
	uint32_t state = look(a, id).state;

	return state == AGENTSYS_EXITED || state == AGENTSYS_FAILED;
}

TEST_F_TIMEOUT(storm, none_is_lost_and_none_is_there_twice, 280)
{
	struct agents *a = &self->a;
	struct agentsys_spec *never = SPEC("unused");
	struct agentsys_system before = look_system(a->h), after;
	uint64_t spawns = 0, exits = 0, crashes = 0, restarts = 0;
	static struct spawner spawners[SPAWNERS];
	uint32_t restarters[RESTARTERS];
	unsigned int seed = self->seed;
	pthread_t killer;
	char *log;

	agentsys_spec_set_restart(never, AGENTSYS_RESTART_NEVER);
	for (int i = 0; i < RESTARTERS; i++) {
		char label[8];

		snprintf(label, sizeof(label), "r%d", i);
		restarters[i] = SPAWN(a, restarting(SPEC(program("mark"), LOG, label,
							 i % 2 ? "exit" : "leave", "1"),
						    AGENTSYS_RESTART_ALWAYS, INT32_MAX, i, i));
	}
	pthread_create(&killer, NULL, kill_launchers, &seed);
	for (unsigned int i = 0; i < SPAWNERS; i++) {
		spawners[i].number = i;
		spawners[i].seed = self->seed + i + 1;
		pthread_create(&spawners[i].thread, NULL, spawn, &spawners[i]);
	}
	for (int i = 0; i < SPAWNERS; i++)
		pthread_join(spawners[i].thread, NULL);

	/* Every one of them came to something. */
	for (int i = 0; i < SPAWNERS; i++) {
		struct spawner *s = &spawners[i];

		for (int n = 0; n < number_of_spawns(); n++) {
			struct agentsys_info info;

			if (s->results[n]) {	/* it was told why, and its record is gone */
				EXPECT_EQ(-EIO, s->results[n]);
				EXPECT_TRUE(AWAIT(look(a, s->ids[n]).state == UINT32_MAX));
				s->failed++;
				continue;
			}
			/* One that ends by itself has written its mark only then. */
			ASSERT_TRUE(AWAIT(has_ended(a, s->ids[n]) ||
					  (n % 2 == 0 &&
					   is_state(a, s->ids[n], AGENTSYS_ACTIVE))));
			info = look(a, s->ids[n]);
			if (info.spawns)
				s->ran++;
			else
				s->failed++;
			EXPECT_TRUE(info.spawns == 1 ||
				    (info.cause == AGENTSYS_CAUSE_LAUNCH && info.code == EIO));
			s->results[n] = info.spawns ? 0 : -EIO;
			ASSERT_OK(a->h, agentsys_kill(a->h, s->ids[n], AGENTSYS_WAIT));
			info = look(a, s->ids[n]);
			EXPECT_EQ(info.spawns, info.exits);
			spawns += info.spawns;
			exits += info.exits;
			crashes += info.crashes;
		}
	}
	over = true;
	pthread_join(killer, NULL);

	/* Left alone, the restarted ones end by themselves: what they wrote is then complete. */
	for (int i = 0; i < RESTARTERS; i++)
		ASSERT_OK(a->h, agentsys_set(a->h, restarters[i], never));
	log = NULL;
	for (int i = 0; i < RESTARTERS; i++) {
		ASSERT_TRUE(AWAIT(has_ended(a, restarters[i])));
		ASSERT_OK(a->h, agentsys_kill(a->h, restarters[i], AGENTSYS_WAIT));
	}
	log = read_log();
	for (int i = 0; i < RESTARTERS; i++) {
		struct agentsys_info info = look(a, restarters[i]);
		char label[8];

		snprintf(label, sizeof(label), "r%d", i);
		TH_LOG("%s: %lu instances", label, info.spawns);
		EXPECT_GT(info.spawns, 10);
		EXPECT_EQ(info.spawns, marks(log, label));
		EXPECT_EQ(info.spawns, info.exits);
		spawns += info.spawns;
		exits += info.exits;
		crashes += info.crashes;
		restarts += info.spawns - 1;
	}
	for (int i = 0; i < SPAWNERS; i++) {
		for (int n = 0; n < number_of_spawns(); n++) {
			char label[16];

			snprintf(label, sizeof(label), "s%d-%d", i, n);
			/*
			 * It ran once if it was said to run; if it was said to fail,
			 * never. One that lives may have been killed before it wrote.
			 */
			EXPECT_LE(marks(log, label), !spawners[i].results[n])
				TH_LOG("%s", label);
			EXPECT_TRUE(n % 2 == 0 ||
				    marks(log, label) == !spawners[i].results[n])
				TH_LOG("%s", label);
		}
		TH_LOG("spawner %d: %d ran, %d failed", i, spawners[i].ran, spawners[i].failed);
		EXPECT_EQ(number_of_spawns(), spawners[i].ran + spawners[i].failed);
		EXPECT_GT(spawners[i].ran, 0);
	}
	EXPECT_EQ(NULL, strstr(log, "double"));
	EXPECT_GT(kills, 10);
	TH_LOG("%u launchers killed", kills);

	after = look_system(a->h);
	EXPECT_EQ(0, after.active);
	EXPECT_EQ(spawns, after.spawns - before.spawns);
	EXPECT_EQ(exits, after.exits - before.exits);
	EXPECT_EQ(crashes, after.crashes - before.crashes);
	EXPECT_EQ(restarts, after.restarts - before.restarts);
	EXPECT_OK(a->h, agentsys_shutdown(a->h, 0, AGENTSYS_WAIT, NULL, NULL));
	EXPECT_EQ(0, count_cgroups());
	EXPECT_EQ(0, look_system(a->h).launcher_pid);
	free(log);
}

TEST_HARNESS_MAIN
