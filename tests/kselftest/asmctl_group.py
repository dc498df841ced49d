#!/usr/bin/env python3
# vm: timeout=240 kernels=one
"""asmctl group and asmctl tree: what they do, print and refuse, and run --group."""
import os
import re
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import ksft
from ctl import (DENIED, FAILED, NO_AGENT, NO_GROUP, NO_MODULE, USAGE, ctl, ctl_json, deaf, events_after, group, info,
                 last_event, run, with_clean)
from ksft import wait_for

# A locale that is kept apart, so that it is not that of all tests.
UTF8 = {"LC_ALL": "C.UTF-8", "LOCPATH": os.path.join(os.environ.get("TESTLIB", "."), "locale")}


def sleeper(name, id):
    return run("--group", name, "--id", id, "--name", "s%d" % id, "sleep", "1000")


# ---- groups

@with_clean
def test_make():
    "new, set and rm say what they did; what was not given has its default, or stays"
    assert ctl("group", "new", "web").out == \
        "Group web made in root: one_for_one, budget 5 in 60s, backoff 100ms to 30000ms\n"
    made = ctl_json("group", "new", "--parent", "web", "--strategy", "rest-for-one", "--budget", "3/1.5",
                    "--backoff", "10:1s", "workers")
    assert made == {"name": "workers", "parent": "web", "place": 1, "state": "active", "strategy": "rest_for_one",
                    "budget": 3, "within_ms": 1500, "backoff_initial_ms": 10, "backoff_max_ms": 1000, "members": 0,
                    "recent_restarts": 0, "restart_count": 0, "reason": 0, "auto_shutdown": "never",
                    "significant": False, "backoff_kind": "exponential", "jitter_percent": 0,
                    "members_max": 1024}, made
    done = ctl_json("group", "new", "--auto-shutdown", "any", "--significant", "--parent", "web", "job")
    assert (done["auto_shutdown"], done["significant"]) == ("any", True), done
    assert "auto-shutdown all\n" in ctl("group", "set", "--auto-shutdown", "all", "job").out
    assert "never, any, all" in ctl("group", "set", "--auto-shutdown", "some", "job", want=USAGE).err
    ctl("group", "rm", "job")
    assert group("workers") == made and group("web")["members"] == 1
    assert ctl("group", "set", "--strategy", "one_for_all", "workers").out == \
        "Group workers: one_for_all, budget 3 in 1500ms, backoff 10ms to 1000ms\n"
    for word, budget, within in [("lenient", 10, 120000), ("strict", 3, 30000), ("default", 5, 60000),
                                 ("never", 0, 60000), ("7", 7, 60000), ("64/1d", 64, 86400000)]:
        ctl("group", "set", "--budget", word, "workers", "web")
        for name in "workers", "web":
            assert (group(name)["budget"], group(name)["within_ms"]) == (budget, within), (word, group(name))
    assert group("workers")["strategy"] == "one_for_all"
    assert ctl("group", "set", "--backoff-kind", "linear", "--jitter", "20%", "workers").out == \
        "Group workers: one_for_all, budget 64 in 86400s, backoff 10ms to 1000ms, linear, jitter up to 20%\n"
    assert (group("workers")["backoff_kind"], group("workers")["jitter_percent"]) == ("linear", 20)
    shown = ctl("group", "show", "workers").out
    assert "Backoff:       10ms to 1000ms, linear\n" in shown and "Jitter:        up to 20%\n" in shown, shown
    assert ctl("group", "set", "--members-max", 3, "workers").out.endswith(", 3 members at most\n")
    assert group("workers")["members_max"] == 3 and "Members:       0 of 3\n" in ctl("group", "show", "workers").out
    for name in "one_for_one", "one-for-all", "rest_for_one", "transient", "permanent":
        ctl("group", "set", "--strategy", name, "web")
        assert group("web")["strategy"] == name.replace("-", "_")
    assert ctl("group", "rm", "workers", "web").out == "Group workers removed\nGroup web removed\n"
    assert [one["name"] for one in ctl_json("group", "list")] == ["root"]


@with_clean
def test_move():
    "set moves agents and groups, makes them significant, and says so"
    ctl("group", "new", "web")
    ctl("group", "new", "--parent", "web", "workers")
    ctl("group", "new", "other")
    pid = sleeper("web", 100)["pid"]
    assert ctl("set", "--group", "workers", 100).out == "Agent 100 (s100) is in workers\n"
    assert ctl("set", "--significant", "yes", 100).out == "Agent 100 (s100) is in workers, as a significant member\n"
    assert (info(100)["pid"], info(100)["group"], info(100)["significant"]) == (pid, "workers", True)
    result = ctl("set", "--group", "root", "--significant", "no", "--restart", "always", "s100")
    assert result.out.startswith("Agent 100 (s100) is in root\nAgent 100 (s100) restarts always"), result
    assert (info(100)["pid"], info(100)["group"], info(100)["significant"]) == (pid, "root", False)
    assert ctl("group", "set", "--parent", "other", "--significant", "yes", "workers").out.startswith(
        "Group workers in other: one_for_one, ")
    assert (group("workers")["parent"], group("workers")["significant"]) == ("other", True)
    ctl("group", "set", "--significant", "no", "workers")
    assert not group("workers")["significant"]
    for words, status, text in [
            (("set", "--group", "wbe", 100), NO_GROUP, "no such group to move it to; did you mean 'web'?"),
            (("set", "--significant", "maybe", 100), USAGE, "'maybe' is neither yes nor no"),
            (("set", "--group", "web", 101), NO_AGENT, "no such agent"),
            (("group", "set", "--parent", "wbe", "workers"), NO_GROUP,
             "cannot move group workers: there is no such group to move it to; did you mean 'web'?"),
            (("group", "set", "--parent", "workers", "other"), FAILED, "a group cannot be moved into itself"),
            (("group", "set", "--significant", "1", "workers"), USAGE, "'1' is neither yes nor no")]:
        result = ctl(*words, want=status)
        assert text in result.err and not result.out, (words, result)


@with_clean
def test_refused():
    "what is refused: the module's own words, and the exit status"
    ctl("group", "new", "web")
    sleeper("web", 100)
    endless = "what never works would be restarted for ever"
    for words, status, text in [
            (("new", "web"), FAILED, "cannot make group web: a group of this name exists"),
            (("new", "root"), FAILED, "cannot make group root: a group of this name exists"),
            (("new", "--parent", "wep", "x"), NO_GROUP, "cannot make group x: no such group; did you mean 'web'?"),
            (("new", ""), FAILED, "the name is empty"),
            (("new", "x" * 64), FAILED, "the name is longer than 63 bytes"),
            (("new", "x" * 70000), FAILED, "File name too long"),
            (("new", "--budget", "65/60", "x"), FAILED, "out of range"),
            (("new", "--budget", "5/0", "x"), FAILED, "out of range"),
            (("new", "--budget", "5/1", "x"), FAILED, endless),
            (("set", "--backoff", "1m:1m", "web"), FAILED, "cannot change group web: as many restarts as"),
            (("set", "--budget", "strict", "root"), FAILED, "the root group cannot be changed or removed"),
            (("rm", "root"), FAILED, "the root group cannot be changed or removed"),
            (("rm", "web"), FAILED, "cannot remove group web: the group is not empty: remove its agents and groups"),
            (("rm", "nope"), NO_GROUP, "cannot remove group nope: no such group\n"),
            (("set", "--budget", "strict", "wbe"), NO_GROUP, "no such group; did you mean 'web'?"),
            (("start", "nope"), NO_GROUP, "cannot start group nope: no such group"),
            (("stop", "nope"), NO_GROUP, "cannot stop group nope: no such group"),
            (("restart", "nope"), NO_GROUP, "cannot restart group nope: no such group"),
            (("show", "nope"), NO_GROUP, "cannot read group nope: no such group"),
            (("new", "--budget", "often", "x"), USAGE, "'often' is no budget, as 5/60"),
            (("new", "--budget", "5/2d", "x"), USAGE, "'5/2d' has a window longer than a day"),
            (("new", "--strategy", "all", "x"), USAGE, "'all' is no strategy: they are one_for_one, one_for_all, "),
            (("new", "--backoff", "10:5", "x"), USAGE, "'10:5' has a first wait above its maximum"),
            (("new", "--backoff-kind", "adaptive", "x"), FAILED, "the backoff of a group cannot be adaptive"),
            (("new", "--backoff-kind", "slow", "x"), USAGE, "'slow' is not one of exponential, linear, constant"),
            (("new", "--members-max", "0", "x"), FAILED, "out of range"),
            (("set", "--members-max", "few", "web"), USAGE, "'few' is not a number of members, 1 to 1024"),
            (("set", "--jitter", "101", "web"), USAGE, "'101' is not a jitter, 0 to 100 per cent"),
            (("new",), USAGE, "the name of the group is missing"),
            (("new", "x", "y"), USAGE, "too many arguments"),
            (("set", "web"), USAGE, "nothing to set"),
            (("list", "web"), USAGE, "too many arguments"),
            (("list", "--quiet", "--json"), USAGE, "do not go together"),
            (("stop",), USAGE, "the name of a group is missing"),
            (("stop", "--no-wiat", "web"), USAGE, "did you mean '--no-wait'?"),
            (("restrat", "web"), USAGE, "there is no command 'restrat'; did you mean 'restart'?"),
            ((), USAGE, "which of new, set, rm, start, stop")]:
        result = ctl("group", *words, want=status)
        assert text in result.err and not result.out, (words[:2], result)
    result = ctl("tree", "wep", want=NO_GROUP)
    assert result.err == "asmctl: there is no group \"wep\"; did you mean 'web'?\n" and not result.out, result
    deep = "root"
    for depth in range(8):
        ctl("group", "new", "--parent", deep, "d%d" % depth)
        deep = "d%d" % depth
    assert "more than 8 groups below one another" in ctl("group", "new", "--parent", deep, "x", want=FAILED).err
    # Of several, all are dealt with.
    ctl("group", "new", "empty")
    result = ctl("group", "rm", "nope", "empty", want=NO_GROUP)
    assert result.out == "Group empty removed\n" and "nope" in result.err, result


@with_clean
def test_run_in_group():
    "run --group: the agent's group, place and defaults are shown; what was said counts"
    for name, strategy in ("all", "one_for_all"), ("tr", "transient"), ("pe", "permanent"):
        ctl("group", "new", "--strategy", strategy, name)
    agent = sleeper("all", 100)
    assert (agent["group"], agent["place"], agent["restart"]) == ("all", 1, "always"), agent
    assert agent["max_restarts"] == 2147483647
    assert sleeper("all", 101)["place"] == 2
    assert sleeper("tr", 102)["restart"] == "on-failure" and sleeper("pe", 103)["restart"] == "never"
    agent = run("--group", "all", "--restart", "on-failure", "--max-restarts", 4, "sleep", "1000")
    assert (agent["restart"], agent["max_restarts"]) == ("on-failure", 4), agent
    assert run("--group", "all", "--max-restarts", 4, "sleep", "1000")["restart"] == "always"
    agent = run("--restart", "always", "--max-restarts", "infinity", "sleep", "1000")
    assert (agent["group"], agent["max_restarts"]) == ("root", 2147483647), agent

    lines = ctl("list").out.split("\n")
    assert [line.split()[4] for line in lines if line.split()[:1] == ["100"]] == ["0/inf"], lines
    page = ctl("info", 100).out
    assert "\n  Group:         all\n" in page and "Yes (max unlimited)" in page, page
    assert ctl("set", "--restart", "on-failure", 100).out.startswith(
        "Agent 100 (s100) restarts on-failure, 0 of unlimited restarts used")

    result = ctl("run", "--group", "al", "sleep", "1", want=NO_GROUP)
    assert result.err == ("asmctl: cannot start the agent: no such group\n"
                          "asmctl: there is no group 'al'; did you mean 'all'?\n"), result
    # The group that an agent runs as is another thing.
    result = ctl("run", "--group", "nogroup", "sleep", "1", want=NO_GROUP)
    assert "give --gid nogroup" in result.err, result
    assert run("--gid", "nogroup", "sleep", "1000")["group"] == "root"


# ---- start, stop, restart

@with_clean
def test_life():
    "stop, start and restart return when it is done, and go in order"
    ctl("group", "new", "web")
    ctl("group", "new", "--parent", "web", "inner")
    pids = [sleeper("web", 100)["pid"], sleeper("inner", 101)["pid"], sleeper("web", 102)["pid"]]
    seq = last_event()
    assert ctl("group", "stop", "web").out == "Group web stopped\n"
    assert not any(os.path.exists("/proc/%d" % pid) for pid in pids)
    assert [(one["state"], one["last_exit"]["cause"]) for one in ctl_json("list")] == [("exited", "group")] * 3
    assert [group(name)["state"] for name in ("web", "inner")] == ["exited", "exited"]
    # inner came to web ahead of both agents.
    assert [event["agent_id"] for event in events_after(seq) if event["type"] == "exit"] == [102, 100, 101]
    assert events_after(seq)[-1]["text"] == "Group web stopped as asked"
    assert ctl("group", "stop", "--quiet", "web").out == ""

    seq = last_event()
    assert ctl("group", "start", "web").out == "Group web started\n"
    started = [event["agent_id"] for event in events_after(seq) if event["type"] in ("spawn", "restart")]
    assert started == [101, 100, 102], events_after(seq)
    assert [one["state"] for one in ctl_json("list")] == ["active"] * 3 and group("web")["state"] == "active"

    pids = [one["pid"] for one in ctl_json("list")]
    ctl("stop", 102)
    assert ctl("group", "restart", "web").out == "Group web restarted\n"
    agents = ctl_json("list")
    assert [one["state"] for one in agents] == ["active", "active", "exited"], agents
    assert not set(pids) & {one["pid"] for one in agents}
    assert group("web")["restart_count"] == 0


@with_clean
def test_no_wait():
    "--no-wait returns at once; who waits hears that something else was asked"
    ctl("group", "new", "web")
    deaf("--group", "web", "--id", 100, "--stop-timeout", "10m")
    assert ctl("group", "stop", "--no-wait", "web").out == "Group web is being stopped\n"
    assert group("web")["state"] == "stopping"
    waits = subprocess.Popen(["asmctl", "group", "stop", "web"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True)
    # It has asked when its socket is waited for; only then something else is.
    wait_for("the request", lambda: open("/proc/%d/syscall" % waits.pid).read().split()[0] in ("7", "271"))
    assert ctl("group", "start", "--no-wait", "web").out == "Group web is being started\n"
    out, err = waits.communicate(timeout=20 * ksft.SCALE)
    assert (waits.returncode, out) == (FAILED, ""), (out, err)
    assert err == "asmctl: cannot stop group web: something else was asked of the group meanwhile\n", err
    assert info(100)["state"] == "stopping"
    os.unlink("trapped")
    os.kill(info(100)["pid"], signal.SIGKILL)
    wait_for("the second instance", lambda: os.path.exists("trapped") and info(100)["state"] == "active")
    assert ctl("group", "restart", "--no-wait", "web").out == "Group web is being restarted\n"


@with_clean
def test_budget():
    "a spent budget fails the group; show, list, tree and events tell; start begins anew"
    ctl("group", "new", "--strategy", "one_for_all", "--budget", "1/1d", "--backoff", "0", "web")
    pid = sleeper("web", 100)["pid"]
    other = sleeper("web", 101)["pid"]
    seq = last_event()
    os.kill(pid, signal.SIGKILL)
    wait_for("the restart", lambda: any(event["type"] == "group-started" for event in events_after(seq)))
    agents = ctl_json("list")
    assert [one["state"] for one in agents] == ["active"] * 2 and agents[1]["pid"] != other, agents
    web = group("web")
    assert (web["state"], web["recent_restarts"], web["restart_count"], web["reason"]) == ("active", 1, 1, 100), web
    os.kill(agents[1]["pid"], signal.SIGKILL)
    wait_for("the end", lambda: group("web")["state"] == "failed" and info(100)["state"] == "exited")
    assert info(101)["state"] == "failed"
    page = ctl("group", "show", "web").out
    assert "\nState:         failed\n" in page and "\nLast Reason:   agent 101\n" in page, page
    assert "\nBudget:        1 in 86400s\nRestarts:      2 of 1 now, 2 in all\n" in page, page
    assert re.search(r"^web +root +one_for_all +failed +2 +2/1 +86400s +2$", ctl("group", "list").out, re.M)
    assert re.search(r"failed after the end of agent 101", ctl("events", "--since", seq).out)
    ctl("group", "start", "web")
    web = group("web")
    assert (web["state"], web["recent_restarts"], web["restart_count"]) == ("active", 0, 2), web


@with_clean
def test_start_fails():
    "a start that spends the budget says so"
    shutil.copy(shutil.which("sleep"), "program")
    ctl("group", "new", "--budget", "never", "web")
    run("--group", "web", "--id", 100, "./program", "1000")
    ctl("group", "stop", "web")
    os.unlink("program")
    assert ctl("group", "start", "web", want=FAILED).err == \
        "asmctl: cannot start group web: it failed: its restarts are spent\n"


@with_clean
def test_foreground():
    "run -f --group: until it has ended for good"
    ctl("group", "new", "--strategy", "transient", "--backoff", "0", "web")
    result = ctl("run", "-f", "--group", "web", "--cwd", ".", "sh", "-c",
                 "echo go; [ -e twice ] || { : >twice; exit 3; }")
    assert result.out == "go\ngo\n", result
    os.unlink("twice")


# ---- looking

@with_clean
def test_list():
    "group list: text, --quiet, --json; each behind the one that it is in"
    ctl("group", "new", "zwei")
    ctl("group", "new", "--parent", "zwei", "--strategy", "transient", "--budget", "never", "eins")
    assert ctl("group", "list", "--quiet").out == "root\nzwei\neins\n"
    lines = [line.split() for line in ctl("group", "ls").out.split("\n")]
    assert lines[0] == ["NAME", "PARENT", "STRATEGY", "STATE", "MEMBERS", "RESTARTS", "WITHIN", "IN", "ALL"], lines
    assert lines[1:4] == [["root", "-", "one_for_one", "active", "1", "-", "-", "-"],
                          ["zwei", "root", "one_for_one", "active", "1", "0/5", "60s", "0"],
                          ["eins", "zwei", "transient", "active", "0", "0/0", "60s", "0"]], lines
    groups = ctl_json("group", "list")
    assert [(one["name"], one["parent"]) for one in groups] == [("root", None), ("zwei", "root"), ("eins", "zwei")]
    assert ctl_json("group", "show", "eins", "zwei") == [groups[2], groups[1]]


@with_clean
def test_tree():
    "tree: members in their order, drawn for the locale; a part of it; nested JSON"
    ctl("group", "new", "--strategy", "one_for_all", "web")
    sleeper("web", 101)
    ctl("group", "new", "--parent", "web", "--budget", "strict", "inner")
    sleeper("inner", 102)
    sleeper("web", 100)
    run("--id", 103, "--name", "alone", "sleep", "1000")

    lines = ctl("tree", env=UTF8).out.split("\n")
    pids = [one["pid"] for one in ctl_json("list")]
    assert [re.sub("  +", "  ", line) for line in lines] == [
        "GROUP OR AGENT  STATE  PID  RESTARTS  POLICY",
        "root  active  one_for_one",
        "├─web  active  0/5 in 60s  one_for_all",
        "│ ├─101 s101  active  %d  0/inf  always" % pids[1],
        "│ ├─inner  active  0/3 in 30s  one_for_one",
        "│ │ └─102 s102  active  %d  0/inf  always" % pids[2],
        "│ └─100 s100  active  %d  0/inf  always" % pids[0],
        "└─103 alone  active  %d  0/0  never" % pids[3], ""], lines
    assert {line.index("active") for line in lines[1:-1]} == {lines[0].index("STATE")}, lines
    lines = ctl("tree", "web", env={"LC_ALL": "C"}).out.split("\n")
    assert [line.split("  ")[0] for line in lines] == [
        "GROUP OR AGENT", "web", "|-101 s101", "|-inner", "| `-102 s102", "`-100 s100", ""], lines

    def shape(node):
        if node["type"] == "agent":
            return node["agent_id"]
        assert len(node["children"]) == node["members"], node
        return {node["name"]: [shape(child) for child in node["children"]]}
    assert shape(ctl_json("tree")) == {"root": [{"web": [101, {"inner": [102]}, 100]}, 103]}
    assert shape(ctl_json("tree", "inner")) == {"inner": [102]}


@with_clean
def test_others():
    "who is not root may look, and is refused the rest with status 4"
    ctl("group", "new", "web")
    for words in ("group", "list"), ("group", "show", "web"), ("tree",):
        ctl(*words, user="nobody")
    for words in [("new", "x"), ("set", "--budget", "strict", "web"), ("rm", "web"), ("start", "web"),
                  ("stop", "web"), ("restart", "web")]:
        result = ctl("group", *words, want=DENIED, user="nobody")
        assert result.err.count("\n") == 1 and result.err.startswith("asmctl: cannot "), result


def test_help():
    "help for every sub-command, by both ways"
    names = re.findall(r"^  ([a-z]+) +[A-Z]", ctl("help", "group").out, re.M)
    assert names == ["new", "set", "rm", "start", "stop", "restart", "show", "list"], names
    for name in names:
        text = ctl("group", name, "--help").out
        assert text.startswith("Usage: asmctl group " + name) and "\nExamples:\n" in text, text
        assert ctl("help", "group", name).out == text
        assert max(len(line) for line in text.split("\n")) <= 100
    assert "did you mean 'stop'" in ctl("help", "group", "sotp", want=USAGE).err
    ctl("help", "group", "new", "x", want=USAGE)
    ctl("help", "run", "x", want=USAGE)


@with_clean
def test_completion():
    "sub-commands, their options and the names of groups are completed"
    ctl("group", "new", "web")
    ctl("group", "new", "workers")
    done = subprocess.run(["bash", "-c", ctl("completion").out + """
        complete_line() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _asmctl; echo "${COMPREPLY[*]}"; }
        compopt() { :; }
        complete_line asmctl group r
        complete_line asmctl group new --st
        complete_line asmctl group new --strategy one
        complete_line asmctl group set --budget = l
        complete_line asmctl group rm w
        complete_line asmctl group ls --q
        complete_line asmctl group new w
        complete_line asmctl group new --parent=wo
        complete_line asmctl tree we
        complete_line asmctl run --group wo
        complete_line asmctl run --gid = nogr
    """], stdout=subprocess.PIPE, text=True)
    assert done.stdout.split("\n") == [
        "rm restart", "--strategy=", "one_for_one one_for_all", "lenient", "web workers", "--quiet", "",
        "--parent=workers", "web", "workers", "nogroup", ""], done.stdout


def why_stopped(seq):
    "Of each group that was stopped since: why, with the agent or number that says more, and in words."
    return [(event["name"], event["cause"], event["code"], event["text"].split(" ", 2)[2])
            for event in events_after(seq) if event["type"] == "group-stopped"]


def hit(agent):
    os.kill(info(agent)["pid"], signal.SIGKILL)


@with_clean
def test_why_stopped():
    "the event of a group that was stopped says why it was"
    ctl("group", "new", "--strategy", "one_for_all", "--backoff", "1ms:1ms", "web")
    ctl("group", "new", "--parent", "web", "--auto-shutdown", "any", "--strategy", "transient", "batch")
    for id in 100, 101:
        sleeper("web", id)
    run("--group", "batch", "--id", 102, "--significant", "--cwd", os.getcwd(), "sh", "-c",
        "while [ ! -e go ]; do sleep 0.1; done")
    sleeper("batch", 103)
    for id in 100, 101, 102, 103:
        wait_for("its program", lambda: info(id)["state"] == "active")
    asked, above = ("stop", 0, "stopped as asked"), ("group", 0, "stopped with its group")

    seq = last_event()
    ctl("group", "stop", "batch")
    assert why_stopped(seq) == [("batch",) + asked], why_stopped(seq)
    ctl("group", "start", "batch")
    seq = last_event()
    ctl("group", "stop", "web")
    assert why_stopped(seq) == [("batch",) + above, ("web",) + asked], why_stopped(seq)
    ctl("group", "start", "web")
    seq = last_event()
    hit(100)
    wait_for("the restart", lambda: [event for event in events_after(seq) if event["type"] == "group-started"
                                     and event["name"] == "web"])
    assert why_stopped(seq) == [("batch",) + above], why_stopped(seq)
    seq = last_event()
    open("go", "w").close()
    wait_for("its end", lambda: group("batch")["state"] == "exited")
    assert why_stopped(seq) == [("batch", "exit", 102, "stopped: its significant agent 102 is done")], why_stopped(seq)

    os.unlink("go")
    ctl("group", "start", "batch")
    seq = last_event()
    ctl("shutdown", "--now")
    assert why_stopped(seq) == [("batch",) + above, ("web", "stop", 1, "stopped for a shutdown")], why_stopped(seq)
    # The next time somebody asks for it again.
    ctl("group", "start", "web")
    seq = last_event()
    ctl("group", "stop", "web")
    assert why_stopped(seq)[-1] == ("web",) + asked, why_stopped(seq)


def why_failed(agent):
    wait_for("its failure", lambda: info(agent)["state"] == "failed")
    return [event["text"] for event in events_after(0) if event["type"] == "failed" and event["agent_id"] == agent][-1]


@with_clean
def test_why_failed():
    "an agent that fails with its group does not say that its own restarts are spent"
    ctl("group", "new", "--budget", "1/60", "web")
    run("--group", "web", "--id", 100, "--restart", "always", "--max-restarts", 5, "--backoff", "1ms", "sleep", "1000")
    hit(100)
    wait_for("its restart", lambda: info(100)["instance"] == 2 and info(100)["state"] == "active")
    hit(100)
    assert why_failed(100) == "Agent 100 failed: the budget of its group is spent (1 restarts)"
    # Its own are spent first, or it is not to be started again at all.
    run("--id", 101, "--restart", "always", "--max-restarts", 1, "--backoff", "1ms", "--no-wait", "sh", "-c", "exit 1")
    assert why_failed(101) == "Agent 101 failed (1 of 1 restarts used)"
    ctl("run", "--group", "web", "--id", 102, "--no-wait", "/does/not/exist")
    assert why_failed(102) == "Agent 102 failed: its start did, and is not repeated"
    ctl("group", "set", "--budget", "0/60", "web")
    failed = ctl("run", "-f", "--group", "web", "--restart", "always", "--max-restarts", 5, "sh", "-c", "exit 3", want=3)
    assert "failed: the budget of its group is spent" in failed.err and "used" not in failed.err, failed


def logged(log):
    "What the module has said in the kernel's log since that was opened, with its level."
    lines = []
    while True:
        try:
            head, line = os.read(log, 8192).decode().split("\n")[0].split(";", 1)
        except BlockingIOError:
            return lines
        if line.startswith(("agentsys: ", "[ASM] ")):
            lines.append((int(head.split(",")[0]) & 7, line))


@with_clean
def test_log():
    "that a group stays failed, for nobody is above it, is logged as an error, for each of many that fail at the same time"
    log = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    os.lseek(log, 0, os.SEEK_END)
    for n in range(20):
        ctl("group", "new", "--budget", "0/60", "top%d" % n)
        ctl("group", "new", "--parent", "top%d" % n, "--budget", "0/60", "in%d" % n)
        sleeper("in%d" % n, 100 + n)
    for n in range(20):
        hit(100 + n)
    for n in range(20):
        wait_for("its failure", lambda: group("top%d" % n)["state"] == "failed")
    lines = logged(log)
    os.close(log)
    for n in range(20):
        own = [level for level, line in lines if "group top%d failed: restart 1 within 60000 ms, of agent %d; nobody is "
               "above it" % (n, 100 + n) in line]
        assert own == [3], (n, lines)
    below = [(level, line) for level, line in lines if "group in" in line]
    assert below and all(level == 4 and "; up to top" in line for level, line in below), lines


def test_zz_without_the_module():
    "without the module: status 5 and one clear line"
    ctl("shutdown", "--now")
    wait_for("unloading", lambda: subprocess.run(["rmmod", "agentsys"], stderr=subprocess.DEVNULL).returncode == 0)
    try:
        for words in [("group", "new", "x"), ("group", "rm", "x"), ("group", "stop", "x"), ("group", "show", "x"),
                      ("group", "list"), ("tree",), ("run", "--group", "x", "sleep", "1")]:
            result = ctl(*words, want=NO_MODULE)
            assert result.err.count("\n") == 1 and "not loaded" in result.err and not result.out, result
    finally:
        subprocess.run(["insmod", os.environ.get("AGENTSYS_KO", "")])


ksft.main()
