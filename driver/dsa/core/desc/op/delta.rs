// SPDX-License-Identifier: GPL-2.0

//! Delta records: lists of entries, in the order of their places.

pub(in super::super) use super::super::code::delta::{
    ENTRY,
    UNIT, //
};

/// Largest transfer of the delta operations: a place has 16 bits.
pub(in super::super) const MAX_TRANSFER: u32 = 0x8_0000;
/// Least room for a record in bytes.
pub(in super::super) const MIN_ROOM: u32 = 80;

/// Room that the record of a transfer can need, at most `max` bytes.
///
/// It is rounded up to a record of 64 bytes of the transfer, as the least room is that: no more is
/// ever written, whatever the device does at a time.
pub(in super::super) const fn room(max: u32, transfer: u32) -> u32 {
    let most = transfer.div_ceil(8 * UNIT).saturating_mul(MIN_ROOM);
    if max < most {
        max
    } else {
        most
    }
}

/// Length of a record of `len` bytes up to where an error is certain: one entry more than there are
/// places in the transfer.
pub(in super::super) const fn meaningful(len: u32, transfer: u32) -> u32 {
    let most = (transfer / UNIT + 1).saturating_mul(ENTRY);
    if len < most {
        len
    } else {
        most
    }
}
