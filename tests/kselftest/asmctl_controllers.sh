#!/bin/sh
# vm: cmdline="cgroup_disable=memory" kernels=one
# Without the memory controller agents run, and what is missing is said.
# shellcheck source=tests/vm/lib/ksft.sh
. "$TESTLIB/ksft.sh"

# shellcheck disable=SC2317 # it is called by check
says() {	# TEXT STATUS COMMAND...: it ends with the status and says the text
	text=$1
	want=$2
	shift 2
	status=0
	output=$("$@" 2>&1) || status=$?
	echo "$output (status $status)"
	[ "$status" = "$want" ] && case $output in *"$text"*) true ;; *) false ;; esac
}

check 'doctor tells what does not work' says 'FAIL  controllers  the memory controller does not work on agents' 1 asmctl doctor
check 'and why' says 'cgroup_disable=' 1 asmctl doctor
check 'the others work' says 'ok    controllers  the pids controller works on agents' 1 asmctl doctor
check 'an agent without a limit runs' says 'started, pid' 0 asmctl run --id 100 --pids-max 10 sleep 1000
check 'one with a limit does not' says 'cannot set the limits of the cgroup: No such file or directory' 1 \
	asmctl run --memory-max 10M sleep 1000
check 'and is told where to look' says 'asmctl doctor' 1 asmctl run --memory-max 10M sleep 1000
check 'status names the controllers' says 'Controllers:      cpu pids' 0 asmctl status
check 'it stops' says 'stopped' 0 asmctl stop 100
finish
