// SPDX-License-Identifier: MIT OR Apache-2.0

//! Running a program as a step: quiet while it is short, a line with the time
//! when it is long, and what it said when it fails.

use std::fs::File;
use std::io::{ErrorKind, IsTerminal, Read, Seek, SeekFrom, Write, stderr};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::lab::Lab;
use crate::process::Process;

/// A step that takes longer than this is worth a line.
const LONG: Duration = Duration::from_secs(2);

/// How many lines of a failed step's output are shown.
const TAIL: usize = 200;

/// Runs `command` as the step `what` ("unpack the kernel source").
///
/// Its output goes to a log in the cache. `hint` says what to do when it
/// fails.
///
/// # Errors
///
/// When the program cannot be started or fails; the error carries the end of
/// its output and `hint`.
pub fn step(lab: &Lab, what: &str, command: &mut Command, hint: &str) -> Result<()> {
    let log = lab.log(what);
    let status = logged(lab, what, command, &log)?;
    if status.success() {
        return Ok(());
    }
    bail!(
        "cannot {what} ({status})\n{}\nThe whole output is in {}.{}{hint}",
        indent(&tail(&log, TAIL)),
        log.display(),
        if hint.is_empty() { "" } else { " " }
    );
}

/// Runs `command` with its output in the file `log`, and shows that it is at
/// work when that takes long.
///
/// # Errors
///
/// When the program cannot be started or its log cannot be written.
pub fn logged(lab: &Lab, what: &str, command: &mut Command, log: &Path) -> Result<ExitStatus> {
    // A new file: another run may still be writing to the one of this name.
    match std::fs::remove_file(log) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot replace {}", log.display()));
        }
        _ => {}
    }
    let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut reader = File::open(log).with_context(|| format!("cannot read {}", log.display()))?;
    command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file);
    let mut process = Process::spawn_group(what, command)?;
    let mut show = Show::new(what, lab.verbose);
    loop {
        let ended = process.wait_at_most(Duration::from_millis(200))?;
        show.tick(&mut reader)?;
        if let Some(status) = ended {
            show.end();
            return Ok(status);
        }
        lab.interrupt.check()?;
    }
}

/// Runs `command`, called `what` in an error, with its output going where ours
/// goes.
///
/// # Errors
///
/// When the program cannot be started, or we are interrupted.
pub fn shown(lab: &Lab, what: &str, command: &mut Command) -> Result<ExitStatus> {
    let mut process = Process::spawn_group(what, command.stdin(Stdio::null()))?;
    loop {
        if let Some(status) = process.wait_at_most(Duration::from_millis(200))? {
            return Ok(status);
        }
        lab.interrupt.check()?;
    }
}

/// What the user sees of a step at work.
struct Show<'a> {
    what: &'a str,
    verbose: bool,
    tty: bool,
    start: Instant,
    announced: bool,
}

impl<'a> Show<'a> {
    fn new(what: &'a str, verbose: bool) -> Self {
        if verbose {
            eprintln!("lab: {what}");
        }
        Self {
            what,
            verbose,
            tty: stderr().is_terminal(),
            start: Instant::now(),
            announced: false,
        }
    }

    fn tick(&mut self, log: &mut File) -> Result<()> {
        let mut new = Vec::new();
        log.read_to_end(&mut new)?;
        if self.verbose {
            stderr().write_all(&new)?;
        } else if self.start.elapsed() < LONG {
        } else if self.tty {
            let width = rustix::termios::tcgetwinsize(stderr())
                .map_or(80, |size| usize::from(size.ws_col).max(20));
            let last = String::from_utf8_lossy(&new);
            let last = last
                .lines()
                .rfind(|line| !line.trim().is_empty())
                .unwrap_or_default();
            let line = format!(
                "lab: {} … {} s  {last}",
                self.what,
                self.start.elapsed().as_secs()
            );
            // Cut, so that the line can be overwritten; a control character
            // could move the cursor.
            let line: String = line
                .chars()
                .filter(|c| !c.is_control())
                .take(width - 1)
                .collect();
            eprint!("\r\x1b[K{line}");
            self.announced = true;
        } else if !self.announced {
            eprint!("lab: {} … ", self.what);
            self.announced = true;
        }
        Ok(())
    }

    fn end(&self) {
        let seconds = self.start.elapsed().as_secs();
        if self.announced && self.tty {
            eprintln!("\r\x1b[Klab: {} … {seconds} s", self.what);
        } else if self.announced {
            eprintln!("{seconds} s");
        }
    }
}

/// The last `lines` lines of the file `path`, or why it cannot be read.
pub fn tail(path: &Path, lines: usize) -> String {
    // Enough for the lines of any log, and little enough to hold.
    const MOST: u64 = 256 * 1024;
    let read = || -> std::io::Result<String> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(size.saturating_sub(MOST)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    match read() {
        Ok(text) => {
            let all: Vec<&str> = text.lines().collect();
            all[all.len().saturating_sub(lines)..].join("\n")
        }
        Err(error) => format!("(cannot read {}: {error})", path.display()),
    }
}

/// `text` with each line set off, so that it is seen as a quotation.
pub fn indent(text: &str) -> String {
    text.lines()
        .map(|line| format!("  | {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}
