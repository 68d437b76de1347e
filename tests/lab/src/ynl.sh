# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: KERNEL_TREE   (inside the build root)
# Runs the kernel's generator over Documentation/netlink/specs/subdev.yaml in
# the current folder, where the schema has to lie beside it: the generator
# validates the spec against it.

# By this file the generator finds the top of the tree, and looks for ever
# where there is none.
: >MAINTAINERS
cp "$1"/Documentation/netlink/*.yaml Documentation/netlink/
generate() {
	python3 "$1/tools/net/ynl/pyynl/ynl_gen_c.py" \
		--spec Documentation/netlink/specs/subdev.yaml "$2" "$3" "$4" -o "$5"
}
generate "$1" --mode uapi --header subdev.h
generate "$1" --mode kernel --header subdev_nl.h
generate "$1" --mode kernel --source subdev_nl.c
