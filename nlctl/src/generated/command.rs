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
    /// parent, and a `wq` with an id or a type. Refused with EBUSY while a fault
    /// of the parent is being recovered from. The reply is the subdev with all
    /// its handles.
    SubdevNew = 6,
    /// Delete a subdev, named by index, name or UUID. Refused with EBUSY
    /// while a VFIO user has it open, unless forced. The reply is the subdev
    /// as it was last, with the generation of its deletion.
    SubdevDel = 7,
    /// Reset a subdev, named by index, name or UUID, as its VFIO user could:
    /// its virtual device is as after power-on, and so disabled; its work in
    /// flight is discarded. Others on its work queues notice nothing. Does
    /// nothing to a subdev that nobody has open, which is as after power-on.
    /// Refused with EBUSY, and nothing is done, while a reset by the VFIO user
    /// does not end. Refused with ETIMEDOUT when work in flight does not end
    /// within two seconds, be it that the VFIO user withholds memory; the
    /// virtual device accepts nothing then until the reset ends, which it does
    /// together with that work. A reset revives a virtual device that halted if
    /// its hardware is back, and is refused with EIO if not. The reply is the
    /// subdev after the reset.
    SubdevReset = 8,
    /// Wait until a subdev, named by index, name or UUID, has completed all
    /// work that its VFIO user had submitted before. What is submitted
    /// meanwhile is neither held off nor waited for. Done at once for a subdev
    /// that nobody has open. Refused with ETIMEDOUT when work does not end
    /// within two seconds; it goes on. The reply is the subdev after that.
    SubdevDrain = 9,
    /// A parent came, with its work queues.
    ParentCreateNtf = 10,
    /// A parent went, with its work queues. Shows it as it was last.
    ParentDeleteNtf = 11,
    /// The state of a parent changed.
    ParentChangeNtf = 12,
    /// Something went wrong with a parent, or on it with nobody known who is to
    /// blame. What that changed is in events of its own.
    ParentFaultNtf = 13,
    /// A work queue came to a parent that was there.
    WqCreateNtf = 14,
    /// A work queue went from a parent that stays. Shows it as it was last.
    WqDeleteNtf = 15,
    /// A work queue was configured, enabled or disabled. What subdevs take of
    /// it and give back is in their events.
    WqChangeNtf = 16,
    /// A subdev was created.
    SubdevCreateNtf = 17,
    /// A subdev was deleted. Shows it as it was last.
    SubdevDeleteNtf = 18,
    /// The state of a subdev changed. What its VFIO user does often is told
    /// now and then, so that states in between are left out.
    SubdevChangeNtf = 19,
    /// Something went wrong with what a subdev does: by its VFIO user, or, with
    /// the cause "fault", in the hardware. Its state is as before; what the
    /// fault changed is in events of its own.
    SubdevFaultNtf = 20,
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
            8 => Ok(Self::SubdevReset),
            9 => Ok(Self::SubdevDrain),
            10 => Ok(Self::ParentCreateNtf),
            11 => Ok(Self::ParentDeleteNtf),
            12 => Ok(Self::ParentChangeNtf),
            13 => Ok(Self::ParentFaultNtf),
            14 => Ok(Self::WqCreateNtf),
            15 => Ok(Self::WqDeleteNtf),
            16 => Ok(Self::WqChangeNtf),
            17 => Ok(Self::SubdevCreateNtf),
            18 => Ok(Self::SubdevDeleteNtf),
            19 => Ok(Self::SubdevChangeNtf),
            20 => Ok(Self::SubdevFaultNtf),
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
            Self::SubdevReset => "subdev-reset",
            Self::SubdevDrain => "subdev-drain",
            Self::ParentCreateNtf => "parent-create-ntf",
            Self::ParentDeleteNtf => "parent-delete-ntf",
            Self::ParentChangeNtf => "parent-change-ntf",
            Self::ParentFaultNtf => "parent-fault-ntf",
            Self::WqCreateNtf => "wq-create-ntf",
            Self::WqDeleteNtf => "wq-delete-ntf",
            Self::WqChangeNtf => "wq-change-ntf",
            Self::SubdevCreateNtf => "subdev-create-ntf",
            Self::SubdevDeleteNtf => "subdev-delete-ntf",
            Self::SubdevChangeNtf => "subdev-change-ntf",
            Self::SubdevFaultNtf => "subdev-fault-ntf",
        })
    }
}
