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
    /// while a VFIO user has it open, unless forced. The reply is the subdev
    /// as it was last, with the generation of its deletion.
    SubdevDel = 7,
    /// A parent came, with its work queues.
    ParentCreateNtf = 8,
    /// A parent went, with its work queues. Shows it as it was last.
    ParentDeleteNtf = 9,
    /// The state of a parent changed.
    ParentChangeNtf = 10,
    /// A work queue came to a parent that was there.
    WqCreateNtf = 11,
    /// A work queue went from a parent that stays. Shows it as it was last.
    WqDeleteNtf = 12,
    /// A work queue was configured, enabled or disabled. What subdevs take of
    /// it and give back is in their events.
    WqChangeNtf = 13,
    /// A subdev was created.
    SubdevCreateNtf = 14,
    /// A subdev was deleted. Shows it as it was last.
    SubdevDeleteNtf = 15,
    /// The state of a subdev changed. What its VFIO user does often is told
    /// now and then, so that states in between are left out.
    SubdevChangeNtf = 16,
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
            8 => Ok(Self::ParentCreateNtf),
            9 => Ok(Self::ParentDeleteNtf),
            10 => Ok(Self::ParentChangeNtf),
            11 => Ok(Self::WqCreateNtf),
            12 => Ok(Self::WqDeleteNtf),
            13 => Ok(Self::WqChangeNtf),
            14 => Ok(Self::SubdevCreateNtf),
            15 => Ok(Self::SubdevDeleteNtf),
            16 => Ok(Self::SubdevChangeNtf),
            unknown => Err(unknown),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            match self {
                Self::FamilyGet => "family-get",
                Self::ParentGet => "parent-get",
                Self::WqGet => "wq-get",
                Self::TypeGet => "type-get",
                Self::SubdevGet => "subdev-get",
                Self::SubdevNew => "subdev-new",
                Self::SubdevDel => "subdev-del",
                Self::ParentCreateNtf => "parent-create-ntf",
                Self::ParentDeleteNtf => "parent-delete-ntf",
                Self::ParentChangeNtf => "parent-change-ntf",
                Self::WqCreateNtf => "wq-create-ntf",
                Self::WqDeleteNtf => "wq-delete-ntf",
                Self::WqChangeNtf => "wq-change-ntf",
                Self::SubdevCreateNtf => "subdev-create-ntf",
                Self::SubdevDeleteNtf => "subdev-delete-ntf",
                Self::SubdevChangeNtf => "subdev-change-ntf",
            },
        )
    }
}
