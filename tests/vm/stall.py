"""Stop the processors of a test machine, one at a time and now and then, as a busy host does.

A test that relies on one processor to have got somewhere while another one did something passes for months on a machine that
is idle. Here it fails within minutes: STALL=300 make check.
"""
import ctypes
import os
import random
import threading
import time

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WALL = 0x40000000  # __WALL: waitpid() for a thread that is not ours by birth
SHARE = 0.3        # of the time in which one of the processors stands still

PTRACE = ctypes.CDLL(None, use_errno=True).ptrace
PTRACE.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)


def processors(pid):
    """QEMU's threads that are processors, by the names that debug-threads=on gives them."""
    found = []
    for thread in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/comm" % (pid, thread)) as file:
            if file.read().startswith("CPU "):
                found.append(int(thread))
    return found


def hold(thread, seconds):
    """Stop one thread alone, which SIGSTOP cannot."""
    if PTRACE(PTRACE_SEIZE, thread, None, None):
        return
    PTRACE(PTRACE_INTERRUPT, thread, None, None)
    os.waitpid(thread, WALL)
    time.sleep(seconds)
    PTRACE(PTRACE_DETACH, thread, None, None)


class Staller(threading.Thread):
    """Until close(), hold up a processor of QEMU for `mean` seconds on average, seldom for four times as long."""

    def __init__(self, pid, mean, seed=None):
        super().__init__(daemon=True)
        self.pid, self.mean, self.random = pid, mean, random.Random(seed)
        self.over = threading.Event()
        self.start()

    def run(self):
        try:
            while not self.over.wait(self.random.expovariate(SHARE / (1 - SHARE) / self.mean)):
                found = processors(self.pid)
                if found:  # it has come that far
                    hold(self.random.choice(found), min(self.random.expovariate(1 / self.mean), 4 * self.mean))
        except OSError:
            pass  # QEMU has ended

    def close(self):
        self.over.set()
        self.join()
