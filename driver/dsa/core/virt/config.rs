// SPDX-License-Identifier: GPL-2.0

//! PCI config space of the virtual function.
//!
//! A root complex integrated endpoint with the capabilities PCI Express, MSI-X and power
//! management at the places that the hardware has them. Offsets and bits are from
//! [`include/uapi/linux/pci_regs.h`](srctree/include/uapi/linux/pci_regs.h).

use super::{
    bar0,
    places,
    Params, //
};

/// Size of config space in bytes: that of PCI Express, without any extended capability.
pub const CONFIG_SIZE: u64 = 4096;

/// Size of the part that is not all zeroes.
const LEN: usize = 256;

/// PCI vendor ID of Intel.
const VENDOR: u16 = 0x8086;
/// Class of a DSA: other system peripheral.
const CLASS: u32 = 0x08_8000;

const COMMAND: usize = 0x04;
const COMMAND_HIGH: usize = COMMAND + 1;
const COMMAND_BUS_MASTER: u8 = 1 << 2;
const STATUS: usize = 0x06;
const STATUS_CAPABILITIES: u16 = 1 << 4;
const CLASS_REVISION: usize = 0x08;
const CACHE_LINE_SIZE: usize = 0x0c;
const BAR0: usize = 0x10;
const BAR2: usize = 0x18;
/// A BAR of 64 bits, prefetchable.
const BAR_KIND: u32 = 0xc;
const SUBSYSTEM_VENDOR: usize = 0x2c;
const CAPABILITIES: usize = 0x34;
const INTERRUPT_LINE: usize = 0x3c;

const EXP: usize = 0x40;
/// Capability version 2 of a root complex integrated endpoint.
const EXP_FLAGS: u16 = 0x0092;
const EXP_DEVCAP: usize = EXP + 0x04;
/// FLR, role-based errors and extended tags.
const EXP_DEVCAP_VALUE: u32 = 1 << 28 | 1 << 15 | 1 << 5;
const EXP_DEVCTL: usize = EXP + 0x08;
/// Relaxed ordering, no snoop and reads of 512 bytes, the defaults of the specification.
const EXP_DEVCTL_RESET: u16 = 0x2810;
const EXP_DEVCTL_HIGH: usize = EXP_DEVCTL + 1;
/// In the upper byte of device control: initiate an FLR. Reads as 0.
const EXP_DEVCTL_HIGH_FLR: u8 = 1 << 7;

const MSIX: usize = 0x80;
const MSIX_FLAGS: usize = MSIX + 0x02;
const MSIX_FLAGS_HIGH: usize = MSIX_FLAGS + 1;
const MSIX_TABLE: usize = MSIX + 0x04;
const MSIX_PBA: usize = MSIX + 0x08;

const PM: usize = 0x90;
/// Version 3 of the specification; D0 and D3 only, no PME.
const PM_FLAGS: u16 = 0x0003;
const PM_CTRL: usize = PM + 0x04;
/// Mask of the power state, 0 to 3 for D0 to D3.
const PM_CTRL_STATE: u8 = 0x3;
/// The way back from D3 resets nothing.
const PM_CTRL_NO_SOFT_RESET: u16 = 1 << 3;

/// What a write to config space came to.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Written {
    /// Values that were taken as far as they are writable.
    Plain,
    /// The user asks for a function level reset.
    FunctionLevelReset,
}

/// Config space.
#[derive(Clone, Debug)]
pub(super) struct Config {
    bytes: [u8; LEN],
    /// Mask of the bits of the lower dword of BAR2 that are writable.
    bar2_mask: u32,
}

impl Config {
    /// Config space as after power-on.
    pub(super) fn new(params: &Params) -> Self {
        let mut config = Self {
            bytes: [0; LEN],
            bar2_mask: !(params.bar2_size() - 1),
        };
        let class_revision = CLASS << 8 | u32::from(params.revision);
        // The table has a vector for each WQ and one more; the register has the number less one.
        let msix_flags = u16::from(params.wqs);

        config.set(0x00, VENDOR.to_le_bytes());
        config.set(0x02, params.device_id.to_le_bytes());
        config.set(STATUS, STATUS_CAPABILITIES.to_le_bytes());
        config.set(CLASS_REVISION, class_revision.to_le_bytes());
        config.set(BAR0, BAR_KIND.to_le_bytes());
        config.set(BAR2, BAR_KIND.to_le_bytes());
        config.set(SUBSYSTEM_VENDOR, VENDOR.to_le_bytes());
        // CAST: Places of capabilities are below 256.
        config.set(CAPABILITIES, [EXP as u8]);

        config.set(EXP, [0x10, MSIX as u8]);
        config.set(EXP + 0x02, EXP_FLAGS.to_le_bytes());
        config.set(EXP_DEVCAP, EXP_DEVCAP_VALUE.to_le_bytes());
        config.set(EXP_DEVCTL, EXP_DEVCTL_RESET.to_le_bytes());

        config.set(MSIX, [0x11, PM as u8]);
        config.set(MSIX_FLAGS, msix_flags.to_le_bytes());
        config.set(MSIX_TABLE, bar0::MSIX_TABLE.to_le_bytes());
        config.set(MSIX_PBA, bar0::MSIX_PBA.to_le_bytes());

        config.set(PM, [0x01, 0]);
        config.set(PM + 0x02, PM_FLAGS.to_le_bytes());
        config.set(PM_CTRL, PM_CTRL_NO_SOFT_RESET.to_le_bytes());
        config
    }

    /// Whether the function may do DMA.
    pub(super) fn bus_master(&self) -> bool {
        let bus_master = |byte: &u8| byte & COMMAND_BUS_MASTER != 0;
        self.bytes.get(COMMAND).is_some_and(bus_master)
    }

    /// Reads; zeroes where there is nothing.
    pub(super) fn read(&self, off: u64, buf: &mut [u8]) {
        for (byte, at) in buf.iter_mut().zip(places(off)) {
            *byte = self.bytes.get(at).copied().unwrap_or(0);
        }
    }

    /// Writes what is writable.
    pub(super) fn write(&mut self, off: u64, data: &[u8]) -> Written {
        let mut written = Written::Plain;
        for (&byte, at) in data.iter().zip(places(off)) {
            if at == EXP_DEVCTL_HIGH && byte & EXP_DEVCTL_HIGH_FLR != 0 {
                written = Written::FunctionLevelReset;
            }
            let mask = self.writable(at, byte);
            if let Some(old) = self.bytes.get_mut(at) {
                *old = *old & !mask | byte & mask;
            }
        }
        written
    }

    /// The bits of a byte that are writable when `byte` is written to it.
    fn writable(&self, at: usize, byte: u8) -> u8 {
        // The bits of a BAR below its size are not writable, which is how its size is read.
        match at.checked_sub(BAR0) {
            Some(at @ 0..=3) => byte_of(!(bar0::BAR0_SIZE - 1), at),
            Some(4..=7) => 0xff,
            Some(at @ 8..=11) => byte_of(self.bar2_mask, at - 8),
            Some(12..=15) => 0xff,
            _ => match at {
                // Memory, bus master and parity error; then SERR and INTx disable.
                COMMAND => 0x46,
                COMMAND_HIGH => 0x05,
                CACHE_LINE_SIZE | INTERRUPT_LINE => 0xff,
                EXP_DEVCTL => 0xff,
                // Extended tags, no snoop and the size of reads.
                EXP_DEVCTL_HIGH => 0x79,
                // Enable and mask of MSI-X.
                MSIX_FLAGS_HIGH => 0xc0,
                // A power state that there is not, is not taken.
                PM_CTRL if matches!(byte & PM_CTRL_STATE, 0 | PM_CTRL_STATE) => PM_CTRL_STATE,
                _ => 0,
            },
        }
    }

    /// Sets the bytes at `at`, on the way to the state after power-on.
    fn set<const N: usize>(&mut self, at: usize, value: [u8; N]) {
        for (to, from) in self.bytes.iter_mut().skip(at).zip(value) {
            *to = from;
        }
    }
}

/// The byte `at` of a dword.
const fn byte_of(dword: u32, at: usize) -> u8 {
    // CAST: Cut to the byte; a place is at most 3.
    (dword >> ((at & 3) * 8)) as u8
}
