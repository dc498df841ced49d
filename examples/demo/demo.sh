#!/bin/bash
# SPDX-License-Identifier: CC0-1.0
# What agentsys does, in front of the user: three agents, one of which crashes until its restarts are spent.
set -eu

here=$(dirname "$0")
bold=$(printf '\033[1m') plain=$(printf '\033[0m')
[ -t 1 ] || bold='' plain=''

say() {		# TEXT: what happens next, and why
	printf '\n%s# %s%s\n' "$bold" "$*" "$plain"
}

show() {	# COMMAND...: print it as it would be typed, and run it
	printf '%s$ %s%s\n' "$bold" "$*" "$plain"
	"$@"
}

# Wait until agent $1 has had event $2, however long that takes.
wait_for() {
	local line events
	exec {events}< <(exec asmctl events -f --agent "$1" --json)
	local follower=$!
	while read -r -u "$events" line; do
		[[ $line != *"\"type\":\"$2\""* ]] || break
	done
	kill "$follower"
	exec {events}<&-
}

say "The kernel module is loaded; this is Linux $(uname -r)."
show grep agentsys /proc/modules
dmesg | grep ASM || true

say 'Every event, as it happens, from here on:'
asmctl events -f &
stream=$!

say 'An agent that works: it studies the Python library, and heartbeats.'
show asmctl run --id 100 --name scholar --restart always --stdout /dev/console -- /usr/bin/python3 "$here/worker.py"

say 'An agent that crashes: the module brings it back, 3 times, each time after a longer while.'
show asmctl run --id 101 --name crasher --restart on-failure --max-restarts 3 --backoff 100ms:1s -- /usr/bin/python3 "$here/crasher.py"

say 'An agent that ends by itself.'
show asmctl run --id 102 --name one-shot -- /bin/sh -c 'sleep 1; exit 0'

say 'Kill the scholar with the strongest signal there is. The kernel itself starts it again:'
pid=$(asmctl info --json 100 | python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])')
show kill -KILL "$pid"
wait_for 100 restart
wait_for 102 exit
wait_for 101 failed

say 'All of them, also those that have ended:'
show asmctl list

say 'One of them in detail:'
show asminfo 101

say 'The status page:'
show cat /proc/agentsys/status

say 'What the scholar has found meanwhile, in its second life:'
until [ -s /tmp/findings.txt ]; do sleep 0.1; done
show cat /tmp/findings.txt

say 'A clean shutdown: each agent is asked to end, and has time to finish.'
show asmctl shutdown
sleep 0.2
kill "$stream"
wait "$stream" 2>/dev/null || true
show rmmod agentsys
say 'The module is unloaded. With "make shell" you can try it yourself.'
