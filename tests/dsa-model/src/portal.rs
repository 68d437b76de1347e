// SPDX-License-Identifier: MIT OR Apache-2.0
//! BAR2: the portals through which descriptors arrive.
//!
//! A work queue has four pages, of which the first two (unlimited and limited, for MSI-X) lead to
//! it and the other two, for IMS, lead nowhere. Every 64-byte slot of a page is a doorbell. A
//! processor's 64-byte store arrives in parts, because QEMU splits it into 8-byte accesses: a slot
//! collects the parts and submits when it is complete. A part at the beginning of a slot starts
//! over, so what an interrupted writer left behind does no harm.

use std::collections::HashMap;

use crate::descriptor::{Descriptor, SIZE};

/// Size of a work queue's portals, in bytes.
pub(crate) const WQ_STRIDE: u64 = 0x4000;
/// Size of a page, in bytes.
const PAGE: u64 = 0x1000;
/// Pages of a work queue that lead to it.
const MSIX_PAGES: u64 = 2;

/// What has been written to one slot.
struct Slot {
    bytes: [u8; SIZE],
    /// One bit for each byte that has been written.
    written: u64,
}

/// The slots that are written in part, by their offset in BAR2.
#[derive(Default)]
pub(crate) struct Portals(HashMap<u64, Slot>);

impl Portals {
    /// Takes a write to BAR2, and gives work queue and descriptor when that completes one.
    pub(crate) fn write(&mut self, offset: u64, data: &[u8]) -> Option<(u8, Descriptor)> {
        let within = (offset % SIZE as u64) as usize;
        let in_dwords = offset.is_multiple_of(4) && data.len().is_multiple_of(4);
        if !in_dwords
            || data.is_empty()
            || within + data.len() > SIZE
            || offset % WQ_STRIDE / PAGE >= MSIX_PAGES
        {
            log::debug!("ignored: {} bytes written to BAR2+{offset:#x}", data.len());
            return None;
        }
        let base = offset - within as u64;
        let slot = self.0.entry(base).or_insert(Slot {
            bytes: [0; SIZE],
            written: 0,
        });
        if within == 0 {
            slot.written = 0;
        }
        slot.bytes[within..within + data.len()].copy_from_slice(data);
        slot.written |= (u64::MAX >> (SIZE - data.len())) << within;
        if slot.written != u64::MAX {
            return None;
        }
        let descriptor = Descriptor(slot.bytes);
        self.0.remove(&base);
        // The BAR's size bounds the quotient by the number of work queues' power of two.
        Some(((base / WQ_STRIDE) as u8, descriptor))
    }

    /// Forgets the slots that are written in part.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes() -> [u8; SIZE] {
        std::array::from_fn(|index| index as u8 + 1)
    }

    /// Writes the descriptor in parts of the given width, and gives what each write completes.
    fn write_in_parts(portals: &mut Portals, offset: u64, width: usize) -> Vec<Option<u8>> {
        bytes()
            .chunks(width)
            .enumerate()
            .map(|(index, part)| {
                let done = portals.write(offset + (index * width) as u64, part);
                done.map(|(wq, descriptor)| {
                    assert_eq!(descriptor, Descriptor(bytes()));
                    wq
                })
            })
            .collect()
    }

    #[test]
    fn the_last_part_completes_the_descriptor_whatever_the_width() {
        for width in [4, 8, 16, 32, 64] {
            let parts = SIZE / width;
            let mut expected = vec![None; parts];
            expected[parts - 1] = Some(3);
            let last_slot_of_the_limited_page = 3 * WQ_STRIDE + PAGE + 63 * 64;
            let mut portals = Portals::default();
            let done = write_in_parts(&mut portals, last_slot_of_the_limited_page, width);
            assert_eq!(done, expected, "parts of {width} bytes");
        }
    }

    #[test]
    fn slots_do_not_mix_and_a_first_part_starts_over() {
        let mut portals = Portals::default();
        assert_eq!(portals.write(32, &[0xee; 32]), None);
        assert_eq!(portals.write(96, &[0xee; 32]), None, "the next slot");
        let done = write_in_parts(&mut portals, 0, 8);
        assert_eq!(done.iter().flatten().collect::<Vec<_>>(), [&0]);
    }

    #[test]
    fn ims_pages_and_crooked_writes_lead_nowhere() {
        let mut portals = Portals::default();
        assert_eq!(portals.write(2 * PAGE, &bytes()), None);
        assert_eq!(portals.write(3 * PAGE + 64, &bytes()), None);
        assert_eq!(portals.write(32, &bytes()), None, "across two slots");
        assert_eq!(portals.write(2, &[0; 4]), None);
        assert_eq!(portals.write(0, &[0; 2]), None);
        assert_eq!(portals.write(0, &[]), None);
        assert!(portals.write(PAGE, &bytes()).is_some());
    }
}
