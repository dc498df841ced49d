/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ASM_LAUNCH_CGROUP_H
#define ASM_LAUNCH_CGROUP_H

#include <linux/agentsys.h>

/*
 * Open the cgroup that @job is to be born in, below @root; make it and write
 * its limits first if the job says so. Returns a descriptor, or -errno with the
 * step that failed in @step.
 */
int cgroup_open(int root, const struct agentsys_job *job, enum agentsys_step *step);

#endif
