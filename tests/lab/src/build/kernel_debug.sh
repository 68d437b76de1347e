# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: SOURCE TREE RELEASE FRAGMENT MAKE...   (inside the build root)
# Builds the kernel of the configuration FRAGMENT in TREE and installs it as
# RELEASE, beside the stock kernel.

source=$1 tree=$2 release=$3 fragment=$4
shift 4

# A copy that shares the files with the source: the build replaces files and
# never writes into them.
rm -rf "$tree"
cp -al "$source" "$tree"
cd "$tree"
"$@" -s mrproper

version=$("$@" -s kernelversion)
printf '%s\nCONFIG_LOCALVERSION="%s"\n' "$fragment" "${release#"$version"}" >lab.config
KCONFIG_ALLCONFIG=lab.config "$@" -s allnoconfig
status=0
while read -r line; do
	case $line in
	'CONFIG_'*) grep -qxF -- "$line" .config ;;
	'# CONFIG_'*' is not set') ! grep -q "^$(set -- $line; echo "$2")=" .config ;;
	esac || {
		echo "not in effect, by the kernel's own rules: $line"
		status=1
	}
done <lab.config
[ $status = 0 ] || exit $status

"$@" -j"$(nproc)" bzImage modules
"$@" -s modules_install
cp arch/x86/boot/bzImage "/boot/vmlinuz-$release"
# The place where depmod sees the module.
mkdir -p "/lib/modules/$release/extra"
# What is linked is not needed again; modules are built with the rest.
find . -name '*.o' ! -path './scripts/*' ! -path './tools/*' -delete
rm -f vmlinux.a vmlinux.unstripped
