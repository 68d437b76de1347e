// SPDX-License-Identifier: MIT OR Apache-2.0
//! BAR2: the portals through which descriptors arrive.
//!
//! A work queue has four pages, of which the first two (unlimited and limited, for MSI-X) lead to
//! it and the other two, for IMS, lead nowhere. Every 64-byte slot of a page is a doorbell. A
//! processor's 64-byte store arrives in parts, because QEMU splits it into 8-byte accesses: a slot
//! collects the parts and submits when it is complete. A part at the beginning of a slot starts
//! over, so what an interrupted writer left behind does no harm, unless it is the only one that is
//! missing: who emulates MOVDIR64B writes it last.
//!
//! ENQCMD makes a deferrable write, which has an answer; vfio-user knows no such thing. Whoever
//! emulates ENQCMD writes the parts in **descending** order, which no ordinary store does, and then
//! reads the first 8 bytes of the slot: [`ACCEPTED`] or [`RETRY`], once. Everything else reads as
//! ones, as all reads of the hardware's portals do.

use std::collections::HashMap;

use crate::descriptor::{Descriptor, SIZE};
use crate::state::Write;

/// Size of a work queue's portals, in bytes.
pub(crate) const WQ_STRIDE: u64 = 0x4000;
/// Size of a page, in bytes.
const PAGE: u64 = 0x1000;
/// Pages of a work queue that lead to it.
const MSIX_PAGES: u64 = 2;
/// The page of these that is limited.
const LIMITED: u64 = 1;

/// Answer to a deferrable write: the descriptor is in the work queue.
pub const ACCEPTED: u64 = 0;
/// Answer to a deferrable write: there is no room now, or never will be.
pub const RETRY: u64 = 1;

/// A slot that is written in part.
struct Slot {
    bytes: [u8; SIZE],
    /// The bytes that have been written.
    written: Written,
}

/// How far a store has come.
enum Written {
    /// These bytes, one bit each, in any order from the first or the second part on.
    Upwards(u64),
    /// From this one to the end, in descending order.
    Downwards(usize),
}

/// A descriptor that has arrived.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) wq: u8,
    pub(crate) descriptor: Descriptor,
    pub(crate) write: Write,
    /// The slot, by its offset in BAR2.
    slot: u64,
}

impl Arrival {
    /// Which slot of the work queue's portals it is: the unlimited one has the first 64, the limited
    /// one the next.
    pub(crate) fn slot(&self) -> u32 {
        (self.slot % WQ_STRIDE / SIZE as u64) as u32
    }
}

/// The portals: what has come in part, and the answers that nobody has read.
#[derive(Default)]
pub(crate) struct Portals {
    /// By offset in BAR2.
    slots: HashMap<u64, Slot>,
    /// The same.
    answers: HashMap<u64, u64>,
}

impl Portals {
    /// Takes a write to BAR2, and gives the descriptor that it completes.
    pub(crate) fn write(&mut self, offset: u64, data: &[u8]) -> Option<Arrival> {
        let within = (offset % SIZE as u64) as usize;
        let end = within + data.len();
        let in_dwords = offset.is_multiple_of(4) && data.len().is_multiple_of(4);
        let page = offset % WQ_STRIDE / PAGE;
        if !in_dwords || data.is_empty() || end > SIZE || page >= MSIX_PAGES {
            log::debug!("ignored: {} bytes written to BAR2+{offset:#x}", data.len());
            return None;
        }
        let base = offset - within as u64;
        let slot = self.slots.entry(base).or_insert(Slot {
            bytes: [0; SIZE],
            written: Written::Upwards(0),
        });
        slot.bytes[within..end].copy_from_slice(data);
        let part = (u64::MAX >> (SIZE - data.len())) << within;
        let is_missing = |parts| parts != 0 && parts | part == u64::MAX;
        slot.written = match slot.written {
            Written::Downwards(from) if end == from => Written::Downwards(within),
            Written::Upwards(parts) if within == 0 && is_missing(parts) => {
                Written::Upwards(u64::MAX)
            }
            Written::Upwards(_) | Written::Downwards(_) if within == 0 => Written::Upwards(part),
            Written::Downwards(_) | Written::Upwards(0) if end == SIZE => {
                Written::Downwards(within)
            }
            Written::Upwards(parts) => Written::Upwards(parts | part),
            Written::Downwards(_) => Written::Upwards(0),
        };
        let limited = page == LIMITED;
        let write = match slot.written {
            Written::Upwards(u64::MAX) => Write::Posted { limited },
            Written::Downwards(0) => Write::Deferrable { limited },
            _ => return None,
        };
        let descriptor = Descriptor(slot.bytes);
        self.slots.remove(&base);
        Some(Arrival {
            // The BAR's size bounds the quotient by the number of work queues' power of two.
            wq: (base / WQ_STRIDE) as u8,
            descriptor,
            write,
            slot: base,
        })
    }

    /// Keeps the answer to a deferrable write for its writer.
    pub(crate) fn answer(&mut self, arrival: &Arrival, accepted: bool) {
        if matches!(arrival.write, Write::Deferrable { .. }) {
            let answer = if accepted { ACCEPTED } else { RETRY };
            self.answers.insert(arrival.slot, answer);
        }
    }

    /// Reads from BAR2.
    pub(crate) fn read(&mut self, offset: u64, data: &mut [u8]) {
        match self.answers.remove(&offset).filter(|_| data.len() == 8) {
            Some(answer) => data.copy_from_slice(&answer.to_le_bytes()),
            None => data.fill(0xff),
        }
    }

    /// Forgets the slots that are written in part, and the answers.
    pub(crate) fn clear(&mut self) {
        self.slots.clear();
        self.answers.clear();
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
                done.map(|arrival| {
                    assert_eq!(arrival.descriptor, Descriptor(bytes()));
                    assert_eq!(arrival.write, Write::Posted { limited: true });
                    assert_eq!(u64::from(arrival.slot()), offset % WQ_STRIDE / SIZE as u64);
                    arrival.wq
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
        assert_eq!(portals.write(PAGE + 32, &[0xee; 32]), None);
        assert_eq!(portals.write(PAGE + 96, &[0xee; 32]), None, "the next slot");
        let done = write_in_parts(&mut portals, PAGE, 8);
        assert_eq!(done.iter().flatten().collect::<Vec<_>>(), [&0]);
    }

    #[test]
    fn the_first_part_may_be_the_last() {
        let mut portals = Portals::default();
        // Of a writer that was interrupted.
        assert_eq!(portals.write(8, &[0xee; 8]), None);
        for at in (8..SIZE).step_by(8) {
            assert_eq!(portals.write(at as u64, &bytes()[at..at + 8]), None);
        }
        let arrival = portals.write(0, &bytes()[..8]).expect("all is there");
        assert_eq!(arrival.descriptor, Descriptor(bytes()));
        assert_eq!(arrival.write, Write::Posted { limited: false });
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

    /// Writes the descriptor as an emulator of ENQCMD does.
    fn write_downwards(portals: &mut Portals, offset: u64) -> Option<Arrival> {
        let descriptor = bytes();
        let mut parts = descriptor.chunks(8).enumerate().rev();
        parts.find_map(|(index, part)| portals.write(offset + 8 * index as u64, part))
    }

    #[test]
    fn descending_parts_are_a_deferrable_write_with_one_answer() {
        for (page, limited) in [(0, false), (PAGE, true)] {
            for (accepted, answer) in [(true, ACCEPTED), (false, RETRY)] {
                let mut portals = Portals::default();
                let slot = 2 * WQ_STRIDE + page + 64;
                let arrival = write_downwards(&mut portals, slot).expect("complete");
                assert_eq!(arrival.write, Write::Deferrable { limited });
                assert_eq!(arrival.descriptor, Descriptor(bytes()));
                portals.answer(&arrival, accepted);
                let mut data = [0; 8];
                portals.read(slot, &mut data);
                assert_eq!(u64::from_le_bytes(data), answer);
                portals.read(slot, &mut data);
                assert_eq!(data, [0xff; 8], "once");
            }
        }
    }

    #[test]
    fn a_deferrable_write_that_stops_does_not_change_the_next_store() {
        let mut portals = Portals::default();
        for offset in [56, 48, 40] {
            assert_eq!(portals.write(PAGE + offset, &[0xee; 8]), None);
        }
        let done = write_in_parts(&mut portals, PAGE, 8);
        assert_eq!(done.iter().flatten().collect::<Vec<_>>(), [&0]);
        assert_eq!(portals.write(PAGE + 56, &[0xee; 8]), None);
        let arrival = write_downwards(&mut portals, PAGE).expect("complete");
        assert_eq!(arrival.descriptor, Descriptor(bytes()));
    }
}
