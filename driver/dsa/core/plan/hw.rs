// SPDX-License-Identifier: GPL-2.0

//! Descriptors for the hardware.

use super::{
    super::desc::{
        code::{
            flag,
            opcode, //
        },
        Op,
        DESC_LEN, //
    },
    Piece, //
};

/// Hints of a tenant that its descriptors for the hardware may have.
const HINTS: u32 = flag::CACHE_CONTROL | flag::STRICT_ORDER;

/// The fields of a descriptor that an operation makes.
#[derive(Default)]
struct Fields {
    flags: u32,
    first: u64,
    second: u64,
    /// From 0x28 on.
    specific: [u8; 24],
}

/// The descriptor that carries out a piece of an operation.
///
/// `cr` is the address of its completion record and `handle` the interrupt handle, both of the
/// hardware: the record is always written, and the interrupt raised if there is a handle. It never
/// blocks on a fault, and asks for nothing else that is not needed; for what a tenant asked for see
/// [`with_hints`].
///
/// A comparison expects nothing, as only the whole has an expected result. `op` must be
/// [`Outcome::next_op`](super::Outcome::next_op): a CRC starts from the seed in it, and one that
/// cannot be divided is as long as its memory.
///
/// A drain and a batch are nothing to do for the hardware. A drain of the hardware would also wait for
/// what other tenants submitted to the same WQ; the driver waits for the tenant's own, and what the
/// hardware reports as done can be seen, as record and data are of one traffic class.
pub fn descriptor(op: &Op, piece: &Piece, cr: u64, handle: Option<u16>) -> [u8; DESC_LEN] {
    let code = match op {
        Op::Drain { .. } | Op::Batch { .. } => opcode::NOOP,
        _ => op.opcode(),
    };
    let Fields {
        flags,
        first,
        second,
        specific,
    } = Fields::of(op, piece);
    let interrupt = handle.map_or(0, |_| flag::INT_REQUEST);
    let flags = flags | flag::CR_VALID | flag::CR_REQUEST | interrupt;
    let len = if code == opcode::NOOP { 0 } else { piece.len };

    let mut raw = [0; DESC_LEN];
    let fields = [0; 4]
        .into_iter()
        .chain((flags | u32::from(code) << 24).to_le_bytes())
        .chain(cr.to_le_bytes())
        .chain(first.to_le_bytes())
        .chain(second.to_le_bytes())
        .chain(len.to_le_bytes())
        .chain(handle.unwrap_or(0).to_le_bytes())
        .chain([0; 2])
        .chain(specific);
    for (to, from) in raw.iter_mut().zip(fields) {
        *to = from;
    }
    raw
}

/// A descriptor for the hardware with the hints of a tenant,
/// [`Work::hints`](super::super::desc::Work::hints).
pub fn with_hints(mut raw: [u8; DESC_LEN], hints: u32) -> [u8; DESC_LEN] {
    for (to, hint) in raw.iter_mut().skip(4).zip((hints & HINTS).to_le_bytes()) {
        *to |= hint;
    }
    raw
}

impl Fields {
    fn of(op: &Op, piece: &Piece) -> Self {
        let [a, b, c] = piece.addresses;
        let plain = |first, second| Self {
            first,
            second,
            ..Self::default()
        };
        match *op {
            Op::Noop | Op::Batch { .. } | Op::Drain { .. } => Self::default(),
            Op::Memmove { .. } | Op::Compare { .. } => plain(a, b),
            Op::Fill { pattern, .. } => plain(pattern_at(pattern, piece.offset), a),
            Op::ComparePattern { pattern, .. } => plain(a, pattern_at(pattern, piece.offset)),
            Op::CreateDelta { max, .. } => Self {
                specific: specific(c.to_le_bytes().into_iter().chain(max.to_le_bytes())),
                ..plain(a, b)
            },
            Op::ApplyDelta { delta_len, .. } => Self {
                specific: specific(delta_len.to_le_bytes().into_iter()),
                ..plain(a, b)
            },
            Op::Dualcast { .. } => Self {
                specific: specific(c.to_le_bytes().into_iter()),
                ..plain(a, b)
            },
            Op::Crc {
                dst,
                seed,
                bypass_inversion,
                bypass_reflection,
                ..
            } => {
                let flag = |is_set, flag| if is_set { flag } else { 0 };
                Self {
                    flags: flag(bypass_inversion, flag::CRC_BYPASS_INVERSION)
                        | flag(bypass_reflection, flag::CRC_BYPASS_REFLECTION),
                    specific: specific(seed.to_le_bytes().into_iter()),
                    ..plain(a, dst.map_or(0, |_| b))
                }
            }
            Op::Dif(dif) => Self {
                specific: dif.fields,
                ..plain(a, b)
            },
            Op::Flush { .. } => plain(0, a),
        }
    }
}

/// The fields from 0x28 on that begin with these bytes.
fn specific(bytes: impl Iterator<Item = u8>) -> [u8; 24] {
    let mut specific = [0; 24];
    for (to, from) in specific.iter_mut().zip(bytes) {
        *to = from;
    }
    specific
}

/// The pattern of 8 bytes as it goes on `offset` bytes after its start.
const fn pattern_at(pattern: u64, offset: u32) -> u64 {
    pattern.rotate_right(offset % 8 * 8)
}
