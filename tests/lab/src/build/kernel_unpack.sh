# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: TREE RELEASE MAKE...   (inside the build root)
# Unpacks the source package's archive and removes it.

tree=$1
if [ -e "$tree.tar.xz" ]; then
	rm -rf "$tree" "$tree.unfinished"
	mkdir "$tree.unfinished"
	tar -C "$tree.unfinished" --strip-components=1 -xf "$tree.tar.xz"
	mv "$tree.unfinished" "$tree"
	rm "$tree.tar.xz"
fi
