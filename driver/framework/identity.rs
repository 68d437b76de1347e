// SPDX-License-Identifier: GPL-2.0

//! What a subdev is, and what is shown of it.

use kernel::sync::Arc;

use super::{
    lease::Lease,
    provider::Isolation,
    stats::Stats,
    vendor::Limits, //
};
use crate::subdev_core::{
    face::Face,
    list::List,
    name::Name,
    quality::Quality,
    share::PasidMode,
    state::{
        AdminState,
        OpState, //
    },
    uuid::Uuid, //
};

/// Most work queues that a subdev may use.
pub(crate) const MAX_WQS: usize = 8;

/// A list of something about each work queue of a subdev, in the order of the request.
pub(crate) type Wqs<T> = List<T, MAX_WQS>;

/// What a subdev has of a work queue.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct WqShare {
    /// Number of the work queue on its parent.
    pub(crate) id: u32,
    /// Entries of the virtual work queue.
    pub(crate) entries: u32,
    /// How it is served beside others on the work queue.
    pub(crate) quality: Quality,
}

/// What a subdev is and does not cease to be.
pub(crate) struct Identity {
    pub(crate) index: u32,
    pub(crate) uuid: Uuid,
    pub(crate) parent_index: u32,
    pub(crate) parent: Name,
    pub(crate) type_name: &'static str,
    pub(crate) pasid_mode: PasidMode,
    pub(crate) isolation: Isolation,
    /// What it goes with, if with anything.
    pub(crate) lease: Option<Arc<Lease>>,
}

/// What an admin can change about a subdev. Which work queues it uses stays, the share of each
/// does not.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) name: Name,
    /// As which kind of device it is handed to VFIO.
    pub(crate) face: Face,
    pub(crate) wqs: Wqs<WqShare>,
    /// What only the vendor's subdevs have, if it was asked for.
    pub(crate) limits: Option<Limits>,
}

impl Settings {
    /// Whether one of its work queues is in `wqs`; it is where `wqs` is empty.
    pub(crate) fn is_on(&self, wqs: &[u32]) -> bool {
        let mut shares = self.wqs.as_slice().iter();
        wqs.is_empty() || shares.any(|share| wqs.contains(&share.id))
    }
}

/// By what names VFIO knows a subdev while it is handed over.
#[derive(Clone, Copy)]
pub(crate) struct Handles {
    /// Number of the IOMMU group.
    pub(crate) group: u32,
    /// Name of the VFIO device.
    pub(crate) device: Name,
}

/// A subdev at one moment.
#[derive(Clone, Copy)]
pub(crate) struct Snapshot<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) settings: Settings,
    pub(crate) state: AdminState,
    pub(crate) opstate: OpState,
    pub(crate) handles: Option<Handles>,
    /// Its counters; none before it is active for the first time, as if all were zero.
    pub(crate) stats: Option<&'a Stats>,
}
