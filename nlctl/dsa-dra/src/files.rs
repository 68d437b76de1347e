// SPDX-License-Identifier: MIT OR Apache-2.0

//! Files that others read.

use std::fs;
use std::io;
use std::path::Path;

/// Writes a file that whoever looks finds as it was or as it is, never in between.
pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    // Runtimes read *.json only.
    let fresh = path.with_extension("new");
    fs::write(&fresh, content)?;
    fs::rename(&fresh, path)
}

/// Takes `result` of a removal for success when there is nothing any more.
pub fn removed(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
