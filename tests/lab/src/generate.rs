// SPDX-License-Identifier: MIT OR Apache-2.0

//! `cargo xtask gen`: everything that repeats the spec, made from it.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::build::kernel::{self, Flavour};
use crate::lab::Lab;
use crate::{r#gen, root, ynl};

/// Writes the generated files that differ.
///
/// # Errors
///
/// When the spec is refused by one of the generators, or a file cannot be
/// written.
pub fn write(lab: &Lab) -> Result<()> {
    for (path, content) in stale(lab)? {
        let full = lab.checkout.join(&path);
        if let Some(dir) = full.parent() {
            fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        }
        fs::write(&full, content).with_context(|| format!("cannot write {}", full.display()))?;
        println!("wrote {}", path.display());
    }
    Ok(())
}

/// Checks that the generated files are those of the spec.
///
/// # Errors
///
/// When one is not, with the command that mends it; and as for [`write`].
pub fn check(lab: &Lab) -> Result<()> {
    let stale: Vec<String> = stale(lab)?
        .iter()
        .map(|(path, _)| format!("  {}", path.display()))
        .collect();
    if stale.is_empty() {
        return Ok(());
    }
    bail!(
        "these files are not what the spec makes; mend them with `cargo xtask gen`:\n{}",
        stale.join("\n")
    )
}

/// The generated files that differ from those in the checkout, as they ought
/// to be.
fn stale(lab: &Lab) -> Result<Vec<(PathBuf, String)>> {
    let root = root::ensure(lab)?;
    kernel::ensure(lab, &root, Flavour::Stock)?;
    let mut files = ynl::c(lab, &root)?;
    files.extend(r#gen::rust(&lab.spec(), &lab.checkout)?);
    files.retain(|(path, content)| {
        fs::read_to_string(lab.checkout.join(path)).ok().as_ref() != Some(content)
    });
    Ok(files)
}
