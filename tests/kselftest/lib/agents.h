/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tests of agents share: a connection with its events, specs in one line,
 * and waiting for what is to come.
 *
 * A test waits for an event, for a line of its agent or for a condition, never
 * for a time; PATIENCE_MS only ends a test whose event does not come.
 *
 * Include it behind kselftest_harness.h.
 */
#ifndef TESTS_LIB_AGENTS_H
#define TESTS_LIB_AGENTS_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <libasm.h>

#define PATIENCE_MS	(20000 * vm_scale())

/* Longer than any test: an agent that waits for it waits for ever. */
#define NEVER_MS	3600000

#define CGROUPS		"/sys/fs/cgroup/agentsys"

/* Where tests put their files; every test finds it empty. */
#define WORK		"/tmp/test"

/* @seen: number of the last event that was looked at, or that was there before agents_open() */
struct agents {
	struct agentsys *h;
	struct agentsys_events *events;
	uint64_t seen;
};

/* What a test cannot go on without, where no assertion can be. */
#define MUST(condition) do {						\
	if (!(condition)) {						\
		fprintf(stderr, "# %s:%d: %s: %m\n", __FILE__, __LINE__, #condition);	\
		abort();						\
	}								\
} while (0)

static inline uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/* Wait until @condition holds, and be whether it does. For what makes no event. */
#define AWAIT(condition) ({						\
	uint64_t __until = now_ms() + PATIENCE_MS;			\
	bool __holds;							\
									\
	while (!(__holds = (condition)) && now_ms() < __until)		\
		usleep(500);						\
	__holds;							\
})

/* A call that is to succeed, with the module's own words when it does not. */
#define ASSERT_OK(h, call) ASSERT_EQ(0, call) TH_LOG("%s", agentsys_error(h))
#define EXPECT_OK(h, call) EXPECT_EQ(0, call) TH_LOG("%s", agentsys_error(h))

/* A call that is to be refused with @error, and with @words in the text. */
#define EXPECT_REFUSED(h, error, words, call) do {			\
	int __ret = (call);						\
									\
	EXPECT_EQ(-(error), __ret) TH_LOG("%s", agentsys_error(h));	\
	EXPECT_NE(NULL, strstr(agentsys_error(h), words))		\
		TH_LOG("\"%s\" does not say \"%s\"", agentsys_error(h), words);	\
} while (0)

/* ---- the world ---- */

/* The system's counters; its strings are not in it. */
static inline struct agentsys_system look_system(struct agentsys *h)
{
	struct agentsys_system copy = { 0 };
	struct agentsys_system *system;

	MUST(!agentsys_system(h, &system));
	copy = *system;
	copy.release = copy.launcher_path = copy.cgroup_root = copy.controllers = copy.hooks = NULL;
	agentsys_system_free(system);
	return copy;
}

/* The launcher may have been left stopped, which would hold up everything else. */
static inline void wake_launcher(struct agentsys *h)
{
	pid_t pid = look_system(h).launcher_pid;

	if (pid)
		kill(pid, SIGCONT);
}

/* End and forget every agent, those of a test that died among them. */
static inline void agents_clear(struct agentsys *h)
{
	struct agentsys_info **list;
	ssize_t n;

	wake_launcher(h);
	n = agentsys_list(h, &list);
	for (ssize_t i = 0; i < n; i++) {
		agentsys_kill(h, list[i]->id, AGENTSYS_WAIT);
		agentsys_remove(h, list[i]->id);
	}
	if (n >= 0)
		agentsys_list_free(list);
}

static inline void agents_open(struct __test_metadata *_metadata, struct agents *a)
{
	ASSERT_EQ(0, agentsys_open(&a->h));
	agents_clear(a->h);
	a->seen = look_system(a->h).events;
	ASSERT_EQ(0, agentsys_events_open(&a->events, a->seen ?: AGENTSYS_EVENTS_NEW));
}

static inline void agents_close(struct agents *a)
{
	agents_clear(a->h);
	agentsys_events_close(a->events);
	agentsys_close(a->h);
}

/* A fixture that is a connection alone. Each test begins and ends without agents. */
#define AGENTS_FIXTURE(name)						\
	FIXTURE(name) {							\
		struct agents a;					\
	};								\
									\
	FIXTURE_SETUP(name)						\
	{								\
		agents_open(_metadata, &self->a);			\
	}								\
									\
	FIXTURE_TEARDOWN(name)						\
	{								\
		agents_close(&self->a);					\
	}								\
	struct agents

/* ---- specs ---- */

static inline struct agentsys_spec *spec_of(const char *const args[])
{
	struct agentsys_spec *spec = agentsys_spec_new();

	MUST(spec && !agentsys_spec_set_args(spec, args));
	return spec;
}

/* A spec that runs these words. Tests do not free specs. */
#define SPEC(...) spec_of((const char *const[]){ __VA_ARGS__, NULL })

/* A spec that runs a line of shell. */
#define SHELL(line) SPEC("/bin/sh", "-c", line)

/* A spec that runs on and on, and ends as it is told. */
#define SLEEP SPEC("/bin/sleep", "1000000")

/* A program of tests/kselftest/agents. */
static inline const char *program(const char *name)
{
	const char *folder = getenv("AGENTS");
	char *path;

	MUST(asprintf(&path, "%s/%s", folder ?: ".", name) > 0);
	return path;
}

static inline struct agentsys_spec *restarting(struct agentsys_spec *spec,
					       enum agentsys_restart condition, uint32_t max,
					       uint32_t initial_ms, uint32_t max_ms)
{
	agentsys_spec_set_restart(spec, condition);
	agentsys_spec_set_max_restarts(spec, max);
	agentsys_spec_set_backoff(spec, initial_ms, max_ms);
	return spec;
}

/* Give @spec a pipe as descriptor @n and return our end of it. */
static inline int piped(struct agentsys_spec *spec, int n)
{
	int ends[2];

	/* Ends of the agent stay open here: the spec needs them until it is spawned. */
	MUST(!pipe2(ends, O_CLOEXEC));
	MUST(!agentsys_spec_set_stdio_fd(spec, n, ends[n ? 1 : 0]));
	return ends[n ? 0 : 1];
}

/* Spawn it, wait until it runs, and be its id. */
#define SPAWN(a, spec) ({						\
	uint32_t __id;							\
									\
	ASSERT_OK((a)->h, agentsys_spawn((a)->h, spec, AGENTSYS_WAIT, &__id));	\
	__id;								\
})

/* The same, for one that writes "ready" when it is: wait for that too. */
#define SPAWN_READY(a, spec) ({						\
	struct agentsys_spec *__spec = (spec);				\
	int __out = piped(__spec, 1);					\
	uint32_t __ready = SPAWN(a, __spec);				\
									\
	ASSERT_LINE("ready", __out);					\
	__ready;							\
})

/* ---- looking ---- */

/* An agent as it is now; its cgroup's path is not in it. All 0 if there is none. */
static inline struct agentsys_info look(struct agents *a, uint32_t id)
{
	struct agentsys_info copy = { .state = UINT32_MAX };
	struct agentsys_info *info;

	if (agentsys_get(a->h, id, &info))
		return copy;
	copy = *info;
	copy.cgroup = NULL;
	agentsys_info_free(info);
	return copy;
}

static inline bool is_state(struct agents *a, uint32_t id, enum agentsys_state state)
{
	return look(a, id).state == state;
}

static inline bool has_controller(struct agents *a, const char *name)
{
	struct agentsys_system *system;
	bool has;

	MUST(!agentsys_system(a->h, &system));
	has = strstr(system->controllers, name);
	agentsys_system_free(system);
	return has;
}

/* A whole small file, terminated; -1 if it cannot be read. */
static inline ssize_t read_whole(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	buf[0] = '\0';
	if (fd < 0)
		return -1;
	while (len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += n;
	buf[len] = '\0';
	close(fd);
	return len;
}

static inline bool cgroup_exists(uint32_t id)
{
	char path[64];

	snprintf(path, sizeof(path), CGROUPS "/%u", id);
	return !access(path, F_OK);
}

/* Directories of agents that there are. */
static inline int count_cgroups(void)
{
	DIR *dir = opendir(CGROUPS);
	struct dirent *entry;
	int n = 0;

	while (dir && (entry = readdir(dir)))
		n += entry->d_type == DT_DIR && entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}

static inline ssize_t read_cgroup(uint32_t id, const char *name, char *buf, size_t size)
{
	char path[128];

	snprintf(path, sizeof(path), CGROUPS "/%u/%s", id, name);
	return read_whole(path, buf, size);
}

/* Is @pid in the cgroup of agent @id? */
static inline bool in_agent(pid_t pid, uint32_t id)
{
	char path[64], text[512], want[64];

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	snprintf(want, sizeof(want), "0::/agentsys/%u\n", id);
	return read_whole(path, text, sizeof(text)) > 0 && strstr(text, want);
}

/* The state letter of a process or a thread, 0 if there is none. */
static inline char process_state(pid_t pid)
{
	char path[64], text[512];
	char *end;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_whole(path, text, sizeof(text)) <= 0)
		return 0;
	end = strrchr(text, ')');
	return end ? end[2] : 0;
}

/* ---- waiting ---- */

/* The next event of agent @id, or of anybody if it is 0. */
static inline bool next_event(struct agents *a, uint32_t id, struct agentsys_event *event)
{
	uint64_t until = now_ms() + PATIENCE_MS;
	uint64_t now;

	while ((now = now_ms()) < until) {
		if (agentsys_events_next(a->events, event, NULL, until - now) != 1)
			continue;
		a->seen = event->seq;
		if (!id || event->agent_id == id)
			return true;
	}
	return false;
}

static inline bool event_of_type(struct agents *a, uint32_t id, uint32_t type,
				 struct agentsys_event *event)
{
	do {
		if (!next_event(a, id, event))
			return false;
	} while (event->type != type);
	return true;
}

/* The next event of the agent, which is to be a ... */
#define NEXT(a, id, what) ({						\
	struct agentsys_event __event = { 0 };				\
	char __text[160] = "nothing";					\
									\
	if (next_event(a, id, &__event))			\
		agentsys_event_text(&__event, __text, sizeof(__text));	\
	ASSERT_EQ(AGENTSYS_EVENT_##what, __event.type)			\
		TH_LOG("%s came instead of " #what, __text);		\
	__event;							\
})

/* Some next event of the agent that is a ...; others before it are passed over. */
#define LATER(a, id, what) ({						\
	struct agentsys_event __event = { 0 };				\
									\
	ASSERT_TRUE(event_of_type(a, id, AGENTSYS_EVENT_##what, &__event))	\
		TH_LOG("no " #what " of agent %u", id);			\
	__event;							\
})

/*
 * Nothing has happened to the agent since the last event that was looked at. The
 * module's own ring is asked: a notification may still be on its way.
 */
static inline bool no_event(struct agents *a, uint32_t id)
{
	struct agentsys_events *ring;
	struct agentsys_event event;
	bool none = true;

	MUST(!agentsys_events_open(&ring, a->seen));
	while (none && agentsys_events_next(ring, &event, NULL, 0) == 1)
		none = event.seq <= a->seen || event.agent_id != id;
	agentsys_events_close(ring);
	return none;
}

/* Pass over what has happened so far. */
static inline void skip_events(struct agents *a)
{
	uint64_t last = look_system(a->h).events;
	struct agentsys_event event;

	while (a->seen < last)
		MUST(next_event(a, 0, &event));
}

static inline bool readable(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, PATIENCE_MS) > 0;
}

/* A line that an agent writes, without its end. False if none comes. */
static inline bool read_line(int fd, char *buf, size_t size)
{
	size_t len = 0;

	while (len < size - 1 && readable(fd) && read(fd, buf + len, 1) == 1) {
		if (buf[len] == '\n') {
			buf[len] = '\0';
			return true;
		}
		len++;
	}
	buf[len] = '\0';
	return false;
}

#define EXPECT_LINE(want, fd) do {					\
	char __line[256];						\
									\
	EXPECT_TRUE(read_line(fd, __line, sizeof(__line)));		\
	EXPECT_STREQ(want, __line);					\
} while (0)

#define ASSERT_LINE(want, fd) do {					\
	char __line[256];						\
									\
	ASSERT_TRUE(read_line(fd, __line, sizeof(__line)));		\
	ASSERT_STREQ(want, __line);					\
} while (0)

/* Nobody has the other end of @fd open any more. */
static inline bool end_of_file(int fd)
{
	char byte;

	while (readable(fd)) {
		ssize_t n = read(fd, &byte, 1);

		if (n <= 0)
			return n == 0;
	}
	return false;
}

static inline int open_pidfd(pid_t pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

/* A FIFO in @path whose reading end is ours: it ends when the last writer has died. */
static inline int make_fifo(const char *path)
{
	int fd;

	unlink(path);
	MUST(!mkfifo(path, 0666));
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	MUST(fd >= 0 && !fcntl(fd, F_SETFL, 0));
	return fd;
}

static inline void make_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	MUST(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	MUST(!fchmod(fd, mode));
	close(fd);
}

/* ---- holding a start up ---- */

/*
 * Stop the launcher: what is spawned from now on stays queued. It must be there,
 * so some agent must live.
 */
static inline pid_t hold_launcher(struct agents *a)
{
	pid_t pid = look_system(a->h).launcher_pid;

	MUST(pid && !kill(pid, SIGSTOP));
	MUST(AWAIT(process_state(pid) == 'T'));
	return pid;
}

/*
 * A copy of a program that cannot be executed before release_program(): whoever
 * tries sleeps in its exec, past its commit.
 */
struct held {
	int fd;		/* with the lease */
	int signals;
};

static inline struct held hold_program(const char *from, const char *to)
{
	char buf[65536];
	struct held held;
	sigset_t set;
	ssize_t n;
	int in, out;

	in = open(from, O_RDONLY | O_CLOEXEC);
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		MUST(write(out, buf, n) == n);
	close(in);
	close(out);

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigprocmask(SIG_BLOCK, &set, NULL);
	held.signals = signalfd(-1, &set, SFD_CLOEXEC);
	held.fd = open(to, O_RDONLY | O_CLOEXEC);
	MUST(held.signals >= 0 && held.fd >= 0 && !fcntl(held.fd, F_SETLEASE, F_WRLCK));
	return held;
}

/* Wait until somebody tries. */
static inline bool tried(struct held *held)
{
	struct signalfd_siginfo info;

	return readable(held->signals) && read(held->signals, &info, sizeof(info)) > 0;
}

static inline void release_program(struct held *held)
{
	fcntl(held->fd, F_SETLEASE, F_UNLCK);
	close(held->fd);
	close(held->signals);
}

#endif
