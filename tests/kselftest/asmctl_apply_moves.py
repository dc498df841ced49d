#!/usr/bin/env python3
# vm: timeout=240 kernels=one
"""asmctl apply: what is moved, replaced and put into order, and what becomes of it if the rest cannot."""
import copy
import json
import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import ksft
from ctl import DIFFERENCES, FAILED, NOTES, ctl, with_clean
from ksft import wait_for
from manifests import (agents, apply, diff, environ, groups, lives, order, sleeper, states, three, tree, write)


@with_clean
def test_order_is_kept():
    "where the order counts, what comes behind somebody new goes to the end: no process is another one"
    manifest = tree(g=three("rest_for_one", groups=[dict(three("one_for_one"), name="sub")]))
    apply(manifest)
    assert order("g") == ["a", "b", "c"]
    before = lives()
    manifest["groups"][0]["agents"][1]["command"] = ["/bin/sleep", "200000"]
    result = apply(manifest)
    assert "-> agent c in g: to keep the order of its group" in result.out, result
    assert "-> group sub in g: to keep the order of its group" in result.out, result
    assert "0 added, 0 changed, 2 moved, 1 replaced, 0 removed" in result.out, result
    after = lives()
    assert order("g") == ["a", "b", "c"] and order("sub") == ["a", "b", "c"]
    assert groups()["sub"]["place"] > agents()["g", "c"]["place"]
    assert [key for key in after if after[key] != before[key]] == [("g", "b")]
    assert apply(manifest).out.startswith("Nothing to do")
    # And that order is the one in which they are restarted.
    os.kill(lives()["g", "c"][1], signal.SIGKILL)
    wait_for("the group below", lambda: lives()["sub", "a"][2] == 2)
    wait_for("all of it", lambda: groups()["g"]["state"] == "active")
    assert {name: life[2] for (group, name), life in lives().items() if group == "g"} == {"a": 1, "b": 1, "c": 2}
    # Somebody in the middle, somebody at the end, and another order.
    manifest["groups"][0]["agents"].insert(1, sleeper("between"))
    assert "1 added, 0 changed, 3 moved, 0 replaced, 0 removed" in apply(manifest).out
    assert order("g") == ["a", "between", "b", "c"]
    manifest["groups"][0]["agents"].append(sleeper("end"))
    assert "1 added, 0 changed, 1 moved, 0 replaced, 0 removed" in apply(manifest).out
    manifest["groups"][0]["agents"][3:] = manifest["groups"][0]["agents"][:2:-1]
    before = lives()
    assert "0 added, 0 changed, 2 moved, 0 replaced, 0 removed" in apply(manifest).out
    assert order("g") == ["a", "between", "b", "end", "c"] and lives() == before
    # In other groups nobody cares.
    manifest["groups"][0]["groups"][0]["agents"].reverse()
    assert apply(manifest).out.startswith("Nothing to do")


@with_clean
def test_strangers_stay():
    "who is in a group and not in the manifest is left alone, whatever moves around it"
    manifest = tree(g=three("one_for_all", groups=[dict(three("one_for_one"), name="sub")]))
    apply(manifest)
    ctl("run", "--group", "sub", "--name", "stranger", "sleep", "1000")
    ctl("run", "--group", "g", "--name", "stranger", "sleep", "1000")
    before = lives()
    manifest["groups"][0]["agents"][2]["command"] = ["/bin/sleep", "200000"]
    assert "0 added, 0 changed, 1 moved, 1 replaced, 0 removed" in apply(manifest).out
    after = lives()
    assert [key for key in after if after[key] != before[key]] == [("g", "c")]
    assert order("g") == ["a", "b", "stranger", "c"]
    apply(manifest, "--prune")
    assert ("sub", "stranger") not in agents() and order("sub") == ["a", "b", "c"] and order("g") == ["a", "b", "c"]


@with_clean
def test_moved():
    "groups and agents that stand elsewhere in the manifest go there, and no process is another one"
    manifest = tree(g=three("one_for_one", groups=[dict(three("one_for_one"), name="sub")]), h=three("rest_for_one"))
    apply(manifest)
    before = {name: life for (_, name), life in lives().items() if _ == "sub"}
    moved = copy.deepcopy(manifest)
    moved["groups"][1]["groups"] = [moved["groups"][0]["groups"].pop()]
    result = diff(moved, want=DIFFERENCES)
    assert result.out.startswith(" -> group sub in h: parent g -> h\n"), result
    assert "0 to be added, 0 to be changed, 1 to be moved, 0 to be replaced" in result.out, result
    assert "0 added, 0 changed, 1 moved, 0 replaced, 0 removed" in apply(moved).out
    assert groups()["sub"]["parent"] == "h" and groups()["h"]["members"] == 4
    assert {name: life for (_, name), life in lives().items() if _ == "sub"} == before
    assert apply(moved).out.startswith("Nothing to do")
    # An agent, into the middle of a group with an order, and with another restart.
    agent = dict(moved["groups"][0]["agents"].pop(0), name="x")
    apply(moved)
    apply({"version": 1, "groups": moved["groups"] + [{"name": "k", "agents": [agent]}]})
    life = lives()["k", "x"]
    again = copy.deepcopy(moved)
    again["groups"][1]["agents"].insert(1, dict(agent, restart="on-failure"))
    result = apply(again, "--prune")
    assert "  ~ agent x in h: restart always -> on-failure" in result.out, result
    assert " -> agent x in h: group k -> h\n" in result.out, result
    assert " -> agent b in h: to keep the order of its group\n" in result.out, result
    assert "  - group k in root\n" in result.out and "k" not in groups(), result
    assert lives()["h", "x"] == life and order("h") == ["a", "x", "b", "c"]
    assert apply(again).out.startswith("Nothing to do")
    # Back again when somebody has moved it by hand; and one that is another one as well.
    ctl("set", "--group", "root", life[0])
    assert " -> agent x in h: group root -> h\n" in apply(again).out and order("h") == ["a", "x", "b", "c"]
    assert lives()["h", "x"] == life
    again["groups"][0]["agents"].append(dict(again["groups"][1]["agents"].pop(1), nice=5))
    result = apply(again)
    assert "-/+ agent x in g: nice nothing -> 5, group h -> g (agent " in result.out, result
    assert lives()["g", "x"][0] != life[0] and ("h", "x") not in lives()
    # What is inside out.
    inside = tree(sub=dict(again["groups"][1].pop("groups")[0], groups=[again["groups"][1]]))
    assert "0 added, 0 changed, 2 moved, 0 replaced, 0 removed" in apply(inside).out
    assert (groups()["sub"]["parent"], groups()["h"]["parent"]) == ("root", "sub")


@with_clean
def test_significant():
    "significant members and auto_shutdown are keys, changed in place"
    job = {"name": "job", "command": ["sh", "-c", "read x < fifo"], "cwd": ".", "restart": "on-failure"}
    os.mkfifo("fifo")
    manifest = tree(outer={"auto_shutdown": "any", "agents": [sleeper("a")],
                           "groups": [{"name": "g", "agents": [sleeper("b"), job]}]})
    apply(manifest)
    before = lives()
    manifest["groups"][0]["groups"][0].update(significant=True, auto_shutdown="all")
    job["significant"] = True
    result = diff(manifest, want=DIFFERENCES)
    assert "  ~ group g in outer: auto_shutdown never -> all, significant false -> true\n" in result.out, result
    assert "  ~ agent job in g: significant false -> true\n" in result.out, result
    apply(manifest)
    assert lives() == before and apply(manifest).out.startswith("Nothing to do")
    assert (groups()["g"]["significant"], groups()["g"]["auto_shutdown"]) == (True, "all")
    job["significant"] = False
    assert "  ~ agent job in g: significant true -> false\n" in apply(manifest).out and lives() == before
    del job["significant"]
    assert apply(manifest).out.startswith("Nothing to do")
    job["significant"] = True
    apply(manifest)
    with open("fifo", "w") as file:
        file.write("\n")
    wait_for("the end of all", lambda: groups()["outer"]["state"] == "exited")
    assert {agent["state"] for agent in agents().values()} == {"exited"}


@with_clean
def test_undone():
    "if the last agent cannot be started, all is as it was"
    manifest = tree(g=three("one_for_one"))
    apply(manifest)
    before, notes = lives(), open(NOTES).read()
    more = copy.deepcopy(manifest)
    more["groups"][0]["strategy"] = "one_for_all"
    more["groups"][0]["agents"][0]["restart"] = "never"
    more["groups"].append(dict(three("one_for_one"), name="h", groups=[
        {"name": "deep", "agents": [sleeper("x"), {"name": "bad", "command": ["/bin/nope"]}]}]))
    result = apply(more, want=FAILED)
    lines = result.err.strip().split("\n")
    assert lines == ["asmctl: cannot start agent 'bad' in 'deep': cannot execute the program \"/bin/nope\": "
                     "No such file or directory",
                     'asmctl: all that was done for "tree.json" was undone'], lines
    assert lives() == before and list(groups()) == ["g"]
    assert groups()["g"]["strategy"] == "one_for_one" and agents()["g", "a"]["restart"] == "always"
    assert json.loads(open(NOTES).read()) == json.loads(notes)
    assert apply(manifest).out.startswith("Nothing to do")


@with_clean
def test_replaced_come_back():
    "of three changes the last cannot start: what was replaced, moved and pruned runs again, as it was and where it was"
    manifest = tree(g=three("rest_for_one"), h=three("one_for_all", groups=[dict(three("one_for_one"), name="sub")]),
                    old={"agents": [sleeper("gone")]})
    for agent in manifest["groups"][0]["agents"]:
        agent.update(env={"SECRET": agent["name"]}, limits={"pids_max": 50})
    manifest["agents"] = [sleeper("fixed", id=500)]
    apply(manifest)
    ctl("run", "--group", "g", "--name", "stranger", "sleep", "1000")
    ctl("stop", agents()["h", "c"]["agent_id"])
    before, notes = states(), open(NOTES).read()
    more = copy.deepcopy(manifest)
    del more["groups"][2]
    more["agents"][0].update(nice=3)
    more["groups"][1]["agents"].insert(0, dict(more["groups"][0]["agents"].pop(2), name="first"))
    more["groups"][0]["agents"][0].update(nice=3, env={"SECRET": "new"})
    more["groups"][0]["agents"][1].update(nice=3, significant=True)
    more["groups"][0]["groups"] = [more["groups"][1]["groups"].pop()]
    more["groups"].append({"name": "new", "agents": [sleeper("x")]})
    for agent in more["groups"][1]["agents"][2:]:
        agent["nice"] = 4
    more["groups"][1]["agents"][3]["command"] = ["/bin/nope"]
    result = apply(more, "--prune", want=FAILED)
    assert result.err.startswith("asmctl: cannot start agent 'c' in 'h': cannot execute the program"), result
    assert result.err.endswith('asmctl: all that was done for "tree.json" was undone\n') and \
        result.err.count("\n") == 2, result
    assert states() == before, (states(), before)
    assert {entry["agent_id"] for entry in json.loads(open(NOTES).read())["agents"]} == \
        {entry["agent_id"] for entry in json.loads(notes)["agents"]}
    assert apply(manifest).out.startswith("Nothing to do")
    for name in "abc":
        assert "SECRET=" + name in environ(agents()["g", name])
    # The order is the old one for the module as well: who is behind a is restarted, who is ahead of b is not.
    ids = {agent["name"]: agent["instance"] for agent in agents().values() if agent["group"] == "g"}
    os.kill(lives()["g", "b"][1], signal.SIGKILL)
    wait_for("the restart", lambda: lives()["g", "c"][2] > ids["c"] and groups()["g"]["state"] == "active")
    assert lives()["g", "a"][2] == ids["a"] and lives()["g", "b"][2] == ids["b"] + 1
    # What can be started is, and nothing of the old ones is left.
    more["groups"][1]["agents"][3]["command"] = ["/bin/sleep", "100000"]
    apply(more, "--prune")
    assert apply(more, "--prune").out.startswith("Nothing to do") and agents()["root", "fixed"]["agent_id"] == 500


@with_clean
def test_id_of_another():
    "an id that goes to another agent comes back with the first one; where that cannot be, it is said"
    os.makedirs("folder")
    manifest = {"version": 1, "agents": [sleeper("a", id=500, env={"A": "1"}, stdout="folder/log"), sleeper("b", id=501)]}
    apply(manifest)
    swapped = copy.deepcopy(manifest)
    swapped["agents"][0]["id"], swapped["agents"][1]["id"] = 501, 500
    apply(swapped)
    assert {name: agent["agent_id"] for (_, name), agent in agents().items()} == {"a": 501, "b": 500}
    apply(manifest)
    swapped["agents"].append({"name": "bad", "command": ["/bin/nope"]})
    assert "was undone" in apply(swapped, want=FAILED).err
    assert {name: agent["agent_id"] for (_, name), agent in agents().items()} == {"a": 500, "b": 501}
    assert "A=1" in environ(agents()["root", "a"]) and apply(manifest).out.startswith("Nothing to do")
    # What it is made of now could not be said in a manifest.
    shutil.rmtree("folder")
    del swapped["agents"][0]["stdout"]
    result = apply(swapped, want=FAILED)
    assert "agent 'a' in 'root', which was there before, stays removed\n" in result.err, result
    assert "was undone" not in result.err and list(agents()) == [("root", "b")], result


@with_clean
def test_interrupted():
    "Ctrl-C ends an apply that waits, and says so"
    manifest = {"version": 1, "agents": [
        {"name": "deaf", "command": ["sh", "-c", "trap '' TERM; : > ready; while :; do sleep 0.1; done"],
         "cwd": ".", "stop": {"timeout": "1h"}}]}
    apply(manifest)
    wait_for("it is deaf", lambda: os.path.exists("ready"))
    manifest["agents"][0]["nice"] = 1
    child = subprocess.Popen(["asmctl", "apply", write(manifest)], stderr=subprocess.PIPE, text=True)
    wait_for("it is stopping", lambda: agents()["root", "deaf"]["state"] == "stopping")
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=20 * ksft.SCALE)
    assert child.returncode == FAILED and "cannot stop agent 'deaf': " in err and \
        "agent 'deaf' in 'root' is still being stopped, and is started again then" in err and "was undone" in err, err
    assert set(agents()) == {("root", "deaf")}


ksft.main()
