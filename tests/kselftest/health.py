#!/usr/bin/env python3
# vm: timeout=240
"""Health checks: each kind found healthy, then not, then restarted and healthy again; and asmctl health."""
import os
import socket
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import ksft
from ctl import NO_AGENT, USAGE, ctl, ctl_json, info, run, with_clean
from ksft import wait_for

OFTEN = ("interval=100ms", "timeout=5s", "retries=2")


def health(agent):
    told = ctl_json("health", agent)["agents"]
    return told[0]["health"] if told else "none"


def check(agent):
    return ctl_json("health", agent)["agents"][0]["checks"][0]


def restarted_well(agent, pid):
    """It is unhealthy, has the fault, is started again and is well."""
    wait_for("its restart", lambda: info(agent)["pid"] not in (0, pid))
    fault = ctl_json("faults", agent)["last"][-1]
    assert (fault["type"], fault["action"], fault["limit"]) == ("Unresponsive", "restart", 200), fault
    assert fault["measured"] >= 100, fault
    wait_for("its health", lambda: health(agent) == "healthy")


def restarting(agent, *command):
    return run("--id", agent, "--restart", "always", "--backoff", "0", *command)["pid"]


@with_clean
def test_process():
    "a main process that is suspended is not well"
    pid = restarting(100, "sleep", "1000")
    ctl("health", "set", 100, "process", *OFTEN)
    wait_for("its health", lambda: health(100) == "healthy")
    assert check(100)["result"] == "alive"
    os.kill(pid, 19)
    restarted_well(100, pid)


SERVER = """
import os, socket
server = socket.create_server(("127.0.0.1", 7001))
os.mkfifo("/tmp/test/close") if not os.path.exists("/tmp/test/close") else None
open("/tmp/test/close").read()
os.unlink("/tmp/test/close")
server.close()
open("/tmp/test/never" + str(os.getpid()), "w")
import time; time.sleep(1000)
"""


@with_clean
def test_tcp():
    "what does not accept connections any more is not well"
    pid = restarting(100, "python3", "-S", "-c", SERVER)
    ctl("health", "set", 100, "tcp=127.0.0.1:7001", "start-period=20s", *OFTEN)
    wait_for("its health", lambda: health(100) == "healthy")
    assert check(100)["result"] == "connected" and check(100)["failures"] == 0
    with open("/tmp/test/close", "w"):
        pass
    restarted_well(100, pid)


def with_names(test):
    """It may write the files in which names are found, which are as before afterwards."""
    names = "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/resolv.conf"

    @with_clean
    def wrapped():
        before = {name: open(name).read() for name in names if os.path.exists(name)}
        try:
            test()
        finally:
            for name in names:
                if name in before:
                    write(name, before[name])
                elif os.path.exists(name):
                    os.unlink(name)
    wrapped.__name__, wrapped.__doc__ = test.__name__, test.__doc__
    return wrapped


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


@with_names
def test_tcp_name():
    "a name is looked up, and each of its addresses tried"
    write("/etc/host.conf", "multi on\n")
    write("/etc/hosts", "127.0.0.1 localhost\n127.0.0.9 both.test\n127.0.0.1 both.test\n127.0.0.9 none.test\n")
    pid = restarting(100, "python3", "-S", "-c", SERVER)
    ctl("health", "set", 100, "tcp=both.test:7001", "start-period=20s", *OFTEN)
    wait_for("its health", lambda: health(100) == "healthy")
    assert check(100)["result"] == "connected"
    for target, result in ("none.test:7001", "Connection refused"), ("unknown.test:7001", "Name or service not known"):
        ctl("health", "set", 100, "tcp=" + target, "interval=1h", "start-period=1h")
        wait_for("a failure", lambda: check(100)["result"])
        assert check(100)["result"] == result
    assert info(100)["pid"] == pid


def answer(query):
    """What a name server that knows 127.0.0.1 for every name answers: there are no other addresses."""
    end = query.index(b"\0", 12) + 5
    is_a = query[end - 4:end - 2] == b"\0\1"
    head = query[:2] + b"\x81\x80\0\1" + (b"\0\1" if is_a else b"\0\0") + b"\0\0\0\0"
    return head + query[12:end] + (b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1" if is_a else b"")


@with_names
def test_tcp_slow_name():
    "a name server that does not answer keeps nobody else waiting"
    # For longer than anybody waits for the helper.
    write("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n")
    write("/etc/nsswitch.conf", "hosts: dns\n")
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    restarting(100, "python3", "-S", "-c", SERVER)
    run("--id", 101, "sleep", "1000")
    ctl("health", "set", 101, "command=echo >>/tmp/test/count101", "interval=50ms")
    ctl("health", "set", 100, "tcp=slow.test:7001", "interval=1h", "timeout=1h")
    query, sender = server.recvfrom(512)
    wait_for("a check", lambda: os.path.exists("/tmp/test/count101"))
    before = checks_of(101)
    wait_for("checks of the other one", lambda: checks_of(101) > before + 5)
    assert health(100) == "starting"
    # Nobody waits for this one any more when it is answered.
    ctl("health", "set", 100, "tcp=other.test:7001", "interval=1h", "timeout=1h")
    while health(100) == "starting":
        server.sendto(answer(query), sender)
        server.settimeout(0.2)
        try:
            query, sender = server.recvfrom(512)
        except socket.timeout:
            pass
    assert check(100)["result"] == "connected"


@with_clean
def test_command():
    "a command is run as the agent's user, and one that fails or hangs tells that it is not well"
    os.chmod("/tmp/test", 0o777)
    open("/tmp/test/well", "w").close()
    pid = restarting(100, "--user", "nobody", "sleep", "1000")
    # Whole at any time: it is written again with each check.
    command = ("cd /tmp/test; { id -u; echo $AGENT_ID $AGENT_PID; } >who.new; mv who.new who; "
               "test -e well")
    ctl("health", "set", 100, "command=" + command, *OFTEN)
    wait_for("its health", lambda: health(100) == "healthy")
    ctl("recovery", "--agent", 100, "Unresponsive=alert")
    with open("/tmp/test/who") as file:
        assert file.read() == "65534\n100 %d\n" % pid
    os.unlink("/tmp/test/well")
    wait_for("its illness", lambda: health(100) == "unhealthy")
    assert check(100)["result"] == "exit 1"
    # Told again, after as many failures; nothing but that is done.
    wait_for("two faults", lambda: ctl_json("faults", 100)["counts"]["Unresponsive"] >= 2)
    assert info(100)["pid"] == pid
    open("/tmp/test/well", "w").close()
    wait_for("its health", lambda: health(100) == "healthy")
    # One that hangs is killed, with all that it has begun.
    ctl("health", "set", 100, "command=sleep 77777 & sleep 77777", "interval=10s", "timeout=200ms", "retries=1")
    wait_for("its illness", lambda: health(100) == "unhealthy")
    assert check(100)["result"] == "no answer within 200ms"
    wait_for("their end", lambda: b"77777" not in b"".join(cmdlines()))


def cmdlines():
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open("/proc/%s/cmdline" % entry, "rb") as file:
                    yield file.read()
            except OSError:
                pass


def checks_of(agent):
    return os.path.getsize("/tmp/test/count%d" % agent)


@with_clean
def test_start_period():
    "failures while it starts do not count, and those of a paused agent are not looked for"
    for agent in 100, 101:
        run("--id", agent, "sleep", "1000")
        ctl("health", "set", agent, "command=echo >>/tmp/test/count$AGENT_ID; test -e /tmp/test/up", "start-period=1h",
            "interval=50ms", "retries=1")
    wait_for("a failure", lambda: check(100)["result"] == "exit 1")
    assert health(100) == "starting" and ctl_json("faults", 100)["counts"]["Unresponsive"] == 0
    open("/tmp/test/up", "w").close()
    wait_for("its health", lambda: health(100) == "healthy")
    ctl("pause", 100)
    wait_for("that this is known", lambda: ctl_json("health", 100)["agents"][0]["paused"])
    before = checks_of(100), checks_of(101)
    wait_for("checks of the other one", lambda: checks_of(101) > before[1] + 5)
    assert checks_of(100) <= before[0] + 1
    ctl("resume", 100)
    wait_for("a check of it", lambda: checks_of(100) > before[0] + 1)


@with_clean
def test_helper_killed():
    "checks go on when the helper was killed, and end with the agent's record"
    pid = restarting(100, "sleep", "1000")
    ctl("health", "set", 100, "process", *OFTEN)
    wait_for("its health", lambda: health(100) == "healthy")
    helper = info("asmd")["pid"]
    os.kill(helper, 9)
    wait_for("another one", lambda: info("asmd")["pid"] not in (0, helper) and ctl_json("health")["helper"])
    wait_for("its health", lambda: health(100) == "healthy")
    os.kill(pid, 19)
    restarted_well(100, pid)
    ctl("stop", 100)
    assert health(100) == "down"
    ctl("rm", 100)
    # Another agent of this id is not checked.
    run("--id", 100, "sleep", "1000")
    wait_for("that it is forgotten", lambda: health(100) == "none")


@with_clean
def test_groups():
    "groups are as their agents are, and root is the system"
    ctl("group", "new", "outer")
    ctl("group", "new", "--parent", "outer", "inner")
    for agent, group in (100, "inner"), (101, "outer"), (102, "root"):
        run("--id", agent, "--group", group, "--restart", "never", "sleep", "1000")
        ctl("recovery", "--agent", agent, "Unresponsive=alert")
        ctl("health", "set", agent, "command=! test -e /tmp/test/%d" % agent, *OFTEN)

    def groups():
        return {one["group"]: one["health"] for one in ctl_json("health")["groups"]}

    wait_for("their health", lambda: set(groups().values()) == {"healthy"})
    open("/tmp/test/100", "w").close()
    wait_for("its illness", lambda: groups() == {"root": "degraded", "outer": "degraded", "inner": "unhealthy"})
    open("/tmp/test/101", "w").close()
    wait_for("its illness", lambda: groups() == {"root": "degraded", "outer": "unhealthy", "inner": "unhealthy"})
    total = ctl_json("health")["groups"][0]
    assert total == {"group": "root", "health": "degraded", "healthy": 1, "starting": 0, "unhealthy": 2, "down": 0}
    ctl("stop", 100)
    ctl("stop", 101)
    wait_for("that", lambda: groups() == {"root": "healthy", "outer": "down", "inner": "down"})
    lines = ctl("health").out.splitlines()
    assert lines[0].split() == ["ID", "NAME", "GROUP", "HEALTH", "CHECK", "FAILURES", "LAST"]
    assert lines[1].split()[:5] == ["100", "sleep", "inner", "down", "command=!"], lines
    assert lines[5].split() == ["GROUP", "HEALTH", "HEALTHY", "STARTING", "UNHEALTHY", "DOWN"], lines


@with_clean
def test_settings():
    "what is set is told, replaced and cleared; what makes no sense is refused and changes nothing"
    run("--id", 100, "--name", "one", "sleep", "1000")
    ctl("health", "set", "one", "process", "tcp=[::1]:80", "interval=1h", "timeout=20s", "retries=7", "start-period=5s")
    want = [{"kind": kind, "target": target, "interval_ms": 3600000, "timeout_ms": 20000, "retries": 7,
             "start_period_ms": 5000} for kind, target in (("process", ""), ("tcp", "[::1]:80"))]

    def told():
        return [{key: check[key] for key in want[0]} for check in ctl_json("health", "one")["agents"][0]["checks"]]

    assert told() == want

    def refused(words, *more, want=USAGE):
        err = ctl("health", *more, want=want).err
        assert words in err.splitlines()[0], err

    refused("nothing to check", "set", "one", "interval=5s")
    refused("is neither a check", "set", "one", "ping=1")
    refused("is neither a check", "set", "one", "process=7")
    refused("interval: '5'", "set", "one", "process", "interval=5")
    refused("retries: '0'", "set", "one", "process", "retries=0")
    refused("interval_ms is not from", "set", "one", "process", "interval=1ms", want=1)
    for target in "example.org", "127.0.0.1", "127.0.0.1:99999x", "a:65536", "a:0", ":80", "a b:80", "[::1:80", "::1::80":
        refused("tcp takes HOST:PORT", "set", "one", "tcp=" + target, want=1)
    refused("up to 8 checks", "set", "one", *["process"] * 9, want=1)
    refused("does not say what", "set", "one", "command=", want=1)
    refused("no such agent", "set", 4711, "process", want=NO_AGENT)
    assert told() == want
    ctl("health", "clear", "one")
    assert ctl_json("health")["agents"] == []


ksft.main()
