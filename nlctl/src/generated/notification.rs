// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use super::{Command, Parent, ParentAttr, Subdev, SubdevAttr, Wq, WqAttr};
use crate::attribute::parse_all;
use netlink_packet_core::DecodeError;
use serde::Serialize;

/// What the kernel says of its own accord, with the object that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Notification {
    /// A parent came, with its work queues.
    ParentCreate(Parent),
    /// A parent went, with its work queues. Shows it as it was last.
    ParentDelete(Parent),
    /// A parent was configured, or its state changed.
    ParentChange(Parent),
    /// Something went wrong with a parent, or on it with nobody known who is to
    /// blame. What that changed is in events of its own.
    ParentFault(Parent),
    /// A work queue came to a parent that was there.
    WqCreate(Wq),
    /// A work queue went from a parent that stays. Shows it as it was last.
    WqDelete(Wq),
    /// A work queue was configured, enabled or disabled. What subdevs take of
    /// it and give back is in their events.
    WqChange(Wq),
    /// A subdev was created.
    SubdevCreate(Subdev),
    /// A subdev was deleted. Shows it as it was last.
    SubdevDelete(Subdev),
    /// The state of a subdev, its name or its shares changed. What its VFIO user does often is told
    /// now and then, so that states in between are left out.
    SubdevChange(Subdev),
    /// Something went wrong with what a subdev does: by its VFIO user, or, with
    /// the cause "fault", in the hardware. Its state is as before; what the
    /// fault changed is in events of its own.
    SubdevFault(Subdev),
}

impl Notification {
    /// Reads the attributes of a notification; `None` for what is none.
    pub(crate) fn parse(command: Command, attributes: &[u8]) -> Result<Option<Self>, DecodeError> {
        Ok(Some(match command {
            Command::ParentCreateNtf => {
                Self::ParentCreate(Parent::from(parse_all::<ParentAttr>(attributes)?))
            }
            Command::ParentDeleteNtf => {
                Self::ParentDelete(Parent::from(parse_all::<ParentAttr>(attributes)?))
            }
            Command::ParentChangeNtf => {
                Self::ParentChange(Parent::from(parse_all::<ParentAttr>(attributes)?))
            }
            Command::ParentFaultNtf => {
                Self::ParentFault(Parent::from(parse_all::<ParentAttr>(attributes)?))
            }
            Command::WqCreateNtf => Self::WqCreate(Wq::from(parse_all::<WqAttr>(attributes)?)),
            Command::WqDeleteNtf => Self::WqDelete(Wq::from(parse_all::<WqAttr>(attributes)?)),
            Command::WqChangeNtf => Self::WqChange(Wq::from(parse_all::<WqAttr>(attributes)?)),
            Command::SubdevCreateNtf => {
                Self::SubdevCreate(Subdev::from(parse_all::<SubdevAttr>(attributes)?))
            }
            Command::SubdevDeleteNtf => {
                Self::SubdevDelete(Subdev::from(parse_all::<SubdevAttr>(attributes)?))
            }
            Command::SubdevChangeNtf => {
                Self::SubdevChange(Subdev::from(parse_all::<SubdevAttr>(attributes)?))
            }
            Command::SubdevFaultNtf => {
                Self::SubdevFault(Subdev::from(parse_all::<SubdevAttr>(attributes)?))
            }
            _ => return Ok(None),
        }))
    }

    /// What happened, for example "subdev-create".
    pub fn name(&self) -> &'static str {
        match self {
            Self::ParentCreate(_) => "parent-create",
            Self::ParentDelete(_) => "parent-delete",
            Self::ParentChange(_) => "parent-change",
            Self::ParentFault(_) => "parent-fault",
            Self::WqCreate(_) => "wq-create",
            Self::WqDelete(_) => "wq-delete",
            Self::WqChange(_) => "wq-change",
            Self::SubdevCreate(_) => "subdev-create",
            Self::SubdevDelete(_) => "subdev-delete",
            Self::SubdevChange(_) => "subdev-change",
            Self::SubdevFault(_) => "subdev-fault",
        }
    }

    /// Kind of the object, for example "subdev".
    pub fn object(&self) -> &'static str {
        match self {
            Self::ParentCreate(_) => "parent",
            Self::ParentDelete(_) => "parent",
            Self::ParentChange(_) => "parent",
            Self::ParentFault(_) => "parent",
            Self::WqCreate(_) => "wq",
            Self::WqDelete(_) => "wq",
            Self::WqChange(_) => "wq",
            Self::SubdevCreate(_) => "subdev",
            Self::SubdevDelete(_) => "subdev",
            Self::SubdevChange(_) => "subdev",
            Self::SubdevFault(_) => "subdev",
        }
    }
}
