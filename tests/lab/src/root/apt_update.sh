# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Adds the backports of the archive that the root was made from, which
# mmdebstrap has left in sources.list. Run inside the build root.

sed -n '/^deb .* trixie main/{ s/ trixie main.*/ trixie-backports main/p; q }' /etc/apt/sources.list \
	>/etc/apt/sources.list.d/backports.list
# What an earlier run may have left half done.
DEBIAN_FRONTEND=noninteractive dpkg --configure -a
apt-get update
