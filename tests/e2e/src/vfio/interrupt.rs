// SPDX-License-Identifier: MIT OR Apache-2.0
//! An interrupt as a VFIO program receives it: an eventfd.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};

/// An eventfd that counts interrupts.
pub struct Interrupt {
    name: &'static str,
    fd: EventFd,
}

impl Interrupt {
    /// A new one; `name` is for error messages.
    pub fn new(name: &'static str) -> Result<Self> {
        let fd = EventFd::from_flags(EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC)
            .context("cannot make an eventfd")?;
        Ok(Self { name, fd })
    }

    /// Takes the interrupts that came since the last look and returns their number.
    pub fn take(&self) -> Result<u64> {
        match self.fd.read() {
            Ok(count) => Ok(count),
            Err(Errno::EAGAIN) => Ok(0),
            Err(error) => Err(error).context("cannot read an eventfd"),
        }
    }

    /// Waits for an interrupt and takes all that came.
    pub fn wait(&self, limit: Duration) -> Result<u64> {
        let timeout = PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX);
        let mut fds = [PollFd::new(self.fd.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, timeout) {
            Ok(0) => bail!("no {} interrupt came in {limit:?}", self.name),
            Ok(_) => self.take(),
            Err(error) => Err(error).context("cannot wait for an eventfd"),
        }
    }
}

impl AsFd for Interrupt {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wait::SOON;

    #[test]
    fn interrupts_are_counted_and_taken() {
        let interrupt = Interrupt::new("test").expect("eventfd");
        assert_eq!(interrupt.take().expect("readable"), 0);
        interrupt.fd.write(2).expect("writable");
        assert_eq!(interrupt.wait(SOON).expect("signalled"), 2);
        let error = interrupt.wait(Duration::ZERO).expect_err("taken already");
        assert!(error.to_string().contains("no test interrupt"), "{error}");
    }
}
