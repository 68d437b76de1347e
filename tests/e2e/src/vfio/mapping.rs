// SPDX-License-Identifier: MIT OR Apache-2.0
//! A part of a device's file that is mapped.

use std::fs::File;
use std::num::NonZeroUsize;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, ensure};
use nix::libc::{c_void, off_t};
use nix::sys::mman::{self, MapFlags, ProtFlags};

/// How a part of a file is to be mapped.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// Where it begins.
    pub start: u64,
    /// Its length in bytes.
    pub len: usize,
    /// What can be done with it.
    pub prot: ProtFlags,
    /// Whether it is shared.
    pub flags: MapFlags,
}

/// A part of a file that is mapped, accessed by words that the other side may change at any time.
pub struct Mapping {
    start: NonNull<c_void>,
    len: usize,
}

// SAFETY: The memory is accessed as atomics only.
unsafe impl Send for Mapping {}
// SAFETY: As above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps a part of a file; the error is the kernel's.
    pub fn new(file: &File, how: How) -> nix::Result<Self> {
        let len = NonZeroUsize::new(how.len).ok_or(nix::errno::Errno::EINVAL)?;
        // SAFETY: The kernel chooses the address, so that nothing is there yet.
        let start =
            unsafe { mman::mmap(None, len, how.prot, how.flags, file, how.start as off_t) }?;
        Ok(Self {
            start,
            len: how.len,
        })
    }

    /// Where it is in the memory of the process.
    pub fn address(&self) -> u64 {
        self.start.as_ptr().addr() as u64
    }

    fn word(&self, offset: usize) -> Result<&AtomicU64> {
        ensure!(
            offset.is_multiple_of(8) && offset < self.len,
            "there is no word at {offset:#x} of a mapping"
        );
        // SAFETY: It is within the mapping, which stays as long as it is borrowed, and is aligned.
        Ok(unsafe { AtomicU64::from_ptr(self.start.as_ptr().byte_add(offset).cast()) })
    }

    /// Stores a word, after all that was stored before.
    pub fn store(&self, offset: usize, value: u64) -> Result<()> {
        self.word(offset)?.store(value, Ordering::Release);
        Ok(())
    }

    /// Loads a word.
    pub fn load(&self, offset: usize) -> Result<u64> {
        Ok(self.word(offset)?.load(Ordering::Acquire))
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: Nobody borrows it any more.
        let unmapped = unsafe { mman::munmap(self.start, self.len) };
        debug_assert!(unmapped.is_ok());
    }
}
