// SPDX-License-Identifier: GPL-2.0

//! A subdev: its identity, which stays, and its state, which changes.

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
        Mutex, //
    },
    time::{
        msecs_to_jiffies,
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
    events::{
        self,
        Cause,
        Kind,
        Object,
        Origin, //
    },
    function::Function,
    identity::{
        Handles,
        Identity,
        Snapshot,
        MAX_WQS, //
    },
    node::Node,
    presence::Presence,
    queue::QUEUE, //
};
use crate::{
    ffi::{
        auxiliary,
        bound::BoundDevice,
        workqueue::flush_delayed, //
    },
    subdev_core::{
        bucket::Bucket,
        quality::Quality,
        state::{
            AdminState,
            Life,
            NotRemoved,
            Phase, //
        }, //
    }, //
};

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
}

/// Why a handover failed.
#[derive(Clone, Copy)]
pub(super) enum Failure {
    /// A step failed.
    Error(Error),
    /// The auxiliary device was there, and no driver bound to it.
    NoDriver,
}

impl Handover {
    /// Nothing is handed over.
    pub(super) const fn new() -> Self {
        Self {
            wanted: false,
            present: false,
            outcome: None,
        }
    }
}

/// Who has a subdev open.
pub(crate) trait Holder: Send + Sync {
    /// Asks for the device to be released; returns whether anybody listens.
    fn request_release(&self) -> bool;
}

/// What changes about a subdev.
pub(super) struct State {
    life: Life,
    /// Of each work queue.
    qualities: [Quality; MAX_WQS],
    handles: Option<Handles>,
    /// The virtual device, from activation to the end of the handover.
    function: Option<Arc<dyn Function>>,
    holder: Option<Arc<dyn Holder>>,
    pub(super) handover: Handover,
    /// Whether userspace was told that the subdev exists, and not yet that it does not.
    announced: bool,
    /// How many events the VFIO user may still cause.
    bucket: Bucket,
    /// An event is due, and waits for its time.
    reporting: bool,
}

/// A virtual device on one or more work queues.
#[pin_data]
pub(crate) struct Subdev {
    identity: Identity,
    pub(super) dev: BoundDevice,
    pub(super) presence: Arc<Presence>,
    born: Instant<Monotonic>,
    #[pin]
    pub(super) state: Mutex<State>,
    /// The handover went on.
    #[pin]
    pub(super) progress: CondVar,
    /// Held by [`Self::work`] alone, also while it waits for VFIO.
    #[pin]
    pub(super) registration: Mutex<Option<Registration>>,
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
    pub(super) fn new(identity: Identity, state: AdminState, node: &Node) -> impl PinInit<Self> {
        let dev = node.dev.clone();
        let presence = node.presence.clone();
        let state = State {
            life: Life::new(state),
            qualities: Default::default(),
            handles: None,
            function: None,
            holder: None,
            handover: Handover::new(),
            announced: false,
            bucket: Bucket::new(EVENT_BURST, EVENT_INTERVAL_MS),
            reporting: false,
        };
        pin_init!(Self {
            identity,
            dev,
            presence,
            born: Instant::now(),
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

    /// The virtual device, while there is one.
    pub(crate) fn function(&self) -> Option<Arc<dyn Function>> {
        self.state.lock().function.clone()
    }

    /// Gives the subdev its virtual device.
    pub(super) fn set_function(&self, function: Arc<dyn Function>) {
        let qualities = {
            let mut state = self.state.lock();
            state.function = Some(function.clone());
            state.qualities
        };
        for (place, quality) in qualities.into_iter().enumerate() {
            function.set_quality(place, quality);
        }
    }

    /// Changes how the subdev is served on the work queue at a place of its list, from now on.
    /// Does not wait.
    pub(super) fn set_quality(&self, place: usize, quality: Quality) {
        let function = {
            let mut state = self.state.lock();
            if let Some(of_wq) = state.qualities.get_mut(place) {
                *of_wq = quality;
            }
            state.function.clone()
        };
        if let Some(function) = function {
            function.set_quality(place, quality);
        }
    }

    /// Drops the virtual device: nobody can reach it any more.
    pub(super) fn drop_function(&self) {
        let function = self.state.lock().function.take();
        drop(function);
    }

    /// The subdev as it is now.
    pub(crate) fn snapshot(&self) -> Snapshot<'_> {
        let state = self.state.lock();
        Snapshot {
            identity: &self.identity,
            state: state.life.admin(),
            opstate: state.life.opstate(),
            qualities: state.qualities,
            handles: state.handles,
        }
    }

    /// Says which passing phase of its life the subdev is in, if it is in one.
    pub(super) fn check_present(&self) -> Result<(), NotRemoved> {
        match self.state.lock().life.phase() {
            Phase::Creating => Err(NotRemoved::Creating),
            Phase::Present => Ok(()),
            Phase::Removing => Err(NotRemoved::Removing),
        }
    }

    /// The creation is complete.
    pub(super) fn publish(&self) {
        self.state.lock().life.publish();
    }

    /// There is a VFIO device now, known as `handles`. Refused for a subdev on its way out.
    pub(crate) fn attached(&self, handles: Handles) -> Result {
        let changed = {
            let mut state = self.state.lock();
            let changed = state.life.attach().map_err(|_| ENODEV)?;
            state.handles = Some(handles);
            changed
        };
        self.changed(changed, Cause::Plug);
        Ok(())
    }

    /// There is no VFIO device any more: the subdev goes, or an admin unbound its driver.
    pub(crate) fn detached(&self) {
        let changed = {
            let mut state = self.state.lock();
            state.handles = None;
            // What is on its way out does not begin a new life.
            !state.life.is_dead() && state.life.detach()
        };
        self.changed(changed, Cause::Unplug);
    }

    /// Whether there is a VFIO device.
    pub(super) fn is_attached(&self) -> bool {
        self.state.lock().handles.is_some()
    }

    /// A VFIO user, `holder`, opens the device.
    pub(crate) fn open(self: &Arc<Self>, holder: Arc<dyn Holder>) -> Result {
        let changed = {
            let mut state = self.state.lock();
            let changed = state.life.open().map_err(|_| ENODEV)?;
            state.holder = Some(holder);
            changed
        };
        self.changed_by_user(changed);
        Ok(())
    }

    /// The VFIO user has closed the device.
    pub(crate) fn closed(self: &Arc<Self>) {
        let (changed, dead, holder) = {
            let mut state = self.state.lock();
            let changed = state.life.close();
            (changed, state.life.is_dead(), state.holder.take())
        };
        drop(holder);
        self.changed_by_user(changed);
        if dead {
            // Whoever removed the subdev has left it to its user until now.
            self.detach();
        }
    }

    /// The VFIO user enabled or disabled the virtual device.
    pub(crate) fn enabled(self: &Arc<Self>, enabled: bool) {
        let changed = {
            let life = &mut self.state.lock().life;
            if enabled {
                life.enable()
            } else {
                life.disable()
            }
        };
        self.changed_by_user(changed);
    }

    /// The hardware below is lost.
    pub(super) fn lose(&self) {
        if let Some(function) = self.function() {
            function.halt();
        }
        let changed = self.state.lock().life.lose();
        self.changed(changed, Cause::Fault);
    }

    /// Whether the subdev is on its way out: its VFIO device answers nobody any more.
    pub(crate) fn is_dead(&self) -> bool {
        self.state.lock().life.is_dead()
    }

    /// From now on nobody can open the subdev, and it is the caller's to remove. Refused if somebody
    /// has it open, unless `force`, and while it is being created or removed.
    pub(super) fn begin_removal(&self, force: bool) -> Result<(), NotRemoved> {
        self.state.lock().life.begin_removal(force).map(|_| ())
    }

    /// The creation failed: the subdev is its creator's to remove.
    pub(super) fn abandon(&self) {
        let life = &mut self.state.lock().life;
        life.publish();
        // Refused if a parent that goes has claimed it since, which comes to the same.
        let _ = life.begin_removal(true);
    }

    /// Whether a VFIO user has the device open.
    pub(super) fn is_open(&self) -> bool {
        self.state.lock().life.is_open()
    }

    /// Ends what the VFIO user can do with a subdev that is being removed, and asks for its release.
    /// Does not wait.
    pub(super) fn doom(&self) {
        let (function, holder, dead) = {
            let state = self.state.lock();
            let function = state.function.clone();
            (function, state.holder.clone(), state.life.is_dead())
        };
        if !dead {
            return;
        }
        if let Some(function) = function {
            function.kill();
        }
        if holder.is_some_and(|holder| !holder.request_release()) {
            pr_info!(
                "{}: waiting for its VFIO user to close it\n",
                self.identity.name.as_str()
            );
        }
    }

    /// Starts to take a removed subdev back from VFIO, unless somebody has it open: closing it does
    /// so then.
    pub(super) fn let_go(self: &Arc<Self>) {
        if !self.is_open() {
            self.detach();
        }
    }

    /// Has the handover done by a thread that may wait for VFIO.
    pub(super) fn start_work(self: &Arc<Self>) {
        if let Some(queue) = QUEUE.get() {
            // Refused only if it is queued already, and then it will see what is wanted.
            let _ = queue.enqueue::<_, 0>(self.clone());
        }
    }

    /// Has an event that is due reported now.
    pub(super) fn flush_report(&self) {
        if self.state.lock().reporting {
            flush_delayed(&self.report);
        }
    }

    /// Reports what happened to the subdev. Returns the number of the event and what it showed;
    /// nothing when userspace does not know of the subdev.
    ///
    /// One lock around numbering, looking and sending makes the order of events, their generations
    /// and what they show agree.
    pub(super) fn report(&self, kind: Kind, origin: Origin) -> Option<(u64, Snapshot<'_>)> {
        let mut events = events::lock();
        {
            let mut state = self.state.lock();
            match kind {
                Kind::Created => state.announced = true,
                // Nobody has heard of it: its creation is being undone. Or a VFIO user was faster
                // than the creation, or slower than the deletion.
                Kind::Deleted | Kind::Changed if !state.announced => return None,
                Kind::Deleted => state.announced = false,
                Kind::Changed => (),
            }
        }
        let snapshot = self.snapshot();
        let generation = events.send(kind, Object::Subdev(&snapshot), origin);
        Some((generation, snapshot))
    }

    fn changed(&self, changed: bool, cause: Cause) {
        if changed {
            self.report(Kind::Changed, cause.into());
        }
    }

    /// Reports a change that the VFIO user made, now or when it is time for it.
    fn changed_by_user(self: &Arc<Self>, changed: bool) {
        if !changed {
            return;
        }
        {
            let mut state = self.state.lock();
            if state.reporting || !state.announced {
                return;
            }
            let now = u64::try_from(self.born.elapsed().as_millis()).unwrap_or(0);
            if let (Err(ms), Some(queue)) = (state.bucket.take(now), QUEUE.get()) {
                let ms = u32::try_from(ms).unwrap_or(u32::MAX);
                // Queued under the lock, so that what is `reporting` can be flushed.
                state.reporting = queue
                    .enqueue_delayed::<_, 1>(self.clone(), msecs_to_jiffies(ms))
                    .is_ok();
                return;
            }
        }
        self.report(Kind::Changed, Cause::Tenant.into());
    }
}

impl WorkItem for Subdev {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.hand_over();
    }
}

impl WorkItem<1> for Subdev {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.state.lock().reporting = false;
        this.report(Kind::Changed, Cause::Tenant.into());
    }
}
