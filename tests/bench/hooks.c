// SPDX-License-Identifier: GPL-2.0-only
/*
 * What bystanders pay for the hooks on system calls while some agent is counted, by
 * either way to hook them, and that they pay nothing before and after.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>
#include <libasm.h>

#define LOOPS	20000
#define SETS	11

/* It makes some calls now and then, by which one sees that they are counted. */
#define AGENT	"while :; do sleep 0.1; done"

/* As long as some ticks of the clock. */
#define SLICE_NS 100000000LL
#define SLICES_MAX 100

/* Longer than the hooks linger when nobody is counted any more. */
#define LINGER_S 3

static struct json_object *rows;
static unsigned int missed;

static void die(const char *what, int error)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(error));
	exit(1);
}

static void run(const char *command)
{
	if (system(command))
		die(command, EIO);
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/*
 * What runs beside us, as it does for a while after booting, would be taken for a part of the
 * first figures, which the others are multiples of. That is waited for, though not without end.
 */
static void come_to_rest(void)
{
	for (int i = 0; i < SLICES_MAX; i++) {
		int64_t t0 = now();
		clock_t begun = clock();

		while (now() - t0 < SLICE_NS)
			;
		if ((clock() - begun) * (1000000000LL / CLOCKS_PER_SEC) >= SLICE_NS / 100 * 98)
			return;
	}
}

/* The median, in ns. */
static double null_call(void)
{
	int64_t sets[SETS];

	for (int i = 0; i < SETS; i++) {
		int64_t t0 = now();

		for (int j = 0; j < LOOPS; j++)
			syscall(SYS_getppid);
		sets[i] = now() - t0;
	}
	qsort(sets, SETS, sizeof(*sets), by_value);
	return (double)sets[SETS / 2] / LOOPS;
}

static double open_and_close(void)
{
	int64_t sets[SETS];

	for (int i = 0; i < SETS; i++) {
		int64_t t0 = now();

		for (int j = 0; j < LOOPS / 4; j++)
			close(open("/etc/passwd", O_RDONLY));
		sets[i] = now() - t0;
	}
	qsort(sets, SETS, sizeof(*sets), by_value);
	return (double)sets[SETS / 2] / (LOOPS / 4);
}

static void note(const char *hooks, const char *what, double ns, double floor, double goal)
{
	struct json_object *row = json_object_new_object();
	char name[96];

	snprintf(name, sizeof(name), "%s: %s", hooks, what);
	printf("%-52s %10.1f ns", name, ns);
	json_object_object_add(row, "name", json_object_new_string(name));
	json_object_object_add(row, "median_ns", json_object_new_double(ns));
	if (floor) {
		printf(" %8.3f", ns / floor);
		json_object_object_add(row, "ratio", json_object_new_double(ns / floor));
	}
	if (goal) {
		printf(" %7.3f%s", goal, ns / floor > goal ? " missed" : "");
		missed += ns / floor > goal;
		json_object_object_add(row, "goal", json_object_new_double(goal));
	}
	printf("\n");
	json_object_array_add(rows, row);
}

static bool is_counted(struct agentsys *h, uint32_t id)
{
	struct agentsys_info *info;
	bool counted;

	if (agentsys_get(h, id, &info))
		die("agentsys_get", ESRCH);
	counted = info->syscalls;
	agentsys_info_free(info);
	return counted;
}

static void measure(const char *hooks, double goal)
{
	const char *const args[] = { "/bin/sh", "-c", AGENT, NULL };
	struct agentsys_spec *spec = agentsys_spec_new();
	double call, file;
	char command[96];
	struct agentsys *h;
	uint32_t id;

	if (!access("/sys/module/agentsys", F_OK))
		run("rmmod agentsys");
	snprintf(command, sizeof(command), "insmod \"$AGENTSYS_KO\" hooks=%s", hooks);
	run(command);
	if (agentsys_open(&h))
		die("agentsys_open", ENODEV);
	come_to_rest();
	call = null_call();
	file = open_and_close();
	note(hooks, "getppid, nobody counted", call, 0, 0);
	note(hooks, "open+close, nobody counted", file, 0, 0);

	agentsys_spec_set_args(spec, args);
	agentsys_spec_set_limit(spec, AGENTSYS_LIMIT_SYSCALL_RATE, 100000);
	if (agentsys_spawn(h, spec, AGENTSYS_WAIT, &id))
		die(agentsys_error(h), EIO);
	while (!is_counted(h, id))
		usleep(10000);
	note(hooks, "getppid, somebody counted", null_call(), call, goal);
	note(hooks, "open+close, somebody counted", open_and_close(), file, 0);
	if (agentsys_kill(h, id, AGENTSYS_WAIT))
		die(agentsys_error(h), EIO);
	sleep(LINGER_S);
	note(hooks, "getppid, nobody counted any more", null_call(), call, 1.005);
	agentsys_spec_free(spec);
	if (agentsys_shutdown(h, 0, AGENTSYS_WAIT, NULL, NULL))
		die(agentsys_error(h), EIO);
	agentsys_close(h);
}

int main(void)
{
	const char *folder = getenv("BENCH_OUT") ?: ".";
	struct json_object *root = json_object_new_object();
	char path[256];

	rows = json_object_new_array();
	printf("%-52s %13s %8s %7s\n", "what", "median", "x floor", "goal");
	measure("ftrace", 1.06);
	measure("tracepoint", 0);
	json_object_object_add(root, "unit", json_object_new_string("ns of guest time"));
	json_object_object_add(root, "figures", rows);
	snprintf(path, sizeof(path), "%s/hooks.json", folder);
	if (json_object_to_file_ext(path, root, JSON_C_TO_STRING_PRETTY))
		die(path, errno);
	json_object_put(root);
	return missed ? 1 : 0;
}
