# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: KERNEL_TREE SOURCE   (inside the build root)
# Builds the client in C: what the kernel's generator makes from the spec in
# Documentation/netlink/specs of the current folder, the kernel's library for it,
# and SOURCE. The result is ./c-client.

tree=$1
# By this file the generator finds the top of the tree.
: >MAINTAINERS
cp "$tree"/Documentation/netlink/*.yaml Documentation/netlink/
generate() {
	python3 "$tree/tools/net/ynl/pyynl/ynl_gen_c.py" --mode user \
		--spec Documentation/netlink/specs/subdev.yaml "$1" -o "$2"
}
generate --header subdev-user.h
generate --source subdev-user.c
# The tree's own headers come last: only what the C library lacks is taken from there.
cc -std=gnu11 -O1 -static -Wall -Wextra -Werror -I. -I"$tree/tools/net/ynl/lib" \
	-idirafter "$tree/include/uapi" -c "$2" -o client.o
for source in subdev-user.c "$tree/tools/net/ynl/lib/ynl.c"; do
	cc -std=gnu11 -O1 -w -I. -I"$tree/tools/net/ynl/lib" \
		-idirafter "$tree/include/uapi" -c "$source"
done
cc -static client.o subdev-user.o ynl.o -o c-client
