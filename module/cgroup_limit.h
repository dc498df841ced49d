/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files of an agent's cgroup that hold limits.
 *
 * To write one may take long: memory that is above its new limit is taken back, or what
 * uses it is killed. So they are opened where it is certain whose they are, with the
 * supervisor lock held, and written without it; one whose cgroup has gone meanwhile
 * is -ENODEV then, even if there is another one of the same name.
 */
#ifndef _AGENTSYS_CGROUP_LIMIT_H
#define _AGENTSYS_CGROUP_LIMIT_H

#include <linux/types.h>

struct agentsys_limits;
struct file;

enum agentsys_limit_file {
	AGENTSYS_FILE_MEMORY_MAX,
	AGENTSYS_FILE_OOM_GROUP,
	AGENTSYS_FILE_MEMORY_HIGH,
	AGENTSYS_FILE_CPU_MAX,
	AGENTSYS_FILE_PIDS_MAX,
	AGENTSYS_FILE_IO_MAX,

	__AGENTSYS_LIMIT_FILES,
};

/**
 * struct agentsys_limit_files - some of them, open
 * @file: by enum agentsys_limit_file; NULL for those that stay as they are
 */
struct agentsys_limit_files {
	struct file *file[__AGENTSYS_LIMIT_FILES];
};

/*
 * Open those that are different for @to than for @from, or without that all of them
 * that there are. -ENOENT: there is no cgroup, or
 * not this controller; none is open then.
 */
int agentsys_limit_files_open(struct agentsys_limit_files *files, u32 id,
			      const struct agentsys_limits *from, const struct agentsys_limits *to);

/*
 * Write those that are open. The first error ends it; -EOPNOTSUPP: there is no block
 * device of which the I/O can be limited.
 */
int agentsys_limit_files_write(const struct agentsys_limit_files *files,
			       const struct agentsys_limits *limits);

void agentsys_limit_files_close(struct agentsys_limit_files *files);

/* The controller that is missing for one of them, or NULL. */
const char *agentsys_limits_lack(const struct agentsys_limits *limits);

#endif /* _AGENTSYS_CGROUP_LIMIT_H */
