#!/bin/bash
# Pack a program of this machine, with the libraries it names, for the tests that need it and would make the image of all
# others too large: tests/vm/extra-image.sh NAME. Prints the image's path, or nothing if there is no such program.
set -eu

cache=$("$(dirname "$0")/../../scripts/kernel.sh" cache)
program=/usr/bin/$1
[ -x "$program" ] || exit 0

image=$cache/images/extra-$1-$({
	cat "$0"
	stat -L -c '%s %Y' "$program"
} | sha256sum | cut -c1-16).cpio
if [ ! -e "$image" ]; then
	mkdir -p "$cache/images"
	work=$(mktemp -d "$cache/images/.new.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	# Debian's node has parts of itself in files.
	{
		echo "$program"
		ldd "$program" | grep -o '/[^ ]*'
		# For what is run by its user manager: how to ask it, and the units that it does not do without.
		if [ "$1" = systemd ]; then
			echo /usr/bin/systemctl
			ldd /usr/bin/systemctl | grep -o '/[^ ]*'
			ls /usr/lib/systemd/user/{basic,default,exit,paths,shutdown,sockets,timers}.target \
				/usr/lib/systemd/user/systemd-exit.service
		fi
		[ "$1" != node ] || find /usr/share/nodejs/{acorn,acorn-walk,cjs-module-lexer,undici} -name '*.js' 2>/dev/null || true
	} | while read -r file; do
		# /lib and /lib64 are links in the base image.
		target=$work/root/${file/#\/lib/\/usr\/lib}
		mkdir -p "$(dirname "$target")"
		cp -L "$file" "$target"
	done
	(cd "$work/root" && find . -mindepth 1 -print0 | sort -z | cpio -0 -o -H newc -R 0:0 --quiet) >"$work/extra.cpio"
	mv "$work/extra.cpio" "$image"
	find "$cache/images" -maxdepth 1 -name "extra-$1-*" ! -path "$image" -mtime +7 -delete
fi
echo "$image"
