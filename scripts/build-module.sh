#!/bin/bash
# Build agentsys.ko for a kernel: scripts/build-module.sh KVER|FOLDER [make arguments]
#
# FOLDER is what /lib/modules/<release>/build is: the headers of an installed kernel.
#
# kbuild before 6.13 writes objects beside the sources, so it is given a mirror of links, build/<release>/module beside
# build/<release>/include, and the tree stays clean. Messages are mapped back to the files in the tree.
set -eu -o pipefail

cd "$(dirname "$0")/.."
kver=$1
shift
build=${BUILD:-build}
if [ -e "$kver/include/config/kernel.release" ]; then
	headers=$kver
	release=$(cat "$kver/include/config/kernel.release")
else
	headers=$(scripts/kernel.sh dir "$kver")/build
	release=$(scripts/kernel.sh release "$kver")
fi
out=$build/${MIRROR:-$release}

[ -e module/Kbuild ] || { echo 'module/Kbuild is missing: no module to build' >&2; exit 0; }
mkdir -p "$out"
out=$(cd "$out" && pwd)
exec 9>"$out/lock"
flock 9

cp -rsf "$PWD/module" "$PWD/include" "$out/"
find "$out/module" "$out/include" -xtype l -delete

# Jobs of a make that calls us are not for the kernel's.
unset MAKEFLAGS MFLAGS

# Only a kernel that collects coverage heeds GCOV_PROFILE.
make -s -C "$headers" M="$out/module" -j"$(nproc)" KCFLAGS="-fmacro-prefix-map=$out/= ${KCFLAGS:-}" GCOV_PROFILE=y "$@" modules 2>&1 |
	sed -e "s|$out/||g" -e '/^Skipping BTF generation/d' >&2
cp -u "$out/module/agentsys.ko" "$out/agentsys.ko"
