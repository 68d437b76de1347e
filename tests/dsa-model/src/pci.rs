// SPDX-License-Identifier: MIT OR Apache-2.0
//! PCI configuration space: an RC-integrated endpoint with two 64-bit BARs and the capabilities
//! PCI Express (with function-level reset), MSI-X and power management, at the offsets of the
//! real device.

use crate::profile::Profile;
use crate::registers;

/// Size of configuration space, in bytes.
pub const SIZE: usize = 4096;

const VENDOR_INTEL: u16 = 0x8086;
const DEVICE_DSA: u16 = 0x0b25;
/// Class "other system peripheral", programming interface 0; the byte below is the revision.
const CLASS: u32 = 0x0880_0000;

const COMMAND: usize = 0x04;
const BAR_0: usize = 0x10;
const BAR_2: usize = 0x18;
/// A 64-bit, prefetchable memory BAR.
const BAR_FLAGS: u64 = 0xc;
const CAPABILITIES: usize = 0x34;
const INTERRUPT_LINE: usize = 0x3c;
const EXPRESS: usize = 0x40;
const DEVICE_CONTROL: usize = EXPRESS + 0x08;
const MSIX: usize = 0x80;
const POWER: usize = 0x90;

/// Bus master enable in the command register.
const BUS_MASTER: u16 = 1 << 2;
/// "Initiate function level reset" in the device control register; reads as zero.
const INITIATE_FLR: u16 = 1 << 15;

/// What a write to configuration space asks of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing beyond the registers.
    None,
    /// Bus mastering is on or off now.
    BusMaster(bool),
    /// A function-level reset.
    FunctionLevelReset,
}

/// Configuration space: the bytes and which of their bits software can write.
pub(crate) struct ConfigSpace {
    bytes: Box<[u8; SIZE]>,
    writable: Box<[u8; SIZE]>,
}

impl ConfigSpace {
    /// Configuration space after a reset.
    pub(crate) fn new(profile: &Profile) -> Self {
        let mut space = Self {
            bytes: Box::new([0; SIZE]),
            writable: Box::new([0; SIZE]),
        };
        space.header(profile);
        space.express();
        space.msix(profile);
        space.power();
        space
    }

    /// Reads; beyond the end there are zeros.
    pub(crate) fn read(&self, offset: usize, data: &mut [u8]) {
        data.fill(0);
        for (address, byte) in (offset..SIZE).zip(data) {
            *byte = self.bytes[address];
        }
    }

    /// Writes the bits that can be written, and says what else has to happen.
    pub(crate) fn write(&mut self, offset: usize, data: &[u8]) -> Effect {
        let was_master = self.bus_master();
        for (address, value) in (offset..SIZE).zip(data) {
            let mask = self.writable[address];
            self.bytes[address] = self.bytes[address] & !mask | value & mask;
        }
        if self.u16(DEVICE_CONTROL) & INITIATE_FLR != 0 {
            self.put(DEVICE_CONTROL, self.u16(DEVICE_CONTROL) & !INITIATE_FLR);
            Effect::FunctionLevelReset
        } else if self.bus_master() != was_master {
            Effect::BusMaster(self.bus_master())
        } else {
            Effect::None
        }
    }

    fn bus_master(&self) -> bool {
        self.u16(COMMAND) & BUS_MASTER != 0
    }

    fn header(&mut self, profile: &Profile) {
        const MEMORY: u16 = 1 << 1;
        const PARITY: u16 = 1 << 6;
        const SERR: u16 = 1 << 8;
        const INTX_DISABLE: u16 = 1 << 10;
        const STATUS_CAPABILITIES: u16 = 1 << 4;

        self.put(0x00, VENDOR_INTEL);
        self.put(0x02, DEVICE_DSA);
        self.allow(COMMAND, MEMORY | BUS_MASTER | PARITY | SERR | INTX_DISABLE);
        self.put(0x06, STATUS_CAPABILITIES);
        self.put(0x08, CLASS as u16);
        self.put(0x0a, (CLASS >> 16) as u16);
        self.bar(BAR_0, registers::BAR_SIZE);
        self.bar(BAR_2, profile.portal_bar_size());
        self.put(0x2c, VENDOR_INTEL);
        self.put(CAPABILITIES, EXPRESS as u16);
        self.allow(INTERRUPT_LINE, 0x00ff);
    }

    /// A BAR is sized by which of its address bits can be written.
    fn bar(&mut self, offset: usize, size: u64) {
        let writable = !(size - 1);
        for part in 0..4 {
            self.put(offset + 2 * part, (BAR_FLAGS >> (16 * part)) as u16);
            self.allow(offset + 2 * part, (writable >> (16 * part)) as u16);
        }
    }

    fn express(&mut self) {
        const ID: u16 = 0x10;
        /// Version 2, RC-integrated endpoint.
        const CAPABILITIES: u16 = 2 | 9 << 4;
        /// Payloads of 256 bytes, extended tags, role-based error reporting.
        const DEVICE_CAPABILITIES_LOW: u16 = 1 | 1 << 5 | 1 << 15;
        /// Function-level reset.
        const DEVICE_CAPABILITIES_HIGH: u16 = 1 << 12;
        /// Relaxed ordering, no snoop, read requests of 512 bytes.
        const DEVICE_CONTROL_RESET: u16 = 1 << 4 | 1 << 11 | 2 << 12;
        const DEVICE_CONTROL_WRITABLE: u16 = 0xf9ff;

        self.capability(EXPRESS, ID, MSIX);
        self.put(EXPRESS + 0x02, CAPABILITIES);
        self.put(EXPRESS + 0x04, DEVICE_CAPABILITIES_LOW);
        self.put(EXPRESS + 0x06, DEVICE_CAPABILITIES_HIGH);
        self.put(DEVICE_CONTROL, DEVICE_CONTROL_RESET);
        self.allow(DEVICE_CONTROL, DEVICE_CONTROL_WRITABLE);
    }

    fn msix(&mut self, profile: &Profile) {
        const ID: u16 = 0x11;
        const ENABLE_AND_MASK_ALL: u16 = 0xc000;
        /// The low bits of the table and PBA offsets name the BAR.
        const BAR: u64 = 0;

        self.capability(MSIX, ID, POWER);
        self.put(MSIX + 0x02, profile.vectors() - 1);
        self.allow(MSIX + 0x02, ENABLE_AND_MASK_ALL);
        self.put(MSIX + 0x04, (registers::MSIX_TABLE | BAR) as u16);
        self.put(MSIX + 0x08, (registers::MSIX_PBA | BAR) as u16);
    }

    fn power(&mut self) {
        const ID: u16 = 0x01;
        const VERSION: u16 = 3;
        const NO_SOFT_RESET: u16 = 1 << 3;
        const STATE: u16 = 3;

        self.capability(POWER, ID, 0);
        self.put(POWER + 0x02, VERSION);
        self.put(POWER + 0x04, NO_SOFT_RESET);
        self.allow(POWER + 0x04, STATE);
    }

    fn capability(&mut self, offset: usize, id: u16, next: usize) {
        self.put(offset, id | (next as u16) << 8);
    }

    fn put(&mut self, offset: usize, value: u16) {
        self.bytes[offset..offset + 2].copy_from_slice(&value.to_le_bytes());
    }

    fn allow(&mut self, offset: usize, mask: u16) {
        self.writable[offset..offset + 2].copy_from_slice(&mask.to_le_bytes());
    }

    fn u16(&self, offset: usize) -> u16 {
        u16::from_le_bytes([self.bytes[offset], self.bytes[offset + 1]])
    }
}
