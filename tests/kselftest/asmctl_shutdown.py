#!/usr/bin/env python3
# vm: timeout=120 kernels=one
"""asmctl shutdown: what it tells of each agent, as a table, as JSON, and while it waits."""
import os
import pty
import select
import subprocess
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import ksft
from ctl import OK, USAGE, WORK, ctl, ctl_json, deaf, info, run, with_clean
from ksft import wait_for


@with_clean
def test_table():
    "a table tells of each how it ended"
    run("--id", 100, "sleep", "1000")
    deaf("--id", 101, "--name", "deaf", "--stop-timeout", "200ms")
    ctl("group", "new", "pair")
    run("--id", 102, "--group", "pair", "sleep", "1000")
    lines = ctl("shutdown", "--timeout", "1h").out.splitlines()
    rows = [line.split()[:5] for line in lines]
    assert rows[0] == ["ID", "NAME", "GROUP", "END", "STATUS"] and lines[0].endswith("AFTER"), lines
    assert sorted(rows[1:4]) == [["100", "sleep", "root", "stop", "SIGTERM"],
                                 ["101", "deaf", "root", "kill", "SIGKILL"],
                                 ["102", "sleep", "pair", "stop", "SIGTERM"]], lines
    assert lines[4:] == ["Ended 3 agents, 1 of them by a kill"], lines
    assert ctl("shutdown", "--now").out == "No agent ran\n"
    assert ctl("shutdown", "--no-wait").out == "The shutdown has begun\n"


@with_clean
def test_json():
    "--json has the same, with an exit code or a signal"
    run("--id", 100, "--name", "codes", "sh", "-c",
        "trap 'exit 15' TERM; : >%s/trapped; while :; do sleep 1000 & wait; done" % WORK)
    wait_for("its trap", lambda: os.path.exists(WORK + "/trapped"))
    pid = info("codes")["pid"]
    assert info("codes")["last_exit"]["exit_code"] is None
    told = ctl_json("shutdown")
    assert told["ended"] == 1 and told["killed"] == 0 and len(told["agents"]) == 1, told
    agent = told["agents"][0]
    assert agent.pop("took_us") > 0, told
    assert agent == {"agent_id": 100, "name": "codes", "group": "root", "pid": pid, "state": "exited",
                     "cause": "stop", "exit_code": 15, "signal": None, "killed": False}, told
    end = info("codes")["last_exit"]
    assert end == {"cause": "stop", "code": 15, "exit_code": 15, "signal": None}, end
    assert "Last End:      stopped (exit 15), " in ctl("info", "codes").out
    assert ctl_json("shutdown") == {"ended": 0, "killed": 0, "agents": []}
    for option in ("--json", "--verbose"):
        assert "--no-wait" in ctl("shutdown", "--no-wait", option, want=USAGE).err


@with_clean
def test_many():
    "of many agents those are listed that had to be killed, and all with --verbose"
    for verbose, rows in ([], 1), (["--verbose"], 22):
        for _ in range(21):
            run("sleep", "1000")
        deaf("--name", "deaf", "--stop-timeout", "200ms")
        lines = ctl("shutdown", "--timeout", "1h", *verbose).out.splitlines()
        assert len(lines) == rows + 2 and any(" deaf " in line for line in lines), lines
        assert lines[-1] == "Ended 22 agents, 1 of them by a kill", lines


@with_clean
def test_progress():
    "on a terminal it tells whom it waits for, and leaves nothing of that"
    deaf("--name", "slow", "--stop-timeout", "60s")
    master, slave = pty.openpty()
    asking = subprocess.Popen(["asmctl", "shutdown", "--timeout", "1h"], stdout=subprocess.DEVNULL, stderr=slave)
    os.close(slave)
    text = b""
    while b"Waiting for slow to end" not in text:
        assert select.select([master], [], [], 20 * ksft.SCALE)[0], text
        text += os.read(master, 1000)
    ctl("kill", "slow")
    assert asking.wait(20 * ksft.SCALE) == OK
    try:
        while True:
            text += os.read(master, 1000)
    except OSError:  # nobody has it open any more
        pass
    os.close(master)
    assert text.endswith(b"\r\x1b[K"), text


ksft.main()
