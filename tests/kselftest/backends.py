#!/usr/bin/env python3
# vm: timeout=300 kernels=one
"""What executes an agent's program: what is chosen, kept, told, refused and not available."""
import contextlib
import errno
import json
import os
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import ksft
from ctl import FAILED, NOT_AVAILABLE, USAGE, WORK, call, ctl, ctl_json, end_of, info, run, with_clean

sys.path.insert(0, "/usr/lib/python3/dist-packages")
import agentsys

CRUN = "/usr/bin/crun"
NODE = "/usr/local/bin/node"
PODMAN = "/usr/local/bin/podman"

# Tells with what it was called; ends as its last argument says.
TELLS = "#!/bin/sh\nfor word; do echo \"<$word>\"; done\n/usr/bin/env | /usr/bin/sort\nexit 3\n"


@contextlib.contextmanager
def without(program):
    """As if it were not installed."""
    os.rename(program, program + ".away")
    try:
        yield
    finally:
        os.rename(program + ".away", program)


@contextlib.contextmanager
def stand_in(program):
    os.makedirs(os.path.dirname(program), exist_ok=True)
    with open(program, "w") as file:
        file.write(TELLS)
    os.chmod(program, 0o755)
    try:
        yield
    finally:
        os.unlink(program)


def manifest(**agent):
    with open(WORK + "/tree.json", "w") as file:
        json.dump({"version": 1, "agents": [dict({"name": "one"}, **agent)]}, file)
    return WORK + "/tree.json"


def refusal(*options, want):
    err = ctl("run", *options, want=want).err
    assert not ctl_json("list"), "it left an agent"
    return err


@with_clean
def test_native():
    "native is the default, and can be said"
    assert run("sleep", "1000")["backend"] == "native"
    assert run("--backend", "native", "sleep", "1000")["backend"] == "native"
    assert "Backend:" not in ctl("info", ctl_json("list")[0]["agent_id"]).out
    with agentsys.Connection() as module:
        agent = module.spawn(["sleep", "1000"], backend="native")
        assert module.get(agent).backend == "native"


@with_clean
def test_attached():
    "what was attached is native"
    own = os.fork()
    if not own:
        os.execvp("sleep", ["sleep", "1000"])
    ctl("attach", "--id", 100, own)
    assert info(100)["backend"] == "native"
    ctl("rm", "--force", 100)
    os.waitpid(own, 0)


@with_clean
def test_not_available():
    "tee and remote are not available: one line, a status and an errno of their own"
    for backend in ("tee", "remote"):
        err = refusal("--backend", backend, "sleep", "1", want=NOT_AVAILABLE)
        text = "backend not available: %s: " % backend
        assert err.startswith("asmctl: cannot start the agent: " + text) and err.count("\n") == 1, err
        # What the module says, and what the library knows beforehand.
        assert err.endswith(": " + agentsys.why_not(backend) + "\n"), (err, agentsys.why_not(backend))
        err = ctl("apply", manifest(command=["sleep", "1"], backend=backend), want=NOT_AVAILABLE).err
        assert text in err, err
        with agentsys.Connection() as module:
            try:
                module.spawn(["sleep", "1"], backend=backend)
                raise AssertionError("it was not refused")
            except OSError as error:
                assert error.errno == errno.EOPNOTSUPP and text in str(error), error
        assert not ctl_json("list")


@with_clean
def test_not_installed():
    "what is not installed is named, with the package that has it"
    with without(CRUN):
        err = refusal("--rootfs", "/", "sh", want=NOT_AVAILABLE)
        assert "backend not available: container: crun is not installed, it is in the Debian package crun" in err, err
        assert "crun is not installed" in ctl("doctor").out
    assert "ok    backends     agents can have the backend container\n" in ctl("doctor").out
    err = refusal("--backend", "wasm", "x.wasm", want=NOT_AVAILABLE)
    assert "backend not available: wasm: node is not installed, it is in the Debian package nodejs" in err, err
    checks = [one for one in ctl_json("doctor")["checks"] if one["check"] == "backends"]
    assert [one["status"] for one in checks] == ["ok", "note"], checks
    err = refusal("--image", "alpine", want=NOT_AVAILABLE)
    assert "backend not available: container: podman is not installed, it is in the Debian package podman" in err, err


@with_clean
def test_gone_meanwhile():
    "a runtime that is gone when an agent is started again is said on its standard error"
    os.makedirs(WORK + "/root/bin")
    out = WORK + "/out"
    agent = run("--id", 100, "--stdout", out, "--rootfs", WORK + "/root", "/bin/nothing")
    ksft.wait_for("its end", lambda: info(100)["state"] == "exited")
    assert agent["backend"] == "container" and info(100)["last_exit"]["code"] == 1
    with without(CRUN):
        ctl("start", 100)
        ksft.wait_for("its end", lambda: info(100)["instance"] == 2 and info(100)["state"] == "exited")
    assert end_of(100) == ("exit", 125)
    with open(out) as file:
        assert "asm-container: backend not available: container: crun is not installed" in file.read()


@with_clean
def test_wrong_options():
    "what does not go together is refused before anything is made"
    assert "is not one of native, container, wasm" in refusal("--backend", "docker", "sh", want=USAGE)
    assert "one of rootfs, bundle and image" in refusal("--backend", "container", "sh", want=USAGE)
    assert "are for containers, not for wasm" in refusal("--backend", "wasm", "--rootfs", "/", "sh", want=USAGE)
    assert "only one of" in refusal("--image", "x", "--rootfs", "/", "sh", want=USAGE)
    assert "is not one of host, none" in refusal("--rootfs", "/", "--network", "wifi", "sh", want=USAGE)
    for mount in ("here", "/a:b", "/a:/b:no", "/a:/b:ro:ro"):
        assert "is not SOURCE:TARGET" in refusal("--rootfs", "/", "--mount", mount, "sh", want=USAGE)
    assert "the program" in refusal("--rootfs", "/", want=USAGE)
    assert "not for the backend native" in refusal("--read-only", "sleep", "1", want=FAILED)
    assert "for containers" in refusal("--backend", "wasm", "--network", "none", "x.wasm", want=FAILED)


@with_clean
def test_wrong_manifests():
    "a manifest is told where it is wrong"
    for backend, why in (("docker", "is not one of native"), ({"kind": "container"}, "rootfs, bundle and image"),
                         ({"rootfs": "/", "where": 1}, "there is no such key"), ({"rootfs": 7}, "string"),
                         ({"rootfs": "/", "mounts": "/a:/b"}, "array"), ({"rootfs": "/", "mounts": ["/a"]}, "SOURCE"),
                         ({"rootfs": "/", "read_only": "yes"}, "")):
        err = ctl("apply", manifest(command=["sh"], backend=backend), want=FAILED).err
        assert why in err and "tree.json:1: agents[0].backend" in err, err


@with_clean
def test_manifest():
    "what a manifest says of a backend is kept: a second apply does nothing, a change makes it anew"
    os.makedirs(WORK + "/root/bin")
    with open("/bin/busybox", "rb") as source, open(WORK + "/root/bin/sleep", "wb") as copy:
        copy.write(source.read())
    os.chmod(WORK + "/root/bin/sleep", 0o755)
    agent = {"command": ["/bin/sleep", "1000"], "stop": {"signal": "KILL"},
             "backend": {"kind": "container", "rootfs": "root", "mounts": [WORK + ":/mnt:ro"], "network": "none"}}
    ctl("apply", manifest(**agent))
    assert ctl_json("list")[0]["backend"] == "container"
    assert ctl("diff", WORK + "/tree.json").out.startswith("Nothing to do")
    agent["backend"]["read_only"] = True
    out = ctl("diff", manifest(**agent), want=2).out
    assert "-/+" in out and "backend" in out, out
    assert ctl_json("tree")["children"][0]["backend"] == "container"


@with_clean
def test_podman():
    "an image is run by podman, in the agent's cgroup and with what was asked for"
    secret = "TOKEN=s3cret"
    with stand_in(PODMAN):
        out = ctl("run", "-f", "--id", 100, "--image", "ghcr.io/org/agent:v1", "-e", secret, "--cwd", "/w", "--user",
                  "1000:1001", "--mount", "/tmp:/work:ro", "--network", "none", "--read-only", "--", "prog", "--flag",
                  "two words", want=3).out
    words = [line[1:-1] for line in out.splitlines() if line.startswith("<")]
    at = words.index("ghcr.io/org/agent:v1")
    assert words[at + 1:] == ["prog", "--flag", "two words"], words
    wanted = {"run", "--cgroups=disabled", "--runtime=crun", "--replace", "--rm", "--name=agentsys-agent-100",
              "--network=none", "--cap-drop=all", "--security-opt=no-new-privileges", "--user=1000:1001", "--env=TOKEN",
              "--workdir=/w", "--read-only", "--volume=/tmp:/work:ro", "--volume=/dev/agentsys:/dev/agentsys"}
    assert wanted <= set(words[:at]), wanted - set(words)
    assert "s3cret" not in " ".join(words) and secret in out.splitlines(), out


@with_clean
def test_wasm_words():
    "a module is run by Node.js, as the agent's user and with the agent's environment"
    with stand_in(NODE):
        out = ctl("run", "-f", "--backend", "wasm", "-e", "A=1", "--mount", "/tmp:/", "--", WORK + "/m.wasm", "-x",
                  want=3).out
    words = [line[1:-1] for line in out.splitlines() if line.startswith("<")]
    assert words == ["--no-warnings", "/usr/lib/agentsys/asm-wasm.mjs", "--mount", "/tmp:/", "--", WORK + "/m.wasm",
                     "-x"], words
    assert "A=1" in out.splitlines(), out


ksft.main()
