// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "asmctl.h"

/* What errors are about; NULL is the command line. */
static const char *place;

void errors_about(const char *about)
{
	place = about;
}

static void say(const char *format, va_list ap)
{
	fflush(stdout);
	fprintf(stderr, "%s: %s%s",
		this_command && this_command->program ? this_command->name : "asmctl",
		place ? place : "", place ? ": " : "");
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
}

void complain(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(format, ap);
	va_end(ap);
}

void usage_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(format, ap);
	va_end(ap);
	if (place)
		exit(EXIT_FAILED);
	if (this_command)
		fprintf(stderr, "Try '%s --help'.\n", command_title(this_command));
	else
		fprintf(stderr, "Try 'asmctl help'.\n");
	exit(this_command && this_command->usage_status ? this_command->usage_status : EXIT_USAGE);
}

void out_of_memory(void)
{
	complain("out of memory");
	exit(EXIT_FAILED);
}

int exit_status_of(int error)
{
	switch (error) {
	case 0:
		return EXIT_OK;
	case -ESRCH:
		return EXIT_NO_AGENT;
	case -EPERM:
	case -EACCES:
		return EXIT_DENIED;
	case -ENODEV:
		return EXIT_NO_MODULE;
	case -ENOMEM:
		out_of_memory();
	default:
		return EXIT_FAILED;
	}
}
