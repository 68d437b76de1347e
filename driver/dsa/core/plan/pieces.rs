// SPDX-License-Identifier: GPL-2.0

//! Cutting of an operation where its buffers are cut.

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
    /// Place in the operation, in bytes from its start.
    pub offset: u32,
    /// Address of the first buffer for the hardware.
    pub a: u64,
    /// Address of the second buffer for the hardware; 0 if there is none.
    pub b: u64,
    /// Length in bytes.
    pub len: u32,
}

impl Piece {
    /// The one piece of an operation without buffers.
    pub const EMPTY: Piece = Piece {
        offset: 0,
        a: 0,
        b: 0,
        len: 0,
    };
}

/// Cuts an operation at every boundary of its buffers `a` and `b`, and after `max` bytes.
///
/// `b` is empty for an operation with one buffer. The pieces end with the shorter buffer, and
/// there are none if `max` is 0.
pub fn pieces<'a>(
    a: &'a [Segment],
    b: &'a [Segment],
    max: u32,
) -> impl Iterator<Item = Piece> + Clone + 'a {
    let mut a = Cursor::new(a);
    let mut b = (!b.is_empty()).then(|| Cursor::new(b));
    let mut offset: u32 = 0;
    core::iter::from_fn(move || {
        let (a_dma, a_left) = a.front()?;
        let (b_dma, b_left) = match &mut b {
            Some(b) => b.front()?,
            None => (0, u32::MAX),
        };
        // Offsets beyond 32 bits cannot be told, and no operation is that long.
        let len = max.min(a_left).min(b_left).min(u32::MAX - offset);
        if len == 0 {
            return None;
        }
        let piece = Piece {
            offset,
            a: a_dma,
            b: b_dma,
            len,
        };
        a.advance(len);
        if let Some(b) = &mut b {
            b.advance(len);
        }
        offset += len;
        Some(piece)
    })
}

/// A place in a list of segments.
#[derive(Clone)]
struct Cursor<'a> {
    /// The segments that are left; of the first one, `used` bytes are gone.
    segments: &'a [Segment],
    used: u32,
}

impl<'a> Cursor<'a> {
    const fn new(segments: &'a [Segment]) -> Self {
        Self { segments, used: 0 }
    }

    /// Address of the place and number of contiguous bytes there; `None` at the end.
    fn front(&mut self) -> Option<(u64, u32)> {
        while let [first, rest @ ..] = self.segments {
            let left = first.len.saturating_sub(self.used);
            if left != 0 {
                return Some((first.dma.wrapping_add(u64::from(self.used)), left));
            }
            self.segments = rest;
            self.used = 0;
        }
        None
    }

    /// Goes on by `len` bytes, which are contiguous here.
    fn advance(&mut self, len: u32) {
        self.used = self.used.saturating_add(len);
    }
}
