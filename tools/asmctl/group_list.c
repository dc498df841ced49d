// SPDX-License-Identifier: GPL-2.0-only
/*
 * "asmctl group show" and "asmctl group list".
 */
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>

#include "asmctl.h"
#include "format.h"
#include "group.h"

/* ---- show ---- */

static void print_group(const struct agentsys_group *group)
{
	char budget[FORMAT_MAX], backoff[FORMAT_MAX];

	printf("Group:         %s\n", group->name);
	if (*group->parent)
		printf("Parent:        %s\n", group->parent);
	printf("State:         %s%s%s\n", colour(colour_of_group(group)),
	       agentsys_state_name(group->state), colour_end());
	printf("Strategy:      %s\n", agentsys_strategy_name(group->strategy));
	printf("Members:       %" PRIu32, group->members);
	if (*group->parent)
		printf(" of %" PRIu32, group->members_max);
	putchar('\n');
	if (*group->parent) {
		printf("Budget:        %s\n", format_budget(group, budget));
		printf("Restarts:      %" PRIu32 " of %" PRIu32 " now, %" PRIu64 " in all\n",
		       group->recent, group->budget, group->restarts);
	}
	printf("Backoff:       %s\n", format_backoff(group, backoff));
	if (group->jitter)
		printf("Jitter:        up to %" PRIu32 "%%\n", group->jitter);
	if (group->auto_shutdown)
		printf("Auto-shutdown: %s\n", agentsys_auto_shutdown_name(group->auto_shutdown));
	if (group->reason)
		printf("Last Reason:   agent %" PRIu32 "\n", group->reason);
}

static int run_show(int argc, char **argv)
{
	struct json_object *array = NULL;
	struct agentsys *h;
	int status = EXIT_OK;
	bool json = false;

	while (next_option(argc, argv) != -1)
		json = true;
	need_operands(argc, 1, INT_MAX, "the name of a group");
	h = connect_module();
	if (json && argc - optind > 1)
		array = json_object_new_array();
	for (int i = optind; i < argc; i++) {
		struct agentsys_group *group;
		int ret = agentsys_group_get(h, argv[i], &group);

		if (ret) {
			ret = group_failed(h, ret, "read", argv[i], argv[i]);
			if (!status)
				status = ret;
			continue;
		}
		if (array)
			json_object_array_add(array, json_of_group(group));
		else if (json)
			print_json(json_of_group(group));
		else
			print_group(group);
		if (!json && i + 1 < argc)
			putchar('\n');
		agentsys_group_free(group);
	}
	if (array)
		print_json(array);
	agentsys_close(h);
	return status;
}

static const struct option_def show_options[] = { OPTION_JSON, OPTION_END };

const struct command group_show = {
	.name = "show",
	.of = "group",
	.alias = "info",
	.usage = "[OPTION]... GROUP...",
	.summary = "Show groups in full",
	.description =
		"With --json, one group is an object, and several are an array. asmctl tree\n"
		"shows who is in them.",
	.examples = "  asmctl group show web\n"
		    "  asmctl group show --json web | jq .recent_restarts\n",
	.options = show_options,
	.operands = OPERANDS_GROUPS,
	.run = run_show,
};

/* ---- list ---- */

static void print_table(struct agentsys_group **list)
{
	static const char *const titles[] = {
		"NAME",	    "PARENT",	 "STRATEGY", "STATE",
		"-MEMBERS", "-RESTARTS", "-WITHIN",  "-IN ALL",
	};
	struct table *table = table_new(titles, ARRAY_SIZE(titles));

	for (; *list; list++) {
		const struct agentsys_group *group = *list;
		char members[16], restarts[32] = "-", window[FORMAT_MAX] = "-", all[32] = "-";
		bool spent = *group->parent && group->recent && group->recent >= group->budget;

		snprintf(members, sizeof(members), "%u", group->members);
		if (*group->parent) {
			snprintf(restarts, sizeof(restarts), "%u/%u", group->recent, group->budget);
			snprintf(all, sizeof(all), "%" PRIu64, group->restarts);
			format_window(group->within_ms, window);
		}
		table_add(table,
			  (struct cell[]){
				  { group->name, BOLD },
				  { *group->parent ? group->parent : "-", PLAIN },
				  { agentsys_strategy_name(group->strategy), PLAIN },
				  { agentsys_state_name(group->state), colour_of_group(group) },
				  { members, PLAIN },
				  { restarts, spent ? RED : PLAIN },
				  { window, PLAIN },
				  { all, PLAIN },
			  });
	}
	table_print(table);
}

static void print_objects(struct agentsys_group **list)
{
	struct json_object *array = json_object_new_array();

	for (; *list; list++)
		json_object_array_add(array, json_of_group(*list));
	print_json(array);
}

static int run_list(int argc, char **argv)
{
	bool quiet = false, json = false;
	struct agentsys_group **list;
	struct agentsys *h;
	ssize_t n;
	int key;

	while ((key = next_option(argc, argv)) != -1) {
		if (key == OPT_JSON)
			json = true;
		else
			quiet = true;
	}
	need_operands(argc, 0, 0, "");
	if (quiet && json)
		usage_error("--quiet and --json do not go together");
	h = connect_module();
	n = agentsys_group_list(h, &list);
	if (n < 0) {
		complain("cannot list groups: %s", agentsys_error(h));
		return exit_status_of(n);
	}
	if (json)
		print_objects(list);
	else if (quiet)
		for (struct agentsys_group **group = list; *group; group++)
			printf("%s\n", (*group)->name);
	else
		print_table(list);
	agentsys_group_list_free(list);
	agentsys_close(h);
	return EXIT_OK;
}

static const struct option_def list_options[] = {
	{ 'q', "quiet", NULL, "only their names, one per line" },
	OPTION_JSON,
	OPTION_END,
};

const struct command group_list = {
	.name = "list",
	.of = "group",
	.alias = "ls",
	.usage = "[OPTION]...",
	.summary = "List groups, each behind the one that it is in",
	.description =
		"RESTARTS is how many of those that the budget allows WITHIN that time are used.",
	.examples =
		"  asmctl group list\n"
		"  asmctl group list --json | jq '.[] | select(.state == \"failed\") | .name'\n",
	.options = list_options,
	.operands = OPERANDS_NONE,
	.run = run_list,
};
