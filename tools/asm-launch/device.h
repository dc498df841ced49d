/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What asm-launch says to the module. The test of the child's set-up brings
 * its own version of these four.
 */
#ifndef ASM_LAUNCH_DEVICE_H
#define ASM_LAUNCH_DEVICE_H

#include <linux/agentsys.h>

/* Become the launcher. Returns the cgroup root's descriptor, or -errno. */
int device_join(void);

/*
 * Wait for a job and put it into @buf, which holds AGENTSYS_SPEC_MAX bytes.
 * -ESHUTDOWN when there will be none.
 */
int device_next(void *buf);

/* By the child: the program comes next. -ECANCELED: nobody wants it any more. */
int device_commit(__u64 token);

/* By the child or by the launcher: @step of the launch failed with @error. */
void device_fail(__u64 token, enum agentsys_step step, int error);

#endif
