#!/bin/sh
# Install the Debian packages that building and testing need, or say which are missing.
#
#   scripts/deps.sh          everything that make check needs
#   scripts/deps.sh tools    only what building and installing the tools needs
set -eu

tools='gcc make libc6-dev linux-libc-dev pkg-config libnl-3-dev libnl-genl-3-dev libjson-c-dev libcurl4-gnutls-dev python3'

# linux-source carries checkpatch, kselftest_harness.h and the kernel's .clang-format.
all="$tools
	linux-source-6.1 linux-source-6.12 bc bison flex libelf-dev libssl-dev pahole kmod
	qemu-system-x86 busybox-static bash cpio lz4 zstd strace xz-utils crun nodejs stress-ng curl jq systemd
	libcmocka-dev libasan8 libubsan1 clang libclang-rt-dev llvm
	sparse clang-format shellcheck perl git patch ca-certificates"

case ${1:-all} in
all) wanted=$all ;;
tools) wanted=$tools ;;
*) echo "usage: $0 [all|tools]" >&2; exit 2 ;;
esac

missing=
for package in $wanted; do
	status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
	[ "$status" = 'install ok installed' ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo 'packages are missing; run as root:' >&2
	echo "apt-get install --no-install-recommends$missing" >&2
	exit 1
fi

echo "installing:$missing" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive

install_missing() {
	# shellcheck disable=SC2086 # a list of words
	apt-get install -y -qq --no-install-recommends $missing >"$log" 2>&1
}

# Package lists may be absent (a fresh container) or too old for the mirror.
if ! install_missing; then
	{ apt-get update -qq >"$log" 2>&1 && install_missing; } || { cat "$log" >&2; exit 1; }
fi
