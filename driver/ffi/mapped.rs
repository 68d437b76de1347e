// SPDX-License-Identifier: GPL-2.0

//! Pinned pages that are mapped for a device: contiguous where an IOMMU translates for it.
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
    bound::{
        BoundDevice,
        Held, //
    },
    device::raw,
    pinned::Pinned, //
};

// CAST: Widening.
const PAGE: u64 = PAGE_SIZE as u64;

/// Of so many pages that are mapped in one range of addresses, one more stays free behind them.
///
/// Hardware takes it for an overlap when the destination of Strip DIF ends less than its fields before
/// the source: an 8 of 520 bytes.
const GUARDED: usize = 64;

/// A range of addresses that an IOMMU translates to pages.
///
/// # Invariants
///
/// It was allocated for a device, and its first `len` bytes are linked for this direction.
struct Contiguous {
    state: bindings::dma_iova_state,
    len: usize,
    direction: DataDirection,
}

impl Contiguous {
    /// A range for `count` pages, none of which is linked. Nothing if no IOMMU translates for the
    /// device, or there is no such range.
    fn new(dev: &Device<Bound>, count: usize, direction: DataDirection) -> Option<Self> {
        let size = count
            .checked_add(count.div_ceil(GUARDED))?
            .checked_mul(PAGE_SIZE)?;
        let mut state = bindings::dma_iova_state::default();
        // SAFETY: The device is bound, and the state is to be written.
        let is_there = unsafe { bindings::dma_iova_try_alloc(raw(dev), &mut state, 0, size) };
        // INVARIANT: It was just allocated, and nothing is linked.
        is_there.then_some(Self {
            state,
            len: 0,
            direction,
        })
    }

    /// Links a page behind those that are.
    ///
    /// # Safety
    ///
    /// The range was allocated for `dev` and has room; the page must stay pinned until
    /// [`Self::undo`].
    unsafe fn link(&mut self, dev: &Device<Bound>, page: *mut bindings::page) -> Result {
        // SAFETY: The page is valid.
        let pfn = unsafe { local::subdev_shim_page_to_pfn(page) };
        // CAST: Widening.
        let phys = (pfn as u64).checked_mul(PAGE).ok_or(EINVAL)?;
        // SAFETY: By the safety requirement.
        to_result(unsafe {
            bindings::dma_iova_link(
                raw(dev),
                &mut self.state,
                phys,
                self.len,
                PAGE_SIZE,
                self.direction.into(),
                0,
            )
        })?;
        // INVARIANT: One more is linked.
        self.len += PAGE_SIZE;
        Ok(())
    }

    /// The device sees what is linked.
    ///
    /// # Safety
    ///
    /// The range was allocated for `dev`.
    unsafe fn sync(&mut self, dev: &Device<Bound>) -> Result {
        // SAFETY: By the safety requirement; so much is linked.
        to_result(unsafe { bindings::dma_iova_sync(raw(dev), &mut self.state, 0, self.len) })
    }

    /// Unlinks all, and gives the range back.
    ///
    /// # Safety
    ///
    /// The range was allocated for `dev`, which is done with it.
    unsafe fn undo(mut self, dev: &Device<Bound>) {
        // SAFETY: By the safety requirement and the type invariant.
        unsafe {
            bindings::dma_iova_destroy(
                raw(dev),
                &mut self.state,
                self.len,
                self.direction.into(),
                0,
            )
        };
    }
}

/// Whether an IOMMU makes pages contiguous for a device.
pub(crate) fn is_contiguous(dev: &Device<Bound>) -> bool {
    match Contiguous::new(dev, 1, DataDirection::ToDevice) {
        Some(range) => {
            // SAFETY: It was just allocated for the device, which does not know it.
            unsafe { range.undo(dev) };
            true
        }
        None => false,
    }
}

/// Where pages are mapped.
enum Place {
    Contiguous(Contiguous),
    /// Each page by itself.
    Pages(KVec<DmaAddress>),
}

/// Pages that are mapped for a device; dropping it undoes that.
///
/// # Invariants
///
/// What is in `place` is mapped for the device that is held with it, in this direction.
struct Mapping {
    place: Option<(Place, Held)>,
    direction: DataDirection,
    /// The device and the CPU may see different memory until it is unmapped.
    needs_sync: bool,
}

impl Mapping {
    /// # Safety
    ///
    /// The pages must stay pinned until the value is dropped.
    unsafe fn new(pinned: &Pinned, dev: Held) -> Result<Self> {
        let direction = pinned.direction();
        let place = match Contiguous::new(&dev, pinned.len(), direction) {
            Some(range) => Place::Contiguous(range),
            None => Place::Pages(KVec::with_capacity(pinned.len(), GFP_KERNEL)?),
        };
        // INVARIANT: Nothing is mapped there yet.
        let mut this = Self {
            place: Some((place, dev)),
            direction,
            needs_sync: false,
        };
        // SAFETY: By the safety requirement.
        unsafe { this.map(pinned) }?;
        Ok(this)
    }

    /// # Safety
    ///
    /// As for [`Self::new`]; nothing is mapped yet.
    unsafe fn map(&mut self, pinned: &Pinned) -> Result {
        let Some((place, dev)) = &mut self.place else {
            return Ok(());
        };
        match place {
            Place::Contiguous(range) => {
                for page in pinned.pages() {
                    // SAFETY: It was allocated for the device, for so many pages; they stay pinned by
                    // the safety requirement.
                    unsafe { range.link(dev, page) }?;
                }
                // SAFETY: As above.
                unsafe { range.sync(dev) }?;
                let addr = range.state.addr;
                // SAFETY: The device is valid, and the address is mapped for it.
                self.needs_sync = unsafe { local::subdev_shim_dma_need_sync(raw(dev), addr) };
            }
            Place::Pages(addresses) => {
                for page in pinned.pages() {
                    // SAFETY: The device is bound, and the page is pinned as long as it is mapped.
                    let addr = unsafe {
                        bindings::dma_map_page_attrs(
                            raw(dev),
                            page,
                            0,
                            PAGE_SIZE,
                            self.direction.into(),
                            0,
                        )
                    };
                    // SAFETY: The device is valid, and the address is one that mapping returned for
                    // it.
                    to_result(unsafe { local::subdev_shim_dma_mapping_error(raw(dev), addr) })?;
                    // INVARIANT: One more is mapped; the device is bound. There is room for all.
                    let _ = addresses.push_within_capacity(addr);
                    // SAFETY: As above.
                    self.needs_sync |= unsafe { local::subdev_shim_dma_need_sync(raw(dev), addr) };
                }
            }
        }
        Ok(())
    }

    fn undo(&mut self) {
        match self.place.take() {
            // SAFETY: By the type invariant. What the device has of an address is the business of who
            // submits it, see `Mapped::from`.
            Some((Place::Contiguous(range), dev)) => unsafe { range.undo(&dev) },
            Some((Place::Pages(addresses), dev)) => {
                for &addr in addresses.iter() {
                    // SAFETY: As above.
                    unsafe {
                        bindings::dma_unmap_page_attrs(
                            raw(&dev),
                            addr,
                            PAGE_SIZE,
                            self.direction.into(),
                            0,
                        )
                    };
                }
            }
            None => (),
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        self.undo();
    }
}

/// Pinned pages that are mapped for a device, which stays bound as long. They are unmapped before they
/// are unpinned.
pub(crate) struct Mapped {
    mapping: Mapping,
    pinned: Pinned,
}

impl Mapped {
    /// Maps the pages. Fails with them if the device cannot be given them.
    pub(crate) fn new(pinned: Pinned, dev: &BoundDevice) -> Result<Self, Pinned> {
        let Some(dev) = dev.hold() else {
            return Err(pinned);
        };
        // SAFETY: The pages are unpinned after the mapping was dropped.
        match unsafe { Mapping::new(&pinned, dev) } {
            Ok(mapping) => Ok(Self { mapping, pinned }),
            Err(_) => Err(pinned),
        }
    }

    /// Whether the device and the CPU may see different memory until it is unmapped.
    pub(crate) fn needs_sync(&self) -> bool {
        self.mapping.needs_sync
    }

    /// Stores words `offset` bytes after the start, by the CPU, the first one last. Returns whether they
    /// are there, on one page, and may be written to.
    pub(crate) fn store(&self, offset: u64, words: &[u64]) -> bool {
        // Else it could be overwritten with what the device sees.
        !self.needs_sync() && self.pinned.store(offset, words)
    }

    /// The device has no access any more; the pages stay pinned.
    pub(crate) fn unmap(&mut self) {
        self.mapping.undo();
    }

    /// The address for the device of what is `offset` bytes after the start, and how many bytes up to
    /// `most` are contiguous from there on.
    ///
    /// Whoever gives the address to the device must see to it that the device is done with it before
    /// the pages are unmapped or the value is dropped.
    pub(crate) fn from(&self, offset: u64, most: u32) -> Option<(DmaAddress, u32)> {
        let (start, len) = match &self.mapping.place.as_ref()?.0 {
            // CAST: Widening.
            Place::Contiguous(range) => (
                range.state.addr.checked_add(offset)?,
                (range.len as u64).checked_sub(offset)?,
            ),
            Place::Pages(addresses) => {
                let first = usize::try_from(offset / PAGE).ok()?;
                let start = addresses.get(first)?.wrapping_add(offset % PAGE);
                let mut len = PAGE - offset % PAGE;
                for page in addresses.iter().skip(first + 1) {
                    if len >= u64::from(most) || start.wrapping_add(len) != *page {
                        break;
                    }
                    len += PAGE;
                }
                (start, len)
            }
        };
        // CAST: At most `most`.
        Some((start, len.min(most.into()) as u32))
    }

    /// As [`Self::from`], of what ends `offset` bytes after the start: the address of its end, and how
    /// many bytes are contiguous up to there.
    pub(crate) fn up_to(&self, offset: u64, most: u32) -> Option<(DmaAddress, u32)> {
        let (end, len) = match &self.mapping.place.as_ref()?.0 {
            Place::Contiguous(range) => {
                // CAST: Widening.
                (range.len as u64).checked_sub(offset)?;
                (range.state.addr.checked_add(offset)?, offset)
            }
            Place::Pages(addresses) => {
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
                (end, len)
            }
        };
        // CAST: At most `most`.
        Some((end, len.min(most.into()) as u32))
    }
}
