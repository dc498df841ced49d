// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "asmctl.h"
#include "format.h"

enum {
	OPT_GROUP = OPT_FIRST,
};

static const struct option_def options[] = {
	{ OPT_GROUP, "group", "GROUP", "the restarts of this group instead" },
	OPTION_JSON,
	OPTION_END,
};

static const char *format_delay(const struct agentsys_past *past, char buf[FORMAT_MAX])
{
	bool restarts = past->decision == AGENTSYS_DECISION_RESTARTS ||
			past->decision == AGENTSYS_DECISION_WITH_GROUP ||
			past->decision == AGENTSYS_DECISION_WITH_REQUIRED;

	if (restarts)
		snprintf(buf, FORMAT_MAX, "%" PRIu32 "ms", past->delay_ms);
	else
		strcpy(buf, "-");
	return buf;
}

static enum colour colour_of_decision(uint32_t decision)
{
	return decision == AGENTSYS_DECISION_FAILS ? RED :
	       decision == AGENTSYS_DECISION_STAYS ? PLAIN :
						     YELLOW;
}

static void add_row(struct table *table, const struct agentsys_past *past, bool group)
{
	const struct agentsys_info end = { .cause = past->cause, .code = past->code };
	char when[64], agent[FORMAT_MAX] = "-", instance[FORMAT_MAX] = "-", ran[FORMAT_MAX] = "-",
		       pid[FORMAT_MAX] = "-", ended[FORMAT_MAX], delay[FORMAT_MAX];

	format_time(past->time_ns, when, sizeof(when));
	if (past->agent_id) {
		snprintf(agent, sizeof(agent), "%" PRIu32, past->agent_id);
		snprintf(instance, sizeof(instance), "%" PRIu32, past->instance);
	}
	if (!group)
		format_duration(past->ran_ns, ran);
	if (past->pid)
		snprintf(pid, sizeof(pid), "%" PRIu32, past->pid);
	table_add(table, (const struct cell[]){
				 { when, DIM },
				 { agent, PLAIN },
				 { instance, PLAIN },
				 { pid, PLAIN },
				 { *past->group ? past->group : ran, PLAIN },
				 { format_end(&end, ended), PLAIN },
				 { agentsys_decision_name(past->decision),
				   colour_of_decision(past->decision) },
				 { format_delay(past, delay), PLAIN },
			 });
}

static void print_table(const struct agentsys_past *list, size_t n, bool group)
{
	/* A group does not tell for how long, but in which group. */
	const char *const titles[] = {
		"WHEN",	    "-AGENT",	"-INSTANCE", "-PID", group ? "GROUP" : "-RAN",
		"ENDED BY", "DECISION", "-DELAY",
	};
	struct table *table = table_new(titles, ARRAY_SIZE(titles));

	for (size_t i = 0; i < n; i++)
		add_row(table, &list[i], group);
	table_print(table);
}

static void print_as_json(const struct agentsys_past *list, size_t n)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < n; i++)
		json_object_array_add(array, json_of_past(&list[i]));
	print_json(array);
}

/* Frees @list. */
static void print_history(struct agentsys_past *list, size_t n, bool json, bool group)
{
	if (json)
		print_as_json(list, n);
	else
		print_table(list, n, group);
	agentsys_history_free(list);
}

static int show_agent(struct agentsys *h, const char *agent, bool json)
{
	struct agentsys_past *list;
	uint32_t id;
	ssize_t n;
	int ret;

	ret = resolve_agent(h, agent, &id);
	if (ret)
		return ret;
	n = agentsys_history(h, id, &list);
	if (n < 0) {
		complain("cannot read the history of agent %s: %s", agent, agentsys_error(h));
		return exit_status_of((int)n);
	}
	print_history(list, (size_t)n, json, false);
	return EXIT_OK;
}

static int show_group(struct agentsys *h, const char *group, bool json)
{
	struct agentsys_past *list;
	ssize_t n = agentsys_group_history(h, group, &list);

	if (n < 0) {
		complain("cannot read the history of group %s: %s", group, agentsys_error(h));
		return group_status_of((int)n);
	}
	print_history(list, (size_t)n, json, true);
	return EXIT_OK;
}

static int run(int argc, char **argv)
{
	const char *group = NULL;
	struct agentsys *h;
	bool json = false;
	int key, ret;

	while ((key = next_option(argc, argv)) != -1) {
		if (key == OPT_JSON)
			json = true;
		else
			group = optarg;
	}
	need_operands(argc, !group, !group, "the id or name of an agent, or --group");

	h = connect_module();
	ret = group ? show_group(h, group, json) : show_agent(h, argv[optind], json);
	agentsys_close(h);
	return ret;
}

const struct command cmd_history = {
	.name = "history",
	.usage = "[OPTION]... AGENT | --group GROUP",
	.summary = "Show the last ends of an agent, or the last restarts of a group",
	.description =
		"When, after how long, why, and what was decided with which delay before the\n"
		"restart. The last 8 are kept. A group tells whose end was the reason, and, under\n"
		"GROUP, which group in it had failed for that.",
	.examples = "  asmctl history planner\n"
		    "  asmctl history --group workers --json | jq '.[].cause'\n",
	.options = options,
	.operands = OPERANDS_AGENTS,
	.run = run,
};
