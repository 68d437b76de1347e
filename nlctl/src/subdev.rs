// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is handy about subdevs beyond what the spec says.

use std::path::{Path, PathBuf};

use crate::attribute::Attribute as _;
use crate::generated::{
    Subdev, SubdevAttr, SubdevCreated, SubdevNew, SubdevSet, SubdevWqAttr, SubdevWqRequest,
};

/// The work queue of that number.
impl From<u32> for SubdevWqRequest {
    fn from(id: u32) -> Self {
        Self::new().id(id)
    }
}

impl SubdevNew {
    /// Uses `entries` entries of the work queue of that number; may be said more
    /// than once.
    pub fn wq_share(self, id: u32, entries: u32) -> Self {
        self.wq(SubdevWqRequest::new().id(id).size(entries))
    }

    /// Uses so many entries of each work queue that was said before without a
    /// size, or of the one that the kernel chooses.
    pub fn size(self, entries: u32) -> Self {
        self.on_each_wq(SubdevWqAttr::Size(entries))
    }

    /// Has bandwidth in proportion to this, beside others that have work for the
    /// same work queue, on each that was said before without a weight, or on
    /// the one that the kernel chooses.
    pub fn weight(self, weight: u32) -> Self {
        self.on_each_wq(SubdevWqAttr::Weight(weight))
    }

    /// Has at most so many bytes per second processed by each work queue that was
    /// said before without a cap, or by the one that the kernel chooses; 0 is
    /// no cap.
    pub fn max_rate(self, bytes: u64) -> Self {
        self.on_each_wq(SubdevWqAttr::MaxRate(bytes))
    }

    /// Adds what is to be said of each work queue, where it is not said yet.
    fn on_each_wq(mut self, what: SubdevWqAttr) -> Self {
        let mut said = false;
        for attribute in &mut self.0.attributes {
            if let SubdevAttr::Wq(wq) = attribute {
                said = true;
                if wq.iter().all(|it| it.number() != what.number()) {
                    wq.push(what.clone());
                }
            }
        }
        match said {
            true => self,
            false => self.wq(SubdevWqRequest {
                attributes: vec![what],
            }),
        }
    }
}

impl SubdevSet {
    /// Has `entries` entries of the work queue of that number from now on; may be
    /// said more than once.
    pub fn wq_share(self, id: u32, entries: u32) -> Self {
        self.wq(SubdevWqRequest::new().id(id).size(entries))
    }
}

impl SubdevCreated {
    /// The node of its VFIO group, for example `/dev/vfio/3`.
    pub fn vfio_group_path(&self) -> Option<PathBuf> {
        let group = self.iommu_group?;
        Some(Path::new("/dev/vfio").join(group.to_string()))
    }
}

impl Subdev {
    /// The node of its VFIO group, for example `/dev/vfio/3`.
    pub fn vfio_group_path(&self) -> Option<PathBuf> {
        let group = self.iommu_group?;
        Some(Path::new("/dev/vfio").join(group.to_string()))
    }

    /// The node of its VFIO device, for example `/dev/vfio/devices/vfio0`, on a
    /// kernel that has such nodes.
    pub fn vfio_device_path(&self) -> Option<PathBuf> {
        let device = self.vfio_device.as_ref()?;
        Some(Path::new("/dev/vfio/devices").join(device))
    }
}
