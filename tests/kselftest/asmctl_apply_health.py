#!/usr/bin/env python3
# vm: timeout=240 kernels=one
"""Manifests with health checks and agents that notify."""
import os
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import ksft
from ctl import DIFFERENCES, ctl, ctl_json, info, run, with_clean
from ksft import wait_for
from manifests import write

AGENT = os.environ.get("AGENTS", ".") + "/notify.py"


def write_agents(agents):
    return write({"version": 1, "agents": agents})


def checks(agent):
    told = ctl_json("health", agent)["agents"]
    return [(one["kind"], one["interval_ms"]) for one in told[0]["checks"]] if told else None


@with_clean
def test_apply():
    "agents are checked, and notify, as the manifest says; how they are checked is changed in place"
    os.mkfifo("/tmp/test/pipe")
    path = write_agents([{"name": "server", "id": 100, "command": ["sleep", "1000"],
                   "health": ["process", "interval=100ms"]},
                         {"name": "notifier", "id": 101, "command": [AGENT, "/tmp/test/pipe"], "notify": True},
                  {"name": "plain", "id": 102, "command": ["sleep", "1000"]}])
    ctl("apply", path)
    wait_for("their health", lambda: info(100)["health"] == info(101)["health"] == "healthy")
    assert checks(100) == [("process", 100)] and info(101)["status_text"] == "begun"
    assert "health" not in info(102)
    assert "Nothing to do" in ctl("apply", path).out
    before = info(100)["pid"], info(102)["pid"]

    write_agents([{"name": "server", "id": 100, "command": ["sleep", "1000"],
            "health": ["process", "tcp=localhost:80", "interval=1h"]},
           {"name": "notifier", "id": 101, "command": [AGENT, "/tmp/test/pipe"], "notify": True},
           {"name": "plain", "id": 102, "command": ["sleep", "1000"]}])
    assert "~ agent server" in ctl("diff", path, want=DIFFERENCES).out
    ctl("apply", path)
    assert checks(100) == [("process", 3600000), ("tcp", 3600000)]
    assert (info(100)["pid"], info(102)["pid"]) == before
    assert "Nothing to do" in ctl("apply", path).out
    ctl("delete", path)
    wait_for("that they are forgotten", lambda: ctl_json("helper")["agents"] == 0)


@with_clean
def test_change():
    "checks come and go, and are as they were when what was to follow fails"
    def manifest(*more, **server):
        return write_agents([dict({"name": "server", "id": 100, "command": ["sleep", "1000"]}, **server)] + list(more))

    ctl("apply", manifest())
    pid = info(100)["pid"]
    assert not ctl_json("helper")["running"]
    ctl("apply", manifest(health=["process", "interval=1h"]))
    assert checks(100) == [("process", 3600000)]
    # The second one cannot be started, when the first has been changed.
    failing = {"name": "failing", "command": ["/nonexistent"]}
    assert "was undone" in ctl("apply", manifest(failing, health=["command=true", "interval=2h"]), want=1).err
    assert checks(100) == [("process", 3600000)]
    assert "tcp takes HOST:PORT" in ctl("apply", manifest(health=["tcp=nothing"]), want=1).err
    assert checks(100) == [("process", 3600000)]
    ctl("apply", manifest())
    wait_for("that it is forgotten", lambda: checks(100) is None)
    assert info(100)["pid"] == pid and info(100)["instance"] == 1


@with_clean
def test_wrong():
    "what is wrong is told with its place; what turns out so undoes it all"
    def refused(words, **agent):
        path = write_agents([dict({"name": "one", "command": ["sleep", "1000"]}, **agent)])
        err = ctl("apply", path, want=1).err
        assert words in err, err
        assert not [one for one in ctl_json("list") if one["name"] == "one"]
        return err

    assert "agents[0].health" in refused("neither a check nor a setting", health=["ping"])
    refused("nothing to check", health=["interval=5s"])
    refused("agents[0].health", health="process")
    refused("agents[0].notify", notify="yes")
    refused("no way out", notify=True, backend={"rootfs": "/"})
    refused("tcp takes HOST:PORT", health=["tcp=example.org"])


ksft.main()
