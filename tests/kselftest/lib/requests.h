/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Workers that ask for anything at random, of a few agents with ids of their own:
 * what all of them ask for, and what it may be answered.
 *
 * Include it behind agents.h.
 */
#ifndef TESTS_LIB_REQUESTS_H
#define TESTS_LIB_REQUESTS_H

#include <stdarg.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define FIRST_ID	100

/* Wrong answers to a worker that are printed. */
#define WORKER_TOLD	20

struct worker;

/* Something to do, @weight times as often as one of weight 1. A list of them ends with no @fn. */
struct thing {
	void (*fn)(struct worker *w);
	const char *name;
	unsigned int weight;
};

/**
 * struct worker - one who asks: a thread or a process
 * @things: what it may do
 * @ids: how many agents it asks about, from FIRST_ID on
 * @start_error: one more errno that a start may come to, or 0
 * @seed: of its choices
 * @h: its connection
 * @device: the device, open
 * @events: opened and closed by do_events()
 * @doing: what it does at the moment, or NULL
 * @since: when it began with that
 * @id: the agent that it asks about, or 0
 * @unexpected: answers that should not have come
 */
struct worker {
	const struct thing *things;
	unsigned int ids;
	int start_error;
	unsigned int seed;
	struct agentsys *h;
	int device;
	struct agentsys_events *events;
	const struct thing *_Atomic doing;
	atomic_ullong since;
	atomic_uint id;
	atomic_uint unexpected;
};

static inline void worker_open(struct worker *w)
{
	MUST(!agentsys_open(&w->h));
	w->device = agentsys_device_open();
	MUST(w->device >= 0);
}

static inline void worker_close(struct worker *w)
{
	if (w->events)
		agentsys_events_close(w->events);
	w->events = NULL;
	close(w->device);
	agentsys_close(w->h);
}

static inline unsigned int pick(struct worker *w, unsigned int n)
{
	return rand_r(&w->seed) % n;
}

/* Do one thing, and be its place on the list. */
static inline size_t do_one(struct worker *w)
{
	unsigned int sum = 0, n;
	size_t i;

	for (i = 0; w->things[i].fn; i++)
		sum += w->things[i].weight;
	n = pick(w, sum);
	for (i = 0; n >= w->things[i].weight; i++)
		n -= w->things[i].weight;
	w->id = 0;
	w->since = now_ms();
	w->doing = &w->things[i];
	w->things[i].fn(w);
	w->doing = NULL;
	return i;
}

static inline unsigned int wait_or_not(struct worker *w)
{
	return pick(w, 2) ? AGENTSYS_WAIT : 0;
}

static inline uint32_t some_id(struct worker *w)
{
	return w->id = FIRST_ID + pick(w, w->ids);
}

__attribute__((format(printf, 2, 3)))
static inline void unexpected(struct worker *w, const char *format, ...)
{
	const struct thing *doing = w->doing;
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (w->unexpected++ < WORKER_TOLD)
		printf("# %s of %u: %s\n", doing->name, w->id, text);
	fflush(stdout);
}

/* What a call may come to: success, or one of the errors in a list that ends with 0. */
static inline void allow(struct worker *w, int ret, const int *errors)
{
	if (ret >= 0)
		return;
	for (; *errors; errors++)
		if (ret == -*errors)
			return;
	unexpected(w, "%s (%s)", strerrorname_np(-ret), agentsys_error(w->h));
}

#define ALLOW(w, call, ...) allow(w, call, (const int[]){ __VA_ARGS__, 0 })

/* What a start may come to when it is stopped, its launcher is killed, or its cgroup is full. */
#define START_ERRORS(w) ECANCELED, EIO, EAGAIN, ETIMEDOUT, (w)->start_error

/* ---- requests ---- */

static inline void do_spawn_nothing(struct worker *w)
{
	struct agentsys_spec *spec = SPEC("/nowhere");

	agentsys_spec_set_id(spec, some_id(w));
	ALLOW(w, agentsys_spawn(w->h, spec, wait_or_not(w), NULL), EEXIST, ENOENT,
	      START_ERRORS(w));
	agentsys_spec_free(spec);
}

static inline void do_start(struct worker *w)
{
	ALLOW(w, agentsys_start(w->h, some_id(w), wait_or_not(w)), ESRCH, EALREADY, EBUSY,
	      EOPNOTSUPP, ENOENT, START_ERRORS(w));
}

static inline void do_stop(struct worker *w)
{
	ALLOW(w, agentsys_stop(w->h, some_id(w), pick(w, 50), wait_or_not(w)), ESRCH, EBUSY);
}

static inline void do_kill(struct worker *w)
{
	ALLOW(w, agentsys_kill(w->h, some_id(w), wait_or_not(w)), ESRCH, EBUSY);
}

static inline void do_restart(struct worker *w)
{
	ALLOW(w, agentsys_restart(w->h, some_id(w), pick(w, 50), wait_or_not(w)), ESRCH, EBUSY,
	      EOPNOTSUPP, ENOENT, START_ERRORS(w));
}

static inline void do_pause(struct worker *w)
{
	ALLOW(w, agentsys_pause(w->h, some_id(w)), ESRCH, EINVAL, EBUSY);
}

static inline void do_resume(struct worker *w)
{
	ALLOW(w, agentsys_resume(w->h, some_id(w)), ESRCH, EINVAL, EBUSY);
}

static inline void do_remove(struct worker *w)
{
	/* It may be started again meanwhile. */
	ALLOW(w, agentsys_remove(w->h, some_id(w)), ESRCH, EBUSY, ECANCELED);
}

static inline void do_set(struct worker *w)
{
	struct agentsys_spec *spec = SPEC("unused");

	restarting(spec, pick(w, 3), pick(w, 30), pick(w, 100), pick(w, 200));
	ALLOW(w, agentsys_set(w->h, some_id(w), spec), ESRCH, EOPNOTSUPP);
	agentsys_spec_free(spec);
}

static inline void do_list(struct worker *w)
{
	struct agentsys_info **list;
	ssize_t n = agentsys_list(w->h, &list);

	ALLOW(w, n, 0);
	for (ssize_t i = 0; i < n; i++)
		if (list[i]->exits > list[i]->spawns || (i && list[i]->id <= list[i - 1]->id))
			unexpected(w, "agent %u: %lu spawns, %lu exits", list[i]->id,
				   list[i]->spawns, list[i]->exits);
	if (n >= 0)
		agentsys_list_free(list);
}

static inline void do_look(struct worker *w)
{
	struct agentsys_info *info = NULL;
	struct agentsys_system system = look_system(w->h);
	char *text = NULL;

	if (system.exits > system.spawns)
		unexpected(w, "%lu spawns, %lu exits", system.spawns, system.exits);
	ALLOW(w, agentsys_get(w->h, some_id(w), &info), ESRCH);
	agentsys_info_free(info);
	ALLOW(w, agentsys_info_text(w->device, w->id, &text), ESRCH);
	free(text);
}

static inline void do_telemetry(struct worker *w)
{
	char *text = NULL;

	ALLOW(w, agentsys_telemetry(w->device, &text), 0);
	free(text);
}

static inline void do_proc(struct worker *w)
{
	static const char *const pages[] = { "status", "telemetry", "events" };
	char path[64], buf[3001];
	int fd;

	snprintf(path, sizeof(path), "/proc/agentsys/%s", pages[pick(w, 3)]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	MUST(fd >= 0);
	/* In pieces of any size, so that it is left and come back to; not always to its end. */
	while (read(fd, buf, 1 + pick(w, sizeof(buf) - 1)) > 0 && pick(w, 100))
		;
	close(fd);
}

/* Who listens and who does not; who leaves while something is on its way. */
static inline void do_events(struct worker *w)
{
	struct agentsys_event event;

	if (!w->events)
		ALLOW(w, agentsys_events_open(&w->events, pick(w, 2) ? 0 : AGENTSYS_EVENTS_NEW),
		      0);
	for (int i = 0; w->events && i < 100; i++)
		if (agentsys_events_next(w->events, &event, NULL, 0) != 1)
			break;
	if (!w->events || pick(w, 3))
		return;
	agentsys_events_close(w->events);
	w->events = NULL;
}

/* A child of ours, which may end at any moment meanwhile. */
static inline void do_attach(struct worker *w)
{
	struct agentsys_spec *spec = agentsys_spec_new();
	unsigned int life = pick(w, 2) ? pick(w, 20000) : 0;
	pid_t pid = fork();

	MUST(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (life)
			usleep(life);
		else
			pause();
		_exit(life % 2);
	}
	agentsys_spec_set_id(spec, some_id(w));
	agentsys_spec_set_stop_timeout(spec, pick(w, 50));
	ALLOW(w, agentsys_attach(w->h, pid, spec, wait_or_not(w), NULL), EEXIST, ESRCH);
	agentsys_spec_free(spec);
	if (!pick(w, 3))
		usleep(pick(w, 20000));
	/* Somebody may have paused it: it need not end by itself. */
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static inline void do_kill_launcher(struct worker *w)
{
	pid_t pid = look_system(w->h).launcher_pid;

	if (pid)
		kill(pid, SIGKILL);
}

#endif
