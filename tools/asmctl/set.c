// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <limits.h>

#include "asmctl.h"
#include "format.h"
#include "restarts.h"
#include "spec.h"

static const struct option_def options[] = {
	OPTIONS_RESTART,
	OPTION_END,
};

static int set(struct agentsys *h, const char *agent, const struct agentsys_spec *spec)
{
	struct agentsys_info *info;
	char max[FORMAT_MAX];
	uint32_t id;
	int ret;

	ret = resolve_agent(h, agent, &id);
	if (ret)
		return ret;
	ret = agentsys_set(h, id, spec);
	if (ret) {
		complain("cannot change agent %u: %s", id, agentsys_error(h));
		return exit_status_of(ret);
	}
	if (!agentsys_get(h, id, &info)) {
		printf("Agent %u (%s) restarts %s, %u of %s restarts used, backoff %ums to %ums\n",
		       id, info->name, agentsys_restart_name(info->restart), info->restarts,
		       format_max_restarts(info->max_restarts, max), info->backoff_initial_ms,
		       info->backoff_max_ms);
		print_restarts(info);
		agentsys_info_free(info);
	}
	return EXIT_OK;
}

static int run(int argc, char **argv)
{
	struct agentsys_spec *spec = new_spec();
	int status = EXIT_OK;
	struct agentsys *h;
	bool any = false;
	int key;

	while ((key = next_option(argc, argv)) != -1)
		any |= take_spec_option(spec, key, optarg);
	need_operands(argc, 1, INT_MAX, "the id or name of an agent");
	if (!any)
		usage_error("nothing to set: give --restart, --max-restarts or the like");

	h = connect_module();
	for (int i = optind; i < argc; i++) {
		int ret = set(h, argv[i], spec);

		if (!status)
			status = ret;
	}
	agentsys_close(h);
	agentsys_spec_free(spec);
	return status;
}

const struct command cmd_set = {
	.name = "set",
	.usage = "OPTION... AGENT...",
	.summary = "Change when agents are restarted",
	.description =
		"What is not given stays as it is; a list replaces the one before, and \"\" is an\n"
		"empty one. A scheduled restart that the new policy does not allow is called\n"
		"off. \"asmctl explain\" tells what follows from all that.",
	.examples = "  asmctl set --restart on-failure --max-restarts 5 100\n"
		    "  asmctl set --backoff 1s:1m 100 101\n"
		    "  asmctl set --success-status '143 SIGHUP' --prevent-status 'CONFIG oom' 100\n"
		    "  asmctl set --breaker 5:10m --jitter 20 --stable 30s 100\n"
		    "  asmctl set --restart never fs_monitor\n",
	.options = options,
	.operands = OPERANDS_AGENTS,
	.run = run,
};
