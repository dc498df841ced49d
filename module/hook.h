/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hooks on system calls. There are two ways to be called on each of them; either
 * has agentsys_flood_count() called for it, and agentsys_flood_hold() if that says so.
 *
 * They are attached only while somebody uses them, so that nobody pays for nothing.
 */
#ifndef _AGENTSYS_HOOK_H
#define _AGENTSYS_HOOK_H

#include <linux/types.h>

int agentsys_hook_init(void);

/* When this returns no task is in them any more. */
void agentsys_hook_exit(void);

/* One user more, or less; they are attached and detached soon after. Supervisor lock held. */
void agentsys_hook_use(void);
void agentsys_hook_leave(void);

/**
 * struct agentsys_hook_backend - a way to be called
 * @name: as the module parameter hooks names it
 * @attach: 0, or a negative errno; may sleep
 * @detach: when it returns, nobody calls any more who is not there already, or asleep; may sleep
 */
struct agentsys_hook_backend {
	const char *name;
	int (*attach)(void);
	void (*detach)(void);
};

extern const struct agentsys_hook_backend agentsys_hook_ftrace;
extern const struct agentsys_hook_backend agentsys_hook_tracepoint;

/* Within hook_ftrace.c: what the entries of hooked functions call, and what that calls. */
struct pt_regs;
void agentsys_hook_entry(void);
long agentsys_hook_check(const struct pt_regs *regs);
void agentsys_hook_preempt(void);

/* The one that is in use, or would be. */
const char *agentsys_hook_name(void);

/* Why the better one could not be attached, a positive errno; 0 if nothing is wrong. */
int agentsys_hook_error(void);

#endif /* _AGENTSYS_HOOK_H */
