#!/bin/bash
# Build the part of the test machine's initramfs that never depends on this tree: busybox, bash, python, libraries.
# Everything comes from packages of the machine we run on. Prints the image's path; it is kept in the cache under a
# name made from this script and the packages' versions.
set -eu

cache=$("$(dirname "$0")/../../scripts/kernel.sh" cache)
python=$(readlink -f /usr/bin/python3)
pylib=/usr/lib/$(basename "$python")

# What the guest gets beyond busybox. Absent ones are left out: only the first line is needed by the runner itself.
programs="/bin/bash $python /bin/kmod
	/bin/ps /usr/bin/pgrep /usr/bin/top /usr/bin/strace
	/usr/bin/setpriv /usr/bin/unshare /usr/bin/nsenter /usr/bin/taskset /usr/bin/chrt /usr/bin/prlimit
	/usr/bin/script /usr/bin/flock /usr/bin/stty /usr/bin/env /usr/bin/stat
	/usr/bin/crun"

# Libraries that our own programs are linked with; what these need follows by itself.
libraries='libnl-3.so.200 libnl-genl-3.so.200 libjson-c.so.5 libm.so.6 libpthread.so.0 libdl.so.2 librt.so.1'

key=$({
	cat "$0"
	dpkg-query -W -f '${Package} ${Version}\n' bash busybox-static kmod libc6 "$(basename "$python")-minimal" \
		libnl-3-200 libjson-c5 procps strace util-linux crun 2>/dev/null || true
} | sha256sum | cut -c1-16)
image=$cache/images/base-$key.cpio
if [ -e "$image" ]; then
	echo "$image"
	exit
fi

echo 'vm: building the base image' >&2
mkdir -p "$cache/images"
work=$(mktemp -d "$cache/images/.new.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root"/{dev,proc,sys,run,tmp,root,home/user,mnt,etc,var/log,var/lib,usr/{bin,sbin,lib,lib64,share}}
chmod 1777 "$root/tmp"
ln -s run "$root/var/run"
for name in bin sbin lib lib64; do
	ln -s "usr/$name" "$root/$name"
done

# Copy files under their own path, and the shared libraries they name.
add() {
	local file library
	for file; do
		[ -e "$file" ] || continue
		mkdir -p "$root$(dirname "$file")"
		cp -L "$file" "$root$file"
		for library in $(ldd "$file" 2>/dev/null | grep -o '/[^ ]*'); do
			[ -e "$root$library" ] || { mkdir -p "$root$(dirname "$library")"; cp -L "$library" "$root$library"; }
		done
	done
}

cp /bin/busybox "$root/usr/bin/busybox"
for applet in $(/bin/busybox --list); do
	case $applet in
	busybox | su | login | passwd) ;;
	*) ln -s busybox "$root/usr/bin/$applet" ;;
	esac
done
for program in $programs; do
	rm -f "$root/usr/bin/$(basename "$program")"
	add "$program"
done
for name in insmod rmmod lsmod modprobe modinfo depmod; do
	ln -sf kmod "$root/usr/bin/$name"
	ln -sf ../bin/kmod "$root/usr/sbin/$name"
done
ln -sf "$(basename "$python")" "$root/usr/bin/python3"
for library in $libraries; do
	add "$(ldconfig -p | sed -n "s|.*$library (.*x86-64.*) => ||p" | head -n 1)"
done

# Python: compiled only, since compiling takes long under emulation. OpenSSL stays out (5 MB; hashlib does without).
mkdir -p "$root$pylib"
(cd "$pylib" && find . \( -name __pycache__ -o -name test -o -name tests -o -name idlelib -o -name lib2to3 \
	-o -name tkinter -o -name turtle\* -o -name ensurepip -o -name pydoc_data -o -name config-\* -o -name distutils \
	-o -name sitecustomize.py -o -name _ssl.\* -o -name _hashlib.\* -o -name _sqlite3.\* -o -name _curses\* \
	-o -name _tkinter.\* -o -name nis.\* -o -name _dbm.\* -o -name _codecs_\* -o -name dist-packages -o -name venv \) -prune -o \( -name '*.py' -o -name '*.so' \) -print0 |
	cpio -0pdm --quiet "$root$pylib")
"$python" -m compileall -q -b "$root$pylib" -s "$root" >/dev/null
find "$root$pylib" -name '*.py' -delete
for module in "$pylib"/lib-dynload/*.so; do
	[ ! -e "$root$module" ] || add "$module"
done

for terminal in linux vt100 vt102 vt220 xterm xterm-256color screen screen-256color tmux tmux-256color dumb; do
	for folder in /lib/terminfo /usr/share/terminfo; do
		add "$folder/${terminal:0:1}/$terminal"
	done
done

cat >"$root/etc/passwd" <<'EOF'
root:x:0:0:root:/root:/bin/bash
user:x:1000:1000:user:/home/user:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/bin/false
EOF
cat >"$root/etc/group" <<'EOF'
root:x:0:
tty:x:5:
user:x:1000:
nogroup:x:65534:
EOF
echo 'hosts: files' >"$root/etc/nsswitch.conf"
printf '127.0.0.1\tlocalhost agentsys\n' >"$root/etc/hosts"
echo agentsys >"$root/etc/hostname"

# Uncompressed boots fastest: QEMU copies it by DMA, while unpacking is emulated instruction by instruction.
(cd "$root" && find . -print0 | sort -z | cpio -0 -o -H newc -R 0:0 --quiet) >"$work/base.cpio"
mv "$work/base.cpio" "$image"
find "$cache/images" -maxdepth 1 -name 'base-*' ! -path "$image" -mtime +7 -delete
echo "$image"
