// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use std::fmt;

/// Operations and notifications of the family by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Command {
    /// Get the version of the module, the instance and generation of its
    /// state, how much there is, and the limits.
    FamilyGet = 1,
    /// Get one parent by index, by name, or by bus and device; or dump all.
    ParentGet = 2,
    /// Get one work queue, or dump those of one parent or of all.
    WqGet = 3,
    /// Get one type, or dump the catalogue of one parent or of all.
    TypeGet = 4,
    /// Get one subdev by index, name or UUID, or dump all. A dump shows those
    /// to which everything in the request applies; of a `wq` the number does,
    /// and one of several is enough.
    SubdevGet = 5,
    /// Create a subdev and, unless told otherwise, hand it to VFIO. Needs the
    /// parent, and a `wq` with an id or a type. The reply is the subdev with all its handles.
    SubdevNew = 6,
    /// Delete a subdev, named by index, name or UUID. Refused with EBUSY
    /// while a VFIO user has it open, unless forced.
    SubdevDel = 7,
    /// A subdev was created.
    SubdevCreateNtf = 8,
    /// A subdev was deleted. Shows it as it was last.
    SubdevDeleteNtf = 9,
    /// The state of a subdev changed.
    SubdevChangeNtf = 10,
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
            1 => Ok(Self::FamilyGet),
            2 => Ok(Self::ParentGet),
            3 => Ok(Self::WqGet),
            4 => Ok(Self::TypeGet),
            5 => Ok(Self::SubdevGet),
            6 => Ok(Self::SubdevNew),
            7 => Ok(Self::SubdevDel),
            8 => Ok(Self::SubdevCreateNtf),
            9 => Ok(Self::SubdevDeleteNtf),
            10 => Ok(Self::SubdevChangeNtf),
            unknown => Err(unknown),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FamilyGet => "family-get",
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
