// SPDX-License-Identifier: GPL-2.0

//! Portals that are ordinary memory: how descriptors are found in it, and when to look for them.
//!
//! A page of a portal has 64 slots. A tenant stores a descriptor to a slot that is empty: one whose
//! first eight bytes are zero. It stores all 64 bytes at once (MOVDIR64B), or the first eight last.
//! Who takes a descriptor copies it, and then clears its first eight bytes, if they are still what
//! was copied. Nothing else is written, so that a slot can be filled again at once.
//!
//! A descriptor that has an effect has an operation or flags in its first eight bytes. One without
//! either does nothing, and is not seen here.
//!
//! Tenants rotate through the slots, and are followed: what was stored first is found first.

use super::{
    desc::DESC_LEN,
    regs::table::portal::{
        LIMITED_MSIX,
        PAGE,
        WQ_STRIDE, //
    }, //
};

#[cfg(test)]
mod tests;

/// Slots of a page.
pub const SLOTS: usize = 64;

/// Words of a slot.
const WORDS: usize = DESC_LEN / 8;

/// Most pages of a function: four for each of its WQs.
pub const PAGES: usize = super::virt::WQS * PER_WQ;

/// Pages of a WQ.
// CAST: A small constant.
const PER_WQ: usize = (WQ_STRIDE / PAGE) as usize;

/// A page that a tenant writes to at any time.
pub trait Page {
    /// Loads a word of 64 bits. What was stored before that word is seen by later loads.
    fn load(&self, word: usize) -> u64;

    /// Clears a word if it is `old`. Returns whether it was. Ordered against all other accesses.
    fn clear(&self, word: usize, old: u64) -> bool;
}

/// The WQ whose descriptors are taken from a page of a function with `wqs` WQs.
///
/// The pages of the interrupt message storage are dead, as there is none.
pub fn wq_of(page: usize, wqs: u8) -> Option<u8> {
    // CAST: Widening.
    let is_live = (page % PER_WQ) as u64 <= LIMITED_MSIX;
    let wq = u8::try_from(page / PER_WQ).ok()?;
    (is_live && wq < wqs).then_some(wq)
}

/// Where a tenant is in its rotation through a page.
#[derive(Copy, Clone, Default, PartialEq, Eq, Debug)]
pub struct Rotation {
    /// The slot after the last one that was found full.
    first: usize,
}

/// A slot that was found full.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Stored {
    slot: usize,
    words: [u64; WORDS],
    /// Whether it was the same when it was looked at again.
    stable: bool,
}

impl Rotation {
    /// The next slot that is full, of those that are `left` of a sweep: at first [`SLOTS`]; what was
    /// looked at is subtracted.
    ///
    /// A slot that is found stays full until [`Stored::take`].
    pub fn find(&mut self, page: &impl Page, left: &mut usize) -> Option<Stored> {
        let all = *left;
        let slot = |n: usize| (self.first + n) % SLOTS;
        let is_full = |n: &usize| page.load(slot(*n) * WORDS) != 0;
        let Some(mut n) = (0..all).find(is_full) else {
            // The next sweep begins where this one did.
            *left = 0;
            return None;
        };
        // What was stored before that is seen now, also in a slot that was empty a moment ago.
        while let Some(earlier) = (0..n).find(is_full) {
            n = earlier;
        }
        let slot = slot(n);
        *left = all - n - 1;
        self.first = (slot + 1) % SLOTS;
        Some(Stored::copy(page, slot))
    }

    /// The slot that was found last is looked at first again.
    pub fn put_back(&mut self, stored: &Stored) {
        self.first = stored.slot;
    }
}

impl Stored {
    /// Copies a slot, and looks whether it changes meanwhile.
    fn copy(page: &impl Page, slot: usize) -> Self {
        let at = slot * WORDS;
        let mut words = [0; WORDS];
        for (place, word) in words.iter_mut().zip(at..) {
            *place = page.load(word);
        }
        let stable = words
            .iter()
            .zip(at..)
            .all(|(copied, word)| page.load(word) == *copied);
        Self {
            slot,
            words,
            stable,
        }
    }

    /// Takes the descriptor, and leaves the slot empty. Fails if its tenant has written to the slot
    /// before it was empty: what was there is torn, and what is there now is left.
    pub fn take(&self, page: &impl Page) -> Option<[u8; DESC_LEN]> {
        let [first, ..] = self.words;
        // The first word is not zero when it is found, and it may be by now.
        if !self.stable || first == 0 || !page.clear(self.slot * WORDS, first) {
            return None;
        }
        let mut raw = [0; DESC_LEN];
        for (bytes, word) in raw.chunks_exact_mut(8).zip(self.words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Some(raw)
    }
}

/// What came of a sweep of all pages that are in use.
#[derive(Copy, Clone, Default, PartialEq, Eq, Debug)]
pub struct Swept {
    /// Number of slots that were full.
    pub found: u32,
    /// Whether a page is in use whose WQ has an entry free.
    pub open: bool,
    /// The WQs of pages in use that have no entry free; bit n is WQ n.
    pub full: u8,
}

/// How long nothing comes before the worker sleeps, in microseconds.
pub const IDLE_US: i64 = 200;

/// The same at most, for a tenant that takes long from its fault to its store.
pub const MOST_IDLE_US: i64 = IDLE_US << 8;

/// How long the worker looks although nothing comes.
///
/// A tenant that finds no mapping has a fault, which wakes the worker, and stores when it is back from
/// that. A guest goes a long way back: KVM maps the page a second time, and begins anew if the first
/// mapping is gone by then. A worker that sleeps before it is back takes the mapping away, and the
/// next try ends in the same way. So each sleep after which nothing came has the next one take longer.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Patience {
    us: i64,
    /// Whether something came since the worker was woken up.
    found: bool,
}

impl Default for Patience {
    /// That for a tenant of whom nothing is known.
    fn default() -> Self {
        Self {
            us: IDLE_US,
            found: false,
        }
    }
}

impl Patience {
    /// Something has come.
    pub const fn found(&mut self) {
        self.found = true;
    }

    /// The worker goes to sleep, as nothing comes.
    pub const fn ended(&mut self) {
        self.us = match (self.found, self.us) {
            (true, us) if us > IDLE_US => us / 2,
            (false, us) if us < MOST_IDLE_US => us * 2,
            (_, us) => us,
        };
        self.found = false;
    }
}

/// What the worker does after a sweep.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Next {
    /// Sweeps again.
    Poll,
    /// Sleeps until a descriptor has ended: nothing more can be taken before that.
    Wait,
    /// Takes the mapping away, sweeps once more, and sleeps until the tenant stores again.
    Park,
}

impl Swept {
    /// What the worker does, if nothing was found for `idle_us` microseconds.
    pub const fn next(&self, idle_us: i64, patience: Patience) -> Next {
        if self.found > 0 {
            Next::Poll
        } else if !self.open && self.full != 0 {
            Next::Wait
        } else if self.open && idle_us < patience.us {
            Next::Poll
        } else {
            Next::Park
        }
    }

    /// Of a mask of pages, those that may have something left in them after a sweep that found
    /// nothing: of WQs that had no entry free.
    pub fn left(&self, pages: u32, wqs: u8) -> u32 {
        let is_left = |page: usize| {
            let wq = wq_of(page, wqs);
            wq.is_some_and(|wq| self.full >> wq & 1 != 0)
        };
        (0..PAGES)
            .filter(|page| is_left(*page))
            .fold(0, |left, page| left | pages & 1 << page)
    }
}
