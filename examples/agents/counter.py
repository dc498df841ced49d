#!/usr/bin/env python3
# SPDX-License-Identifier: CC0-1.0
"""An agent in Python: says who it is, sends a heartbeat every second, and looks at
the telemetry now and then.

    asmctl run --name counter --restart on-failure --stdout /tmp/counter.log ./counter.py
"""

import signal
import sys
import time

import agentsys


class AskedToStop(Exception):
    """SIGTERM, which is what "asmctl stop" sends."""


def on_term(number, frame):
    raise AskedToStop


def main():
    signal.signal(signal.SIGTERM, on_term)
    try:
        me = agentsys.whoami()
    except ProcessLookupError:
        print('this is no agent; start it with "asmctl run"', file=sys.stderr)
        return 1
    except OSError as error:
        print(error.strerror, file=sys.stderr)
        return 1
    print(f"I am agent {me.agent_id} ({me.name}), instance {me.instance}, "
          f"restarted {me.restarts} of {me.max_restarts} times", flush=True)
    try:
        count = 0
        while True:
            agentsys.heartbeat()
            if count % 10 == 0:
                system = agentsys.telemetry()["system"]
                print(f"{system['active_agents']} agents are active", flush=True)
            count += 1
            time.sleep(1)
    except AskedToStop:
        print("asked to stop", flush=True)
        return 0


if __name__ == "__main__":
    sys.exit(main())
