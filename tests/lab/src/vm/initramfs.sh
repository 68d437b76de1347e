# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: RELEASE OUTPUT INIT MODULE...   (inside the build root)
# Packs busybox, the script INIT and the modules that it loads, in order,
# decompressed.

release=$1 output=$2 init=$3
shift 3
top=$(mktemp -d)
mkdir "$top/bin" "$top/dev" "$top/proc" "$top/modules" "$top/lower" "$top/layer" "$top/upper" "$top/root"
cp /bin/busybox "$top/bin/"
for command in sh mount insmod mkdir reboot grep switch_root; do
	ln -s busybox "$top/bin/$command"
done
printf '%s' "$init" >"$top/init"
chmod 755 "$top/init"
number=100
for file in $(modprobe -S "$release" -a --show-depends "$@" | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'); do
	name=$number-$(basename "$file" .xz)
	case $file in
	*.xz) xz -dc "$file" >"$top/modules/$name" ;;
	*) cp "$file" "$top/modules/$name" ;;
	esac
	number=$((number + 1))
done
(cd "$top" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) >"$output.unfinished"
mv "$output.unfinished" "$output"
