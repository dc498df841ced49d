// SPDX-License-Identifier: GPL-2.0-only
#include "guide.h"

#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "asmctl.h"
#include "format.h"
#include "limit.h"

#define RECENT_EVENTS 10

/* The module grants and enforces no capabilities, so none can be named. */
#define NO_CAPABILITIES "none"

static const char *yes_no(bool yes)
{
	return yes ? "Yes" : "No";
}

static bool is_active(const struct agentsys_info *info)
{
	return info->state == AGENTSYS_ACTIVE || info->state == AGENTSYS_STOPPING;
}

void guide_status(const struct agentsys_system *system)
{
	struct agentsys_event events[RECENT_EVENTS];
	size_t n = last_events(events, RECENT_EVENTS);
	char text[256];

	printf("Agent Supervision Module - System Status\n"
	       "========================================\n"
	       "\n"
	       "System Metrics:\n");
	printf("  Total Spawns:     %" PRIu64 "\n", system->spawns);
	printf("  Total Exits:      %" PRIu64 "\n", system->exits);
	printf("  Total Crashes:    %" PRIu64 "\n", system->crashes);
	printf("  Total Faults:     %" PRIu64 "\n", system->faults);
	printf("  Total Restarts:   %" PRIu64 "\n", system->restarts);
	printf("  Active Agents:    %" PRIu32 "\n", system->active);
	printf("  Total Syscalls:   %" PRIu64 "\n", system->syscalls);
	printf("\nRecent Events (last %d):\n", RECENT_EVENTS);
	while (n--) {
		agentsys_event_text(&events[n], text, sizeof(text));
		printf("  [%" PRIu64 "] %s\n", (uint64_t)events[n].time_ns / 1000, text);
	}
}

void guide_list(struct agentsys_info **list)
{
	printf("Active Agents:\n"
	       "ID    PID   Name              Capabilities        Restarts\n"
	       "----  ----  ----------------  ------------------  --------\n");
	for (; *list; list++) {
		const struct agentsys_info *info = *list;

		if (!is_active(info))
			continue;
		printf("%-4" PRIu32 "  %-4" PRIu32 "  ", info->id, info->pid);
		print_padded(info->name, 16);
		printf("  %-18s  %" PRIu32 "\n", NO_CAPABILITIES, info->restarts);
	}
}

/* "Active": as the module calls it, with a capital. */
static void print_state(const struct agentsys_info *info)
{
	char state[FORMAT_MAX];

	format_state(info, state);
	state[0] = toupper(state[0]);
	printf("State:           %s\n", state);
}

static void print_last_activity(const struct agentsys_info *info)
{
	uint64_t seconds;

	printf("\nLast Activity:   ");
	if (!info->last_activity) {
		printf("never\n");
		return;
	}
	seconds = (boot_time() - info->last_activity) / 1000000000;
	printf("%" PRIu64 " second%s ago\n", seconds, seconds == 1 ? "" : "s");
}

void guide_info(const struct agentsys_info *info)
{
	char max[FORMAT_MAX];

	printf("Agent Information:\n"
	       "==================\n");
	printf("Agent ID:        %" PRIu32 "\n", info->id);
	printf("PID:             %" PRIu32 "\n", info->pid);
	printf("Name:            %s\n", info->name);
	if (info->parent_id)
		printf("Parent:          agent %" PRIu32 ", instance %" PRIu32 "\n",
		       info->parent_id, info->parent_instance);
	print_state(info);
	if (info->backend != AGENTSYS_BACKEND_NATIVE)
		printf("Backend:         %s\n", agentsys_backend_name(info->backend));
	printf("Capabilities:    %s\n", NO_CAPABILITIES);
	if (info->restart == AGENTSYS_RESTART_NEVER)
		printf("Auto-Restart:    No\n");
	else
		printf("Auto-Restart:    Yes (max %s)\n",
		       format_max_restarts(info->max_restarts, max));
	printf("Restart Count:   %" PRIu32 "\n", info->restarts);
	printf("\nTelemetry:\n");
	printf("  Spawn Count:   %" PRIu64 "\n", info->spawns);
	printf("  Exit Count:    %" PRIu64 "\n", info->exits);
	printf("  Fault Count:   %" PRIu64 "\n", info->faults);
	printf("  CPU Time:      %" PRIu64 " μs\n", info->cpu_time_us);
	printf("  Memory:        %" PRIu64 " bytes\n", info->memory);
	print_last_activity(info);
}

static void print_limit(const char *title, uint64_t limit, const char *unit)
{
	if (limit)
		printf("  %-14s %" PRIu64 "%s\n", title, limit, unit);
	else
		printf("  %-14s unlimited\n", title);
}

/* One that the page of the agent does not have; 0 for none, also where it has gone. */
static uint64_t limit_of(struct agentsys *h, uint32_t id, enum agentsys_limit limit)
{
	struct agentsys_limits_info *limits;
	uint64_t max;

	if (agentsys_limits_get(h, id, &limits))
		return 0;
	max = limits->max[limit];
	agentsys_limits_free(limits);
	return max;
}

static void guide_policy(struct agentsys *h, const struct agentsys_info *info)
{
	char max[FORMAT_MAX];

	printf("Policy for Agent %" PRIu32 ":\n"
	       "====================\n",
	       info->id);
	printf("Capabilities:\n"
	       "  - " NO_CAPABILITIES "\n"
	       "\n"
	       "Scope:\n"
	       "  Path: unrestricted\n"
	       "\n");
	printf("Auto-Restart: %s\n", yes_no(info->restart != AGENTSYS_RESTART_NEVER));
	printf("Max Restarts: %s\n", format_max_restarts(info->max_restarts, max));
	printf("Current Restarts: %" PRIu32 "\n", info->restarts);
	printf("\nResource Limits:\n");
	print_limit("CPU Quota:", info->cpu_quota_us, " μs");
	print_limit("Memory Limit:", info->memory_max, " bytes");
	print_limit("Syscall Rate:", limit_of(h, info->id, AGENTSYS_LIMIT_SYSCALL_RATE), "/sec");
	if (info->cpu_quota_us)
		print_limit("CPU Period:", info->cpu_period_us, " μs");
	print_limit("Processes:", info->pids_max, "");
}

/* ---- the programs of the guide ---- */

static const struct option_def options[] = { OPTION_JSON, OPTION_END };

static bool wants_json(int argc, char **argv)
{
	bool json = false;

	while (next_option(argc, argv) != -1)
		json = true;
	return json;
}

static int run_asmstatus(int argc, char **argv)
{
	bool json = wants_json(argc, argv);
	struct agentsys_system *system;
	struct agentsys *h;
	int ret;

	need_operands(argc, 0, 0, "");
	h = connect_module();
	ret = agentsys_system(h, &system);
	if (ret) {
		complain("cannot read the counters: %s", agentsys_error(h));
		return exit_status_of(ret);
	}
	if (json)
		print_json(json_of_system(system));
	else
		guide_status(system);
	agentsys_system_free(system);
	agentsys_close(h);
	return EXIT_OK;
}

static void print_active(struct agentsys_info **list)
{
	struct json_object *array = json_object_new_array();

	for (; *list; list++)
		if (is_active(*list))
			json_object_array_add(array, json_of_agent(*list));
	print_json(array);
}

static int run_asmlist(int argc, char **argv)
{
	bool json = wants_json(argc, argv);
	struct agentsys_info **list;
	struct agentsys *h;
	ssize_t n;

	need_operands(argc, 0, 0, "");
	h = connect_module();
	n = agentsys_list(h, &list);
	if (n < 0) {
		complain("cannot list agents: %s", agentsys_error(h));
		return exit_status_of(n);
	}
	if (json)
		print_active(list);
	else
		guide_list(list);
	agentsys_list_free(list);
	agentsys_close(h);
	return EXIT_OK;
}

static void print_info(struct agentsys *h, const struct agentsys_info *info)
{
	guide_info(info);
	print_limits(h, info->id);
}

static int show_agent(int argc, char **argv,
		      void (*print)(struct agentsys *h, const struct agentsys_info *info))
{
	bool json = wants_json(argc, argv);
	struct agentsys_info *info;
	struct agentsys *h;
	int status;

	need_operands(argc, 1, 1, "the id or name of an agent");
	h = connect_module();
	info = get_agent(h, argv[optind], &status);
	if (info && json)
		print_json(json_of_agent(info));
	else if (info)
		print(h, info);
	agentsys_info_free(info);
	agentsys_close(h);
	return status;
}

static int run_asminfo(int argc, char **argv)
{
	return show_agent(argc, argv, print_info);
}

static int run_asmpolicy(int argc, char **argv)
{
	return show_agent(argc, argv, guide_policy);
}

const struct command cmd_asmstatus = {
	.name = "asmstatus",
	.usage = "[OPTION]...",
	.summary = "Show the counters of the system and the last events",
	.examples = "  asmstatus\n"
		    "  watch -n 2 asmstatus\n",
	.options = options,
	.program = true,
	.run = run_asmstatus,
};

const struct command cmd_asmlist = {
	.name = "asmlist",
	.usage = "[OPTION]...",
	.summary = "List active agents",
	.examples = "  asmlist\n",
	.options = options,
	.program = true,
	.run = run_asmlist,
};

const struct command cmd_asminfo = {
	.name = "asminfo",
	.usage = "[OPTION]... AGENT",
	.summary = "Show one agent",
	.examples = "  asminfo 100\n",
	.options = options,
	.operands = OPERANDS_AGENTS,
	.program = true,
	.run = run_asminfo,
};

const struct command cmd_asmpolicy = {
	.name = "asmpolicy",
	.usage = "[OPTION]... AGENT",
	.summary = "Show the policy of one agent",
	.examples = "  asmpolicy 100\n",
	.options = options,
	.operands = OPERANDS_AGENTS,
	.program = true,
	.run = run_asmpolicy,
};
