// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "asmctl.h"

static const struct option_def options[] = { OPTION_END };

static void print_options_of(const struct command *command)
{
	for (const struct option_def *def = command->options; def->key; def++)
		printf("--%s%s ", def->name, def->arg ? "=" : "");
	printf("--help");
}

static void print_names(const struct command *const *list)
{
	for (const struct command *const *command = list; *command; command++) {
		if ((*command)->program)
			continue;
		printf("%s ", (*command)->name);
	}
}

static void print_signals(void)
{
	for (int i = 1; i < SIGRTMIN; i++)
		if (sigabbrev_np(i))
			printf("%s ", sigabbrev_np(i));
}

/* What may follow an option; the word before, or the part before a "=". */
static void print_values(void)
{
	printf("# Values of option $1 that begin with $2; fails if it takes none.\n"
	       "_asmctl_values()\n"
	       "{\n"
	       "\t[[ \" $options \" == *\" $1= \"* || $operands:$1 == program:-[uC] ]] || return\n"
	       "\tcase $1 in\n"
	       "\t--restart) compgen -W 'never on-failure on-abnormal always' -- \"$2\" ;;\n"
	       "\t--backoff-kind)\n"
	       "\t\tcompgen -W 'exponential linear constant' -- \"$2\"\n"
	       "\t\t[[ \" $options \" == *' --budget= '* ]] || compgen -W adaptive -- \"$2\"\n"
	       "\t\t;;\n"
	       "\t--stop-signal) compgen -W '");
	print_signals();
	printf("' -- \"$2\" ;;\n"
	       "\t-u | --user) compgen -u -- \"$2\" ;;\n"
	       "\t--gid) compgen -g -- \"$2\" ;;\n"
	       "\t--group | --parent) compgen -W \"$(_asmctl_groups)\" -- \"$2\" ;;\n"
	       "\t--strategy) compgen -W '");
	for (uint32_t i = 0; i < __AGENTSYS_STRATEGIES; i++)
		printf("%s ", agentsys_strategy_name(i));
	printf("' -- \"$2\" ;;\n"
	       "\t--budget) compgen -W 'default lenient strict never' -- \"$2\" ;;\n"
	       "\t-C | --cwd) compgen -d -- \"$2\" ;;\n"
	       "\t--stdin | --stdout | --stderr)\n"
	       "\t\tcompgen -W 'null inherit' -- \"$2\"\n"
	       "\t\tcompgen -f -- \"$2\"\n"
	       "\t\t;;\n"
	       "\t--requires | --wants | --peer | --link | --monitor)\n"
	       "\t\tcompgen -W \"$(_asmctl_agents)\" -- \"$2\"\n"
	       "\t\t;;\n"
	       "\t--cause) compgen -W 'oom link launch fault");
	for (uint32_t i = AGENTSYS_FAULT_NONE + 1; i < __AGENTSYS_FAULTS; i++)
		if (i != AGENTSYS_FAULT_CRASH)
			printf(" %s", agentsys_fault_name(i));
	printf("' -- \"$2\" ;;\n"
	       "\t--traps | --significant) compgen -W 'yes no' -- \"$2\" ;;\n"
	       "\t--agent) compgen -W \"$(_asmctl_agents)\" -- \"$2\" ;;\n"
	       "\tesac\n"
	       "\treturn 0\n"
	       "}\n"
	       "\n");
}

/* Sub-commands go by two words. */
static void print_pattern(const struct command *command, const char *name)
{
	if (command->of)
		printf("'%s %s'", command->of, name);
	else
		printf("%s", name);
}

static void print_case(const struct command *command)
{
	printf("\t");
	print_pattern(command, command->name);
	if (command->alias) {
		printf("|");
		print_pattern(command, command->alias);
	}
	printf(")\n");
	printf("\t\toptions='");
	print_options_of(command);
	printf("'\n");
	if (command->operands == OPERANDS_AGENTS)
		printf("\t\toperands=agents\n");
	else if (command->operands == OPERANDS_RUNNING)
		printf("\t\toperands=running\n");
	else if (command->operands == OPERANDS_PROGRAM)
		printf("\t\toperands=program\n");
	else if (command->operands == OPERANDS_GROUPS)
		printf("\t\toperands=groups\n");
	else if (command->operands == OPERANDS_FILES)
		printf("\t\toperands=files\n");
	else if (command->subcommands || !strcmp(command->name, "help"))
		printf("\t\toperands=commands\n");
	if (command->subcommands) {
		printf("\t\tcommands='");
		print_names(command->subcommands);
		printf("'\n");
	}
	printf("\t\t;;\n");
	for (const struct command *const *sub = command->subcommands; sub && *sub; sub++)
		print_case(*sub);
}

static void print_script(void)
{
	printf("# bash completion for asmctl and its other names; made by \"asmctl completion\"\n"
	       "\n"
	       "# Ids and names, with \"running\" only of those that have not ended.\n"
	       "_asmctl_agents()\n"
	       "{\n"
	       "\tlocal id name rest\n"
	       "\tasmctl list 2>/dev/null | while read -r id _ name rest; do\n"
	       "\t\tcase ${1-}:$rest in\n"
	       "\t\trunning:exited* | running:failed*) continue ;;\n"
	       "\t\tesac\n"
	       "\t\t[ \"$id\" = ID ] || printf '%%s\\n%%s\\n' \"$id\" \"$name\"\n"
	       "\tdone\n"
	       "}\n"
	       "\n");
	printf("_asmctl_groups()\n"
	       "{\n"
	       "\tasmctl group list --quiet 2>/dev/null\n"
	       "}\n"
	       "\n");
	print_values();
	printf("_asmctl()\n"
	       "{\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} command options='' operands=''\n"
	       "\tlocal option='' value='' prefix='' values\n"
	       "\tlocal commands='");
	print_names(commands);
	printf("'\n"
	       "\n"
	       "\tCOMPREPLY=()\n"
	       "\tif [ \"${COMP_WORDS[0]##*/}\" = asmctl ]; then\n"
	       "\t\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	       "\t\t\tCOMPREPLY=($(compgen -W \"$commands --help --version\" -- \"$cur\"))\n"
	       "\t\t\treturn\n"
	       "\t\tfi\n"
	       "\t\tcommand=${COMP_WORDS[1]}\n"
	       "\t\tif [ \"$command\" = group ] && [ \"$COMP_CWORD\" -gt 2 ]; then\n"
	       "\t\t\tcommand=\"group ${COMP_WORDS[2]}\"\n"
	       "\t\tfi\n"
	       "\telse\n"
	       "\t\tcommand=${COMP_WORDS[0]##*/}\n"
	       "\tfi\n"
	       "\n"
	       "\tcase $command in\n");
	for (const struct command *const *command = commands; *command; command++)
		print_case(*command);
	printf("\tesac\n"
	       "\n"
	       "\t# \"--option value\", and \"--option=value\" as one word or, as is usual, as three.\n"
	       "\toption=${COMP_WORDS[COMP_CWORD - 1]} value=$cur\n"
	       "\tif [[ $cur == --*=* ]]; then\n"
	       "\t\toption=${cur%%%%=*} value=${cur#*=} prefix=$option=\n"
	       "\telif [ \"$cur\" = = ]; then\n"
	       "\t\tvalue=''\n"
	       "\telif [ \"$option\" = = ] && [ \"$COMP_CWORD\" -gt 2 ]; then\n"
	       "\t\toption=${COMP_WORDS[COMP_CWORD - 2]}\n"
	       "\tfi\n"
	       "\tif [[ $option == -* ]] && values=$(_asmctl_values \"$option\" \"$value\"); then\n"
	       "\t\t[ -z \"$values\" ] || mapfile -t COMPREPLY <<<\"$values\"\n"
	       "\t\tCOMPREPLY=(\"${COMPREPLY[@]/#/$prefix}\")\n"
	       "\t\tcase $option in\n"
	       "\t\t-C | --cwd | --std*) compopt -o filenames ;;\n"
	       "\t\tesac\n"
	       "\t\treturn\n"
	       "\tfi\n"
	       "\n"
	       "\tcase $cur in\n"
	       "\t-*)\n"
	       "\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
	       "\t\t[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace\n"
	       "\t\treturn\n"
	       "\t\t;;\n"
	       "\tesac\n"
	       "\tcase $operands in\n"
	       "\tagents)\n"
	       "\t\tCOMPREPLY=($(compgen -W \"$(_asmctl_agents)\" -- \"$cur\"))\n"
	       "\t\t;;\n"
	       "\trunning)\n"
	       "\t\tCOMPREPLY=($(compgen -W \"$(_asmctl_agents running)\" -- \"$cur\"))\n"
	       "\t\t;;\n"
	       "\tgroups)\n"
	       "\t\tCOMPREPLY=($(compgen -W \"$(_asmctl_groups)\" -- \"$cur\"))\n"
	       "\t\t;;\n"
	       "\tfiles)\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	       "\t\tcompopt -o filenames\n"
	       "\t\t;;\n"
	       "\tcommands)\n"
	       "\t\tCOMPREPLY=($(compgen -W \"$commands\" -- \"$cur\"))\n"
	       "\t\t;;\n"
	       "\tprogram)\n"
	       "\t\tCOMPREPLY=($(compgen -c -- \"$cur\"))\n"
	       "\t\t;;\n"
	       "\tesac\n"
	       "}\n"
	       "\n"
	       "complete -F _asmctl asmctl asmstatus asmlist asminfo asmpolicy\n");
}

static int run(int argc, char **argv)
{
	while (next_option(argc, argv) != -1)
		;
	need_operands(argc, 0, 1, "");
	if (optind < argc && strcmp(argv[optind], "bash"))
		usage_error("there is a script for bash only");
	print_script();
	return EXIT_OK;
}

const struct command cmd_completion = {
	.name = "completion",
	.usage = "[bash]",
	.summary = "Print a script that completes command lines in bash",
	.examples = "  asmctl completion > /etc/bash_completion.d/asmctl\n"
		    "  source <(asmctl completion)\n",
	.options = options,
	.operands = OPERANDS_OTHER,
	.run = run,
};
