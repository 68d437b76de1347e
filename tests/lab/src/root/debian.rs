// SPDX-License-Identifier: MIT OR Apache-2.0

//! What builds Debian packages and what they are tried with, in a layer above the build root: few
//! machines need it.

use anyhow::Result;

use super::Root;
use super::chroot::Layer;
use crate::lab::{Lab, short_hash};
use crate::{run, stamp};

/// The packages of the layer.
const PACKAGES: &[&str] = &[
    // What builds packages and looks for faults in them.
    "debhelper",
    "dh-dkms",
    "lintian",
    // What they are installed on: a system with an init.
    "dkms",
    "systemd",
    "systemd-sysv",
    "udev",
    // What the tool is measured beside.
    "mdevctl",
    "strace",
];

const INSTALL: &str = "apt-get update
apt-get install --yes --no-install-recommends \"$@\"
apt-get clean";

/// Makes the layer, unless it is there.
///
/// # Errors
///
/// When a package cannot be had or installed.
pub fn ensure(lab: &Lab, root: &Root) -> Result<Layer> {
    let words = PACKAGES.iter().chain(&[INSTALL]);
    let key = short_hash(words.map(|word| word.as_bytes()));
    let name = format!("{}-debian-{key}", root.name);
    let layer = Layer::new(lab.cache.join(&name));
    stamp::once(lab, &name, &key, layer.dir(), || {
        layer.make(lab, || {
            let mut command = root.enter().written_to(&[], &layer).command("sh");
            command.args(["-euc", INSTALL, "sh"]).args(PACKAGES);
            command.env("DEBIAN_FRONTEND", "noninteractive");
            run::step(
                lab,
                "install what builds Debian packages",
                &mut command,
                "Check the network and the room on the disk, then run the same command again.",
            )
        })
    })?;
    Ok(layer)
}
