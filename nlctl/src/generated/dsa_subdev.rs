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

/// One attribute of the set "dsa-subdev".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DsaSubdevAttr {
    /// Largest transfer of one descriptor in bytes (GENCAP, WQCFG): a power of
    /// two from 4096 to the smallest of its work queues', or 0 in a request
    /// for that.
    MaxTransferSize(u64),
    /// Largest number of descriptors in a batch: a power of two, at most the
    /// smallest of its work queues', or 0 in a request for that.
    MaxBatchSize(u32),
    /// Operations that its user can have carried out (OPCAP), in the form of
    /// opcap of the parent: some of those that all of its work queues carry
    /// out and that the isolation allows, or none in a request for all of
    /// these.
    OpConfig(Binary),
    /// How its user submits to its portals. Absent is "polled".
    Portal(Portal),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Attribute for DsaSubdevAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "dsa-subdev",
        attributes: &[
            AttributeInfo::new(
                "max-transfer-size",
                Kind::Uint,
                "Largest transfer of one descriptor in bytes (GENCAP, WQCFG): a power of\ntwo from 4096 to the smallest of its work queues', or 0 in a request\nfor that.",
            ),
            AttributeInfo::new(
                "max-batch-size",
                Kind::U32,
                "Largest number of descriptors in a batch: a power of two, at most the\nsmallest of its work queues', or 0 in a request for that.",
            ),
            AttributeInfo::new(
                    "op-config",
                    Kind::Binary,
                    "Operations that its user can have carried out (OPCAP), in the form of\nopcap of the parent: some of those that all of its work queues carry\nout and that the isolation allows, or none in a request for all of\nthese.",
                )
                .accepts(Accepts::Length {
                    min: Some(32),
                    max: Some(32),
                })
                .hex(),
            AttributeInfo::new(
                    "portal",
                    Kind::U32,
                    "How its user submits to its portals. Absent is \"polled\".",
                )
                .accepts(Accepts::Names(Portal::NAMES)),
        ],
    };
    fn number(&self) -> u16 {
        match self {
            Self::MaxTransferSize(_) => 1,
            Self::MaxBatchSize(_) => 2,
            Self::OpConfig(_) => 3,
            Self::Portal(_) => 4,
            Self::Unknown(unknown) => unknown.kind,
        }
    }

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::MaxTransferSize(value) => Some(value),
            Self::MaxBatchSize(value) => Some(value),
            Self::OpConfig(value) => Some(value),
            Self::Portal(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }

    fn parse(number: u16, value: &[u8]) -> Result<Self, Malformed> {
        Ok(
            match number {
                1 => Self::MaxTransferSize(Value::parse(value)?),
                2 => Self::MaxBatchSize(Value::parse(value)?),
                3 => Self::OpConfig(Value::parse(value)?),
                4 => Self::Portal(Value::parse(value)?),
                unknown => Self::Unknown(UnknownAttribute::new(unknown, value)),
            },
        )
    }
}

/// Vendor part of a subdev of an Intel Data Streaming Accelerator: what was
/// asked for. Absent is what is as its work queues have it; in a request 0,
/// or a mask of zeroes, takes back to that what was asked for. Where they
/// have less by the time that the subdev is activated, its user gets that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct DsaSubdev {
    /// Largest transfer of one descriptor in bytes (GENCAP, WQCFG): a power of
    /// two from 4096 to the smallest of its work queues', or 0 in a request
    /// for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_transfer_size: Option<u64>,
    /// Largest number of descriptors in a batch: a power of two, at most the
    /// smallest of its work queues', or 0 in a request for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_batch_size: Option<u32>,
    /// Operations that its user can have carried out (OPCAP), in the form of
    /// opcap of the parent: some of those that all of its work queues carry
    /// out and that the isolation allows, or none in a request for all of
    /// these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op_config: Option<Binary>,
    /// How its user submits to its portals. Absent is "polled".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub portal: Option<Portal>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl Object for DsaSubdev {
    type Attribute = DsaSubdevAttr;
    fn read(attributes: Vec<DsaSubdevAttr>) -> Result<Self, Malformed> {
        let mut max_transfer_size = None;
        let mut max_batch_size = None;
        let mut op_config = None;
        let mut portal = None;
        let mut unknown = Vec::new();
        for attribute in attributes {
            match attribute {
                DsaSubdevAttr::MaxTransferSize(value) => max_transfer_size = Some(value),
                DsaSubdevAttr::MaxBatchSize(value) => max_batch_size = Some(value),
                DsaSubdevAttr::OpConfig(value) => op_config = Some(value),
                DsaSubdevAttr::Portal(value) => portal = Some(value),
                DsaSubdevAttr::Unknown(value) => unknown.push(value),
            }
        }
        Ok(Self {
            max_transfer_size,
            max_batch_size,
            op_config,
            portal,
            unknown,
        })
    }
}
