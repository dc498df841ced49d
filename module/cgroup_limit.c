// SPDX-License-Identifier: GPL-2.0-only
#include "cgroup_limit.h"

#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/string.h>

#include "cgroup.h"
#include "core/limits.h"

#define TEXT_MAX 48 /* two numbers */

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
};

/* clang-format on */

static_assert(ARRAY_SIZE(files_of) == __AGENTSYS_LIMIT_FILES);

static void put_number(char *text, u64 limit)
{
	if (limit)
		snprintf(text, TEXT_MAX, "%llu", limit);
	else
		strscpy(text, "max", TEXT_MAX);
}

/* What is written for them. */
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
		put_number(text, limit);
		if (limit)
			snprintf(text + strlen(text), TEXT_MAX - strlen(text), " %llu",
				 limits->max[AGENTSYS_LIMIT_CPU_PERIOD]);
		break;
	default:
		put_number(text, limit);
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
		else if (!agentsys_cgroup_controls(files_of[i].controller))
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
		if (limits->max[files_of[i].limit] &&
		    !agentsys_cgroup_controls(files_of[i].controller))
			return files_of[i].controller;
	return NULL;
}
