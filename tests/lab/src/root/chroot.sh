#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: chroot.sh ROOT OVERLAY CWD [SOURCE TARGET]... -- COMMAND...
#
# Runs COMMAND inside ROOT, above which OVERLAY is mounted, unless that is empty. Called in a mount namespace of its own, so nothing
# that is mounted here is seen outside or outlives COMMAND.
set -eu
root=$1 overlay=$2 cwd=$3
shift 3

[ -z "$overlay" ] || mount -t overlay -o "$overlay" overlay "$root"

# The bare tree, without what is mounted over it below: what a virtual machine
# sees as its root.
mount --bind "$root" "$root/mnt"
for dir in dev proc sys; do
	mount --rbind "/$dir" "$root/$dir"
done
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs tmpfs "$root/run"
# Names are looked up as on the host.
if [ -e /etc/resolv.conf ] && [ -e "$root/etc/resolv.conf" ]; then
	mount --bind /etc/resolv.conf "$root/etc/resolv.conf"
fi
while [ "$1" != -- ]; do
	if [ -d "$1" ]; then
		mkdir -p "$root$2"
	elif [ ! -e "$root$2" ]; then
		mkdir -p "$root$(dirname "$2")"
		: >"$root$2"
	fi
	mount --rbind "$1" "$root$2"
	shift 2
done
shift

export HOME=/root LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unset TMPDIR
# COMMAND ends with the program that started it, however that ends.
exec setpriv --pdeathsig TERM chroot "$root" \
	sh -c 'cd "$1" && shift && exec "$@"' sh "$cwd" "$@"
