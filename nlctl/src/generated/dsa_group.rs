// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use crate::attribute::{Accepts, Attribute, AttributeInfo, AttributeSet, UnknownAttribute};
use crate::value::Value;
use netlink_packet_core::{DecodeError, ErrorContext, Nla, NlaBuffer, Parseable};
use serde::Serialize;

/// A group of an Intel Data Streaming Accelerator: its engines serve the work
/// queues that are in it. By default all work queues and engines are in group
/// 0. A group with work queues has at least one engine; the engines of one
/// without work queues do nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct DsaGroup {
    /// Number of the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
    /// Engines of the group; bit n is engine n. An engine is in one group at
    /// most, so that one that is to be in another is taken out of the first
    /// in the same request or before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engines: Option<u64>,
    /// Read buffers that no other group may use; 0 is the default. At most
    /// what other groups leave of read-buffer-count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_buffers_reserved: Option<u32>,
    /// Most read buffers that the group may use at a time: at least those that
    /// are reserved for it and four for each of its engines, at most all that
    /// are not reserved for others. That is the default, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_buffers_allowed: Option<u32>,
    /// Whether read-buffer-limit holds for the group; 0, the default, or 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_read_buffer_limit: Option<u32>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl From<Vec<DsaGroupAttr>> for DsaGroup {
    fn from(attributes: Vec<DsaGroupAttr>) -> Self {
        let mut out = Self::default();
        for attribute in attributes {
            match attribute {
                DsaGroupAttr::Id(value) => out.id = Some(value),
                DsaGroupAttr::Engines(value) => out.engines = Some(value),
                DsaGroupAttr::ReadBuffersReserved(value) => out.read_buffers_reserved = Some(value),
                DsaGroupAttr::ReadBuffersAllowed(value) => out.read_buffers_allowed = Some(value),
                DsaGroupAttr::UseReadBufferLimit(value) => out.use_read_buffer_limit = Some(value),
                DsaGroupAttr::Unknown(unknown) => out.unknown.push(unknown),
            }
        }
        out
    }
}

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

impl Nla for DsaGroupAttr {
    fn kind(&self) -> u16 {
        match self {
            Self::Id(_) => 1,
            Self::Engines(_) => 2,
            Self::ReadBuffersReserved(_) => 3,
            Self::ReadBuffersAllowed(_) => 4,
            Self::UseReadBufferLimit(_) => 5,
            Self::Unknown(unknown) => unknown.kind,
        }
    }

    fn value_len(&self) -> usize {
        self.value().map_or(0, Value::length)
    }

    fn emit_value(&self, buffer: &mut [u8]) {
        if let Some(value) = self.value() {
            value.emit(buffer);
        }
    }
}

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for DsaGroupAttr {
    fn parse(buffer: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        Ok(match buffer.kind() {
            1 => Self::Id(Value::parse(buffer.value()).context("attribute 'id'")?),
            2 => Self::Engines(Value::parse(buffer.value()).context("attribute 'engines'")?),
            3 => Self::ReadBuffersReserved(
                Value::parse(buffer.value()).context("attribute 'read-buffers-reserved'")?,
            ),
            4 => Self::ReadBuffersAllowed(
                Value::parse(buffer.value()).context("attribute 'read-buffers-allowed'")?,
            ),
            5 => Self::UseReadBufferLimit(
                Value::parse(buffer.value()).context("attribute 'use-read-buffer-limit'")?,
            ),
            _ => Self::Unknown(UnknownAttribute::from(buffer)),
        })
    }
}

impl Attribute for DsaGroupAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "dsa-group",
        attributes: &[
            AttributeInfo::new("id"),
            AttributeInfo::new("engines").hex(),
            AttributeInfo::new("read-buffers-reserved"),
            AttributeInfo::new("read-buffers-allowed"),
            AttributeInfo::new("use-read-buffer-limit").accepts(Accepts::Range {
                min: None,
                max: Some(1),
            }),
        ],
    };

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
}
