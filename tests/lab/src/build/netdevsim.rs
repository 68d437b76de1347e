// SPDX-License-Identifier: MIT OR Apache-2.0

//! The kernel's simulated network device, for a devlink instance to measure beside. Debian's kernel
//! has devlink, and is configured without this module.

use anyhow::Result;

use super::kernel::Kernel;
use crate::lab::{Lab, short_hash};
use crate::root::Root;
use crate::{run, stamp};

/// Where it is built, as a path inside the root, which the machine sees as well.
const DIR: &str = "/usr/src/netdevsim";

const FILE: &str = "netdevsim.ko";

const BUILD: &str = include_str!("netdevsim.sh");

/// Builds it for the stock kernel, unless it is there.
///
/// # Errors
///
/// When it does not compile; the error carries what the compiler said.
pub fn ensure(lab: &Lab, root: &Root, kernel: &Kernel) -> Result<()> {
    let key = short_hash([BUILD, &kernel.release].map(str::as_bytes));
    let made = root.path.join(DIR.trim_start_matches('/'));
    let name = format!("{}.netdevsim", root.name);
    stamp::once(lab, &name, &key, &made.join(FILE), || {
        let mut command = root.enter().command("sh");
        command
            .args(["-euc", BUILD, "sh", &kernel.tree, DIR, "make"])
            .args(kernel.make_arguments());
        run::step(lab, "build netdevsim", &mut command, "")
    })
}

/// A shell command that loads it in the machine, and the one module that it depends on.
pub fn load() -> String {
    format!("modprobe psample && insmod {DIR}/{FILE}")
}
