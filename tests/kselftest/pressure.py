#!/usr/bin/env python3
# vm: timeout=300
"""Pressure: an agent whose tasks wait more than they may is told of, before anything is lost."""
import os
import subprocess
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import ksft
from ctl import USAGE, clean, ctl, ctl_json, events_after, info, last_event, run, with_clean
from ksft import wait_for

BURN = """
import os
for child in range(3):
    if not os.fork():
        break
while True:
    pass
"""

# It goes round what it may not keep in memory.
THRASH = """
hoard = bytearray(64 << 20)
while True:
    for at in range(0, len(hoard), 4096):
        hoard[at] = 1
"""


def pressures(agent, since):
    return [event for event in events_after(since) if event["type"] == "pressure" and event["agent_id"] == agent]


def python(program):
    return "python3", "-c", program


@with_clean
def test_cpu():
    "tasks that wait for the CPU are told of once in a while, with the average, and are no fault"
    since = last_event()
    agent = run("--cpu", "20%", "--limit", "cpu_pressure=30%", *python(BURN))["agent_id"]
    idle = run("--limit", "cpu_pressure=30%", "--limit", "memory_pressure=10", "sleep", "1000")["agent_id"]
    wait_for("pressure", lambda: pressures(agent, since), 60)
    first = pressures(agent, since)[0]
    assert first["code"] == 1 and 0 < first["value"] <= 10000, first
    assert "waits for the CPU" in ctl("events", "--since", first["seq"] - 1).out
    wait_for("more of it", lambda: len(pressures(agent, since)) > 1, 60)
    first, second = pressures(agent, since)[:2]
    assert second["time_us"] - first["time_us"] >= 10000000, (first, second)
    assert not pressures(idle, since)
    assert not [fault for fault in ctl_json("faults", idle)["last"]]


@with_clean
def test_memory():
    "memory that has to be taken back, while the limit is changed"
    agent = run("--limit", "memory_high=24M", *python(THRASH))["agent_id"]
    since = last_event()
    ctl("limits", agent, "memory_pressure=5%")
    assert ctl_json("limits", agent)["limits"]["memory_pressure"]["limit"] == 5
    wait_for("pressure", lambda: pressures(agent, since), 60)
    assert pressures(agent, since)[0]["code"] == 0
    assert info(agent)["state"] == "active"
    ctl("limits", agent, "memory_pressure=infinity")
    ctl("kill", agent)


@with_clean
def test_io():
    "what waits for a disk that is slow by itself, however fast the machine is"
    if subprocess.call(["modprobe", "null_blk", "nr_devices=1", "irqmode=2", "completion_nsec=50000000"],
                       stderr=subprocess.DEVNULL):
        raise ksft.Skip("no disk to wait for")
    try:
        since = last_event()
        limit = "--limit", "io_pressure=50%"
        agent = run(*limit, "dd", "if=/dev/zero", "of=/dev/nullb0", "bs=4k", "oflag=direct", "count=1000000")["agent_id"]
        idle = run(*limit, "sleep", "1000")["agent_id"]
        wait_for("pressure", lambda: pressures(agent, since), 60)
        first = pressures(agent, since)[0]
        assert first["code"] == 2 and 0 < first["value"] <= 10000, first
        assert "waits for I/O" in ctl("events", "--since", first["seq"] - 1).out
        assert info(agent)["state"] == "active"
        assert not pressures(idle, since)
    finally:
        clean()
        subprocess.check_call(["rmmod", "null_blk"])


@with_clean
def test_restart():
    "the next instance is watched, too"
    agent = run("--restart", "always", "--backoff", "0", "--cpu", "20%", "--limit", "cpu_pressure=30%", *python(BURN))["agent_id"]
    os.kill(info(agent)["pid"], 9)
    wait_for("the next one", lambda: info(agent)["instance"] == 2 and info(agent)["state"] == "active")
    since = last_event()
    wait_for("pressure", lambda: pressures(agent, since), 60)
    assert pressures(agent, since)[0]["instance"] == 2


@with_clean
def test_refusals():
    "what is no percentage"
    for text in "101%", "x", "-1", "0x10", "":
        result = ctl("run", "--limit", "cpu_pressure=" + text, "sleep", "1000", want=USAGE)
        assert "has no percentage" in result.err, result


ksft.main()
