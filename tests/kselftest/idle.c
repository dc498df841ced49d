// SPDX-License-Identifier: GPL-2.0-only
/*
 * Agents without limits cost nothing while nothing happens: no work of the module is queued, no
 * timer of it runs, and neither of the programs that serve it wakes up.
 *
 * One processor, since switching tracing on patches what the other one may be executing.
 *
 * vm: timeout=200 params="check_interval_ms=100" cpus=1
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/patient.h"

#define TRACING "/sys/kernel/tracing"

static const char *const traced_events[] = {
	"workqueue/workqueue_queue_work",
	"timer/timer_expire_entry",
	"timer/hrtimer_expire_entry",
	"sched/sched_wakeup",
};

static bool trace(const char *name, const char *text)
{
	char path[128];
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), TRACING "/%s", name);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text);
}

static bool trace_all(const char *on)
{
	bool all = true;
	char path[96];

	for (size_t i = 0; i < ARRAY_SIZE(traced_events); i++) {
		snprintf(path, sizeof(path), "events/%s/enable", traced_events[i]);
		all &= trace(path, on);
	}
	return all;
}

/* Is there a line of @event in the trace with @word in what it tells? Tells which. */
static bool traced(const char *event, const char *word)
{
	FILE *file = fopen(TRACING "/trace", "re");
	bool found = false;
	char *line = NULL, *told;
	size_t size = 0;

	MUST(file);
	while (!found && getline(&line, &size, file) > 0) {
		told = strstr(line, event);
		found = told && strstr(told, word);
	}
	if (found)
		fprintf(stderr, "# %s", line);
	free(line);
	fclose(file);
	return found;
}

/* Functions of the module are told with its name, and so are its queues. */
static bool is_quiet(void)
{
	static const struct {
		const char *event, *word;
	} ours[] = {
		{ " workqueue_queue_work: ", "agentsys" },
		{ " timer_expire_entry: ", "[agentsys]" },
		{ " hrtimer_expire_entry: ", "[agentsys]" },
		{ " sched_wakeup: ", "comm=asm-launch" },
		{ " sched_wakeup: ", "comm=asmd" },
		{ " sched_wakeup: ", "comm=agentsys" }, /* what rescues its queues */
		{ " sched_wakeup: ", "comm=sleep" },	/* the agents */
	};
	bool quiet = true;

	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		quiet &= !traced(ours[i].event, ours[i].word);
	return quiet;
}

FIXTURE(idle) {
	struct agents a;
};

FIXTURE_SETUP(idle)
{
	agents_open(_metadata, &self->a);
}

FIXTURE_TEARDOWN(idle)
{
	trace_all("0");
	agents_close(&self->a);
}

/* That they would be seen. */
static void see_all(struct __test_metadata *_metadata, struct agents *a)
{
	struct agentsys_spec *spec = SLEEP;
	struct patient p;
	uint32_t id;

	trace("trace", "\n");
	agentsys_spec_set_pids_max(spec, 100);
	id = SPAWN(a, spec);
	EXPECT_TRUE(AWAIT(traced(" workqueue_queue_work: ", "look_work [agentsys]")));
	EXPECT_TRUE(traced(" sched_wakeup: ", "comm=asm-launch"));
	EXPECT_TRUE(AWAIT(traced(" hrtimer_expire_entry: ", "function=")));
	p = PATIENT(a, "h", 100);
	EXPECT_TRUE(AWAIT(traced(" timer_expire_entry: ", "expired [agentsys]")));
	/* The helper is told of who comes and goes. */
	EXPECT_TRUE(AWAIT(traced(" sched_wakeup: ", "comm=asmd")));
	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
	ASSERT_OK(a->h, agentsys_remove(a->h, id));
	ASSERT_OK(a->h, agentsys_kill(a->h, p.id, AGENTSYS_WAIT));
	ASSERT_OK(a->h, agentsys_remove(a->h, p.id));
}

TEST_F_TIMEOUT(idle, agents_cost_nothing, 150)
{
	struct agents *a = &self->a;
	int idle = vm_scale() > 1 ? 200 : 1000;
	bool quiet = false;

	if (!trace_all("1"))
		SKIP(return, "no tracing");
	trace_all("0");
	for (int i = 0; i < idle; i++)
		SPAWN(a, SLEEP);
	ASSERT_OK(a->h, agentsys_start(a->h, AGENTSYS_ID_HELPER, AGENTSYS_WAIT));
	trace_all("1");
	see_all(_metadata, a);
	/* Let the last one come, however busy the machine is. */
	for (int i = 0; i < 5 && !quiet; i++) {
		usleep(300000);
		trace("trace", "\n");
		usleep(1000000);
		quiet = is_quiet();
	}
	EXPECT_TRUE(quiet);
}

TEST_HARNESS_MAIN
