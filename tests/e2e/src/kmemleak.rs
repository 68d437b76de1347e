// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory that nobody can reach any more, on a kernel that looks for it
//! (srctree Documentation/dev-tools/kmemleak.rst).

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// Takes commands, and lists what was found.
const FILE: &str = "/sys/kernel/debug/kmemleak";

/// How old an object must be to be listed (MSECS_MIN_AGE in srctree mm/kmemleak.c).
const MIN_AGE: Duration = Duration::from_secs(5);

/// Whether the kernel looks for lost memory: that of the debug lane does, which is slow.
pub fn is_there() -> bool {
    Path::new(FILE).exists()
}

fn order(command: &str) -> Result<()> {
    fs::write(FILE, command).with_context(|| format!("cannot write {command:?} to {FILE}"))
}

/// Makes everything that is allocated now old enough for [`expect_none`], and known to it: what
/// changed since an earlier scan is no suspect.
pub fn settle() -> Result<()> {
    if !is_there() {
        return Ok(());
    }
    let start = Instant::now();
    order("scan")?;
    thread::sleep(MIN_AGE.saturating_sub(start.elapsed()));
    Ok(())
}

/// Demands that no memory is lost that was allocated before [`settle`]; `after` what is for the
/// error.
pub fn expect_none(after: &str) -> Result<()> {
    if !is_there() {
        return Ok(());
    }
    order("scan")?;
    let found = fs::read_to_string(FILE).with_context(|| format!("cannot read {FILE}"))?;
    // What was told once is not told again.
    order("clear")?;
    ensure!(
        found.is_empty(),
        "memory is lost after {after}:\n    {}",
        found.trim_end().replace('\n', "\n    ")
    );
    Ok(())
}
