// SPDX-License-Identifier: GPL-2.0-only
#include "cgroup_limit.h"

#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cgroup.h"
#include "core/limits.h"

#define TEXT_MAX    128	   /* four numbers with their names */
#define DEVICES_MAX SZ_64K /* statistics of some 700 devices */

/* clang-format off */
static const struct {
	const char *name;
	const char *controller;
	u32 limit; /* enum agentsys_limit */
} files_of[] = {
	[AGENTSYS_FILE_MEMORY_MAX]  = { "memory.max", "memory", AGENTSYS_LIMIT_MEMORY_MAX },
	[AGENTSYS_FILE_OOM_GROUP]   = { "memory.oom.group", "memory", AGENTSYS_LIMIT_MEMORY_MAX },
	[AGENTSYS_FILE_MEMORY_HIGH] = { "memory.high", "memory", AGENTSYS_LIMIT_MEMORY_HIGH },
	[AGENTSYS_FILE_CPU_MAX]	    = { "cpu.max", "cpu", AGENTSYS_LIMIT_CPU_QUOTA },
	[AGENTSYS_FILE_PIDS_MAX]    = { "pids.max", "pids", AGENTSYS_LIMIT_PIDS_MAX },
	/* And the three that follow it. */
	[AGENTSYS_FILE_IO_MAX]	    = { "io.max", "io", AGENTSYS_LIMIT_IO_READ },
};

/* clang-format on */

static_assert(ARRAY_SIZE(files_of) == __AGENTSYS_LIMIT_FILES);

static bool is_limited(const struct agentsys_limits *limits, enum agentsys_limit_file file)
{
	if (file == AGENTSYS_FILE_IO_MAX)
		return agentsys_limits_io(limits);
	return limits->max[files_of[file].limit];
}

static void put_number(char *text, size_t size, u64 limit)
{
	if (limit)
		snprintf(text, size, "%llu", limit);
	else
		strscpy(text, "max", size);
}

static void put_io(char *text, const struct agentsys_limits *limits)
{
	static const char *const keys[] = { "rbps", "wbps", "riops", "wiops" };
	char number[24];
	u32 i, len = 0;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		put_number(number, sizeof(number), limits->max[AGENTSYS_LIMIT_IO_READ + i]);
		len += scnprintf(text + len, TEXT_MAX - len, " %s=%s", keys[i], number);
	}
}

/* What is written for them; of I/O, behind each device. */
static void put_text(char *text, enum agentsys_limit_file file,
		     const struct agentsys_limits *limits)
{
	u64 limit = limits->max[files_of[file].limit];

	switch (file) {
	case AGENTSYS_FILE_OOM_GROUP:
		/* All of an agent dies of it or nothing: half an agent is of no use. */
		strscpy(text, limit ? "1" : "0", TEXT_MAX);
		break;
	case AGENTSYS_FILE_CPU_MAX:
		put_number(text, TEXT_MAX, limit);
		if (limit)
			snprintf(text + strlen(text), TEXT_MAX - strlen(text), " %llu",
				 limits->max[AGENTSYS_LIMIT_CPU_PERIOD]);
		break;
	case AGENTSYS_FILE_IO_MAX:
		put_io(text, limits);
		break;
	default:
		put_number(text, TEXT_MAX, limit);
	}
}

int agentsys_limit_files_open(struct agentsys_limit_files *files, u32 id,
			      const struct agentsys_limits *from, const struct agentsys_limits *to)
{
	char old[TEXT_MAX], new[TEXT_MAX];
	enum agentsys_limit_file i;
	struct file *file;

	memset(files, 0, sizeof(*files));
	for (i = 0; i < __AGENTSYS_LIMIT_FILES; i++) {
		put_text(new, i, to);
		if (from)
			put_text(old, i, from);
		else if (!agentsys_cgroup_controls(files_of[i].controller) ||
			 (i == AGENTSYS_FILE_IO_MAX && !agentsys_limits_io(to)))
			continue;
		if (from && !strcmp(old, new))
			continue;
		file = agentsys_cgroup_open(id, files_of[i].name, O_WRONLY);
		if (IS_ERR(file)) {
			agentsys_limit_files_close(files);
			return PTR_ERR(file);
		}
		files->file[i] = file;
	}
	return 0;
}

/* A device that has gone, or cannot be limited, is none to be limited. */
static int write_device(struct file *file, const char *device, const char *limits)
{
	char text[TEXT_MAX + 24];
	int ret;

	snprintf(text, sizeof(text), "%s%s", device, limits);
	ret = agentsys_cgroup_write(file, text);
	return ret == -ENODEV ? -EOPNOTSUPP : ret;
}

/* For every device that there is: the root's statistics have a line for each. */
static int write_devices(struct file *file, const char *limits)
{
	int ret = -EOPNOTSUPP, one;
	char *devices, *rest, *line;
	ssize_t len;

	devices = kvmalloc(DEVICES_MAX, GFP_KERNEL);
	if (!devices)
		return -ENOMEM;
	len = agentsys_cgroup_top_text("io.stat", devices, DEVICES_MAX);
	rest = len >= 0 ? devices : NULL;
	if (len == DEVICES_MAX - 1) { /* the last line may be cut, and name another device */
		rest = NULL;
		ret = -E2BIG;
	}
	while ((line = strsep(&rest, "\n"))) {
		line[strcspn(line, " ")] = '\0';
		if (!strchr(line, ':'))
			continue;
		one = write_device(file, line, limits);
		if (one && one != -EOPNOTSUPP) {
			ret = one;
			break;
		}
		ret = one ? ret : 0;
	}
	kvfree(devices);
	return ret;
}

int agentsys_limit_files_write(const struct agentsys_limit_files *files,
			       const struct agentsys_limits *limits)
{
	enum agentsys_limit_file i;
	char text[TEXT_MAX];
	int ret = 0;

	for (i = 0; i < __AGENTSYS_LIMIT_FILES && !ret; i++) {
		if (!files->file[i])
			continue;
		put_text(text, i, limits);
		if (i == AGENTSYS_FILE_IO_MAX)
			ret = write_devices(files->file[i], text);
		else
			ret = agentsys_cgroup_write(files->file[i], text);
	}
	return ret;
}

void agentsys_limit_files_close(struct agentsys_limit_files *files)
{
	enum agentsys_limit_file i;

	for (i = 0; i < __AGENTSYS_LIMIT_FILES; i++)
		if (files->file[i])
			filp_close(files->file[i], NULL);
	memset(files, 0, sizeof(*files));
}

const char *agentsys_limits_lack(const struct agentsys_limits *limits)
{
	enum agentsys_limit_file i;

	for (i = 0; i < __AGENTSYS_LIMIT_FILES; i++)
		if (is_limited(limits, i) && !agentsys_cgroup_controls(files_of[i].controller))
			return files_of[i].controller;
	return NULL;
}
