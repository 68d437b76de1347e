// SPDX-License-Identifier: MIT OR Apache-2.0

//! Files that others read.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Writes a file that whoever looks finds as it was or as it is, never in between; of two who write at
/// once, as one of them has it.
pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    // Runtimes read *.json only.
    let mut fresh = tempfile::Builder::new()
        .suffix(".new")
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(dir)?;
    fresh.write_all(content)?;
    fresh.persist(path)?;
    Ok(())
}

/// Takes `result` of a removal for success when there is nothing any more.
pub fn removed(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn two_who_write_at_once_do_not_disturb_each_other() {
        let dir = tempfile::tempdir().expect("can be made");
        let path = dir.path().join("claim/spec.json");
        thread::scope(|scope| {
            for content in ["one", "other"] {
                let path = &path;
                scope.spawn(move || {
                    for _ in 0..200 {
                        write(path, content.as_bytes()).expect("is written");
                    }
                });
            }
        });
        let content = fs::read_to_string(&path).expect("is there");
        assert!(["one", "other"].contains(&content.as_str()), "{content}");
        let left = fs::read_dir(dir.path().join("claim")).expect("is there");
        assert_eq!(left.count(), 1);
    }
}
