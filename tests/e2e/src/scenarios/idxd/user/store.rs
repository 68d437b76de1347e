// SPDX-License-Identifier: MIT OR Apache-2.0
//! What `cpu_shim` makes of memory that is not there yet, and of programs that go wrong.

use std::env;
use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use anyhow::{Context, Result};
use nix::libc;
use vm_memory::mmap::MmapRegion;
use vm_memory::{FileOffset, VolatileMemory};

use super::instructions::{self, MISTAKES};
use crate::check::{self, step};
use crate::idxd::command;
use crate::process;
use crate::scenario::Scenario;
use crate::wait::SOON;

pub const STORE: Scenario = Scenario {
    name: "cpu-shim",
    // The module that it is about is looked after too.
    vm: "--movdir64b",
    about: "MOVDIR64B waits for pages as a processor's own does, and its faults are the same",
    run: || {
        absent_pages()?;
        mistakes()?;
        step("the module can go and come back");
        command("rmmod", "cpu_shim")?;
        command("modprobe", "cpu_shim")?;
        Ok(())
    },
};

/// The name of the command that makes a mistake.
pub const MISTAKE: &str = "mistake";

const PAGE: usize = 4096;

fn absent_pages() -> Result<()> {
    let content: Vec<u8> = (0..3 * PAGE as u32)
        .map(|at| (at * 7 % 251) as u8)
        .collect();
    for (what, from) in [
        ("one page", PAGE + 0x40),
        ("two pages", 2 * PAGE - 13),
        ("another page", 2 * PAGE + 0x80),
    ] {
        step(format!(
            "a source in {what} of a file, and a target, that nobody has touched"
        ));
        let path = env::temp_dir().join("untouched");
        std::fs::write(&path, &content).context("cannot write a file")?;
        let file = FileOffset::new(File::open(&path)?, 0);
        let source = MmapRegion::<()>::build(
            Some(file),
            content.len(),
            libc::PROT_READ,
            libc::MAP_PRIVATE,
        )?;
        let target = MmapRegion::<()>::new(PAGE)?;
        instructions::movdir64b_from(&target.get_slice(0x80, 64)?, &source.get_slice(from, 64)?);
        let mut stored = [0; 192];
        target.get_slice(0x40, stored.len())?.copy_to(&mut stored);
        let mut expected = [0; 192];
        expected[64..128].copy_from_slice(&content[from..from + 64]);
        check::same_bytes(what, &stored, &expected)?;
    }
    Ok(())
}

fn mistakes() -> Result<()> {
    let program = env::current_exe().context("which program is this?")?;
    for mistake in MISTAKES {
        step(format!("a program that goes wrong faults: {mistake}"));
        let ended = process::run(Command::new(&program).args([MISTAKE, mistake]), SOON)?;
        check::equal(
            &ended.describe(),
            ended.status.signal(),
            Some(libc::SIGSEGV),
        )?;
    }
    Ok(())
}
