// SPDX-License-Identifier: GPL-2.0-only
/*
 * "asmctl health": how agents are, as the helper daemon finds out.
 */
#include "health.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asmctl.h"
#include "format.h"
#include "health_total.h"
#include "helper.h"
#include "parse.h"

/* ---- what is to be checked ---- */

/* The part of @word behind "@key=", or NULL. */
static const char *value_of(const char *word, const char *key)
{
	size_t len = strlen(key);

	return !strncmp(word, key, len) && word[len] == '=' ? word + len + 1 : NULL;
}

static bool take_kind(struct json_object *array, const char *word)
{
	static const char *const kinds[] = { "tcp", "http", "command" };
	const char *kind = NULL, *target = "";
	struct json_object *check;

	if (!strcmp(word, "process"))
		kind = "process";
	for (size_t i = 0; !kind && i < ARRAY_SIZE(kinds); i++) {
		target = value_of(word, kinds[i]) ?: "";
		if (value_of(word, kinds[i]))
			kind = kinds[i];
	}
	if (!kind)
		return false;
	check = json_object_new_object();
	json_object_object_add(check, "kind", json_object_new_string(kind));
	json_object_object_add(check, "target", json_object_new_string(target));
	json_object_array_add(array, check);
	return true;
}

static bool take_time(struct json_object *times, const char *word)
{
	static const struct {
		const char *word;
		const char *key;
	} keys[] = {
		{ "interval", "interval_ms" },
		{ "timeout", "timeout_ms" },
		{ "start-period", "start_period_ms" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *value = value_of(word, keys[i].word);
		const char *why;
		uint32_t ms;

		if (!value)
			continue;
		if (!parse_duration(value, false, &ms, &why))
			usage_error("%s: '%s' %s", keys[i].word, value, why);
		json_object_object_add(times, keys[i].key, json_object_new_int64(ms));
		return true;
	}
	return false;
}

static bool take_retries(struct json_object *times, const char *word)
{
	const char *value = value_of(word, "retries");
	uint64_t n;

	if (!value)
		return false;
	if (!parse_number(value, 1000, &n) || !n)
		usage_error("retries: '%s' is not a number from 1 to 1000", value);
	json_object_object_add(times, "retries", json_object_new_int64(n));
	return true;
}

struct json_object *health_checks(char *const words[])
{
	struct json_object *array = json_object_new_array();
	struct json_object *times = json_object_new_object();

	for (; *words; words++)
		if (!take_kind(array, *words) && !take_time(times, *words) &&
		    !take_retries(times, *words))
			usage_error("'%s' is neither a check nor a setting, see --help", *words);
	if (!json_object_array_length(array))
		usage_error("nothing to check is given: process, tcp=, http= or command=");
	/* The times are for all of them. */
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct json_object *check = json_object_array_get_idx(array, i);

		json_object_object_foreach(times, key, value)
			json_object_object_add(check, key, json_object_get(value));
	}
	json_object_put(times);
	return array;
}

/* ---- set, clear ---- */

int health_set(struct agentsys *h, uint32_t id, struct json_object *checks)
{
	struct json_object *request, *answer, *error;
	int ret = helper_need(h);

	if (ret) {
		json_object_put(checks);
		return ret;
	}
	request = helper_request("check", id);
	json_object_object_add(request, "checks", checks);
	answer = helper_ask(request);
	if (!answer) {
		complain("the helper daemon does not answer");
		return EXIT_FAILED;
	}
	if (json_object_object_get_ex(answer, "error", &error)) {
		int code = json_object_get_int(json_object_object_get(answer, "errno"));

		complain("cannot change the checks of agent %u: %s", id,
			 json_object_get_string(error));
		ret = exit_status_of(-code);
	}
	json_object_put(answer);
	return ret;
}

static int change_agent(const char *agent, struct json_object *checks)
{
	struct agentsys *h = connect_module();
	uint32_t id;
	int ret = resolve_agent(h, agent, &id);

	if (ret)
		json_object_put(checks);
	else
		ret = health_set(h, id, checks);
	agentsys_close(h);
	return ret;
}

static int run_set(int argc, char **argv)
{
	while (next_option(argc, argv) != -1)
		;
	need_operands(argc, 2, INT_MAX, "an agent and what is to be checked");
	return change_agent(argv[optind], health_checks(argv + optind + 1));
}

static const struct option_def no_options[] = { OPTION_END };

static const struct command health_set_command = {
	.name = "set",
	.of = "health",
	.usage = "AGENT CHECK... [SETTING]...",
	.summary = "Have an agent checked",
	.description =
		"CHECK is process (its main process is there, and not suspended), tcp=HOST:PORT\n"
		"(something accepts connections), http=URL (the answer has a status from 200 to 399;\n"
		"https too), command=COMMAND (sh -c exits with 0; it is run as the user of the\n"
		"agent's main process, outside its cgroup, with AGENT_ID and AGENT_PID). They replace\n"
		"those there were. SETTING is for all of them:\n"
		"  interval=10s       from one check to the next\n"
		"  timeout=5s         a check that takes longer has failed\n"
		"  retries=3          failures in a row that make the agent unhealthy\n"
		"  start-period=0s    failures do not count for so long after a start, until a\n"
		"                     check succeeds\n"
		"An agent that becomes unhealthy has the fault Unresponsive, again after as many\n"
		"failures more: \"asmctl recovery\" tells what is done about it, restart by default.",
	.examples = "  asmctl health set web http=http://127.0.0.1:8080/health interval=5s\n"
		    "  asmctl health set db tcp=127.0.0.1:5432 retries=5 start-period=30s\n"
		    "  asmctl health set worker process command='test -e /run/worker/alive'\n",
	.options = no_options,
	.operands = OPERANDS_AGENTS,
	.run = run_set,
};

static int run_clear(int argc, char **argv)
{
	int status = EXIT_OK;

	while (next_option(argc, argv) != -1)
		;
	need_operands(argc, 1, INT_MAX, "the id or name of an agent");
	for (int i = optind; i < argc; i++) {
		int ret = change_agent(argv[i], json_object_new_array());

		if (!status)
			status = ret;
	}
	return status;
}

static const struct command health_clear_command = {
	.name = "clear",
	.of = "health",
	.usage = "AGENT...",
	.summary = "Have agents checked no more",
	.examples = "  asmctl health clear web\n",
	.options = no_options,
	.operands = OPERANDS_AGENTS,
	.run = run_clear,
};

/* ---- telling ---- */

static const char *text(struct json_object *object, const char *key)
{
	return json_object_get_string(json_object_object_get(object, key)) ?: "";
}

static enum colour colour_of(const char *health)
{
	if (!strcmp(health, "healthy"))
		return GREEN;
	if (!strcmp(health, "unhealthy"))
		return RED;
	return !strcmp(health, "degraded") || !strcmp(health, "starting") ? YELLOW : PLAIN;
}

static void add_check(struct table *table, struct json_object *agent, struct json_object *check,
		      bool first)
{
	const char *health = first ? text(agent, "health") : "";
	const char *target = check ? text(check, "target") : "";
	char what[96], failures[64];

	if (check)
		snprintf(what, sizeof(what), "%s%s%.60s", text(check, "kind"), *target ? "=" : "",
			 target);
	else
		snprintf(what, sizeof(what), "notify");
	if (check)
		snprintf(failures, sizeof(failures), "%d/%d",
			 json_object_get_int(json_object_object_get(check, "failures")),
			 json_object_get_int(json_object_object_get(check, "retries")));
	table_add(table, (const struct cell[]){
				 { first ? text(agent, "id") : "", PLAIN },
				 { first ? text(agent, "name") : "", PLAIN },
				 { first ? text(agent, "group") : "", PLAIN },
				 { health, colour_of(health) },
				 { what, PLAIN },
				 { check ? failures : "-", PLAIN },
				 { check ? text(check, "result") : text(agent, "status"), PLAIN },
			 });
}

static void print_agents(struct json_object *agents)
{
	static const char *const titles[] = { "-ID",   "NAME",	    "GROUP", "HEALTH",
					      "CHECK", "-FAILURES", "LAST" };
	struct table *table = table_new(titles, ARRAY_SIZE(titles));

	for (size_t i = 0; i < json_object_array_length(agents); i++) {
		struct json_object *agent = json_object_array_get_idx(agents, i);
		struct json_object *checks = json_object_object_get(agent, "checks");
		bool notifies = json_object_get_boolean(json_object_object_get(agent, "notifies"));

		if (notifies)
			add_check(table, agent, NULL, true);
		for (size_t j = 0; j < json_object_array_length(checks); j++)
			add_check(table, agent, json_object_array_get_idx(checks, j),
				  !j && !notifies);
	}
	table_print(table);
}

static void print_totals(struct json_object *totals)
{
	static const char *const titles[] = { "GROUP",	   "HEALTH",	 "-HEALTHY",
					      "-STARTING", "-UNHEALTHY", "-DOWN" };
	struct table *table = table_new(titles, ARRAY_SIZE(titles));

	for (size_t i = 0; i < json_object_array_length(totals); i++) {
		struct json_object *total = json_object_array_get_idx(totals, i);
		const char *health = text(total, "health");

		/* One line is read before the next is asked for: text() stays valid. */
		table_add(table, (const struct cell[]){
					 { text(total, "group"), PLAIN },
					 { health, colour_of(health) },
					 { text(total, "healthy"), PLAIN },
					 { text(total, "starting"), PLAIN },
					 { text(total, "unhealthy"), PLAIN },
					 { text(total, "down"), PLAIN },
				 });
	}
	table_print(table);
}

static int64_t id_of(struct json_object *agent)
{
	return json_object_get_int64(json_object_object_get(agent, "id"));
}

/* Those of what the helper knows that are named, or all. */
static int pick(struct agentsys *h, struct json_object *from, char *const names[],
		struct json_object *to)
{
	for (; *names; names++) {
		uint32_t id;
		int ret = resolve_agent(h, *names, &id);

		if (ret)
			return ret;
		for (size_t i = 0; i < json_object_array_length(from); i++) {
			struct json_object *agent = json_object_array_get_idx(from, i);

			if (id_of(agent) == id)
				json_object_array_add(to, json_object_get(agent));
		}
	}
	return EXIT_OK;
}

static int compare(const void *a, const void *b)
{
	int64_t first = id_of(*(struct json_object *const *)a);
	int64_t second = id_of(*(struct json_object *const *)b);

	return (first > second) - (first < second);
}

static int tell(struct agentsys *h, char *const names[], bool json)
{
	struct json_object *answer = helper_ask(helper_request("list", 0));
	struct json_object *known = NULL, *agents = json_object_new_array(), *totals;
	int ret = EXIT_OK;

	if (!json_object_object_get_ex(answer, "agents", &known))
		known = json_object_new_array();
	else
		json_object_get(known);
	json_object_array_sort(known, compare);
	if (*names)
		ret = pick(h, known, names, agents);
	totals = health_totals(h, known);
	if (!*names) {
		json_object_put(agents);
		agents = json_object_get(known);
	}
	if (!ret && json) {
		struct json_object *object = json_object_new_object();

		json_object_object_add(object, "agents", json_object_get(agents));
		json_object_object_add(object, "groups", json_object_get(totals));
		json_object_object_add(object, "helper", json_object_new_boolean(!!answer));
		print_json(object);
	} else if (!ret) {
		if (!answer)
			complain("the helper daemon does not run: nothing is checked");
		print_agents(agents);
		if (!*names) {
			putchar('\n');
			print_totals(totals);
		}
	}
	json_object_put(totals);
	json_object_put(agents);
	json_object_put(known);
	json_object_put(answer);
	return ret;
}

static const struct command *const subcommands[] = { &health_set_command, &health_clear_command,
						     NULL };

static int run(int argc, char **argv)
{
	struct agentsys *h;
	bool json = false;
	int ret;

	if (argc > 1 && find_command(subcommands, argv[1])) {
		this_command = find_command(subcommands, argv[1]);
		return this_command->run(argc - 1, argv + 1);
	}
	while (next_option(argc, argv) != -1)
		json = true;
	h = connect_module();
	if (geteuid()) {
		complain("only root may ask the helper daemon for something");
		ret = EXIT_DENIED;
	} else {
		ret = tell(h, argv + optind, json);
	}
	agentsys_close(h);
	return ret;
}

static const struct option_def options[] = { OPTION_JSON, OPTION_END };

const struct command cmd_health = {
	.name = "health",
	.usage = "[OPTION]... [AGENT]...\n       asmctl health set AGENT CHECK... [SETTING]...\n"
		 "       asmctl health clear AGENT...",
	.summary = "Check whether agents are well, and show what was found",
	.description =
		"An agent is healthy, unhealthy (a check has failed too often in a row, or it has\n"
		"failed for good), starting (not found healthy yet, not ready yet, or about to be\n"
		"restarted) or down (it does not run, as somebody wanted). A group, with all that is\n"
		"in it, is healthy if all of its agents that are not down are, unhealthy if some are\n"
		"unhealthy and none is healthy, and else degraded; root is the system. The helper\n"
		"daemon makes the checks, see \"asmctl helper\".",
	.examples = "  asmctl health\n"
		    "  asmctl health --json web | jq -r '.agents[0].health'\n"
		    "  asmctl health set web http=http://127.0.0.1:8080/health interval=5s\n"
		    "  asmctl health clear web\n",
	.options = options,
	.subcommands = subcommands,
	.operands = OPERANDS_AGENTS,
	.run = run,
};
