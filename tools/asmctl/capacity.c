// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asmctl.h"
#include "format.h"

static const struct option_def options[] = { OPTION_JSON, OPTION_END };

/**
 * struct group_use - the same of a group
 * @group: itself
 * @agents: directly in it
 * @states: of these in each state
 */
struct group_use {
	const struct agentsys_group *group;
	uint32_t agents;
	uint32_t states[__AGENTSYS_STATES];
};

/**
 * struct use - how much room is taken
 * @agents: records
 * @max_agents: how many there may be
 * @groups: groups, root not counted
 * @states: agents in each state
 * @list: all groups, root first
 * @of_group: for each of them
 */
struct use {
	uint32_t agents;
	uint32_t max_agents;
	uint32_t groups;
	uint32_t states[__AGENTSYS_STATES];
	struct agentsys_group **list;
	struct group_use *of_group;
};

static void count_agent(struct use *use, const struct agentsys_info *agent)
{
	if (agent->state >= __AGENTSYS_STATES)
		return;
	use->states[agent->state]++;
	for (struct group_use *of = use->of_group; of->group; of++) {
		if (strcmp(of->group->name, agent->group))
			continue;
		of->agents++;
		of->states[agent->state]++;
		return;
	}
}

static int count_groups(struct agentsys *h, struct use *use)
{
	ssize_t n = agentsys_group_list(h, &use->list);

	if (n < 0)
		return (int)n;
	use->groups = n ? (uint32_t)n - 1 : 0;
	use->of_group = calloc(n + 1, sizeof(*use->of_group));
	if (!use->of_group)
		out_of_memory();
	for (ssize_t i = 0; i < n; i++)
		use->of_group[i].group = use->list[i];
	return 0;
}

static int count(struct agentsys *h, struct use *use)
{
	struct agentsys_system *system;
	struct agentsys_info **agents;
	ssize_t n;
	int ret;

	ret = agentsys_system(h, &system);
	if (ret)
		return ret;
	use->max_agents = system->max_agents;
	agentsys_system_free(system);

	ret = count_groups(h, use);
	if (ret)
		return ret;
	n = agentsys_list(h, &agents);
	if (n < 0)
		return (int)n;
	use->agents = (uint32_t)n;
	for (ssize_t i = 0; i < n; i++)
		count_agent(use, agents[i]);
	agentsys_list_free(agents);
	return 0;
}

static struct json_object *json_of_states(const uint32_t states[__AGENTSYS_STATES])
{
	struct json_object *object = json_object_new_object();

	for (uint32_t i = 0; i < __AGENTSYS_STATES; i++)
		json_object_object_add(object, agentsys_state_name(i),
				       json_object_new_int64(states[i]));
	return object;
}

static struct json_object *json_of_group_use(const struct group_use *of)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "name", json_object_new_string(of->group->name));
	json_object_object_add(object, "members", json_object_new_int64(of->group->members));
	json_object_object_add(object, "members_max",
			       json_object_new_int64(of->group->members_max));
	json_object_object_add(object, "agents", json_object_new_int64(of->agents));
	json_object_object_add(object, "by_state", json_of_states(of->states));
	return object;
}

static void print_as_json(const struct use *use)
{
	struct json_object *object = json_object_new_object();
	struct json_object *array = json_object_new_array();

	json_object_object_add(object, "agents", json_object_new_int64(use->agents));
	json_object_object_add(object, "max_agents", json_object_new_int64(use->max_agents));
	json_object_object_add(object, "groups", json_object_new_int64(use->groups));
	json_object_object_add(object, "max_groups",
			       json_object_new_int64(AGENTSYS_TREE_GROUPS - 1));
	json_object_object_add(object, "by_state", json_of_states(use->states));
	for (const struct group_use *of = use->of_group; of->group; of++)
		json_object_array_add(array, json_of_group_use(of));
	json_object_object_add(object, "by_group", array);
	print_json(object);
}

static void add_group(struct table *table, const struct group_use *of)
{
	bool full = of->group->members_max && of->group->members >= of->group->members_max;
	char members[32], states[__AGENTSYS_STATES][16];
	struct cell cells[2 + __AGENTSYS_STATES] = {
		{ of->group->name, BOLD },
		{ members, full ? RED : PLAIN },
	};

	if (of->group->members_max)
		snprintf(members, sizeof(members), "%" PRIu32 "/%" PRIu32, of->group->members,
			 of->group->members_max);
	else
		snprintf(members, sizeof(members), "%" PRIu32, of->group->members);
	for (uint32_t i = 0; i < __AGENTSYS_STATES; i++) {
		snprintf(states[i], sizeof(states[i]), "%" PRIu32, of->states[i]);
		cells[2 + i] = (struct cell){ states[i], PLAIN };
	}
	table_add(table, cells);
}

/* A column for each state. */
static void print_groups(const struct use *use)
{
	char titles[__AGENTSYS_STATES][16];
	const char *columns[2 + __AGENTSYS_STATES] = { "GROUP", "-MEMBERS" };
	struct table *table;

	for (uint32_t i = 0; i < __AGENTSYS_STATES; i++) {
		char *to = titles[i];

		*to++ = '-';
		for (const char *c = agentsys_state_name(i); *c; c++)
			*to++ = toupper(*c);
		*to = '\0';
		columns[2 + i] = titles[i];
	}
	table = table_new(columns, ARRAY_SIZE(columns));
	for (const struct group_use *of = use->of_group; of->group; of++)
		add_group(table, of);
	table_print(table);
}

static void print_as_text(const struct use *use)
{
	bool full = use->agents >= use->max_agents;

	printf("Agents:  %s%" PRIu32 " of %" PRIu32 "%s%s\n", colour(full ? RED : PLAIN),
	       use->agents, use->max_agents, colour_end(),
	       full ? ", remove ended ones, or load the module with a larger max_agents=" : "");
	for (uint32_t i = 0; i < __AGENTSYS_STATES; i++)
		printf("  %-10s%" PRIu32 "\n", agentsys_state_name(i), use->states[i]);
	printf("Groups:  %" PRIu32 " of %d\n\n", use->groups, AGENTSYS_TREE_GROUPS - 1);
	print_groups(use);
}

static int run(int argc, char **argv)
{
	struct use use = { 0 };
	struct agentsys *h;
	bool json = false;
	int ret;

	while (next_option(argc, argv) != -1)
		json = true;
	need_operands(argc, 0, 0, "");

	h = connect_module();
	ret = count(h, &use);
	if (ret) {
		complain("cannot count the agents: %s", agentsys_error(h));
		return exit_status_of(ret);
	}
	if (json)
		print_as_json(&use);
	else
		print_as_text(&use);
	free(use.of_group);
	agentsys_group_list_free(use.list);
	agentsys_close(h);
	return EXIT_OK;
}

const struct command cmd_capacity = {
	.name = "capacity",
	.usage = "[OPTION]...",
	.summary = "Show how many agents and groups there are, and may be",
	.description =
		"Ended agents count until they are removed. Of each group its members, agents and\n"
		"groups, of as many as it takes, and the states of the agents.",
	.examples = "  asmctl capacity\n"
		    "  asmctl capacity --json | jq '.max_agents - .agents'\n",
	.options = options,
	.operands = OPERANDS_NONE,
	.run = run,
};
