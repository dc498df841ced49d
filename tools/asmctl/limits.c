// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asmctl.h"
#include "limit.h"

/* More than there are limits have no use. */
#define CHANGES_MAX 64

#define DEFAULT "default"

enum {
	OPT_PRESET = OPT_FIRST,
};

static const struct option_def options[] = {
	{ OPT_PRESET, "preset", "PRESET", "none or guide, for default: all limits of new agents" },
	OPTION_JSON,
	OPTION_END,
};

static const char *const presets[] = {
	[AGENTSYS_LIMITS_NONE] = "none",
	[AGENTSYS_LIMITS_GUIDE] = "guide",
};

/* What is asked for. */
struct wish {
	const char *agent;
	uint32_t preset;
	struct agentsys_limit_change change[CHANGES_MAX];
	size_t n;
	bool json;
};

static bool is_default(const struct wish *wish)
{
	return wish->agent && !strcmp(wish->agent, DEFAULT);
}

static void take_preset(struct wish *wish, const char *text)
{
	for (uint32_t i = 0; i < ARRAY_SIZE(presets); i++)
		if (!strcmp(text, presets[i])) {
			wish->preset = i;
			return;
		}
	usage_error("'%s' is no preset: none or guide", text);
}

static void take_change(struct wish *wish, const char *text)
{
	const char *why;
	size_t n;

	if (wish->n + LIMIT_PARTS > CHANGES_MAX)
		usage_error("too many limits");
	n = parse_limit(text, wish->change + wish->n, &why);
	if (!n)
		usage_error("'%s' %s", text, why);
	wish->n += n;
}

/* ---- to people ---- */

/* How much of it is used, "" where there is no limit or nobody knows. */
static const char *percentage(const struct agentsys_limits_info *limits, uint32_t limit,
			      char buf[FORMAT_MAX])
{
	*buf = '\0';
	if (limits->max[limit] && limits->known[limit])
		snprintf(buf, FORMAT_MAX, "%.0f%%",
			 100.0 * limits->used[limit] / limits->max[limit]);
	return buf;
}

static enum colour colour_of_use(const struct agentsys_limits_info *limits, uint32_t limit)
{
	double share;

	if (!limits->max[limit] || !limits->known[limit])
		return PLAIN;
	share = (double)limits->used[limit] / limits->max[limit];
	return share >= 1 ? RED : share >= 0.8 ? YELLOW : PLAIN;
}

static void add_row(struct table *table, const char *name,
		    const struct agentsys_limits_info *limits, uint32_t limit)
{
	uint64_t period_us = limits->max[AGENTSYS_LIMIT_CPU_PERIOD];
	char max[FORMAT_MAX] = "-", used[FORMAT_MAX] = "-", share[FORMAT_MAX], id[16];

	snprintf(id, sizeof(id), "%" PRIu32, limits->id);
	if (limits->max[limit])
		format_limit(limit, limits->max[limit], period_us, max);
	if (limits->known[limit])
		format_limit(limit, limits->used[limit], period_us, used);
	table_add(table, (struct cell[]){
				 { id, PLAIN },
				 { name, BOLD },
				 { limit_title(limit), PLAIN },
				 { max, PLAIN },
				 { used, PLAIN },
				 { percentage(limits, limit, share), colour_of_use(limits, limit) },
			 });
}

static struct table *begin_table(void)
{
	static const char *const titles[] = { "-ID", "NAME", "LIMIT", "-MAX", "-USED", "-USE" };

	return table_new(titles, ARRAY_SIZE(titles));
}

static void add_rows(struct table *table, const char *name,
		     const struct agentsys_limits_info *limits, bool all)
{
	for (uint32_t i = 0; i < limits->limits; i++)
		if (!is_part(i) && (limits->max[i] || (all && limits->known[i])))
			add_row(table, name, limits, i);
}

static void print_default(const struct agentsys_limits_info *limits)
{
	static const char *const titles[] = { "LIMIT", "-MAX" };
	struct table *table = table_new(titles, ARRAY_SIZE(titles));
	char max[FORMAT_MAX];

	for (uint32_t i = 0; i < limits->limits; i++) {
		if (is_part(i) || !limits->max[i])
			continue;
		format_limit(i, limits->max[i], limits->max[AGENTSYS_LIMIT_CPU_PERIOD], max);
		table_add(table, (struct cell[]){ { limit_title(i), PLAIN }, { max, PLAIN } });
	}
	table_print(table);
}

/* ---- to programs ---- */

static struct json_object *json_of_limits(const struct agentsys_limits_info *limits)
{
	struct json_object *object = json_object_new_object();

	for (uint32_t i = 0; i < limits->limits; i++) {
		struct json_object *one = json_object_new_object();

		json_object_object_add(one, "limit",
				       limits->max[i] ? json_object_new_uint64(limits->max[i]) :
							NULL);
		if (limits->known[i])
			json_object_object_add(one, "used",
					       json_object_new_uint64(limits->used[i]));
		json_object_object_add(object, agentsys_limit_name(i), one);
	}
	return object;
}

static struct json_object *json_of(const struct agentsys_limits_info *limits, const char *name)
{
	struct json_object *object = json_object_new_object();

	if (limits->id) {
		json_object_object_add(object, "agent_id", json_object_new_int64(limits->id));
		json_object_object_add(object, "name", json_object_new_string(name));
	}
	json_object_object_add(object, "limits", json_of_limits(limits));
	return object;
}

/* ---- */

static int cannot_read(struct agentsys *h, int ret)
{
	complain("cannot read limits: %s", agentsys_error(h));
	return exit_status_of(ret);
}

static int show_all(struct agentsys *h, bool json)
{
	struct json_object *array = json ? json_object_new_array() : NULL;
	struct table *table = json ? NULL : begin_table();
	struct agentsys_info **list;
	ssize_t n = agentsys_list(h, &list);

	if (n < 0)
		return cannot_read(h, n);
	for (struct agentsys_info **info = list; *info; info++) {
		struct agentsys_limits_info *limits;

		/* It may have gone meanwhile. */
		if (agentsys_limits_get(h, (*info)->id, &limits))
			continue;
		if (json)
			json_object_array_add(array, json_of(limits, (*info)->name));
		else
			add_rows(table, (*info)->name, limits, false);
		agentsys_limits_free(limits);
	}
	agentsys_list_free(list);
	if (json)
		print_json(array);
	else
		table_print(table);
	return EXIT_OK;
}

static int show_one(struct agentsys *h, uint32_t id, bool json)
{
	struct agentsys_limits_info *limits;
	struct agentsys_info *info = NULL;
	struct table *table;
	int ret;

	ret = agentsys_limits_get(h, id, &limits);
	if (!ret && id)
		ret = agentsys_get(h, id, &info);
	if (ret) {
		agentsys_limits_free(limits);
		return cannot_read(h, ret);
	}
	if (json) {
		print_json(json_of(limits, id ? info->name : NULL));
	} else if (id) {
		table = begin_table();
		add_rows(table, info->name, limits, true);
		table_print(table);
	} else {
		print_default(limits);
	}
	agentsys_limits_free(limits);
	agentsys_info_free(info);
	return EXIT_OK;
}

static int change(struct agentsys *h, uint32_t id, const struct wish *wish)
{
	int ret = 0;

	if (is_default(wish) && (wish->n || wish->preset != AGENTSYS_LIMITS_KEEP))
		ret = agentsys_limits_default(h, wish->preset, wish->change, wish->n);
	else if (wish->n)
		ret = agentsys_limits_set(h, id, wish->change, wish->n);
	if (!ret)
		return EXIT_OK;
	complain("cannot change limits: %s", agentsys_error(h));
	return ret == -EOPNOTSUPP ? EXIT_NOT_AVAILABLE : exit_status_of(ret);
}

static void take_operands(int argc, char **argv, struct wish *wish)
{
	int i = optind;

	if (i < argc && !strchr(argv[i], '='))
		wish->agent = argv[i++];
	for (; i < argc; i++)
		take_change(wish, argv[i]);
	if (wish->n && !wish->agent)
		usage_error("whose limits? Give an agent, or default for those that are to come");
	if (wish->preset != AGENTSYS_LIMITS_KEEP && !is_default(wish))
		usage_error("--preset goes with default");
}

static int run(int argc, char **argv)
{
	struct wish wish = { .preset = AGENTSYS_LIMITS_KEEP };
	struct agentsys *h;
	uint32_t id = 0;
	int key, ret = EXIT_OK;

	while ((key = next_option(argc, argv)) != -1) {
		if (key == OPT_JSON)
			wish.json = true;
		else
			take_preset(&wish, optarg);
	}
	take_operands(argc, argv, &wish);
	h = connect_module();
	if (wish.agent && !is_default(&wish))
		ret = resolve_agent(h, wish.agent, &id);
	if (!ret)
		ret = change(h, id, &wish);
	if (!ret)
		ret = wish.agent ? show_one(h, id, wish.json) : show_all(h, wish.json);
	agentsys_close(h);
	return ret;
}

const struct command cmd_limits = {
	.name = "limits",
	.usage = "[OPTION]... [AGENT|default [NAME=VALUE]...]",
	.summary = "Show or change what agents may use",
	.description =
		"NAME is cpu (50%, 200% for two CPUs, QUOTA/PERIOD in us), memory_max, memory_high,\n"
		"pids_max, syscall_rate, syscall_burst, watchdog, cpu_budget (time in all),\n"
		"messages, tool_calls, io_read, io_write (bytes in a second), io_read_ops,\n"
		"io_write_ops, memory_pressure, cpu_pressure or io_pressure (10%: more of the time\n"
		"than this, within 2 s, that tasks wait for it, is told); also cpu_quota and\n"
		"cpu_period in us. How the watchdog judges is watchdog_mode (timeout, phi, passive),\n"
		"watchdog_phi (8), watchdog_window (64 intervals), watchdog_deviation and\n"
		"watchdog_pause (times), and watchdog_start (yes: from the start on). Sizes are as\n"
		"200M, times as 500ms, 30s; infinity, or 0, is no limit. What is not given stays as\n"
		"it is. It holds at once, and for the next starts. To lower memory_max below what is\n"
		"used may take a while: the kernel takes memory back, and kills the agent if that is\n"
		"not enough.\n"
		"\n"
		"With default, of agents that are yet to come and are not told otherwise; the preset\n"
		"guide is cpu 1000000/1000000, memory_max 100M, syscall_rate 1000, watchdog 30s.",
	.examples = "  asmctl limits\n"
		    "  asmctl limits planner\n"
		    "  asmctl limits planner memory_max=200M cpu=50% syscall_rate=500\n"
		    "  asmctl limits planner cpu=infinity\n"
		    "  asmctl limits planner watchdog=5s watchdog_mode=phi\n"
		    "  asmctl limits default --preset guide pids_max=100\n",
	.options = options,
	.operands = OPERANDS_AGENTS,
	.run = run,
};
