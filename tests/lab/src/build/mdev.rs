// SPDX-License-Identifier: MIT OR Apache-2.0

//! The kernel's mdev core, for the debug kernel: no option of the kernel's asks for it but those of
//! drivers that need it.

use std::path::PathBuf;

use anyhow::Result;

use super::kernel::{Flavour, Kernel};
use crate::lab::{Lab, short_hash};
use crate::root::Root;
use crate::{run, stamp};

/// What it is called.
pub const FILE: &str = "mdev.ko";

const BUILD: &str = include_str!("mdev.sh");

/// The core that was built.
#[derive(Debug)]
pub struct Mdev {
    /// `mdev.ko`.
    pub file: PathBuf,
    /// Where it was built, as a path inside the root.
    dir: String,
}

impl Mdev {
    /// What make is told for modules that need it.
    pub fn make_arguments(&self) -> [String; 2] {
        [
            "CONFIG_VFIO_MDEV=m".to_owned(),
            format!("KBUILD_EXTRA_SYMBOLS={}/Module.symvers", self.dir),
        ]
    }
}

/// Builds it for `kernel`, unless it is there, or comes with the kernel.
///
/// # Errors
///
/// When it does not compile; the error carries what the compiler said.
pub fn ensure(lab: &Lab, root: &Root, kernel: &Kernel) -> Result<Option<Mdev>> {
    if kernel.flavour == Flavour::Stock {
        return Ok(None);
    }
    let dir = format!("/usr/src/mdev-{}", kernel.release);
    let file = root.path.join(dir.trim_start_matches('/')).join(FILE);
    let key = short_hash([BUILD, &kernel.release].map(str::as_bytes));
    let name = format!("{}.mdev-{}", root.name, kernel.release);
    stamp::once(lab, &name, &key, &file, || {
        let mut command = root.enter().command("sh");
        command
            .args(["-euc", BUILD, "sh", &kernel.tree, &dir, "make"])
            .args(kernel.make_arguments());
        run::step(lab, "build mdev", &mut command, "")
    })?;
    Ok(Some(Mdev { file, dir }))
}
