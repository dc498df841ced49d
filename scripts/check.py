#!/usr/bin/python3
"""Run everything and count: check.py all | unit | fuzz SECONDS [NAME...] | lint | sanitizers | kcsan | coverage [NAME...]
| nets [NAME...].

The last line is "N passed, N failed, N skipped"; the status is 0 only if nothing failed.
"""
import fnmatch
import glob
import os
import shutil
import subprocess
import sys
import threading
import time

TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TREE, "tests/vm"))
sys.dont_write_bytecode = True

import nets  # noqa: E402
import tap   # noqa: E402
import vm    # noqa: E402

KERNELS = ("6.1", "6.12")
SANITIZED = "6.1-check"
RACES = "6.1-kcsan"
COVERED = SANITIZED
UNIT_TIMEOUT = 120
LINT_TIMEOUT = 600
BENCH_TIMEOUT = 600
BUILD_LINES = 40  # of a failed build's output
JOBS = "-j%d" % os.cpu_count()
# At once, also on two cores: many a test waits. Measured for two, 30 s against 48 s one after the other.
MACHINES = 3


class Check:
    def __init__(self):
        self.programs = []
        minutes = os.environ.get("UNTIL") or "inf"
        try:
            self.until = time.monotonic() + 60 * float(minutes)
        except ValueError:
            sys.exit("UNTIL=%s is no number of minutes" % minutes)
        self.lock = threading.Lock()
        os.makedirs(os.path.join(vm.BUILD, "logs"), exist_ok=True)

    def say(self, text):
        with self.lock:
            print(text, flush=True)

    def add(self, program, started):
        with self.lock:
            self.programs.append(program)
        self.say("%-4s %-32s %s (%.1f s)" % ("ok" if program.ok else "FAIL", program.name, program.summary(),
                                            time.monotonic() - started))
        for item in program.items:
            if item.state == "failed":
                self.say("     not ok: " + item.name + ("\n" + item.why.strip()).replace("\n", "\n       | "))

    def program(self, name, argv, timeout, env=None, **judge):
        """Run a program of this machine and judge it by its TAP."""
        program, started = tap.Program(name, **judge), time.monotonic()
        try:
            done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=timeout, cwd=TREE, env=dict(os.environ, **env or {}))
            output, status = done.stdout, done.returncode
        except subprocess.TimeoutExpired as error:
            output, status = error.stdout or b"", None
        text = output.decode("utf-8", "replace")
        with open(os.path.join(vm.BUILD, "logs", name.replace("/", "-").replace(" ", "-") + ".log"), "w") as log:
            log.write(text)
        for line in text.split("\n"):
            program.feed(line)
        if status is None:
            program.fail("no end after %d s" % timeout)
        program.finish(status)
        self.add(program, started)

    def make(self, *targets):
        """Build; a build that fails counts as one failure. Return whether it worked."""
        started = time.monotonic()
        done = subprocess.run(("make", "--no-print-directory", JOBS) + targets, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, cwd=TREE)
        text = done.stdout.decode("utf-8", "replace").strip()
        if done.returncode:
            program = tap.Program("build " + " ".join(targets))
            program.fail("\n".join(text.split("\n")[-BUILD_LINES:]))
            self.add(program, started)
        elif text:
            self.say(text)
        return not done.returncode

    def build(self, kind, patterns=("*",)):
        """Build the programs in tests/<kind>; return names and paths of those that could be."""
        names = [os.path.basename(file)[:-2] for file in sorted(glob.glob(os.path.join(TREE, "tests", kind, "*.c")))]
        paths = {name: os.path.join(vm.BUILD, "tests", kind, name) for name in names
                 if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)}
        # All at once, whatever becomes of one; those that failed are told one by one.
        if paths:
            subprocess.run(("make", "-sk", JOBS, *paths.values()), cwd=TREE, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=False)
        return [(name, path) for name, path in paths.items() if self.make("-s", path)]

    def unit(self):
        self.program("unit runner", [os.path.join(TREE, "tests/vm/selftest.py")], UNIT_TIMEOUT)
        for name, path in self.build("unit"):
            self.program("unit " + name, [path], UNIT_TIMEOUT, {"CMOCKA_MESSAGE_OUTPUT": "TAP"})
        if os.path.exists(os.path.join(TREE, "tools/Makefile")):
            self.program("unit tools", ["make", "-s", "--no-print-directory", "-C", "tools", "test",
                                        "O=" + os.path.join(vm.BUILD, "tools")], UNIT_TIMEOUT, many=True)

    def fuzz(self, seconds=None, patterns=("*",)):
        """Run the fuzzing targets: each for some seconds, or briefly and always in the same way."""
        for name, _ in self.build("fuzz", patterns):
            self.program("fuzz " + name, [os.path.join(TREE, "scripts/fuzz.py"), name] + ([seconds] if seconds else []),
                             UNIT_TIMEOUT + int(seconds or 0), explain=50)

    def lint(self):
        self.program("lint", [os.path.join(TREE, "scripts/lint.py")], LINT_TIMEOUT, explain=40)

    def machine(self, kernel, tests, machines=1):
        try:
            runner = vm.Runner(vm.Kernel(kernel), say=self.say, machines=machines, until=self.until,
                               chances=vm.CHANCES)
            runner.programs = self.programs  # appending is atomic
            runner.run(tests)
            return runner
        except Exception as error:  # a thread's end must not go unseen
            program = tap.Program("%s runner" % kernel)
            program.fail("%s: %s" % (type(error).__name__, error))
            self.add(program, time.monotonic())
            return None

    def kernel(self, name):
        """Build a kernel of our own if it is not there; that takes long, so it says so as it goes."""
        done = subprocess.run([os.path.join(TREE, "scripts/kernel.sh"), "dir", name], stdout=subprocess.DEVNULL)
        if done.returncode:
            program = tap.Program("kernel " + name)
            program.fail("it cannot be built: see above")
            self.add(program, time.monotonic())
        return not done.returncode

    def machines(self, *kernels):
        """Run all tests on kernels, side by side; on one alone in several machines. Where one kernel is enough, they take turns."""
        tests = vm.specs([])
        one = [spec for spec in tests if spec.options.get("kernels") == "one"]
        threads = []
        for i, kernel in enumerate(kernels):
            if self.kernel(kernel) and self.make("-s", "overlay", "KVER=" + kernel):
                mine = [spec for spec in tests if spec not in one or spec in one[i::len(kernels)]]
                threads.append(threading.Thread(target=self.machine, args=(kernel, mine, MACHINES // len(kernels))))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def bench(self, kernel, name):
        """A benchmark, of which a missed goal is a failure: its clock counts instructions, however busy this machine is."""
        program, started = tap.Program("%s bench %s" % (kernel, name)), time.monotonic()
        if not self.make("-s", "overlay", "KVER=" + kernel):
            return
        try:
            done = subprocess.run([os.path.join(TREE, "tests/vm/vm.py"), "bench", name], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=TREE,
                                  env=dict(os.environ, KVER=kernel), timeout=BENCH_TIMEOUT)
            if done.returncode:
                program.fail(done.stdout)
            else:
                program.items.append(tap.Item("passed", program.name))
        except subprocess.TimeoutExpired:
            program.fail("no end after %d s" % BENCH_TIMEOUT)
        self.add(program, started)

    def unit_coverage(self):
        """Run the unit tests with counters; return the folders with the counts."""
        unit, tools = (os.path.join(vm.BUILD, name) for name in ("unit-coverage", "tools-coverage"))
        counts = [os.path.join(unit, "counts"), os.path.join(tools, "host/var/coverage")]
        for folder in counts:
            shutil.rmtree(folder, ignore_errors=True)
        self.make("-s", "unit-programs", "BUILD=" + unit, "CFLAGS=-O0 -g --coverage")
        for path in sorted(glob.glob(os.path.join(unit, "tests/unit/*"))):
            if os.access(path, os.X_OK):
                self.program("unit " + os.path.basename(path), [path], UNIT_TIMEOUT,
                             {"CMOCKA_MESSAGE_OUTPUT": "TAP", "GCOV_PREFIX": counts[0]})
        self.program("unit tools", ["make", "-s", "--no-print-directory", "-C", "tools", "test", "GCOV=1", "O=" + tools],
                     UNIT_TIMEOUT, many=True)
        return counts

    def coverage(self, tests):
        """Run the unit tests and those in the machine, and tell what of module and tools they reach."""
        if not self.kernel(COVERED) or not self.make("-s", "overlay", "KVER=" + COVERED, "COVERAGE=1"):
            return
        counts = self.unit_coverage()
        runner = self.machine(COVERED, tests, MACHINES)
        if runner:
            subprocess.run([os.path.join(TREE, "scripts/coverage.py")] + counts + sorted(
                glob.glob(os.path.join(runner.logs, "gcov-*"))), check=False)


def main():
    what = sys.argv[1] if len(sys.argv) > 1 else "all"
    check = Check()
    if what in ("unit", "all"):
        check.unit()
        check.fuzz()
    if what == "fuzz":
        check.fuzz(sys.argv[2], sys.argv[3:] or ["*"])
    if what in ("lint", "all"):
        check.lint()
    if what == "all":
        check.bench(KERNELS[-1], "hooks")
        check.machines(*KERNELS)
        # The same tests with sanitizers, and with coverage, which costs little more.
        check.coverage(vm.specs([]))
        check.say("left out: make check-kcsan, make check-nets, make soak, and make fuzz for longer than a moment")
    if what == "sanitizers":
        check.machines(SANITIZED)
    if what == "kcsan":
        check.machines(RACES)
    if what == "coverage":
        tests = vm.specs(sys.argv[2:])
        for spec in tests:  # what is tested on one kernel is reached as well
            if spec.options.get("kernels") == "one":
                del spec.options["kernels"]
        check.coverage(tests)
    if what == "nets":
        nets.run(check, sys.argv[2:])
    return vm.summarise(check.programs)


if __name__ == "__main__":
    sys.exit(main())
