#!/usr/bin/env python3
# vm: timeout=120 kernels=one
"""asmctl faults and asmctl recovery: what they tell, as text and as JSON, and refuse."""
import json
import os
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import ksft
from ctl import NO_AGENT, USAGE, call, ctl, ctl_json, info, run, with_clean
from ksft import wait_for

TYPES = ["CpuQuota", "MemoryLimit", "SyscallFlood", "Crash", "CapabilityViolation", "PolicyViolation", "Unresponsive",
         "ProcessLimit", "IoLimit", "Budget"]
DEFAULT = ["throttle", "kill", "throttle", "restart", "kill", "kill", "restart", "alert", "throttle", "kill"]


@with_clean
def test_faults():
    "each fault is told with what was measured, the limit, and what was done"
    before = ctl_json("faults")["counts"]
    assert list(before) == TYPES
    run("--id", 70, "--name", "greedy", "--memory-max", "16M", "sh", "-c",
        "exec python3 -c 'bytearray(64 << 20)'")
    wait_for("its end", lambda: info(70)["state"] == "exited")
    told = ctl_json("faults", "greedy")
    assert told["counts"] == {kind: int(kind == "MemoryLimit") for kind in TYPES}
    fault, = told["last"]
    assert (fault["type"], fault["limit"], fault["action"], fault["instance"]) == ("MemoryLimit", 16 << 20, "kill", 1)
    assert fault["measured"] >= 16 << 20 and fault["time_us"] > 0
    assert ctl_json("faults")["counts"] == dict(before, MemoryLimit=before["MemoryLimit"] + 1)

    lines = ctl("faults", 70).out.splitlines()
    assert lines[0].split() == ["WHEN", "INSTANCE", "FAULT", "MEASURED", "LIMIT", "ACTION"]
    assert "MemoryLimit" in lines[1] and "16M" in lines[1] and lines[1].endswith("kill"), lines
    lines = ctl("faults").out.splitlines()
    assert [line.split()[0] for line in lines] == ["FAULT"] + TYPES
    assert "Agent 70 fault: memory limit exceeded" in ctl("events").out
    event, = [event for event in map(json.loads, ctl("events", "--json").out.splitlines()) if event["agent_id"] == 70 and event["type"] == "fault"]
    assert (event["value"], event["limit"], event["action"]) == (fault["measured"], 16 << 20, "kill"), event
    assert "Fault Count:   1\n" in call("asminfo", "70").out


@with_clean
def test_crash():
    "a crash is told with its code and what became of the agent"
    run("--id", 71, "--restart", "on-failure", "--max-restarts", 1, "--backoff", "0", "sh", "-c", "exit 3")
    wait_for("failed", lambda: info(71)["state"] == "failed")
    last = ctl_json("faults", 71)["last"]
    assert [(fault["type"], fault["measured"], fault["limit"], fault["action"]) for fault in last] == [
        ("Crash", 3, 0, "restart"), ("Crash", 3, 0, "alert")]


def actions(*words):
    return ctl_json("recovery", *words)["actions"]


@with_clean
def test_recovery():
    "presets, single actions, an agent's own, and the ladder"
    told = ctl_json("recovery")
    assert told == {"preset": "default", "ladder_after": 0, "ladder_within_ms": 60000,
                    "actions": dict(zip(TYPES, DEFAULT)), "own": []}
    lines = ctl("recovery").out.splitlines()
    assert lines[:2] == ["Preset: default", "Ladder: off"]
    assert [tuple(line.split()) for line in lines[3:]] == list(zip(TYPES, DEFAULT))

    try:
        assert set(actions("--preset", "strict").values()) == {"kill"}
        assert set(actions("--preset", "permissive").values()) == {"alert"}
        told = ctl_json("recovery", "--preset", "strict", "crash=restart", "CPUQUOTA=Throttle")
        assert told["preset"] == "custom"
        assert told["actions"] == dict(dict.fromkeys(TYPES, "kill"), Crash="restart", CpuQuota="throttle")

        run("--id", 72, "--name", "own", "sleep", "1000")
        told = ctl_json("recovery", "--agent", "own", "MemoryLimit=alert", "Crash=alert")
        assert told["own"] == ["MemoryLimit", "Crash"]
        assert (told["actions"]["MemoryLimit"], told["actions"]["IoLimit"]) == ("alert", "kill")
        assert actions()["MemoryLimit"] == "kill"
        assert ctl_json("recovery", "--agent", 72, "MemoryLimit=all")["own"] == ["Crash"]
        assert "this agent" in ctl("recovery", "--agent", 72).out

        told = ctl_json("recovery", "--ladder", "3:2m")
        assert (told["ladder_after"], told["ladder_within_ms"]) == (3, 120000)
        assert "Ladder: 3 faults a rung within 120s" in ctl("recovery").out
        assert ctl_json("recovery", "--ladder", "off")["ladder_after"] == 0
    finally:
        ctl("recovery", "--preset", "default", "--ladder", "off")


@with_clean
def test_refusals():
    "what makes no sense is refused in one line"
    def refused(words, *more, want=USAGE):
        err = ctl(*more, want=want).err
        assert words in err.splitlines()[0], err

    refused("no fault 'cpu'", "recovery", "cpu=kill")
    refused("no fault 'none'", "recovery", "none=kill")
    refused("'stop' is no action", "recovery", "Crash=stop")
    refused("does not say what to do", "recovery", "Crash")
    refused("no preset", "recovery", "--preset", "custom")
    refused("is no ladder", "recovery", "--ladder", "x")
    refused("say off", "recovery", "--ladder", "0:1m")
    refused("for one agent", "recovery", "Crash=all")
    refused("for all agents", "recovery", "--agent", "7", "--preset", "strict")
    refused("no use against", "recovery", "Crash=throttle", want=1)
    refused("no such agent", "recovery", "--agent", "4711", "Crash=kill", want=NO_AGENT)
    refused("no such agent", "faults", "4711", want=NO_AGENT)
    assert ctl_json("recovery")["preset"] == "default"


ksft.main()
