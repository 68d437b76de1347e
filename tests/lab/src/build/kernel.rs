// SPDX-License-Identifier: MIT OR Apache-2.0

//! The kernel's source tree, made ready to build modules for the stock image.

use anyhow::Result;

use crate::lab::{Lab, short_hash};
use crate::root::Root;
use crate::root::kernel_packages::SERIES;
use crate::{run, stamp};

/// The steps, each a script for the build root.
const STEPS: &[(&str, &str)] = &[
    ("unpack the kernel source", include_str!("kernel_unpack.sh")),
    (
        "prepare the kernel tree for modules",
        include_str!("kernel_prepare.sh"),
    ),
];

/// The kernel tree, as a path inside the root.
pub fn tree() -> String {
    format!("/usr/src/linux-source-{SERIES}")
}

/// The `make` of this kernel's packages, inside the tree: the compiler is the
/// one of the image, and `LOCALVERSION=` keeps git from adding to the release.
pub const MAKE: &[&str] = &["make", "LOCALVERSION=", "CC=x86_64-linux-gnu-gcc-14"];

/// Prepares the kernel tree of `root`, unless that is done.
///
/// # Errors
///
/// When a step fails.
pub fn ensure(lab: &Lab, root: &Root) -> Result<()> {
    let key = short_hash(STEPS.iter().map(|(_, script)| script.as_bytes()));
    let made = root.path.join(tree().trim_start_matches('/'));
    stamp::once(lab, &format!("{}.kernel", root.name), &key, &made, || {
        for (what, script) in STEPS {
            let mut command = root.enter().command("sh");
            command
                .args(["-euc", script, "sh", &tree(), &root.kernel])
                .args(MAKE);
            run::step(
                lab,
                what,
                &mut command,
                "If the disk is not full, `cargo xtask clean --all` starts afresh.",
            )?;
        }
        Ok(())
    })
}
