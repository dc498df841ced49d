#!/usr/bin/python3
"""What the runner takes for a pass, a failure, a skip and a kernel report."""
import sys

sys.dont_write_bytecode = True
sys.path[:0] = [sys.path[0] + "/lib"]

import klog  # noqa: E402
import ksft  # noqa: E402
import tap   # noqa: E402
import vm    # noqa: E402


def judge(text, status, **options):
    program = tap.Program("p", **options)
    for line in text.split("\n"):
        program.feed(line)
    program.finish(status)
    return tuple(program.count(state) for state in ("passed", "failed", "skipped"))


def test_results():
    "results are counted one by one"
    assert judge("TAP version 13\n1..3\nok 1 - a\nnot ok 2 b\nok 3 # SKIP why", 1) == (1, 1, 1)
    assert judge("ok 1 a\nok 2 b # TODO later\n1..2", 0) == (1, 0, 1)
    assert judge("# Starting 1 tests\n1..1\n# a.c:1: bad\nnot ok 1 global.a\n# Totals: pass:0 fail:1", 1) == (0, 1, 0)


def test_names():
    "a failure is explained by what was said before it"
    program = tap.Program("p")
    for line in ("# old", "ok 1 a", "# expected 1", "not ok 2 - b c"):
        program.feed(line)
    assert program.items[1].name == "p: b c" and program.items[1].why == "# expected 1"


def test_programs():
    "a program that dies, stops early or says nothing has failed"
    assert judge("1..1\nok 1 a", -11) == (1, 1, 0)
    assert judge("1..3\nok 1 a", 0) == (1, 1, 0)
    assert judge("1..1\nok 1 a\nok 2 b", 0) == (2, 1, 0)
    assert judge("hello", 0) == (0, 1, 0)
    assert judge("", 0) == (0, 1, 0)
    assert judge("1..2\nok 1 a\nok 2 b", 1) == (2, 1, 0)
    assert judge("1..2\nok 1 a\nBail out! no memory", 0) == (1, 2, 0)
    assert judge("ok 1 a\nok 2 b", 3) == (2, 1, 0)


def test_reboots():
    "a reboot has the module's line, no start after it, and an orderly end"
    down, end = "[ 1.0] [ASM] the system goes down: 2", "[ 1.1] reboot: Restarting system"
    assert klog.reboot_fault(["agent started", down, end], "goes down: 2") is None
    assert "does not say" in klog.reboot_fault(["agent started", down, end], "goes down: 3")
    assert "does not say" in klog.reboot_fault(["the system goes down: 2", end], "goes down: 2")
    assert "started" in klog.reboot_fault([down, "[ 1.0] agent started", end], "goes down: 2")
    assert "not ended" in klog.reboot_fault([down, "[ 1.0] [ASM] 2 agents have not ended", end], "goes down: 2")
    assert "in order" in klog.reboot_fault([end, down], "goes down: 2")


def test_skips():
    "a program may not apply"
    assert judge("# no such thing here", 4) == (0, 0, 1)
    assert judge("1..0 # SKIP no such thing", 0) == (0, 0, 1)
    assert judge("1..2\nok 1 a # SKIP x\nok 2 b # SKIP y", 4) == (0, 0, 2)


def test_many():
    "several programs in one output"
    assert judge("1..1\nok 1 a\n1..2\nok 1 b\nok 2 c", 0, many=True) == (3, 0, 0)


REPORTS = """\
[    3.4] WARNING: CPU: 0 PID: 113 at module/main.c:12 w+0x32/0x82 [agentsys]
[    3.4] BUG: kernel NULL pointer dereference, address: 0000000000000008
[    3.4] kernel BUG at module/main.c:13!
[    3.4] Oops: invalid opcode: 0000 [#1] PREEMPT SMP NOPTI
[    3.4] general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1]
[    3.4] rcu: INFO: rcu_preempt self-detected stall on CPU
[    3.4] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks: { 1-...D }
[    3.4] WARNING: possible circular locking dependency detected
[    3.4] WARNING: suspicious RCU usage
[    3.4] INFO: task rmmod:120 blocked for more than 30 seconds.
[    3.4] BUG: KASAN: slab-use-after-free in agentsys_agent_put+0x1/0x2 [agentsys]
[    3.4] UBSAN: shift-out-of-bounds in module/core/restart.c:1:2
[    3.4] kmemleak: unreferenced object 0xffff888004acfa80 (size 64):
[    3.4] refcount_t: underflow; use-after-free.
[    3.4] list_add corruption. prev->next should be next
[    3.4] BUG: scheduling while atomic: spawn/12/0x00000002
[    3.4] BUG: sleeping function called from invalid context at kernel/locking/mutex.c:1
[    3.4] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [spawn:12]
[    3.4] ODEBUG: free active (active state 0) object type: timer_list"""

QUIET = """\
[    3.2] agentsys: loading out-of-tree module taints kernel.
[    3.2] agentsys: module verification failed: signature and/or required key missing - tainting kernel
[    3.2] [ASM] Agent Supervision Module initialized
[    3.2] [ASM] WARNING: agent 7 is at 80 % of its memory
[    3.2] sysrq: Show Blocked State
[    3.2] Memory cgroup out of memory: Killed process 120 (leak) total-vm:10kB
[    3.2] kmemleak: Kernel memory leak detector initialized (mem pool available: 15679)
[    3.2] process 'debugger' started with executable stack"""


def test_kernel_log():
    "each kind of kernel report is seen, alone"
    for line in REPORTS.split("\n"):
        assert len(klog.reports([line])) == 1, line
    for line in QUIET.split("\n"):
        assert not klog.reports([line]), line


PATCHED = """\
[  198.571648] Oops: int3: 0000 [#1] PREEMPT SMP NOPTI
[  198.574533] RIP: 0010:__alloc_pages_noprof+0xe2/0x310
[  198.579144] ---[ end trace 0000000000000000 ]---"""

STUCK = """\
[   36.624882] watchdog: BUG: soft lockup - CPU#0 stuck for 23s! [caller:112]
[   36.628623] RIP: 0010:syscall_trace_enter.constprop.0+0xe9/0x1a0
[   36.628623] Code: c7 c5 ff ff ff ff e9 64 ff ff ff <eb> 63 e9 3f ff ff ff 49 8b 55 68
[   36.628623] RIP: 0033:0x7f82742384f7
[   36.628623] Code: 00 00 00 b8 6e 00 00 00 0f 05 <c3> 0f 1f 84 00 00
[   36.752693] watchdog: BUG: soft lockup - CPU#1 stuck for 23s! [caller:111]
[   36.753670] RIP: 0010:syscall_trace_enter.constprop.0+0xe9/0x1a0
[   36.753831] Code: c7 c5 ff ff ff ff e9 64 ff ff ff <eb> 63 e9 3f ff ff ff 49 8b 55 68"""


TRAPPED = """\
[  705.265147] rcu: INFO: rcu_preempt self-detected stall on CPU
[  705.273134] NMI backtrace for cpu 0
[  705.273134] RIP: 0010:asm_exc_int3+0x0/0x40
[  705.273134] Code: 48 89 e7 e8 da 3b e0 ff e9 55 09 00 00 0f 1f 44 00 00 <0f> 01 ca fc 6a ff f6 44
[  705.273134] RIP: 0010:syscall_trace_enter.constprop.0+0xea/0x1a0
[  705.273134] Code: c7 c5 ff ff ff ff e9 64 ff ff ff eb <63> e9 3f ff ff ff 49 8b 55 68
[  705.273134]  do_syscall_64+0x3e/0x90
[  705.273134] RIP: 0033:0x7f8c26a23aa5
[  705.265147] RIP: 0010:syscall_trace_enter.constprop.0+0xe9/0x1a0
[  705.265147] Code: c7 c5 ff ff ff ff e9 64 ff ff ff <eb> 63 e9 3f ff ff ff 49 8b 55
[  705.265147]  ? agentsys_pace_take+0x59/0xe0 [agentsys]
[  705.265147]  do_syscall_64+0x3e/0x90"""


def test_emulator():
    "a breakpoint in the kernel's own code is the emulator's fault, anything else is not"
    assert klog.is_emulators(PATCHED.split("\n"))
    assert not klog.is_emulators(PATCHED.replace("0x310", "0x310 [agentsys]").split("\n"))
    assert not klog.is_emulators(PATCHED.replace("int3: 0000", "general protection fault").split("\n"))
    assert not klog.is_emulators(["[    1.0] BUG: KASAN: slab-use-after-free"] + PATCHED.split("\n"))
    assert not klog.is_emulators([])
    assert klog.is_emulators(STUCK.split("\n"))
    assert not klog.is_emulators(STUCK.replace("0x1a0", "0x1a0 [agentsys]").split("\n"))
    assert not klog.is_emulators((STUCK + "\n[   36.8] caller+0x1/0x2 [agentsys]").split("\n")), "the module called it"
    assert not klog.is_emulators(STUCK.replace("+0xe9", "+0xeb", 1).split("\n")), "a loop"
    assert klog.is_emulators(TRAPPED.split("\n"))
    deeper = TRAPPED.replace("asm_exc_int3+0x0/0x40", "sync_regs+0x4/0x20").replace(
        "[  705.273134] RIP: 0010:syscall", "[  705.273134]  asm_exc_int3+0xe/0x40\n[  705.273134] RIP: 0010:syscall")
    assert klog.is_emulators(deeper.split("\n"))
    assert not klog.is_emulators(deeper.replace("asm_exc_int3", "asm_exc_page_fault").split("\n"))
    assert not klog.is_emulators(TRAPPED.replace("  ? agents", "  agents").split("\n")), "the module called it"
    assert not klog.is_emulators(TRAPPED.replace("+0xea", "+0xe9").split("\n")), "no breakpoint there"
    assert not klog.is_emulators(TRAPPED.replace("eb <63>", "90 <63>").split("\n")), "nothing that is patched"
    assert not klog.is_emulators(STUCK.replace("<eb> 63", "<eb> f3", 1).split("\n")), "a jump back"
    assert not klog.is_emulators(STUCK.replace("<eb> 63", "<f3> 90").split("\n")), "a wait in a loop"


RACE = """\
[    3.4] ==================================================================
[    3.4] BUG: KCSAN: data-race in %s / task_work_run
[    3.4] write to 0xffff888004acfa80 of 8 bytes by task 12 on cpu 0:
[    3.4]  %s
[    3.4] Reported by Kernel Concurrency Sanitizer on:
[    3.4] =================================================================="""
OURS = RACE % ("probe_exit", "probe_exit+0x12/0x20 [agentsys]")
FOREIGN = RACE % ("__fput", "__fput+0x12/0x20")
FRAMES = "+0x1/0x2\n[    3.4]  ".join(("a", "b", "c", "d"))
CALLED_NEARLY = RACE % ("a", FRAMES.replace("c+0x1/0x2", "c+0x1/0x2 [agentsys]"))
CALLED_FROM_AFAR = RACE % ("a", FRAMES + "+0x1/0x2 [agentsys]")


def test_races():
    "a data race counts if the module has a part in it"
    assert len(klog.reports(OURS.split("\n"))) == 1
    assert not klog.reports(FOREIGN.split("\n"))
    assert len(klog.reports(CALLED_NEARLY.split("\n"))) == 1
    assert not klog.reports(CALLED_FROM_AFAR.split("\n"))
    found = klog.reports("\n".join((FOREIGN, OURS, FOREIGN, FOREIGN, OURS)).split("\n"))
    assert len(found) == 2 and all("probe_exit" in report[0] for report in found)


def test_brief():
    "a report ends where the kernel says so"
    lines = REPORTS.split("\n")[:1] + ["[ 3.4] RAX: 0 RBX: 1", "[ 3.4] ---[ end trace 0 ]---"] + QUIET.split("\n")
    found = klog.reports(lines)
    assert len(found) == 1 and len(found[0]) == 3
    assert len(klog.brief(found[0])) == 2


class Fake(vm.Runner):
    """Each program fails as often as its name's last character says."""

    def __init__(self, names, **options):
        self.kernel, self.say, self.until, self.machines = None, lambda text: None, float("inf"), 1
        self.programs, self.doubtful, self.chances = [], [], options.get("chances", 0)
        self.left = {name: int(name[-1]) for name in names}
        self.slow = options.get("slow", False)
        for name in names:
            self.run_part([name])
        self.run_again()

    def boot(self, group, again=False):
        program = tap.Program(group[0])
        if self.slow and self.doubtful == [] and self.programs:  # when it is run again
            program.items.append(tap.Item("skipped", group[0], "the time is up"))
            self.programs.append(program)
            return 1
        fails = self.left[group[0]] > 0
        program.second = self.left[group[0]] < int(group[0][-1])
        self.left[group[0]] -= fails
        program.feed("not ok 1 a" if fails else "ok 1 a")
        if fails:
            self.doubtful.append((group[0], program))
        self.programs.append(program)
        return 1


def test_chances():
    "what fails once is told and not counted, what fails twice is counted once, and many failures are failures"
    def summary(*args, **options):
        said = []
        status = vm.summarise(Fake(*args, **options).programs, say=said.append)
        return status, said[-1], any("passed when run again" in line for line in said)

    assert summary(["a0", "b1"], chances=1) == (0, "2 passed, 0 failed, 0 skipped", True)
    assert summary(["a0", "b1"]) == (1, "1 passed, 1 failed, 0 skipped", False)
    assert summary(["a0", "b2"], chances=1) == (1, "1 passed, 1 failed, 0 skipped", False)
    assert summary(["a1", "b1"], chances=1) == (1, "0 passed, 2 failed, 0 skipped", False)
    assert summary(["b1"], chances=1, slow=True) == (1, "0 passed, 1 failed, 0 skipped", False), "no time for it"
    again = Fake(["b2"], chances=1).programs
    assert len(again) == 1 and again[0].name == "b2" and again[0].second, "what the second run shows is what is kept"


ksft.main()
