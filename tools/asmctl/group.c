// SPDX-License-Identifier: GPL-2.0-only
/*
 * "asmctl group": groups of the supervision tree.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "asmctl.h"
#include "format.h"
#include "group.h"
#include "parse.h"
#include "restarts.h"
#include "spec.h"

enum {
	OPT_PARENT = OPT_SPEC_END,
	OPT_STRATEGY,
	OPT_BUDGET,
	OPT_AUTO_SHUTDOWN,
	OPT_MEMBERS_MAX,
	OPT_SIGNIFICANT,
	OPT_MAKE_SIGNIFICANT,
	OPT_NO_WAIT,
};

int group_status_of(int error)
{
	return error == -ENOENT ? EXIT_NO_AGENT : exit_status_of(error);
}

char *meant_group(struct agentsys *h, const char *name)
{
	struct agentsys_group **list;
	const char **names, *meant;
	char *text = NULL;
	ssize_t n;
	int ret;

	n = agentsys_group_list(h, &list);
	names = n < 0 ? NULL : calloc(n + 1, sizeof(*names));
	for (ssize_t i = 0; names && i < n; i++)
		names[i] = list[i]->name;
	meant = names ? nearest(name, names, n) : NULL;
	ret = meant ? asprintf(&text, "; did you mean '%s'?", meant) : asprintf(&text, "%s", "");
	free(names);
	if (n >= 0)
		agentsys_group_list_free(list);
	if (ret < 0)
		out_of_memory();
	return text;
}

int group_failed(struct agentsys *h, int error, const char *infinitive, const char *name,
		 const char *missing)
{
	char *why = strdup(agentsys_error(h));
	char *meant = error == -ENOENT ? meant_group(h, missing) : strdup("");

	if (!why || !meant)
		out_of_memory();
	complain("cannot %s group %s: %s%s", infinitive, name, why, meant);
	free(meant);
	free(why);
	return group_status_of(error);
}

static void print_policy(const struct agentsys_group *group)
{
	char budget[FORMAT_MAX], backoff[FORMAT_MAX];

	printf("%s, budget %s, backoff %s", agentsys_strategy_name(group->strategy),
	       format_budget(group, budget), format_backoff(group, backoff));
	if (group->jitter)
		printf(", jitter up to %" PRIu32 "%%", group->jitter);
	if (group->auto_shutdown)
		printf(", auto-shutdown %s", agentsys_auto_shutdown_name(group->auto_shutdown));
	if (group->members_max < AGENTSYS_MEMBERS_MAX)
		printf(", %" PRIu32 " members at most", group->members_max);
	putchar('\n');
}

/* ---- new, set ---- */

/**
 * struct request - what the command line asks for
 * @spec: of the group
 * @parent: or NULL
 * @significant: of an existing one: "yes", "no" or NULL
 * @any: there is something to set
 * @json: print it as JSON
 */
struct request {
	struct agentsys_group_spec *spec;
	const char *parent;
	const char *significant;
	bool any;
	bool json;
};

/* clang-format off */
#define OPTIONS_POLICY                                                                 \
	{ OPT_STRATEGY, "strategy", "WHO",                                             \
	  "who is restarted: one_for_one, one_for_all, rest_for_one,\n"                \
	  "transient or permanent" },                                                  \
	{ OPT_BUDGET, "budget", "N/SECONDS",                                           \
	  "restarts that it may take within so many seconds; or\n"                     \
	  "default (5/60), lenient (10/120), strict (3/30),\n"                         \
	  "never (0: the first one needed fails the group)" },                         \
	{ OPT_BACKOFF, "backoff", "MS[:MAX]",                                          \
	  "wait before the first restart of several members, or of\n"                  \
	  "a group in it, growing up to MAX; milliseconds, or\n"                       \
	  "durations as 100ms, 2s" },                                                  \
	{ OPT_BACKOFF_KIND, "backoff-kind", "KIND",                                    \
	  "how it grows: exponential (default), linear, constant" },                   \
	{ OPT_JITTER, "jitter", "PERCENT", "make each wait longer at random, by up to this" }, \
	{ OPT_AUTO_SHUTDOWN, "auto-shutdown", "WHEN",                                  \
	  "stop when significant members have ended for good:\n"                       \
	  "never (default), when any, or all of them have" },                          \
	{ OPT_MEMBERS_MAX, "members-max", "N", "take no more members than these, 1 to 1024" }
/* clang-format on */

static const char strategies[] =
	"they are one_for_one, one_for_all, rest_for_one, transient, permanent";

static void take_budget(struct request *request, const char *arg)
{
	uint32_t n, within_ms;
	bool has_window;
	const char *why;

	if (!parse_budget(arg, &n, &within_ms, &has_window, &why))
		usage_error("'%s' %s", arg, why);
	agentsys_group_spec_set_budget(request->spec, n);
	if (has_window)
		agentsys_group_spec_set_within(request->spec, within_ms);
}

static void take_auto_shutdown(struct request *request, const char *arg)
{
	for (uint32_t when = 0; when < __AGENTSYS_AUTO_SHUTDOWNS; when++) {
		if (strcmp(arg, agentsys_auto_shutdown_name(when)))
			continue;
		agentsys_group_spec_set_auto_shutdown(request->spec, when);
		return;
	}
	usage_error("'%s' is not one of never, any, all", arg);
}

static void take_option(struct request *request, int key, const char *arg)
{
	uint32_t strategy, initial, max;
	uint64_t n;

	switch (key) {
	case OPT_JSON:
		request->json = true;
		return;
	case OPT_PARENT:
		request->parent = arg;
		need_memory(agentsys_group_spec_set_parent(request->spec, arg));
		return;
	case OPT_STRATEGY:
		if (!parse_strategy(arg, &strategy))
			usage_error("'%s' is no strategy: %s", arg, strategies);
		agentsys_group_spec_set_strategy(request->spec, strategy);
		break;
	case OPT_BUDGET:
		take_budget(request, arg);
		break;
	case OPT_AUTO_SHUTDOWN:
		take_auto_shutdown(request, arg);
		break;
	case OPT_MEMBERS_MAX:
		if (!parse_number(arg, UINT32_MAX, &n))
			usage_error("'%s' is not a number of members, 1 to %d", arg,
				    AGENTSYS_MEMBERS_MAX);
		agentsys_group_spec_set_members_max(request->spec, n);
		break;
	case OPT_SIGNIFICANT:
		agentsys_group_spec_set_significant(request->spec, true);
		return;
	case OPT_MAKE_SIGNIFICANT:
		take_yes_no(arg);
		request->significant = arg;
		return;
	case OPT_BACKOFF:
		take_backoff(arg, &initial, &max);
		agentsys_group_spec_set_backoff(request->spec, initial, max);
		break;
	case OPT_BACKOFF_KIND:
		agentsys_group_spec_set_backoff_kind(request->spec, take_backoff_kind(arg));
		break;
	case OPT_JITTER:
		agentsys_group_spec_set_jitter(request->spec, take_jitter(arg));
		break;
	}
	request->any = true;
}

static void take_options(struct request *request, int argc, char **argv)
{
	int key;

	*request = (struct request){ .spec = agentsys_group_spec_new() };
	if (!request->spec)
		out_of_memory();
	while ((key = next_option(argc, argv)) != -1)
		take_option(request, key, optarg);
}

static int run_new(int argc, char **argv)
{
	struct agentsys_group *group;
	struct request request;
	int ret, status = EXIT_OK;
	const char *name;
	struct agentsys *h;

	take_options(&request, argc, argv);
	need_operands(argc, 1, 1, "the name of the group");
	name = argv[optind];
	h = connect_module();
	ret = agentsys_group_new(h, name, request.spec);
	if (ret) {
		status = group_failed(h, ret, "make", name,
				      request.parent ? request.parent : AGENTSYS_ROOT_GROUP);
	} else if (!agentsys_group_get(h, name, &group)) {
		if (request.json) {
			print_json(json_of_group(group));
		} else {
			printf("Group %s made in %s: ", group->name, group->parent);
			print_policy(group);
		}
		agentsys_group_free(group);
	}
	agentsys_group_spec_free(request.spec);
	agentsys_close(h);
	return status;
}

static const struct option_def new_options[] = {
	{ OPT_PARENT, "parent", "GROUP", "the group that it is in (default: root)" },
	OPTIONS_POLICY,
	{ OPT_SIGNIFICANT, "significant", NULL, "a significant member of the group above" },
	OPTION_JSON,
	OPTION_END,
};

static const struct command group_new = {
	.name = "new",
	.of = "group",
	.usage = "[OPTION]... NAME",
	.summary = "Make a group, which is empty",
	.description =
		"When a member ends that is to be restarted, one_for_one restarts it alone,\n"
		"one_for_all all members, rest_for_one it and those that came after it. In these\n"
		"an agent is always restarted, if its own --restart does not tell otherwise.\n"
		"transient and permanent are as one_for_one with another default: on-failure,\n"
		"and never. A restart beyond the budget fails the group: its members are stopped,\n"
		"and for the group above that is a member that has ended.",
	.examples =
		"  asmctl group new web\n"
		"  asmctl group new --parent web --strategy rest_for_one --budget 3/10 workers\n"
		"  asmctl run --group workers --name first -- /usr/bin/worker\n",
	.options = new_options,
	.operands = OPERANDS_OTHER,
	.run = run_new,
};

static int change(struct agentsys *h, const char *name, const struct request *request)
{
	int ret = agentsys_group_set(h, name, request->spec);

	if (!ret && request->significant)
		ret = agentsys_group_set_significant(h, name, take_yes_no(request->significant));
	return ret;
}

static int set_one(struct agentsys *h, const char *name, const struct request *request)
{
	struct agentsys_group *group;
	int ret = change(h, name, request);

	if (ret)
		return group_failed(h, ret, "change", name, name);
	if (request->parent)
		ret = agentsys_group_move(h, name, request->parent);
	if (ret)
		return group_failed(h, ret, "move", name, request->parent);
	if (agentsys_group_get(h, name, &group))
		return EXIT_OK;
	printf("Group %s%s%s: ", group->name, request->parent ? " in " : "",
	       request->parent ? group->parent : "");
	print_policy(group);
	agentsys_group_free(group);
	return EXIT_OK;
}

static int run_set(int argc, char **argv)
{
	struct request request;
	int status = EXIT_OK;
	struct agentsys *h;

	take_options(&request, argc, argv);
	need_operands(argc, 1, INT_MAX, "the name of a group");
	if (!request.any && !request.parent && !request.significant)
		usage_error("nothing to set: give --strategy, --budget, --backoff or the like");
	h = connect_module();
	for (int i = optind; i < argc; i++) {
		int ret = set_one(h, argv[i], &request);

		if (!status)
			status = ret;
	}
	agentsys_group_spec_free(request.spec);
	agentsys_close(h);
	return status;
}

static const struct option_def set_options[] = {
	OPTIONS_POLICY,
	{ OPT_PARENT, "parent", "GROUP",
	  "make it, with all that is in it, the last member of this\n"
	  "group; no process is touched" },
	{ OPT_MAKE_SIGNIFICANT, "significant", "yes|no",
	  "whether it is a significant member of the group above" },
	OPTION_END,
};

static const struct command group_set = {
	.name = "set",
	.of = "group",
	.usage = "OPTION... GROUP...",
	.summary = "Change who is restarted in groups, and how often",
	.description =
		"What is not given stays as it is. What is under way goes on as it began. A group\n"
		"is moved while nothing is under way in it, in its parent and in the new one.",
	.examples = "  asmctl group set --strategy one_for_all web\n"
		    "  asmctl group set --budget strict --backoff 1s:5s web workers\n"
		    "  asmctl group set --backoff-kind linear --jitter 20 web\n"
		    "  asmctl group set --parent web workers\n",
	.options = set_options,
	.operands = OPERANDS_GROUPS,
	.run = run_set,
};

/* ---- rm, start, stop, restart ---- */

/**
 * struct action - what one of the commands does
 * @infinitive: "stop", for "cannot stop group web"
 * @done: what was done
 * @accepted: what will be done, where it is not waited for
 * @act: does it
 */
struct action {
	const char *infinitive;
	const char *done;
	const char *accepted;
	int (*act)(struct agentsys *h, const char *name, unsigned int flags);
};

static int run_action(int argc, char **argv, const struct action *action)
{
	unsigned int flags = AGENTSYS_WAIT;
	int key, status = EXIT_OK;
	bool quiet = false;
	struct agentsys *h;

	while ((key = next_option(argc, argv)) != -1) {
		if (key == OPT_NO_WAIT)
			flags = 0;
		else
			quiet = true;
	}
	need_operands(argc, 1, INT_MAX, "the name of a group");
	h = connect_module();
	for (int i = optind; i < argc; i++) {
		int ret = action->act(h, argv[i], flags);

		if (ret)
			ret = group_failed(h, ret, action->infinitive, argv[i], argv[i]);
		else if (!quiet)
			printf("Group %s %s\n", argv[i], flags ? action->done : action->accepted);
		if (!status)
			status = ret;
		fflush(stdout);
	}
	agentsys_close(h);
	return status;
}

/* clang-format off */
#define OPTION_QUIET { 'q', "quiet", NULL, "print nothing but errors" }
#define OPTION_NO_WAIT { OPT_NO_WAIT, "no-wait", NULL, "do not wait until it is done" }
/* clang-format on */

static const struct option_def wait_options[] = { OPTION_NO_WAIT, OPTION_QUIET, OPTION_END };
static const struct option_def quiet_options[] = { OPTION_QUIET, OPTION_END };

static int do_remove(struct agentsys *h, const char *name, unsigned int flags)
{
	(void)flags;
	return agentsys_group_del(h, name);
}

static int run_rm(int argc, char **argv)
{
	static const struct action action = { "remove", "removed", NULL, do_remove };

	return run_action(argc, argv, &action);
}

static const struct command group_rm = {
	.name = "rm",
	.of = "group",
	.alias = "remove",
	.usage = "[OPTION]... GROUP...",
	.summary = "Remove empty groups",
	.description = "Agents that have ended are in it too, until asmctl rm has removed them.",
	.examples = "  asmctl group rm web\n",
	.options = quiet_options,
	.operands = OPERANDS_GROUPS,
	.run = run_rm,
};

static int run_start(int argc, char **argv)
{
	static const struct action action = { "start", "started", "is being started",
					      agentsys_group_start };

	return run_action(argc, argv, &action);
}

static const struct command group_start = {
	.name = "start",
	.of = "group",
	.usage = "[OPTION]... GROUP...",
	.summary = "Start all members that do not run, in order",
	.description = "Each starts when the one before runs. The restarts of a group that has\n"
		       "failed are counted from 0 again.",
	.examples = "  asmctl group start web\n",
	.options = wait_options,
	.operands = OPERANDS_GROUPS,
	.run = run_start,
};

static int run_stop(int argc, char **argv)
{
	static const struct action action = { "stop", "stopped", "is being stopped",
					      agentsys_group_stop };

	return run_action(argc, argv, &action);
}

static const struct command group_stop = {
	.name = "stop",
	.of = "group",
	.usage = "[OPTION]... GROUP...",
	.summary = "Stop all members, the last one first",
	.description = "Each is asked to end and killed as its own stop timeout says. No restart\n"
		       "follows.",
	.examples = "  asmctl group stop web\n"
		    "  asmctl group stop --no-wait web\n",
	.options = wait_options,
	.operands = OPERANDS_GROUPS,
	.run = run_stop,
};

static int run_restart(int argc, char **argv)
{
	static const struct action action = { "restart", "restarted", "is being restarted",
					      agentsys_group_restart };

	return run_action(argc, argv, &action);
}

static const struct command group_restart = {
	.name = "restart",
	.of = "group",
	.usage = "[OPTION]... GROUP...",
	.summary = "Stop all members, and start those that ran",
	.examples = "  asmctl group restart web\n",
	.options = wait_options,
	.operands = OPERANDS_GROUPS,
	.run = run_restart,
};

/* ---- group ---- */

static const struct command *const subcommands[] = {
	&group_new,	&group_set,  &group_rm,	  &group_start, &group_stop,
	&group_restart, &group_show, &group_list, NULL,
};

static int run(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2 || argv[1][0] == '-') {
		while (next_option(argc, argv) != -1)
			;
		usage_error("which of new, set, rm, start, stop, restart, show and list?");
	}
	command = find_command(subcommands, argv[1]);
	if (!command)
		unknown_command(subcommands, argv[1]);
	this_command = command;
	return command->run(argc - 1, argv + 1);
}

static const struct option_def options[] = { OPTION_END };

const struct command cmd_group = {
	.name = "group",
	.usage = "COMMAND [OPTION]... [GROUP]...",
	.summary = "Make, change, start and stop groups of agents",
	.description =
		"Groups make the supervision tree: agents and groups are restarted together, as\n"
		"the strategy of the group says that they are in, as often as its budget allows.\n"
		"All that is in no other group is in root, which is always there.",
	.examples = "  asmctl group new --strategy one_for_all --budget 3/30 web\n"
		    "  asmctl run --group web --name server -- /usr/bin/server\n"
		    "  asmctl tree web\n",
	.options = options,
	.subcommands = subcommands,
	.operands = OPERANDS_OTHER,
	.run = run,
};
