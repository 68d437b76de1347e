// SPDX-License-Identifier: MIT OR Apache-2.0

//! What notifications have in common.

use crate::generated::{Fault, Notification, Parent, Subdev, Wq};

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
    /// Something went wrong with it; what that changed is in notifications of
    /// its own.
    Fault,
}

impl Notification {
    /// What happened to the object.
    pub fn kind(&self) -> NotificationKind {
        match self {
            Self::ParentCreate(_) | Self::WqCreate(_) | Self::SubdevCreate(_) => {
                NotificationKind::Create
            }
            Self::ParentDelete(_) | Self::WqDelete(_) | Self::SubdevDelete(_) => {
                NotificationKind::Delete
            }
            Self::ParentChange(_) | Self::WqChange(_) | Self::SubdevChange(_) => {
                NotificationKind::Change
            }
            Self::ParentFault(_) | Self::SubdevFault(_) => NotificationKind::Fault,
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

    /// The work queue, if it is about one.
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

    /// What went wrong, if it is about that.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::ParentFault(it) => it.fault.as_ref(),
            Self::SubdevFault(it) => it.fault.as_ref(),
            _ => None,
        }
    }

    /// The generation of the family's state after it.
    pub fn generation(&self) -> Option<u64> {
        match self {
            Self::ParentCreate(it)
            | Self::ParentDelete(it)
            | Self::ParentChange(it)
            | Self::ParentFault(it) => it.generation,
            Self::WqCreate(it) | Self::WqDelete(it) | Self::WqChange(it) => it.generation,
            Self::SubdevCreate(it)
            | Self::SubdevDelete(it)
            | Self::SubdevChange(it)
            | Self::SubdevFault(it) => it.generation,
        }
    }
}
