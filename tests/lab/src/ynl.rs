// SPDX-License-Identifier: MIT OR Apache-2.0

//! The C that the kernel's own generator makes from the spec.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::build::kernel;
use crate::lab::Lab;
use crate::root::Root;
use crate::run;

/// What is generated, and where it belongs in the checkout.
const FILES: &[(&str, &str)] = &[
    ("subdev.h", "uapi/linux/subdev.h"),
    ("subdev_nl.h", "driver/netlink/generated/subdev_nl.h"),
    ("subdev_nl.c", "driver/netlink/generated/subdev_nl.c"),
];

/// Validates the spec against the kernel's schema and generates the C from it:
/// paths relative to the checkout, and content.
///
/// # Errors
///
/// When the spec is not valid; the error carries the generator's words.
pub fn c(lab: &Lab, root: &Root) -> Result<Vec<(PathBuf, String)>> {
    let work = tempfile::tempdir_in(lab.cache.join("run")).context("cannot make a work folder")?;
    let specs = work.path().join("Documentation/netlink/specs");
    fs::create_dir_all(&specs)
        .and_then(|()| fs::copy(lab.spec(), specs.join("subdev.yaml")))
        .with_context(|| {
            format!(
                "cannot copy {} to {}",
                lab.spec().display(),
                specs.display()
            )
        })?;
    let mut command = root
        .enter()
        .bind(work.path(), "/run/work")
        .cwd("/run/work")
        .command("sh");
    command.args(["-euc", include_str!("ynl.sh"), "sh", &kernel::source()]);
    run::step(
        lab,
        "generate C from the spec",
        &mut command,
        "Mend spec/subdev.yaml.",
    )?;
    FILES
        .iter()
        .map(|(made, place)| {
            let content = fs::read_to_string(work.path().join(made))
                .with_context(|| format!("the generator did not write {made}"))?;
            Ok((PathBuf::from(place), content))
        })
        .collect()
}
