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
    sync::Arc,
    warn_on, //
};

use super::{
    bindings as local,
    bound::BoundDevice,
    device::raw,
    memory::{
        Memory,
        PIN_MAX, //
    }, //
};

// CAST: Widening.
const PAGE: u64 = PAGE_SIZE as u64;

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

/// Pages of a user that are pinned; dropping it unpins them, which is one of the calls that
/// [`Observer`] accompanies.
///
/// # Invariants
///
/// The first `count` of `pages` are those at `iova` of `memory`, pinned for this value.
pub(crate) struct Pinned {
    memory: Arc<dyn Memory>,
    iova: u64,
    count: usize,
    pages: KVec<*mut bindings::page>,
    write: bool,
}

// SAFETY: Pages may be mapped and unpinned by any thread.
unsafe impl Send for Pinned {}
// SAFETY: Nothing is changed through a reference.
unsafe impl Sync for Pinned {}

impl Pinned {
    /// Pins up to `count` pages at `iova`, a multiple of the page size, at most [`PIN_MAX`], to be
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
        let count = count.min(PIN_MAX);
        let mut pages = KVec::from_elem(core::ptr::null_mut(), count, GFP_KERNEL)
            .map_err(|_| Unpinned::Unmapped)?;
        let count = pin_prefix(&*memory, observer, iova, write, &mut pages)?;
        // INVARIANT: They were just pinned.
        Ok(Self {
            memory,
            iova,
            count,
            pages,
            write,
        })
    }

    /// Number of pages that are pinned.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    fn direction(&self) -> DataDirection {
        if self.write {
            // What the device leaves as it is must stay as it is.
            DataDirection::Bidirectional
        } else {
            DataDirection::ToDevice
        }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        if self.count > 0 {
            // SAFETY: By the type invariant, and nobody uses the pages any more: who has them mapped
            // has this value.
            unsafe { self.memory.unpin(self.iova, self.count) };
        }
    }
}

/// Pages that are mapped for a device; dropping it undoes that.
///
/// # Invariants
///
/// Each of `addresses` is that of a page, mapped for `dev` in this direction. While there are some,
/// `dev` is bound.
struct Mapping {
    addresses: KVec<DmaAddress>,
    dev: BoundDevice,
    direction: DataDirection,
    /// The device and the CPU may see different memory until it is unmapped.
    needs_sync: bool,
}

impl Mapping {
    /// # Safety
    ///
    /// As for [`Mapped::new`], and the pages must stay pinned as long.
    unsafe fn new(pinned: &Pinned, dev: BoundDevice) -> Result<Self> {
        // INVARIANT: Nothing is mapped yet.
        let mut this = Self {
            addresses: KVec::with_capacity(pinned.count, GFP_KERNEL)?,
            dev,
            direction: pinned.direction(),
            needs_sync: false,
        };
        let bound = this.dev.get().ok_or(ENODEV)?;
        for page in pinned.pages.iter().take(pinned.count) {
            // SAFETY: The device is bound, and the page is pinned as long as it is mapped.
            let addr = unsafe {
                bindings::dma_map_page_attrs(
                    raw(&*bound),
                    *page,
                    0,
                    PAGE_SIZE,
                    this.direction.into(),
                    0,
                )
            };
            // SAFETY: The device is valid, and the address is one that mapping returned for it.
            to_result(unsafe { local::subdev_shim_dma_mapping_error(raw(&*bound), addr) })?;
            // SAFETY: As above.
            this.needs_sync |= unsafe { local::subdev_shim_dma_need_sync(raw(&*bound), addr) };
            // INVARIANT: One more is mapped; the device is bound. There is room for all.
            let _ = this.addresses.push_within_capacity(addr);
        }
        drop(bound);
        Ok(this)
    }

    fn undo(&mut self) {
        if self.addresses.is_empty() {
            return;
        }
        let Some(dev) = self.dev.get() else {
            // Against what `new` demands. Nothing can be done for what is mapped.
            warn_on!(true);
            return;
        };
        for &addr in self.addresses.iter() {
            // SAFETY: By the type invariant; the device is done with the page by the requirement of
            // `Mapped::at`.
            unsafe {
                bindings::dma_unmap_page_attrs(
                    raw(&*dev),
                    addr,
                    PAGE_SIZE,
                    self.direction.into(),
                    0,
                )
            };
        }
        drop(dev);
        self.addresses.clear();
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        self.undo();
    }
}

/// Pinned pages that are mapped for a device. They are unmapped before they are unpinned.
pub(crate) struct Mapped {
    mapping: Mapping,
    _pinned: Pinned,
}

impl Mapped {
    /// Maps the pages. Fails with them if the device cannot be given them.
    ///
    /// # Safety
    ///
    /// [`Self::unmap`] must have been called, or the value dropped, before the device is unbound.
    pub(crate) unsafe fn new(pinned: Pinned, dev: BoundDevice) -> Result<Self, Pinned> {
        // SAFETY: By the safety requirement; the pages are unpinned after the mapping was dropped.
        match unsafe { Mapping::new(&pinned, dev) } {
            Ok(mapping) => Ok(Self {
                mapping,
                _pinned: pinned,
            }),
            Err(_) => Err(pinned),
        }
    }

    /// Whether the device and the CPU may see different memory until it is unmapped.
    pub(crate) fn needs_sync(&self) -> bool {
        self.mapping.needs_sync
    }

    /// The device has no access any more; the pages stay pinned.
    pub(crate) fn unmap(&mut self) {
        self.mapping.undo();
    }

    /// The address for the device of what is `offset` bytes after the start, and how many bytes up to
    /// `most` are contiguous from there on.
    ///
    /// # Safety
    ///
    /// The device must be done with what it does with the address before the pages are unmapped or
    /// the value is dropped.
    pub(crate) unsafe fn from(&self, offset: u64, most: u32) -> Option<(DmaAddress, u32)> {
        let addresses = &self.mapping.addresses;
        let first = usize::try_from(offset / PAGE).ok()?;
        let start = addresses.get(first)?.wrapping_add(offset % PAGE);
        let mut len = PAGE - offset % PAGE;
        for page in addresses.iter().skip(first + 1) {
            if len >= u64::from(most) || start.wrapping_add(len) != *page {
                break;
            }
            len += PAGE;
        }
        // CAST: At most `most`.
        Some((start, len.min(most.into()) as u32))
    }

    /// As [`Self::from`], of what ends `offset` bytes after the start: the address of its end, and how
    /// many bytes are contiguous up to there.
    ///
    /// # Safety
    ///
    /// As for [`Self::from`].
    pub(crate) unsafe fn up_to(&self, offset: u64, most: u32) -> Option<(DmaAddress, u32)> {
        let addresses = &self.mapping.addresses;
        let before = offset.checked_sub(1)?;
        let last = usize::try_from(before / PAGE).ok()?;
        let mut start = *addresses.get(last)?;
        let mut len = before % PAGE + 1;
        let end = start.wrapping_add(len);
        for page in addresses.iter().take(last).rev() {
            if len >= u64::from(most) || page.wrapping_add(PAGE) != start {
                break;
            }
            start = *page;
            len += PAGE;
        }
        // CAST: At most `most`.
        Some((end, len.min(most.into()) as u32))
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
                if count > 0 {
                    observer.begin_call();
                    // SAFETY: They were pinned here, and nobody knows them.
                    unsafe { memory.unpin(iova, count) };
                    observer.end_call();
                }
                return Err(unpinned);
            }
        }
    }
    Ok(count)
}
