#!/usr/bin/python3
"""The event ring: its size, what is lost, its tracepoint, and pages that are open when the module goes."""
# vm: nomodule timeout=180
import contextlib
import json
import os
import re
import subprocess
import time

import agentsys
import ksft

MODULE = os.environ["AGENTSYS_KO"]
EVENTS = "/proc/agentsys/events"
TELEMETRY = "/proc/agentsys/telemetry"
TRACE = "/sys/kernel/tracing"


def insmod(*params):
    return subprocess.run(["insmod", MODULE, *params], stderr=subprocess.DEVNULL).returncode == 0


def rmmod():
    for _ in range(50):
        if subprocess.run(["rmmod", "agentsys"], stderr=subprocess.DEVNULL).returncode == 0:
            return
        time.sleep(0.1)
    raise AssertionError("cannot be unloaded")


@contextlib.contextmanager
def module(*params):
    """A loaded module, and a connection to it; it is unloaded afterwards."""
    assert insmod(*params)
    try:
        with agentsys.Connection() as asm:
            try:
                yield asm
            finally:
                asm.shutdown(timeout_ms=0)
    finally:
        rmmod()


@contextlib.contextmanager
def traced():
    """The tracepoint, enabled; gives a function that waits for that many lines."""
    if not os.path.exists(TRACE + "/trace"):
        raise ksft.Skip("no tracefs")

    def lines(count):
        deadline = time.monotonic() + 20 * ksft.SCALE
        while True:
            got = [line for line in read(TRACE + "/trace").splitlines() if "agentsys_event:" in line]
            if len(got) >= count:
                return got
            assert time.monotonic() < deadline, got
            time.sleep(0.05)

    write(TRACE + "/events/agentsys/agentsys_event/enable", "1")
    try:
        yield lines
    finally:
        write(TRACE + "/events/agentsys/agentsys_event/enable", "0")
        write(TRACE + "/trace", "")


def read(path):
    with open(path) as file:
        return file.read()


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def events():
    return json.loads(read(TELEMETRY))["recent_events"]


def make_events(asm, count, id=100):
    """Two at a time."""
    for _ in range(count // 2):
        asm.pause(id)
        asm.resume(id)


def test_sizes():
    "ring_size is a power of two between 64 and 65536"
    for size in ("0", "1", "32", "63", "65", "96", "1000", "65535", "131072", "4294967295", "-1", "x"):
        assert not insmod("ring_size=" + size), size
        assert not os.path.exists("/proc/agentsys")
    for size in ("64", "1024", "65536"):
        assert insmod("ring_size=" + size), size
        assert read("/sys/module/agentsys/parameters/ring_size").strip() == size
        rmmod()
    assert insmod()
    assert read("/sys/module/agentsys/parameters/ring_size").strip() == "1024"
    rmmod()


def test_overwriting():
    "the oldest events make room"
    with module("ring_size=64") as asm:
        asm.spawn(["/bin/sleep", "1000"], id=100)
        for made in (1, 41, 61, 63, 65, 101, 401):
            have = events()[-1]["seq"]
            make_events(asm, made - have)
            got = [event["seq"] for event in events()]
            last = got[-1]
            assert last >= made - 1
            assert got == list(range(max(1, last - 63), last + 1)), got
            lines = read(EVENTS).splitlines()
            assert len(lines) == len(got), lines
            assert not any(line.startswith("#") for line in lines), lines


def test_lost():
    "a slow reader is told how many it lost"
    with module("ring_size=256") as asm:
        asm.spawn(["/bin/sleep", "1000"], id=100)
        make_events(asm, 240)
        last = events()[-1]["seq"]
        fd = os.open(EVENTS, os.O_RDONLY)
        text = os.read(fd, 60)
        make_events(asm, 200)
        while True:
            piece = os.read(fd, 65536)
            if not piece:
                break
            text += piece
        os.close(fd)
        lines = text.decode().splitlines()
        lost = [int(match[1]) for match in (re.fullmatch(r"# (\d+) events lost", line) for line in lines) if match]
        print("# %d lines, lost %s" % (len(lines), lost))
        # Of the events that were there when it began, each is shown or counted.
        assert len(lost) == 1 and lost[0] > 0
        assert len(lines) - 1 + lost[0] == last, (len(lines), lost, last)


def test_tracepoint():
    "every event is a tracepoint too"
    with module() as asm, traced() as lines:
        form = read(TRACE + "/events/agentsys/agentsys_event/format")
        assert re.search(r"field:char name\[17\];", form), form
        assert '"restart-scheduled"' in form and "{ 5, " in form, form
        asm.spawn(["/bin/sh", "-c", "exit 3"], id=100, name="a-name-of-more-than-sixteen-bytes")
        got = lines(2)
        print("# " + "\n# ".join(got))
        assert len(got) == 2
        assert "seq=1 agent=100 name=a-name-of-more-t type=spawn cause=none code=0 " in got[0]
        assert "seq=2 agent=100 name=a-name-of-more-t type=crash cause=exit code=3 " in got[1]


def test_cut_name():
    "a name is never cut inside a character"
    with module() as asm, traced() as lines:
        asm.spawn(["/bin/true"], id=100, name="123456789012345\u00fc")
        assert "name=123456789012345 type=spawn" in lines(1)[0]


def test_unload():
    "pages that are open do not hold the module, and read nothing once it is gone"
    assert insmod()
    asm = agentsys.Connection()
    asm.spawn(["/bin/sleep", "1000"], id=100)
    make_events(asm, 300)
    fds = [os.open("/proc/agentsys/" + name, os.O_RDONLY) for name in ("status", "telemetry", "events")]
    for fd in fds:
        assert os.read(fd, 10)
    asm.shutdown(timeout_ms=0)
    asm.close()
    rmmod()
    assert not os.path.exists("/proc/agentsys")
    for fd in fds:
        try:
            assert os.read(fd, 10) == b""
        except OSError:
            pass
        os.close(fd)
    assert insmod()
    assert read(EVENTS) == ""
    rmmod()


ksft.main()
