#!/bin/bash
# Pack what this tree built for a kernel into build/<release>/overlay.cpio: tests/vm/overlay.sh KVER
#
# It is unpacked over the base image. Everything is where `make install` would put it. With COVERAGE=1 the tools are
# those that count which of their lines are run.
set -eu

cd "$(dirname "$0")/../.."
build=$(mkdir -p "${BUILD:-build}" && cd "${BUILD:-build}" && pwd)
release=$(scripts/kernel.sh release "$1")
mkdir -p "$build/$release"
root=$(mktemp -d "$build/$release/.overlay.XXXXXX")
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
lib=$root/usr/lib/agentsys
mkdir -p "$lib/vm" "$lib/tests/lib" "$lib/tests/agents" "$lib/bench" "$lib/demo" "$lib/examples"

if [ -e "$build/$release/agentsys.ko" ]; then
	modules=$root/usr/lib/modules/$release
	mkdir -p "$modules/updates"
	objcopy --strip-debug "$build/$release/agentsys.ko" "$modules/updates/agentsys.ko"
	# A disk for tests of limits of I/O, where the kernel has that as a module.
	theirs=$(scripts/kernel.sh dir "$1")/modules
	for module in kernel/fs/configfs/configfs.ko kernel/drivers/block/null_blk/null_blk.ko; do
		mkdir -p "$modules/$(dirname $module)"
		if [ -e "$theirs/$module" ]; then
			cp "$theirs/$module" "$modules/$module"
		elif [ -e "$theirs/$module.xz" ]; then
			xz -dc "$theirs/$module.xz" >"$modules/$module"
		fi
	done
	depmod -b "$root/usr" "$release" 2>/dev/null || true
fi
if [ -e tools/Makefile ]; then
	make -s -C tools install O="$build/tools${COVERAGE:+-coverage}" DESTDIR="$root" PREFIX=/usr >/dev/null
fi

copy() {	# FOLDER FILE...: copy those that exist
	local folder=$1 file
	shift
	for file; do
		[ ! -e "$file" ] || cp -rL "$file" "$folder/"
	done
}
copy "$root" tests/vm/guest/init
copy "$lib/vm" tests/vm/guest/{guest.py,session,bashrc}
copy "$lib/tests/lib" tests/vm/lib/* tests/kselftest/lib/*
copy "$lib/tests" "$build"/tests/kselftest/* "$build"/tests/soak/* tests/kselftest/*.sh tests/kselftest/*.py tests/kselftest/data
# Where it is looked for, Python would make it the locale of all tests.
install -D -m 644 /usr/lib/locale/C.utf8/LC_CTYPE "$lib/tests/lib/locale/C.utf8/LC_CTYPE"
if [ -n "${COVERAGE:-}" ]; then
	# The files that are counted in: there already, so that every user may write them.
	(cd "$build/tools-coverage/obj" && find . -name '*.gcno') | while read -r notes; do
		install -D -m 666 /dev/null "$root/var/coverage$build/tools-coverage/obj/${notes%.gcno}.gcda"
	done
	chmod 1777 "$root/var/coverage"
	copy "$lib/tests/lib" tests/vm/guest/sitecustomize.py
fi
copy "$lib/tests/agents" "$build"/tests/agents/* tests/kselftest/agents/*.sh tests/kselftest/agents/*.py
copy "$lib/bench" "$build"/tests/bench/* tests/bench/*.sh tests/bench/*.py
copy "$lib/demo" examples/demo/*
copy "$lib/examples" examples/*
find "$lib" -name '*.d' -delete
chmod -R a+rX "$root"
find "$lib/tests" "$lib/bench" -maxdepth 1 -name '*.*' -type f -exec chmod a+x {} +

# Directory names that are links in the base image must not become directories.
for name in bin sbin lib; do
	if [ -d "$root/$name" ]; then
		cp -r "$root/$name/." "$root/usr/$name/"
		rm -r "${root:?}/$name"
	fi
done
(cd "$root" && find . -mindepth 1 | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet) >"$root.cpio"
mv "$root.cpio" "$build/$release/overlay.cpio"

# So that it is there before two machines ask for it at once.
tests/vm/base-image.sh >/dev/null
