// SPDX-License-Identifier: MIT OR Apache-2.0
//! A part of a device's file that is mapped.

#![allow(unsafe_code)]

use std::fs::File;
use std::num::NonZeroUsize;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, ensure};
use nix::errno::Errno;
use nix::libc::{self, c_int, c_void, off_t};
use nix::sys::mman::{self, MRemapFlags, MapFlags, ProtFlags};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{self, ForkResult};

use crate::ffi;

const READ_WRITE: ProtFlags = ProtFlags::PROT_READ.union(ProtFlags::PROT_WRITE);

/// Has the kernel read a word.
fn probe(pipe: &OwnedFd, word: NonNull<c_void>) -> nix::Result<()> {
    // SAFETY: The kernel reads, or tells that it cannot.
    let written = unsafe { libc::write(pipe.as_raw_fd(), word.as_ptr(), size_of::<u64>()) };
    Errno::result(written).map(drop)
}

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
        let len = NonZeroUsize::new(how.len).ok_or(Errno::EINVAL)?;
        // SAFETY: The kernel chooses the address, so that nothing is there yet.
        let start =
            unsafe { mman::mmap(None, len, how.prot, how.flags, file, how.start as off_t) }?;
        Ok(Self {
            start,
            len: how.len,
        })
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds no bytes; it always does.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts memory of nobody in its place, while others may access it.
    pub fn hide(&self) -> nix::Result<()> {
        let flags = MapFlags::MAP_PRIVATE | MapFlags::MAP_FIXED;
        // SAFETY: What is replaced is ours, and accessed by words of any value.
        unsafe { mman::mmap_anonymous(self.place(), self.size()?, READ_WRITE, flags) }?;
        Ok(())
    }

    /// Maps a part of a file of the same length in its place, while others may access it.
    pub(super) fn show(&self, file: &File, start: u64) -> nix::Result<()> {
        let flags = MapFlags::MAP_SHARED | MapFlags::MAP_FIXED;
        let (place, size, start) = (self.place(), self.size()?, start as off_t);
        // SAFETY: As in `hide`.
        unsafe { mman::mmap(place, size, READ_WRITE, flags, file, start) }?;
        Ok(())
    }

    fn place(&self) -> Option<NonZeroUsize> {
        NonZeroUsize::new(self.start.as_ptr().addr())
    }

    fn size(&self) -> nix::Result<NonZeroUsize> {
        NonZeroUsize::new(self.len).ok_or(Errno::EINVAL)
    }

    /// Changes what can be done with `len` bytes from `offset` on.
    pub fn protect(&self, offset: usize, len: usize, prot: ProtFlags) -> nix::Result<()> {
        if offset.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(Errno::EINVAL);
        }
        // SAFETY: It is within the mapping; nobody relies on what can be done with it.
        unsafe { mman::mprotect(self.start.byte_add(offset), len, prot) }
    }

    /// Advises the kernel of it (`MADV_*`), in ways that leave it where it is.
    pub fn advise(&self, advice: c_int) -> nix::Result<()> {
        // SAFETY: The mapping is ours, and its words may have any value afterwards.
        let result = unsafe { libc::madvise(self.start.as_ptr(), self.len, advice) };
        Errno::result(result).map(drop)
    }

    /// Moves it elsewhere.
    pub fn move_away(&mut self) -> nix::Result<()> {
        let (prot, flags) = (ProtFlags::PROT_NONE, MapFlags::MAP_PRIVATE);
        // SAFETY: The kernel chooses the address.
        let place = unsafe { mman::mmap_anonymous(None, self.size()?, prot, flags) }?;
        let flags = MRemapFlags::MREMAP_MAYMOVE | MRemapFlags::MREMAP_FIXED;
        // SAFETY: What is replaced was just made, and what is moved is borrowed by nobody else.
        self.start = unsafe { mman::mremap(self.start, self.len, self.len, flags, Some(place)) }?;
        Ok(())
    }

    /// Has the first `old` bytes of it be `new` bytes long, wherever: with none of them, the kernel
    /// maps the same once more.
    pub fn resize(&mut self, old: usize, new: usize) -> nix::Result<()> {
        if old > self.len {
            return Err(Errno::EINVAL);
        }
        let flags = MRemapFlags::MREMAP_MAYMOVE;
        // SAFETY: It is ours, and borrowed by nobody else.
        self.start = unsafe { mman::mremap(self.start, old, new, flags, None) }?;
        self.len = new;
        Ok(())
    }

    /// Has the kernel read its first word as a system call reads its argument; the error is EFAULT
    /// where an access of the process itself would kill it.
    pub fn probe(&self) -> nix::Result<()> {
        let (_read, write) = unistd::pipe()?;
        probe(&write, self.start)
    }

    /// Has a process that is forked probe it, and returns whether it could.
    pub fn probe_in_child(&self) -> Result<bool> {
        let (_read, write) = unistd::pipe()?;
        // SAFETY: The child makes two system calls, and nothing else.
        match unsafe { unistd::fork() }? {
            ForkResult::Child => {
                let failed = probe(&write, self.start).is_err();
                // SAFETY: It ends the child, without what this process would have done at its end.
                unsafe { libc::_exit(failed.into()) }
            }
            ForkResult::Parent { child } => {
                let status = waitpid(child, None)?;
                ensure!(
                    matches!(status, WaitStatus::Exited(_, 0 | 1)),
                    "a child that probes a mapping ended with {status:?}"
                );
                Ok(matches!(status, WaitStatus::Exited(_, 0)))
            }
        }
    }

    /// Has the kernel read its first word for another process (process_vm_readv), which is this one.
    pub fn read_from_outside(&self) -> nix::Result<()> {
        let mut word = [0_u8; 8];
        let local = libc::iovec {
            iov_base: word.as_mut_ptr().cast(),
            iov_len: word.len(),
        };
        let remote = libc::iovec {
            iov_base: self.start.as_ptr(),
            iov_len: word.len(),
        };
        let process = unistd::Pid::this().as_raw();
        // SAFETY: Both are as long as they say, and the local one is not used meanwhile.
        let read = unsafe { libc::process_vm_readv(process, &local, 1, &remote, 1, 0) };
        Errno::result(read).map(drop)
    }

    /// Has the kernel write its first word for another process (process_vm_writev), which is this one.
    pub fn write_from_outside(&self) -> nix::Result<()> {
        let mut word = [0xff_u8; 8];
        let local = libc::iovec {
            iov_base: word.as_mut_ptr().cast(),
            iov_len: word.len(),
        };
        let remote = libc::iovec {
            iov_base: self.start.as_ptr(),
            iov_len: word.len(),
        };
        let process = unistd::Pid::this().as_raw();
        // SAFETY: Both are as long as they say; the remote one is accessed by words of any value.
        let written = unsafe { libc::process_vm_writev(process, &local, 1, &remote, 1, 0) };
        Errno::result(written).map(drop)
    }

    /// Gives its first page to a pipe (vmsplice).
    pub fn splice(&self) -> nix::Result<()> {
        let (_read, write) = unistd::pipe()?;
        let part = libc::iovec {
            iov_base: self.start.as_ptr(),
            iov_len: size_of::<u64>(),
        };
        // SAFETY: The kernel reads what is there, or tells that it cannot.
        let spliced = unsafe { libc::vmsplice(write.as_raw_fd(), &part, 1, 0) };
        Errno::result(spliced).map(drop)
    }

    /// Wakes whoever waits for its first word (futex), in whichever process.
    pub fn wake(&self) -> nix::Result<()> {
        let (word, wake) = (self.start.as_ptr(), libc::FUTEX_WAKE);
        // SAFETY: The kernel takes the address as a name, and changes nothing.
        let woken = unsafe { libc::syscall(libc::SYS_futex, word, wake, 1) };
        Errno::result(woken).map(drop)
    }

    /// Has it stay in memory (mlock).
    pub fn lock(&self) -> nix::Result<()> {
        // SAFETY: The mapping is ours, and nobody relies on what can be done with it.
        let locked = unsafe { libc::mlock(self.start.as_ptr(), self.len) };
        Errno::result(locked).map(drop)
    }

    /// Moves what it has elsewhere, and keeps its place (MREMAP_DONTUNMAP).
    pub fn move_and_stay(&self) -> nix::Result<Self> {
        let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_DONTUNMAP;
        // SAFETY: What stays is accessed by words of any value.
        let start = unsafe { libc::mremap(self.start.as_ptr(), self.len, self.len, flags) };
        if start == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        let start = NonNull::new(start).ok_or(Errno::EINVAL)?;
        Ok(Self {
            start,
            len: self.len,
        })
    }

    /// Has it be of the file from page number `page` on (remap_file_pages).
    pub fn renumber(&self, page: u64) -> nix::Result<()> {
        let number = libc::SYS_remap_file_pages;
        // SAFETY: What is replaced is ours, and accessed by words of any value.
        let result = unsafe { libc::syscall(number, self.start.as_ptr(), self.len, 0, page, 0) };
        Errno::result(result).map(drop)
    }

    /// Has a userfaultfd serve it.
    pub fn serve_by_user(&self) -> nix::Result<()> {
        ffi::withhold(&ffi::userfaultfd()?, self.address(), self.len as u64)
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
