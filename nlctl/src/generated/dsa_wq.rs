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

/// One attribute of the set "dsa-wq".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DsaWqAttr {
    /// Entries that may be used through a limited portal in shared mode; at
    /// most the size, 0 by default. Of no effect in dedicated mode.
    Threshold(u32),
    /// Priority within its group; 1 is the lowest, 15 the highest, 8 the
    /// default.
    Priority(u32),
    /// Number of the group that the work queue belongs to; it must have an
    /// engine. Default is 0. Like the size it can be changed only while no
    /// work queue of the parent is enabled.
    Group(u32),
    /// Whether a descriptor may ask to wait until a fault is resolved; 0, the
    /// default, or 1 on a device that can (GENCAP). Subdevs with isolation
    /// "mediated" do not offer it: what the driver has translated does not
    /// fault.
    BlockOnFault(u32),
    /// Largest transfer of one descriptor in bytes: a power of two from 4096
    /// to the parent's. Default is 2 MiB, or less if the device can do less.
    /// Subdevs on it have the same limit, or a smaller one of their own.
    MaxTransferSize(u64),
    /// Largest number of descriptors in a batch: a power of two, at most the
    /// parent's. Default is 32, or less if the device can do less. Subdevs on
    /// it have the same limit, or a smaller one of their own.
    MaxBatchSize(u32),
    /// Operations that the work queue carries out, in the form of opcap of the
    /// parent. Default is all of the parent's. Can be set on a device that has
    /// such a mask (WQCAP), to operations that the parent has. A subdev has
    /// those that all of its work queues carry out, or some of these.
    OpConfig(Binary),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Attribute for DsaWqAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "dsa-wq",
        attributes: &[
            AttributeInfo::new(
                "threshold",
                Kind::U32,
                "Entries that may be used through a limited portal in shared mode; at\nmost the size, 0 by default. Of no effect in dedicated mode.",
            ),
            AttributeInfo::new(
                    "priority",
                    Kind::U32,
                    "Priority within its group; 1 is the lowest, 15 the highest, 8 the\ndefault.",
                )
                .accepts(Accepts::Range {
                    min: Some(1),
                    max: Some(15),
                }),
            AttributeInfo::new(
                "group",
                Kind::U32,
                "Number of the group that the work queue belongs to; it must have an\nengine. Default is 0. Like the size it can be changed only while no\nwork queue of the parent is enabled.",
            ),
            AttributeInfo::new(
                    "block-on-fault",
                    Kind::U32,
                    "Whether a descriptor may ask to wait until a fault is resolved; 0, the\ndefault, or 1 on a device that can (GENCAP). Subdevs with isolation\n\"mediated\" do not offer it: what the driver has translated does not\nfault.",
                )
                .accepts(Accepts::Range {
                    min: None,
                    max: Some(1),
                }),
            AttributeInfo::new(
                "max-transfer-size",
                Kind::Uint,
                "Largest transfer of one descriptor in bytes: a power of two from 4096\nto the parent's. Default is 2 MiB, or less if the device can do less.\nSubdevs on it have the same limit, or a smaller one of their own.",
            ),
            AttributeInfo::new(
                "max-batch-size",
                Kind::U32,
                "Largest number of descriptors in a batch: a power of two, at most the\nparent's. Default is 32, or less if the device can do less. Subdevs on\nit have the same limit, or a smaller one of their own.",
            ),
            AttributeInfo::new(
                    "op-config",
                    Kind::Binary,
                    "Operations that the work queue carries out, in the form of opcap of the\nparent. Default is all of the parent's. Can be set on a device that has\nsuch a mask (WQCAP), to operations that the parent has. A subdev has\nthose that all of its work queues carry out, or some of these.",
                )
                .accepts(Accepts::Length {
                    min: Some(32),
                    max: Some(32),
                })
                .hex(),
        ],
    };
    fn number(&self) -> u16 {
        match self {
            Self::Threshold(_) => 1,
            Self::Priority(_) => 2,
            Self::Group(_) => 3,
            Self::BlockOnFault(_) => 4,
            Self::MaxTransferSize(_) => 5,
            Self::MaxBatchSize(_) => 6,
            Self::OpConfig(_) => 7,
            Self::Unknown(unknown) => unknown.kind,
        }
    }

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::Threshold(value) => Some(value),
            Self::Priority(value) => Some(value),
            Self::Group(value) => Some(value),
            Self::BlockOnFault(value) => Some(value),
            Self::MaxTransferSize(value) => Some(value),
            Self::MaxBatchSize(value) => Some(value),
            Self::OpConfig(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }

    fn parse(number: u16, value: &[u8]) -> Result<Self, Malformed> {
        Ok(
            match number {
                1 => Self::Threshold(Value::parse(value)?),
                2 => Self::Priority(Value::parse(value)?),
                3 => Self::Group(Value::parse(value)?),
                4 => Self::BlockOnFault(Value::parse(value)?),
                5 => Self::MaxTransferSize(Value::parse(value)?),
                6 => Self::MaxBatchSize(Value::parse(value)?),
                7 => Self::OpConfig(Value::parse(value)?),
                unknown => Self::Unknown(UnknownAttribute::new(unknown, value)),
            },
        )
    }
}

/// Vendor part of a work queue of an Intel Data Streaming Accelerator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct DsaWq {
    /// Entries that may be used through a limited portal in shared mode; at
    /// most the size, 0 by default. Of no effect in dedicated mode.
    pub threshold: u32,
    /// Priority within its group; 1 is the lowest, 15 the highest, 8 the
    /// default.
    pub priority: u32,
    /// Number of the group that the work queue belongs to; it must have an
    /// engine. Default is 0. Like the size it can be changed only while no
    /// work queue of the parent is enabled.
    pub group: u32,
    /// Whether a descriptor may ask to wait until a fault is resolved; 0, the
    /// default, or 1 on a device that can (GENCAP). Subdevs with isolation
    /// "mediated" do not offer it: what the driver has translated does not
    /// fault.
    pub block_on_fault: u32,
    /// Largest transfer of one descriptor in bytes: a power of two from 4096
    /// to the parent's. Default is 2 MiB, or less if the device can do less.
    /// Subdevs on it have the same limit, or a smaller one of their own.
    pub max_transfer_size: u64,
    /// Largest number of descriptors in a batch: a power of two, at most the
    /// parent's. Default is 32, or less if the device can do less. Subdevs on
    /// it have the same limit, or a smaller one of their own.
    pub max_batch_size: u32,
    /// Operations that the work queue carries out, in the form of opcap of the
    /// parent. Default is all of the parent's. Can be set on a device that has
    /// such a mask (WQCAP), to operations that the parent has. A subdev has
    /// those that all of its work queues carry out, or some of these.
    pub op_config: Binary,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl Object for DsaWq {
    type Attribute = DsaWqAttr;
    fn read(attributes: Vec<DsaWqAttr>) -> Result<Self, Malformed> {
        let mut threshold = None;
        let mut priority = None;
        let mut group = None;
        let mut block_on_fault = None;
        let mut max_transfer_size = None;
        let mut max_batch_size = None;
        let mut op_config = None;
        let mut unknown = Vec::new();
        for attribute in attributes {
            match attribute {
                DsaWqAttr::Threshold(value) => threshold = Some(value),
                DsaWqAttr::Priority(value) => priority = Some(value),
                DsaWqAttr::Group(value) => group = Some(value),
                DsaWqAttr::BlockOnFault(value) => block_on_fault = Some(value),
                DsaWqAttr::MaxTransferSize(value) => max_transfer_size = Some(value),
                DsaWqAttr::MaxBatchSize(value) => max_batch_size = Some(value),
                DsaWqAttr::OpConfig(value) => op_config = Some(value),
                DsaWqAttr::Unknown(value) => unknown.push(value),
            }
        }
        Ok(Self {
            threshold: needed(threshold, "threshold")?,
            priority: needed(priority, "priority")?,
            group: needed(group, "group")?,
            block_on_fault: needed(block_on_fault, "block-on-fault")?,
            max_transfer_size: needed(max_transfer_size, "max-transfer-size")?,
            max_batch_size: needed(max_batch_size, "max-batch-size")?,
            op_config: needed(op_config, "op-config")?,
            unknown,
        })
    }
}
