/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * agentsys - Agent Supervision Module: the generic netlink family.
 *
 * Described for tools by docs/netlink/agentsys.yaml; this header and that file
 * say the same.
 *
 * Commands that change something need CAP_SYS_ADMIN in the initial user
 * namespace (-EPERM), reading is open to everyone. Every refusal carries a text
 * in the extended acknowledgement (NETLINK_EXT_ACK), and changes nothing. With
 * any command, a number that is out of its attribute's range, or a flag that has
 * a value, is -ERANGE, and an attribute that the command does not take, or of
 * another wrong size, is -EINVAL. -ESHUTDOWN with any command that changes an
 * agent says that the module is being unloaded. Only an unknown command,
 * -EOPNOTSUPP, and -ENOMEM have no text: the kernel refuses the first by itself,
 * and lacks the memory for a text with the other.
 *
 * A command that starts or ends processes is answered twice when it carries
 * AGENTSYS_A_WAIT: the usual acknowledgement (when NLM_F_ACK is set) says that
 * it was accepted, and a message of the same command and sequence number says
 * how it ended, with AGENTSYS_A_ID and either the state reached or
 * AGENTSYS_A_ERRNO, AGENTSYS_A_STEP and AGENTSYS_A_TEXT. Without
 * AGENTSYS_A_WAIT there is only the acknowledgement; SPAWN and ATTACH then still
 * answer with AGENTSYS_A_ID, at once.
 */
#ifndef _UAPI_LINUX_AGENTSYS_NETLINK_H
#define _UAPI_LINUX_AGENTSYS_NETLINK_H

#define AGENTSYS_GENL_NAME	"agentsys"
#define AGENTSYS_GENL_VERSION	1

/* Multicast group of AGENTSYS_NTF_EVENT. */
#define AGENTSYS_MCGRP_EVENTS	"events"

/**
 * enum agentsys_cmd - commands
 *
 * In brackets: the attributes taken, those in parentheses may be left out.
 *
 * @AGENTSYS_CMD_GET: one agent [ID], or all of them (dump); answered with the
 *	attributes of an agent
 *	-ESRCH no such agent
 * @AGENTSYS_CMD_SPAWN: make a record and start it [ARG..., (everything of a
 *	spec), (ID), (WAIT)]
 *	-EEXIST the id exists, -E2BIG and -ENAMETOOLONG
 *	beyond a bound of <linux/agentsys.h>, -EINVAL a value that cannot be,
 *	-ENOSPC max_agents records exist, -ESHUTDOWN a shutdown is under way,
 *	-EBADF a descriptor that is not open, -ENOENT no such GROUP, -EBUSY it is being
 *	stopped, -ENOSPC also: it has MEMBERS_MAX members, -EINVAL also: restarted alone,
 *	with its backoff and no MAX_RESTARTS, it could never spend the budget; with RELATION
 *	the errors of RELATION_NEW; -EOPNOTSUPP the BACKEND is tee or remote; later: what
 *	the failing step said
 * @AGENTSYS_CMD_ATTACH: adopt a running process [PID, (ID), (NAME), (STOP_*),
 *	(limits), (WAIT)]; it becomes a member of root
 *	-ESRCH no such process, -EINVAL a kernel thread, pid 1 or the launcher,
 *	-EBUSY it is part of an agent already, -EEXIST, -ENAMETOOLONG, -EINVAL,
 *	-ENOSPC, -ESHUTDOWN as above
 * @AGENTSYS_CMD_START: start an ended agent by hand [ID, (WAIT)]; also the helper daemon,
 *	AGENTSYS_ID_HELPER, whose record is made when it is started first: from then on,
 *	until it is stopped by hand, it is started before others and stopped after them
 *	-ESRCH, -EALREADY it runs, -EBUSY it is ending, -EOPNOTSUPP it was
 *	attached and has nothing to start from, -ESHUTDOWN; of the helper also -ENOENT
 *	there is none, and -ENOSPC
 * @AGENTSYS_CMD_STOP: send the stop signal, kill what is left after the stop
 *	timeout; no restart follows [ID, (STOP_TIMEOUT), (WAIT)]
 *	-ESRCH, -EBUSY it is just being attached, or 64 wait for it; an
 *	ended agent is a success
 * @AGENTSYS_CMD_KILL: kill its whole cgroup at once; no restart follows [ID, (WAIT)]
 *	-ESRCH, -EBUSY as above; an ended agent is a success
 * @AGENTSYS_CMD_RESTART: stop, then start; starts an ended one [ID,
 *	(STOP_TIMEOUT), (WAIT)]
 *	-ESRCH, -EBUSY, -EOPNOTSUPP, -ESHUTDOWN
 * @AGENTSYS_CMD_PAUSE: freeze its cgroup [ID]
 *	-ESRCH, -EBUSY it is just being attached, -EINVAL not active
 * @AGENTSYS_CMD_RESUME: thaw it [ID]
 *	-ESRCH, -EBUSY, -EINVAL as above
 * @AGENTSYS_CMD_REMOVE: forget the record of an ended agent [ID, (WAIT)]; the
 *	second answer tells that the record is gone and its id free, which takes
 *	as long as something of the agent is left that still dies
 *	-ESRCH, -EBUSY it has not ended, or 64 wait for it; -ECANCELED, as
 *	the second answer: it was started again before
 * @AGENTSYS_CMD_SET: change the restart policy [ID, (RESTART), (MAX_RESTARTS),
 *	(BACKOFF_*), (JITTER), (STABLE), (BREAKER*), (SUCCESS_*), (NEVER_*), (TRAPS)], or
 *	where it stands: [(GROUP): becomes the last member of it, also if it is in it already,
 *	(SET_SIGNIFICANT)]. No process is touched; a group that is down is active again
 *	when what runs enters it
 *	-ESRCH, -EOPNOTSUPP attached, -EINVAL it could never spend the budget of its group then,
 *	as with SPAWN; of GROUP: -ENOENT no such group, -ENOSPC it
 *	is full, -EBUSY something is under way in it or in the present one, or
 *	the agent is just ending, or depends on another one, or another one on it, -EINVAL
 *	restarts could go on for ever there
 * @AGENTSYS_CMD_SYSTEM_GET: counters of the system []; answered with
 *	attributes of enum agentsys_system_attr
 * @AGENTSYS_CMD_EVENT_GET: the events in the ring, oldest first (dump)
 *	[(E_SEQ): only those after this one]; answered with AGENTSYS_NTF_EVENT
 * @AGENTSYS_CMD_SHUTDOWN: stop every agent and dismiss the launcher, so that
 *	the module can be unloaded; no start is accepted meanwhile. Agents in root and
 *	the groups in root are stopped side by side, the members of a group one after
 *	another as by GROUP_STOP; each has its own stop timeout too
 *	[(STOP_TIMEOUT): deadline for all, after which everything left is
 *	killed, whatever its own and whether its turn has come or not; = 10000; 0 kills at
 *	once, at most 86400000, (WAIT)]; the second answer has COUNT and KILLED
 *	-EALREADY one is under way; -ETIMEDOUT, as the second answer: for 10 s
 *	nothing of what was killed has gone, and starts are accepted again
 * @AGENTSYS_NTF_EVENT: notification: an event, with attributes of enum
 *	agentsys_event_attr
 *
 * Of groups, with attributes of enum agentsys_group_attr:
 *
 * @AGENTSYS_CMD_GROUP_GET: one group [NAME], or all of them (dump), each after the
 *	one that it is in
 *	-ENOENT no such group
 * @AGENTSYS_CMD_GROUP_NEW: make a group, which is empty [NAME, (PARENT), (STRATEGY),
 *	(BUDGET), (WITHIN), (BACKOFF_*), (JITTER), (AUTO_SHUTDOWN), (SIGNIFICANT),
 *	(MEMBERS_MAX)]
 *	-EEXIST the name is taken, -EINVAL no name can be like this, the backoff is
 *	adaptive, or such restarts could go on for ever: as many as the budget allows
 *	take longer than the window, -ENAMETOOLONG, -ENOENT no such parent, -ENOSPC
 *	AGENTSYS_TREE_GROUPS exist, or the parent has MEMBERS_MAX members, -E2BIG it would be deeper than AGENTSYS_TREE_DEPTH
 * @AGENTSYS_CMD_GROUP_SET: change a group [NAME, (STRATEGY), (BUDGET), (WITHIN),
 *	(BACKOFF_*), (JITTER), (AUTO_SHUTDOWN), (MEMBERS_MAX), (SET_SIGNIFICANT),
 *	(PARENT)];
 *	what is under way goes on as it began, and members stay in even if there are more
 *	than that. With all that is in it, it becomes the last
 *	member of PARENT, also if it is in it already; no process is touched, and a
 *	PARENT that is down is active again if the group is not
 *	-ENOENT, -EINVAL as above, or it is root; of PARENT: -ENOENT, -ENOSPC, -EBUSY as
 *	with AGENTSYS_CMD_SET, -EINVAL it is the group or within it, -E2BIG
 * @AGENTSYS_CMD_GROUP_DEL: remove an empty group [NAME]
 *	-ENOENT, -ENOTEMPTY there are agents or groups in it, also ended ones,
 *	-EINVAL it is root
 * @AGENTSYS_CMD_GROUP_START: start all of its members that do not run, in order, and
 *	forget the restarts of the window [NAME, (WAIT)]
 *	-ENOENT, -EBUSY 64 wait for it, -ESHUTDOWN
 * @AGENTSYS_CMD_GROUP_STOP: stop its members in reverse order, each as itself would be;
 *	no restart follows [NAME, (WAIT)]
 *	-ENOENT, -EBUSY as above
 * @AGENTSYS_CMD_GROUP_RESTART: stop them, then start those that ran and whose restart
 *	condition is not never; one that is exited or failed is started [NAME, (WAIT)]
 *	-ENOENT, -EBUSY, -ESHUTDOWN as above
 *
 * @AGENTSYS_CMD_HISTORY_GET: the last ends of an agent [AGENTSYS_H_AGENT_ID], or the
 *	last restarts of a group [AGENTSYS_H_GROUP]; answered with attributes of enum
 *	agentsys_history_attr
 *	-ESRCH no such agent, -ENOENT no such group, -EINVAL neither is given, or both
 *
 * Of relations, with attributes of enum agentsys_relation_attr:
 *
 * @AGENTSYS_CMD_RELATION_NEW: relate an agent to another [FROM, TO, KIND]; it counts
 *	from the next start, stop or end of either on
 *	-ESRCH no such agent, -EEXIST it is there already, -EINVAL an agent and
 *	itself, or something is not given, -ELOOP agents would wait for each other in a
 *	circle, -ENOSPC one of them has AGENTSYS_RELATIONS_MAX, -EBUSY one is just being
 *	attached, -ENOTCONN FROM runs and TO, which it is to require, does not
 * @AGENTSYS_CMD_RELATION_DEL: end that [FROM, TO, KIND]; of PEER and LINK in either
 *	direction
 *	-ENOENT they are not related like that, -ESRCH, -EINVAL as above
 * @AGENTSYS_CMD_RELATION_GET: all relations (dump)
 *
 * Of faults, with attributes of enum agentsys_fault_attr:
 *
 * @AGENTSYS_CMD_FAULT_GET: how many faults of each type an agent has had, and the last
 *	AGENTSYS_FAULTS_MAX of them [AGENT_ID]; without an id, how many all had
 *	together []; answered with COUNTERS and ENTRIES
 *	-ESRCH no such agent
 * @AGENTSYS_CMD_RECOVERY_GET: what is done about faults of an agent [AGENT_ID], or of
 *	those that have nothing of their own []; answered with RULES, and PRESET, AFTER
 *	and WITHIN, which are the same for all
 *	-ESRCH no such agent
 * @AGENTSYS_CMD_RECOVERY_SET: change that, all of it or nothing: of all agents [(PRESET),
 *	(RULES), (AFTER), (WITHIN)], a RULE being a word against the PRESET; of one, or
 *	back to what is done about all where a RULE has no ACTION [AGENT_ID, (RULES)]
 *	-EINVAL a rule without a type, or without an action for all agents, an action
 *	that is of no use against such a fault, or something that only all agents have,
 *	-ESRCH no such agent, -ENOMEM
 * @AGENTSYS_CMD_REPORT: report of an agent what somebody else has seen; it counts as if
 *	the module had seen it by itself [AGENT_ID, REPORT, (INSTANCE): = the present one,
 *	and of a fault or a warning TYPE, (MEASURED), (LIMIT): = 0; of the beginning of a
 *	call LIMIT: for how long at most, in ms, 1 to AGENTSYS_CALL_MAX_MS]
 *	-EINVAL something is not given, or is given of a call that is not of one, or the TYPE of
 *	a fault is a crash, or one that an agent can be slowed down for: the module alone
 *	sees these; -ERANGE the LIMIT of a call; -ESRCH no such agent, -ESTALE it has been
 *	started again since that INSTANCE, -ENOTCONN it is not active; -EOVERFLOW it is in
 *	AGENTSYS_CALLS_MAX calls already, -ENOENT it is in none that could end, or their time
 *	is over; -ENOMEM
 *
 * With WAIT, GROUP_START, _STOP and _RESTART are answered again when that is done, with NAME and
 * STATE. ERRNO and TEXT in it: -ECANCELED something else was asked of the group
 * meanwhile, -EIO it failed.
 */
enum agentsys_cmd {
	AGENTSYS_CMD_GET = 1,
	AGENTSYS_CMD_SPAWN,
	AGENTSYS_CMD_ATTACH,
	AGENTSYS_CMD_START,
	AGENTSYS_CMD_STOP,
	AGENTSYS_CMD_KILL,
	AGENTSYS_CMD_RESTART,
	AGENTSYS_CMD_PAUSE,
	AGENTSYS_CMD_RESUME,
	AGENTSYS_CMD_REMOVE,
	AGENTSYS_CMD_SET,
	AGENTSYS_CMD_SYSTEM_GET,
	AGENTSYS_CMD_EVENT_GET,
	AGENTSYS_CMD_SHUTDOWN,
	AGENTSYS_NTF_EVENT,
	AGENTSYS_CMD_GROUP_GET,
	AGENTSYS_CMD_GROUP_NEW,
	AGENTSYS_CMD_GROUP_SET,
	AGENTSYS_CMD_GROUP_DEL,
	AGENTSYS_CMD_GROUP_START,
	AGENTSYS_CMD_GROUP_STOP,
	AGENTSYS_CMD_GROUP_RESTART,
	AGENTSYS_CMD_HISTORY_GET,
	AGENTSYS_CMD_RELATION_NEW,
	AGENTSYS_CMD_RELATION_DEL,
	AGENTSYS_CMD_RELATION_GET,
	AGENTSYS_CMD_FAULT_GET,
	AGENTSYS_CMD_RECOVERY_GET,
	AGENTSYS_CMD_RECOVERY_SET,
	AGENTSYS_CMD_REPORT,
	AGENTSYS_CMD_LIMITS_GET,
	AGENTSYS_CMD_LIMITS_SET,

	__AGENTSYS_CMD_MAX,
	AGENTSYS_CMD_MAX = __AGENTSYS_CMD_MAX - 1
};

/**
 * enum agentsys_attr - attributes of an agent, of its spec and of answers
 *
 * Type and meaning; "=" gives the default of a spec.
 */
enum agentsys_attr {
	AGENTSYS_A_UNSPEC,
	AGENTSYS_A_PAD,

	/* identity */
	AGENTSYS_A_ID,			/* u32: agent id; = the module picks one */
	AGENTSYS_A_NAME,		/* string, 1 to 63 bytes of UTF-8 without control characters; = "agent-<id>" */
	AGENTSYS_A_PID,			/* u32: main process, initial pid namespace; 0 none */

	/* requests and answers */
	AGENTSYS_A_WAIT,		/* flag: answer again when it has ended */
	AGENTSYS_A_ERRNO,		/* u32: positive errno */
	AGENTSYS_A_STEP,		/* u32: enum agentsys_step */
	AGENTSYS_A_TEXT,		/* string: one line for a person */
	AGENTSYS_A_COUNT,		/* u32: SHUTDOWN: agents that were ended */
	AGENTSYS_A_KILLED,		/* u32: SHUTDOWN: how many of them by a kill */

	/* spec: what to run */
	AGENTSYS_A_ARG,			/* string, once per argument; the first is the program's path */
	AGENTSYS_A_ENV,			/* string NAME=value, once per variable; = none */
	AGENTSYS_A_CWD,			/* string: absolute path; = "/" */
	AGENTSYS_A_UID,			/* u32, in the user namespace of the sender; = its own */
	AGENTSYS_A_GID,			/* u32, likewise */
	AGENTSYS_A_GROUPS,		/* binary, array of u32; = the sender's, or none when UID is given */
	AGENTSYS_A_RLIMITS,		/* binary, array of struct agentsys_job_rlimit; = the launcher's */
	AGENTSYS_A_NICE,		/* s32: -20 to 19; = 0 */
	AGENTSYS_A_OOM_SCORE_ADJ,	/* s32: -1000 to 1000; = 0 */
	AGENTSYS_A_BOUNDING,		/* u64: capability bounding set; = everything */
	AGENTSYS_A_NEW_PRIVS,		/* flag: leave no_new_privs off; = it is on */
	AGENTSYS_A_STDIN,		/* string: file; = /dev/null */
	AGENTSYS_A_STDOUT,		/* string: file, appended to; = /dev/null */
	AGENTSYS_A_STDERR,		/* string: file, appended to; = as stdout */
	AGENTSYS_A_STDIN_FD,		/* s32: descriptor of the sender */
	AGENTSYS_A_STDOUT_FD,		/* s32 */
	AGENTSYS_A_STDERR_FD,		/* s32 */

	/* spec: how it ends and starts again */
	AGENTSYS_A_RESTART,		/* u32: enum agentsys_restart; = never in root, else as enum agentsys_strategy says */
	AGENTSYS_A_MAX_RESTARTS,	/* u32: restarts in its life, 0 to 2^31-1; = 0 with never, else 3 in root, unlimited below */
	AGENTSYS_A_BACKOFF_INITIAL,	/* u32: ms before the first restart; = 100, below root its group's; 0 restarts at once */
	AGENTSYS_A_BACKOFF_MAX,		/* u32: ms, the delay grows up to here; = 30000, below root its group's; at most 86400000 */
	AGENTSYS_A_STOP_SIGNAL,		/* u32: 1 to 64; = 15 (SIGTERM) */
	AGENTSYS_A_STOP_TIMEOUT,	/* u32: ms until everything left is killed; = 10000; at most 86400000, or AGENTSYS_STOP_UNLIMITED; 0 kills at once */

	/* spec: limits of its cgroup; 0 or absent is none */
	AGENTSYS_A_MEMORY_MAX,		/* u64: bytes */
	AGENTSYS_A_MEMORY_HIGH,		/* u64: bytes */
	AGENTSYS_A_CPU_QUOTA,		/* u64: us per period, at least 1000 */
	AGENTSYS_A_CPU_PERIOD,		/* u64: us, 1000 to 1000000; = 100000 */
	AGENTSYS_A_PIDS_MAX,		/* u64: processes and threads */

	/* state, only in answers */
	AGENTSYS_A_STATE,		/* u32: enum agentsys_state */
	AGENTSYS_A_FLAGS,		/* u32: AGENTSYS_AGENT_* */
	AGENTSYS_A_INSTANCE,		/* u32: starts so far */
	AGENTSYS_A_RESTARTS,		/* u32: restarts by the module that count against MAX_RESTARTS */
	AGENTSYS_A_CAUSE,		/* u32: enum agentsys_cause of the last end */
	AGENTSYS_A_CODE,		/* s32: exit code, signal, errno or fault, as the cause says */
	AGENTSYS_A_SPAWNS,		/* u64: instances that ran */
	AGENTSYS_A_EXITS,		/* u64: instances that ended */
	AGENTSYS_A_CRASHES,		/* u64: those that ended otherwise than asked or with code 0 */
	AGENTSYS_A_FAULTS,		/* u64: faults detected, crashes among them */
	AGENTSYS_A_HEARTBEATS,		/* u64 */
	AGENTSYS_A_CPU_TIME,		/* u64: us, all its processes of all its instances */
	AGENTSYS_A_MEMORY,		/* u64: bytes now; 0 without the memory controller */
	AGENTSYS_A_START_TIME,		/* u64: CLOCK_BOOTTIME in ns of the last start, 0 never */
	AGENTSYS_A_END_TIME,		/* u64: likewise of the last end */
	AGENTSYS_A_LAST_ACTIVITY,	/* u64: likewise of the last event or heartbeat */
	AGENTSYS_A_NEXT_START,		/* u32: ms until the scheduled restart, in state backoff */
	AGENTSYS_A_CGROUP,		/* string: path of its cgroup below the v2 mount */

	/* where it stands in the supervision tree */
	AGENTSYS_A_GROUP,		/* string: the group that it is in; = "root" */
	AGENTSYS_A_PLACE,		/* u32: grows with the order in it, only in answers */

	/* spec: more of how it starts again */
	AGENTSYS_A_BACKOFF_KIND,	/* u32: enum agentsys_backoff; = exponential, below root its group's */
	AGENTSYS_A_JITTER,		/* u32: per cent of a delay, up to which are added at random; = 0, below root its group's; at most 100 */
	AGENTSYS_A_STABLE,		/* u32: ms; the delay starts anew after an instance that ran so long; = 60000; 1 to 86400000 */
	AGENTSYS_A_BREAKER,		/* u32: restarts in a row without a stable run that open the circuit; = 0, never */
	AGENTSYS_A_BREAKER_OPEN,	/* u32: ms for which it is open; = 60000; at most 86400000 */
	AGENTSYS_A_SUCCESS_CODES,	/* binary, AGENTSYS_CODE_WORDS u64: exit codes that are no failure, as 0 is; = none */
	AGENTSYS_A_SUCCESS_SIGNALS,	/* u64: signals that are none, n is bit n-1; = none */
	AGENTSYS_A_NEVER_CODES,		/* binary, likewise: exit codes after which it is never restarted; = none */
	AGENTSYS_A_NEVER_SIGNALS,	/* u64: signals, likewise; = none */
	AGENTSYS_A_NEVER_CAUSES,	/* u32: causes likewise, enum agentsys_cause n is bit n; = none */

	AGENTSYS_A_SIGNIFICANT,		/* flag: a significant member, see enum agentsys_auto_shutdown */

	/* state of that, only in answers */
	AGENTSYS_A_STREAK,		/* u32: restarts in a row without a stable run */
	AGENTSYS_A_SURVIVAL,		/* u32: ms that instances survive, see AGENTSYS_BACKOFF_ADAPTIVE */
	AGENTSYS_A_CIRCUIT,		/* u32: enum agentsys_circuit */

	/* spec: others */
	AGENTSYS_A_RELATION,		/* nested, once per relation: AGENTSYS_R_KIND and _TO; = none */
	AGENTSYS_A_TRAPS,		/* u32: 1, it survives crashes of linked agents, or 0; = 0; told as a flag */

	/* where it comes from, only in answers */
	AGENTSYS_A_PARENT,		/* u32: the agent of which a process asked for the spawn; 0 if it was in none */
	AGENTSYS_A_PARENT_INSTANCE,	/* u32: which start of that */

	/* state: more of the last end, only in answers */
	AGENTSYS_A_EXIT_STATUS,		/* u32: status of its main process as wait() gives it; absent if none ended */
	AGENTSYS_A_END_PID,		/* u32: the pid that this had; absent likewise */
	AGENTSYS_A_ASKED_TIME,		/* u64: CLOCK_BOOTTIME in ns when that end was asked for, or one that is to come; 0 if it was not */
	/* only with SET */
	AGENTSYS_A_SET_SIGNIFICANT,	/* u32: 1 makes it a significant member, 0 makes it none */

	/* only in answers */
	AGENTSYS_A_MADE_TIME,		/* u64: CLOCK_BOOTTIME in ns of when its record was made; ids come again */

	/* spec: what executes the program */
	AGENTSYS_A_BACKEND,		/* u32: enum agentsys_backend; = native */

	/* spec: all limits, those above and more */
	AGENTSYS_A_LIMITS,		/* nested: enum agentsys_limit_attr; = those above, the others
					 * as AGENTSYS_CMD_LIMITS_SET has set them for new agents
					 */

	/* limits */
	AGENTSYS_A_USE,			/* nested: likewise, what is used of each, where that is known */
	AGENTSYS_A_LIMITS_PRESET,	/* u32: enum agentsys_limits_preset */

	/* agent: only in answers, and only while it has a limit of them */
	AGENTSYS_A_SYSCALLS,		/* u64: system calls that were counted, in all instances */

	/* agent */
	AGENTSYS_A_THROTTLED_TIME,	/* u64: ns for which it was slowed down for faults */

	/* agent: only in answers, and only while it is in a call, see AGENTSYS_REPORT_CALL_BEGIN */
	AGENTSYS_A_CALLS,		/* u32: in how many */
	AGENTSYS_A_CALLS_LEFT,		/* u32: for how much longer at most, in ms */

	__AGENTSYS_A_MAX,
	AGENTSYS_A_MAX = __AGENTSYS_A_MAX - 1
};

/**
 * enum agentsys_limit_attr - attributes of limits
 *
 * Attribute AGENTSYS_L_FIRST + n, a u64, is enum agentsys_limit n; 0 is no limit.
 */
enum agentsys_limit_attr {
	AGENTSYS_L_UNSPEC,
	AGENTSYS_L_PAD,
	AGENTSYS_L_MEMORY_MAX,		/* u64: bytes */
	AGENTSYS_L_MEMORY_HIGH,		/* u64: bytes */
	AGENTSYS_L_CPU_QUOTA,		/* u64: us per period */
	AGENTSYS_L_CPU_PERIOD,		/* u64: us */
	AGENTSYS_L_PIDS_MAX,		/* u64 */
	AGENTSYS_L_SYSCALL_RATE,	/* u64: per second, at most 2^32-1 */
	AGENTSYS_L_SYSCALL_BURST,	/* u64: likewise */
	AGENTSYS_L_WATCHDOG,		/* u64: ms, 100 to 86400000 */
	AGENTSYS_L_CPU_BUDGET,		/* u64: us */
	AGENTSYS_L_MESSAGES,		/* u64 */
	AGENTSYS_L_TOOL_CALLS,		/* u64 */
	AGENTSYS_L_IO_READ,		/* u64: bytes per second */
	AGENTSYS_L_IO_WRITE,		/* u64: bytes per second */
	AGENTSYS_L_IO_READ_OPS,		/* u64: per second */
	AGENTSYS_L_IO_WRITE_OPS,	/* u64: per second */
	AGENTSYS_L_MEMORY_PRESSURE,	/* u64: per cent of 2 s, 1 to 100 */
	AGENTSYS_L_CPU_PRESSURE,	/* u64: likewise */
	AGENTSYS_L_IO_PRESSURE,		/* u64: likewise */
	AGENTSYS_L_WATCHDOG_MODE,	/* u64: enum agentsys_watchdog; = timeout */
	AGENTSYS_L_WATCHDOG_PHI,	/* u64: thousandths, up to 12000; = 8000 */
	AGENTSYS_L_WATCHDOG_DEVIATION,	/* u64: ms, up to 86400000; = 100 */
	AGENTSYS_L_WATCHDOG_PAUSE,	/* u64: ms, likewise; = a tenth of WATCHDOG */
	AGENTSYS_L_WATCHDOG_START,	/* u64: 1 or 0; = 0 */
	AGENTSYS_L_WATCHDOG_WINDOW,	/* u64: intervals, 2 to 128; = 64 */

	__AGENTSYS_L_MAX,
	AGENTSYS_L_MAX = __AGENTSYS_L_MAX - 1,
	AGENTSYS_L_FIRST = AGENTSYS_L_MEMORY_MAX
};

/* enum agentsys_system_attr - counters since the module was loaded */
enum agentsys_system_attr {
	AGENTSYS_S_UNSPEC,
	AGENTSYS_S_PAD,
	AGENTSYS_S_SPAWNS,		/* u64: instances that ran */
	AGENTSYS_S_EXITS,		/* u64: instances that ended; spawns - exits = live agents */
	AGENTSYS_S_CRASHES,		/* u64 */
	AGENTSYS_S_FAULTS,		/* u64 */
	AGENTSYS_S_RESTARTS,		/* u64: instances that the module started again */
	AGENTSYS_S_ACTIVE,		/* u32: live agents */
	AGENTSYS_S_SYSCALLS,		/* u64: system calls of agents that have a limit of them, while they have it */
	AGENTSYS_S_AGENTS,		/* u32: records, ended ones among them */
	AGENTSYS_S_MAX_AGENTS,		/* u32: how many there may be */
	AGENTSYS_S_EVENTS,		/* u64: events written so far, the last one's seq */
	AGENTSYS_S_RING_SIZE,		/* u32: how many events are kept */
	AGENTSYS_S_LAUNCHER_PID,	/* u32: 0 when none is needed */
	AGENTSYS_S_LAUNCHER_PATH,	/* string */
	AGENTSYS_S_CGROUP_ROOT,		/* string: path below the v2 mount */
	AGENTSYS_S_CONTROLLERS,		/* string: controllers of the agents' cgroups, with blanks between */
	AGENTSYS_S_RELEASE,		/* string: version of the module */
	AGENTSYS_S_ABI,			/* u32: AGENTSYS_ABI_VERSION */
	AGENTSYS_S_HOOKS,		/* string: what system calls are, or would be, counted by: "ftrace" or "tracepoint" */
	AGENTSYS_S_HOOKS_ERROR,		/* u32: the errno for which that is not ftrace, or nothing at all; 0 for none */

	__AGENTSYS_S_MAX,
	AGENTSYS_S_MAX = __AGENTSYS_S_MAX - 1
};

/* enum agentsys_event_attr - the fields of struct agentsys_event */
enum agentsys_event_attr {
	AGENTSYS_E_UNSPEC,
	AGENTSYS_E_PAD,
	AGENTSYS_E_SEQ,			/* u64 */
	AGENTSYS_E_TIME,		/* u64: CLOCK_BOOTTIME in ns */
	AGENTSYS_E_AGENT_ID,		/* u32 */
	AGENTSYS_E_PID,			/* u32 */
	AGENTSYS_E_TYPE,		/* u32: enum agentsys_event_type */
	AGENTSYS_E_CAUSE,		/* u32: enum agentsys_cause */
	AGENTSYS_E_CODE,		/* s32 */
	AGENTSYS_E_INSTANCE,		/* u32 */
	AGENTSYS_E_VALUE,		/* u64 */
	AGENTSYS_E_NAME,		/* string, at most 16 bytes of the agent's name */
	AGENTSYS_E_LIMIT,		/* u64; faults alone have it, and the next one */
	AGENTSYS_E_ACTION,		/* u32: enum agentsys_recover */

	__AGENTSYS_E_MAX,
	AGENTSYS_E_MAX = __AGENTSYS_E_MAX - 1
};

/**
 * enum agentsys_group_attr - attributes of a group, of requests and answers about it
 *
 * Type and meaning; "=" gives the default of a new one.
 */
enum agentsys_group_attr {
	AGENTSYS_G_UNSPEC,
	AGENTSYS_G_PAD,
	AGENTSYS_G_NAME,		/* string: as the name of an agent; no two groups have the same */
	AGENTSYS_G_WAIT,		/* flag: answer again when it is done */
	AGENTSYS_G_ERRNO,		/* u32: positive errno */
	AGENTSYS_G_TEXT,		/* string: one line for a person */
	AGENTSYS_G_PARENT,		/* string: the group that it is in; = "root"; absent from root */
	AGENTSYS_G_STRATEGY,		/* u32: enum agentsys_strategy; = one_for_one */
	AGENTSYS_G_BUDGET,		/* u32: restarts within the window, 0 to AGENTSYS_BUDGET_MAX; = 5 */
	AGENTSYS_G_WITHIN,		/* u32: ms, the window that slides, but not while it stops members; = 60000; 1 to 86400000 */
	AGENTSYS_G_BACKOFF_INITIAL,	/* u32: ms before the first restart of several, or of a group in it; = 100 */
	AGENTSYS_G_BACKOFF_MAX,		/* u32: ms, grows with each restart in the window up to here; = 30000 */
	AGENTSYS_G_AUTO_SHUTDOWN,	/* u32: enum agentsys_auto_shutdown; = never */
	AGENTSYS_G_SIGNIFICANT,		/* flag: a significant member of the group above, only when it is made; see SET_SIGNIFICANT */

	/* only in answers */
	AGENTSYS_G_STATE,		/* u32: enum agentsys_state: starting and stopping its members, backoff
					 * before it starts them, active, exited (stopped), failed (budget spent)
					 */
	AGENTSYS_G_PLACE,		/* u32: grows with the order in its parent */
	AGENTSYS_G_MEMBERS,		/* u32: agents and groups directly in it */
	AGENTSYS_G_RECENT,		/* u32: restarts in the window now */
	AGENTSYS_G_RESTARTS,		/* u64: restarts that were counted since it was made */
	AGENTSYS_G_REASON,		/* u32: agent whose end was the last reason, 0 for none */

	/* more of how it restarts */
	AGENTSYS_G_BACKOFF_KIND,	/* u32: enum agentsys_backoff, but not adaptive; = exponential */
	AGENTSYS_G_JITTER,		/* u32: per cent of a delay, up to which are added at random; = 0; at most 100 */

	AGENTSYS_G_MEMBERS_MAX,		/* u32: more members do not enter; = 1024; 1 to 1024; absent from root */

	/* only with GROUP_SET */
	AGENTSYS_G_SET_SIGNIFICANT,	/* u32: 1 makes it a significant member, 0 makes it none */

	__AGENTSYS_G_MAX,
	AGENTSYS_G_MAX = __AGENTSYS_G_MAX - 1
};

/**
 * enum agentsys_history_attr - attributes of AGENTSYS_CMD_HISTORY_GET
 *
 * Type and meaning.
 */
enum agentsys_history_attr {
	AGENTSYS_H_UNSPEC,
	AGENTSYS_H_PAD,
	AGENTSYS_H_AGENT_ID,		/* u32: whose history; in an entry of a group: who ended */
	AGENTSYS_H_GROUP,		/* string: whose history; in an entry of a group: the group in it that failed for that end, absent if the agent was a member itself */
	AGENTSYS_H_ENTRIES,		/* nested, with AGENTSYS_H_ENTRY for each end, oldest first */
	AGENTSYS_H_ENTRY,		/* nested, with those that follow, AGENT_ID and GROUP: */
	AGENTSYS_H_TIME,		/* u64: CLOCK_BOOTTIME in ns */
	AGENTSYS_H_RAN,			/* u64: how long it had run, in ns, suspend not counted, 0 for never; not of a group */
	AGENTSYS_H_INSTANCE,		/* u32: which start of the agent had ended */
	AGENTSYS_H_CAUSE,		/* u32: enum agentsys_cause */
	AGENTSYS_H_CODE,		/* s32: exit code, signal, errno or fault, as the cause says */
	AGENTSYS_H_DECISION,		/* u32: enum agentsys_decision */
	AGENTSYS_H_DELAY,		/* u32: ms before the restart */
	AGENTSYS_H_PID,			/* u32: main process that it had, 0 for none; not of a group */
	AGENTSYS_H_EXIT_STATUS,		/* u32: as wait() gives it; absent if no process ended */

	__AGENTSYS_H_MAX,
	AGENTSYS_H_MAX = __AGENTSYS_H_MAX - 1
};

/**
 * enum agentsys_relation_attr - attributes of a relation
 *
 * Type and meaning.
 */
enum agentsys_relation_attr {
	AGENTSYS_R_UNSPEC,
	AGENTSYS_R_KIND,		/* u32: enum agentsys_relation */
	AGENTSYS_R_FROM,		/* u32: id of "it" */
	AGENTSYS_R_TO,			/* u32: id of the other */

	__AGENTSYS_R_MAX,
	AGENTSYS_R_MAX = __AGENTSYS_R_MAX - 1
};

/**
 * enum agentsys_fault_attr - attributes of faults, and of what is done about them
 *
 * Type and meaning.
 */
enum agentsys_fault_attr {
	AGENTSYS_F_UNSPEC,
	AGENTSYS_F_PAD,
	AGENTSYS_F_AGENT_ID,		/* u32: whose */
	AGENTSYS_F_PRESET,		/* u32: enum agentsys_preset; custom only in answers */
	AGENTSYS_F_AFTER,		/* u32: so many faults of an agent are dealt with on one rung of the ladder, which are alert, throttle, restart, kill; 0 for no ladder */
	AGENTSYS_F_WITHIN,		/* u32: ms from the first of a rung on, in which they count; 1 to 86400000 */
	AGENTSYS_F_RULES,		/* nested, with AGENTSYS_F_RULE for each type, in a request for some */
	AGENTSYS_F_RULE,		/* nested: TYPE and ACTION, and OWN in an answer about an agent */
	AGENTSYS_F_COUNTERS,		/* nested, with AGENTSYS_F_COUNTER for each type */
	AGENTSYS_F_COUNTER,		/* nested: TYPE and COUNT */
	AGENTSYS_F_ENTRIES,		/* nested, with AGENTSYS_F_ENTRY for each fault, oldest first */
	AGENTSYS_F_ENTRY,		/* nested: TYPE, ACTION, TIME, MEASURED, LIMIT and INSTANCE */
	AGENTSYS_F_TYPE,		/* u32: enum agentsys_fault */
	AGENTSYS_F_ACTION,		/* u32: enum agentsys_recover: what is done, or was */
	AGENTSYS_F_OWN,			/* flag: for this agent alone */
	AGENTSYS_F_COUNT,		/* u64 */
	AGENTSYS_F_TIME,		/* u64: CLOCK_BOOTTIME in ns */
	AGENTSYS_F_MEASURED,		/* u64: what was measured; of a crash, the exit code or signal */
	AGENTSYS_F_LIMIT,		/* u64: what it may be; 0 where there is no such thing */
	AGENTSYS_F_INSTANCE,		/* u32: which start of the agent */
	AGENTSYS_F_REPORT,		/* u32: enum agentsys_report */

	__AGENTSYS_F_MAX,
	AGENTSYS_F_MAX = __AGENTSYS_F_MAX - 1
};

#endif /* _UAPI_LINUX_AGENTSYS_NETLINK_H */
