// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hooks by ftrace: when they are there, what they cost, and what is done where ftrace
 * cannot be used. One processor, see flood_ftrace.c.
 *
 * vm: nomodule timeout=300 cpus=1 kernels=6.1,6.12,6.1-check
 */
#define HOOKS "ftrace"

#include "kselftest_harness.h"
#include "lib/flood.h"
#include "lib/fentry.h"

#include <sys/mount.h>

#define TRACING "/sys/kernel/tracing"
#define ENABLED "/proc/sys/kernel/ftrace_enabled"

/* How many functions call us. */
static int hooked(void)
{
	static char text[1 << 20];
	int n = 0;

	if (access(TRACING "/trace", F_OK))
		MUST(!mount("none", TRACING, "tracefs", 0, NULL));
	MUST(read_whole(TRACING "/enabled_functions", text, sizeof(text)) >= 0);
	for (char *at = text; (at = strstr(at, "agentsys_hook_entry")); at++)
		n++;
	return n;
}

/* Nobody pays for what nobody uses. */
TEST_F(flood, hooks_are_there_while_somebody_is_counted)
{
	struct agents *a = &self->a;
	struct caller other = { 0 }, *c = &self->c;

	other.id = SPAWN(a, caller_spec(&other, WORK "/other", "1", "getpid", 0, 0));
	ASSERT_LINE("ready", other.out);
	EXPECT_EQ(0, hooked());
	START(a, c, "1", "getpid", 1000, 1000);
	EXPECT_GT(hooked(), 300);
	set_limits(_metadata, a, c->id, 0, 0);
	EXPECT_TRUE(AWAIT(!hooked()));
	set_limits(_metadata, a, c->id, 1000, 1000);
	EXPECT_TRUE(AWAIT(hooked()));
	ASSERT_OK(a->h, agentsys_kill(a->h, c->id, AGENTSYS_WAIT));
	EXPECT_TRUE(AWAIT(!hooked()));
}

#define ROUNDS 10

/* How many objects of a kind the kernel has. */
static long objects(const char *cache)
{
	static char text[1 << 16];
	char *at;
	long n;

	MUST(read_whole("/proc/slabinfo", text, sizeof(text)) > 0);
	at = strstr(text, cache);
	MUST(at && sscanf(at + strlen(cache), "%ld", &n) == 1);
	return n;
}

/*
 * The kernel's tables of direct calls are of these sizes; some kernels lose one of each
 * when all that is hooked is registered at once.
 */
TEST_F_TIMEOUT(flood, to_attach_them_loses_no_memory, 120)
{
	static const char *const caches[] = { "\nkmalloc-512 ", "\nkmalloc-1k ", "\nkmalloc-4k " };
	struct agents *a = &self->a;
	struct caller *c = &self->c;
	long before[3], more, least = ROUNDS;

	if (vm_scale() > 1)
		SKIP(return, "the runner looks for leaks on a kernel with sanitizers");
	START(a, c, "1", "getpid", 1000, 1000);
	for (int round = -1; round < ROUNDS; round++) {
		if (!round)
			for (int i = 0; i < 3; i++)
				before[i] = objects(caches[i]);
		set_limits(_metadata, a, c->id, 0, 0);
		ASSERT_TRUE(AWAIT(!hooked()));
		set_limits(_metadata, a, c->id, 1000, 1000);
		ASSERT_TRUE(AWAIT(hooked()));
		/* Events that nobody reads are memory too. */
		LATER(a, c->id, LIMITS);
		LATER(a, c->id, LIMITS);
	}
	for (int i = 0; i < 3; i++) {
		more = objects(caches[i]) - before[i];
		TH_LOG("%ld more of %s", more, caches[i] + 1);
		least = more < least ? more : least;
	}
	/* Slabs are counted as a whole: somebody else's object looks like several. */
	EXPECT_LT(least, ROUNDS / 2);
}

/* 0 or a negative errno. */
static int enable_ftrace(bool on)
{
	int fd = open(ENABLED, O_WRONLY | O_CLOEXEC);
	int ret;

	MUST(fd >= 0);
	ret = write(fd, on ? "1" : "0", 1) == 1 ? 0 : -errno;
	close(fd);
	return ret;
}

/* Or limits would not hold any more, and nobody would know. */
TEST_F(flood, ftrace_stays_on_while_it_is_used)
{
	struct agents *a = &self->a;
	struct caller *c = &self->c;

	START(a, c, "1", "getpid", 200, 400);
	EXPECT_EQ(-EBUSY, enable_ftrace(false));
	FLOOD(a, c);
	ASSERT_OK(a->h, agentsys_kill(a->h, c->id, AGENTSYS_WAIT));
	EXPECT_TRUE(AWAIT(!enable_ftrace(false)));
	EXPECT_EQ(0, hooked());
	EXPECT_EQ(0, enable_ftrace(true));
}

/* ---- where ftrace cannot be used ---- */

FIXTURE(hooks) {
	struct agents a;
	struct caller c;
	int fentry;
};

FIXTURE_SETUP(hooks)
{
	self->fentry = -1;
	if (is_loaded())
		ASSERT_TRUE(AWAIT(!unload()));
	ASSERT_EQ(0, load("hooks=auto"));
	agents_open(_metadata, &self->a);
}

FIXTURE_TEARDOWN(hooks)
{
	agents_close(&self->a);
	EXPECT_TRUE(AWAIT(!unload()));
	close(self->fentry);
	EXPECT_EQ(0, enable_ftrace(true));
}

static bool is_hooked_by(struct agents *a, const char *name, unsigned int error)
{
	struct agentsys_system *system;
	bool is;

	MUST(!agentsys_system(a->h, &system));
	is = !strcmp(system->hooks, name) && system->hooks_error == error;
	agentsys_system_free(system);
	return is;
}

TEST_F(hooks, ftrace_is_the_better_one)
{
	struct agents *a = &self->a;
	struct caller *c = &self->c;

	START(a, c, "1", "getpid", 200, 400);
	EXPECT_TRUE(is_hooked_by(a, "ftrace", 0));
	EXPECT_TRUE(hooked());
	FLOOD(a, c);
}

/* It is one of the last that are hooked: there is something to undo. */
TEST_F(hooks, tracepoint_is_taken_where_another_has_a_direct_call)
{
	struct agents *a = &self->a;
	struct caller *c = &self->c;

	if (!has_btf())
		SKIP(return, "no " BTF);
	self->fentry = open_fentry("__ia32_sys_write");
	START(a, c, "1", "getpid", 200, 400);
	EXPECT_TRUE(is_hooked_by(a, "tracepoint", EBUSY));
	EXPECT_EQ(0, hooked());
	FLOOD(a, c);
}

TEST_F(hooks, tracepoint_is_taken_while_ftrace_is_off)
{
	struct agents *a = &self->a;
	struct caller *c = &self->c;

	ASSERT_EQ(0, enable_ftrace(false));
	START(a, c, "1", "getpid", 200, 400);
	EXPECT_TRUE(is_hooked_by(a, "tracepoint", EBUSY));
	EXPECT_EQ(0, hooked());
	FLOOD(a, c);
}

TEST_HARNESS_MAIN
