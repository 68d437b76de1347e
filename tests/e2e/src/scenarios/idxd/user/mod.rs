// SPDX-License-Identifier: MIT OR Apache-2.0
//! A program that submits with the processor's own instructions: every operation, from user mode.
//!
//! The kernel gives user WQs to programs only with an IOMMU, so this one drives the device itself,
//! through the files of its BARs, and with the physical addresses of its own pages.

mod device;
mod enqcmd;
mod instructions;
mod program;
mod store;

use anyhow::{Context, Result};

use self::device::{Device, Operation, Pages, regs};
pub use self::enqcmd::ENQCMD;
pub use self::instructions::go_wrong;
pub use self::program::Program;
pub use self::store::{MISTAKE, STORE};
use super::STOCK;
use crate::check::{self, step};
use crate::idxd::{self, with_idxd};
use crate::kmsg::Kmsg;
use crate::scenario::Scenario;
use crate::system;

pub const USER_SUBMISSION: Scenario = Scenario {
    name: "user-submission",
    vm: STOCK,
    about: "a program completes every operation with MOVDIR64B",
    run: || with_idxd(run),
};

fn run(_log: &mut Kmsg) -> Result<()> {
    without_driver(|device| {
        device.enable(16, 0, regs::DEDICATED)?;
        operations(device, &mut Pages::new()?)
    })
}

/// Does some work on the device while it has no driver. `idxd` has shown where it is, and gets it
/// back.
fn without_driver(work: impl FnOnce(&Device) -> Result<()>) -> Result<()> {
    let function = idxd::function()?;
    function.unbind()?;
    system::write_sysfs(&function.path().join("enable"), "1")?;
    let device = Device::open(&function.path())?;
    work(&device)?;
    device.command(regs::RESET_DEVICE, 0)?;
    drop(device);
    system::write_sysfs(&function.path().join("enable"), "0")?;
    idxd::bind(&function)
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
        let done = device
            .portal()
            .run(&descriptor, pages)
            .context(operation.name)?;
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
    let done = device
        .portal()
        .run(&batch.descriptor(pages.record.physical), pages)?;
    check::equal("BATCH: status, members", (done[0], done[4]), (1, 2))?;
    check::same_bytes("BATCH", &pages.target.bytes()[..16], b"0123456789abcdef")
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
