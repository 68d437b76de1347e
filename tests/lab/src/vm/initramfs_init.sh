#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# First process of the virtual machine: puts the root together from what the
# host shares and goes there. The build root is the lowest layer and stays as
# it is; above it come the files of this run, and a layer in memory that takes
# what is written.
#
# Should a step fail, the shell ends and the kernel panics, which ends the
# machine; the console tells why.
set -eu
export PATH=/bin

mount -t devtmpfs dev /dev
exec </dev/null >/dev/console 2>&1
mount -t proc proc /proc
if grep -qw lab.probe /proc/cmdline; then
	echo 'lab: this machine boots'
	reboot -f
fi
for module in /modules/*; do
	# None is there when all of it is built into the kernel.
	[ ! -e "$module" ] || insmod "$module"
done
share() {
	mount -t 9p -o "trans=virtio,version=9p2000.L,msize=512000,ro,cache=loose" "$1" "$2"
}
share root /lower
share layer /layer
mount -t tmpfs tmpfs /upper
mkdir /upper/data /upper/work
mount -t overlay -o lowerdir=/layer:/lower,upperdir=/upper/data,workdir=/upper/work overlay /root
mount --move /dev /root/dev
mount --move /proc /root/proc
exec switch_root /root /usr/lib/subdev-lab/init
