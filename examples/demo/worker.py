#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""An agent that does real work: it reads Python's own library, file by file, and keeps a ranking of the longest
functions. It sends a heartbeat after each file, and writes its findings down when it is asked to stop."""
import ast
import pathlib
import signal
import sys
import time

import agentsys

FINDINGS = pathlib.Path("/tmp/findings.txt")


def functions(path):
    """Name and length in lines of each function in a file."""
    tree = ast.parse(path.read_text(errors="replace"))
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.end_lineno - node.lineno + 1, "%s:%d %s()" % (path.name, node.lineno, node.name)


def finish(*_):
    FINDINGS.write_text("".join("%5d lines  %s\n" % found for found in ranking[:5]))
    print("worker: %d files read, findings written" % files, flush=True)
    sys.exit(0)


me = agentsys.whoami()
print("worker: I am agent %d (%s), instance %d" % (me.agent_id, me.name, me.instance), flush=True)
signal.signal(signal.SIGTERM, finish)
ranking, files = [], 0
for source in sorted(pathlib.Path("/usr/lib/python3.11").rglob("*.py")):
    try:
        ranking = sorted(ranking + list(functions(source)), reverse=True)[:20]
        files += 1
    except SyntaxError:
        pass
    agentsys.heartbeat()
while True:
    agentsys.heartbeat()
    time.sleep(1)
