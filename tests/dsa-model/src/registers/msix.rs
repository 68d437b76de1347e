// SPDX-License-Identifier: MIT OR Apache-2.0
//! The MSI-X table. QEMU keeps its own and never asks for this one; it is here for clients that
//! look at BAR0 as it is. What it holds decides nothing: see [`crate::interrupts`].

/// Vector control: the vector is masked.
const MASKED: u64 = 1 << 32;

/// The table: address, then data and vector control, of each vector.
#[derive(Clone, Debug)]
pub(crate) struct Table(Vec<[u64; 2]>);

impl Table {
    /// The table after a reset: every vector is masked.
    pub(crate) fn new(vectors: u16) -> Self {
        Self(vec![[0, MASKED]; vectors.into()])
    }

    /// The 64-bit word at an offset in the table that is a multiple of 8.
    pub(crate) fn word(&self, offset: u64) -> u64 {
        let entry = self.0.get((offset / 16) as usize);
        entry.map_or(0, |entry| entry[(offset / 8 % 2) as usize])
    }

    /// Writes the dword at an offset in the table that is a multiple of 4.
    pub(crate) fn write(&mut self, offset: u64, value: u32) {
        let Some(entry) = self.0.get_mut((offset / 16) as usize) else {
            return;
        };
        let mask = match offset % 16 {
            0 => !3,
            12 => 1,
            _ => u32::MAX,
        };
        let word = &mut entry[(offset / 8 % 2) as usize];
        let shift = 8 * (offset % 8);
        *word = *word & !(0xffff_ffff << shift) | u64::from(value & mask) << shift;
    }
}
