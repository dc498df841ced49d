#!/usr/bin/python3
"""Which lines and branches of module/ and tools/ the tests reach: coverage.py DATA...

Each DATA is a folder with what was counted, in one boot of the machine or here: .gcda files of the compiler, by the path
of the object that they belong to, and .lines of tests/vm/guest/sitecustomize.py. What the unit tests reach of the module's
sources is told apart, as "unit:". The table is printed; it and the sources, line by line, are in build/coverage (text.txt,
index.html).
"""
import collections
import gzip
import html
import json
import os
import shutil
import subprocess
import sys
import tempfile

TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.abspath(os.environ.get("BUILD") or os.path.join(TREE, "build"))
BINDINGS = "tools/python/agentsys.py"
UNIT = "unit:"  # in front of what the unit tests on this machine reach
FOLDERS = (UNIT + "module/core", "module/core", "module",
           "tools/libasm", "tools/asmctl", "tools/asm-launch", "tools/python", "tools")

STYLE = """
body { font: 14px sans-serif; margin: 2em } table { border-collapse: collapse }
td, th { padding: 2px 1em; text-align: right } td:first-child, th:first-child { text-align: left }
pre { line-height: 1.35 } .hit { background: #dfd } .part { background: #ffc } .miss { background: #fcc }
.count { color: #888 } .sum { font-weight: bold }
"""


class Source:
    """Counts of one source file, summed over objects and boots."""

    def __init__(self):
        self.lines = collections.Counter()
        self.branches = {}  # line: counts, in the compiler's order
        self.functions = collections.Counter()

    def add(self, found):
        branches = collections.defaultdict(list)
        for line in found["lines"]:
            # A line occurs once per function that the compiler has made of it.
            self.lines[line["line_number"]] += line["count"]
            branches[line["line_number"]] += [branch["count"] for branch in line["branches"]]
        for number, counts in branches.items():
            known = self.branches.setdefault(number, [])
            known += [0] * (len(counts) - len(known))
            for i, count in enumerate(counts):
                known[i] += count
        for function in found["functions"]:
            self.functions[(function["start_line"], function["name"].partition(".")[0])] += function["execution_count"]

    def count(self):
        """Lines, lines reached, branches, branches taken, functions, functions called."""
        branches = [count for counts in self.branches.values() for count in counts]
        return [number for counts in (self.lines.values(), branches, self.functions.values())
                for number in (len(counts), sum(count > 0 for count in counts))]

    def state(self, number):
        if number not in self.lines:
            return ""
        if not self.lines[number]:
            return "miss"
        return "hit" if all(self.branches.get(number, ())) else "part"


def read(data, sources):
    """Add what a folder holds."""
    for folder, _, names in os.walk(data):
        for name in names:
            if name.endswith(".gcda"):
                run_gcov(os.path.join(folder, name), os.path.join("/", os.path.relpath(folder, data), name[:-5] + ".gcno"),
                         sources)
            elif name.endswith(".lines"):
                with open(os.path.join(folder, name)) as file:
                    sources[BINDINGS].lines.update(map(int, file.read().split()))


def run_gcov(counts, notes, sources):
    """Let gcov compare counts with the compiler's notes."""
    with tempfile.TemporaryDirectory() as work:
        shutil.copy(notes, work)
        shutil.copy(counts, work)
        subprocess.run(("gcov", "--json-format", "--branch-probabilities", os.path.basename(counts)), cwd=work, check=True,
                       stdout=subprocess.DEVNULL)
        for result in os.listdir(work):
            if result.endswith(".json.gz"):
                with gzip.open(os.path.join(work, result)) as file:
                    add(json.load(file), sources)


def add(found, sources):
    for file in found["files"]:
        path = os.path.normpath(os.path.join(found["current_working_directory"], file["file"]))
        name = os.path.relpath(path, TREE)
        if path.startswith(BUILD + os.sep):
            # The module is compiled in a mirror of the tree, build/<release>.
            name = os.path.relpath(path, BUILD).partition(os.sep)[2]
        elif name.startswith("module/"):
            # The library has a part of it too, compiled in tools/.
            name = UNIT + name if found["current_working_directory"] == TREE else ""
        if name.startswith(FOLDERS) and not name.startswith("tools/tests/") and file["lines"]:
            sources[name].add(file)


def add_bindings(source):
    """Lines of the Python bindings that could have been run."""
    with open(os.path.join(TREE, BINDINGS)) as file:
        codes = [compile(file.read(), BINDINGS, "exec")]
    for code in codes:
        codes += [const for const in code.co_consts if hasattr(const, "co_lines")]
        for _, _, line in code.co_lines():
            if line:
                source.lines[line] += 0


def percent(part, all):
    return "%5.1f %%" % (100 * part / all) if all else "      -"


def rows(sources):
    """A row per file and one per folder: name, then lines, lines reached, branches, branches taken and so on."""
    counts = {name: source.count() for name, source in sorted(sources.items())}
    yield from counts.items()
    for folder in FOLDERS:
        below = [counts[name] for name in counts if name.startswith(folder + "/")]
        if below:
            yield folder, [sum(column) for column in zip(*below)]


def cells(counts):
    return [text for i in (0, 2, 4) for text in ("%d/%d" % (counts[i + 1], counts[i]), percent(counts[i + 1], counts[i]))]


def table(sources):
    form = "%-28s %11s %8s %11s %8s %9s %8s"
    return "\n".join([form % ("", "lines", "", "branches", "", "functions", "")] +
                     [form % (name, *cells(counts)) for name, counts in rows(sources)])


def page(title, body):
    return "<!DOCTYPE html><meta charset=utf-8><title>%s</title><style>%s</style><h1>%s</h1>%s\n" % (title, STYLE, title, body)


def page_name(name):
    return name.replace("/", "-").replace(":", "-") + ".html"


def source_page(name, source):
    out = []
    with open(os.path.join(TREE, name.replace(UNIT, "")), errors="replace") as file:
        for number, text in enumerate(file, 1):
            counts = source.branches.get(number, ())
            out.append("<span class='%s'><span class=count>%5d %10s %8s</span>  %s</span>" % (
                source.state(number), number, source.lines.get(number, ""),
                "%d/%d" % (sum(count > 0 for count in counts), len(counts)) if counts else "",
                html.escape(text.rstrip().expandtabs(8))))
    return page(name, "<p>line, times reached, branches taken</p><pre>%s</pre>" % "\n".join(out))


def main():
    sources = collections.defaultdict(Source)
    for data in sys.argv[1:]:
        read(data, sources)
    if not sources:
        sys.exit("coverage: nothing was counted")
    if BINDINGS in sources:
        add_bindings(sources[BINDINGS])

    out = os.path.join(BUILD, "coverage")
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    text = table(sources)
    with open(os.path.join(out, "text.txt"), "w") as file:
        file.write(text + "\n")
    for name, source in sources.items():
        with open(os.path.join(out, page_name(name)), "w") as file:
            file.write(source_page(name, source))
    lines = "".join("<tr%s><td>%s</td>%s</tr>" % (
        "" if name in sources else " class=sum",
        "<a href='%s'>%s</a>" % (page_name(name), name) if name in sources else name,
        "".join("<td>%s</td>" % cell for cell in cells(counts))) for name, counts in rows(sources))
    with open(os.path.join(out, "index.html"), "w") as file:
        file.write(page("Coverage", "<table><tr><th><th colspan=2>lines<th colspan=2>branches<th colspan=2>functions</tr>"
                        + lines + "</table>"))
    print(text)
    print("sources line by line: %s/index.html" % os.path.relpath(out, TREE))


if __name__ == "__main__":
    main()
