# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: KERNEL_TREE   (inside the build root, in the checkout)
# Checks one file at a time on standard input, so that `mod` lines are not
# followed into files that follow other rules.

status=0
for file in $(find driver tests/cpu-shim \( -path driver/core -o -path driver/dsa/core \) -prune -o -name '*.rs' -print | sort); do
	if ! difference=$(rustfmt --edition 2021 --config-path "$1/.rustfmt.toml" <"$file" | diff -u "$file" -); then
		printf '%s\n' "$difference"
		status=1
	fi
done
exit $status
