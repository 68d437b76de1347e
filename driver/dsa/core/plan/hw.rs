// SPDX-License-Identifier: GPL-2.0

//! Descriptors for the hardware.

use super::{
    super::desc::{
        code::flag,
        Op,
        DESC_LEN, //
    },
    Piece, //
};

/// The descriptor that carries out a piece of an operation.
///
/// `cr` is the address of its completion record and `handle` the interrupt handle, both of the
/// hardware: the record is always written and the interrupt always raised. A comparison expects
/// nothing, as only the whole has an expected result. A CRC starts from the seed in `op`, so for
/// all but the first piece that must be [`Outcome::next_op`](super::Outcome::next_op).
pub fn descriptor(op: &Op, piece: &Piece, cr: u64, handle: u16) -> [u8; DESC_LEN] {
    let mut flags = flag::CR_VALID | flag::CR_REQUEST | flag::INT_REQUEST;
    let mut seed = 0;
    let (first, second) = match *op {
        Op::Noop => (0, 0),
        Op::Memmove { .. } | Op::Compare { .. } => (piece.a, piece.b),
        Op::Fill { pattern, .. } => (pattern_at(pattern, piece.offset), piece.a),
        Op::ComparePattern { pattern, .. } => (piece.a, pattern_at(pattern, piece.offset)),
        Op::Crc {
            seed: from,
            bypass_inversion,
            bypass_reflection,
            ..
        } => {
            seed = from;
            if bypass_inversion {
                flags |= flag::CRC_BYPASS_INVERSION;
            }
            if bypass_reflection {
                flags |= flag::CRC_BYPASS_REFLECTION;
            }
            (piece.a, 0)
        }
    };

    let mut raw = [0; DESC_LEN];
    let fields = [0; 4]
        .into_iter()
        .chain((flags | u32::from(op.opcode()) << 24).to_le_bytes())
        .chain(cr.to_le_bytes())
        .chain(first.to_le_bytes())
        .chain(second.to_le_bytes())
        .chain(piece.len.to_le_bytes())
        .chain(handle.to_le_bytes())
        .chain([0; 2])
        .chain(seed.to_le_bytes());
    for (to, from) in raw.iter_mut().zip(fields) {
        *to = from;
    }
    raw
}

/// The pattern of 8 bytes as it goes on `offset` bytes after its start.
const fn pattern_at(pattern: u64, offset: u32) -> u64 {
    pattern.rotate_right(offset % 8 * 8)
}
