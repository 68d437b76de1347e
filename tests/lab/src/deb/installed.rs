// SPDX-License-Identifier: MIT OR Apache-2.0

//! The build root with both packages installed, as an administrator installs them: DKMS builds the
//! module for the stock kernel from its headers.

use std::fs;

use anyhow::{Context, Result};

use super::{Packages, checkout_name};
use crate::lab::{Lab, short_hash};
use crate::root::Root;
use crate::root::chroot::{Layer, remove_tree};
use crate::root::debian;
use crate::{run, stamp};

/// Installs the packages for the kernel $1, as the only one there is: DKMS builds for the newest, and
/// for the one that runs, which is the host's here.
const INSTALL: &str = "for other in /lib/modules/*; do
	[ \"$other\" = \"/lib/modules/$1\" ] || rm -rf \"$other\"
done
dpkg --install /run/packages/*.deb || {
	cat /var/lib/dkms/subdev/*/build/make.log
	exit 1
}
dkms autoinstall -k \"$1\"
dkms status -k \"$1\" subdev | grep -q installed";

/// Removes the packages for the kernel $1, and tells what of them is left; a file that may have been edited
/// stays until they are purged.
const REMOVE: &str = "files=$(dpkg-query --listfiles dsa-nl subdev-dkms)
modules=$(modinfo -k \"$1\" --field=filename subdev subdev_mdev subdev_idxd)
left() {
	for file in $files $modules /usr/src/subdev-* /var/lib/dkms/subdev /etc/subdev.d; do
		case $file in /usr/share/doc/* | /usr/share/man/*) continue ;; esac
		if [ -f \"$file\" ] || { [ -d \"$file\" ] && [ \"${file%/subdev*}\" != \"$file\" ]; }; then
			echo \"$file\"
		fi
	done | sort --unique
}
[ \"$(echo \"$modules\" | wc -l)\" = 3 ]
dpkg --remove dsa-nl subdev-dkms
[ \"$(left)\" = \"/etc/subdev.d
/etc/subdev.d/README\" ] || { echo 'removed, they leave:'; left; exit 1; }
dpkg --purge dsa-nl subdev-dkms
[ -z \"$(left)\" ] || { echo 'purged, they leave:'; left; exit 1; }
if modinfo -k \"$1\" subdev; then exit 1; fi";

/// Removes the packages from a root that has `layers` above it, which stays as it is.
///
/// # Errors
///
/// When something is left of them; the error says what.
pub fn remove(lab: &Lab, root: &Root, layers: &[Layer]) -> Result<()> {
    let scratch = Layer::new(lab.own("removed"));
    scratch.make(lab, || {
        let mut command = root.enter().written_to(layers, &scratch).command("sh");
        command.args(["-euc", REMOVE, "sh", &root.kernel]);
        run::step(lab, "remove the Debian packages", &mut command, "")
    })?;
    remove_tree(lab, scratch.dir())
}

/// The layers above the root, the lowest first.
///
/// # Errors
///
/// When a package cannot be installed; the error has DKMS's log.
pub fn ensure(lab: &Lab, root: &Root, packages: &Packages) -> Result<Vec<Layer>> {
    let tools = debian::ensure(lab, root)?;
    let mut contents = Vec::new();
    for file in packages.files() {
        let content = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        contents.push(content);
    }
    let words = [
        tools.dir().as_os_str().as_encoded_bytes(),
        INSTALL.as_bytes(),
    ];
    let key = short_hash(words.into_iter().chain(contents.iter().map(Vec::as_slice)));
    let layer = Layer::new(lab.own("installed"));
    let name = format!("installed-{}", checkout_name(lab));
    stamp::once(lab, &name, &key, layer.dir(), || {
        layer.make(lab, || {
            let mut enter = root
                .enter()
                .written_to(std::slice::from_ref(&tools), &layer);
            for file in packages.files() {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                enter = enter.bind(file, &format!("/run/packages/{name}"));
            }
            let mut command = enter.command("sh");
            command.args(["-euc", INSTALL, "sh", &root.kernel]);
            command.env("DEBIAN_FRONTEND", "noninteractive");
            run::step(lab, "install the Debian packages", &mut command, "")
        })
    })?;
    Ok(vec![tools, layer])
}
