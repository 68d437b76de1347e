// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sizes, alignment and overlap of what the operations work on.

use super::Rules;
use crate::completion::Status;
use crate::descriptor::{Descriptor, Opcode, SIZE};
use crate::operation::delta;
use crate::operation::dif::Shape;

/// The largest transfer of the delta operations, in bytes.
const MAX_DELTA_TRANSFER: u32 = 0x8_0000;
/// The least room for a delta record, in bytes.
const MIN_DELTA_ROOM: u32 = 80;

/// A range of memory: where it begins and its size.
type Range = (u64, u64);

/// Checks what depends on the operation.
///
/// # Errors
///
/// The status to report instead of doing the operation.
pub(super) fn check(rules: &Rules, opcode: Opcode, descriptor: &Descriptor) -> Result<(), Status> {
    match opcode {
        Opcode::Noop | Opcode::Drain => return Ok(()),
        Opcode::Batch => return batch(rules, descriptor),
        _ => {}
    }
    let size = descriptor.size();
    let transfer = u64::from(size);
    demand(
        (1..=rules.max_transfer).contains(&transfer),
        Status::TransferSize,
    )?;
    let first = (descriptor.first(), transfer);
    let second = (descriptor.second(), transfer);
    match opcode {
        Opcode::CreateDelta => {
            let room = descriptor.max_delta_size();
            let record = (descriptor.delta_address(), room.into());
            delta_transfer(size)?;
            demand(
                room >= MIN_DELTA_ROOM && room.is_multiple_of(delta::ENTRY),
                Status::DeltaSize,
            )?;
            aligned(&[first, second, record])?;
            apart(record, first)?;
            apart(record, second)
        }
        Opcode::ApplyDelta => {
            let length = descriptor.delta_size();
            let record = (descriptor.first(), length.into());
            delta_transfer(size)?;
            demand(
                length > 0 && length.is_multiple_of(delta::ENTRY),
                Status::DeltaSize,
            )?;
            aligned(&[record, second])?;
            apart(record, second)
        }
        Opcode::Dualcast => {
            const PAGE: u64 = 0x1000;
            let third = (descriptor.second_destination(), transfer);
            demand(second.0 % PAGE == third.0 % PAGE, Status::DualcastAlignment)?;
            apart(first, second)?;
            apart(first, third)?;
            apart(second, third)
        }
        Opcode::CopyCrc => apart(first, second),
        Opcode::DifCheck => dif(Shape::CHECK, descriptor),
        Opcode::DifInsert => dif(Shape::INSERT, descriptor),
        Opcode::DifStrip => dif(Shape::STRIP, descriptor),
        Opcode::DifUpdate => dif(Shape::UPDATE, descriptor),
        Opcode::DixGenerate => dif(Shape::GENERATE, descriptor),
        _ => Ok(()),
    }
}

fn batch(rules: &Rules, descriptor: &Descriptor) -> Result<(), Status> {
    demand(
        (2..=rules.max_batch).contains(&descriptor.size()),
        Status::DescriptorCount,
    )?;
    demand(
        descriptor.first().is_multiple_of(SIZE as u64),
        Status::DescriptorListAlignment,
    )
}

/// The size of what a delta operation works on.
fn delta_transfer(size: u32) -> Result<(), Status> {
    demand(
        size <= MAX_DELTA_TRANSFER && size.is_multiple_of(delta::UNIT),
        Status::TransferSize,
    )
}

fn dif(shape: Shape, descriptor: &Descriptor) -> Result<(), Status> {
    demand(shape.fits(descriptor), Status::TransferSize)?;
    apart(
        (descriptor.first(), descriptor.size().into()),
        (descriptor.second(), shape.destination_size(descriptor)),
    )
}

/// The addresses of delta operations are those of whole units.
fn aligned(ranges: &[Range]) -> Result<(), Status> {
    let aligned = |(address, _): &Range| address.is_multiple_of(delta::UNIT.into());
    demand(ranges.iter().all(aligned), Status::AddressAlignment)
}

/// An empty range overlaps nothing.
fn apart((a, a_size): Range, (b, b_size): Range) -> Result<(), Status> {
    let overlap = if a <= b {
        b - a < a_size && b_size > 0
    } else {
        a - b < b_size && a_size > 0
    };
    demand(!overlap, Status::Overlap)
}

fn demand(condition: bool, otherwise: Status) -> Result<(), Status> {
    if condition { Ok(()) } else { Err(otherwise) }
}
