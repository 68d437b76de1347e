// SPDX-License-Identifier: GPL-2.0

//! Division of a parent's WQ space among its WQs.

#[cfg(test)]
mod tests;

/// Sizes of the WQs in entries when nobody asked for others: an even split of `capacity`.
///
/// The remainder goes to the WQs from 0 on, one entry each. With fewer entries than WQs the last
/// ones get none. A size is at most what WQCFG can hold.
pub fn default_sizes(capacity: u32, wqs: u32) -> impl Iterator<Item = u16> + Clone {
    let even = capacity.checked_div(wqs).unwrap_or(0);
    let rest = capacity.checked_rem(wqs).unwrap_or(0);
    (0..wqs).map(move |wq| {
        // Less than `capacity` where there is a rest, so it does not saturate.
        let size = even.saturating_add(u32::from(wq < rest));
        u16::try_from(size).unwrap_or(u16::MAX)
    })
}
