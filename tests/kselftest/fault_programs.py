#!/usr/bin/env python3
# vm: timeout=400 kernels=6.1,6.12
"""Programs that do harm: what they do is seen, and held, and nobody else suffers from it."""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import ksft
from ctl import WORK, ctl, ctl_json, end_of, info, run, with_clean
from ksft import wait_for

# What ends a process that does nothing about it: signal(7).
FATAL = [number for number in range(1, 32) if number not in (
    signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH, signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)]

# Python programs. One that eats memory in children, which forget their parents.
HOARD = """
import os, signal
for child in range(4):
    if not os.fork():
        os.setsid()
        if os.fork():
            os._exit(0)
        hoard = []
        while True:
            hoard.append(bytearray(1 << 20))
signal.pause()
"""

# One that forks as fast as it can, and each of its children does.
BOMB = """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""

# One that counts how often it gets round.
COUNT = """
import sys, time
while True:
    begin, n = time.monotonic(), 0
    while time.monotonic() - begin < 0.25:
        n += 1
    with open(sys.argv[1], "a") as out:
        out.write("%d\\n" % n)
"""


def python(program, *words):
    return "python3", "-c", program, *words


def faults(agent):
    return [fault["type"] for fault in ctl_json("faults", agent)["last"]]


@with_clean
def test_fatal_signals():
    "a crash by each fatal signal is one fault, with the signal"
    for number in FATAL:
        started = run("sleep", "1000")
        agent = started["agent_id"]
        os.kill(started["pid"], number)
        wait_for("its end by signal %d" % number, lambda: info(agent)["state"] == "exited")
        assert end_of(agent) == ("signal", number), (number, end_of(agent))
        last = ctl_json("faults", agent)["last"]
        assert [(fault["type"], fault["measured"]) for fault in last] == [("Crash", number)], (number, last)
        ctl("remove", agent)


@with_clean
def test_hoard():
    "memory that orphans of orphans eat is the agent's, and all of them go"
    agent = run("--memory-max", "32M", *python(HOARD))["agent_id"]
    wait_for("its end", lambda: info(agent)["state"] == "exited")
    assert end_of(agent) == ("oom", 9), end_of(agent)
    assert faults(agent) == ["MemoryLimit"]
    wait_for("nothing left of it", lambda: not os.path.exists("/sys/fs/cgroup/agentsys/%d" % agent))


@with_clean
def test_bomb_and_hog():
    "with a fork bomb and a memory hog at once, others run on and asmctl answers"
    path = WORK + "/rounds"

    def rounds():
        with open(path) as file:
            return [int(line) for line in file.read().splitlines()]

    def best(first):
        """The most rounds of four turns from that one on: what a turn shares with the test itself is not the question."""
        wait_for("four turns", lambda: os.path.exists(path) and len(rounds()) >= first + 4, 60)
        return max(rounds()[first:first + 4])

    bystander = run("--name", "bystander", *python(COUNT, path))
    alone = best(2)
    bomb = run("--name", "bomb", "--pids-max", 30, "--cpu", "20%", *python(BOMB))["agent_id"]
    hog = run("--name", "hog", "--memory-max", "32M", "--cpu", "20%", "--restart", "always", "--max-restarts", 3, "--backoff", "50ms",
              *python(HOARD))["agent_id"]
    wait_for("the bomb to go off", lambda: "ProcessLimit" in faults(bomb), 60)
    wait_for("the hog to be caught", lambda: "MemoryLimit" in faults(hog), 60)
    among = len(rounds())
    # This machine may be slower for a while by itself, but not for good.
    wait_for("a turn of at least half as many rounds as the %d alone" % alone, lambda: max(rounds()[among:], default=0) > alone * 0.5, 60)
    # Whoever has the machine can end it.
    ctl("kill", "bomb")
    assert info(bomb)["state"] == "exited"
    wait_for("the bomb's end", lambda: not os.path.exists("/sys/fs/cgroup/agentsys/%d" % bomb))
    wait_for("the hog's last end", lambda: info(hog)["state"] == "failed", 150)
    assert end_of(hog) == ("oom", 9) and faults(hog).count("MemoryLimit") >= 1, (end_of(hog), faults(hog))
    now = info("bystander")
    assert (now["pid"], now["fault_count"]) == (bystander["pid"], 0), now


@with_clean
def test_deaf_bomb():
    "a bomb that ignores SIGTERM is stopped, whole"
    agent = run("--pids-max", 20, "--stop-timeout", "300ms", *python("import signal\nsignal.signal(15, signal.SIG_IGN)" + BOMB))["agent_id"]
    wait_for("it to go off", lambda: "ProcessLimit" in faults(agent))
    ctl("stop", agent)
    assert end_of(agent) == ("kill", signal.SIGKILL) and "Crash" not in faults(agent), (end_of(agent), faults(agent))
    wait_for("nothing left of it", lambda: not os.path.exists("/sys/fs/cgroup/agentsys/%d" % agent))


@with_clean
def test_alert_scripts():
    "the guide's scripts find the agents that are in trouble, and no others"
    count = WORK + "/starts"
    trouble = run("--id", 100, "--restart", "on-failure", "--max-restarts", 6, "--backoff", "0", "sh", "-c",
                  "echo >>%s; [ $(wc -l <%s) -gt 6 ] || exit 3; sleep 1000" % (count, count))["agent_id"]
    run("--id", 101, "sleep", "1000")
    wait_for("its last start", lambda: info(trouble)["restart_count"] == 6 and info(trouble)["state"] == "active")

    def script(text):
        done = subprocess.run(["bash", "-c", text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    assert script("""asmlist | awk 'NR > 3 && $5 > 2 {print "Agent " $1 " restarted " $5 " times"}'""") == "Agent 100 restarted 6 times\n"
    assert script("""awk '$1 ~ /^[0-9]+$/ && $4 > 5 {print "Agent " $1 " has had " $4 " faults"}' /proc/agentsys/status""") == (
        "Agent 100 has had 6 faults\n")
    log = script("""for id in $(asmlist | tail -n +4 | awk '{print $1}'); do
    asminfo $id
done""")
    assert "Fault Count:   6\n" in log and "Fault Count:   0\n" in log, log


ksft.main()
