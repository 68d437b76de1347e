// SPDX-License-Identifier: GPL-2.0

//! Ranges of a tenant's memory.

/// A range of a tenant's memory.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) iova: u64,
    pub(super) len: u64,
}

impl Span {
    /// Whether two ranges have a byte in common.
    pub(super) fn overlaps(&self, other: &Span) -> bool {
        let last = |span: &Span| span.iova.saturating_add(span.len.saturating_sub(1));
        self.iova <= last(other) && other.iova <= last(self)
    }

    /// The smallest range that has all of this one and of another.
    pub(super) fn around(self, other: Option<Span>) -> Span {
        let Some(other) = other else {
            return self;
        };
        let end = |span: &Span| span.iova.saturating_add(span.len);
        let iova = self.iova.min(other.iova);
        Span {
            iova,
            len: end(&self).max(end(&other)) - iova,
        }
    }
}
