// SPDX-License-Identifier: MIT OR Apache-2.0
//! What `dsa-nl -j` prints, as far as the scenarios look into it.
//!
//! Keys are the attributes of `spec/subdev.yaml`. Unknown keys are no error:
//! attributes come in over time.

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::vfio::Location;

/// A parent.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the spec documents its attributes")]
pub struct Parent {
    pub index: u32,
    pub name: String,
    pub bus: String,
    pub device: String,
    pub state: String,
    pub capabilities: Vec<String>,
    pub wq_count: u32,
    pub subdev_count: u32,
    pub owner: Option<String>,
    pub dsa_parent: DsaParent,
}

/// What only a DSA has of a parent.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the spec documents its attributes")]
pub struct DsaParent {
    pub version: u32,
    pub max_transfer_size: u64,
    pub group_count: u32,
    pub engine_count: u32,
    pub wq_capacity: u32,
}

/// A work queue.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the spec documents its attributes")]
pub struct Wq {
    pub parent_index: u32,
    pub parent: String,
    pub id: u32,
    pub state: String,
    pub mode: String,
    pub size: u32,
    pub available: u32,
    pub pasid_mode: Option<String>,
    pub subdev_count: u32,
    #[serde(default)]
    pub subdev: Vec<u32>,
    pub dsa_wq: Option<DsaWq>,
}

/// What only a DSA has of a work queue.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the spec documents its attributes")]
pub struct DsaWq {
    pub threshold: u32,
    pub priority: u32,
    pub group: u32,
}

/// A type.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the spec documents its attributes")]
pub struct Type {
    pub parent_index: u32,
    pub parent: String,
    pub name: String,
    pub pasid_mode: String,
    pub isolation: String,
    pub max_instances: u32,
    pub available_instances: u32,
    pub missing_prerequisite: Option<String>,
    pub description: String,
}

/// A subdev.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the spec documents its attributes")]
pub struct Subdev {
    pub index: u32,
    pub name: String,
    pub uuid: String,
    pub parent_index: u32,
    pub parent: String,
    pub wq: Vec<SubdevWq>,
    pub pasid_mode: String,
    pub isolation: String,
    pub state: String,
    pub opstate: String,
    pub auxiliary_device: Option<String>,
    pub iommu_group: Option<u32>,
    pub vfio_device: Option<String>,
    pub face: String,
}

/// What a subdev has of a work queue.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the spec documents its attributes")]
pub struct SubdevWq {
    pub id: u32,
    pub size: u32,
    pub weight: u32,
    pub max_rate: Option<u64>,
}

impl Subdev {
    /// The numbers of its work queues.
    pub fn wqs(&self) -> Vec<u32> {
        self.wq.iter().map(|wq| wq.id).collect()
    }

    /// Entries of each of its virtual work queues.
    pub fn sizes(&self) -> Vec<u32> {
        self.wq.iter().map(|wq| wq.size).collect()
    }

    /// What it does not cease to be.
    pub fn identity(&self) -> (u32, &str, Vec<u32>) {
        (self.index, &self.uuid, self.wqs())
    }

    /// Entries of its first virtual work queue.
    pub fn size(&self) -> u32 {
        self.wq.first().map_or(0, |wq| wq.size)
    }

    /// Where a VFIO program finds it.
    pub fn location(&self) -> Result<Location> {
        let missing = |what| format!("the subdev {} has no {what}", self.name);
        let group = self.iommu_group;
        // A mediated device has the UUID as its name.
        let device = match self.face.as_str() {
            "mdev" => Some(&self.uuid),
            _ => self.auxiliary_device.as_ref(),
        };
        let group = group.with_context(|| missing("IOMMU group"))?;
        Ok(Location {
            group: format!("/dev/vfio/{group}").into(),
            device: device.with_context(|| missing("auxiliary device"))?.clone(),
        })
    }
}
