#!/usr/bin/env python3
# vm: timeout=400 kernels=one
"""What asmctl and the Python bindings take and tell of restarts keyed on cause, and asmctl explain."""
import ctypes
import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import agentsys
import ksft
from ctl import NO_AGENT, USAGE, ctl, ctl_json, info, run, with_clean
from ksft import wait_for


# ---- options

@with_clean
def test_options():
    "run takes all of it, info and --json tell it"
    agent = run("--id", 100, "--restart", "on-abnormal", "--backoff-kind", "linear", "--jitter", "20%", "--stable", "10s",
                "--breaker", "5:10m", "--success-status", "3 10-12 TEMPFAIL SIGHUP", "--prevent-status",
                "200,CONFIG,SIGABRT,oom", "sleep", "1000")
    assert (agent["restart"], agent["backoff_kind"], agent["jitter_percent"]) == ("on-abnormal", "linear", 20), agent
    assert (agent["stable_ms"], agent["breaker"], agent["breaker_open_ms"]) == (10000, 5, 600000), agent
    assert agent["success"] == {"codes": [3, 10, 11, 12, 75], "signals": [signal.SIGHUP], "causes": []}, agent
    assert agent["never_after"] == {"codes": [78, 200], "signals": [signal.SIGABRT], "causes": ["oom"]}, agent
    assert (agent["restart_streak"], agent["survival_ms"], agent["circuit"]) == (0, 0, "closed"), agent
    text = ctl("info", 100).out
    for line in ("Restart:       on-abnormal, backoff 100ms to 30000ms", "Backoff:       linear", "Jitter:        up to 20%",
                 "Stable:        after 10s", "Breaker:       after 5 in a row, for 10m",
                 "Success:       3, 10-12, 75, SIGHUP", "Never After:   78, 200, SIGABRT, oom"):
        assert "\n  " + line + "\n" in text, (line, text)
    # What is as ever is not mentioned.
    run("--id", 101, "--restart", "always", "sleep", "1000")
    text = ctl("info", 101).out
    for word in "Backoff:", "Jitter:", "Stable:", "Breaker:", "In A Row:", "Circuit:", "Success:", "Never After:":
        assert word not in text, (word, text)


@with_clean
def test_words():
    "the words of systemd and OTP are taken, ours are told"
    for word, ours in (("no", "never"), ("temporary", "never"), ("never", "never"), ("transient", "on-failure"),
                       ("on-failure", "on-failure"), ("on-abnormal", "on-abnormal"), ("permanent", "always"),
                       ("always", "always")):
        assert run("--restart", word, "sleep", "1000")["restart"] == ours, word
    for option, value in ("--jitter", "5"), ("--stable", "1s"), ("--breaker", "3"), ("--backoff-kind", "constant"):
        assert run(option, value, "sleep", "1000")["restart"] == "on-failure", option
    assert run("--success-status", "3", "sleep", "1000")["restart"] == "never"


# Conditions of systemd that ours cannot say, and what is told to write instead.
SYSTEMD = ("on-success", "always"), ("on-abort", "on-abnormal"), ("on-watchdog", "Unresponsive")


@with_clean
def test_systemd():
    "conditions of systemd that are none of ours are refused with what to write instead"
    for word, instead in SYSTEMD:
        for error in (ctl("run", "--restart", word, "sleep", "1", want=USAGE).err,
                      ctl("set", "--restart", word, 100, want=USAGE).err):
            assert "'%s'" % word in error and instead in error and error.count("\n") <= 2, error
    assert not ctl_json("list")


@with_clean
def test_refused():
    "what is wrong is refused in plain words"
    for words, text in ((("--restart", "on-error"), "never, on-failure, on-abnormal, always"),
                        (("--backoff-kind", "cubic"), "exponential, linear, constant, adaptive"),
                        (("--jitter", "101"), "0 to 100 per cent"), (("--jitter", "-1"), "0 to 100 per cent"),
                        (("--stable", "10"), "with its unit"), (("--stable", "0"), "1ms or more"),
                        (("--stable", "25h"), "longer than a day"), (("--breaker", "x"), "is not a breaker"),
                        (("--breaker", "5:10"), "with its unit"), (("--success-status", "256"), "is not a list"),
                        (("--success-status", "oom"), "is not a list"), (("--success-status", "5-3"), "is not a list"),
                        (("--prevent-status", "stopped"), "is not a list")):
        error = ctl("run", *words, "sleep", "1", want=USAGE).err
        assert text in error and error.count("\n") <= 2, (words, error)
        assert text in ctl("set", *words, 100, want=USAGE).err
    assert not ctl_json("list")


@with_clean
def test_set():
    "set changes what is given, and only that; an empty list is none"
    run("--id", 100, "--restart", "always", "--success-status", "3", "--prevent-status", "4 SIGABRT oom", "sleep", "1000")
    text = ctl("set", "--jitter", 7, "--breaker", 4, "--success-status", "5", 100).out
    assert "restarts always" in text and "Breaker:       after 4 in a row, for 1m\n" in text, text
    agent = ctl_json("info", 100)
    assert (agent["jitter_percent"], agent["breaker"], agent["breaker_open_ms"]) == (7, 4, 60000), agent
    assert agent["success"]["codes"] == [5], agent
    assert agent["never_after"] == {"codes": [4], "signals": [signal.SIGABRT], "causes": ["oom"]}, agent
    ctl("set", "--prevent-status", "", "--breaker", 0, 100)
    agent = ctl_json("info", 100)
    assert agent["never_after"] == {"codes": [], "signals": [], "causes": []} and not agent["breaker"], agent
    assert agent["success"]["codes"] == [5], agent


@with_clean
def test_circuit():
    "an open circuit is told"
    run("--id", 100, "--backoff", "1", "--breaker", "1:1h", "--max-restarts", "9", "sh", "-c", "exit 3")
    wait_for("it opens", lambda: ctl_json("info", 100)["circuit"] == "open")
    text = ctl("info", 100).out
    assert "\n  In A Row:      2\n" in text and "\n  Circuit:       open\n" in text, text
    assert "circuit open for 3600000 ms after 2 restarts in a row" in ctl("events", "--agent", 100).out


# ---- explain

def end(explained, cause, code):
    found = [one for one in explained["ends"] if (one["cause"], one["code"]) == (cause, code)]
    assert len(found) == 1, explained
    return found[0]


def of_fault(explained, fault):
    "What comes of it, for each of the rungs of a ladder that end the agent."
    return [one for one in explained["ends"] if one["fault"] == fault]


def delays(one):
    assert all(step["least_ms"] == step["most_ms"] for step in one["delays"]), one
    return [step["least_ms"] for step in one["delays"]]


@with_clean
def test_explain():
    "each cause, with why and when"
    run("--id", 100, "--name", "worker", "--restart", "on-failure", "--max-restarts", 4, "--backoff", "100:300",
        "--success-status", "SIGHUP", "--prevent-status", "4 oom", "sleep", "1000")
    usual = ctl_json("explain", 100)
    assert usual["agent"]["name"] == "worker" and usual["groups"] == [] and len(usual["ends"]) == 8, usual
    good, bad = end(usual, "exit", 0), end(usual, "exit", 1)
    assert (good["failure"], good["restarted"], good["then"], good["why"]) == (
        False, False, "exited", "the policy is on-failure"), good
    assert (bad["failure"], bad["restarted"], bad["then"]) == (True, True, "failed"), bad
    assert bad["why"] == "its 4 restarts are spent" and delays(bad) == [100, 200, 300, 300], bad
    assert delays(end(usual, "signal", signal.SIGSEGV)) == [100, 200, 300, 300]
    oom = end(usual, "oom", signal.SIGKILL)
    assert (oom["failure"], oom["restarted"], oom["why"]) == (True, False, "that prevents a restart"), oom

    asked = ctl_json("explain", "--code", 4, "--signal", "HUP", "--cause", "launch", "worker")
    assert len(asked["ends"]) == 3
    assert end(asked, "exit", 4)["why"] == "that prevents a restart"
    hup = end(asked, "signal", signal.SIGHUP)
    assert (hup["failure"], hup["why"]) == (False, "that counts as a success"), hup
    assert delays(end(asked, "launch", 0)) == [100, 200, 300, 300]

    text = ctl("explain", "worker").out
    assert "Agent 100 (worker) is active, restarts on-failure, 0 of 4 restarts used\n" in text, text
    assert "  exit 0       not restarted, then exited: the policy is on-failure\n" in text, text
    assert ("  exit 1       restarted after 100ms, 200ms, 300ms (2 times), then failed: its 4 restarts are spent\n"
            in text), text
    assert "start anew after a run of 1m.\n" in text, text


@with_clean
def test_explain_is_what_happens():
    "the module does what explain told"
    run("--id", 170, "--max-restarts", 5, "--backoff", "3:50", "--backoff-kind", "linear", "--breaker", "3:20ms",
        "sh", "-c", "read x; exit 7")  # /dev/null ends it at once
    wait_for("it fails", lambda: ctl_json("info", 170)["state"] == "failed")
    # It would be started by hand first, which gives it all of its restarts again.
    told = end(ctl_json("explain", "--code", 7, 170), "exit", 7)
    events = [json.loads(line) for line in ctl("events", "--agent", 170, "--json").out.splitlines()]
    done = [event["value"] for event in events if event["type"] == "restart-scheduled"]
    assert delays(told) == done == [3, 6, 9, 20, 20], (told, done)
    assert [step["circuit_open"] for step in told["delays"]] == [False] * 3 + [True] * 2
    assert "20ms (2 times) with its circuit open, then failed" in ctl("explain", "--code", 7, 170).out


def done(agent):
    "What was done about its ends up to now: the delays of its restarts."
    events = [json.loads(line) for line in ctl("events", "--agent", agent, "--json").out.splitlines()]
    return [event["value"] for event in events if event["type"] == "restart-scheduled"]


def ended(agent, times):
    "It has ended so often, and what becomes of it is known."
    wait_for("its end", lambda: ctl_json("info", agent)["exit_count"] >= times and
             ctl_json("info", agent)["state"] in ("active", "exited", "failed", "backoff"))
    return ctl_json("info", agent)["state"]


# Of each: the fault, what is done about it, how the agent is restarted, and whether it is after that.
FAULTS = (
    ("Unresponsive", "restart", ("--restart", "on-failure"), True),
    ("Unresponsive", "restart", ("--restart", "on-failure", "--prevent-status", "fault"), True),
    ("Unresponsive", "restart", ("--restart", "never"), False),
    ("ProcessLimit", "kill", ("--restart", "on-failure"), True),
    ("ProcessLimit", "kill", ("--restart", "always", "--prevent-status", "fault"), False),
    ("ProcessLimit", "kill", ("--restart", "never"), False),
    ("Budget", "kill", ("--restart", "always"), False),
)


@with_clean
def test_explain_faults():
    "the module does what explain told of a fault, by what is done about it"
    with agentsys.Connection() as asm:
        for n, (fault, action, words, back) in enumerate(FAULTS):
            agent = 200 + n
            run("--id", agent, "--backoff", "1h", *words, "sleep", "1000")
            ctl("recovery", "--agent", agent, "%s=%s" % (fault, action))
            told, = of_fault(ctl_json("explain", agent, "--cause", fault), fault)
            asm.report_fault(agent, fault)
            state = ended(agent, 1)
            assert told["restarted"] == back == (state == "backoff"), (fault, action, words, told, state)
            assert told["action"] == action and told["ends"], told
            if back:
                assert delays(told)[:1] == done(agent) == [3600000], (told, done(agent))
            else:
                assert told["then"] == state and not done(agent), (told, state)
            if fault == "Budget":
                assert told["why"] == "what is spent is spent for the next instance too", told
    text = ctl("explain", 201).out
    assert "\n  Unresponsive         restart: restarted after " in text, text
    assert "\n  Budget               kill: not restarted, then exited: that prevents a restart\n" in text, text


@with_clean
def test_explain_oom():
    "likewise of memory, whoever kills for it"
    for agent, action, words in ((220, "restart", ("--prevent-status", "oom")), (222, "kill", ()), (224, "alert", ()),
                                 (221, "kill", ("--prevent-status", "oom")), (223, "alert", ("--prevent-status", "oom"))):
        run("--id", agent, "--restart", "on-failure", "--backoff", "1h", "--memory-max", "16M", "--cwd", os.getcwd(),
            *words, "sh", "-c", "while [ ! -e go ]; do sleep 0.1; done; exec python3 -c 'bytearray(64 << 20)'")
        ctl("recovery", "--agent", agent, "MemoryLimit=" + action)
    told = {agent: end(ctl_json("explain", agent, "--cause", "oom"), "oom", signal.SIGKILL) for agent in range(220, 225)}
    open("go", "w").close()
    for agent, back in (220, True), (221, False), (222, True), (223, False), (224, True):
        state = ended(agent, 1)
        assert ctl_json("info", agent)["last_exit"]["cause"] == "oom", ctl_json("info", agent)
        assert told[agent]["restarted"] == back == (state == "backoff"), (agent, told[agent], state)
        assert told[agent]["fault"] == "MemoryLimit" and told[agent]["ends"], told[agent]


@with_clean
def test_explain_launch():
    "likewise of a restart that fails"
    for agent, words in (230, ()), (231, ("--prevent-status", "launch")):
        name = "program%d" % agent
        with open(name, "w") as program:
            program.write("#!/bin/sh\nwhile [ ! -e go%d ]; do sleep 0.1; done\nexit 7\n" % agent)
        os.chmod(name, 0o755)
        run("--id", agent, "--restart", "on-failure", "--max-restarts", 3, "--backoff", "3:50", "--backoff-kind",
            "linear", "--cwd", os.getcwd(), *words, os.path.abspath(name))
        told = end(ctl_json("explain", agent, "--cause", "launch"), "launch", 0)
        os.unlink(name)
        open("go%d" % agent, "w").close()
        wait_for("it fails", lambda: ctl_json("info", agent)["state"] == "failed")
        # The first of these restarts is that after the exit.
        assert told["then"] == "failed", told
        assert (delays(told) or [3]) == done(agent), (told, done(agent))
        assert told["restarted"] == (agent == 230), told


@with_clean
def test_explain_link():
    "likewise of the end of another that it is linked to"
    for agent, words in (240, ()), (250, ("--prevent-status", "link")):
        run("--id", agent, "sleep", "1000")
        run("--id", agent + 1, "--restart", "on-failure", "--backoff", "1h", "--link", agent, *words, "sleep", "1000")
        told = end(ctl_json("explain", agent + 1, "--cause", "link"), "link", 0)
        os.kill(ctl_json("info", agent)["pid"], signal.SIGSEGV)
        state = ended(agent + 1, 1)
        assert ctl_json("info", agent + 1)["last_exit"]["cause"] == "link"
        assert told["restarted"] == (state == "backoff") == (agent == 240), (told, state)
        assert delays(told)[:1] == done(agent + 1), (told, done(agent + 1))


@with_clean
def test_explain_ladder():
    "on a ladder each rung is told that ends the agent, and the module gets to it with that fault"
    run("--id", 260, "--restart", "on-failure", "--backoff", "0", "--max-restarts", 100, "--prevent-status", "fault",
        "sleep", "1000")
    ctl("recovery", "--agent", 260, "ProcessLimit=alert")
    try:
        ctl("recovery", "--ladder", "2:1h")
        told = of_fault(ctl_json("explain", 260, "--cause", "ProcessLimit"), "ProcessLimit")
        assert [(one["action"], one["from_fault"], one["restarted"]) for one in told] == [
            ("restart", 5, True), ("kill", 7, False)], told
        text = ctl("explain", 260).out
        assert "\n  ProcessLimit         restart, from fault 5 within 1h on: restarted after 0ms" in text, text
        assert "\n  ProcessLimit         kill, from fault 7 within 1h on: not restarted, then exited" in text, text
        with agentsys.Connection() as asm:
            for n in range(1, 8):
                wait_for("it runs", lambda: ctl_json("info", 260)["state"] == "active")
                asm.report_fault(260, "ProcessLimit")
                if n >= 5:
                    wait_for("its end", lambda: ctl_json("info", 260)["exit_count"] == n - 4)
        assert [fault["action"] for fault in ctl_json("faults", 260)["last"]] == [
            "alert", "alert", "alert", "alert", "restart", "restart", "kill"]
        assert ended(260, 3) == "exited"
    finally:
        ctl("recovery", "--ladder", "off")


@with_clean
def test_explain_what_ends_nothing():
    "a fault that does not end it is told as such; the names of faults are taken in any case"
    run("--id", 270, "--restart", "always", "sleep", "1000")
    told, = of_fault(ctl_json("explain", 270, "--cause", "cpuquota"), "CpuQuota")
    assert (told["ends"], told["restarted"], told["action"], told["then"]) == (False, False, "throttle", "active"), told
    assert "\n  CpuQuota             throttle: does not end it\n" in ctl("explain", 270, "--cause", "CpuQuota").out
    faults = ["CapabilityViolation", "PolicyViolation", "Unresponsive", "Budget"]
    assert [one["fault"] for one in ctl_json("explain", 270)["ends"]] == [None] * 4 + faults
    assert [one["fault"] for one in ctl_json("explain", 270, "--cause", "fault")["ends"]] == faults
    ctl("recovery", "--agent", 270, *[fault + "=alert" for fault in faults])
    assert ctl_json("explain", 270, "--cause", "fault")["ends"] == []
    assert "No fault ends it" in ctl("explain", 270, "--cause", "fault").out
    assert "--code or --signal" in ctl("explain", 270, "--cause", "Crash", want=USAGE).err
    assert "Unresponsive" in ctl("explain", 270, "--cause", "unresponsible", want=USAGE).err


@with_clean
def test_explain_goes_on_from_here():
    "restarts that were made do not come again"
    run("--id", 100, "--max-restarts", 3, "--backoff", "1h:1d", "sh", "-c", "exit 7")
    wait_for("it waits", lambda: ctl_json("info", 100)["state"] == "backoff")
    assert delays(end(ctl_json("explain", 100), "exit", 1)) == [2 * 3600000, 4 * 3600000]


@with_clean
def test_explain_more():
    "jitter, stable runs, adaptive delays, no end, attached agents, nobody"
    run("--id", 100, "--restart", "always", "--max-restarts", 3, "--jitter", 50, "--backoff", "100ms", "sleep", "1000")
    steps = end(ctl_json("explain", 100), "exit", 0)["delays"]
    assert [(step["least_ms"], step["most_ms"]) for step in steps] == [(100, 149), (200, 299), (400, 599)], steps
    assert "after 100ms to 149ms, 200ms to 299ms, 400ms to 599ms, then" in ctl("explain", 100).out
    # A run that is stable starts the waits anew.
    ctl("set", "--jitter", 0, "--max-restarts", 2000000000, 100)
    stable = end(ctl_json("explain", "--runs", "1m", 100), "exit", 0)
    assert set(delays(stable)) == {100} and stable["endless"] and "then" not in stable, stable["then"]
    assert "(1000 and more times)\n" in ctl("explain", "--runs", "1m", 100).out
    ctl("set", "--backoff-kind", "adaptive", "--stable", "10s", 100)
    assert set(delays(end(ctl_json("explain", "--runs", "1s", 100), "exit", 0))) == {1000}

    process = subprocess.Popen(["sleep", "1000"])
    ctl("attach", "--id", 101, process.pid)
    assert end(ctl_json("explain", 101), "signal", signal.SIGSEGV)["why"] == "it was attached"
    ctl("kill", 101)
    process.wait()
    assert "no agent" in ctl("explain", 999, want=NO_AGENT).err
    for words in ("--code", "256"), ("--signal", "X"), ("--cause", "exit"), ("--runs", "9"):
        ctl("explain", *words, 100, want=USAGE)


# ---- explain, in groups

ONE_FOR_ONE, ONE_FOR_ALL = range(2)


def group_call(function, *arguments):
    return getattr(agentsys._lib, "agentsys_group_" + function)(*arguments)


def make_group(asm, name, strategy, budget, backoff, parent="root"):
    agentsys._lib.agentsys_group_spec_new.restype = ctypes.c_void_p
    spec = ctypes.c_void_p(group_call("spec_new"))
    assert not group_call("spec_set_parent", spec, parent.encode())
    group_call("spec_set_strategy", spec, strategy)
    group_call("spec_set_budget", spec, budget)
    group_call("spec_set_backoff", spec, *backoff)
    assert not group_call("new", asm._handle, name.encode(), spec)


def spawn_in(asm, group, line, **more):
    "In a group an agent is restarted always, and without a limit of its own."
    agent = ctypes.c_uint32()
    with agentsys._Spec(["/bin/sh", "-c", line], cwd=os.getcwd(), **more) as spec:
        assert not agentsys._lib.agentsys_spec_set_group(ctypes.c_void_p(spec.handle), group.encode())
        asm._call("spawn", spec.handle, 1, ctypes.byref(agent))
    return agent.value


def check_in_group(asm, group, want, failed):
    "Told is what is wanted, and what then happens."
    if os.path.exists("go"):
        os.unlink("go")
    agent = spawn_in(asm, group, "while [ ! -e go ]; do sleep 0.1; done; exit 7", backoff_ms=(2, 50))
    told = end(ctl_json("explain", "--code", 7, agent), "exit", 7)
    assert list(zip(delays(told), (step["with_group"] for step in told["delays"]))) == want, told
    assert (told["then"], told["why"]) == ("failed", "the budget of group %s is spent" % failed), told
    last = asm.system().events
    open("go", "w").close()
    wait_for("it fails", lambda: ctl_json("info", agent)["state"] == "failed" and any(
        event.type == "group-failed" and event.name == failed for event in agentsys.events(last, timeout=0)))
    done = [(event.value, event.name if event.type == "group-restart" else None)
            for event in agentsys.events(last, timeout=0) if event.type in ("group-restart", "restart-scheduled")]
    assert done == want, (done, want)


@with_clean
def test_explain_groups():
    "strategies and budgets of groups are followed, as the module does"
    with agentsys.Connection() as asm:
        make_group(asm, "all", ONE_FOR_ALL, 3, (5, 9))
        check_in_group(asm, "all", [(5, "all"), (9, "all"), (9, "all")], "all")
        make_group(asm, "one", ONE_FOR_ONE, 2, (5, 9))
        check_in_group(asm, "one", [(2, None), (4, None)], "one")
        # A group that has failed is restarted by the one above, as long as that has a budget.
        make_group(asm, "top", ONE_FOR_ONE, 1, (7, 7))
        make_group(asm, "sub", ONE_FOR_ALL, 1, (5, 5), "top")
        check_in_group(asm, "sub", [(5, "sub"), (7, "sub"), (5, "sub")], "top")
        # A group's own kind of delay, and what its jitter may add; or that of the one above.
        asm.group_new("lin", strategy="one_for_all", budget=3, backoff_ms=(5, 50), backoff_kind="linear")
        check_in_group(asm, "lin", [(5, "lin"), (10, "lin"), (15, "lin")], "lin")
        asm.group_new("jit", strategy="one_for_one", budget=2, backoff_ms=(100, 1000), backoff_kind="constant", jitter=50)
        asm.group_new("none", parent="jit", budget=0)
        told = end(ctl_json("explain", spawn_in(asm, "none", "sleep 1000")), "exit", 0)
        assert [(step["least_ms"], step["most_ms"], step["with_group"]) for step in told["delays"]] == \
            [(100, 149, "none")] * 2, told
        text = ctl("explain", ctl_json("list")[0]["agent_id"]).out
        assert "It is in group all: one_for_all, " in text and "of 3 restarts within 1m used\n" in text, text
        ctl("rm", "--force", *[agent["agent_id"] for agent in ctl_json("list")])
        for name in b"all", b"one", b"sub", b"top", b"lin", b"none", b"jit":
            assert not group_call("del", asm._handle, name)


# ---- Python

@with_clean
def test_python():
    "spawn and set take it, get tells it"
    with agentsys.Connection() as asm:
        agent = asm.spawn(["/bin/sleep", "1000"], restart="on-abnormal", backoff_kind="adaptive", jitter=3, stable_ms=4,
                          breaker=(5, 6), success_codes=[0, 63, 64, 255], success_signals={1, 64},
                          never_codes=range(100, 103), never_signals=[signal.SIGABRT], never_causes=["oom", "launch"])
        seen = asm.get(agent)
        assert (seen.restart, seen.backoff_kind, seen.jitter, seen.stable_ms) == ("on-abnormal", "adaptive", 3, 4), seen
        assert (seen.breaker, seen.breaker_open_ms, seen.group) == (5, 6, "root"), seen
        assert (seen.success_codes, seen.success_signals) == ({0, 63, 64, 255}, {1, 64}), seen
        assert (seen.never_codes, seen.never_signals) == ({100, 101, 102}, {signal.SIGABRT}), seen
        assert (seen.never_causes, seen.circuit, seen.streak) == ({"oom", "launch"}, "closed", 0), seen
        asm.set(agent, success_codes=[], never_causes=["fault"], backoff_kind="linear")
        seen = asm.get(agent)
        assert (seen.success_codes, seen.never_causes, seen.backoff_kind) == (set(), {"fault"}, "linear"), seen
        assert (seen.success_signals, seen.jitter) == ({1, 64}, 3), seen
        for wrong in ({"success_codes": [256]}, {"never_signals": [0]}, {"never_signals": [65]},
                      {"never_causes": ["stop"]}, {"backoff_kind": "cubic"}, {"restart": "sometimes"}):
            try:
                asm.set(agent, **wrong)
            except ValueError:
                continue
            raise AssertionError("taken: %r" % wrong)


@with_clean
def test_set_while_it_waits():
    "a restart that a fault asked for is still to come when something else of its policy is set"
    run("--id", 100, "--restart", "on-failure", "--prevent-status", "fault", "--backoff", "1h", "sleep", "1000")
    with agentsys.Connection() as asm:
        asm.report_fault(100, "Unresponsive")
    wait_for("its end", lambda: info(100)["state"] == "backoff")
    ctl("set", "--jitter", 5, 100)
    assert info(100)["state"] == "backoff", info(100)
    ctl("set", "--restart", "never", 100)
    wait_for("that it stays ended", lambda: info(100)["state"] == "exited")


@with_clean
def test_python_words():
    "the words that asmctl takes for restarts are taken, and what cannot be said so is refused with what to write"
    with agentsys.Connection() as asm:
        agent = asm.spawn(["/bin/sleep", "1000"], restart="permanent")
        assert asm.get(agent).restart == "always"
        for word, ours in ("no", "never"), ("temporary", "never"), ("transient", "on-failure"), ("permanent", "always"):
            asm.set(agent, restart=word)
            assert asm.get(agent).restart == ours, word
        for word, instead in SYSTEMD:
            try:
                asm.set(agent, restart=word)
            except ValueError as error:
                assert word in str(error) and instead in str(error), error
            else:
                raise AssertionError("taken: " + word)


def caught(pid):
    "The signals that a process has handlers for."
    return int(open("/proc/%d/status" % pid).read().split("SigCgt:\t")[1].split()[0], 16)


@with_clean
def test_what_to_write_instead():
    "what is written instead of systemd's conditions does the same"
    causes = ["oom", "fault", "link"]
    with agentsys.Connection() as asm:
        # Of each: how it is written, what is done about silence, and after what it is restarted.
        for how, action, after in (
                (dict(restart="always", never_codes=range(1, 256), never_causes=causes + ["signal", "launch"]), "kill",
                 {"exit 0"}),
                (dict(restart="on-abnormal", never_causes=causes), "kill", {"SIGSEGV"}),
                (dict(restart="on-abnormal", never_causes=causes + ["signal"]), "restart", {"Unresponsive"})):
            restarted = set()
            for end_of_it in "exit 0", "exit 3", "SIGSEGV", "Unresponsive":
                agent = asm.spawn(["/bin/sh", "-c", "trap 'exit 0' USR1; trap 'exit 3' USR2; while :; do sleep 0.1; done"],
                                  backoff_ms=(3600000, 3600000), env=dict(os.environ), **how)
                asm.recovery_set({"Unresponsive": action}, agent_id=agent)
                pid = asm.get(agent).pid
                wait_for("its traps", lambda: caught(pid) & 0xa00 == 0xa00)
                if end_of_it == "Unresponsive":
                    asm.report_fault(agent, end_of_it)
                else:
                    os.kill(pid, {"exit 0": signal.SIGUSR1, "exit 3": signal.SIGUSR2, "SIGSEGV": signal.SIGSEGV}[end_of_it])
                if ended(agent, 1) == "backoff":
                    restarted.add(end_of_it)
            assert restarted == after, (how, action, restarted)


ksft.main()
