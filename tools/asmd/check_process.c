// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is its main process there, and not suspended? That it ends is seen by the module.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"

/* The letter of its state, '?' if there is no such process. */
static char state_of(pid_t pid)
{
	char path[32], text[512], *end;
	char state = '?';
	size_t n;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return state;
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	end = strrchr(text, ')'); /* its name may have anything in it */
	if (end && end[1] == ' ')
		state = end[2];
	fclose(file);
	return state;
}

static void begin(struct check *check)
{
	char state = state_of(check->agent->pid);

	if (state == '?')
		check_done(check, false, "there is no process");
	else if (strchr("TtZX", state))
		check_done(check, false, "its process is in state %c", state);
	else
		check_done(check, true, "alive");
}

const struct check_kind check_process = {
	.name = "process",
	.begin = begin,
};
