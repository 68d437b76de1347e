// SPDX-License-Identifier: MIT OR Apache-2.0

//! Debian's managers of mediated devices in the root, for scenarios that have them take ours.

use std::path::Path;

use anyhow::Result;

use super::chroot::Chroot;
use crate::lab::Lab;
use crate::{run, stamp};

/// mdevctl; udev, whose rule has mdevctl start devices; libvirt with its driver of nodes, which runs
/// mdevctl, and its driver of QEMU.
const PACKAGES: &[&str] = &[
    "libvirt-clients",
    "libvirt-daemon",
    "libvirt-daemon-driver-nodedev",
    "libvirt-daemon-driver-qemu",
    "mdevctl",
    "udev",
];

/// A program of theirs, which is there when they are.
const PROGRAM: &str = "usr/bin/virsh";

/// Installs them in the root `name` at `path`, unless they are there.
///
/// They come after the rest of the root, so that one that is there need not be made anew for them.
///
/// # Errors
///
/// When apt fails.
pub fn ensure(lab: &Lab, name: &str, path: &Path) -> Result<()> {
    let key = PACKAGES.join(" ");
    let stamp = format!("{name}.managers");
    stamp::once(lab, &stamp, &key, &path.join(PROGRAM), || {
        let root = Chroot::new(path);
        let mut install = root.command("sh");
        install
            .args(["-euc", include_str!("managers.sh"), "sh"])
            .args(PACKAGES);
        run::step(
            lab,
            "install libvirt and mdevctl in the build root",
            &mut install,
            "Check the network, then run the same command again.",
        )
    })
}
