// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of a DSA that a user of one touches.
//!
//! Offsets and bits are those of the Intel DSA architecture specification as
//! srctree drivers/dma/idxd/registers.h and
//! srctree include/uapi/linux/pci_regs.h have them.

/// PCI vendor and device id, as the first dword of config space.
pub const PCI_ID: u32 = 0x0b25_8086;
/// Offset of the PCI command register in config space.
pub const PCI_COMMAND: u64 = 0x04;
/// PCI command: answer accesses to BARs, and master the bus.
pub const PCI_COMMAND_MEMORY_MASTER: u16 = 0x0006;
/// Offset of revision and class in config space.
pub const PCI_CLASS_REVISION: u64 = 0x08;
/// Offset of the first capability's place in config space.
pub const PCI_CAPABILITIES: u64 = 0x34;
/// PCI capability: PCI Express.
pub const PCI_CAP_EXPRESS: u8 = 0x10;
/// PCI Express capability: device control (16 bits).
pub const PCI_EXP_DEVCTL: u64 = 0x08;
/// Device control: initiate a function-level reset.
pub const PCI_EXP_DEVCTL_FLR: u16 = 1 << 15;
/// PCI class of a DSA: a system peripheral of another kind.
pub const PCI_CLASS: u32 = 0x08_8000;

/// Version register (32 bits).
pub const VERSION: u64 = 0x00;
/// VERSION of DSA 1.0.
pub const VERSION_1: u32 = 0x100;
/// General capabilities (64 bits).
pub const GENCAP: u64 = 0x10;
/// GENCAP: lowest bit of the largest transfer, 5 bits, as a power of two.
pub const GENCAP_MAX_TRANSFER_SHIFT: u64 = 16;
/// GENCAP: there is a command capability register.
pub const GENCAP_CMD_CAP: u64 = 1 << 4;
/// GENCAP: the configuration can be written.
pub const GENCAP_CONFIG_EN: u64 = 1 << 31;
/// Work queue capabilities (64 bits).
pub const WQCAP: u64 = 0x20;
/// WQCAP: dedicated work queues are supported.
pub const WQCAP_DEDICATED: u64 = 1 << 49;
/// Operations (256 bits); bit n is operation code n.
pub const OPCAP: u64 = 0x40;
/// Offsets of the tables (128 bits), in units of 256 bytes.
pub const OFFSETS: u64 = 0x60;
/// General control (32 bits).
pub const GENCTRL: u64 = 0x88;
/// GENCTRL: interrupt on software errors and on halt.
pub const GENCTRL_SOFTERR_HALT: u32 = 0b11;
/// General status (32 bits); the lowest two bits are the state.
pub const GENSTS: u64 = 0x90;
/// GENSTS state: disabled.
pub const STATE_DISABLED: u32 = 0;
/// GENSTS state: enabled.
pub const STATE_ENABLED: u32 = 1;
/// GENSTS state: halted.
pub const STATE_HALTED: u32 = 3;
/// Causes of the misc interrupt (32 bits, written to clear).
pub const INTCAUSE: u64 = 0x98;
/// INTCAUSE: a software error was recorded.
pub const INTCAUSE_SWERR: u32 = 1 << 0;
/// INTCAUSE: a command is done.
pub const INTCAUSE_CMD: u32 = 1 << 1;
/// INTCAUSE: the device halted.
pub const INTCAUSE_HALT: u32 = 1 << 4;
/// Command (32 bits): operand below, code from bit 20 on.
pub const CMD: u64 = 0xa0;
/// CMD: interrupt when done.
pub const CMD_INT: u32 = 1 << 31;
/// Status of the command (32 bits).
pub const CMDSTS: u64 = 0xa8;
/// CMDSTS: the command is not done yet.
pub const CMDSTS_ACTIVE: u32 = 1 << 31;
/// Supported commands (32 bits): bit n is command code n.
pub const CMDCAP: u64 = 0xb0;
/// Software error (256 bits).
pub const SWERR: u64 = 0xc0;
/// SWERR: valid, and overflow; both are written to clear.
pub const SWERR_VALID_OVERFLOW: u64 = 0b11;

/// Bytes of the configuration of a work queue (WQCFG).
pub const WQCFG_LEN: u64 = 32;
/// WQCFG dword 0: size in entries.
pub const WQCFG_SIZE: u64 = 0x00;
/// WQCFG dword 3: largest transfer, 5 bits, and largest batch, 4 bits, as powers of two.
pub const WQCFG_LIMITS: u64 = 0x0c;
/// WQCFG dword 6: state in its two highest bits.
pub const WQCFG_STATE: u64 = 0x18;

/// Offset in BAR2 of the limited portal of work queue 0.
pub const LIMITED_PORTAL: u64 = 0x1000;
/// Bytes of a portal.
pub const PORTAL_LEN: u64 = 0x1000;
/// Bytes of BAR2 that the portals of a work queue take.
pub const PORTALS_PER_WQ: u64 = 0x4000;

/// Codes of the CMD register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[expect(
    missing_docs,
    reason = "the names are the specification's and say it all"
)]
pub enum Command {
    EnableDevice = 1,
    DisableDevice = 2,
    DrainAll = 3,
    AbortAll = 4,
    ResetDevice = 5,
    EnableWq = 6,
    DisableWq = 7,
    DrainWq = 8,
    AbortWq = 9,
    ResetWq = 10,
    RequestInterruptHandle = 13,
}
