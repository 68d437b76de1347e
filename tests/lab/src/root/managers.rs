// SPDX-License-Identifier: MIT OR Apache-2.0

//! Debian's programs in the root that scenarios have take our devices.

use std::path::Path;

use anyhow::Result;

use super::chroot::Chroot;
use crate::lab::Lab;
use crate::{run, stamp};

/// Packages that are installed together.
struct Set {
    name: &'static str,
    packages: &'static [&'static str],
    /// A program of theirs, which is there when they are.
    program: &'static str,
    about: &'static str,
}

const SETS: [Set; 2] = [
    // mdevctl; udev, whose rule has mdevctl start devices; libvirt with its driver of nodes, which
    // runs mdevctl, and its driver of QEMU.
    Set {
        name: "managers",
        packages: &[
            "libvirt-clients",
            "libvirt-daemon",
            "libvirt-daemon-driver-nodedev",
            "libvirt-daemon-driver-qemu",
            "mdevctl",
            "udev",
        ],
        program: "usr/bin/virsh",
        about: "install libvirt and mdevctl in the build root",
    },
    // What reads CDI specs and runs containers.
    Set {
        name: "containers",
        packages: &["crun", "podman"],
        program: "usr/bin/podman",
        about: "install podman in the build root",
    },
];

/// Installs them in the root `name` at `path`, unless they are there.
///
/// They come after the rest of the root, so that one that is there need not be made anew for them.
///
/// # Errors
///
/// When apt fails.
pub fn ensure(lab: &Lab, name: &str, path: &Path) -> Result<()> {
    for set in SETS {
        let key = set.packages.join(" ");
        let stamp = format!("{name}.{}", set.name);
        stamp::once(lab, &stamp, &key, &path.join(set.program), || {
            let root = Chroot::new(path);
            let mut install = root.command("sh");
            install
                .args(["-euc", include_str!("managers.sh"), "sh"])
                .args(set.packages);
            run::step(
                lab,
                set.about,
                &mut install,
                "Check the network, then run the same command again.",
            )
        })?;
    }
    Ok(())
}
