#!/usr/bin/python3
"""Which lines and branches of module/ the tests in the machine reach: coverage.py OBJECTS DATA...

OBJECTS is the folder of the module's objects (build/<release>/module), each DATA a folder with what one boot of the
machine counted. The table is printed; it and the sources, line by line, are in build/coverage (text.txt, index.html).
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

STYLE = """
body { font: 14px sans-serif; margin: 2em } table { border-collapse: collapse }
td, th { padding: 2px 1em; text-align: right } td:first-child, th:first-child { text-align: left }
pre { line-height: 1.35 } .hit { background: #dfd } .part { background: #ffc } .miss { background: #fcc }
.count { color: #888 }
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


def run_gcov(objects, data, sources):
    """Let gcov compare the counts of a boot with the compiler's notes."""
    with tempfile.TemporaryDirectory() as work:
        for folder, _, names in os.walk(data):
            for name in names:
                notes = os.path.join(objects, os.path.relpath(folder, data), name[:-5] + ".gcno")
                part = tempfile.mkdtemp(dir=work)
                shutil.copy(notes, part)
                shutil.copy(os.path.join(folder, name), part)
                subprocess.run(("gcov", "--json-format", "--branch-probabilities", name), cwd=part, check=True,
                               stdout=subprocess.DEVNULL)
                for result in os.listdir(part):
                    if result.endswith(".json.gz"):
                        with gzip.open(os.path.join(part, result)) as file:
                            add(json.load(file), objects, sources)


def add(found, objects, sources):
    for file in found["files"]:
        path = os.path.normpath(os.path.join(objects, file["file"]))
        if path.startswith(objects + os.sep) and file["lines"]:
            sources[os.path.relpath(path, objects)].add(file)


def percent(part, all):
    return "%5.1f %%" % (100 * part / all) if all else "      -"


def rows(sources):
    """A row per file and one for all of them: name, then covered/all and percent of lines, branches, functions."""
    total = [0] * 6
    for name, source in sorted(sources.items()):
        counts = source.count()
        total = [a + b for a, b in zip(total, counts)]
        yield name, counts
    yield "module", total


def cells(counts):
    return [text for i in (0, 2, 4) for text in ("%d/%d" % (counts[i + 1], counts[i]), percent(counts[i + 1], counts[i]))]


def table(sources):
    form = "%-24s %11s %8s %11s %8s %9s %8s"
    return "\n".join([form % ("", "lines", "", "branches", "", "functions", "")] +
                     [form % (name, *cells(counts)) for name, counts in rows(sources)])


def page(title, body):
    return "<!DOCTYPE html><meta charset=utf-8><title>%s</title><style>%s</style><h1>%s</h1>%s\n" % (title, STYLE, title, body)


def source_page(name, source):
    out = []
    with open(os.path.join(TREE, "module", name), errors="replace") as file:
        for number, text in enumerate(file, 1):
            counts = source.branches.get(number, ())
            out.append("<span class='%s'><span class=count>%5d %10s %8s</span>  %s</span>" % (
                source.state(number), number, source.lines.get(number, ""),
                "%d/%d" % (sum(count > 0 for count in counts), len(counts)) if counts else "",
                html.escape(text.rstrip().expandtabs(8))))
    return page("module/" + name, "<p>line, times reached, branches taken</p><pre>%s</pre>" % "\n".join(out))


def main():
    objects = os.path.abspath(sys.argv[1])
    sources = collections.defaultdict(Source)
    for data in sys.argv[2:]:
        run_gcov(objects, data, sources)
    if not sources:
        sys.exit("coverage: nothing was counted")

    out = os.path.join(BUILD, "coverage")
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    text = table(sources)
    with open(os.path.join(out, "text.txt"), "w") as file:
        file.write(text + "\n")
    for name, source in sources.items():
        with open(os.path.join(out, name.replace("/", "-") + ".html"), "w") as file:
            file.write(source_page(name, source))
    lines = "".join("<tr><td>%s</td>%s</tr>" % (
        name if name == "module" else "<a href='%s.html'>%s</a>" % (name.replace("/", "-"), name),
        "".join("<td>%s</td>" % cell for cell in cells(counts))) for name, counts in rows(sources))
    with open(os.path.join(out, "index.html"), "w") as file:
        file.write(page("Coverage", "<table><tr><th><th colspan=2>lines<th colspan=2>branches<th colspan=2>functions</tr>"
                        + lines + "</table>"))
    print(text)
    print("sources line by line: %s/index.html" % os.path.relpath(out, TREE))


if __name__ == "__main__":
    main()
