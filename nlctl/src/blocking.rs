// SPDX-License-Identifier: MIT OR Apache-2.0

//! The library for programs without a runtime: what would be awaited is waited
//! for.
//!
//! ```no_run
//! use nlctl::blocking::Client;
//!
//! # fn main() -> Result<(), nlctl::Error> {
//! let client = Client::new()?;
//! let subdev = client.wait(client.handle().subdev().add().wq(3).execute())?;
//! println!("made {:?}", subdev.name);
//!
//! let mut state = nlctl::State::default();
//! for update in client.watch()? {
//!     state.update(update?);
//!     println!("there are {} subdevs", state.subdevs.len());
//! }
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use futures::{Stream, StreamExt};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::connection::{Connection, Handle, new_connection, new_connection_in};
use crate::error::Error;
use crate::monitor::Monitor;
use crate::watch::Watch;

/// A connection to the kernel, and a runtime that drives it while one waits.
///
/// It must not be used, nor dropped, by an async task.
#[derive(Debug)]
pub struct Client {
    handle: Handle,
    runtime: Runtime,
}

impl Client {
    /// Opens a socket to the kernel.
    ///
    /// # Errors
    ///
    /// When the system gives no socket.
    pub fn new() -> io::Result<Self> {
        Self::open(new_connection)
    }

    /// Opens a socket in another network namespace; see [`new_connection_in`].
    ///
    /// # Errors
    ///
    /// As [`new_connection_in`].
    pub fn new_in(namespace: impl Into<OwnedFd>) -> io::Result<Self> {
        Self::open(|| new_connection_in(namespace))
    }

    fn open(connect: impl FnOnce() -> io::Result<(Connection, Handle)>) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.block_on(async {
            let (connection, handle) = connect()?;
            tokio::spawn(connection);
            io::Result::Ok(handle)
        })?;
        Ok(Self { handle, runtime })
    }

    /// What requests are made with, to [`wait`](Self::wait) for their answers.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Waits for what `future` comes to.
    pub fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// Waits for it no longer than `limit`. A request that was sent may be
    /// carried out all the same.
    ///
    /// # Errors
    ///
    /// When there is nothing after that time.
    pub fn wait_within<F: Future>(
        &self,
        limit: Duration,
        future: F,
    ) -> Result<F::Output, TimedOut> {
        let within = async { timeout(limit, future).await };
        self.wait(within).map_err(|_| TimedOut(limit))
    }

    /// Subscribes to events; see [`Handle::monitor`].
    ///
    /// # Errors
    ///
    /// When the family is absent or the system gives no socket.
    pub fn monitor(&self) -> Result<Items<'_, Monitor>, Error> {
        let stream = self.wait(self.handle.monitor())?;
        Ok(self.items(stream))
    }

    /// Gets the state and what changes it; see [`Handle::watch`].
    ///
    /// # Errors
    ///
    /// When the family is absent or the system gives no socket.
    pub fn watch(&self) -> Result<Items<'_, Watch>, Error> {
        let stream = self.wait(self.handle.watch())?;
        Ok(self.items(stream))
    }

    /// The items of any stream of the library, one after the other.
    pub fn items<S: Stream + Unpin>(&self, stream: S) -> Items<'_, S> {
        Items {
            client: self,
            stream,
        }
    }
}

/// The items of a stream, each waited for.
pub struct Items<'a, S> {
    client: &'a Client,
    stream: S,
}

impl<S: Stream + Unpin> Items<'_, S> {
    /// Waits for the next item no longer than `limit`; nothing is lost.
    ///
    /// # Errors
    ///
    /// When there is none after that time.
    pub fn next_within(&mut self, limit: Duration) -> Result<Option<S::Item>, TimedOut> {
        self.client.wait_within(limit, self.stream.next())
    }
}

impl<S: Stream + Unpin> Iterator for Items<'_, S> {
    type Item = S::Item;

    fn next(&mut self) -> Option<S::Item> {
        self.client.wait(self.stream.next())
    }
}

impl<S> fmt::Debug for Items<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").finish_non_exhaustive()
    }
}

/// What was waited for did not come in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing came within {0:?}")]
pub struct TimedOut(
    /// How long it was waited for.
    pub Duration,
);

impl From<TimedOut> for io::Error {
    fn from(error: TimedOut) -> Self {
        Self::new(io::ErrorKind::TimedOut, error)
    }
}
