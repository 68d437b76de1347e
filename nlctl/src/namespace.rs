// SPDX-License-Identifier: MIT OR Apache-2.0

//! The network namespace that sockets are opened in.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::thread;

use nix::sched::{CloneFlags, setns};
use tokio::runtime::Handle;

/// That of the thread that opens them, or another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Namespace(Option<Arc<OwnedFd>>);

impl Namespace {
    pub(crate) fn of(file: OwnedFd) -> Self {
        Self(Some(Arc::new(file)))
    }

    /// Opens something in it, and in the tokio runtime of the caller.
    ///
    /// A socket stays in the namespace that it is opened in. What changes over is a
    /// thread of its own, so that the caller stays where it is, and does not need to
    /// be able to come back.
    pub(crate) fn open<T: Send>(
        &self,
        open: impl FnOnce() -> io::Result<T> + Send,
    ) -> io::Result<T> {
        let Some(namespace) = &self.0 else {
            return open();
        };
        let runtime = Handle::try_current().map_err(io::Error::other)?;
        let inside = || {
            setns(namespace, CloneFlags::CLONE_NEWNET)?;
            let _entered = runtime.enter();
            open()
        };
        thread::scope(|scope| {
            let thread = thread::Builder::new().spawn_scoped(scope, inside)?;
            thread
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("a thread panicked")))
        })
    }
}
