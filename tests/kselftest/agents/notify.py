#!/usr/bin/python3 -S
"""An agent that is made for systemd. What it is to say comes by its pipe, a line at a time.

With a watchdog it gives a sign of life twice as often as it has to, until it is told "silence".
"""
import os
import socket
import sys
import threading

address = os.environ.get("NOTIFY_SOCKET")
watchdog = int(os.environ.get("WATCHDOG_USEC", "0")) / 1e6
out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
silence = threading.Event()


def say(text):
    out.sendto(text.encode("latin-1"), address)


def beat():
    while not silence.wait(watchdog / 2):
        say("WATCHDOG=1")


say("READY=1\nSTATUS=begun\nMAINPID=1")
if watchdog:
    threading.Thread(target=beat, daemon=True).start()
with os.fdopen(os.open(sys.argv[1], os.O_RDWR)) as pipe:
    for line in pipe:
        if line == "silence\n":
            silence.set()
        else:
            say(line.rstrip("\n").replace("\\n", "\n").replace("\\xff", "\xff"))
