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
    /// Change a subdev, named by index, name or UUID. All that is in the
    /// request is done, with one change event, or nothing. What is already as
    /// the request says is no change, and where all is so, there is no event.
    /// The reply is the subdev as it is then.
    ///
    /// `new-name` is taken in any state. Each `wq` has an id and a size, and
    /// changes the share of a work queue that the subdev uses; it is refused
    /// with EBUSY unless the subdev is inactive or is to be so, and with EINVAL
    /// where the entries are not available. `state` activates or deactivates:
    /// with EBUSY it is refused to deactivate a subdev that a VFIO user has
    /// open, unless forced, and to activate one again whose former VFIO device
    /// is still open.
    SubdevSet = 7,
    /// Delete a subdev, named by index, name or UUID. Refused with EBUSY
    /// while a VFIO user has it open, unless forced. The reply is the subdev
    /// as it was last, with the generation of its deletion.
    SubdevDel = 8,
    /// A parent came, with its work queues.
    ParentCreateNtf = 9,
    /// A parent went, with its work queues. Shows it as it was last.
    ParentDeleteNtf = 10,
    /// The state of a parent changed.
    ParentChangeNtf = 11,
    /// A work queue came to a parent that was there.
    WqCreateNtf = 12,
    /// A work queue went from a parent that stays. Shows it as it was last.
    WqDeleteNtf = 13,
    /// A work queue was configured, enabled or disabled. What subdevs take of
    /// it and give back is in their events.
    WqChangeNtf = 14,
    /// A subdev was created.
    SubdevCreateNtf = 15,
    /// A subdev was deleted. Shows it as it was last.
    SubdevDeleteNtf = 16,
    /// The state of a subdev, its name or its shares changed. What its VFIO user does often is told
    /// now and then, so that states in between are left out.
    SubdevChangeNtf = 17,
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
            7 => Ok(Self::SubdevSet),
            8 => Ok(Self::SubdevDel),
            9 => Ok(Self::ParentCreateNtf),
            10 => Ok(Self::ParentDeleteNtf),
            11 => Ok(Self::ParentChangeNtf),
            12 => Ok(Self::WqCreateNtf),
            13 => Ok(Self::WqDeleteNtf),
            14 => Ok(Self::WqChangeNtf),
            15 => Ok(Self::SubdevCreateNtf),
            16 => Ok(Self::SubdevDeleteNtf),
            17 => Ok(Self::SubdevChangeNtf),
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
            Self::SubdevSet => "subdev-set",
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
        })
    }
}
