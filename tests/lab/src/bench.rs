// SPDX-License-Identifier: MIT OR Apache-2.0

//! `cargo xtask bench`: how fast it is.

use anyhow::Result;
use clap::ValueEnum;

use crate::build::userspace;
use crate::lab::Lab;
use crate::run;

/// What can be measured.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Subject {
    /// The model device: copies of 2 MiB against memcpy, and NOOPs per second.
    Model,
}

/// Measures `subject`, or all of them, and returns whether it is fast enough.
///
/// # Errors
///
/// When the benchmark cannot be started, or is interrupted.
pub fn bench(lab: &Lab, subject: Option<Subject>) -> Result<bool> {
    let subjects = match &subject {
        Some(subject) => std::slice::from_ref(subject),
        None => Subject::value_variants(),
    };
    let mut passed = true;
    for subject in subjects {
        let (package, name) = match subject {
            Subject::Model => ("dsa-model", "model"),
        };
        // Compiled as the programs of a run are: what is measured is what runs.
        let mut cargo = userspace::static_cargo(lab, "bench");
        cargo.args(["--package", package, "--bench", name]);
        passed &= run::shown(lab, "the benchmark", &mut cargo)?.success();
    }
    Ok(passed)
}
