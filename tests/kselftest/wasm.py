#!/usr/bin/env python3
# vm: with=node timeout=400 kernels=one
"""Agents that are WebAssembly modules."""
import os
import signal
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import ksft
from ctl import WORK, ctl, end_of, info, run, with_clean

if not os.path.exists("/usr/bin/node"):
    print("1..0 # SKIP nodejs is not installed on the machine that made the image")
    sys.exit(4)

WASI = b"wasi_snapshot_preview1"
I32 = 0x7f


# ---- a module, byte by byte

def number(n, signed=False):
    """LEB128."""
    out = b""
    while True:
        byte, n = n & 0x7f, n >> 7
        if n == (-1 if signed and byte & 0x40 else 0) and not (signed and n == 0 and byte & 0x40):
            return out + bytes([byte])
        out += bytes([byte | 0x80])


def vector(items):
    items = list(items)
    return number(len(items)) + b"".join(items)


def name(text):
    return number(len(text)) + text


def section(kind, content):
    return bytes([kind]) + number(len(content)) + content


def const(n):
    return b"\x41" + number(n, signed=True)


def call(n):
    return b"\x10" + number(n)


def load(at):
    return const(at) + b"\x28\x02\x00"


def store(at, value):
    return const(at) + value + b"\x36\x02\x00"


DROP, UNREACHABLE = b"\x1a", b"\x00"
LOOP = b"\x03\x40\x0c\x00\x0b"
FD_WRITE, PROC_EXIT, ARGS_SIZES, ENV_SIZES, ENV_GET = range(5)
TYPES = [([I32] * 4, [I32]), ([I32], []), ([I32] * 2, [I32]), ([], [])]
IMPORTS = [(b"fd_write", 0), (b"proc_exit", 1), (b"args_sizes_get", 2), (b"environ_sizes_get", 2), (b"environ_get", 2)]


def module(code, data=b""):
    """A WASI command: `code` is its _start, `data` is in its memory from 1024 on."""
    def signature(parameters, results):
        return b"\x60" + vector(bytes([one]) for one in parameters) + vector(bytes([one]) for one in results)
    body = b"\x00" + code + b"\x0b"
    return b"\0asm\x01\0\0\0" + b"".join([
        section(1, vector(signature(*one) for one in TYPES)),
        section(2, vector(name(WASI) + name(what) + b"\0" + number(kind) for what, kind in IMPORTS)),
        section(3, vector([number(3)])),
        section(5, vector([b"\0" + number(1)])),
        section(7, vector([name(b"memory") + b"\x02\0", name(b"_start") + b"\0" + number(len(IMPORTS))])),
        section(10, vector([number(len(body)) + body])),
        section(11, vector([b"\0" + const(1024) + b"\x0b" + name(data)])),
    ])


def write(at, length):
    """Write to standard output; `length` is code."""
    return store(0, const(at)) + store(4, length) + const(1) + const(0) + const(1) + const(8) + call(FD_WRITE) + DROP


def end(status):
    return status + call(PROC_EXIT)


def save(code, data=b"", path=WORK + "/agent.wasm"):
    with open(path, "wb") as file:
        file.write(module(code, data))
    return path


# ---- tests

@with_clean
def test_output_and_exit_code():
    "its output and its exit code arrive"
    path = save(write(1024, const(6)) + end(const(42)), b"hello\n")
    assert ctl("run", "-f", "--backend", "wasm", path, want=42).out == "hello\n"
    path = save(write(1024, const(5)), b"done\n")
    assert ctl("run", "-f", "--backend", "wasm", path).out == "done\n"


@with_clean
def test_arguments_and_environment():
    "it has its arguments and the agent's variables"
    count = const(16) + const(20)
    path = save(count + call(ARGS_SIZES) + DROP + end(load(16)))
    ctl("run", "-f", "--backend", "wasm", "--", path, "a", "--b", want=3)
    path = save(count + call(ENV_SIZES) + DROP + const(2048) + const(4096) + call(ENV_GET) + DROP +
                write(4096, load(20)))
    assert ctl("run", "-f", "--backend", "wasm", "--clean-env", "-e", "A=one", "--", path).out == "A=one\0"


@with_clean
def test_supervised():
    "it is an agent as any other: stopped, killed and restarted, with its backend told"
    path = save(write(1024, const(6)) + LOOP, b"ready\n")
    out = WORK + "/out"

    def ready(n):
        ksft.wait_for("ready", lambda: os.path.exists(out) and os.path.getsize(out) == 6 * n, 60)
    run("--id", 100, "--stdout", out, "--restart", "on-failure", "--backoff", "1:1", "--backend", "wasm", path)
    ready(1)
    assert info(100)["backend"] == "wasm"
    os.kill(info(100)["pid"], signal.SIGKILL)
    ready(2)
    assert info(100)["instance"] == 2
    ctl("stop", 100)
    assert end_of(100) == ("stop", signal.SIGTERM), end_of(100)


@with_clean
def test_failures():
    "a trap, and what is no module or not there, are told and have exit codes of their own"
    err = ctl("run", "-f", "--backend", "wasm", save(UNREACHABLE), want=134).err
    assert "agent.wasm trapped: unreachable" in err, err
    with open(WORK + "/no.wasm", "w") as file:
        file.write("nothing like that")
    assert "is no WebAssembly module" in ctl("run", "-f", "--backend", "wasm", WORK + "/no.wasm", want=126).err
    assert "cannot read" in ctl("run", "-f", "--backend", "wasm", WORK + "/nowhere.wasm", want=127).err


ksft.main()
