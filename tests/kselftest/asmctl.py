#!/usr/bin/env python3
# vm: timeout=180 kernels=one
"""asmctl as a person and as a script uses it: every command, what it prints and its exit status."""
import ctypes
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import ksft
from ctl import (DENIED, FAILED, NO_AGENT, NO_MODULE, USAGE, call, ctl, ctl_json, deaf, events_after, info, last_event,
                 run, with_clean)
from ksft import wait_for


# ---- run

@with_clean
def test_run_says():
    "run says who was started"
    result = ctl("run", "--id", 100, "--name", "my_agent", "sleep", "1000")
    assert re.fullmatch(r"Agent 100 \(my_agent\) started, pid \d+\n", result.out), result
    pid = int(result.out.split()[-1])
    assert os.readlink("/proc/%d/exe" % pid).endswith(("sleep", "busybox"))
    assert open("/proc/%d/cgroup" % pid).read().strip().split("\n")[-1] == "0::/agentsys/100"
    # A second one of the same name is somebody else, and gets an id.
    other = run("--name", "my_agent", "sleep", "1000")
    assert other["agent_id"] >= 1000 and other["name"] == "my_agent" and other["state"] == "active"
    assert run("sleep", "1000")["name"] == "sleep"
    assert ctl("stop", "my_agent", want=FAILED).err.startswith(
        'asmctl: 2 agents are called "my_agent"')


@with_clean
def test_run_refused():
    "what cannot be run is refused in plain words, and leaves nothing behind"
    run("--id", "100", "sleep", "1000")
    for words, status, text in [
            (("--id", "100", "sleep", "1"), FAILED, "cannot start agent 100: an agent with this id exists"),
            (("/bin/nope",), FAILED, 'cannot execute the program "/bin/nope": No such file or directory'),
            (("/etc/passwd",), FAILED, "Permission denied"),
            (("--cwd", "/nope", "sleep", "1"), FAILED, "cannot change to the working directory"),
            (("--stdin", "/nope/file", "sleep", "1"), FAILED, "No such file or directory"),
            (("nope-nope",), FAILED, 'cannot find "nope-nope" in PATH'),
            (("--user", "nobody-nobody", "sleep", "1"), USAGE, "there is no user"),
            (("--id", "1", "sleep", "1"), USAGE, "is not an id"),
            (("--name", "x" * 64, "sleep", "1"), USAGE, "63 bytes"),
            (("--restart", "sometimes", "sleep", "1"), USAGE, "never, on-failure, on-abnormal, always"),
            (("--name", "123", "sleep", "1"), USAGE, "'123' is no name: it would be taken for an id"),
            (("--backoff", "10:x", "sleep", "1"), USAGE, "is not a backoff"),
            (("--backoff", "10:5", "sleep", "1"), USAGE, "'10:5' has a first wait above its maximum"),
            (("--stop-timeout", "10", "sleep", "1"), USAGE, "with its unit"),
            (("--stop-timeout", "2d", "sleep", "1"), USAGE, "'2d' is longer than a day"),
            (("--stop-signal", "BOGUS", "sleep", "1"), USAGE, "is not a signal"),
            (("--cpu", "0.1%", "sleep", "1"), USAGE, "CPU time"),
            (("--memory-max", "lots", "sleep", "1"), USAGE, "is not a size"),
            (("--memory-max", "-1", "sleep", "1"), USAGE, "is not a size"),
            (("--memory-high", "0.1B", "sleep", "1"), USAGE, "0 or infinity for no limit"),
            (("--pids-max", "-1", "sleep", "1"), USAGE, "number of processes"),
            (("--nice", "20", "sleep", "1"), USAGE, "nice value"),
            (("--rlimit", "nofile", "sleep", "1"), USAGE, "resource limit"),
            (("--rlimit", "nofile=2:1", "sleep", "1"), USAGE, "has a soft limit above the hard one"),
            (("--rlimit", "files=1", "sleep", "1"), USAGE, "names no resource limit"),
            (("--env", "=x", "sleep", "1"), USAGE, "is not a variable"),
            (("--keep", "sleep", "1"), USAGE, "goes with --foreground"),
            ((), USAGE, "the program is missing")]:
        result = ctl("run", *words, want=status)
        assert text in result.err and not result.out, (words, result)
    wait_for("they are forgotten", lambda: [agent["agent_id"] for agent in ctl_json("list")] == [100])


@with_clean
def test_zero_is_no_limit():
    "0 is no limit, as infinity is, however a limit is given"
    limits = ("memory_max", "memory_high", "cpu", "pids_max", "watchdog")
    options = [("--" + limit.replace("_", "-"), 0) for limit in limits]
    given = [("--limit", limit + "=0") for limit in limits]
    ctl("limits", "default", "memory_max=64M", "memory_high=32M", "cpu=50%", "pids_max=20", "watchdog=1h")
    try:
        assert ctl_json("info", run("sleep", "1000")["agent_id"])["limits"]["pids_max"] == 20
        for words in options, given:
            agent = run(*[word for pair in words for word in pair], "sleep", "1000")
            for limit in "memory_max_bytes", "memory_high_bytes", "cpu_quota_us", "pids_max":
                assert not agent["limits"][limit], (words, limit, agent["limits"])
            cgroup = "/sys/fs/cgroup" + agent["cgroup"]
            for name in "memory.max", "memory.high", "pids.max":
                assert open(os.path.join(cgroup, name)).read() == "max\n", (words, name)
            assert open(cgroup + "/cpu.max").read().split()[0] == "max"
    finally:
        ctl("limits", "default", "--preset", "none")
    agent = run("--memory-max", "64M", "--cpu", "50%", "--pids-max", "20", "sleep", "1000")
    ctl("limits", agent["agent_id"], "memory_max=0", "cpu=0", "pids_max=0")
    agent = ctl_json("info", agent["agent_id"])
    assert not any(agent["limits"][limit] for limit in ("memory_max_bytes", "cpu_quota_us", "pids_max")), agent


@with_clean
def test_run_sets_up():
    "cwd, environment, user, limits and standard descriptors are as asked"
    run("--cwd", "/usr/lib", "--env", "A=b c", "--env", "PASSED", "--stdout", "out",
        "sh", "-c", "pwd; echo $A; echo $PASSED; echo $SECRET; echo $HOME; echo $0 $1; echo err >&2; "
        "readlink /proc/self/fd/0; sleep 1000", "zero", "--first",
        env={"PASSED": "on", "SECRET": "kept", "HOME": "/root"})
    wait_for("its output", lambda: open("out").read().count("\n") == 8)
    assert open("out").read().split("\n") == [
        "/usr/lib", "b c", "on", "", "/root", "zero --first", "err", "/dev/null", ""]
    assert os.stat("out").st_mode & 0o777 == 0o600

    pid = run("--clean-env", "--env", "B=1", "sleep", "1000")["pid"]
    assert open("/proc/%d/environ" % pid).read() == "B=1\0"

    pid = run("--user", "user", "--nice", "5", "--oom-score-adj", "321", "--rlimit", "nofile=50:60",
              "--stdout", "user.log", "sh", "-c", "echo $HOME $USER; exec sleep 1000")["pid"]
    wait_for("sleep", lambda: "sleep" in open("/proc/%d/cmdline" % pid).read())
    status = open("/proc/%d/status" % pid).read()
    assert "\nUid:\t1000\t1000\t1000\t1000\n" in status, status
    assert "\nNoNewPrivs:\t1\n" in status and "\nCapEff:\t0000000000000000\n" in status
    assert open("/proc/%d/oom_score_adj" % pid).read() == "321\n"
    assert re.search(r"Max open files +50 +60 ", open("/proc/%d/limits" % pid).read())
    assert open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()[16] == "5"
    assert os.stat("user.log").st_uid == 1000
    assert open("user.log").read().endswith(" user\n")

    agent = run("--allow-new-privs", "--memory-max", "64M", "--cpu", "50%", "--pids-max", "20",
                "--stop-signal", "INT", "--stop-timeout", "1.5s", "sleep", "1000")
    assert agent["limits"] == {"memory_max_bytes": 64 << 20, "memory_high_bytes": 0,
                               "cpu_quota_us": 50000, "cpu_period_us": 100000, "pids_max": 20}, agent
    assert agent["stop_signal"] == signal.SIGINT and agent["stop_timeout_ms"] == 1500
    cgroup = "/sys/fs/cgroup" + agent["cgroup"]
    assert open(cgroup + "/memory.max").read() == "%d\n" % (64 << 20)
    assert open(cgroup + "/cpu.max").read() == "50000 100000\n"
    assert open(cgroup + "/pids.max").read() == "20\n"
    assert "\nNoNewPrivs:\t0\n" in open("/proc/%d/status" % agent["pid"]).read()


@with_clean
def test_foreground():
    "run -f: stdio is ours, the exit status is the agent's, and it is forgotten"
    result = ctl("run", "-f", "sh", "-c", "cat; echo err >&2; exit 7", want=7, input="through\n")
    assert result.out == "through\n" and result.err == "err\n", result
    result = ctl("run", "-f", "--json", "--id", 100, "sh", "-c", "exit 0")
    assert json.loads(result.out)["agent_id"] == 100 and not result.err, result
    ctl("run", "-f", "sh", "-c", "kill -SEGV $$", want=128 + signal.SIGSEGV)
    assert ctl_json("list") == []
    result = ctl("run", "-f", "--id", 100, "--restart", "always", "--max-restarts", 2, "--backoff", "10:10",
                 "sh", "-c", "echo go; exit 3", want=3)
    assert result.out == "go\n" * 3 and "2 of 2 restarts used" in result.err, result
    assert ctl_json("list") == []


@with_clean
def test_foreground_signals():
    "run -f: Ctrl-C stops the agent, a second one kills it"
    def interrupted(id, script):
        child = subprocess.Popen(["asmctl", "run", "-f", "--keep", "--id", id, "sh", "-c", script],
                                 stdout=subprocess.PIPE)
        assert child.stdout.readline() == b"ready\n"
        child.send_signal(signal.SIGINT)
        return child.wait(20 * ksft.SCALE)

    assert interrupted("100", "echo ready; exec sleep 1000") == 128 + signal.SIGTERM
    assert info(100)["last_exit"] == {"cause": "stop", "code": signal.SIGTERM, "exit_code": None,
                                      "signal": signal.SIGTERM}, info(100)
    assert interrupted("102", "trap 'exit 3' TERM; echo ready; while :; do sleep 0.1; done") == 3
    assert interrupted("103", "trap 'exit 0' TERM; echo ready; while :; do sleep 0.1; done") == 0

    child = subprocess.Popen(["asmctl", "run", "-f", "--keep", "--id", "101", "--stop-timeout", "60s", "sh", "-c",
                              "trap 'echo deaf' TERM; echo ready; while :; do sleep 0.1; done"],
                             stdout=subprocess.PIPE)
    assert child.stdout.readline() == b"ready\n"
    child.send_signal(signal.SIGTERM)
    assert child.stdout.readline() == b"deaf\n"
    child.send_signal(signal.SIGTERM)
    assert child.wait(20) == 128 + signal.SIGKILL
    assert info(101)["last_exit"]["cause"] == "kill"


@with_clean
def test_restart_is_implied():
    "--max-restarts or --backoff alone mean on-failure; set changes only what was given"
    agent = run("--max-restarts", "7", "sleep", "1000")
    assert (agent["restart"], agent["max_restarts"]) == ("on-failure", 7), agent
    agent = run("--backoff", "1s", "sleep", "1000")
    assert (agent["restart"], agent["max_restarts"], agent["backoff_initial_ms"]) == ("on-failure", 3, 1000), agent
    assert run("--restart", "never", "--backoff", "1s", "sleep", "1000")["restart"] == "never"
    agent = run("sleep", "1000")["agent_id"]
    ctl("set", "--max-restarts", 5, agent)
    assert info(agent)["restart"] == "never"


@with_clean
def test_stop_timeouts():
    "a stop timeout may be none at all, or kill at once"
    for word, ms, shown in [("infinity", 2**32 - 1, "SIGTERM, never killed"), ("unlimited", 2**32 - 1, "SIGTERM, never"),
                            ("kill", 0, "killed at once"), ("0", 0, "killed at once"), ("1s", 1000, "SIGTERM, killed after 1000ms")]:
        agent = run("--stop-timeout", word, "sleep", "1000")
        assert agent["stop_timeout_ms"] == ms, (word, agent)
        assert "Stop:          " + shown in ctl("info", agent["agent_id"]).out, word
    asked = run("sleep", "1000")["agent_id"]
    ctl("stop", "--timeout", "kill", asked)
    assert info(asked)["last_exit"]["cause"] == "kill"
    asked = run("sleep", "1000")["agent_id"]
    ctl("stop", "--timeout", "infinity", asked)
    assert info(asked)["last_exit"]["cause"] == "stop"
    for words in ("run", "--stop-timeout", "for-ever", "sleep", "1"), ("stop", "--timeout", "never", asked):
        assert "is not a duration" in ctl(*words, want=USAGE).err
    assert "is not a duration" in ctl("shutdown", "--timeout", "infinity", want=USAGE).err


@with_clean
def test_one_write():
    "a line and an object go out in one write"
    read, write = os.pipe()
    try:
        for words in ("run", "--id", "100", "sleep", "1000"), ("info", "--json", "100"), ("stop", "100"):
            subprocess.run(["strace", "-o", "trace", "-e", "trace=write", "asmctl", *words], stdout=write, check=True)
            trace = open("trace").read()
            assert trace.count("write(1, ") == 1, trace
            os.read(read, 65536)
    except FileNotFoundError:
        raise ksft.Skip("no strace")
    finally:
        os.close(read)
        os.close(write)


# ---- control

@with_clean
def test_life():
    "start, stop, restart, kill, pause, resume and rm do so and say so"
    first = run("--id", "100", "--name", "fs_monitor", "sleep", "1000")["pid"]
    assert ctl("pause", 100).out == "Agent 100 (fs_monitor) paused\n"
    assert info(100)["paused"]
    assert "active (paused)" in ctl("list").out
    assert ctl("resume", "fs_monitor").out == "Agent 100 (fs_monitor) resumed\n"
    assert ctl("rm", 100, want=FAILED).err.startswith("asmctl: cannot remove agent 100: ")
    assert ctl("start", 100, want=FAILED).err == "asmctl: cannot start agent 100: the agent runs already\n"
    result = ctl("restart", 100)
    second = int(result.out.split()[-1])
    assert result.out == "Agent 100 (fs_monitor) restarted, pid %d\n" % second and second != first
    assert ctl("stop", "--timeout", "5s", 100).out == "Agent 100 (fs_monitor) stopped\n"
    assert not os.path.exists("/proc/%d" % second)
    ctl("stop", 100)
    assert ctl("pause", 100, want=FAILED).err == "asmctl: cannot pause agent 100: the agent is not active\n"
    assert "started, pid" in ctl("start", 100).out
    assert ctl("kill", 100).out == "Agent 100 (fs_monitor) killed\n"
    assert info(100)["last_exit"]["cause"] == "kill"
    assert ctl("start", "--quiet", 100).out == ""
    assert ctl("rm", "--force", 100).out == "Agent 100 (fs_monitor) removed\n"
    for command in "start", "stop", "kill", "restart", "pause", "resume", "rm", "info":
        assert "100" in ctl(command, 100, want=NO_AGENT).err
        assert ctl(command, "fs_monitor", want=NO_AGENT).err == 'asmctl: no agent is called "fs_monitor"\n'
        assert "is missing" in ctl(command, want=USAGE).err


@with_clean
def test_several():
    "several agents: all of them are dealt with, whatever becomes of one; they stop side by side"
    for id in 100, 101, 102, 103:
        deaf("--id", id, "--stop-timeout", "%ds" % (3 * ksft.SCALE))
    seq = last_event()
    result = ctl("stop", 100, 999, 101, 102, "nobody", 103, want=NO_AGENT)
    # All have heard of it when the first one's time has passed.
    assert [event["type"] for event in events_after(seq)][:5] == ["stop"] * 4 + ["kill"], events_after(seq)
    assert result.out.count(" killed\n") == 4, result
    assert "999" in result.err and "nobody" in result.err
    assert ctl("rm", "--ended").out.count("removed") == 4
    assert ctl_json("list") == []


@with_clean
def test_no_wait():
    "--no-wait returns at once"
    deaf("--id", 100, "--stop-timeout", "10m")
    assert ctl("stop", "--no-wait", 100).out == "Agent 100 (sh) was asked to stop\n"
    assert info(100)["state"] == "stopping"
    ctl("kill", 100)
    assert "Agent 101" in ctl("run", "--no-wait", "--id", 101, "sleep", "1000").out


@with_clean
def test_set():
    "set changes what was given and leaves the rest"
    run("--id", "100", "--restart", "on-failure", "--max-restarts", "4", "--backoff", "200ms:2s", "sleep", "1000")
    assert ctl("set", "--max-restarts", 9, 100).out == \
        "Agent 100 (sleep) restarts on-failure, 0 of 9 restarts used, backoff 200ms to 2000ms\n"
    ctl("set", "--restart", "always", "--backoff", "50", 100)
    agent = info(100)
    assert (agent["restart"], agent["max_restarts"], agent["backoff_initial_ms"]) == ("always", 9, 50)
    assert "nothing to set" in ctl("set", 100, want=USAGE).err
    ctl("set", "--max-restarts", 1, 999, want=NO_AGENT)


@with_clean
def test_attach():
    "attach adopts a process"
    child = subprocess.Popen(["sleep", "1000"])
    try:
        result = ctl("attach", "--id", 100, "--name", "old", child.pid)
        assert result.out == "Agent 100 (old) attached, pid %d\n" % child.pid
        assert info(100)["attached"]
        assert "attached" in ctl("restart", 100, want=FAILED).err
        assert "already" in ctl("attach", child.pid, want=FAILED).err
        ctl("stop", 100)
        assert child.wait(10) == -signal.SIGTERM
    finally:
        child.kill()
        child.wait()
    child = subprocess.Popen(["sleep", "1000"])
    try:
        wait_for("its exec", lambda: open("/proc/%d/comm" % child.pid).read() == "sleep\n")
        assert ctl("attach", "--id", 101, child.pid).out == "Agent 101 (sleep) attached, pid %d\n" % child.pid
    finally:
        child.kill()
        child.wait()
    assert "No such process" in ctl("attach", child.pid, want=FAILED).err
    ctl("attach", 1, want=FAILED)
    ctl("attach", "x", want=USAGE)


# ---- looking

@with_clean
def test_list():
    "list: all records with their state; --active, --quiet, --json, ls"
    run("--id", "100", "--name", "one", "sleep", "1000")
    run("--id", "102", "--name", "zwölf", "sh", "-c", "exit 3")
    wait_for("its end", lambda: info(102)["state"] == "exited")
    lines = ctl("list").out.split("\n")
    assert lines[0].split() == ["ID", "PID", "NAME", "STATE", "RESTARTS", "UPTIME", "CPU", "MEM", "LAST", "END"]
    assert lines[1].split()[0] == "100" and lines[1].split()[2:5] == ["one", "active", "0/0"], lines
    assert lines[2].split()[:5] == ["102", "-", "zwölf", "exited", "0/0"] and lines[2].endswith("exit 3"), lines
    assert ctl("ls", "--quiet").out == "100\n102\n"
    assert ctl("list", "--active", "--quiet").out == "100\n"
    assert "do not go together" in ctl("list", "--quiet", "--json", want=USAGE).err
    agents = ctl_json("ls")
    assert [agent["name"] for agent in agents] == ["one", "zwölf"]
    assert agents[1]["last_exit"] == {"cause": "exit", "code": 3, "exit_code": 3, "signal": None}
    assert [agent["agent_id"] for agent in ctl_json("info", 100, "zwölf")] == [100, 102]


@with_clean
def test_guide_pages():
    "asmstatus, asmlist, asminfo and asmpolicy print the pages of the user guide"
    run("--id", "100", "--name", "fs_monitor", "--restart", "always", "--max-restarts", "3",
        "--memory-max", "100M", "--limit", "syscall_rate=1000", "sleep", "1000")
    run("--id", "101", "sh", "-c", "exit 0")
    wait_for("its end", lambda: info(101)["state"] == "exited")
    pid = info(100)["pid"]

    page = call("asmstatus").out
    assert page.startswith("Agent Supervision Module - System Status\n"
                           "========================================\n\nSystem Metrics:\n"), page
    for key in "Total Spawns", "Total Exits", "Total Crashes", "Total Faults", "Total Restarts", \
               "Active Agents", "Total Syscalls":
        assert re.search(r"^  %s: +\d+$" % key, page, re.M), (key, page)
    assert "\nRecent Events (last 10):\n" in page
    assert re.search(r"^  \[\d+\] Agent 101 exited \(code 0\)$", page, re.M), page

    assert call("asmlist").out == (
        "Active Agents:\n"
        "ID    PID   Name              Capabilities        Restarts\n"
        "----  ----  ----------------  ------------------  --------\n"
        "100   %-4d  fs_monitor        none                0\n" % pid)

    page = call("asminfo", "100").out
    wanted = ["Agent Information:", "==================", "Agent ID:        100", "PID:             %d" % pid,
              "Name:            fs_monitor", "State:           Active", "Capabilities:    none",
              "Auto-Restart:    Yes (max 3)", "Restart Count:   0", "", "Telemetry:",
              "  Spawn Count:   1", "  Exit Count:    0", "  Fault Count:   0", r"  CPU Time:      \d+ μs",
              r"  Memory:        \d+ bytes", "", r"Last Activity:   \d+ seconds? ago", "", "Limits:",
              r"  Memory:        100M, used [0-9.]+[KM], \d+%"]
    for line, want in zip(page.split("\n"), wanted):
        assert line == want or re.fullmatch(want, line), (line, want)

    page = call("asmpolicy", "100").out
    for want in ["Policy for Agent 100:\n====================\nCapabilities:\n  - ", "\nScope:\n  Path: ",
                 "\nAuto-Restart: Yes\nMax Restarts: 3\nCurrent Restarts: 0\n\nResource Limits:\n  CPU Quota:     ",
                 "\n  Memory Limit:  104857600 bytes\n  Syscall Rate:  1000/sec\n"]:
        assert want in page, (want, page)

    assert call("asminfo", "999").status == NO_AGENT
    assert call("asminfo", "999").err == "asminfo: there is no agent 999\n"
    assert call("asmpolicy").status == USAGE
    for words in ["asmstatus"], ["asmlist"], ["asminfo", "100"], ["asmpolicy", "fs_monitor"]:
        json.loads(call(*words, "--json").out)


@with_clean
def test_status():
    "status: the page, and more about the module"
    run("sleep", "1000")
    page = ctl("status").out
    assert page.startswith("Agent Supervision Module - System Status\n") and "\nModule:\n" in page
    status = ctl_json("status")
    assert status["system"]["active_agents"] == 1 and status["module"]["agents"] == 1
    assert status["recent_events"][-1]["type"] == "spawn"


@with_clean
def test_events():
    "events: replay, --since, --agent, -n, and what happens"
    run("--id", "100", "--name", "ev", "sleep", "1000")
    last = [json.loads(line) for line in ctl("events", "--json").out.split("\n") if line][-1]
    assert last["type"] == "spawn" and last["text"] == "Agent 100 spawned" and last["name"] == "ev"
    child = subprocess.Popen(["asmctl", "events", "-f", "--json", "--since", str(last["seq"])],
                             stdout=subprocess.PIPE, bufsize=0)
    run("--id", "101", "sleep", "1000")
    ctl("stop", 100)
    seen = []
    while not any(event["type"] == "exit" for event in seen):
        assert select.select([child.stdout], [], [], 20)[0]
        seen.append(json.loads(child.stdout.readline()))
    child.terminate()
    child.wait()
    assert [event["seq"] for event in seen] == list(range(last["seq"] + 1, last["seq"] + 1 + len(seen)))
    assert [(event["agent_id"], event["type"]) for event in seen] == \
        [(101, "spawn"), (100, "stop"), (100, "exit")], seen
    text = ctl("events", "--agent", "ev", "-n", 2).out.split("\n")
    assert text[0].endswith("Agent 100 asked to stop (signal 15)") and text[1].endswith("Agent 100 exited (stopped)")
    assert ctl("events", "--since", last["seq"], "--agent", 101).out.count("\n") == 1
    assert ctl("events", "-n", 0).out == ""
    assert ctl("events", "--since", 1000000).out == ""
    assert ctl("events", "--since", 1000000, "-n", 5, "--json").out == ""
    ctl("events", "--since", "x", want=USAGE)
    ctl("events", "--agent", "nobody", want=NO_AGENT)


@with_clean
def test_events_end_with_the_pipe():
    "events -f ends when nobody reads any more"
    run("--id", "100", "sleep", "1000")
    child = subprocess.Popen(["asmctl", "events", "-f", "--since", "0"], stdout=subprocess.PIPE)
    child.stdout.readline()
    child.stdout.close()
    ctl("pause", 100)
    ctl("resume", 100)
    assert child.wait(20) == -signal.SIGPIPE


def test_colours():
    "colours on a terminal only, and not with NO_COLOR"
    def on_terminal(env):
        master, slave = pty.openpty()
        done = subprocess.run(["asmctl", "doctor"], stdout=slave, env=dict(os.environ, **dict({"TERM": "linux"}, **env)))
        os.close(slave)
        text = b""
        try:
            while True:
                piece = os.read(master, 4096)
                if not piece:
                    break
                text += piece
        except OSError:
            pass
        os.close(master)
        return text
    assert b"\033[32m" in on_terminal({})
    assert b"\033" not in on_terminal({"NO_COLOR": "1"})
    assert b"\033" not in on_terminal({"TERM": "dumb"})
    assert "\033" not in ctl("doctor").out


def test_doctor():
    "doctor finds everything in order, and what is not"
    result = ctl("doctor")
    assert "FAIL" not in result.out, result
    doctor = ctl_json("doctor")
    assert doctor["ok"] and {check["check"] for check in doctor["checks"]} == \
        {"backends", "helper", "module", "version", "device", "cgroup", "controllers", "launcher", "hooks",
         "permissions"}
    os.chmod("/dev/agentsys", 0o600)
    try:
        result = ctl("doctor", want=FAILED)
        assert "FAIL  device" in result.out and "chmod 0666" in result.out, result
        assert not json.loads(call("asmctl", "doctor", "--json").out)["ok"]
    finally:
        os.chmod("/dev/agentsys", 0o666)
    launcher = open("/sys/module/agentsys/parameters/launcher").read().strip()
    os.chmod(launcher, 0o644)
    try:
        assert "is not executable" in ctl("doctor", want=FAILED).out
    finally:
        os.chmod(launcher, 0o755)


# ---- the rest

@with_clean
def test_others():
    "who is not root may look, and is refused the rest with status 4"
    run("--id", "100", "--name", "a", "sleep", "1000")
    ctl("list", user="nobody")
    ctl("info", "a", user="nobody")
    ctl("events", user="nobody")
    assert "note  permissions" in ctl("doctor", user="nobody").out
    for words in [("run", "sleep", "1"), ("stop", "100"), ("kill", "100"), ("start", "100"), ("restart", "100"),
                  ("pause", "100"), ("rm", "100"), ("set", "--restart", "never", "100"), ("shutdown",),
                  ("attach", str(os.getpid()))]:
        result = ctl(*words, want=DENIED, user="nobody")
        assert result.err.count("\n") == 1 and result.err.startswith("asmctl: cannot "), result


def test_help():
    "help, --help with examples for every command, and what was mistyped"
    overview = ctl("help").out
    names = re.findall(r"^  ([a-z]+) +[A-Z]", overview, re.M)
    assert len(names) >= 19, names
    for name in names:
        text = ctl(name, "--help").out
        assert text.startswith("Usage: asmctl " + name) and "\nExamples:\n" in text, text
        assert ctl("help", name).out == text
        assert max(len(line) for line in text.split("\n")) <= 100
    assert call("asmlist", "--help").out.startswith("Usage: asmlist")
    assert ctl("--help").out == overview
    assert "asmctl" in ctl("--version").out
    for typed, meant in [("lst", "list"), ("statsu", "status"), ("rn", "run"), ("sotp", "stop"), ("stat", "status"),
                         ("shutdwon", "shutdown")]:
        assert "did you mean '%s'?" % meant in ctl(typed, want=USAGE).err
    assert "did you mean" not in ctl("frobnicate", want=USAGE).err
    assert "did you mean '--timeout'" in ctl("stop", "--tiemout", "1s", "100", want=USAGE).err
    ctl("stop", "--timeout", want=USAGE)
    ctl("list", "extra", want=USAGE)
    ctl(want=USAGE)


@with_clean
def test_completion():
    "completion is a script that bash takes, and completes"
    run("--id", "100", "--name", "alive", "sleep", "1000")
    run("--id", "101", "--name", "over", "sh", "-c", "exit 0")
    wait_for("its end", lambda: info(101)["state"] == "exited")
    os.makedirs("dir", exist_ok=True)
    script = ctl("completion").out
    done = call("bash", "-c", script + """
        complete_line() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _asmctl; echo "${COMPREPLY[*]}"; }
        compopt() { :; }
        complete_line asmctl sta
        complete_line asmctl stop --t
        complete_line asmctl run --restart ''
        complete_line asmctl run --restart = o
        complete_line asmctl run --restart=a
        complete_line asmctl run --restart =
        complete_line asmctl run --stop-signal TE
        complete_line asmctl run --user = nobo
        complete_line asmctl run -u nobo
        complete_line asmctl run --stdout inh
        complete_line asmctl run --cwd di
        complete_line asmctl run --name x
        complete_line asmctl stop ''
        complete_line asmctl info o
    """)
    assert done.out.split("\n") == [
        "start status", "--timeout=", "never on-failure on-abnormal always", "on-failure on-abnormal", "--restart=always",
        "never on-failure on-abnormal always", "TERM", "nobody", "nobody", "inherit", "dir", "", "100 alive", "over", ""], done


def test_version():
    "version tells both"
    version = ctl_json("version")
    assert version["abi"] == version["module_abi"] == 1, version
    assert re.search(r"^module \d+\.\d+\.\d+ \(ABI 1\)$", ctl("version").out, re.M)


def test_network_namespace():
    "elsewhere than in the first network namespace: status 5, and why"
    def leave():
        if ctypes.CDLL(None).unshare(0x40000000):
            os._exit(99)
    done = subprocess.run(["asmctl", "list"], stderr=subprocess.PIPE, text=True, preexec_fn=leave)
    if done.returncode == 99:
        raise ksft.Skip("no network namespaces")
    assert done.returncode == NO_MODULE and "network namespace" in done.stderr, done


def test_full_disk():
    "what could not be written is a failure"
    with open("/dev/full", "w") as full:
        assert subprocess.run(["asmctl", "status"], stdout=full, stderr=subprocess.DEVNULL).returncode == FAILED


@with_clean
def test_zz_shutdown():
    "shutdown stops all, and then the module is gone: status 5 and one clear line"
    run("--id", "100", "sleep", "1000")
    deaf("--id", 101, "--stop-timeout", "500ms")
    result = ctl("shutdown", "--timeout", "1h")
    rows = [line.split() for line in result.out.splitlines()]
    assert rows[0] == ["ID", "NAME", "GROUP", "END", "STATUS", "AFTER"], result
    assert sorted(row[:5] for row in rows[1:-1]) == [["100", "sleep", "root", "stop", "SIGTERM"],
                                                 ["101", "sh", "root", "kill", "SIGKILL"]], result
    assert result.out.endswith("\nEnded 2 agents, 1 of them by a kill\n"), result
    assert ctl("shutdown", "--now").out == "No agent ran\n"
    assert json.loads(ctl("shutdown", "--json").out) == {"ended": 0, "killed": 0, "agents": []}
    assert "--no-wait" in ctl("shutdown", "--no-wait", "--json", want=USAGE).err


def test_zz_without_the_module():
    "without the module: status 5 and one clear line"
    follower = subprocess.Popen(["asmctl", "events", "-f", "--since", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert follower.stdout.readline(), "there were events: it has begun"
    ctl("shutdown", "--now")
    wait_for("unloading", lambda: call("rmmod", "agentsys").status == 0)
    try:
        assert follower.wait(20) == NO_MODULE
        assert follower.stderr.read() == b"asmctl: the agentsys module was unloaded\n"
        for words in [("list",), ("status",), ("info", "100"), ("run", "sleep", "1"), ("stop", "100"), ("events",),
                      ("shutdown",), ("attach", "1"), ("set", "--restart", "never", "100")]:
            result = ctl(*words, want=NO_MODULE)
            assert result.err.count("\n") == 1 and "not loaded" in result.err and not result.out, result
        assert call("asmlist").status == NO_MODULE
        assert "module not loaded" in ctl("version").out
        result = ctl("doctor", want=FAILED)
        assert "FAIL  module" in result.out and "modprobe" in result.out, result
    finally:
        call("insmod", os.environ.get("AGENTSYS_KO", ""))


ksft.main()
