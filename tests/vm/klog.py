"""Find the kernel's reports of trouble among the lines of its log."""
import re

# Each of these opens a report that fails the test during which it appeared.
REPORT = re.compile("|".join((
    r"\bWARNING:", r"\bBUG\b", r"\bOops\b", r"general protection", r"kernel panic", r"\bINFO: ",
    r"\bRCU\b.*\bstall", r"rcu.*detected.*stall", r"rcu:.*\bstalls? on\b",
    r"possible (circular|recursive|irq lock inversion|deadlock)", r"suspicious RCU usage", r"inconsistent lock state",
    r"bad unlock balance", r"lock held when returning to user space", r"invalid wait context",
    r"KASAN", r"KCSAN", r"UBSAN", r"KFENCE", r"kmemleak: ", r"ODEBUG", r"hung_task", r"blocked for more than",
    r"refcount_t", r"list_(add|del) corruption", r"scheduling while atomic", r"sleeping function called",
    r"soft lockup", r"hard LOCKUP", r"stack segment", r"double fault", r"Bad page (state|map)", r"slab.*corruption",
    r"unable to handle", r"NULL pointer dereference", r"missing ENDBR", r"ftrace failed", r"Bad rss-counter",
    r"use-after-free", r"Object padding overwritten|Poison overwritten|Redzone overwritten",
    r"agentsys: (?:version magic|Unknown symbol|disagrees about version)",
)), re.I)

# Lines that look like a report and are none.
HARMLESS = re.compile("|".join((
    # The kernel's own start-up announcements.
    r"KASLR", r"(?:kernel|KFENCE): .*initialized", r"KernelAddressSanitizer initialized",
    r"kmemleak: (Kernel memory leak detector initialized|Automatic memory scanning)", r"RCU Tasks wait API",
    r"UBSAN: array-index-out-of-bounds: enabled",
)), re.I)
NOISE = re.compile(r"\] (Code: |R(AX|BX|DX|CX|SI|DI|BP|SP|\d\d|IP: 0033)\b|FS: |CS: |CR2: |PKRU: |Hardware name: | \? | </?(TASK|IRQ)>|Modules linked)")
LIMIT = 60  # lines of one report


def reports(lines):
    """The reports among lines, each a list of lines."""
    found, left = [], 0
    for line in lines:
        if REPORT.search(line) and not HARMLESS.search(line):
            if not left:
                found.append([])
            left = LIMIT
        if left:
            found[-1].append(line)
            left -= 1
            if re.search(r"---\[ end ", line):
                left = 0
    return found


def brief(lines):
    """A report without registers and doubtful stack entries: those are in the log."""
    return [line for line in lines if not NOISE.search(line)]
