// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a device has: its numbers, and the capability registers and layout that follow from them.
//!
//! The defaults are those of the DSA in a Sapphire Rapids processor. Where the registers differ
//! from that silicon, it is because the model does not have the feature, and software must not be
//! told otherwise:
//!
//! | register | silicon | model | why |
//! |-|-|-|-|
//! | GENCAP bit 4, command capabilities | 0 | option | `--interrupt-handles` makes software ask for handles |
//! | GENCAP bits 30:25, IMS | 2048 | 0 | interrupts come from MSI-X alone |
//! | WQCAP bit 50, ATS | 1 | option | `--pasid` |
//! | OPCAP, delta operations | only in early parts | DSA 1.0 only | the architecture has them, and DSA 2.0 does not |
//!
//! Shared mode is announced as silicon does also without `--pasid`; enabling such a work queue takes
//! one. `--modes` makes a device that has one mode only.
//!
//! Which numbers a user asks for is in [`settings`].

use crate::descriptor::Opcode;

pub mod settings;

/// A generation of the architecture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
pub enum Generation {
    /// DSA 1.0.
    #[default]
    #[value(name = "1.0")]
    #[serde(rename = "1.0")]
    First,
    /// DSA 2.0: an event log, fill patterns of 16 bytes, TRANSL_FETCH and DIX_GEN, no delta
    /// operations.
    #[value(name = "2.0")]
    #[serde(rename = "2.0")]
    Second,
}

/// The modes of work queues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Modes {
    /// Each work queue has the mode that software chooses.
    #[default]
    Both,
    /// There is no shared mode.
    Dedicated,
    /// There is no dedicated mode.
    Shared,
}

impl Modes {
    /// Whether the device has the dedicated mode, or else the shared one.
    pub(crate) fn allow(self, dedicated: bool) -> bool {
        match self {
            Self::Both => true,
            Self::Dedicated => dedicated,
            Self::Shared => !dedicated,
        }
    }
}

/// The numbers that make up a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The generation of the architecture.
    pub generation: Generation,
    /// Number of work queues.
    pub wqs: u8,
    /// Descriptors that all work queues hold together.
    pub wq_capacity: u16,
    /// Number of groups.
    pub groups: u8,
    /// Number of engines; each is a thread.
    pub engines: u8,
    /// Number of read buffers that the groups share.
    pub read_buffers: u8,
    /// The largest transfer is two to the power of this, in bytes.
    pub max_transfer_shift: u8,
    /// The largest batch is two to the power of this, in descriptors.
    pub max_batch_shift: u8,
    /// Whether there are command capabilities and interrupt handles; without, a handle is the
    /// number of an MSI-X vector, as on Sapphire Rapids.
    pub interrupt_handles: bool,
    /// Whether descriptors may block on faults. They do not for long: the answer to every page
    /// request is that it is invalid.
    pub block_on_fault: bool,
    /// Whether there are the capabilities ATS, PASID and PRI in configuration space, and what needs a
    /// PASID: shared work queues and the commands that name one. Every PASID leads to the same
    /// memory.
    pub pasid: bool,
    /// The modes that work queues can have.
    pub modes: Modes,
    /// Whether software cannot change how the device is divided into groups and work queues; what it
    /// is divided into then is told in the source of the room `fixed`.
    pub fixed_config: bool,
    /// Whether each work queue has a mask of the operations that its descriptors may ask for.
    pub op_config: bool,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            generation: Generation::First,
            wqs: 8,
            wq_capacity: 128,
            groups: 4,
            engines: 4,
            read_buffers: 96,
            max_transfer_shift: 31,
            max_batch_shift: 10,
            interrupt_handles: false,
            block_on_fault: true,
            pasid: false,
            modes: Modes::Both,
            fixed_config: false,
            op_config: false,
        }
    }
}

impl Profile {
    /// Number of MSI-X vectors: one for the device and one for each work queue. `idxd` relies on
    /// exactly this number.
    pub fn vectors(&self) -> u16 {
        u16::from(self.wqs) + 1
    }

    /// Size of BAR2, in bytes: four pages for each work queue, rounded up to a power of two.
    pub fn portal_bar_size(&self) -> u64 {
        (u64::from(self.wqs) * crate::portal::WQ_STRIDE).next_power_of_two()
    }

    /// VERSION.
    pub(crate) fn version(&self) -> u32 {
        match self.generation {
            Generation::First => 0x100,
            Generation::Second => 0x200,
        }
    }

    /// Whether the device has what came with DSA 2.0.
    pub(crate) fn second_generation(&self) -> bool {
        self.generation == Generation::Second
    }

    /// GENCAP.
    pub(crate) fn gencap(&self) -> u64 {
        const BLOCK_ON_FAULT: u64 = 1 << 0;
        const OVERLAPPING_COPY: u64 = 1 << 1;
        const CACHE_CONTROL_MEMORY: u64 = 1 << 2;
        const COMMAND_CAPABILITIES: u64 = 1 << 4;
        const DESTINATION_READBACK: u64 = 1 << 8;
        const DRAIN_READBACK: u64 = 1 << 9;
        /// An event log with entries of 64 bytes.
        const EVENT_LOG: u64 = 1 << 13;
        const CONFIGURATION: u64 = 1 << 31;
        const DESCRIPTORS_PER_ENGINE: u64 = 64 << 32;

        let mut gencap = OVERLAPPING_COPY
            | CACHE_CONTROL_MEMORY
            | DESTINATION_READBACK
            | u64::from(self.max_transfer_shift) << 16
            | u64::from(self.max_batch_shift) << 21
            | DESCRIPTORS_PER_ENGINE;
        if self.interrupt_handles {
            gencap |= COMMAND_CAPABILITIES;
        }
        if !self.fixed_config {
            gencap |= CONFIGURATION;
        }
        if self.block_on_fault {
            gencap |= BLOCK_ON_FAULT;
        }
        if self.second_generation() {
            gencap |= EVENT_LOG | DRAIN_READBACK;
        }
        gencap
    }

    /// WQCAP.
    pub(crate) fn wqcap(&self) -> u64 {
        const SHARED_MODE: u64 = 1 << 48;
        const DEDICATED_MODE: u64 = 1 << 49;
        const PRIORITY: u64 = 1 << 51;
        const OCCUPANCY: u64 = 1 << 52;
        const OCCUPANCY_INTERRUPT: u64 = 1 << 53;
        const ATS: u64 = 1 << 50;
        /// Entries of WQCFG have 64 bytes, and in their second half a mask of operations.
        const OPERATION_MASK: u64 = 1 << 54 | 1 << 24;

        let mut wqcap = 0;
        for (has, bit) in [
            (self.pasid, ATS),
            (self.modes.allow(false), SHARED_MODE),
            (self.modes.allow(true), DEDICATED_MODE),
            (self.op_config, OPERATION_MASK),
        ] {
            if has {
                wqcap |= bit;
            }
        }
        wqcap
            | u64::from(self.wq_capacity)
            | u64::from(self.wqs) << 16
            | PRIORITY
            | OCCUPANCY
            | OCCUPANCY_INTERRUPT
    }

    /// GRPCAP.
    pub(crate) fn grpcap(&self) -> u64 {
        const READ_BUFFER_CONTROL: u64 = 1 << 16;
        const READ_BUFFER_LIMIT: u64 = 1 << 17;

        u64::from(self.groups)
            | u64::from(self.read_buffers) << 8
            | READ_BUFFER_CONTROL
            | READ_BUFFER_LIMIT
    }

    /// ENGCAP.
    pub(crate) fn engcap(&self) -> u64 {
        u64::from(self.engines)
    }

    /// OPCAP, the first 64 of its 256 bits; the others are zero.
    pub(crate) fn opcap(&self) -> u64 {
        Opcode::ALL
            .iter()
            .filter(|opcode| match opcode {
                Opcode::CreateDelta | Opcode::ApplyDelta => !self.second_generation(),
                Opcode::TranslationFetch | Opcode::DixGenerate => self.second_generation(),
                _ => true,
            })
            .fold(0, |bits, opcode| bits | 1 << *opcode as u8)
    }

    /// The operations that the mask of a work queue can have: those that there are, or none without
    /// masks.
    pub(crate) fn maskable_operations(&self) -> u64 {
        if self.op_config { self.opcap() } else { 0 }
    }

    /// The operations that a work queue with this mask does; without masks, all that there are.
    pub(crate) fn operations(&self, mask: u64) -> u64 {
        if self.op_config {
            self.opcap() & mask
        } else {
            self.opcap()
        }
    }

    /// Bytes from one entry of WQCFG to the next: 32, shifted by WQCAP's field for it.
    pub(crate) fn wq_stride(&self) -> u64 {
        32 << u8::from(self.op_config)
    }

    /// CMDCAP: bit n stands for command n. Zero (and not to be read) unless GENCAP announces it.
    pub(crate) fn cmdcap(&self) -> u32 {
        const DEVICE_AND_WQ_COMMANDS: u32 = 0x07fe;
        const PASID_COMMANDS: u32 = 1 << 11 | 1 << 12;
        const INTERRUPT_HANDLES: u32 = 1 << 13 | 1 << 14;
        let pasid = if self.pasid { PASID_COMMANDS } else { 0 };
        if self.interrupt_handles {
            DEVICE_AND_WQ_COMMANDS | pasid | INTERRUPT_HANDLES
        } else {
            0
        }
    }

    /// Where the tables are in BAR0.
    pub(crate) fn layout(&self) -> Layout {
        let permissions = 0x300;
        let groups = permissions + table_size(self.vectors(), PERMISSION_STRIDE);
        let wqs = groups + table_size(self.groups.into(), GROUP_STRIDE);
        Layout {
            permissions,
            groups,
            wqs,
        }
    }
}

/// Bytes from one MSI-X permission entry to the next.
pub(crate) const PERMISSION_STRIDE: u64 = 8;
/// Bytes from one entry of GRPCFG to the next.
pub(crate) const GROUP_STRIDE: u64 = 64;

/// Offsets of the tables in BAR0, in bytes; the OFFSETS register holds them divided by 0x100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) permissions: u64,
    pub(crate) groups: u64,
    pub(crate) wqs: u64,
}

impl Layout {
    /// The first of the two OFFSETS registers. Without IMS and performance counters, the other
    /// fields and the second register are zero.
    pub(crate) fn offsets(self) -> u64 {
        self.groups >> 8 | self.wqs >> 8 << 16 | self.permissions >> 8 << 32
    }
}

/// The room of a table, in bytes: OFFSETS counts in units of 0x100.
fn table_size(entries: u16, stride: u64) -> u64 {
    (u64::from(entries) * stride).next_multiple_of(0x100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_differs_from_silicon_only_where_the_module_says() {
        let profile = Profile::default();
        let silicon = 0x40_915f_0107_u64;
        let ims = 8 << 25;
        assert_eq!(profile.gencap(), silicon & !ims);
        let ats = 1 << 50;
        assert_eq!(profile.wqcap(), 0x003f_0000_0008_0080 & !ats);
        assert_eq!(profile.grpcap(), 0x36004);
        assert_eq!(profile.engcap(), 4);
        assert_eq!(profile.opcap(), 0x1_003f_03ff, "that of early parts");
        assert_eq!(profile.cmdcap(), 0);
        assert_eq!(profile.layout().offsets(), 0x0003_0005_0004);
        assert_eq!(profile.portal_bar_size(), 128 * 1024);
    }

    #[test]
    fn the_second_generation_has_other_operations_and_an_event_log() {
        let profile = Profile {
            generation: Generation::Second,
            ..Profile::default()
        };
        assert_eq!(profile.version(), 0x200);
        assert_eq!(profile.opcap(), 0x1_00bf_067f);
        assert_eq!(profile.gencap() >> 13 & 3, 1);
    }

    #[test]
    fn pasid_brings_ats_and_the_commands_that_name_one() {
        let profile = Profile {
            pasid: true,
            interrupt_handles: true,
            ..Profile::default()
        };
        assert_eq!(profile.wqcap(), 0x003f_0000_0008_0080);
        assert_eq!(profile.cmdcap(), 0x7ffe);
    }

    #[test]
    fn interrupt_handles_announce_the_commands() {
        let profile = Profile {
            interrupt_handles: true,
            ..Profile::default()
        };
        assert_eq!(profile.gencap() >> 4 & 1, 1);
        assert_eq!(profile.cmdcap(), 0x67fe);
    }

    #[test]
    fn a_fixed_configuration_is_announced() {
        let profile = Profile {
            fixed_config: true,
            ..Profile::default()
        };
        assert_eq!(Profile::default().gencap() ^ profile.gencap(), 1 << 31);
    }

    #[test]
    fn operation_masks_are_announced_with_the_entries_that_hold_them() {
        let profile = Profile {
            op_config: true,
            ..Profile::default()
        };
        assert_eq!(
            Profile::default().wqcap() ^ profile.wqcap(),
            1 << 54 | 1 << 24
        );
        assert_eq!(profile.operations(0), 0);
        assert_eq!(profile.operations(1 << 3 | 1 << 63), 1 << 3);
        assert_eq!(Profile::default().operations(0), profile.opcap());
    }

    #[test]
    fn the_tables_of_the_largest_device_end_before_the_msix_table() {
        let profile = Profile {
            wqs: 32,
            groups: 16,
            op_config: true,
            ..Profile::default()
        };
        let layout = profile.layout();
        assert!(layout.groups >= layout.permissions + 33 * PERMISSION_STRIDE);
        assert!(layout.wqs >= layout.groups + 16 * GROUP_STRIDE);
        assert!(layout.wqs + 32 * profile.wq_stride() <= crate::registers::MSIX_TABLE);
    }

    #[test]
    fn the_portal_bar_is_a_power_of_two() {
        let profile = Profile {
            wqs: 5,
            ..Profile::default()
        };
        assert_eq!(profile.portal_bar_size(), 8 * 0x4000);
    }
}
