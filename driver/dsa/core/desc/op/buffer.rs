// SPDX-License-Identifier: GPL-2.0

//! The buffers of an operation.

use super::Op;

/// Most buffers of an operation.
pub const BUFFERS: usize = 3;

/// A buffer of an operation.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Buffer {
    /// Address of the tenant.
    pub iova: u64,
    /// Length in bytes.
    pub len: u32,
    /// Whether the operation writes to it, else it reads.
    pub write: bool,
}

/// A buffer that is there.
pub(super) const fn buffer(iova: u64, len: u32, write: bool) -> Option<Buffer> {
    Some(Buffer { iova, len, write })
}

impl Buffer {
    /// Whether the buffer goes past the end of the address space.
    pub(in super::super) fn wraps(&self) -> bool {
        let last = u64::from(self.len.saturating_sub(1));
        self.iova.checked_add(last).is_none()
    }
}

impl Op {
    /// The buffers. Their places are those of the addresses of a
    /// [`Piece`](super::super::super::plan::Piece).
    ///
    /// | operation | first | second | third |
    /// |---|---|---|---|
    /// | drain | what is read back | and that | |
    /// | copy, CRC with copy | source | destination | |
    /// | fill, flush | destination | | |
    /// | comparison with a pattern, CRC | source | | |
    /// | comparison | source | source | |
    /// | create delta record | source | source | record |
    /// | apply delta record | record | destination | |
    /// | dualcast | source | destination | destination |
    /// | DIF check | source | | |
    /// | other DIF operations | source | destination of another length | |
    ///
    /// Those that may be divided are all of length [`Op::len`]. What is flushed is not written to. The
    /// list of a batch and the seed of a CRC are not among them: the driver reads these itself.
    pub const fn buffers(&self) -> [Option<Buffer>; BUFFERS] {
        match *self {
            Op::Noop | Op::Batch { .. } => [None, None, None],
            Op::Drain {
                readback: [first, second],
            } => [read_back(first), read_back(second), None],
            Op::Memmove { src, dst, len }
            | Op::Crc {
                src,
                dst: Some(dst),
                len,
                ..
            } => [buffer(src, len, false), buffer(dst, len, true), None],
            Op::Fill { dst, len, .. } => [buffer(dst, len, true), None, None],
            Op::Compare { a, b, len, .. } => [buffer(a, len, false), buffer(b, len, false), None],
            Op::ComparePattern { src, len, .. }
            | Op::Crc {
                src,
                dst: None,
                len,
                ..
            } => [buffer(src, len, false), None, None],
            Op::CreateDelta {
                a,
                b,
                len,
                delta,
                max,
                ..
            } => [
                buffer(a, len, false),
                buffer(b, len, false),
                buffer(delta, max, true),
            ],
            Op::ApplyDelta {
                delta,
                delta_len,
                dst,
                len,
            } => [
                buffer(delta, delta_len, false),
                buffer(dst, len, true),
                None,
            ],
            Op::Dualcast {
                src,
                dst: [first, second],
                len,
            } => [
                buffer(src, len, false),
                buffer(first, len, true),
                buffer(second, len, true),
            ],
            Op::Dif(dif) => dif.buffers(),
            Op::Flush { dst, len } => [buffer(dst, len, false), None, None],
        }
    }
}

/// A byte that is read back.
const fn read_back(iova: Option<u64>) -> Option<Buffer> {
    match iova {
        Some(iova) => buffer(iova, 1, false),
        None => None,
    }
}
