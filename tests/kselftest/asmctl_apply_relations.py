#!/usr/bin/env python3
# vm: timeout=400 kernels=one
"""asmctl apply: what the agents of a manifest are to each other, and to those beside it."""
import copy
import json
import os
import signal
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import ksft
from ctl import DIFFERENCES, FAILED, NOTES, ctl, ctl_json, with_clean
from ksft import wait_for
from manifests import agents, apply, diff, groups, lives, order, refused, sleeper, states, tree


def ties():
    """All relations, with the names of agents; what is mutual with the first name first."""
    names = {agent["agent_id"]: agent["name"] for agent in agents().values()}
    found = set()
    for tie in ctl_json("relations"):
        one, other = names[tie["from"]], names[tie["to"]]
        if tie["kind"] in ("peer", "link") and other < one:
            one, other = other, one
        found.add((one, tie["kind"], other))
    return found


def state(name):
    return {agent["name"]: agent["state"] for agent in agents().values()}[name]


def five():
    """One that has a relation of each kind to one other."""
    return {"version": 1,
            "groups": [{"name": "base", "agents": [sleeper("db"), sleeper("cache")]}],
            "agents": [sleeper("twin"), sleeper("web", requires=["db"], wants=["base/cache"], peers=["twin"],
                                                links=["late"], monitors=["base/db", "late"]),
                       sleeper("late", links=["web"])]}


ALL = {("web", "requires", "db"), ("web", "wants", "cache"), ("twin", "peer", "web"), ("late", "link", "web"),
       ("web", "monitor", "db"), ("web", "monitor", "late")}


def nothing_to_do(manifest):
    before, tied = lives(), ties()
    assert apply(manifest).out.startswith("Nothing to do")
    assert diff(manifest).out.startswith("Nothing to do")
    assert (lives(), ties()) == (before, tied)


def changes_of(manifest):
    """What diff tells of each agent that would be changed in place."""
    found = {}
    for step in json.loads(diff(manifest, "--json", want=DIFFERENCES).out)["steps"]:
        assert step["action"] == "change", step
        for change in step["changes"]:
            pair = change.get("from", []), change.get("to", [])
            found.setdefault(step["name"], {})[change["key"]] = \
                tuple(sorted(value) if isinstance(value, list) else value for value in pair)
    return found


@with_clean
def test_each_kind():
    "each kind of relation is made, and a second apply has nothing to do"
    manifest = five()
    result = apply(manifest)
    assert "6 added, 0 changed, 0 moved, 0 replaced, 0 removed" in result.out, result
    assert "requires" not in result.out and ties() == ALL, (result, ties())
    nothing_to_do(manifest)
    # Said on the other side, or on both, what is mutual is the same.
    manifest["agents"][1].update(links=[])
    manifest["agents"][0].update(peers=["web"])
    nothing_to_do(manifest)
    assert "6 removed" not in ctl("delete", "tree.json").out and not agents()


@with_clean
def test_changed():
    "what is said of agents that are there is made and taken away, and no process is another one"
    manifest = five()
    plain = copy.deepcopy(manifest)
    for agent in plain["agents"]:
        for key in "requires", "wants", "peers", "links", "monitors":
            agent.pop(key, None)
    apply(plain)
    before = lives()
    result = diff(manifest, want=DIFFERENCES)
    assert result.out.startswith(
        '  ~ agent web in root: requires nothing -> ["db"], wants nothing -> ["base/cache"], peers nothing -> ["twin"], '
        'links nothing -> ["late"], monitors nothing -> ["base/db","late"]\n'), result
    assert "0 to be added, 1 to be changed, 0 to be moved, 0 to be replaced, 0 to be removed" in result.out, result
    assert not ties()
    document = json.loads(diff(manifest, "--json", want=DIFFERENCES).out)
    step, = document["steps"]
    assert (step["action"], step["kind"], step["name"], document["change"]) == ("change", "agent", "web", 1), document
    assert step["changes"][0] == {"key": "requires", "to": ["db"]}, document
    assert "1 changed" in apply(manifest).out and ties() == ALL and lives() == before
    nothing_to_do(manifest)
    # One goes, one comes, and a restart changes as well.
    manifest["agents"][1].update(requires=["cache"], monitors=["db"], restart="always")
    manifest["agents"][0].update(requires=["db"])
    assert changes_of(manifest) == {
        "web": {"restart": ("never", "always"), "max_restarts": (0, 3), "requires": (["db"], ["cache"]),
                "monitors": (["db", "late"], ["db"])},
        "twin": {"requires": ([], ["db"])}}, changes_of(manifest)
    assert "0 added, 3 changed" in apply(manifest).out
    assert lives() == before and ties() == ALL - {("web", "requires", "db"), ("web", "monitor", "late")} | {
        ("web", "requires", "cache"), ("twin", "requires", "db")}, ties()
    nothing_to_do(manifest)
    apply(plain)
    assert not ties() and lives() == before
    # What somebody made by hand between two of them is none of the manifest.
    ctl("relate", "web", "peer", "db")
    assert '  ~ agent web in root: peers ["db"] -> nothing\n' in apply(plain).out and not ties()


@with_clean
def test_from_the_start():
    "an agent has its relations from its first moment, and lives and dies by them"
    manifest = tree(g={"agents": [sleeper("db", restart="never"), sleeper("web", requires=["db"], restart="never")]})
    apply(manifest)
    os.kill(lives()["g", "db"][1], signal.SIGKILL)
    wait_for("web goes with db", lambda: state("web") == "exited")
    assert ctl_json("info", "web")["last_exit"]["cause"] == "dependency"
    nothing_to_do(manifest)
    # Whoever crashes at once, long before the last one is started, has its links by then.
    apply({"version": 1, "agents": [sleeper("a", links=["b"]), {"name": "b", "command": ["false"]}] +
           [sleeper("later-%d" % n) for n in range(5)]})
    wait_for("a dies of it", lambda: state("a") == "exited")
    assert ctl_json("info", "a")["last_exit"]["cause"] == "link"


def chain(**more):
    """db, web that requires it, and ui that requires web; log only wants db; and one beside them."""
    return tree(g=dict({"agents": [sleeper("db"), sleeper("web", requires=["db"]), sleeper("ui", requires=["web"]),
                                   sleeper("log", wants=["db"], monitors=["ui"]), sleeper("other")]}, **more))


CHAIN = {("web", "requires", "db"), ("ui", "requires", "web"), ("log", "wants", "db"), ("log", "monitor", "ui")}


def agent_of(manifest, name):
    return next(agent for group in manifest["groups"] for agent in group["agents"] if agent["name"] == name)


@with_clean
def test_replaced_together():
    "who requires what is replaced is replaced with it, and its own requirers too; all relations are there again"
    for strategy in "one_for_one", "rest_for_one":
        manifest = chain(strategy=strategy)
        apply(manifest)
        assert ties() == CHAIN
        before = lives()
        agent_of(manifest, "db")["nice"] = 3
        result = diff(manifest, want=DIFFERENCES)
        assert "-/+ agent db in g: nice nothing -> 3\n-/+ agent web in g: it requires db\n" \
            "-/+ agent ui in g: it requires web\n" in result.out and "3 to be replaced" in result.out, result
        steps = json.loads(diff(manifest, "--json", want=DIFFERENCES).out)["steps"]
        assert [step.get("why") for step in steps[:3]] == [None, "it requires db", "it requires web"], steps
        assert "3 replaced" in apply(manifest).out
        after = lives()
        assert [name for name in ("db", "web", "ui", "log", "other") if after["g", name] != before["g", name]] == \
            ["db", "web", "ui"], (before, after)
        assert ties() == CHAIN and {agent["state"] for agent in agents().values()} == {"active"}
        nothing_to_do(manifest)
        # One that ends with what it required stays ended, and is related to the new one.
        ctl("stop", agents()["g", "web"]["agent_id"])
        wait_for("ui stops", lambda: state("ui") == "exited")
        before = lives()
        agent_of(manifest, "db")["nice"] = 4
        assert "1 replaced" in apply(manifest).out and ties() == CHAIN
        assert lives()["g", "web"] == before["g", "web"] and state("web") == "exited"
        ctl("start", agents()["g", "ui"]["agent_id"])
        assert state("web") == "active" and lives()["g", "web"][1] != before["g", "web"][1]
        ctl("delete", "tree.json")


@with_clean
def test_no_longer_required():
    "who does not require it any more runs on when it is replaced or removed"
    manifest = chain()
    apply(manifest)
    before = lives()
    agent_of(manifest, "db")["nice"] = 3
    del agent_of(manifest, "web")["requires"]
    result = apply(manifest)
    assert "1 changed, 0 moved, 1 replaced" in result.out and '~ agent web in g: requires ["db"] -> nothing' in result.out, result
    after = lives()
    assert [key[1] for key in after if after[key] != before[key]] == ["db"] and ties() == CHAIN - {("web", "requires", "db")}
    nothing_to_do(manifest)
    # Left alone with what it has to do with others; but not what they had to do with it.
    manifest["groups"][0]["agents"].pop(1)
    del agent_of(manifest, "ui")["requires"]
    result = apply(manifest)
    assert result.out.startswith('  ~ agent ui in g: requires ["web"] -> nothing\n'), result
    assert ties() == {("log", "wants", "db"), ("log", "monitor", "ui")}
    ctl("relate", "ui", "requires", "web")
    before = lives()
    assert "1 removed" in apply(manifest, "--prune").out and before.pop(("g", "web"))
    assert lives() == before and state("ui") == "active"


@with_clean
def test_moved():
    "what depends on others is moved and put into order, and no process is another one"
    manifest = tree(g={"strategy": "rest_for_one", "agents": [sleeper("a"), sleeper("b", requires=["a"]),
                                                              sleeper("c", wants=["a"]), sleeper("d", requires=["c"])]},
                    h={"agents": [sleeper("e", requires=["g/b"])]})
    apply(manifest)
    before, tied = lives(), ties()
    group, = [group for group in manifest["groups"] if group["name"] == "g"]
    group["agents"][1:] = [group["agents"][2], group["agents"][3], group["agents"][1]]
    assert "1 moved" in apply(manifest).out
    assert order("g") == ["a", "c", "d", "b"] and lives() == before and ties() == tied
    nothing_to_do(manifest)
    # In front of all others is somebody new.
    group["agents"].insert(0, sleeper("first"))
    assert "1 added, 0 changed, 4 moved" in apply(manifest).out
    assert order("g") == ["first", "a", "c", "d", "b"] and ties() == tied
    # A whole group, and one agent.
    manifest["groups"].insert(1, {"name": "k", "groups": [manifest["groups"].pop(1)]})
    manifest["groups"][1]["agents"] = [group["agents"].pop(3)]
    assert "1 added, 0 changed, 2 moved, 0 replaced" in apply(manifest).out
    after = lives()
    assert {key[1]: life for key, life in after.items() if key[1] != "first"} == \
        {key[1]: life for key, life in before.items()} and ties() == tied
    assert groups()["h"]["parent"] == "k" and ("k", "d") in after
    nothing_to_do(manifest)


@with_clean
def test_undone():
    "if the last agent cannot be started, all is as it was, and so are the relations"
    manifest = chain(strategy="rest_for_one")
    manifest["agents"] = [sleeper("fixed", id=500, requires=["db"]), sleeper("rest", links=["fixed"])]
    manifest["groups"].append({"name": "h", "agents": [sleeper("gone", requires=["ui"])]})
    apply(manifest)
    ctl("run", "--group", "g", "--name", "stranger", "sleep", "1000")
    ctl("relate", "stranger", "wants", "db")
    ctl("relate", "other", "peer", "stranger")
    ctl("stop", agents()["h", "gone"]["agent_id"])
    ctl("start", agents()["h", "gone"]["agent_id"])
    before, tied, notes = states(), ties(), open(NOTES).read()
    assert tied == CHAIN | {("fixed", "requires", "db"), ("fixed", "link", "rest"), ("gone", "requires", "ui"),
                            ("stranger", "wants", "db"), ("other", "peer", "stranger")}, tied
    more = copy.deepcopy(manifest)
    del more["groups"][1]
    agent_of(more, "db")["nice"] = 3
    agent_of(more, "log").update(monitors=["web"], requires=["db"])
    agent_of(more, "other").update(links=["log"])
    more["groups"][0]["agents"].insert(0, sleeper("new"))
    more["groups"].append({"name": "k", "agents": [more["groups"][0]["agents"].pop(4)]})
    more["agents"].append({"name": "bad", "command": ["/bin/nope"], "monitors": ["new"]})
    result = apply(more, "--prune", want=FAILED)
    assert result.err.startswith("asmctl: cannot start agent 'bad' in 'root': ") and result.err.count("\n") == 2 and \
        result.err.endswith("was undone\n"), result
    assert states() == before, (states(), before)
    assert ties() == tied, (ties(), tied)
    assert [entry["relations"] for entry in json.loads(open(NOTES).read())["agents"]] == \
        [entry["relations"] for entry in json.loads(notes)["agents"]]
    nothing_to_do(manifest)
    # Nor does it bring down for good what requires somebody that cannot be replaced.
    worse = copy.deepcopy(manifest)
    agent_of(worse, "db")["command"] = ["/bin/nope"]
    assert "was undone" in apply(worse, want=FAILED).err
    assert states() == before and ties() == tied
    more["agents"].pop()
    apply(more, "--prune")
    assert ties() == {("web", "requires", "db"), ("ui", "requires", "web"), ("log", "wants", "db"),
                      ("log", "requires", "db"), ("log", "monitor", "web"), ("log", "link", "other"),
                      ("fixed", "requires", "db"), ("fixed", "link", "rest")}, ties()
    nothing_to_do(more)


@with_clean
def test_relating_is_undone():
    "if agents cannot be related in the end, what was done is undone"
    manifest = {"version": 1, "agents": [sleeper("a"), sleeper("b")]}
    apply(manifest)
    ctl("run", "--name", "stranger", "sleep", "1000")
    ctl("relate", "a", "wants", "stranger")
    ctl("relate", "stranger", "wants", "b")
    before, tied = lives(), ties()
    more = {"version": 1, "agents": [sleeper("a", links=["b"], restart="always"), sleeper("b", wants=["a"]), sleeper("c")]}
    result = apply(more, want=FAILED)
    assert "(wants): agents or groups would wait for each other in a circle\n" in result.err and \
        result.err.endswith("was undone\n"), result
    assert lives() == before and ties() == tied and agents()["root", "a"]["restart"] == "never"


@with_clean
def test_beside():
    "agents beside the manifest can be named; what somebody made by hand with them stays, what was applied goes"
    ctl("run", "--name", "db", "sleep", "1000")
    ctl("group", "new", "out")
    ctl("run", "--group", "out", "--name", "cache", "sleep", "1000")
    manifest = tree(g={"agents": [sleeper("web", requires=["db"], peers=["out/cache"]), sleeper("x")]})
    apply(manifest)
    assert ties() == {("web", "requires", "db"), ("cache", "peer", "web")}
    ctl("relate", "db", "monitor", "web")
    ctl("relate", "web", "wants", "cache")
    nothing_to_do(manifest)
    # What is replaced has them again.
    agent_of(manifest, "web")["nice"] = 3
    apply(manifest)
    by_hand = {("db", "monitor", "web"), ("web", "wants", "cache")}
    assert ties() == by_hand | {("web", "requires", "db"), ("cache", "peer", "web")}
    agent_of(manifest, "web").update(requires=[], peers=["x"])
    assert apply(manifest).out.startswith(
        '  ~ agent web in g: requires ["db"] -> nothing, peers ["cache"] -> ["x"]\n')
    assert ties() == by_hand | {("web", "peer", "x")}
    nothing_to_do(manifest)
    # A stranger is not taken down with what it requires.
    ctl("relate", "db", "requires", "web")
    before = lives()
    agent_of(manifest, "web")["nice"] = 4
    ids = agents()["root", "db"]["agent_id"], agents()["g", "web"]["agent_id"]
    said = "asmctl: agent %d (db), which is not in the manifest, requires agent %d (web), which has to be " % ids
    how = ": stop it first, or asmctl unrelate %d requires %d\n" % ids
    assert apply(manifest, want=FAILED).err == diff(manifest, want=FAILED).err == said + "replaced" + how
    assert apply(tree(g={"agents": [sleeper("x")]}), "--prune", want=FAILED).err == said + "removed" + how
    assert lives() == before
    ctl("stop", ids[0])
    assert "1 replaced" in apply(manifest).out and ("db", "requires", "web") in ties()


@with_clean
def test_ended():
    "what has ended is not started for those that require it, and apply says so before it does anything"
    manifest = tree(g={"agents": [sleeper("db"), sleeper("web")]})
    apply(manifest)
    ctl("stop", agents()["g", "db"]["agent_id"])
    before, id = lives(), agents()["g", "db"]["agent_id"]
    agent_of(manifest, "web").update(requires=["db"])
    for change in {}, {"nice": 3}:
        agent_of(manifest, "web").update(change)
        result = apply(manifest, want=FAILED)
        assert ".agents[1].requires[0]: agent %d (db) has ended (" % id in result.err and \
            result.err.endswith("), start it first: asmctl start %d\n" % id), result
        assert lives() == before and not ties()
    ctl("start", id)
    apply(manifest)
    assert ties() == {("web", "requires", "db")}
    # None of that is in the way of those that do not run either.
    ctl("stop", id)
    wait_for("web goes with db", lambda: state("web") == "exited")
    agent_of(manifest, "web").update(restart="on-failure", wants=["db"])
    assert "2 changed" in apply(manifest).out and ties() == {("web", "requires", "db"), ("web", "wants", "db")}


@with_clean
def test_errors():
    "names that mean nobody, or too many, and what could not start, are refused with line and path"
    def agent(key, names, where, what):
        """In the sixth line, in the second of two groups in which are a, b and c, where it is b."""
        lines = ['{"name": "%s", "command": ["/bin/sleep", "100000"]}' % name for name in "abc"]
        second = [line.replace('"b"', '"b",\n "%s": %s\n' % (key, json.dumps(names))) for line in lines]
        refused('{"version": 1, "groups": [{"name": "g", "agents": [\n%s, %s]},\n{"name": "h", "agents": [\n%s,\n%s,\n%s]}]}' % (
            lines[0], lines[1], *second), "6: groups[1].agents[1].%s%s: " % (key, where), what)
    agent("requires", "a", "", "is not an array")
    agent("requires", [5], "[0]", "is not a string")
    agent("require", ["a"], "", "did you mean 'requires'?")
    agent("requires", ["a", "nope"], "[1]", "there is no agent 'nope', neither in the manifest nor beside it")
    agent("wants", ["g/c"], "[0]", "there is no agent 'g/c'")
    agent("links", ["b"], "[0]", "an agent cannot be related to itself")
    agent("monitors", ["h/b"], "[0]", "an agent cannot be related to itself")
    agent("peers", ["a", "a"], "[1]", "'a' is there twice")
    agent("peers", ["a", "g/a", "h/a"], "[2]", "'h/a' is there twice")
    agent("requires", ["c"], "[0]", "'c' is started after 'b', which requires it: it has to stand ahead of that")
    agent("wants", ["c"], "[0]", "'c' is started after 'b', which wants it")

    def root(manifest, line, where, what):
        refused(manifest, "%d: %s: " % (line, where), what)
    manifest = tree(g={"agents": [sleeper("web")]}, h={"agents": [sleeper("web")]})
    manifest["agents"] = [sleeper("last", links=["web"])]
    root(manifest, 37, "agents[0].links[0]", "more than one agent is called 'web': name the group too, as h/web")
    manifest = {"version": 1, "agents": [sleeper("database"), sleeper("web", wants=["databse"])]}
    root(manifest, 18, "agents[1].wants[0]", "there is no agent 'databse'; did you mean 'database'?")
    ring = {"version": 1, "agents": [sleeper("a", requires=["c"]), sleeper("b", wants=["a"]), sleeper("c", requires=["b"])]}
    root(ring, 11, "agents[0].requires[0]", "'a' and 'c' would wait for each other in a circle")
    # Beside the manifest too, one has to be meant.
    assert not agents() and not groups()
    for name in "g", "h":
        ctl("group", "new", name)
        ctl("run", "--group", name, "--name", "db", "sleep", "1000")
    manifest = {"version": 1, "agents": [sleeper("web", wants=["db"])]}
    ids = agents()["g", "db"]["agent_id"], agents()["h", "db"]["agent_id"]
    root(manifest, 11, "agents[0].wants[0]", "more than one agent is called 'db', %d in group 'g' and %d in group 'h'\n" % ids)
    manifest["agents"][0]["wants"] = ["h/db"]
    manifest["groups"] = [{"name": "h"}]
    result = apply(manifest, "--prune", want=FAILED)
    assert "agent %d (db) is not in the manifest, and removed\n" % ids[1] in result.err, result
    apply(manifest)
    assert [tie["to"] for tie in ctl_json("relations")] == [ids[1]]


@with_clean
def test_members_max():
    "members_max of a group is a key, changed in place"
    manifest = tree(g={"members_max": 3, "agents": [sleeper("a"), sleeper("b")]})
    apply(manifest)
    assert groups()["g"]["members_max"] == 3
    nothing_to_do(manifest)
    manifest["groups"][0]["members_max"] = 2
    assert "  ~ group g in root: members_max 3 -> 2\n" in apply(manifest).out and groups()["g"]["members_max"] == 2
    for wrong in 0, 1025, "many":
        manifest["groups"][0]["members_max"] = wrong
        refused(manifest, "5: groups[0].members_max: ", "'%s' is not a number of members, 1 to 1024" % wrong)
    manifest["groups"][0]["members_max"] = 1
    refused(manifest, "5: groups[0].members_max: ", "it has 2 members, and takes 1")
    del manifest["groups"][0]["members_max"]
    apply(manifest)
    assert groups()["g"]["members_max"] == 1024
    # Those that are replaced are no reason to have more for good.
    manifest["groups"][0].update(members_max=2, strategy="one_for_all")
    apply(manifest)
    for limit, agents_of in (2, "ac"), (3, "cab"), (2, "xc"):
        manifest["groups"][0].update(members_max=limit, agents=[sleeper(name, nice=limit) for name in agents_of])
        apply(manifest, "--prune")
        assert order("g") == list(agents_of) and groups()["g"]["members_max"] == limit
        nothing_to_do(manifest)
    manifest["groups"][0].update(members_max=5, agents=[sleeper("c"), sleeper("x"), {"name": "bad", "command": ["/bin/nope"]}])
    before = states()
    assert "was undone" in apply(manifest, want=FAILED).err
    assert states() == before and groups()["g"]["members_max"] == 2


ksft.main()
