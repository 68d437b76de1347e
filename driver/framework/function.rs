// SPDX-License-Identifier: GPL-2.0

//! A virtual device between the provider that makes it and the VFIO module that serves it.

use kernel::{
    prelude::*,
    sync::Arc,
    time::Delta, //
};

use super::fault::{
    Culprit,
    Fault, //
};
use crate::{
    ffi::{
        memory::Memory,
        mmap, //
    },
    subdev_core::quality::Quality, //
};

/// A region of a virtual PCI function.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Region {
    /// A base address register, 0 to 5.
    Bar(u8),
    /// The configuration space.
    Config,
}

/// Most pages of a region that can be mapped.
const MAPPABLE_PAGES: usize = 32;

/// A region that its user may map.
pub(crate) type Mappable = mmap::Region<MAPPABLE_PAGES>;

/// Why somebody else than its user did not get a function reset.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotReset {
    /// A reset before does not end; nothing was done.
    Busy,
    /// What is in flight does not end. The reset goes on until it does, and the function accepts
    /// nothing meanwhile.
    Unfinished,
}

/// A virtual PCI function.
///
/// Calls may overlap, and may sleep.
pub(crate) trait Function: Send + Sync {
    /// Bytes of a region; zero if the function does not have it.
    fn region_size(&self, region: Region) -> u64;

    /// Number of MSI-X vectors.
    fn vectors(&self) -> u32;

    /// A user asks how to access a region, and may map it next. Called in the user's process, none of
    /// whose memory is locked.
    fn prepare(&self, region: Region) -> Result;

    /// Whether a user may map a region: what is accessed there and not mapped comes by
    /// [`Self::fault`].
    fn is_mappable(&self, region: Region) -> bool;

    /// The user accesses a page of a region that it has mapped and that is not there: it is, on
    /// return. Called with the memory of the user's process locked.
    fn fault(&self, region: Region, fault: &mmap::Fault<'_>) -> Result;

    /// Somebody opened the device, and calls this: until `close`, `host` is who it works for.
    fn open(&self, host: Arc<dyn Host>) -> Result;

    /// The device is being closed: everything in flight ends, nothing stays pinned, and the
    /// function is as after power-on.
    fn close(&self);

    /// Reads from a region. The caller has checked the range.
    fn read(&self, region: Region, offset: u64, data: &mut [u8]) -> Result;

    /// Writes to a region. The caller has checked the range, and passes what userspace wrote at
    /// once in pieces of up to 64 bytes.
    fn write(&self, region: Region, offset: u64, data: &[u8]) -> Result;

    /// Resets the function, as a function level reset does.
    fn reset(&self) -> Result;

    /// As [`Self::reset`], at somebody else's request: waits for the user for a time of the order of
    /// `limit`. Does nothing to a function that nobody has open.
    fn reset_within(&self, limit: Delta) -> Result<(), NotReset>;

    /// Waits until everything is complete that the user has submitted so far, for `limit` at most.
    /// Returns false if it is not then.
    fn drain_within(&self, limit: Delta) -> bool;

    /// How the function is served on the `wq`th of its work queues from now on, if it has so many.
    /// Does not wait.
    fn set_quality(&self, wq: usize, quality: Quality);

    /// A range of the host's memory is about to go: on return nothing in it is pinned.
    fn unmap(&self, iova: u64, length: u64);

    /// The subdev is going away: nothing is accepted or submitted any more. Does not wait.
    fn kill(&self);

    /// On return the hardware has nothing of a function that was killed, and its work queues can
    /// belong to others. Waits for the hardware, bounded, and for no user.
    fn quiesce(&self);

    /// The hardware below is lost: the function halts, and says so to who has it open. Does not
    /// wait.
    fn halt(&self);

    /// The hardware below is back: a function that nobody has open works again; one that somebody
    /// has open does so after a reset, and says so to its user. Does not wait.
    fn recover(&self);
}

/// Who has a virtual function open, as the function sees it.
pub(crate) trait Host: Send + Sync {
    /// Its memory.
    fn memory(&self) -> Arc<dyn Memory>;

    /// Memory of a region that it may map.
    fn mappable(&self, region: Region) -> Result<Mappable>;

    /// Signals MSI-X vector `vector`, if somebody listens.
    fn interrupt(&self, vector: u32);

    /// The virtual device was enabled or disabled by its user.
    fn enabled(&self, enabled: bool);

    /// The virtual device works, on hardware that does: it was opened, or was reset after it had
    /// halted.
    fn works(&self);

    /// Something went wrong with what the function does.
    fn fault(&self, fault: Fault, culprit: Culprit);
}
