#!/usr/bin/env python3
# vm: timeout=120
"""Agents and groups are moved: no process is touched, and who is restarted with whom is another."""
import errno
import os
import signal
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import agentsys
import ksft
from ksft import wait_for


def refused(code, text, function, *arguments, **keywords):
    try:
        function(*arguments, **keywords)
    except OSError as error:
        assert error.errno == code and text in str(error), error
        return
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


def group(asm, name, **more):
    asm.group_new(name, **dict({"strategy": "one_for_all", "budget": 20, "backoff_ms": (1, 1)}, **more))


def spawn(asm, id, group, **more):
    return asm.spawn(["/bin/sleep", "100000"], id=id, group=group, **more)


def instances(asm):
    return {agent.id: agent.instance for agent in asm.list()}


def order(asm, group):
    return [agent.id for agent in sorted(asm.list(), key=lambda agent: agent.place) if agent.group == group]


def crash(asm, id):
    """Kill it, and wait until its group has restarted whom it restarts."""
    agent = asm.get(id)
    os.kill(agent.pid, signal.SIGKILL)
    wait_for("the restart of %d" % id, lambda: asm.get(id).instance > agent.instance and
             asm.get(id).state == "active" and asm.group(agent.group).state == "active")


def check_told(asm):
    """Each group is told behind the one that it is in, and has as many members as are told."""
    told, agents, groups = [None], asm.list(), asm.groups()
    for one in groups:
        assert one.parent in told, groups
        told.append(one.name)
        members = sum(agent.group == one.name for agent in agents) + \
            sum(other.parent == one.name for other in groups)
        assert one.members == members, (one, members)


@connected
def test_agent(asm):
    "an agent goes to another group: its process stays, and it is restarted with the others there"
    group(asm, "a")
    group(asm, "b")
    for id, where in (100, "a"), (101, "a"), (102, "b"), (103, "root"):
        spawn(asm, id, where)
    pids = {agent.id: agent.pid for agent in asm.list()}
    asm.move(101, "b")
    asm.move(103, "a")
    check_told(asm)
    assert {agent.id: agent.pid for agent in asm.list()} == pids
    assert (asm.get(101).group, asm.get(103).group) == ("b", "a")
    # What its policy was it is.
    assert (asm.get(101).restart, asm.get(103).restart) == ("always", "never")
    # Ids come again, times do not; and what is started again is the same one.
    made = asm.get(101).made_time
    asm.restart(101)
    assert asm.get(101).made_time == made < asm.get(103).made_time
    crash(asm, 102)
    assert instances(asm) == {100: 1, 101: 3, 102: 2, 103: 1}
    crash(asm, 100)
    # One that is never restarted is stopped with them all the same.
    assert instances(asm) == {100: 2, 101: 3, 102: 2, 103: 1} and asm.get(103).state == "exited"
    asm.move(101, "root")
    crash(asm, 102)
    assert instances(asm)[101] == 3
    asm.group_stop("b")
    assert asm.get(101).state == "active"


@connected
def test_order(asm):
    "whoever goes to the end of its own group is the last one there"
    group(asm, "g", strategy="rest_for_one")
    for id in 100, 101, 102:
        spawn(asm, id, "g")
    crash(asm, 101)
    assert instances(asm) == {100: 1, 101: 2, 102: 2}
    asm.move(100, "g")
    check_told(asm)
    assert order(asm, "g") == [101, 102, 100] and instances(asm) == {100: 1, 101: 2, 102: 2}
    crash(asm, 102)
    assert instances(asm) == {100: 2, 101: 2, 102: 3}
    group(asm, "below", parent="g")
    spawn(asm, 103, "below")
    asm.group_move("below", "g")
    asm.move(102, "g")
    crash(asm, 102)
    assert instances(asm)[103] == 1
    asm.group_move("below", "g")
    crash(asm, 102)
    wait_for("the group below", lambda: asm.get(103).instance == 2)


@connected
def test_group(asm):
    "a group takes along all that is in it; it is told behind the one that it is in"
    group(asm, "a")
    group(asm, "below", parent="a")
    group(asm, "deep", parent="below")
    group(asm, "b")
    spawn(asm, 100, "deep")
    spawn(asm, 101, "a")
    spawn(asm, 102, "b")
    before = {agent.id: (agent.pid, agent.group) for agent in asm.list()}
    asm.group_move("below", "b")
    check_told(asm)
    assert [one.name for one in asm.groups()] == ["root", "a", "b", "below", "deep"]
    assert (asm.group("below").parent, asm.group("deep").parent) == ("b", "below")
    assert (asm.group("a").members, asm.group("b").members) == (1, 2)
    assert {agent.id: (agent.pid, agent.group) for agent in asm.list()} == before
    crash(asm, 101)
    assert instances(asm)[100] == 1
    crash(asm, 102)
    wait_for("its restart with the others", lambda: asm.get(100).instance == 2 and asm.get(100).state == "active")
    asm.group_stop("b")
    assert asm.get(100).state == "exited"
    # What has ended moves, and stays so.
    asm.group_move("below", "a")
    check_told(asm)
    assert asm.group("below").state == "exited" and asm.group("a").state == "active"


@connected
def test_into_what_is_down(asm):
    "a group that is down is active again when what runs enters it, and starts nothing else"
    group(asm, "g")
    group(asm, "other")
    for id, where in (100, "g"), (101, "other"), (102, "other"):
        spawn(asm, id, where)
    asm.group_stop("g")
    asm.stop(102)
    asm.move(102, "g")
    assert asm.group("g").state == "exited"
    asm.move(101, "g")
    wait_for("the group", lambda: asm.group("g").state == "active")
    assert [asm.get(id).state for id in (100, 101, 102)] == ["exited", "active", "exited"]
    asm.group_stop("g")
    spawn(asm, 103, "other")
    asm.group_move("other", "g")
    wait_for("the group", lambda: asm.group("g").state == "active")
    assert [asm.get(id).state for id in (100, 101, 103)] == ["exited", "exited", "active"]


@connected
def test_significant(asm):
    "agents and groups become significant members, and are none any more"
    group(asm, "g", auto_shutdown="any", strategy="transient")
    group(asm, "below", parent="g", auto_shutdown="any", strategy="transient")
    spawn(asm, 100, "g")
    os.mkfifo("fifo")
    job = asm.spawn(["/bin/sh", "-c", "read x < fifo; exit 0"], id=101, group="below", cwd=os.getcwd())
    assert not asm.get(job).significant and not asm.group("below").significant
    asm.set_significant(job, True)
    asm.group_set_significant("below", True)
    assert asm.get(job).significant and asm.group("below").significant
    asm.set_significant(100, True)
    asm.set_significant(100, False)
    assert not asm.get(100).significant
    asm.stop(100)
    asm.start(100)
    assert asm.group("g").state == "active"
    with open("fifo", "w"):
        pass
    wait_for("the end of all", lambda: asm.group("g").state == "exited")
    assert asm.get(100).state == "exited" and asm.get(100).cause == "group"
    asm.group_set_significant("below", False)
    assert not asm.group("below").significant


@connected
def test_refused(asm):
    "what cannot be moved stays where it is, and is told why"
    group(asm, "a")
    group(asm, "below", parent="a")
    spawn(asm, 100, "a")
    refused(errno.ESRCH, "no such agent", asm.move, 101, "a")
    refused(errno.ENOENT, "no such group to move it to", asm.move, 100, "nope")
    refused(errno.ENOENT, "no such group to move it to", asm.move, 100, "n" * 70000)
    refused(errno.ENOENT, "no such group", asm.group_move, "nope", "a")
    refused(errno.ENOENT, "no such group to move it to", asm.group_move, "a", "nope")
    refused(errno.EINVAL, "cannot be moved into itself", asm.group_move, "a", "below")
    refused(errno.EINVAL, "cannot be moved into itself", asm.group_move, "a", "a")
    refused(errno.EINVAL, "root group", asm.group_move, "root", "a")
    refused(errno.EINVAL, "root group", asm.group_set_significant, "root", True)
    refused(errno.ENOENT, "no such group", asm.group_set_significant, "nope", True)
    refused(errno.ESRCH, "no such agent", asm.set_significant, 101, True)
    # Restarts that could go on for ever: in a group that would restart it alone.
    asm.group_new("narrow", budget=5, within_ms=1000, backoff_ms=(0, 0))
    asm.set(100, backoff_ms=(1000, 1000))
    refused(errno.EINVAL, "never be spent", asm.move, 100, "narrow")
    # Too deep with what is in it.
    for level in range(1, 8):
        group(asm, "level-%d" % level, parent="level-%d" % (level - 1) if level > 1 else "root")
    refused(errno.E2BIG, "8 groups", asm.group_move, "a", "level-7")
    asm.group_move("below", "level-7")
    asm.group_move("a", "level-7")
    check_told(asm)
    asm.group_move("a", "root")
    # While something is under way: it waits for its backoff of a minute.
    asm.group_set("a", backoff_ms=(60000, 60000), within_ms=3600000)
    spawn(asm, 101, "root")
    spawn(asm, 102, "a")
    os.kill(asm.get(100).pid, signal.SIGKILL)
    wait_for("the wait", lambda: asm.group("a").state == "backoff")
    for one in 100, 102, 101:
        refused(errno.EBUSY, "starts or stops", asm.move, one, "a" if one == 101 else "root")
    refused(errno.EBUSY, "starts or stops", asm.group_move, "a", "level-1")
    refused(errno.EBUSY, "starts or stops", asm.group_move, "below", "a")
    check_told(asm)
    assert {agent.id: agent.group for agent in asm.list()} == {100: "a", 101: "root", 102: "a"}
    # Those who depend on each other are not parted, but go together with what they are in.
    asm.group_new("pair", parent="level-1")
    spawn(asm, 200, "pair")
    spawn(asm, 201, "pair")
    asm.relate(201, "requires", 200)
    for id in 200, 201:
        refused(errno.EBUSY, "depends on another one", asm.move, id, "root")
    asm.group_move("pair", "root")
    spawn(asm, 202, "root")
    asm.relate(202, "wants", 201)
    refused(errno.EBUSY, "depends on another one", asm.group_move, "pair", "level-1")
    asm.unrelate(202, "wants", 201)
    asm.group_move("pair", "level-1")
    # An attached process is nobody's member for long enough to be moved.
    pid = os.fork()
    if not pid:
        os.execv("/bin/sleep", ["sleep", "100000"])
    id = asm.attach(pid)
    refused(errno.EOPNOTSUPP, "attached", asm.move, id, "level-1")
    asm.kill(id)
    os.waitpid(pid, 0)


@connected
def test_full(asm):
    "a group of 1024 members takes no more, but its own may go to its end"
    group(asm, "full", strategy="one_for_one")
    for number in range(900):
        asm.group_new("m-%d" % number, parent="full")
    spawn(asm, 100, "full")
    for id in range(200, 200 + 1024 - asm.group("full").members):
        asm.spawn(["/bin/true"], id=id, group="full", restart="never")
    assert asm.group("full").members == 1024
    spawn(asm, 101, "root")
    group(asm, "more")
    refused(errno.ENOSPC, "as many", asm.move, 101, "full")
    refused(errno.ENOSPC, "as many", asm.group_move, "more", "full")
    asm.move(100, "full")
    asm.group_move("m-0", "full")
    assert asm.group("full").members == 1024 and asm.group("m-0").place > asm.get(100).place


ksft.main()
