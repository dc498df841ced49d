/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Agents that have processes leave their cgroup, or take in those of others.
 */
#ifndef _AGENTSYS_ESCAPE_H
#define _AGENTSYS_ESCAPE_H

struct agentsys_agent;
struct task_struct;

/* It did so: tell, and act. Supervisor lock held. */
void agentsys_escape_look(struct agentsys_agent *agent);

/* The probe of sched_process_fork, which lifecycle.c attaches. */
void agentsys_escape_probe_fork(void *data, struct task_struct *parent, struct task_struct *child);

/* Have moves watched from here on. Without kprobes they are not, and the log says so. */
void agentsys_escape_init(void);

/* When this returns, no move is looked at any more. */
void agentsys_escape_exit(void);

#endif /* _AGENTSYS_ESCAPE_H */
