// SPDX-License-Identifier: GPL-2.0

//! A subdev: its identity, which stays, its settings, and its state.
//!
//! What happens to it is in [`phases`], [`user`] and [`reports`].

use kernel::{
    impl_has_delayed_work,
    impl_has_work,
    new_condvar,
    new_delayed_work,
    new_mutex,
    new_work,
    prelude::*,
    sync::{
        Arc,
        CondVar,
        Mutex,
        SetOnce, //
    },
    time::{
        Instant,
        Monotonic, //
    },
    types::ForLt,
    workqueue::{
        DelayedWork,
        Work,
        WorkItem, //
    }, //
};

use super::{
    count::Count,
    events::Origin,
    fault::Limit,
    function::Function,
    handover::Handed,
    identity::{
        Handles,
        Identity,
        Settings,
        Snapshot, //
    },
    node::Node,
    queue::QUEUE,
    stats::Stats, //
};
use crate::{
    ffi::{
        auxiliary,
        bound::BoundDevice, //
    },
    subdev_core::{
        bucket::Bucket,
        state::{
            AdminState,
            Conflict,
            Life, //
        }, //
    }, //
};

mod phases;
mod reports;
mod user;

/// How many events a VFIO user can cause at once, and how often one more after that: enough for
/// what a driver does, too few to crowd out the events of others.
const EVENT_BURST: u32 = 8;
const EVENT_INTERVAL_MS: u64 = 1000;

/// What the auxiliary device carries for the driver that binds to it.
pub(crate) type AuxData = ForLt!(Arc<Subdev>);

/// The auxiliary device of a subdev.
pub(super) type Registration = auxiliary::Registration<AuxData>;

/// How far a handover is; part of the state of a subdev.
pub(super) struct Handover {
    /// Whether there is to be an auxiliary device.
    pub(super) wanted: bool,
    /// From the beginning of a handover until everything of it is gone.
    pub(super) present: bool,
    /// How the handover ended.
    pub(super) outcome: Option<Result<(), Failure>>,
    /// Whether what the subdev was handed over on is being removed.
    pub(super) removing: bool,
}

/// Why a handover failed.
#[derive(Clone, Copy)]
pub(super) enum Failure {
    /// A step failed.
    Error(Error),
    /// The auxiliary device was there, and no driver bound to it.
    NoDriver,
}

/// Why there cannot be a VFIO device: the one before is not gone.
pub(super) enum Lingers {
    /// A user has it open.
    Open,
    /// VFIO is kept busy by others.
    Busy,
}

impl Handover {
    /// Nothing is handed over.
    pub(super) const fn new() -> Self {
        Self {
            wanted: false,
            present: false,
            outcome: None,
            removing: false,
        }
    }

    /// One begins.
    pub(super) fn begin(&mut self, outcome: Option<Result<(), Failure>>) {
        self.wanted = true;
        self.present = true;
        self.outcome = outcome;
    }
}

/// Who has a subdev open.
pub(crate) trait Holder: Send + Sync {
    /// Asks for the device to be released; returns whether anybody listens.
    fn request_release(&self) -> bool;
}

/// What changes about a subdev.
pub(super) struct State {
    pub(super) life: Life,
    /// Changed with the registry locked as well.
    settings: Settings,
    /// Whether the hardware has its work queues enabled for it; changed under the parent's
    /// configuration lock as well.
    engaged: bool,
    handles: Option<Handles>,
    /// The virtual device, from activation to the end of the handover.
    pub(super) function: Option<Arc<dyn Function>>,
    holder: Option<Arc<dyn Holder>>,
    pub(super) handover: Handover,
    /// Whether userspace was told that the subdev exists, and not yet that it does not.
    announced: bool,
    /// How many events the VFIO user may still cause.
    bucket: Bucket,
    /// An event is due, and waits for its time.
    reporting: bool,
    /// How many faults may still be told of the VFIO user, which can cause them at will, and of the
    /// hardware.
    user_faults: Limit,
    hardware_faults: Limit,
    /// The request that resets the virtual device now.
    reset: Option<Origin>,
}

impl State {
    /// Says what is left of a VFIO device, if there is something.
    fn check_gone(&self) -> Result<(), Lingers> {
        if !self.handover.present {
            Ok(())
        } else if self.life.is_open() {
            Err(Lingers::Open)
        } else {
            Err(Lingers::Busy)
        }
    }
}

/// A virtual device on one or more work queues.
#[pin_data]
pub(crate) struct Subdev {
    identity: Identity,
    pub(super) dev: BoundDevice,
    pub(super) presence: Arc<Count>,
    born: Instant<Monotonic>,
    /// From the first activation on, and kept: while inactive, a subdev is to be small.
    stats: SetOnce<Arc<Stats>>,
    #[pin]
    pub(super) state: Mutex<State>,
    /// The handover went on.
    #[pin]
    pub(super) progress: CondVar,
    /// Held by [`Self::work`], also while it waits for VFIO; for moments by who has made the device
    /// that the subdev is handed over on.
    #[pin]
    pub(super) registration: Mutex<Option<Handed>>,
    /// Hands the subdev over to VFIO, and takes it back.
    #[pin]
    work: Work<Subdev>,
    /// Reports what the VFIO user did too often to report each time.
    #[pin]
    report: DelayedWork<Subdev, 1>,
}

impl_has_work! {
    impl HasWork<Self> for Subdev { self.work }
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self, 1> for Subdev { self.report }
}

impl Subdev {
    /// A subdev that is being created.
    pub(super) fn new(
        identity: Identity,
        settings: Settings,
        state: AdminState,
        node: &Node,
    ) -> impl PinInit<Self> {
        let dev = node.dev.clone();
        let presence = node.presence.clone();
        let state = State {
            life: Life::new(state),
            settings,
            engaged: false,
            handles: None,
            function: None,
            holder: None,
            handover: Handover::new(),
            announced: false,
            bucket: Bucket::new(EVENT_BURST, EVENT_INTERVAL_MS),
            reporting: false,
            user_faults: Limit::new(),
            hardware_faults: Limit::new(),
            reset: None,
        };
        pin_init!(Self {
            identity,
            dev,
            presence,
            born: Instant::now(),
            stats: SetOnce::new(),
            state <- new_mutex!(state, "Subdev::state"),
            progress <- new_condvar!(),
            registration <- new_mutex!(None, "Subdev::registration"),
            work <- new_work!("Subdev::work"),
            report <- new_delayed_work!("Subdev::report"),
        })
    }

    /// What does not change.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What an admin can change.
    pub(crate) fn settings(&self) -> Settings {
        self.state.lock().settings
    }

    /// The virtual device, while there is one.
    pub(crate) fn function(&self) -> Option<Arc<dyn Function>> {
        self.state.lock().function.clone()
    }

    /// Gives the subdev its virtual device.
    pub(super) fn set_function(&self, function: Arc<dyn Function>) {
        let mut state = self.state.lock();
        // Whatever became of the hardware before: it has work queues enabled for this one. Nobody sees
        // it before it is attached.
        let _ = state.life.works();
        state.function = Some(function);
    }

    /// Drops the virtual device: nobody can reach it any more.
    pub(super) fn drop_function(&self) {
        let function = self.state.lock().function.take();
        drop(function);
    }

    /// Whether the hardware has its work queues enabled for it. The parent's configuration lock is
    /// held.
    pub(super) fn is_engaged(&self) -> bool {
        self.state.lock().engaged
    }

    /// Notes whether the hardware has its work queues enabled for it. The parent's configuration
    /// lock is held.
    pub(super) fn set_engaged(&self, engaged: bool) {
        self.state.lock().engaged = engaged;
    }

    /// The subdev as it is now; while it is being activated, as it was before.
    pub(crate) fn snapshot(&self) -> Snapshot<'_> {
        let state = self.state.lock();
        self.show(&state.life, state.settings, state.handles)
    }

    fn show(&self, life: &Life, settings: Settings, handles: Option<Handles>) -> Snapshot<'_> {
        let admin = life.admin();
        Snapshot {
            identity: &self.identity,
            settings,
            state: admin,
            opstate: life.opstate(),
            // What an inactive one has left of a VFIO device is of no use to anybody.
            handles: handles.filter(|_| admin == AdminState::Active),
            stats: self.stats.as_ref().map(|stats| &**stats),
        }
    }

    /// The subdev as it would be with `settings` and after `change`, without the handles that it would
    /// get only then; or what is in the way of that.
    pub(super) fn foresee(
        &self,
        settings: Settings,
        change: impl FnOnce(&mut Life) -> Result<(), Conflict>,
    ) -> Result<Snapshot<'_>, Conflict> {
        let (mut life, handles) = {
            let state = self.state.lock();
            (state.life, state.handles)
        };
        let handles = handles.filter(|_| life.admin() == AdminState::Active);
        change(&mut life)?;
        Ok(self.show(&life, settings, handles))
    }

    /// The counters, which there are from now on. Called under the configuration lock of the parent.
    pub(super) fn begin_stats(&self) -> Result<Arc<Stats>> {
        if self.stats.as_ref().is_none() {
            self.stats.populate(Stats::new()?);
        }
        self.stats.as_ref().cloned().ok_or(EBUSY)
    }

    /// Has the handover done by a thread that may wait for VFIO.
    pub(super) fn start_work(self: &Arc<Self>) {
        if let Some(queue) = QUEUE.get() {
            // Refused only if it is queued already, and then it will see what is wanted.
            let _ = queue.enqueue::<_, 0>(self.clone());
        }
    }
}

impl WorkItem for Subdev {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.hand_over();
    }
}
