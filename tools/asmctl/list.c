// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "asmctl.h"
#include "format.h"

static const struct option_def options[] = {
	{ 'a', "active", NULL, "only those that have a process" },
	{ 'q', "quiet", NULL, "only their ids, one per line" },
	OPTION_JSON,
	OPTION_END,
};

static const char *const titles[] = {
	"-ID", "-PID", "NAME", "STATE", "-RESTARTS", "-UPTIME", "-CPU", "-MEM", "LAST END",
};

static void add_row(struct table *table, const struct agentsys_info *info)
{
	char id[16], pid[16] = "-", state[FORMAT_MAX], restarts[FORMAT_MAX];
	char time[FORMAT_MAX], uptime[FORMAT_MAX + 4] = "-";
	char cpu[FORMAT_MAX], memory[FORMAT_MAX] = "-", end[FORMAT_MAX];
	bool spent = info->max_restarts && info->restarts >= info->max_restarts;

	snprintf(id, sizeof(id), "%u", info->id);
	if (info->pid) {
		snprintf(pid, sizeof(pid), "%u", info->pid);
		snprintf(uptime, sizeof(uptime), "%s",
			 format_duration(boot_time() - info->start_time, time));
	} else if (info->state == AGENTSYS_BACKOFF) {
		snprintf(uptime, sizeof(uptime), "in %s",
			 format_duration(info->next_start_ms * UINT64_C(1000000), time));
	}
	if (info->memory)
		format_bytes(info->memory, memory);
	table_add(table, (struct cell[]){
				 { id, PLAIN },
				 { pid, PLAIN },
				 { info->name, BOLD },
				 { format_state(info, state), colour_of_state(info) },
				 { format_restarts(info, restarts), spent ? RED : PLAIN },
				 { uptime, PLAIN },
				 { format_cpu(info->cpu_time_us, cpu), PLAIN },
				 { memory, PLAIN },
				 { *format_end(info, end) ? end : "-", DIM },
			 });
}

static void print_table(struct agentsys_info **list)
{
	struct table *table = table_new(titles, ARRAY_SIZE(titles));

	for (; *list; list++)
		add_row(table, *list);
	table_print(table);
}

static void print_objects(struct agentsys_info **list)
{
	struct json_object *array = json_object_new_array();

	for (; *list; list++)
		json_object_array_add(array, json_of_agent(*list));
	print_json(array);
}

/* Those without a process move behind the end of the list. */
static void keep_active(struct agentsys_info **list)
{
	struct agentsys_info **kept = list;

	for (; *list; list++) {
		if ((*list)->pid)
			*kept++ = *list;
		else
			agentsys_info_free(*list);
	}
	*kept = NULL;
}

static int run(int argc, char **argv)
{
	bool active = false, quiet = false, json = false;
	struct agentsys_info **list;
	struct agentsys *h;
	ssize_t n;
	int key;

	while ((key = next_option(argc, argv)) != -1) {
		switch (key) {
		case 'a':
			active = true;
			break;
		case 'q':
			quiet = true;
			break;
		case OPT_JSON:
			json = true;
			break;
		}
	}
	need_operands(argc, 0, 0, "");
	if (quiet && json)
		usage_error("--quiet and --json do not go together");

	h = connect_module();
	n = agentsys_list(h, &list);
	if (n < 0) {
		complain("cannot list agents: %s", agentsys_error(h));
		return exit_status_of(n);
	}
	if (active)
		keep_active(list);
	if (json)
		print_objects(list);
	else if (quiet)
		for (struct agentsys_info **info = list; *info; info++)
			printf("%u\n", (*info)->id);
	else
		print_table(list);
	agentsys_list_free(list);
	agentsys_close(h);
	return EXIT_OK;
}

const struct command cmd_list = {
	.name = "list",
	.alias = "ls",
	.usage = "[OPTION]...",
	.summary = "List agents, ended ones among them",
	.description =
		"RESTARTS is how many of the allowed ones are used. UPTIME is since the last\n"
		"start, or \"in\" how long the next one is due. CPU and MEM are what the agent's\n"
		"cgroup counts; MEM is \"-\" where that is nothing, as for one that has ended or\n"
		"that was attached and has not used more since. LAST END is how the instance\n"
		"before ended.",
	.examples = "  asmctl list\n"
		    "  asmctl ls --active\n"
		    "  asmctl list --json | jq '.[] | select(.state == \"failed\") | .agent_id'\n",
	.options = options,
	.operands = OPERANDS_NONE,
	.run = run,
};
