// SPDX-License-Identifier: MIT OR Apache-2.0

//! The small first root of the virtual machine.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::build::kernel::Kernel;
use crate::lab::{Lab, short_hash};
use crate::root::Root;
use crate::{run, stamp};

/// What it takes to mount the build root from the host under a writable layer.
const MODULES: &[&str] = &["9pnet_virtio", "9p", "overlay"];

const PACK: &str = include_str!("initramfs.sh");
const INIT: &str = include_str!("initramfs_init.sh");

/// Makes the initramfs for `kernel`, unless it is there.
///
/// # Errors
///
/// When it cannot be packed.
pub fn ensure(lab: &Lab, root: &Root, kernel: &Kernel) -> Result<PathBuf> {
    let parts = MODULES.iter().copied().chain([PACK, INIT, &kernel.release]);
    let key = short_hash(parts.map(str::as_bytes));
    // The name changes with the content: a machine that runs keeps its file.
    let dir = lab.cache.join("initramfs");
    let name = format!("{}-{key}.cpio", root.name);
    let file = dir.join(&name);
    stamp::once(lab, &name, &key, &file, || {
        std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let mut command = root.enter().bind(&dir, "/run/initramfs").command("sh");
        command.args(["-euc", PACK, "sh", &kernel.release]);
        command
            .arg(format!("/run/initramfs/{name}"))
            .arg(INIT)
            .args(MODULES);
        run::step(lab, "pack the initramfs", &mut command, "")
    })?;
    Ok(file)
}
