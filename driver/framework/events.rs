// SPDX-License-Identifier: GPL-2.0

//! Events: what changed, told to whoever carries it to userspace, in order.

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

/// Carries events to userspace. Must not call back into the framework.
pub(crate) type Sink = fn(&Event<'_>);

/// What the event lock guards.
struct Events {
    generation: u64,
    sink: Option<Sink>,
}

global_lock! {
    // SAFETY: Initialised by `init`, which the module's initialisation calls before all else.
    unsafe(uninit) static EVENTS: Mutex<Events> = Events {
        generation: 0,
        sink: None,
    };
}

/// Makes the event lock ready.
///
/// # Safety
///
/// Must be called exactly once, before anything else here.
pub(super) unsafe fn init() {
    // SAFETY: By the safety requirement.
    unsafe { EVENTS.init() };
}

/// Sets who gets the events.
pub(crate) fn set_sink(sink: Sink) {
    EVENTS.lock().sink = Some(sink);
}

/// Takes note of a change that is no event: a parent came or went.
pub(super) fn count() {
    EVENTS.lock().generation += 1;
}

/// The generation of the state: how many changes there were.
pub(crate) fn generation() -> u64 {
    EVENTS.lock().generation
}

/// Reports what happened to `subdev`.
///
/// One lock around numbering, looking and sending makes the order of events, their generations
/// and what they show agree.
pub(super) fn report(kind: Kind, subdev: &Subdev) {
    let mut events = EVENTS.lock();
    match kind {
        Kind::Created => subdev.announce(true),
        Kind::Deleted => subdev.announce(false),
        // A VFIO user may be faster than the creation, or slower than the deletion.
        Kind::Changed if !subdev.is_announced() => return,
        Kind::Changed => (),
    }
    events.generation += 1;
    if let Some(sink) = events.sink {
        sink(&Event {
            kind,
            subdev: &subdev.snapshot(),
            generation: events.generation,
        });
    }
}
