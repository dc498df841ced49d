#!/usr/bin/env python3
# vm: with=systemd timeout=120 kernels=one
"""The helper daemon as a service of systemd: a user's manager, which root may have without it being process 1, has asmd.service."""
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import ksft
from ctl import FAILED, NO_AGENT, call, ctl, ctl_json, info, run, with_clean
from ksft import wait_for

RUNTIME = "/run/user/0"
UNITS = RUNTIME + "/systemd/user"
DROP_INS = UNITS + "/asmd.service.d"
WATCHDOG = 7  # seconds
SERVICE = "/usr/lib/systemd/system/asmd.service"
# What process 1 would have made: that it is systemd is said by the first; the others are put over what is out of bounds.
BOOTED = "/run/systemd/system"
INACCESSIBLE = "/run/systemd/inaccessible"
CGROUP = "/sys/fs/cgroup/vm-test/systemd"
AGENT = os.environ.get("AGENTS", ".") + "/notify.py"
LATE = os.environ.get("AGENTS", ".") + "/late.py"
PIPE = "/tmp/test/pipe"

if not os.path.exists("/usr/bin/systemctl"):
    print("1..0 # SKIP systemd is not installed on the machine that made the image")
    sys.exit(0)


def systemctl(*words):
    return call("systemctl", "--user", "--no-pager", *words)


def told(*names):
    """Properties of the service, all at the same moment."""
    out = systemctl("show", "asmd.service", *["--property=" + name for name in names]).out
    values = dict(line.split("=", 1) for line in out.splitlines())
    return [values[name] for name in names]


def main_pid():
    return int(told("MainPID")[0])


def is_active():
    return told("ActiveState")[0] == "active"


def write_drop_in(name, *lines):
    os.makedirs(DROP_INS, exist_ok=True)
    with open("%s/%s.conf" % (DROP_INS, name), "w") as file:
        file.write("\n".join(("[Service]",) + lines) + "\n")


def begin():
    """A manager, with the service as it is installed, but for the time that it may hang."""
    os.environ["XDG_RUNTIME_DIR"] = RUNTIME
    for folder in BOOTED, UNITS, CGROUP:
        os.makedirs(folder, exist_ok=True)
    os.makedirs(INACCESSIBLE + "/dir")
    for name, kind in ("reg", stat.S_IFREG), ("sock", stat.S_IFSOCK), ("fifo", stat.S_IFIFO):
        os.mknod(INACCESSIBLE + "/" + name, kind)
    os.chmod(RUNTIME, 0o700)
    shutil.copy(SERVICE, UNITS + "/asmd.service")
    write_drop_in("time", "WatchdogSec=%d" % WATCHDOG)

    def enter():
        with open(CGROUP + "/cgroup.procs", "w") as file:
            file.write("0")

    manager = subprocess.Popen(["/usr/bin/systemd", "--user", "--log-target=console", "--log-level=info"], preexec_fn=enter,
                               stdin=subprocess.DEVNULL, stdout=sys.stderr)
    wait_for("the manager", lambda: systemctl("is-active", "basic.target").out == "active\n")
    return manager


def with_service(test):
    @with_clean
    def wrapped():
        # Nothing that another test has made of it stays.
        systemctl("reset-failed", "asmd.service")
        result = systemctl("start", "asmd.service")
        assert result.status == 0, (result, systemctl("status", "asmd.service"))
        try:
            test()
        finally:
            systemctl("stop", "asmd.service")
    wrapped.__name__, wrapped.__doc__ = test.__name__, test.__doc__
    return wrapped


def start_agent(agent, *options):
    if not os.path.exists(PIPE):
        os.mkfifo(PIPE)
    run("--notify", "--id", agent, *options, AGENT, PIPE)


def is_ready(agent):
    return info(agent).get("health") == "healthy"


@with_service
def test_work():
    "agents are looked after, systemctl status tells how many, and the module starts none of its own"
    pid = main_pid()
    assert ctl_json("helper") == {"running": True, "pid": pid, "agents": 0}
    start_agent(100)
    wait_for("its readiness", lambda: is_ready(100))
    run("--id", 101, "sleep", "1000")
    ctl("health", "set", 101, "command=test $(id -u) = 0", "interval=100ms")
    wait_for("its health", lambda: is_ready(101))
    wait_for("its status", lambda: told("StatusText")[0] == "Looks after 2 agents")
    status = systemctl("status", "asmd.service").out
    assert re.search(r'Status: "Looks after 2 agents"', status) and "active (running)" in status, status
    ctl("info", 1, want=NO_AGENT)
    # What is started by hand all the same ends at once, and is not tried again.
    ctl("start", 1)
    wait_for("its end", lambda: info(1)["state"] == "exited")
    assert info(1)["last_exit"]["code"] == 3, info(1)
    assert "systemctl stop asmd" in ctl("helper", "stop", want=FAILED).err
    assert main_pid() == pid and is_active()


@with_service
def test_hangs():
    "one that hangs gives no signs of life: it is killed and started again, and knows what it knew"
    start_agent(100)
    wait_for("its readiness", lambda: is_ready(100))
    os.mkfifo("/tmp/test/late")
    run("--notify", "--id", 101, LATE, "/tmp/test/late", "/tmp/test/said")
    pid, restarts = main_pid(), int(told("NRestarts")[0])
    os.kill(pid, signal.SIGSTOP)
    with open("/tmp/test/late", "w") as pipe:
        pipe.write("go\n")
    wait_for("its word", lambda: os.path.exists("/tmp/test/said"))
    wait_for("another one", lambda: main_pid() not in (0, pid) and is_active(), 40)
    assert int(told("NRestarts")[0]) == restarts + 1
    assert is_ready(100) and info(100)["status_text"] == "begun"
    # What has been said meanwhile waited for it.
    wait_for("its readiness", lambda: is_ready(101))


@with_service
def test_lives():
    "one that does not hang is left alone for longer than it may be silent"
    pid = main_pid()
    before = told("WatchdogTimestampMonotonic")[0]
    wait_for("its signs of life", lambda: int(told("WatchdogTimestampMonotonic")[0]) > int(before) + WATCHDOG * 1000000)
    assert main_pid() == pid and told("NRestarts") == ["0"]


@with_service
def test_stop():
    "a stop is orderly: it ends by itself, and takes its sockets with it"
    agent = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    agent.sendto(b"READY=1", "/run/agentsys/notify")
    assert systemctl("stop", "asmd.service").status == 0
    assert told("ActiveState", "Result") == ["inactive", "success"]
    assert not os.path.exists("/run/agentsys/asmd.socket")
    # systemd has let go of it too.
    try:
        agent.sendto(b"READY=1", "/run/agentsys/notify")
        raise AssertionError("somebody has the socket")
    except ConnectionRefusedError:
        pass


@with_clean
def test_ready():
    "it is active when it says so, and not before"
    os.mkfifo("/tmp/test/gate")
    write_drop_in("gate", "ExecStart=", "ExecStart=/bin/sh -c 'read line </tmp/test/gate; exec /usr/sbin/asmd'")
    systemctl("daemon-reload")
    try:
        with open("/tmp/test/gate", "r+b", 0) as gate:
            assert systemctl("start", "--no-block", "asmd.service").status == 0
            wait_for("its program", main_pid)
            assert told("ActiveState", "SubState") == ["activating", "start"]
            gate.write(b"\n")
            wait_for("that it is active", is_active)
        assert ctl_json("helper")["pid"] == main_pid()
    finally:
        systemctl("stop", "asmd.service")
        os.unlink(DROP_INS + "/gate.conf")
        systemctl("daemon-reload")


@with_clean
def test_second():
    "where the module's own runs, the service ends at once and is not tried again"
    run("--id", 100, "sleep", "1000")
    ctl("helper", "start")
    pid = info(1)["pid"]
    assert systemctl("start", "asmd.service").status
    assert told("ActiveState", "ExecMainStatus", "NRestarts") == ["failed", "3", "0"]
    assert info(1)["pid"] == pid and ctl_json("helper")["running"]
    ctl("helper", "stop")


manager = begin()
try:
    ksft.main()
finally:
    systemctl("exit")
    manager.wait()
    os.rmdir(BOOTED)
