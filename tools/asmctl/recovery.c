// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asmctl.h"
#include "format.h"
#include "parse.h"

/* More rules than there are types have no use. */
#define RULES_MAX 64

enum {
	OPT_PRESET = OPT_FIRST,
	OPT_AGENT,
	OPT_LADDER,
};

static const struct option_def options[] = {
	{ OPT_AGENT, "agent", "AGENT", "of this one alone" },
	{ OPT_PRESET, "preset", "PRESET", "permissive, default or strict, for all agents" },
	{ OPT_LADDER, "ladder", "N[:TIME]|off",
	  "after N faults of an agent, within that time of the first (1m),\n"
	  "do more than is said: alert, then throttle, restart, kill" },
	OPTION_JSON,
	OPTION_END,
};

/* What is asked for. */
struct wish {
	const char *agent;
	uint32_t preset;
	bool has_ladder;
	uint32_t after;
	uint32_t within_ms;
	struct agentsys_recovery_rule rule[RULES_MAX];
	size_t n;
	bool json;
};

static void take_preset(struct wish *wish, const char *text)
{
	wish->preset = agentsys_preset_number(text);
	if (wish->preset >= AGENTSYS_PRESET_CUSTOM)
		usage_error("'%s' is no preset: permissive, default or strict", text);
}

static void take_ladder(struct wish *wish, const char *text)
{
	const char *why;

	wish->has_ladder = true;
	if (!strcmp(text, "off"))
		return;
	/* It is written as a breaker is: a number, and a time. */
	if (!parse_breaker(text, &wish->after, &wish->within_ms, &why))
		usage_error("'%s' is no ladder, as 3:1m, or off", text);
	if (!wish->after)
		usage_error("a ladder of 0 faults is none: say off");
}

/* Crash=alert, or Crash=all: as for all agents. */
static void take_rule(struct wish *wish, const char *text)
{
	struct agentsys_recovery_rule *rule = &wish->rule[wish->n];
	const char *equals = strchr(text, '=');
	char *type;

	if (!equals)
		usage_error("'%s' does not say what to do: give FAULT=ACTION", text);
	if (wish->n == RULES_MAX)
		usage_error("too many rules");
	type = strndup(text, (size_t)(equals - text));
	if (!type)
		out_of_memory();
	rule->type = agentsys_fault_number(type);
	if (rule->type == AGENTSYS_FAULT_NONE ||
	    !strcmp(agentsys_fault_name(rule->type), "unknown"))
		usage_error("there is no fault '%s'", type);
	free(type);
	rule->action = agentsys_recover_number(equals + 1);
	if (!strcmp(equals + 1, "all"))
		rule->action = AGENTSYS_RECOVER_AS_ALL;
	else if (!strcmp(agentsys_recover_name(rule->action), "unknown"))
		usage_error("'%s' is no action: alert, throttle, restart, kill or all", equals + 1);
	wish->n++;
}

static void print_text(const struct agentsys_recovery *recovery, bool of_agent)
{
	static const char *const titles[] = { "FAULT", "ACTION", "FOR" };
	struct table *table = table_new(titles, of_agent ? 3 : 2);
	char window[FORMAT_MAX];

	printf("Preset: %s\n", agentsys_preset_name(recovery->preset));
	if (recovery->after)
		printf("Ladder: %" PRIu32 " faults a rung within %s\n", recovery->after,
		       format_window(recovery->within_ms, window));
	else
		printf("Ladder: off\n");
	for (uint32_t type = 1; type < recovery->types; type++)
		table_add(table, (const struct cell[]){
					 { agentsys_fault_name(type), PLAIN },
					 { agentsys_recover_name(recovery->action[type]), PLAIN },
					 { recovery->own[type] ? "this agent" : "all", PLAIN },
				 });
	table_print(table);
}

static void print_as_json(const struct agentsys_recovery *recovery)
{
	struct json_object *object = json_object_new_object();
	struct json_object *actions = json_object_new_object();
	struct json_object *own = json_object_new_array();

	for (uint32_t type = 1; type < recovery->types; type++) {
		const char *name = agentsys_fault_name(type);
		const char *action = agentsys_recover_name(recovery->action[type]);

		json_object_object_add(actions, name, json_object_new_string(action));
		if (recovery->own[type])
			json_object_array_add(own, json_object_new_string(name));
	}
	json_object_object_add(object, "preset",
			       json_object_new_string(agentsys_preset_name(recovery->preset)));
	json_object_object_add(object, "ladder_after", json_object_new_uint64(recovery->after));
	json_object_object_add(object, "ladder_within_ms",
			       json_object_new_uint64(recovery->within_ms));
	json_object_object_add(object, "actions", actions);
	json_object_object_add(object, "own", own);
	print_json(object);
}

static int change(struct agentsys *h, uint32_t id, const struct wish *wish)
{
	int ret = 0;

	if (wish->n || wish->preset != AGENTSYS_PRESET_CUSTOM)
		ret = agentsys_recovery_set(h, id, wish->preset, wish->rule, wish->n);
	if (!ret && wish->has_ladder)
		ret = agentsys_recovery_ladder(h, wish->after, wish->within_ms);
	if (!ret)
		return EXIT_OK;
	complain("cannot change what is done about faults: %s", agentsys_error(h));
	return exit_status_of(ret);
}

static int show(struct agentsys *h, uint32_t id, bool json)
{
	struct agentsys_recovery *recovery;
	int ret = agentsys_recovery(h, id, &recovery);

	if (ret) {
		complain("cannot read what is done about faults: %s", agentsys_error(h));
		return exit_status_of(ret);
	}
	if (json)
		print_as_json(recovery);
	else
		print_text(recovery, id);
	agentsys_recovery_free(recovery);
	return EXIT_OK;
}

static void check(const struct wish *wish)
{
	if (wish->agent && (wish->has_ladder || wish->preset != AGENTSYS_PRESET_CUSTOM))
		usage_error("the preset and the ladder are for all agents");
	for (size_t i = 0; i < wish->n && !wish->agent; i++)
		if (wish->rule[i].action == AGENTSYS_RECOVER_AS_ALL)
			usage_error("'all' is for one agent: give --agent");
}

static void take_options(int argc, char **argv, struct wish *wish)
{
	int key;

	while ((key = next_option(argc, argv)) != -1) {
		if (key == OPT_JSON)
			wish->json = true;
		else if (key == OPT_PRESET)
			take_preset(wish, optarg);
		else if (key == OPT_LADDER)
			take_ladder(wish, optarg);
		else
			wish->agent = optarg;
	}
	for (int i = optind; i < argc; i++)
		take_rule(wish, argv[i]);
	check(wish);
}

static int run(int argc, char **argv)
{
	struct wish wish = { .preset = AGENTSYS_PRESET_CUSTOM };
	struct agentsys *h;
	uint32_t id = 0;
	int ret = EXIT_OK;

	take_options(argc, argv, &wish);
	h = connect_module();
	if (wish.agent)
		ret = resolve_agent(h, wish.agent, &id);
	if (!ret)
		ret = change(h, id, &wish);
	if (!ret)
		ret = show(h, id, wish.json);
	agentsys_close(h);
	return ret;
}

const struct command cmd_recovery = {
	.name = "recovery",
	.usage = "[OPTION]... [FAULT=ACTION]...",
	.summary = "Show or change what is done about faults",
	.description =
		"ACTION is alert (tell it, no more), throttle (slow the agent down), restart (kill\n"
		"its cgroup and start it again, if its restart condition is not never) or kill\n"
		"(kill its cgroup; its restart policy decides what comes then); for one agent\n"
		"also all: as for all agents. What is not given stays as it is. A crash has ended\n"
		"the agent: whatever is said here, its restart policy decides. The kernel kills\n"
		"for a memory limit, also where the action is alert. For PolicyViolation what has\n"
		"left the cgroup is killed like what is in it. \"asmctl faults\" tells what was done.",
	.examples = "  asmctl recovery\n"
		    "  asmctl recovery --preset strict ProcessLimit=alert\n"
		    "  asmctl recovery --agent planner MemoryLimit=restart\n"
		    "  asmctl recovery --agent planner MemoryLimit=all\n"
		    "  asmctl recovery --ladder 3:1m\n",
	.options = options,
	.operands = OPERANDS_NONE,
	.run = run,
};
