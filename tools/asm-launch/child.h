/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ASM_LAUNCH_CHILD_H
#define ASM_LAUNCH_CHILD_H

#include <linux/agentsys.h>

/* Once: the child's stack, and what all children have in common. */
int child_prepare(void);

/*
 * Bear @job into @cgroup. The child reports what happens to it by itself; here
 * only -errno of the clone is returned, or the child's pid once it has executed
 * its program or ended.
 */
int child_bear(const struct agentsys_job *job, int cgroup);

#endif
