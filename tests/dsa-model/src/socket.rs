// SPDX-License-Identifier: MIT OR Apache-2.0
//! The listening socket: it appears under its path when a client can connect, and goes with its
//! owner.

use std::fs;
use std::io;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// A path in the file system that is removed at the end.
pub(crate) struct Socket(PathBuf);

impl Socket {
    /// Listens at a path that does not exist.
    ///
    /// Binding makes the file before anyone can connect to it. So that those who wait for the
    /// file find a server behind it, it is made under another name and linked when it listens.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` when there is something at the path; what the system says otherwise.
    pub(crate) fn listen(path: &Path) -> io::Result<(Self, UnixListener)> {
        let mut hidden = path.as_os_str().to_owned();
        hidden.push("~");
        let hidden = Self(hidden.into());
        let listener = UnixListener::bind(&hidden.0)?;
        fs::hard_link(&hidden.0, path)?;
        Ok((Self(path.to_owned()), listener))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Somebody may have removed it before; it is gone either way.
        let _ = fs::remove_file(&self.0);
    }
}
