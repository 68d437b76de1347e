// SPDX-License-Identifier: GPL-2.0

//! Registers of a DSA: offsets in BAR0, bit fields and codes.
//!
//! Used by the driver of the hardware and by the virtual function. All registers are
//! little-endian. Unless said otherwise a fact here is from
//! [`drivers/dma/idxd/registers.h`](srctree/drivers/dma/idxd/registers.h); offsets are in bytes.

pub mod caps;
pub mod command;
pub mod table;

#[cfg(test)]
mod tests;

pub use caps::{
    EngCap,
    GenCap,
    GrpCap,
    Offsets,
    WqCap, //
};
pub use command::{
    command_error_name,
    Command, //
};

/// BAR with the registers.
pub const MMIO_BAR: u32 = 0;
/// BAR with the portals.
pub const WQ_BAR: u32 = 2;

/// Version of the specification, 32 bits; see [`VERSION_1`].
pub const VERSION: usize = 0x00;
/// General capabilities, 64 bits; see [`GenCap`].
pub const GENCAP: usize = 0x10;
/// WQ capabilities, 64 bits; see [`WqCap`].
pub const WQCAP: usize = 0x20;
/// Group capabilities, 64 bits; see [`GrpCap`].
pub const GRPCAP: usize = 0x30;
/// Engine capabilities, 64 bits; see [`EngCap`].
pub const ENGCAP: usize = 0x38;
/// Operations, 256 bits; bit n is operation code n.
pub const OPCAP: usize = 0x40;
/// Places of the tables, 128 bits; see [`Offsets`].
pub const OFFSETS: usize = 0x60;
/// General configuration, 32 bits; see [`gencfg`].
pub const GENCFG: usize = 0x80;
/// General control, 32 bits; see [`genctrl`].
pub const GENCTRL: usize = 0x88;
/// General status, 32 bits, read-only; see [`gensts`].
pub const GENSTS: usize = 0x90;
/// Interrupt cause, 32 bits, a bit is cleared by writing 1; see [`intcause`].
pub const INTCAUSE: usize = 0x98;
/// Command, 32 bits, write-only; see [`Command`].
pub const CMD: usize = 0xa0;
/// Command status, 32 bits, read-only; see [`cmdsts`].
pub const CMDSTS: usize = 0xa8;
/// Commands that there are, 32 bits; bit n is command n. There if [`GenCap::cmd_cap`].
pub const CMDCAP: usize = 0xb0;
/// Software error, 256 bits; see [`swerr`].
pub const SWERR: usize = 0xc0;

/// [`VERSION`] of DSA 1.0. The whole word is compared.
pub const VERSION_1: u32 = 0x100;
/// [`VERSION`] of DSA 2.0.
pub const VERSION_2: u32 = 0x200;

/// Fields of [`GENCFG`].
pub mod gencfg {
    /// Mask of the most read buffers that a group uses for which the limit holds; 0 is none.
    pub const READ_BUFFER_LIMIT: u32 = 0xff;
    /// Completion interrupts are allowed to descriptors in user mode.
    pub const USER_INT_EN: u32 = 1 << 12;
}

/// Fields of [`GENCTRL`].
pub mod genctrl {
    /// A software error raises the misc interrupt.
    pub const SOFTERR_INT_EN: u32 = 1 << 0;
    /// A halt raises the misc interrupt.
    pub const HALT_INT_EN: u32 = 1 << 1;
}

/// Fields of [`GENSTS`].
pub mod gensts {
    /// Mask of the state of the device.
    pub const STATE_MASK: u32 = 0x3;
    /// State: accepts configuration and no work.
    pub const DISABLED: u32 = 0;
    /// State: accepts work.
    pub const ENABLED: u32 = 1;
    /// State: finishes what it has, on its way to disabled.
    pub const DRAINING: u32 = 2;
    /// State: stopped after an error.
    pub const HALTED: u32 = 3;

    /// Reset type: the command Reset Device is enough.
    pub const RESET_SOFTWARE: u32 = 0;
    /// Reset type: it takes an FLR.
    pub const RESET_FLR: u32 = 1;
    /// Reset type: it takes a warm reset of the machine.
    pub const RESET_WARM: u32 = 2;
    /// Reset type: it takes a cold reset of the machine.
    pub const RESET_COLD: u32 = 3;

    /// Place of the reset type, 2 bits.
    const RESET_TYPE_SHIFT: u32 = 2;

    /// The state of the device in the register.
    pub const fn state(register: u32) -> u32 {
        register & STATE_MASK
    }

    /// The reset type in the register: what it takes to leave the state [`HALTED`].
    pub const fn reset_type(register: u32) -> u32 {
        register >> RESET_TYPE_SHIFT & 0x3
    }

    /// The register of a device that is halted until a reset of a type.
    pub const fn halted(reset_type: u32) -> u32 {
        HALTED | (reset_type & 0x3) << RESET_TYPE_SHIFT
    }
}

/// Bits of [`INTCAUSE`].
pub mod intcause {
    /// A software error was recorded.
    pub const SWERR: u32 = 1 << 0;
    /// A command is complete.
    pub const CMD: u32 = 1 << 1;
    /// The occupancy of a WQ fell below its limit.
    pub const OCCUPANCY: u32 = 1 << 2;
    /// A performance counter overflowed.
    pub const PERFMON: u32 = 1 << 3;
    /// The device halted.
    pub const HALT: u32 = 1 << 4;
    /// Interrupt handles are no longer valid and have to be requested again.
    pub const INT_HANDLE_REVOKED: u32 = 1 << 31;
}

/// Fields of [`CMDSTS`].
///
/// `union cmdsts_reg` packs them wrongly; these are the masks that idxd uses.
pub mod cmdsts {
    /// Mask of the error; see [`command_error`](super::command::error).
    pub const ERROR_MASK: u32 = 0xff;
    /// Place of the result, 16 bits.
    pub const RESULT_SHIFT: u32 = 8;
    /// The command is not complete yet.
    pub const ACTIVE: u32 = 1 << 31;
}

/// Fields and codes of [`SWERR`].
pub mod swerr {
    /// Qword 0: an error is recorded. Cleared by writing 1.
    pub const VALID: u64 = 1 << 0;
    /// Qword 0: another error came before this one was cleared. Cleared by writing 1.
    pub const OVERFLOW: u64 = 1 << 1;
    /// Qword 0: the fields about the descriptor are valid.
    pub const DESC_VALID: u64 = 1 << 2;
    /// Qword 0: the number of the WQ is valid.
    pub const WQ_VALID: u64 = 1 << 3;
    /// Qword 0: the descriptor is from a batch, and its place there is valid.
    pub const BATCH: u64 = 1 << 4;
    /// Qword 0: the access that faulted was a write.
    pub const FAULT_WRITE: u64 = 1 << 5;
    /// Qword 0: place of the error code, 8 bits.
    pub const ERROR_SHIFT: u32 = 8;
    /// Qword 0: place of the number of the WQ, 8 bits.
    pub const WQ_SHIFT: u32 = 16;
    /// Qword 0: place of the operation code, 8 bits.
    pub const OPERATION_SHIFT: u32 = 32;
    /// Qword 1: place of the invalid flags, 32 bits.
    pub const INVALID_FLAGS_SHIFT: u32 = 32;

    /// Error: work arrived or bus mastering was cleared while the device could not do DMA.
    ///
    /// As Intel's mediated device of 2021 has it.
    pub const BUS_MASTER_OFF: u8 = 0x51;
    /// Error: [`CMD`](super::CMD) was written while a command was active.
    ///
    /// As Intel's mediated device of 2021 has it.
    pub const COMMAND_ACTIVE: u8 = 0x52;
    /// Error: work arrived for a WQ that is not enabled.
    ///
    /// The code of the hardware is not public; idxd only logs it, and nobody else uses this one.
    pub const WQ_NOT_ENABLED: u8 = 0x53;
    /// Error: work arrived for a dedicated WQ that is full.
    ///
    /// Our choice, as for [`WQ_NOT_ENABLED`].
    pub const WQ_FULL: u8 = 0x54;
    /// Error: a descriptor was written to a portal in part only.
    ///
    /// Our choice, as for [`WQ_NOT_ENABLED`]. The hardware takes a store as a whole and knows no
    /// such error.
    pub const TORN: u8 = 0x55;
}

/// Bits `high` to `low` of `value`, counted from 0.
const fn bits(value: u64, high: u32, low: u32) -> u64 {
    (value >> low) & (u64::MAX >> (63 - high + low))
}
