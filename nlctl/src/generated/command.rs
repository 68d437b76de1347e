// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use std::fmt;

/// Operations and notifications of the family by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Command {
    /// Get one parent by index or name, or dump all.
    ParentGet = 1,
    /// Get one work queue, or dump those of one parent or of all.
    WqGet = 2,
    /// Get one type, or dump the catalogue of one parent or of all.
    TypeGet = 3,
    /// Get one subdev by index, name or UUID, or dump those of one parent or
    /// of all.
    SubdevGet = 4,
    /// Create a subdev and, unless told otherwise, hand it to VFIO. Needs wq
    /// or type. The reply is the subdev with all its handles.
    SubdevNew = 5,
    /// Delete a subdev, named by index, name or UUID. Refused with EBUSY
    /// while a VFIO user has it open, unless forced.
    SubdevDel = 6,
    /// A subdev was created.
    SubdevCreateNtf = 7,
    /// A subdev was deleted. Shows it as it was last.
    SubdevDeleteNtf = 8,
    /// The state of a subdev changed.
    SubdevChangeNtf = 9,
}

impl From<Command> for u8 {
    fn from(command: Command) -> Self {
        command as Self
    }
}

impl TryFrom<u8> for Command {
    /// The number that no operation has.
    type Error = u8;

    fn try_from(number: u8) -> Result<Self, u8> {
        match number {
            1 => Ok(Self::ParentGet),
            2 => Ok(Self::WqGet),
            3 => Ok(Self::TypeGet),
            4 => Ok(Self::SubdevGet),
            5 => Ok(Self::SubdevNew),
            6 => Ok(Self::SubdevDel),
            7 => Ok(Self::SubdevCreateNtf),
            8 => Ok(Self::SubdevDeleteNtf),
            9 => Ok(Self::SubdevChangeNtf),
            unknown => Err(unknown),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ParentGet => "parent-get",
            Self::WqGet => "wq-get",
            Self::TypeGet => "type-get",
            Self::SubdevGet => "subdev-get",
            Self::SubdevNew => "subdev-new",
            Self::SubdevDel => "subdev-del",
            Self::SubdevCreateNtf => "subdev-create-ntf",
            Self::SubdevDeleteNtf => "subdev-delete-ntf",
            Self::SubdevChangeNtf => "subdev-change-ntf",
        })
    }
}
