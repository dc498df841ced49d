// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdio.h>

#include "asmctl.h"
#include "format.h"
#include "guide.h"

#define RECENT_EVENTS 10

static const struct option_def options[] = { OPTION_JSON, OPTION_END };

static void print_module(const struct agentsys_system *system)
{
	printf("\nModule:\n");
	printf("  Version:          %s (ABI %u)\n", system->release, system->abi);
	printf("  Agents:           %u of at most %u\n", system->agents, system->max_agents);
	printf("  Events:           %llu, the last %u are kept\n",
	       (unsigned long long)system->events, system->ring_size);
	if (system->launcher_pid)
		printf("  Launcher:         %s, pid %u\n", system->launcher_path,
		       system->launcher_pid);
	else
		printf("  Launcher:         %s, not needed now\n", system->launcher_path);
	printf("  Cgroup:           %s\n", system->cgroup_root);
	printf("  Controllers:      %s\n",
	       *system->controllers ? system->controllers : "none: no limits, no memory shown");
}

static struct json_object *recent_events(void)
{
	struct agentsys_event events[RECENT_EVENTS];
	struct json_object *array = json_object_new_array();
	size_t n = last_events(events, RECENT_EVENTS);

	for (size_t i = 0; i < n; i++)
		json_object_array_add(array, json_of_event(&events[i]));
	return array;
}

static int run(int argc, char **argv)
{
	struct agentsys_system *system;
	struct json_object *object;
	struct agentsys *h;
	bool json = false;
	int ret;

	while (next_option(argc, argv) != -1)
		json = true;
	need_operands(argc, 0, 0, "");

	h = connect_module();
	ret = agentsys_system(h, &system);
	if (ret) {
		complain("cannot read the counters: %s", agentsys_error(h));
		return exit_status_of(ret);
	}
	if (json) {
		object = json_of_system(system);
		json_object_object_add(object, "recent_events", recent_events());
		print_json(object);
	} else {
		guide_status(system);
		print_module(system);
	}
	agentsys_system_free(system);
	agentsys_close(h);
	return EXIT_OK;
}

const struct command cmd_status = {
	.name = "status",
	.usage = "[OPTION]...",
	.summary = "Show the counters of the system, the last events and the module",
	.examples = "  asmctl status\n"
		    "  asmctl status --json | jq .system.active_agents\n",
	.options = options,
	.operands = OPERANDS_NONE,
	.run = run,
};
