#!/bin/bash
# vm: reboots="the system goes down: 4 agents are killed, none is started any more"
#
# A reboot kills every agent, also one that hears nothing, and starts none again, though they ask for it. The last
# result is what the console says in the end; the script itself does not see that.
# shellcheck source=tests/vm/lib/ksft.sh
. "$TESTLIB/ksft.sh"

echo 8 >/proc/sys/kernel/printk
echo on >/proc/sys/kernel/printk_devkmsg

# shellcheck disable=SC2016 # for the agents
started='echo "<4>agent started" >/dev/kmsg; [ ! -p /tmp/test/started ] || echo >/tmp/test/started; '
check 'a group' asmctl group new --strategy one_for_all --backoff 0:0 pair
for n in 1 2; do
	check "member $n" asmctl run --group pair --backoff 0 -- sh -c "$started exec sleep 1000000"
done
check 'one that is always restarted' asmctl run --restart always --max-restarts 1000 --backoff 0 -- \
	sh -c "$started exec sleep 1000000"
check 'one that hears nothing' asmctl run --restart always --max-restarts 1000 --backoff 0 -- \
	sh -c "trap '' TERM INT HUP; $started while :; do sleep 1; done"

# They are restarted as they say: when the last one has died it comes again.
mkfifo /tmp/test/started
kill -KILL "$(asmctl info --json "$(asmctl list -q | tail -n 1)" | python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])')"
check 'it is restarted' read -r _ </tmp/test/started
rm /tmp/test/started
check '4 live' test "$(asmctl list --active --quiet | wc -l)" = 4
trap - EXIT
# One more, for the end.
echo "1..$((ksft_number + 1))"
exec reboot -f
