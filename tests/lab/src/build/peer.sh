# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: TREE SOURCE DIR OPTION MAKE...   (inside the build root)
# Builds a module of the kernel's out of tree, in DIR, from a copy of its SOURCE in TREE.

tree=$1 source=$2 dir=$3 option=$4
shift 4
rm -rf "$dir"
cp -r "$tree/$source" "$dir"
cd "$tree"
"$@" -j"$(nproc)" "M=$dir" "$option=m" modules
