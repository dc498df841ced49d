#!/usr/bin/python3
"""Run one target of tests/fuzz, and tell in TAP how it went: fuzz.py NAME [SECONDS].

Without SECONDS its corpus is replayed, and then as many inputs tried as the target says, from a fixed seed. With it
the fuzzer looks for something new for so long. What it finds, and the corpus as it grows then, is in build/fuzz/NAME.
"""
import ctypes
import os
import re
import shlex
import subprocess
import sys
import tempfile

TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.abspath(os.environ.get("BUILD") or os.path.join(TREE, "build"))
SEED = 20251116
PR_SET_PDEATHSIG = 1
SIGKILL = 9
BRIEF = 60    # seconds after which a short run is cut short: a machine that is busy elsewhere is no failure
HANG = 60     # seconds that one input may take before it counts as a hang
SHOWN = 40    # lines of a finding

# What the fuzzer says as it goes, as opposed to what it says of a finding.
CHATTER = re.compile(r"^(INFO: |Running: |Executed |\*\*\*|#\d+\t|\t?NEW_FUNC|stat::|Done \d|[^ ]+: Running \d+ inputs|$)")
FINDING = re.compile(r"Test unit written to (\S+)")


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL)


class Target:
    def __init__(self, name):
        source = os.path.join(TREE, "tests/fuzz", name + ".c")
        self.program = os.path.join(BUILD, "tests/fuzz", name)
        self.seeds = os.path.join(TREE, "tests/fuzz/corpus", name)
        self.home = os.path.join(BUILD, "fuzz", name)
        self.corpus = os.path.join(self.home, "corpus")
        directive = subprocess.run([os.path.join(TREE, "scripts/directive"), "fuzz", source], check=True,
                                   stdout=subprocess.PIPE, text=True).stdout
        self.options = shlex.split(directive)
        self.results = self.failures = 0
        os.makedirs(self.corpus, exist_ok=True)

    def files(self):
        found = sorted(os.listdir(self.seeds)) if os.path.isdir(self.seeds) else []
        return [os.path.join(self.seeds, file) for file in found]

    def run(self, what, *arguments):
        """One result: what, if the fuzzer ends well with these arguments. Its output is returned."""
        argv = [self.program, "-artifact_prefix=%s/" % self.home, "-timeout=%d" % HANG, *self.options, *arguments]
        env = dict(os.environ, UBSAN_OPTIONS="print_stacktrace=1")
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env,
                              preexec_fn=die_with_parent)
        text = done.stdout.decode("utf-8", "replace")
        if done.returncode:
            self.explain(text, argv)
        self.results += 1
        self.failures += bool(done.returncode)
        print("%sok %d - %s" % ("not " if done.returncode else "", self.results, what(text)), flush=True)

    def explain(self, text, argv):
        lines = [line for line in text.split("\n") if not CHATTER.match(line)]
        replayed = re.findall(r"^Running: (.*)", text, re.M)
        finding = FINDING.search(text)
        for line in lines[:SHOWN]:
            print("# " + line)
        if len(lines) > SHOWN:
            print("# ... and %d lines more" % (len(lines) - SHOWN))
        if finding or replayed:
            argv = [self.program, finding[1] if finding else replayed[-1]]
        print("# to see it again: " + " ".join(shlex.quote(os.path.relpath(word) if os.path.isabs(word) else word) for word in argv))

    def brief(self):
        files = self.files()
        print("1..%d\n# random seed %d" % (1 + bool(files), SEED), flush=True)
        if files:
            self.run(lambda _: "%d files of the corpus" % len(files), "-runs=1", *files)
        with tempfile.TemporaryDirectory() as scratch:
            self.run(lambda text: "%s inputs" % counted(text), "-seed=%d" % SEED, "-max_total_time=%d" % BRIEF,
                     "-print_final_stats=1", scratch, *[self.seeds][:bool(files)])

    def long(self, seconds):
        print("1..1", flush=True)
        self.run(lambda text: "%s inputs in %d s, %s places reached, %d files in %s" % (
            counted(text), seconds, covered(text), len(os.listdir(self.corpus)), os.path.relpath(self.corpus)),
                 "-runs=-1", "-max_total_time=%d" % seconds, "-print_final_stats=1", self.corpus,
                 *[self.seeds][:bool(self.files())])


def counted(text):
    found = re.search(r"stat::number_of_executed_units: (\d+)", text)
    return found[1] if found else "not all"


def covered(text):
    found = re.findall(r"cov: (\d+)", text)
    return found[-1] if found else "no"


def main():
    if len(sys.argv) not in (2, 3) or len(sys.argv) == 3 and not sys.argv[2].isdigit():
        sys.exit("usage: fuzz.py NAME [SECONDS]")
    target = Target(sys.argv[1])
    if len(sys.argv) == 3:
        target.long(int(sys.argv[2]))
    else:
        target.brief()
    return 1 if target.failures else 0


sys.exit(main())
