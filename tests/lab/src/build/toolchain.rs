// SPDX-License-Identifier: MIT OR Apache-2.0

//! A toolchain that takes unstable flags, for sanitizers and fuzzing.
//!
//! Nightly is made for that. Where there is none, the toolchain at hand is told
//! to take them as well, which `RUSTC_BOOTSTRAP` does; rustup's stable ones
//! carry the sanitizers' runtimes too. A distribution's may not.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use super::userspace::TARGET;
use crate::lab::Lab;
use crate::process;

/// The oldest release that compiles the workspace.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// A toolchain with the runtime of AddressSanitizer.
#[derive(Debug)]
pub struct Toolchain {
    cargo: PathBuf,
    environment: Vec<(&'static str, OsString)>,
}

impl Toolchain {
    /// Looks for one.
    ///
    /// # Errors
    ///
    /// When there is none; the error says what to install.
    pub fn find(lab: &Lab) -> Result<Self> {
        let mut nightly = Command::new("rustup");
        // Installing one is for the user to decide.
        nightly.env("RUSTUP_AUTO_INSTALL", "0");
        nightly.args(["run", "nightly", "rustc"]);
        if let Some(sysroot) = sysroot(lab, nightly).filter(|sysroot| compiles(sysroot)) {
            let program = |name| sysroot.join("bin").join(name);
            return Ok(Self {
                cargo: program("cargo"),
                environment: vec![
                    ("RUSTC", program("rustc").into()),
                    ("RUSTDOC", program("rustdoc").into()),
                    ("RUSTUP_TOOLCHAIN", "nightly".into()),
                ],
            });
        }
        if sysroot(lab, Command::new("rustc")).is_some() {
            return Ok(Self {
                cargo: lab.cargo.clone(),
                environment: vec![("RUSTC_BOOTSTRAP", "1".into())],
            });
        }
        bail!(
            "no Rust toolchain here has the runtime of AddressSanitizer (those of distributions \
             often have none). Install one with rustup (https://rustup.rs): `rustup toolchain \
             install nightly --profile minimal`"
        )
    }

    /// Its cargo, to be run in the checkout.
    pub fn cargo(&self, lab: &Lab) -> Command {
        self.program(lab, &self.cargo)
    }

    /// A program that runs its cargo.
    pub fn program(&self, lab: &Lab, program: &Path) -> Command {
        let mut command = process::bound(program);
        command
            .current_dir(&lab.checkout)
            .env("CARGO", &self.cargo)
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Where the toolchain of `rustc` lies, if it is there and has the runtime.
fn sysroot(lab: &Lab, mut rustc: Command) -> Option<PathBuf> {
    rustc
        .args(["--print", "sysroot"])
        .current_dir(&lab.checkout);
    let sysroot = PathBuf::from(said(rustc)?.trim());
    let libraries = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    let mut entries = fs::read_dir(libraries).ok()?.flatten();
    entries
        .any(|entry| entry.file_name().to_string_lossy().ends_with("rt.asan.a"))
        .then_some(sysroot)
}

/// Whether the compiler is new enough for the workspace.
fn compiles(sysroot: &Path) -> bool {
    let mut rustc = Command::new(sysroot.join("bin/rustc"));
    rustc.arg("--version");
    let version = said(rustc).unwrap_or_default();
    version.split(' ').nth(1).and_then(release) >= release(OLDEST)
}

/// What `command` writes, if it can be run and succeeds.
fn said(mut command: Command) -> Option<String> {
    let output = command.output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(said)
}

/// The first two numbers of a version.
fn release(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.').map_while(|part| part.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert_eq!(release("1.97.0-nightly"), Some((1, 97)));
        assert_eq!(release("1.88"), Some((1, 88)));
        assert!(release("1.100.0") > release("1.97.0-nightly"));
        assert!(release("nonsense") < release(OLDEST));
    }
}
