// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

#[allow(clippy::wildcard_imports, unused_imports)]
use super::*;
#[allow(unused_imports)]
use crate::{
    Binary, attribute::{add, replace},
    value::U64,
};

/// In a request: What a subdev has of a work queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "it is a part of a request"]
pub struct SubdevWqRequest {
    pub(crate) attributes: Vec<SubdevWqAttr>,
}

impl SubdevWqRequest {
    /// With nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of the work queue on its parent. Left out in a request with a
    /// type, the driver takes the work queue with the most entries
    /// available.
    pub fn id(self, id: u32) -> Self {
        Self {
            attributes: replace(self.attributes, SubdevWqAttr::Id(id)),
        }
    }

    /// Entries of the virtual work queue: the subdev's share of the work
    /// queue. Default is the whole work queue, or an eighth of it in PASID
    /// mode "shared".
    pub fn size(self, size: u32) -> Self {
        Self {
            attributes: replace(self.attributes, SubdevWqAttr::Size(size)),
        }
    }
}
