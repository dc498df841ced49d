/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which agent a process is part of.
 */
#ifndef ASMD_PROC_H
#define ASMD_PROC_H

#include <stdint.h>
#include <sys/types.h>

/* Learn where the cgroups of agents are. */
void proc_init(void);

/* The agent in whose cgroup the process is, or below; 0 for none. */
uint32_t proc_agent(pid_t pid);

#endif
