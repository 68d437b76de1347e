// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a run leaves that explains a failure: the kernel's console, and what
//! software did to each model device.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{FallocateFlags, fallocate};

use super::{Plan, model, qemu};
use crate::lab::Lab;
use crate::run;

/// How much of the console is shown.
const CONSOLE_TAIL: usize = 40;

/// How much of a trace is shown.
const TRACE_TAIL: usize = 20;

/// What the first line of a report of the kernel holds. It may be far above the
/// end of the console: a stack, and the registers twice.
const REPORTS: &[&str] = &["WARNING: ", "BUG: ", "kernel BUG at", "panicked at", "Oops"];

/// How many reports are shown.
const REPORTS_MOST: usize = 10;

/// How much of a file is kept.
const KEPT: u64 = 4 << 20;

/// How long a trace in the folder of the run may become until its beginning is
/// given up: software that polls a register fills a disk in a night.
const LONG: u64 = 64 << 20;

/// Where the model number `index` writes its trace.
pub fn trace(plan: &Plan, dir: &Path, index: u32) -> PathBuf {
    let dir = plan.trace.as_deref().unwrap_or(dir);
    dir.join(format!("{}.trace", model::name(index)))
}

/// Gives back the room that traces take beyond what will be kept; nobody waits
/// for that.
pub fn trim(plan: &Plan, dir: &Path) {
    // Whoever asked for the traces gets all of them.
    if plan.trace.is_some() {
        return;
    }
    for index in 0..plan.dsa {
        let trim = || -> io::Result<()> {
            let file = File::options().write(true).open(trace(plan, dir, index))?;
            let size = file.metadata()?.len();
            if size > LONG {
                let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
                fallocate(&file, flags, 0, size - KEPT)?;
            }
            Ok(())
        };
        // A file system that cannot do it keeps all.
        let _ = trim();
    }
}

/// Keeps the ends of the files in the logs, and tells where they are and how
/// they end.
pub fn keep(lab: &Lab, plan: &Plan, dir: &Path) -> String {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    let mut told = Vec::new();
    let mut tell = |what: &str, file: &Path, name: &str, lines| {
        let kept = lab.log(&format!("vm-{}-{run}-{name}", std::process::id()));
        told.push(match copy_end(file, &kept) {
            Ok(()) => format!(
                "{what} ({}) ends with:\n{}",
                kept.display(),
                run::indent(&run::tail(&kept, lines))
            ),
            Err(error) => format!("{what} was not kept: {error}"),
        });
    };
    tell(
        "The kernel's console",
        &dir.join(qemu::CONSOLE),
        "console",
        CONSOLE_TAIL,
    );
    for index in 0..plan.dsa {
        let name = model::name(index);
        tell(
            &format!("What software did to {name}"),
            &trace(plan, dir, index),
            &format!("{name}-trace"),
            TRACE_TAIL,
        );
    }
    let console = run::tail(&dir.join(qemu::CONSOLE), usize::MAX);
    let reports = reports(&console);
    if !reports.is_empty() {
        told.insert(0, format!("The kernel reports:\n{}", run::indent(&reports)));
    }
    told.join("\n")
}

/// The first lines of the kernel's reports.
fn reports(console: &str) -> String {
    let is_report = |line: &&str| REPORTS.iter().any(|sign| line.contains(sign));
    let reports = console.lines().filter(is_report).take(REPORTS_MOST);
    reports.collect::<Vec<_>>().join("\n")
}

/// Copies the last of `from`, which may be growing.
fn copy_end(from: &Path, to: &Path) -> io::Result<()> {
    let mut file = File::open(from)?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(KEPT)))?;
    let mut end = Vec::new();
    file.take(KEPT).read_to_end(&mut end)?;
    if size > KEPT {
        // Cut somewhere within a line.
        let line = end.iter().position(|byte| *byte == b'\n');
        end.drain(..line.map_or(0, |at| at + 1));
    }
    fs::write(to, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_told_by_its_first_line() {
        let console = "[ 1.0] subdev: ready\n\
                       [ 2.0] rust_kernel: panicked at driver/dsa/transfer.rs:120:30\n\
                       [ 2.1] Call Trace:\n";
        assert_eq!(
            reports(console),
            "[ 2.0] rust_kernel: panicked at driver/dsa/transfer.rs:120:30"
        );
        assert_eq!(reports("[ 1.0] subdev: ready\n"), "");
    }

    #[test]
    fn of_a_long_file_whole_lines_are_kept() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let [from, to] = ["from", "to"].map(|name| dir.path().join(name));
        let line = "x".repeat(99) + "\n";
        let lines = usize::try_from(KEPT).unwrap_or_default() / 100;
        for (count, kept) in [(3, 3), (lines + 10, lines)] {
            fs::write(&from, line.repeat(count))?;
            copy_end(&from, &to)?;
            assert_eq!(fs::read_to_string(&to)?, line.repeat(kept));
        }
        Ok(())
    }
}
