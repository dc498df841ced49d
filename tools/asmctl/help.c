// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdio.h>

#include "asmctl.h"
#include "help.h"

static const struct option_def options[] = { OPTION_END };

void print_overview(FILE *to)
{
	fprintf(to,
		"Usage: asmctl COMMAND [OPTION]... [ARGUMENT]...\n"
		"\n"
		"Controls the agents of the Agent Supervision Module. AGENT is an agent's id, or its\n"
		"name where only one is called so.\n"
		"\n"
		"Commands:\n");
	for (const struct command *const *command = commands; *command; command++)
		if (!(*command)->program)
			fprintf(to, "  %-11s %s\n", (*command)->name, (*command)->summary);
	fprintf(to,
		"\n"
		"Exit status:\n"
		"  0  done\n"
		"  1  it failed\n"
		"  2  the command line is wrong; with diff: there is something to do\n"
		"  3  there is no such agent or group\n"
		"  4  permission denied\n"
		"  5  the module is not loaded\n"
		"  6  the backend is not available\n"
		"  With \"run --foreground\", that of the agent once it has run, also when Ctrl-C\n"
		"  ended it; 128 and the signal if a signal ended it.\n"
		"\n"
		"\"asmctl help COMMAND\" and \"asmctl COMMAND --help\" tell more about one.\n");
}

static int run(int argc, char **argv)
{
	const struct command *const *list = commands;
	const struct command *command = NULL;

	while (next_option(argc, argv) != -1)
		;
	need_operands(argc, 0, 2, "");
	if (optind == argc) {
		print_overview(stdout);
		return EXIT_OK;
	}
	for (; optind < argc; optind++) {
		if (!list)
			need_operands(argc, 0, 0, "");
		command = find_command(list, argv[optind]);
		if (!command)
			unknown_command(list, argv[optind]);
		list = command->subcommands;
	}
	print_help(command, stdout);
	return EXIT_OK;
}

const struct command cmd_help = {
	.name = "help",
	.usage = "[COMMAND [SUBCOMMAND]]",
	.summary = "Tell what commands there are, or about one of them",
	.examples = "  asmctl help\n"
		    "  asmctl help run\n"
		    "  asmctl help group new\n",
	.options = options,
	.operands = OPERANDS_OTHER,
	.run = run,
};
