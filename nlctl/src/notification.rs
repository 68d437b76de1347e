// SPDX-License-Identifier: MIT OR Apache-2.0

//! What notifications have in common.

use crate::generated::{Notification, Subdev};

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotificationKind {
    /// It was created.
    Create,
    /// It was deleted; the notification shows it as it was last.
    Delete,
    /// Something about it changed.
    Change,
}

impl Notification {
    /// What happened to the object.
    pub fn kind(&self) -> NotificationKind {
        match self {
            Self::SubdevCreate(_) => NotificationKind::Create,
            Self::SubdevDelete(_) => NotificationKind::Delete,
            Self::SubdevChange(_) => NotificationKind::Change,
        }
    }

    /// The subdev, if it is about one.
    pub fn subdev(&self) -> Option<&Subdev> {
        match self {
            Self::SubdevCreate(it) | Self::SubdevDelete(it) | Self::SubdevChange(it) => Some(it),
        }
    }

    /// The generation of the family's state after it.
    pub fn generation(&self) -> Option<u64> {
        self.subdev()?.generation
    }
}
