// SPDX-License-Identifier: GPL-2.0

//! Parents, their types, and the life of the subdevs carved from them.
//!
//! The framework knows no vendor and no netlink: providers register parents (see [`Parent`]), the
//! netlink module asks and orders, and the VFIO module serves what is handed over.
//!
//! # Locks
//!
//! From the outermost to the innermost; whoever holds one takes only those below it.
//!
//! | lock | guards | may wait for | taken by |
//! |---|---|---|---|
//! | `Subdev::registration` | the auxiliary device, or how to remove another | VFIO, and so for users | `hand_over`, on the workqueue; for moments `attach_on`, `handed_back` |
//! | the faces | which parents the face shows | the face, which shows one, bounded | `register_parent`, `unregister`, the face |
//! | `Node::config`, one for each parent | how the hardware is configured | the hardware, bounded | `create`, `set`, `remove`, `remove_all`, `expiry`, `configure`, `unregister`, `remove_wq`, `recovery` |
//! | the registry | what there is, shares | nothing | all look-ups, `reserve`, `engage`, `publish`, `set`, `disengage`, `retire`, `configure`, registration |
//! | events | order and numbers of events | nothing | the `report`s of `events`, `amend` |
//! | `Subdev::state` | phase, state, settings and handles of a subdev | nothing | all of `subdev.rs`, `handover.rs` |
//!
//! `Count` has a lock of its own, under which nothing is taken. A provider's own locks come
//! below the configuration lock, and its functions call [`Host::enabled`] and its like, which take
//! the event lock, with locks of theirs held; the framework calls no function with one of its locks
//! held, but for the configuration lock.

mod adopt;
mod choose;
mod configure;
mod count;
mod create;
mod delete;
mod engage;
mod events;
mod expiry;
mod faces;
mod fault;
mod function;
mod handover;
mod identity;
#[cfg(CONFIG_KUNIT = "y")]
mod kunit;
mod last;
mod lease;
mod meters;
mod node;
mod notifier;
mod parent;
mod provider;
mod query;
mod queue;
mod recovery;
mod refusal;
mod registry;
mod request;
mod reset;
mod set;
mod stats;
mod subdev;
mod vendor;
mod view;
mod wait;

use kernel::prelude::*;

use crate::ffi::workqueue::Running;

pub(crate) use self::{
    adopt::{
        adopt,
        change,
        forsake,
        Adopted,
        Change,
        End, //
    },
    configure::{
        set_parent,
        set_wq,
        SetWq, //
    },
    count::Count,
    create::{
        create,
        Made, //
    },
    delete::delete,
    events::{
        generation,
        structure,
        Event,
        Kind,
        Loaded,
        Object,
        Origin,
        Requester,
        Sink, //
    },
    faces::{
        is_face_leaving,
        register_face,
        unregister_face, //
    },
    fault::{
        Culprit,
        Fault,
        FaultKind, //
    },
    function::{
        Function,
        Host,
        Mappable,
        NotReset,
        Region, //
    },
    handover::{
        Maker,
        AUX_MODULE,
        AUX_NAME, //
    },
    identity::{
        Handles,
        Identity,
        Snapshot,
        WqShare,
        Wqs,
        MAX_WQS, //
    },
    last::{
        last_refusal,
        note_refusal, //
    },
    lease::Lease,
    notifier::Notifier,
    parent::{
        register_parent,
        ParentRegistration, //
    },
    provider::{
        Description,
        Isolation,
        Needs,
        Parent,
        ParentState,
        Type,
        WorkQueue,
        WqChange,
        WqDescription,
        WqMode,
        WqState, //
    },
    query::{
        available,
        overview,
        parent,
        parent_stats,
        parents,
        parents_stats,
        subdev,
        subdevs,
        type_at,
        type_named,
        types,
        wq,
        wqs,
        Overview,
        TypeView, //
    },
    refusal::{
        Field,
        Refusal, //
    },
    request::{
        Id,
        New,
        ParentId,
        Set,
        Wanted,
        WqRequest, //
    },
    reset::{
        drain,
        reset, //
    },
    set::set,
    stats::{
        Meter,
        PinnedPages,
        Stats, //
    },
    subdev::{
        AuxData,
        Holder,
        Subdev, //
    },
    vendor::{
        Attributes,
        Limits,
        Value,
        VendorNest,
        Visitor,
        Words as LimitWords, //
    },
    view::{
        ParentStats,
        ParentView,
        WqView, //
    },
    wait::wait_for, //
};

/// The framework while it runs; stopped when dropped.
pub(crate) struct Framework {
    /// Drained before the registry goes.
    queue: Option<Running>,
}

/// Makes the framework ready; `sink` gets its events.
///
/// # Safety
///
/// Must be called exactly once, before anything else of the framework. When the returned value is
/// dropped there are no parents any more.
pub(crate) unsafe fn start(sink: Sink) -> Result<Framework> {
    // SAFETY: By the safety requirement. Whatever queues work belongs to a parent, whose removal
    // waits for it, or is the end of a lease, of which there are no more when the family is gone.
    unsafe {
        events::init(sink);
        registry::init();
        faces::init();
        last::init();
        Ok(Framework {
            queue: Some(queue::QUEUE.start()?),
        })
    }
}

impl Drop for Framework {
    fn drop(&mut self) {
        drop(self.queue.take());
        registry::clear();
        last::clear();
    }
}
