#!/usr/bin/python3
# SPDX-License-Identifier: CC0-1.0
"""An agent that does real work: it reads Python's own library, module by module, and writes down which functions are
the largest. It sends a heartbeat after each module, and tells what it did when it is asked to stop."""
import importlib.util
import pathlib
import pkgutil
import signal
import sys
import time
import types

import agentsys

FINDINGS = pathlib.Path("/tmp/findings.txt")


def functions(code, name):
    """Size in bytes of bytecode, and name, of each function in a code object."""
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            yield len(part.co_code), "%s.%s()" % (name, part.co_name)
            yield from functions(part, name + "." + part.co_name)


def finish(*_):
    print("scholar: asked to stop after %d modules" % modules, flush=True)
    sys.exit(0)


me = agentsys.whoami()
print("scholar: I am agent %d (%s), instance %d" % (me.agent_id, me.name, me.instance), flush=True)
signal.signal(signal.SIGTERM, finish)
ranking, modules = [], 0
for found in pkgutil.iter_modules():
    loader = importlib.util.find_spec(found.name).loader
    code = loader.get_code(found.name) if hasattr(loader, "get_code") else None
    if code:
        ranking = sorted(ranking + list(functions(code, found.name)), reverse=True)[:5]
        modules += 1
    agentsys.heartbeat()
FINDINGS.write_text("".join("%6d bytes  %s\n" % function for function in ranking))
while True:
    agentsys.heartbeat()
    time.sleep(1)
