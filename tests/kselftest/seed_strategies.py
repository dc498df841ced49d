#!/usr/bin/env python3
# vm: timeout=300 kernels=one
"""What guides to supervision of agents show their readers, done with asmctl and the Python bindings.

The guides are that of terraphim_agent_supervisor, and the one to process management of the Mister Smith framework as far
as it is about supervision. What they show, and where it is tried:

terraphim_agent_supervisor
  quick start: supervisor, agent, failure, stop     here
  OneForOne, OneForAll, RestForOne                  here; groups.c has each cause and position
  lenient, strict, never                            here
  get_children with status and restart_count        here
  get_restart_history                               here
  status of the supervisor                          here
  an error, its category, is it recoverable         here: errno, step and text
  own kinds of agents: init, start, stop            an agent is any program: lifecycle.c, examples/agents
  health checks                                     health.py, heartbeats.c; liveness.c finds who misses them
process management
  exponential, linear, adaptive                     here; tests/unit/core_restart.c
  hierarchy: all, one and rest below a root         asmctl_apply.py, by examples/supervision-tree.json
  thresholds and escalation                         here; groups.c
  circuit breaker                                   asmctl_restarts.py; tests/unit/core_restart.c
  graceful shutdown with a timeout                  seed_supervisor.py, stop.c
  state during transitions                          states.c, tests/unit/core_state.c
  limits of processes, slices of them               limits.c, nested.c
  phi accrual failure detector                      liveness.c, tests/unit/core_phi.c
"""
import errno
import os
import signal
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import agentsys
import ksft
from ctl import FAILED, NO_AGENT, ctl, ctl_json, end, ending, group, info, run, with_clean
from ksft import wait_for

NAMES = "a", "b", "c"


def supervisor(name="sup", *options):
    ctl("group", "new", "--backoff", "1:1", *options, name)


def members(name="sup"):
    """Three that sleep, in this order."""
    for member in NAMES:
        run("--group", name, "--name", member, "sleep", "1000")


def crash(name):
    os.kill(info(name)["pid"], signal.SIGKILL)


def is_active(name, instance):
    return (info(name)["state"], info(name)["instance"]) == ("active", instance)


def restarted(name):
    """Whose instance is another one than the first, when all is over."""
    wait_for("the restart", lambda: group("sup")["restart_count"] == 1 and group("sup")["state"] == "active" and
             info(name)["instance"] == 2 and all(info(member)["state"] == "active" for member in NAMES))
    return [member for member in NAMES if info(member)["instance"] == 2]


# ---- the quick start

@with_clean
def test_quick_start():
    "a supervisor, an agent, a failure and a restart, a stop; by Python"
    with agentsys.Connection() as asm:
        asm.group_new("sup", strategy="one_for_one", backoff_ms=(1, 1))
        agent = asm.spawn(["/bin/sleep", "1000"], name="my-agent", group="sup")
        first = asm.get(agent).pid
        os.kill(first, signal.SIGKILL)
        wait_for("the restart", lambda: asm.get(agent).state == "active" and asm.get(agent).instance == 2)
        assert asm.get(agent).pid != first and asm.get(agent).restarts == 1
        asm.group_stop("sup")
        assert (asm.group("sup").state, asm.get(agent).state, asm.get(agent).cause) == ("exited", "exited", "group")


# ---- strategies

@with_clean
def test_one_for_one():
    "OneForOne: only the one that failed"
    supervisor("sup", "--strategy", "one_for_one")
    members()
    crash("b")
    assert restarted("b") == ["b"]


@with_clean
def test_one_for_all():
    "OneForAll: all"
    supervisor("sup", "--strategy", "one_for_all")
    members()
    crash("b")
    assert restarted("b") == ["a", "b", "c"]


@with_clean
def test_rest_for_one():
    "RestForOne: it, and those that were started after it"
    supervisor("sup", "--strategy", "rest_for_one")
    members()
    crash("b")
    assert restarted("b") == ["b", "c"]


# ---- intensity

def check_budget(restarts, within_ms):
    """So many ends are restarted, and the next one fails the supervisor with its other members."""
    assert (group("sup")["budget"], group("sup")["within_ms"]) == (restarts, within_ms)
    members()
    for n in range(restarts):
        crash("b")
        wait_for("restart %d" % (n + 1), lambda: is_active("b", n + 2))
        assert group("sup")["recent_restarts"] == n + 1
    crash("b")
    wait_for("the failure", lambda: group("sup")["state"] == "failed")
    assert [info(member)["state"] for member in NAMES] == ["exited", "failed", "exited"]
    assert info("b")["instance"] == restarts + 1


@with_clean
def test_lenient():
    "lenient: 10 restarts in 2 minutes, and not one more"
    supervisor("sup", "--budget", "lenient")
    check_budget(10, 120000)


@with_clean
def test_strict():
    "strict: 3 restarts in 30 seconds, and not one more"
    supervisor("sup", "--budget", "strict")
    check_budget(3, 30000)


@with_clean
def test_never_restart():
    "never: the first failure is one too many"
    supervisor("sup", "--budget", "never")
    check_budget(0, 60000)


@with_clean
def test_escalation():
    "a supervisor that has failed is a failure for the one above, which restarts it with its members"
    supervisor("top", "--strategy", "one_for_all", "--budget", "1/60")
    run("--group", "top", "--name", "beside", "sleep", "1000")
    supervisor("sup", "--parent", "top", "--budget", "never")
    members()
    crash("b")
    wait_for("the restart from above", lambda: group("top")["state"] == "active" and all(
        is_active(name, 2) for name in NAMES + ("beside",)))
    assert (group("top")["restart_count"], group("top")["reason"]) == (1, info("b")["agent_id"])
    crash("a")
    wait_for("the failure of both", lambda: [group(name)["state"] for name in ("sup", "top")] == ["failed"] * 2)
    assert info("beside")["state"] == "exited" and info("beside")["last_exit"]["cause"] == "group"


# ---- monitoring

@with_clean
def test_status_and_children():
    "status, children and restart history, as they are now and after restarts"
    supervisor("sup", "--strategy", "rest_for_one", "--budget", "2/60")
    members()
    assert group("sup")["state"] == "active" and group("sup")["members"] == 3
    assert ctl_json("history", "--group", "sup") == []
    crash("c")
    wait_for("the restart", lambda: is_active("c", 2) and group("sup")["state"] == "active")
    crash("a")
    wait_for("the restart", lambda: is_active("c", 3) and group("sup")["state"] == "active")

    children = {child["name"]: child for child in ctl_json("list") if child["group"] == "sup"}
    assert [children[name]["state"] for name in NAMES] == ["active"] * 3
    # Restarts of its own, and those that came with others.
    assert [children[name]["restart_count"] for name in NAMES] == [1, 0, 1]
    assert [children[name]["instance"] for name in NAMES] == [2, 2, 3]

    history = ctl_json("history", "--group", "sup")
    assert [past["agent_id"] for past in history] == [children["c"]["agent_id"], children["a"]["agent_id"]]
    assert [(past["cause"], past["code"]) for past in history] == [("signal", signal.SIGKILL)] * 2
    assert history[0]["time_us"] < history[1]["time_us"]

    crash("b")
    wait_for("the failure", lambda: group("sup")["state"] == "failed")
    assert ctl_json("history", "--group", "sup")[-1]["decision"] == "fails"
    # The same, with Python.
    with agentsys.Connection() as asm:
        seen = asm.group("sup")
        assert (seen.state, seen.members, seen.restarts, seen.recent) == ("failed", 3, 3, 3), seen
        assert [(past.agent_id, past.cause, past.decision) for past in asm.group_history("sup")] == [
            (past["agent_id"], past["cause"], past["decision"]) for past in ctl_json("history", "--group", "sup")]
        assert sorted((child.name, child.restarts) for child in asm.list() if child.group == "sup") == \
            [("a", 1), ("b", 0), ("c", 1)]


@with_clean
def test_errors():
    "an error says what went wrong, for a person and for a program, and whether trying again may help"
    supervisor("sup")
    with agentsys.Connection() as asm:
        for arguments, more, code, words in (
                (["/no/such"], {}, errno.ENOENT, "cannot execute the program"),
                (["/bin/true"], {"cwd": "/no/such"}, errno.ENOENT, "directory"),
                (["/bin/true"], {"group": "none"}, errno.ENOENT, "no such group")):
            try:
                asm.spawn(arguments, **dict({"group": "sup"}, **more))
                raise AssertionError("spawned: %r" % (arguments,))
            except OSError as error:
                assert error.errno == code and words in error.strerror, error
    # What was not started is not there, and no failure of its supervisor.
    assert group("sup")["members"] == 0 and group("sup")["restart_count"] == 0
    ctl("run", "--group", "sup", "/no/such", want=FAILED)
    ctl("run", "--group", "none", "sleep", "1", want=NO_AGENT)


# ---- how delays grow

def delays(kind, count, *options):
    """Of so many ends that follow one another, as the history has them."""
    ending(kind, "--restart", "always", "--max-restarts", "infinity", "--backoff-kind", kind, *options)
    for n in range(count):
        wait_for("instance %d" % (n + 1), lambda: is_active(kind, n + 1))
        end(kind, 1)
    wait_for("the last decision", lambda: len(ctl_json("history", kind)) == count)
    history = ctl_json("history", kind)
    assert all(past["decision"] == "restarts" for past in history), history
    return history


@with_clean
def test_exponential():
    "exponential: twice as long each time, up to the maximum"
    assert [past["delay_ms"] for past in delays("exponential", 5, "--backoff", "2:20")] == [2, 4, 8, 16, 20]


@with_clean
def test_linear():
    "linear: longer by the same each time, up to the maximum"
    assert [past["delay_ms"] for past in delays("linear", 5, "--backoff", "3:13")] == [3, 6, 9, 12, 13]


@with_clean
def test_adaptive():
    "adaptive: the longer, the sooner it fails; never shorter than the first, nor longer than the maximum"
    first = delays("adaptive", 1, "--backoff", "1:100000", "--stable", "1h")[0]
    # It takes a while to be told to end, so its delay is neither the first nor the maximum.
    survived = first["ran_us"] // 1000
    assert first["delay_ms"] == min(max(3600000 // max(survived, 1), 1), 100000), first
    run("--name", "often", "--restart", "always", "--max-restarts", 1, "--backoff-kind", "adaptive", "--backoff", "5:50",
        "--stable", "24h", "true")
    wait_for("its end", lambda: info("often")["state"] == "failed")
    assert ctl_json("history", "often")[0]["delay_ms"] == 50
    rare = ending("rare", "--restart", "always", "--backoff-kind", "adaptive", "--backoff", "5:50", "--stable", "1ms")
    wait_for("a stable run", lambda: info("rare")["pid"] == rare["pid"])
    end("rare", 1)
    wait_for("a decision", lambda: ctl_json("history", "rare"))
    assert ctl_json("history", "rare")[0]["delay_ms"] == 5


ksft.main()
