#!/usr/bin/env python3
# vm: timeout=120 kernels=one
"""asmctl on relations: relate, unrelate, relations, run --requires and the like, tree, explain."""
import os
import signal
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import ksft
from ctl import NO_AGENT, USAGE, ctl, ctl_json, info, run, with_clean
from ksft import wait_for


def agents(*names):
    for number, name in enumerate(names, 50):
        run("--id", number, "--name", name, "sleep", "1000")


@with_clean
def test_relate():
    "relations are made, listed for all or for one agent, and ended"
    agents("db", "cache", "web")
    ctl("relate", "web", "requires", "db", "cache")
    ctl("relate", "db", "link", "cache")
    assert ctl_json("relations") == [
        {"from": 50, "kind": "link", "to": 51},
        {"from": 52, "kind": "requires", "to": 50},
        {"from": 52, "kind": "requires", "to": 51}]
    assert [r["to"] for r in ctl_json("relations", "web")] == [50, 51]
    lines = ctl("relations").out.split("\n")
    assert lines[0].split() == ["AGENT", "NAME", "RELATION", "TO", "NAME"]
    assert lines[2].split() == ["52", "web", "requires", "50", "db"]

    ctl("stop", "db")
    wait_for("web stopped", lambda: info("web")["state"] == "exited")
    assert info("web")["last_exit"]["cause"] == "dependency"
    ctl("unrelate", "cache", "link", "db")
    ctl("unrelate", "web", "requires", "db")
    assert [r["to"] for r in ctl_json("relations")] == [51]


@with_clean
def test_run():
    "run makes an agent with relations, by name or id, and what it requires is started with it"
    agents("db")
    ctl("stop", "db")
    run("--id", 60, "--name", "web", "--requires", "db", "--monitor", 50, "--traps", "yes", "sleep", "1000")
    assert info("db")["state"] == "active"
    assert info("web")["traps"] is True
    assert [(r["kind"], r["to"]) for r in ctl_json("relations")] == [("requires", 50), ("monitor", 50)]
    ctl("set", "--traps", "no", "web")
    assert info("web")["traps"] is False
    assert ctl("run", "--requires", "nobody", "sleep", "1", want=NO_AGENT).err


@with_clean
def test_told():
    "tree and explain tell relations, and who waits"
    agents("db")
    run("--id", 60, "--name", "web", "--restart", "always", "--requires", "db", "sleep", "1000")
    lines = ctl("tree").out.split("\n")
    assert lines[0].split()[-1] == "RELATIONS"
    assert lines[3].endswith("requires 50"), lines
    assert "It requires 50" in ctl("explain", "web").out
    assert ctl_json("explain", "web")["relations"] == [{"kind": "requires", "agent_id": 50}]
    tree = ctl_json("tree")
    assert tree["children"][1]["relations"] == [{"kind": "requires", "agent_id": 50}]

    ctl("set", "--restart", "always", "--max-restarts", 9, "--backoff", "1d:1d", "db")
    os.kill(info("db")["pid"], signal.SIGKILL)
    wait_for("web waits", lambda: info("web")["waits"])
    assert "waits" in ctl("tree").out
    assert "It waits" in ctl("explain", "web").out
    assert "waits for agent 50" in ctl("events").out
    assert ctl_json("history", "web")[-1]["decision"] == "restarts with what it requires"


@with_clean
def test_refused():
    "what makes no sense is refused with what is wrong"
    agents("a", "b")
    assert "did you mean 'requires'" in ctl("relate", "a", "require", "b", want=USAGE).err
    assert "not one of requires" in ctl("relate", "a", "xyzzy", "b", want=USAGE).err
    assert ctl("relate", "a", "requires", want=USAGE).err
    assert ctl("relate", "a", "requires", "nobody", want=NO_AGENT).err
    ctl("relate", "a", "requires", "b")
    assert "circle" in ctl("relate", "b", "requires", "a", want=1).err
    assert "already" in ctl("relate", "a", "requires", "b", want=1).err
    assert "not related" in ctl("unrelate", "b", "requires", "a", want=1).err
    assert "neither yes nor no" in ctl("set", "--traps", "maybe", "a", want=USAGE).err


ksft.main()
