#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Make asmctl(1) from what asmctl itself tells of its commands, and from the text below.

    asmctl/manpage.py ASMCTL FOLDER             write the pages to FOLDER
    asmctl/manpage.py --check ASMCTL FOLDER     are those in FOLDER the ones that would be written?
"""

import os
import re
import subprocess
import sys

GUIDE_NAMES = ("asmstatus", "asmlist", "asminfo", "asmpolicy")

HEAD = r""".\" Made by tools/asmctl/manpage.py: change asmctl's help, or the text there.
.TH asmctl 1 "" "agentsys" "Agent Supervision Module"
.SH NAME
asmctl, asmstatus, asmlist, asminfo, asmpolicy \- control agents of the Agent Supervision Module
.SH SYNOPSIS
.B asmctl
.I COMMAND
.RI [ OPTION ]...
.RI [ ARGUMENT ]...
.br
.B asmstatus
.br
.B asmlist
.br
.B asminfo
.I AGENT
.br
.B asmpolicy
.I AGENT
.SH DESCRIPTION
.B asmctl
starts programs as agents, which the kernel module
.I agentsys
supervises from then on: an agent is a cgroup, with everything that its program starts, and the module
restarts it, meters it and tells of it without any process in user space that could fail.
See
.BR agentsys (7)
for what that means.
.PP
.I AGENT
is the id of an agent, or its name where only one is called so;
.I GROUP
is the name of a group.
Looking needs no right; changing something needs CAP_SYS_ADMIN.
.PP
.BR asmstatus ,
.BR asmlist ,
.B asminfo
and
.B asmpolicy
are other names of the same program that print the pages of the user guide; their columns and keys do not
change.
.SS Units
A
.I DURATION
has a unit:
.BR ms ,
.BR s ,
.BR m ,
.B h
or
.BR d ,
as in 500ms or 1.5s; 0 needs none.
A
.I SIZE
is in bytes, or has one of the units
.BR K ,
.BR M ,
.BR G ,
.B T
and
.BR P ,
which are powers of 1024;
.B infinity
is no limit, and 0 is refused as one.
.SH COMMANDS
"""

MANIFESTS = r""".SH MANIFESTS
What
.B asmctl apply
reads is a JSON object. Keys are the options of
.B asmctl run
and
.B asmctl group new
with _ for \-, and values are what the options take, as strings or whole numbers; a list may be an
array. A key that there is not is an error, with the line and the path of the key. A schema for
editors is
.IR examples/manifest.schema.json .
.SS At the top
.TP
.B version
1
.TP
.BR agents ", " groups
arrays of what is in root, in the order in which it is started
.TP
.B $schema
for editors
.SS Of a group
.TP
.B name
unique among all groups
.TP
.B strategy
one_for_one (default), one_for_all, rest_for_one, transient or permanent
.TP
.B budget
as 5/60 (default), a word, or an object with restarts and within_s or within_ms
.TP
.B backoff
as 100ms:30s (default), or an object with initial_ms and max_ms
.TP
.BR backoff_kind ", " jitter
exponential (default), linear or constant; per cent by up to which each wait is longer
.TP
.B auto_shutdown
never (default), any or all
.TP
.B members_max
how many members it takes, 1 to 1024 (default)
.TP
.B significant
true or false (default): a significant member of the group above
.TP
.BR agents ", " groups
arrays of its members
.SS Of an agent
.TP
.B name
unique among the agents of its group
.TP
.B command
an array: the program, which is searched for in PATH, and its arguments
.TP
.BR env ", " clean_env
an object with variables; true for no others than these
.TP
.BR cwd ", " user ", " gid ", " nice ", " oom_score_adj ", " id
as the options
.TP
.BR stdin ", " stdout ", " stderr
a file, or null
.TP
.B rlimit
an object, as {"nofile": "1024:4096"}
.TP
.B allow_new_privs
true or false (default)
.TP
.B significant
true or false (default): its end for good may stop its group
.TP
.B notify
true or false (default): it tells how it is by sd_notify(), see asmctl run
.TP
.B health
an array of checks and settings, as ["http=http://127.0.0.1:8080/", "interval=5s"], see asmctl health set
.TP
.B restart
never, on\-failure, on\-abnormal or always; or an object with
.BR when ", which is such a word, and " max_restarts ", " backoff ", " backoff_kind ", " jitter ", "
.BR stable " or " stable_ms ", " breaker ", " success_status ", " prevent_status " and " traps .
Without it, as the strategy of its group says
.TP
.B stop
an object with
.BR signal ", and " timeout " or " timeout_ms
.TP
.B limits
an object with
.BR memory_max ", " memory_high ", " cpu " and " pids_max
.TP
.B backend
native (default), container or wasm; or an object with
.BR kind ", " rootfs ", " bundle ", " image ", " mounts ", " network " and " read_only
.TP
.BR requires ", " wants ", " peers ", " links ", " monitors
arrays of names of other agents, see
.BR "asmctl relate" :
of one in the same group, or of the only one in the manifest that is called so, or as group/name; or of an
agent that is there beside the manifest.
What it requires and wants stands ahead of it
"""

TAIL = r""".SH EXIT STATUS
.TP
.B 0
done
.TP
.B 1
it failed;
.B asmctl doctor
found something wrong
.TP
.B 2
the command line is wrong, except with
.BR "asmctl diff" ,
where that is 1; its 2 means that there is something to do
.TP
.B 3
there is no such agent or group
.TP
.B 4
permission denied
.TP
.B 5
the module is not loaded
.TP
.B 6
the backend is not available
.PP
.B asmctl run \-\-foreground
has the exit status of the agent once it has run, also when Ctrl-C ended it: its exit code, or 128 and the
number of the signal that ended it.
Of an agent that was asked to end, only one number is known: where that is its stop signal or 9, it counts as
the signal.
It is 127 if the program was not found, and 126 if it could not be executed.
Of several agents or groups named, the first one that could not be dealt with decides.
.SH ENVIRONMENT
.TP
.B PATH
where
.B asmctl run
looks for a program without a slash
.TP
.B NO_COLOR
if it is set and not empty, nothing is coloured; only a terminal gets colours anyway
.SH FILES
.TP
.I /dev/agentsys
the device that agents use, see
.BR agentsys (4)
.TP
.I /proc/agentsys
the same counters as text
.TP
.I /sys/fs/cgroup/agentsys
the cgroups of the agents
.TP
.I /run/agentsys/applied.json
what
.B asmctl apply
made agents of, which the module does not tell; for root alone
.TP
.I /usr/lib/agentsys/asm\-launch
the launcher, see
.BR asm\-launch (8)
.SH NOTES
With
.BR \-\-json ,
the keys of an agent and of an event are those of the module's own JSON, which
.BR agentsys (4)
describes; keys are only ever added.
What is printed without
.B \-\-json
is for people and may change, but for the pages of the user guide.
.PP
A symbolic link in the path of
.BR \-\-stdin ,
.B \-\-stdout
or
.B \-\-stderr
is followed when the agent is made, not again when it is restarted.
.SH SEE ALSO
.BR agentsys (7),
.BR agentsys (4),
.BR asm\-launch (8),
.BR libasm (3),
.BR systemd\-run (1)
"""


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def help_of(asmctl, *words):
    return subprocess.run([asmctl, *words], check=True, stdout=subprocess.PIPE, text=True).stdout


def option_lines(block):
    """Options with their help: a line that begins with a dash, and those below it."""
    options = []
    for line in block.rstrip("\n").split("\n"):
        match = re.match(r"  (?:(-\w), |    )(--[\w-]+)(?:=(\S+))?(?:\s+(.*))?$", line)
        if match:
            options.append([match.group(1), match.group(2), match.group(3), match.group(4) or ""])
        else:
            options[-1][3] += " " + line.strip()
    lines = []
    for short, name, argument, text in options:
        if name == "--help":
            continue
        head = "\\fB%s\\fR, " % escape(short) if short else ""
        head += "\\fB%s\\fR" % escape(name)
        if argument:
            head += "=\\fI%s\\fR" % escape(argument)
        lines += [".TP", head, escape(text.strip())]
    return lines


def command_names(text):
    return re.findall(r"^  ([a-z]+) +[A-Z]", text, re.M)


def section(asmctl, name):
    """Of a command, or with a blank in its name of a sub-command; its own sub-commands follow."""
    parts = help_of(asmctl, *name.split(), "--help").split("\n\n")
    usage = parts.pop(0)[len("Usage: asmctl " + name):].strip()
    summary = parts.pop(0)
    aliases = {"list": "ls", "info": "show", "rm": "remove", "group list": "ls", "group show": "info",
               "group rm": "remove"}
    lines = [".SS asmctl %s %s" % (name, escape(usage)), escape(summary)]
    if name in aliases:
        lines.append("Also called \\fB%s\\fR." % aliases[name])
    below = []
    while parts:
        part = parts.pop(0)
        if part.startswith("Options:\n"):
            lines += option_lines(part[len("Options:\n"):])
        elif part.startswith("Commands:\n"):
            for command in command_names(part):
                below += section(asmctl, name + " " + command)
        elif part.startswith("Examples:\n"):
            example = re.sub(r"^  ", "", part[len("Examples:\n"):], flags=re.M).rstrip("\n")
            lines += [".PP", ".in +4n", ".EX", escape(example), ".EE", ".in"]
        else:
            lines += [".PP", escape(part)]
    return lines + below


def make_pages(asmctl):
    lines = []
    for name in command_names(help_of(asmctl, "help")):
        lines += section(asmctl, name)
    pages = {"asmctl.1": HEAD + "\n".join(lines) + "\n" + TAIL.replace(".SH FILES\n", MANIFESTS + ".SH FILES\n", 1)}
    for name in GUIDE_NAMES:
        pages[name + ".1"] = ".so man1/asmctl.1\n"
    return pages


def main():
    check = sys.argv[1] == "--check"
    asmctl, folder = sys.argv[-2:]
    stale = []
    for name, text in make_pages(os.path.abspath(asmctl)).items():
        path = os.path.join(folder, name)
        if not check:
            with open(path, "w") as file:
                file.write(text)
        elif not os.path.exists(path) or open(path).read() != text:
            stale.append(name)
    if check:
        print("".join("# %s is not what asmctl says: run asmctl/manpage.py\n" % name for name in stale), end="")
        print("%sok 1 manual page of asmctl\n1..1" % ("not " if stale else ""))
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
