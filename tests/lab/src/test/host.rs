// SPDX-License-Identifier: MIT OR Apache-2.0

//! The checks that need no virtual machine.

use std::process::Command;

use anyhow::{Context, Result};

use super::{Check, sanitizer};
use crate::build::fuzz::Fuzzer;
use crate::build::kernel::{self, Flavour, Kernel};
use crate::build::{module, userspace};
use crate::lab::Lab;
use crate::root::{self, Root};
use crate::{deb, generate, process, run};

/// All of them, the quick ones first.
pub fn checks(lab: &Lab) -> Vec<Check<'_>> {
    vec![
        check("host: format of the workspace", || {
            cargo(lab, "check the format", &["fmt", "--all", "--check"])
        }),
        check("host: format of the module", || {
            let mut command = module::rustfmt_check(&ready(lab)?.0, &lab.checkout);
            step(lab, "check the module's format", &mut command)
        }),
        check("host: generated files", || generate::check(lab)),
        check("host: lints of the module", || {
            let (root, kernel) = ready(lab)?;
            module::lint(lab, &root, &kernel)
        }),
        check("host: lints of the workspace", || {
            let arguments = [
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "--deny",
                "warnings",
            ];
            cargo(lab, "lint the workspace", &arguments)
        }),
        check("host: tests of the workspace", || {
            cargo(lab, "test the workspace", &["test", "--workspace"])
        }),
        check("host: tests under AddressSanitizer", || {
            sanitizer::address(lab)
        }),
        check("host: Debian packages", || packages(lab)),
        check("host: fuzz descriptor", || fuzz(lab, "descriptor")),
        check("host: fuzz function", || fuzz(lab, "function")),
        check("host: fuzz netlink", || fuzz(lab, "netlink")),
    ]
}

fn check<'a>(name: &str, work: impl Fn() -> Result<()> + 'a) -> Check<'a> {
    Check {
        name: name.to_owned(),
        work: Box::new(work),
    }
}

/// The build root, and the stock kernel's tree in it.
fn ready(lab: &Lab) -> Result<(Root, Kernel)> {
    let root = root::ensure(lab)?;
    let kernel = kernel::ensure(lab, &root, Flavour::Stock)?;
    Ok((root, kernel))
}

/// Builds the packages, has DKMS build the module where they are installed, and removes them.
fn packages(lab: &Lab) -> Result<()> {
    let (root, _) = ready(lab)?;
    let programs = userspace::build(lab)?;
    let packages = deb::build(lab, &root, &programs)?;
    let layers = deb::installed::ensure(lab, &root, &packages)?;
    deb::installed::remove(lab, &root, &layers)
}

/// A brief run of a fuzz target.
fn fuzz(lab: &Lab, target: &str) -> Result<()> {
    let fuzzer = Fuzzer::build(lab, target)?;
    let scratch = tempfile::tempdir().context("cannot make a folder for the fuzzer")?;
    let what = format!("fuzz the target {target}");
    let hint = format!(
        "`cargo xtask fuzz {target} --input FILE` replays the file that the input was written to."
    );
    run::step(lab, &what, &mut fuzzer.brief(scratch.path()), &hint)
}

fn cargo(lab: &Lab, what: &str, arguments: &[&str]) -> Result<()> {
    let mut command = process::bound(&lab.cargo);
    command.args(arguments).current_dir(&lab.checkout);
    command.env("CARGO_TARGET_DIR", userspace::target_dir(lab));
    step(lab, what, &mut command)
}

fn step(lab: &Lab, what: &str, command: &mut Command) -> Result<()> {
    run::step(lab, what, command, "")
}
