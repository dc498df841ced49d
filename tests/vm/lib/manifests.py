"""What tests of asmctl apply share: manifests, and what has become of them."""
import json
import os
import signal

from ctl import FAILED, ctl, ctl_json
from ksft import wait_for


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


def states():
    """All that an apply that fails must leave as it was, but for pids."""
    return [{key: (agent["agent_id"], agent["state"], agent["restart"], agent["significant"], agent["limits"])
             for key, agent in agents().items()},
            {name: {what: group[what] for what in ("parent", "strategy", "budget", "members", "significant")}
             for name, group in groups().items()},
            {name: order(name) for name in groups()}]


def environ(agent):
    with open("/proc/%d/environ" % agent["pid"]) as file:
        return file.read().split("\0")


def refused(manifest, where, what):
    """The manifest is refused with @what about @where, and nothing was started."""
    result = apply(manifest, want=FAILED)
    assert result.err.startswith("asmctl: tree.json:" + where) and what in result.err, (where, what, result)
    assert result.err.count("\n") == 1 and not result.out, result
