#!/usr/bin/env python3
# vm: timeout=240 kernels=one
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
from ctl import DENIED, DIFFERENCES, FAILED, USAGE, ctl, ctl_json, run, with_clean
from ksft import wait_for
from manifests import agents, apply, crash, diff, groups, lives, order, refused, sleeper, three, tree, write

EXAMPLE = "/usr/lib/agentsys/examples/supervision-tree.json"
SCHEMA = "/usr/lib/agentsys/examples/manifest.schema.json"


# ---- the example

def members_of_example():
    with open(EXAMPLE) as file:
        return {group["name"]: [agent["name"] for agent in group["agents"]] for group in json.load(file)["groups"]}


@with_clean
def test_example_is_applied():
    "the example becomes a tree, in the order of the file, and a second apply does nothing"
    result = ctl("apply", EXAMPLE)
    assert result.out.count("\n") == 13 and "12 added, 0 changed, 0 moved, 0 replaced, 0 removed" in result.out, result
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
    manifest["groups"][1]["groups"][0].update(strategy="transient", backoff_kind="linear", jitter=20)
    result = diff(manifest, want=DIFFERENCES)
    assert "  ~ group g in root: strategy one_for_one -> one_for_all, budget 5 -> 3" in result.out, result
    # Agents without a restart of their own follow their group: its backoff, its condition.
    assert "  ~ agent b in g: restart always -> on-failure, max_restarts infinity -> 7" in result.out, result
    assert "  ~ agent a in inner: restart never -> on-failure, max_restarts 0 -> infinity, " \
        "backoff_kind exponential -> linear, jitter_percent 0 -> 20\n" in result.out, result
    assert "0 to be added, 8 to be changed, 0 to be moved, 0 to be replaced, 0 to be removed" in result.out, result
    assert "0 added, 8 changed, 0 moved, 0 replaced, 0 removed" in apply(manifest).out
    assert lives() == before
    group = groups()["g"]
    assert (group["strategy"], group["budget"], group["within_ms"], group["backoff_initial_ms"],
            group["backoff_max_ms"]) == ("one_for_all", 3, 30000, 1000, 60000), group
    agent = agents()["g", "b"]
    assert (agent["restart"], agent["max_restarts"]) == ("on-failure", 7), agent
    assert {(agent["restart"], agent["backoff_kind"], agent["jitter_percent"])
            for (name, _), agent in agents().items() if name == "inner"} == {("on-failure", "linear", 20)}
    assert (groups()["inner"]["backoff_kind"], groups()["inner"]["jitter_percent"]) == ("linear", 20), groups()["inner"]
    assert apply(manifest).out.startswith("Nothing to do")
    # What somebody has changed by hand is put right.
    ctl("set", "--restart", "never", agent["agent_id"])
    assert "  ~ agent b in g: restart never -> on-failure" in apply(manifest).out
    manifest["groups"][0]["agents"][1]["restart"].update(jitter=20, success_status=[2, "HUP"], stable_ms=500, traps="yes")
    result = apply(manifest)
    assert "  ~ agent b in g: jitter_percent 0 -> 20, stable_ms 60000 -> 500, success " in result.out, result
    assert ", traps false -> true\n" in result.out, result
    agent = agents()["g", "b"]
    assert agent["success"] == {"codes": [2], "signals": [signal.SIGHUP], "causes": []} and agent["jitter_percent"] == 20
    assert apply(manifest).out.startswith("Nothing to do") and lives() == before
    # And what is not said any more has its default again.
    del manifest["groups"][0]["agents"][1]["restart"]
    apply(manifest)
    agent = agents()["g", "b"]
    assert (agent["restart"], agent["jitter_percent"], agent["stable_ms"]) == ("always", 0, 60000) and lives() == before


def limits_of(agent):
    return {name: one["limit"] for name, one in ctl_json("limits", agent)["limits"].items()
            if one["limit"] and not name.startswith("watchdog_")}


@with_clean
def test_limits():
    "limits are changed while the agent runs, and what is not said any more is as for a new agent"
    manifest = tree(g=three("one_for_one"))
    apply(manifest)
    before = lives()
    agent = manifest["groups"][0]["agents"][1]
    agent["limits"] = {"pids_max": 20, "cpu": "50%", "messages": 7, "watchdog": "30s"}
    result = diff(manifest, want=DIFFERENCES)
    assert result.out.startswith("  ~ agent b in g: limits.") and "limits.messages nothing -> 7" in result.out, result
    assert "0 added, 1 changed, 0 moved, 0 replaced, 0 removed" in apply(manifest).out
    number = agents()["g", "b"]["agent_id"]
    assert limits_of(number) == {"cpu_quota": 50000, "cpu_period": 100000, "pids_max": 20, "messages": 7,
                                 "watchdog": 30000}
    assert apply(manifest).out.startswith("Nothing to do")
    ctl("limits", "default", "pids_max=99")
    try:
        agent["limits"] = {"tool_calls": 3, "cpu_quota": "20ms"}
        apply(manifest)
        assert limits_of(number) == {"tool_calls": 3, "pids_max": 99, "cpu_quota": 20000, "cpu_period": 100000}
    finally:
        ctl("limits", "default", "--preset", "none")
    # With what cannot be done after it, it is as it was.
    agent["limits"] = {"tool_calls": 4}
    manifest["groups"][0]["agents"].append(sleeper("z", cwd="/nowhere"))
    apply(manifest, want=FAILED)
    assert limits_of(number) == {"tool_calls": 3, "pids_max": 99, "cpu_quota": 20000, "cpu_period": 100000}
    assert lives() == before


@with_clean
def test_replaced():
    "another command or environment: only that agent is made anew where the order does not count"
    manifest = tree(g=three("one_for_one"))
    apply(manifest)
    for change in {"command": ["/bin/sleep", "200000"]}, {"env": {"A": "secret"}}, {"cwd": "/tmp"}, {"nice": 3}, \
            {"stop": {"signal": "INT"}}, {"user": "nobody"}:
        before = lives()
        manifest["groups"][0]["agents"][1].update(change)
        result = diff(manifest, want=DIFFERENCES)
        key, = change
        assert result.out.startswith("-/+ agent b in g: " + ("env.A" if key == "env" else key)), (key, result)
        assert "secret" not in result.out
        assert "0 added, 0 changed, 0 moved, 1 replaced, 0 removed" in apply(manifest).out
        after = lives()
        assert after["g", "b"][:2] != before["g", "b"][:2] and after["g", "b"][2] == 1, (key, before, after)
        assert [after["g", name] for name in "ac"] == [before["g", name] for name in "ac"], (key, before, after)
        assert apply(manifest).out.startswith("Nothing to do"), key
    with open("/proc/%d/cmdline" % lives()["g", "b"][1]) as file:
        assert file.read().split("\0")[1] == "200000"


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
    assert "0 added, 0 changed, 0 moved, 0 replaced, 7 removed" in apply(less, "--prune").out
    assert lives() == {key: with_all[key] for key in [("g", "b"), ("g", "c"), ("root", "top"), ("root", "stranger")]}
    assert list(groups()) == ["g", "strange"]
    assert apply(less, "--prune").out.startswith("Nothing to do")
    # Another file prunes nothing of what this one made in root.
    os.makedirs("elsewhere", exist_ok=True)
    ctl("apply", "--prune", write(tree(other={}), "elsewhere/tree.json"))
    assert lives() == {key: with_all[key] for key in [("g", "b"), ("g", "c"), ("root", "top"), ("root", "stranger")]}


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
    for key in "policy", "policies", "capabilities":
        agent('"%s": {}' % key, key + ": ", "this version has no policies")
    agent('"zzzzzzzz": []', "zzzzzzzz: ", "there is no such key; there are name, command, env, ")
    agent('"restart": {"max": 3}', "restart.max: ", "did you mean 'max_restarts'?")
    agent('"restart": {"max_restarts": -1}', "restart.max_restarts: ", "is not a number of restarts")
    agent('"restart": "sometimes"', "restart: ", "is not one of never")
    agent('"restart": {"backoff": {"initial_ms": 5, "max_ms": 4}}', "restart.backoff: ", "above its maximum")
    agent('"restart": {"backoff": {"max_ms": 4}}', "restart.backoff.initial_ms: ", "is missing")
    agent('"stop": {"timeout": 10}', "stop.timeout: ", "with its unit")
    agent('"stop": {"timeout_ms": "10"}', "stop.timeout_ms: ", "is not a number of milliseconds")
    agent('"stop": {"timeout_ms": 10, "timeout": "10s"}', "stop.timeout: ", "twice")
    agent('"stop": {"signal": "BOGUS"}', "stop.signal: ", "is not a signal")
    agent('"limits": {"memory_max": "lots"}', "limits.memory_max: ", "has no size")
    agent('"limits": {"memory": "1M"}', "limits.memory: ", "did you mean 'memory_max'?")
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
    group('"policy": {}', "policy: ", "this version has no policies")
    refused('{"version": 1,\n "$schema": 5}', "2: $schema: ", "is not a string")
    group('"backoff_kind": "quick"', "backoff_kind: ", "'quick' is not one of")
    group('"backoff_kind": "adaptive"', "backoff_kind: ", "for single agents")
    group('"jitter": 101', "jitter: ", "'101'")
    group('"auto_shutdown": "some"', "auto_shutdown: ", "'some' is not one of never, any, all")
    group('"significant": 1', "significant: ", "is not true or false")
    group('"significant": true', "significant: ", "root does not end with any of its members")
    refused({"version": 1, "agents": [sleeper("a", significant=True)]}, "10: agents[0].significant: ", "root does not end")
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


def keys_there_are(text):
    """What asmctl says that there is instead of the key "zzzzzzzz" of a manifest."""
    with open("keys.json", "w") as file:
        file.write(text)
    result = ctl("apply", "keys.json", want=FAILED)
    return set(re.search(r"zzzzzzzz: there is no such key; there are (.*)\n$", result.err).group(1).split(", "))


@with_clean
def test_schema():
    "the schema for editors has the keys that there are, and the words"
    with open(SCHEMA) as file:
        schema = json.load(file)
    kinds = schema["definitions"]

    def keys(kind):
        return set(kind["properties"])

    def of_agent(section):
        return '{"version": 1, "agents": [{"name": "a", "command": ["/bin/true"], "%s": {"zzzzzzzz": 1}}]}' % section

    def of_group(section):
        return '{"version": 1, "groups": [{"name": "a", "%s": {"zzzzzzzz": 1}}]}' % section
    assert keys(schema) == keys_there_are('{"version": 1, "zzzzzzzz": 1}')
    assert keys(kinds["group"]) == keys_there_are('{"version": 1, "groups": [{"zzzzzzzz": 1}]}')
    assert keys(kinds["agent"]) == keys_there_are('{"version": 1, "agents": [{"name": "a", "zzzzzzzz": 1}]}')
    assert keys(kinds["stop"]) - {"timeout_ms"} == keys_there_are(of_agent("stop"))
    assert keys(kinds["limits"]) == keys_there_are(of_agent("limits"))
    assert keys(kinds["restart"]["oneOf"][1]) - {"stable_ms"} == keys_there_are(of_agent("restart"))
    assert keys(kinds["backend"]["oneOf"][1]) == keys_there_are(of_agent("backend"))
    assert keys(kinds["backoff"]["oneOf"][1]) == keys_there_are(of_group("backoff"))
    assert keys(kinds["group"]["properties"]["budget"]["oneOf"][1]) == keys_there_are(of_group("budget"))
    # Each word of the schema is one, and those that asmctl names are in it.
    for kind, key in (("group", "strategy"), ("group", "backoff_kind"), ("group", "auto_shutdown")):
        for word in kinds[kind]["properties"][key]["enum"]:
            diff(tree(g={key: word}), want=DIFFERENCES)
    for word in kinds["when"]["enum"]:
        diff({"version": 1, "agents": [sleeper("a", restart=word)]}, want=DIFFERENCES)
    for word in kinds["restart"]["oneOf"][1]["properties"]["backoff_kind"]["enum"]:
        diff({"version": 1, "agents": [sleeper("a", restart={"backoff_kind": word})]}, want=DIFFERENCES)


@with_clean
def test_stdin():
    "- is standard input, with paths below the working directory"
    os.makedirs("bin")
    with open("bin/agent", "w") as file:
        file.write("#!/bin/sh\nexec sleep 1000\n")
    os.chmod("bin/agent", 0o755)
    text = json.dumps({"version": 1, "agents": [{"name": "a", "command": ["bin/agent"]}, sleeper("b")]})
    assert "2 added" in ctl("apply", "-", input=text).out
    assert ctl("diff", "-", input=text).out == "Nothing to do: all is as stdin says\n"
    assert ctl("apply", "-", input="{\n", want=FAILED).err == "asmctl: stdin:2:1: this is not JSON: it ends too early\n"
    assert "- agent b in root" in ctl("apply", "--prune", "-", input=text.replace('"b"', '"c"')).out
    ctl("delete", "-", input=text.replace('"b"', '"c"'))
    assert not agents()


@with_clean
def test_what_is_there_is_in_the_way():
    "two agents of a name in a group, and a group that is busy, are refused; what was not applied is made anew"
    manifest = tree(g={"agents": [sleeper("a")]})
    ctl("group", "new", "g")
    first = run("--group", "g", "--name", "a", "/bin/sleep", "100000")
    result = diff(manifest, want=DIFFERENCES)
    assert "-/+ agent a in g: it was not applied, so what it runs is not known\n" in result.out, result
    second = run("--group", "g", "--name", "a", "/bin/sleep", "100000")
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

    # While something is under way in a group nothing is moved into it, nor out of it.
    ctl("group", "new", "--strategy", "one_for_all", "--backoff", "10m:10m", "--budget", "3/2h", "slow")
    ctl("group", "new", "--parent", "slow", "inner")
    pid = run("--group", "slow", "/bin/sleep", "100000")["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_for("the wait", lambda: groups()["slow"]["state"] == "backoff")
    result = apply(tree(inner={}), want=FAILED)
    assert "cannot move group 'inner' in 'root': it cannot be moved while it, what is in it, its group or" in result.err, result
    ctl("group", "start", "slow")
    apply(tree(inner={}))
    assert groups()["inner"]["parent"] == "root"


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
