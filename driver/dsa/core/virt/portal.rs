// SPDX-License-Identifier: GPL-2.0

//! Portals of the virtual function: descriptors from the writes that a store comes apart into.
//!
//! A 64-byte store (MOVDIR64B) to a portal arrives as several writes, which all go to one slot: 64
//! bytes that are aligned to 64. What the slot is does not matter, software rotates through them.

use super::{
    super::{
        desc::DESC_LEN,
        regs::table::portal::{
            LIMITED_MSIX,
            PAGE, //
        }, //
    },
    WQS, //
};

/// A descriptor that a tenant submitted.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Submission {
    /// The virtual WQ.
    pub wq: u8,
    /// The descriptor.
    pub raw: [u8; DESC_LEN],
}

/// The descriptors under construction, one for each WQ: a tenant that submits to one WQ from two
/// CPUs must not do so at the same time.
#[derive(Clone, Debug)]
pub(super) struct Portals([Assembly; WQS]);

/// A descriptor of which the first `filled` bytes were written, to the slot at `slot`.
#[derive(Copy, Clone, Debug)]
struct Assembly {
    bytes: [u8; DESC_LEN],
    filled: usize,
    slot: u64,
}

impl Portals {
    /// Portals that nothing was written to.
    pub(super) const fn new() -> Self {
        Self(
            [Assembly {
                bytes: [0; DESC_LEN],
                filled: 0,
                slot: 0,
            }; WQS],
        )
    }

    /// A write to the pages of a WQ, `off` bytes after their start.
    ///
    /// The pages of the interrupt message storage are dead, as there is none.
    pub(super) fn write(&mut self, wq: u8, off: u64, data: &[u8]) -> Option<Submission> {
        if off / PAGE > LIMITED_MSIX {
            return None;
        }
        let raw = self.0.get_mut(usize::from(wq))?.write(off, data)?;
        Some(Submission { wq, raw })
    }
}

impl Assembly {
    /// A write to a slot. One to its start begins anew; one that does not go on where the last one
    /// ended drops what was there.
    fn write(&mut self, off: u64, data: &[u8]) -> Option<[u8; DESC_LEN]> {
        // CAST: Below the length of a slot.
        let start = (off % DESC_LEN as u64) as usize;
        let slot = off - off % DESC_LEN as u64;
        if start == 0 {
            self.filled = 0;
            self.slot = slot;
        }
        let place = self
            .bytes
            .get_mut(start..)
            .and_then(|rest| rest.get_mut(..data.len()))
            .filter(|_| start == self.filled && slot == self.slot);
        let Some(place) = place else {
            self.filled = 0;
            return None;
        };
        place.copy_from_slice(data);
        self.filled += data.len();
        if self.filled < DESC_LEN {
            return None;
        }
        self.filled = 0;
        Some(self.bytes)
    }
}
