/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The supervisor: the one place where agents change state.
 */
#ifndef _AGENTSYS_SUPERVISOR_H
#define _AGENTSYS_SUPERVISOR_H

#include <linux/bits.h>
#include <linux/types.h>

#include "cgroup.h"
#include "core/restart.h"
#include "core/state.h"
#include "waiter.h"

struct agentsys_agent;
struct agentsys_relations;
struct netlink_ext_ack;

int agentsys_supervisor_init(void);
void agentsys_supervisor_exit(void);

/*
 * These take the supervisor lock, return 0 or an errno of
 * <linux/agentsys_netlink.h> and explain it in @extack, which may be NULL. A
 * @waiter, which may be NULL too, is taken over by success alone.
 */

/* Enter @agent, which has no spec, and adopt the process @pid of the initial namespace. */
int agentsys_attach(struct agentsys_agent *agent, u32 id, pid_t pid, struct agentsys_waiter *waiter,
		    struct netlink_ext_ack *extack);

#define AGENTSYS_MAX_RESTARTS_DEFAULT	    3
#define AGENTSYS_BACKOFF_INITIAL_DEFAULT_MS 100
#define AGENTSYS_BACKOFF_MAX_DEFAULT_MS	    30000
#define AGENTSYS_STABLE_DEFAULT_MS	    60000
#define AGENTSYS_BREAKER_DEFAULT_MS	    60000

#define AGENTSYS_OWN_TIMEOUT (-1LL) /* the agent's own stop timeout */

/* What a person asks of one agent: START, STOP, KILL, RESTART, PAUSE, RESUME, REMOVE. */
int agentsys_control(u32 id, enum agentsys_input input, s64 stop_timeout_ms,
		     struct agentsys_waiter *waiter, struct netlink_ext_ack *extack);

/* The fields of a restart policy. */
enum agentsys_policy_field {
	AGENTSYS_POLICY_CONDITION,
	AGENTSYS_POLICY_MAX_RESTARTS,
	AGENTSYS_POLICY_BACKOFF_INITIAL,
	AGENTSYS_POLICY_BACKOFF_MAX,
	AGENTSYS_POLICY_BACKOFF_KIND,
	AGENTSYS_POLICY_JITTER,
	AGENTSYS_POLICY_STABLE,
	AGENTSYS_POLICY_BREAKER,
	AGENTSYS_POLICY_BREAKER_OPEN,
	AGENTSYS_POLICY_SUCCESS_CODES,
	AGENTSYS_POLICY_SUCCESS_SIGNALS,
	AGENTSYS_POLICY_NEVER_CODES,
	AGENTSYS_POLICY_NEVER_SIGNALS,
	AGENTSYS_POLICY_NEVER_CAUSES,

	__AGENTSYS_POLICY_FIELDS,
};

/* Where in the policy each of them is. */
extern const struct agentsys_policy_place {
	u16 offset;
	u16 size;
} agentsys_policy_places[__AGENTSYS_POLICY_FIELDS];

/**
 * struct agentsys_policy_change - what to change of how an agent ends and starts again
 * @has: a bit for each field given, enum agentsys_policy_field
 * @policy: the new values
 * @has_traps: @traps is given
 * @traps: it survives crashes of linked agents
 */
struct agentsys_policy_change {
	u32 has;
	struct agentsys_restart_policy policy;
	bool has_traps;
	bool traps;
};

/*
 * Enter @agent into the group of this name (NULL: root) under @id (0: any free one)
 * and launch it. What @given does not say of its policy the group does. It has
 * @relations, NULL for none, from then on.
 */
int agentsys_spawn(struct agentsys_agent *agent, u32 id, const char *group,
		   const struct agentsys_policy_change *given,
		   const struct agentsys_relations *relations, struct agentsys_waiter *waiter,
		   struct netlink_ext_ack *extack);

/**
 * struct agentsys_member_change - where to put an agent
 * @group: the group whose last member it becomes, or NULL
 * @has_significant: @significant is given
 * @significant: a significant member
 */
struct agentsys_member_change {
	const char *group;
	bool has_significant;
	bool significant;
};

/* @member may be NULL. */
int agentsys_set(u32 id, const struct agentsys_policy_change *change,
		 const struct agentsys_member_change *member, struct netlink_ext_ack *extack);

/* The guide's "set auto-restart": 0 turns it off. */
int agentsys_set_auto_restart(u32 id, u32 max_restarts);

/* Stop everything; what is left after @deadline_ms is killed. */
int agentsys_shutdown(u32 deadline_ms, struct agentsys_waiter *waiter,
		      struct netlink_ext_ack *extack);

/*
 * The system goes to sleep, and is awake again. In between nothing is started, and no
 * time passes for agents that are to start or to end. Supervisor lock held.
 */
void agentsys_supervisor_sleep(void);
void agentsys_supervisor_wake(void);
bool agentsys_supervisor_asleep(void);

int agentsys_attach_init(void);
void agentsys_attach_exit(void);

/*
 * For shutdown.c, attach.c and group.c, with the supervisor lock held.
 */

/* Let @input happen to @agent: 0, or the negative errno with which it is refused. */
int agentsys_supervisor_apply(struct agentsys_agent *agent, enum agentsys_input input);

/* Start @agent, which is down, because its group starts. */
void agentsys_supervisor_start(struct agentsys_agent *agent);

/* Agents that are not over and done with, processes and cgroup included. */
unsigned int agentsys_supervisor_live(void);

/* Count @agent as live, until its cgroup is gone. */
void agentsys_supervisor_hold(struct agentsys_agent *agent);

#endif /* _AGENTSYS_SUPERVISOR_H */
