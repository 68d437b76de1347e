// SPDX-License-Identifier: GPL-2.0

//! Cutting of an operation where its buffers are cut.

use super::super::desc::{
    Order,
    BUFFERS, //
};

/// A part of a buffer that is contiguous for the hardware.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Segment {
    /// Address for the hardware.
    pub dma: u64,
    /// Length in bytes.
    pub len: u32,
}

impl Segment {
    /// Makes `next` part of this segment if it goes on where this one ends; says whether it did.
    pub fn join(&mut self, next: Segment) -> bool {
        let follows = self.dma.checked_add(u64::from(self.len)) == Some(next.dma);
        match self.len.checked_add(next.len) {
            Some(len) if follows => {
                self.len = len;
                true
            }
            _ => false,
        }
    }
}

/// A part of an operation that one descriptor can carry out.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    /// Place in the operation: the bytes that come before, in the [`Order`] of the operation.
    pub offset: u32,
    /// Addresses of the buffers for the hardware, where the piece has its lowest byte, at the places
    /// of [`Op::buffers`](super::super::desc::Op::buffers); 0 where there is none.
    pub addresses: [u64; BUFFERS],
    /// Length in bytes.
    pub len: u32,
}

impl Piece {
    /// The one piece of an operation without buffers.
    pub const EMPTY: Piece = Piece {
        offset: 0,
        addresses: [0; BUFFERS],
        len: 0,
    };
}

/// Cuts an operation that may be divided at every boundary of its buffers, and after `max` bytes.
///
/// `sides` are the buffers, each from its start to its end, whatever the order; one that there is not
/// is empty. They begin together in the order of the operation, so those of one that goes backward must
/// end together, and the pieces end with the shortest. There are none if `max` is 0.
pub fn pieces(
    sides: [&[Segment]; BUFFERS],
    order: Order,
    max: u32,
) -> impl Iterator<Item = Piece> + Clone + '_ {
    let mut cursors = sides.map(|segments| (!segments.is_empty()).then(|| Cursor::new(segments)));
    let mut offset: u32 = 0;
    core::iter::from_fn(move || {
        // Offsets beyond 32 bits cannot be told, and no operation is that long.
        let mut len = max.min(u32::MAX - offset);
        let mut has_side = false;
        for cursor in cursors.iter_mut().flatten() {
            len = len.min(cursor.left(order));
            has_side = true;
        }
        if len == 0 || !has_side {
            return None;
        }
        let mut piece = Piece {
            offset,
            len,
            ..Piece::EMPTY
        };
        for (address, cursor) in piece.addresses.iter_mut().zip(&mut cursors) {
            if let Some(cursor) = cursor {
                *address = cursor.take(len, order);
            }
        }
        offset += len;
        Some(piece)
    })
}

/// A place in a list of segments.
#[derive(Clone)]
struct Cursor<'a> {
    /// The segments that are left; of the next one, `used` bytes are gone.
    segments: &'a [Segment],
    used: u32,
}

impl<'a> Cursor<'a> {
    const fn new(segments: &'a [Segment]) -> Self {
        Self { segments, used: 0 }
    }

    /// The segment that comes next, and those after it.
    fn next(&self, order: Order) -> Option<(Segment, &'a [Segment])> {
        match (order, self.segments) {
            (Order::Forward, [next, rest @ ..]) | (Order::Backward, [rest @ .., next]) => {
                Some((*next, rest))
            }
            _ => None,
        }
    }

    /// Number of contiguous bytes that come next; 0 at the end.
    fn left(&mut self, order: Order) -> u32 {
        while let Some((next, rest)) = self.next(order) {
            let left = next.len.saturating_sub(self.used);
            if left != 0 {
                return left;
            }
            self.segments = rest;
            self.used = 0;
        }
        0
    }

    /// Goes on by `len` bytes, which are contiguous here, and gives their lowest address.
    fn take(&mut self, len: u32, order: Order) -> u64 {
        let start = self.used;
        self.used = self.used.saturating_add(len);
        let Some((next, _)) = self.next(order) else {
            return 0;
        };
        let at = match order {
            Order::Forward => start,
            Order::Backward => next.len.saturating_sub(self.used),
        };
        next.dma.wrapping_add(u64::from(at))
    }
}
