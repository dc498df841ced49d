"""What tests of asmctl share: calling it, and a test that begins and ends with nothing there.

    from ctl import ctl, ctl_json, run, with_clean

    @with_clean
    def test_stop():
        "what is looked at"
        run("--id", 100, "sleep", "1000")
        assert ctl("stop", 100).out == "Agent 100 (sleep) stopped\\n"
        assert ctl_json("list")[0]["state"] == "exited"
"""
import functools
import json
import os
import shutil
import subprocess

import agentsys
import ksft

# Exit statuses. NO_GROUP is the same as NO_AGENT: what was named is not there.
OK, FAILED, USAGE, NO_AGENT, DENIED, NO_MODULE, NOT_AVAILABLE = range(7)
NO_GROUP = NO_AGENT
# Of asmctl diff.
DIFFERENCES = 2

# Where every test finds nothing, and the runner has tests run.
WORK = "/tmp/test"

# What asmctl apply remembers.
NOTES = "/run/agentsys/applied.json"


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __repr__(self):
        return "status %d, out %r, err %r" % (self.status, self.out, self.err)


def call(*words, env=None, **more):
    """Any program, with the options of subprocess.run()."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60 * ksft.SCALE,
                          env=dict(os.environ, **(env or {})), **more)
    return Result(done.returncode, done.stdout, done.stderr)


def ctl(*words, want=OK, **more):
    """asmctl, which is to end with this status."""
    words = ["asmctl"] + [str(word) for word in words]
    result = call(*words, **more)
    assert result.status == want, "%s: wanted %d, got %r" % (" ".join(words), want, result)
    return result


def ctl_json(*words, **more):
    return json.loads(ctl(*words, "--json", **more).out)


def info(agent):
    return ctl_json("info", agent)


def end_of(agent):
    """The cause and the code of its last end."""
    last = info(agent)["last_exit"]
    return last["cause"], last["code"]


def group(name):
    return ctl_json("group", "show", name)


def run(*words, **more):
    """Start an agent and return what asmctl tells of it."""
    return json.loads(ctl("run", "--json", *words, **more).out)


def trapping(action, *options):
    """The same, with one that does this on SIGTERM: wait until it would. Each instance makes the file "trapped"."""
    if os.path.exists(WORK + "/trapped"):
        os.unlink(WORK + "/trapped")
    agent = run(*options, "sh", "-c", "trap '%s' TERM; : >%s/trapped; while :; do sleep 0.1; done" % (action, WORK))
    ksft.wait_for("its trap", lambda: os.path.exists(WORK + "/trapped"))
    return agent


def deaf(*options):
    """The same, with one that does not hear SIGTERM."""
    return trapping("", *options)


def ending(name, *options):
    """The same, with one of this name that ends when end() tells it to."""
    pipe = "%s/end-%s" % (WORK, name)
    os.mkfifo(pipe)
    return run("--name", name, *options, "sh", "-c", "read code <%s; exit $code" % pipe)


def end(name, code):
    """Have it exit with this code. It reads by then: opening its pipe waits for that."""
    with open("%s/end-%s" % (WORK, name), "w") as pipe:
        pipe.write("%d\n" % code)


def last_event():
    return json.loads(ctl("events", "--json", "-n", 1).out or '{"seq": 0}')["seq"]


def events_after(seq):
    return [json.loads(line) for line in ctl("events", "--json", "--since", seq).out.splitlines()]


def clean():
    # Not with asmctl: for each test that is a process less for everything there is.
    with agentsys.Connection() as asm:
        for agent in asm.list():
            asm.kill(agent.id)
            asm.remove(agent.id)
        for name in reversed([one.name for one in asm.groups()[1:]]):
            asm.group_del(name)
    if os.path.exists(NOTES):
        os.unlink(NOTES)
    for entry in os.scandir(WORK):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)


def with_clean(test):
    """It begins and ends without agents, groups and files."""
    @functools.wraps(test)
    def wrapped():
        clean()
        try:
            test()
        finally:
            clean()
    return wrapped
