#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Does docs/netlink/agentsys.yaml say what the headers say?

Every name and number of the spec is compared with the header by the compiler, in
both directions; and the kernel's schema is applied where a source tree with it
and python3-jsonschema are there.
"""

import glob
import os
import re
import subprocess
import sys
import tempfile

try:
    import yaml
except ImportError:
    print("1..0 # SKIP python3-yaml is not installed")
    sys.exit(0)

top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
include = os.path.join(top, "include/uapi")
spec_path = os.path.join(top, "docs/netlink/agentsys.yaml")

with open(spec_path) as file:
    spec = yaml.safe_load(file)

failures = 0
number = 0


def ok(good, name, why=""):
    global failures, number
    number += 1
    failures += not good
    if not good and why:
        print("# " + why.strip().replace("\n", "\n# "))
    print(f"{'' if good else 'not '}ok {number} - {name}", flush=True)


def c_name(prefix, name):
    return (prefix + name).upper().replace("-", "_")


def expected_constants():
    """Every constant of the spec with its value."""
    for definition in spec["definitions"]:
        value = definition.get("value-start", 0)
        for entry in definition["entries"]:
            name = entry["name"] if isinstance(entry, dict) else entry
            wanted = 1 << value if definition["type"] == "flags" else value
            yield c_name(definition["name-prefix"], name), wanted
            value += 1
    for attributes in spec["attribute-sets"]:
        for value, attribute in enumerate(attributes["attributes"], 1):
            yield c_name(attributes["name-prefix"], attribute["name"]), value
    for operation in spec["operations"]["list"]:
        if "event" in operation:
            yield c_name(spec["operations"]["async-prefix"], operation["name"]), operation["value"]
            continue
        mode = operation.get("do") or operation["dump"]
        yield c_name(spec["operations"]["name-prefix"], operation["name"]), mode["request"]["value"]


def compare_values():
    lines = ["#include <linux/agentsys.h>", "#include <linux/agentsys_netlink.h>"]
    for name, value in expected_constants():
        lines.append(f'_Static_assert({name} == {value}, "{name}");')
    with tempfile.NamedTemporaryFile("w", suffix=".c") as source:
        source.write("\n".join(lines) + "\n")
        source.flush()
        done = subprocess.run([os.environ.get("CC", "cc"), "-fsyntax-only", "-I" + include, source.name],
                              stderr=subprocess.PIPE, text=True)
    ok(not done.returncode, "every number of the spec is the header's", done.stderr)


def compare_names():
    text = ""
    for header in ("agentsys.h", "agentsys_netlink.h"):
        with open(os.path.join(include, "linux", header)) as file:
            text += re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    known = {name for name, _ in expected_constants()}
    used = re.compile(r"\b(AGENTSYS_(?:A|S|E|G|F|CMD|NTF|STATE|CAUSE|RESTART|BACKOFF|CIRCUIT|STEP|EVENT|FAULT|RECOVER|PRESET|AGENT)_[A-Z_]+)\b")
    missing = {name for name in used.findall(text) if name not in known}
    # Of enum agentsys_strategy, which has no prefix in common.
    strategies = re.search(r"enum agentsys_strategy \{(.*?)__", text, re.S).group(1)
    missing |= set(re.findall(r"AGENTSYS_\w+", strategies)) - known
    missing -= {name for name in missing if name.endswith(("_UNSPEC", "_MAX"))} - known
    ok(not missing, "every name of the headers is in the spec", "missing: " + ", ".join(sorted(missing)))


def validate():
    trees = glob.glob("/usr/src/linux*/") + [os.environ.get("KERNEL_SOURCE", "")]
    finder = os.path.join(top, "scripts/kernel.sh")
    if os.path.exists(finder):
        trees.append(subprocess.run([finder, "source"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                    text=True).stdout.strip())
    try:
        import jsonschema
    except ImportError:
        trees = []
    for tree in trees:
        schema = os.path.join(tree, "Documentation/netlink", spec["protocol"] + ".yaml")
        if not os.path.exists(schema):
            continue
        with open(schema) as file:
            try:
                jsonschema.validate(spec, yaml.safe_load(file))
                ok(True, "the kernel's schema accepts the spec")
            except jsonschema.ValidationError as error:
                ok(False, "the kernel's schema accepts the spec", str(error))
        return
    ok(True, "the kernel's schema accepts the spec # SKIP no kernel source with it, or no python3-jsonschema")


compare_values()
compare_names()
validate()
print(f"1..{number}")
sys.exit(1 if failures else 0)
