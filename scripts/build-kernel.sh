#!/bin/bash
# Build a kernel of our own: scripts/build-kernel.sh SERIES VARIANT SOURCE FOLDER NAME
#
# tests/vm/kernels/base.config and VARIANT.config say what it is made of. FOLDER gets what each kernel's folder holds
# (see kernel.sh), `release` last of all. A build that was interrupted goes on where it was. NAME ends the release.
set -eu -o pipefail

variant=$2 source=$3 folder=$4 name=$5
fragments=$(cd "$(dirname "$0")/../tests/vm/kernels" && pwd)
requested=("$fragments/base.config" "$fragments/$variant.config" "$folder/name.config")
build=$folder/build
log=$folder/build.log

say() { echo "kernel: $*" >&2; }
die() { say "$*"; exit 1; }
fact() { sed -n "s/^# build:.* \([0-9]\{1,\}\) $1.*/\1/p" "$fragments/$variant.config"; }

mkdir -p "$build"
cat >"$folder/name.config" <<END
CONFIG_LOCALVERSION="-$name"
# CONFIG_LOCALVERSION_AUTO is not set
END

make_it() { make -C "$source" O="$build" "$@"; }

configure() {
	make_it -s tinyconfig &&
		"$source/scripts/kconfig/merge_config.sh" -m -O "$build" "$build/.config" "${requested[@]}" &&
		make_it -s olddefconfig
}

# olddefconfig drops without a word what depends on something that is not there.
dropped() {
	local line option
	cat "${requested[@]}" | while read -r line; do
		case $line in
		CONFIG_*) grep -qxF "$line" "$build/.config" || echo "$line" ;;
		'# CONFIG_'*' is not set')
			option=${line#\# }
			! grep -q "^${option%% *}=" "$build/.config" || echo "$line"
			;;
		esac
	done
}

# The configuration is made once, or make would find every file out of date after an interruption.
if [ ! -e "$folder/configured" ]; then
	configure >"$log" 2>&1 || { tail -n 20 "$log" >&2; die "$variant: no configuration"; }
	missing=$(dropped)
	[ -z "$missing" ] || die "$variant: the configuration lost: $missing"
	touch "$folder/configured"
fi

say "building Linux $1 with $fragments/$variant.config, $(fact files) files; this happens once and takes about" \
	"$(fact minutes) minutes on two free cores; ^C is harmless, the next run goes on from there"
make_it -j"$(nproc)" bzImage modules_prepare >"$log" 2>&1 9>&- &
make=$!
trap 'kill "$make" 2>/dev/null' INT TERM EXIT
started=$SECONDS
next=$((started + 30))
while kill -0 "$make" 2>/dev/null; do
	sleep 1
	if [ "$SECONDS" -ge "$next" ]; then
		next=$((SECONDS + 30))
		say "$(find "$build" -name '*.o' | wc -l) of about $(fact files) files after $(((SECONDS - started) / 60)) min"
	fi
done
trap - INT TERM EXIT
wait "$make" || { grep -B 5 -A 10 -m 3 'error:\|Error ' "$log" >&2 || tail -n 20 "$log" >&2; die "$variant: the build failed, see $log"; }
say "$variant was built in $(((SECONDS - started) / 60)) min"

# Not the unpacked one: with KASAN the entry by PVH dies, since its code is instrumented before there is shadow memory.
cp "$build/arch/x86/boot/bzImage" "$folder/vmlinux"
# Modules are checked against it; only a build with modules would copy it.
[ -e "$build/Module.symvers" ] || cp "$build/vmlinux.symvers" "$build/Module.symvers"
# A module needs the headers, the scripts and objtool.
find "$build" \( -path "$build/scripts" -o -path "$build/tools" \) -prune -o -type f \
	\( -name '*.[oa]' -o -name '.*.cmd' -o -name 'vmlinux*' -o -name '.tmp_*' -o -name bzImage \) -exec rm -f {} +
ln -sf build/.config "$folder/config"
cp "$build/include/config/kernel.release" "$folder/.release"
mv "$folder/.release" "$folder/release"
