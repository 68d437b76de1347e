// SPDX-License-Identifier: GPL-2.0

//! Pages of a user that are pinned, and mapped for a device.
//!
//! C header: [`include/linux/dma-mapping.h`](srctree/include/linux/dma-mapping.h)

use kernel::{
    bindings,
    dma::{
        DataDirection,
        DmaAddress, //
    },
    error::to_result,
    page::PAGE_SIZE,
    prelude::*,
    warn_on, //
};

use super::{
    bindings as local,
    bound::{
        BoundDevice,
        Guard, //
    },
    device::raw,
    memory::{
        Memory,
        PIN_MAX, //
    }, //
};

/// Place for what is known about pinned pages, allocated once and used again and again.
pub(crate) struct Slots {
    pages: [*mut bindings::page; PIN_MAX],
    mapped: [DmaAddress; PIN_MAX],
}

// SAFETY: The pointers have a meaning only while a `Pinned` borrows the slots.
unsafe impl Send for Slots {}

impl Slots {
    /// Allocates the slots.
    pub(crate) fn new() -> Result<KBox<Self>> {
        // SAFETY: Null pointers and zeroes are valid for the fields.
        Ok(unsafe { KBox::<Self>::new_uninit(GFP_KERNEL | __GFP_ZERO)?.assume_init() })
    }
}

/// Accompanies the calls that pin and unpin, each of which may take as long as the user likes.
pub(crate) trait Observer {
    /// The calling thread is about to pin or unpin.
    fn begin_call(&self);

    /// It has done so.
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
    /// The device cannot be given the pages.
    Unmapped,
}

/// Pages of a user that are pinned, and mapped for a device; dropping it undoes both.
///
/// # Invariants
///
/// The first `mapped` pages of `slots` are mapped for `dev`, and `count` pages at `iova` pinned.
pub(crate) struct Pinned<'a> {
    memory: &'a dyn Memory,
    observer: &'a dyn Observer,
    dev: Guard<'a>,
    slots: &'a mut Slots,
    iova: u64,
    count: usize,
    mapped: usize,
    direction: DataDirection,
}

impl<'a> Pinned<'a> {
    /// Pins up to `count` pages at `iova`, a multiple of the page size, and maps them for `dev`,
    /// which will write to them if `write`, else read them.
    ///
    /// Pages are pinned up to the first one that is not there; that may be none.
    pub(crate) fn new(
        memory: &'a dyn Memory,
        observer: &'a dyn Observer,
        dev: &'a BoundDevice,
        slots: &'a mut Slots,
        iova: u64,
        count: usize,
        write: bool,
    ) -> Result<Self, Unpinned> {
        let Some(pages) = slots.pages.get_mut(..count) else {
            warn_on!(true);
            return Err(Unpinned::Unmapped);
        };
        let count = pin_prefix(memory, observer, iova, write, pages)?;
        // Not before: the user decides how long pinning takes, and a guard holds up the unbinding.
        let Some(dev) = dev.get() else {
            // SAFETY: They were just pinned, and nobody knows them.
            unsafe { unpin(memory, observer, iova, count) };
            return Err(Unpinned::Unmapped);
        };
        let direction = if write {
            // What the device leaves as it is must stay as it is.
            DataDirection::Bidirectional
        } else {
            DataDirection::ToDevice
        };
        // INVARIANT: The pages are pinned; none is mapped yet.
        let mut this = Self {
            memory,
            observer,
            dev,
            slots,
            iova,
            count,
            mapped: 0,
            direction,
        };
        this.map().map_err(|_| Unpinned::Unmapped)?;
        Ok(this)
    }

    fn map(&mut self) -> Result {
        let pages = self.slots.pages.iter().take(self.count);
        for (page, mapped) in pages.zip(self.slots.mapped.iter_mut()) {
            // SAFETY: The device is bound, and the page is pinned until `self` is dropped, which
            // unmaps it first.
            let addr = unsafe {
                bindings::dma_map_page_attrs(
                    raw(&*self.dev),
                    *page,
                    0,
                    PAGE_SIZE,
                    self.direction.into(),
                    0,
                )
            };
            // SAFETY: The device is valid, and the address is one that mapping returned for it.
            to_result(unsafe { local::subdev_shim_dma_mapping_error(raw(&*self.dev), addr) })?;
            *mapped = addr;
            // INVARIANT: One more is mapped.
            self.mapped += 1;
        }
        Ok(())
    }

    /// Number of pages that are pinned and mapped.
    pub(crate) fn len(&self) -> usize {
        self.mapped
    }

    /// The address of each page as the device sees it.
    ///
    /// # Safety
    ///
    /// The device must be done with what it does with the addresses before `self` is dropped.
    pub(crate) unsafe fn addresses(&self) -> impl Iterator<Item = DmaAddress> + '_ {
        self.slots.mapped.iter().take(self.mapped).copied()
    }
}

impl Drop for Pinned<'_> {
    fn drop(&mut self) {
        for &addr in self.slots.mapped.iter().take(self.mapped) {
            // SAFETY: By the type invariant; the device is done with the page by the requirement of
            // `addresses`.
            unsafe {
                bindings::dma_unmap_page_attrs(
                    raw(&*self.dev),
                    addr,
                    PAGE_SIZE,
                    self.direction.into(),
                    0,
                )
            };
        }
        // SAFETY: By the type invariant, and nobody uses the pages any more, as above.
        unsafe { unpin(self.memory, self.observer, self.iova, self.count) };
    }
}

/// Unpins the `count` pages at `iova`, if there are any.
///
/// # Safety
///
/// As that of [`Memory::unpin`].
unsafe fn unpin(memory: &dyn Memory, observer: &dyn Observer, iova: u64, count: usize) {
    if count > 0 {
        observer.begin_call();
        // SAFETY: Guaranteed by the caller.
        unsafe { memory.unpin(iova, count) };
        observer.end_call();
    }
}

/// Pins as many of `pages` from the first on as are there.
fn pin_prefix(
    memory: &dyn Memory,
    observer: &dyn Observer,
    iova: u64,
    write: bool,
    pages: &mut [*mut bindings::page],
) -> Result<usize, Unpinned> {
    // Whether all of `pages` are there.
    let pin = |iova, pages: &mut [_]| {
        observer.begin_call();
        let pinned = memory.pin(iova, write, pages);
        observer.end_call();
        match pinned {
            Ok(()) => Ok(true),
            // To try again with fewer would fail again, and VFIO prints a line each time.
            Err(error) if error == ENOMEM => Err(Unpinned::Limited),
            Err(_) => Ok(false),
        }
    };
    if pin(iova, pages)? {
        return Ok(pages.len());
    }
    // VFIO does not say which page is not there. Look for it by halves: it is one of `rest`, and
    // those before are pinned.
    let mut count = 0;
    let mut rest = pages;
    while rest.len() > 1 {
        let next = iova.checked_add((count * PAGE_SIZE) as u64);
        let (half, behind) = rest.split_at_mut(rest.len() / 2);
        let there = match next {
            _ if observer.stop() => Err(Unpinned::Stopped),
            Some(next) => pin(next, half),
            None => Ok(false),
        };
        match there {
            Ok(true) => {
                count += half.len();
                rest = behind;
            }
            Ok(false) => rest = half,
            Err(unpinned) => {
                // SAFETY: They were pinned here, and nobody knows them.
                unsafe { unpin(memory, observer, iova, count) };
                return Err(unpinned);
            }
        }
    }
    Ok(count)
}
