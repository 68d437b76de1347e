// SPDX-License-Identifier: MIT OR Apache-2.0

//! `cargo xtask clean`: making room.

use std::fs;

use anyhow::{Context, Result};

use crate::build::module;
use crate::lab::Lab;
use crate::root::chroot::remove_tree;

/// Removes what was built from this checkout, or with `all` everything that
/// the lab has put into the cache.
///
/// # Errors
///
/// When something cannot be removed.
pub fn clean(lab: &Lab, all: bool) -> Result<()> {
    if !all {
        for what in module::FOLDERS
            .iter()
            .chain(&["target", "deb", "installed", "removed"])
        {
            remove_tree(lab, &lab.own(what))?;
        }
        return Ok(());
    }
    let entries =
        fs::read_dir(&lab.cache).with_context(|| format!("cannot read {}", lab.cache.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    // Nothing that is not ours, should the cache be a folder with other use.
    let ours = |name: &&String| {
        name.starts_with("root-")
            || [
                "initramfs",
                "target",
                "run",
                "tools",
                "fuzz",
                "deb",
                "installed",
                "removed",
            ]
            .contains(&name.as_str())
            || module::FOLDERS.contains(&name.as_str())
    };
    for name in names.iter().filter(ours) {
        remove_tree(lab, &lab.cache.join(name))?;
    }
    // Last, as removing leaves a log.
    for name in ["stamp", "log"] {
        let dir = lab.cache.join(name);
        fs::remove_dir_all(&dir).with_context(|| format!("cannot remove {}", dir.display()))?;
    }
    Ok(())
}
