// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use super::{Command, Subdev, SubdevAttr};
use crate::attribute::parse_all;
use netlink_packet_core::DecodeError;
use serde::Serialize;

/// What the kernel says of its own accord, with the object that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Notification {
    /// A subdev was created.
    SubdevCreate(Subdev),
    /// A subdev was deleted. Shows it as it was last.
    SubdevDelete(Subdev),
    /// The state of a subdev changed.
    SubdevChange(Subdev),
}

impl Notification {
    /// Reads the attributes of a notification; `None` for what is none.
    pub(crate) fn parse(command: Command, attributes: &[u8]) -> Result<Option<Self>, DecodeError> {
        Ok(Some(match command {
            Command::SubdevCreateNtf => {
                Self::SubdevCreate(Subdev::from(parse_all::<SubdevAttr>(attributes)?))
            }
            Command::SubdevDeleteNtf => {
                Self::SubdevDelete(Subdev::from(parse_all::<SubdevAttr>(attributes)?))
            }
            Command::SubdevChangeNtf => {
                Self::SubdevChange(Subdev::from(parse_all::<SubdevAttr>(attributes)?))
            }
            _ => return Ok(None),
        }))
    }

    /// What happened, for example "subdev-create".
    pub fn name(&self) -> &'static str {
        match self {
            Self::SubdevCreate(_) => "subdev-create",
            Self::SubdevDelete(_) => "subdev-delete",
            Self::SubdevChange(_) => "subdev-change",
        }
    }

    /// Kind of the object, for example "subdev".
    pub fn object(&self) -> &'static str {
        match self {
            Self::SubdevCreate(_) => "subdev",
            Self::SubdevDelete(_) => "subdev",
            Self::SubdevChange(_) => "subdev",
        }
    }
}
