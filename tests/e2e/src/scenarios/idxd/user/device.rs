// SPDX-License-Identifier: MIT OR Apache-2.0
//! The device as a program drives it that has no driver: the files of its BARs, and memory that it
//! reaches by physical addresses.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::Ordering;

use anyhow::{Context, Result, ensure};
use vm_memory::mmap::MmapRegion;
use vm_memory::{Bytes, FileOffset, VolatileMemory, VolatileSlice};

use super::instructions;

use crate::check;
use crate::wait::{self, SOON};

const PAGE: usize = 4096;
const BAR0_SIZE: usize = 0x1_0000;
/// Of the portals of a WQ in BAR2, and the limited one among them.
const PORTALS: u64 = 0x4000;
const LIMITED: u64 = 0x1000;

/// Registers and commands (srctree drivers/dma/idxd/registers.h).
pub mod regs {
    pub const GENSTS: usize = 0x90;
    pub const CMD: usize = 0xa0;
    pub const CMDSTS: usize = 0xa8;
    pub const SWERR: usize = 0xc0;
    pub const GRPCFG: usize = 0x400;
    pub const WQCFG: usize = 0x500;

    /// WQCFG dword 2: the WQ is dedicated; its descriptors have a PASID.
    pub const DEDICATED: u32 = 1;
    pub const PASID_ENABLED: u32 = 1 << 28;

    pub const ENABLE_DEVICE: u32 = 1;
    pub const RESET_DEVICE: u32 = 5;
    pub const ENABLE_WQ: u32 = 6;
}

/// A descriptor; `rest` are the bytes from 0x28 on.
pub struct Operation {
    pub name: &'static str,
    pub opcode: u8,
    pub first: u64,
    pub second: u64,
    pub size: u32,
    pub rest: Vec<u8>,
}

/// 64 bytes, aligned as compilers align what goes to a portal.
#[repr(C, align(64))]
pub struct Descriptor(pub [u8; 64]);

impl Operation {
    /// One that does nothing.
    pub fn noop() -> Self {
        Self {
            name: "NOOP",
            opcode: 0,
            first: 0,
            second: 0,
            size: 0,
            rest: Vec::new(),
        }
    }

    pub fn descriptor(&self, record: u64) -> Descriptor {
        /// The address of the record is valid, and a record is wanted.
        const FLAGS: u8 = 1 << 2 | 1 << 3;
        let mut bytes = [0; 64];
        bytes[0x04] = FLAGS;
        bytes[0x07] = self.opcode;
        bytes[0x08..0x10].copy_from_slice(&record.to_le_bytes());
        bytes[0x10..0x18].copy_from_slice(&self.first.to_le_bytes());
        bytes[0x18..0x20].copy_from_slice(&self.second.to_le_bytes());
        bytes[0x20..0x24].copy_from_slice(&self.size.to_le_bytes());
        bytes[0x28..0x28 + self.rest.len()].copy_from_slice(&self.rest);
        Descriptor(bytes)
    }
}

/// The file of a BAR, or a part of it, in our address space.
fn map(pci: &Path, name: &str, start: u64, len: usize) -> Result<MmapRegion> {
    let path = pci.join(name);
    let file = OpenOptions::new().read(true).write(true).open(&path);
    let file = file.with_context(|| format!("cannot open {}", path.display()))?;
    MmapRegion::from_file(FileOffset::new(file, start), len)
        .with_context(|| format!("cannot map {}", path.display()))
}

/// The limited portal of a WQ.
pub struct Portal(MmapRegion);

impl Portal {
    /// Maps it, whoever drives the device.
    pub fn map(pci: &Path, wq: u8) -> Result<Self> {
        let start = u64::from(wq) * PORTALS + LIMITED;
        Ok(Self(map(pci, "resource2", start, PAGE)?))
    }

    /// Where descriptors are stored.
    pub fn slot(&self) -> Result<VolatileSlice<'_>> {
        Ok(self.0.get_slice(0, 64)?)
    }

    /// Submits a descriptor with MOVDIR64B, waits for its record and gives that.
    pub fn run(&self, descriptor: &Descriptor, pages: &mut Pages) -> Result<Vec<u8>> {
        pages.record.set(&[]);
        instructions::movdir64b(&self.slot()?, descriptor);
        wait::until_true(
            SOON,
            "a completion record",
            || Ok(pages.record.byte(0) != 0),
        )?;
        let mut record = pages.record.bytes();
        record.truncate(32);
        Ok(record)
    }
}

/// The device's BARs in our address space.
pub struct Device {
    registers: MmapRegion,
    portal: Portal,
}

impl Device {
    pub fn open(pci: &Path) -> Result<Self> {
        // The device reaches memory and nobody else drives it.
        let config = OpenOptions::new().write(true).open(pci.join("config"))?;
        let memory_and_bus_master = 6_u16;
        config.write_all_at(&memory_and_bus_master.to_le_bytes(), 4)?;
        Ok(Self {
            registers: map(pci, "resource0", 0, BAR0_SIZE)?,
            portal: Portal::map(pci, 0)?,
        })
    }

    pub fn read32(&self, at: usize) -> Result<u32> {
        Ok(self.registers.get_ref::<u32>(at)?.load())
    }

    pub fn read64(&self, at: usize) -> Result<u64> {
        Ok(self.registers.get_ref::<u64>(at)?.load())
    }

    pub fn write32(&self, at: usize, value: u32) -> Result<()> {
        self.registers.get_ref::<u32>(at)?.store(value);
        Ok(())
    }

    pub fn command(&self, code: u32, operand: u32) -> Result<()> {
        self.write32(regs::CMD, code << 20 | operand)?;
        let status = wait::until(SOON, &format!("the end of command {code}"), || {
            Ok(Some(self.read32(regs::CMDSTS)?).filter(|status| status >> 31 == 0))
        })?;
        ensure!(status == 0, "command {code} failed with {status:#x}");
        Ok(())
    }

    /// All engines and WQ 0 in group 0; priority 1, 2 MiB, 32 descriptors, and of a size, threshold and
    /// mode (dword 2 of WQCFG without the priority).
    pub fn enable(&self, size: u32, threshold: u32, mode: u32) -> Result<()> {
        self.command(regs::RESET_DEVICE, 0)?;
        self.write32(regs::GRPCFG, 1)?;
        self.write32(regs::GRPCFG + 0x20, 0xf)?;
        self.write32(regs::GRPCFG + 0x28, 96 << 20)?;
        self.write32(regs::WQCFG, size)?;
        self.write32(regs::WQCFG + 0x04, threshold)?;
        self.write32(regs::WQCFG + 0x08, mode | 1 << 4)?;
        self.write32(regs::WQCFG + 0x0c, 21 | 5 << 5)?;
        self.command(regs::ENABLE_DEVICE, 0)?;
        self.command(regs::ENABLE_WQ, 0)?;
        check::equal("state", self.read32(regs::GENSTS)? & 3, 1)
    }

    /// The limited portal of WQ 0.
    pub fn portal(&self) -> &Portal {
        &self.portal
    }
}

/// The memory that the device works on.
pub struct Pages {
    pub source: Page,
    pub target: Page,
    pub other: Page,
    pub record: Page,
}

impl Pages {
    pub fn new() -> Result<Self> {
        Ok(Self {
            source: Page::new()?,
            target: Page::new()?,
            other: Page::new()?,
            record: Page::new()?,
        })
    }
}

/// A page of ours that the device knows by its physical address.
pub struct Page {
    memory: MmapRegion,
    pub physical: u64,
}

impl Page {
    pub fn new() -> Result<Self> {
        let memory: MmapRegion = MmapRegion::new(PAGE)?;
        // It gets its place when it is written to.
        memory.get_slice(0, PAGE)?.copy_from(&[0xff_u8; PAGE]);
        let index = memory.as_ptr() as u64 / PAGE as u64;
        let mut entry = [0; 8];
        File::open("/proc/self/pagemap")?.read_exact_at(&mut entry, index * 8)?;
        let entry = u64::from_le_bytes(entry);
        ensure!(entry >> 63 == 1, "a page that was written to is not there");
        let frame = entry & ((1 << 55) - 1);
        ensure!(frame != 0, "only root may know where its pages are");
        Ok(Self {
            memory,
            physical: frame * PAGE as u64,
        })
    }

    /// Sets the beginning; zeros follow.
    pub fn set(&self, bytes: &[u8]) {
        let mut page = [0; PAGE];
        page[..bytes.len()].copy_from_slice(bytes);
        self.memory.as_volatile_slice().copy_from(&page);
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; PAGE];
        self.memory.as_volatile_slice().copy_to(&mut bytes);
        bytes
    }

    /// A byte, which the device may write meanwhile.
    pub fn byte(&self, at: usize) -> u8 {
        // A byte within the page has no reason to fail; that of no record is a record to wait for.
        let byte = self.memory.as_volatile_slice().load(at, Ordering::Acquire);
        byte.unwrap_or(0)
    }
}
