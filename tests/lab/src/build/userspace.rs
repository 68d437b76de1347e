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
    ("dsa-dra", "dsa-dra"),
    ("dsa-nl", "dsa-nl"),
    ("e2e", "e2e"),
    ("dsa-model", "dsa-model"),
];

/// Examples that scenarios run, and what they are called in the virtual machine,
/// where `watch` is another program.
const EXAMPLES: &[(&str, &str)] = &[
    ("blocking", "nlctl-blocking"),
    ("copy", "dsa-copy"),
    ("errors", "nlctl-errors"),
    ("hand-over", "nlctl-hand-over"),
    ("pool-agent", "pool-agent"),
    ("watch", "nlctl-watch"),
];

/// The programs, linked statically: they run whatever the C library.
#[derive(Debug)]
pub struct Programs {
    dir: PathBuf,
}

impl Programs {
    /// Where the program `name` lies.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Name and path of each, also of the examples.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, PathBuf)> {
        let programs = PROGRAMS.iter();
        let programs = programs.map(|(_, program)| (*program, self.path(program)));
        let examples = EXAMPLES.iter();
        let examples = examples.map(|(example, name)| {
            let path = self.dir.join("examples").join(example);
            (*name, path)
        });
        programs.chain(examples)
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
            .flat_map(|(package, _)| ["--package", package]),
    );
    cargo.args(["--package", "nlctl", "--features", "nlctl/blocking"]);
    cargo.args(["--package", "dsa-user"]);
    cargo.args(EXAMPLES.iter().flat_map(|(name, _)| ["--example", name]));
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
