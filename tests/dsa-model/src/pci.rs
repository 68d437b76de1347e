// SPDX-License-Identifier: MIT OR Apache-2.0
//! PCI configuration space: an RC-integrated endpoint with two 64-bit BARs and the capabilities
//! PCI Express (with function-level reset), MSI-X and power management, at the offsets of the
//! real device; and on request ATS, PASID and PRI, also there. Of the real device's other extended
//! capabilities there is none: the list begins with one that is empty.

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
/// Where extended capabilities begin.
const EXTENDED: usize = 0x100;
const ATS: usize = 0x220;
const PASID: usize = 0x230;
const PASID_CONTROL: usize = PASID + 0x06;
const PRI: usize = 0x240;
const PRI_CONTROL: usize = PRI + 0x04;
const PRI_STATUS: usize = PRI + 0x06;
const PRI_CAPACITY: usize = PRI + 0x08;
const PRI_ALLOCATION: usize = PRI + 0x0c;

/// Bus master enable in the command register.
const BUS_MASTER: u16 = 1 << 2;
/// "Initiate function level reset" in the device control register; reads as zero.
const INITIATE_FLR: u16 = 1 << 15;

/// Enable in the control registers of PASID and PRI.
const ENABLE: u16 = 1 << 0;
/// Page requests that may be outstanding.
const PAGE_REQUESTS: u32 = 0x200;

/// What configuration space says of address spaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AddressSpaces {
    /// Whether requests may carry a PASID.
    pub(crate) pasid: bool,
    /// Whether page requests are enabled with an allocation that the device does not support.
    pub(crate) bad_allocation: bool,
}

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
        if profile.pasid {
            space.translation();
        }
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
        self.reset_page_requests();
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

    /// What the capabilities PASID and PRI are set to.
    pub(crate) fn address_spaces(&self) -> AddressSpaces {
        let allocation =
            u32::from(self.u16(PRI_ALLOCATION)) | u32::from(self.u16(PRI_ALLOCATION + 2)) << 16;
        AddressSpaces {
            pasid: self.u16(PASID_CONTROL) & ENABLE != 0,
            bad_allocation: self.u16(PRI_CONTROL) & ENABLE != 0
                && !(1..=PAGE_REQUESTS).contains(&allocation),
        }
    }

    /// The bit that resets page requests reads as zero, and does nothing while they are enabled;
    /// there is never one that it could forget.
    fn reset_page_requests(&mut self) {
        self.put(PRI_CONTROL, self.u16(PRI_CONTROL) & ENABLE);
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

    /// ATS, PASID of 20 bits with privileged mode, and PRI. All can be enabled, and what PASID and PRI
    /// are set to decides what configurations the device takes. No translation is ever requested: the
    /// addresses that arrive here are translated by whoever maps the memory.
    fn translation(&mut self) {
        const VERSION: u16 = 1;
        const ATS_ID: u16 = 0x0f;
        const PASID_ID: u16 = 0x1b;
        const PRI_ID: u16 = 0x13;
        /// DevCap2: one end-to-end prefix, as a PASID takes.
        const PREFIX: u16 = 1 << 5 | 1 << 6;
        /// Requests are aligned to pages, and the invalidation queue has 32 entries.
        const ATS_CAPABILITIES: u16 = 1 << 5;
        const ATS_CONTROL_WRITABLE: u16 = 1 << 15 | 0x1f;
        const PRIVILEGED: u16 = 1 << 2;
        const WIDTH: u16 = 20 << 8;
        /// No page request is outstanding; responses carry the PASID of the request.
        const PRI_STATUS_RESET: u16 = 1 << 8 | 1 << 15;

        self.put(EXPRESS + 0x26, PREFIX);
        self.extended(EXTENDED, 0, VERSION, ATS);
        self.extended(ATS, ATS_ID, VERSION, PASID);
        self.put(ATS + 0x04, ATS_CAPABILITIES);
        self.allow(ATS + 0x06, ATS_CONTROL_WRITABLE);
        self.extended(PASID, PASID_ID, VERSION, PRI);
        self.put(PASID + 0x04, PRIVILEGED | WIDTH);
        self.allow(PASID_CONTROL, ENABLE | PRIVILEGED);
        self.extended(PRI, PRI_ID, VERSION, 0);
        self.allow(PRI_CONTROL, ENABLE | 1 << 1);
        self.put(PRI_STATUS, PRI_STATUS_RESET);
        self.put(PRI_CAPACITY, PAGE_REQUESTS as u16);
        self.allow(PRI_ALLOCATION, u16::MAX);
        self.allow(PRI_ALLOCATION + 2, u16::MAX);
    }

    fn extended(&mut self, offset: usize, id: u16, version: u16, next: usize) {
        self.put(offset, id);
        self.put(offset + 2, version | (next as u16) << 4);
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
