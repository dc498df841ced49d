#!/usr/bin/env python3
# vm: timeout=120 kernels=one
"""The Python bindings: both halves, and the example of an agent that uses them."""
import errno
import os
import resource
import signal
import subprocess
import sys
import threading

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import agentsys
import ksft
from ksft import wait_for

EXAMPLES = "/usr/lib/agentsys/examples/agents"


def raises(code, function, *arguments, **keywords):
    try:
        function(*arguments, **keywords)
    except OSError as error:
        assert error.errno == code, error
        return str(error)
    raise AssertionError("no error")


def clean(asm):
    for agent in asm.list():
        asm.kill(agent.id)
        asm.remove(agent.id)
    for group in reversed(asm.groups()[1:]):
        asm.group_del(group.name)


def connected(test):
    def wrapped():
        with agentsys.Connection() as asm:
            clean(asm)
            try:
                test(asm)
            finally:
                clean(asm)
    wrapped.__name__, wrapped.__doc__ = test.__name__, test.__doc__
    return wrapped


def test_nobody():
    "a process that is no agent is told so"
    assert "this process is not part of an agent" in raises(errno.ESRCH, agentsys.whoami)
    raises(errno.ESRCH, agentsys.heartbeat)
    raises(errno.ESRCH, agentsys.info)
    assert agentsys.version().abi == 1
    assert "active_agents" in agentsys.telemetry()["system"]
    assert "there is no agent 999" in raises(errno.ESRCH, agentsys.info, 999)
    done = subprocess.run([sys.executable, EXAMPLES + "/counter.py"], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and done.stderr.startswith("this is no agent"), done


@connected
def test_life(asm):
    "spawn, get, list, find, pause, restart, set, stop, remove"
    agent = asm.spawn(["/bin/sleep", "1000"], id=100, name="zwölf", restart="on-failure", max_restarts=5,
                      backoff_ms=(10, 20), memory_max=64 << 20, cpu=(50000, 100000), pids_max=9,
                      stop_signal=signal.SIGINT, stop_timeout_ms=77777)
    assert agent == 100
    seen = asm.get(agent)
    assert (seen.name, seen.state, seen.restart, seen.max_restarts) == ("zwölf", "active", "on-failure", 5), seen
    assert (seen.backoff_initial_ms, seen.backoff_max_ms, seen.stop_timeout_ms) == (10, 20, 77777)
    assert (seen.memory_max, seen.cpu_quota_us, seen.pids_max, seen.stop_signal) == (64 << 20, 50000, 9, 2)
    assert seen.cgroup == "/agentsys/100" and seen.cause == "none" and not seen.paused
    assert asm.find("zwölf") == 100 and [one.id for one in asm.list()] == [100]
    asm.pause(agent)
    assert asm.get(agent).paused
    asm.resume(agent)
    asm.restart(agent)
    assert asm.get(agent).pid != seen.pid
    asm.set(agent, restart="never")
    assert asm.get(agent).restart == "never"
    assert agentsys.info(100)["name"] == "zwölf"
    agentsys.patch_policy(agent, 4, 7)
    assert asm.get(agent).max_restarts == 7
    raises(errno.EBUSY, asm.remove, agent)
    asm.stop(agent)
    ended = asm.get(agent)
    assert ended.state == "exited" and ended.cause == "stop" and ended.pid == 0
    asm.start(agent)
    asm.kill(agent)
    asm.remove(agent)
    assert "no such agent" in raises(errno.ESRCH, asm.get, agent)
    assert asm.system().agents == 0 and "memory" in asm.system().controllers


@connected
def test_spec(asm):
    "everything of a spec arrives"
    read, write = os.pipe()
    agent = asm.spawn(["/bin/sh", "-c", "echo $A; pwd; id -u; id -g; id -G; ulimit -n; cat >&2"],
                      env={"A": "b c", "PATH": os.environ["PATH"]}, cwd="/usr", uid=1000, gid=1001,
                      groups=[2001, 2002], rlimits={resource.RLIMIT_NOFILE: (70, 80)},
                      stdin="/etc/hostname" if os.path.exists("/etc/hostname") else "/dev/null", stdout=write,
                      stderr="/dev/null")
    os.close(write)
    wait_for("its end", lambda: asm.get(agent).state == "exited")
    asm.remove(agent)
    with open(read) as out:
        assert out.read() == "b c\n/usr\n1000\n1001\n1001 2001 2002\n70\n"


@connected
def test_faults(asm):
    "faults: what was, and what is done about them"
    before = asm.faults().counts
    asm.spawn(["/bin/sh", "-c", "exit 3"], id=100)
    wait_for("its end", lambda: asm.get(100).state == "exited")
    faults = asm.faults(100)
    assert faults.counts == dict.fromkeys(before, 0) | {"Crash": 1}
    fault, = faults.last
    assert fault == agentsys.Fault(fault.time_ns, 3, 0, 1, "Crash", "alert") and fault.time_ns
    assert asm.faults() == agentsys.Faults(before | {"Crash": before["Crash"] + 1}, [])
    try:
        asm.recovery_set({"Crash": "alert"}, preset="strict")
        asm.recovery_set({"crash": "restart", "IoLimit": "alert"}, agent_id=100)
        asm.recovery_set({"IoLimit": None}, agent_id=100)
        asm.recovery_ladder(2, 5000)
        all_of_it, own = asm.recovery(), asm.recovery(100)
        assert (all_of_it.preset, all_of_it.after, all_of_it.within_ms) == ("custom", 2, 5000)
        assert all_of_it.actions == dict.fromkeys(before, "kill") | {"Crash": "alert"} and not all_of_it.own
        assert own.actions == all_of_it.actions | {"Crash": "restart"} and own.own == {"Crash"}
    finally:
        asm.recovery_set(preset="default")
        asm.recovery_ladder(0, 60000)
    assert asm.recovery().preset == "default"
    raises(errno.ESRCH, asm.faults, 4711)
    raises(errno.EINVAL, asm.recovery_set, {"Crash": "throttle"})
    for wrong in ({"Cpu": "kill"}, {"Crash": "stop"}):
        try:
            asm.recovery_set(wrong)
        except ValueError:
            continue
        raise AssertionError("no error")


@connected
def test_groups(asm):
    "groups: new, set, start, stop, restart, look and remove"
    asm.group_new("web", strategy="one_for_all", budget=2, within_ms=5000, backoff_ms=(10, 20))
    asm.group_new("zwölf", parent="web")
    first = asm.spawn(["/bin/sleep", "1000"], id=100, group="web")
    asm.spawn(["/bin/sleep", "1000"], id=101, group="zwölf", restart="never")
    assert [(one.name, one.parent) for one in asm.groups()] == \
        [("root", None), ("web", "root"), ("zwölf", "web")]
    assert asm.group("web")._replace(place=1) == agentsys.Group(
        name="web", parent="root", strategy="one_for_all", budget=2, within_ms=5000, backoff_initial_ms=10,
        backoff_max_ms=20, state="active", place=1, members=2, recent=0, reason=0, restarts=0,
        auto_shutdown="never", significant=False, backoff_kind="exponential", jitter=0,
        members_max=1024), asm.group("web")
    assert (asm.get(first).group, asm.get(first).place, asm.get(first).restart) == ("web", 2, "always")
    assert asm.get(101).group == "zwölf" and asm.get(101).restart == "never"
    asm.group_set("web", budget=7, backoff_kind="linear", jitter=25)
    assert (asm.group("web").backoff_kind, asm.group("web").jitter) == ("linear", 25)
    asm.group_set("web", members_max=2)
    assert "as it takes" in raises(errno.ENOSPC, asm.spawn, ["/bin/true"], group="web")
    asm.group_set("web", members_max=1000)
    assert (asm.group("web").budget, asm.group("web").within_ms) == (7, 5000)
    pid = asm.get(first).pid
    asm.group_restart("web")
    assert asm.get(first).pid not in (0, pid)
    # What it was killed by counts: the group restarts, and says who was the reason.
    pid = asm.get(first).pid
    os.kill(pid, signal.SIGKILL)
    wait_for("the restart", lambda: asm.group("web").restarts == 1 and asm.group("web").state == "active")
    assert (asm.group("web").recent, asm.group("web").reason) == (1, 100)
    asm.group_stop("web")
    assert asm.get(first).state == "exited" and asm.group("web").state == "exited"
    asm.group_start("web", wait=False)
    wait_for("the start", lambda: asm.get(first).state == "active")
    assert "not empty" in raises(errno.ENOTEMPTY, asm.group_del, "web")
    assert "no such group" in raises(errno.ENOENT, asm.group, "nope")
    assert "no such group" in raises(errno.ENOENT, asm.spawn, ["/bin/true"], group="nope")
    raises(errno.EEXIST, asm.group_new, "web")
    raises(errno.EINVAL, asm.group_set, "root", budget=1)
    raises(errno.ERANGE, asm.group_set, "web", budget=65)
    try:
        asm.group_new("x", strategy="some")
        raise AssertionError("no error")
    except ValueError as error:
        assert "rest_for_one" in str(error)


@connected
def test_relations(asm):
    "relations are made, told and ended, and histories are told"
    base = asm.spawn(["/bin/sleep", "1000"], restart="always")
    web = asm.spawn(["/bin/sleep", "1000"], relations=[("requires", base)], traps=True, restart="always")
    assert asm.get(web).traps and not asm.get(web).waits
    asm.relate(base, "link", web)
    assert asm.relations() == [agentsys.Relation(base, "link", web), agentsys.Relation(web, "requires", base)]
    raises(errno.EEXIST, asm.relate, web, "link", base)
    asm.unrelate(web, "link", base)
    asm.set(web, traps=False)
    assert not asm.get(web).traps
    asm.stop(base)
    wait_for("stopped with it", lambda: asm.get(web).state == "exited")
    past = asm.history(web)[-1]
    assert (past.agent_id, past.instance, past.cause, past.decision) == (web, 1, "dependency", "stays ended"), past
    assert asm.group_history("root") == []
    raises(errno.ESRCH, asm.history, 999)


@connected
def test_errors(asm):
    "the module's own words"
    text = raises(errno.ENOENT, asm.spawn, ["/no/such"])
    assert 'cannot execute the program "/no/such": No such file or directory' in text, text
    raises(errno.EINVAL, asm.spawn, [])
    raises(errno.ESRCH, asm.find, "nobody")
    try:
        asm.spawn(["/bin/true"], restart="sometimes")
        raise AssertionError("no error")
    except ValueError as error:
        assert "on-failure" in str(error)


@connected
def test_attach(asm):
    "attach"
    child = subprocess.Popen(["sleep", "1000"])
    agent = asm.attach(child.pid, name="old")
    assert asm.get(agent).attached
    asm.kill(agent)
    assert child.wait() == -signal.SIGKILL
    raises(errno.ESRCH, asm.attach, child.pid)


@connected
def test_events(asm):
    "events: what there is, what comes, and the end of patience"
    asm.spawn(["/bin/sleep", "1000"], id=100, name="ev")
    past = list(agentsys.events(after=agentsys.EVENTS_ALL, timeout=0))
    assert past[-1].type == "spawn" and past[-1].text == "Agent 100 spawned" and past[-1].name == "ev"
    assert [event.lost for event in past] == [0] * len(past)
    stream = agentsys.events(after=past[-1].seq, timeout=10)
    asm.stop(100)
    assert next(stream).type == "stop" and next(stream).cause == "stop"
    stream.close()
    assert list(agentsys.events(timeout=0.1)) == []


class Interrupted(Exception):
    pass


@connected
def test_interrupt(asm):
    "a handler that raises ends a wait"
    def handler(number, frame):
        raise Interrupted
    deaf = "/tmp/test/deaf"
    asm.spawn(["/bin/sh", "-c", "trap '' TERM; : >%s; while :; do sleep 0.1; done" % deaf], id=100)
    wait_for("its trap", lambda: os.path.exists(deaf))
    thread = threading.Thread(target=lambda: asm.stop(100, timeout_ms=600000))
    thread.start()
    with agentsys.Connection() as other:
        wait_for("the stop", lambda: other.get(100).state == "stopping")
        assert thread.is_alive()
        other.kill(100)
    thread.join()


@connected
def test_example(asm):
    "the example says who it is, lives, and stops when asked to"
    agent = asm.spawn(["/usr/bin/env", "python3", EXAMPLES + "/counter.py"], name="counter",
                      env={"PATH": os.environ["PATH"]}, stdout="/tmp/test/counter.log")
    wait_for("heartbeats", lambda: asm.get(agent).heartbeats >= 2, 60)
    asm.stop(agent)
    assert asm.get(agent).code == 0, asm.get(agent)
    lines = open("/tmp/test/counter.log").read().split("\n")
    assert lines[0] == "I am agent %d (counter), instance 1, restarted 0 of 0 times" % agent, lines
    assert lines[1] == "1 agents are active" and lines[-2] == "asked to stop"


@connected
def test_zz_shutdown(asm):
    "shutdown"
    asm.spawn(["/bin/sleep", "1000"])
    assert asm.shutdown() == (1, 0)
    sleeper = asm.spawn(["/bin/sleep", "1000"])
    pid = asm.get(sleeper).pid
    assert asm.get(sleeper).exit_status is None
    stubborn = asm.spawn(["/bin/sh", "-c", "trap '' TERM; echo >/tmp/test/ready; while :; do sleep 1000; done"],
                         stop_timeout_ms=50)
    wait_for("the trap", lambda: os.path.exists("/tmp/test/ready"))
    ended = sorted(asm.shutdown_all())
    assert [(agent.id, agent.cause) for agent in ended] == [(sleeper, "stop"), (stubborn, "kill")], ended
    assert os.WTERMSIG(ended[0].exit_status) == 15 and ended[0].end_pid == pid, ended
    assert os.WTERMSIG(ended[1].exit_status) == 9, ended
    assert ended[1].end_time - ended[1].asked_time >= 25e6, ended
    assert asm.shutdown_all() == []


def test_zz_without_the_module():
    "without the module every call says so"
    missing = 'the agentsys module is not loaded (load it with "modprobe agentsys")'
    if agentsys._device is not None:
        os.close(agentsys._device)
        agentsys._device = None
    wait_for("unloading", lambda: subprocess.run(["rmmod", "agentsys"], stderr=subprocess.DEVNULL).returncode == 0)
    try:
        for function in (agentsys.whoami, agentsys.heartbeat, agentsys.telemetry, agentsys.version,
                         agentsys.Connection, lambda: next(agentsys.events())):
            try:
                function()
                raise AssertionError("no error")
            except OSError as error:
                assert error.strerror == missing, error
        done = subprocess.run([sys.executable, EXAMPLES + "/counter.py"], stderr=subprocess.PIPE, text=True)
        assert done.returncode == 1 and done.stderr == missing + "\n", done
    finally:
        subprocess.run(["insmod", os.environ.get("AGENTSYS_KO", "")])


ksft.main()
