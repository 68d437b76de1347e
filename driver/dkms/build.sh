#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# usage: build.sh RELEASE HEADERS   (in the top folder of the sources)
#
# Builds the modules for the installed kernel RELEASE, whose headers are in HEADERS. Debian's
# headers lack what rustc has to know of the kernel; where they do, it is made of the kernel's
# source package, with the configuration in the headers.
set -eu

release=$1 headers=$2
here=$(pwd)

fail() {
	echo "subdev: $*" >&2
	exit 1
}

# The value of an option of the kernel's configuration, without quotes.
config() {
	sed -n "s/^CONFIG_$1=//p" "$headers/.config" | tr -d '"'
}

# Whether a tree is prepared for Rust modules of this very kernel.
prepared() {
	[ -e "$1/rust/libkernel.rmeta" ] || [ -e "$1/rust/libkernel.so" ] || return 1
	[ "$(cat "$1/include/config/kernel.release" 2>/dev/null)" = "$release" ]
}

[ -e "$headers/.config" ] || fail "there are no headers of the kernel $release; install linux-headers-$release"
[ "$(config RUST)" = y ] || fail "the kernel $release is built without CONFIG_RUST, and takes no module in Rust"

# The names of the kernel's Rust functions depend on the compiler.
wanted=$(config RUSTC_VERSION_TEXT)
rustc=$(rustc --version) || fail "there is no rustc; the kernel $release was built with $wanted"
[ "$rustc" = "$wanted" ] || fail "the kernel $release was built with $wanted, and here is $rustc"

# C is compiled as the kernel was.
compiler=$(config CC_VERSION_TEXT)
case $compiler in
*clang*) with=LLVM=1 ;;
*) with=CC=${compiler%% *} ;;
esac
# Without a LOCALVERSION, git would add to the release.
kbuild() {
	make LOCALVERSION= "$with" -j"$(nproc)" "$@"
}

series=$(echo "$release" | sed -n 's/^\([0-9]*\.[0-9]*\).*/\1/p')
version=$(echo "$release" | sed -n 's/^\([0-9.]*\).*/\1/p')
source=/usr/src/linux-source-$series
if prepared "$headers"; then
	tree=$headers
elif prepared "$source"; then
	tree=$source
else
	[ -e "$source.tar.xz" ] || fail "the headers of $release lack Rust's metadata, and there is no $source.tar.xz to make it of; install linux-source-$series"
	tree=$here/linux
	trap 'rm -rf "$tree"' EXIT
	mkdir "$tree"
	# What no module is built of stays packed: it is most of the source.
	top=linux-source-$series
	tar -C "$tree" --strip-components=1 --exclude="$top/Documentation/*/*" \
		--exclude="$top/drivers/*.c" --exclude="$top/fs/*.c" --exclude="$top/net/*.c" \
		--exclude="$top/sound/*.c" --exclude="$top/tools/testing/*" \
		--exclude='*.dts*' -xf "$source.tar.xz"
	cd "$tree"
	found=$(make -s kernelversion)
	[ "$found" = "$version" ] || fail "the kernel is $version and linux-source-$series is $found; install both of one version"
	cp "$headers/.config" "$headers/Module.symvers" .
	./scripts/config --set-str LOCALVERSION "${release#"$version"}"
	kbuild -s rustavailable || fail "the tools for Rust do not fit the kernel's source; why is said above"
	kbuild olddefconfig modules_prepare
	prepared "$tree" || fail "$source could not be made what $release was built from"
fi

if [ -n "$(config INTEL_IDXD)" ] && [ ! -e "$tree/drivers/dma/idxd/idxd.h" ]; then
	echo "subdev: subdev_idxd, for work queues that idxd owns, is not built: $tree lacks drivers/dma/idxd/idxd.h" >&2
fi

cd "$tree"
kbuild M="$here" modules
