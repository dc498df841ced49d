# shellcheck shell=sh
# Write a test in shell:
#
#   . "$TESTLIB/ksft.sh"
#   check 'a name' command with arguments       # ok if the command succeeds; its output explains a failure
#   check 'another' ! command                   # ok if it fails
#   skip 'a third' 'why'
#   finish

ksft_number=0
ksft_failed=0

check() {
	ksft_name=$1
	ksft_want=0
	shift
	if [ "$1" = '!' ]; then
		ksft_want=1
		shift
	fi
	ksft_number=$((ksft_number + 1))
	ksft_status=0
	"$@" >/tmp/ksft.out 2>&1 || ksft_status=1
	if [ "$ksft_status" = "$ksft_want" ]; then
		echo "ok $ksft_number - $ksft_name"
	else
		echo "# $*"
		sed 's/^/# /' /tmp/ksft.out
		echo "not ok $ksft_number - $ksft_name"
		ksft_failed=1
	fi
}

skip() {
	ksft_number=$((ksft_number + 1))
	echo "ok $ksft_number - $1 # SKIP $2"
}

# The plan comes last, so a script that dies on the way has none and must be caught by its status: see finish.
finish() {
	trap - EXIT
	echo "1..$ksft_number"
	exit "$ksft_failed"
}
trap 'echo "Bail out! the script ended before finish"; exit 1' EXIT
