// SPDX-License-Identifier: MIT OR Apache-2.0

//! Requests about subdevs.

mod add;
mod del;
mod reset;
mod set;
mod stats;

pub use add::Add;
pub use del::Del;
pub use reset::{Drain, Reset};
pub use set::Set;

use std::path::{Path, PathBuf};

use crate::connection::Handle;
use crate::generated::{AdminState, Opstate, Subdev, SubdevAttr, SubdevCreated, SubdevWqAttr};
use crate::id::{Id, ParentRef};
use crate::parent::OnParent;
use crate::request::{Dump, Get};

/// Requests about subdevs: the virtual devices.
#[derive(Debug, Clone)]
pub struct SubdevHandle(Handle);

impl SubdevHandle {
    pub(crate) fn new(handle: Handle) -> Self {
        Self(handle)
    }

    /// Creates a subdev, or several; needs a work queue or a type, and a parent unless there
    /// is only one.
    pub fn add(&self) -> Add {
        Add::new(self.0.clone())
    }

    /// Changes a subdev.
    pub fn set(&self, id: impl Into<Id>) -> Set {
        Set::new(self.0.clone(), attribute(id.into()))
    }

    /// Deletes a subdev.
    pub fn del(&self, id: impl Into<Id>) -> Del {
        Del::new(self.0.clone(), attribute(id.into()))
    }

    /// Resets a subdev as its VFIO user could: its virtual device is disabled,
    /// and its work in flight discarded.
    pub fn reset(&self, id: impl Into<Id>) -> Reset {
        Reset::new(self.0.clone(), attribute(id.into()))
    }

    /// Waits until a subdev has completed what was submitted to it so far.
    pub fn drain(&self, id: impl Into<Id>) -> Drain {
        Drain::new(self.0.clone(), attribute(id.into()))
    }

    /// Gets one subdev.
    pub fn get(&self, id: impl Into<Id>) -> Get<Subdev> {
        Get::new(self.0.clone(), vec![attribute(id.into())])
    }

    /// Gets the subdevs of all parents.
    pub fn dump(&self) -> Dump<Subdev> {
        Dump::new(self.0.clone()).reconciled(|state| state.subdevs)
    }
}

fn attribute(id: Id) -> SubdevAttr {
    match id {
        Id::Index(index) => SubdevAttr::Index(index),
        Id::Name(name) => SubdevAttr::Name(name),
        Id::Uuid(uuid) => SubdevAttr::Uuid(uuid),
    }
}

impl Dump<Subdev> {
    /// Only the subdevs of that parent.
    pub fn parent(self, parent: impl Into<ParentRef>) -> Self {
        self.on(on_parent(Some(parent.into())))
    }

    /// Only those that use the work queue of that number; said more than once,
    /// one of those.
    pub fn wq(self, id: u32) -> Self {
        self.with(SubdevAttr::Wq(vec![SubdevWqAttr::Id(id)]))
    }

    /// Only those of the type of that name.
    pub fn of_type(self, name: impl Into<String>) -> Self {
        self.with(SubdevAttr::Type(name.into()))
    }

    /// Only those in that admin state.
    pub fn state(self, state: AdminState) -> Self {
        self.with(SubdevAttr::State(state))
    }

    /// Only those in that operational state.
    pub fn opstate(self, opstate: Opstate) -> Self {
        self.with(SubdevAttr::Opstate(opstate))
    }

    fn with(mut self, attribute: SubdevAttr) -> Self {
        self.attributes.push(attribute);
        self
    }
}

fn on_parent(named: Option<ParentRef>) -> OnParent<SubdevAttr> {
    OnParent::new(named, SubdevAttr::ParentIndex, SubdevAttr::Parent)
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
