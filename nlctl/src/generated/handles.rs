// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

#[allow(clippy::wildcard_imports, unused_imports)]
use super::*;
#[allow(unused_imports)]
use crate::{Id, ParentRef, WqRef, connection::Handle};

/// Requests about the kind of object `family`.
///
/// The family as a whole.
#[derive(Debug, Clone)]
pub struct FamilyHandle(pub(crate) Handle);

impl FamilyHandle {
    /// Get the version of the module, the instance and generation of its
    /// state, how much there is, and the limits.
    pub fn get(&self) -> FamilyGet {
        FamilyGet::new(self.0.clone())
    }
}

/// Requests about the kind of object `parent`.
///
/// A device that subdevs are carved from.
#[derive(Debug, Clone)]
pub struct ParentHandle(pub(crate) Handle);

impl ParentHandle {
    /// Get one parent by index, by name, or by bus and device; or dump all.
    pub fn get(&self, parent: impl Into<ParentRef>) -> ParentGet {
        ParentGet::new(self.0.clone(), parent)
    }

    /// Get one parent by index, by name, or by bus and device; or dump all.
    pub fn dump(&self) -> ParentDump {
        ParentDump::new(self.0.clone())
    }
}

/// Requests about the kind of object `wq`.
///
/// A hardware work queue of a parent.
#[derive(Debug, Clone)]
pub struct WqHandle(pub(crate) Handle);

impl WqHandle {
    /// Get one work queue, or dump those of one parent or of all.
    pub fn get(&self, wq: impl Into<WqRef>) -> WqGet {
        WqGet::new(self.0.clone(), wq)
    }

    /// Get one work queue, or dump those of one parent or of all.
    pub fn dump(&self) -> WqDump {
        WqDump::new(self.0.clone())
    }
}

/// Requests about the kind of object `type`.
///
/// An entry of a parent's catalogue.
#[derive(Debug, Clone)]
pub struct TypeHandle(pub(crate) Handle);

impl TypeHandle {
    /// Get one type, or dump the catalogue of one parent or of all.
    pub fn get(&self, name: impl Into<String>) -> TypeGet {
        TypeGet::new(self.0.clone(), name)
    }

    /// Get one type, or dump the catalogue of one parent or of all.
    pub fn dump(&self) -> TypeDump {
        TypeDump::new(self.0.clone())
    }
}

/// Requests about the kind of object `subdev`.
///
/// A virtual device on one or more work queues.
#[derive(Debug, Clone)]
pub struct SubdevHandle(pub(crate) Handle);

impl SubdevHandle {
    /// Get one subdev by index, name or UUID, or dump all. A dump shows those
    /// to which everything in the request applies; of a `wq` the number does,
    /// and one of several is enough.
    pub fn get(&self, subdev: impl Into<Id>) -> SubdevGet {
        SubdevGet::new(self.0.clone(), subdev)
    }

    /// Get one subdev by index, name or UUID, or dump all. A dump shows those
    /// to which everything in the request applies; of a `wq` the number does,
    /// and one of several is enough.
    pub fn dump(&self) -> SubdevDump {
        SubdevDump::new(self.0.clone())
    }

    /// Create a subdev and, unless told otherwise, hand it to VFIO. Needs the
    /// parent, and a `wq` with an id or a type. The reply is the subdev with all its handles.
    pub fn add(&self) -> SubdevNew {
        SubdevNew::new(self.0.clone())
    }

    /// Delete a subdev, named by index, name or UUID. Refused with EBUSY
    /// while a VFIO user has it open, unless forced. The reply is the subdev
    /// as it was last, with the generation of its deletion.
    pub fn del(&self, subdev: impl Into<Id>) -> SubdevDel {
        SubdevDel::new(self.0.clone(), subdev)
    }
}
