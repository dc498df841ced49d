// SPDX-License-Identifier: GPL-2.0-only
#include "paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asmctl.h"

static char *join(const char *dir, size_t length, const char *name)
{
	char *path;

	/* "/" and "" need no further slash. */
	while (length > 1 && dir[length - 1] == '/')
		length--;
	if (asprintf(&path, "%.*s%s%s", (int)length, dir,
		     length && dir[length - 1] != '/' ? "/" : "", name) < 0)
		out_of_memory();
	return path;
}

char *path_absolute(const char *path)
{
	char *dir, *result;

	if (*path == '/')
		return join("", 0, path);
	dir = getcwd(NULL, 0);
	if (!dir) {
		complain("cannot find out the working directory: %s", strerror(errno));
		exit(EXIT_FAILED);
	}
	result = join(dir, strlen(dir), path);
	free(dir);
	return result;
}

char *path_resolved(const char *path)
{
	char *full = path_absolute(path);
	char *result = realpath(full, NULL);
	char *slash = strrchr(full, '/');
	char *dir;

	if (!result) {
		*slash = '\0';
		dir = realpath(*full ? full : "/", NULL);
		if (!dir) {
			complain("cannot use \"%s\": %s", path, strerror(errno));
			exit(EXIT_FAILED);
		}
		result = join(dir, strlen(dir), slash + 1);
		free(dir);
	}
	free(full);
	return result;
}

static bool is_program(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

char *path_of_program(const char *name)
{
	const char *dir = getenv("PATH");

	if (strchr(name, '/'))
		return path_absolute(name);
	for (dir = dir ? dir : "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"; *name && *dir;) {
		size_t length = strcspn(dir, ":");
		char *candidate = join(dir, length, name);

		if (is_program(candidate)) {
			char *result = path_absolute(candidate);

			free(candidate);
			return result;
		}
		free(candidate);
		dir += length + !!dir[length];
	}
	return NULL;
}
