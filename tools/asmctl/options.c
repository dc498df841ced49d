// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "asmctl.h"

#define OPTIONS_MAX 64
#define HELP_COLUMN 30

static const struct option_def help_option = { 'h', "help", NULL, "show this help" };

static void add_option(const struct option_def *def, struct option *longs, char **letters)
{
	longs->name = def->name;
	longs->has_arg = def->arg ? required_argument : no_argument;
	longs->val = def->key;
	if (def->key < 256) {
		*(*letters)++ = def->key;
		if (def->arg)
			*(*letters)++ = ':';
	}
}

NORETURN static void unknown_option(const char *given)
{
	const char *names[OPTIONS_MAX];
	const char *name = NULL;
	size_t n = 0;

	if (given[0] == '-' && given[1] == '-') {
		for (const struct option_def *def = this_command->options; def->key; def++)
			names[n++] = def->name;
		names[n++] = help_option.name;
		name = nearest(given + 2, names, n);
	}
	if (name)
		usage_error("there is no option '%s'; did you mean '--%s'?", given, name);
	usage_error("there is no option '%s'", given);
}

NORETURN static void bad_option(int argc, char **argv, const struct option *longs)
{
	char letter[3] = { '-', optopt, '\0' };

	/* getopt names a short option in optopt; a long one by what it stopped at. */
	if (optopt > 0 && optopt < 256)
		unknown_option(letter);
	(void)argc;
	for (; longs->name; longs++)
		if (optopt == longs->val)
			usage_error("the option '--%s' takes no argument", longs->name);
	unknown_option(argv[optind - 1]);
}

int next_option(int argc, char **argv)
{
	static struct option longs[OPTIONS_MAX];
	static char letters[2 * OPTIONS_MAX + 3];
	int key;

	if (!longs[0].name) {
		char *letter = letters;
		size_t n = 0;

		/* ':' tells a missing argument from an unknown option. */
		if (this_command->operands == OPERANDS_PROGRAM)
			*letter++ = '+';
		*letter++ = ':';
		for (const struct option_def *def = this_command->options; def->key; def++)
			add_option(def, &longs[n++], &letter);
		add_option(&help_option, &longs[n], &letter);
	}

	opterr = 0;
	key = getopt_long(argc, argv, letters, longs, NULL);
	switch (key) {
	case 'h':
		print_help(this_command, stdout);
		exit(EXIT_OK);
	case ':':
		usage_error("the option '%s' needs an argument", argv[optind - 1]);
	case '?':
		bad_option(argc, argv, longs);
	}
	return key;
}

static void print_option(const struct option_def *def, FILE *to)
{
	const char *help = def->help;
	int column = 0;

	if (def->key < 256)
		column += fprintf(to, "  -%c, ", def->key);
	else
		column += fprintf(to, "      ");
	column += fprintf(to, "--%s", def->name);
	if (def->arg)
		column += fprintf(to, "=%s", def->arg);
	if (column >= HELP_COLUMN) {
		fputc('\n', to);
		column = 0;
	}
	for (;;) {
		int length = strcspn(help, "\n");

		fprintf(to, "%*s%.*s\n", HELP_COLUMN - column, "", length, help);
		help += length;
		if (!*help++)
			break;
		column = 0;
	}
}

void print_help(const struct command *command, FILE *to)
{
	fprintf(to, "Usage: %s%s%s\n\n%s.\n", command_title(command), *command->usage ? " " : "",
		command->usage, command->summary);
	if (command->description)
		fprintf(to, "\n%s\n", command->description);
	if (command->subcommands) {
		fprintf(to, "\nCommands:\n");
		for (const struct command *const *sub = command->subcommands; *sub; sub++)
			fprintf(to, "  %-11s %s\n", (*sub)->name, (*sub)->summary);
	}
	fprintf(to, "\nOptions:\n");
	for (const struct option_def *def = command->options; def->key; def++)
		print_option(def, to);
	print_option(&help_option, to);
	if (command->examples)
		fprintf(to, "\nExamples:\n%s", command->examples);
}

void need_operands(int argc, int min, int max, const char *what)
{
	int n = argc - optind;

	if (n < min)
		usage_error("%s is missing", what);
	if (n > max)
		usage_error("too many arguments");
}
