// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "asmctl.h"
#include "format.h"

static const struct option_def options[] = { OPTION_JSON, OPTION_END };

static int print_as_json(int ret, const struct agentsys_version *module)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "asmctl", json_object_new_string(ASMCTL_RELEASE));
	json_object_object_add(object, "abi", json_object_new_int(AGENTSYS_ABI_VERSION));
	json_object_object_add(object, "module",
			       ret ? NULL : json_object_new_string(module->release));
	json_object_object_add(object, "module_abi", ret ? NULL : json_object_new_int(module->abi));
	print_json(object);
	return EXIT_OK;
}

static int run(int argc, char **argv)
{
	struct agentsys_version module = { .size = sizeof(module) };
	bool json = false;
	int ret;

	while (next_option(argc, argv) != -1)
		json = true;
	need_operands(argc, 0, 0, "");

	ret = agentsys_module_version(-1, &module);
	if (json)
		return print_as_json(ret, &module);
	printf("asmctl %s (ABI %d)\n", ASMCTL_RELEASE, AGENTSYS_ABI_VERSION);
	if (!ret)
		printf("module %s (ABI %u)\n", module.release, module.abi);
	else
		printf("module not loaded\n");
	return EXIT_OK;
}

const struct command cmd_version = {
	.name = "version",
	.usage = "[OPTION]...",
	.summary = "Show the versions of this program and of the module",
	.examples = "  asmctl version\n",
	.options = options,
	.operands = OPERANDS_NONE,
	.run = run,
};
