// SPDX-License-Identifier: MIT OR Apache-2.0
//! A container: an IOMMU address space, and memory in it.

#![allow(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use vfio_bindings::bindings::vfio::{
    VFIO_API_VERSION, VFIO_DMA_MAP_FLAG_READ, VFIO_DMA_MAP_FLAG_WRITE, VFIO_TYPE1v2_IOMMU,
};
use vm_memory::{Bytes, MmapRegion, VolatileMemory};

use super::{Mapping, Withheld};
use crate::ffi;

/// Size of a page, the grain of mappings.
pub const PAGE: usize = 4096;

/// What a device may do with a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read it and write to it.
    ReadWrite,
    /// Only read it.
    ReadOnly,
}

/// How the pages of a buffer lie behind its IOVAs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// In order.
    Straight,
    /// In an order that keeps no two neighbours together.
    Shuffled,
}

impl Layout {
    /// For each page of IOVAs, the page of memory behind it.
    fn order(self, pages: usize) -> Vec<usize> {
        match self {
            Self::Straight => (0..pages).collect(),
            // All odd pages downward, then all even ones upward.
            Self::Shuffled => {
                let odd = (0..pages).filter(|page| page % 2 == 1).rev();
                odd.chain((0..pages).step_by(2)).collect()
            }
        }
    }
}

/// An address space of type1 version 2 in which devices find [`Buffer`]s.
pub struct Container {
    // Closed before the memory goes: fields are dropped in this order.
    file: File,
    /// All memory that was ever mapped, kept while a device could reach it.
    memory: Mutex<Vec<Arc<MmapRegion>>>,
}

impl Container {
    /// A new one. It has no address space before [`Container::attach`].
    pub fn new() -> Result<Self> {
        let path = "/dev/vfio/vfio";
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .with_context(|| format!("cannot open {path} (is the module vfio loaded?)"))?;
        let version = ffi::api_version(&file).context("VFIO_GET_API_VERSION")?;
        ensure!(
            u32::try_from(version) == Ok(VFIO_API_VERSION),
            "VFIO speaks version {version}; this client knows version {VFIO_API_VERSION}"
        );
        ensure!(
            ffi::has_extension(&file, VFIO_TYPE1v2_IOMMU).context("VFIO_CHECK_EXTENSION")?,
            "VFIO has no IOMMU of type1 version 2 (is the module vfio_iommu_type1 loaded?)"
        );
        Ok(Self {
            file,
            memory: Mutex::default(),
        })
    }

    /// Puts the group into the container and gives the container an address space.
    pub fn attach(&self, group: &File) -> Result<()> {
        ffi::set_container(group, &self.file).context("VFIO_GROUP_SET_CONTAINER")?;
        ffi::set_iommu(&self.file, VFIO_TYPE1v2_IOMMU).context("VFIO_SET_IOMMU")?;
        Ok(())
    }

    /// Puts one more group into the container, which has an address space already.
    pub fn join(&self, group: &File) -> Result<()> {
        ffi::set_container(group, &self.file).context("VFIO_GROUP_SET_CONTAINER")
    }

    /// Makes a buffer of `len` bytes, a multiple of [`PAGE`], and maps it at `iova`.
    pub fn map(
        self: &Arc<Self>,
        iova: u64,
        len: usize,
        access: Access,
        layout: Layout,
    ) -> Result<Buffer> {
        ensure!(
            len > 0 && len.is_multiple_of(PAGE),
            "a buffer is a multiple of {PAGE} bytes long, not {len}"
        );
        let memory = MmapRegion::new(len).context("cannot allocate a buffer")?;
        let buffer = Buffer {
            container: Arc::clone(self),
            memory: Arc::new(memory),
            iova,
            access,
            order: layout.order(len / PAGE),
        };
        buffer.map()?;
        Ok(buffer)
    }

    /// Lets the devices reach a page of a mapping by `iova`, until [`Container::unmap`].
    pub fn map_mapping(&self, iova: u64, mapping: &Mapping, offset: usize) -> Result<()> {
        ensure!(offset + PAGE <= mapping.len(), "a page beyond the mapping");
        let vaddr = mapping.address() + offset as u64;
        let flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
        // SAFETY: The words of a mapping have any value at any time. What is mapped there later, if
        // this is not unmapped before, would be the caller's mistake.
        unsafe { ffi::map_dma(&self.file, iova, vaddr, PAGE as u64, flags) }
            .with_context(|| format!("VFIO_IOMMU_MAP_DMA of a mapping at IOVA {iova:#x}"))
    }

    fn map_pages(
        &self,
        memory: &Arc<MmapRegion>,
        first: usize,
        pages: usize,
        iova: u64,
        access: Access,
    ) -> Result<()> {
        let (offset, len) = (first * PAGE, pages * PAGE);
        ensure!(offset + len <= memory.size(), "pages beyond the memory");
        let flags = match access {
            Access::ReadWrite => VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
            Access::ReadOnly => VFIO_DMA_MAP_FLAG_READ,
        };
        let vaddr = memory.as_ptr() as u64 + offset as u64;
        self.memory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::clone(memory));
        // SAFETY: The range lies in `memory`, which the line above keeps mapped
        // until after the container is closed, and which is only accessed as
        // volatile memory (`Bytes` of `VolatileSlice`).
        unsafe { ffi::map_dma(&self.file, iova, vaddr, len as u64, flags) }
            .with_context(|| format!("VFIO_IOMMU_MAP_DMA of {len:#x} bytes at IOVA {iova:#x}"))
    }

    /// Takes memory away from the devices.
    pub fn unmap(&self, iova: u64, len: u64) -> Result<()> {
        let what = || format!("VFIO_IOMMU_UNMAP_DMA of {len:#x} bytes at IOVA {iova:#x}");
        let unmapped = ffi::unmap_dma(&self.file, iova, len).with_context(what)?;
        if unmapped != len {
            bail!("{} took {unmapped:#x} bytes away", what());
        }
        Ok(())
    }
}

/// Memory of ours that devices reach by a range of IOVAs.
///
/// Stays mapped until [`Buffer::unmap`] or the end of the container.
pub struct Buffer {
    container: Arc<Container>,
    memory: Arc<MmapRegion>,
    iova: u64,
    access: Access,
    order: Vec<usize>,
}

impl Buffer {
    /// First IOVA.
    pub fn iova(&self) -> u64 {
        self.iova
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.memory.size()
    }

    /// Whether it holds no bytes; it always does.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Maps it, after [`Buffer::unmap`].
    pub fn map(&self) -> Result<()> {
        // One mapping for each run of pages that follow each other.
        let mut done = 0;
        let follows = |pair: &usize, next: &usize| pair + 1 == *next;
        for run in self.order.chunk_by(follows) {
            let iova = self.iova + (done * PAGE) as u64;
            self.container
                .map_pages(&self.memory, run[0], run.len(), iova, self.access)?;
            done += run.len();
        }
        Ok(())
    }

    /// Maps it, after [`Buffer::unmap`], for another kind of access.
    pub fn map_as(&mut self, access: Access) -> Result<()> {
        self.access = access;
        self.map()
    }

    /// Takes it away from the devices; its bytes stay.
    pub fn unmap(&self) -> Result<()> {
        self.container.unmap(self.iova, self.len() as u64)
    }

    /// Withholds its pages, which nobody may have touched yet, from all who want to reach them, for
    /// at most `limit`.
    pub fn withhold(&self, limit: Duration) -> Result<Withheld> {
        Withheld::new(Arc::clone(&self.memory), limit)
    }

    /// Writes bytes as a device would find them from `offset` on.
    pub fn write(&self, offset: usize, bytes: &[u8]) -> Result<()> {
        let mut done = 0;
        for (at, len) in self.cuts(offset, bytes.len())? {
            let part = &bytes[done..done + len];
            self.memory.as_volatile_slice().write_slice(part, at)?;
            done += len;
        }
        Ok(())
    }

    /// Reads bytes as a device would find them from `offset` on.
    pub fn read(&self, offset: usize, len: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        let mut done = 0;
        for (at, len) in self.cuts(offset, len)? {
            let part = &mut bytes[done..done + len];
            self.memory.as_volatile_slice().read_slice(part, at)?;
            done += len;
        }
        Ok(bytes)
    }

    /// Reads one byte; what a device wrote before it is visible afterwards.
    pub fn load(&self, offset: usize) -> Result<u8> {
        let (at, _) = self.cuts(offset, 1)?[0];
        Ok(self
            .memory
            .as_volatile_slice()
            .load(at, Ordering::Acquire)?)
    }

    /// A word, which a device may read and write at any time.
    pub fn word(&self, offset: usize) -> Result<&AtomicU64> {
        let (at, _) = self.cuts(offset, size_of::<u64>())?[0];
        Ok(self.memory.get_atomic_ref(at)?)
    }

    /// The pieces of memory, as offset and length, behind a range.
    fn cuts(&self, offset: usize, len: usize) -> Result<Vec<(usize, usize)>> {
        ensure!(
            offset.checked_add(len).is_some_and(|end| end <= self.len()),
            "{len:#x} bytes at {offset:#x} do not lie in a buffer of {:#x} bytes",
            self.len()
        );
        let mut cuts = Vec::new();
        let (mut at, end) = (offset, offset + len);
        while at < end {
            let within = at % PAGE;
            let part = (PAGE - within).min(end - at);
            cuts.push((self.order[at / PAGE] * PAGE + within, part));
            at += part;
        }
        Ok(cuts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffled_layout_uses_each_page_once_and_keeps_no_neighbours() {
        for pages in [1, 2, 3, 8, 257] {
            let order = Layout::Shuffled.order(pages);
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..pages).collect::<Vec<_>>());
            if pages > 2 {
                let neighbours = order.windows(2).filter(|pair| pair[0] + 1 == pair[1]);
                assert_eq!(neighbours.count(), 0, "{pages} pages: {order:?}");
            }
        }
    }
}
