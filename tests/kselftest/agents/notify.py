#!/usr/bin/python3 -S
"""An agent that is made for systemd. What it is to say comes by its pipe, a line at a time."""
import os
import socket
import sys

address = os.environ.get("NOTIFY_SOCKET")
out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)


def say(text):
    out.sendto(text.encode("latin-1"), address)


say("READY=1\nSTATUS=begun\nMAINPID=1")
with os.fdopen(os.open(sys.argv[1], os.O_RDWR)) as pipe:
    for line in pipe:
        say(line.rstrip("\n").replace("\\n", "\n").replace("\\xff", "\xff"))
