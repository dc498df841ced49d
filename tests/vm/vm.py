#!/usr/bin/python3
"""Boot the test machine: run tests, benchmarks or the demo in it, or open a shell.

    vm.py test [NAME...]    tests/kselftest by name (* ? allowed), all without one
    vm.py bench [NAME...]   tests/bench under a clock that counts instructions
    vm.py soak              tests/soak for so many MINUTES (default 5)
    vm.py demo | shell

The environment says which kernel (KVER, default 6.1) and where the build is (BUILD, default build).
"""
import argparse
import base64
import collections
import concurrent.futures
import ctypes
import fnmatch
import glob
import itertools
import json
import os
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time

import klog
import stall
import tap

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.environ.get("BUILD") or os.path.join(TREE, "build"))
BOOT_TIMEOUT = 60
TEST_TIMEOUT = 60
DEMO_TIMEOUT = 180
QUIET_TIMEOUT = 30  # the guest sends a sign of life every 2 s
STALL = float(os.environ.get("STALL") or 0) / 1000  # how long to hold up processors, see stall.py
CHANCES = 3  # programs of a run that may fail once, when asked for
GRACE = 240  # seconds in which they may be begun again when the time is up
REPEATS = 2  # of a test in which the emulator fails
KEEP_LOGS = 5  # runs per kernel
TAIL = 25  # console lines shown of a machine that died
SOAK_TIMEOUT = 300  # beyond its MINUTES: its end is slow where memory is to be given back
PASSED_ON = ("MINUTES", "SEED", "OPS", "CALLS", "CALL", "THREAD", "STEP")  # what a test may be asked for, from our environment to its own


def output(*argv):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def archive(files):
    """A cpio archive ("newc") of the files given as {path: bytes}."""
    data = b""
    for number, (path, content) in enumerate(list(files.items()) + [("TRAILER!!!", b"")], 1):
        name = path.encode() + b"\0"
        # magic, then inode mode uid gid nlink mtime filesize dev(2) rdev(2) namesize check
        fields = (number, 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0)
        data += b"070701" + b"".join(b"%08x" % field for field in fields) + name
        data += b"\0" * (-len(data) % 4) + content
        data += b"\0" * (-len(data) % 4)
    return data


def directives(path, known):
    """What the "vm:" comments at the top of a file ask for."""
    found = {}
    with open(path, errors="replace") as file:
        head = file.read(4000)
    for text in re.findall(r"^[\s/*#]*vm:[ \t]*(.*?)(?:\*/.*)?$", head, re.M):
        for word in shlex.split(text):
            key, _, value = word.partition("=")
            if key not in known:
                sys.exit("%s: unknown vm: directive %s" % (path, word))
            found[key] = value
    return found


class Kernel:
    """A kernel to boot, as scripts/kernel.sh keeps it."""

    def __init__(self, name):
        self.name = name
        self.folder = output(os.path.join(TREE, "scripts/kernel.sh"), "dir", name)
        with open(os.path.join(self.folder, "release")) as file:
            self.release = file.read().strip()
        self.is_own = "-" in name
        # A sanitizer kernel is slow and large, and says so: in its folder, or in our own configuration for it.
        self.options = {}
        options = os.path.join(self.folder, "vm.json")
        fragment = os.path.join(HERE, "kernels", name.partition("-")[2] + ".config")
        if os.path.exists(options):
            with open(options) as file:
                self.options = json.load(file)
        elif os.path.exists(fragment):
            self.options = directives(fragment, ("scale", "mem", "cmdline"))
        self.scale = int(self.options.get("scale", 1)) * int(os.environ.get("VM_SCALE", "1"))

    def overlay(self):
        return os.path.join(BUILD, self.release, "overlay.cpio")


LIBC = ctypes.CDLL(None)


def die_with_parent():
    LIBC.prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG


class Machine:
    """One boot. `console` and `results` are what -serial takes; closing the machine ends QEMU.

    `files` are put over those that the tree has built, as {path: bytes}; `extra` is a program of this machine that is there, too.
    """

    def __init__(self, kernel, what, job, console, results="chardev:tty", cmdline="", mem=None, cpus=2, icount=False,
                 files=None, extra=None, **popen):
        # Without a name, so that nothing is left behind whatever ends us.
        self.initrd = tempfile.TemporaryFile(dir=BUILD)
        extra = output(os.path.join(HERE, "extra-image.sh"), extra) if extra else None
        for part in filter(None, (output(os.path.join(HERE, "base-image.sh")), extra, kernel.overlay())):
            with open(part, "rb") as file:
                shutil.copyfileobj(file, self.initrd)
        self.initrd.write(archive({"etc/agentsys-job.json": json.dumps(job).encode(), **(files or {})}))
        self.initrd.flush()

        # no_timer_check: on a busy host the first ticks may come too late for the kernel to believe in its timer.
        append = ("console=ttyS0 quiet loglevel=4 panic=-1 oops=panic no_timer_check random.trust_cpu=on "
                  "vm.run=%s %s %s") % (
            what, kernel.options.get("cmdline", ""), cmdline)
        argv = ["qemu-system-x86_64", "-name", "agentsys,debug-threads=on", "-nodefaults", "-display", "none", "-vga", "none",
                "-monitor", "none", "-no-reboot", "-m", mem or kernel.options.get("mem", "1G"), "-smp", str(cpus),
                "-kernel", os.path.join(kernel.folder, "vmlinux"), "-initrd", "/proc/self/fd/%d" % self.initrd.fileno(),
                "-chardev", "stdio,id=tty,signal=off", "-serial", console, "-serial", results]
        if icount:
            # Guest time is a count of instructions, so figures do not depend on how busy the host is. With erms and
            # fsrm a string instruction would count per byte.
            argv += ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off", "-cpu", "max,-erms,-fsrm"]
            append += " clocksource=tsc tsc=reliable"
        elif usable_kvm():
            argv += ["-accel", "kvm", "-cpu", "host"]
        else:
            argv += ["-accel", "tcg,thread=multi", "-cpu", "max"]
        self.ended = False
        self.process = subprocess.Popen(argv + ["-append", append], pass_fds=(self.initrd.fileno(),),
                                        preexec_fn=die_with_parent, **popen)
        self.staller = stall.Staller(self.process.pid, STALL) if STALL else None

    def close(self):
        if self.staller:
            self.staller.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.initrd.close()

    def lines(self, deadline):
        """Lines of the results port; the deadline is asked for anew while waiting, None from it ends the wait."""
        rest = b""
        pipe = self.process.stdout
        while True:
            left = deadline() - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], min(left, 1))[0]:
                if left <= 0:
                    return
                continue
            data = os.read(pipe.fileno(), 65536)
            if not data:
                self.ended = True
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                yield line.decode("utf-8", "replace").rstrip("\r")


def usable_kvm():
    """/dev/kvm exists on some machines where guests then hang; only the CPU's own flags tell."""
    with open("/proc/cpuinfo") as file:
        return bool(re.search(r"\b(vmx|svm)\b", file.read())) and os.access("/dev/kvm", os.R_OK | os.W_OK)


class Spec:
    """A test: its file and what the file's "vm:" comment asks for.

    `part` is one TEST() of a program in C, `module` a path in the machine of another module than the tree's.
    """

    def __init__(self, path, part=None, module=None):
        self.folder, self.file = os.path.split(os.path.relpath(path, TREE))
        self.name = os.path.splitext(self.file)[0]
        # Programs are installed under the name alone, scripts with theirs.
        self.program = self.name if self.file.endswith(".c") else self.file
        self.args = ["-t", part] if part else []
        self.module = module
        self.options = directives(path, ("params", "nomodule", "timeout", "cmdline", "mem", "cpus", "isolated", "reboots", "kernels", "with"))

    def missing(self):
        """A program that could not be built is not there: make removes the old one."""
        return self.file.endswith(".c") and not os.path.exists(os.path.join(BUILD, self.folder, self.program))

    def boot(self):
        """Tests with the same value share a boot."""
        alone = self.name if "isolated" in self.options or "reboots" in self.options else ""
        return (alone,) + tuple(self.options.get(key) for key in ("cmdline", "mem", "cpus", "with"))

    def timeout(self, kernel):
        return int(self.options.get("timeout", TEST_TIMEOUT)) * kernel.scale

    def applies(self, kernel):
        """None, or for which kernels it is."""
        kernels = self.options.get("kernels", kernel.name)
        if kernels == "one":
            return "for a stock kernel" if kernel.is_own else None
        return None if kernel.name in kernels.split(",") else "only for kernel " + kernels

    def job(self, kernel):
        job = {key: self.options[key] for key in ("params", "nomodule") if key in self.options}
        if "params" in job:
            # Half of it: a test that waits for the time to pass shall not take all day.
            job["params"] = re.sub(r"(_ms)=(\d+)", lambda found: "%s=%d" % (
                found[1], int(found[2]) * max(1, kernel.scale / 2)), job["params"])
        # The emulator may go on executing what another processor has patched away, and ftrace patches hundreds of places.
        if not usable_kvm() and int(self.options.get("cpus", 2)) > 1 and "hooks=" not in job.get("params", ""):
            job["params"] = ("hooks=tracepoint " + job.get("params", "")).strip()
        if self.module:
            job["module"] = self.module
        job.update(name=self.name, path="/usr/lib/agentsys/tests/" + self.program, args=self.args,
                   timeout=self.timeout(kernel), scale=kernel.scale,
                   env={name: os.environ[name] for name in PASSED_ON if os.environ.get(name)})
        return job


def specs(names, folder="tests/kselftest"):
    folder = os.path.join(TREE, folder)
    files = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    found = [Spec(os.path.join(folder, file)) for file in files if file.endswith((".c", ".sh", ".py"))]
    for name in names:
        if not any(fnmatch.fnmatch(spec.name, name) for spec in found):
            sys.exit("vm: there is no test %s in %s" % (name, folder))
    return [spec for spec in found if not names or any(fnmatch.fnmatch(spec.name, name) for name in names)]


def new_logs(kernel):
    """A folder for a run's logs, build/logs/<kernel>.<pid>; build/logs/<kernel> is a link to the latest."""
    link = os.path.join(BUILD, "logs", kernel.name)
    folder = "%s.%d" % (link, os.getpid())
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    name = "%s.new" % folder
    os.symlink(os.path.basename(folder), name)
    os.rename(name, link)
    old = sorted(glob.glob(glob.escape(link) + ".*[0-9]"), key=os.path.getmtime)
    for folder_of_old in old[:-KEEP_LOGS]:
        shutil.rmtree(folder_of_old, ignore_errors=True)
    return folder


class Runner:
    """Run tests on one kernel, booting as often as it takes, in so many machines at once; one that goes on does so for a
    kernel's report too. No test begins when the monotonic clock says `until`. So many programs as there are `chances` are run
    again when one of their own checks has failed, or they took too long."""

    def __init__(self, kernel, verbose=False, say=print, machines=1, logs=None, files=None, goes_on=False, until=float("inf"),
                 chances=0):
        self.kernel, self.verbose, self.say, self.machines, self.until = kernel, verbose, say, machines, until
        self.files, self.goes_on, self.chances = files, goes_on, chances
        self.logs = logs or new_logs(kernel)
        self.programs = []
        self.boots = itertools.count(1)
        self.repeated = collections.Counter()  # tests in which the emulator failed
        self.doubtful = []  # tests of which some check failed, or that took too long, and no more, each with its program

    def run(self, tests):
        groups = {}
        for spec in tests:
            other = spec.applies(self.kernel)
            program = tap.Program(self.name(spec))
            if spec.missing():
                program.fail("it does not compile")
                self.report(program, 0)
            elif other:
                program.items.append(tap.Item("skipped", program.name, other))
                self.report(program, 0)
            else:
                groups.setdefault(spec.boot(), []).append(spec)
        # Tests with an even and with an odd place in the alphabet take about as long as each other.
        parts = [group[i::self.machines] for group in groups.values() for i in range(self.machines)]
        with concurrent.futures.ThreadPoolExecutor(self.machines) as pool:
            list(pool.map(self.run_part, parts))
        self.run_again()
        return self.programs

    def run_again(self):
        """Tell what fails from what fails now and then, on a machine with nothing else to do. More than a few are no accident."""
        doubtful, self.doubtful = self.doubtful, []
        self.until += GRACE
        for spec, first in doubtful if len(doubtful) <= self.chances else ():
            if self.over():
                return
            self.say("%s: once more" % first.name)
            self.run_part([spec])
            second = next(program for program in reversed(self.programs) if program.name == first.name)
            if second.ok and not second.count("passed"):  # the time is up after all
                self.programs.remove(second)
                continue
            if second.ok:
                second.unsteady = [item for item in first.items if item.state == "failed"]
            self.programs.remove(first)

    def run_part(self, tests):
        again = False
        while tests and not self.over():
            done = self.boot(tests, again)
            again = not done
            tests = tests[done:]
        for spec in tests:
            program = tap.Program(self.name(spec))
            program.items.append(tap.Item("skipped", program.name, "the time is up"))
            self.report(program, 0)

    def over(self):
        return time.monotonic() > self.until

    def name(self, spec):
        return "%s %s" % (self.kernel.name, spec.name)

    def report(self, program, seconds):
        self.programs.append(program)
        self.say("%-4s %-32s %s (%.1f s)" % ("ok" if program.ok else "FAIL", program.name, program.summary(), seconds))

    def boot(self, group, again=False):
        """Boot, run tests of the group as far as the machine lives; return how many are done with.

        None of them, if it did not come up: on a busy host that may happen once, and is a failure of all of them the second time.
        """
        number = next(self.boots)
        console = os.path.join(self.logs, "console-%d.log" % number)
        options = group[0].options
        machine = Machine(self.kernel, "tests", {"tests": [spec.job(self.kernel) for spec in group]}, "file:" + console,
                          cmdline=options.get("cmdline", ""), mem=options.get("mem"), cpus=options.get("cpus", 2),
                          files=self.files, extra=options.get("with"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        done, program, log, kernel_log, status, scan, finished = 0, None, None, [], None, None, False
        sound = True
        started = time.monotonic()
        heard = time.monotonic() + (BOOT_TIMEOUT - QUIET_TIMEOUT) * self.kernel.scale
        deadline = heard + QUIET_TIMEOUT * self.kernel.scale
        try:
            for line in machine.lines(lambda: min(deadline, heard + QUIET_TIMEOUT * self.kernel.scale)):
                heard = time.monotonic()
                mark, _, text = line.partition(" ")
                if log and mark not in ("@k", "@beat"):
                    log.write(line + "\n")
                if line.startswith("|"):
                    program.feed(line[1:])
                    if self.verbose:
                        self.say("     " + line[1:])
                elif mark == "@begin":
                    program, status, kernel_log, started = tap.Program(self.name(group[done])), None, [], time.monotonic()
                    sound = True
                    log = open(os.path.join(self.logs, text + ".log"), "w")
                    # Loading, shutting down and unloading have limits of their own in the guest.
                    deadline = started + group[done].timeout(self.kernel) + 90 * self.kernel.scale
                elif mark == "@exit":
                    status = int(text.split()[0])
                elif mark == "@fail":
                    program.fail(text)
                    sound &= text.startswith("no end after")
                elif mark == "@k":
                    kernel_log.append(text)
                elif mark == "@end":
                    log.write("\nkernel log:\n" + "\n".join(kernel_log) + "\n")
                    log.close()
                    reported = self.judge(program, status, kernel_log, time.monotonic() - started)
                    if not program.ok and sound and not reported:
                        self.doubtful.append((group[done], program))
                    program, log, done = None, None, done + 1
                    deadline = time.monotonic() + 30 * self.kernel.scale
                    if done < len(group) and (reported and not self.goes_on or self.over()):
                        # After the first report lockdep and others are silent, and much may be broken.
                        break
                elif mark == "@scan":
                    started, scan = time.monotonic(), []
                    deadline = started + 120 * self.kernel.scale
                elif mark == "@leak":
                    scan.append(text)
                elif mark == "@file":
                    self.save(number, *text.split(" "))
                elif mark == "@done":
                    finished = True
                    break
        finally:
            machine.close()
        if scan is not None:
            self.leaks(number, scan if finished else scan + ["the machine %s" % ("died" if machine.ended else "hung")],
                       time.monotonic() - started)
        if program and machine.ended and "reboots" in options:
            reported = self.rebooted(program, console, options["reboots"], time.monotonic() - started)
            if not program.ok and sound and not reported:
                self.doubtful.append((group[done], program))
            return done + 1
        if program or not done:
            # It died or hung during a test, or before the first one.
            with open(console, errors="replace") as file:
                lines = file.read().replace("\r", "").rstrip().split("\n")
            shown = klog.brief(next(iter(klog.reports(lines)), lines[-TAIL:]))
            why = "the machine %s; see %s\n%s" % ("died" if machine.ended else "hung", os.path.relpath(console), "\n".join(shown))
            if not program and not again:
                self.say("%s: before any test, %s\nonce more" % (self.kernel.name, why))
                return 0
            if program and self.repeated[program.name] < REPEATS and not usable_kvm() and klog.is_emulators(lines):
                self.repeated[program.name] += 1
                self.say("%s: the emulator executed code that had been changed; %s\nonce more" % (program.name, why))
                return done
            if not program:
                why = "before any test, " + why
            lost = [program] if program else [tap.Program(self.name(spec)) for spec in group]
            for program in lost:
                program.fail(why)
                self.judge(program, None, [], time.monotonic() - started)
            done += len(lost)
        return done

    def rebooted(self, program, console, text, seconds):
        """The end of the machine is the test's last result."""
        with open(console, errors="replace") as file:
            lines = file.read().replace("\r", "").rstrip().split("\n")
        why = klog.reboot_fault(lines, text)
        if why:
            program.feed("# " + why)
        program.feed("%sok - the end" % ("not " if why else ""))
        return self.judge(program, 1 if why else 0, lines, seconds)

    def judge(self, program, status, kernel_log, seconds):
        """Count a test's results; return whether the kernel reported something."""
        program.finish(status)
        reports = klog.reports(kernel_log)
        for report in reports:
            program.fail("kernel report:\n" + "\n".join(klog.brief(report)))
        self.report(program, seconds)
        self.explain(program)
        return bool(reports)

    def explain(self, program):
        for item in program.items:
            if item.state == "failed":
                self.say("     not ok: " + item.name + ("\n" + item.why.strip()).replace("\n", "\n       | "))

    def leaks(self, number, lines, seconds):
        """Each object that nobody points to any more is a failure."""
        with open(os.path.join(self.logs, "leaks-%d.log" % number), "w") as log:
            log.writelines(line + "\n" for line in lines)
        program = tap.Program("%s leaks" % self.kernel.name)
        for text in re.split(r"\n(?=unreferenced object)", "\n".join(lines)) if lines else []:
            program.fail("kmemleak: " + text)
        if not lines:
            program.items.append(tap.Item("passed", program.name))
        self.report(program, seconds)
        self.explain(program)

    def save(self, number, path, data):
        """Coverage data of a boot, by the path of the object, of which the first slash is left out."""
        path = os.path.join(self.logs, "gcov-%d" % number, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))


def summarise(programs, say=print):
    """List what failed, what was skipped and what cannot be relied on, then the one line that counts; return the exit status."""
    items = [item for program in programs for item in program.items]
    by_state = {state: [item for item in items if item.state == state] for state in ("passed", "failed", "skipped")}
    for state in ("skipped", "failed"):
        if by_state[state]:
            say("\n%s:" % state)
        for item in by_state[state]:
            say("  %s%s" % (item.name, ": " + item.why.split("\n")[0].lstrip("# ") if item.why else ""))
    unsteady = [item for program in programs for item in program.unsteady]
    if unsteady:
        say("\nfailed once, and passed when run again:")
    for item in unsteady:
        say("  %s: %s" % (item.name, item.why.split("\n")[0].lstrip("# ")))
    if by_state["failed"]:
        say("logs are in %s" % os.path.relpath(os.path.join(BUILD, "logs")))
    say("%d passed, %d failed, %d skipped" % tuple(len(by_state[state]) for state in ("passed", "failed", "skipped")))
    return 1 if by_state["failed"] or not by_state["passed"] else 0


def test(kernel, names):
    return summarise(Runner(kernel, verbose=bool(names)).run(specs(names)))


def soak(kernel):
    found = specs([], "tests/soak")
    seconds = int(60 * float(os.environ.setdefault("MINUTES", "5")))
    for spec in found:
        spec.options["timeout"] = seconds // kernel.scale + SOAK_TIMEOUT
    return summarise(Runner(kernel, verbose=True).run(found))


def bench(kernel, names):
    found = [spec.program for spec in specs(names, "tests/bench")]
    out = os.path.join(BUILD, "bench")
    os.makedirs(out, exist_ok=True)
    console = os.path.join(new_logs(kernel), "console-bench.log")
    machine = Machine(kernel, "bench", {"bench": found}, "file:" + console, cpus=1, icount=True,
                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    failed, finished = [], False
    deadline = time.monotonic() + 1800
    try:
        for line in machine.lines(lambda: deadline):
            mark, _, text = line.partition(" ")
            if line.startswith("|"):
                print(line[1:])
            elif mark == "@begin":
                name = text
                print("== %s, kernel %s" % (name, kernel.release), flush=True)
            elif mark == "@fail" or mark == "@exit" and text.split()[0] != "0":
                failed.append("%s: status %s" % (name, text) if mark == "@exit" else text)
            elif mark == "@file":
                path, _, data = text.partition(" ")
                with open(os.path.join(out, os.path.basename(path)), "wb") as file:
                    file.write(base64.b64decode(data))
            elif mark == "@done":
                finished = True
                break
    finally:
        machine.close()
    if not finished:
        failed.append("the machine died; see " + os.path.relpath(console))
    for why in failed:
        print("FAIL", why)
    return 1 if failed else 0


def interactive(kernel, what):
    size = shutil.get_terminal_size()
    cmdline = "vm.term=%s vm.size=%dx%d" % (os.environ.get("TERM", "linux"), size.lines, size.columns)
    with tempfile.NamedTemporaryFile(prefix="agentsys-status-", mode="r") as status:
        # signal=off: ^C is for the guest. The kernel's quiet console shows errors only.
        machine = Machine(kernel, what, {}, "chardev:tty", "file:" + status.name, cmdline=cmdline + " loglevel=3")
        text = ""
        deadline = time.monotonic() + DEMO_TIMEOUT * kernel.scale if what == "demo" else float("inf")
        terminal = termios.tcgetattr(0) if sys.stdin.isatty() else None
        try:
            # Ended here and not by powering off, because the kernel announces that on the console.
            while "vm.status" not in text and machine.process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
                text += status.read()
        finally:
            machine.close()
            # QEMU was given no time to put the terminal back.
            if terminal:
                termios.tcsetattr(0, termios.TCSANOW, terminal)
                os.set_blocking(0, True)
    found = re.search(r"vm\.status=(\d+)\s", text)
    if what == "demo" and not found:
        print("\nthe machine %s" % ("hung" if time.monotonic() >= deadline else "died"), file=sys.stderr)
    return 0 if what == "shell" else int(found[1]) if found else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("test", "soak", "bench", "demo", "shell"))
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    kernel = Kernel(os.environ.get("KVER") or "6.1")
    if args.what == "test":
        return test(kernel, args.names)
    if args.what == "soak":
        return soak(kernel)
    if args.what == "bench":
        return bench(kernel, args.names)
    return interactive(kernel, args.what)


if __name__ == "__main__":
    sys.exit(main())
