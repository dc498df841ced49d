#!/usr/bin/env python3
# vm: timeout=180
"""asmctl apply, diff and delete: manifests become groups and agents, and who is restarted in them."""
import copy
import json
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import ksft
from ctl import DENIED, FAILED, NOTES, USAGE, ctl, ctl_json, with_clean
from ksft import wait_for

DIFFERENCES = 2

EXAMPLE = "/usr/lib/agentsys/examples/supervision-tree.json"


def write(manifest, name="tree.json"):
    with open(name, "w") as file:
        file.write(manifest if isinstance(manifest, str) else json.dumps(manifest, indent=1))
    return name


def apply(manifest, *words, **more):
    return ctl("apply", *words, write(manifest), **more)


def diff(manifest, *words, **more):
    return ctl("diff", *words, write(manifest), **more)


def agents():
    """All agents by group and name."""
    return {(agent["group"], agent["name"]): agent for agent in ctl_json("list")}


def groups():
    return {group["name"]: group for group in ctl_json("group", "list") if group["parent"]}


def lives():
    """What a restart changes, of each agent: id, pid and instance."""
    return {key: (agent["agent_id"], agent["pid"], agent["instance"]) for key, agent in agents().items()}


def order(group):
    """Names of the agents of a group in the order in which they were started."""
    return [name for (where, name), agent in sorted(agents().items(), key=lambda item: item[1]["place"])
            if where == group]


def sleeper(name, **more):
    return dict({"name": name, "command": ["/bin/sleep", "100000"]}, **more)


def tree(**groups_by_name):
    return {"version": 1, "groups": [dict(more, name=name) for name, more in groups_by_name.items()]}


def three(strategy, **more):
    return dict({"strategy": strategy, "agents": [sleeper("a"), sleeper("b"), sleeper("c")]}, **more)


# ---- the example

def members_of_example():
    with open(EXAMPLE) as file:
        return {group["name"]: [agent["name"] for agent in group["agents"]] for group in json.load(file)["groups"]}


@with_clean
def test_example_is_applied():
    "the example becomes a tree, in the order of the file, and a second apply does nothing"
    result = ctl("apply", EXAMPLE)
    assert result.out.count("\n") == 13 and "12 added, 0 changed, 0 replaced, 0 removed" in result.out, result
    assert re.search(r"^  \+ agent planner in orchestration: /bin/sleep 100000 \(agent 1\d\d\d\)$", result.out, re.M)
    found = groups()
    assert {name: group["strategy"] for name, group in found.items()} == {
        "orchestration": "one_for_all", "worker-pool": "one_for_one", "messaging": "rest_for_one"}, found
    assert (found["orchestration"]["budget"], found["orchestration"]["within_ms"]) == (5, 60000)
    assert (found["worker-pool"]["budget"], found["worker-pool"]["within_ms"]) == (10, 120000)
    for group, names in members_of_example().items():
        assert order(group) == names
    third = agents()["worker-pool", "worker-3"]
    assert (third["restart"], third["max_restarts"], third["backoff_max_ms"]) == ("on-failure", 10, 10000), third
    assert "ROUTES=static" in open("/proc/%d/environ" % agents()["orchestration", "router"]["pid"]).read().split("\0")

    before = lives()
    assert ctl("apply", EXAMPLE).out == "Nothing to do: all is as %s says\n" % EXAMPLE
    assert ctl("diff", EXAMPLE).out == "Nothing to do: all is as %s says\n" % EXAMPLE
    assert lives() == before


def crash(group, victim, names, strategy):
    """Kill one of @names, and check of every agent whether it was restarted."""
    place = names.index(victim)
    again = {"one_for_all": names, "one_for_one": [victim], "rest_for_one": names[place:]}[strategy]
    before = lives()
    os.kill(before[group, victim][1], signal.SIGKILL)

    def is_over():
        now = agents()
        return groups()[group]["state"] == "active" and all(
            now[group, name]["state"] == "active" and now[group, name]["instance"] > before[group, name][2]
            for name in again)
    wait_for("the restart after the end of " + victim, is_over)
    after = lives()
    assert after.keys() == before.keys()
    for key, (id, pid, instance) in after.items():
        if key[0] == group and key[1] in again:
            assert (id, instance) == (before[key][0], before[key][2] + 1) and pid != before[key][1], (key, before, after)
        else:
            assert (id, pid, instance) == before[key], (victim, key, before, after)


@with_clean
def test_example_crash_by_crash():
    "each member of each group is killed, and who is restarted is as the strategy says"
    ctl("apply", EXAMPLE)
    for group, names in members_of_example().items():
        for victim in names:
            crash(group, victim, names, groups()[group]["strategy"])
    # What the module has restarted is still what was applied.
    before = lives()
    assert ctl("apply", EXAMPLE).out.startswith("Nothing to do")
    assert lives() == before


@with_clean
def test_example_is_deleted():
    "delete removes it again, the last one first, and a second one has nothing to do"
    ctl("apply", EXAMPLE)
    ctl("run", "--name", "other", "sleep", "1000")
    result = ctl("delete", EXAMPLE)
    lines = result.out.strip().split("\n")
    assert len(lines) == 12 and lines[0].strip() == "- agent notifier in messaging", lines
    assert lines[-1].strip() == "- group orchestration in root", lines
    assert list(agents()) == [("root", "other")] and not groups()
    assert ctl("delete", EXAMPLE).out == "Nothing to do: nothing of %s is there\n" % EXAMPLE


# ---- changes

@with_clean
def test_changed_in_place():
    "groups and restarts are changed in place: no process is another one after it"
    manifest = tree(g=three("one_for_one"), outer={"groups": [dict(three("permanent"), name="inner")]})
    apply(manifest)
    before = lives()
    assert {agents()["inner", name]["restart"] for name in "abc"} == {"never"}
    manifest["groups"][0].update(strategy="one_for_all", budget="3/30", backoff="1s:1m")
    manifest["groups"][0]["agents"][1]["restart"] = {"when": "on-failure", "max_restarts": 7}
    manifest["groups"][1]["groups"][0]["strategy"] = "transient"
    result = diff(manifest, want=DIFFERENCES)
    assert "  ~ group g in root: strategy one_for_one -> one_for_all, budget 5 -> 3" in result.out, result
    # Agents without a restart of their own follow their group: its backoff, its condition.
    assert "  ~ agent b in g: restart always -> on-failure, max_restarts infinity -> 7" in result.out, result
    assert "  ~ agent a in inner: restart never -> on-failure, max_restarts 0 -> infinity\n" in result.out, result
    assert "0 to be added, 8 to be changed, 0 to be replaced, 0 to be removed" in result.out, result
    assert "0 added, 8 changed, 0 replaced, 0 removed" in apply(manifest).out
    assert lives() == before
    group = groups()["g"]
    assert (group["strategy"], group["budget"], group["within_ms"], group["backoff_initial_ms"],
            group["backoff_max_ms"]) == ("one_for_all", 3, 30000, 1000, 60000), group
    agent = agents()["g", "b"]
    assert (agent["restart"], agent["max_restarts"]) == ("on-failure", 7), agent
    assert {agents()["inner", name]["restart"] for name in "abc"} == {"on-failure"}
    assert apply(manifest).out.startswith("Nothing to do")
    # What somebody has changed by hand is put right.
    ctl("set", "--restart", "never", agent["agent_id"])
    assert "  ~ agent b in g: restart never -> on-failure" in apply(manifest).out
    manifest["groups"][0]["agents"][1]["restart"].update(jitter=20, success_status=[2, "HUP"], stable_ms=500)
    assert "  ~ agent b in g: jitter_percent 0 -> 20, stable_ms 60000 -> 500, success " in apply(manifest).out
    agent = agents()["g", "b"]
    assert agent["success"] == {"codes": [2], "signals": [signal.SIGHUP], "causes": []} and agent["jitter_percent"] == 20
    assert apply(manifest).out.startswith("Nothing to do") and lives() == before
    # And what is not said any more has its default again.
    del manifest["groups"][0]["agents"][1]["restart"]
    apply(manifest)
    agent = agents()["g", "b"]
    assert (agent["restart"], agent["jitter_percent"], agent["stable_ms"]) == ("always", 0, 60000) and lives() == before


@with_clean
def test_replaced():
    "another command, environment or limit: only that agent is made anew where the order does not count"
    manifest = tree(g=three("one_for_one"))
    apply(manifest)
    for change in {"command": ["/bin/sleep", "200000"]}, {"env": {"A": "secret"}}, {"cwd": "/tmp"}, {"nice": 3}, \
            {"limits": {"pids_max": 20}}, {"stop": {"signal": "INT"}}, {"user": "nobody"}:
        before = lives()
        manifest["groups"][0]["agents"][1].update(change)
        result = diff(manifest, want=DIFFERENCES)
        key, = change
        assert result.out.startswith("-/+ agent b in g: " + ("env.A" if key == "env" else key)), (key, result)
        assert "secret" not in result.out
        assert "0 added, 0 changed, 1 replaced, 0 removed" in apply(manifest).out
        after = lives()
        assert after["g", "b"][:2] != before["g", "b"][:2] and after["g", "b"][2] == 1, (key, before, after)
        assert [after["g", name] for name in "ac"] == [before["g", name] for name in "ac"], (key, before, after)
        assert apply(manifest).out.startswith("Nothing to do"), key
    with open("/proc/%d/cmdline" % lives()["g", "b"][1]) as file:
        assert file.read().split("\0")[1] == "200000"


@with_clean
def test_order_is_kept():
    "where the order counts, what comes behind somebody new is made anew too"
    manifest = tree(g=three("rest_for_one", groups=[dict(three("one_for_one"), name="sub")]))
    apply(manifest)
    assert order("g") == ["a", "b", "c"]
    before = lives()
    manifest["groups"][0]["agents"][1]["command"] = ["/bin/sleep", "200000"]
    result = apply(manifest)
    assert "-/+ agent c in g: to keep the order of its group" in result.out, result
    assert "-/+ group sub in g: to keep the order of its group" in result.out, result
    assert "0 added, 0 changed, 6 replaced, 0 removed" in result.out, result
    after = lives()
    assert after["g", "a"] == before["g", "a"] and order("g") == ["a", "b", "c"] and order("sub") == ["a", "b", "c"]
    assert not {after[key][1] for key in after if key != ("g", "a")} & {life[1] for life in before.values()}
    # Somebody in the middle, and somebody at the end.
    manifest["groups"][0]["groups"] = []
    ctl("delete", write(tree(g={"groups": [dict(three("one_for_one"), name="sub")]})), want=FAILED)
    manifest["groups"][0]["agents"].insert(1, sleeper("between"))
    assert "1 added, 0 changed, 2 replaced, 0 removed" in apply(manifest).out
    assert order("g") == ["a", "between", "b", "c"]
    manifest["groups"][0]["agents"].append(sleeper("end"))
    assert "1 added, 0 changed, 0 replaced, 0 removed" in apply(manifest).out
    assert order("g") == ["a", "between", "b", "c", "end"]


@with_clean
def test_made_anew_spares_strangers():
    "a group in which is somebody else's agent is not made anew for the order, but with --prune"
    manifest = tree(g=three("one_for_all", groups=[dict(three("one_for_one"), name="sub")]))
    apply(manifest)
    ctl("run", "--group", "sub", "--name", "stranger", "sleep", "1000")
    before = lives()
    manifest["groups"][0]["agents"][2]["command"] = ["/bin/sleep", "200000"]
    result = apply(manifest, want=FAILED)
    assert "group 'sub' would have to be made anew" in result.err and "'stranger'" in result.err, result
    assert lives() == before
    apply(manifest, "--prune")
    assert ("sub", "stranger") not in agents() and order("sub") == ["a", "b", "c"]


@with_clean
def test_prune():
    "what is not in the manifest is left alone, and removed with --prune"
    manifest = tree(g=three("one_for_one"), h=three("one_for_one"))
    manifest["agents"] = [sleeper("top"), sleeper("gone")]
    apply(manifest)
    ctl("run", "--group", "g", "--name", "added", "sleep", "1000")
    ctl("run", "--name", "stranger", "sleep", "1000")
    ctl("group", "new", "strange")
    with_all = lives()
    less = copy.deepcopy(manifest)
    del less["groups"][0]["agents"][0], less["groups"][1], less["agents"][1]
    assert apply(less).out.startswith("Nothing to do") and lives() == with_all
    assert diff(less).out.startswith("Nothing to do")
    result = diff(less, "--prune", want=DIFFERENCES)
    assert result.out.count("  - ") == 7, result
    assert "0 added, 0 changed, 0 replaced, 7 removed" in apply(less, "--prune").out
    assert lives() == {key: with_all[key] for key in [("g", "b"), ("g", "c"), ("root", "top"), ("root", "stranger")]}
    assert list(groups()) == ["g", "strange"]
    assert apply(less, "--prune").out.startswith("Nothing to do")
    # Another file prunes nothing of what this one made in root.
    os.makedirs("elsewhere", exist_ok=True)
    ctl("apply", "--prune", write(tree(other={}), "elsewhere/tree.json"))
    assert lives() == {key: with_all[key] for key in [("g", "b"), ("g", "c"), ("root", "top"), ("root", "stranger")]}


# ---- failures

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
                     'asmctl: all that was started, made or changed for "tree.json" was undone'], lines
    assert lives() == before and list(groups()) == ["g"]
    assert groups()["g"]["strategy"] == "one_for_one" and agents()["g", "a"]["restart"] == "always"
    assert json.loads(open(NOTES).read()) == json.loads(notes)
    assert apply(manifest).out.startswith("Nothing to do")
    # What had to go to make room does not come back, which is said.
    more["groups"][0] = copy.deepcopy(manifest["groups"][0])
    more["groups"][0]["agents"][1]["nice"] = 1
    assert "agent 'b' in 'g', which was there before, stays removed" in apply(more, want=FAILED).err
    assert set(agents()) == {("g", "a"), ("g", "c")}
    assert "1 added, 0 changed, 0 replaced, 0 removed" in apply(manifest).out


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
    assert child.returncode == FAILED and "cannot remove agent 'deaf': " in err and "was undone" in err, err
    assert set(agents()) == {("root", "deaf")}


def refused(manifest, where, what):
    """The manifest is refused with @what about @where, and nothing was started."""
    result = apply(manifest, want=FAILED)
    assert result.err.startswith("asmctl: tree.json:" + where) and what in result.err, (where, what, result)
    assert result.err.count("\n") == 1 and not result.out, result


@with_clean
def test_errors():
    "every error has file, line and path, and nothing is started"
    refused("", "1:1: this is not JSON", "it ends too early")
    refused('{"version": 1,\n "agents": [}', "2:13: this is not JSON", "")
    refused('{"version": 1}\nx', "2:1: this is not JSON", "")
    refused('{"version": 1, "groups": [],\n "groups": []}', "2: groups: ", "there twice")
    refused("[]", "1: ", "is not an object")
    refused('{"agents": []}', "1: version: ", 'is missing: "version": 1')
    refused('{"version": 2}', "1: version: ", "is not 1")
    refused('{\n"version": 1,\n"agnets": []}', "3: agnets: ", "did you mean 'agents'?")
    refused('{"version": 1, "agents": {}}', "1: agents: ", "is not an array")
    refused('{"version": 1,\n "agents": null}', "2: agents: ", "null is no value")

    def agent(lines, where, what):
        """One that is wrong in the fifth line, in the second group, behind a good one."""
        refused('{"version": 1, "groups": [{"name": "g"}, {"name": "h", "agents": [\n'
                ' {"name": "good", "command": ["/bin/sleep", "100000"]},\n'
                ' {"name": "bad",\n  "command": ["/bin/sleep", "1"],\n  %s}]}]}' % lines,
                "5: groups[1].agents[1]." + where, what)
    agent('"comand": []', "comand: ", "did you mean 'command'?")
    agent('"restart": {"max": 3}', "restart.max: ", "did you mean 'max_restarts'?")
    agent('"restart": {"max_restarts": -1}', "restart.max_restarts: ", "is not a number of restarts")
    agent('"restart": "sometimes"', "restart: ", "is not one of never")
    agent('"restart": {"backoff": {"initial_ms": 5, "max_ms": 4}}', "restart.backoff: ", "above its maximum")
    agent('"restart": {"backoff": {"max_ms": 4}}', "restart.backoff.initial_ms: ", "is missing")
    agent('"stop": {"timeout": 10}', "stop.timeout: ", "with its unit")
    agent('"stop": {"timeout_ms": "10"}', "stop.timeout_ms: ", "is not a number of milliseconds")
    agent('"stop": {"timeout_ms": 10, "timeout": "10s"}', "stop.timeout: ", "twice")
    agent('"stop": {"signal": "BOGUS"}', "stop.signal: ", "is not a signal")
    agent('"limits": {"memory_max": "lots"}', "limits.memory_max: ", "is not a size")
    agent('"limits": {"cpu": 1.5}', "limits.cpu: ", "whole numbers")
    agent('"rlimit": {"files": "1"}', "rlimit.files: ", "names no resource limit")
    agent('"nice": 20', "nice: ", "nice value")
    agent('"env": {"A": true}', "env.A: ", "neither a string nor a number")
    agent('"env": {"": "x"}', "env.: ", "is not a variable")
    agent('"user": "nobody-nobody"', "user: ", "there is no user")
    agent('"stdout": "inherit"', "stdout: ", "a file is wanted")
    agent('"stdout": "/nope/file"', "stdout: ", "No such file or directory")
    agent('"cwd": 5', "cwd: ", "is not a string")
    agent('"clean_env": "yes"', "clean_env: ", "is not true or false")
    agent('"id": 1', "id: ", "is not an id")
    agent('"env": {"A": "x\\u0000y"}', "env.A: ", "a character 0")

    refused({"version": 1, "agents": [sleeper("")]}, "5: agents[0].name: ", "1 to 63 bytes")
    refused({"version": 1, "agents": [sleeper("12")]}, "5: agents[0].name: ", "taken for an id")
    refused({"version": 1, "agents": [sleeper("a\nb")]}, "5: agents[0].name: ", "control character")
    refused('{"version": 1, "agents": [{"name": "a"}]}', "1: agents[0].command: ", "is missing")
    refused('{"version": 1, "agents": [{"name": "a", "command": []}]}', "1: agents[0].command[0]: ", "is missing")
    refused('{"version": 1, "agents": [{"name": "a", "command": ["nope-nope"]}]}', "1: agents[0].command[0]: ",
            'cannot find "nope-nope" in PATH')
    refused('{"version": 1, "agents": [{"name": "a", "command": ["/bin/sleep", "1"]},\n'
            ' {"name": "a", "command": ["/bin/sleep", "1"]}]}', "2: agents[1].name: ", "another agent 'a' in group 'root'")

    def group(lines, where, what):
        refused('{"version": 1, "groups": [{"name": "g",\n %s}]}' % lines, "2: groups[0]." + where, what)
    group('"strategy": "one_for_al"', "strategy: ", "did you mean 'one_for_all'?")
    group('"budget": "5/"', "budget: ", "is no budget")
    group('"budget": {"restarts": 65, "within_s": 600}', "budget: ", "64 restarts at most")
    group('"budget": {"within_s": 60}', "budget.restarts: ", "is missing")
    group('"budget": {"restarts": 3, "within_s": 1, "within_ms": 5}', "budget.within_ms: ", "as within_s too")
    group('"backoff": "x"', "backoff: ", "is not a backoff")
    group('"groups": [{"name": "g"}]', "groups[0].name: ", "another group 'g'")
    group('"groups": [{"name": "root"}]', "groups[0].name: ", "root is there by itself")
    refused('{"version": 1, "groups": [\n{"name": "g", "budget": "5/1", "backoff": 500}]}', "2: groups[0]: ", "no end to restarts")
    deep = {"name": "level-9"}
    for level in range(8, 0, -1):
        deep = {"name": "level-%d" % level, "groups": [deep]}
    refused(json.dumps({"version": 1, "groups": [deep]}), "1: groups[0]" + ".groups[0]" * 8 + ": ", "more than 8 groups")

    assert 'cannot read "nope.json": No such file' in ctl("apply", "nope.json", want=FAILED).err
    ctl("apply", ".", want=FAILED)
    assert not agents() and not groups()


@with_clean
def test_what_is_there_is_in_the_way():
    "two agents of a name in a group, and a group elsewhere, are refused; what was not applied is made anew"
    manifest = tree(g={"agents": [sleeper("a")]})
    ctl("group", "new", "g")
    first = json.loads(ctl("run", "--json", "--group", "g", "--name", "a", "/bin/sleep", "100000").out)
    result = diff(manifest, want=DIFFERENCES)
    assert "-/+ agent a in g: it was not applied, so what it runs is not known\n" in result.out, result
    second = json.loads(ctl("run", "--json", "--group", "g", "--name", "a", "/bin/sleep", "100000").out)
    for command in "apply", "diff", "delete":
        result = ctl(command, write(manifest), want=FAILED)
        assert result.err == "asmctl: two agents in group 'g' are called 'a', %d and %d: " \
            "remove one of them\n" % (first["agent_id"], second["agent_id"]), result
    ctl("rm", "--force", second["agent_id"])
    apply(manifest)
    assert lives()["g", "a"][1] != first["pid"] and apply(manifest).out.startswith("Nothing to do")
    # By hand, under the same id: it is another one, whatever was noted of its predecessor.
    id = lives()["g", "a"][0]
    ctl("rm", "--force", id)
    ctl("run", "--id", id, "--group", "g", "--name", "a", "/bin/sleep", "100000")
    ctl("restart", id)
    assert "it was not applied" in diff(manifest, want=DIFFERENCES).out

    ctl("group", "new", "--parent", "g", "inner")
    result = apply(tree(inner={}), want=FAILED)
    assert "group 'inner' is in 'g' and cannot be moved to 'root': delete it first" in result.err, result


# ---- the rest

@with_clean
def test_only_shown():
    "diff and --dry-run tell the same and do nothing; --json; exit statuses"
    manifest = tree(g=three("one_for_one"))
    shown = diff(manifest, want=DIFFERENCES).out
    assert apply(manifest, "--dry-run").out == shown and not groups() and not agents()
    document = json.loads(diff(manifest, "--json", want=DIFFERENCES).out)
    assert [step["action"] for step in document["steps"]] == ["add"] * 4 and document["add"] == 4, document
    done = json.loads(apply(manifest, "--json").out)
    assert [step.pop("agent_id", 0) for step in done["steps"]] == [0] + [lives()["g", name][0] for name in "abc"]
    assert done == document
    document = json.loads(apply(manifest, "--json").out)
    assert document["steps"] == [] and not any(document[what] for what in ("add", "change", "replace", "remove"))
    manifest["groups"][0]["budget"] = 4
    document = json.loads(diff(manifest, "--json", want=DIFFERENCES).out)
    assert document["steps"][0]["changes"] == [{"key": "budget", "from": 5, "to": 4}], document
    before = lives()
    assert ctl("delete", "--dry-run", write(manifest)).out.count("  - ") == 4 and lives() == before
    # 2 is for differences alone.
    assert "is missing" in ctl("diff", want=FAILED).err
    assert "is missing" in ctl("apply", want=USAGE).err
    ctl("diff", "--frob", "tree.json", want=FAILED)
    ctl("diff", write("{"), want=FAILED)


@with_clean
def test_paths():
    "relative paths are below the folder of the file, from wherever it is applied"
    os.makedirs("project/bin", exist_ok=True)
    with open("project/bin/agent", "w") as file:
        file.write("#!/bin/sh\npwd; echo $A\nexec sleep 1000\n")
    os.chmod("project/bin/agent", 0o755)
    file = write({"version": 1, "agents": [{"name": "a", "command": ["bin/agent"], "cwd": "bin", "stdout": "log",
                                            "env": {"A": 5}}]}, "project/tree.json")
    ctl("apply", file)
    wait_for("its output", lambda: open("project/log").read() == os.path.abspath("project/bin") + "\n5\n")
    assert ctl("apply", "../../project/tree.json", cwd="project/bin").out.startswith("Nothing to do")


@with_clean
def test_ended():
    "what has ended is not started again, and apply says so"
    manifest = {"version": 1, "agents": [{"name": "once", "command": ["sh", "-c", "exit 3"]}]}
    apply(manifest)
    wait_for("its end", lambda: agents()["root", "once"]["state"] == "exited")
    id = lives()["root", "once"][0]
    assert apply(manifest).out == "Nothing to do: all is as tree.json says\n" \
        "Agent %d (once) in root has ended (exit 3) and is left like that: asmctl start %d\n" % (id, id)


@with_clean
def test_delete_leaves_strangers():
    "delete leaves a group in which is somebody else, removes the rest, and fails"
    manifest = tree(g=three("one_for_all"), h=three("one_for_all"))
    apply(manifest)
    ctl("run", "--group", "g", "--name", "stranger", "sleep", "1000")
    result = ctl("delete", write(manifest), want=FAILED)
    assert "cannot remove group 'g': the group is not empty" in result.err, result
    assert list(agents()) == [("g", "stranger")] and list(groups()) == ["g"]


@with_clean
def test_others():
    "who is not root is refused with status 4"
    os.chmod(".", 0o755)
    file = write(tree(g={}))
    os.chmod(file, 0o644)
    apply(tree(g={}))
    for command in "apply", "diff", "delete":
        result = ctl(command, os.path.abspath(file), want=DENIED, user="nobody")
        assert result.err.startswith("asmctl: cannot ") and result.err.count("\n") == 1, result


def test_completion():
    "files are completed behind apply, diff and delete"
    write("{}", "manifest.json")
    script = ctl("completion").out
    done = subprocess.run(["bash", "-c", script + """
        complete_line() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _asmctl; echo "${COMPREPLY[*]}"; }
        compopt() { :; }
        complete_line asmctl apply --dr
        complete_line asmctl apply mani
        complete_line asmctl delete mani
        complete_line asmctl diff --pr
    """], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.stdout.split("\n") == ["--dry-run", "manifest.json", "manifest.json", "--prune", ""], done


ksft.main()
