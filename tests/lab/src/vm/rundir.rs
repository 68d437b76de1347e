// SPDX-License-Identifier: MIT OR Apache-2.0

//! The folder of one run: sockets, logs, and the files that the guest sees.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

use crate::lab::Lab;

/// A file in the folder that is locked as long as the run lasts.
const LOCK: &str = "lock";

/// The folder, removed when this is dropped.
pub struct RunDir {
    dir: TempDir,
    _lock: File,
}

impl RunDir {
    /// Makes a folder, and removes those of runs that were killed.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub fn new(lab: &Lab) -> Result<Self> {
        let all = lab.cache.join("run");
        let make = || -> std::io::Result<_> {
            // One at a time: a folder is not to be swept before it is locked.
            let turn = File::create(all.join(".turn"))?;
            flock(&turn, FlockOperation::LockExclusive)?;
            sweep(&all);
            let dir = tempfile::tempdir_in(&all)?;
            let lock = File::create(dir.path().join(LOCK))?;
            flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
            Ok(Self { dir, _lock: lock })
        };
        make().with_context(|| format!("cannot make a folder for the run in {}", all.display()))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }
}

/// Removes folders whose lock nobody holds. What cannot be removed stays: that
/// is no reason not to run.
fn sweep(all: &Path) {
    for entry in fs::read_dir(all).into_iter().flatten().flatten() {
        let dead = File::open(entry.path().join(LOCK))
            .is_ok_and(|lock| flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok());
        if dead {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
