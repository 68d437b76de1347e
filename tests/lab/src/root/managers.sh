# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: PACKAGE...   (inside the build root)
# Installs packages of the archive that the root was made from. Its index may be older than the archive.

export DEBIAN_FRONTEND=noninteractive
dpkg --configure -a
apt-get update
apt-get install --yes --no-install-recommends "$@"
apt-get clean
