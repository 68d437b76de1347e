# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: TREE SOURCE DIR WITH OPTIONS MAKE...   (inside the build root)
# Builds modules of the kernel's out of tree, in DIR, from a copy of the folder SOURCE in TREE, and one of
# the file WITH unless that is empty. OPTIONS are words such as CONFIG_X=m.

tree=$1 source=$2 dir=$3 with=$4 options=$5
shift 5
rm -rf "$dir"
cp -r "$tree/$source" "$dir"
if [ -n "$with" ]; then
	cp "$tree/$with" "$dir"
	echo "obj-m += $(basename "$with" .c).o" >> "$dir/Makefile"
fi
cd "$tree"
# Words, not one.
# shellcheck disable=SC2086
"$@" -j"$(nproc)" "M=$dir" $options modules
