#!/usr/bin/env python3
# vm: timeout=400 kernels=one
"""Agents in containers: what they are inside, and that supervision holds for all of it."""
import json
import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import ksft
from ctl import WORK, call, ctl, ctl_json, end_of, events_after, info, last_event, run, with_clean

ROOT = WORK + "/root"
SHARED = WORK + "/shared"
CGROUPS = "/sys/fs/cgroup"

# The first line of a program that shall be heard when it runs and when it is asked to end.
READY = "trap 'exit 9' TERM; echo ready; "
WAIT = "while :; do sleep 1000 & wait; done"


def make_root(path=ROOT):
    os.makedirs(path + "/bin")
    shutil.copy("/bin/busybox", path + "/bin/busybox")
    for name in ("sh", "sleep", "cat", "id", "ls", "env", "hostname", "touch", "mkdir", "mknod", "kill", "dd"):
        os.symlink("busybox", path + "/bin/" + name)


# Two heartbeats of a program of the agent itself.
BEAT = "import agentsys, time; print(agentsys.whoami().agent_id, flush=True); " \
       "agentsys.heartbeat(); agentsys.heartbeat(); time.sleep(1000)"


def make_python():
    """Python and the bindings, by way of the machine's own folders."""
    os.mkdir(ROOT + "/usr")
    os.symlink("usr/lib", ROOT + "/lib")
    os.symlink("usr/lib64", ROOT + "/lib64")


def make_shared():
    os.mkdir(SHARED)
    os.chmod(SHARED, 0o777)


def contained(*options, program, source=("--rootfs", ROOT), wait=True):
    """Start an agent that runs a line of shell in a container and writes to WORK/out; wait until it has said ready."""
    out = WORK + "/out"
    agent = run("--stdout", out, *source, *options, "--", "/bin/sh", "-c", program)
    if wait:
        ksft.wait_for("ready", lambda: has_come_to(agent, out))
    return agent


def has_come_to(agent, out):
    now = info(agent["agent_id"])
    assert now["state"] != "exited", (now["last_exit"], text(out))
    return "ready\n" in text(out)


def shell(line, *options, want=0):
    """What a line of shell in a container prints, and its exit status."""
    return ctl("run", "-f", "--rootfs", ROOT, *options, "--", "sh", "-c", line, want=want).out


def text(path):
    if not os.path.exists(path):
        return ""
    with open(path) as file:
        return file.read()


def members(agent):
    """The processes in the cgroup of an agent."""
    return [int(pid) for pid in text(CGROUPS + agent["cgroup"] + "/cgroup.procs").split()]


def inside(pid):
    """Is it pid 1 of another pid namespace?"""
    for line in text("/proc/%d/status" % pid).splitlines():
        if line.startswith("NSpid:"):
            return line.split()[1:] == [str(pid), "1"]
    return False


def wait_gone(pids):
    """Until nothing is left of them. They have left the cgroup before they are reaped."""
    ksft.wait_for("all of them to be reaped", lambda: not [pid for pid in pids if os.path.exists("/proc/%d" % pid)])


def ended(agent):
    """How an agent has ended, as soon as it has."""
    ksft.wait_for("its end", lambda: info(agent["agent_id"])["state"] in ("exited", "failed"))
    return end_of(agent["agent_id"])


@with_clean
def test_another_world():
    "it is pid 1 of a container with its own root, host name and environment"
    make_root()
    out = shell("echo pid $$; ls -d /bin /usr /home 2>&1; hostname; env; pwd", "--id", 100, "-e", "COLOUR=red",
                "--cwd", "/bin")
    lines = out.splitlines()
    assert "pid 1" in lines and "agent-100" in lines and "/bin" in lines, out
    assert "COLOUR=red" in lines and "ls: /usr: No such file or directory" in lines, out
    names = {line.split("=")[0] for line in lines if "=" in line}
    assert names <= {"COLOUR", "PATH", "HOME", "PWD", "SHLVL", "HOSTNAME", "container"}, names
    with open(ROOT + "/made", "w"):
        pass
    assert "made\n" in shell("ls /")


@with_clean
def test_in_the_cgroup():
    "all of it is in the agent's own cgroup, and the kernel tells the backend"
    make_root()
    agent = contained("--id", 100, program=READY + "sleep 1000 & " + WAIT)
    assert agent["backend"] == "container" and ctl_json("list")[0]["backend"] == "container"
    assert "Backend:         container\n" in call("asminfo", "100").out
    pids = members(agent)
    assert agent["pid"] in pids and len(pids) >= 3, pids
    assert sum(map(inside, pids)) == 1, pids
    assert text("/proc/%d/cmdline" % agent["pid"]).startswith("crun\0")
    assert not [entry for entry in os.scandir(CGROUPS + agent["cgroup"]) if entry.is_dir()], "a cgroup below"


@with_clean
def test_rights():
    "no capabilities, no new privileges, no way to the files of cgroups; the user is the one asked for"
    make_root()
    out = shell("id; cat /proc/self/status; ls /sys/fs/cgroup; echo x >/proc/sys/kernel/hostname; mknod /n b 1 1; true")
    lines = dict(line.split(":\t", 1) for line in out.splitlines() if ":\t" in line)
    assert "uid=0" in out
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(lines[name], 16) == 0, (name, out)
    assert lines["NoNewPrivs"] == "1", out
    assert not os.path.exists(ROOT + "/n")
    assert "cgroup" not in shell("cat /proc/mounts")
    out = shell("id; cat /proc/self/status", "--user", "1000:1001")
    assert "uid=1000 gid=1001" in out, out
    assert "NoNewPrivs:\t0" in shell("cat /proc/self/status", "--allow-new-privs")


@with_clean
def test_exit_code():
    "its exit code is the agent's, and 128 and the signal if that has ended it"
    make_root()
    shell("exit 7", want=7)
    agent = contained(program="exit 11", wait=False)
    assert ended(agent) == ("exit", 11)
    agent = contained(program=READY + WAIT)
    for pid in members(agent):
        if inside(pid):
            os.kill(pid, signal.SIGKILL)
    assert ended(agent) == ("exit", 128 + signal.SIGKILL)


@with_clean
def test_stop():
    "stop sends SIGTERM to the program, and its exit code comes back"
    make_root()
    contained("--id", 100, "--stop-timeout", "100s", program=READY + WAIT)
    assert ctl("stop", 100).out == "Agent 100 (sh) stopped\n"
    assert end_of(100) == ("stop", 9), end_of(100)


@with_clean
def test_other_signals():
    "other signals are passed on, too"
    make_root()
    contained("--id", 100, "--stop-timeout", "100s", "--stop-signal", "USR1",
              program="trap 'exit 21' USR1; echo ready; " + WAIT)
    ctl("stop", 100)
    assert end_of(100) == ("stop", 21), end_of(100)


@with_clean
def test_kill():
    "kill leaves nothing: no process, no mount, no state that a start with the same id would meet"
    make_root()
    agent = contained("--id", 100, program=READY + "sleep 1000 & sleep 1000 & " + WAIT)
    pids = members(agent)
    ctl("kill", 100)
    wait_gone(pids)
    assert ROOT not in text("/proc/mounts") and "agentsys-container" not in text("/proc/mounts")
    assert not os.path.exists("/run/crun") and not os.listdir("/run/agentsys-container")
    ctl("start", 100)
    ksft.wait_for("ready again", lambda: text(WORK + "/out") == "ready\nready\n")
    ctl("rm", "--force", 100)


@with_clean
def test_restart():
    "a crash is restarted with a new container, whoever of the two was killed"
    make_root()
    seq = last_event()
    agent = contained("--id", 100, "--restart", "on-failure", "--backoff", "1:1",
                      program="mkdir /dev/mine || echo OLD; " + READY + WAIT)
    first = members(agent)
    os.kill(agent["pid"], signal.SIGKILL)
    ksft.wait_for("a second one", lambda: text(WORK + "/out") == "ready\nready\n")
    second = members(info(100))
    assert info(100)["instance"] == 2 and info(100)["pid"] != agent["pid"]
    assert not set(first) & set(second), (first, second)
    wait_gone(first)
    os.kill([pid for pid in second if inside(pid)][0], signal.SIGKILL)
    ksft.wait_for("a third one", lambda: text(WORK + "/out") == "ready\nready\nready\n")
    assert info(100)["instance"] == 3 and not set(second) & set(members(info(100)))
    types = [event["type"] for event in events_after(seq)]
    assert types.count("crash") == 2 and types.count("restart") == 2, types


@with_clean
def test_limit_of_processes():
    "the agent's limit of processes holds in it"
    make_root()
    contained("--id", 100, "--pids-max", 8, wait=False, program="for i in 1 2 3 4 5 6 7 8 9; do sleep 1000 & done; exit 0")
    assert ended(info(100))[1] != 0
    assert "can't fork" in text(WORK + "/out"), text(WORK + "/out")


@with_clean
def test_limit_of_memory():
    "the agent's limit of memory holds in it"
    make_root()
    contained("--id", 100, "--memory-max", "40M", wait=False, program="dd if=/dev/zero of=/dev/null bs=200M count=1")
    assert ended(info(100))[0] == "oom", info(100)["last_exit"]


@with_clean
def test_usage():
    "the CPU time of what is in it is the agent's"
    make_root()
    contained("--id", 100, program="i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; " + READY + WAIT)
    assert info(100)["cpu_time_us"] > 1000
    ctl("pause", 100)
    assert info(100)["paused"]
    ctl("resume", 100)


@with_clean
def test_heartbeat():
    "the device is there for heartbeats, and the module knows who calls"
    make_root()
    make_python()
    out = WORK + "/out"
    run("--id", 100, "--stdout", out, "--rootfs", ROOT, "--user", "1000:1000",
        "--mount", "/usr:/usr:ro", "--", "/usr/bin/python3", "-c", BEAT)
    ksft.wait_for("the second heartbeat", lambda: info(100)["heartbeat_count"] == 2)
    assert text(out) == "100\n", text(out)


@with_clean
def test_mounts():
    "it sees what it is shown, and can write there unless told otherwise"
    make_root()
    make_shared()
    os.mkdir(WORK + "/fixed")
    out = shell("touch /shared/made /fixed/made 2>&1; ls /shared", "--mount", SHARED + ":/shared",
                "--mount", WORK + "/fixed:/fixed:ro")
    assert "Read-only file system" in out and os.path.exists(SHARED + "/made"), out
    assert not os.path.exists(WORK + "/fixed/made")
    out = shell("touch /made 2>&1; echo done", "--read-only")
    assert "Read-only file system" in out and not os.path.exists(ROOT + "/made"), out


@with_clean
def test_network():
    "it has this machine's network, or none"
    make_root()
    here = os.readlink("/proc/self/ns/net")
    assert here in shell("ls -l /proc/self/ns/net")
    assert here not in shell("ls -l /proc/self/ns/net", "--network", "none")


@with_clean
def test_bundle():
    "an OCI bundle says what is run, and what is given here comes before that"
    make_root(WORK + "/bundle/rootfs")
    config = {
        "ociVersion": "1.0.2",
        "process": {"terminal": True, "user": {"uid": 7, "gid": 8}, "cwd": "/bin",
                    "args": ["sh", "-c", "id; pwd; echo $A $B; exit 5"], "env": ["PATH=/bin", "A=bundle", "B=bundle"]},
        "root": {"path": "rootfs"},
        "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
                   {"destination": "/cg", "type": "cgroup", "source": "cgroup"}],
        "linux": {"namespaces": [{"type": "pid"}, {"type": "mount"}], "cgroupsPath": "/elsewhere",
                  "resources": {"pids": {"limit": 1}}},
    }
    with open(WORK + "/bundle/config.json", "w") as file:
        json.dump(config, file)
    run_it = ("asmctl", "run", "-f", "--bundle", WORK + "/bundle")
    result = call(*run_it)
    assert result.status == 5 and "uid=7 gid=8" in result.out and "/bin\nbundle bundle\n" in result.out, result
    assert not os.path.exists(CGROUPS + "/elsewhere")
    result = call(*run_it, "--env", "A=given", "--cwd", "/", "--user", "1000:1000", "--", "sh", "-c",
                  "id; pwd; echo $A $B; cat /proc/mounts")
    assert result.status == 0 and "uid=1000 gid=1000" in result.out and "/\ngiven bundle\n" in result.out, result
    assert "cgroup" not in result.out, result
    os.unlink(WORK + "/bundle/config.json")
    result = call(*run_it)
    assert result.status == 125 and "asm-container: cannot read the bundle" in result.err, result


# A root that is no initramfs, which the machine's own is.
OTHER_ROOT = """
mount -t tmpfs other /mnt && cd /mnt && mkdir usr dev proc sys run tmp
for name in bin lib lib64; do ln -s usr/$name $name; done
for name in usr dev proc sys run tmp; do mount --rbind /$name $name || exit; done
exec chroot . "$@"
"""


@with_clean
def test_without_initramfs():
    "the root is pivoted away from where that is possible"
    make_root()
    words = ["unshare", "-m", "sh", "-c", OTHER_ROOT, "sh", "/usr/lib/agentsys/asm-container", "--rootfs", ROOT, "--",
             "sh", "-c", "echo pid $$; read line; exit 4"]
    for line, is_pivoted in ((words, True), (words[6:], False)):
        with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "pid 1\n"
            assert ("--no-pivot" in text("/proc/%d/cmdline" % process.pid)) != is_pivoted
            process.stdin.close()
        assert process.returncode == 4, process.returncode


@with_clean
def test_what_cannot_be_run():
    "what is not there is told on standard error"
    make_root()
    result = call("asmctl", "run", "-f", "--rootfs", ROOT, "--", "/bin/nothing")
    assert result.status and "nothing" in result.err, result
    result = call("asmctl", "run", "-f", "--rootfs", WORK + "/nowhere", "--", "/bin/sh")
    assert result.status and "nowhere" in result.err, result


ksft.main()
