#!/usr/bin/python3
"""Static checks, one TAP result each. What a file passed once is remembered by content in build/lint."""
import concurrent.futures
import hashlib
import os
import re
import subprocess
import sys

TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.abspath(os.environ.get("BUILD") or os.path.join(TREE, "build"))
KERNELS = ("6.1", "6.12")

# checkpatch is for patches to the kernel. Off everywhere:
IGNORE = [
    "FILE_PATH_CHANGES",        # MAINTAINERS is the kernel's
    "CONFIG_DESCRIPTION",
    "MACRO_ARG_REUSE",          # every container_of-like macro
    "SPDX_LICENSE_TAG",         # its idea of who has which comment style does not know tests
    "MULTIPLE_ASSIGNMENTS",     # a = b = 0 reads well
    "BRACKET_SPACE",            # a macro whose body begins with a designated initialiser
    "LONG_LINE_STRING",         # a message is found by searching for it
    "EMBEDDED_FUNCTION_NAME",   # a word of the message, mostly
    "STATIC_CONST_CHAR_ARRAY",  # argv of execve is not const
    "UNCOMMENTED_DEFINITION",   # what a lock guards and the lock order are said in the header
    "ENOSYS",                   # we define calls and say which of them are absent
]
IGNORE_UAPI = ["LONG_LINE_COMMENT", "BIT_MACRO"]  # tables of numbers and their meaning; there is no BIT() in user space
# Off for programs, where the kernel's own names for things do not exist:
IGNORE_PROGRAMS = [
    "CAMELCASE",                # CMUnitTest, _Alignas, elfutils and libnl names
    "PREFER_DEFINED_ATTRIBUTE_MACRO", "PREFER_KERNEL_TYPES", "STRCPY", "STRNCPY", "STRLCPY", "CONST_STRUCT",
    "PREFER_FALLTHROUGH", "NEW_TYPEDEFS", "ARRAY_SIZE", "KSTRTO", "SSCANF_TO_KSTRTO",
    "CONSIDER_KSTRTO", "MINMAX", "ENOSYS", "VOLATILE", "AVOID_EXTERNS", "PREFER_PR_LEVEL", "USLEEP_RANGE", "MSLEEP",
    "TRAILING_SEMICOLON", "INCLUDE_LINUX", "UAPI_INCLUDE", "DEEP_INDENTATION",
    "BIT_MACRO", "ASSIGN_IN_IF", "COMPLEX_MACRO",
]
# Off for tests, which are tables and long literals more than anything else:
IGNORE_TESTS = ["SPLIT_STRING", "QUOTED_WHITESPACE_BEFORE_NEWLINE", "STRING_FRAGMENTS"]
# TRACE_EVENT() is no C that checkpatch knows outside include/trace:
IGNORE_TRACE = ["OPEN_ENDED_LINE", "PARENTHESIS_ALIGNMENT", "COMPLEX_MACRO", "MACRO_ARG_UNUSED", "MACRO_WITH_FLOW_CONTROL",
                "TRAILING_SEMICOLON", "MULTISTATEMENT_MACRO_USE_DO_WHILE", "MACRO_ARG_PRECEDENCE", "SPACING", "CAMELCASE"]
# What it gets wrong: *--p = 0, a cast to a pointer to function, 1e-9, void (*f)(int), British spelling; and it
# looks for the kernel's include folder where there is none.
WRONG = re.compile(r"SPACING: (No space is necessary after a cast|spaces preferred around that '[*-]')"
                   r"|Use of uninitialized value \$root|find: ./include.: No such|TYPO_SPELLING: 'acknowledgement'"
                   r"|FUNCTION_ARGUMENTS: function definition argument '(int|void \*|const void \*)' should also")


def run(*argv, **kwargs):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          **{"cwd": TREE, **kwargs})
    return done.returncode, done.stdout.strip().replace(TREE + "/", "")


CACHE = run("scripts/kernel.sh", "cache")[1]


def files():
    """What git tracks, and what it would."""
    status, listed = run("git", "ls-files", "-co", "--exclude-standard")
    if status:
        sys.exit("lint: " + listed)
    return [name for name in listed.split("\n") if os.path.isfile(os.path.join(TREE, name))]


def read(name):
    try:
        with open(os.path.join(TREE, name), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""  # removed while we look


def stamp(check, *what):
    """A file that exists if the check passed for the same content before."""
    digest = hashlib.sha256()
    for part in what:
        digest.update(b"%d:" % len(part) + part)
    return os.path.join(BUILD, "lint", check, digest.hexdigest())


def passed(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "w").close()


def once(check, name, command, wrong=None):
    """Run a command over a file unless it passed for the same content before; return its complaints."""
    path = stamp(check, repr(command).encode(), read(name))
    if os.path.exists(path):
        return ""
    # Elsewhere than in the tree, because checkpatch leaves a file where it runs; and without the user's own settings.
    cwd = os.path.join(BUILD, "lint") if check == "checkpatch" else TREE
    os.makedirs(cwd, exist_ok=True)
    status, output = run(*command, cwd=cwd, env=dict(os.environ, HOME=os.path.join(BUILD, "lint"), AGENTSYS_CACHE=CACHE))
    if wrong:
        kept = [line for line in output.split("\n") if line and not wrong.search(line)]
        status, output = status if kept else 0, "\n".join(kept)
    if status or output:
        return output or "%s: status %d" % (name, status)
    passed(path)
    return ""


def over(check, names, command, wrong=None):
    """Complaints of command(name) over all files, two at a time."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return "\n".join(filter(None, pool.map(lambda name: once(check, name, command(name), wrong), names)))


def build_module(kernel, names):
    """Every warning of gcc and sparse is an error."""
    if "module/Kbuild" not in names:
        return ""
    sources = [name for name in names if name.startswith(("module/", "include/")) or name == "scripts/build-module.sh"]
    status, release = run("scripts/kernel.sh", "release", kernel)
    path = stamp("module", release.encode(), *(part for name in sorted(sources) for part in (name.encode(), read(name))))
    if os.path.exists(path):
        return ""
    env = dict(os.environ, MIRROR="lint-" + kernel, KCFLAGS="-Werror", BUILD=BUILD)
    status, output = run("scripts/build-module.sh", kernel, "W=1", "C=2", "CHECK=sparse", "CF=-Wsparse-error", env=env)
    if status or output:
        return output or "status %d" % status
    passed(path)
    return ""


def checkpatch(names, source):
    def command(name):
        ignore = list(IGNORE)
        if not name.startswith(("module/", "include/")):
            ignore += IGNORE_PROGRAMS
        if name.startswith("include/uapi/"):
            ignore += IGNORE_UAPI
        if name.startswith(("tests/", "tools/tests/")):
            ignore += IGNORE_TESTS
        if os.path.basename(name) == "trace.h":
            ignore += IGNORE_TRACE
        return ["perl", source + "/scripts/checkpatch.pl", "--no-tree", "--strict", "--terse", "--no-summary",
                "--show-types", "--max-line-length=100", "--ignore", ",".join(ignore), "--file", os.path.join(TREE, name)]
    return over("checkpatch", names, command, WRONG)


def layout(names):
    """What clang-format would change. It does not understand what tests are made of, nor TRACE_EVENT()."""
    names = [name for name in names if name.startswith(("module/", "tools/")) and not name.startswith("tools/tests/")
             and name != "module/trace.h"]
    return over("clang-format", names, lambda name: [os.path.join(TREE, "scripts/format"), "--check", name])


def shell(names):
    def is_shell(name):
        return name.endswith(".sh") or re.match(rb"#! ?\S*\b(ba|da)?sh\b|# shellcheck shell=", read(name)[:80])
    return over("shellcheck", filter(is_shell, names), lambda name: ["shellcheck", "-x", name])


def python(names):
    def is_python(name):
        return name.endswith(".py") or re.match(rb"#! ?\S*(env )?python3", read(name)[:80])
    code = "import sys; compile(open(sys.argv[1]).read(), sys.argv[1], 'exec')"
    return over("python", filter(is_python, names), lambda name: ["/usr/bin/python3", "-W", "error::SyntaxWarning", "-c", code, name])


def whitespace(names):
    found = []
    for name in names:
        content = read(name)
        if b"\0" in content or not content or name.startswith("tests/fuzz/corpus/"):
            continue
        for number, line in enumerate(content.split(b"\n"), 1):
            if line.endswith((b" ", b"\t", b"\r")):
                found.append("%s:%d: blanks at the end of the line" % (name, number))
        if not content.endswith(b"\n"):
            found.append("%s: no newline at the end" % name)
    return "\n".join(found)


def main():
    names = files()
    source = subprocess.run([os.path.join(TREE, "scripts/kernel.sh"), "source"], check=True, stdout=subprocess.PIPE,
                            text=True).stdout.strip()
    sources = [name for name in names if name.endswith((".c", ".h"))]
    checks = [("module builds for %s without a warning of gcc W=1 or sparse" % kernel, lambda kernel=kernel: build_module(kernel, names))
              for kernel in KERNELS]
    checks += [
        ("checkpatch", lambda: checkpatch(sources, source)),
        ("clang-format", lambda: layout(sources)),
        ("includes go one way", lambda: run("scripts/check-includes")[1]),
        ("shellcheck", lambda: shell(names)),
        ("python compiles", lambda: python(names)),
        ("white space", lambda: whitespace(names)),
    ]
    print("1..%d" % len(checks), flush=True)
    failed = 0
    for number, (name, check) in enumerate(checks, 1):
        complaints = check()
        for line in complaints.split("\n") if complaints else []:
            print("# " + line)
        print("%sok %d - %s" % ("not " if complaints else "", number, name), flush=True)
        failed += bool(complaints)
    return 1 if failed else 0


sys.exit(main())
