// SPDX-License-Identifier: MIT OR Apache-2.0

//! `cargo xtask fuzz`: without end, on the host or in a virtual machine.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};

use crate::build::fuzz::Fuzzer;
use crate::build::kernel::Flavour;
use crate::interrupt::Interrupted;
use crate::lab::Lab;
use crate::{run, vm};

/// What can be fuzzed.
#[derive(Debug, Subcommand)]
pub enum Subject {
    /// The generic netlink family, by requests to the module in a virtual machine.
    Family(Family),
    /// A tenant's descriptors: decoding, checking, cutting into pieces.
    Descriptor(Target),
    /// A tenant's accesses to the virtual function: config space, registers, portals.
    Function(Target),
    /// What nlctl reads of the kernel's answers and events.
    Netlink(Target),
}

/// Options of what runs in a virtual machine.
#[derive(Debug, Args)]
pub struct Family {
    /// Where chance starts (default: anywhere; it is printed).
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The kernel to boot.
    #[arg(long, value_enum, default_value_t = Flavour::Stock)]
    kernel: Flavour,
}

/// Options of what runs on the host.
#[derive(Debug, Args)]
pub struct Target {
    /// Where chance starts (default: anywhere; it is printed).
    #[arg(long, value_name = "N")]
    seed: Option<u32>,
    /// Run nothing but the input in this file: one that was found.
    #[arg(long, value_name = "FILE", conflicts_with = "seed")]
    input: Option<PathBuf>,
}

/// Fuzzes until something is found or the user has enough, and returns the
/// exit status.
///
/// # Errors
///
/// When it cannot be started, or the virtual machine fails.
pub fn fuzz(lab: &Lab, subject: &Subject) -> Result<u8> {
    match subject {
        Subject::Family(options) => family(lab, options),
        Subject::Descriptor(options) => target(lab, "descriptor", options),
        Subject::Function(options) => target(lab, "function", options),
        Subject::Netlink(options) => target(lab, "netlink", options),
    }
}

fn family(lab: &Lab, options: &Family) -> Result<u8> {
    let guest = vm::Guest::ensure(lab, options.kernel)?;
    let (kernel, seed) = (options.kernel.name(), options.seed.unwrap_or_else(chance));
    let again = format!("cargo xtask fuzz family --kernel {kernel} --seed {seed}");
    println!("seed {seed}: `{again}` sends the same requests");
    let seed = seed.to_string();
    let words = ["--kernel", kernel, "--", "e2e", "fuzz", "--seed", &seed];
    let mut plan = vm::Options::of_words(words)?.plan()?;
    plan.timeout = None;
    until_interrupted(|| {
        let outcome = vm::run(lab, &guest, &plan, vm::Streams::without_input())
            .with_context(|| format!("the machine failed; `{again}` gets there again"))?;
        if outcome.status != 0 {
            println!("found something; `{again}` gets there again");
        }
        Ok(outcome.status)
    })
}

fn target(lab: &Lab, name: &str, options: &Target) -> Result<u8> {
    let fuzzer = Fuzzer::build(lab, name)?;
    if let Some(input) = &options.input {
        let full = input
            .canonicalize()
            .with_context(|| format!("--input {}: cannot be used", input.display()))?;
        if !full.is_file() {
            bail!("--input {}: not a file", input.display());
        }
        let status = run::shown(lab, name, &mut fuzzer.replay(&full))?;
        return Ok(u8::from(!status.success()));
    }
    let seed = options.seed.unwrap_or_else(chance);
    println!("seed {seed}: `cargo xtask fuzz {name} --seed {seed}` starts there again");
    until_interrupted(|| {
        let status = run::shown(lab, name, &mut fuzzer.endless(seed))?;
        let found = !status.success();
        if found {
            println!(
                "found something; `cargo xtask fuzz {name} --input FILE` replays the file that \
                 it was written to"
            );
        }
        Ok(u8::from(found))
    })
}

/// Makes success of an interruption: that is how it ends if nothing is found.
fn until_interrupted(work: impl FnOnce() -> Result<u8>) -> Result<u8> {
    let start = Instant::now();
    let done = work();
    match &done {
        Err(error) if error.is::<Interrupted>() => {
            println!("nothing was found in {} s", start.elapsed().as_secs());
            Ok(0)
        }
        _ => done,
    }
}

/// A number that is another one each time.
fn chance<T: From<u32>>() -> T {
    let number = RandomState::new().build_hasher().finish();
    // CAST: The lower half is as good.
    T::from(number as u32)
}
