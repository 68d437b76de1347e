// SPDX-License-Identifier: GPL-2.0

//! Commands of the register CMD.

/// A command; numbers as `enum idxd_cmd`.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Command {
    /// Enable the device.
    EnableDevice = 1,
    /// Finish all work, then disable the device and its WQs.
    DisableDevice = 2,
    /// Finish all work.
    DrainAll = 3,
    /// Discard all work.
    AbortAll = 4,
    /// Discard all work, disable the device and restore its initial configuration.
    ResetDevice = 5,
    /// Enable the WQ with the number in the operand.
    EnableWq = 6,
    /// Finish the work of the WQs in the operand's mask, then disable them.
    DisableWq = 7,
    /// Finish the work of the WQs in the operand's mask.
    DrainWq = 8,
    /// Discard the work of the WQs in the operand's mask.
    AbortWq = 9,
    /// Discard the work of the WQs in the operand's mask, disable them and restore their initial
    /// configuration but for the size.
    ResetWq = 10,
    /// Finish the work of the PASID in the operand.
    DrainPasid = 11,
    /// Discard the work of the PASID in the operand.
    AbortPasid = 12,
    /// Give an interrupt handle for the table entry in the operand.
    RequestIntHandle = 13,
    /// Take back the interrupt handle in the operand.
    ReleaseIntHandle = 14,
}

impl Command {
    /// Mask of the operand in CMD.
    pub const OPERAND_MASK: u32 = 0xf_ffff;
    /// Bits of CMD that are reserved.
    pub const RESERVED: u32 = 0x3f << 25;
    /// Bit of CMD: raise the misc interrupt on completion.
    pub const INT_REQ: u32 = 1 << 31;
    /// Bit of the operand of the commands for interrupt handles: the interrupt message storage is
    /// meant, not MSI-X.
    pub const INT_HANDLE_IMS: u32 = 1 << 16;

    const CODE_SHIFT: u32 = 20;
    const CODE_MASK: u32 = 0x1f;

    /// The value to write to CMD.
    pub const fn encode(self, operand: u32, int_req: bool) -> u32 {
        // CAST: The representation is that of the enum.
        let word = (self as u32) << Self::CODE_SHIFT | operand & Self::OPERAND_MASK;
        if int_req {
            word | Self::INT_REQ
        } else {
            word
        }
    }

    /// The code in a value written to CMD, which need not be one that is known.
    pub const fn code(word: u32) -> u32 {
        word >> Self::CODE_SHIFT & Self::CODE_MASK
    }

    /// The bit of this command in CMDCAP.
    pub const fn cap(self) -> u32 {
        // CAST: The representation is that of the enum.
        1 << self as u32
    }

    /// The operand that names one WQ to a command that takes a mask of WQs: the bit within a group
    /// of 16 in bits 15:0, the number of the group in bits 19:16.
    pub const fn wq_mask_operand(wq: u8) -> u32 {
        // CAST: Lossless; `From` is not usable in a const function.
        (wq as u32 / 16) << 16 | 1 << (wq % 16)
    }
}

impl TryFrom<u32> for Command {
    type Error = u32;

    /// Takes a code as [`Command::code`] gives it; gives back one that is not known.
    fn try_from(code: u32) -> Result<Self, u32> {
        Ok(match code {
            1 => Command::EnableDevice,
            2 => Command::DisableDevice,
            3 => Command::DrainAll,
            4 => Command::AbortAll,
            5 => Command::ResetDevice,
            6 => Command::EnableWq,
            7 => Command::DisableWq,
            8 => Command::DrainWq,
            9 => Command::AbortWq,
            10 => Command::ResetWq,
            11 => Command::DrainPasid,
            12 => Command::AbortPasid,
            13 => Command::RequestIntHandle,
            14 => Command::ReleaseIntHandle,
            _ => return Err(code),
        })
    }
}

/// Error codes in CMDSTS, as `enum idxd_cmdsts_err`, whose names are given.
pub mod error {
    /// `SUCCESS`: there is no error.
    pub const SUCCESS: u8 = 0;
    /// `INVAL_CMD`: the command is not known or has reserved bits set.
    pub const COMMAND: u8 = 0x01;
    /// `INVAL_WQIDX`: the operand names a WQ that is not there.
    pub const WQ_INDEX: u8 = 0x02;
    /// `HW_ERR`: the hardware failed.
    pub const HARDWARE: u8 = 0x03;
    /// `ERR_DEV_ENABLED`, Enable Device: it is enabled.
    pub const DEVICE_ENABLED: u8 = 0x10;
    /// `ERR_BUSMASTER_EN`, Enable Device: bus mastering is off.
    pub const BUS_MASTER: u8 = 0x12;
    /// `ERR_DEV_NOTEN`, Enable WQ: the device is not enabled.
    pub const DEVICE_NOT_ENABLED: u8 = 0x20;
    /// `ERR_WQ_ENABLED`, Enable WQ: it is enabled.
    pub const WQ_ENABLED: u8 = 0x21;
    /// `ERR_WQ_SIZE`, Enable WQ: its size is 0.
    pub const WQ_SIZE: u8 = 0x22;
    /// `ERR_DIS_DEV_EN`, Disable Device, Drain All and Abort All: the device is not enabled.
    pub const DISABLE_NOT_ENABLED: u8 = 0x31;
    /// `ERR_DEV_NOT_EN`, Disable, Drain, Abort and Reset WQ: a WQ is not enabled, be it because
    /// the device is not.
    pub const WQ_NOT_ENABLED: u8 = 0x32;
    /// `ERR_INVAL_INT_IDX`, Request and Release Interrupt Handle: the index or handle is not
    /// valid.
    pub const INT_INDEX: u8 = 0x41;

    /// Whether a command for a device or WQ failed because that is not enabled, so that there is
    /// nothing that it could have done: the hardware has no work of it.
    pub const fn is_not_enabled(code: u8) -> bool {
        matches!(
            code,
            DEVICE_NOT_ENABLED | DISABLE_NOT_ENABLED | WQ_NOT_ENABLED
        )
    }
}

/// What an error code in CMDSTS says, for a log or a message.
pub const fn command_error_name(code: u8) -> &'static str {
    match code {
        0x00 => "success",
        0x01 => "invalid command",
        0x02 => "invalid WQ index",
        0x03 => "hardware error",
        0x10 => "device is enabled",
        0x11 => "invalid configuration",
        0x12 => "bus mastering is off",
        0x13 => "invalid PASID",
        0x14 => "WQ sizes exceed the total",
        0x15..=0x18 => "invalid group configuration",
        0x20 => "device is not enabled",
        0x21 => "WQ is enabled",
        0x22 => "invalid WQ size",
        0x23 => "invalid WQ priority",
        0x24 => "invalid WQ mode",
        0x25 => "invalid block-on-fault enable",
        0x26 => "invalid PASID enable",
        0x27 => "invalid maximum batch size",
        0x28 => "invalid maximum transfer size",
        0x31 => "device is not enabled",
        0x32 => "WQ is not enabled",
        0x41 => "invalid interrupt table index",
        0x42 => "no interrupt handle is left",
        _ => "unknown error",
    }
}
