// SPDX-License-Identifier: MIT OR Apache-2.0

//! The kernels: Debian's, and one from the same source with the kernel's own
//! checks.

use anyhow::Result;
use clap::ValueEnum;

use crate::lab::{Lab, short_hash};
use crate::root::Root;
use crate::root::kernel_packages::SERIES;
use crate::{run, stamp};

/// The steps to a tree for the stock kernel, each a script for the build root.
const STOCK: &[(&str, &str)] = &[
    ("unpack the kernel source", include_str!("kernel_unpack.sh")),
    (
        "prepare the kernel tree for modules",
        include_str!("kernel_prepare.sh"),
    ),
];

/// The step to the debug kernel, and its configuration.
const DEBUG: &str = include_str!("kernel_debug.sh");
const DEBUG_CONFIG: &str = include_str!("kernel_debug.config");

/// What to do when a step fails.
const HINT: &str = "If the disk is not full, `cargo xtask clean --all` starts afresh.";

/// Which kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Flavour {
    /// Debian's, unmodified.
    Stock,
    /// One with the kernel's own checks: slow, and it tells what it finds.
    Debug,
}

impl Flavour {
    /// What users call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stock => "stock",
            Self::Debug => "debug",
        }
    }
}

/// A kernel that can be booted, with a tree to build modules for it.
#[derive(Debug)]
pub struct Kernel {
    pub flavour: Flavour,
    /// What `uname -r` says; image and modules are found by it in the root.
    pub release: String,
    /// The tree, as a path inside the root.
    pub tree: String,
}

impl Kernel {
    /// What it needs on its command line.
    pub fn command_line(&self) -> &'static str {
        match self.flavour {
            Flavour::Stock => "",
            // Early in the boot the kernel forgets for a moment that it has
            // five levels of page tables (identify_cpu in srctree
            // arch/x86/kernel/cpu/common.c). KASAN then takes an interrupt's
            // memory for none at all.
            // Its reports are long.
            Flavour::Debug => "no5lvl log_buf_len=8M",
        }
    }

    /// The arguments of any `make` in the tree: the compiler is the one of the
    /// image, and `LOCALVERSION=` keeps git from adding to the release.
    pub fn make_arguments(&self) -> [&'static str; 2] {
        let compiler = match self.flavour {
            Flavour::Stock => "CC=x86_64-linux-gnu-gcc-14",
            // KASAN wants Rust and C to be compiled by the same LLVM.
            Flavour::Debug => "LLVM=1",
        };
        ["LOCALVERSION=", compiler]
    }
}

/// The source of the kernels, as a path inside the root; it is also the stock
/// kernel's tree.
pub fn source() -> String {
    format!("/usr/src/linux-source-{SERIES}")
}

/// Makes the kernel of this flavour ready in `root`, unless it is.
///
/// # Errors
///
/// When a step fails.
pub fn ensure(lab: &Lab, root: &Root, flavour: Flavour) -> Result<Kernel> {
    let stock = ensure_stock(lab, root)?;
    match flavour {
        Flavour::Stock => Ok(stock),
        Flavour::Debug => ensure_debug(lab, root),
    }
}

fn ensure_stock(lab: &Lab, root: &Root) -> Result<Kernel> {
    let kernel = Kernel {
        flavour: Flavour::Stock,
        release: root.kernel.clone(),
        tree: source(),
    };
    let key = short_hash(STOCK.iter().map(|(_, script)| script.as_bytes()));
    let made = root.path.join(kernel.tree.trim_start_matches('/'));
    stamp::once(lab, &format!("{}.kernel", root.name), &key, &made, || {
        for (what, script) in STOCK {
            let mut command = root.enter().command("sh");
            command
                .args(["-euc", script, "sh", &kernel.tree, &kernel.release])
                .arg("make")
                .args(kernel.make_arguments());
            run::step(lab, what, &mut command, HINT)?;
        }
        Ok(())
    })?;
    Ok(kernel)
}

/// The release and all names end with the hash of what the kernel is made
/// from: checkouts with different configurations do not take each other's
/// kernel away, and no module is loaded into another one than it was built
/// for.
fn ensure_debug(lab: &Lab, root: &Root) -> Result<Kernel> {
    let version = root.kernel.split('+').next().unwrap_or_default();
    let key = short_hash([DEBUG, DEBUG_CONFIG, version].map(str::as_bytes));
    let kernel = Kernel {
        flavour: Flavour::Debug,
        release: format!("{version}-debug-{key}"),
        tree: format!("/usr/src/linux-debug-{key}"),
    };
    let made = root.path.join(format!("boot/vmlinuz-{}", kernel.release));
    let name = format!("{}.kernel-debug-{key}", root.name);
    stamp::once(lab, &name, &key, &made, || {
        let mut command = root.enter().command("sh");
        command
            .args(["-euc", DEBUG, "sh", &source(), &kernel.tree])
            .args([&kernel.release, DEBUG_CONFIG, "make"])
            .args(kernel.make_arguments());
        run::step(lab, "build the debug kernel", &mut command, HINT)
    })?;
    Ok(kernel)
}
