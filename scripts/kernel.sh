#!/bin/bash
# Kernels to build for and to boot, kept in a cache outside the tree.
#
#   scripts/kernel.sh dir NAME       make sure kernel NAME is there, print its folder
#   scripts/kernel.sh release NAME   the same, print what `uname -r` says on it
#   scripts/kernel.sh source SERIES  files taken from Debian's linux-source: checkpatch, kselftest headers, ...
#   scripts/kernel.sh cache          the cache's folder
#   scripts/kernel.sh refresh        ask apt again for newer ones at the next use
#
# NAME is a Debian series (6.1, 6.12), which stands for its newest cloud kernel; a series and one of the configurations
# in tests/vm/kernels (6.1-check), which is built from Debian's linux-source and kept as long as neither changes; or any
# folder $cache/kernels/NAME that holds what each kernel's folder holds:
#   release   what uname -r says          vmlinux   what QEMU boots (ELF with a PVH note, or a bzImage)
#   build     folder for make -C          modules   optional: its lib/modules/<release>
set -eu

fragments=$(cd "$(dirname "$0")/../tests/vm/kernels" && pwd)
cache=${AGENTSYS_CACHE:-${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/agentsys}
mkdir -p "$cache/kernels" "$cache/source"
cache=$(cd "$cache" && pwd)

say() { echo "kernel: $*" >&2; }
die() { say "$*"; exit 1; }

# The work below moves finished folders into place; one at a time, whoever else runs.
lock() {
	exec 9>"$cache/${1:-lock}"
	flock -n 9 || { say 'waiting for another run to finish with the cache'; flock 9; }
}

# Packages named by a meta package's dependencies, all alternatives, one per line.
depends() { apt-cache depends "$1" 2>/dev/null | sed -n 's/^[ |]*Depends: *//p'; }

# The newest cloud image package of a series: the meta package is either the release's own or the series'.
image_package() {
	local meta
	for meta in "linux-image-$1-cloud-amd64" linux-image-cloud-amd64; do
		depends "$meta" | grep -E "^linux-image-${1//./\\.}\.[0-9].*-cloud-amd64\$" && return
	done | head -n 1
}

download() {	# FOLDER PACKAGE...
	local folder=$1 package
	shift
	for package; do
		say "downloading $package"
		# As root apt drops its rights for the download; the folder is then not writable for it, which is only a warning.
		(cd "$folder" && apt-get download -qq -o APT::Sandbox::User=root "$package" >/dev/null) || return
	done
}

unpack() {	# FOLDER RELEASE: fill FOLDER from the packages of RELEASE
	local folder=$1 release=$2 headers common kbuild deb
	headers=linux-headers-$release
	common=$(depends "$headers" | grep -E '^linux-headers-.*-common$')
	kbuild=$(depends "$headers" | grep '^linux-kbuild-')
	download "$folder" "linux-image-$release" "$headers" "$common" "$kbuild" || return
	for deb in "$folder"/*.deb; do
		dpkg -x "$deb" "$folder/root" && rm "$deb" || return
	done

	# The headers expect to live in /usr/src; make them find each other where they are.
	sed -i "s|^include /usr/src/|include $cache/kernels/$release/root/usr/src/|" \
		"$folder/root/usr/src/$headers/Makefile" || return
	ln -s "root/usr/src/$headers" "$folder/build"
	ln -s "root/lib/modules/$release" "$folder/modules"
	ln -s "root/boot/config-$release" "$folder/config"

	# Unpacking itself takes the kernel 0.5 to 1.2 s under emulation, so do it once, here.
	"$(source_dir)/scripts/extract-vmlinux" "$folder/root/boot/vmlinuz-$release" >"$folder/vmlinux" ||
		ln -sf "root/boot/vmlinuz-$release" "$folder/vmlinux"
	echo "$release" >"$folder/release"
}

# Bring $cache/kernels/SERIES, a link to the newest release's folder, up to date.
ensure_series() {
	local series=$1 link=$cache/kernels/$1 image release old new
	[ -e "$link/release" ] && [ -n "$(find "$link.checked" -mtime -1 2>/dev/null)" ] && return
	lock
	old=$(readlink "$link" || true)
	image=$(image_package "$series")
	if [ -z "$image" ] && [ "$(id -u)" -eq 0 ]; then
		say 'reading package lists'
		apt-get update -qq >/dev/null 2>&1 || true
		image=$(image_package "$series")
	fi
	release=${image#linux-image-}
	if [ -n "$release" ] && [ ! -e "$cache/kernels/$release/release" ]; then
		new=$(mktemp -d "$cache/kernels/.new.XXXXXX")
		chmod 755 "$new"
		if unpack "$new" "$release" ||
			{ [ "$(id -u)" -eq 0 ] && apt-get update -qq >/dev/null && unpack "$new" "$release"; }; then
			rm -rf "$cache/kernels/$release"
			mv "$new" "$cache/kernels/$release"
			say "$release is ready"
		else
			rm -rf "$new"
			release=
		fi
	fi
	if [ -z "$release" ]; then
		[ -e "$link/release" ] || die "no cloud kernel of series $series to be had from apt"
		say "apt has no kernel of series $series now; going on with $old"
		release=$old
	fi
	ln -sfn "$release" "$link"
	touch "$link.checked"
	# What the link pointed to before is of no use to anybody; what a crashed run left is neither.
	[ -z "$old" ] || [ "$old" = "$release" ] || rm -rf "${cache:?}/kernels/$old"
	find "$cache/kernels" -maxdepth 1 -name '.new.*' -mmin +60 -exec rm -rf {} +
	flock -u 9
}

# The whole of linux-source-SERIES as far as a small x86 kernel is made of it.
tree_dir() {
	local series=$1 tar version folder new top
	tar=/usr/src/linux-source-$series.tar.xz
	version=$(stat -c %Y.%s "$tar")
	folder=$cache/source/tree-$series-$version
	if [ ! -d "$folder" ]; then
		say "extracting linux-source-$series, about 1 minute"
		new=$(mktemp -d "$cache/source/.new.XXXXXX")
		top=linux-source-$series
		# Of what no configuration of ours has, only the Kconfig files are read.
		tar -xJf "$tar" -C "$new" --strip-components=1 --anchored \
			--exclude="$top/arch/[a-wyz]*/*.[chS]" --exclude="$top/arch/[a-wyz]*/boot/*" \
			--exclude="$top/Documentation/*/*" --exclude="$top/tools/testing/*" \
			--exclude="$top/sound/*.[ch]" --exclude="$top/drivers/gpu/drm/*.[ch]" --exclude="$top/drivers/media/*.[ch]" \
			--exclude="$top/drivers/net/ethernet/*.[ch]" --exclude="$top/drivers/net/wireless/*.[ch]" \
			--exclude="$top/drivers/infiniband/*.[ch]" --exclude="$top/drivers/scsi/*.[ch]" \
			--exclude="$top/drivers/staging/*.[ch]" || { rm -rf "$new"; die "$tar cannot be extracted"; }
		mv -T "$new" "$folder"
	fi
	echo "$folder"
}

# The folder of our own kernel SERIES-VARIANT, there or not. What its contents depend on is in the name.
own_dir() {
	local series=${1%%-*} variant=${1#*-} tar key
	tar=/usr/src/linux-source-$series.tar.xz
	[ -e "$tar" ] || die "$tar is missing: install linux-source-$series"
	key=$({
		stat -c %Y.%s "$tar"
		gcc -dumpfullversion
		sed -n '/^CONFIG_/p; /^# CONFIG_.* is not set$/p' "$fragments/base.config" "$fragments/$variant.config"
	} | sha256sum | cut -c1-8)
	echo "$cache/kernels/$1-$key"
}

ensure_own() {
	local series=${1%%-*} variant=${1#*-} folder source
	folder=$(own_dir "$1")
	if [ ! -e "$folder/release" ]; then
		lock "$1.lock"
		if [ ! -e "$folder/release" ]; then
			source=$(tree_dir "$series")
			mkdir -p "$folder"
			"$(dirname "$0")/build-kernel.sh" "$series" "$variant" "$source" "$folder" "$variant-${folder##*-}"
			say "$1 is ready"
		fi
		flock -u 9
	fi
	# Other trees on this machine may have other configurations, so older ones go only when nobody uses them.
	touch "$folder"
	find "$cache/kernels" -maxdepth 1 -name "$1-????????" -mtime +14 -exec rm -rf {} +
}

# Is NAME a kernel of our own?
own() { [[ $1 =~ ^[0-9]+\.[0-9]+-[a-z]+$ ]] && [ "${1#*-}" != base ] && [ -e "$fragments/${1#*-}.config" ]; }

# Make sure that kernel NAME is there, print its folder.
ensure() {
	local folder=$cache/kernels/$1
	if own "$1"; then
		ensure_own "$1"
		folder=$(own_dir "$1")
	elif [[ $1 =~ ^[0-9]+\.[0-9]+$ ]]; then
		ensure_series "$1"
	fi
	[ -e "$folder/release" ] || die "there is no kernel \"$1\" in $cache/kernels"
	(cd "$folder" && pwd -P)
}

# Print the folder with what we use of linux-source-SERIES (default 6.12, the newest).
source_dir() {
	local series=${1:-6.12} tar version folder new top
	tar=/usr/src/linux-source-$series.tar.xz
	[ -e "$tar" ] || die "$tar is missing: install linux-source-$series"
	version=$(stat -c %Y.%s "$tar")
	folder=$cache/source/$series-$version
	if [ ! -d "$folder" ]; then
		say "extracting from linux-source-$series"
		new=$(mktemp -d "$cache/source/.new.XXXXXX")
		chmod 755 "$new"
		top=linux-source-$series
		# Some names exist in only one series, so a missing member is no error; the test below is.
		tar -xJf "$tar" -C "$new" --strip-components=1 --wildcards --no-wildcards-match-slash \
			"$top/.clang-format" "$top/scripts/checkpatch.pl" "$top/scripts/spelling.txt" \
			"$top/scripts/const_structs.checkpatch" "$top/scripts/extract-vmlinux" \
			"$top/scripts/kernel-doc" "$top/tools/testing/selftests/kselftest*.h" \
			"$top/tools/net/ynl" "$top/Documentation/netlink/*.yaml" 2>/dev/null || true
		if [ ! -e "$new/tools/testing/selftests/kselftest_harness.h" ] || [ ! -e "$new/scripts/checkpatch.pl" ]; then
			rm -rf "$new"
			die "$tar does not hold what was expected"
		fi
		# Another run may have been faster; its folder is as good as ours.
		mv -T "$new" "$folder" 2>/dev/null || rm -rf "$new"
		find "$cache/source" -maxdepth 1 -name "$series-*" ! -path "$folder" -exec rm -rf {} +
	fi
	echo "$folder"
}

case ${1:-} in
dir) ensure "$2" ;;
release) folder=$(ensure "$2"); cat "$folder/release" ;;
source) source_dir "${2:-}" ;;
cache) echo "$cache" ;;
refresh) rm -f "$cache"/kernels/*.checked ;;
*) sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
