/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The watchdog: agents that give no sign of life. How long a silence may be is in
 * core/silence.c; here are the signs, the timer, and what excuses a silence.
 */
#ifndef _AGENTSYS_LIVENESS_H
#define _AGENTSYS_LIVENESS_H

#include <linux/types.h>

struct agentsys_agent;
struct agentsys_faults;
struct page;

/*
 * A heartbeat of @agent, from wherever: it counts for the instance that there is. Process
 * context; @agent is held by a reference or by RCU.
 */
void agentsys_liveness_beat(struct agentsys_agent *agent);

/* Likewise, one that the helper has heard: its silence is excused while the helper is away. */
void agentsys_liveness_heard(struct agentsys_agent *agent);

/* It says itself that it is broken: a fault, at once. As above. */
void agentsys_liveness_trigger(struct agentsys_agent *agent);

/*
 * The page that its present instance shares with us, made if there is none, with a
 * reference; or an ERR_PTR. By one of its processes.
 */
struct page *agentsys_liveness_page(struct agentsys_agent *agent);

/* Have what it takes to watch it. Any process context. -ENOMEM */
int agentsys_liveness_prepare(struct agentsys_agent *agent);

/*
 * For how long it has been silent, and phi in thousandths; 0 while that does not count. Any
 * process context.
 */
void agentsys_liveness_use(struct agentsys_agent *agent, u64 *silent_ms, u64 *phi);

/* How many calls it is in, and for how much longer at most. Any process context. */
u32 agentsys_liveness_calls(struct agentsys_agent *agent, u32 *left_ms);

/* With its last reference; @faults are not reachable any more but for readers under RCU. */
void agentsys_liveness_free(struct agentsys_faults *faults);

/*
 * The rest is done with the supervisor lock held.
 */

/* Its limit of silence has changed perhaps. */
void agentsys_liveness_limit(struct agentsys_agent *agent);

/* No process of an instance before is left: what those did does not count for the next one. */
void agentsys_liveness_reset(struct agentsys_agent *agent);

/* Its instance runs, and it has ended. */
void agentsys_liveness_begin(struct agentsys_agent *agent);
void agentsys_liveness_end(struct agentsys_agent *agent);

/* It could give no sign of life up to now, and can again. */
void agentsys_liveness_excuse(struct agentsys_agent *agent);

/*
 * It is in one more call, for @ms at most: -ENOMEM, -EOVERFLOW. And in one less: -ENOENT. Its
 * silence is excused as long as it is in one.
 */
int agentsys_liveness_call(struct agentsys_agent *agent, u32 ms);
int agentsys_liveness_called(struct agentsys_agent *agent);

/* AGENTSYS_MAIL_LIVENESS and AGENTSYS_MAIL_TRIGGER. */
void agentsys_liveness_look(struct agentsys_agent *agent);
void agentsys_liveness_triggered(struct agentsys_agent *agent);

#endif /* _AGENTSYS_LIVENESS_H */
