// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first figures: what a start, a restart and an event cost, against the
 * least that a C program can do in the same boot; and what bystanders pay.
 *
 * The agent is agents/stamp.c, whose first act is to read the clock. Latencies
 * run from just before the request, or the kill, to that stamp.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>
#include <libasm.h>

#define STAMP	"/usr/lib/agentsys/tests/agents/stamp"
#define ROUNDS	101
#define LOOPS	20000
#define NAPS	20000000	/* ns, for the rest of the system to come to rest */

struct stamp {
	int64_t time[2];
	int64_t pid;
};

static int stamps[2];	/* the pipe that the agents write to */
static char *no_env[] = { NULL };
static char *stamp_args[] = { STAMP, NULL };

static void die(const char *what, int error)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(error));
	exit(1);
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = NAPS }, NULL);
}

static int64_t read_stamp(pid_t *pid)
{
	struct stamp stamp;

	if (read(stamps[0], &stamp, sizeof(stamp)) != sizeof(stamp))
		die("reading a stamp", errno);
	if (pid)
		*pid = stamp.pid;
	return stamp.time[0] * 1000000000LL + stamp.time[1];
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/**
 * struct figure - one row of the table
 * @name: what was measured
 * @floor: name of the figure that it is a multiple of, or NULL
 * @goal: that it should not exceed, 0 for none
 * @median: ns
 * @min: ns
 * @max: ns
 */
struct figure {
	const char *name;
	const char *floor;
	double goal;
	double median;
	double min;
	double max;
};

static struct figure figures[24];
static unsigned int nr_figures;

static void note(const char *name, const char *floor, double goal, int64_t *samples, size_t n,
		 double each)
{
	struct figure *figure = &figures[nr_figures++];

	qsort(samples, n, sizeof(*samples), by_value);
	figure->name = name;
	figure->floor = floor;
	figure->goal = goal;
	figure->median = samples[n / 2] / each;
	figure->min = samples[0] / each;
	figure->max = samples[n - 1] / each;
}

static const struct figure *find(const char *name)
{
	for (unsigned int i = 0; i < nr_figures; i++)
		if (name && !strcmp(figures[i].name, name))
			return &figures[i];
	return NULL;
}

/* ---- the floor: a C program that does nothing else */

static pid_t floor_spawn(void)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int ret;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, stamps[1], 1);
	ret = posix_spawn(&pid, STAMP, &actions, NULL, stamp_args, no_env);
	posix_spawn_file_actions_destroy(&actions);
	if (ret)
		die("posix_spawn", ret);
	return pid;
}

static void measure_floor(void)
{
	static int64_t start[ROUNDS], again[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		int64_t t0;
		pid_t pid;

		nap();
		t0 = now();
		pid = floor_spawn();
		start[i] = read_stamp(NULL) - t0;

		nap();
		t0 = now();
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		pid = floor_spawn();
		again[i] = read_stamp(NULL) - t0;

		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	note("floor: posix_spawn", NULL, 0, start, ROUNDS, 1);
	note("floor: SIGKILL, waitpid, posix_spawn", NULL, 0, again, ROUNDS, 1);
}

/* ---- ours */

static void check(int ret, struct agentsys *h, const char *what)
{
	if (ret >= 0)
		return;
	fprintf(stderr, "bench: %s: %s\n", what, agentsys_error(h));
	exit(1);
}

static struct agentsys_spec *new_spec(void)
{
	struct agentsys_spec *spec = agentsys_spec_new();

	agentsys_spec_add_arg(spec, STAMP);
	agentsys_spec_set_stdio_fd(spec, 1, stamps[1]);
	agentsys_spec_set_stdio_path(spec, 2, "/dev/null");
	return spec;
}

static void end(struct agentsys *h, uint32_t id)
{
	check(agentsys_kill(h, id, AGENTSYS_WAIT), h, "kill");
	check(agentsys_remove(h, id), h, "remove");
}

/* @first: the id of the first, counting up from there; 0 lets the module pick. */
static void measure_spawn(struct agentsys *h, const char *name, double goal, uint32_t first)
{
	static int64_t samples[ROUNDS];
	struct agentsys_spec *spec = new_spec();

	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint32_t id;
		int64_t t0;

		if (first)
			agentsys_spec_set_id(spec, first + i);
		nap();
		t0 = now();
		check(agentsys_spawn(h, spec, AGENTSYS_WAIT, &id), h, "spawn");
		samples[i] = read_stamp(NULL) - t0;
		end(h, id);
	}
	note(name, "floor: posix_spawn", goal, samples, ROUNDS, 1);
	agentsys_spec_free(spec);
}

static void measure_request(struct agentsys *h)
{
	static int64_t samples[ROUNDS];
	struct agentsys_spec *spec = new_spec();
	uint32_t id;
	int64_t t0;

	check(agentsys_spawn(h, spec, AGENTSYS_WAIT, &id), h, "spawn");
	read_stamp(NULL);
	for (int i = 0; i < ROUNDS; i++) {
		nap();
		t0 = now();
		check(agentsys_restart(h, id, 0, AGENTSYS_WAIT), h, "restart");
		samples[i] = read_stamp(NULL) - t0;
	}
	note("restart request (kills first) -> first instruction",
	     "floor: SIGKILL, waitpid, posix_spawn", 0, samples, ROUNDS, 1);
	end(h, id);
	agentsys_spec_free(spec);
}

static void measure_restart(struct agentsys *h)
{
	static int64_t samples[ROUNDS];
	struct agentsys_spec *spec = new_spec();
	uint32_t id;
	pid_t pid;

	agentsys_spec_set_restart(spec, AGENTSYS_RESTART_ALWAYS);
	agentsys_spec_set_max_restarts(spec, 1000000);
	agentsys_spec_set_backoff(spec, 0, 0);
	check(agentsys_spawn(h, spec, AGENTSYS_WAIT, &id), h, "spawn");
	read_stamp(&pid);
	for (int i = 0; i < ROUNDS; i++) {
		int64_t t0;

		nap();
		t0 = now();
		kill(pid, SIGKILL);
		samples[i] = read_stamp(&pid) - t0;
	}
	note("SIGKILL -> new instance's first instruction",
	     "floor: SIGKILL, waitpid, posix_spawn", 1.1, samples, ROUNDS, 1);
	end(h, id);
	agentsys_spec_free(spec);
}

/* The floor of learning of an end: a blocked waitpid() returns. */
static void measure_wait(void)
{
	static int64_t samples[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		int64_t t0;
		int pipes[2];
		pid_t pid, killer;

		if (pipe(pipes))
			die("pipe", errno);
		pid = floor_spawn();
		read_stamp(NULL);
		killer = fork();
		if (!killer) {
			nap();
			t0 = now();
			kill(pid, SIGKILL);
			if (write(pipes[1], &t0, sizeof(t0)) < 0)
				_exit(1);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
		samples[i] = now();
		waitpid(killer, NULL, 0);
		if (read(pipes[0], &t0, sizeof(t0)) != sizeof(t0))
			die("read", errno);
		samples[i] -= t0;
		close(pipes[0]);
		close(pipes[1]);
	}
	note("floor: SIGKILL -> waitpid returns", NULL, 0, samples, ROUNDS, 1);
}

static void measure_event(struct agentsys *h)
{
	static int64_t samples[ROUNDS];
	struct agentsys_spec *spec = new_spec();
	struct agentsys_events *events;
	struct agentsys_event event;

	if (agentsys_events_open(&events, AGENTSYS_EVENTS_NEW))
		die("events", errno);
	for (int i = 0; i < ROUNDS; i++) {
		int pipes[2];
		pid_t pid, killer;
		int64_t t0;
		uint32_t id;

		if (pipe(pipes))
			die("pipe", errno);
		check(agentsys_spawn(h, spec, AGENTSYS_WAIT, &id), h, "spawn");
		read_stamp(&pid);
		while (agentsys_events_next(events, &event, NULL, 0) > 0)
			;
		killer = fork();
		if (!killer) {
			nap();
			t0 = now();
			kill(pid, SIGKILL);
			if (write(pipes[1], &t0, sizeof(t0)) < 0)
				_exit(1);
			_exit(0);
		}
		do {
			if (agentsys_events_next(events, &event, NULL, 10000) != 1)
				die("no event", ETIMEDOUT);
		} while (event.type != AGENTSYS_EVENT_CRASH);
		samples[i] = now();
		waitpid(killer, NULL, 0);
		if (read(pipes[0], &t0, sizeof(t0)) != sizeof(t0))
			die("read", errno);
		samples[i] -= t0;
		close(pipes[0]);
		close(pipes[1]);
		end(h, id);
	}
	note("SIGKILL -> event in a listener's hands",
	     "floor: SIGKILL -> waitpid returns", 0, samples, ROUNDS, 1);
	agentsys_events_close(events);
	agentsys_spec_free(spec);
}

/* ---- bystanders */

#define SETS	21

static void measure_bystander(const char *open_name, const char *open_floor, const char *call_name,
			      const char *call_floor)
{
	static int64_t opens[SETS], calls[SETS];
	const char *path = "/tmp/a/b/c/file";

	mkdir("/tmp/a", 0755);
	mkdir("/tmp/a/b", 0755);
	mkdir("/tmp/a/b/c", 0755);
	close(open(path, O_CREAT | O_WRONLY, 0644));
	for (int i = 0; i < SETS; i++) {
		int64_t t0 = now();

		for (int j = 0; j < LOOPS; j++)
			close(open(path, O_RDONLY));
		opens[i] = now() - t0;
		t0 = now();
		for (int j = 0; j < LOOPS; j++)
			syscall(SYS_getppid);
		calls[i] = now() - t0;
	}
	note(open_name, open_floor, open_floor ? 1.01 : 0, opens, SETS, LOOPS);
	note(call_name, call_floor, call_floor ? 1.01 : 0, calls, SETS, LOOPS);
}

static void bystander_exec(const char *name, const char *floor)
{
	static int64_t samples[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		int64_t t0 = now();
		pid_t pid = floor_spawn();

		read_stamp(NULL);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		samples[i] = now() - t0;
	}
	note(name, floor, floor ? 1.01 : 0, samples, ROUNDS, 1);
}

/* ---- the report */

static double ratio(const struct figure *figure)
{
	const struct figure *floor = find(figure->floor);

	return floor ? figure->median / floor->median : 0;
}

static bool is_missed(const struct figure *figure)
{
	return figure->goal && ratio(figure) > figure->goal;
}

/* Return how many goals were missed. */
static unsigned int print_table(void)
{
	unsigned int missed = 0;

	printf("%-52s %10s %10s %10s %8s %7s\n", "what", "median us", "min", "max", "x floor", "goal");
	for (unsigned int i = 0; i < nr_figures; i++) {
		const struct figure *figure = &figures[i];

		printf("%-52s %10.3f %10.3f %10.3f", figure->name, figure->median / 1000,
		       figure->min / 1000, figure->max / 1000);
		if (figure->floor)
			printf(" %8.3f", ratio(figure));
		if (figure->goal)
			printf(" %7.3f%s", figure->goal, is_missed(figure) ? " missed" : "");
		printf("\n");
		missed += is_missed(figure);
	}
	return missed;
}

static void write_json(void)
{
	const char *folder = getenv("BENCH_OUT") ?: ".";
	struct json_object *root = json_object_new_object();
	struct json_object *rows = json_object_new_array();
	char path[256];

	for (unsigned int i = 0; i < nr_figures; i++) {
		const struct figure *figure = &figures[i];
		struct json_object *row = json_object_new_object();

		json_object_object_add(row, "name", json_object_new_string(figure->name));
		json_object_object_add(row, "median_ns", json_object_new_double(figure->median));
		json_object_object_add(row, "min_ns", json_object_new_double(figure->min));
		json_object_object_add(row, "max_ns", json_object_new_double(figure->max));
		if (figure->floor) {
			json_object_object_add(row, "floor", json_object_new_string(figure->floor));
			json_object_object_add(row, "ratio", json_object_new_double(ratio(figure)));
		}
		if (figure->goal)
			json_object_object_add(row, "goal", json_object_new_double(figure->goal));
		json_object_array_add(rows, row);
	}
	json_object_object_add(root, "unit", json_object_new_string("ns of guest time"));
	json_object_object_add(root, "figures", rows);
	snprintf(path, sizeof(path), "%s/quick.json", folder);
	if (json_object_to_file_ext(path, root, JSON_C_TO_STRING_PRETTY))
		die(path, errno);
	json_object_put(root);
}

static void run(const char *command)
{
	if (system(command))
		die(command, EIO);
}

int main(void)
{
	struct agentsys *h;
	uint32_t ballast;
	struct agentsys_spec *spec;
	unsigned int missed;

	if (pipe2(stamps, O_CLOEXEC))
		die("pipe", errno);

	if (!access("/sys/module/agentsys", F_OK))
		run("rmmod agentsys");
	measure_bystander("bystander without the module: open+close", NULL,
			  "bystander without the module: getppid", NULL);
	bystander_exec("bystander without the module: exec, exit", NULL);
	measure_floor();
	measure_wait();

	run("insmod \"$AGENTSYS_KO\"");
	if (agentsys_open(&h))
		die("agentsys_open", ENODEV);
	/* An agent that stays, as on a machine in use: the launcher is resident then. */
	spec = new_spec();
	check(agentsys_spawn(h, spec, AGENTSYS_WAIT, &ballast), h, "spawn");
	read_stamp(NULL);
	agentsys_spec_free(spec);

	measure_bystander("bystander with the module: open+close",
			  "bystander without the module: open+close",
			  "bystander with the module: getppid",
			  "bystander without the module: getppid");
	bystander_exec("bystander with the module: exec, exit",
		       "bystander without the module: exec, exit");
	measure_spawn(h, "spawn request -> first instruction", 1.1, 0);
	/* The cgroup of an id that was not foreseen is made on the way. */
	measure_spawn(h, "the same under an id that the caller chose", 0, 100);
	measure_request(h);
	measure_restart(h);
	measure_event(h);

	check(agentsys_shutdown(h, 0, AGENTSYS_WAIT, NULL, NULL), h, "shutdown");
	agentsys_close(h);
	missed = print_table();
	write_json();
	return missed ? 1 : 0;
}
