// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ten thousand records and a thousand live agents work, and leave nothing behind.
 *
 * vm: isolated mem=2G timeout=600
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libasm.h>
#include "kselftest_harness.h"

#define NOTHING	"/usr/lib/agentsys/tests/agents/nothing"
#define RECORDS	10000
#define LIVE	1000

/* A leak of 1 KiB for each record exceeds it; noise does not, of which 5 MiB were seen. */
#define TOLERANCE_KB	(RECORDS * 3 / 4)

/* The sanitizers of a slow machine's kernel keep what is freed for a while. */
static int records(void)
{
	return vm_scale() > 1 ? 1000 : RECORDS;
}

static int live(void)
{
	return vm_scale() > 1 ? 100 : LIVE;
}

static long field(const char *path, const char *name)
{
	char line[256];
	FILE *file = fopen(path, "r");
	long value = 0;

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)) && strchr(" :", line[strlen(name)]))
			value = atol(line + strlen(name) + 1);
	if (file)
		fclose(file);
	return value;
}

/* Memory of the kernel that does not go away by itself, in KiB. */
static long kernel_kb(void)
{
	return field("/proc/meminfo", "SUnreclaim") + field("/proc/meminfo", "Percpu") +
	       field("/proc/meminfo", "KernelStack");
}

static int dying(void)
{
	return field("/sys/fs/cgroup/agentsys/cgroup.stat", "nr_dying_descendants");
}

/*
 * Freed memory goes back with RCU and with works: wait until it has, or until there
 * has been less and less of it for a while.
 */
static long settled_kb(long goal_kb)
{
	long least = kernel_kb();
	FILE *caches;

	for (int still = 0; (least > goal_kb || dying()) && still < 10; still++) {
		long kb;

		/* What is merely cached is none of ours. */
		caches = fopen("/proc/sys/vm/drop_caches", "w");
		if (caches) {
			fputs("3", caches);
			fclose(caches);
		}
		nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
		kb = kernel_kb();
		if (kb < least || dying())
			still = 0;
		if (kb < least)
			least = kb;
	}
	return least;
}

static struct agentsys_system counters(struct agentsys *h)
{
	struct agentsys_system *system, copy = {};

	if (!agentsys_system(h, &system)) {
		copy = *system;
		agentsys_system_free(system);
	}
	return copy;
}

static bool spawn_many(struct agentsys *h, int n, bool stay)
{
	struct agentsys_spec *spec = agentsys_spec_new();
	bool ok = true;

	agentsys_spec_add_arg(spec, NOTHING);
	if (stay)
		agentsys_spec_add_arg(spec, "stay");
	for (int i = 0; ok && i < n; i++)
		/* Every hundredth is waited for, so that the queue stays short. */
		ok = !agentsys_spawn(h, spec, i % 100 == 99 ? AGENTSYS_WAIT : 0, NULL);
	if (!ok)
		fprintf(stderr, "# spawn: %s\n", agentsys_error(h));
	agentsys_spec_free(spec);
	return ok;
}

static bool remove_all(struct agentsys *h)
{
	struct agentsys_info **list;
	ssize_t n = agentsys_list(h, &list);
	bool ok = n >= 0;

	for (ssize_t i = 0; ok && i < n; i++)
		ok = (list[i]->state == AGENTSYS_EXITED ||
		      !agentsys_kill(h, list[i]->id, AGENTSYS_WAIT)) &&
		     !agentsys_remove(h, list[i]->id);
	if (n >= 0)
		agentsys_list_free(list);
	return ok;
}

/* Everything that was started has ended. */
static bool wait_for_ends(struct agentsys *h)
{
	struct agentsys_system now;

	do {
		nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
		now = counters(h);
	} while (now.active || now.spawns != now.exits);
	return true;
}

static int lines_of(const char *path)
{
	FILE *file = fopen(path, "r");
	int c, lines = 0;

	while (file && (c = getc(file)) != EOF)
		lines += c == '\n';
	if (file)
		fclose(file);
	return lines;
}

static int folders_of(const char *path)
{
	struct dirent *entry;
	DIR *dir = opendir(path);
	int n = 0;

	while (dir && (entry = readdir(dir)))
		n += entry->d_type == DT_DIR && entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}

FIXTURE(scale)
{
	struct agentsys *h;
};

FIXTURE_SETUP(scale)
{
	ASSERT_EQ(0, agentsys_open(&self->h));
	/* What is allocated once and kept is not counted. */
	ASSERT_TRUE(spawn_many(self->h, 200, false));
	ASSERT_TRUE(wait_for_ends(self->h));
	ASSERT_TRUE(remove_all(self->h));
}

FIXTURE_TEARDOWN(scale)
{
	EXPECT_EQ(0, agentsys_shutdown(self->h, 0, AGENTSYS_WAIT, NULL, NULL));
	agentsys_close(self->h);
}

TEST_F_TIMEOUT(scale, records_of_ended_agents, 400)
{
	long before = settled_kb(0), with, after;
	struct agentsys_system start = counters(self->h), end;
	struct agentsys_info **list;
	char *text;

	ASSERT_TRUE(spawn_many(self->h, records(), false));
	ASSERT_TRUE(wait_for_ends(self->h));
	end = counters(self->h);
	EXPECT_EQ(records(), end.spawns - start.spawns);
	EXPECT_EQ(records(), end.exits - start.exits);
	EXPECT_EQ(records(), end.agents);

	EXPECT_EQ(records(), agentsys_list(self->h, &list));
	for (int i = 0; list[i]; i++)
		if (list[i]->state != AGENTSYS_EXITED || list[i]->spawns != 1)
			TH_LOG("agent %u is %s", list[i]->id, agentsys_state_name(list[i]->state));
	agentsys_list_free(list);
	/* A line in the table and one behind it for each. */
	EXPECT_LT(2 * records(), lines_of("/proc/agentsys/status"));
	EXPECT_LT(records() * 60, agentsys_telemetry(-1, &text));
	free(text);

	with = settled_kb(0);
	TH_LOG("%d records: %ld bytes of kernel memory each", records(),
	       (with - before) * 1024 / records());
	/* With sanitizers objects have room around them, and are kept when they are freed. */
	if (vm_scale() == 1)
		EXPECT_GT(1024 + 512, (with - before) * 1024 / records());

	ASSERT_TRUE(remove_all(self->h));
	EXPECT_EQ(0, counters(self->h).agents);
	after = settled_kb(before + TOLERANCE_KB / 4);
	TH_LOG("kernel memory before %ld KiB, after %ld KiB", before, after);
	if (vm_scale() == 1)
		EXPECT_GT(before + TOLERANCE_KB, after);
}

TEST_F_TIMEOUT(scale, live_agents, 180)
{
	long before = settled_kb(0), with, after;
	struct agentsys_info **list;
	uint32_t ended, killed;
	int alive = 0;

	ASSERT_TRUE(spawn_many(self->h, live(), true));
	while (counters(self->h).active < (uint32_t)live())
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	EXPECT_EQ(live(), agentsys_list(self->h, &list));
	for (int i = 0; list[i]; i++)
		alive += list[i]->state == AGENTSYS_ACTIVE && !kill(list[i]->pid, 0);
	agentsys_list_free(list);
	EXPECT_EQ(live(), alive);
	/* And one that is kept in reserve, perhaps. */
	EXPECT_LE(live(), folders_of("/sys/fs/cgroup/agentsys"));
	EXPECT_GE(live() + 1, folders_of("/sys/fs/cgroup/agentsys"));
	with = kernel_kb();
	TH_LOG("%d live agents: %ld KiB of kernel memory each, cgroup and process included",
	       live(), (with - before) / live());

	EXPECT_EQ(0, agentsys_shutdown(self->h, 0, AGENTSYS_WAIT, &ended, &killed));
	EXPECT_EQ(live(), ended);
	EXPECT_EQ(live(), killed);
	EXPECT_EQ(0, folders_of("/sys/fs/cgroup/agentsys"));
	ASSERT_TRUE(remove_all(self->h));
	after = settled_kb(before + TOLERANCE_KB / 4);
	TH_LOG("kernel memory before %ld KiB, after %ld KiB; %d cgroups still dying", before, after,
	       dying());
	EXPECT_EQ(0, dying());
	if (vm_scale() == 1)
		EXPECT_GT(before + TOLERANCE_KB, after);
}

TEST_HARNESS_MAIN
