// SPDX-License-Identifier: GPL-2.0

//! Events: what changed, passed to whoever sends it to userspace, in order.

use kernel::{
    prelude::*,
    sync::global_lock, //
};

use super::{
    Snapshot,
    Subdev, //
};

/// What happened to a subdev.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Created,
    Deleted,
    Changed,
}

/// An event, as the sink gets it.
pub(crate) struct Event<'a> {
    pub(crate) kind: Kind,
    /// The subdev as it is after the event, or was before its deletion.
    pub(crate) subdev: &'a Snapshot<'a>,
    /// Grows by one with each change.
    pub(crate) generation: u64,
}

/// Sends events to userspace. Must not call back into the framework.
pub(crate) type Sink = fn(&Event<'_>);

/// What the event lock guards.
struct Events {
    /// Number of changes.
    generation: u64,
    /// Number of changes to what there is, which make a dump skip or repeat something.
    structure: u64,
    sink: Option<Sink>,
}

global_lock! {
    // SAFETY: Initialised by `init`, which the module's initialisation calls before all else.
    unsafe(uninit) static EVENTS: Mutex<Events> = Events {
        generation: 0,
        structure: 0,
        sink: None,
    };
}

/// Makes the event lock ready, with `sink` for the events.
///
/// # Safety
///
/// Must be called exactly once, before anything else here.
pub(super) unsafe fn init(sink: Sink) {
    // SAFETY: By the safety requirement.
    unsafe { EVENTS.init() };
    EVENTS.lock().sink = Some(sink);
}

/// Takes note of a change that is no event: a parent or a work queue came or went.
pub(super) fn count() {
    let mut events = EVENTS.lock();
    events.generation += 1;
    events.structure += 1;
}

/// The generation of the state: how many changes there were.
pub(crate) fn generation() -> u64 {
    EVENTS.lock().generation
}

/// How many changes there were to what there is. A change of an object's state is none.
pub(crate) fn structure() -> u64 {
    EVENTS.lock().structure
}

/// Reports what happened to `subdev`.
///
/// One lock around numbering, looking and sending makes the order of events, their generations
/// and what they show agree.
pub(super) fn report(kind: Kind, subdev: &Subdev) {
    let mut events = EVENTS.lock();
    match kind {
        Kind::Created => subdev.announce(true),
        // Nobody has heard of it: its creation is being undone.
        Kind::Deleted if !subdev.is_announced() => return,
        Kind::Deleted => subdev.announce(false),
        // A VFIO user may be faster than the creation, or slower than the deletion.
        Kind::Changed if !subdev.is_announced() => return,
        Kind::Changed => (),
    }
    events.generation += 1;
    if kind != Kind::Changed {
        events.structure += 1;
    }
    if let Some(sink) = events.sink {
        sink(&Event {
            kind,
            subdev: &subdev.snapshot(),
            generation: events.generation,
        });
    }
}
