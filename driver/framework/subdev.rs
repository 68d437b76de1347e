// SPDX-License-Identifier: GPL-2.0

//! A subdev: its identity, which stays, its settings, and its state.

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
    count::Count,
    events::{
        self,
        Cause,
        Kind,
        Object,
        Origin, //
    },
    fault::{
        Culprit,
        Fault,
        Limit, //
    },
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
        bound::BoundDevice,
        workqueue::flush_delayed, //
    },
    subdev_core::{
        bucket::Bucket,
        state::{
            AdminState,
            Conflict,
            Life,
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

    /// Says which passing phase of its life the subdev is in, if it is in one.
    pub(super) fn check_present(&self) -> Result<(), Conflict> {
        self.state.lock().life.check_present()
    }

    /// As [`Self::check_present`], for who only looks: one that is being activated or deactivated
    /// can be looked at.
    pub(super) fn check_shown(&self) -> Result<(), Conflict> {
        match self.check_present() {
            Err(Conflict::Changing) => Ok(()),
            checked => checked,
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
            !state.life.is_removing() && state.life.detach()
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
        let (changed, reset) = {
            let mut state = self.state.lock();
            if enabled {
                (state.life.enable(), None)
            } else {
                (state.life.disable(), state.reset)
            }
        };
        self.changed_by(changed, reset);
    }

    /// What `reset` does to the virtual device has the origin `origin`.
    pub(super) fn while_reset<R>(&self, origin: Origin, reset: impl FnOnce() -> R) -> R {
        self.state.lock().reset = Some(origin);
        let result = reset();
        self.state.lock().reset = None;
        result
    }

    /// Something went wrong with what the subdev does.
    pub(crate) fn fault(&self, fault: Fault, culprit: Culprit) {
        let now = self.age_ms();
        let told = {
            let mut state = self.state.lock();
            let limit = match culprit {
                Culprit::User => &mut state.user_faults,
                Culprit::Hardware => &mut state.hardware_faults,
            };
            limit.admit(now, fault)
        };
        if let Some(fault) = told {
            self.report(Kind::Fault(fault), Cause::from(culprit).into());
        }
    }

    /// The hardware below is lost.
    pub(super) fn lose(&self) {
        if let Some(function) = self.function() {
            function.halt();
        }
        let changed = self.state.lock().life.lose();
        self.changed(changed, Cause::Fault);
    }

    /// The hardware below is back.
    pub(super) fn recover(&self) {
        // In this order: its user may reset it at once, after which it works.
        if let Some(function) = self.function() {
            function.recover();
        }
        let changed = self.state.lock().life.recover();
        self.changed(changed, Cause::Recovery);
    }

    /// The virtual device works, on hardware that does.
    pub(crate) fn works(self: &Arc<Self>) {
        let (changed, reset) = {
            let mut state = self.state.lock();
            (state.life.works(), state.reset)
        };
        self.changed_by(changed, reset);
    }

    /// Whether the subdev is inactive or on its way out: a VFIO device that it has answers nobody
    /// any more.
    pub(crate) fn is_dead(&self) -> bool {
        self.state.lock().life.is_dead()
    }

    /// Whether the subdev is on its way out.
    pub(super) fn is_removing(&self) -> bool {
        self.state.lock().life.is_removing()
    }

    /// Whether the lease that the subdev goes with has ended. The registry is locked.
    pub(super) fn is_forsaken(&self) -> bool {
        let lease = self.identity.lease.as_ref();
        lease.is_some_and(|lease| lease.has_ended())
    }

    /// From now on the subdev is the caller's to activate, until [`Self::settle`] or
    /// [`Self::amend`]. Refused in a passing phase.
    pub(super) fn begin_activation(&self) -> Result<(), Conflict> {
        self.state.lock().life.begin_activation()
    }

    /// From now on nobody can open the subdev, and it is the caller's to deactivate, until
    /// [`Self::amend`]. Refused if somebody has it open, unless `force`, and in a passing phase.
    pub(super) fn begin_deactivation(&self, force: bool) -> Result<(), Conflict> {
        self.state.lock().life.begin_deactivation(force)
    }

    /// A subdev that is being activated may have a VFIO device now. Refused while there is something
    /// left of the one before, which must stay dead.
    pub(super) fn revive(&self) -> Result<(), Lingers> {
        let state = &mut *self.state.lock();
        state.check_gone()?;
        state.life.revive();
        Ok(())
    }

    /// A subdev that was active, and is being changed, may have another VFIO device. There is nothing
    /// left of the one before.
    pub(super) fn begin_anew(&self) {
        self.drop_function();
        self.state.lock().life.revive();
    }

    /// What [`Self::revive`] refuses.
    pub(super) fn check_gone(&self) -> Result<(), Lingers> {
        self.state.lock().check_gone()
    }

    /// The activation failed: from now on nobody can open the subdev.
    pub(super) fn give_up(&self) {
        self.state.lock().life.give_up();
    }

    /// The change is undone.
    pub(super) fn settle(&self) {
        self.state.lock().life.settle();
    }

    /// From now on nobody can open the subdev, and it is the caller's to remove. Refused if somebody
    /// has it open, unless `force`, and in a passing phase.
    pub(super) fn begin_removal(&self, force: bool) -> Result<(), Conflict> {
        self.state.lock().life.begin_removal(force).map(|_| ())
    }

    /// The creation failed, or the parent went during a change: the subdev is the caller's to
    /// remove, who creates or changes it.
    pub(super) fn abandon(&self) {
        self.state.lock().life.abandon();
    }

    /// Whether a VFIO user has the device open.
    pub(super) fn is_open(&self) -> bool {
        self.state.lock().life.is_open()
    }

    /// Ends what the VFIO user can do with a subdev that is dead, and asks for its release.
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
                self.settings().name.as_str()
            );
        }
    }

    /// Starts to take a subdev that is dead back from VFIO, unless somebody has it open: closing it does
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
                // Whoever changes it reports what becomes of it.
                Kind::Changed if state.life.phase() == Phase::Changing => return None,
                Kind::Created => state.announced = true,
                // Nobody has heard of it: its creation is being undone. Or a VFIO user was faster
                // than the creation, or slower than the deletion.
                Kind::Deleted | Kind::Changed | Kind::Fault(_) if !state.announced => return None,
                Kind::Deleted => state.announced = false,
                Kind::Changed | Kind::Fault(_) => (),
            }
        }
        let snapshot = self.snapshot();
        let generation = events.send(kind, Object::Subdev(&snapshot), origin);
        Some((generation, snapshot))
    }

    /// Changes the subdev and reports it, so that nobody is shown one without the other. The
    /// registry is locked. Returns what [`Self::report`] does.
    pub(super) fn amend(
        &self,
        origin: Origin,
        change: impl FnOnce(&mut Life, &mut Settings),
    ) -> (u64, Snapshot<'_>) {
        let mut events = events::lock();
        {
            let state = &mut *self.state.lock();
            change(&mut state.life, &mut state.settings);
        }
        let snapshot = self.snapshot();
        let generation = events.send(Kind::Changed, Object::Subdev(&snapshot), origin);
        (generation, snapshot)
    }

    fn changed(&self, changed: bool, cause: Cause) {
        if changed {
            self.report(Kind::Changed, cause.into());
        }
    }

    /// Reports a change that a request made, if there is one, or else the VFIO user.
    fn changed_by(self: &Arc<Self>, changed: bool, request: Option<Origin>) {
        match request {
            // Told at once: an admin cannot crowd out others.
            Some(origin) if changed => {
                self.report(Kind::Changed, origin);
            }
            _ => self.changed_by_user(changed),
        }
    }

    /// How long there has been the subdev, in ms: the time of its limits.
    fn age_ms(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(0)
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
            let now = self.age_ms();
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
