// SPDX-License-Identifier: MIT OR Apache-2.0

//! Unix sockets that outlive whoever is killed.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;
use tokio_stream::wrappers::UnixListenerStream;
use tracing::{info, warn};

use crate::files;

/// A socket that goes with its owner.
#[derive(Debug)]
pub struct Socket {
    path: PathBuf,
    listener: Option<UnixListener>,
}

impl Socket {
    /// Listens at `path`, which only root can connect to, in place of one that is left of another.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made or written to.
    pub fn bind(path: PathBuf) -> io::Result<Self> {
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)?;
        }
        files::removed(fs::remove_file(&path))?;
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        Ok(Self {
            path,
            listener: Some(listener),
        })
    }

    /// Those who connect; none the second time.
    pub fn incoming(&mut self) -> Option<UnixListenerStream> {
        self.listener.take().map(UnixListenerStream::new)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        fs::remove_file(&self.path).ok();
    }
}

/// Removes sockets of `folder` whose names begin so and that nobody listens at: kubelet would keep
/// trying them.
pub fn sweep(folder: &Path, prefix: &str) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let ours = name.to_str().is_some_and(|it| it.starts_with(prefix));
        if !ours || !entry.file_type()?.is_socket() {
            continue;
        }
        let path = entry.path();
        let refused = std::os::unix::net::UnixStream::connect(&path);
        if refused.is_err_and(|it| it.kind() == io::ErrorKind::ConnectionRefused) {
            match files::removed(fs::remove_file(&path)) {
                Ok(()) => info!(path = %path.display(), "removed a socket that nobody listens at"),
                Err(error) => warn!(%error, path = %path.display(), "cannot remove a socket"),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_that_was_left_is_replaced_and_swept() {
        let folder = std::env::temp_dir().join(format!("dsa-dra-sockets-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("can be made");
        let path = folder.join("d-1-reg.sock");
        // As of one who was killed.
        drop(std::os::unix::net::UnixListener::bind(&path).expect("binds"));
        assert!(path.exists());
        let live = Socket::bind(path.clone()).expect("binds again");
        let left = folder.join("d-2-reg.sock");
        drop(std::os::unix::net::UnixListener::bind(&left).expect("binds"));
        let foreign = folder.join("e-reg.sock");
        drop(std::os::unix::net::UnixListener::bind(&foreign).expect("binds"));
        sweep(&folder, "d").expect("can be read");
        assert!(path.exists() && !left.exists() && foreign.exists());
        drop(live);
        assert!(!path.exists());
        fs::remove_dir_all(folder).expect("can be removed");
    }
}
