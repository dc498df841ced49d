// SPDX-License-Identifier: GPL-2.0-only
#include "spec.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <linux/agentsys_netlink.h>
#include <string.h>

#include "limit.h"
#include "parse.h"
#include "restarts.h"

/* MAX where only MS is given. */
#define BACKOFF_MAX_MS 30000

void need_memory(int ret)
{
	if (ret)
		out_of_memory();
}

struct agentsys_spec *new_spec(void)
{
	struct agentsys_spec *spec = agentsys_spec_new();

	need_memory(spec ? 0 : -ENOMEM);
	return spec;
}

bool take_yes_no(const char *arg)
{
	if (strcmp(arg, "yes") && strcmp(arg, "no"))
		usage_error("'%s' is neither yes nor no", arg);
	return !strcmp(arg, "yes");
}

/* It would be taken for an id. */
static bool is_number(const char *name)
{
	return !name[strspn(name, "0123456789")];
}

bool name_fits(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!isascii(*c) || !isprint(*c))
			return false;
	return strlen(name) <= AGENTSYS_NAME_MAX && !is_number(name);
}

static void take_identity(struct agentsys_spec *spec, int key, const char *arg)
{
	uint32_t id;

	if (key == OPT_ID) {
		if (!parse_id(arg, &id))
			usage_error("'%s' is not an id, which is a number from %d to %d", arg,
				    AGENTSYS_ID_MIN, AGENTSYS_ID_MAX);
		agentsys_spec_set_id(spec, id);
	} else {
		if (!*arg || strlen(arg) > AGENTSYS_NAME_MAX)
			usage_error("a name has 1 to %d bytes", AGENTSYS_NAME_MAX);
		if (is_number(arg))
			usage_error("'%s' is no name: it would be taken for an id", arg);
		need_memory(agentsys_spec_set_name(spec, arg));
	}
}

void take_backoff(const char *arg, uint32_t *initial_ms, uint32_t *max_ms)
{
	const char *why;
	bool has_max;

	if (!parse_backoff(arg, initial_ms, max_ms, &has_max, &why))
		usage_error("'%s' %s", arg, why);
	if (!has_max)
		*max_ms = *initial_ms > BACKOFF_MAX_MS ? *initial_ms : BACKOFF_MAX_MS;
}

static void take_restart(struct agentsys_spec *spec, int key, const char *arg)
{
	uint32_t condition, initial, max;
	uint64_t n;

	switch (key) {
	case OPT_RESTART:
		if (restart_instead(arg))
			usage_error("'%s' is no condition of ours: write %s", arg,
				    restart_instead(arg));
		if (!parse_restart(arg, &condition))
			usage_error("'%s' is not one of never, on-failure, on-abnormal, always",
				    arg);
		agentsys_spec_set_restart(spec, condition);
		break;
	case OPT_MAX_RESTARTS:
		if (!strcmp(arg, "infinity"))
			n = AGENTSYS_RESTARTS_UNLIMITED;
		else if (!parse_number(arg, INT_MAX, &n))
			usage_error("'%s' is not a number of restarts, 0 to %d, or infinity", arg,
				    INT_MAX);
		agentsys_spec_set_max_restarts(spec, n);
		break;
	case OPT_BACKOFF:
		take_backoff(arg, &initial, &max);
		agentsys_spec_set_backoff(spec, initial, max);
		break;
	}
}

static void take_stop(struct agentsys_spec *spec, int key, const char *arg)
{
	const char *why;
	uint32_t ms;
	int signal;

	if (key == OPT_STOP_SIGNAL) {
		if (!parse_signal(arg, &signal))
			usage_error("'%s' is not a signal", arg);
		agentsys_spec_set_stop_signal(spec, signal);
	} else {
		if (!parse_stop_timeout(arg, &ms, &why))
			usage_error("'%s' %s", arg, why);
		agentsys_spec_set_stop_timeout(spec, ms);
	}
}

static void take_limit(struct agentsys_spec *spec, int key, const char *arg)
{
	uint64_t n, period;

	switch (key) {
	case OPT_MEMORY_MAX:
	case OPT_MEMORY_HIGH:
		if (!parse_memory(arg, &n))
			usage_error("'%s' is not a size, as 100M, 1.5G, 0 or infinity for no limit",
				    arg);
		if (key == OPT_MEMORY_MAX)
			agentsys_spec_set_memory_max(spec, n);
		else
			agentsys_spec_set_memory_high(spec, n);
		break;
	case OPT_CPU:
		if (!parse_cpu(arg, &n, &period))
			usage_error("'%s' is no CPU time, as 50%%, 50000/100000 (1 ms or more), 0",
				    arg);
		agentsys_spec_set_cpu(spec, n, period);
		break;
	case OPT_PIDS_MAX:
		if (!parse_count(arg, &n))
			usage_error("'%s' is not a number of processes, 1 to %d, or 0 or infinity",
				    arg, INT_MAX);
		agentsys_spec_set_pids_max(spec, n);
		break;
	case OPT_WATCHDOG:
		if (!parse_limit_value(AGENTSYS_LIMIT_WATCHDOG, arg, &n))
			usage_error("'%s' is no time, as 500ms, 30s, or 0 or infinity for no limit",
				    arg);
		agentsys_spec_set_limit(spec, AGENTSYS_LIMIT_WATCHDOG, n);
		break;
	}
}

static void take_any_limit(struct agentsys_spec *spec, const char *arg)
{
	struct agentsys_limit_change parts[LIMIT_PARTS];
	const char *why;
	size_t n = parse_limit(arg, parts, &why);

	if (!n)
		usage_error("'%s' %s", arg, why);
	for (size_t i = 0; i < n; i++)
		agentsys_spec_set_limit(spec, parts[i].limit, parts[i].max);
}

static void take_process(struct agentsys_spec *spec, int key, const char *arg)
{
	uint64_t soft, hard;
	unsigned int resource;
	const char *why;
	int64_t n;

	switch (key) {
	case OPT_NICE:
		if (!parse_signed(arg, -20, 19, &n))
			usage_error("'%s' is not a nice value, -20 to 19", arg);
		agentsys_spec_set_nice(spec, n);
		break;
	case OPT_OOM_SCORE_ADJ:
		if (!parse_signed(arg, -1000, 1000, &n))
			usage_error("'%s' is not an OOM score adjustment, -1000 to 1000", arg);
		agentsys_spec_set_oom_score_adj(spec, n);
		break;
	case OPT_RLIMIT:
		if (!parse_rlimit(arg, &resource, &soft, &hard, &why))
			usage_error("'%s' %s", arg, why);
		agentsys_spec_set_rlimit(spec, resource, soft, hard);
		break;
	}
}

bool take_spec_option(struct agentsys_spec *spec, int key, const char *arg)
{
	switch (key) {
	case OPT_ID:
	case OPT_NAME:
		take_identity(spec, key, arg);
		return true;
	case OPT_RESTART:
	case OPT_MAX_RESTARTS:
	case OPT_BACKOFF:
		take_restart(spec, key, arg);
		return true;
	case OPT_STOP_SIGNAL:
	case OPT_STOP_TIMEOUT:
		take_stop(spec, key, arg);
		return true;
	case OPT_MEMORY_MAX:
	case OPT_MEMORY_HIGH:
	case OPT_CPU:
	case OPT_PIDS_MAX:
	case OPT_WATCHDOG:
		take_limit(spec, key, arg);
		return true;
	case OPT_LIMIT:
		take_any_limit(spec, arg);
		return true;
	case OPT_NICE:
	case OPT_OOM_SCORE_ADJ:
	case OPT_RLIMIT:
		take_process(spec, key, arg);
		return true;
	}
	return take_restarts_option(spec, key, arg);
}

int start_failed(struct agentsys *h, int error, const char *what)
{
	complain("cannot %s: %s", what, agentsys_error(h));
	if (error == -EOPNOTSUPP && agentsys_error_step(h) == AGENTSYS_STEP_NONE)
		return EXIT_NOT_AVAILABLE;
	if (agentsys_error_step(h) == AGENTSYS_STEP_LIMITS && error == -ENOENT)
		complain("a controller for it is missing, see \"asmctl doctor\"");
	if (agentsys_error_step(h) == AGENTSYS_STEP_NONE && error == -ENOENT)
		return group_status_of(error);
	/* What a step of the launch said is about the program, not about us. */
	if (agentsys_error_step(h) != AGENTSYS_STEP_NONE || error == -ESRCH)
		return EXIT_FAILED;
	return exit_status_of(error);
}
