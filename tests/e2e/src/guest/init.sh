#!/bin/busybox sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Process 1 of a guest: has the kernel's own idxd drive the subdev, and dmatest copy with it. Each line
# that begins with "guest: " is for the scenario. A failure ends the guest, which QEMU exits for.

/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev

say() { echo "guest: $*"; }
end() {
	say "$*"
	dmesg | tail -n 40
	poweroff -f
}
word() { sed -n "s/.*\b$1=\([^ ]*\).*/\1/p" /proc/cmdline; }

say up
# In the order in which they depend on each other.
while read -r module; do
	insmod "/modules/$module" || end "failed: $module"
done </modules/order

dsa=/sys/bus/dsa/devices
tries=0
while [ ! -e $dsa/dsa0 ]; do
	tries=$((tries + 1))
	[ $tries -lt 100 ] || end "failed: no dsa0"
	sleep 0.1
done
echo kernel >$dsa/wq0.0/type && echo dmaengine >$dsa/wq0.0/name &&
	echo dmaengine >$dsa/wq0.0/driver_name || end "failed: the work queue"
# idxd takes a device that has its configuration by itself.
[ -e $dsa/dsa0/driver ] || echo dsa0 >/sys/bus/dsa/drivers/idxd/bind || end "failed: dsa0"
echo wq0.0 >/sys/bus/dsa/drivers/dmaengine/bind || end "failed: wq0.0"
say "dsa0 $(cat $dsa/dsa0/state), wq0.0 $(cat $dsa/wq0.0/state)"

test=/sys/module/dmatest/parameters
# Filling and comparing costs an emulated processor more than all the rest.
echo 1024 >$test/test_buf_size
echo 60000 >$test/timeout
echo "$(word iterations)" >$test/iterations
echo "$(word threads)" >$test/threads_per_chan
[ "$(word verify)" = 1 ] || echo 1 >$test/noverify
echo dma0chan0 >$test/channel
echo 1 >$test/run || end "failed: dmatest"
say copying
# Comes back when all threads are done.
cat $test/wait >/dev/null
dmesg | grep 'dmatest: .*: result #' | head -n 20
dmesg | sed -n 's/.*dmatest: .*\(dma0chan0-copy[0-9]*: summary .*\)/guest: \1/p'
say "end of copies"
case $(word then) in
reboot) reboot -f ;;
release)
	# dmatest has its channel until it is told.
	rmmod dmatest || end "failed: dmatest stays"
	say idle
	while [ -e $dsa/dsa0 ]; do sleep 0.1; done
	say released
	poweroff -f
	;;
*) poweroff -f ;;
esac
