// SPDX-License-Identifier: MIT OR Apache-2.0

//! Children that never outlive us.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// A command that runs `program`, which the kernel ends should we die without
/// a chance to do so.
///
/// `setpriv` (util-linux) sets this: std could only do so with unsafe code
/// between fork and exec.
pub fn bound(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "--"]).arg(program);
    command
}

/// A running program that is ended when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Whether it leads a group, which is ended with it.
    leads: bool,
}

impl Process {
    /// Starts `command`, called `name` in an error.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn spawn(name: &str, command: &mut Command) -> Result<Self> {
        Self::spawn_as(name, command, false)
    }

    /// Starts `command` as the leader of a process group: whatever it starts
    /// is ended with it.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn spawn_group(name: &str, command: &mut Command) -> Result<Self> {
        Self::spawn_as(name, command.process_group(0), true)
    }

    fn spawn_as(name: &str, command: &mut Command, leads: bool) -> Result<Self> {
        let program = command.get_program().to_owned();
        command
            .spawn()
            .map(|child| Self { child, leads })
            .with_context(|| format!("cannot start {} for {name}", program.to_string_lossy()))
    }

    /// How the program ended, if it did.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits at most `limit` for the end.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    pub fn wait_at_most(&mut self, limit: Duration) -> Result<Option<ExitStatus>> {
        let start = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(status) = self.ended()? {
                return Ok(Some(status));
            }
            let left = limit.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Ok(None);
            }
            sleep(pause.min(left));
            pause = (pause * 2).min(Duration::from_millis(100));
        }
    }

    fn signal(&self, signal: Signal) -> rustix::io::Result<()> {
        let id = Pid::from_child(&self.child);
        if self.leads {
            kill_process_group(id, signal)
        } else {
            kill_process(id, signal)
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Still ours until it was waited for, so the id cannot mean another.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.signal(Signal::TERM);
            if !matches!(self.wait_at_most(Duration::from_secs(2)), Ok(Some(_))) {
                let _ = self.signal(Signal::KILL);
                let _ = self.child.wait();
            }
        }
    }
}
