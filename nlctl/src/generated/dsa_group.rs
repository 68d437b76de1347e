// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use serde::Serialize;
#[allow(clippy::wildcard_imports, unused_imports)]
use super::*;
#[allow(unused_imports)]
use crate::attribute::{
    Accepts, Attribute, AttributeInfo, AttributeSet, Kind, UnknownAttribute,
};
#[allow(unused_imports)]
use crate::object::{Object, needed};
#[allow(unused_imports)]
use crate::value::{Binary, Malformed, U64, Value};

/// One attribute of the set "dsa-group".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DsaGroupAttr {
    /// Number of the group.
    Id(u32),
    /// Engines of the group; bit n is engine n. An engine is in one group at
    /// most, so that one that is to be in another is taken out of the first
    /// in the same request or before.
    Engines(u64),
    /// Read buffers that no other group may use; 0 is the default. At most
    /// what other groups leave of read-buffer-count.
    ReadBuffersReserved(u32),
    /// Most read buffers that the group may use at a time: at least those that
    /// are reserved for it and four for each of its engines, at most all that
    /// are not reserved for others. That is the default, too.
    ReadBuffersAllowed(u32),
    /// Whether read-buffer-limit holds for the group; 0, the default, or 1.
    UseReadBufferLimit(u32),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Attribute for DsaGroupAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "dsa-group",
        attributes: &[
            AttributeInfo::new("id", Kind::U32, "Number of the group."),
            AttributeInfo::new(
                    "engines",
                    Kind::Uint,
                    "Engines of the group; bit n is engine n. An engine is in one group at\nmost, so that one that is to be in another is taken out of the first\nin the same request or before.",
                )
                .hex(),
            AttributeInfo::new(
                "read-buffers-reserved",
                Kind::U32,
                "Read buffers that no other group may use; 0 is the default. At most\nwhat other groups leave of read-buffer-count.",
            ),
            AttributeInfo::new(
                "read-buffers-allowed",
                Kind::U32,
                "Most read buffers that the group may use at a time: at least those that\nare reserved for it and four for each of its engines, at most all that\nare not reserved for others. That is the default, too.",
            ),
            AttributeInfo::new(
                    "use-read-buffer-limit",
                    Kind::U32,
                    "Whether read-buffer-limit holds for the group; 0, the default, or 1.",
                )
                .accepts(Accepts::Range {
                    min: None,
                    max: Some(1),
                }),
        ],
    };
    fn number(&self) -> u16 {
        match self {
            Self::Id(_) => 1,
            Self::Engines(_) => 2,
            Self::ReadBuffersReserved(_) => 3,
            Self::ReadBuffersAllowed(_) => 4,
            Self::UseReadBufferLimit(_) => 5,
            Self::Unknown(unknown) => unknown.kind,
        }
    }

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::Id(value) => Some(value),
            Self::Engines(value) => Some(value),
            Self::ReadBuffersReserved(value) => Some(value),
            Self::ReadBuffersAllowed(value) => Some(value),
            Self::UseReadBufferLimit(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }

    fn parse(number: u16, value: &[u8]) -> Result<Self, Malformed> {
        Ok(
            match number {
                1 => Self::Id(Value::parse(value)?),
                2 => Self::Engines(Value::parse(value)?),
                3 => Self::ReadBuffersReserved(Value::parse(value)?),
                4 => Self::ReadBuffersAllowed(Value::parse(value)?),
                5 => Self::UseReadBufferLimit(Value::parse(value)?),
                unknown => Self::Unknown(UnknownAttribute::new(unknown, value)),
            },
        )
    }
}

/// A group of an Intel Data Streaming Accelerator: its engines serve the work
/// queues that are in it. By default all work queues and engines are in group
/// 0. A group with work queues has at least one engine; the engines of one
/// without work queues do nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct DsaGroup {
    /// Number of the group.
    pub id: u32,
    /// Engines of the group; bit n is engine n. An engine is in one group at
    /// most, so that one that is to be in another is taken out of the first
    /// in the same request or before.
    pub engines: u64,
    /// Read buffers that no other group may use; 0 is the default. At most
    /// what other groups leave of read-buffer-count.
    pub read_buffers_reserved: u32,
    /// Most read buffers that the group may use at a time: at least those that
    /// are reserved for it and four for each of its engines, at most all that
    /// are not reserved for others. That is the default, too.
    pub read_buffers_allowed: u32,
    /// Whether read-buffer-limit holds for the group; 0, the default, or 1.
    pub use_read_buffer_limit: u32,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl Object for DsaGroup {
    type Attribute = DsaGroupAttr;
    fn read(attributes: Vec<DsaGroupAttr>) -> Result<Self, Malformed> {
        let mut id = None;
        let mut engines = None;
        let mut read_buffers_reserved = None;
        let mut read_buffers_allowed = None;
        let mut use_read_buffer_limit = None;
        let mut unknown = Vec::new();
        for attribute in attributes {
            match attribute {
                DsaGroupAttr::Id(value) => id = Some(value),
                DsaGroupAttr::Engines(value) => engines = Some(value),
                DsaGroupAttr::ReadBuffersReserved(value) => {
                    read_buffers_reserved = Some(value);
                }
                DsaGroupAttr::ReadBuffersAllowed(value) => {
                    read_buffers_allowed = Some(value);
                }
                DsaGroupAttr::UseReadBufferLimit(value) => {
                    use_read_buffer_limit = Some(value);
                }
                DsaGroupAttr::Unknown(value) => unknown.push(value),
            }
        }
        Ok(Self {
            id: needed(id, "id")?,
            engines: needed(engines, "engines")?,
            read_buffers_reserved: needed(
                read_buffers_reserved,
                "read-buffers-reserved",
            )?,
            read_buffers_allowed: needed(read_buffers_allowed, "read-buffers-allowed")?,
            use_read_buffer_limit: needed(
                use_read_buffer_limit,
                "use-read-buffer-limit",
            )?,
            unknown,
        })
    }
}
