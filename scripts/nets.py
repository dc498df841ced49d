"""Prove that the nets hold: plant a bug in the module, run a test, expect the report that the bug deserves.

Each tests/nets/NAME.patch is one net. What stands ahead of the patch says

    Plants: what the bug is
    Kernel: the kernel that the test is run on
    Test: the test, FILE or FILE.TEST
    Report: a regular expression that what is reported must match

The patches are applied to a copy of the module's sources below build/, never to the tree. The nets of a kernel share a
boot, behind the same tests with the module as it is.
"""
import fnmatch
import glob
import os
import re
import shutil
import subprocess
import sys
import time

import tap
import vm

FOLDER = os.path.join(vm.TREE, "tests/nets")
MODULES = "usr/lib/agentsys/nets-"  # beginning of their paths in the machine
FIRST = ("suspicious RCU usage", "circular locking")
SHOWN = 30  # lines of what was reported instead, or of a failed build


class Net:
    def __init__(self, path):
        self.path = path
        self.name = os.path.splitext(os.path.basename(path))[0]
        with open(path) as file:
            head = file.read().partition("\n--- ")[0]
        for key in ("Plants", "Kernel", "Test", "Report"):
            found = re.search(r"^%s: (.+)$" % key, head, re.M)
            if not found:
                sys.exit('%s: there is no line "%s: ..." ahead of the patch' % (path, key))
            setattr(self, key.lower(), found[1])

    def rank(self):
        """The place in a boot: lockdep is silent after its first report, and after one of KASAN."""
        return next((rank for rank, report in enumerate(FIRST) if report in self.report), len(FIRST))

    def spec(self, name, module):
        """The test, under this name and with this module."""
        file, _, part = self.test.partition(".")
        spec = vm.Spec(os.path.join(vm.TREE, "tests/kselftest", vm.specs([file])[0].file), part, module)
        spec.name = name
        return spec


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


class Copy:
    """A copy of what the module is made of. Only what differs is written, because make goes by times."""

    def __init__(self):
        self.folder = os.path.join(vm.BUILD, "nets/tree")

    def restore(self):
        """Make it what the tree is."""
        names = {"scripts/build-module.sh"}
        for top in ("module", "include"):
            for folder, _, files in os.walk(os.path.join(vm.TREE, top)):
                names.update(os.path.relpath(os.path.join(folder, file), vm.TREE) for file in files)
        for name in names:
            here, there = os.path.join(vm.TREE, name), os.path.join(self.folder, name)
            if read(here) != read(there):
                os.makedirs(os.path.dirname(there), exist_ok=True)
                shutil.copy(here, there)
        for folder, _, files in os.walk(self.folder):
            for file in files:
                path = os.path.join(folder, file)
                if os.path.relpath(path, self.folder) not in names:
                    os.remove(path)

    def plant(self, net):
        """Apply the net's patch; return why that is not possible, or None."""
        done = subprocess.run(("patch", "-p1", "-s", "-f", "--no-backup-if-mismatch", "-r", "-", "-i", net.path),
                              cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return "the patch does not apply any more:\n" + done.stdout if done.returncode else None

    def build(self, kernel):
        """Build it; return the module, or None and why not."""
        out = os.path.join(vm.BUILD, "nets", kernel.name)
        env = dict(os.environ, BUILD=os.path.dirname(out), MIRROR=kernel.name)
        done = subprocess.run((os.path.join(self.folder, "scripts/build-module.sh"), os.path.join(kernel.folder, "build"),
                               "GCOV_PROFILE=n"), env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            return None, "it does not build:\n" + "\n".join(done.stdout.split("\n")[-SHOWN:])
        module = os.path.join(out, "agentsys.ko")
        subprocess.run(("objcopy", "--strip-debug", module, module + ".small"), check=True)
        return read(module + ".small"), None


class Runner(vm.Runner):
    """Remembers how long each test took."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.seconds = {}

    def report(self, program, seconds):
        super().report(program, seconds)
        self.seconds[program.name] = seconds


class Group:
    """The nets of one kernel, and the same tests with the module as it is."""

    def __init__(self, name, nets):
        self.kernel, self.copy = vm.Kernel(name), Copy()
        self.logs = os.path.join(vm.BUILD, "logs/nets", name)
        self.nets = sorted(nets, key=lambda net: (net.rank(), net.name))
        self.files = {}  # modules for the machine
        self.specs = []  # what is run
        self.why = {}  # by the name of a spec: why it cannot be
        self.seconds = {}
        self.passed = set()  # names of programs of which something has passed

    def build(self, net):
        """The module with the net's bug, or without one; or None, and why not."""
        self.copy.restore()
        why = self.copy.plant(net) if net else None
        return (None, why) if why else self.copy.build(self.kernel)

    def add(self, name, net, module, why):
        if why:
            self.why[name] = why
            return
        self.files[MODULES + name + ".ko"] = module
        self.specs.append(net.spec(name, "/" + MODULES + name + ".ko"))

    def run(self):
        """What went wrong, by the name of the spec: a list of texts."""
        as_it_is = self.build(None)
        for test, net in {net.test: net for net in self.nets}.items():
            self.add("control-" + test, net, *as_it_is)
        for net in self.nets:
            self.add(net.name, net, *self.build(net))
        shutil.rmtree(self.logs, ignore_errors=True)
        os.makedirs(self.logs)
        runner = Runner(self.kernel, say=lambda text: None, logs=self.logs, files=self.files, goes_on=True)
        runner.run(self.specs)
        self.seconds = runner.seconds
        self.passed = {program.name for program in runner.programs if program.count("passed")}
        failed = [item for program in runner.programs for item in program.items if item.state == "failed"]
        # A leak is told at the end of the boot, with the test that was running.
        return {spec.name: [item.name + "\n" + item.why for item in failed
                            if (item.name + ":").startswith(runner.name(spec) + ":")
                            or re.search(" in test %s$" % re.escape(spec.name), item.why, re.M)]
                for spec in self.specs}

    def tell(self, check):
        """Count a result for each spec."""
        found = self.run()
        reports = {net.name: net for net in self.nets}
        for name in sorted(set(found) | set(self.why), key=lambda name: (name in reports, name)):
            net = reports.get(name)
            texts = found.get(name, [])
            program = tap.Program("%s %s" % (self.kernel.name, name))
            if name in self.why:
                program.fail(self.why[name])
            elif net and not texts:
                program.fail("not caught: " + net.plants)
            elif net and not any(re.search(net.report, text) for text in texts):
                program.fail('expected "%s", found\n%s' % (net.report, shorten(texts)))
            elif not net and (texts or program.name not in self.passed):
                program.fail("without a bug:\n" + (shorten(texts) or "it did not run, or was skipped"))
            else:
                program.items.append(tap.Item("passed", program.name))
            check.add(program, time.monotonic() - self.seconds.get(program.name, 0))


def shorten(texts):
    return "\n".join("\n".join(texts).split("\n")[:SHOWN])


def run(check, names):
    nets = [Net(path) for path in sorted(glob.glob(os.path.join(FOLDER, "*.patch")))]
    for name in names:
        if not any(fnmatch.fnmatch(net.name, name) for net in nets):
            sys.exit("nets: there is no net %s in %s" % (name, FOLDER))
    nets = [net for net in nets if not names or any(fnmatch.fnmatch(net.name, name) for name in names)]
    for name in sorted({net.kernel for net in nets}):
        if check.kernel(name) and check.make("-s", "overlay", "KVER=" + name):
            group = [net for net in nets if net.kernel == name]
            check.say("%s: %d bugs" % (name, len(group)))
            Group(name, group).tell(check)
