// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "asmctl.h"
#include "format.h"
#include "guide.h"
#include "helper.h"
#include "limit.h"
#include "restarts.h"

static const struct option_def options[] = { OPTION_JSON, OPTION_END };

static void print_life(const struct agentsys_info *info)
{
	char buf[FORMAT_MAX];

	printf("\nLife:\n");
	printf("  Instance:      %" PRIu32 "\n", info->instance);
	if (info->pid)
		printf("  Uptime:        %s\n",
		       format_duration(boot_time() - info->start_time, buf));
	if (info->state == AGENTSYS_BACKOFF)
		printf("  Next Start:    in %s\n",
		       format_duration(info->next_start_ms * UINT64_C(1000000), buf));
	if (info->cause != AGENTSYS_CAUSE_NONE) {
		char text[128], status[FORMAT_MAX];

		if (info->cause == AGENTSYS_CAUSE_LAUNCH)
			snprintf(text, sizeof(text), "%s: %s", agentsys_step_text(info->step),
				 strerror(info->code));
		else
			agentsys_end_text(info->cause, info->code, text, sizeof(text));
		/* The text has it where nobody asked for the end. */
		if (info->exit_status >= 0 && info->asked_time)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), " (%s)",
				 format_status(info, status));
		printf("  Last End:      %s, %s ago\n", text,
		       format_duration(boot_time() - info->end_time, buf));
	}
	printf("  Crash Count:   %" PRIu64 "\n", info->crashes);
	printf("  Heartbeats:    %" PRIu64 "\n", info->heartbeats);
	if (info->throttled_ns)
		printf("  Throttled:     %s%s\n", format_duration(info->throttled_ns, buf),
		       info->flags & AGENTSYS_AGENT_THROTTLED ? ", and still is" : "");
	if (info->calls)
		printf("  Calls:         waits for %" PRIu32 ", for %s more at most\n", info->calls,
		       format_duration(info->calls_left_ms * UINT64_C(1000000), buf));
}

static void print_policy(const struct agentsys_info *info)
{
	char buf[FORMAT_MAX];

	printf("\nPolicy:\n");
	printf("  Group:         %s\n", info->group);
	if (info->flags & AGENTSYS_AGENT_ATTACHED)
		printf("  Restart:       never, it was attached\n");
	else if (info->restart == AGENTSYS_RESTART_NEVER)
		printf("  Restart:       never\n");
	else
		printf("  Restart:       %s, backoff %" PRIu32 "ms to %" PRIu32 "ms\n",
		       agentsys_restart_name(info->restart), info->backoff_initial_ms,
		       info->backoff_max_ms);
	print_restarts(info);
	if (!info->stop_timeout_ms)
		printf("  Stop:          killed at once\n");
	else if (info->stop_timeout_ms == AGENTSYS_STOP_UNLIMITED)
		printf("  Stop:          %s, never killed\n",
		       format_signal(info->stop_signal, buf));
	else
		printf("  Stop:          %s, killed after %" PRIu32 "ms\n",
		       format_signal(info->stop_signal, buf), info->stop_timeout_ms);
	if (!(info->flags & AGENTSYS_AGENT_ATTACHED))
		printf("  User:          %" PRIu32 ", group %" PRIu32 "\n", info->uid, info->gid);
	printf("  Cgroup:        %s\n", info->cgroup);
}

static const char *text(struct json_object *object, const char *key)
{
	return json_object_get_string(json_object_object_get(object, key)) ?: "";
}

/* What it says of itself, and what checks say; nothing without the helper. */
static void print_health(const struct agentsys_info *info)
{
	struct json_object *agent = helper_agent(info->id);

	if (agent)
		printf("  Health:        %s\n", text(agent, "health"));
	if (agent && *text(agent, "status"))
		printf("  Status:        %s\n", text(agent, "status"));
	json_object_put(agent);
}

/* With "health" and "status_text", where the helper knows of it. */
static struct json_object *json_of_info(const struct agentsys_info *info)
{
	struct json_object *object = json_of_agent(info);
	struct json_object *agent = helper_agent(info->id);

	if (agent) {
		json_object_object_add(object, "health",
				       json_object_new_string(text(agent, "health")));
		json_object_object_add(object, "status_text",
				       json_object_new_string(text(agent, "status")));
	}
	json_object_put(agent);
	return object;
}

static void print_agent(struct agentsys *h, const struct agentsys_info *info)
{
	guide_info(info);
	print_life(info);
	print_health(info);
	print_policy(info);
	print_limits(h, info->id);
}

static int run(int argc, char **argv)
{
	struct json_object *array = NULL;
	struct agentsys *h;
	int status = EXIT_OK;
	bool json = false;

	while (next_option(argc, argv) != -1)
		json = true;
	need_operands(argc, 1, INT_MAX, "the id or name of an agent");

	h = connect_module();
	if (json && argc - optind > 1)
		array = json_object_new_array();
	for (int i = optind; i < argc; i++) {
		int ret;
		struct agentsys_info *info = get_agent(h, argv[i], &ret);

		if (!status)
			status = ret;
		if (!info)
			continue;
		if (array)
			json_object_array_add(array, json_of_info(info));
		else if (json)
			print_json(json_of_info(info));
		else
			print_agent(h, info);
		if (!json && i + 1 < argc)
			putchar('\n');
		agentsys_info_free(info);
	}
	if (array)
		print_json(array);
	agentsys_close(h);
	return status;
}

const struct command cmd_info = {
	.name = "info",
	.alias = "show",
	.usage = "[OPTION]... AGENT...",
	.summary = "Show agents in full",
	.description = "With --json, one agent is an object, and several are an array.",
	.examples = "  asmctl info 100\n"
		    "  asmctl info --json fs_monitor | jq .last_exit\n",
	.options = options,
	.operands = OPERANDS_AGENTS,
	.run = run,
};
