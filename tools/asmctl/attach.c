// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "asmctl.h"
#include "format.h"
#include "parse.h"
#include "spec.h"

static const struct option_def options[] = {
	OPTIONS_IDENTITY, OPTIONS_LIMITS, OPTION_LIMIT, OPTIONS_STOP, OPTION_JSON, OPTION_END,
};

/* Its own name for itself, unless it would not do as one. */
static void set_default_name(struct agentsys_spec *spec, pid_t pid)
{
	char path[32], name[AGENTSYS_NAME_MAX + 1] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	file = fopen(path, "r");
	if (!file)
		return;
	if (fgets(name, sizeof(name), file))
		name[strcspn(name, "\n")] = '\0';
	fclose(file);
	if (name_fits(name))
		need_memory(agentsys_spec_set_name(spec, name));
}

static int attach(const struct agentsys_spec *spec, pid_t pid, bool json)
{
	struct agentsys *h = connect_module();
	struct agentsys_info *info;
	char what[64];
	uint32_t id;
	int ret;

	snprintf(what, sizeof(what), "attach process %d", (int)pid);
	ret = agentsys_attach(h, pid, spec, AGENTSYS_WAIT, &id);
	if (ret)
		return start_failed(h, ret, what);
	if (agentsys_get(h, id, &info)) {
		printf("Agent %u attached\n", id);
	} else {
		if (json)
			print_json(json_of_agent(info));
		else
			printf("Agent %u (%s) attached, pid %u\n", id, info->name, info->pid);
		agentsys_info_free(info);
	}
	agentsys_close(h);
	return EXIT_OK;
}

static int run(int argc, char **argv)
{
	struct agentsys_spec *spec = new_spec();
	bool json = false, named = false;
	uint64_t pid;
	int key, status;

	while ((key = next_option(argc, argv)) != -1) {
		if (key == OPT_JSON)
			json = true;
		else
			take_spec_option(spec, key, optarg);
		named |= key == OPT_NAME;
	}
	need_operands(argc, 1, 1, "the process");
	if (!parse_number(argv[optind], INT_MAX, &pid) || !pid)
		usage_error("'%s' is not a process id", argv[optind]);
	if (!named)
		set_default_name(spec, pid);

	status = attach(spec, pid, json);
	agentsys_spec_free(spec);
	return status;
}

const struct command cmd_attach = {
	.name = "attach",
	.usage = "[OPTION]... PID",
	.summary = "Make an agent of a process that runs already",
	.description =
		"The process is moved into the agent's cgroup; what it starts from then on is\n"
		"part of the agent, what it started before is not. Such an agent cannot be\n"
		"restarted: there is nothing known to start it from. Without --name it is called\n"
		"as the process (/proc/PID/comm).",
	.examples = "  asmctl attach 4711\n"
		    "  asmctl attach --name legacy --memory-max 1G --stop-timeout 30s 4711\n",
	.options = options,
	.operands = OPERANDS_OTHER,
	.run = run,
};
