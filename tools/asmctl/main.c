// SPDX-License-Identifier: GPL-2.0-only
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "asmctl.h"
#include "help.h"

const struct command *const commands[] = {
	&cmd_run,     &cmd_attach,   &cmd_start,     &cmd_stop,	    &cmd_kill,	     &cmd_restart,
	&cmd_pause,   &cmd_resume,   &cmd_rm,	     &cmd_set,	    &cmd_group,	     &cmd_tree,
	&cmd_apply,   &cmd_diff,     &cmd_delete,    &cmd_status,   &cmd_list,	     &cmd_info,
	&cmd_events,  &cmd_history,  &cmd_faults,    &cmd_recovery, &cmd_limits,     &cmd_capacity,
	&cmd_relate,  &cmd_unrelate, &cmd_relations, &cmd_explain,  &cmd_shutdown,   &cmd_health,
	&cmd_helper,  &cmd_doctor,   &cmd_version,   &cmd_help,	    &cmd_completion, &cmd_asmstatus,
	&cmd_asmlist, &cmd_asminfo,  &cmd_asmpolicy, NULL,
};

const struct command *this_command;

const char *command_title(const struct command *command)
{
	static char title[64];

	snprintf(title, sizeof(title), "%s%s%s%s", command->program ? "" : "asmctl ",
		 command->of ? command->of : "", command->of ? " " : "", command->name);
	return title;
}

const struct command *find_command(const struct command *const *list, const char *name)
{
	for (const struct command *const *command = list; *command; command++)
		if (!strcmp(name, (*command)->name) ||
		    ((*command)->alias && !strcmp(name, (*command)->alias)))
			return *command;
	return NULL;
}

void unknown_command(const struct command *const *list, const char *name)
{
	const char *names[2 * ARRAY_SIZE(commands)];
	const char *meant;
	size_t n = 0;

	for (const struct command *const *command = list; *command; command++) {
		if ((*command)->program)
			continue;
		names[n++] = (*command)->name;
		if ((*command)->alias)
			names[n++] = (*command)->alias;
	}
	meant = nearest(name, names, n);
	if (meant)
		usage_error("there is no command '%s'; did you mean '%s'?", name, meant);
	usage_error("there is no command '%s'", name);
}

/* Output that could not be written is a failure, as a full disk is for a report. */
static int finish(int status)
{
	if (fflush(stdout) || ferror(stdout)) {
		complain("cannot write the output");
		if (!status)
			status = EXIT_FAILED;
	}
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	this_command = command;
	return finish(command->run(argc, argv));
}

/*
 * An object or a line goes out in one write, so that nothing of the output of an
 * agent on the same terminal comes in between.
 */
static void set_buffers(void)
{
	static char buffer[1 << 16];

	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	setvbuf(stderr, NULL, _IOLBF, 0);
}

int main(int argc, char **argv)
{
	const char *path = argc > 0 ? argv[0] : "asmctl";
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const struct command *command = find_command(commands, name);

	setlocale(LC_CTYPE, "");
	set_buffers();
	if (command && command->program)
		return run(command, argc, argv);

	if (argc < 2) {
		print_overview(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return run(&cmd_help, 1, argv);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		return run(&cmd_version, 1, argv);
	if (argv[1][0] == '-')
		usage_error("there is no option '%s' without a command", argv[1]);
	command = find_command(commands, argv[1]);
	if (!command)
		unknown_command(commands, argv[1]);
	return run(command, argc - 1, argv + 1);
}
