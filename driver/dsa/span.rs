// SPDX-License-Identifier: GPL-2.0

//! Ranges of a tenant's memory.

use kernel::page::PAGE_SIZE;

/// A range of a tenant's memory.
#[derive(Clone, Copy, PartialEq, Eq)]
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

    /// Whether this one has all of another.
    pub(super) fn contains(&self, other: &Span) -> bool {
        let end = |span: &Span| span.iova.saturating_add(span.len);
        self.iova <= other.iova && end(other) <= end(self)
    }

    /// The whole pages that have all of it; nothing if that goes past the end of the address space.
    pub(super) fn pages(&self) -> Option<Span> {
        const PAGE: u64 = PAGE_SIZE as u64;

        let iova = self.iova - self.iova % PAGE;
        let len = (self.iova - iova).checked_add(self.len)?;
        let len = len.checked_next_multiple_of(PAGE)?;
        iova.checked_add(len.checked_sub(1)?)?;
        Some(Span { iova, len })
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
