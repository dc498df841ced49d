#!/usr/bin/env python3
# vm: timeout=120 kernels=one
"""asmctl history and asmctl capacity: what they tell, as text and as JSON, and refuse."""
import os
import signal
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import agentsys
import ksft
from ctl import NO_AGENT, USAGE, ctl, ctl_json, info, run, with_clean
from ksft import wait_for


def crash(agent, instance):
    """Kill the instance and wait for the next one."""
    wait_for("instance %d" % instance, lambda: info(agent)["state"] == "active" and info(agent)["instance"] == instance)
    os.kill(info(agent)["pid"], signal.SIGKILL)


@with_clean
def test_agent():
    "each end of an agent is told, with what was decided, and the last 8 are kept"
    run("--id", 50, "--name", "flaky", "--restart", "on-failure", "--max-restarts", 2, "--backoff", "3ms:5ms", "sleep",
        "1000")
    assert ctl_json("history", 50) == []
    for instance in (1, 2, 3):
        crash(50, instance)
    wait_for("failed", lambda: info(50)["state"] == "failed")
    history = ctl_json("history", "flaky")
    assert [past["instance"] for past in history] == [1, 2, 3]
    assert [(past["decision"], past["delay_ms"]) for past in history] == [
        ("restarts", 3), ("restarts", 5), ("fails", 0)]
    assert all(past["agent_id"] == 50 and past["cause"] == "signal" and past["code"] == 9 for past in history)
    assert all(past["ran_us"] > 0 for past in history)
    assert sorted(past["time_us"] for past in history) == [past["time_us"] for past in history]

    ctl("start", 50)
    ctl("stop", 50)
    last = ctl_json("history", 50)[-1]
    assert (last["instance"], last["cause"], last["decision"]) == (4, "stop", "stays ended")
    for _ in range(6):
        ctl("start", 50)
        ctl("restart", 50)
        ctl("kill", 50)
    history = ctl_json("history", 50)
    assert [past["instance"] for past in history] == list(range(9, 17))
    assert [past["decision"] for past in history] == ["restarts", "stays ended"] * 4

    lines = ctl("history", 50).out.split("\n")
    assert len(lines) == 10 and "DECISION" in lines[0] and "stays ended" in lines[-2]


@with_clean
def test_failed_launch():
    "a launch that fails is told with its error"
    ctl("run", "--id", 51, "--restart", "on-failure", "--no-wait", "/does/not/exist")
    wait_for("failed", lambda: info(51)["state"] == "failed")
    past = ctl_json("history", 51)[0]
    assert (past["cause"], past["code"], past["decision"], past["ran_us"]) == ("launch", 2, "fails", 0)
    assert "launch: ENOENT" in ctl("history", 51).out


@with_clean
def test_group():
    "a group tells whose end was the reason, and a member that it was restarted with others"
    ctl("group", "new", "g", "--strategy", "one_for_all", "--budget", "2/60", "--backoff", "1ms:1ms")
    for id in (60, 61):
        run("--group", "g", "--id", id, "sleep", "1000")
    for instance in (1, 2):
        crash(60, instance)
    for id in (60, 61):
        wait_for("third instance", lambda: info(id)["instance"] == 3 and info(id)["state"] == "active")
    wait_for("the round's end", lambda: ctl_json("group", "show", "g")["state"] == "active")
    crash(61, 3)
    wait_for("failed", lambda: ctl_json("group", "show", "g")["state"] == "failed")
    history = ctl_json("history", "--group", "g")
    assert [(past["agent_id"], past["instance"], past["decision"]) for past in history] == [
        (60, 1, "restarts with its group"), (60, 2, "restarts with its group"), (61, 3, "fails")]
    assert [past["delay_ms"] for past in history] == [1, 1, 0]
    assert [past["decision"] for past in ctl_json("history", 61)] == ["restarts with its group"] * 2 + ["fails"]
    assert [past["cause"] for past in ctl_json("history", 61)] == ["group", "group", "signal"]
    ctl("group", "restart", "g")
    last = ctl_json("history", "--group", "g")[-1]
    assert last["agent_id"] in (0, 61)
    assert "fails" in ctl("history", "--group", "g").out


@with_clean
def test_group_below():
    "that a group in it has failed is told by the group above, for each restart that it counts, with its number there"
    ctl("group", "new", "above", "--strategy", "one_for_one", "--budget", "3/60", "--backoff", "3ms:3ms")
    ctl("group", "new", "a-group-with-a-long-name", "--parent", "above", "--budget", "0/60")
    run("--group", "above", "--id", 60, "--backoff", "1ms", "sleep", "1000")
    run("--group", "a-group-with-a-long-name", "--id", 61, "sleep", "1000")
    with agentsys.Connection() as asm:
        last = asm.system().events
    crash(60, 1)
    crash(61, 1)
    crash(61, 2)
    wait_for("third instance", lambda: info(61)["instance"] == 3 and info(61)["state"] == "active")
    assert ctl_json("group", "show", "above")["restart_count"] == 3
    history = ctl_json("history", "--group", "above")
    assert [(past["agent_id"], past["instance"], past["group"], past["decision"], past["delay_ms"]) for past in history
            ] == [(60, 1, "", "restarts", 1), (61, 1, "a-group-with-a-long-name", "restarts", 3),
                  (61, 2, "a-group-with-a-long-name", "restarts", 3)], history
    told = [event for event in agentsys.events(last, timeout=0) if event.type == "group-restart"]
    assert [(event.name, event.cause, event.code, event.instance) for event in told] == [
        ("a-group-with-a-l", "group", 61, 2), ("a-group-with-a-l", "group", 61, 3)], told
    assert told[0].text.endswith("restarts in 3 ms after the end of agent 61 (restart 2 of its group)"), told

    # One more, and it is the group above that fails for it.
    crash(61, 3)
    wait_for("failed", lambda: ctl_json("group", "show", "above")["state"] == "failed")
    history = ctl_json("history", "--group", "above")
    assert (history[-1]["group"], history[-1]["decision"]) == ("a-group-with-a-long-name", "fails"), history
    rows = [row.split() for row in ctl("history", "--group", "above").out.splitlines()]
    assert rows[0][4] == "GROUP" and [row[5] for row in rows[1:]] == ["-"] + ["a-group-with-a-long-name"] * 3, rows
    with agentsys.Connection() as asm:
        assert [past.group for past in asm.group_history("above")] == [past["group"] for past in history]
        assert {past.group for past in asm.history(61)} == {""}
    assert "RAN" in ctl("history", 61).out and "GROUP" not in ctl("history", 61).out


@with_clean
def test_refused():
    "who does not exist has no history, and one thing at a time is asked for"
    assert "no such agent" in ctl("history", 99, want=NO_AGENT).err
    assert "no such group" in ctl("history", "--group", "none", want=NO_AGENT).err
    ctl("history", want=USAGE)
    ctl("history", "--group", "root", 50, want=USAGE)
    ctl("history", "--json", "--nothing", 50, want=USAGE)


def shown(agent, text):
    return text in ctl("info", agent).out


@with_clean
def test_lineage():
    "which agent, and which instance of it, asked for an agent; the pid that each instance had"
    open("next", "w").write("81")
    line = "asmctl run --id $(cat %s/next) sleep 1000 >%s/said 2>&1; sleep 1000" % (os.getcwd(), os.getcwd())
    parent = run("--id", 80, "--restart", "always", "--backoff", "1ms", "sh", "-c", line)
    assert (parent["parent_id"], parent["parent_instance"]) == (0, 0) and not shown(80, "Parent:"), parent
    wait_for("the first", lambda: ctl_json("list")[-1]["agent_id"] == 81 and info(81)["state"] == "active")
    assert (info(81)["parent_id"], info(81)["parent_instance"]) == (80, 1), open("said").read()
    open("next", "w").write("82")
    os.kill(parent["pid"], signal.SIGKILL)
    wait_for("the second", lambda: ctl_json("list")[-1]["agent_id"] == 82 and info(82)["state"] == "active")
    assert (info(82)["parent_id"], info(82)["parent_instance"]) == (80, 2), open("said").read()
    assert shown(82, "Parent:          agent 80, instance 2\n"), ctl("info", 82).out
    with agentsys.Connection() as asm:
        assert (asm.get(82).parent_id, asm.get(82).parent_instance) == (80, 2)
    assert agentsys.info(82)["parent_id"] == 80 and agentsys.info(82)["parent_instance"] == 2
    # What has a parent stays what it is, whatever becomes of that.
    assert info(81)["state"] == "active" and info(81)["parent_instance"] == 1
    ctl("rm", "--force", 80)
    assert info(82)["parent_id"] == 80

    os.kill(info(82)["pid"], signal.SIGKILL)
    wait_for("its end", lambda: info(82)["state"] == "exited")
    first, second = run("--id", 83, "sleep", "1000")["pid"], 0
    ctl("restart", 83)
    second = info(83)["pid"]
    ctl("kill", 83)
    assert [past["pid"] for past in ctl_json("history", 83)] == [first, second] and first != second
    rows = ctl("history", 83).out.split("\n")
    assert "PID" in rows[0].split() and [row.split()[4] for row in rows[1:3]] == [str(first), str(second)], rows


@with_clean
def test_capacity():
    "how many there are, by state, and may be"
    before = ctl_json("capacity")
    assert before["agents"] == 0 and before["max_agents"] > 0 and before["max_groups"] == 1023
    assert set(before["by_state"]) == {"starting", "active", "stopping", "backoff", "exited", "failed"}
    ctl("group", "new", "g")
    run("--id", 70, "sleep", "1000")
    run("--id", 71, "sleep", "1000")
    ctl("stop", 71)
    now = ctl_json("capacity")
    assert (now["agents"], now["groups"]) == (2, 1)
    assert (now["by_state"]["active"], now["by_state"]["exited"]) == (1, 1)
    text = ctl("capacity").out
    assert "Agents:  2 of %d\n" % now["max_agents"] in text and "active    1\n" in text and "Groups:  1 of" in text
    # Of each group, what is directly in it.
    ctl("group", "new", "--parent", "g", "--members-max", 7, "inner")
    run("--group", "g", "--id", 72, "sleep", "1000")
    run("--group", "inner", "--id", 73, "sleep", "1000")
    ctl("kill", 73)
    root, g, inner = ctl_json("capacity")["by_group"]
    assert (root["name"], root["members"], root["members_max"], root["agents"]) == ("root", 3, 0, 2), root
    assert (g["name"], g["members"], g["members_max"], g["agents"]) == ("g", 2, 1024, 1), g
    assert (inner["name"], inner["members"], inner["members_max"], inner["agents"]) == ("inner", 1, 7, 1), inner
    assert root["by_state"]["active"] == root["by_state"]["exited"] == g["by_state"]["active"] == 1
    assert inner["by_state"] == dict.fromkeys(now["by_state"], 0) | {"exited": 1}, inner
    rows = [row.split() for row in ctl("capacity").out.split("\n\n")[1].split("\n")]
    assert rows[0] == ["GROUP", "MEMBERS", "STARTING", "ACTIVE", "STOPPING", "BACKOFF", "EXITED", "FAILED"], rows
    assert rows[1:4] == [["root", "3", "0", "1", "0", "0", "1", "0"], ["g", "2/1024", "0", "1", "0", "0", "0", "0"],
                         ["inner", "1/7", "0", "0", "0", "0", "1", "0"]], rows
    ctl("capacity", "more", want=USAGE)


ksft.main()
