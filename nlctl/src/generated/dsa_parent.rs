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

impl Attribute for DsaParentAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "dsa-parent",
        attributes: &[
            AttributeInfo::new(
                    "version",
                    Kind::U32,
                    "VERSION register; 0x100 is DSA 1.0 (srctree drivers/dma/idxd/registers.h).",
                )
                .hex(),
            AttributeInfo::new(
                "max-transfer-size",
                Kind::Uint,
                "Largest transfer of one descriptor in bytes (GENCAP).",
            ),
            AttributeInfo::new(
                "max-batch-size",
                Kind::U32,
                "Largest number of descriptors in a batch (GENCAP).",
            ),
            AttributeInfo::new(
                    "opcap",
                    Kind::Binary,
                    "OPCAP registers, 256 bits, little-endian; bit n is operation code n.",
                )
                .accepts(Accepts::Length {
                    min: Some(32),
                    max: Some(32),
                })
                .hex(),
            AttributeInfo::new("group-count", Kind::U32, "Number of groups."),
            AttributeInfo::new("engine-count", Kind::U32, "Number of engines."),
            AttributeInfo::new(
                "wq-capacity",
                Kind::U32,
                "Number of entries that all work queues have together.",
            ),
            AttributeInfo::new(
                "read-buffer-count",
                Kind::U32,
                "Number of read buffers that all groups have together (GRPCAP).",
            ),
            AttributeInfo::new(
                "read-buffer-limit",
                Kind::U32,
                "Most read buffers that a group may use at a time whose\nuse-read-buffer-limit is 1; at most read-buffer-count. 0, the default,\nis no limit. Can be set on a device that has such a limit (GRPCAP).",
            ),
            AttributeInfo::new(
                    "group",
                    Kind::Nest,
                    "A group: what of the device serves the work queues in it. A request\nnames it by its id; what it does not give stays, and so do the groups\nthat it leaves out.",
                )
                .many()
                .nested(DsaGroupAttr::SET),
        ],
    };
    fn number(&self) -> u16 {
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
            Self::Group(_) => 10,
            Self::Unknown(unknown) => unknown.kind,
        }
    }

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

    fn parse(number: u16, value: &[u8]) -> Result<Self, Malformed> {
        Ok(
            match number {
                1 => Self::Version(Value::parse(value)?),
                2 => Self::MaxTransferSize(Value::parse(value)?),
                3 => Self::MaxBatchSize(Value::parse(value)?),
                4 => Self::Opcap(Value::parse(value)?),
                5 => Self::GroupCount(Value::parse(value)?),
                6 => Self::EngineCount(Value::parse(value)?),
                7 => Self::WqCapacity(Value::parse(value)?),
                8 => Self::ReadBufferCount(Value::parse(value)?),
                9 => Self::ReadBufferLimit(Value::parse(value)?),
                10 => Self::Group(Value::parse(value)?),
                unknown => Self::Unknown(UnknownAttribute::new(unknown, value)),
            },
        )
    }
}

/// Vendor part of a parent that is an Intel Data Streaming Accelerator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct DsaParent {
    /// VERSION register; 0x100 is DSA 1.0 (srctree drivers/dma/idxd/registers.h).
    pub version: u32,
    /// Largest transfer of one descriptor in bytes (GENCAP).
    pub max_transfer_size: u64,
    /// Largest number of descriptors in a batch (GENCAP).
    pub max_batch_size: u32,
    /// OPCAP registers, 256 bits, little-endian; bit n is operation code n.
    pub opcap: Binary,
    /// Number of groups.
    pub group_count: u32,
    /// Number of engines.
    pub engine_count: u32,
    /// Number of entries that all work queues have together.
    pub wq_capacity: u32,
    /// Number of read buffers that all groups have together (GRPCAP).
    pub read_buffer_count: u32,
    /// Most read buffers that a group may use at a time whose
    /// use-read-buffer-limit is 1; at most read-buffer-count. 0, the default,
    /// is no limit. Can be set on a device that has such a limit (GRPCAP).
    pub read_buffer_limit: u32,
    /// A group: what of the device serves the work queues in it. A request
    /// names it by its id; what it does not give stays, and so do the groups
    /// that it leaves out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub group: Vec<DsaGroup>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl Object for DsaParent {
    type Attribute = DsaParentAttr;
    fn read(attributes: Vec<DsaParentAttr>) -> Result<Self, Malformed> {
        let mut version = None;
        let mut max_transfer_size = None;
        let mut max_batch_size = None;
        let mut opcap = None;
        let mut group_count = None;
        let mut engine_count = None;
        let mut wq_capacity = None;
        let mut read_buffer_count = None;
        let mut read_buffer_limit = None;
        let mut group = Vec::new();
        let mut unknown = Vec::new();
        for attribute in attributes {
            match attribute {
                DsaParentAttr::Version(value) => version = Some(value),
                DsaParentAttr::MaxTransferSize(value) => max_transfer_size = Some(value),
                DsaParentAttr::MaxBatchSize(value) => max_batch_size = Some(value),
                DsaParentAttr::Opcap(value) => opcap = Some(value),
                DsaParentAttr::GroupCount(value) => group_count = Some(value),
                DsaParentAttr::EngineCount(value) => engine_count = Some(value),
                DsaParentAttr::WqCapacity(value) => wq_capacity = Some(value),
                DsaParentAttr::ReadBufferCount(value) => read_buffer_count = Some(value),
                DsaParentAttr::ReadBufferLimit(value) => read_buffer_limit = Some(value),
                DsaParentAttr::Group(value) => group.push(Object::read(value)?),
                DsaParentAttr::Unknown(value) => unknown.push(value),
            }
        }
        Ok(Self {
            version: needed(version, "version")?,
            max_transfer_size: needed(max_transfer_size, "max-transfer-size")?,
            max_batch_size: needed(max_batch_size, "max-batch-size")?,
            opcap: needed(opcap, "opcap")?,
            group_count: needed(group_count, "group-count")?,
            engine_count: needed(engine_count, "engine-count")?,
            wq_capacity: needed(wq_capacity, "wq-capacity")?,
            read_buffer_count: needed(read_buffer_count, "read-buffer-count")?,
            read_buffer_limit: needed(read_buffer_limit, "read-buffer-limit")?,
            group,
            unknown,
        })
    }
}
