// SPDX-License-Identifier: MIT OR Apache-2.0

//! Building the fuzz targets of `tests/fuzz` with cargo-fuzz, and running one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::toolchain::Toolchain;
use super::userspace::{TARGET, target_dir};
use crate::host_package::Package;
use crate::lab::Lab;
use crate::{process, run, stamp};

/// The crate of the targets, relative to the checkout.
const CRATE: &str = "tests/fuzz";

/// The version of cargo-fuzz that builds them.
const CARGO_FUZZ: &str = "0.13.2";

/// A target that is built.
#[derive(Debug)]
pub struct Fuzzer {
    program: PathBuf,
    /// The inputs in the checkout.
    corpus: PathBuf,
    /// Where inputs that make it fail are put, with a slash at its end.
    findings: String,
    /// Where an open-ended run keeps inputs that reach something new.
    grown: PathBuf,
}

impl Fuzzer {
    /// Builds all targets, and gives the one called `name`.
    ///
    /// # Errors
    ///
    /// When cargo-fuzz cannot be installed, or a target does not compile.
    pub fn build(lab: &Lab, name: &str) -> Result<Self> {
        let toolchain = Toolchain::find(lab)?;
        let cargo_fuzz = install(lab)?;
        // For libFuzzer.
        Package::Gxx.ensure(lab)?;

        // cargo-fuzz would bring a stale lock file up to date, in the checkout.
        let mut fetch = toolchain.cargo(lab);
        fetch.args(["fetch", "--locked", "--manifest-path"]);
        fetch.arg(Path::new(CRATE).join("Cargo.toml"));
        let hint = format!("`cargo update --workspace` in {CRATE} mends a stale Cargo.lock.");
        run::step(lab, "fetch what the fuzz targets use", &mut fetch, &hint)?;

        let target_dir = target_dir(lab).join("fuzz");
        let mut build = toolchain.program(lab, &cargo_fuzz);
        build.args(["fuzz", "build", "--fuzz-dir", CRATE]);
        build.arg("--target-dir").arg(&target_dir);
        run::step(lab, "build the fuzz targets", &mut build, "")?;

        let own = lab.own("fuzz").join(name);
        let findings = own.join("findings");
        let grown = own.join("corpus");
        for dir in [&findings, &grown] {
            fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        }
        Ok(Self {
            program: target_dir.join(TARGET).join("release").join(name),
            corpus: lab.checkout.join(CRATE).join("corpus").join(name),
            findings: format!("{}/", findings.display()),
            grown,
        })
    }

    /// A run of a few seconds that is always the same: it starts from the
    /// committed corpus, and keeps nothing but what makes the target fail.
    pub fn brief(&self, scratch: &Path) -> Command {
        let mut command = self.command();
        command.args(["-seed=1", "-runs=20000"]);
        command.arg(scratch).arg(&self.corpus);
        command
    }

    /// A run without end, which goes on from the inputs that earlier ones found.
    pub fn endless(&self, seed: u32) -> Command {
        let mut command = self.command();
        command.arg(format!("-seed={seed}"));
        command.arg(&self.grown).arg(&self.corpus);
        command
    }

    /// A run of nothing but the input in the file `input`.
    pub fn replay(&self, input: &Path) -> Command {
        let mut command = self.command();
        command.arg(input);
        command
    }

    fn command(&self) -> Command {
        let mut command = process::bound(&self.program);
        command.arg(format!("-artifact_prefix={}", self.findings));
        // An input that takes that long is a finding as well.
        command.arg("-timeout=30");
        // The first as cargo-fuzz has it.
        command.env("ASAN_OPTIONS", "detect_odr_violation=0:allow_addr2line=1");
        command
    }
}

/// Installs cargo-fuzz in the cache, unless it is there.
fn install(lab: &Lab) -> Result<PathBuf> {
    let tools = lab.cache.join("tools");
    let program = tools.join("bin/cargo-fuzz");
    stamp::once(lab, "cargo-fuzz", CARGO_FUZZ, &program, || {
        let mut cargo = process::bound(&lab.cargo);
        cargo.args(["install", "--locked", "--force", "--version", CARGO_FUZZ]);
        cargo.arg("--root").arg(&tools).arg("cargo-fuzz");
        // Not with the settings of the checkout.
        cargo.current_dir(&lab.cache);
        run::step(lab, "install cargo-fuzz", &mut cargo, "")
    })?;
    Ok(program)
}
