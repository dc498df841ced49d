/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The record of one agent.
 *
 * A record is found through the registry, held by a reference, and freed after
 * an RCU grace period, because the probes look at it without a reference.
 */
#ifndef _AGENTSYS_AGENT_H
#define _AGENTSYS_AGENT_H

#include <linux/agentsys.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/pid.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

#include "core/history.h"
#include "core/restart.h"
#include "core/tree.h"

struct agentsys_faults;
struct agentsys_spec;

/**
 * struct agentsys_status - what is told of an agent
 * @state: enum agentsys_state
 * @flags: AGENTSYS_AGENT_*
 * @pid: main process in the initial pid namespace, 0 if none
 * @instance: launches so far; one that is queued counts
 * @restarts: restarts by the module since it was last started by hand
 * @cause: enum agentsys_cause of the last end
 * @code: exit code, signal, errno or fault of the last end, as @cause says
 * @step: enum agentsys_step, when @cause is a failed launch
 * @exit_status: of the main process that ended last, as wait() gives it;
 *	AGENTSYS_NO_STATUS if none ever ran, or the last launch came to none
 * @end_pid: its pid, 0 likewise
 * @policy: restart policy
 * @stop_signal: how it is asked to stop
 * @stop_timeout_ms: how long it may take then, or AGENTSYS_STOP_UNLIMITED
 * @spawns: instances that ran
 * @exits: instances that ran and ended
 * @crashes: those that ended abnormally without being asked
 * @faults: faults detected, crashes among them
 * @start_ns: last start, CLOCK_BOOTTIME, 0 for never
 * @end_ns: last end, likewise
 * @asked_ns: when somebody asked for that end, or for one that is to come; 0 if nobody did
 * @next_start_ns: when it is started again, in state backoff, CLOCK_MONOTONIC
 * @streak: restarts in a row without a stable run
 * @survival_ms: how long instances survive, see struct agentsys_restart_past
 * @cpu_us: CPU time of cgroups that it had and that are gone
 */
struct agentsys_status {
	u8 state;
	u8 cause;
	u8 step;
	u8 stop_signal;
	u32 flags;
	s32 pid;
	u32 instance;
	u32 restarts;
	s32 code;
	u32 exit_status;
	s32 end_pid;
	struct agentsys_restart_policy policy;
	u32 stop_timeout_ms;
	u64 spawns;
	u64 exits;
	u64 crashes;
	u64 faults;
	u64 start_ns;
	u64 end_ns;
	u64 asked_ns;
	u64 next_start_ns;
	u32 streak;
	u32 survival_ms;
	u64 cpu_us;
};

/* Messages to the supervisor, bits of agentsys_agent.mail. */
enum agentsys_mail {
	AGENTSYS_MAIL_RAN,	     /* the main process executed a program */
	AGENTSYS_MAIL_LAUNCH_FAILED, /* see launch_error and launch_step */
	AGENTSYS_MAIL_ENDED,	     /* see wait_status */
	AGENTSYS_MAIL_TIMER,	     /* the timer has expired */
	AGENTSYS_MAIL_RELATED,	     /* something that it is related to has changed */
	AGENTSYS_MAIL_LIMIT,	     /* it has hit a limit perhaps */
	AGENTSYS_MAIL_LIVENESS,	     /* it was silent for long, or is not any more */
	AGENTSYS_MAIL_TRIGGER,	     /* it says itself that it is broken */
	AGENTSYS_MAIL_REFUSED,	     /* it tried what only an administrator may */
	AGENTSYS_MAIL_ESCAPED,	     /* it moved a process out of its cgroup, or into it */
	AGENTSYS_MAIL_QUEUED,	     /* the record is in the mailbox */
};

/**
 * struct agentsys_agent - an agent
 *
 * @id: its id, fixed once it is in the registry
 * @name: its name, terminated, fixed
 * @made_ns: when it was made, CLOCK_BOOTTIME, fixed
 * @spec: what to launch, fixed; NULL for an attached agent
 * @parent_id: the agent of which a process asked for it, fixed; 0 if it was in none
 * @parent_instance: which start of that
 * @refs: references; the registry holds one, a place in the mailbox one, the
 *	launch queue or the job one, an attach under way one
 * @rcu: for the delayed free
 *
 * Written in any context, by the probes:
 * @mail: pending messages, enum agentsys_mail
 * @mail_node: link in the mailbox while AGENTSYS_MAIL_QUEUED is set
 * @tgid: main process whose exec and exit count, 0 for none; whoever sets
 *	it to 0 with cmpxchg() reports the end
 * @ran_ns: when the main process first executed a program, CLOCK_BOOTTIME; 0
 *	before
 * @execs: programs that the main process has executed, the first one among them
 * @wait_status: status of the main process that ended, as wait() gives it
 * @ended_ns: when that was, CLOCK_BOOTTIME
 * @oom: it was killed for memory
 * @alone: nothing else was left in the cgroup then
 * @nested: it had made cgroups in its own, or set that up for some
 * @heartbeats: heartbeats sent
 * @activity_ns: last event or heartbeat, CLOCK_BOOTTIME
 * @escapes: processes that it moved out of its cgroup or into it, since that was told last
 *
 * @lock: guards @status for readers; the supervisor alone writes, with both
 *	the supervisor lock and this one held, and so may read with the first
 * @status: what is told of it
 * @history: its last ends; like @status
 * @faults: what is kept of its faults and watched of its limits, see fault.c; NULL
 *	until there is something. Set once, with @lock held; its log is like @status
 * @cpu_told: the most CPU time that was ever told of it, in us; guarded by @lock
 *
 * Guarded by the supervisor lock:
 * @node: its place in the supervision tree, which an attached one has not before it
 *	runs; its parent and place are read under RCU too
 * @by_group: the stop or the launch under way is its group's affair, or the launch
 *	that of what it requires
 * @ties_out: its relations to others, struct agentsys_tie
 * @ties_in: those of others to it
 * @nr_ties: how many of both
 * @by_required: the stop under way is the affair of what it requires
 * @held: its stop waits for those that require it
 * @called: it is to be started, because who requires it is
 * @hit_by: agent for whose crash it is being killed, 0 for none
 * @sought: names the search that it was found by last, see related.c
 * @sought_next: the next one that this search has to look at yet
 * @main: its main process, to send signals to
 * @previous: its main process before, while that may still be on its way out
 * @cgroup_id: id of its cgroup once a process was born in it, 0 before
 * @has_cgroup: the cgroup's directory may exist
 * @populated: processes may live in it: it counts as live, and holds the module
 * @token: names the launch that is under way, 0 for none
 * @ran: the present instance has executed its program
 * @exec_told: jiffies of the last event of type EXEC
 * @by_hand: the launch under way was asked for; its failure is an answer,
 *	not a reason to try again
 * @first: the launch under way is the one of the spawn request
 * @watched: whoever asked for the spawn waits for it
 * @restart_after: it is being stopped in order to be started again
 * @forget: remove the record as soon as its cgroup is gone
 * @begun_ns: when the present launch was asked for, CLOCK_BOOTTIME
 * @suspended_ns: how long the system had been suspended when it came to run
 * @stop_timeout_ms: that of the next stop, or AGENTSYS_OWN_TIMEOUT
 * @asked: enum agentsys_cause of the end that was asked for, or NONE
 * @launch_error: positive errno of the failed launch
 * @launch_step: enum agentsys_step of it
 * @launch_node: link in the launch queue
 * @waiters: who waits for it to run or to end, struct agentsys_waiter
 * @nr_waiters: how many
 * @untidy: the instance before has left something behind in the cgroup: the next
 *	one waits until it is gone, and gets a new cgroup
 * @freeze_error: why the last attempt to freeze or thaw it failed, 0 if it did not
 * @tries: attempts at removing its cgroup
 * @timer: posts AGENTSYS_MAIL_TIMER
 * @deadline: jiffies at which it means something; 0 for not at all
 */
struct agentsys_agent {
	u32 id;
	char name[AGENTSYS_NAME_MAX + 1];
	u32 parent_id;
	u32 parent_instance;
	refcount_t refs;
	u64 made_ns;
	struct agentsys_spec *spec;
	struct rcu_head rcu;

	unsigned long mail;
	struct llist_node mail_node;
	pid_t tgid;
	u32 execs;
	u64 ran_ns;
	u64 ended_ns;
	int wait_status;
	bool oom;
	bool alone;
	bool nested;
	atomic64_t heartbeats;
	u64 activity_ns;
	atomic_t escapes;

	spinlock_t lock;
	struct agentsys_status status;
	struct agentsys_history history;
	struct agentsys_faults *faults;
	u64 cpu_told;

	struct agentsys_node node;
	struct hlist_head ties_out;
	struct hlist_head ties_in;
	u32 sought;
	u32 hit_by;
	struct agentsys_agent *sought_next;
	u8 nr_ties;
	u8 nr_waiters;
	bool by_group;
	bool by_required;
	bool held;
	bool called;
	bool has_cgroup;
	bool populated;
	bool ran;
	bool by_hand;
	bool first;
	bool watched;
	bool restart_after;
	bool forget;
	bool untidy;
	u8 asked;
	u16 launch_error;
	u16 launch_step;
	int freeze_error;
	unsigned int tries;
	struct pid *main;
	struct pid *previous;
	u64 cgroup_id;
	s64 stop_timeout_ms;
	u64 begun_ns;
	u64 suspended_ns;
	unsigned long exec_told;
	u64 token;
	struct list_head launch_node;
	struct list_head waiters;
	struct timer_list timer;
	unsigned long deadline;
};

/* A record with one reference, in state exited, outside the registry; takes over @spec. */
struct agentsys_agent *agentsys_agent_new(const char *name, struct agentsys_spec *spec);

/*
 * Have AGENTSYS_MAIL_TIMER posted once, in @ms, in place of any that is armed.
 * Supervisor lock held.
 */
void agentsys_agent_arm(struct agentsys_agent *agent, u32 ms);

/* Drop a reference. Process context: the last one frees the spec and its files. */
void agentsys_agent_put(struct agentsys_agent *agent);

static inline struct agentsys_agent *agentsys_agent_get(struct agentsys_agent *agent)
{
	refcount_inc(&agent->refs);
	return agent;
}

/* Copy its last ends. Any process context. */
void agentsys_agent_history(struct agentsys_agent *agent, struct agentsys_history *history);

/* Copy what is told of @agent. Any process context. */
void agentsys_agent_status(struct agentsys_agent *agent, struct agentsys_status *status);

/*
 * CPU time so far in us, which never goes back, and memory now in bytes, read from
 * its cgroup. May sleep; the supervisor lock is not held.
 */
void agentsys_agent_usage(struct agentsys_agent *agent, u64 *cpu_us, u64 *memory);

/* In fault.c: what it has of faults goes with it. NULL is nothing. */
void agentsys_faults_free(struct agentsys_faults *faults);

/* Note that it did something. Any context. */
void agentsys_agent_touch(struct agentsys_agent *agent);

#endif /* _AGENTSYS_AGENT_H */
