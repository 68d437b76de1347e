// SPDX-License-Identifier: GPL-2.0

//! Pages of a user that are pinned.

use kernel::{
    bindings,
    dma::DataDirection,
    page::PAGE_SIZE,
    prelude::*,
    sync::{
        barrier,
        Arc, //
    }, //
};

use super::{
    bindings as local,
    memory::{
        Memory,
        PIN_MAX, //
    }, //
};

/// Most pages that are pinned for one value.
pub(crate) const PINNED_MAX: usize = 2 * PIN_MAX;

/// Most calls that pin them: those for all, and those that look for a page that is not there.
const PARTS: usize = PINNED_MAX / PIN_MAX + PIN_MAX.ilog2() as usize;

/// Accompanies the calls that pin and unpin, each of which may take as long as the user likes.
pub(crate) trait Observer {
    /// The calling thread is about to call.
    fn begin_call(&self);

    /// It is back.
    fn end_call(&self);

    /// Whether to give up, because the user wants the memory back.
    fn stop(&self) -> bool;
}

/// Why no pages are pinned.
pub(crate) enum Unpinned {
    /// The observer said so.
    Stopped,
    /// A limit of the user does not allow it.
    Limited,
    /// There is no memory to take note of them, or the device cannot be given them.
    Unmapped,
}

/// Pages of a user that are pinned; dropping it unpins them, which [`Observer`] accompanies like a
/// call.
///
/// # Invariants
///
/// The first pages are those at `iova` of `memory`, as many as `parts` has together, pinned for this
/// value: those of each part by one call, in this order.
pub(crate) struct Pinned {
    memory: Arc<dyn Memory>,
    iova: u64,
    /// IOMMUFD demands that what one call pinned is unpinned by one.
    parts: KVec<usize>,
    pages: KVec<*mut bindings::page>,
    write: bool,
}

// SAFETY: Pages may be mapped and unpinned by any thread.
unsafe impl Send for Pinned {}
// SAFETY: Nothing is changed through a reference.
unsafe impl Sync for Pinned {}

impl Pinned {
    /// Pins up to `count` pages at `iova`, a multiple of the page size, at most [`PINNED_MAX`], to be
    /// written to if `write`, else read.
    ///
    /// Pages are pinned up to the first one that is not there; that may be none.
    pub(crate) fn new(
        memory: Arc<dyn Memory>,
        observer: &dyn Observer,
        iova: u64,
        count: usize,
        write: bool,
    ) -> Result<Self, Unpinned> {
        let count = count.min(PINNED_MAX);
        let unmapped = |_| Unpinned::Unmapped;
        // INVARIANT: Nothing is pinned yet.
        let mut this = Self {
            memory,
            iova,
            parts: KVec::with_capacity(PARTS, GFP_KERNEL).map_err(unmapped)?,
            pages: KVec::from_elem(core::ptr::null_mut(), count, GFP_KERNEL).map_err(unmapped)?,
            write,
        };
        // What was pinned up to an error is unpinned by the drop.
        match this.pin_prefix(observer) {
            Ok(()) => Ok(this),
            Err(unpinned) => {
                observer.begin_call();
                drop(this);
                observer.end_call();
                Err(unpinned)
            }
        }
    }

    /// Number of pages that are pinned.
    pub(crate) fn len(&self) -> usize {
        self.parts.iter().sum()
    }

    /// The pages that are pinned.
    pub(super) fn pages(&self) -> impl Iterator<Item = *mut bindings::page> + '_ {
        self.pages.iter().take(self.len()).copied()
    }

    /// Stores words at `offset`, a multiple of their length, the first one last: whoever has seen that
    /// sees all. Returns whether they are there, on one page, and may be written to.
    pub(super) fn store(&self, offset: u64, words: &[u64]) -> bool {
        const LEN: usize = size_of::<u64>();
        // CAST: Widening, and the place on a page.
        let (page, at) = (offset / PAGE_SIZE as u64, offset as usize % PAGE_SIZE);
        let fits = self.write && at % LEN == 0 && at + words.len() * LEN <= PAGE_SIZE;
        let page = usize::try_from(page).ok().filter(|_| fits);
        let Some(page) = page.and_then(|page| self.pages().nth(page)) else {
            return false;
        };
        // SAFETY: The page is pinned.
        let memory = unsafe { local::subdev_shim_page_memory(page) }.cast::<u64>();
        if memory.is_null() {
            return false;
        }
        for (n, word) in words.iter().enumerate().rev() {
            if n == 0 {
                barrier::smp_mb(barrier::Write);
            }
            // SAFETY: It is on the page, which is memory and stays there as it is pinned. Its user may
            // access it at any time, and the kernel does so with volatile accesses only.
            unsafe { memory.add(at / LEN + n).write_volatile(*word) };
        }
        true
    }

    pub(super) fn direction(&self) -> DataDirection {
        if self.write {
            // What the device leaves as it is must stay as it is.
            DataDirection::Bidirectional
        } else {
            DataDirection::ToDevice
        }
    }

    /// Pins the next `count` pages. Returns whether they are there.
    fn pin(&mut self, observer: &dyn Observer, count: usize) -> Result<bool, Unpinned> {
        let done = self.len();
        let Some(iova) = self.iova.checked_add((done * PAGE_SIZE) as u64) else {
            return Ok(false);
        };
        let Some(pages) = self.pages.get_mut(done..done + count) else {
            return Ok(false);
        };
        if self.parts.len() == self.parts.capacity() {
            return Err(Unpinned::Unmapped);
        }
        observer.begin_call();
        let pinned = self.memory.pin(iova, self.write, pages);
        observer.end_call();
        match pinned {
            Ok(()) => {
                // INVARIANT: These were just pinned, by one call. There is room for one more.
                let _ = self.parts.push_within_capacity(count);
                Ok(true)
            }
            // To try again with fewer would fail again, and VFIO prints a line each time.
            Err(error) if error == ENOMEM => Err(Unpinned::Limited),
            Err(_) => Ok(false),
        }
    }

    /// Pins as many pages from the first on as are there.
    fn pin_prefix(&mut self, observer: &dyn Observer) -> Result<(), Unpinned> {
        // How many come next of which not all are there: VFIO does not say which one is not. It is
        // looked for by halves.
        let mut missing = None;
        loop {
            let count = match missing {
                None => (self.pages.len() - self.len()).min(PIN_MAX),
                Some(count) => count / 2,
            };
            if count == 0 {
                return Ok(());
            }
            if (missing.is_some() || !self.parts.is_empty()) && observer.stop() {
                return Err(Unpinned::Stopped);
            }
            let is_there = self.pin(observer, count)?;
            missing = match missing {
                None if is_there => None,
                Some(of) if is_there => Some(of - count),
                _ => Some(count),
            };
        }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        let mut iova = self.iova;
        for &count in &self.parts {
            // SAFETY: By the type invariant, and nobody uses the pages any more: who has them mapped
            // has this value.
            unsafe { self.memory.unpin(iova, count) };
            iova = iova.wrapping_add((count * PAGE_SIZE) as u64);
        }
    }
}
