#!/usr/bin/env python3
# vm: params="helper=/usr/lib/agentsys/tests/agents/stay.sh" timeout=120
"""The helper daemon as the module sees it, with a program in its place; and reports of agents."""
import errno
import os
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import agentsys
import ksft
from agentsys import HELPER
from ctl import clean
from ksft import wait_for


def raises(code, function, *arguments, **keywords):
    try:
        function(*arguments, **keywords)
    except OSError as error:
        assert error.errno == code, error
        return str(error)
    raise AssertionError("no error")


def connected(test):
    def wrapped():
        clean()
        with agentsys.Connection() as asm:
            try:
                test(asm)
            finally:
                clean()
    wrapped.__name__, wrapped.__doc__ = test.__name__, test.__doc__
    return wrapped


def state(asm):
    return asm.get(HELPER).state



@connected
def test_life(asm):
    "it is made when it is started first, and started again whatever ends it"
    raises(errno.ESRCH, asm.get, HELPER)
    raises(errno.ESRCH, asm.stop, HELPER)
    raises(errno.ERANGE, asm.spawn, ["/bin/true"], id=HELPER)
    asm.spawn(["/bin/sleep", "1000"], id=100)
    asm.start(HELPER)
    helper = asm.get(HELPER)
    assert (helper.name, helper.state, helper.restart) == ("asmd", "active", "always"), helper
    raises(errno.EALREADY, asm.start, HELPER)
    os.kill(helper.pid, 9)
    wait_for("its restart", lambda: state(asm) == "active" and asm.get(HELPER).instance == 2)
    raises(errno.ERANGE, asm.relate, 100, "wants", HELPER)


@connected
def test_idle(asm):
    "it is stopped when it is alone, and comes back before the next agent"
    asm.start(HELPER)
    wait_for("the end of it", lambda: state(asm) == "exited")
    asm.spawn(["/bin/sleep", "1000"], id=100)
    wait_for("it", lambda: state(asm) == "active")
    spawns = [event for event in agentsys.events(agentsys.EVENTS_ALL, 0) if event.type == "spawn"]
    assert [event.agent_id for event in spawns[-2:]] == [HELPER, 100], spawns
    # Its going, and a start meanwhile.
    asm.stop(100)
    wait_for("the end of it", lambda: state(asm) != "active")
    asm.start(100)
    wait_for("its return", lambda: state(asm) == "active")


@connected
def test_unwanted(asm):
    "what was stopped by hand stays so"
    asm.spawn(["/bin/sleep", "1000"], id=100)
    asm.start(HELPER)
    asm.stop(HELPER)
    asm.spawn(["/bin/sleep", "1000"], id=101)
    assert state(asm) == "exited"
    asm.remove(HELPER)
    raises(errno.ESRCH, asm.get, HELPER)
    asm.spawn(["/bin/sleep", "1000"], id=102)
    raises(errno.ESRCH, asm.get, HELPER)


def shutdown_order(asm, timeout_ms):
    asm.start(HELPER)
    for agent_id in 100, 101:
        asm.spawn(["/bin/sleep", "1000"], id=agent_id)
    asm.shutdown(timeout_ms=timeout_ms)
    ends = [event.agent_id for event in agentsys.events(agentsys.EVENTS_ALL, 0) if event.type in ("exit", "crash")]
    assert sorted(ends[-3:-1]) == [100, 101] and ends[-1] == HELPER, ends
    asm.start(100)
    wait_for("it", lambda: state(asm) == "active")


@connected
def test_shutdown(asm):
    "a shutdown stops it last, and it comes back with the next agent"
    shutdown_order(asm, 10000)


@connected
def test_shutdown_now(asm):
    "one that kills at once kills it last"
    shutdown_order(asm, 0)


@connected
def test_reports(asm):
    "reports count as what the module sees itself, for the right instance"
    asm.spawn(["/bin/sleep", "1000"], id=100, restart="always", backoff_ms=(0, 0))
    asm.report_heartbeat(100)
    asm.report_heartbeat(100, 1)
    assert asm.get(100).heartbeats == 2
    assert "started again since" in raises(errno.ESTALE, asm.report_heartbeat, 100, 7)
    raises(errno.ESRCH, asm.report_heartbeat, 4711)
    for fault in "Crash", "CpuQuota", "IoLimit":
        assert "module alone" in raises(errno.EINVAL, asm.report_fault, 100, fault)

    asm.report_warning(100, "IoLimit", 5)
    last = list(agentsys.events(agentsys.EVENTS_ALL, 0))[-1]
    assert (last.type, last.agent_id, last.value) == ("warning", 100, 5), last

    asm.report_fault(100, "Unresponsive", 3000, 1000, 1)
    wait_for("its restart", lambda: asm.get(100).instance == 2 and asm.get(100).state == "active")
    last = asm.faults(100).last[-1]
    assert (last.type, last.measured, last.limit, last.action) == ("Unresponsive", 3000, 1000, "restart"), last
    raises(errno.ESTALE, asm.report_fault, 100, "Unresponsive", 3000, 1000, 1)
    assert asm.faults(100).counts["Unresponsive"] == 1

    asm.recovery_set({"Unresponsive": "alert"}, agent_id=100)
    asm.report_fault(100, "Unresponsive")
    assert asm.get(100).instance == 2 and asm.faults(100).last[-1].action == "alert"
    asm.stop(100)
    assert "not active" in raises(errno.ENOTCONN, asm.report_fault, 100, "Unresponsive")


@connected
def test_reports_are_privileged(asm):
    "who is no administrator reports nothing"
    asm.spawn(["/bin/sleep", "1000"], id=100)
    pid = os.fork()
    if not pid:
        os.setuid(1000)
        try:
            with agentsys.Connection() as own:
                own.report_heartbeat(100)
        except PermissionError:
            os._exit(0)
        os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0
    assert asm.get(100).heartbeats == 0


ksft.main()
