#!/usr/bin/env python3
# vm: with=stress-ng timeout=400 kernels=one
"""What stress-ng does to a machine, as an agent that has limits."""
import os
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import ksft
from ctl import ctl, ctl_json, end_of, info, run, with_clean
from ksft import wait_for

if not os.path.exists("/usr/bin/stress-ng"):
    print("1..0 # SKIP stress-ng is not installed on the machine that made the image")
    sys.exit(4)


def stress(*jobs, limits=()):
    # Without the messages that it would log, there is nothing for it to write to.
    return run(*limits, "stress-ng", "--quiet", "--temp-path", "/tmp", *jobs)["agent_id"]


def wait_for_fault(agent, fault):
    wait_for(fault, lambda: fault in [one["type"] for one in ctl_json("faults", agent)["last"]], 60)


@with_clean
def test_memory():
    "jobs that fill memory"
    agent = stress("--vm", 2, "--vm-bytes", "128M", limits=("--memory-max", "48M"))
    wait_for_fault(agent, "MemoryLimit")
    wait_for("its end", lambda: info(agent)["state"] == "exited")
    assert end_of(agent) == ("oom", 9), end_of(agent)


@with_clean
def test_forks():
    "jobs that fork"
    agent = stress("--fork", 4, "--fork-max", 16, limits=("--pids-max", 16))
    wait_for_fault(agent, "ProcessLimit")
    assert info(agent)["state"] == "active"
    ctl("stop", agent)
    wait_for("nothing left of it", lambda: not os.path.exists("/sys/fs/cgroup/agentsys/%d" % agent))


@with_clean
def test_cpu():
    "jobs that compute are held to their share, until they are gone"
    agent = stress("--cpu", 4, limits=("--cpu", "20%"))
    wait_for_fault(agent, "CpuQuota")
    wait_for("it to be slowed down", lambda: info(agent)["throttled"])
    ctl("limits", agent, "cpu=infinity")
    wait_for("it to be slowed down no more", lambda: not info(agent)["throttled"])
    assert info(agent)["state"] == "active"


@with_clean
def test_syscalls():
    "jobs that do nothing but call the kernel are slowed down"
    agent = stress("--get", 2, limits=("--limit", "syscall_rate=500", "--limit", "syscall_burst=3000"))
    wait_for_fault(agent, "SyscallFlood")
    wait_for("it to be slowed down", lambda: info(agent)["throttled"])
    ctl("kill", agent)


ksft.main()
