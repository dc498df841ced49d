#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# vm: timeout=120
"""The watchdog from Python and asmctl: a page that an agent stores to, and how it is judged."""
import json
import os
import sys

import agentsys
import ksft
from ctl import FAILED, USAGE, ctl, run, with_clean

PROGRAM = """
import sys, agentsys
pulse = agentsys.Pulse()
for line in sys.stdin:
    if line == "beat\\n":
        pulse.beat()
    else:
        agentsys.trigger()
    print("ok", flush=True)
"""


@with_clean
def test_a_store_is_a_heartbeat():
    with agentsys.Connection() as asm:
        ours, theirs = os.pipe(), os.pipe()
        agent = asm.spawn([sys.executable, "-c", PROGRAM], name="pulsing", stdin=ours[0], stdout=theirs[1],
                          env=dict(os.environ),
                          limits={"watchdog": 300 * int(ksft.SCALE)})
        asm.recovery_set({"Unresponsive": "alert"}, agent_id=agent)
        os.write(ours[1], b"beat\n")
        assert os.read(theirs[0], 8) == b"ok\n"
        ksft.wait_for("its fault", lambda: asm.faults(agent).counts["Unresponsive"] == 1)
        assert asm.get(agent).heartbeats == 1
        os.write(ours[1], b"beat\n")
        ksft.wait_for("its fault", lambda: asm.faults(agent).counts["Unresponsive"] == 2)
        assert asm.get(agent).heartbeats == 2
        assert asm.limits(agent)["watchdog"].max == 300 * int(ksft.SCALE)
        agentsys_error = fails(lambda: asm.limits_set({"watchdog_mode": 3}, agent_id=agent))
        assert "no such watchdog mode" in agentsys_error


def fails(function):
    try:
        function()
    except OSError as error:
        return str(error)
    raise AssertionError("no error")


def test_nobody_else_has_a_page():
    try:
        agentsys.Pulse()
    except ProcessLookupError:
        return
    raise AssertionError("no error")


@with_clean
def test_words_of_limits():
    run("--name", "sleeper", "--watchdog", "5s", "--limit", "watchdog_mode=phi", "--limit",
        "watchdog_phi=3.5", "--limit", "watchdog_start=yes", "sleep", "1000000")
    text = ctl("limits", "sleeper").out
    for words in ("watchdog_mode", "phi", "5.0s", "3.5", "yes"):
        assert words in text, text
    ctl("limits", "sleeper", "watchdog_mode=passive", "watchdog_start=no", "watchdog_pause=2s")
    assert "passive" in ctl("limits", "sleeper").out
    assert "timeout, phi or passive" in ctl("limits", "sleeper", "watchdog_mode=psychic", want=USAGE).err
    assert "yes nor no" in ctl("limits", "sleeper", "watchdog_start=perhaps", want=USAGE).err
    ctl("limits", "sleeper", "watchdog_mode=phi", "watchdog_window=7")
    assert json.loads(ctl("limits", "sleeper", "--json").out)["limits"]["watchdog_window"]["limit"] == 7
    told = [json.loads(line) for line in ctl("events", "--json").out.splitlines()]
    last = [event for event in told if event["type"] == "limits"][-1]
    assert "other limits: watchdog_mode, watchdog_window" in last["text"], last
    assert "2 and 128" in ctl("limits", "sleeper", "watchdog_window=129", want=FAILED).err
    ctl("limits", "sleeper", "watchdog_mode=passive")
    assert "'five' is no time" in ctl("run", "--watchdog", "five", "sleep", "1", want=USAGE).err
    assert "100 ms and 24 h" in ctl("run", "--watchdog", "99ms", "sleep", "1", want=FAILED).err
    assert "above 12000" in ctl("limits", "sleeper", "watchdog_phi=13", want=FAILED).err
    assert "passive" in ctl("limits", "sleeper").out


ksft.main()
