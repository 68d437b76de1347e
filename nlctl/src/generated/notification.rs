// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use serde::Serialize;
#[allow(clippy::wildcard_imports, unused_imports)]
use super::*;
use crate::attribute::parse_all;
use crate::object::Object;
use crate::value::Malformed;

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

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotificationKind {
    /// It was created, or came.
    Create,
    /// It was deleted, or went; the notification shows it as it was last.
    Delete,
    /// Something about it changed.
    Change,
    /// Something went wrong with it; what that changed is in notifications of its own.
    Fault,
}

impl Notification {
    /// Reads the attributes of a notification; `None` for what is none.
    pub(crate) fn parse(
        command: Command,
        attributes: &[u8],
    ) -> Result<Option<Self>, Malformed> {
        Ok(
            Some(
                match command {
                    Command::ParentCreateNtf => {
                        Self::ParentCreate(
                            Object::read(parse_all::<ParentAttr>(attributes)?)?,
                        )
                    }
                    Command::ParentDeleteNtf => {
                        Self::ParentDelete(
                            Object::read(parse_all::<ParentAttr>(attributes)?)?,
                        )
                    }
                    Command::ParentChangeNtf => {
                        Self::ParentChange(
                            Object::read(parse_all::<ParentAttr>(attributes)?)?,
                        )
                    }
                    Command::ParentFaultNtf => {
                        Self::ParentFault(
                            Object::read(parse_all::<ParentAttr>(attributes)?)?,
                        )
                    }
                    Command::WqCreateNtf => {
                        Self::WqCreate(Object::read(parse_all::<WqAttr>(attributes)?)?)
                    }
                    Command::WqDeleteNtf => {
                        Self::WqDelete(Object::read(parse_all::<WqAttr>(attributes)?)?)
                    }
                    Command::WqChangeNtf => {
                        Self::WqChange(Object::read(parse_all::<WqAttr>(attributes)?)?)
                    }
                    Command::SubdevCreateNtf => {
                        Self::SubdevCreate(
                            Object::read(parse_all::<SubdevAttr>(attributes)?)?,
                        )
                    }
                    Command::SubdevDeleteNtf => {
                        Self::SubdevDelete(
                            Object::read(parse_all::<SubdevAttr>(attributes)?)?,
                        )
                    }
                    Command::SubdevChangeNtf => {
                        Self::SubdevChange(
                            Object::read(parse_all::<SubdevAttr>(attributes)?)?,
                        )
                    }
                    Command::SubdevFaultNtf => {
                        Self::SubdevFault(
                            Object::read(parse_all::<SubdevAttr>(attributes)?)?,
                        )
                    }
                    _ => return Ok(None),
                },
            ),
        )
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

    /// What happened to the object.
    pub fn kind(&self) -> NotificationKind {
        match self {
            Self::ParentCreate(_) => NotificationKind::Create,
            Self::ParentDelete(_) => NotificationKind::Delete,
            Self::ParentChange(_) => NotificationKind::Change,
            Self::ParentFault(_) => NotificationKind::Fault,
            Self::WqCreate(_) => NotificationKind::Create,
            Self::WqDelete(_) => NotificationKind::Delete,
            Self::WqChange(_) => NotificationKind::Change,
            Self::SubdevCreate(_) => NotificationKind::Create,
            Self::SubdevDelete(_) => NotificationKind::Delete,
            Self::SubdevChange(_) => NotificationKind::Change,
            Self::SubdevFault(_) => NotificationKind::Fault,
        }
    }

    /// The generation of the family's state after it.
    pub fn generation(&self) -> Option<u64> {
        match self {
            Self::ParentCreate(it) => Some(it.generation),
            Self::ParentDelete(it) => Some(it.generation),
            Self::ParentChange(it) => Some(it.generation),
            Self::ParentFault(it) => Some(it.generation),
            Self::WqCreate(it) => Some(it.generation),
            Self::WqDelete(it) => Some(it.generation),
            Self::WqChange(it) => Some(it.generation),
            Self::SubdevCreate(it) => Some(it.generation),
            Self::SubdevDelete(it) => Some(it.generation),
            Self::SubdevChange(it) => Some(it.generation),
            Self::SubdevFault(it) => Some(it.generation),
        }
    }

    /// The parent, if it is about one.
    pub fn parent(&self) -> Option<&Parent> {
        match self {
            Self::ParentCreate(it)
            | Self::ParentDelete(it)
            | Self::ParentChange(it)
            | Self::ParentFault(it) => Some(it),
            _ => None,
        }
    }

    /// The wq, if it is about one.
    pub fn wq(&self) -> Option<&Wq> {
        match self {
            Self::WqCreate(it) | Self::WqDelete(it) | Self::WqChange(it) => Some(it),
            _ => None,
        }
    }

    /// The subdev, if it is about one.
    pub fn subdev(&self) -> Option<&Subdev> {
        match self {
            Self::SubdevCreate(it)
            | Self::SubdevDelete(it)
            | Self::SubdevChange(it)
            | Self::SubdevFault(it) => Some(it),
            _ => None,
        }
    }
}
