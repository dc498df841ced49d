#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# vm: timeout=120
"""The watchdog from Python and asmctl: a page that an agent stores to, and how it is judged."""
import http.server
import json
import os
import sys
import threading

import agentsys
import ksft
from ctl import FAILED, USAGE, ctl, info, run, with_clean

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


# Asks a gateway when told to, and says what was answered.
CALLER = """
import sys, agentsys, urllib.request
for line in sys.stdin:
    agentsys.heartbeat()
    print(urllib.request.urlopen(sys.argv[1]).read().decode(), flush=True)
"""


class Gateway(http.server.BaseHTTPRequestHandler):
    "Reports each call of the agent, and answers when it may."
    agent, called, answer = None, threading.Event(), threading.Event()

    def do_GET(self):
        with agentsys.Connection() as asm, asm.call(self.agent, 3600000):
            self.called.set()
            assert self.answer.wait(60 * ksft.SCALE)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"forty-two")

    def log_message(self, *words):
        pass


@with_clean
def test_a_call_is_no_silence():
    "an agent waits for a gateway several times as long as its watchdog, and is shown to"
    watchdog = {"watchdog": 600 * int(ksft.SCALE)}
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with agentsys.Connection() as asm:
        ours, theirs, others = os.pipe(), os.pipe(), os.pipe()
        agent = asm.spawn([sys.executable, "-c", CALLER, "http://127.0.0.1:%d/" % server.server_port], name="caller",
                          stdin=ours[0], stdout=theirs[1], env=dict(os.environ), limits=watchdog)
        other = asm.spawn([sys.executable, "-c", PROGRAM], stdin=others[0], env=dict(os.environ), limits=watchdog)
        for one in agent, other:
            asm.recovery_set({"Unresponsive": "alert"}, agent_id=one)
        assert (info("caller")["calls"], info("caller")["calls_left_ms"]) == (0, 0)
        assert "Calls:" not in ctl("info", "caller").out
        Gateway.agent = agent
        while True:
            silent = asm.faults(agent).counts["Unresponsive"]
            os.write(ours[1], b"ask\n")
            assert Gateway.called.wait(60 * ksft.SCALE)
            if asm.faults(agent).counts["Unresponsive"] == silent:
                break
            # It was missed before its call was reported: once more, that takes less time now.
            Gateway.answer.set()
            assert os.read(theirs[0], 32) == b"forty-two\n"
            Gateway.called.clear()
            Gateway.answer.clear()
        for n in 1, 2, 3:
            os.write(others[1], b"beat\n")
            ksft.wait_for("its fault", lambda: asm.faults(other).counts["Unresponsive"] == n)
        assert asm.faults(agent).counts["Unresponsive"] == silent
        now = asm.get(agent)
        assert now.calls == 1 and 0 < now.calls_left_ms < 3600000, now
        assert info("caller")["calls"] == 1 and info("caller")["calls_left_ms"] <= now.calls_left_ms
        assert "  Calls:         waits for 1, for 59m" in ctl("info", "caller").out, ctl("info", "caller").out
        Gateway.answer.set()
        assert os.read(theirs[0], 32) == b"forty-two\n"
        ksft.wait_for("its fault", lambda: asm.faults(agent).counts["Unresponsive"] == silent + 1)
        assert asm.get(agent).calls == 0
    server.shutdown()


@with_clean
def test_calls_of_one_that_goes():
    "a call whose agent ends, is started again, or outlives its time, ends without an error; others are told"
    with agentsys.Connection() as asm:
        agent = asm.spawn(["/bin/sleep", "1000000"])
        with asm.call(agent, 3600000):
            asm.restart(agent)
            assert asm.get(agent).calls == 0
            asm.report_call_begin(agent, 3600000)
        assert asm.get(agent).calls == 1
        asm.report_call_end(agent)
        with asm.call(agent, 1):
            ksft.wait_for("its end", lambda: asm.get(agent).calls == 0)
        with asm.call(agent, 3600000):
            asm.kill(agent)
        assert "not active" in fails(lambda: asm.report_call_begin(agent, 1))
        with asm.call(asm.spawn(["/bin/sleep", "1000000"], name="goes"), 3600000):
            ctl("kill", "goes")
            ctl("rm", "goes")
        asm.start(agent)
        assert "24 h" in fails(lambda: asm.report_call_begin(agent, 0))
        assert "in no call" in fails(lambda: asm.report_call_end(agent))
        assert "started again" in fails(lambda: asm.report_call_end(agent, 1))
        assert "no such agent" in fails(lambda: asm.call(4711, 1).__enter__())


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
