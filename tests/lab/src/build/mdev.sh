# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: TREE DIR MAKE...   (inside the build root)
# Builds the kernel's mdev core out of tree, in DIR, from a copy of its sources in TREE.

tree=$1 dir=$2
shift 2
rm -rf "$dir"
cp -r "$tree/drivers/vfio/mdev" "$dir"
cd "$tree"
"$@" -j"$(nproc)" "M=$dir" CONFIG_VFIO_MDEV=m modules
