// SPDX-License-Identifier: MIT OR Apache-2.0

//! Building the programs that run beside and inside the virtual machine.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::lab::Lab;
use crate::{process, run};

/// What both the host and the virtual machine can run.
pub const TARGET: &str = "x86_64-unknown-linux-gnu";

/// The packages, and the program that each holds.
const PROGRAMS: &[(&str, &str)] = &[
    ("dsa-nl", "dsa-nl"),
    ("e2e", "e2e"),
    ("dsa-model", "dsa-model"),
];

/// Examples that scenarios run.
const EXAMPLES: &[(&str, &str)] = &[("nlctl", "pool-agent")];

/// The programs, linked statically: they run whatever the C library.
#[derive(Debug)]
pub struct Programs {
    dir: PathBuf,
}

impl Programs {
    /// Where the program `name` lies.
    pub fn path(&self, name: &str) -> PathBuf {
        match EXAMPLES.iter().any(|(_, example)| *example == name) {
            true => self.dir.join("examples").join(name),
            false => self.dir.join(name),
        }
    }

    /// Name and path of each.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, PathBuf)> {
        PROGRAMS
            .iter()
            .chain(EXAMPLES)
            .map(|(_, program)| (*program, self.path(program)))
    }
}

/// Cargo's target folder for this checkout, in the cache.
pub fn target_dir(lab: &Lab) -> PathBuf {
    lab.own("target")
}

/// Builds the programs; cargo knows what is fresh.
///
/// # Errors
///
/// When one does not compile.
pub fn build(lab: &Lab) -> Result<Programs> {
    let mut cargo = static_cargo(lab, "build");
    cargo.args(["--release", "--bins"]);
    cargo.args(
        PROGRAMS
            .iter()
            .chain(EXAMPLES)
            .flat_map(|(package, _)| ["--package", package]),
    );
    cargo.args(EXAMPLES.iter().flat_map(|(_, name)| ["--example", name]));
    run::step(lab, "build the userspace", &mut cargo, "")?;
    Ok(Programs {
        dir: target_dir(lab).join(TARGET).join("release"),
    })
}

/// `cargo SUBCOMMAND` in the checkout, with the settings that the programs are
/// built with.
pub fn static_cargo(lab: &Lab, subcommand: &str) -> Command {
    let mut cargo = process::bound(&lab.cargo);
    cargo.args([subcommand, "--target", TARGET]);
    cargo.current_dir(&lab.checkout);
    cargo.env("CARGO_TARGET_DIR", target_dir(lab));
    cargo
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("RUSTFLAGS", "-C target-feature=+crt-static");
    cargo
}
