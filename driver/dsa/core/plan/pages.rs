// SPDX-License-Identifier: GPL-2.0

//! The pages that a buffer touches.

/// Size of a page in bytes, that of the smallest mapping of a tenant's memory.
pub const PAGE_SIZE: u32 = 4096;

/// The pages of `len` bytes at `iova`, as address of the page, offset in it and length in it.
///
/// Ends at the end of the address space if the buffer goes past it.
pub fn pages(iova: u64, len: u32) -> impl Iterator<Item = (u64, u32, u32)> + Clone {
    let mut next = Some(iova);
    let mut left = len;
    core::iter::from_fn(move || {
        let at = next.filter(|_| left != 0)?;
        // CAST: Below the size of a page.
        let offset = (at % u64::from(PAGE_SIZE)) as u32;
        let len = (PAGE_SIZE - offset).min(left);
        next = at.checked_add(u64::from(len));
        left -= len;
        Some((at - u64::from(offset), offset, len))
    })
}
