// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "asmctl.h"
#include "format.h"
#include "parse.h"
#include "progress.h"

/* More agents than this are not listed each, but those that had to be killed are. */
#define FEW 20

enum {
	OPT_NOW = OPT_FIRST,
	OPT_NO_WAIT,
};

static const struct option_def options[] = {
	{ OPT_NOW, "now", NULL, "kill them at once" },
	{ 't', "timeout", "DURATION", "kill what is left after this, as 500ms (default 10s)" },
	{ OPT_NO_WAIT, "no-wait", NULL, "do not wait until it is done" },
	{ 'v', "verbose", NULL, "list every agent, however many there are" },
	OPTION_JSON,
	OPTION_END,
};

struct request {
	int64_t timeout_ms;
	bool no_wait;
	bool verbose;
	bool json;
};

static bool was_killed(const struct agentsys_info *info)
{
	return info->cause == AGENTSYS_CAUSE_KILL;
}

static bool has_ended(const struct agentsys_info *info)
{
	return info->state == AGENTSYS_EXITED || info->state == AGENTSYS_FAILED;
}

static size_t count(struct agentsys_info **list, bool (*what)(const struct agentsys_info *info))
{
	size_t n = 0;

	for (; *list; list++)
		n += what(*list);
	return n;
}

static void add_row(struct table *table, const struct agentsys_info *info)
{
	char id[16], status[FORMAT_MAX], after[FORMAT_MAX] = "-";

	snprintf(id, sizeof(id), "%u", info->id);
	if (info->asked_time && info->end_time >= info->asked_time)
		format_duration(info->end_time - info->asked_time, after);
	table_add(table, (struct cell[]){
				 { id, PLAIN },
				 { info->name, BOLD },
				 { info->group, PLAIN },
				 { !has_ended(info) ? "lives" : agentsys_cause_name(info->cause),
				   !has_ended(info) || was_killed(info) ? RED : PLAIN },
				 { has_ended(info) ? format_status(info, status) : "-", PLAIN },
				 { has_ended(info) ? after : "-", PLAIN },
			 });
}

static void print_table(struct agentsys_info **list, bool whole)
{
	static const char *const titles[] = { "-ID", "NAME", "GROUP", "END", "STATUS", "-AFTER" };
	struct table *table = table_new(titles, ARRAY_SIZE(titles));

	for (; *list; list++)
		if (whole || was_killed(*list) || !has_ended(*list))
			add_row(table, *list);
	table_print(table);
}

static void print_ended(struct agentsys_info **list, size_t n, bool verbose)
{
	size_t ended = count(list, has_ended), killed = count(list, was_killed);
	bool whole = verbose || n <= FEW;

	if (!n) {
		printf("No agent ran\n");
		return;
	}
	if (whole || killed || ended < n)
		print_table(list, whole);
	printf("Ended %zu agent%s, %zu of them by a kill\n", ended, ended == 1 ? "" : "s", killed);
}

static void print_object(struct agentsys_info **list)
{
	struct json_object *object = json_object_new_object();
	struct json_object *agents = json_object_new_array();

	json_object_object_add(object, "ended", json_object_new_int64(count(list, has_ended)));
	json_object_object_add(object, "killed", json_object_new_int64(count(list, was_killed)));
	json_object_object_add(object, "agents", agents);
	for (; *list; list++)
		json_object_array_add(agents, json_of_ended(*list));
	print_json(object);
}

static int begin(struct agentsys *h, const struct request *request)
{
	int ret = agentsys_shutdown(h, request->timeout_ms, 0, NULL, NULL);

	if (!ret)
		printf("The shutdown has begun\n");
	return ret;
}

static int end_all(struct agentsys *h, const struct request *request)
{
	struct progress *progress = request->json ? NULL : progress_begin();
	struct agentsys_info **list;
	ssize_t n;

	n = agentsys_shutdown_all(h, request->timeout_ms, &list);
	progress_end(progress);
	if (!list)
		return n;
	if (request->json)
		print_object(list);
	else
		print_ended(list, n < 0 ? 1 : n, request->verbose);
	agentsys_list_free(list);
	return n < 0 ? n : 0;
}

static int run(int argc, char **argv)
{
	struct request request = { .timeout_ms = AGENTSYS_DEFAULT_TIMEOUT };
	const char *why;
	struct agentsys *h;
	uint32_t ms;
	int key, ret;

	while ((key = next_option(argc, argv)) != -1) {
		switch (key) {
		case OPT_NOW:
			request.timeout_ms = 0;
			break;
		case 't':
			if (!parse_duration(optarg, false, &ms, &why))
				usage_error("'%s' %s", optarg, why);
			request.timeout_ms = ms;
			break;
		case OPT_NO_WAIT:
			request.no_wait = true;
			break;
		case 'v':
			request.verbose = true;
			break;
		case OPT_JSON:
			request.json = true;
			break;
		}
	}
	need_operands(argc, 0, 0, "");
	if (request.no_wait && (request.json || request.verbose))
		usage_error("--no-wait has nothing to list");

	h = connect_module();
	ret = request.no_wait ? begin(h, &request) : end_all(h, &request);
	if (ret)
		complain("cannot shut down: %s", agentsys_error(h));
	agentsys_close(h);
	return exit_status_of(ret);
}

const struct command cmd_shutdown = {
	.name = "shutdown",
	.usage = "[OPTION]...",
	.summary = "Stop every agent, so that the module can be unloaded",
	.description =
		"Agents that are in no group, and each group, are asked to end at the same time;\n"
		"the members of a group one after another, the last one first. Each has its own\n"
		"stop timeout, and what is left after the timeout for all is killed.\n"
		"\n"
		"No agent can be started until that is done. Their records stay, and a table tells\n"
		"how each has ended and how long that took; of more than 20 agents it has those\n"
		"that were killed, and all with --verbose. It gives up, and starts are accepted\n"
		"again, when for 10 s nothing of what was killed has gone.\n"
		"\n"
		"With --now nobody is asked: it is the emergency stop for agents that eat up memory\n"
		"or processes.",
	.examples = "  asmctl shutdown && rmmod agentsys\n"
		    "  asmctl shutdown --timeout 30s\n"
		    "  asmctl shutdown --now\n"
		    "  asmctl shutdown --json | jq '.agents[] | select(.killed) | .name'\n",
	.options = options,
	.operands = OPERANDS_NONE,
	.run = run,
};
