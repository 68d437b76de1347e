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
    /// Configure a parent, which is named as for `parent-get`: what the request
    /// gives is changed, all or nothing, and the rest stays. The device is
    /// disabled for it, so no work queue of it may be enabled; otherwise the
    /// request is refused with EBUSY and names a subdev that is in the way.
    /// Refused with EOPNOTSUPP where the device has its configuration for good.
    /// The configuration lasts until the device is unbound.
    ParentSet = 3,
    /// Get one work queue, or dump those of one parent or of all.
    WqGet = 4,
    /// Configure a work queue: what the request gives is changed, all or
    /// nothing, and the rest stays. The size and the group can be changed only
    /// while no work queue of the parent is enabled, as the device is disabled
    /// for it, everything else while this one is not; otherwise the request is
    /// refused with EBUSY and names a subdev that is in the way. The size is at
    /// least what subdevs have of it, and the sizes of all work queues are
    /// together at most the capacity of the parent. The mode can only be
    /// dedicated, whatever the PASID mode of the subdevs: the driver submits
    /// for all of them. Refused with EOPNOTSUPP where the device has its
    /// configuration for good. The configuration lasts until the device is
    /// unbound.
    WqSet = 5,
    /// Get one type, or dump the catalogue of one parent or of all.
    TypeGet = 6,
    /// Get one subdev by index, name or UUID, or dump all. A dump shows those
    /// to which everything in the request applies; of a `wq` the number does,
    /// and one of several is enough.
    SubdevGet = 7,
    /// Create a subdev and, unless told otherwise, hand it to VFIO. Needs the
    /// parent, and a `wq` with an id or a type. The reply is the subdev with all its handles.
    SubdevNew = 8,
    /// Delete a subdev, named by index, name or UUID. Refused with EBUSY
    /// while a VFIO user has it open, unless forced. The reply is the subdev
    /// as it was last, with the generation of its deletion.
    SubdevDel = 9,
    /// A parent came, with its work queues.
    ParentCreateNtf = 10,
    /// A parent went, with its work queues. Shows it as it was last.
    ParentDeleteNtf = 11,
    /// A parent was configured, or its state changed.
    ParentChangeNtf = 12,
    /// A work queue came to a parent that was there.
    WqCreateNtf = 13,
    /// A work queue went from a parent that stays. Shows it as it was last.
    WqDeleteNtf = 14,
    /// A work queue was configured, enabled or disabled. What subdevs take of
    /// it and give back is in their events.
    WqChangeNtf = 15,
    /// A subdev was created.
    SubdevCreateNtf = 16,
    /// A subdev was deleted. Shows it as it was last.
    SubdevDeleteNtf = 17,
    /// The state of a subdev changed. What its VFIO user does often is told
    /// now and then, so that states in between are left out.
    SubdevChangeNtf = 18,
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
            3 => Ok(Self::ParentSet),
            4 => Ok(Self::WqGet),
            5 => Ok(Self::WqSet),
            6 => Ok(Self::TypeGet),
            7 => Ok(Self::SubdevGet),
            8 => Ok(Self::SubdevNew),
            9 => Ok(Self::SubdevDel),
            10 => Ok(Self::ParentCreateNtf),
            11 => Ok(Self::ParentDeleteNtf),
            12 => Ok(Self::ParentChangeNtf),
            13 => Ok(Self::WqCreateNtf),
            14 => Ok(Self::WqDeleteNtf),
            15 => Ok(Self::WqChangeNtf),
            16 => Ok(Self::SubdevCreateNtf),
            17 => Ok(Self::SubdevDeleteNtf),
            18 => Ok(Self::SubdevChangeNtf),
            unknown => Err(unknown),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FamilyGet => "family-get",
            Self::ParentGet => "parent-get",
            Self::ParentSet => "parent-set",
            Self::WqGet => "wq-get",
            Self::WqSet => "wq-set",
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
        })
    }
}
