// SPDX-License-Identifier: MIT OR Apache-2.0
//! CR_DELTA and AP_DELTA: how two ranges differ, and making one of the other.
//!
//! A delta record is a list of entries of ten bytes: the offset of eight bytes, divided by eight,
//! in two bytes, and the new bytes. Offsets ascend.
//!
//! CR_DELTA gives result 0 when the ranges are equal, 1 when the record says how they differ, 2
//! when there is no room for it; `bytes completed` is then the offset of the first difference
//! that is not recorded. AP_DELTA counts the bytes of the record in `bytes completed`.

use crate::completion::{Completion, Status};
use crate::descriptor::{Descriptor, flags};
use crate::memory::{Fault, Memory};

/// Size of an entry, in bytes.
pub(crate) const ENTRY: u32 = 10;
/// The unit of offsets, in bytes.
pub(crate) const UNIT: u32 = 8;

/// CR_DELTA.
pub(super) fn create(descriptor: &Descriptor, memory: &Memory) -> Completion {
    const EQUAL: u8 = 0;
    const DIFFERENT: u8 = 1;
    const OVERFLOW: u8 = 2;

    let mut delta = Vec::new();
    let mut overflow = None;
    for offset in (0..descriptor.size()).step_by(UNIT as usize) {
        let (old, new) = match units(descriptor, memory, offset) {
            Ok(units) => units,
            Err(fault) => return Completion::faulted(fault, offset),
        };
        if old == new {
            continue;
        }
        if delta.len() + ENTRY as usize > descriptor.max_delta_size() as usize {
            overflow = Some(offset);
            break;
        }
        // The size is at most 0x80000, so this has 16 bits.
        delta.extend(((offset / UNIT) as u16).to_le_bytes());
        delta.extend(new);
    }
    if let Err(fault) = memory.write(descriptor.delta_address(), &delta) {
        return Completion::faulted(fault, 0);
    }
    let result = match overflow {
        Some(_) => OVERFLOW,
        None if delta.is_empty() => EQUAL,
        None => DIFFERENT,
    };
    let unexpected =
        descriptor.has(flags::CHECK_RESULT) && descriptor.expected_results() >> result & 1 == 0;
    let completion = Completion {
        result,
        completed: overflow.unwrap_or(0),
        ..Completion::new(if unexpected {
            Status::SuccessFalsePredicate
        } else {
            Status::Success
        })
    };
    completion.with_details(&(delta.len() as u32).to_le_bytes())
}

/// The unit at an offset of either range.
fn units(
    descriptor: &Descriptor,
    memory: &Memory,
    offset: u32,
) -> Result<([u8; 8], [u8; 8]), Fault> {
    let (mut old, mut new) = ([0; 8], [0; 8]);
    memory.read(at(descriptor.first(), offset), &mut old)?;
    memory.read(at(descriptor.second(), offset), &mut new)?;
    Ok((old, new))
}

/// AP_DELTA.
pub(super) fn apply(descriptor: &Descriptor, memory: &Memory) -> Completion {
    let mut next_offset = 0;
    for done in (0..descriptor.delta_size()).step_by(ENTRY as usize) {
        let stopped = |status| Completion {
            completed: done,
            ..Completion::new(status)
        };
        let mut entry = [0; ENTRY as usize];
        if let Err(fault) = memory.read(at(descriptor.first(), done), &mut entry) {
            return Completion::faulted(fault, done);
        }
        let (unit, bytes) = entry.split_at(2);
        let offset = u32::from(u16::from_le_bytes([unit[0], unit[1]])) * UNIT;
        if offset < next_offset {
            return stopped(Status::DeltaOrder);
        }
        if offset >= descriptor.size() {
            return stopped(Status::DeltaRange);
        }
        if let Err(fault) = memory.write(at(descriptor.second(), offset), bytes) {
            return Completion::faulted(fault, done);
        }
        next_offset = offset + UNIT;
    }
    Completion::success()
}

/// An address that far into a range. One beyond the last of all is the last: nothing is there.
fn at(base: u64, offset: u32) -> u64 {
    base.saturating_add(offset.into())
}
