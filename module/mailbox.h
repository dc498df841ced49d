/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The supervisor's mailbox and its lock.
 *
 * Every transition of every agent happens under the one lock. Probes and timers,
 * which can take no mutex, leave a message instead: a bit in the record, and the
 * record in a lock-free list. Posting allocates nothing, so it cannot fail.
 *
 * Lock order, outermost first:
 *   agentsys_lock
 *     inode locks and cgroup_mutex	(cgroup files are read and written)
 *     agentsys_agent.lock
 *     the registry's inner locks
 *     the event ring's lock		(raw, irqs off; taken from any context)
 * User memory is never touched with any of them held.
 */
#ifndef _AGENTSYS_MAILBOX_H
#define _AGENTSYS_MAILBOX_H

#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "agent.h"

/* The supervisor lock. */
extern struct mutex agentsys_lock;

/* Where the supervisor's work runs, one at a time. */
extern struct workqueue_struct *agentsys_wq;

/* Leave a message. Any context but NMI; @agent must be reachable (RCU or a reference). */
void agentsys_mail_post(struct agentsys_agent *agent, enum agentsys_mail mail);

/*
 * The same, and have it handled soon instead of at once: by the launcher if that
 * is on its way back here, or a tick later.
 */
void agentsys_mail_post_soon(struct agentsys_agent *agent, enum agentsys_mail mail);

/* Is there something to handle? */
bool agentsys_mail_pending(void);

/* Handle what is there, on top of what the caller does. Supervisor lock held. */
void agentsys_mail_drain(void);

/* @handle is called with the supervisor lock held and a mask of enum agentsys_mail. */
int agentsys_mailbox_init(void (*handle)(struct agentsys_agent *agent, unsigned long mail));
void agentsys_mailbox_exit(void);

#endif /* _AGENTSYS_MAILBOX_H */
