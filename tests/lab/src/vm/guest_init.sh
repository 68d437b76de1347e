#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Process 1 once the root is there: mounts what programs expect, loads the
# module, runs the command and reports. The host ends the machine. Where the
# packages are installed, it hands over to Debian's init, which starts it again.
#
# /usr/lib/subdev-lab/config says what is wanted (see layer.rs), and
# /usr/lib/subdev-lab/command what to run.

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root LANG=C.UTF-8
here=/usr/lib/subdev-lab
. $here/config

# What Debian's init does itself.
mounts() {
	mkdir -p /dev/pts /dev/shm
	mount -t devpts -o ptmxmode=666 devpts /dev/pts
	mount -t tmpfs -o mode=1777 tmpfs /dev/shm
	mount -t debugfs debugfs /sys/kernel/debug
	ln -s /proc/self/fd /dev/fd
	ln -s /proc/self/fd/0 /dev/stdin
	ln -s /proc/self/fd/1 /dev/stdout
	ln -s /proc/self/fd/2 /dev/stderr
	echo subdev >/proc/sys/kernel/hostname
	ip link set lo up
}

if (($$ == 1)); then
	mount -t sysfs sysfs /sys
	mount -t tmpfs -o mode=755 tmpfs /run
	mount -t tmpfs -o mode=1777 tmpfs /tmp
	((INSTALLED)) || mounts
fi

# The host's ends of the ports, by name.
declare -A port
for entry in /sys/class/virtio-ports/*; do
	# A console is among them, which has no name.
	[[ -e $entry/name ]] || continue
	read -r name <"$entry/name"
	port[$name]=/dev/${entry##*/}
done
# Without it the host cannot be told: the end of this shell panics the kernel.
exec 3>"${port[status]}" || exit 1
report() { printf '%s\n' "$*" >&3; }
# From here on, what goes wrong is no longer the boot of an unmodified kernel.
(($$ != 1)) || report up

# The host hears why, and ends the machine.
fail() {
	report "failed $*"
	sleep infinity
}

if ((INSTALLED)) && (($$ == 1)); then
	message=$(bash -c "$(<$here/first)" 2>&1) || fail "before the init: $message"
	printf '%s\n' "$message"
	exec 3>&-
	exec env -i "PATH=$PATH" TERM=dumb /usr/lib/systemd/systemd
fi

if ((SHARE)); then
	mkdir -p /mnt/share
	mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 share /mnt/share ||
		fail "the shared folder cannot be mounted"
fi

# The folders of the devices that are a DSA.
dsa() {
	local device vendor id
	for device in /sys/bus/pci/devices/*; do
		read -r vendor <"$device/vendor"
		read -r id <"$device/device"
		case $vendor:$id in
		0x8086:0x0b25 | 0x8086:0x11fb | 0x8086:0x1212)
			echo "$device"
			;;
		esac
	done
}

# How many of them have a driver.
bound() {
	local device count=0
	for device in $(dsa); do
		[[ -e $device/driver ]] && ((count += 1))
	done
	echo "$count"
}

# Before any driver: from the first instruction of one on, it may be needed.
if ((MOVDIR64B)); then
	message=$(modprobe cpu_shim 2>&1) || fail "modprobe: $message"
fi
if ((DRIVER)); then
	# The module takes only what it is given.
	for device in $(dsa); do
		echo subdev >"$device/driver_override" || fail "${device##*/} cannot be given away"
	done
	message=$(modprobe -a vfio vfio_iommu_type1 subdev 2>&1) || fail "modprobe: $message"
	for ((tries = 0; tries < 200 && $(bound) < DSA; tries++)); do
		sleep 0.1
	done
	(($(bound) >= DSA)) || fail "the module took $(bound) of $DSA devices within 20 s"
fi

report ready
cd /root || fail "there is no /root"
if ((INTERACTIVE)); then
	export TERM=$TERMINAL
	# Opening the terminal first: the device then takes over QEMU's idea of its
	# size, which is none.
	exec 4<>/dev/hvc0
	stty rows "$ROWS" cols "$COLUMNS_" <&4
	setsid --ctty --wait bash -l <&4 >&4 2>&4 3>&- 4>&-
	status=$?
else
	# A port can be opened once only; through an anonymous pipe, programs may
	# open /dev/stdin and the like as often as they want. The writing ends are
	# held here, so that what comes last cannot be lost.
	exec 4> >(exec cat >"${port[out]}" 3>&-)
	exec 5> >(exec cat >"${port[err]}" 3>&- 4>&-)
	exec 6< <(exec cat <"${port[in]}" 3>&- 4>&- 5>&-)
	bash -c "$(<$here/command)" <&6 >&4 2>&5 3>&- 4>&- 5>&- 6>&-
	status=$?
	# What follows the command's output on each stream ends it for the host.
	printf '\036%s' "$MARK" >&4
	printf '\036%s' "$MARK" >&5
fi
sync
report "exit $status"
sleep infinity
