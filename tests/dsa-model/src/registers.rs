// SPDX-License-Identifier: MIT OR Apache-2.0
//! BAR0: where each register is and what a write to it does. (`drivers/dma/idxd/registers.h`)
//!
//! Reads of any size and alignment are served from the 64-bit words that hold them. Writes take
//! effect in whole aligned dwords; a narrower write changes nothing, and neither does one to a
//! register that is read-only or locked, because `idxd` rewrites all tables whatever their state. On a
//! device whose configuration is fixed, GENCFG, GRPCFG and WQCFG are locked for good, but for the
//! occupancy interrupts; the event log is no part of that configuration.

use crate::profile::{GROUP_STRIDE, PERMISSION_STRIDE};
use crate::state::{DeviceStatus, State};

pub(crate) mod grpcfg;
pub(crate) mod msix;
pub(crate) mod wqcfg;

/// Size of BAR0, in bytes.
pub const BAR_SIZE: u64 = 0x1_0000;
/// Where the MSI-X table is in BAR0.
pub const MSIX_TABLE: u64 = 0x2000;
/// Where the MSI-X pending bits are in BAR0.
pub const MSIX_PBA: u64 = 0x3000;

/// Offsets of the registers in BAR0, in bytes; the names are those of the specification.
pub mod offset {
    pub const VERSION: u64 = 0x00;
    pub const GENCAP: u64 = 0x10;
    pub const WQCAP: u64 = 0x20;
    pub const GRPCAP: u64 = 0x30;
    pub const ENGCAP: u64 = 0x38;
    pub const OPCAP: u64 = 0x40;
    pub const OFFSETS: u64 = 0x60;
    pub const GENCFG: u64 = 0x80;
    pub const GENCTRL: u64 = 0x88;
    pub const GENSTS: u64 = 0x90;
    pub const INTCAUSE: u64 = 0x98;
    pub const CMD: u64 = 0xa0;
    pub const CMDSTS: u64 = 0xa8;
    pub const CMDCAP: u64 = 0xb0;
    pub const SWERR: u64 = 0xc0;
    pub const SWERR_END: u64 = 0xe0;
    pub const EVLCFG: u64 = 0xe0;
    pub const EVLSTATUS: u64 = 0xf0;
    pub const EVL_END: u64 = 0xf8;
}

/// Bits of GENCFG.
pub mod gencfg {
    /// The most read buffers that a group uses, if it heeds this limit; zero is none.
    pub const READ_BUFFER_LIMIT: u32 = 0xff;
    /// Unprivileged descriptors may ask for interrupts.
    pub const USER_INTERRUPTS: u32 = 1 << 12;
    /// Errors of descriptors go to the event log (DSA 2.0).
    pub const EVENT_LOG: u32 = 1 << 13;
    /// The bits that exist.
    pub const WRITABLE: u32 = READ_BUFFER_LIMIT | USER_INTERRUPTS;
}

/// Bits of GENCTRL.
pub mod genctrl {
    /// A software error raises an interrupt.
    pub const SOFTWARE_ERROR: u32 = 1 << 0;
    /// A halt raises an interrupt.
    pub const HALT: u32 = 1 << 1;
    /// A new entry of the event log raises an interrupt (DSA 2.0).
    pub const EVENT_LOG: u32 = 1 << 2;
    /// The bits that exist.
    pub const WRITABLE: u32 = SOFTWARE_ERROR | HALT;
}

/// Bits of INTCAUSE.
pub mod intcause {
    /// SWERR has become valid.
    pub const SOFTWARE_ERROR: u32 = 1 << 0;
    /// A command is done.
    pub const COMMAND: u32 = 1 << 1;
    /// The occupancy of a work queue has fallen to its limit.
    pub const OCCUPANCY: u32 = 1 << 2;
    /// The device has halted.
    pub const HALT: u32 = 1 << 4;
    /// The event log has a new entry.
    pub const EVENT_LOG: u32 = 1 << 5;
    /// The interrupt handles are revoked.
    pub const HANDLES_REVOKED: u32 = 1 << 31;
}

/// The bits of a permission entry that exist: ignore, PASID enable, PASID.
const PERMISSION_WRITABLE: u32 = 0xffff_f00c;

/// Reads from BAR0.
pub(crate) fn read(state: &State, offset: u64, data: &mut [u8]) {
    for (address, byte) in (offset..).zip(data) {
        *byte = word(state, address & !7).to_le_bytes()[(address & 7) as usize];
    }
}

/// Writes to BAR0.
pub(crate) fn write(state: &mut State, offset: u64, data: &[u8]) {
    let (dwords, rest) = data.as_chunks::<4>();
    if !offset.is_multiple_of(4) || !rest.is_empty() {
        log::debug!("ignored: {} bytes written to BAR0+{offset:#x}", data.len());
        return;
    }
    for (address, dword) in (offset..).step_by(4).zip(dwords) {
        write_dword(state, address, u32::from_le_bytes(*dword));
    }
}

/// The 64-bit word at an offset that is a multiple of 8.
fn word(state: &State, offset: u64) -> u64 {
    let profile = &state.profile;
    match offset {
        offset::VERSION => profile.version().into(),
        offset::GENCAP => profile.gencap(),
        offset::WQCAP => profile.wqcap(),
        offset::GRPCAP => profile.grpcap(),
        offset::ENGCAP => profile.engcap(),
        offset::OPCAP => profile.opcap(),
        offset::OFFSETS => profile.layout().offsets(),
        offset::GENCFG => state.gencfg.into(),
        offset::GENCTRL => state.genctrl.into(),
        offset::GENSTS => state.status.gensts().into(),
        offset::INTCAUSE => state.intcause.into(),
        offset::CMDSTS => state.cmdsts.into(),
        offset::CMDCAP => profile.cmdcap().into(),
        offset::SWERR..offset::SWERR_END => {
            state.swerr.word(((offset - offset::SWERR) / 8) as usize)
        }
        offset::EVLCFG..offset::EVL_END if profile.second_generation() => match offset {
            offset::EVLSTATUS => state.event_log.status(),
            _ => state
                .event_log
                .config(((offset - offset::EVLCFG) / 8) as usize),
        },
        MSIX_TABLE..MSIX_PBA => state.msix.word(offset - MSIX_TABLE),
        MSIX_PBA.. => state.interrupts.pending(((offset - MSIX_PBA) * 8) as usize),
        _ => match Table::find(state, offset) {
            Some((Table::Permissions, index, 0)) => state.permissions[index].into(),
            Some((Table::Groups, index, dword)) => {
                let group = &state.groups[index];
                quad(group.dword(dword), group.dword(dword + 1))
            }
            Some((Table::Wqs, index, dword)) => {
                let wq = &state.wqs[index];
                quad(
                    wq.config_dword(dword, profile),
                    wq.config_dword(dword + 1, profile),
                )
            }
            Some((Table::Permissions, ..)) | None => 0,
        },
    }
}

fn quad(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

fn write_dword(state: &mut State, offset: u64, value: u32) {
    let disabled = state.status == DeviceStatus::Disabled;
    let configurable = disabled && !state.profile.fixed_config;
    let second = state.profile.second_generation();
    match offset {
        offset::GENCFG if configurable => {
            let event_log = if second { gencfg::EVENT_LOG } else { 0 };
            state.gencfg = value & (gencfg::WRITABLE | event_log);
        }
        offset::GENCTRL => {
            let event_log = if second { genctrl::EVENT_LOG } else { 0 };
            state.genctrl = value & (genctrl::WRITABLE | event_log);
        }
        offset::INTCAUSE => state.intcause &= !value,
        offset::CMD => state.command(value),
        offset::SWERR => state.swerr.acknowledge(value),
        offset::EVLCFG..offset::EVLSTATUS if second && disabled => {
            let dword = ((offset - offset::EVLCFG) / 4) as usize;
            state.event_log.write_config(dword, value);
        }
        offset::EVLSTATUS..offset::EVL_END if second => {
            let dword = ((offset - offset::EVLSTATUS) / 4) as usize;
            state.event_log.write_status(dword, value);
        }
        MSIX_TABLE..MSIX_PBA => state.msix.write(offset - MSIX_TABLE, value),
        _ => match Table::find(state, offset) {
            Some((Table::Permissions, index, 0)) => {
                state.permissions[index] = value & PERMISSION_WRITABLE;
            }
            Some((Table::Groups, index, dword)) if configurable => {
                let (wqs, engines) = (state.profile.wqs, state.profile.engines);
                state.groups[index].write(dword, value, wqs, engines);
            }
            Some((Table::Wqs, index, dword)) => {
                state.wqs[index].write_config(dword, value, &state.profile, configurable);
            }
            _ => log::trace!("ignored: {value:#x} written to BAR0+{offset:#x}"),
        },
    }
}

/// The tables whose place depends on the profile.
enum Table {
    Permissions,
    Groups,
    Wqs,
}

impl Table {
    /// The table, entry and dword of the entry at an offset.
    fn find(state: &State, offset: u64) -> Option<(Self, usize, usize)> {
        let layout = state.profile.layout();
        let within = |base, stride, entries: usize| {
            let distance = offset.checked_sub(base)?;
            let (index, rest) = (distance / stride, distance % stride);
            (index < entries as u64).then_some((index as usize, (rest / 4) as usize))
        };
        let wq_stride = state.profile.wq_stride();
        if let Some((index, dword)) = within(layout.wqs, wq_stride, state.wqs.len()) {
            Some((Self::Wqs, index, dword))
        } else if let Some((index, dword)) = within(layout.groups, GROUP_STRIDE, state.groups.len())
        {
            Some((Self::Groups, index, dword))
        } else {
            let entries = state.permissions.len();
            let (index, dword) = within(layout.permissions, PERMISSION_STRIDE, entries)?;
            Some((Self::Permissions, index, dword))
        }
    }
}
