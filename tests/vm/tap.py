"""Read TAP (or the kernel's KTAP) as a test program prints it, and judge the program by it."""
import re

PLAN = re.compile(r"1\.\.(\d+)(?:\s*#\s*SKIP\S*\s*(.*))?", re.I)
RESULT = re.compile(r"(not )?ok\b\s*(\d+)?\s*(?:-\s)?\s*([^#]*?)\s*(?:#\s*(SKIP|TODO|XFAIL)\S*\s*(.*))?$", re.I)
SKIPPED = 4  # exit status by which a test says that it does not apply here


class Item:
    """One counted result: state is "passed", "failed" or "skipped"."""

    def __init__(self, state, name, why=""):
        self.state, self.name, self.why = state, name, why


class Program:
    """All results of one test program: feed() its lines, then finish()."""

    def __init__(self, name, many=False, explain=6):
        self.name = name
        self.many = many  # the output of several programs, each with a plan
        self.explain = explain  # lines before a failure that are shown with it
        self.items = []
        self.unsteady = []  # what failed when it was run before
        self.plan = None
        self.skip = None
        self.bail = None
        self.results = 0  # items the program printed itself
        self.talk = []  # diagnostics since the last result: they explain the next one

    def feed(self, line):
        line = line.rstrip()
        plan = PLAN.match(line)
        result = RESULT.match(line)
        if plan:
            self.plan = int(plan[1]) + (self.plan or 0) * self.many
            self.skip = plan[2]
        elif result:
            failed, number, name, directive, why = result.groups()
            self.results += 1
            name = "%s: %s" % (self.name, name or number or len(self.items) + 1)
            if directive:
                # An expected failure verifies nothing, so it is not a pass.
                self.items.append(Item("skipped", name, why or directive))
            else:
                self.items.append(Item("failed" if failed else "passed", name, "\n".join(self.talk[-self.explain:])))
            self.talk = []
        elif line.startswith("Bail out!"):
            self.bail = line
        elif line and not line.startswith(("TAP version", "KTAP version", "# Starting", "#  RUN", "#            OK")):
            self.talk.append(line)

    def fail(self, why):
        """A failure of the program as a whole, beside its own results."""
        self.items.append(Item("failed", self.name, why))

    def finish(self, status):
        """The program ended: status as of subprocess, negative for a signal, None if it did not end by itself."""
        failed = any(item.state == "failed" for item in self.items)
        last = "\n".join(self.talk[-12:])
        if self.bail:
            self.fail(self.bail)
        if status is None:
            return
        if status < 0:
            self.fail("killed by signal %d\n%s" % (-status, last))
        elif self.plan is not None and self.results < self.plan and status != SKIPPED:
            self.fail("%d results of %d planned, status %d\n%s" % (self.results, self.plan, status, last))
        elif self.plan is not None and self.results > self.plan:
            self.fail("%d results, but only %d planned" % (self.results, self.plan))
        elif not self.results and (status == SKIPPED or self.plan == 0):
            self.items.append(Item("skipped", self.name, self.skip or self.talk[-1:] and self.talk[-1] or "no reason given"))
        elif not self.results:
            self.fail("no results, status %d\n%s" % (status, last))
        elif status not in (0, SKIPPED) and not failed:
            self.fail("status %d\n%s" % (status, last))

    def count(self, state):
        return sum(item.state == state for item in self.items)

    @property
    def ok(self):
        return not self.count("failed")

    def summary(self):
        parts = ["%d %s" % (self.count(state), state) for state in ("passed", "failed", "skipped") if self.count(state)]
        return ", ".join(parts)
