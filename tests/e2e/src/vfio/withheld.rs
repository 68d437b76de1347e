// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory that a tenant does not let anybody have for a while.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use vm_memory::MmapRegion;

use crate::ffi;
use crate::wait::{self, SOON};

/// Bytes of a message (srctree include/uapi/linux/userfaultfd.h, `struct uffd_msg`).
const MESSAGE: usize = 32;
/// What the first byte of a message says of an access.
const PAGEFAULT: u8 = 0x12;

/// Pages that are withheld by a userfaultfd: whoever accesses one waits, in the kernel as well,
/// until [`Withheld::serve`] or the end of this.
pub struct Withheld {
    /// None when the time is over.
    userfaultfd: Arc<Mutex<Option<File>>>,
    /// Tells the watchdog, by its end, that this is over.
    _end: Sender<()>,
    _memory: Arc<MmapRegion>,
}

impl Withheld {
    pub(super) fn new(memory: Arc<MmapRegion>, limit: Duration) -> Result<Self> {
        let file = ffi::userfaultfd().context("userfaultfd (does the kernel have it?)")?;
        let (start, len) = (memory.as_ptr() as u64, memory.size() as u64);
        ffi::withhold(&file, start, len).context("UFFDIO_REGISTER")?;
        let userfaultfd = Arc::new(Mutex::new(Some(file)));
        let (end, over) = channel();
        let watched = Arc::clone(&userfaultfd);
        thread::spawn(move || {
            // Else what hangs would hang for ever, and with it the one who wants to tell so.
            if over.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                *watched.lock().unwrap_or_else(PoisonError::into_inner) = None;
            }
        });
        Ok(Self {
            userfaultfd,
            _end: end,
            _memory: memory,
        })
    }

    /// Waits until somebody waits for the memory.
    pub fn await_access(&self) -> Result<()> {
        wait::until_true(SOON, "an access to memory that is withheld", || {
            let guard = self.userfaultfd.lock();
            let mut guard = guard.unwrap_or_else(PoisonError::into_inner);
            let file = guard
                .as_mut()
                .context("the memory is not withheld any more")?;
            let mut message = [0; MESSAGE];
            match file.read(&mut message) {
                Ok(len) => {
                    ensure!(
                        len == MESSAGE && message[0] == PAGEFAULT,
                        "unexpected message of userfaultfd: {message:02x?}"
                    );
                    Ok(true)
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
                Err(error) => Err(error).context("cannot read a userfaultfd"),
            }
        })
    }

    /// Lets everybody have the memory, as zeroes. Fails when it was not withheld to the end.
    pub fn serve(self) -> Result<()> {
        let guard = self.userfaultfd.lock();
        let file = guard.unwrap_or_else(PoisonError::into_inner).take();
        if file.is_none() {
            bail!("the memory was withheld no longer: the time was over");
        }
        Ok(())
    }
}
