/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Agents that call the system as often as they are told to, and what is seen of them.
 * Each test of the fixture loads the module, which hooks calls in the way that HOOKS
 * names, and unloads it at its end.
 *
 * Include it behind kselftest_harness.h.
 */
#ifndef TESTS_LIB_FLOOD_H
#define TESTS_LIB_FLOOD_H

#include "agents.h"
#include "loading.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define THREADS_MAX	500

/* So few that whoever is held does not come back while a test lasts. */
#define FEW		1
#define MANY		200	/* threads that have to wait for that */

/* As caller.c has it. */
struct page {
	volatile uint64_t stop;
	volatile uint64_t pid;
	volatile uint64_t calls[THREADS_MAX];
};

struct caller {
	uint32_t id;
	struct page *page;
	int in;
	int out;
	bool restarts;
};

FIXTURE(flood) {
	struct agents a;
	struct caller c;
};

/* End what a test has left that did not come to its end. */
static inline void clear_up(void)
{
	struct agentsys *h;

	if (agentsys_open(&h))
		return;
	agentsys_shutdown(h, 0, AGENTSYS_WAIT, NULL, NULL);
	agentsys_close(h);
}

FIXTURE_SETUP(flood)
{
	if (is_loaded()) {
		clear_up();
		ASSERT_TRUE(AWAIT(!unload()));
	}
	ASSERT_EQ(0, load("hooks=" HOOKS));
	agents_open(_metadata, &self->a);
}

FIXTURE_TEARDOWN(flood)
{
	agents_close(&self->a);
	/* Nobody sleeps in a hook of ours any more. */
	EXPECT_TRUE(AWAIT(!unload()));
}

static inline struct page *map_page(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	struct page *page;

	MUST(fd >= 0 && !ftruncate(fd, sizeof(*page)));
	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	MUST(page != MAP_FAILED);
	close(fd);
	return page;
}

/* A spec of one that may call @rate times a second, and @burst times at once. */
static inline struct agentsys_spec *caller_spec(struct caller *c, const char *path,
						const char *threads, const char *kind,
						uint64_t rate, uint64_t burst)
{
	struct agentsys_spec *spec = SPEC(program("caller"), path, threads, kind);

	c->page = map_page(path);
	c->in = piped(spec, 0);
	c->out = piped(spec, 1);
	if (c->restarts)
		restarting(spec, AGENTSYS_RESTART_ON_FAILURE, 5, 0, 0);
	if (rate)
		MUST(!agentsys_spec_set_limit(spec, AGENTSYS_LIMIT_SYSCALL_RATE, rate) &&
		     !agentsys_spec_set_limit(spec, AGENTSYS_LIMIT_SYSCALL_BURST, burst));
	return spec;
}

static inline void tell(struct caller *c, char letter)
{
	MUST(write(c->in, &letter, 1) == 1);
}

static inline uint64_t calls_of(struct caller *c)
{
	uint64_t calls = 0;

	for (int i = 0; i < THREADS_MAX; i++)
		calls += c->page->calls[i];
	return calls;
}

static inline bool is_throttled(struct agents *a, uint32_t id)
{
	return look(a, id).flags & AGENTSYS_AGENT_THROTTLED;
}

/*
 * The hooks are there a moment after the first agent with a limit: they count. It is told
 * nothing while it has not heard the last order yet, or it would have many to read at once.
 */
static inline bool is_counted(struct agents *a, struct caller *c)
{
	int unread;

	MUST(!ioctl(c->in, FIONREAD, &unread));
	if (!unread)
		tell(c, 'x');
	return look(a, c->id).syscalls;
}

#define START(a, c, threads, kind, rate, burst) do {				\
	(c)->id = SPAWN(a, caller_spec(c, WORK "/calls", threads, kind, rate, burst));	\
	ASSERT_LINE("ready", (c)->out);						\
	ASSERT_TRUE(AWAIT(is_counted(a, c)));					\
} while (0)

static inline void set_limits(struct __test_metadata *_metadata, struct agents *a, uint32_t id,
			      uint64_t rate, uint64_t burst)
{
	const struct agentsys_limit_change changes[] = {
		{ AGENTSYS_LIMIT_SYSCALL_RATE, rate },
		{ AGENTSYS_LIMIT_SYSCALL_BURST, burst },
	};

	ASSERT_OK(a->h, agentsys_limits_set(a->h, id, changes, 2));
}

/* Let it call until it is slowed down. */
#define FLOOD(a, c) do {							\
	struct agentsys_event __fault;						\
										\
	tell(c, 'g');								\
	__fault = LATER(a, (c)->id, FAULT);					\
	ASSERT_EQ(AGENTSYS_FAULT_SYSCALL_FLOOD, __fault.code);			\
	ASSERT_TRUE(AWAIT(is_throttled(a, (c)->id)));				\
} while (0)

/* Let many threads do so that then sleep for longer than the test lasts. */
#define FLOOD_FOR_LONG(a, c, kind) do {						\
	START(a, c, "200", kind, FEW, 5000);					\
	FLOOD(a, c);								\
	ASSERT_TRUE(AWAIT(all_sleep(c)));					\
} while (0)

/* None of its threads calls any more, or hardly one. */
static inline bool all_sleep(struct caller *c)
{
	uint64_t before = calls_of(c);

	usleep(100000 * vm_scale());
	return calls_of(c) - before < 5;
}

static inline void set_action(struct __test_metadata *_metadata, struct agents *a, uint32_t id,
			      uint32_t action)
{
	const struct agentsys_recovery_rule rule = {
		.type = AGENTSYS_FAULT_SYSCALL_FLOOD,
		.action = action,
	};

	ASSERT_OK(a->h, agentsys_recovery_set(a->h, id, AGENTSYS_PRESET_CUSTOM, &rule, 1));
}

#endif
