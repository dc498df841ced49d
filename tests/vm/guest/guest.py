#!/usr/bin/python3
"""Run tests or benchmarks inside the test machine and report on the second serial port.

The report is lines, so that nothing a test or the kernel prints can be taken for a result:

    @begin NAME     @exit STATUS     @fail TEXT     @note TEXT     @end NAME     @done
    |TEXT           the test's own output
    @k TEXT         a line of the kernel log written since @begin
    @scan           looking for leaks, now that the tests are over
    @leak TEXT      a line of what was found
    @file PATH B64  a file for the host
    @beat           every 2 s: the machine is alive

The job comes from the host as /etc/agentsys-job.json.
"""
import base64
import json
import os
import re
import select
import signal
import subprocess
import sys
import termios
import threading
import time
import tty

LIB = "/usr/lib/agentsys"
CGROUP = "/sys/fs/cgroup"
MODULE = os.environ["AGENTSYS_KO"]
KMEMLEAK = "/sys/kernel/debug/kmemleak"
GCOV = "/sys/kernel/debug/gcov"
GCOV_TOOLS = "/var/coverage"


class Port:
    """The results port."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_WRONLY | os.O_NOCTTY)
        tty.setraw(self.fd)
        self.lock = threading.Lock()
        threading.Thread(target=self.beat, daemon=True).start()

    def beat(self):
        while True:
            time.sleep(2)
            self.send("@beat")

    def send(self, text):
        data = text.encode("utf-8", "replace") + b"\n"
        with self.lock:
            while data:
                data = data[os.write(self.fd, data):]

    def drain(self):
        termios.tcdrain(self.fd)


class KernelLog:
    """What the kernel logs from now on."""

    def __init__(self):
        self.fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
        os.lseek(self.fd, 0, os.SEEK_END)

    def close(self):
        lines = []
        while True:
            try:
                record = os.read(self.fd, 16384).decode("utf-8", "replace")
            except BlockingIOError:
                break
            except BrokenPipeError:
                lines.append("vm: kernel log lines were lost, the buffer was too small")
                continue
            head, _, text = record.partition(";")
            micros = int(head.split(",")[2])
            # Lines after the first are the record's key=value dictionary.
            lines.append("[%5d.%06d] %s" % (*divmod(micros, 1000000), text.split("\n")[0]))
        os.close(self.fd)
        return lines


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def loaded():
    with open("/proc/modules") as file:
        return any(line.startswith("agentsys ") for line in file)


def command(argv, timeout):
    """Run a command of the runner's own; return why it failed, or None."""
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=timeout)
    except subprocess.TimeoutExpired:
        return "%s hangs" % " ".join(argv)
    if done.returncode:
        return "%s: status %d: %s" % (" ".join(argv), done.returncode, done.stdout.decode("utf-8", "replace").strip())
    return None


def processes():
    """Every process but the first, this one and the kernel's own."""
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) not in (1, os.getpid()):
            try:
                with open("/proc/%s/stat" % entry) as file:
                    fields = file.read().rpartition(")")[2].split()
                if fields[1] != "2" and entry != "2" and fields[0] != "Z":
                    yield int(entry)
            except OSError:
                pass


def describe(pid):
    """Where a process is, for the log of a test that hung."""
    lines = []
    for name in ("cmdline", "wchan", "stack"):
        try:
            with open("/proc/%d/%s" % (pid, name), "rb") as file:
                text = file.read().replace(b"\0", b" ").decode("utf-8", "replace").strip()
            lines += ["%d %s: %s" % (pid, name, line) for line in text.split("\n") if line]
        except OSError:
            pass
    return lines


class Test:
    def __init__(self, port, spec, leaks):
        self.port, self.spec, self.leaks = port, spec, leaks
        self.cgroup = CGROUP + "/vm-test"

    def fail(self, text):
        for line in text.split("\n"):
            self.port.send("@fail " + line)

    def run(self):
        """Run the test; return whether the machine is fit for another one."""
        self.port.send("@begin " + self.spec["name"])
        log = KernelLog()
        fit = not self.load() or self.execute()
        if self.leaks.here:
            self.leaks.look()
        fit = self.unload() and fit
        self.clean()
        for line in log.close():
            self.port.send("@k " + line)
        self.port.send("@end " + self.spec["name"])
        return fit

    def load(self):
        if "nomodule" in self.spec:
            return True
        why = command(["insmod", self.spec.get("module", MODULE)] + self.spec.get("params", "").split(), 30 * self.spec["scale"])
        if why:
            self.fail(why)
        return not why

    def execute(self):
        read, write_end = os.pipe()
        work = "/tmp/test"
        subprocess.run(["rm", "-rf", work])
        os.mkdir(work)
        os.makedirs(self.cgroup, exist_ok=True)
        started = time.monotonic()
        deadline = started + self.spec["timeout"]

        def enter():
            os.setsid()
            write(self.cgroup + "/cgroup.procs", "0")

        try:
            child = subprocess.Popen([self.spec["path"]] + self.spec["args"], stdin=subprocess.DEVNULL, stdout=write_end, stderr=write_end,
                                     cwd=work, preexec_fn=enter,
                                     env={**os.environ, "VM_SCALE": str(self.spec["scale"]), "PYTHONPATH": LIB + "/tests/lib", "TESTLIB": LIB + "/tests/lib",
                                          "AGENTS": LIB + "/tests/agents", **self.spec["env"]})
        except (OSError, subprocess.SubprocessError) as error:
            os.close(write_end)
            os.close(read)
            self.fail("cannot start: %s" % error)
            return True
        os.close(write_end)

        # The pipe stays open as long as some child of the test lives, so its end says nothing: the pidfd does.
        pidfd = os.pidfd_open(child.pid)
        poll = select.poll()
        poll.register(read, select.POLLIN)
        poll.register(pidfd, select.POLLIN)
        rest, fit, ended = b"", True, False
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                fit = self.timed_out(child)
                break
            ready = dict(poll.poll(left * 1000))
            if read in ready:
                data = os.read(read, 65536)
                if not data:
                    poll.unregister(read)
                rest = self.output(rest + data)
            elif pidfd in ready:
                ended = True
                break
        if rest:
            self.output(rest + b"\n")
        os.close(read)
        os.close(pidfd)
        if ended:
            self.port.send("@exit %d %.2f" % (child.wait(), time.monotonic() - started))
        return fit

    def output(self, data):
        *lines, rest = data.split(b"\n")
        for line in lines:
            self.port.send("|" + line.decode("utf-8", "replace"))
        return rest

    def timed_out(self, child):
        self.fail("no end after %d s" % self.spec["timeout"])
        for pid in list(processes()):
            for line in describe(pid):
                self.port.send("@note " + line)
        write("/proc/sysrq-trigger", "w")
        write(self.cgroup + "/cgroup.kill", "1")
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            self.fail("cannot be killed")
            return False
        return True

    def unload(self):
        try:
            write(self.cgroup + "/cgroup.kill", "1")
        except OSError:
            pass
        if not loaded():
            return True
        if os.access("/usr/bin/asmctl", os.X_OK):
            why = command(["/usr/bin/asmctl", "shutdown", "--now"], 20 * self.spec["scale"])
            if why:
                self.port.send("@note " + why.replace("\n", " "))
        # What still holds the module after a shutdown gets a moment to go away.
        deadline = time.monotonic() + 5 * self.spec["scale"]
        while time.monotonic() < deadline:
            why = command(["rmmod", "agentsys"], 20 * self.spec["scale"])
            if not why:
                return True
            time.sleep(0.1)
        self.fail(why)
        return False

    def clean(self):
        """Leave nothing of a test to the next one: processes, cgroups."""
        for _ in range(50):
            left = list(processes())
            if not left:
                break
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
            time.sleep(0.02)
        else:
            self.port.send("@note processes that cannot be killed: %s" % left)
        for folder, _, _ in os.walk(CGROUP, topdown=False):
            if folder != CGROUP:
                try:
                    os.rmdir(folder)
                except OSError:
                    pass


class Leaks:
    """Memory that nobody points to any more, where the kernel keeps account of it."""

    def __init__(self):
        self.here = os.path.exists(KMEMLEAK)
        self.started = []  # (when in jiffies, test)
        self.bases = []
        self.symbols = []  # (offset, name) in the module
        if self.here:
            write(KMEMLEAK, "clear")

    def start(self, test):
        if self.here:
            with open("/proc/timer_list") as file:
                self.started.append((int(re.search(r"^jiffies: (\d+)$", file.read(), re.M)[1]), test))

    def look(self):
        """Remember where the module is: it will be gone when the leaks are told."""
        with open("/proc/modules") as file:
            base = [int(line.split()[5], 16) for line in file if line.startswith("agentsys ")]
        self.bases += base
        if base and not self.symbols:
            with open("/proc/kallsyms") as file:
                found = [line.split() for line in file if line.endswith("[agentsys]\n")]
            self.symbols = sorted((int(fields[0], 16) - base[0], fields[2]) for fields in found)

    def name(self, found):
        for base in self.bases:
            below = [symbol for symbol in self.symbols if symbol[0] <= int(found[0], 16) - base]
            if below and int(found[0], 16) - base < 1 << 20:
                return "%s+0x%x [agentsys]" % (below[-1][1], int(found[0], 16) - base - below[-1][0])
        return found[0]

    def test_at(self, when):
        return next((test for begin, test in reversed(self.started) if begin <= when), "before the tests")

    def scan(self, port):
        if not self.here:
            return
        port.send("@scan")
        # A fresh allocation may look like a leak for 5 s.
        for _ in range(2):
            time.sleep(6)
            write(KMEMLEAK, "scan")
        with open(KMEMLEAK) as file:
            lines = file.read().splitlines()
        for line in lines:
            when = re.search(r", jiffies ([0-9]+)", line)
            port.send("@leak " + re.sub(r"0xffffffff[0-9a-f]{8}\b", self.name, line)
                      + (" in test " + self.test_at(int(when[1])) if when else ""))


def send_coverage(port):
    for top in (GCOV, GCOV_TOOLS):
        for folder, _, names in os.walk(top):
            for name in names:
                # In the kernel's folder, the link beside each of them leads to the compiler's notes on the host.
                if not name.endswith((".gcda", ".lines")):
                    continue
                with open(os.path.join(folder, name), "rb") as file:
                    data = file.read()
                if data:
                    port.send("@file %s %s" % (os.path.relpath(os.path.join(folder, name), top),
                                               base64.b64encode(data).decode()))


def main(what):
    os.umask(0o022)
    port = Port("/dev/ttyS1")
    with open("/etc/agentsys-job.json") as file:
        job = json.load(file)
    # The console shows everything, in case this machine dies; QEMU writes it to a file.
    # Not warnings where lockdep checks how locks of consoles nest, which 6.1 does wrong when an interrupt warns, of the
    # time it took for one; an oops shows everything in any case.
    write("/proc/sys/kernel/printk", "4" if os.path.exists("/proc/lockdep") else "8")
    if what == "tests":
        leaks = Leaks()
        for spec in job["tests"]:
            leaks.start(spec["name"])
            if not Test(port, spec, leaks).run():
                # The next test deserves a clean machine: the host boots one for it.
                break
        else:
            leaks.scan(port)
        send_coverage(port)
    else:
        why = command(["insmod", MODULE], 60)
        if why:
            port.send("@fail " + why)
        os.makedirs("/run/bench", exist_ok=True)
        for name in job["bench"]:
            port.send("@begin " + name)
            done = subprocess.run([LIB + "/bench/" + name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, cwd="/run/bench",
                                  env={**os.environ, "BENCH_OUT": "/run/bench"})
            for line in done.stdout.decode("utf-8", "replace").splitlines():
                port.send("|" + line)
            port.send("@exit %d 0" % done.returncode)
            port.send("@end " + name)
        for name in sorted(os.listdir("/run/bench")):
            with open("/run/bench/" + name, "rb") as file:
                port.send("@file %s %s" % (name, base64.b64encode(file.read()).decode()))
    port.send("@done")
    port.drain()


main(sys.argv[1])
