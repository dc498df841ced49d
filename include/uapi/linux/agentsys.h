/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * agentsys - Agent Supervision Module: the character device /dev/agentsys.
 *
 * Agents use it to learn who they are, to send heartbeats and to read
 * telemetry; the resident launcher uses it to bear agents. Control goes by
 * generic netlink, see <linux/agentsys_netlink.h>.
 *
 * Every argument is a pointer to a struct whose first field is its size as the
 * caller knows it. A shorter struct of an older caller is read as if the rest
 * were zero; a longer one of a newer caller is accepted when what this kernel
 * does not know is zero (-E2BIG otherwise). The kernel writes back no more than
 * that size. Fields are only ever appended.
 *
 * Errors of every call, in the order in which they are checked:
 *   -ENOTTY  unknown command
 *   -EFAULT  the struct, or a buffer that it names, cannot be accessed
 *   -EINVAL  size smaller than the first version of the struct
 *   -E2BIG   size larger than a page, or unknown fields that are not zero
 *   -EINVAL  unknown flags, or a reserved field that is not zero
 * and then those listed with the call.
 */
#ifndef _UAPI_LINUX_AGENTSYS_H
#define _UAPI_LINUX_AGENTSYS_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define AGENTSYS_DEVICE		"/dev/agentsys"

/* Grows when a call or a field is added; what exists is never changed. */
#define AGENTSYS_ABI_VERSION	1

/* Bounds. Longer input is refused with the errno given. */
#define AGENTSYS_NAME_MAX	63	/* bytes of a name, UTF-8: -ENAMETOOLONG */
#define AGENTSYS_PATH_MAX	4095	/* bytes of a path: -ENAMETOOLONG */
#define AGENTSYS_STR_MAX	65000	/* bytes of one argument or variable: -E2BIG */
#define AGENTSYS_ARGS_MAX	4096	/* arguments; also variables: -E2BIG */
#define AGENTSYS_SPEC_MAX	(256 * 1024)	/* bytes of a whole spec: -E2BIG */
#define AGENTSYS_GROUPS_MAX	1024	/* supplementary groups: -E2BIG */
#define AGENTSYS_RLIMITS	16	/* RLIM_NLIMITS of Linux */
#define AGENTSYS_ID_MIN		2	/* 0 is none, 1 the helper daemon */
#define AGENTSYS_ID_HELPER	1	/* agent of the module's own, see AGENTSYS_CMD_START */
#define AGENTSYS_ID_MAX		2147483647
#define AGENTSYS_ID_AUTO	1000	/* "pick one" counts up from here */
#define AGENTSYS_TREE_GROUPS	1024	/* groups of the supervision tree: -ENOSPC */
#define AGENTSYS_TREE_DEPTH	8	/* groups below one another, root not counted: -E2BIG */
#define AGENTSYS_BUDGET_MAX	64	/* restarts that a budget can allow: -ERANGE */
#define AGENTSYS_RELATIONS_MAX	64	/* relations of one agent, in both directions: -ENOSPC */

/* The group above all others. It is always there; its members have no budget in common. */
#define AGENTSYS_ROOT_GROUP	"root"

/**
 * enum agentsys_state - where an agent stands in its life
 * @AGENTSYS_STARTING: being launched; no program of its own runs yet
 * @AGENTSYS_ACTIVE: its main process runs
 * @AGENTSYS_STOPPING: asked to end; killed when its stop timeout has passed
 * @AGENTSYS_BACKOFF: ended, waits for its next start
 * @AGENTSYS_EXITED: ended, stays so until it is started by hand
 * @AGENTSYS_FAILED: as exited, and its restarts are spent or its first start failed
 */
enum agentsys_state {
	AGENTSYS_STARTING,
	AGENTSYS_ACTIVE,
	AGENTSYS_STOPPING,
	AGENTSYS_BACKOFF,
	AGENTSYS_EXITED,
	AGENTSYS_FAILED,

	__AGENTSYS_STATES,
};

/* Flags beside the state. */
#define AGENTSYS_AGENT_PAUSED		(1U << 0)	/* frozen by "pause" */
#define AGENTSYS_AGENT_THROTTLED	(1U << 1)	/* slowed down after a fault */
#define AGENTSYS_AGENT_ATTACHED		(1U << 2)	/* adopted, has no spec to start from */
#define AGENTSYS_AGENT_WAITS		(1U << 3)	/* in state backoff: until what it depends on runs */
#define AGENTSYS_AGENT_TRAPS		(1U << 4)	/* is told of crashes of linked agents, and survives them */

/**
 * enum agentsys_cause - why an instance of an agent ended
 * @AGENTSYS_CAUSE_NONE: none has ended yet
 * @AGENTSYS_CAUSE_EXIT: it exited; the code is the exit code
 * @AGENTSYS_CAUSE_SIGNAL: a signal ended it; the code is the signal
 * @AGENTSYS_CAUSE_OOM: it was killed for memory; the code is SIGKILL
 * @AGENTSYS_CAUSE_FAULT: a fault's action killed it; the code is enum agentsys_fault; not
 *	for a fault of memory, which is OOM
 * @AGENTSYS_CAUSE_STOP: somebody asked it to stop
 * @AGENTSYS_CAUSE_KILL: somebody asked to kill it, or it outlived its stop timeout
 * @AGENTSYS_CAUSE_RESTART: somebody asked to restart it
 * @AGENTSYS_CAUSE_GROUP: its group stopped it, with others
 * @AGENTSYS_CAUSE_LAUNCH: it could not be launched; the code is the errno
 * @AGENTSYS_CAUSE_DEPENDENCY: it was stopped, for an agent that it requires ended
 * @AGENTSYS_CAUSE_LINK: it was killed, for an agent that it is linked to crashed; for
 *	its restart policy that is a crash of its own; the code is SIGKILL
 */
enum agentsys_cause {
	AGENTSYS_CAUSE_NONE,
	AGENTSYS_CAUSE_EXIT,
	AGENTSYS_CAUSE_SIGNAL,
	AGENTSYS_CAUSE_OOM,
	AGENTSYS_CAUSE_FAULT,
	AGENTSYS_CAUSE_STOP,
	AGENTSYS_CAUSE_KILL,
	AGENTSYS_CAUSE_RESTART,
	AGENTSYS_CAUSE_GROUP,
	AGENTSYS_CAUSE_LAUNCH,
	AGENTSYS_CAUSE_DEPENDENCY,
	AGENTSYS_CAUSE_LINK,

	__AGENTSYS_CAUSES,
};

/**
 * enum agentsys_restart - when the module itself starts an ended agent again
 * @AGENTSYS_RESTART_NEVER: never
 * @AGENTSYS_RESTART_ON_FAILURE: after an exit code other than 0, a signal, oom or a
 *	failed relaunch
 * @AGENTSYS_RESTART_ALWAYS: after every end that nobody asked for
 * @AGENTSYS_RESTART_ON_ABNORMAL: after a signal, oom or a fault, but no exit code
 */
enum agentsys_restart {
	AGENTSYS_RESTART_NEVER,
	AGENTSYS_RESTART_ON_FAILURE,
	AGENTSYS_RESTART_ALWAYS,
	AGENTSYS_RESTART_ON_ABNORMAL,

	__AGENTSYS_RESTARTS,
};

/**
 * enum agentsys_backoff - how the delay before a restart grows
 *
 * With n restarts in a row, this one included, of instances that did not run for
 * the stable time; never more than the maximum.
 *
 * @AGENTSYS_BACKOFF_EXPONENTIAL: initial * 2^(n-1)
 * @AGENTSYS_BACKOFF_LINEAR: initial * n
 * @AGENTSYS_BACKOFF_CONSTANT: initial
 * @AGENTSYS_BACKOFF_ADAPTIVE: initial * stable / s, and no less than initial; s is how
 *	long instances survive: the mean of the last run time and of s before it
 */
enum agentsys_backoff {
	AGENTSYS_BACKOFF_EXPONENTIAL,
	AGENTSYS_BACKOFF_LINEAR,
	AGENTSYS_BACKOFF_CONSTANT,
	AGENTSYS_BACKOFF_ADAPTIVE,

	__AGENTSYS_BACKOFFS,
};

/**
 * enum agentsys_circuit - the circuit breaker of an agent that ends again and again
 *
 * It is for restarts of an agent alone: one with others of its group waits as they do.
 *
 * @AGENTSYS_CIRCUIT_CLOSED: restarts are made as the backoff says
 * @AGENTSYS_CIRCUIT_OPEN: too many in a row: the next one waits for the break
 * @AGENTSYS_CIRCUIT_HALF_OPEN: one is tried: it closes with a stable run, and opens
 *	with an end before that
 */
enum agentsys_circuit {
	AGENTSYS_CIRCUIT_CLOSED,
	AGENTSYS_CIRCUIT_OPEN,
	AGENTSYS_CIRCUIT_HALF_OPEN,

	__AGENTSYS_CIRCUITS,
};

/**
 * enum agentsys_decision - what became of an agent that had ended
 * @AGENTSYS_DECISION_STAYS: it stays ended, as asked or as its policy says
 * @AGENTSYS_DECISION_RESTARTS: it is started again by itself
 * @AGENTSYS_DECISION_WITH_GROUP: it is started again with others of its group
 * @AGENTSYS_DECISION_FAILS: its restarts are spent, or those of its group
 * @AGENTSYS_DECISION_WITH_REQUIRED: it is started again when what it requires runs again
 */
enum agentsys_decision {
	AGENTSYS_DECISION_STAYS,
	AGENTSYS_DECISION_RESTARTS,
	AGENTSYS_DECISION_WITH_GROUP,
	AGENTSYS_DECISION_FAILS,
	AGENTSYS_DECISION_WITH_REQUIRED,

	__AGENTSYS_DECISIONS,
};

/**
 * enum agentsys_relation - what an agent, "it", is to another
 *
 * A relation lasts for as long as the records of both, over all their instances.
 * REQUIRES and WANTS give an order, so they must not form a circle. In a group that
 * holds both, perhaps deeper down, it or the group around it comes after the other.
 *
 * @AGENTSYS_RELATION_REQUIRES: it runs only while the other does. When the other
 *	ends or is stopped, it is stopped, first if there is time for that; when the
 *	other comes back by itself, it is started again, unless its restart condition
 *	is never. A start by hand starts the other first.
 * @AGENTSYS_RELATION_WANTS: its start waits for one of the other that is under way,
 *	whatever comes of that
 * @AGENTSYS_RELATION_PEER: each is told when the other ends, AGENTSYS_EVENT_DOWN;
 *	the same in both directions
 * @AGENTSYS_RELATION_LINK: when one crashes, the other is killed, and what that is
 *	linked to, and so on; one that traps is told instead, AGENTSYS_EVENT_LINK; the
 *	same in both directions
 * @AGENTSYS_RELATION_MONITOR: it is told when the other ends, AGENTSYS_EVENT_DOWN
 */
enum agentsys_relation {
	AGENTSYS_RELATION_REQUIRES,
	AGENTSYS_RELATION_WANTS,
	AGENTSYS_RELATION_PEER,
	AGENTSYS_RELATION_LINK,
	AGENTSYS_RELATION_MONITOR,

	__AGENTSYS_RELATIONS,
};

/* How many ends of an agent are remembered, and restarts of a group. */
#define AGENTSYS_HISTORY_MAX	8

/**
 * enum agentsys_fault - what an agent did, or suffered, that it should not
 * @AGENTSYS_FAULT_NONE: nothing
 * @AGENTSYS_FAULT_CPU_QUOTA: it used more CPU time than its quota
 * @AGENTSYS_FAULT_MEMORY_LIMIT: it needed more memory than its limit
 * @AGENTSYS_FAULT_SYSCALL_FLOOD: it made more system calls than it may
 * @AGENTSYS_FAULT_CRASH: it ended abnormally, without being asked and for no other fault
 * @AGENTSYS_FAULT_CAPABILITY_VIOLATION: it tried what it has no capability for: to control
 *	the module, by netlink or AGENTSYS_IOC_POLICY, without CAP_SYS_ADMIN; measured is
 *	how many calls were refused since it was told last, which is once a second
 * @AGENTSYS_FAULT_POLICY_VIOLATION: it tried what its policy denies: to move a process out of
 *	its cgroup, have one borne elsewhere, or move one in that is not its own. Measured is
 *	how many there were since it was told last, which is once a second. For KILL and
 *	RESTART what got out is killed too
 * @AGENTSYS_FAULT_UNRESPONSIVE: it gave no sign of life for too long
 * @AGENTSYS_FAULT_PROCESS_LIMIT: it needed more processes than its limit
 * @AGENTSYS_FAULT_IO_LIMIT: it read or wrote more than its limit
 * @AGENTSYS_FAULT_BUDGET: it has used, or wanted, more in all than one of its budgets
 */
enum agentsys_fault {
	AGENTSYS_FAULT_NONE,
	AGENTSYS_FAULT_CPU_QUOTA,
	AGENTSYS_FAULT_MEMORY_LIMIT,
	AGENTSYS_FAULT_SYSCALL_FLOOD,
	AGENTSYS_FAULT_CRASH,
	AGENTSYS_FAULT_CAPABILITY_VIOLATION,
	AGENTSYS_FAULT_POLICY_VIOLATION,
	AGENTSYS_FAULT_UNRESPONSIVE,
	AGENTSYS_FAULT_PROCESS_LIMIT,
	AGENTSYS_FAULT_IO_LIMIT,
	AGENTSYS_FAULT_BUDGET,

	__AGENTSYS_FAULTS,
};

/**
 * enum agentsys_recover - what is done about a fault, from mild to severe
 * @AGENTSYS_RECOVER_ALERT: it is told, no more
 * @AGENTSYS_RECOVER_THROTTLE: the agent is slowed down
 * @AGENTSYS_RECOVER_RESTART: everything in its cgroup is killed, and it is started again,
 *	whatever causes its restart policy excludes: unless its condition is never, with
 *	its delay, and as long as max_restarts and the budget of its group allow
 * @AGENTSYS_RECOVER_KILL: everything in its cgroup is killed, and its restart policy
 *	decides what comes then
 */
enum agentsys_recover {
	AGENTSYS_RECOVER_ALERT,
	AGENTSYS_RECOVER_THROTTLE,
	AGENTSYS_RECOVER_RESTART,
	AGENTSYS_RECOVER_KILL,

	__AGENTSYS_RECOVERS,
};

/**
 * enum agentsys_preset - a recovery policy that has a name
 * @AGENTSYS_PRESET_PERMISSIVE: every fault is told, no more
 * @AGENTSYS_PRESET_DEFAULT: throttle for CpuQuota, SyscallFlood and IoLimit, restart for
 *	Crash and Unresponsive, kill for MemoryLimit, CapabilityViolation,
 *	PolicyViolation and Budget, alert for ProcessLimit, where the limit itself holds
 * @AGENTSYS_PRESET_STRICT: kill for every fault
 * @AGENTSYS_PRESET_CUSTOM: none of these
 */
enum agentsys_preset {
	AGENTSYS_PRESET_PERMISSIVE,
	AGENTSYS_PRESET_DEFAULT,
	AGENTSYS_PRESET_STRICT,
	AGENTSYS_PRESET_CUSTOM,

	__AGENTSYS_PRESETS,
};

/**
 * enum agentsys_report - what is reported of an agent by somebody else
 * @AGENTSYS_REPORT_HEARTBEAT: it says that it is alive, as by AGENTSYS_IOC_HEARTBEAT
 * @AGENTSYS_REPORT_FAULT: it had a fault: what is done about such faults is done
 * @AGENTSYS_REPORT_WARNING: it is close to one, AGENTSYS_EVENT_WARNING
 * @AGENTSYS_REPORT_CALL_BEGIN: it waits for an answer, as that of a model, of somebody who
 *	serves it: its silence is excused until the end of the call, or until its time is
 *	over, and all of its time is there again then. It may be in several calls. They
 *	end with the instance
 * @AGENTSYS_REPORT_CALL_END: one of these calls is over
 */
enum agentsys_report {
	AGENTSYS_REPORT_HEARTBEAT,
	AGENTSYS_REPORT_FAULT,
	AGENTSYS_REPORT_WARNING,
	AGENTSYS_REPORT_CALL_BEGIN,
	AGENTSYS_REPORT_CALL_END,

	__AGENTSYS_REPORTS,
};

/* In so many calls an agent may be at once; how long a call may last at most, in ms. */
#define AGENTSYS_CALLS_MAX	4096
#define AGENTSYS_CALL_MAX_MS	86400000

/**
 * enum agentsys_pressure - what tasks of an agent wait for
 * @AGENTSYS_PRESSURE_MEMORY: memory, that is to be taken back or read in again
 * @AGENTSYS_PRESSURE_CPU: the CPU
 * @AGENTSYS_PRESSURE_IO: I/O
 */
enum agentsys_pressure {
	AGENTSYS_PRESSURE_MEMORY,
	AGENTSYS_PRESSURE_CPU,
	AGENTSYS_PRESSURE_IO,

	__AGENTSYS_PRESSURES,
};

/* How many faults of an agent are remembered. */
#define AGENTSYS_FAULTS_MAX	10

/**
 * enum agentsys_limit - what an agent may use; 0 is no limit
 * @AGENTSYS_LIMIT_MEMORY_MAX: bytes of memory
 * @AGENTSYS_LIMIT_MEMORY_HIGH: bytes of memory from which on it is slowed down
 * @AGENTSYS_LIMIT_CPU_QUOTA: us of CPU time in each period, at least 1000
 * @AGENTSYS_LIMIT_CPU_PERIOD: that period in us, 1000 to 1000000; 0 is 100000
 * @AGENTSYS_LIMIT_PIDS_MAX: processes and threads at once
 * @AGENTSYS_LIMIT_SYSCALL_RATE: system calls in a second, by all its threads together
 * @AGENTSYS_LIMIT_SYSCALL_BURST: how many it may make at once after a rest; 0 is ten
 *	times the rate, and at least 20000: what a Python program needs to begin
 * @AGENTSYS_LIMIT_WATCHDOG: ms that may pass without a sign of life, at least 100
 * @AGENTSYS_LIMIT_CPU_BUDGET: us of CPU time in all, by all its instances
 * @AGENTSYS_LIMIT_MESSAGES: messages in all that it may report, likewise
 * @AGENTSYS_LIMIT_TOOL_CALLS: calls of tools, likewise
 * @AGENTSYS_LIMIT_IO_READ: bytes in a second that it may read from each block device,
 *	at least 2
 * @AGENTSYS_LIMIT_IO_WRITE: that it may write
 * @AGENTSYS_LIMIT_IO_READ_OPS: operations in a second, likewise, at least 2
 * @AGENTSYS_LIMIT_IO_WRITE_OPS: likewise
 * @AGENTSYS_LIMIT_MEMORY_PRESSURE: per cent of 2 s, 1 to 100, that some of its tasks
 *	may wait for memory; more is no fault, but an event, AGENTSYS_EVENT_PRESSURE
 * @AGENTSYS_LIMIT_CPU_PRESSURE: for the CPU, likewise
 * @AGENTSYS_LIMIT_IO_PRESSURE: for I/O, likewise
 * @AGENTSYS_LIMIT_WATCHDOG_MODE: how WATCHDOG is judged, enum agentsys_watchdog
 * @AGENTSYS_LIMIT_WATCHDOG_PHI: with AGENTSYS_WATCHDOG_PHI, the phi that is too much, in
 *	thousandths, 1 to 12000; 0 is 8000
 * @AGENTSYS_LIMIT_WATCHDOG_DEVIATION: likewise, ms that the intervals between heartbeats are
 *	taken to vary by at least, up to 86400000; 0 is 100
 * @AGENTSYS_LIMIT_WATCHDOG_PAUSE: likewise, ms of a silence that is accepted on top of the
 *	usual, up to 86400000; 0 is a tenth of WATCHDOG
 * @AGENTSYS_LIMIT_WATCHDOG_START: 1 if WATCHDOG counts from the start on, 0 if from the first
 *	heartbeat of each instance on
 * @AGENTSYS_LIMIT_WATCHDOG_WINDOW: with AGENTSYS_WATCHDOG_PHI, intervals between heartbeats
 *	that are remembered, 2 to 128; 0 is 64
 */
enum agentsys_limit {
	AGENTSYS_LIMIT_MEMORY_MAX,
	AGENTSYS_LIMIT_MEMORY_HIGH,
	AGENTSYS_LIMIT_CPU_QUOTA,
	AGENTSYS_LIMIT_CPU_PERIOD,
	AGENTSYS_LIMIT_PIDS_MAX,
	AGENTSYS_LIMIT_SYSCALL_RATE,
	AGENTSYS_LIMIT_SYSCALL_BURST,
	AGENTSYS_LIMIT_WATCHDOG,
	AGENTSYS_LIMIT_CPU_BUDGET,
	AGENTSYS_LIMIT_MESSAGES,
	AGENTSYS_LIMIT_TOOL_CALLS,
	AGENTSYS_LIMIT_IO_READ,
	AGENTSYS_LIMIT_IO_WRITE,
	AGENTSYS_LIMIT_IO_READ_OPS,
	AGENTSYS_LIMIT_IO_WRITE_OPS,
	AGENTSYS_LIMIT_MEMORY_PRESSURE,
	AGENTSYS_LIMIT_CPU_PRESSURE,
	AGENTSYS_LIMIT_IO_PRESSURE,
	AGENTSYS_LIMIT_WATCHDOG_MODE,
	AGENTSYS_LIMIT_WATCHDOG_PHI,
	AGENTSYS_LIMIT_WATCHDOG_DEVIATION,
	AGENTSYS_LIMIT_WATCHDOG_PAUSE,
	AGENTSYS_LIMIT_WATCHDOG_START,
	AGENTSYS_LIMIT_WATCHDOG_WINDOW,

	__AGENTSYS_LIMITS,
};

/**
 * enum agentsys_limits_preset - what a new agent may use where nothing else is said
 * @AGENTSYS_LIMITS_NONE: as much as it likes
 * @AGENTSYS_LIMITS_GUIDE: 1000000 us of CPU time in each second, 100 MiB of memory, 1000
 *	system calls in a second, 30 s without a sign of life
 */
enum agentsys_limits_preset {
	AGENTSYS_LIMITS_NONE,
	AGENTSYS_LIMITS_GUIDE,

	__AGENTSYS_LIMITS_PRESETS,
};

/**
 * enum agentsys_watchdog - what is taken for a sign of life of an agent with
 *	AGENTSYS_LIMIT_WATCHDOG; AGENTSYS_LIMIT_WATCHDOG_MODE
 * @AGENTSYS_WATCHDOG_TIMEOUT: heartbeats; none for longer than the limit is a fault
 * @AGENTSYS_WATCHDOG_PHI: heartbeats; likewise, and sooner where the silence is longer than
 *	its heartbeats have led to expect
 * @AGENTSYS_WATCHDOG_PASSIVE: heartbeats, and any use of CPU time, from the start on. None for longer than the
 *	limit is a fault if it hangs: each of its threads sleeps uninterruptibly, or
 *	waits for a lock (futex) without a timeout, or for a child. One that waits for anything
 *	else, as input, a timer or a signal, waits and does not hang
 */
enum agentsys_watchdog {
	AGENTSYS_WATCHDOG_TIMEOUT,
	AGENTSYS_WATCHDOG_PHI,
	AGENTSYS_WATCHDOG_PASSIVE,

	__AGENTSYS_WATCHDOGS,
};

/* As max_restarts: as many as it takes. */
#define AGENTSYS_RESTARTS_UNLIMITED	2147483647

/* As a stop timeout: it is never killed for being slow. 0 kills at once, without asking. */
#define AGENTSYS_STOP_UNLIMITED	4294967295U

/* Agents and groups directly in a group, but for root, which max_agents alone bounds. */
#define AGENTSYS_MEMBERS_MAX	1024

/* Exit codes, a bit for each: code n is bit n % 64 of word n / 64. */
#define AGENTSYS_CODE_WORDS	4

/**
 * enum agentsys_strategy - what a group does when a member ends that is to be restarted
 *
 * Members are agents and groups, in the order in which they came. A restart of
 * several stops them in reverse order, one after the other, waits for the
 * backoff, and starts them in order, each when the one before runs. Members that
 * had ended for good, or were stopped by hand, are left as they are; one whose
 * restart condition is never is stopped with the others and not started again.
 *
 * The last two are one_for_one with another default of the condition of an agent:
 * it is always in a group of the first three.
 *
 * @AGENTSYS_ONE_FOR_ONE: it alone is restarted
 * @AGENTSYS_ONE_FOR_ALL: all of them are restarted
 * @AGENTSYS_REST_FOR_ONE: it and those that came after it are restarted
 * @AGENTSYS_TRANSIENT: it alone, on-failure by default
 * @AGENTSYS_PERMANENT: it alone, never by default: what is dead stays dead
 */
enum agentsys_strategy {
	AGENTSYS_ONE_FOR_ONE,
	AGENTSYS_ONE_FOR_ALL,
	AGENTSYS_REST_FOR_ONE,
	AGENTSYS_TRANSIENT,
	AGENTSYS_PERMANENT,

	__AGENTSYS_STRATEGIES,
};

/**
 * enum agentsys_auto_shutdown - when a group stops because its significant members are done
 *
 * A member is done when it has ended by itself and is not restarted. The group is
 * then stopped, as if somebody had asked for it, and is itself done for the group
 * above.
 *
 * @AGENTSYS_AUTO_SHUTDOWN_NEVER: not for that
 * @AGENTSYS_AUTO_SHUTDOWN_ANY: when one of them is done
 * @AGENTSYS_AUTO_SHUTDOWN_ALL: when one of them is done and no other runs
 */
enum agentsys_auto_shutdown {
	AGENTSYS_AUTO_SHUTDOWN_NEVER,
	AGENTSYS_AUTO_SHUTDOWN_ANY,
	AGENTSYS_AUTO_SHUTDOWN_ALL,

	__AGENTSYS_AUTO_SHUTDOWNS,
};

/**
 * enum agentsys_backend - what executes the program of an agent
 *
 * To the module an agent is a process and its cgroup whatever executes the
 * program. It keeps the backend and tells it, and refuses what does not exist;
 * what has to be executed for the others is put together by who asks, see
 * agentsys_spec_set_backend() of libasm.
 *
 * @AGENTSYS_BACKEND_NATIVE: the kernel does, as it executes any program
 * @AGENTSYS_BACKEND_CONTAINER: an OCI runtime, in a container inside the agent's cgroup
 * @AGENTSYS_BACKEND_WASM: a WebAssembly runtime
 * @AGENTSYS_BACKEND_TEE: a trusted execution environment; not available
 * @AGENTSYS_BACKEND_REMOTE: another machine; not available
 */
enum agentsys_backend {
	AGENTSYS_BACKEND_NATIVE,
	AGENTSYS_BACKEND_CONTAINER,
	AGENTSYS_BACKEND_WASM,
	AGENTSYS_BACKEND_TEE,
	AGENTSYS_BACKEND_REMOTE,

	__AGENTSYS_BACKENDS,
};

/**
 * enum agentsys_step - the step at which a launch failed
 *
 * In the order in which the launcher takes them.
 */
enum agentsys_step {
	AGENTSYS_STEP_NONE,
	AGENTSYS_STEP_LAUNCHER,		/* no launcher, or it died too often */
	AGENTSYS_STEP_CGROUP,		/* making the agent's cgroup */
	AGENTSYS_STEP_LIMITS,		/* writing memory.max, cpu.max, pids.max */
	AGENTSYS_STEP_CLONE,		/* clone3() into the cgroup */
	AGENTSYS_STEP_STDIN,
	AGENTSYS_STEP_STDOUT,
	AGENTSYS_STEP_STDERR,
	AGENTSYS_STEP_RLIMIT,
	AGENTSYS_STEP_NICE,
	AGENTSYS_STEP_OOM_SCORE,
	AGENTSYS_STEP_GROUPS,		/* setgroups() */
	AGENTSYS_STEP_GID,
	AGENTSYS_STEP_BOUNDING,		/* capability bounding set */
	AGENTSYS_STEP_UID,
	AGENTSYS_STEP_CWD,		/* chdir(), as the agent's user */
	AGENTSYS_STEP_NO_NEW_PRIVS,
	AGENTSYS_STEP_COMMIT,		/* telling the module which process it is */
	AGENTSYS_STEP_EXEC,
	AGENTSYS_STEP_TIMEOUT,		/* launch_timeout_ms passed before exec */
	AGENTSYS_STEP_ATTACH,		/* moving a process into its cgroup */
	AGENTSYS_STEP_REQUIRED,		/* starting what it requires; before all others */

	__AGENTSYS_STEPS,
};

/**
 * enum agentsys_event_type - what an event tells
 *
 * In brackets: what @code and @value of struct agentsys_event hold.
 */
enum agentsys_event_type {
	AGENTSYS_EVENT_SPAWN = 1,	/* an instance runs [0, start latency in ns] */
	AGENTSYS_EVENT_EXEC,		/* its main process executed another program [0, how many so far]; at most 10 a second */
	AGENTSYS_EVENT_EXIT,		/* ended as asked or with exit code 0 [exit code or signal, run time in ns] */
	AGENTSYS_EVENT_CRASH,		/* ended otherwise [exit code or signal, run time in ns] */
	AGENTSYS_EVENT_RESTART_SCHEDULED,	/* [number of the restart, delay in ms] */
	AGENTSYS_EVENT_RESTART,		/* an instance runs again [number of the restart, ns since the end] */
	AGENTSYS_EVENT_STOP,		/* asked to stop [stop signal, timeout in ms] */
	AGENTSYS_EVENT_KILL,		/* its whole cgroup is killed */
	AGENTSYS_EVENT_FAILED,		/* will not be restarted [restarts used, max_restarts if these are spent, AGENTSYS_RESTARTS_UNLIMITED if the budget of its group is, 0 if a start failed that is not repeated] */
	AGENTSYS_EVENT_LAUNCH_FAILED,	/* [errno, enum agentsys_step] */
	AGENTSYS_EVENT_ATTACH,		/* adopted */
	AGENTSYS_EVENT_PAUSE,
	AGENTSYS_EVENT_RESUME,
	AGENTSYS_EVENT_REMOVE,		/* its record is gone */
	AGENTSYS_EVENT_POLICY,		/* restart policy changed [enum agentsys_restart, max_restarts] */
	AGENTSYS_EVENT_LAUNCHER,	/* the launcher ended unexpectedly (agent_id 0) [exit code or signal, times in a row] */
	AGENTSYS_EVENT_SHUTDOWN,	/* all agents are stopped (agent_id 0) [0, deadline in ms] */
	/* Of a group: agent_id is 0, and the name is the group's. */
	AGENTSYS_EVENT_GROUP_RESTART,	/* members are stopped and started again, instance restarts in the window: with cause GROUP, in that of the group above, which restarts it because it has failed [agent whose end is the reason or 0, delay in ms] */
	AGENTSYS_EVENT_GROUP_STARTED,	/* all that were to be started run [0, ns since that began] */
	AGENTSYS_EVENT_GROUP_STOPPED,	/* all of it has ended, for the cause of the event: STOP, as asked [1: by a shutdown]; GROUP, with the group above; EXIT, significant members are done [the agent that was the last]; the value: ns since something was last asked of it, or it last restarted */
	AGENTSYS_EVENT_GROUP_FAILED,	/* its budget is spent, its members are stopped, instance restarts in the window [agent whose end is the reason, budget] */
	AGENTSYS_EVENT_CIRCUIT_OPEN,	/* of an agent: the next restart waits for the break [restarts in a row, ms] */
	AGENTSYS_EVENT_REQUIRED,	/* an agent that it depends on does not run [that agent, 0: it is stopped, 1: its start waits, 2: it is not started] */
	AGENTSYS_EVENT_LINK,		/* an agent that it is linked to crashed [that agent, 1: it is killed, 0: it traps that] */
	AGENTSYS_EVENT_DOWN,		/* a monitored agent or a peer ended, for the cause of the event [that agent, exit code, signal or errno] */
	AGENTSYS_EVENT_FAULT,		/* any but a crash, which has an event of its own [enum agentsys_fault, what was measured] */
	AGENTSYS_EVENT_WARNING,		/* close to such a fault [enum agentsys_fault, what was measured] */
	AGENTSYS_EVENT_PRESSURE,	/* its tasks wait for more of the time than they may; once in 10 s [enum agentsys_pressure, average of the last 10 s in hundredths of a per cent] */
	AGENTSYS_EVENT_LIMITS,		/* what it may use has changed; of agents that are yet to come with agent_id 0 [0, a bit for each enum agentsys_limit that has] */

	__AGENTSYS_EVENTS,
};

/**
 * struct agentsys_event - one entry of the event ring
 * @seq: number of the event, from 1, without gaps; a reader that sees a gap
 *	has lost that many events
 * @time_ns: CLOCK_BOOTTIME, in nanoseconds
 * @agent_id: the agent, or 0 for the module itself
 * @pid: its main process in the initial pid namespace, or 0
 * @type: enum agentsys_event_type
 * @cause: enum agentsys_cause, for events that tell of an end
 * @code: see the type
 * @instance: which start of the agent, from 1
 * @action: of a fault: enum agentsys_recover, what is done about it; else 0
 * @value: see the type
 * @name: the first bytes of the agent's name, padded with zeros; not terminated
 *	when full
 * @limit: of a fault: what @value may be at most, 0 where there is no such thing
 */
struct agentsys_event {
	__u64 seq;
	__u64 time_ns;
	__u32 agent_id;
	__s32 pid;
	__u16 type;
	__u16 cause;
	__s32 code;
	__u32 instance;
	__u32 action;
	__u64 value;
	char name[16];
	__u64 limit;
};

#define AGENTSYS_IOC_MAGIC	0xE7

/**
 * AGENTSYS_IOC_VERSION - which module is this? Never fails but for -EFAULT.
 *
 * Anyone. A @size of 0 or one that is too large is taken as the module's own.
 */
#define AGENTSYS_IOC_VERSION	_IO(AGENTSYS_IOC_MAGIC, 0x00)

/**
 * struct agentsys_version - result of AGENTSYS_IOC_VERSION
 * @size: in: sizeof the struct; out: bytes that the module knows
 * @abi: AGENTSYS_ABI_VERSION of the module
 * @release: version of the module, as "1.0.0", terminated
 */
struct agentsys_version {
	__u32 size;
	__u32 abi;
	char release[24];
};

/**
 * AGENTSYS_IOC_TELEMETRY - call 500: counters of the system and of every agent as JSON
 *
 * Anyone. Returns the length of the JSON text, which is terminated by a zero
 * byte that is not counted. The text is always whole: recent events are left
 * out, oldest first, until it fits.
 *   -EINVAL    @agent_id is not 0
 *   -EMSGSIZE  even without events it needs more; @len then holds the size
 *              needed at that moment, and the buffer the beginning of the text
 *   -EFAULT    the buffer is not mapped: found out when the text is written
 *   -EINTR     the caller is being killed
 *   -ENOMEM
 */
#define AGENTSYS_IOC_TELEMETRY	_IO(AGENTSYS_IOC_MAGIC, 0x01)

/**
 * AGENTSYS_IOC_INFO - call 502: one agent as JSON
 *
 * The agent itself, or CAP_SYS_ADMIN in the initial user namespace. Returns as
 * AGENTSYS_IOC_TELEMETRY does. @agent_id 0 is the caller's own agent.
 *   -ESRCH     no such agent, or 0 was given and the caller is in none
 *   -EPERM     not the caller's own agent
 *   -EMSGSIZE  as above
 */
#define AGENTSYS_IOC_INFO	_IO(AGENTSYS_IOC_MAGIC, 0x03)

/**
 * struct agentsys_text - argument of AGENTSYS_IOC_TELEMETRY and _INFO
 * @size: sizeof the struct
 * @agent_id: which agent; 0 for TELEMETRY
 * @buf: address of the buffer for the text
 * @len: in: its size in bytes; out: bytes of the text with its terminator,
 *	written or (-EMSGSIZE) needed
 */
struct agentsys_text {
	__u32 size;
	__u32 agent_id;
	__aligned_u64 buf;
	__aligned_u64 len;
};

/**
 * AGENTSYS_IOC_POLICY - call 501: change the policy of an agent
 *
 * CAP_SYS_ADMIN in the initial user namespace.
 *   -EPERM       not allowed; for an agent that is a fault, CAPABILITY_VIOLATION
 *   -EINVAL      unknown patch, or a value out of range
 *   -ESRCH       no such agent
 *   -EOPNOTSUPP  patches 1 to 3: this module enforces no capabilities; and patch 4
 *                of an agent that was attached: it cannot be restarted
 */
#define AGENTSYS_IOC_POLICY	_IO(AGENTSYS_IOC_MAGIC, 0x02)

enum agentsys_patch {
	AGENTSYS_PATCH_ADD_CAPABILITY = 1,
	AGENTSYS_PATCH_REMOVE_CAPABILITY = 2,
	AGENTSYS_PATCH_UPDATE_SCOPE = 3,
	/* value: max_restarts, 0 to 2^31-1; 0 turns restarting off, more turns
	 * it on (on failure, unless the agent is restarted always)
	 */
	AGENTSYS_PATCH_AUTO_RESTART = 4,
};

/**
 * struct agentsys_policy - argument of AGENTSYS_IOC_POLICY
 * @size: sizeof the struct
 * @agent_id: which agent
 * @patch: enum agentsys_patch
 * @flags: 0
 * @value: see the patch
 */
struct agentsys_policy {
	__u32 size;
	__u32 agent_id;
	__u32 patch;
	__u32 flags;
	__aligned_u64 value;
};

/**
 * AGENTSYS_IOC_WHOAMI - which agent is the caller part of?
 *
 * Anyone.
 *   -ESRCH  none
 */
#define AGENTSYS_IOC_WHOAMI	_IO(AGENTSYS_IOC_MAGIC, 0x05)

/**
 * struct agentsys_whoami - result of AGENTSYS_IOC_WHOAMI
 * @size: sizeof the struct
 * @agent_id: the agent
 * @pid: its main process, in the pid namespace of the caller; 0 if not visible
 * @instance: which start of the agent, from 1
 * @restarts: restarts by the module so far
 * @max_restarts: how many there may be
 * @heartbeats: how many heartbeats it sent
 * @name: its name, terminated
 */
struct agentsys_whoami {
	__u32 size;
	__u32 agent_id;
	__s32 pid;
	__u32 instance;
	__u32 restarts;
	__u32 max_restarts;
	__aligned_u64 heartbeats;
	char name[AGENTSYS_NAME_MAX + 1];
};

/**
 * AGENTSYS_IOC_HEARTBEAT - "I am alive"
 *
 * Any process of an agent. With AGENTSYS_LIMIT_WATCHDOG, an agent that has sent one and
 * then none for longer than that has a fault, AGENTSYS_FAULT_UNRESPONSIVE; it is told once
 * until the next heartbeat, with the ms of silence. When four fifths of the time are gone
 * there is AGENTSYS_EVENT_WARNING. Time in which the agent was paused or the system
 * suspended, all its threads were stopped by a signal or a debugger, it was slowed down after
 * a fault, or it was in a call (AGENTSYS_REPORT_CALL_BEGIN), does not count: its silence begins
 * anew afterwards.
 *   -ESRCH  the caller is in no agent
 */
#define AGENTSYS_IOC_HEARTBEAT	_IO(AGENTSYS_IOC_MAGIC, 0x06)

/* "I am broken": the fault at once, as if it had been silent; with or without a limit. */
#define AGENTSYS_HEARTBEAT_TRIGGER	(1U << 0)

/**
 * struct agentsys_heartbeat - argument of AGENTSYS_IOC_HEARTBEAT
 * @size: sizeof the struct
 * @flags: 0, or AGENTSYS_HEARTBEAT_TRIGGER
 */
struct agentsys_heartbeat {
	__u32 size;
	__u32 flags;
};

/**
 * AGENTSYS_IOC_USE - "I have sent messages, or called tools"
 *
 * Any process of an agent. It counts towards the limits MESSAGES and TOOL_CALLS, in all.
 *   -ESRCH   the caller is in no agent
 *   -EDQUOT  it would be more than one of them: nothing is counted, and it is a fault,
 *            AGENTSYS_FAULT_BUDGET, once for each start
 *   -ENOMEM  there is no memory to count with
 */
#define AGENTSYS_IOC_USE	_IO(AGENTSYS_IOC_MAGIC, 0x08)

/**
 * struct agentsys_use - argument of AGENTSYS_IOC_USE
 * @size: sizeof the struct
 * @flags: 0
 * @messages: how many it has sent, or is about to send
 * @tool_calls: likewise
 */
struct agentsys_use {
	__u32 size;
	__u32 flags;
	__u64 messages;
	__u64 tool_calls;
};

/*
 * mmap() of the device at AGENTSYS_LIVE_OFFSET - heartbeats without a system call
 *
 * Any process of an agent; one page, MAP_SHARED, of a descriptor that is open for reading
 * and writing, which may be closed then. Stores to it count for the instance of the agent that
 * has mapped it, from its own processes and those that it forks, and for no other; each instance
 * has a page of its own, of zeros at first, with struct agentsys_live_page at its beginning.
 *
 * The module looks at it four times in the time of AGENTSYS_LIMIT_WATCHDOG, 16 times with
 * AGENTSYS_WATCHDOG_PHI. A change since the look before is a sign of life at the time of the
 * look: the silence that is told may be that much too short, and the fault that much late.
 *   -ESRCH   the caller is in no agent
 *   -EINVAL  another offset or size, or not MAP_SHARED
 *   -EACCES  PROT_EXEC, or the descriptor is not open for both
 *   -ENOMEM
 */
#define AGENTSYS_LIVE_OFFSET	0

/**
 * struct agentsys_live_page - what an agent shares with the module
 * @beats: a heartbeat for each time that it is found changed; counts up
 */
struct agentsys_live_page {
	__u64 beats;
};

/*
 * The launcher's calls. Only the process that the module itself started may
 * join, and only a file that has joined can be used for the rest; everyone else
 * gets -EPERM.
 */

/**
 * AGENTSYS_IOC_LAUNCH_JOIN - make this file the launcher's
 *
 * Returns a new descriptor (O_PATH-like directory) of the cgroup below which
 * the agents' cgroups are made.
 *   -EPERM  the caller is not the launcher that the module started
 *   -EBUSY  it has joined already
 */
#define AGENTSYS_IOC_LAUNCH_JOIN	_IO(AGENTSYS_IOC_MAGIC, 0x40)

/**
 * struct agentsys_launch_join - argument of AGENTSYS_IOC_LAUNCH_JOIN
 * @size: sizeof the struct
 * @flags: 0
 */
struct agentsys_launch_join {
	__u32 size;
	__u32 flags;
};

/**
 * AGENTSYS_IOC_LAUNCH_NEXT - wait for the next agent to bear
 *
 * The job before it is over when this is called.
 *   -EINTR      a signal arrived
 *   -ESHUTDOWN  dismissed: exit now
 *   -ENOBUFS    @len is less than AGENTSYS_SPEC_MAX
 */
#define AGENTSYS_IOC_LAUNCH_NEXT	_IO(AGENTSYS_IOC_MAGIC, 0x41)

/**
 * struct agentsys_launch_next - argument of AGENTSYS_IOC_LAUNCH_NEXT
 * @size: sizeof the struct
 * @flags: 0
 * @buf: where to put a struct agentsys_job, 8-byte aligned
 * @len: its size, AGENTSYS_SPEC_MAX or more
 */
struct agentsys_launch_next {
	__u32 size;
	__u32 flags;
	__aligned_u64 buf;
	__aligned_u64 len;
};

/* How one of the three standard descriptors is set up. */
enum agentsys_stdio {
	AGENTSYS_STDIO_NULL,	/* /dev/null */
	AGENTSYS_STDIO_FILE,	/* a path: read for stdin, append or create (0600) for the others */
	AGENTSYS_STDIO_FD,	/* a descriptor of the process that asked for the spawn */

	__AGENTSYS_STDIOS,
};

#define AGENTSYS_JOB_NO_NEW_PRIVS	(1U << 0)
#define AGENTSYS_JOB_NICE		(1U << 1)	/* @nice is given */
#define AGENTSYS_JOB_OOM_SCORE_ADJ	(1U << 2)	/* @oom_score_adj is given */
#define AGENTSYS_JOB_BOUNDING		(1U << 3)	/* @bounding is given */
#define AGENTSYS_JOB_NEW_CGROUP		(1U << 4)	/* make it, and write the limits */

/**
 * struct agentsys_job_rlimit - one resource limit
 * @resource: RLIMIT_*
 * @reserved: 0
 * @cur: soft limit, RLIM_INFINITY is all ones
 * @max: hard limit
 */
struct agentsys_job_rlimit {
	__u32 resource;
	__u32 reserved;
	__u64 cur;
	__u64 max;
};

/**
 * struct agentsys_job - one agent to bear, followed by its variable parts
 *
 * Offsets count bytes from the start of this struct. Strings are terminated.
 *
 * @size: bytes of the whole job
 * @agent_id: its cgroup is the directory of this name (decimal)
 * @token: names this launch in COMMIT and FAIL
 * @flags: AGENTSYS_JOB_*
 * @uid: user id, in the initial user namespace
 * @gid: group id
 * @ngroups: supplementary groups, __u32 each
 * @groups: their offset
 * @nrlimits: struct agentsys_job_rlimit each
 * @rlimits: their offset, 8-byte aligned
 * @nargs: arguments, one string behind the other
 * @args: offset of the first; it is also the program to execute
 * @nenv: variables, likewise
 * @env: their offset
 * @cwd: offset of the working directory, or 0 for /
 * @stdio: enum agentsys_stdio of descriptors 0 to 2
 * @stdio_at: for FILE the offset of the path, for FD the launcher's descriptor
 *	(which it closes after the launch)
 * @nice: -20 to 19
 * @oom_score_adj: -1000 to 1000
 * @bounding: capabilities that stay in the bounding set, a bit each
 * @memory_max: bytes for memory.max, 0 for none
 * @memory_high: bytes for memory.high, 0 for none
 * @cpu_quota_us: for cpu.max, 0 for none
 * @cpu_period_us: for cpu.max
 * @pids_max: for pids.max, 0 for none
 */
struct agentsys_job {
	__u32 size;
	__u32 agent_id;
	__u64 token;
	__u32 flags;
	__u32 uid;
	__u32 gid;
	__u32 ngroups;
	__u32 groups;
	__u32 nrlimits;
	__u32 rlimits;
	__u32 nargs;
	__u32 args;
	__u32 nenv;
	__u32 env;
	__u32 cwd;
	__u32 stdio[3];
	__u32 stdio_at[3];
	__s32 nice;
	__s32 oom_score_adj;
	__u64 bounding;
	__u64 memory_max;
	__u64 memory_high;
	__u64 cpu_quota_us;
	__u64 cpu_period_us;
	__u64 pids_max;
};

/**
 * AGENTSYS_IOC_LAUNCH_COMMIT - "I am the agent's main process and exec next"
 *
 * By the child, through the launcher's file, from inside the agent's cgroup.
 *   -EPERM     not such a child
 *   -ECANCELED the launch was given up meanwhile: exit
 */
#define AGENTSYS_IOC_LAUNCH_COMMIT	_IO(AGENTSYS_IOC_MAGIC, 0x42)

/**
 * AGENTSYS_IOC_LAUNCH_FAIL - "this launch failed"
 *
 * By the child, or by the launcher where there is no child.
 *   -EINVAL    no errno or no such step
 *   -ECANCELED the launch was given up meanwhile
 */
#define AGENTSYS_IOC_LAUNCH_FAIL	_IO(AGENTSYS_IOC_MAGIC, 0x43)

/**
 * struct agentsys_launch_result - argument of LAUNCH_COMMIT and LAUNCH_FAIL
 * @size: sizeof the struct
 * @step: enum agentsys_step, 0 for COMMIT
 * @token: of the job
 * @error: positive errno, 0 for COMMIT
 * @reserved: 0
 */
struct agentsys_launch_result {
	__u32 size;
	__u32 step;
	__aligned_u64 token;
	__u32 error;
	__u32 reserved;
};

#endif /* _UAPI_LINUX_AGENTSYS_H */
