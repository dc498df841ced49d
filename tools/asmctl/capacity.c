// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "asmctl.h"
#include "format.h"

static const struct option_def options[] = { OPTION_JSON, OPTION_END };

/**
 * struct use - how much room is taken
 * @agents: records
 * @max_agents: how many there may be
 * @groups: groups, root not counted
 * @states: agents in each state
 */
struct use {
	uint32_t agents;
	uint32_t max_agents;
	uint32_t groups;
	uint32_t states[__AGENTSYS_STATES];
};

static int count(struct agentsys *h, struct use *use)
{
	struct agentsys_system *system;
	struct agentsys_group **groups;
	struct agentsys_info **agents;
	ssize_t n;
	int ret;

	ret = agentsys_system(h, &system);
	if (ret)
		return ret;
	use->max_agents = system->max_agents;
	agentsys_system_free(system);

	n = agentsys_list(h, &agents);
	if (n < 0)
		return (int)n;
	use->agents = (uint32_t)n;
	for (ssize_t i = 0; i < n; i++)
		if (agents[i]->state < __AGENTSYS_STATES)
			use->states[agents[i]->state]++;
	agentsys_list_free(agents);

	n = agentsys_group_list(h, &groups);
	if (n < 0)
		return (int)n;
	use->groups = n ? (uint32_t)n - 1 : 0;
	agentsys_group_list_free(groups);
	return 0;
}

static void print_as_json(const struct use *use)
{
	struct json_object *object = json_object_new_object();
	struct json_object *states = json_object_new_object();

	json_object_object_add(object, "agents", json_object_new_int64(use->agents));
	json_object_object_add(object, "max_agents", json_object_new_int64(use->max_agents));
	json_object_object_add(object, "groups", json_object_new_int64(use->groups));
	json_object_object_add(object, "max_groups",
			       json_object_new_int64(AGENTSYS_TREE_GROUPS - 1));
	for (uint32_t i = 0; i < __AGENTSYS_STATES; i++)
		json_object_object_add(states, agentsys_state_name(i),
				       json_object_new_int64(use->states[i]));
	json_object_object_add(object, "by_state", states);
	print_json(object);
}

static void print_as_text(const struct use *use)
{
	bool full = use->agents >= use->max_agents;

	printf("Agents:  %s%" PRIu32 " of %" PRIu32 "%s%s\n", colour(full ? RED : PLAIN),
	       use->agents, use->max_agents, colour_end(),
	       full ? ", remove ended ones, or load the module with a larger max_agents=" : "");
	for (uint32_t i = 0; i < __AGENTSYS_STATES; i++)
		printf("  %-10s%" PRIu32 "\n", agentsys_state_name(i), use->states[i]);
	printf("Groups:  %" PRIu32 " of %d\n", use->groups, AGENTSYS_TREE_GROUPS - 1);
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
	agentsys_close(h);
	return EXIT_OK;
}

const struct command cmd_capacity = {
	.name = "capacity",
	.usage = "[OPTION]...",
	.summary = "Show how many agents and groups there are, and may be",
	.description = "Ended agents count until they are removed.",
	.examples = "  asmctl capacity\n"
		    "  asmctl capacity --json | jq '.max_agents - .agents'\n",
	.options = options,
	.operands = OPERANDS_NONE,
	.run = run,
};
