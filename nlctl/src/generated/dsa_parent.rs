// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use super::{DsaGroup, DsaGroupAttr};
use crate::attribute::{Accepts, Attribute, AttributeInfo, AttributeSet, UnknownAttribute};
use crate::value::{Binary, Value};
use netlink_packet_core::{DecodeError, ErrorContext, NLA_F_NESTED, Nla, NlaBuffer, Parseable};
use serde::Serialize;

/// Vendor part of a parent that is an Intel Data Streaming Accelerator.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct DsaParent {
    /// VERSION register; 0x100 is DSA 1.0 (srctree drivers/dma/idxd/registers.h).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Largest transfer of one descriptor in bytes (GENCAP).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_transfer_size: Option<u64>,
    /// Largest number of descriptors in a batch (GENCAP).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_batch_size: Option<u32>,
    /// OPCAP registers, 256 bits, little-endian; bit n is operation code n.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opcap: Option<Binary>,
    /// Number of groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_count: Option<u32>,
    /// Number of engines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine_count: Option<u32>,
    /// Number of entries that all work queues have together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wq_capacity: Option<u32>,
    /// Number of read buffers that all groups have together (GRPCAP).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_buffer_count: Option<u32>,
    /// Most read buffers that a group may use at a time whose
    /// use-read-buffer-limit is 1; at most read-buffer-count. 0, the default,
    /// is no limit. Can be set on a device that has such a limit (GRPCAP).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_buffer_limit: Option<u32>,
    /// A group: what of the device serves the work queues in it. A request
    /// names it by its id; what it does not give stays, and so do the groups
    /// that it leaves out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub group: Vec<DsaGroup>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl From<Vec<DsaParentAttr>> for DsaParent {
    fn from(attributes: Vec<DsaParentAttr>) -> Self {
        let mut out = Self::default();
        for attribute in attributes {
            match attribute {
                DsaParentAttr::Version(value) => out.version = Some(value),
                DsaParentAttr::MaxTransferSize(value) => out.max_transfer_size = Some(value),
                DsaParentAttr::MaxBatchSize(value) => out.max_batch_size = Some(value),
                DsaParentAttr::Opcap(value) => out.opcap = Some(value),
                DsaParentAttr::GroupCount(value) => out.group_count = Some(value),
                DsaParentAttr::EngineCount(value) => out.engine_count = Some(value),
                DsaParentAttr::WqCapacity(value) => out.wq_capacity = Some(value),
                DsaParentAttr::ReadBufferCount(value) => out.read_buffer_count = Some(value),
                DsaParentAttr::ReadBufferLimit(value) => out.read_buffer_limit = Some(value),
                DsaParentAttr::Group(inner) => out.group.push(inner.into()),
                DsaParentAttr::Unknown(unknown) => out.unknown.push(unknown),
            }
        }
        out
    }
}

/// One attribute of the set "dsa-parent".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DsaParentAttr {
    /// VERSION register; 0x100 is DSA 1.0 (srctree drivers/dma/idxd/registers.h).
    Version(u32),
    /// Largest transfer of one descriptor in bytes (GENCAP).
    MaxTransferSize(u64),
    /// Largest number of descriptors in a batch (GENCAP).
    MaxBatchSize(u32),
    /// OPCAP registers, 256 bits, little-endian; bit n is operation code n.
    Opcap(Binary),
    /// Number of groups.
    GroupCount(u32),
    /// Number of engines.
    EngineCount(u32),
    /// Number of entries that all work queues have together.
    WqCapacity(u32),
    /// Number of read buffers that all groups have together (GRPCAP).
    ReadBufferCount(u32),
    /// Most read buffers that a group may use at a time whose
    /// use-read-buffer-limit is 1; at most read-buffer-count. 0, the default,
    /// is no limit. Can be set on a device that has such a limit (GRPCAP).
    ReadBufferLimit(u32),
    /// A group: what of the device serves the work queues in it. A request
    /// names it by its id; what it does not give stays, and so do the groups
    /// that it leaves out.
    Group(Vec<DsaGroupAttr>),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Nla for DsaParentAttr {
    fn kind(&self) -> u16 {
        match self {
            Self::Version(_) => 1,
            Self::MaxTransferSize(_) => 2,
            Self::MaxBatchSize(_) => 3,
            Self::Opcap(_) => 4,
            Self::GroupCount(_) => 5,
            Self::EngineCount(_) => 6,
            Self::WqCapacity(_) => 7,
            Self::ReadBufferCount(_) => 8,
            Self::ReadBufferLimit(_) => 9,
            Self::Group(_) => 10 | NLA_F_NESTED,
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

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for DsaParentAttr {
    fn parse(buffer: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        Ok(match buffer.kind() {
            1 => Self::Version(Value::parse(buffer.value()).context("attribute 'version'")?),
            2 => Self::MaxTransferSize(
                Value::parse(buffer.value()).context("attribute 'max-transfer-size'")?,
            ),
            3 => Self::MaxBatchSize(
                Value::parse(buffer.value()).context("attribute 'max-batch-size'")?,
            ),
            4 => Self::Opcap(Value::parse(buffer.value()).context("attribute 'opcap'")?),
            5 => Self::GroupCount(Value::parse(buffer.value()).context("attribute 'group-count'")?),
            6 => {
                Self::EngineCount(Value::parse(buffer.value()).context("attribute 'engine-count'")?)
            }
            7 => Self::WqCapacity(Value::parse(buffer.value()).context("attribute 'wq-capacity'")?),
            8 => Self::ReadBufferCount(
                Value::parse(buffer.value()).context("attribute 'read-buffer-count'")?,
            ),
            9 => Self::ReadBufferLimit(
                Value::parse(buffer.value()).context("attribute 'read-buffer-limit'")?,
            ),
            10 => Self::Group(Value::parse(buffer.value()).context("attribute 'group'")?),
            _ => Self::Unknown(UnknownAttribute::from(buffer)),
        })
    }
}

impl Attribute for DsaParentAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "dsa-parent",
        attributes: &[
            AttributeInfo::new("version").hex(),
            AttributeInfo::new("max-transfer-size"),
            AttributeInfo::new("max-batch-size"),
            AttributeInfo::new("opcap")
                .accepts(Accepts::Length {
                    min: Some(32),
                    max: Some(32),
                })
                .hex(),
            AttributeInfo::new("group-count"),
            AttributeInfo::new("engine-count"),
            AttributeInfo::new("wq-capacity"),
            AttributeInfo::new("read-buffer-count"),
            AttributeInfo::new("read-buffer-limit"),
            AttributeInfo::new("group").nested(DsaGroupAttr::SET),
        ],
    };

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::Version(value) => Some(value),
            Self::MaxTransferSize(value) => Some(value),
            Self::MaxBatchSize(value) => Some(value),
            Self::Opcap(value) => Some(value),
            Self::GroupCount(value) => Some(value),
            Self::EngineCount(value) => Some(value),
            Self::WqCapacity(value) => Some(value),
            Self::ReadBufferCount(value) => Some(value),
            Self::ReadBufferLimit(value) => Some(value),
            Self::Group(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }
}
