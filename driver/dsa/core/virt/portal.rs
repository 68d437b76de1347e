// SPDX-License-Identifier: GPL-2.0

//! Portals of the virtual function: descriptors from the writes that a store comes apart into.
//!
//! A 64-byte store (MOVDIR64B) to a portal arrives as one write or as several, which all go to one
//! slot: 64 bytes that are aligned to 64. What the slot is does not matter, software rotates
//! through them. Two CPUs that submit to one WQ write to different slots, and their writes come
//! interleaved, so there is an assembly for each slot that is partly written.
//!
//! There is no time after which a store is incomplete. What shows that the rest of a slot will not
//! come is that something else does; then the descriptor is torn, which is reported.

use super::{
    super::{
        desc::DESC_LEN,
        regs::{
            swerr,
            table::portal::{
                LIMITED_MSIX,
                PAGE,
                WQ_STRIDE, //
            }, //
        }, //
    },
    Effect,
    Function,
    Swerr, //
};

/// Most slots of a function that are partly written at the same time: as many as CPUs may be in the
/// middle of a store.
const ASSEMBLIES: usize = 32;

/// A descriptor that a tenant submitted.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Submission {
    /// The virtual WQ.
    pub wq: u8,
    /// The descriptor.
    pub raw: [u8; DESC_LEN],
}

/// The descriptors of a function that are partly written.
#[derive(Clone, Debug)]
pub(super) struct Portals {
    assemblies: [Assembly; ASSEMBLIES],
    /// Number of assemblies begun so far.
    begun: u64,
}

/// What a write to a slot came to.
#[derive(Default)]
struct Written {
    /// The descriptor that it completed.
    complete: Option<[u8; DESC_LEN]>,
    /// The WQ of a descriptor that it tore. One write never tears two.
    torn: Option<u8>,
}

/// A slot: its WQ, and its offset in the pages of that.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
struct Slot {
    wq: u8,
    offset: u16,
}

/// A descriptor of which some bytes were written.
#[derive(Copy, Clone, Debug)]
struct Assembly {
    slot: Slot,
    /// Which one it is of all that were begun.
    number: u64,
    /// The bytes that were written; bit n is byte n. 0 if the assembly is free.
    mask: u64,
    bytes: [u8; DESC_LEN],
}

impl Function {
    /// A write to a portal; returns the descriptor that it completes, and what is due for one that
    /// it tears.
    ///
    /// A descriptor is submitted whether or not the WQ is enabled, which is for
    /// [`Descriptor::check`](super::super::desc::Descriptor::check) to refuse. Reads of BAR2 are
    /// all ones.
    pub fn portal_write(&mut self, off: u64, data: &[u8]) -> (Option<Submission>, Effect) {
        // Below `wqs`, so it fits.
        let wq = match u8::try_from(off / WQ_STRIDE) {
            Ok(wq) if wq < self.params.wqs => wq,
            _ => return (None, Effect::None),
        };
        let written = self.portals.write(wq, off % WQ_STRIDE, data);
        let submission = written.complete.map(|raw| Submission { wq, raw });
        let effect = match written.torn {
            None => Effect::None,
            torn => self.report_swerr(Swerr {
                code: swerr::TORN,
                wq: torn,
                ..Swerr::default()
            }),
        };
        (submission, effect)
    }
}

impl Portals {
    /// Portals that nothing was written to.
    pub(super) const fn new() -> Self {
        Self {
            assemblies: [Assembly::FREE; ASSEMBLIES],
            begun: 0,
        }
    }

    /// Forgets what is partly written.
    pub(super) fn clear(&mut self) {
        for assembly in &mut self.assemblies {
            assembly.mask = 0;
        }
    }

    /// A write to the pages of a WQ, `off` bytes after their start.
    ///
    /// The pages of the interrupt message storage are dead, as there is none.
    fn write(&mut self, wq: u8, off: u64, data: &[u8]) -> Written {
        let Some(offset) = u16::try_from(off)
            .ok()
            .filter(|_| off / PAGE <= LIMITED_MSIX && !data.is_empty())
        else {
            return Written::default();
        };
        // CAST: Below the length of a slot, which is 64.
        let start = offset % DESC_LEN as u16;
        let slot = Slot {
            wq,
            offset: offset - start,
        };
        let start = usize::from(start);

        let assembly = self.assemblies.iter_mut().find(|it| it.is_of(slot));
        if start.saturating_add(data.len()) > DESC_LEN {
            // Across the end of the slot, as no part of a store to it is.
            if let Some(assembly) = assembly {
                assembly.mask = 0;
            }
            return Written::torn(wq);
        }
        if let Ok(whole) = data.try_into() {
            let torn = assembly.map(|assembly| {
                assembly.mask = 0;
                wq
            });
            return Written {
                complete: Some(whole),
                torn,
            };
        }
        match assembly {
            Some(assembly) if assembly.has_none_of(start, data.len()) => {
                let complete = assembly.add(start, data);
                Written {
                    complete,
                    ..Written::default()
                }
            }
            // The slot begins anew.
            Some(assembly) => {
                self.begun = self.begun.wrapping_add(1);
                assembly.begin(slot, self.begun);
                assembly.add(start, data);
                Written::torn(wq)
            }
            None => self.begin(slot, start, data),
        }
    }

    /// The first write to a slot: takes a free assembly for it, or else the oldest one.
    fn begin(&mut self, slot: Slot, start: usize, data: &[u8]) -> Written {
        let age = |assembly: &&mut Assembly| (!assembly.is_free()).then_some(assembly.number);
        let Some(assembly) = self.assemblies.iter_mut().min_by_key(age) else {
            return Written::default();
        };
        let torn = (!assembly.is_free()).then_some(assembly.slot.wq);
        self.begun = self.begun.wrapping_add(1);
        assembly.begin(slot, self.begun);
        assembly.add(start, data);
        Written {
            torn,
            ..Written::default()
        }
    }
}

impl Written {
    /// A write that tore a descriptor of a WQ.
    const fn torn(wq: u8) -> Self {
        Self {
            complete: None,
            torn: Some(wq),
        }
    }
}

impl Assembly {
    /// No assembly.
    const FREE: Self = Self {
        slot: Slot { wq: 0, offset: 0 },
        number: 0,
        mask: 0,
        bytes: [0; DESC_LEN],
    };

    /// Whether there is no assembly here.
    const fn is_free(&self) -> bool {
        self.mask == 0
    }

    /// Whether this is the assembly of a slot.
    fn is_of(&self, slot: Slot) -> bool {
        !self.is_free() && self.slot == slot
    }

    /// Whether none of `len` bytes from `start` on was written.
    fn has_none_of(&self, start: usize, len: usize) -> bool {
        self.mask & mask(start, len) == 0
    }

    /// Begins the assembly of a slot, without a byte of it.
    fn begin(&mut self, slot: Slot, number: u64) {
        self.slot = slot;
        self.number = number;
        self.mask = 0;
    }

    /// Adds bytes from `start` on, which lie within the slot; returns the descriptor if they
    /// complete it.
    fn add(&mut self, start: usize, data: &[u8]) -> Option<[u8; DESC_LEN]> {
        for (to, from) in self.bytes.iter_mut().skip(start).zip(data) {
            *to = *from;
        }
        self.mask |= mask(start, data.len());
        if self.mask != u64::MAX {
            return None;
        }
        self.mask = 0;
        Some(self.bytes)
    }
}

/// The mask of `len` bytes from `start` on, within a slot.
fn mask(start: usize, len: usize) -> u64 {
    (0..DESC_LEN)
        .skip(start)
        .take(len)
        .fold(0, |mask, byte| mask | 1 << byte)
}
