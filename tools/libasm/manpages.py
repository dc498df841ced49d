#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-only
"""Make the manual pages of the library's functions from its header, where they are documented.

    libasm/manpages.py FOLDER           write the pages to FOLDER
    libasm/manpages.py --check FOLDER   are those in FOLDER the ones that would be written?
"""

import os
import re
import sys

HEADER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libasm.h")

# Section of the header: its page, what the page is about, and further pages to see.
PAGES = {
    "Connection": ("agentsys_open", "connect to the Agent Supervision Module", "agentsys_spawn agentsys_get"),
    "What to run": ("agentsys_spec_new", "describe an agent", "agentsys_spawn"),
    "Control": ("agentsys_spawn", "start, stop and change agents", "agentsys_spec_new agentsys_get"),
    "Looking": ("agentsys_get", "look at agents and at the system", "agentsys_state_name agentsys_spawn"),
    "Groups": ("agentsys_group_new", "groups of the supervision tree", "agentsys_spec_set_group agentsys_strategy_name"),
    "Relations": ("agentsys_relate", "dependencies, links and monitors between agents", "agentsys_spec_new agentsys_relation_name"),
    "History": ("agentsys_history", "the last ends of agents and restarts of groups", "agentsys_get agentsys_decision_name"),
    "Faults": ("agentsys_faults", "faults of agents, and what is done about them", "agentsys_get agentsys_fault_name"),
    "Reports": ("agentsys_report_fault", "report of agents what the module does not see", "agentsys_faults agentsys_heartbeat"),
    "Events": ("agentsys_events_open", "receive what happens to agents", "agentsys_state_name agentsys_get"),
    "For agents: the device": ("agentsys_whoami", "what agents themselves can ask", "agentsys_open"),
    "Words": ("agentsys_state_name", "words for states, causes and events", "agentsys_get agentsys_events_open"),
}


class Item:
    """A documented function, struct or constant."""

    def __init__(self, comment, code):
        lines = [re.sub(r"^\s*\*? ?", "", line) for line in comment.strip().split("\n")]
        head, _, self.summary = lines[0].partition(" - ")
        self.kind = "struct" if head.startswith(("struct ", "enum ")) else "value" if head.isupper() else "function"
        self.title, self.name = head, head.split()[-1]
        self.parameters = []
        # A long summary goes on in the next line, and ends where a parameter or a blank line begins.
        rest = lines[1:]
        while rest and rest[0].strip() and not rest[0].startswith("@"):
            self.summary += " " + rest.pop(0).strip()
        text = []
        while rest:
            line = rest.pop(0)
            if not line.startswith("@"):
                text.append(line)
                continue
            name, _, about = line[1:].partition(": ")
            while rest and rest[0].startswith("\t"):
                about += " " + rest.pop(0).strip()
            self.parameters.append((name, about))
        self.text = "\n".join(text).strip()
        self.prototype = self.clean(code) if self.kind == "function" else code.strip()

    @staticmethod
    def clean(code):
        code = re.sub(r"AGENTSYS_(API|CHECK)\s*", "", code)
        return re.sub(r"\s+", " ", code).strip()


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def prose(text):
    """Errnos and functions stand out."""
    text = escape(text)
    text = re.sub(r"\\-(E[A-Z0-9]+)\b", r"\\fB\\-\1\\fR", text)
    text = re.sub(r"@(\w+)", r"\\fI\1\\fR", text)
    return re.sub(r"\b((?:agentsys_)\w+)\(\)", r"\\fB\1\\fR(3)", text)


def paragraphs(text):
    return "\n.PP\n".join(prose(part.replace("\n", " ")) for part in re.split(r"\n\s*\n", text) if part)


def items_of(section):
    pattern = re.compile(r"/\*\*\s(.*?)\*/\n(.*?)(?=\n\n|\Z)", re.S)
    return [Item(match.group(1).strip(), match.group(2)) for match in pattern.finditer(section)]


def sections(header):
    parts = re.split(r"/\* ---- (.*?) -+ \*/", header)
    return zip(parts[1::2], parts[2::2])


def sentence(text):
    text = prose(text[0].upper() + text[1:])
    return text if text.endswith((".", "?")) else text + "."


def function_part(item):
    lines = [".SS %s()" % item.name, sentence(item.summary)]
    for name, text in item.parameters:
        lines += [".TP", ".I " + name, prose(text)]
    if item.text:
        lines += [".PP", paragraphs(item.text)]
    return lines


def struct_part(item):
    lines = [".SS %s" % item.title, sentence(item.summary)]
    if item.text:
        lines += [".PP", paragraphs(item.text)]
    if "{" in item.prototype:
        lines += [".PP", ".in +4n", ".EX", escape(re.sub(r"\t", "    ", item.prototype)), ".EE", ".in"]
    for name, text in item.parameters:
        lines += [".TP", ".I " + name, prose(text)]
    return lines


def page(title, section, items):
    name, about, also = PAGES[title]
    functions = [item for item in items if item.kind == "function"]
    # A remark that stands for the whole section.
    remark = re.match(r"\s*/\*\n(.*?)\*/", section, re.S)
    names = [name] + [item.name for item in functions if item.name != name]
    lines = ['.\\" Made by tools/libasm/manpages.py from libasm.h: change it there.',
             '.TH %s 3 "" "agentsys" "Agent Supervision Module"' % name,
             ".SH NAME", ", ".join(names) + " \\- " + about,
             ".SH LIBRARY", "C library of the Agent Supervision Module",
             ".RI ( libasm\\-agentsys ,", ".IR \\-lasm\\-agentsys )",
             ".SH SYNOPSIS", ".nf", ".B #include <libasm\\-agentsys/libasm.h>", ".PP"]
    lines += [".BI \"%s\"" % escape(item.prototype) for item in functions]
    lines += [".fi", ".SH DESCRIPTION"]
    if remark:
        lines += [paragraphs(re.sub(r"^\s*\* ?", "", remark.group(1), flags=re.M).strip()), ".PP"]
    for item in items:
        if item.kind == "struct":
            lines += struct_part(item)
        elif item.kind == "value":
            lines += [".SS " + item.name] + [sentence(item.summary)]
            lines += [".PP", paragraphs(item.text)] if item.text else []
        else:
            lines += function_part(item)
    lines += [".SH RETURN VALUE",
              "Functions that return an int or an ssize_t return a negative errno on failure; success is 0 or",
              "what is said above.",
              ".SH SEE ALSO"]
    lines += [".BR %s (3)," % other for other in also.split()]
    lines += [".BR libasm (3),", ".BR agentsys (4),", ".BR agentsys (7)"]
    return name, "\n".join(lines) + "\n", names[1:]


def overview(header, pages):
    top = re.match(r".*?/\*\n(.*?)\*/", header[header.index("\n") + 1:], re.S).group(1)
    top = re.sub(r"^ \* ?", "", top, flags=re.M).strip().split("\n", 1)[1]
    lines = ['.\\" Made by tools/libasm/manpages.py from libasm.h: change it there.',
             '.TH libasm 3 "" "agentsys" "Agent Supervision Module"',
             ".SH NAME", "libasm \\- C library of the Agent Supervision Module",
             ".SH SYNOPSIS", ".nf", ".B #include <libasm\\-agentsys/libasm.h>", ".PP",
             ".B cc agent.c $(pkg\\-config \\-\\-cflags \\-\\-libs libasm\\-agentsys)", ".fi",
             ".SH DESCRIPTION"]
    text = re.sub(r"\n\tcc .*\n", "\n", top).strip()
    lines += [paragraphs(text), ".PP", "The functions are described in groups:"]
    for title, (name, about, _) in PAGES.items():
        lines += [".TP", ".BR %s (3)" % name, about]
    lines += [".SH EXAMPLES", "A program that starts an agent and stops it:", ".PP", ".in +4n", ".EX",
              escape(EXAMPLE), ".EE", ".in",
              ".SH FILES", ".TP", ".I /dev/agentsys", "the device, see", ".BR agentsys (4)",
              ".SH NOTES",
              "The shared object is", ".IR libasm\\-agentsys.so.1 ;", "the name",
              ".I libasm", "alone belongs to elfutils.",
              "Python has the same in the module", ".IR agentsys ;", "see its",
              ".BR help ().",
              ".SH SEE ALSO"]
    lines += [".BR asmctl (1),", ".BR agentsys (4),", ".BR agentsys (7)"]
    return "\n".join(lines) + "\n"


EXAMPLE = """\
#include <libasm-agentsys/libasm.h>
#include <stdio.h>

int main(void)
{
    const char *args[] = { "/bin/sleep", "1000", NULL };
    struct agentsys_spec *spec = agentsys_spec_new();
    struct agentsys *h;
    uint32_t id;
    int ret;

    ret = agentsys_open(&h);
    if (ret || !spec)
        return 1;
    agentsys_spec_set_args(spec, args);
    agentsys_spec_set_restart(spec, AGENTSYS_RESTART_ON_FAILURE);
    ret = agentsys_spawn(h, spec, AGENTSYS_WAIT, &id);
    if (!ret)
        ret = agentsys_stop(h, id, AGENTSYS_DEFAULT_TIMEOUT, AGENTSYS_WAIT);
    if (ret)
        fprintf(stderr, "%s\\n", agentsys_error(h));
    agentsys_spec_free(spec);
    agentsys_close(h);
    return ret != 0;
}"""


def make_pages():
    """Contents by file name."""
    with open(HEADER) as file:
        header = file.read()
    result = {}
    for title, section in sections(header):
        name, text, links = page(title, section, items_of(section))
        result[name + ".3"] = text
        for link in links:
            result[link + ".3"] = ".so man3/%s.3\n" % name
    result["libasm.3"] = overview(header, result)
    result["libasm-agentsys.3"] = ".so man3/libasm.3\n"
    return result


def main():
    check = sys.argv[1] == "--check"
    folder = sys.argv[-1]
    pages = make_pages()
    stale = []
    for name, text in pages.items():
        path = os.path.join(folder, name)
        if check:
            try:
                with open(path) as file:
                    same = file.read() == text
            except FileNotFoundError:
                same = False
            if not same:
                stale.append(name)
        else:
            with open(path, "w") as file:
                file.write(text)
    if check:
        stale += [name for name in os.listdir(folder) if name.endswith(".3") and name not in pages]
        print("".join("# %s is not what the header says: run libasm/manpages.py\n" % name for name in stale), end="")
        print("%sok 1 manual pages of the library\n1..1" % ("not " if stale else ""))
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
