// SPDX-License-Identifier: GPL-2.0

//! Events: what changed, passed to whoever sends it to userspace, in order.
//!
//! The generation grows by one with each event, and with nothing else.

use core::ops::DerefMut;
use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        global_lock, //
    }, //
};

use super::{
    fault::{
        Culprit,
        Fault, //
    },
    identity::Snapshot,
    view::{
        ParentView,
        WqView, //
    }, //
};

/// What happened to an object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Created,
    Deleted,
    Changed,
    /// Something went wrong with it; what that changed is in events of its own.
    Fault(Fault),
}

/// Why something happened; the numbers are the spec's `cause`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub(crate) enum Cause {
    Request = 0,
    Tenant = 1,
    Fault = 2,
    Plug = 3,
    Unplug = 4,
    Lease = 5,
    Unload = 6,
    Recovery = 7,
    Sysfs = 8,
}

impl From<Culprit> for Cause {
    fn from(culprit: Culprit) -> Self {
        match culprit {
            Culprit::User => Cause::Tenant,
            Culprit::Hardware => Cause::Fault,
        }
    }
}

/// Who made a request. The framework hands it on to the sink, for which it means something.
#[derive(Clone, Copy)]
pub(crate) struct Requester {
    pub(crate) port: u32,
    pub(crate) sequence: u32,
    /// Whether the requester wants the events of the request.
    pub(crate) echo: bool,
}

/// Why something happened, and who asked for it.
#[derive(Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) cause: Cause,
    pub(crate) requester: Option<Requester>,
}

impl Origin {
    /// A request.
    pub(crate) const fn request(requester: Requester) -> Self {
        Self {
            cause: Cause::Request,
            requester: Some(requester),
        }
    }

    /// Who wrote to sysfs.
    pub(crate) fn sysfs() -> Self {
        Cause::Sysfs.into()
    }

    /// The removal of a device.
    pub(super) fn removal() -> Self {
        if UNLOADING.load(Relaxed) {
            Cause::Unload.into()
        } else {
            Cause::Unplug.into()
        }
    }
}

impl From<Cause> for Origin {
    fn from(cause: Cause) -> Self {
        Self {
            cause,
            requester: None,
        }
    }
}

/// An object as it is after an event, or was before its deletion.
#[derive(Clone, Copy)]
pub(crate) enum Object<'a> {
    Parent(&'a ParentView),
    Wq(&'a WqView<'a>),
    Subdev(&'a Snapshot<'a>),
}

/// An event, as the sink gets it.
pub(crate) struct Event<'a> {
    pub(crate) kind: Kind,
    pub(crate) object: Object<'a>,
    pub(crate) origin: Origin,
    /// Number of the event.
    pub(crate) generation: u64,
}

/// Sends events to userspace. Must not call back into the framework.
pub(crate) type Sink = fn(&Event<'_>);

/// What the event lock guards.
pub(super) struct Events {
    /// Number of events.
    generation: u64,
    /// Number of changes to what there is, which make a dump skip or repeat something.
    structure: u64,
    sink: Option<Sink>,
}

impl Events {
    /// Numbers an event and sends it.
    pub(super) fn send(&mut self, kind: Kind, object: Object<'_>, origin: Origin) -> u64 {
        self.generation += 1;
        if matches!(kind, Kind::Created | Kind::Deleted) {
            self.structure += 1;
        }
        if let Some(sink) = self.sink {
            sink(&Event {
                kind,
                object,
                origin,
                generation: self.generation,
            });
        }
        self.generation
    }
}

global_lock! {
    // SAFETY: Initialised by `init`, which the module's initialisation calls before all else.
    unsafe(uninit) static EVENTS: Mutex<Events> = Events {
        generation: 0,
        structure: 0,
        sink: None,
    };
}

/// Whether the module is being unloaded.
static UNLOADING: Atomic<bool> = Atomic::new(false);

/// Held by the module; dropped when it is being unloaded, before anything else is.
pub(crate) struct Loaded(());

impl Loaded {
    /// The module is there, until this is dropped.
    pub(crate) fn new() -> Self {
        Self(())
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        UNLOADING.store(true, Relaxed);
    }
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

/// The generation of the state: how many events there were.
pub(crate) fn generation() -> u64 {
    EVENTS.lock().generation
}

/// How many changes there were to what there is. A change of an object's state is none.
pub(crate) fn structure() -> u64 {
    EVENTS.lock().structure
}

/// Reports what happened to a parent. The registry is locked. Returns the number of the event.
pub(super) fn report_parent(kind: Kind, parent: &ParentView, origin: Origin) -> u64 {
    EVENTS.lock().send(kind, Object::Parent(parent), origin)
}

/// Reports what happened to a work queue. The registry is locked. Returns the number of the event.
pub(super) fn report_wq(kind: Kind, wq: &WqView<'_>, origin: Origin) -> u64 {
    EVENTS.lock().send(kind, Object::Wq(wq), origin)
}

/// For reporting an event whose object has to be looked at under the event lock.
pub(super) fn lock() -> impl DerefMut<Target = Events> {
    EVENTS.lock()
}
