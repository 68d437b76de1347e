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

    /// Configure a parent, which is named as for `parent-get`: what the request
    /// gives is changed, all or nothing, and the rest stays. The device is
    /// disabled for it, so no work queue of it may be enabled; otherwise the
    /// request is refused with EBUSY and names a subdev that is in the way.
    /// Refused with EOPNOTSUPP where the device has its configuration for good,
    /// and where it has another `owner`, with the command that changes it.
    /// The configuration lasts until the device is unbound.
    pub fn set(&self, parent: impl Into<ParentRef>) -> ParentSet {
        ParentSet::new(self.0.clone(), parent)
    }

    /// Get the statistics of one parent, named by index, by name, or by bus and
    /// device; or dump those of all. Waits for nothing, and does not look at the
    /// hardware.
    pub fn stats(&self, parent: impl Into<ParentRef>) -> ParentStatsGet {
        ParentStatsGet::new(self.0.clone(), parent)
    }

    /// Get the statistics of one parent, named by index, by name, or by bus and
    /// device; or dump those of all. Waits for nothing, and does not look at the
    /// hardware.
    pub fn dump_stats(&self) -> ParentStatsDump {
        ParentStatsDump::new(self.0.clone())
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

    /// Configure a work queue: what the request gives is changed, all or
    /// nothing, and the rest stays. The size and the group can be changed only
    /// while no work queue of the parent is enabled, as the device is disabled
    /// for it, everything else while this one is not; otherwise the request is
    /// refused with EBUSY and names a subdev that is in the way. The size is at
    /// least what subdevs have of it, and the sizes of all work queues are
    /// together at most the capacity of the parent. The mode can only be
    /// dedicated, whatever the PASID mode of the subdevs: the driver submits
    /// for all of them. Refused with EOPNOTSUPP where the device has its
    /// configuration for good, and where the parent has another owner, with
    /// the command that changes it. The configuration lasts until the device is
    /// unbound.
    pub fn set(&self, wq: impl Into<WqRef>) -> WqSet {
        WqSet::new(self.0.clone(), wq)
    }

    /// Get the statistics of one work queue, or dump those of one parent or of
    /// all.
    pub fn stats(&self, wq: impl Into<WqRef>) -> WqStatsGet {
        WqStatsGet::new(self.0.clone(), wq)
    }

    /// Get the statistics of one work queue, or dump those of one parent or of
    /// all.
    pub fn dump_stats(&self) -> WqStatsDump {
        WqStatsDump::new(self.0.clone())
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

    /// Create a subdev, or with a `count` several at once, and, unless told
    /// otherwise, hand it to VFIO. Needs the parent, and a `wq` with an id or a
    /// type. Refused with EBUSY while a fault of the parent is being recovered
    /// from. The reply is the subdev with all its handles, the first one of
    /// several.
    pub fn add(&self) -> SubdevNew {
        SubdevNew::new(self.0.clone())
    }

    /// Change a subdev, named by index, name or UUID. All that is in the
    /// request is done, with one change event, or nothing. What is already as
    /// the request says is no change, and where all is so, there is no event.
    /// The reply is the subdev as it is then.
    ///
    /// `new-name` is taken in any state. Each `wq` has an id, and changes what
    /// the subdev has of a work queue that it uses: its size, its weight, its
    /// max-rate, or several of them. Weight and max-rate are taken in any
    /// state, and hold from then on for what a user has in flight, which goes
    /// on. A size is refused with EBUSY unless the subdev is inactive or is to
    /// be so, and with EINVAL where the entries are not available. Limits in a
    /// vendor's nest are refused with EBUSY likewise, and with EINVAL beyond
    /// what the work queues have. `state` activates or deactivates:
    /// with EBUSY it is refused to deactivate a subdev that a VFIO user has
    /// open, unless forced, and to activate one again whose former VFIO device
    /// is still open. To activate one with the face "mdev" is refused with
    /// EOPNOTSUPP: its UUID is written to sysfs for that. Deactivation removes
    /// the mediated device. `face` is refused with EBUSY unless the subdev is
    /// inactive.
    pub fn set(&self, subdev: impl Into<Id>) -> SubdevSet {
        SubdevSet::new(self.0.clone(), subdev)
    }

    /// Delete a subdev, named by index, name or UUID. Refused with EBUSY
    /// while a VFIO user has it open, unless forced. The reply is the subdev
    /// as it was last, with the generation of its deletion.
    pub fn del(&self, subdev: impl Into<Id>) -> SubdevDel {
        SubdevDel::new(self.0.clone(), subdev)
    }

    /// Reset a subdev, named by index, name or UUID, as its VFIO user could:
    /// its virtual device is as after power-on, and so disabled; its work in
    /// flight is discarded. Others on its work queues notice nothing. Does
    /// nothing to a subdev that nobody has open, which is as after power-on.
    /// Refused with EBUSY, and nothing is done, while a reset by the VFIO user
    /// does not end. Refused with ETIMEDOUT when work in flight does not end
    /// within two seconds, be it that the VFIO user withholds memory; the
    /// virtual device accepts nothing then until the reset ends, which it does
    /// together with that work. A reset revives a virtual device that halted if
    /// its hardware is back, and is refused with EIO if not. The reply is the
    /// subdev after the reset.
    pub fn reset(&self, subdev: impl Into<Id>) -> SubdevReset {
        SubdevReset::new(self.0.clone(), subdev)
    }

    /// Wait until a subdev, named by index, name or UUID, has completed all
    /// work that its VFIO user had submitted before. What is submitted
    /// meanwhile is neither held off nor waited for. Done at once for a subdev
    /// that nobody has open. Refused with ETIMEDOUT when work does not end
    /// within two seconds; it goes on. The reply is the subdev after that.
    pub fn drain(&self, subdev: impl Into<Id>) -> SubdevDrain {
        SubdevDrain::new(self.0.clone(), subdev)
    }

    /// Get the statistics of one subdev, named by index, name or UUID, or dump
    /// those of all to which everything in the request applies.
    pub fn stats(&self, subdev: impl Into<Id>) -> SubdevStatsGet {
        SubdevStatsGet::new(self.0.clone(), subdev)
    }

    /// Get the statistics of one subdev, named by index, name or UUID, or dump
    /// those of all to which everything in the request applies.
    pub fn dump_stats(&self) -> SubdevStatsDump {
        SubdevStatsDump::new(self.0.clone())
    }
}
