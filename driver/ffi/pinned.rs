// SPDX-License-Identifier: GPL-2.0

//! Pages of a VFIO user that are pinned, and mapped for a device.
//!
//! C header: [`include/linux/dma-mapping.h`](srctree/include/linux/dma-mapping.h)

use kernel::{
    bindings,
    device::{
        Bound,
        Device, //
    },
    dma::{
        DataDirection,
        DmaAddress, //
    },
    error::to_result,
    page::PAGE_SIZE,
    prelude::*, //
};

use super::{
    bindings as local,
    device::raw,
    vfio::{
        Memory,
        PIN_MAX, //
    }, //
};

/// Room for what is known about pinned pages, made once and used again and again.
pub(crate) struct Slots {
    pages: [*mut bindings::page; PIN_MAX],
    mapped: [DmaAddress; PIN_MAX],
}

// SAFETY: The pointers have a meaning only while a `Pinned` borrows the slots.
unsafe impl Send for Slots {}

impl Slots {
    /// Allocates the room.
    pub(crate) fn new() -> Result<KBox<Self>> {
        // SAFETY: Null pointers and zeroes are valid for the fields.
        Ok(unsafe { KBox::<Self>::new_uninit(GFP_KERNEL | __GFP_ZERO)?.assume_init() })
    }
}

/// Pages of a VFIO user that are pinned, and mapped for a device; dropping it undoes both.
///
/// # Invariants
///
/// The first `mapped` pages of `slots` are mapped for `dev`, and `count` pages at `iova` pinned.
pub(crate) struct Pinned<'a> {
    memory: &'a Memory,
    dev: &'a Device<Bound>,
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
    /// Pages are pinned up to the first one that is not there; that may be none. `None` if `stop`
    /// says so while that one is looked for.
    pub(crate) fn new(
        memory: &'a Memory,
        dev: &'a Device<Bound>,
        slots: &'a mut Slots,
        iova: u64,
        count: usize,
        write: bool,
        stop: impl Fn() -> bool,
    ) -> Result<Option<Self>> {
        let pages = slots.pages.get_mut(..count).ok_or(EINVAL)?;
        let Some(count) = pin_prefix(memory, iova, write, pages, stop) else {
            return Ok(None);
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
            dev,
            slots,
            iova,
            count,
            mapped: 0,
            direction,
        };
        this.map()?;
        Ok(Some(this))
    }

    fn map(&mut self) -> Result {
        let pages = self.slots.pages.iter().take(self.count);
        for (page, mapped) in pages.zip(self.slots.mapped.iter_mut()) {
            // SAFETY: The device is bound, and the page is pinned until `self` is dropped, which
            // unmaps it first.
            let addr = unsafe {
                bindings::dma_map_page_attrs(
                    raw(self.dev),
                    *page,
                    0,
                    PAGE_SIZE,
                    self.direction.into(),
                    0,
                )
            };
            // SAFETY: The device is valid, and the address is one that mapping returned for it.
            to_result(unsafe { local::subdev_shim_dma_mapping_error(raw(self.dev), addr) })?;
            *mapped = addr;
            // INVARIANT: One more is mapped.
            self.mapped += 1;
        }
        Ok(())
    }

    /// The address of each page as the device sees it.
    pub(crate) fn addresses(&self) -> &[DmaAddress] {
        self.slots.mapped.get(..self.mapped).unwrap_or_default()
    }
}

impl Drop for Pinned<'_> {
    fn drop(&mut self) {
        for &addr in self.addresses() {
            // SAFETY: By the type invariant; the owner has waited for the device.
            unsafe {
                bindings::dma_unmap_page_attrs(
                    raw(self.dev),
                    addr,
                    PAGE_SIZE,
                    self.direction.into(),
                    0,
                )
            };
        }
        if self.count > 0 {
            self.memory.unpin(self.iova, self.count);
        }
    }
}

/// Pins as many of `pages` from the first on as are there. `None`, and none, if `stop` says so.
fn pin_prefix(
    memory: &Memory,
    iova: u64,
    write: bool,
    pages: &mut [*mut bindings::page],
    stop: impl Fn() -> bool,
) -> Option<usize> {
    if memory.pin(iova, write, pages).is_ok() {
        return Some(pages.len());
    }
    // VFIO does not tell which page is not there. Look for it by halves: those before `first` are
    // pinned, and something is amiss before `last`.
    let (mut first, mut last) = (0, pages.len());
    while first + 1 < last {
        if stop() {
            if first > 0 {
                memory.unpin(iova, first);
            }
            return None;
        }
        let middle = first + (last - first) / 2;
        let next = iova.checked_add((first * PAGE_SIZE) as u64);
        let half = pages.get_mut(first..middle).unwrap_or_default();
        if next.is_some_and(|next| memory.pin(next, write, half).is_ok()) {
            first = middle;
        } else {
            last = middle;
        }
    }
    Some(first)
}
