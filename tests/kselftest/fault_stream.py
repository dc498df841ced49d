#!/usr/bin/env python3
# vm: timeout=120 kernels=one with=jq
"""The guide's line for who wants to hear of faults, as it is written there."""
import json
import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import agentsys
import ksft
from ctl import WORK, info, run, with_clean
from ksft import wait_for

LINE = """asmctl events -f --json | jq --unbuffered 'select(.type == "fault")'"""


def documents(path):
    """What jq has told up to now, each over several lines."""
    with open(path) as file:
        text, found = file.read(), []
    while text.strip():
        try:
            document, end = json.JSONDecoder().raw_decode(text)
        except ValueError:  # half of one
            break
        found.append(document)
        text = text[end:].lstrip()
    return found


@with_clean
def test_stream():
    "each fault is told before the next one happens, and nothing else is"
    if not shutil.which("jq"):
        raise ksft.Skip("there is no jq")
    agent = run("--restart", "always", "--max-restarts", "infinity", "--backoff", "0", "sleep", "1000")["agent_id"]
    told = WORK + "/told"
    with agentsys.Connection() as asm, open(told, "w") as out:
        asm.recovery_set({"Unresponsive": "alert"}, agent_id=agent)
        stream = subprocess.Popen(["bash", "-c", LINE], stdout=out, start_new_session=True)
        try:
            for n in 1, 2, 3:
                # Crashes and starts are events, too.
                os.kill(info(agent)["pid"], signal.SIGKILL)
                wait_for("a restart", lambda: info(agent)["instance"] == n + 1 and info(agent)["state"] == "active")
                asm.report_fault(agent, "Unresponsive", 1000 * n, 500)
                wait_for("fault %d" % n, lambda: len(documents(told)) >= n)
        finally:
            os.killpg(stream.pid, signal.SIGKILL)
            stream.wait()
    seen = documents(told)
    assert [(event["type"], event["agent_id"], event["instance"], event["value"]) for event in seen] == \
        [("fault", agent, n + 1, 1000 * n) for n in (1, 2, 3)], seen


ksft.main()
