// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory that the device can reach by DMA.
//!
//! Each `dma_map` message of vfio-user brings a file descriptor that is mapped here; engines read
//! and write it while mappings come and go. An access holds the map's lock for one piece of at
//! most [`PIECE`] bytes, so removing a mapping waits for the pieces under way and no longer.
//!
//! An address that no mapping covers gives a [`Fault`], never a signal: a mapping is refused when
//! it is longer than its file. (Whoever shrinks the file afterwards breaks the promise made with
//! it; QEMU seals its memory files against that.)

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::RangeInclusive;

use clap::ValueEnum;
use parking_lot::{RwLock, RwLockReadGuard};
use serde::{Deserialize, Serialize};
use vm_memory::mmap::MmapRegion;
use vm_memory::{Bytes, FileOffset, VolatileMemory, VolatileSlice};

/// The longest piece of memory that is accessed under one lock, in bytes.
pub const PIECE: u64 = 256 * 1024;

/// The direction of an access, as the device sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The device reads.
    Read,
    /// The device writes.
    Write,
}

/// Why an access fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// There is no memory for this access: a page fault.
    #[default]
    PageFault,
    /// The memory, or the way to it, is broken.
    HardwareError,
    /// The address cannot be translated at all.
    TranslationFailure,
}

/// An access that no mapping allows, or that is made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The first address that could not be accessed.
    pub address: u64,
    /// What was tried there.
    pub access: Access,
    /// Why it fails. Of itself memory gives page faults only; the others are made.
    pub cause: Cause,
}

impl Fault {
    /// There is no memory for this access.
    pub const fn absent(address: u64, access: Access) -> Self {
        Self {
            address,
            access,
            cause: Cause::PageFault,
        }
    }
}

/// What a mapping lets the device do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// The device may read.
    pub read: bool,
    /// The device may write.
    pub write: bool,
}

impl Permissions {
    fn allow(self, access: Access) -> bool {
        match access {
            Access::Read => self.read,
            Access::Write => self.write,
        }
    }

    fn protection(self) -> libc::c_int {
        let mut protection = libc::PROT_NONE;
        if self.read {
            protection |= libc::PROT_READ;
        }
        if self.write {
            // Stores to a page may need to read it, so the two cannot be apart on x86.
            protection |= libc::PROT_READ | libc::PROT_WRITE;
        }
        protection
    }
}

#[derive(Debug)]
struct Mapping {
    region: MmapRegion,
    permissions: Permissions,
}

impl Mapping {
    fn size(&self) -> u64 {
        self.region.size() as u64
    }
}

/// Addresses that are made to fail, and for which accesses.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hole {
    addresses: RangeInclusive<u64>,
    permissions: Permissions,
    cause: Cause,
}

/// What there is at one moment.
#[derive(Debug, Default)]
struct Map {
    /// Mappings by their first address; they do not overlap.
    mappings: BTreeMap<u64, Mapping>,
    /// Where accesses fail although there is a mapping.
    holes: Vec<Hole>,
}

/// The address space of the device.
#[derive(Debug, Default)]
pub struct Memory {
    map: RwLock<Map>,
}

impl Memory {
    /// Makes `size` bytes of `file`, from `offset` on, accessible at `address`.
    ///
    /// # Errors
    ///
    /// `InvalidInput` when the range is empty, wraps around, overlaps another mapping or reaches
    /// beyond the end of the file; what `mmap` says otherwise.
    pub fn map(
        &self,
        address: u64,
        size: u64,
        file: File,
        offset: u64,
        permissions: Permissions,
    ) -> io::Result<()> {
        let range = range(address, size)?;
        let length = file.metadata()?.len();
        if offset.checked_add(size).is_none_or(|end| end > length) {
            return Err(invalid(format!(
                "{size:#x} bytes at offset {offset:#x} do not lie within the file's {length:#x} bytes"
            )));
        }
        let length = usize::try_from(size)
            .map_err(|_| invalid(format!("{size:#x} bytes cannot be mapped")))?;

        let mappings = &mut self.map.write().mappings;
        if let Some((other, mapping)) = mappings.range(..=range.end()).next_back()
            && other + (mapping.size() - 1) >= address
        {
            return Err(invalid(format!(
                "[{address:#x}, {:#x}] overlaps the mapping of {:#x} bytes at {other:#x}",
                range.end(),
                mapping.size()
            )));
        }
        let region = MmapRegion::build(
            Some(FileOffset::new(file, offset)),
            length,
            permissions.protection(),
            libc::MAP_SHARED | libc::MAP_NORESERVE,
        )
        .map_err(io::Error::other)?;
        mappings.insert(
            address,
            Mapping {
                region,
                permissions,
            },
        );
        Ok(())
    }

    /// Takes away every mapping that lies within `size` bytes at `address`, after the accesses
    /// under way are done.
    ///
    /// # Errors
    ///
    /// `InvalidInput` when the range is empty, wraps around, or would cut a mapping in two.
    pub fn unmap(&self, address: u64, size: u64) -> io::Result<()> {
        let range = range(address, size)?;
        let mappings = &mut self.map.write().mappings;
        let cut = |(start, mapping): (&u64, &Mapping)| {
            let last = start + (mapping.size() - 1);
            let touches = *start <= *range.end() && last >= address;
            (touches && (*start < address || last > *range.end())).then_some(*start)
        };
        // Only the mapping before the range and the last one within it can cross its ends.
        let before = mappings.range(..address).next_back().and_then(cut);
        let last = mappings.range(range.clone()).next_back().and_then(cut);
        if let Some(start) = before.or(last) {
            return Err(invalid(format!(
                "[{address:#x}, {:#x}] covers the mapping at {start:#x} in part; it can only be removed as a whole",
                range.end()
            )));
        }
        mappings.retain(|start, _| !range.contains(start));
        Ok(())
    }

    /// Takes away every mapping.
    pub fn unmap_all(&self) {
        self.map.write().mappings.clear();
    }

    /// Makes accesses to `size` bytes at `address` fail that these permissions would allow. Where
    /// several are asked for, the first counts.
    ///
    /// # Errors
    ///
    /// `InvalidInput` when the range is empty or wraps around.
    pub fn fail(
        &self,
        address: u64,
        size: u64,
        permissions: Permissions,
        cause: Cause,
    ) -> io::Result<()> {
        let addresses = range(address, size)?;
        self.map.write().holes.push(Hole {
            addresses,
            permissions,
            cause,
        });
        Ok(())
    }

    /// Ends all failures that were asked for.
    pub fn mend(&self) {
        self.map.write().holes.clear();
    }

    /// How many ranges are made to fail.
    pub fn failures(&self) -> usize {
        self.map.read().holes.len()
    }

    /// Fills `data` from `address` on.
    ///
    /// # Errors
    ///
    /// The fault at the first byte that cannot be read; the bytes before it have been read.
    pub fn read(&self, address: u64, data: &mut [u8]) -> Result<(), Fault> {
        let mut done = 0;
        while done < data.len() {
            let view = self.view();
            let piece = view.piece(
                address,
                done as u64,
                (data.len() - done) as u64,
                Access::Read,
            )?;
            done += piece.copy_to(&mut data[done..]);
        }
        Ok(())
    }

    /// Writes `data` from `address` on.
    ///
    /// # Errors
    ///
    /// The fault at the first byte that cannot be written; the bytes before it have been written.
    pub fn write(&self, address: u64, data: &[u8]) -> Result<(), Fault> {
        let mut done = 0;
        while done < data.len() {
            let view = self.view();
            let rest = &data[done..];
            let piece = view.piece(address, done as u64, rest.len() as u64, Access::Write)?;
            piece.copy_from(&rest[..piece.len()]);
            done += piece.len();
        }
        Ok(())
    }

    /// Writes `record` at `address`, its first byte last and after all others are visible: whoever
    /// polls that byte finds the whole record.
    ///
    /// # Errors
    ///
    /// The fault when the record does not lie in one writable mapping; nothing is written then.
    pub fn publish<const N: usize>(&self, address: u64, record: &[u8; N]) -> Result<(), Fault> {
        let view = self.view();
        let piece = view.piece(address, 0, N as u64, Access::Write)?;
        let fault = Fault::absent(address.wrapping_add(piece.len() as u64), Access::Write);
        if piece.len() < N {
            return Err(fault);
        }
        piece
            .write_slice(&record[1..], 1)
            .and_then(|()| piece.store(record[0], 0, std::sync::atomic::Ordering::Release))
            .map_err(|_| fault)
    }

    /// A view of the mappings as they are now; none can be removed while it lives.
    ///
    /// Hold it for one piece only, and never two of them in one thread.
    pub fn view(&self) -> View<'_> {
        View(self.map.read())
    }
}

/// The mappings at one moment.
pub struct View<'a>(RwLockReadGuard<'a, Map>);

impl View<'_> {
    /// The contiguous memory that begins `offset` bytes after `base`: at least one byte, at most
    /// `limit` and [`PIECE`] bytes.
    ///
    /// # Errors
    ///
    /// The fault when the first byte cannot be accessed.
    pub fn piece(
        &self,
        base: u64,
        offset: u64,
        limit: u64,
        access: Access,
    ) -> Result<VolatileSlice<'_>, Fault> {
        let (mapping, within) = self.find(base, offset, access)?;
        let address = base.wrapping_add(offset);
        let length = limit
            .min(PIECE)
            .min(mapping.size() - within)
            .min(self.until_hole(address, access));
        slice(mapping, within, length).ok_or(Fault::absent(base.wrapping_add(offset), access))
    }

    /// The contiguous memory that ends `end` bytes after `base` (`end` is at least 1): at least
    /// one byte, at most `limit` and [`PIECE`] bytes.
    ///
    /// # Errors
    ///
    /// The fault when the last byte cannot be accessed.
    pub fn piece_before(
        &self,
        base: u64,
        end: u64,
        limit: u64,
        access: Access,
    ) -> Result<VolatileSlice<'_>, Fault> {
        let (mapping, last) = self.find(base, end - 1, access)?;
        let address = base.wrapping_add(end - 1);
        let length = limit
            .min(PIECE)
            .min(last + 1)
            .min(self.since_hole(address, access));
        slice(mapping, last + 1 - length, length)
            .ok_or(Fault::absent(base.wrapping_add(end - 1), access))
    }

    /// The mapping that holds the byte at `base + offset`, and where in the mapping that byte is.
    fn find(&self, base: u64, offset: u64, access: Access) -> Result<(&Mapping, u64), Fault> {
        // A range that wraps around ends at the top of the address space: nothing is mapped there.
        let address = base
            .checked_add(offset)
            .ok_or(Fault::absent(u64::MAX, access))?;
        let (mapping, within) = self
            .0
            .mappings
            .range(..=address)
            .next_back()
            .map(|(start, mapping)| (mapping, address - start))
            .filter(|(mapping, within)| {
                *within < mapping.size() && mapping.permissions.allow(access)
            })
            .ok_or(Fault::absent(address, access))?;
        let hole = self
            .0
            .holes
            .iter()
            .find(|hole| hole.permissions.allow(access) && hole.addresses.contains(&address));
        match hole {
            None => Ok((mapping, within)),
            Some(hole) => Err(Fault {
                cause: hole.cause,
                ..Fault::absent(address, access)
            }),
        }
    }
}

impl View<'_> {
    /// The addresses where this access fails although there is a mapping.
    fn holes(&self, access: Access) -> impl Iterator<Item = &RangeInclusive<u64>> {
        self.0
            .holes
            .iter()
            .filter(move |hole| hole.permissions.allow(access))
            .map(|hole| &hole.addresses)
    }

    /// Bytes from an address, which is in no hole, to the next hole.
    fn until_hole(&self, address: u64, access: Access) -> u64 {
        self.holes(access)
            .filter_map(|hole| hole.start().checked_sub(address))
            .min()
            .unwrap_or(u64::MAX)
    }

    /// Bytes from the last hole to an address, which is in none, inclusive.
    fn since_hole(&self, address: u64, access: Access) -> u64 {
        self.holes(access)
            .filter_map(|hole| address.checked_sub(*hole.end()))
            .min()
            .unwrap_or(u64::MAX)
    }
}

fn slice(mapping: &Mapping, offset: u64, length: u64) -> Option<VolatileSlice<'_>> {
    mapping
        .region
        .get_slice(offset.try_into().ok()?, length.try_into().ok()?)
        .ok()
}

/// The addresses of `size` bytes at `address`.
fn range(address: u64, size: u64) -> io::Result<RangeInclusive<u64>> {
    size.checked_sub(1)
        .and_then(|rest| address.checked_add(rest))
        .map(|last| address..=last)
        .ok_or_else(|| {
            invalid(format!(
                "{size:#x} bytes at {address:#x} are empty or wrap around"
            ))
        })
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

#[cfg(test)]
mod tests;
