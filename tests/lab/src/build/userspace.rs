// SPDX-License-Identifier: MIT OR Apache-2.0

//! Building the programs that run beside and inside the virtual machine.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::lab::Lab;
use crate::{process, run};

/// What both the host and the virtual machine can run.
pub const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Packages that hold a program of the same name.
const PROGRAMS: &[&str] = &["dsa-dra", "e2e", "dsa-model"];

/// Those whose programs are built with the profile `dist`.
const DIST: &[&str] = &["dsa-nl"];

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
    /// Has a folder for each profile.
    dir: PathBuf,
}

impl Programs {
    /// Where the program `name` lies.
    pub fn path(&self, name: &str) -> PathBuf {
        let profile = match DIST.contains(&name) {
            true => "dist",
            false => "release",
        };
        self.dir.join(profile).join(name)
    }

    /// Name and path of each, also of the examples.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, PathBuf)> {
        let programs = PROGRAMS.iter().chain(DIST);
        let programs = programs.map(|program| (*program, self.path(program)));
        let examples = EXAMPLES.iter();
        let examples = examples.map(|(example, name)| {
            let path = self.dir.join("release/examples").join(example);
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
    cargo.args(packages(PROGRAMS));
    cargo.args(["--package", "nlctl", "--features", "nlctl/blocking"]);
    cargo.args(["--package", "dsa-user"]);
    cargo.args(EXAMPLES.iter().flat_map(|(name, _)| ["--example", name]));
    run::step(lab, "build the userspace", &mut cargo, "")?;
    let mut cargo = static_cargo(lab, "build");
    cargo.args(["--profile", "dist", "--bins"]);
    cargo.args(packages(DIST));
    run::step(lab, "build the tool", &mut cargo, "")?;
    Ok(Programs {
        dir: target_dir(lab).join(TARGET),
    })
}

/// Options that name packages.
fn packages(names: &'static [&str]) -> impl Iterator<Item = &'static str> {
    names.iter().flat_map(|name| ["--package", name])
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
