#!/usr/bin/python3 -S
"""An agent that is made for systemd, and is ready when a line comes by its pipe. It makes a file when it has said so."""
import os
import signal
import socket
import sys

with open(sys.argv[1]) as pipe:
    pipe.readline()
out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
out.sendto(b"READY=1\nSTATUS=late", os.environ["NOTIFY_SOCKET"])
with open(sys.argv[2], "w"):
    pass
signal.pause()
