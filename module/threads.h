/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the threads of an agent are at, seen from outside, for when that matters: all
 * threads of the system are gone over. Any context but interrupts.
 */
#ifndef _AGENTSYS_THREADS_H
#define _AGENTSYS_THREADS_H

#include <linux/types.h>

struct agentsys_agent;

/* Is each of them stopped, by a signal, a debugger or the freezer? */
bool agentsys_threads_stopped(const struct agentsys_agent *agent);

/*
 * Does it hang? Each of them sleeps uninterruptibly, or waits for a lock (futex) without
 * a timeout, or for a child; and not all of them for a child.
 */
bool agentsys_threads_hang(const struct agentsys_agent *agent);

#endif /* _AGENTSYS_THREADS_H */
