/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process as the kernel shows it.
 *
 * Include it behind agents.h.
 */
#ifndef TESTS_LIB_PROCESS_H
#define TESTS_LIB_PROCESS_H

/* Spawn it and be its pid. */
#define PID(a, spec) ((pid_t)look(a, SPAWN(a, spec)).pid)

static inline ssize_t read_proc(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return read_whole(path, buf, size);
}

/* What /proc/PID/status says behind @key, up to the line's end. */
static inline const char *status_of(pid_t pid, const char *key)
{
	static char text[4096];
	char want[64];
	char *at;

	MUST(read_proc(pid, "status", text, sizeof(text)) > 0);
	snprintf(want, sizeof(want), "\n%s:\t", key);
	at = strstr(text, want);
	if (!at)
		return "none";
	at += strlen(want);
	at[strcspn(at, "\n")] = '\0';
	/* Groups end with a blank. */
	while (*at && at[strlen(at) - 1] == ' ')
		at[strlen(at) - 1] = '\0';
	return at;
}

static inline const char *link_of(pid_t pid, const char *name)
{
	static char target[256];
	char path[128];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	return target;
}

/* Field @n of /proc/PID/stat, counted from 1 as proc(5) does. */
static inline long stat_of(pid_t pid, int n)
{
	char text[1024];
	char *at;

	MUST(read_proc(pid, "stat", text, sizeof(text)) > 0);
	at = strrchr(text, ')');
	for (int i = 2; i < n; i++)
		at = strchr(at + 1, ' ');
	return atol(at);
}

/* Descriptors that it has open, as "0 1 2". */
static inline const char *descriptors_of(pid_t pid)
{
	static char list[256];
	char path[64], number[12];

	list[0] = '\0';
	for (int fd = 0; fd < 1024; fd++) {
		snprintf(path, sizeof(path), "fd/%d", fd);
		if (!*link_of(pid, path))
			continue;
		snprintf(number, sizeof(number), "%s%d", *list ? " " : "", fd);
		strcat(list, number);
	}
	return list;
}

#endif
