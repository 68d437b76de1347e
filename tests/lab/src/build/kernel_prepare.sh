# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: TREE RELEASE MAKE...   (inside the build root)
# Makes the tree what the stock image was built from: its configuration, its
# symbols, its release. Debian's headers package alone lacks Rust's metadata.

tree=$1 release=$2
shift 2
cd "$tree"
cp "/usr/src/linux-headers-$release/.config" "/usr/src/linux-headers-$release/Module.symvers" .
./scripts/config --set-str LOCALVERSION "+${release#*+}"
"$@" olddefconfig
"$@" -j"$(nproc)" modules_prepare

# The place where depmod sees the module.
mkdir -p "/lib/modules/$release/extra"
# The netlink client starts faster from compiled files.
python3 -m compileall -q tools/net/ynl/pyynl
