// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ten thousand records and a thousand live agents work, and leave nothing behind.
 *
 * vm: isolated mem=2G timeout=600
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/memory.h"

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

static bool spawn_many(struct agentsys *h, int n, bool stay)
{
	struct agentsys_spec *spec = SPEC(program("nothing"), stay ? "stay" : NULL);
	bool ok = true;

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

/* Until everything that was started has ended. */
static void wait_for_ends(struct agentsys *h)
{
	struct agentsys_system now;

	do {
		usleep(50000);
		now = look_system(h);
	} while (now.active || now.spawns != now.exits);
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

FIXTURE(scale)
{
	struct agentsys *h;
};

FIXTURE_SETUP(scale)
{
	ASSERT_EQ(0, agentsys_open(&self->h));
	/* What is allocated once and kept is not counted. */
	ASSERT_TRUE(spawn_many(self->h, 200, false));
	wait_for_ends(self->h);
	ASSERT_TRUE(remove_all(self->h));
}

FIXTURE_TEARDOWN(scale)
{
	EXPECT_EQ(0, agentsys_shutdown(self->h, 0, AGENTSYS_WAIT, NULL, NULL));
	agentsys_close(self->h);
}

TEST_F_TIMEOUT(scale, records_of_ended_agents, 400)
{
	static struct memory before, with, after;
	struct agentsys_system start = look_system(self->h), end;
	struct agentsys_info **list;
	long bytes;
	char *text;

	memory_settle(&before, NULL);
	ASSERT_TRUE(spawn_many(self->h, records(), false));
	wait_for_ends(self->h);
	end = look_system(self->h);
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

	memory_settle(&with, NULL);
	bytes = (with.kb - before.kb) * 1024 / records();
	TH_LOG("%d records: %ld bytes of kernel memory each", records(), bytes);
	/* With sanitizers objects have room around them, and are kept when they are freed. */
	if (vm_scale() == 1)
		EXPECT_GT(1024 + 512, bytes);

	ASSERT_TRUE(remove_all(self->h));
	EXPECT_EQ(0, look_system(self->h).agents);
	memory_settle(&after, &before);
	memory_print("before", &before);
	memory_print("after", &after);
	if (vm_scale() == 1)
		EXPECT_GT(before.kb + TOLERANCE_KB, after.kb);
}

TEST_F_TIMEOUT(scale, live_agents, 180)
{
	static struct memory before, after;
	struct agentsys_info **list;
	uint32_t ended, killed;
	int alive = 0;

	memory_settle(&before, NULL);
	ASSERT_TRUE(spawn_many(self->h, live(), true));
	while (look_system(self->h).active < (uint32_t)live())
		usleep(20000);
	EXPECT_EQ(live(), agentsys_list(self->h, &list));
	for (int i = 0; list[i]; i++)
		alive += list[i]->state == AGENTSYS_ACTIVE && !kill(list[i]->pid, 0);
	agentsys_list_free(list);
	EXPECT_EQ(live(), alive);
	/* And one that is kept in reserve, perhaps. */
	EXPECT_LE(live(), count_cgroups());
	EXPECT_GE(live() + 1, count_cgroups());
	TH_LOG("%d live agents: %ld KiB of kernel memory each, cgroup and process included",
	       live(), (kernel_kb() - before.kb) / live());

	EXPECT_EQ(0, agentsys_shutdown(self->h, 0, AGENTSYS_WAIT, &ended, &killed));
	EXPECT_EQ(live(), ended);
	EXPECT_EQ(live(), killed);
	EXPECT_EQ(0, count_cgroups());
	ASSERT_TRUE(remove_all(self->h));
	memory_settle(&after, &before);
	memory_print("before", &before);
	memory_print("after", &after);
	EXPECT_EQ(0, after.dying);
	if (vm_scale() == 1)
		EXPECT_GT(before.kb + TOLERANCE_KB, after.kb);
}

TEST_HARNESS_MAIN
