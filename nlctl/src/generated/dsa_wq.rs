// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use crate::attribute::{Accepts, Attribute, AttributeInfo, AttributeSet, UnknownAttribute};
use crate::value::{Binary, Value};
use netlink_packet_core::{DecodeError, ErrorContext, Nla, NlaBuffer, Parseable};
use serde::Serialize;

/// Vendor part of a work queue of an Intel Data Streaming Accelerator.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct DsaWq {
    /// Entries that may be used through a limited portal in shared mode; at
    /// most the size, 0 by default. Of no effect in dedicated mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<u32>,
    /// Priority within its group; 1 is the lowest, 15 the highest, 8 the
    /// default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u32>,
    /// Number of the group that the work queue belongs to; it must have an
    /// engine. Default is 0. Like the size it can be changed only while no
    /// work queue of the parent is enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<u32>,
    /// Whether a descriptor may ask to wait until a fault is resolved; 0, the
    /// default, or 1 on a device that can (GENCAP). Subdevs with isolation
    /// "mediated" do not offer it: what the driver has translated does not
    /// fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_on_fault: Option<u32>,
    /// Largest transfer of one descriptor in bytes: a power of two from 4096
    /// to the parent's. Default is 2 MiB, or less if the device can do less.
    /// Subdevs on it have the same limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_transfer_size: Option<u64>,
    /// Largest number of descriptors in a batch: a power of two, at most the
    /// parent's. Default is 1. Subdevs with isolation "mediated" have no
    /// batches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_batch_size: Option<u32>,
    /// Operations that the work queue carries out, in the form of opcap of the
    /// parent. Default is all of the parent's. Can be set on a device that has
    /// such a mask (WQCAP), to operations that the parent has. A subdev has
    /// those that all of its work queues carry out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op_config: Option<Binary>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl From<Vec<DsaWqAttr>> for DsaWq {
    fn from(attributes: Vec<DsaWqAttr>) -> Self {
        let mut out = Self::default();
        for attribute in attributes {
            match attribute {
                DsaWqAttr::Threshold(value) => out.threshold = Some(value),
                DsaWqAttr::Priority(value) => out.priority = Some(value),
                DsaWqAttr::Group(value) => out.group = Some(value),
                DsaWqAttr::BlockOnFault(value) => out.block_on_fault = Some(value),
                DsaWqAttr::MaxTransferSize(value) => out.max_transfer_size = Some(value),
                DsaWqAttr::MaxBatchSize(value) => out.max_batch_size = Some(value),
                DsaWqAttr::OpConfig(value) => out.op_config = Some(value),
                DsaWqAttr::Unknown(unknown) => out.unknown.push(unknown),
            }
        }
        out
    }
}

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
    /// Subdevs on it have the same limit.
    MaxTransferSize(u64),
    /// Largest number of descriptors in a batch: a power of two, at most the
    /// parent's. Default is 1. Subdevs with isolation "mediated" have no
    /// batches.
    MaxBatchSize(u32),
    /// Operations that the work queue carries out, in the form of opcap of the
    /// parent. Default is all of the parent's. Can be set on a device that has
    /// such a mask (WQCAP), to operations that the parent has. A subdev has
    /// those that all of its work queues carry out.
    OpConfig(Binary),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Nla for DsaWqAttr {
    fn kind(&self) -> u16 {
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

    fn value_len(&self) -> usize {
        self.value().map_or(0, Value::length)
    }

    fn emit_value(&self, buffer: &mut [u8]) {
        if let Some(value) = self.value() {
            value.emit(buffer);
        }
    }
}

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for DsaWqAttr {
    fn parse(buffer: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        Ok(match buffer.kind() {
            1 => Self::Threshold(Value::parse(buffer.value()).context("attribute 'threshold'")?),
            2 => Self::Priority(Value::parse(buffer.value()).context("attribute 'priority'")?),
            3 => Self::Group(Value::parse(buffer.value()).context("attribute 'group'")?),
            4 => Self::BlockOnFault(
                Value::parse(buffer.value()).context("attribute 'block-on-fault'")?,
            ),
            5 => Self::MaxTransferSize(
                Value::parse(buffer.value()).context("attribute 'max-transfer-size'")?,
            ),
            6 => Self::MaxBatchSize(
                Value::parse(buffer.value()).context("attribute 'max-batch-size'")?,
            ),
            7 => Self::OpConfig(Value::parse(buffer.value()).context("attribute 'op-config'")?),
            _ => Self::Unknown(UnknownAttribute::from(buffer)),
        })
    }
}

impl Attribute for DsaWqAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "dsa-wq",
        attributes: &[
            AttributeInfo::new("threshold"),
            AttributeInfo::new("priority").accepts(Accepts::Range {
                min: Some(1),
                max: Some(15),
            }),
            AttributeInfo::new("group"),
            AttributeInfo::new("block-on-fault").accepts(Accepts::Range {
                min: None,
                max: Some(1),
            }),
            AttributeInfo::new("max-transfer-size"),
            AttributeInfo::new("max-batch-size"),
            AttributeInfo::new("op-config")
                .accepts(Accepts::Length {
                    min: Some(32),
                    max: Some(32),
                })
                .hex(),
        ],
    };

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
}
