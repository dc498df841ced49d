// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "asmctl.h"
#include "format.h"
#include "restarts.h"
#include "spec.h"

enum {
	OPT_GROUP = OPT_SPEC_END,
	OPT_SIGNIFICANT,
};

static const struct option_def options[] = {
	OPTIONS_RESTART,
	{ OPT_GROUP, "group", "NAME",
	  "make it the last member of this group; its process and\n"
	  "how it is restarted stay" },
	{ OPT_SIGNIFICANT, "significant", "yes|no",
	  "whether its end for good may stop the group,\n"
	  "see --auto-shutdown of asmctl group new" },
	OPTION_END,
};

/**
 * struct request - what the command line asks for
 * @spec: how it is to be restarted
 * @policy: that is given
 * @group: where it is to be, or NULL
 * @significant: "yes", "no" or NULL
 */
struct request {
	struct agentsys_spec *spec;
	bool policy;
	const char *group;
	const char *significant;
};

static int change(struct agentsys *h, uint32_t id, const struct request *request)
{
	int ret = 0;

	if (request->policy)
		ret = agentsys_set(h, id, request->spec);
	if (!ret && request->significant)
		ret = agentsys_set_significant(h, id, take_yes_no(request->significant));
	if (!ret && request->group)
		ret = agentsys_move(h, id, request->group);
	return ret;
}

static void print_changed(const struct request *request, const struct agentsys_info *info)
{
	char max[FORMAT_MAX];

	if (request->group || request->significant)
		printf("Agent %u (%s) is in %s%s\n", info->id, info->name, info->group,
		       info->significant ? ", as a significant member" : "");
	if (!request->policy)
		return;
	printf("Agent %u (%s) restarts %s, %u of %s restarts used, backoff %ums to %ums\n",
	       info->id, info->name, agentsys_restart_name(info->restart), info->restarts,
	       format_max_restarts(info->max_restarts, max), info->backoff_initial_ms,
	       info->backoff_max_ms);
	print_restarts(info);
}

static int set(struct agentsys *h, const char *agent, const struct request *request)
{
	struct agentsys_info *info;
	uint32_t id;
	int ret;

	ret = resolve_agent(h, agent, &id);
	if (ret)
		return ret;
	ret = change(h, id, request);
	if (ret) {
		char *why = strdup(agentsys_error(h));
		char *meant = ret == -ENOENT && request->group ? meant_group(h, request->group) :
								 strdup("");

		need_memory(why && meant ? 0 : -ENOMEM);
		complain("cannot change agent %u: %s%s", id, why, meant);
		free(why);
		free(meant);
		return ret == -ENOENT ? group_status_of(ret) : exit_status_of(ret);
	}
	if (!agentsys_get(h, id, &info)) {
		print_changed(request, info);
		agentsys_info_free(info);
	}
	return EXIT_OK;
}

static void take_option(struct request *request, int key, const char *arg)
{
	if (key == OPT_GROUP) {
		request->group = arg;
	} else if (key == OPT_SIGNIFICANT) {
		take_yes_no(arg);
		request->significant = arg;
	} else {
		request->policy |= take_spec_option(request->spec, key, arg);
	}
}

static int run(int argc, char **argv)
{
	struct request request = { .spec = new_spec() };
	int status = EXIT_OK;
	struct agentsys *h;
	int key;

	while ((key = next_option(argc, argv)) != -1)
		take_option(&request, key, optarg);
	need_operands(argc, 1, INT_MAX, "the id or name of an agent");
	if (!request.policy && !request.group && !request.significant)
		usage_error("nothing to set: give --restart, --max-restarts or the like");

	h = connect_module();
	for (int i = optind; i < argc; i++) {
		int ret = set(h, argv[i], &request);

		if (!status)
			status = ret;
	}
	agentsys_close(h);
	agentsys_spec_free(request.spec);
	return status;
}

const struct command cmd_set = {
	.name = "set",
	.usage = "OPTION... AGENT...",
	.summary = "Change when agents are restarted, and with whom",
	.description =
		"What is not given stays as it is; a list replaces the one before, and \"\" is an\n"
		"empty one. A scheduled restart that the new policy does not allow is called\n"
		"off. \"asmctl explain\" tells what follows from all that.\n"
		"\n"
		"An agent is moved while nothing is under way in its group and in the new one. A\n"
		"group that was stopped is active again when an agent that runs enters it.",
	.examples = "  asmctl set --restart on-failure --max-restarts 5 100\n"
		    "  asmctl set --backoff 1s:1m 100 101\n"
		    "  asmctl set --success-status '143 SIGHUP' --prevent-status 'CONFIG oom' 100\n"
		    "  asmctl set --breaker 5:10m --jitter 20 --stable 30s 100\n"
		    "  asmctl set --restart never fs_monitor\n"
		    "  asmctl set --group web --significant yes fs_monitor\n",
	.options = options,
	.operands = OPERANDS_AGENTS,
	.run = run,
};
