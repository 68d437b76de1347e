// SPDX-License-Identifier: MIT OR Apache-2.0

//! Steps that are done once: a stamp says of which input, a lock lets one run
//! do it while others wait.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, flock};

use crate::lab::Lab;

/// Does `work` unless it was done for the same `key` before and what it `made`
/// is still there.
///
/// `name` names the stamp (and may hold a checkout's hash). The stamp is
/// written last: a step that was interrupted is done again, so `work` must
/// bear that.
///
/// # Errors
///
/// What `work` returns, and trouble with the stamp or its lock.
pub fn once(
    lab: &Lab,
    name: &str,
    key: &str,
    made: &Path,
    work: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let stamp = lab.cache.join("stamp").join(name);
    let done = || made.exists() && fs::read_to_string(&stamp).is_ok_and(|found| found == key);
    if done() {
        return Ok(());
    }
    let _lock = lock(lab, name)?;
    // Whoever held the lock before may have done it for us.
    if done() {
        return Ok(());
    }
    work()?;
    write_atomic(&stamp, key.as_bytes())
}

/// Takes the lock `name`, which is held until the result is dropped (or the
/// process ends, however it does).
///
/// # Errors
///
/// When the lock's file cannot be made.
pub fn lock(lab: &Lab, name: &str) -> Result<File> {
    let path = lab.cache.join("stamp").join(format!("{name}.lock"));
    let file =
        File::create(&path).with_context(|| format!("cannot make the lock {}", path.display()))?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        eprintln!("lab: another run is at the same step ({name}): waiting for it");
        flock(&file, FlockOperation::LockExclusive)
            .with_context(|| format!("cannot take the lock {}", path.display()))?;
    }
    Ok(file)
}

/// Writes `content` to `path` such that others see the old file or the new
/// one, never a part.
///
/// # Errors
///
/// When the folder of `path` cannot be written to.
pub fn write_atomic(path: &Path, content: &[u8]) -> Result<()> {
    let write = || -> Result<()> {
        let dir = path.parent().context("it has no parent folder")?;
        let mut file = tempfile::NamedTempFile::new_in(dir)?;
        file.write_all(content)?;
        file.persist(path)?;
        Ok(())
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
