"""Write down which lines of the Python bindings a test runs: Python imports this by itself."""
import atexit
import os
import sys
import threading

BINDINGS = "/usr/lib/python3/dist-packages/agentsys.py"
OUT = "/var/coverage"

seen = set()


def line(frame, what, argument):
    seen.add(frame.f_lineno)
    return line


def call(frame, what, argument):
    return line(frame, what, argument) if frame.f_code.co_filename == BINDINGS else None


def write():
    sys.settrace(None)
    if seen:
        with open("%s/%d.lines" % (OUT, os.getpid()), "w") as file:
            file.write("\n".join(map(str, sorted(seen))))


atexit.register(write)
threading.settrace(call)
sys.settrace(call)
