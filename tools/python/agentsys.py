# SPDX-License-Identifier: LGPL-2.1-only
"""Agents of the Agent Supervision Module, from Python.

For an agent itself:

    import agentsys
    me = agentsys.whoami()              # me.agent_id, me.name, me.instance, ...
    agentsys.heartbeat()
    agentsys.telemetry()["system"]["active_agents"]

For whoever controls agents (as root):

    with agentsys.Connection() as asm:
        agent = asm.spawn(["/usr/bin/my-agent", "--verbose"], name="my_agent",
                          restart="on-failure", max_restarts=3)
        print(asm.get(agent).state)
        asm.stop(agent)
        asm.group_new("workers", strategy="one_for_all")
        asm.spawn(["/usr/bin/worker"], group="workers")
    for event in agentsys.events():
        print(event.text)

Everything that fails raises OSError with the module's own words; its errno is
what the C library gives, see libasm(3). That library does the work: this file
is a thin layer of ctypes over it.
"""

import ctypes
import errno
import json
import mmap
import os
from collections import namedtuple
from contextlib import contextmanager

__all__ = ["Connection", "Agent", "Group", "Relation", "Past", "Event", "Fault", "Faults", "Recovery", "Limit",
           "System", "Whoami", "Version", "why_not",
           "whoami", "heartbeat", "trigger", "Pulse", "use", "telemetry", "info", "version", "patch_policy", "events",
           "EVENTS_ALL", "EVENTS_NEW", "HELPER", "UNLIMITED", "STOP_UNLIMITED"]

#: For events(): everything that the module still keeps, or only what is yet to come.
EVENTS_ALL = 0
EVENTS_NEW = 2**64 - 1

#: The id of the helper daemon, which start() makes when it is first called for it.
HELPER = 1

#: A resource limit that is none.
UNLIMITED = 2**64 - 1

#: A stop timeout that is none: it is never killed for being slow.
STOP_UNLIMITED = 2**32 - 1

_lib = ctypes.CDLL("libasm-agentsys.so.1", use_errno=True)

_u16, _u32, _u64 = ctypes.c_uint16, ctypes.c_uint32, ctypes.c_uint64
_i32, _i64 = ctypes.c_int32, ctypes.c_int64
_str = ctypes.c_char_p
_ptr = ctypes.c_void_p

_NAME_SIZE = 64
_CODE_WORDS = 4
_WAIT = 1
_DEFAULT_TIMEOUT = -1


# ---- the structs of libasm.h and linux/agentsys.h

class _Fault(ctypes.Structure):
    _fields_ = [("time_ns", _u64), ("measured", _u64), ("limit", _u64), ("instance", _u32),
                ("type", _u32), ("action", _u32)]


class _Faults(ctypes.Structure):
    _fields_ = [("types", _u32), ("count", ctypes.POINTER(_u64)), ("n", ctypes.c_size_t),
                ("entry", ctypes.POINTER(_Fault))]


class _Recovery(ctypes.Structure):
    _fields_ = [("preset", _u32), ("after", _u32), ("within_ms", _u32), ("types", _u32),
                ("action", ctypes.POINTER(_u32)), ("own", ctypes.POINTER(ctypes.c_uint8))]


class _Limits(ctypes.Structure):
    _fields_ = [("id", _u32), ("limits", _u32), ("max", ctypes.POINTER(_u64)),
                ("used", ctypes.POINTER(_u64)), ("known", ctypes.POINTER(ctypes.c_uint8))]


class _LimitChange(ctypes.Structure):
    _fields_ = [("limit", _u32), ("max", _u64)]


class _Rule(ctypes.Structure):
    _fields_ = [("type", _u32), ("action", _u32)]


class _Info(ctypes.Structure):
    _fields_ = [
        ("id", _u32), ("pid", _u32), ("name", ctypes.c_char * _NAME_SIZE),
        ("state", _u32), ("flags", _u32), ("instance", _u32),
        ("restart", _u32), ("restarts", _u32), ("max_restarts", _u32),
        ("backoff_initial_ms", _u32), ("backoff_max_ms", _u32), ("next_start_ms", _u32),
        ("stop_signal", _u32), ("stop_timeout_ms", _u32),
        ("cause", _u32), ("code", _i32), ("step", _u32), ("uid", _u32), ("gid", _u32),
        ("spawns", _u64), ("exits", _u64), ("crashes", _u64), ("faults", _u64),
        ("heartbeats", _u64), ("cpu_time_us", _u64), ("memory", _u64),
        ("start_time", _u64), ("end_time", _u64), ("last_activity", _u64),
        ("memory_max", _u64), ("memory_high", _u64),
        ("cpu_quota_us", _u64), ("cpu_period_us", _u64), ("pids_max", _u64),
        ("cgroup", _str), ("group", ctypes.c_char * _NAME_SIZE), ("place", _u32),
        ("backoff_kind", _u32), ("jitter", _u32), ("stable_ms", _u32),
        ("breaker", _u32), ("breaker_open_ms", _u32), ("never_causes", _u32),
        ("success_codes", _u64 * _CODE_WORDS), ("never_codes", _u64 * _CODE_WORDS),
        ("success_signals", _u64), ("never_signals", _u64),
        ("streak", _u32), ("survival_ms", _u32), ("circuit", _u32), ("significant", _u32),
        ("parent_id", _u32), ("parent_instance", _u32),
        ("exit_status", _i32), ("end_pid", _u32), ("asked_time", _u64),
        ("made_time", _u64),
        ("backend", _u32), ("syscalls", _u64), ("throttled_ns", _u64),
        ("calls", _u32), ("calls_left_ms", _u32),
    ]


class _Group(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char * _NAME_SIZE), ("parent", ctypes.c_char * _NAME_SIZE),
        ("strategy", _u32), ("budget", _u32), ("within_ms", _u32),
        ("backoff_initial_ms", _u32), ("backoff_max_ms", _u32), ("state", _u32),
        ("place", _u32), ("members", _u32), ("recent", _u32), ("reason", _u32),
        ("restarts", _u64), ("auto_shutdown", _u32), ("significant", _u32),
        ("backoff_kind", _u32), ("jitter", _u32), ("members_max", _u32),
    ]


class _RelationInfo(ctypes.Structure):
    _fields_ = [("kind", _u32), ("source", _u32), ("target", _u32)]


class _Past(ctypes.Structure):
    _fields_ = [("time_ns", _u64), ("ran_ns", _u64), ("agent_id", _u32), ("instance", _u32),
                ("cause", _u32), ("code", _i32), ("decision", _u32), ("delay_ms", _u32),
                ("pid", _u32), ("group", ctypes.c_char * _NAME_SIZE)]


class _System(ctypes.Structure):
    _fields_ = [
        ("spawns", _u64), ("exits", _u64), ("crashes", _u64), ("faults", _u64),
        ("restarts", _u64), ("syscalls", _u64), ("events", _u64),
        ("active", _u32), ("agents", _u32), ("max_agents", _u32), ("ring_size", _u32),
        ("launcher_pid", _u32), ("abi", _u32),
        ("release", _str), ("launcher_path", _str), ("cgroup_root", _str),
        ("controllers", _str), ("hooks", _str), ("hooks_error", _u32),
    ]


class _Event(ctypes.Structure):
    _fields_ = [
        ("seq", _u64), ("time_ns", _u64), ("agent_id", _u32), ("pid", _i32),
        ("type", _u16), ("cause", _u16), ("code", _i32), ("instance", _u32),
        ("action", _u32), ("value", _u64), ("name", ctypes.c_char * 16), ("limit", _u64),
    ]


class _Whoami(ctypes.Structure):
    _fields_ = [
        ("size", _u32), ("agent_id", _u32), ("pid", _i32), ("instance", _u32),
        ("restarts", _u32), ("max_restarts", _u32), ("heartbeats", _u64),
        ("name", ctypes.c_char * _NAME_SIZE),
    ]


class _Version(ctypes.Structure):
    _fields_ = [("size", _u32), ("abi", _u32), ("release", ctypes.c_char * 24)]


# ---- what callers see

Whoami = namedtuple("Whoami", "agent_id pid instance restarts max_restarts heartbeats name")
Whoami.__doc__ = "Which agent the caller is part of."

Version = namedtuple("Version", "abi release")
Version.__doc__ = "Which module is loaded."

Agent = namedtuple("Agent", [name for name, _ in _Info._fields_] + ["paused", "throttled", "attached", "waits", "traps"])
Agent.__doc__ = """One agent. State, restart, cause, backoff_kind and circuit are words ("active",
"on-failure", "signal"); times are CLOCK_BOOTTIME in nanoseconds, 0 for never; limits are 0
for none; codes, signals and causes are sets, of numbers and of words. exit_status is what
os.waitpid() would give for the process that ended last, None if there was none."""

Group = namedtuple("Group", [name for name, _ in _Group._fields_])
Group.__doc__ = """One group of the supervision tree. Strategy, state and backoff_kind are words
("one_for_all", "active", "linear"); parent is None for root; budget is how many restarts there may be within
within_ms, recent how many there are now, restarts how many there ever were; reason is
the agent whose end was the last reason, 0 for none."""

Relation = namedtuple("Relation", "agent_id kind other_id")
Relation.__doc__ = '''What an agent is to another: kind is "requires", "wants", "peer", "link" or "monitor".'''

Past = namedtuple("Past", [name for name, _ in _Past._fields_])
Past.__doc__ = """One end of an agent, or restart of a group. Cause and decision are words; times are in
nanoseconds, time_ns by CLOCK_BOOTTIME."""

System = namedtuple("System", [name for name, _ in _System._fields_])
System.__doc__ = "Counters since the module was loaded; controllers is a list."

Event = namedtuple("Event", "seq time_ns agent_id pid type cause code instance value name text lost limit action")
Event.__doc__ = """One event. Type and cause are words; text is a line for a person; lost is how many
events are missing before this one because they were read too late. A fault has limit, what value may be
at most, and action, a word for what is done about it; all others have 0 and None there."""

Fault = namedtuple("Fault", "time_ns measured limit instance type action")
Fault.__doc__ = """A fault of an agent. Type is a word as "MemoryLimit", action as "kill"; measured is the
exit code or signal of a crash; limit is 0 where there is no such thing."""

Faults = namedtuple("Faults", "counts last")
Faults.__doc__ = """How many faults there were of each type, a dict, and the last of an agent, Fault each."""

Limit = namedtuple("Limit", "max used")
Limit.__doc__ = """How much may be used, None for no limit, and how much is, None if that is not known."""

Recovery = namedtuple("Recovery", "preset after within_ms actions own")
Recovery.__doc__ = """What is done about faults: actions is a dict, own the types for which that is said of the
agent alone. After so many faults within_ms the next rung of the ladder is reached; 0 is no ladder."""


def _declare(name, result, *arguments):
    function = getattr(_lib, "agentsys_" + name)
    function.restype = result
    function.argtypes = arguments
    return function


for _name, _result, *_arguments in [
        ("open", ctypes.c_int, ctypes.POINTER(_ptr)),
        ("close", None, _ptr),
        ("error", _str, _ptr),
        ("spec_new", _ptr),
        ("spec_free", None, _ptr),
        ("spec_set_id", None, _ptr, _u32),
        ("spec_set_name", ctypes.c_int, _ptr, _str),
        ("spec_set_group", ctypes.c_int, _ptr, _str),
        ("spec_add_arg", ctypes.c_int, _ptr, _str),
        ("spec_add_env", ctypes.c_int, _ptr, _str),
        ("spec_set_cwd", ctypes.c_int, _ptr, _str),
        ("spec_set_uid", None, _ptr, _u32),
        ("spec_set_gid", None, _ptr, _u32),
        ("spec_set_groups", ctypes.c_int, _ptr, ctypes.c_size_t, ctypes.POINTER(_u32)),
        ("spec_set_rlimit", ctypes.c_int, _ptr, ctypes.c_uint, _u64, _u64),
        ("spec_set_nice", None, _ptr, ctypes.c_int),
        ("spec_set_oom_score_adj", None, _ptr, ctypes.c_int),
        ("spec_set_bounding", None, _ptr, _u64),
        ("spec_set_new_privs", None, _ptr, ctypes.c_bool),
        ("spec_set_significant", None, _ptr, ctypes.c_bool),
        ("spec_set_traps", None, _ptr, ctypes.c_bool),
        ("spec_set_notify", ctypes.c_int, _ptr),
        ("spec_add_relation", ctypes.c_int, _ptr, ctypes.c_int, _u32),
        ("spec_set_backend", None, _ptr, ctypes.c_int),
        ("spec_set_container", ctypes.c_int, _ptr, ctypes.c_int, _str),
        ("spec_add_mount", ctypes.c_int, _ptr, _str),
        ("spec_set_network", None, _ptr, ctypes.c_bool),
        ("spec_set_read_only", None, _ptr, ctypes.c_bool),
        ("backend_check", ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t),
        ("backend_name", _str, _u32),
        ("spec_set_stdio_path", ctypes.c_int, _ptr, ctypes.c_int, _str),
        ("spec_set_stdio_fd", ctypes.c_int, _ptr, ctypes.c_int, ctypes.c_int),
        ("spec_set_restart", None, _ptr, ctypes.c_int),
        ("spec_set_max_restarts", None, _ptr, _u32),
        ("spec_set_backoff", None, _ptr, _u32, _u32),
        ("spec_set_backoff_kind", None, _ptr, ctypes.c_int),
        ("spec_set_jitter", None, _ptr, _u32),
        ("spec_set_stable", None, _ptr, _u32),
        ("spec_set_breaker", None, _ptr, _u32, _u32),
        ("spec_set_success_codes", None, _ptr, ctypes.POINTER(_u64)),
        ("spec_set_success_signals", None, _ptr, _u64),
        ("spec_set_never_codes", None, _ptr, ctypes.POINTER(_u64)),
        ("spec_set_never_signals", None, _ptr, _u64),
        ("spec_set_never_causes", None, _ptr, _u32),
        ("spec_set_stop_signal", None, _ptr, ctypes.c_int),
        ("spec_set_stop_timeout", None, _ptr, _u32),
        ("spec_set_memory_max", None, _ptr, _u64),
        ("spec_set_memory_high", None, _ptr, _u64),
        ("spec_set_cpu", None, _ptr, _u64, _u64),
        ("spec_set_pids_max", None, _ptr, _u64),
        ("spawn", ctypes.c_int, _ptr, _ptr, ctypes.c_uint, ctypes.POINTER(_u32)),
        ("attach", ctypes.c_int, _ptr, _i32, _ptr, ctypes.c_uint, ctypes.POINTER(_u32)),
        ("start", ctypes.c_int, _ptr, _u32, ctypes.c_uint),
        ("stop", ctypes.c_int, _ptr, _u32, _i64, ctypes.c_uint),
        ("kill", ctypes.c_int, _ptr, _u32, ctypes.c_uint),
        ("restart", ctypes.c_int, _ptr, _u32, _i64, ctypes.c_uint),
        ("pause", ctypes.c_int, _ptr, _u32),
        ("resume", ctypes.c_int, _ptr, _u32),
        ("remove", ctypes.c_int, _ptr, _u32),
        ("set", ctypes.c_int, _ptr, _u32, _ptr),
        ("move", ctypes.c_int, _ptr, _u32, _str),
        ("set_significant", ctypes.c_int, _ptr, _u32, ctypes.c_bool),
        ("shutdown", ctypes.c_int, _ptr, _i64, ctypes.c_uint, ctypes.POINTER(_u32),
         ctypes.POINTER(_u32)),
        ("shutdown_all", ctypes.c_ssize_t, _ptr, _i64,
         ctypes.POINTER(ctypes.POINTER(ctypes.POINTER(_Info)))),
        ("get", ctypes.c_int, _ptr, _u32, ctypes.POINTER(ctypes.POINTER(_Info))),
        ("info_free", None, ctypes.POINTER(_Info)),
        ("list", ctypes.c_ssize_t, _ptr,
         ctypes.POINTER(ctypes.POINTER(ctypes.POINTER(_Info)))),
        ("list_free", None, ctypes.POINTER(ctypes.POINTER(_Info))),
        ("find", ctypes.c_int, _ptr, _str, ctypes.POINTER(_u32)),
        ("group_spec_new", _ptr),
        ("group_spec_free", None, _ptr),
        ("group_spec_set_parent", ctypes.c_int, _ptr, _str),
        ("group_spec_set_strategy", None, _ptr, ctypes.c_int),
        ("group_spec_set_budget", None, _ptr, _u32),
        ("group_spec_set_within", None, _ptr, _u32),
        ("group_spec_set_backoff", None, _ptr, _u32, _u32),
        ("group_spec_set_backoff_kind", None, _ptr, ctypes.c_int),
        ("group_spec_set_jitter", None, _ptr, _u32),
        ("group_spec_set_members_max", None, _ptr, _u32),
        ("group_spec_set_auto_shutdown", None, _ptr, ctypes.c_int),
        ("group_spec_set_significant", None, _ptr, ctypes.c_bool),
        ("group_new", ctypes.c_int, _ptr, _str, _ptr),
        ("group_set", ctypes.c_int, _ptr, _str, _ptr),
        ("group_move", ctypes.c_int, _ptr, _str, _str),
        ("group_set_significant", ctypes.c_int, _ptr, _str, ctypes.c_bool),
        ("group_del", ctypes.c_int, _ptr, _str),
        ("group_start", ctypes.c_int, _ptr, _str, ctypes.c_uint),
        ("group_stop", ctypes.c_int, _ptr, _str, ctypes.c_uint),
        ("group_restart", ctypes.c_int, _ptr, _str, ctypes.c_uint),
        ("group_get", ctypes.c_int, _ptr, _str, ctypes.POINTER(ctypes.POINTER(_Group))),
        ("group_free", None, ctypes.POINTER(_Group)),
        ("group_list", ctypes.c_ssize_t, _ptr,
         ctypes.POINTER(ctypes.POINTER(ctypes.POINTER(_Group)))),
        ("group_list_free", None, ctypes.POINTER(ctypes.POINTER(_Group))),
        ("relate", ctypes.c_int, _ptr, _u32, ctypes.c_int, _u32),
        ("unrelate", ctypes.c_int, _ptr, _u32, ctypes.c_int, _u32),
        ("relations", ctypes.c_ssize_t, _ptr, ctypes.POINTER(ctypes.POINTER(_RelationInfo))),
        ("relations_free", None, ctypes.POINTER(_RelationInfo)),
        ("history", ctypes.c_ssize_t, _ptr, _u32, ctypes.POINTER(ctypes.POINTER(_Past))),
        ("group_history", ctypes.c_ssize_t, _ptr, _str, ctypes.POINTER(ctypes.POINTER(_Past))),
        ("history_free", None, ctypes.POINTER(_Past)),
        ("relation_name", _str, _u32),
        ("decision_name", _str, _u32),
        ("system", ctypes.c_int, _ptr, ctypes.POINTER(ctypes.POINTER(_System))),
        ("system_free", None, ctypes.POINTER(_System)),
        ("faults", ctypes.c_int, _ptr, _u32, ctypes.POINTER(ctypes.POINTER(_Faults))),
        ("faults_free", None, ctypes.POINTER(_Faults)),
        ("recovery", ctypes.c_int, _ptr, _u32, ctypes.POINTER(ctypes.POINTER(_Recovery))),
        ("recovery_free", None, ctypes.POINTER(_Recovery)),
        ("recovery_set", ctypes.c_int, _ptr, _u32, _u32, ctypes.POINTER(_Rule), ctypes.c_size_t),
        ("recovery_ladder", ctypes.c_int, _ptr, _u32, _u32),
        ("report_heartbeat", ctypes.c_int, _ptr, _u32, _u32),
        ("report_call_begin", ctypes.c_int, _ptr, _u32, _u32, _u32),
        ("report_call_end", ctypes.c_int, _ptr, _u32, _u32),
        ("report_fault", ctypes.c_int, _ptr, _u32, _u32, _u32, _u64, _u64),
        ("report_warning", ctypes.c_int, _ptr, _u32, _u32, _u32, _u64),
        ("limits_get", ctypes.c_int, _ptr, _u32, ctypes.POINTER(ctypes.POINTER(_Limits))),
        ("limits_free", None, ctypes.POINTER(_Limits)),
        ("limits_set", ctypes.c_int, _ptr, _u32, ctypes.POINTER(_LimitChange), ctypes.c_size_t),
        ("limits_default", ctypes.c_int, _ptr, _u32, ctypes.POINTER(_LimitChange), ctypes.c_size_t),
        ("spec_set_limit", ctypes.c_int, _ptr, _u32, _u64),
        ("limit_name", _str, _u32),
        ("limit_number", _u32, _str),
        ("fault_name", _str, _u32),
        ("recover_name", _str, _u32),
        ("preset_name", _str, _u32),
        ("fault_number", _u32, _str),
        ("recover_number", _u32, _str),
        ("preset_number", _u32, _str),
        ("events_open", ctypes.c_int, ctypes.POINTER(_ptr), _u64),
        ("events_close", None, _ptr),
        ("events_next", ctypes.c_int, _ptr, ctypes.POINTER(_Event), ctypes.POINTER(_u64),
         ctypes.c_int),
        ("device_open", ctypes.c_int),
        ("module_version", ctypes.c_int, ctypes.c_int, ctypes.POINTER(_Version)),
        ("whoami", ctypes.c_int, ctypes.c_int, ctypes.POINTER(_Whoami)),
        ("heartbeat", ctypes.c_int, ctypes.c_int),
        ("trigger", ctypes.c_int, ctypes.c_int),
        ("use", ctypes.c_int, ctypes.c_int, _u64, _u64),
        ("telemetry", ctypes.c_ssize_t, ctypes.c_int, ctypes.POINTER(_ptr)),
        ("info_text", ctypes.c_ssize_t, ctypes.c_int, _u32, ctypes.POINTER(_ptr)),
        ("patch_policy", ctypes.c_int, ctypes.c_int, _u32, ctypes.c_int, _u64),
        ("state_name", _str, _u32),
        ("cause_name", _str, _u32),
        ("restart_name", _str, _u32),
        ("strategy_name", _str, _u32),
        ("auto_shutdown_name", _str, _u32),
        ("backoff_name", _str, _u32),
        ("circuit_name", _str, _u32),
        ("event_name", _str, _u32),
        ("event_text", ctypes.c_int, ctypes.POINTER(_Event), _str, ctypes.c_size_t)]:
    _declare(_name, _result, *_arguments)

_free = ctypes.CDLL(None).free
_free.argtypes = [_ptr]
_free.restype = None

_STRATEGIES = {"one_for_one": 0, "one_for_all": 1, "rest_for_one": 2, "transient": 3,
               "permanent": 4}
_RESTARTS = {"never": 0, "on-failure": 1, "always": 2, "on-abnormal": 3}
# As asmctl takes them, from systemd and OTP.
_RESTART_WORDS = dict(_RESTARTS, no=0, temporary=0, transient=1, permanent=2)
# Conditions of systemd that are none of ours, because they tell faults apart, about which the recovery policy
# decides too; and what to write instead.
_RESTART_INSTEAD = {
    "on-success": "\"always\", never_codes=range(1, 256), never_causes=[\"signal\", \"oom\", \"fault\", \"link\", \"launch\"], "
                  "and recovery_set({\"Unresponsive\": \"kill\"}, agent_id=...)",
    "on-abort": "\"on-abnormal\", never_causes=[\"oom\", \"fault\", \"link\"], "
                "and recovery_set({\"Unresponsive\": \"kill\"}, agent_id=...)",
    "on-watchdog": "\"on-abnormal\", never_causes=[\"signal\", \"oom\", \"fault\", \"link\"], "
                   "and recovery_set({\"Unresponsive\": \"restart\"}, agent_id=...)"}
_BACKENDS = {"native": 0, "container": 1, "wasm": 2, "tee": 3, "remote": 4}
_BACKOFFS = {"exponential": 0, "linear": 1, "constant": 2, "adaptive": 3}
_AUTO_SHUTDOWNS = {"never": 0, "any": 1, "all": 2}
_CAUSES = {"exit": 1, "signal": 2, "oom": 3, "fault": 4, "launch": 9, "link": 11}
_RELATIONS = {"requires": 0, "wants": 1, "peer": 2, "link": 3, "monitor": 4}
_LIMIT_PRESETS = {"none": 0, "guide": 1}
_LIMITS_KEEP = 2**32 - 1
_CUSTOM = 3
_AS_ALL = 2**32 - 1


def _missing():
    if os.path.exists("/sys/module/agentsys"):
        return "the agentsys module cannot be reached (see \"asmctl doctor\")"
    return "the agentsys module is not loaded (load it with \"modprobe agentsys\")"


def _check(result, text=None):
    """Raise OSError for a negative errno."""
    if result < 0:
        if result == -errno.ENODEV and text is None:
            text = _missing()
        raise OSError(-result, text or os.strerror(-result))
    return result


def _check_device(result, agent_id=0):
    """Likewise for a call on the device, about the caller's own agent or another one."""
    if result in (-errno.ENOENT, -errno.ENXIO):
        _check(result, _missing())
    if result == -errno.ESRCH:
        _check(result, "there is no agent %d" % agent_id if agent_id else
               "this process is not part of an agent (start it with \"asmctl run\")")
    return _check(result)


def _word(name):
    return name.decode()


def _text(data):
    return data.decode(errors="replace")


# ---- for agents

def whoami():
    """Which agent is this process part of? ProcessLookupError (ESRCH) if none."""
    who = _Whoami(size=ctypes.sizeof(_Whoami))
    _check_device(_lib.agentsys_whoami(-1, who))
    return Whoami(who.agent_id, who.pid, who.instance, who.restarts, who.max_restarts,
                  who.heartbeats, _text(who.name))


_device = None


def heartbeat():
    """Tell the module that this agent is alive. ProcessLookupError (ESRCH) if this is none."""
    global _device
    if _device is None:
        _device = _check_device(_lib.agentsys_device_open())
    _check_device(_lib.agentsys_heartbeat(_device))


def trigger():
    """Tell the module that this agent is broken: the fault Unresponsive, at once."""
    _check_device(_lib.agentsys_trigger(-1))


class Pulse:
    """Heartbeats without a system call, by a page that this agent shares with the module.

    ProcessLookupError (ESRCH) if this is no agent. A child of os.fork() shares the page.
    """

    def __init__(self):
        device = _check_device(_lib.agentsys_device_open())
        try:
            self._page = mmap.mmap(device, mmap.PAGESIZE, offset=0)
        finally:
            os.close(device)
        self._beats = ctypes.c_uint64.from_buffer(self._page)

    def beat(self):
        """Tell the module that this agent is alive."""
        self._beats.value += 1

    def close(self):
        """Give up the page."""
        del self._beats
        self._page.close()


def use(*, messages=0, tool_calls=0):
    """Tell the module what this agent has sent or called, towards its limits of these. OSError of errno
    EDQUOT if it may not any more: nothing is counted then. ProcessLookupError (ESRCH) if this is none.
    """
    _check_device(_lib.agentsys_use(-1, messages, tool_calls))


def _json_text(function, *arguments):
    text = _ptr()
    length = _check_device(function(-1, *arguments, ctypes.byref(text)), *arguments)
    try:
        return json.loads(ctypes.string_at(text, length))
    finally:
        _free(text)


def telemetry():
    """Counters of the system and of every agent, and recent events, as a dict."""
    return _json_text(_lib.agentsys_telemetry)


def info(agent_id=0):
    """One agent as a dict; 0 is the caller's own. Others need CAP_SYS_ADMIN."""
    return _json_text(_lib.agentsys_info_text, agent_id)


def version():
    """The version of the module."""
    result = _Version(size=ctypes.sizeof(_Version))
    _check_device(_lib.agentsys_module_version(-1, result))
    return Version(result.abi, _text(result.release))


def patch_policy(agent_id, patch, value):
    """Change an agent's policy: patch 4 sets how often it is restarted."""
    _check_device(_lib.agentsys_patch_policy(-1, agent_id, patch, value), agent_id)


# ---- for whoever controls agents

def _bits(numbers, count, first=0):
    """A bit for each of the numbers, which are from first on."""
    bits = 0
    for number in numbers:
        if not first <= number < first + count:
            raise ValueError("%d is not from %d to %d" % (number, first, first + count - 1))
        bits |= 1 << (number - first)
    return bits


def _numbers(bits, first=0):
    return frozenset(n + first for n in range(bits.bit_length()) if bits >> n & 1)


def _words_of(bits):
    return (_u64 * _CODE_WORDS)(*(bits >> 64 * n & (1 << 64) - 1 for n in range(_CODE_WORDS)))


def _bits_of(words):
    return sum(word << 64 * n for n, word in enumerate(words))


def _choice(what, word, words):
    if word not in words:
        raise ValueError("%s is one of %s" % (what, ", ".join(words)))
    return words[word]


def _restart(word):
    if word in _RESTART_INSTEAD:
        raise ValueError("%s is no condition of ours: write %s" % (word, _RESTART_INSTEAD[word]))
    return _choice("restart", word, _RESTART_WORDS)


def _agent(info):
    values = {name: getattr(info, name) for name, _ in _Info._fields_}
    values["group"] = _text(values["group"])
    values["backoff_kind"] = _word(_lib.agentsys_backoff_name(info.backoff_kind))
    values["significant"] = bool(info.significant)
    values["exit_status"] = None if info.exit_status < 0 else info.exit_status
    values["backend"] = _word(_lib.agentsys_backend_name(info.backend))
    values["circuit"] = _word(_lib.agentsys_circuit_name(info.circuit))
    for name in ("success", "never"):
        values[name + "_codes"] = _numbers(_bits_of(values[name + "_codes"]))
        values[name + "_signals"] = _numbers(values[name + "_signals"], 1)
    values["never_causes"] = frozenset(_word(_lib.agentsys_cause_name(n))
                                       for n in _numbers(info.never_causes))
    values["name"] = _text(values["name"])
    values["cgroup"] = _text(values["cgroup"])
    values["state"] = _word(_lib.agentsys_state_name(info.state))
    values["cause"] = _word(_lib.agentsys_cause_name(info.cause))
    values["restart"] = _word(_lib.agentsys_restart_name(info.restart))
    flags = info.flags
    return Agent(**values, paused=bool(flags & 1), throttled=bool(flags & 2),
                 attached=bool(flags & 4), waits=bool(flags & 8), traps=bool(flags & 16))


def _past(past):
    values = {name: getattr(past, name) for name, _ in _Past._fields_}
    values["cause"] = _word(_lib.agentsys_cause_name(past.cause))
    values["decision"] = _word(_lib.agentsys_decision_name(past.decision))
    values["group"] = _text(past.group)
    return Past(**values)


def _fault(number):
    return _word(_lib.agentsys_fault_name(number))


def _recover(number):
    return _word(_lib.agentsys_recover_name(number))


def _number(what, name):
    """The number of a fault, an action or a preset."""
    number = getattr(_lib, "agentsys_%s_number" % what)(name.encode())
    if _word(getattr(_lib, "agentsys_%s_name" % what)(number)) == "unknown":
        raise ValueError("there is no %s" % name)
    return number


def _group(group):
    values = {name: getattr(group, name) for name, _ in _Group._fields_}
    values["name"] = _text(values["name"])
    values["parent"] = _text(values["parent"]) or None
    values["state"] = _word(_lib.agentsys_state_name(group.state))
    values["strategy"] = _word(_lib.agentsys_strategy_name(group.strategy))
    values["auto_shutdown"] = _word(_lib.agentsys_auto_shutdown_name(group.auto_shutdown))
    values["significant"] = bool(group.significant)
    values["backoff_kind"] = _word(_lib.agentsys_backoff_name(group.backoff_kind))
    return Group(**values)


class _Spec:
    """Builds a spec of the C library from keyword arguments."""

    def __init__(self, args=(), *, id=None, name=None, group=None, env=None, cwd=None, uid=None, gid=None,
                 groups=None, rlimits=None, nice=None, oom_score_adj=None, bounding=None,
                 new_privs=None, stdin=None, stdout=None, stderr=None, restart=None,
                 max_restarts=None, backoff_ms=None, stop_signal=None, stop_timeout_ms=None,
                 memory_max=None, memory_high=None, cpu=None, pids_max=None, limits=None,
                 backoff_kind=None, jitter=None, stable_ms=None, breaker=None,
                 success_codes=None, success_signals=None, never_codes=None,
                 never_signals=None, never_causes=None, significant=None, relations=None,
                 traps=None, notify=False,
                 backend=None, rootfs=None, bundle=None, image=None, mounts=(), network=None,
                 read_only=None):
        self.handle = _lib.agentsys_spec_new()
        if not self.handle:
            raise MemoryError
        try:
            for arg in args:
                self._call("add_arg", os.fsencode(arg))
            for key, value in (env or {}).items():
                self._call("add_env", os.fsencode(key) + b"=" + os.fsencode(value))
            if notify:
                self._call("set_notify")
            for setter, value in [
                    ("set_id", id), ("set_uid", uid), ("set_gid", gid), ("set_nice", nice),
                    ("set_oom_score_adj", oom_score_adj), ("set_bounding", bounding),
                    ("set_significant", significant), ("set_traps", traps), ("set_new_privs", new_privs), ("set_max_restarts", max_restarts),
                    ("set_network", network), ("set_read_only", read_only),
                    ("set_stop_signal", stop_signal), ("set_stop_timeout", stop_timeout_ms),
                    ("set_memory_max", memory_max), ("set_memory_high", memory_high),
                    ("set_pids_max", pids_max), ("set_jitter", jitter),
                    ("set_stable", stable_ms)]:
                if value is not None:
                    self._call(setter, value)
            self._set_backend(backend, [rootfs, bundle, image])
            for mount in mounts:
                self._call("add_mount", os.fsencode(mount))
            if name is not None:
                self._call("set_name", name.encode())
            if group is not None:
                self._call("set_group", group.encode())
            if cwd is not None:
                self._call("set_cwd", os.fsencode(cwd))
            if groups is not None:
                groups = list(groups)
                self._call("set_groups", len(groups), (_u32 * len(groups))(*groups))
            for resource, (soft, hard) in (rlimits or {}).items():
                self._call("set_rlimit", resource, soft, hard)
            if restart is not None:
                self._call("set_restart", _restart(restart))
            if backoff_ms is not None:
                self._call("set_backoff", *backoff_ms)
            if backoff_kind is not None:
                self._call("set_backoff_kind", _choice("backoff_kind", backoff_kind, _BACKOFFS))
            if breaker is not None:
                self._call("set_breaker", *breaker)
            for setter, codes in [("set_success_codes", success_codes),
                                  ("set_never_codes", never_codes)]:
                if codes is not None:
                    self._call(setter, _words_of(_bits(codes, 256)))
            for setter, signals in [("set_success_signals", success_signals),
                                    ("set_never_signals", never_signals)]:
                if signals is not None:
                    self._call(setter, _bits(signals, 64, 1))
            if never_causes is not None:
                self._call("set_never_causes", sum(
                    1 << cause for cause in {_choice("a cause", word, _CAUSES)
                                             for word in never_causes}))
            for kind, other in relations or ():
                self._call("add_relation", _choice("a relation", kind, _RELATIONS), other)
            if cpu is not None:
                self._call("set_cpu", *cpu)
            for limit, most in (limits or {}).items():
                self._call("set_limit", _number("limit", limit), most or 0)
            for n, what in enumerate((stdin, stdout, stderr)):
                if what is not None:
                    self._set_stdio(n, what)
        except BaseException:
            self.free()
            raise

    def _call(self, setter, *values):
        result = getattr(_lib, "agentsys_spec_" + setter)(self.handle, *values)
        if result is not None:
            _check(result)

    def _set_backend(self, backend, sources):
        for kind, source in enumerate(sources):
            if source is not None:
                self._call("set_container", kind, os.fsencode(source))
        if backend is not None:
            self._call("set_backend", _choice("backend", backend, _BACKENDS))

    def _set_stdio(self, n, what):
        if hasattr(what, "fileno"):
            what = what.fileno()
        if isinstance(what, int):
            self._call("set_stdio_fd", n, what)
        else:
            self._call("set_stdio_path", n, os.fsencode(what))

    def free(self):
        _lib.agentsys_spec_free(self.handle)
        self.handle = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.free()


class _GroupSpec:
    """Builds a spec of a group from keyword arguments."""

    def __init__(self, *, parent=None, strategy=None, budget=None, within_ms=None,
                 backoff_ms=None, auto_shutdown=None, significant=None, backoff_kind=None,
                 jitter=None, members_max=None):
        if auto_shutdown is not None and auto_shutdown not in _AUTO_SHUTDOWNS:
            raise ValueError("auto_shutdown is one of " + ", ".join(_AUTO_SHUTDOWNS))
        if strategy is not None and strategy not in _STRATEGIES:
            raise ValueError("strategy is one of " + ", ".join(_STRATEGIES))
        self.handle = _lib.agentsys_group_spec_new()
        if not self.handle:
            raise MemoryError
        try:
            if parent is not None:
                _check(_lib.agentsys_group_spec_set_parent(self.handle, parent.encode()))
            if strategy is not None:
                _lib.agentsys_group_spec_set_strategy(self.handle, _STRATEGIES[strategy])
            if budget is not None:
                _lib.agentsys_group_spec_set_budget(self.handle, budget)
            if within_ms is not None:
                _lib.agentsys_group_spec_set_within(self.handle, within_ms)
            if backoff_ms is not None:
                _lib.agentsys_group_spec_set_backoff(self.handle, *backoff_ms)
            if backoff_kind is not None:
                _lib.agentsys_group_spec_set_backoff_kind(
                    self.handle, _choice("backoff_kind", backoff_kind, _BACKOFFS))
            if jitter is not None:
                _lib.agentsys_group_spec_set_jitter(self.handle, jitter)
            if members_max is not None:
                _lib.agentsys_group_spec_set_members_max(self.handle, members_max)
            if auto_shutdown is not None:
                _lib.agentsys_group_spec_set_auto_shutdown(self.handle,
                                                           _AUTO_SHUTDOWNS[auto_shutdown])
            if significant is not None:
                _lib.agentsys_group_spec_set_significant(self.handle, significant)
        except BaseException:
            self.free()
            raise

    def free(self):
        _lib.agentsys_group_spec_free(self.handle)
        self.handle = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.free()


def why_not(backend):
    """Why agents cannot have this backend on this machine; "" if they can."""
    why = ctypes.create_string_buffer(512)
    _lib.agentsys_backend_check(_choice("backend", backend, _BACKENDS), why, len(why))
    return _text(why.value)


class Connection:
    """A connection to the module. Changing something needs CAP_SYS_ADMIN.

    Calls with wait=True return when the agent has started or ended. A signal
    handler ends such a wait: with what it raises, as that of Ctrl-C does, or
    with InterruptedError. What was asked for goes on.
    """

    def __init__(self):
        self._handle = _ptr()
        _check(_lib.agentsys_open(ctypes.byref(self._handle)))

    def close(self):
        """End the connection; agents are not touched."""
        if self._handle:
            _lib.agentsys_close(self._handle)
            self._handle = _ptr()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def __del__(self):
        if getattr(self, "_handle", None):
            self.close()

    def _check(self, result):
        return _check(result, _text(_lib.agentsys_error(self._handle)))

    def _call(self, name, *arguments):
        return self._check(getattr(_lib, "agentsys_" + name)(self._handle, *arguments))

    def spawn(self, args, *, wait=True, **spec):
        """Make an agent that runs args and start it; returns its id.

        Keywords: id, name, group ("root" by default), env (a dict; no variables by default), cwd, uid, gid,
        groups, rlimits ({resource.RLIMIT_X: (soft, hard)}), nice, oom_score_adj,
        bounding, new_privs, stdin, stdout, stderr (a path, a descriptor or a file;
        /dev/null by default), restart ("never", "on-failure", "on-abnormal",
        "always", or what else asmctl calls them), max_restarts, backoff_ms (initial, max), backoff_kind
        ("exponential", "linear", "constant", "adaptive"), jitter (per cent),
        stable_ms, breaker (restarts in a row, ms), success_codes, success_signals,
        never_codes, never_signals (numbers), never_causes ("exit", "signal", "oom",
        "fault", "launch", "link"), stop_signal, stop_timeout_ms, memory_max, memory_high,
        cpu (quota_us, period_us), pids_max, relations (pairs of a kind, see relate(),
        and an id), traps (survive crashes of linked agents), notify (have it tell the helper daemon
        how it is, by sd_notify()), backend ("native", "wasm": args begin with a
        cpu (quota_us, period_us), pids_max, limits (a dict of these and all others, see
        limits_set()), relations (pairs of a kind, see relate(),
        and an id), traps (survive crashes of linked agents), backend ("native", "wasm": args begin with a
        WebAssembly module), or for a container one of rootfs, bundle and image; with these
        mounts ("SOURCE:TARGET[:ro]"), network (False for none), read_only. A backend that is
        not available is an OSError of errno EOPNOTSUPP.
        """
        agent_id = _u32()
        with _Spec(args, **spec) as built:
            self._call("spawn", built.handle, _WAIT if wait else 0, ctypes.byref(agent_id))
        return agent_id.value

    def attach(self, pid, *, wait=True, **spec):
        """Make an agent of a running process; returns its id.

        Keywords: id, name, stop_signal, stop_timeout_ms, and the limits of spawn().
        """
        agent_id = _u32()
        with _Spec(**spec) as built:
            self._call("attach", pid, built.handle, _WAIT if wait else 0,
                       ctypes.byref(agent_id))
        return agent_id.value

    def start(self, agent_id, *, wait=True):
        """Start an agent that has ended."""
        self._call("start", agent_id, _WAIT if wait else 0)

    def stop(self, agent_id, *, timeout_ms=_DEFAULT_TIMEOUT, wait=True):
        """Ask an agent to end; what is left after the timeout is killed.

        A timeout of 0 kills it without asking, STOP_UNLIMITED never does.
        """
        self._call("stop", agent_id, timeout_ms, _WAIT if wait else 0)

    def kill(self, agent_id, *, wait=True):
        """Kill all of an agent."""
        self._call("kill", agent_id, _WAIT if wait else 0)

    def restart(self, agent_id, *, timeout_ms=_DEFAULT_TIMEOUT, wait=True):
        """Stop an agent if it runs, and start it."""
        self._call("restart", agent_id, timeout_ms, _WAIT if wait else 0)

    def pause(self, agent_id):
        """Freeze all of an agent."""
        self._call("pause", agent_id)

    def resume(self, agent_id):
        """Thaw it."""
        self._call("resume", agent_id)

    def remove(self, agent_id):
        """Forget an agent that has ended."""
        self._call("remove", agent_id)

    def set(self, agent_id, *, restart=None, max_restarts=None, backoff_ms=None,
            backoff_kind=None, jitter=None, stable_ms=None, breaker=None, success_codes=None,
            success_signals=None, never_codes=None, never_signals=None, never_causes=None,
            traps=None):
        """Change the restart policy of an agent; keywords as for spawn()."""
        with _Spec(restart=restart, max_restarts=max_restarts, backoff_ms=backoff_ms,
                   backoff_kind=backoff_kind, jitter=jitter, stable_ms=stable_ms,
                   breaker=breaker, success_codes=success_codes,
                   success_signals=success_signals, never_codes=never_codes,
                   never_signals=never_signals, never_causes=never_causes, traps=traps) as built:
            self._call("set", agent_id, built.handle)

    def move(self, agent_id, group):
        """Make an agent the last member of a group; its process goes on."""
        self._call("move", agent_id, group.encode())

    def set_significant(self, agent_id, significant):
        """Make an agent a significant member of its group, or none."""
        self._call("set_significant", agent_id, significant)

    def get(self, agent_id):
        """One agent, as an Agent."""
        result = ctypes.POINTER(_Info)()
        self._call("get", agent_id, ctypes.byref(result))
        try:
            return _agent(result.contents)
        finally:
            _lib.agentsys_info_free(result)

    def list(self):
        """All agents, ended ones among them, as a list of Agent in order of id."""
        result = ctypes.POINTER(ctypes.POINTER(_Info))()
        count = self._call("list", ctypes.byref(result))
        try:
            return [_agent(result[i].contents) for i in range(count)]
        finally:
            _lib.agentsys_list_free(result)

    def find(self, name):
        """The id of the one agent that is called so."""
        agent_id = _u32()
        self._call("find", name.encode(), ctypes.byref(agent_id))
        return agent_id.value

    def relate(self, agent_id, kind, other_id):
        """Relate an agent to another, for as long as both are known.

        It "requires" the other to run, "wants" it to start first, is its "peer", has a
        "link" to it so that the crash of one kills the other, or is a "monitor" of it.
        """
        self._call("relate", agent_id, _choice("a relation", kind, _RELATIONS), other_id)

    def unrelate(self, agent_id, kind, other_id):
        """End that."""
        self._call("unrelate", agent_id, _choice("a relation", kind, _RELATIONS), other_id)

    def relations(self):
        """All relations, as a list of Relation."""
        result = ctypes.POINTER(_RelationInfo)()
        count = self._call("relations", ctypes.byref(result))
        try:
            return [Relation(result[i].source, _word(_lib.agentsys_relation_name(result[i].kind)),
                             result[i].target) for i in range(count)]
        finally:
            _lib.agentsys_relations_free(result)

    def _history(self, function, of):
        result = ctypes.POINTER(_Past)()
        count = self._call(function, of, ctypes.byref(result))
        try:
            return [_past(result[i]) for i in range(count)]
        finally:
            _lib.agentsys_history_free(result)

    def history(self, agent_id):
        """The last ends of an agent, oldest first, as a list of Past."""
        return self._history("history", agent_id)

    def group_history(self, name):
        """The last restarts of a group, its failures among them; likewise."""
        return self._history("group_history", name.encode())

    def group_new(self, name, *, parent=None, strategy=None, budget=None, within_ms=None,
                  backoff_ms=None, auto_shutdown=None, significant=None, backoff_kind=None,
                  jitter=None, members_max=None):
        """Make a group of the supervision tree, which is empty.

        It is in the group parent ("root" by default). The strategy, "one_for_one",
        "one_for_all", "rest_for_one", "transient" or "permanent", tells who is restarted
        when a member ends; budget is how many restarts there may be within within_ms;
        backoff_ms is (initial, max), backoff_kind "exponential", "linear" or "constant",
        jitter per cent, members_max how many members it takes. With auto_shutdown "any" or "all" it stops when its
        significant members have ended for good.
        """
        with _GroupSpec(parent=parent, strategy=strategy, budget=budget, within_ms=within_ms,
                        backoff_ms=backoff_ms, auto_shutdown=auto_shutdown,
                        significant=significant, backoff_kind=backoff_kind,
                        jitter=jitter, members_max=members_max) as built:
            self._call("group_new", name.encode(), built.handle)

    def group_set(self, name, *, strategy=None, budget=None, within_ms=None, backoff_ms=None,
                  auto_shutdown=None, backoff_kind=None, jitter=None, members_max=None):
        """Change a group; what is not given stays as it is."""
        with _GroupSpec(strategy=strategy, budget=budget, within_ms=within_ms,
                        backoff_ms=backoff_ms, auto_shutdown=auto_shutdown,
                        backoff_kind=backoff_kind, jitter=jitter,
                        members_max=members_max) as built:
            self._call("group_set", name.encode(), built.handle)

    def group_move(self, name, parent):
        """Make a group, with all that is in it, the last member of another one."""
        self._call("group_move", name.encode(), parent.encode())

    def group_set_significant(self, name, significant):
        """Make a group a significant member of the one above, or none."""
        self._call("group_set_significant", name.encode(), significant)

    def group_del(self, name):
        """Remove an empty group."""
        self._call("group_del", name.encode())

    def group_start(self, name, *, wait=True):
        """Start the members of a group that do not run, in order."""
        self._call("group_start", name.encode(), _WAIT if wait else 0)

    def group_stop(self, name, *, wait=True):
        """Stop the members of a group, the last one first."""
        self._call("group_stop", name.encode(), _WAIT if wait else 0)

    def group_restart(self, name, *, wait=True):
        """Stop the members of a group, then start those that ran."""
        self._call("group_restart", name.encode(), _WAIT if wait else 0)

    def group(self, name):
        """One group, as a Group."""
        result = ctypes.POINTER(_Group)()
        self._call("group_get", name.encode(), ctypes.byref(result))
        try:
            return _group(result.contents)
        finally:
            _lib.agentsys_group_free(result)

    def groups(self):
        """All groups, as a list of Group, each behind the one that it is in."""
        result = ctypes.POINTER(ctypes.POINTER(_Group))()
        count = self._call("group_list", ctypes.byref(result))
        try:
            return [_group(result[i].contents) for i in range(count)]
        finally:
            _lib.agentsys_group_list_free(result)

    def faults(self, agent_id=0):
        """The faults of an agent, or how many there were of all; as Faults."""
        result = ctypes.POINTER(_Faults)()
        self._call("faults", agent_id, ctypes.byref(result))
        try:
            faults = result.contents
            counts = {_fault(i): faults.count[i] for i in range(1, faults.types)}
            last = [faults.entry[i] for i in range(faults.n)]
            return Faults(counts, [Fault(one.time_ns, one.measured, one.limit, one.instance,
                                         _fault(one.type), _recover(one.action))
                                   for one in last])
        finally:
            _lib.agentsys_faults_free(result)

    def recovery(self, agent_id=0):
        """What is done about faults of an agent, or of all; as a Recovery."""
        result = ctypes.POINTER(_Recovery)()
        self._call("recovery", agent_id, ctypes.byref(result))
        try:
            all_of_it = result.contents
            types = range(1, all_of_it.types)
            return Recovery(_word(_lib.agentsys_preset_name(all_of_it.preset)), all_of_it.after,
                            all_of_it.within_ms,
                            {_fault(i): _recover(all_of_it.action[i]) for i in types},
                            frozenset(_fault(i) for i in types if all_of_it.own[i]))
        finally:
            _lib.agentsys_recovery_free(result)

    def recovery_set(self, actions=(), *, agent_id=0, preset=None):
        """Change what is done about faults: a dict as {"MemoryLimit": "alert"}.

        For one agent with its id, and None for what is to be as for all again. The preset,
        "permissive", "default" or "strict", is for all agents.
        """
        rules = [(_number("fault", name), _AS_ALL if action is None else _number("recover", action))
                 for name, action in dict(actions).items()]
        array = (_Rule * len(rules))(*rules)
        self._call("recovery_set", agent_id, _CUSTOM if preset is None else _number("preset", preset),
                   array, len(rules))

    def limits(self, agent_id=0):
        """What an agent may use, and uses, or what a new one may use where its spec does not say;
        a dict of a Limit each.
        """
        result = ctypes.POINTER(_Limits)()
        self._call("limits_get", agent_id, ctypes.byref(result))
        try:
            limits = result.contents
            return {_word(_lib.agentsys_limit_name(i)):
                    Limit(limits.max[i] or None, limits.used[i] if limits.known[i] else None)
                    for i in range(limits.limits)}
        finally:
            _lib.agentsys_limits_free(result)

    def limits_set(self, limits=(), *, agent_id=0, preset=None):
        """Change what an agent may use, a dict as {"memory_max": 100 << 20, "messages": None}:
        those given, all or none; None is no limit. An agent that runs has them at once.

        Without an agent_id, of agents that are yet to come and are not told otherwise; the preset,
        "none" or "guide", comes first.
        """
        changes = [(_number("limit", name), most or 0) for name, most in dict(limits).items()]
        array = (_LimitChange * len(changes))(*changes)
        if agent_id:
            if preset is not None:
                raise ValueError("a preset is for agents that are yet to come")
            self._call("limits_set", agent_id, array, len(changes))
        else:
            self._call("limits_default", _LIMITS_KEEP if preset is None else
                       _choice("preset", preset, _LIMIT_PRESETS), array, len(changes))

    def recovery_ladder(self, after, within_ms=0):
        """Do more about faults that go on and on, see Recovery; 0 ends that."""
        self._call("recovery_ladder", after, within_ms)

    def report_heartbeat(self, agent_id, instance=0):
        """Say for an agent that it is alive; instance is which start of it has said so."""
        self._call("report_heartbeat", agent_id, instance)

    def report_fault(self, agent_id, fault, measured=0, limit=0, instance=0):
        """Report a fault of an agent, as "Unresponsive": what is done about such faults is done."""
        self._call("report_fault", agent_id, instance, _number("fault", fault), measured, limit)

    def report_warning(self, agent_id, fault, measured=0, instance=0):
        """Report that an agent is close to a fault: it is an event, and no more."""
        self._call("report_warning", agent_id, instance, _number("fault", fault), measured)

    def report_call_begin(self, agent_id, timeout_ms, instance=0):
        """Report that an agent waits for an answer, for so long at most: its silence is excused."""
        self._call("report_call_begin", agent_id, instance, timeout_ms)

    def report_call_end(self, agent_id, instance=0):
        """Report that it has the answer."""
        self._call("report_call_end", agent_id, instance)

    @contextmanager
    def call(self, agent_id, timeout_ms, instance=0):
        """While its body runs the agent waits for an answer that the body makes:

            with asm.call(agent_id, timeout_ms=60000):
                answer = ask_the_model(question)

        Its watchdog excuses its silence meanwhile, for timeout_ms at most. That the agent is
        gone or was started again, or the time over, when the body ends is no error.
        """
        instance = instance or self.get(agent_id).instance
        self.report_call_begin(agent_id, timeout_ms, instance)
        try:
            yield
        finally:
            try:
                self.report_call_end(agent_id, instance)
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.ENOTCONN, errno.ESRCH, errno.ESTALE):
                    raise

    def system(self):
        """Counters of the system, as a System."""
        result = ctypes.POINTER(_System)()
        self._call("system", ctypes.byref(result))
        try:
            values = {name: getattr(result.contents, name) for name, _ in _System._fields_}
            for name in ("release", "launcher_path", "cgroup_root", "controllers", "hooks"):
                values[name] = _text(values[name])
            values["controllers"] = values["controllers"].split()
            return System(**values)
        finally:
            _lib.agentsys_system_free(result)

    def shutdown(self, *, timeout_ms=_DEFAULT_TIMEOUT, wait=True):
        """Stop every agent; returns how many were ended and how many of them killed."""
        ended, killed = _u32(), _u32()
        self._call("shutdown", timeout_ms, _WAIT if wait else 0, ctypes.byref(ended),
                   ctypes.byref(killed))
        return ended.value, killed.value

    def shutdown_all(self, *, timeout_ms=_DEFAULT_TIMEOUT):
        """Stop every agent; returns those that lived, as a list of Agent in the order of their ends.

        exit_status and end_pid tell how each has ended, cause is "kill" for those that did not
        in time, and it took from asked_time to end_time.
        """
        result = ctypes.POINTER(ctypes.POINTER(_Info))()
        try:
            count = self._call("shutdown_all", timeout_ms, ctypes.byref(result))
            return [_agent(result[i].contents) for i in range(count)]
        finally:
            _lib.agentsys_list_free(result)


def events(after=EVENTS_NEW, timeout=None):
    """Iterate over events, each an Event.

    after is the number of an event: those behind it that the module still keeps
    come first; EVENTS_ALL for all of them, EVENTS_NEW for none. The iteration
    ends when no event came for timeout seconds; None waits for ever, and 0 gives
    what there is.
    """
    subscription = _ptr()
    _check(_lib.agentsys_events_open(ctypes.byref(subscription), after))
    try:
        while True:
            event = _Event()
            lost = _u64()
            ms = -1 if timeout is None else int(timeout * 1000)
            result = _lib.agentsys_events_next(subscription, event, ctypes.byref(lost), ms)
            if result == -errno.EINTR:
                continue  # what a handler raises has been raised by now
            if not _check(result):
                return
            text = ctypes.create_string_buffer(256)
            _lib.agentsys_event_text(event, text, len(text))
            yield Event(event.seq, event.time_ns, event.agent_id, event.pid,
                        _word(_lib.agentsys_event_name(event.type)),
                        _word(_lib.agentsys_cause_name(event.cause)), event.code,
                        event.instance, event.value, _text(event.name), _text(text.value),
                        lost.value, event.limit,
                        _word(_lib.agentsys_recover_name(event.action)) if event.action else None)
    finally:
        _lib.agentsys_events_close(subscription)
