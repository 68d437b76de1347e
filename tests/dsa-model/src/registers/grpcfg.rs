// SPDX-License-Identifier: MIT OR Apache-2.0
//! An entry of GRPCFG: which work queues are served by which engines, and how.

/// Dwords of an entry.
const DWORDS: usize = 16;
/// The first dword of the engine bitmap; the work queue bitmap is before it.
const ENGINES: usize = 8;
/// The first dword of the flags.
const FLAGS: usize = 10;

/// One group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Group([u32; DWORDS]);

impl Group {
    /// A dword of the entry.
    pub(crate) fn dword(&self, index: usize) -> u32 {
        self.0.get(index).copied().unwrap_or(0)
    }

    /// Writes a dword; bits that stand for nothing on this device stay zero.
    pub(crate) fn write(&mut self, index: usize, value: u32, wqs: u8, engines: u8) {
        let mask = match index {
            0..ENGINES => bitmap_mask(index, wqs),
            ENGINES..FLAGS => bitmap_mask(index - ENGINES, engines),
            // Traffic classes 5:0, use of the limit 7, buffers reserved 15:8 and allowed 27:20;
            // the progress limits of the upper dword are not advertised.
            FLAGS => 0x0ff0_ffbf,
            _ => 0,
        };
        if let Some(dword) = self.0.get_mut(index) {
            *dword = value & mask;
        }
    }

    /// Whether the work queue is in the group.
    pub(crate) fn has_wq(&self, wq: usize) -> bool {
        self.0[wq / 32] >> (wq % 32) & 1 == 1
    }

    /// Whether the engine is in the group.
    pub(crate) fn has_engine(&self, engine: usize) -> bool {
        self.0[ENGINES + engine / 32] >> (engine % 32) & 1 == 1
    }

    /// Whether any work queue is in the group.
    pub(crate) fn has_wqs(&self) -> bool {
        self.0[..ENGINES].iter().any(|dword| *dword != 0)
    }

    /// Whether any engine is in the group.
    pub(crate) fn has_engines(&self) -> bool {
        self.0[ENGINES..FLAGS].iter().any(|dword| *dword != 0)
    }

    /// Traffic classes A and B.
    pub(crate) fn traffic_classes(&self) -> [u8; 2] {
        let flags = self.0[FLAGS];
        [(flags & 7) as u8, (flags >> 3 & 7) as u8]
    }

    /// Whether the device's read buffer limit holds for the group.
    pub(crate) fn limits_read_buffers(&self) -> bool {
        self.0[FLAGS] >> 7 & 1 == 1
    }

    /// Read buffers kept for the group.
    pub(crate) fn read_buffers_reserved(&self) -> u32 {
        self.0[FLAGS] >> 8 & 0xff
    }

    /// Read buffers the group may use.
    pub(crate) fn read_buffers_allowed(&self) -> u32 {
        self.0[FLAGS] >> 20 & 0xff
    }
}

/// The bits of dword `index` of a bitmap that stand for one of `count` things.
fn bitmap_mask(index: usize, count: u8) -> u32 {
    let bits = usize::from(count).saturating_sub(32 * index);
    if bits >= 32 {
        u32::MAX
    } else {
        (1 << bits) - 1
    }
}
