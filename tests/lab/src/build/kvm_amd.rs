// SPDX-License-Identifier: MIT OR Apache-2.0

//! The kernel's `kvm-amd` for the processor that QEMU's translator is, on which Debian's own ends
//! guests now and then. The machine has it beside that one, and only scenarios with guests load it.

use std::path::PathBuf;

use anyhow::Result;

use super::kernel::{Flavour, Kernel};
use crate::lab::{Lab, short_hash};
use crate::root::Root;
use crate::{run, stamp};

/// The module's file.
pub const FILE: &str = "kvm-amd.ko";

/// How it differs, and why, is told there.
const BUILD: &str = include_str!("kvm_amd.sh");

/// Builds it, unless it is there; the debug kernel has no KVM.
///
/// # Errors
///
/// When it does not compile, or its source is not what the change was made for.
pub fn ensure(lab: &Lab, root: &Root, kernel: &Kernel) -> Result<Option<PathBuf>> {
    if kernel.flavour != Flavour::Stock {
        return Ok(None);
    }
    let key = short_hash([BUILD, &kernel.release].map(str::as_bytes));
    // Checkouts that change it in different ways do not take each other's away.
    let dir = format!("/usr/src/kvm-amd-{key}");
    let made = root.path.join(dir.trim_start_matches('/')).join(FILE);
    let name = format!("{}.kvm-amd-{key}", root.name);
    stamp::once(lab, &name, &key, &made, || {
        let mut command = root.enter().command("sh");
        command
            .args(["-euc", BUILD, "sh", &kernel.tree, &dir, "make"])
            .args(kernel.make_arguments());
        run::step(lab, "build kvm-amd", &mut command, "")
    })?;
    Ok(Some(made))
}
