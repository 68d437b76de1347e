// SPDX-License-Identifier: GPL-2.0

//! What a request asks for, and how it names what there is.

use kernel::sync::Arc;

use super::{
    identity::Wqs,
    lease::Lease,
    node::Node,
    refusal::Field,
    vendor::VendorNest, //
};
use crate::subdev_core::{
    face::Face,
    share::PasidMode,
    state::AdminState, //
};

/// A request for subdevs. What is absent is chosen by the framework.
pub(crate) struct New<'a> {
    /// The name, or with a count what the names begin with.
    pub(crate) name: Option<&'a [u8]>,
    pub(crate) uuid: Option<&'a [u8]>,
    pub(crate) parent: ParentId<'a>,
    pub(crate) wqs: Wqs<WqRequest>,
    pub(crate) type_name: Option<&'a [u8]>,
    pub(crate) pasid_mode: Option<PasidMode>,
    pub(crate) state: AdminState,
    pub(crate) face: Face,
    /// Limits that only the vendor's subdevs have.
    pub(crate) vendor: Option<VendorNest<'a>>,
    /// How many; one if absent.
    pub(crate) count: Option<u32>,
    /// What the subdevs go with.
    pub(crate) lease: Option<Arc<Lease>>,
    /// Everything is decided, and nothing done.
    pub(crate) dry_run: bool,
}

/// A request to change a subdev. What is absent stays.
pub(crate) struct Set<'a> {
    pub(crate) id: Id<'a>,
    pub(crate) new_name: Option<&'a [u8]>,
    pub(crate) wqs: Wqs<WqRequest>,
    /// The work queues that it is to use, in the order of those that it uses now; none where they
    /// stay.
    pub(crate) moved: Wqs<u32>,
    pub(crate) state: Option<AdminState>,
    pub(crate) face: Option<Face>,
    /// Somebody wants an inactive one for a device of another kind.
    pub(crate) wanted: Option<Wanted<'a>>,
    /// Limits that only the vendor's subdevs have.
    pub(crate) vendor: Option<VendorNest<'a>>,
    /// Deactivate it although a VFIO user has it open.
    pub(crate) force: bool,
    /// Everything is decided, and nothing done.
    pub(crate) dry_run: bool,
}

/// What somebody wants who has made a device and needs a subdev for it.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// Index of the parent.
    pub(crate) parent: u32,
    pub(crate) type_name: &'a str,
}

/// A work queue in a request for a subdev. What is absent is chosen by the framework.
#[derive(Clone, Copy, Default)]
pub(crate) struct WqRequest {
    pub(crate) id: Option<u32>,
    /// Entries of the virtual work queue.
    pub(crate) size: Option<u32>,
    /// Share of its bandwidth.
    pub(crate) weight: Option<u32>,
    /// Most bytes per second; 0 for no cap.
    pub(crate) max_rate: Option<u64>,
}

/// How a request names a parent: by one of these, or by several that agree.
#[derive(Clone, Copy, Default)]
pub(crate) struct ParentId<'a> {
    pub(crate) index: Option<u32>,
    pub(crate) name: Option<&'a [u8]>,
    pub(crate) bus: Option<&'a [u8]>,
    /// Name of the device on its bus.
    pub(crate) device: Option<&'a [u8]>,
}

impl ParentId<'_> {
    /// Whether no parent is named.
    pub(super) fn is_absent(&self) -> bool {
        self.index.is_none() && self.name.is_none() && self.bus.is_none() && self.device.is_none()
    }

    /// The first field in which `parent` is another one than is named.
    pub(super) fn contradiction(&self, parent: &Node) -> Option<Field> {
        let differs = |named: Option<&[u8]>, is: &[u8]| named.is_some_and(|named| named != is);
        if self.index.is_some_and(|index| index != parent.index) {
            Some(Field::ParentIndex)
        } else if differs(self.name, parent.name.as_bytes()) {
            Some(Field::Parent)
        } else if differs(self.bus, parent.description.bus.as_bytes()) {
            Some(Field::Bus)
        } else if differs(self.device, parent.dev.device().name().to_bytes()) {
            Some(Field::Device)
        } else {
            None
        }
    }
}

/// How a request names a subdev.
#[derive(Clone, Copy)]
pub(crate) enum Id<'a> {
    Index(u32),
    Name(&'a [u8]),
    Uuid(&'a [u8]),
}

impl Id<'_> {
    /// The field of the request.
    pub(super) fn field(&self) -> Field {
        match self {
            Id::Index(_) => Field::Index,
            Id::Name(_) => Field::Name,
            Id::Uuid(_) => Field::Uuid,
        }
    }
}
