"""Find the kernel's reports of trouble among the lines of its log."""
import re

# Each of these opens a report that fails the test during which it appeared.
REPORT = re.compile("|".join((
    r"\bWARNING: ", r"\bBUG: ", r"\bINFO: ", r"kernel BUG at", r"\bOops\b", r"general protection", r"Kernel panic",
    r"\bstalls? on CPU", r"detected (expedited )?stalls?", r"self-detected stall",
    r"possible (circular|recursive|irq lock inversion)", r"suspicious RCU usage", r"inconsistent lock state",
    r"bad unlock balance", r"lock held when returning to user space", r"[Ii]nvalid wait context",
    r"KASAN: ", r"KCSAN: ", r"UBSAN: ", r"KFENCE: ", r"KMSAN: ", r"kmemleak: ", r"ODEBUG: ", r"hung_task",
    r"blocked for more than", r"refcount_t: ", r"list_(add|del) corruption", r"scheduling while atomic",
    r"sleeping function called", r"soft lockup", r"hard LOCKUP", r"stack segment", r"double fault", r"invalid opcode",
    r"Bad page (state|map)", r"Bad rss-counter", r"unable to handle", r"NULL pointer dereference", r"[Mm]issing ENDBR",
    r"(Object|Poison|Redzone|Right Redzone|Left Redzone|padding) overwritten", r"Wrong slab cache",
    r"ftrace (failed|bug)", r"vm: kernel log lines were lost",
)))

# Lines that look like a report and are none: what the module itself says, and what sanitizers say when they start.
HARMLESS = re.compile("|".join((
    r"\] (\[ASM\]|agentsys:) ", r"kmemleak: (Kernel memory leak detector initialized|Automatic memory scanning)",
    r"kmemleak: Cannot allocate",  # a test lets allocations fail
    r"(KFENCE|KCSAN): .*(initialized|enabled)", r"KCSAN: (selftest|strict)", r"UBSAN: .*enabled",
)))
NOISE = re.compile(r"\] (Code: |R(AX|BX|DX|CX|SI|DI|BP|SP|\d\d|IP: 0033)\b|FS: |CS: |CR2: |PKRU: |Hardware name: | \? | </?(TASK|IRQ)>|Modules linked)")
LIMIT = 60  # lines of one report
ACCESS = re.compile(r" to 0x[0-9a-f]+ of \d+ bytes by ")  # of a data race: a stack follows
NEAR = 3  # innermost frames of a data race that tell whose it is
STUCK = re.compile("soft lockup|self-detected stall|detected stalls")
KERNEL_PLACE = re.compile(r"RIP: 0010:(\S+)\+(0x[0-9a-f]+)/(0x.*)")  # the next line is its code
BREAKPOINT = re.compile("(asm_exc_int3|exc_int3|native_iret|restore_regs_and_return_to_kernel)$")
TRAPPED = re.compile(r"\] +asm_exc_int3\+")
LEFT_OVER = re.compile(r"\] +\? ")  # on the stack, but not by those who called each other
# What the kernel makes of a place that it patches: no operation, a jump ahead (backward ones are loops), a call.
PATCHABLE = re.compile(r"<(0f> 1f 44 00 00|66> 90|eb> [0-7]|e9> (\w\w ){3}[0-7]|e8>)")
END = re.compile(r"---\[ end |\] ={20,}$")


def foreign(report):
    """The kernel's own fault.

    A data race of which neither side is in the module or in what that calls nearly directly: a sleep of the module's,
    say, ends with a race between the timer and the scheduler, four frames down. And kmemleak of 6.1, which takes pages for
    a stack trace with a raw lock held.
    """
    if "Invalid wait context" in report[0]:
        return any("set_track_prepare" in line for line in report)
    if "KCSAN: " not in report[0]:
        return False
    sides = [at + 1 for at, line in enumerate(report) if ACCESS.search(line)]
    return not any("[agentsys]" in line for at in sides for line in report[at:at + NEAR])


def places(lines):
    """Where in the kernel processors were, each with the code there; one at a breakpoint, and not where that is dealt with."""
    at_lines = [at for at, line in enumerate(lines) if KERNEL_PLACE.search(line)]
    found, traps = [], False
    for first, end in zip(at_lines, at_lines[1:] + [len(lines)]):
        name, at, rest = KERNEL_PLACE.search(lines[first]).groups()
        code = lines[first + 1] if first + 1 < len(lines) else ""
        if BREAKPOINT.match(name) or any(map(TRAPPED.search, lines[first:end])):
            traps = True
            continue
        if traps:
            at = hex(int(at, 16) - 1)
            code = re.sub(r"(\w\w) <(\w\w)>", r"<\1> \2", code)
        traps = False
        found.append(("%s+%s/%s" % (name, at, rest), code))
    return found


def is_emulators(lines):
    """Did the machine die or hang of a breakpoint that the kernel had put into its own code, and taken away again?

    The kernel patches itself while it runs, when a static key or a tracepoint is switched, and with a breakpoint in between. QEMU
    without KVM (7.2) drops its translation of code just before that is written: another processor that executes the breakpoint at
    that moment has it translated anew, and goes on with that when it is gone from memory. The kernel, finding none there, dies of it,
    or has it executed again for ever if kprobes look at it first. Nothing of ours patches code itself.
    """
    report = next(iter(reports(lines)), [""])
    if STUCK.search(report[0]):
        report = lines[lines.index(report[0]):]  # all of the processors
    where = places(report)
    if not where or "[agentsys]" in where[0][0]:
        return False
    if "int3: 0000" in report[0]:
        return True
    # What the module has called may loop for its fault.
    if any("[agentsys]" in line and not LEFT_OVER.search(line) for line in report):
        return False
    # Whoever is stuck, and there may be several, is so at the same instruction, and that one does not loop.
    return bool(STUCK.search(report[0])) and len(dict(where)) == 1 and all(PATCHABLE.search(code) for _, code in where)


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
            if END.search(line):
                left = 0
    return [report for report in found if not foreign(report)]


def reboot_fault(lines, text):
    """What is wrong with a console that ends in a reboot, of which the module says `text`; None if nothing is.

    Agents of such a test log "agent started": none does so once the module has spoken.
    """
    said = [at for at, line in enumerate(lines) if "[ASM] " in line and text in line]
    if not said:
        return "the module does not say %r" % text
    late = [line for line in lines[said[-1]:] if "agent started" in line or "[ASM]" in line and "not ended" in line]
    if late:
        return "alive while the system goes down: " + late[0]
    if not any("reboot: " in line for line in lines[said[-1]:]):
        return "the machine did not go down in order"
    return None


def brief(lines):
    """A report without registers and doubtful stack entries: those are in the log."""
    return [line for line in lines if not NOISE.search(line)]
