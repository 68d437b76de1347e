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
    /// Refused with EOPNOTSUPP where the device has its configuration for good,
    /// and where it has another `owner`, with the command that changes it.
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
    /// configuration for good, and where the parent has another owner, with
    /// the command that changes it. The configuration lasts until the device is
    /// unbound.
    WqSet = 5,
    /// Get one type, or dump the catalogue of one parent or of all.
    TypeGet = 6,
    /// Get one subdev by index, name or UUID, or dump all. A dump shows those
    /// to which everything in the request applies; of a `wq` the number does,
    /// and one of several is enough.
    SubdevGet = 7,
    /// Create a subdev, or with a `count` several at once, and, unless told
    /// otherwise, hand it to VFIO. Needs the parent, and a `wq` with an id or a
    /// type. Refused with EBUSY while a fault of the parent is being recovered
    /// from. The reply is the subdev with all its handles, the first one of
    /// several.
    SubdevNew = 8,
    /// Change a subdev, named by index, name or UUID. All that is in the
    /// request is done, with one change event, or nothing. What is already as
    /// the request says is no change, and where all is so, there is no event.
    /// The reply is the subdev as it is then.
    ///
    /// `new-name` is taken in any state. Each `wq` has an id, and changes what
    /// the subdev has of a work queue that it uses: its size, its weight, its
    /// max-rate, or several of them. Weight and max-rate are taken in any
    /// state, and hold from then on for what a user has in flight, which goes
    /// on. A size is refused with EBUSY unless the subdev is inactive or is to
    /// be so, and with EINVAL where the entries are not available. Limits in a
    /// vendor's nest are refused with EBUSY likewise, and with EINVAL beyond
    /// what the work queues have. `state` activates or deactivates:
    /// with EBUSY it is refused to deactivate a subdev that a VFIO user has
    /// open, unless forced, and to activate one again whose former VFIO device
    /// is still open. To activate one with the face "mdev" is refused with
    /// EOPNOTSUPP: its UUID is written to sysfs for that. Deactivation removes
    /// the mediated device. `face` is refused with EBUSY unless the subdev is
    /// inactive.
    SubdevSet = 9,
    /// Delete a subdev, named by index, name or UUID. Refused with EBUSY
    /// while a VFIO user has it open, unless forced. The reply is the subdev
    /// as it was last, with the generation of its deletion.
    SubdevDel = 10,
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
    SubdevReset = 11,
    /// Wait until a subdev, named by index, name or UUID, has completed all
    /// work that its VFIO user had submitted before. What is submitted
    /// meanwhile is neither held off nor waited for. Done at once for a subdev
    /// that nobody has open. Refused with ETIMEDOUT when work does not end
    /// within two seconds; it goes on. The reply is the subdev after that.
    SubdevDrain = 12,
    /// Get the statistics of one parent, named by index, by name, or by bus and
    /// device; or dump those of all. Waits for nothing, and does not look at the
    /// hardware.
    ParentStatsGet = 13,
    /// Get the statistics of one work queue, or dump those of one parent or of
    /// all.
    WqStatsGet = 14,
    /// Get the statistics of one subdev, named by index, name or UUID, or dump
    /// those of all to which everything in the request applies.
    SubdevStatsGet = 15,
    /// Restrict what notifications the socket that this comes from gets of the
    /// group: to those of some parents, of some subdevs, of some kinds, in place
    /// of what it was restricted to before. A request with nothing in it has it
    /// get all. What NLM_F_ECHO asks for comes in any case. The restriction
    /// goes with the socket, and with the module. Parents and subdevs that are
    /// named have to be there; of those that are gone nothing comes any more.
    /// Refused with E2BIG where it names more than 16 parents or 16 subdevs.
    /// Needs no privilege, so it is refused with ENOSPC where 256 sockets of the
    /// user, or 4096 of all, have one; those that ask with CAP_NET_ADMIN in the
    /// initial user namespace do not count for that, and can be 4096 as well.
    /// The reply says what the restriction is now.
    NotifyFilterSet = 16,
    /// A parent came, with its work queues.
    ParentCreateNtf = 17,
    /// A parent went, with its work queues. Shows it as it was last.
    ParentDeleteNtf = 18,
    /// A parent was configured, or its state changed.
    ParentChangeNtf = 19,
    /// Something went wrong with a parent, or on it with nobody known who is to
    /// blame. What that changed is in events of its own.
    ParentFaultNtf = 20,
    /// A work queue came to a parent that was there.
    WqCreateNtf = 21,
    /// A work queue went from a parent that stays. Shows it as it was last.
    WqDeleteNtf = 22,
    /// A work queue was configured, enabled or disabled. What subdevs take of
    /// it and give back is in their events.
    WqChangeNtf = 23,
    /// A subdev was created.
    SubdevCreateNtf = 24,
    /// A subdev was deleted. Shows it as it was last.
    SubdevDeleteNtf = 25,
    /// The state of a subdev, its name or its shares changed. What its VFIO user does often is told
    /// now and then, so that states in between are left out.
    SubdevChangeNtf = 26,
    /// Something went wrong with what a subdev does: by its VFIO user, or, with
    /// the cause "fault", in the hardware. Its state is as before; what the
    /// fault changed is in events of its own.
    SubdevFaultNtf = 27,
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
            9 => Ok(Self::SubdevSet),
            10 => Ok(Self::SubdevDel),
            11 => Ok(Self::SubdevReset),
            12 => Ok(Self::SubdevDrain),
            13 => Ok(Self::ParentStatsGet),
            14 => Ok(Self::WqStatsGet),
            15 => Ok(Self::SubdevStatsGet),
            16 => Ok(Self::NotifyFilterSet),
            17 => Ok(Self::ParentCreateNtf),
            18 => Ok(Self::ParentDeleteNtf),
            19 => Ok(Self::ParentChangeNtf),
            20 => Ok(Self::ParentFaultNtf),
            21 => Ok(Self::WqCreateNtf),
            22 => Ok(Self::WqDeleteNtf),
            23 => Ok(Self::WqChangeNtf),
            24 => Ok(Self::SubdevCreateNtf),
            25 => Ok(Self::SubdevDeleteNtf),
            26 => Ok(Self::SubdevChangeNtf),
            27 => Ok(Self::SubdevFaultNtf),
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
                Self::ParentSet => "parent-set",
                Self::WqGet => "wq-get",
                Self::WqSet => "wq-set",
                Self::TypeGet => "type-get",
                Self::SubdevGet => "subdev-get",
                Self::SubdevNew => "subdev-new",
                Self::SubdevSet => "subdev-set",
                Self::SubdevDel => "subdev-del",
                Self::SubdevReset => "subdev-reset",
                Self::SubdevDrain => "subdev-drain",
                Self::ParentStatsGet => "parent-stats-get",
                Self::WqStatsGet => "wq-stats-get",
                Self::SubdevStatsGet => "subdev-stats-get",
                Self::NotifyFilterSet => "notify-filter-set",
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
            },
        )
    }
}
