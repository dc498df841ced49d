#!/usr/bin/python3
"""The pages below /proc/agentsys, against the formats that the user guide shows."""
# vm: timeout=180
import ctypes
import errno
import fcntl
import json
import os
import re
import threading
import time

import agentsys
import ksft
from ksft import wait_for

STATUS = "/proc/agentsys/status"
TELEMETRY = "/proc/agentsys/telemetry"
EVENTS = "/proc/agentsys/events"

EMPTY_STATUS = """\
Agent Supervision Module - Telemetry Status
===========================================

System Metrics:
  Total Spawns:    0
  Total Exits:     0
  Total Crashes:   0
  Total Faults:    0
  Total Restarts:  0
  Active Agents:   0
  Total Syscalls:  0

Per-Agent Metrics:
  ID    Spawns Exits  Faults CPU(us)   Mem(B)
  ----  ------ -----  ------ --------  -------
"""

IOC_TELEMETRY, IOC_INFO = 0xE701, 0xE703


class Text(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("agent_id", ctypes.c_uint32), ("buf", ctypes.c_uint64), ("len", ctypes.c_uint64)]


asm = agentsys.Connection()


def read(path):
    with open(path) as file:
        return file.read()


def call(command, id=0, size=8192):
    """Call 500 or 502, as the guide's examples would."""
    buf = ctypes.create_string_buffer(size)
    text = Text(ctypes.sizeof(Text), id, ctypes.addressof(buf), size)
    with open("/dev/agentsys") as device:
        got = fcntl.ioctl(device, command, text)
    assert got == len(buf.value) and text.len == got + 1
    return json.loads(buf.value.decode())


def forget_all():
    asm.shutdown(timeout_ms=0)
    for line in re.findall(r"^Agent (\d+):", read(STATUS), re.M):
        asm.remove(int(line))


def table(page):
    """The rows of the table, each a list of six numbers."""
    rows = re.search(r"^  ----.*\n((?:  \d.*\n)*)", page, re.M)[1]
    return [[int(word) for word in row.split()] for row in rows.splitlines()]


def test_nothing():
    "pages of a module that has no agents"
    assert read(STATUS) == EMPTY_STATUS, read(STATUS)
    assert read(EVENTS) == ""
    assert json.loads(read(TELEMETRY)) == {
        "system": {"total_agents_spawned": 0, "total_agents_exited": 0, "active_agents": 0, "total_faults": 0,
                   "total_crashes": 0, "total_restarts": 0, "total_syscalls": 0},
        "agents": {}, "recent_events": []}
    assert call(IOC_TELEMETRY) == json.loads(read(TELEMETRY))


def test_permissions():
    "everybody may read, nobody may write"
    assert sorted(os.listdir("/proc/agentsys")) == ["events", "status", "telemetry"]
    for path in (STATUS, TELEMETRY, EVENTS):
        assert os.stat(path).st_mode & 0o7777 == 0o444
    pid = os.fork()
    if not pid:
        try:
            os.setgid(65534)
            os.setuid(65534)
            os._exit(0 if read(STATUS) and read(TELEMETRY) is not None and read(EVENTS) is not None else 1)
        finally:
            os._exit(2)
    assert os.waitpid(pid, 0)[1] == 0


def test_status():
    "status page with the guide's columns and its line to grep for"
    # Crashes four times, then stays: the guide's "spawns=5 exits=4 faults=4".
    asm.spawn(["/bin/sh", "-c", "echo >>/tmp/test/starts; [ $(wc -l </tmp/test/starts) -gt 4 ] || exit 3; sleep 1000; :"],
              id=100, name="crasher", restart="on-failure", max_restarts=10, backoff_ms=(0, 0))
    asm.spawn(["/bin/true"], id=123456, name="short")
    wait_for("both agents' lines", lambda: "Agent 100: spawns=5 exits=4 faults=4\n" in read(STATUS) and
             "Agent 123456: spawns=1 exits=1 faults=0\n" in read(STATUS))
    page = read(STATUS)
    print("# " + page.replace("\n", "\n# "))
    head, rest = page.split("\nPer-Agent Metrics:\n")
    assert head == EMPTY_STATUS.split("\nPer-Agent")[0].replace("Spawns:    0", "Spawns:    6").replace(
        "Exits:     0", "Exits:     5").replace("Crashes:   0", "Crashes:   4").replace("Faults:    0", "Faults:    4").replace(
        "Restarts:  0", "Restarts:  4").replace("Agents:   0", "Agents:   1"), head
    lines = rest.split("\n")
    title, first, second = lines[0], lines[2], lines[3]
    # What fits stands below its title; what does not moves the rest but never touches it.
    for word, value in (("ID", "100"), ("Spawns", "5"), ("Exits", "4"), ("Faults", "4")):
        assert first[title.index(word):].split()[0] == value, first
    assert re.fullmatch(r"  100   5      4      4      \d+ +\d+", first), first
    assert first[title.index("CPU(us)") - 1] == " " and first[title.index("CPU(us)")].isdigit(), first
    assert re.fullmatch(r"  123456 1      1      0      \d+ +\d+", second), second
    assert lines[4:] == ["", "Agent 100: spawns=5 exits=4 faults=4", "Agent 123456: spawns=1 exits=1 faults=0", ""], lines
    rows = table(page)
    assert rows[0][4] > 0, "five shells take CPU time"
    assert rows[0][5] > 0, "a running agent has memory"


def test_events():
    "events page with the guide's sentences"
    lines = read(EVENTS).splitlines()
    times = []
    for line in lines:
        match = re.fullmatch(r"\[(\d+)\] (\S.*)", line)
        assert match, line
        times.append(int(match[1]))
    assert times == sorted(times)
    assert abs(times[-1] - time.clock_gettime(time.CLOCK_BOOTTIME) * 1e6) < 100e6
    texts = [line.split("] ")[1] for line in lines]
    wanted = ["Agent 100 spawned"]
    for n in range(1, 5):
        wanted += ["Agent 100 crashed (code 3)", "Agent 100 restart %d in 0 ms" % n, "Agent 100 restarted (restart %d)" % n]
    assert [text for text in texts if text.startswith("Agent 100 ")] == wanted, texts
    assert [text for text in texts if "123456" in text] == ["Agent 123456 spawned", "Agent 123456 exited (code 0)"], texts


def test_telemetry():
    "telemetry page and call 500 with the guide's keys"
    page, called = json.loads(read(TELEMETRY)), call(IOC_TELEMETRY)
    for text in (page, called):
        assert list(text) == ["system", "agents", "recent_events"]
        assert text["system"] == {"total_agents_spawned": 6, "total_agents_exited": 5, "active_agents": 1, "total_faults": 4,
                                  "total_crashes": 4, "total_restarts": 4, "total_syscalls": 0}
        assert list(text["agents"]) == ["100", "123456"]
        agent = text["agents"]["100"]
        assert set(agent) >= {"spawn_count", "exit_count", "fault_count", "cpu_time_us", "memory_bytes"}
        assert (agent["spawn_count"], agent["exit_count"], agent["fault_count"]) == (5, 4, 4)
        events = text["recent_events"]
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert all(set(event) >= {"seq", "time_us", "agent_id", "type", "text"} for event in events)
        assert [event["text"] for event in events] == [line.split("] ")[1] for line in read(EVENTS).splitlines()]
        first, second = [event for event in events if event["agent_id"] == 100][:2]
        assert (first["type"], first["cause"], first["instance"]) == ("spawn", "none", 1)
        assert (second["type"], second["cause"], second["code"]) == ("crash", "exit", 3)
    assert page["recent_events"] == called["recent_events"]


def test_info():
    "call 502 with the guide's keys"
    info = call(IOC_INFO, 100)
    guide = {"agent_id": 100, "name": "crasher", "capabilities": [], "auto_restart": True, "max_restarts": 10,
             "restart_count": 4, "spawn_count": 5, "fault_count": 4, "state": "active", "exit_count": 4, "crash_count": 4,
             "restart": "on-failure", "last_exit": {"cause": "exit", "code": 3}}
    assert {key: info[key] for key in guide} == guide, info
    assert info["pid"] > 1 and os.path.exists("/proc/%d" % info["pid"])
    assert info["memory_bytes"] > 0 and info["cpu_time_us"] > 0
    info = call(IOC_INFO, 123456)
    assert (info["state"], info["pid"], info["auto_restart"]) == ("exited", 0, False)
    assert info["last_exit"] == {"cause": "exit", "code": 0}


def test_odd_names():
    "names that need escaping"
    name = 'quote " back \\ slash / \u00fc\u65e5\U0001f916'
    asm.spawn(["/bin/true"], id=777, name=name)
    assert call(IOC_INFO, 777)["name"] == name
    longest = '"' * 63
    asm.spawn(["/bin/true"], id=778, name=longest)
    assert call(IOC_INFO, 778)["name"] == longest
    asm.spawn(["/bin/true"], id=2147483647, name="the last id")
    assert table(read(STATUS))[-1][0] == 2147483647
    assert "2147483647" in json.loads(read(TELEMETRY))["agents"]
    forget_all()
    assert table(read(STATUS)) == []


def test_small_buffer():
    "a text that does not fit: nothing but the size needed"
    buf = ctypes.create_string_buffer(10)
    text = Text(ctypes.sizeof(Text), 0, ctypes.addressof(buf), 10)
    with open("/dev/agentsys") as device:
        try:
            fcntl.ioctl(device, IOC_TELEMETRY, text)
            assert False
        except OSError as error:
            assert error.errno == errno.EMSGSIZE
        # That size is enough: events are left out.
        buf = ctypes.create_string_buffer(text.len)
        text = Text(ctypes.sizeof(Text), 0, ctypes.addressof(buf), text.len)
        fcntl.ioctl(device, IOC_TELEMETRY, text)
    assert json.loads(buf.value)["recent_events"] == []


def test_many():
    "many agents, read whole, in small pieces and from the middle"
    count = 150
    for number in range(count):
        asm.spawn(["/bin/true"], name="many-%d" % number, wait=False)
    # No reader changes what another sees, so once all have ended pages stand still.
    wait_for("all ends", lambda: sum(row[2] for row in table(read(STATUS))) == count, 60)
    for path in (STATUS, TELEMETRY, EVENTS):
        wait_for("the page stands still", lambda: read(path) == read(path))
        whole = read(path).encode()
        fd = os.open(path, os.O_RDONLY)
        pieces = []
        while True:
            piece = os.read(fd, 97)
            if not piece:
                break
            pieces.append(piece)
        assert b"".join(pieces) == whole, path
        for at in (0, 1, 500, 5000, len(whole) // 2, len(whole) - 1, len(whole), len(whole) + 10):
            assert os.pread(fd, 64, at) == whole[at:at + 64], (path, at)
        os.lseek(fd, 0, os.SEEK_SET)
        assert os.read(fd, 100) == whole[:100]
        os.close(fd)
    page = read(STATUS)
    assert [row[0] for row in table(page)] == [int(id) for id in re.findall(r"^Agent (\d+): spawns=1 ", page, re.M)]
    assert len(json.loads(read(TELEMETRY))["agents"]) == count


def test_changes():
    "pages stay whole while agents come and go"
    forget_all()
    over = threading.Event()
    problems = []

    def reader():
        while not over.is_set():
            try:
                text = json.loads(read(TELEMETRY))
                assert list(text) == ["system", "agents", "recent_events"]
                assert read(STATUS).startswith(EMPTY_STATUS[:90])
                seqs = [event["seq"] for event in text["recent_events"]]
                assert seqs == sorted(set(seqs))
                call(IOC_TELEMETRY, size=65536)
                fd = os.open(TELEMETRY, os.O_RDONLY)
                pieces = []
                while True:
                    piece = os.read(fd, 333)
                    if not piece:
                        break
                    pieces.append(piece)
                os.close(fd)
                json.loads(b"".join(pieces).decode())
            except Exception as problem:
                problems.append(problem)
                return

    threads = [threading.Thread(target=reader) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        ids = [asm.spawn(["/bin/sleep", "1000"]) for _ in range(3)]
        for id in ids:
            asm.kill(id)
            asm.remove(id)
    over.set()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


ksft.main()
