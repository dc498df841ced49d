// SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-only
#include "names.h"

#define LOOKUP(_names, _index) lookup(_names, ARRAY_SIZE(_names), _index)

static const char *lookup(const char *const *names, size_t count, u32 index)
{
	return index < count && names[index] ? names[index] : "unknown";
}

#define NUMBER(_names, _name) number_of(_names, ARRAY_SIZE(_names), _name)

static u32 number_of(const char *const *names, u32 count, const char *name)
{
	u32 i;

	for (i = 0; i < count; i++)
		if (!strcasecmp(names[i], name))
			break;
	return i;
}

/* clang-format off */
static const char *const state_names[] = {
	[AGENTSYS_STARTING]	= "starting",
	[AGENTSYS_ACTIVE]	= "active",
	[AGENTSYS_STOPPING]	= "stopping",
	[AGENTSYS_BACKOFF]	= "backoff",
	[AGENTSYS_EXITED]	= "exited",
	[AGENTSYS_FAILED]	= "failed",
};

static_assert(ARRAY_SIZE(state_names) == __AGENTSYS_STATES, "a state has no name");

static const char *const cause_names[] = {
	[AGENTSYS_CAUSE_NONE]		= "none",
	[AGENTSYS_CAUSE_EXIT]		= "exit",
	[AGENTSYS_CAUSE_SIGNAL]		= "signal",
	[AGENTSYS_CAUSE_OOM]		= "oom",
	[AGENTSYS_CAUSE_FAULT]		= "fault",
	[AGENTSYS_CAUSE_STOP]		= "stop",
	[AGENTSYS_CAUSE_KILL]		= "kill",
	[AGENTSYS_CAUSE_RESTART]	= "restart",
	[AGENTSYS_CAUSE_GROUP]		= "group",
	[AGENTSYS_CAUSE_LAUNCH]		= "launch",
	[AGENTSYS_CAUSE_DEPENDENCY]	= "dependency",
	[AGENTSYS_CAUSE_LINK]		= "link",
};

static_assert(ARRAY_SIZE(cause_names) == __AGENTSYS_CAUSES, "a cause has no name");

static const char *const limit_names[] = {
	[AGENTSYS_LIMIT_MEMORY_MAX]	= "memory_max",
	[AGENTSYS_LIMIT_MEMORY_HIGH]	= "memory_high",
	[AGENTSYS_LIMIT_CPU_QUOTA]	= "cpu_quota",
	[AGENTSYS_LIMIT_CPU_PERIOD]	= "cpu_period",
	[AGENTSYS_LIMIT_PIDS_MAX]	= "pids_max",
	[AGENTSYS_LIMIT_SYSCALL_RATE]	= "syscall_rate",
	[AGENTSYS_LIMIT_SYSCALL_BURST]	= "syscall_burst",
	[AGENTSYS_LIMIT_WATCHDOG]	= "watchdog",
	[AGENTSYS_LIMIT_CPU_BUDGET]	= "cpu_budget",
	[AGENTSYS_LIMIT_MESSAGES]	= "messages",
	[AGENTSYS_LIMIT_TOOL_CALLS]	= "tool_calls",
	[AGENTSYS_LIMIT_IO_READ]	= "io_read",
	[AGENTSYS_LIMIT_IO_WRITE]	= "io_write",
	[AGENTSYS_LIMIT_IO_READ_OPS]	= "io_read_ops",
	[AGENTSYS_LIMIT_IO_WRITE_OPS]	= "io_write_ops",
	[AGENTSYS_LIMIT_MEMORY_PRESSURE] = "memory_pressure",
	[AGENTSYS_LIMIT_CPU_PRESSURE]	= "cpu_pressure",
	[AGENTSYS_LIMIT_IO_PRESSURE]	= "io_pressure",
	[AGENTSYS_LIMIT_WATCHDOG_MODE]	= "watchdog_mode",
	[AGENTSYS_LIMIT_WATCHDOG_PHI]	= "watchdog_phi",
	[AGENTSYS_LIMIT_WATCHDOG_DEVIATION]	= "watchdog_deviation",
	[AGENTSYS_LIMIT_WATCHDOG_PAUSE]	= "watchdog_pause",
	[AGENTSYS_LIMIT_WATCHDOG_START]	= "watchdog_start",
	[AGENTSYS_LIMIT_WATCHDOG_WINDOW]	= "watchdog_window",
};

static_assert(ARRAY_SIZE(limit_names) == __AGENTSYS_LIMITS, "a limit has no name");

static const char *const pressure_names[] = {
	[AGENTSYS_PRESSURE_MEMORY]	= "memory",
	[AGENTSYS_PRESSURE_CPU]		= "the CPU",
	[AGENTSYS_PRESSURE_IO]		= "I/O",
};

static_assert(ARRAY_SIZE(pressure_names) == __AGENTSYS_PRESSURES, "a pressure has no name");

static const char *const restart_names[] = {
	[AGENTSYS_RESTART_NEVER]	= "never",
	[AGENTSYS_RESTART_ON_FAILURE]	= "on-failure",
	[AGENTSYS_RESTART_ALWAYS]	= "always",
	[AGENTSYS_RESTART_ON_ABNORMAL]	= "on-abnormal",
};

static_assert(ARRAY_SIZE(restart_names) == __AGENTSYS_RESTARTS, "a condition has no name");

static const char *const backoff_names[] = {
	[AGENTSYS_BACKOFF_EXPONENTIAL]	= "exponential",
	[AGENTSYS_BACKOFF_LINEAR]	= "linear",
	[AGENTSYS_BACKOFF_CONSTANT]	= "constant",
	[AGENTSYS_BACKOFF_ADAPTIVE]	= "adaptive",
};

static_assert(ARRAY_SIZE(backoff_names) == __AGENTSYS_BACKOFFS, "a backoff has no name");

static const char *const circuit_names[] = {
	[AGENTSYS_CIRCUIT_CLOSED]	= "closed",
	[AGENTSYS_CIRCUIT_OPEN]		= "open",
	[AGENTSYS_CIRCUIT_HALF_OPEN]	= "half-open",
};

static_assert(ARRAY_SIZE(circuit_names) == __AGENTSYS_CIRCUITS, "a circuit has no name");

static const char *const backend_names[] = {
	[AGENTSYS_BACKEND_NATIVE] = "native",
	[AGENTSYS_BACKEND_CONTAINER] = "container",
	[AGENTSYS_BACKEND_WASM] = "wasm",
	[AGENTSYS_BACKEND_TEE] = "tee",
	[AGENTSYS_BACKEND_REMOTE] = "remote",
};

static_assert(ARRAY_SIZE(backend_names) == __AGENTSYS_BACKENDS, "a backend has no name");

static const char *const auto_shutdown_names[] = {
	[AGENTSYS_AUTO_SHUTDOWN_NEVER]	= "never",
	[AGENTSYS_AUTO_SHUTDOWN_ANY]	= "any",
	[AGENTSYS_AUTO_SHUTDOWN_ALL]	= "all",
};

static_assert(ARRAY_SIZE(auto_shutdown_names) == __AGENTSYS_AUTO_SHUTDOWNS, "a value has no name");

static const char *const decision_names[] = {
	[AGENTSYS_DECISION_STAYS]	= "stays ended",
	[AGENTSYS_DECISION_RESTARTS]	= "restarts",
	[AGENTSYS_DECISION_WITH_GROUP]	= "restarts with its group",
	[AGENTSYS_DECISION_FAILS]	= "fails",
	[AGENTSYS_DECISION_WITH_REQUIRED] = "restarts with what it requires",
};

static_assert(ARRAY_SIZE(decision_names) == __AGENTSYS_DECISIONS, "a decision has no name");

static const char *const strategy_names[] = {
	[AGENTSYS_ONE_FOR_ONE]	= "one_for_one",
	[AGENTSYS_ONE_FOR_ALL]	= "one_for_all",
	[AGENTSYS_REST_FOR_ONE]	= "rest_for_one",
	[AGENTSYS_TRANSIENT]	= "transient",
	[AGENTSYS_PERMANENT]	= "permanent",
};

static_assert(ARRAY_SIZE(strategy_names) == __AGENTSYS_STRATEGIES, "a strategy has no name");

static const char *const relation_names[] = {
	[AGENTSYS_RELATION_REQUIRES]	= "requires",
	[AGENTSYS_RELATION_WANTS]	= "wants",
	[AGENTSYS_RELATION_PEER]	= "peer",
	[AGENTSYS_RELATION_LINK]	= "link",
	[AGENTSYS_RELATION_MONITOR]	= "monitor",
};

static_assert(ARRAY_SIZE(relation_names) == __AGENTSYS_RELATIONS, "a relation has no name");
static const char *const fault_names[] = {
	[AGENTSYS_FAULT_NONE]			= "none",
	[AGENTSYS_FAULT_CPU_QUOTA]		= "CpuQuota",
	[AGENTSYS_FAULT_MEMORY_LIMIT]		= "MemoryLimit",
	[AGENTSYS_FAULT_SYSCALL_FLOOD]		= "SyscallFlood",
	[AGENTSYS_FAULT_CRASH]			= "Crash",
	[AGENTSYS_FAULT_CAPABILITY_VIOLATION]	= "CapabilityViolation",
	[AGENTSYS_FAULT_POLICY_VIOLATION]	= "PolicyViolation",
	[AGENTSYS_FAULT_UNRESPONSIVE]		= "Unresponsive",
	[AGENTSYS_FAULT_PROCESS_LIMIT]		= "ProcessLimit",
	[AGENTSYS_FAULT_IO_LIMIT]		= "IoLimit",
	[AGENTSYS_FAULT_BUDGET]			= "Budget",
};

static_assert(ARRAY_SIZE(fault_names) == __AGENTSYS_FAULTS, "a fault has no name");

static const char *const fault_texts[] = {
	[AGENTSYS_FAULT_NONE]			= "none",
	[AGENTSYS_FAULT_CPU_QUOTA]		= "CPU quota exceeded",
	[AGENTSYS_FAULT_MEMORY_LIMIT]		= "memory limit exceeded",
	[AGENTSYS_FAULT_SYSCALL_FLOOD]		= "syscall rate exceeded",
	[AGENTSYS_FAULT_CRASH]			= "crash",
	[AGENTSYS_FAULT_CAPABILITY_VIOLATION]	= "capability violation",
	[AGENTSYS_FAULT_POLICY_VIOLATION]	= "policy violation",
	[AGENTSYS_FAULT_UNRESPONSIVE]		= "unresponsive",
	[AGENTSYS_FAULT_PROCESS_LIMIT]		= "process limit exceeded",
	[AGENTSYS_FAULT_IO_LIMIT]		= "I/O limit exceeded",
	[AGENTSYS_FAULT_BUDGET]			= "budget spent",
};

static_assert(ARRAY_SIZE(fault_texts) == __AGENTSYS_FAULTS, "a fault has no text");

static const char *const recover_names[] = {
	[AGENTSYS_RECOVER_ALERT]	= "alert",
	[AGENTSYS_RECOVER_THROTTLE]	= "throttle",
	[AGENTSYS_RECOVER_RESTART]	= "restart",
	[AGENTSYS_RECOVER_KILL]		= "kill",
};

static_assert(ARRAY_SIZE(recover_names) == __AGENTSYS_RECOVERS, "an action has no name");

static const char *const preset_names[] = {
	[AGENTSYS_PRESET_PERMISSIVE]	= "permissive",
	[AGENTSYS_PRESET_DEFAULT]	= "default",
	[AGENTSYS_PRESET_STRICT]	= "strict",
	[AGENTSYS_PRESET_CUSTOM]	= "custom",
};

static_assert(ARRAY_SIZE(preset_names) == __AGENTSYS_PRESETS, "a preset has no name");

static const char *const event_names[] = {
	[AGENTSYS_EVENT_SPAWN]			= "spawn",
	[AGENTSYS_EVENT_EXEC]			= "exec",
	[AGENTSYS_EVENT_EXIT]			= "exit",
	[AGENTSYS_EVENT_CRASH]			= "crash",
	[AGENTSYS_EVENT_RESTART_SCHEDULED]	= "restart-scheduled",
	[AGENTSYS_EVENT_RESTART]		= "restart",
	[AGENTSYS_EVENT_STOP]			= "stop",
	[AGENTSYS_EVENT_KILL]			= "kill",
	[AGENTSYS_EVENT_FAILED]			= "failed",
	[AGENTSYS_EVENT_LAUNCH_FAILED]		= "launch-failed",
	[AGENTSYS_EVENT_ATTACH]			= "attach",
	[AGENTSYS_EVENT_PAUSE]			= "pause",
	[AGENTSYS_EVENT_RESUME]			= "resume",
	[AGENTSYS_EVENT_REMOVE]			= "remove",
	[AGENTSYS_EVENT_POLICY]			= "policy",
	[AGENTSYS_EVENT_LAUNCHER]		= "launcher",
	[AGENTSYS_EVENT_SHUTDOWN]		= "shutdown",
	[AGENTSYS_EVENT_GROUP_RESTART]		= "group-restart",
	[AGENTSYS_EVENT_GROUP_STARTED]		= "group-started",
	[AGENTSYS_EVENT_GROUP_STOPPED]		= "group-stopped",
	[AGENTSYS_EVENT_GROUP_FAILED]		= "group-failed",
	[AGENTSYS_EVENT_CIRCUIT_OPEN]		= "circuit-open",
	[AGENTSYS_EVENT_REQUIRED]		= "required",
	[AGENTSYS_EVENT_LINK]			= "link",
	[AGENTSYS_EVENT_DOWN]			= "down",
	[AGENTSYS_EVENT_FAULT]			= "fault",
	[AGENTSYS_EVENT_WARNING]		= "warning",
	[AGENTSYS_EVENT_PRESSURE]		= "pressure",
	[AGENTSYS_EVENT_LIMITS]			= "limits",
};

static_assert(ARRAY_SIZE(event_names) == __AGENTSYS_EVENTS, "an event has no name");

static const char *const step_texts[] = {
	[AGENTSYS_STEP_NONE]		= "cannot start",
	[AGENTSYS_STEP_LAUNCHER]	= "no launcher",
	[AGENTSYS_STEP_CGROUP]		= "cannot make the cgroup",
	[AGENTSYS_STEP_LIMITS]		= "cannot set the limits of the cgroup",
	[AGENTSYS_STEP_CLONE]		= "cannot make a process in the cgroup",
	[AGENTSYS_STEP_STDIN]		= "cannot open standard input",
	[AGENTSYS_STEP_STDOUT]		= "cannot open standard output",
	[AGENTSYS_STEP_STDERR]		= "cannot open standard error",
	[AGENTSYS_STEP_RLIMIT]		= "cannot set resource limits",
	[AGENTSYS_STEP_NICE]		= "cannot set the nice value",
	[AGENTSYS_STEP_OOM_SCORE]	= "cannot set the OOM score",
	[AGENTSYS_STEP_GROUPS]		= "cannot set supplementary groups",
	[AGENTSYS_STEP_GID]		= "cannot set the group id",
	[AGENTSYS_STEP_BOUNDING]	= "cannot reduce the capability bounding set",
	[AGENTSYS_STEP_UID]		= "cannot set the user id",
	[AGENTSYS_STEP_CWD]		= "cannot change to the working directory",
	[AGENTSYS_STEP_NO_NEW_PRIVS]	= "cannot set no_new_privs",
	[AGENTSYS_STEP_COMMIT]		= "cannot report the process to the module",
	[AGENTSYS_STEP_EXEC]		= "cannot execute the program",
	[AGENTSYS_STEP_TIMEOUT]		= "start took too long",
	[AGENTSYS_STEP_ATTACH]		= "cannot move the process into the cgroup",
	[AGENTSYS_STEP_REQUIRED]	= "an agent that it requires does not run",
};

static_assert(ARRAY_SIZE(step_texts) == __AGENTSYS_STEPS, "a step has no text");

/* The kernel has no strerror(). */
static const char *const error_texts[] = {
	[EPERM]		= "Operation not permitted",
	[ENOENT]	= "No such file or directory",
	[ESRCH]		= "No such process",
	[EINTR]		= "Interrupted system call",
	[EIO]		= "Input/output error",
	[ENXIO]		= "No such device or address",
	[E2BIG]		= "Argument list too long",
	[ENOEXEC]	= "Exec format error",
	[EBADF]		= "Bad file descriptor",
	[ECHILD]	= "No child processes",
	[EAGAIN]	= "Resource temporarily unavailable",
	[ENOMEM]	= "Cannot allocate memory",
	[EACCES]	= "Permission denied",
	[EFAULT]	= "Bad address",
	[EBUSY]		= "Device or resource busy",
	[EEXIST]	= "File exists",
	[ENODEV]	= "No such device",
	[ENOTDIR]	= "Not a directory",
	[EISDIR]	= "Is a directory",
	[EINVAL]	= "Invalid argument",
	[ENFILE]	= "Too many open files in system",
	[EMFILE]	= "Too many open files",
	[ETXTBSY]	= "Text file busy",
	[EFBIG]		= "File too large",
	[ENOSPC]	= "No space left on device",
	[EROFS]		= "Read-only file system",
	[EPIPE]		= "Broken pipe",
	[ERANGE]	= "Numerical result out of range",
	[EDEADLK]	= "Resource deadlock avoided",
	[ENAMETOOLONG]	= "File name too long",
	[ENOSYS]	= "Function not implemented",
	[ELOOP]		= "Too many levels of symbolic links",
	[ENODATA]	= "No data available",
	[ELIBBAD]	= "Accessing a corrupted shared library",
	[EOVERFLOW]	= "Value too large for defined data type",
	[EUSERS]	= "Too many users",
	[EOPNOTSUPP]	= "Operation not supported",
	[ESHUTDOWN]	= "Cannot send after transport endpoint shutdown",
	[ETIMEDOUT]	= "Connection timed out",
	[EALREADY]	= "Operation already in progress",
	[ECANCELED]	= "Operation canceled",
};

/* clang-format on */

const char *agentsys_state_name(u32 state)
{
	return LOOKUP(state_names, state);
}

const char *agentsys_cause_name(u32 cause)
{
	return LOOKUP(cause_names, cause);
}

const char *agentsys_restart_name(u32 condition)
{
	return LOOKUP(restart_names, condition);
}

const char *agentsys_backoff_name(u32 kind)
{
	return LOOKUP(backoff_names, kind);
}

const char *agentsys_circuit_name(u32 circuit)
{
	return LOOKUP(circuit_names, circuit);
}

const char *agentsys_backend_name(u32 backend)
{
	return LOOKUP(backend_names, backend);
}

const char *agentsys_auto_shutdown_name(u32 when)
{
	return LOOKUP(auto_shutdown_names, when);
}

const char *agentsys_decision_name(u32 decision)
{
	return LOOKUP(decision_names, decision);
}

const char *agentsys_strategy_name(u32 strategy)
{
	return LOOKUP(strategy_names, strategy);
}

const char *agentsys_relation_name(u32 kind)
{
	return LOOKUP(relation_names, kind);
}

const char *agentsys_event_name(u32 type)
{
	return LOOKUP(event_names, type);
}

const char *agentsys_fault_name(u32 fault)
{
	return LOOKUP(fault_names, fault);
}

const char *agentsys_fault_text(u32 fault)
{
	return LOOKUP(fault_texts, fault);
}

const char *agentsys_recover_name(u32 action)
{
	return LOOKUP(recover_names, action);
}

const char *agentsys_preset_name(u32 preset)
{
	return LOOKUP(preset_names, preset);
}

const char *agentsys_limit_name(u32 limit)
{
	return LOOKUP(limit_names, limit);
}

u32 agentsys_limit_number(const char *name)
{
	return NUMBER(limit_names, name);
}

u32 agentsys_fault_number(const char *name)
{
	return NUMBER(fault_names, name);
}

u32 agentsys_recover_number(const char *name)
{
	return NUMBER(recover_names, name);
}

u32 agentsys_preset_number(const char *name)
{
	return NUMBER(preset_names, name);
}

const char *agentsys_step_text(u32 step)
{
	return LOOKUP(step_texts, step);
}

const char *agentsys_error_text(u32 error)
{
	return error < ARRAY_SIZE(error_texts) ? error_texts[error] : NULL;
}

int agentsys_launch_text(u32 step, u32 error, char *buf, size_t len)
{
	const char *text = agentsys_error_text(error);

	if (text)
		return snprintf(buf, len, "%s: %s", agentsys_step_text(step), text);
	return snprintf(buf, len, "%s: error %u", agentsys_step_text(step), error);
}

int agentsys_end_text(u32 cause, s32 code, char *buf, size_t len)
{
	switch (cause) {
	case AGENTSYS_CAUSE_EXIT:
		return snprintf(buf, len, "code %d", code);
	case AGENTSYS_CAUSE_SIGNAL:
		return snprintf(buf, len, "signal %d", code);
	case AGENTSYS_CAUSE_OOM:
		return snprintf(buf, len, "out of memory");
	case AGENTSYS_CAUSE_FAULT:
		return snprintf(buf, len, "%s", agentsys_fault_text(code));
	case AGENTSYS_CAUSE_STOP:
		return snprintf(buf, len, "stopped");
	case AGENTSYS_CAUSE_KILL:
		return snprintf(buf, len, "killed");
	case AGENTSYS_CAUSE_RESTART:
		return snprintf(buf, len, "to be restarted");
	case AGENTSYS_CAUSE_GROUP:
		return snprintf(buf, len, "stopped with its group");
	case AGENTSYS_CAUSE_LAUNCH:
		return snprintf(buf, len, "launch failed, error %d", code);
	case AGENTSYS_CAUSE_DEPENDENCY:
		return snprintf(buf, len, "stopped with what it requires");
	case AGENTSYS_CAUSE_LINK:
		return snprintf(buf, len, "killed for a linked agent");
	default:
		return snprintf(buf, len, "%s", agentsys_cause_name(cause));
	}
}

static int required_text(const struct agentsys_event *event, char *buf, size_t len)
{
	switch (event->value) {
	case 0:
		return snprintf(buf, len, "is stopped: it requires agent %d", event->code);
	case 1:
		return snprintf(buf, len, "waits for agent %d", event->code);
	default:
		return snprintf(buf, len, "is not started: it requires agent %d", event->code);
	}
}

/* So many are called by their names. */
#define LIMITS_NAMED 3

/* "memory_max, cpu_quota", or "memory_max, cpu_quota, cpu_period and 4 more". */
static void limits_text(u64 changed, char *buf, size_t len)
{
	u32 limit, n = 0;
	size_t at = 0;

	buf[0] = '\0';
	for (limit = 0; limit < 64; limit++) {
		if (!(changed >> limit & 1) || n++ >= LIMITS_NAMED)
			continue;
		at += snprintf(buf + at, len - at, "%s%s", n > 1 ? ", " : "",
			       agentsys_limit_name(limit));
	}
	if (n > LIMITS_NAMED)
		snprintf(buf + at, len - at, " and %u more", n - LIMITS_NAMED);
}

/* What an event of an agent says after "Agent <id> ". */
static int agent_text(const struct agentsys_event *event, char *buf, size_t len)
{
	char text[96];

	switch (event->type) {
	case AGENTSYS_EVENT_SPAWN:
		return snprintf(buf, len, "spawned");
	case AGENTSYS_EVENT_EXEC:
		return snprintf(buf, len, "executed another program");
	case AGENTSYS_EVENT_EXIT:
		agentsys_end_text(event->cause, event->code, text, sizeof(text));
		return snprintf(buf, len, "exited (%s)", text);
	case AGENTSYS_EVENT_CRASH:
		agentsys_end_text(event->cause, event->code, text, sizeof(text));
		return snprintf(buf, len, "crashed (%s)", text);
	case AGENTSYS_EVENT_RESTART_SCHEDULED:
		return snprintf(buf, len, "restart %d in %llu ms", event->code, event->value);
	case AGENTSYS_EVENT_RESTART:
		if (!event->code)
			return snprintf(buf, len, "restarted with its group");
		return snprintf(buf, len, "restarted (restart %d)", event->code);
	case AGENTSYS_EVENT_STOP:
		return snprintf(buf, len, "asked to stop (signal %d)", event->code);
	case AGENTSYS_EVENT_KILL:
		return snprintf(buf, len, "killed");
	case AGENTSYS_EVENT_FAILED:
		if (event->value >= AGENTSYS_RESTARTS_UNLIMITED)
			return snprintf(buf, len,
					"failed: the budget of its group is spent (%d restarts)",
					event->code);
		if (!event->value && event->cause == AGENTSYS_CAUSE_LAUNCH)
			return snprintf(buf, len, "failed: its start did, and is not repeated");
		return snprintf(buf, len, "failed (%d of %llu restarts used)", event->code,
				event->value);
	case AGENTSYS_EVENT_LAUNCH_FAILED:
		agentsys_launch_text((u32)event->value, (u32)event->code, text, sizeof(text));
		return snprintf(buf, len, "not started (%s)", text);
	case AGENTSYS_EVENT_ATTACH:
		return snprintf(buf, len, "attached");
	case AGENTSYS_EVENT_PAUSE:
		return snprintf(buf, len, "paused");
	case AGENTSYS_EVENT_RESUME:
		return snprintf(buf, len, "resumed");
	case AGENTSYS_EVENT_REMOVE:
		return snprintf(buf, len, "removed");
	case AGENTSYS_EVENT_FAULT:
		return snprintf(buf, len, "fault: %s", agentsys_fault_text(event->code));
	case AGENTSYS_EVENT_WARNING:
		return snprintf(buf, len, "warning: close to %s", agentsys_fault_name(event->code));
	case AGENTSYS_EVENT_PRESSURE:
		return snprintf(buf, len, "waits for %s %llu.%02llu %% of the time",
				LOOKUP(pressure_names, event->code), event->value / 100,
				event->value % 100);
	case AGENTSYS_EVENT_LIMITS:
		limits_text(event->value, text, sizeof(text));
		return snprintf(buf, len, "has other limits: %.80s", text);
	case AGENTSYS_EVENT_CIRCUIT_OPEN:
		return snprintf(buf, len, "circuit open for %llu ms after %d restarts in a row",
				event->value, event->code);
	case AGENTSYS_EVENT_REQUIRED:
		return required_text(event, buf, len);
	case AGENTSYS_EVENT_LINK:
		return snprintf(buf, len, "%s: it is linked to agent %d, which crashed",
				event->value ? "is killed" : "survives", event->code);
	case AGENTSYS_EVENT_DOWN:
		agentsys_end_text(event->cause, (s32)event->value, text, sizeof(text));
		return snprintf(buf, len, "is told that agent %d ended (%.60s)", event->code, text);
	case AGENTSYS_EVENT_POLICY:
		if (event->code == AGENTSYS_RESTART_NEVER)
			return snprintf(buf, len, "is not restarted any more");
		if (event->value >= AGENTSYS_RESTARTS_UNLIMITED)
			return snprintf(buf, len, "is restarted %s",
					agentsys_restart_name(event->code));
		return snprintf(buf, len, "is restarted %s, at most %llu times",
				agentsys_restart_name(event->code), event->value);
	default:
		return snprintf(buf, len, "event %u", event->type);
	}
}

/* What an event of a group says after "Group <name> ". */
static int group_text(const struct agentsys_event *event, char *buf, size_t len)
{
	switch (event->type) {
	case AGENTSYS_EVENT_GROUP_RESTART:
		if (!event->code)
			return snprintf(buf, len, "restarts as asked");
		return snprintf(buf, len,
				"restarts in %llu ms after the end of agent %d (restart %u%s)",
				event->value, event->code, event->instance,
				event->cause == AGENTSYS_CAUSE_GROUP ? " of its group" : "");
	case AGENTSYS_EVENT_GROUP_STARTED:
		return snprintf(buf, len, "started");
	case AGENTSYS_EVENT_GROUP_STOPPED:
		if (event->cause == AGENTSYS_CAUSE_GROUP)
			return snprintf(buf, len, "stopped with its group");
		if (event->cause == AGENTSYS_CAUSE_EXIT)
			return snprintf(buf, len, "stopped: its significant agent %d is done",
					event->code);
		return snprintf(buf, len, "stopped %s",
				event->code ? "for a shutdown" : "as asked");
	default:
		return snprintf(buf, len,
				"failed after the end of agent %d (%u restarts, %llu allowed)",
				event->code, event->instance, event->value);
	}
}

static bool is_of_group(const struct agentsys_event *event)
{
	return event->type >= AGENTSYS_EVENT_GROUP_RESTART &&
	       event->type <= AGENTSYS_EVENT_GROUP_FAILED;
}

/* What the module says about itself. */
static int module_text(const struct agentsys_event *event, char *buf, size_t len)
{
	char text[96];

	switch (event->type) {
	case AGENTSYS_EVENT_LAUNCHER:
		agentsys_end_text(event->cause, event->code, text, sizeof(text));
		return snprintf(buf, len, "Launcher ended (%s), %llu in a row", text, event->value);
	case AGENTSYS_EVENT_SHUTDOWN:
		return snprintf(buf, len, "Shutdown of all agents within %llu ms", event->value);
	case AGENTSYS_EVENT_LIMITS:
		limits_text(event->value, text, sizeof(text));
		return snprintf(buf, len, "New agents have other limits: %.80s", text);
	default:
		return snprintf(buf, len, "Event %u", event->type);
	}
}

int agentsys_event_text(const struct agentsys_event *event, char *buf, size_t len)
{
	char text[112];

	if (is_of_group(event)) {
		group_text(event, text, sizeof(text));
		return snprintf(buf, len, "Group %.*s %s",
				(int)strnlen(event->name, sizeof(event->name)), event->name, text);
	}
	if (!event->agent_id)
		return module_text(event, buf, len);
	agent_text(event, text, sizeof(text));
	return snprintf(buf, len, "Agent %u %s", event->agent_id, text);
}
