// SPDX-License-Identifier: GPL-2.0

//! What userspace is told of a subdev, and how much of it its VFIO user can cause.

use kernel::{
    sync::Arc,
    time::msecs_to_jiffies,
    workqueue::WorkItem, //
};

use super::{
    super::{
        events::{
            self,
            Cause,
            Kind,
            Object,
            Origin, //
        },
        fault::{
            Culprit,
            Fault, //
        },
        identity::{
            Settings,
            Snapshot, //
        },
        queue::QUEUE, //
    },
    Subdev, //
};
use crate::{
    ffi::workqueue::flush_delayed,
    subdev_core::state::{
        Life,
        Phase, //
    }, //
};

impl Subdev {
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

    /// Has an event that is due reported now.
    pub(in crate::framework) fn flush_report(&self) {
        if self.state.lock().reporting {
            flush_delayed(&self.report);
        }
    }

    /// Reports what happened to the subdev. Returns the number of the event and what it showed;
    /// nothing when userspace does not know of the subdev.
    ///
    /// One lock around numbering, looking and sending makes the order of events, their generations
    /// and what they show agree.
    pub(in crate::framework) fn report(
        &self,
        kind: Kind,
        origin: Origin,
    ) -> Option<(u64, Snapshot<'_>)> {
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
    pub(in crate::framework) fn amend(
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

    pub(super) fn changed(&self, changed: bool, cause: Cause) {
        if changed {
            self.report(Kind::Changed, cause.into());
        }
    }

    /// Reports a change that a request made, if there is one, or else the VFIO user.
    pub(super) fn changed_by(self: &Arc<Self>, changed: bool, request: Option<Origin>) {
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
    pub(super) fn changed_by_user(self: &Arc<Self>, changed: bool) {
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

impl WorkItem<1> for Subdev {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.state.lock().reporting = false;
        this.report(Kind::Changed, Cause::Tenant.into());
    }
}
