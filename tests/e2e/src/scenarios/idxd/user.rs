// SPDX-License-Identifier: MIT OR Apache-2.0
//! A program that submits with the processor's own instructions: every operation, from user mode.
//!
//! The kernel gives user WQs to programs only with an IOMMU, so this one drives the device itself,
//! through the files of its BARs, and with the physical addresses of its own pages.

use std::arch::asm;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};

use anyhow::{Context, Result, ensure};
use vm_memory::mmap::MmapRegion;
use vm_memory::{FileOffset, VolatileMemory};

use super::VM;
use super::machine::{Function, with_idxd};
use crate::check::{self, step};
use crate::kmsg::Kmsg;
use crate::scenario::Scenario;
use crate::system;
use crate::wait::{self, SOON};

pub const USER_SUBMISSION: Scenario = Scenario {
    name: "user-submission",
    vm: VM,
    about: "a program completes every operation with MOVDIR64B, and ENQCMD has an answer",
    run: || with_idxd(run),
};

const PAGE: usize = 4096;
const BAR0_SIZE: usize = 0x1_0000;
const BAR2_SIZE: usize = 0x2_0000;
/// The limited portal of WQ 0.
const PORTAL: usize = 0x1000;

/// Registers and commands (srctree drivers/dma/idxd/registers.h).
mod regs {
    pub const GENSTS: usize = 0x90;
    pub const CMD: usize = 0xa0;
    pub const CMDSTS: usize = 0xa8;
    pub const SWERR: usize = 0xc0;
    pub const GRPCFG: usize = 0x400;
    pub const WQCFG: usize = 0x500;

    pub const ENABLE_DEVICE: u32 = 1;
    pub const RESET_DEVICE: u32 = 5;
    pub const ENABLE_WQ: u32 = 6;
}

fn run(_log: &mut Kmsg) -> Result<()> {
    // idxd has shown where the device is, and leaves it alone from here on.
    let function = Function::of_device()?;
    function.unbind()?;
    system::write_sysfs(&function.path().join("enable"), "1")?;

    let device = Device::open(function.path())?;
    device.enable()?;
    let mut pages = Pages::new()?;
    operations(&device, &mut pages)?;
    enqcmd(&device, &mut pages)?;
    device.command(regs::RESET_DEVICE, 0)?;
    drop(device);

    system::write_sysfs(&function.path().join("enable"), "0")?;
    function.bind()
}

/// A descriptor; `rest` are the bytes from 0x28 on.
struct Operation {
    name: &'static str,
    opcode: u8,
    first: u64,
    second: u64,
    size: u32,
    rest: Vec<u8>,
}

/// What an operation has to come to.
struct Outcome {
    result: u8,
    /// The dword at 0x10 of the completion record.
    detail: u32,
    /// What the target page has to begin with.
    target: Vec<u8>,
}

fn operations(device: &Device, pages: &mut Pages) -> Result<()> {
    step("every operation of DSA 1.0, submitted with MOVDIR64B");
    let data: Vec<u8> = (0..512_u32).map(|index| (index * 7 % 251) as u8).collect();
    let guard = guard(&data).to_be_bytes();
    let field = [&guard[..], &[0, 3], &[0, 0, 0, 9]].concat();
    let protected = [&data[..], &field].concat();
    let record = [&[1, 0][..], &data[8..16]].concat();
    let changed = [&[0; 8], &data[8..16]].concat();
    let (source, target, other) = (
        pages.source.physical,
        pages.target.physical,
        pages.other.physical,
    );
    let tags = [&9_u32.to_le_bytes()[..], &[0, 0], &3_u16.to_le_bytes()].concat();
    let dif = |source: &[u8], target: &[u8]| [&[0; 8][..], source, target].concat();
    let plain = |name, opcode, size| Operation {
        name,
        opcode,
        first: source,
        second: target,
        size,
        rest: Vec::new(),
    };
    let nothing = || Outcome {
        result: 0,
        detail: 0,
        target: Vec::new(),
    };
    let writes = |target: &[u8]| Outcome {
        target: target.to_vec(),
        ..nothing()
    };
    // Source and target before it, the operation, what it comes to.
    let cases: Vec<(&[u8], &[u8], Operation, Outcome)> = vec![
        (
            &[],
            &[],
            Operation {
                first: 0,
                second: 0,
                ..plain("NOOP", 0x00, 0)
            },
            nothing(),
        ),
        (
            &[],
            &[],
            Operation {
                first: 0,
                second: 0,
                ..plain("DRAIN", 0x02, 0)
            },
            nothing(),
        ),
        (&data, &[], plain("MEMMOVE", 0x03, 512), writes(&data)),
        (
            &[],
            &[],
            Operation {
                first: 0x0807_0605_0403_0201,
                ..plain("FILL", 0x04, 9)
            },
            writes(&[1, 2, 3, 4, 5, 6, 7, 8, 1, 0]),
        ),
        (&data, &data, plain("COMPARE", 0x05, 512), nothing()),
        (
            &data,
            &[],
            Operation {
                second: 1,
                ..plain("COMPVAL", 0x06, 512)
            },
            Outcome {
                result: 1,
                ..nothing()
            },
        ),
        (
            &[0; 16],
            &changed,
            Operation {
                rest: [&other.to_le_bytes()[..], &80_u64.to_le_bytes()].concat(),
                ..plain("CR_DELTA", 0x07, 16)
            },
            Outcome {
                result: 1,
                detail: 10,
                ..nothing()
            },
        ),
        (
            &record,
            &[],
            Operation {
                rest: 10_u32.to_le_bytes().to_vec(),
                ..plain("AP_DELTA", 0x08, 16)
            },
            writes(&changed),
        ),
        (
            &data,
            &[],
            Operation {
                rest: other.to_le_bytes().to_vec(),
                ..plain("DUALCAST", 0x09, 512)
            },
            writes(&data),
        ),
        (
            b"123456789",
            &[],
            Operation {
                second: 0,
                ..plain("CRCGEN", 0x10, 9)
            },
            Outcome {
                detail: 0xe306_9283,
                ..nothing()
            },
        ),
        (
            b"123456789",
            &[],
            plain("COPY_CRC", 0x11, 9),
            Outcome {
                detail: 0xe306_9283,
                ..writes(b"123456789")
            },
        ),
        (
            &protected,
            &[],
            Operation {
                second: 0,
                rest: dif(&tags, &[]),
                ..plain("DIF_CHECK", 0x12, 520)
            },
            Outcome {
                detail: 10,
                ..nothing()
            },
        ),
        (
            &data,
            &[],
            Operation {
                rest: dif(&[0; 8], &tags),
                ..plain("DIF_INS", 0x13, 512)
            },
            writes(&protected),
        ),
        (
            &protected,
            &[],
            Operation {
                rest: dif(&tags, &[]),
                ..plain("DIF_STRP", 0x14, 520)
            },
            Outcome {
                detail: 10,
                ..writes(&data)
            },
        ),
        (
            &protected,
            &[],
            Operation {
                rest: dif(&tags, &tags),
                ..plain("DIF_UPDT", 0x15, 520)
            },
            Outcome {
                detail: 10,
                ..writes(&protected)
            },
        ),
        (
            &[],
            &[],
            Operation {
                first: 0,
                ..plain("CFLUSH", 0x20, 512)
            },
            nothing(),
        ),
    ];
    for (before, after, operation, outcome) in cases {
        pages.source.set(before);
        pages.target.set(after);
        let descriptor = operation.descriptor(pages.record.physical);
        let done = device.run(&descriptor, pages).context(operation.name)?;
        check::equal(
            &format!("{}: status, result", operation.name),
            (done[0], done[1]),
            (1, outcome.result),
        )?;
        let detail = u32::from_le_bytes([done[0x10], done[0x11], done[0x12], done[0x13]]);
        check::equal(
            &format!("{}: record at 0x10", operation.name),
            detail,
            outcome.detail,
        )?;
        let target = pages.target.bytes();
        check::same_bytes(
            operation.name,
            &target[..outcome.target.len()],
            &outcome.target,
        )?;
    }
    batch(device, pages)
}

fn batch(device: &Device, pages: &mut Pages) -> Result<()> {
    let copy = Operation {
        name: "member",
        opcode: 0x03,
        first: pages.source.physical,
        second: pages.target.physical,
        size: 16,
        rest: Vec::new(),
    };
    // Members without a record of their own.
    let mut member = copy.descriptor(0);
    member.0[4] = 0;
    pages.source.set(b"0123456789abcdef");
    pages.target.set(&[]);
    pages.other.set(&[member.0, member.0].concat());
    let batch = Operation {
        name: "BATCH",
        opcode: 0x01,
        first: pages.other.physical,
        second: 0,
        size: 2,
        rest: Vec::new(),
    };
    let done = device.run(&batch.descriptor(pages.record.physical), pages)?;
    check::equal("BATCH: status, members", (done[0], done[4]), (1, 2))?;
    check::same_bytes("BATCH", &pages.target.bytes()[..16], b"0123456789abcdef")
}

fn enqcmd(device: &Device, pages: &mut Pages) -> Result<()> {
    step("ENQCMD to a dedicated WQ has an answer, which is to try again, and is no error");
    let noop = Operation {
        name: "NOOP",
        opcode: 0,
        first: 0,
        second: 0,
        size: 0,
        rest: Vec::new(),
    };
    pages.record.set(&[]);
    let descriptor = noop.descriptor(pages.record.physical);
    let portal = device.portal()?;
    let retry: u8;
    // SAFETY: The instruction reads 64 bytes from the descriptor and writes them to the portal,
    // which is mapped and belongs to us; the flag is the only other thing that changes.
    unsafe {
        asm!(
            // enqcmd rax, [rdx]
            ".byte 0xf2, 0x0f, 0x38, 0xf8, 0x02",
            "setz {retry}",
            retry = out(reg_byte) retry,
            in("rax") portal,
            in("rdx") &raw const descriptor,
            options(nostack),
        );
    }
    check::equal("zero flag", retry, 1)?;
    check::equal("SWERR", device.read64(regs::SWERR)?, 0)?;
    let done = device.run(&descriptor, pages)?;
    check::equal("status of a NOOP after it", done[0], 1)
}

/// 64 bytes, aligned as compilers align what goes to a portal.
#[repr(C, align(64))]
struct Descriptor([u8; 64]);

impl Operation {
    fn descriptor(&self, record: u64) -> Descriptor {
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

/// The guard of a block by its definition: bit by bit, polynomial 0x8bb7.
fn guard(block: &[u8]) -> u16 {
    block.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| {
            let carry = if crc >> 15 == 1 { 0x8bb7 } else { 0 };
            crc << 1 ^ carry
        })
    })
}

/// The device's BARs in our address space.
struct Device {
    registers: MmapRegion,
    portals: MmapRegion,
}

impl Device {
    fn open(pci: &Path) -> Result<Self> {
        // The device reaches memory and nobody else drives it.
        let config = OpenOptions::new().write(true).open(pci.join("config"))?;
        let memory_and_bus_master = 6_u16;
        config.write_all_at(&memory_and_bus_master.to_le_bytes(), 4)?;
        let map = |name: &str, size| {
            let path = pci.join(name);
            let file = OpenOptions::new().read(true).write(true).open(&path);
            let file = file.with_context(|| format!("cannot open {}", path.display()))?;
            MmapRegion::from_file(FileOffset::new(file, 0), size)
                .with_context(|| format!("cannot map {}", path.display()))
        };
        Ok(Self {
            registers: map("resource0", BAR0_SIZE)?,
            portals: map("resource2", BAR2_SIZE)?,
        })
    }

    fn read32(&self, at: usize) -> Result<u32> {
        Ok(self.registers.get_ref::<u32>(at)?.load())
    }

    fn read64(&self, at: usize) -> Result<u64> {
        Ok(self.registers.get_ref::<u64>(at)?.load())
    }

    fn write32(&self, at: usize, value: u32) -> Result<()> {
        self.registers.get_ref::<u32>(at)?.store(value);
        Ok(())
    }

    fn command(&self, code: u32, operand: u32) -> Result<()> {
        self.write32(regs::CMD, code << 20 | operand)?;
        let status = wait::until(SOON, &format!("the end of command {code}"), || {
            Ok(Some(self.read32(regs::CMDSTS)?).filter(|status| status >> 31 == 0))
        })?;
        ensure!(status == 0, "command {code} failed with {status:#x}");
        Ok(())
    }

    /// All engines and WQ 0 in group 0; dedicated, 16 entries, priority 1, 2 MiB, 32 descriptors.
    fn enable(&self) -> Result<()> {
        self.command(regs::RESET_DEVICE, 0)?;
        self.write32(regs::GRPCFG, 1)?;
        self.write32(regs::GRPCFG + 0x20, 0xf)?;
        self.write32(regs::GRPCFG + 0x28, 96 << 20)?;
        self.write32(regs::WQCFG, 16)?;
        self.write32(regs::WQCFG + 0x08, 1 | 1 << 4)?;
        self.write32(regs::WQCFG + 0x0c, 21 | 5 << 5)?;
        self.command(regs::ENABLE_DEVICE, 0)?;
        self.command(regs::ENABLE_WQ, 0)?;
        check::equal("state", self.read32(regs::GENSTS)? & 3, 1)
    }

    fn portal(&self) -> Result<*mut u8> {
        Ok(self.portals.get_slice(PORTAL, 64)?.ptr_guard_mut().as_ptr())
    }

    /// Submits a descriptor with MOVDIR64B, waits for its record and gives that.
    fn run(&self, descriptor: &Descriptor, pages: &mut Pages) -> Result<Vec<u8>> {
        pages.record.set(&[]);
        // SAFETY: The instruction reads 64 bytes from the descriptor and writes them to the portal,
        // which is mapped and belongs to us.
        unsafe {
            asm!(
                // movdir64b rax, [rdx]
                ".byte 0x66, 0x0f, 0x38, 0xf8, 0x02",
                in("rax") self.portal()?,
                in("rdx") &raw const *descriptor,
                options(nostack, preserves_flags),
            );
        }
        wait::until_true(
            SOON,
            "a completion record",
            || Ok(pages.record.first() != 0),
        )?;
        let mut record = pages.record.bytes();
        record.truncate(32);
        Ok(record)
    }
}

/// The memory that the device works on.
struct Pages {
    source: Page,
    target: Page,
    other: Page,
    record: Page,
}

impl Pages {
    fn new() -> Result<Self> {
        Ok(Self {
            source: Page::new()?,
            target: Page::new()?,
            other: Page::new()?,
            record: Page::new()?,
        })
    }
}

/// A page of ours that the device knows by its physical address.
struct Page {
    memory: MmapRegion,
    physical: u64,
}

impl Page {
    fn new() -> Result<Self> {
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
    fn set(&self, bytes: &[u8]) {
        let mut page = [0; PAGE];
        page[..bytes.len()].copy_from_slice(bytes);
        self.memory.as_volatile_slice().copy_from(&page);
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; PAGE];
        self.memory.as_volatile_slice().copy_to(&mut bytes);
        bytes
    }

    /// The first byte, which the device may write meanwhile.
    fn first(&self) -> u8 {
        // SAFETY: The page is mapped as long as `self` lives, and a byte has no alignment.
        unsafe { AtomicU8::from_ptr(self.memory.as_ptr()) }.load(Ordering::Acquire)
    }
}
