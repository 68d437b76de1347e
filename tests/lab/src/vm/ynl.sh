#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The kernel's own netlink client with the family's spec. The schema is that of
# the kernel tree; `cargo xtask gen` has checked the spec against it, and doing
# so again would take seconds here.
exec python3 /usr/src/linux-source-@SERIES@/tools/net/ynl/pyynl/cli.py \
	--no-schema --spec /usr/share/subdev/subdev.yaml "$@"
