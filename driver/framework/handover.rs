// SPDX-License-Identifier: GPL-2.0

//! Handing a subdev over to VFIO and taking it back: its auxiliary device.
//!
//! VFIO makes both wait for users of other devices that share a lock of its own. So a workqueue
//! does them, without any lock of ours that somebody else takes, and who asked for it waits for
//! some seconds at most.

use kernel::{
    prelude::*,
    sync::Arc,
    time::{
        Delta,
        Instant,
        Monotonic, //
    }, //
};

use super::{
    refusal::{
        Field,
        Refusal, //
    },
    subdev::{
        Failure,
        Handover,
        Registration,
        Subdev, //
    },
    wait::wait_for, //
};
use crate::ffi::removable::Removable;

/// Name of the module in the names of auxiliary devices.
pub(crate) const AUX_MODULE: &CStr = c"subdev";

/// Name of the device in the names of auxiliary devices: `subdev.vdev.7`.
pub(crate) const AUX_NAME: &CStr = c"vdev";

/// How long a request that creates waits for VFIO, for however many subdevs, or one that activates.
const ATTACH_LIMIT: Delta = Delta::from_secs(5);
/// How long what deletes or deactivates waits for VFIO, for however many subdevs, and an activation
/// for what a deactivation has left.
const DETACH_LIMIT: Delta = Delta::from_secs(1);

/// Who has made a device that a subdev is handed over on.
pub(crate) trait Maker {
    /// The device, which the subdev can do away with when it goes.
    fn device(&self) -> Removable;

    /// Hands the subdev, which has a virtual device, over to VFIO: it is attached on return.
    fn attach(&self, subdev: &Arc<Subdev>) -> Result;

    /// Whether a program has opened the device for VFIO, which it may have without that the subdev is
    /// open: a detachment would wait for it.
    fn is_held(&self) -> bool;

    /// Takes the subdev, which is dead and which nobody has open, back from VFIO: it is detached on
    /// return.
    fn detach(&self, subdev: &Arc<Subdev>);
}

/// What a subdev is handed over on.
pub(super) enum Handed {
    /// The framework has made it, below the parent.
    Auxiliary(#[expect(dead_code, reason = "held")] Registration),
    /// Somebody else has.
    Made(Removable),
}

/// Hands subdevs over to VFIO, side by side, or one on a device that somebody has made. On return each
/// has a VFIO device, or there is a reason why one has not.
///
/// Must not be called with a lock held: it may wait for VFIO, for [`ATTACH_LIMIT`].
pub(super) fn attach(subdevs: &[Arc<Subdev>], maker: Option<&dyn Maker>) -> Result<(), Refusal> {
    if let Some(maker) = maker {
        return subdevs
            .iter()
            .try_for_each(|subdev| subdev.attach_on(maker));
    }
    for subdev in subdevs {
        subdev.begin_handover();
    }
    let start = Instant::<Monotonic>::now();
    let mut waited_for = subdevs.iter();
    waited_for.try_for_each(|subdev| subdev.wait_until_attached(ATTACH_LIMIT - start.elapsed()))
}

/// Waits until VFIO has let go of those that nobody has open, and their devices are gone, though not
/// for long: VFIO may know of a user that has not come as far as opening the device.
pub(super) fn wait_until_detached(subdevs: &[Arc<Subdev>]) {
    let start = Instant::<Monotonic>::now();
    for subdev in subdevs.iter().filter(|subdev| !subdev.is_open()) {
        let limit = DETACH_LIMIT - start.elapsed();
        let _ = subdev.wait(limit, |handover| {
            (!handover.present && !handover.removing).then_some(())
        });
    }
}

impl Subdev {
    /// Hands the subdev over on a device that somebody has made.
    fn attach_on(self: &Arc<Self>, maker: &dyn Maker) -> Result<(), Refusal> {
        self.presence.enter();
        {
            // Both under it: what runs late of the handover before must not find one of them only.
            let mut registration = self.registration.lock();
            *registration = Some(Handed::Made(maker.device()));
            self.state.lock().handover.begin(Some(Ok(())));
        }
        maker.attach(self).inspect_err(|_| self.handed_back())?;
        Ok(())
    }

    /// The device that somebody has made for the subdev goes, or did not come to be, and VFIO has
    /// nothing of the subdev any more.
    pub(crate) fn handed_back(self: &Arc<Self>) {
        let mut registration = self.registration.lock();
        self.state.lock().handover.wanted = false;
        if let Some(Handed::Made(device)) = registration.take() {
            // It is going already.
            device.leave();
        }
        self.end_handover();
    }

    /// The device that somebody has made for the subdev is going. Says whether somebody else wants it
    /// to go than who deactivates or removes the subdev.
    pub(super) fn is_taken_away(&self) -> bool {
        let handover = &mut self.state.lock().handover;
        core::mem::replace(&mut handover.wanted, false)
    }

    /// Starts to hand the subdev over to VFIO. Does not wait.
    fn begin_handover(self: &Arc<Self>) {
        self.presence.enter();
        self.state.lock().handover.begin(None);
        self.start_work();
    }

    /// Waits for the end of a handover.
    fn wait_until_attached(self: &Arc<Self>, limit: Delta) -> Result<(), Refusal> {
        match self.wait(limit, |handover| handover.outcome) {
            Some(Ok(())) => Ok(()),
            Some(Err(Failure::Error(error))) => Err(error.into()),
            Some(Err(Failure::NoDriver)) => Err(Refusal::new(
                ENODEV,
                Field::Nothing,
                format_args!("no driver took the device; is autoprobe of the auxiliary bus off?"),
            )),
            None => {
                // What is made after all is unmade at once.
                self.detach();
                Err(Refusal::new(
                    EBUSY,
                    Field::Nothing,
                    format_args!("VFIO is kept busy by the user of another device; try again"),
                ))
            }
        }
    }

    /// Starts to take the subdev back from VFIO. Does not wait.
    pub(super) fn detach(self: &Arc<Self>) {
        {
            let handover = &mut self.state.lock().handover;
            handover.wanted = false;
            if !handover.present {
                return;
            }
        }
        self.start_work();
    }

    /// Whether everything of a handover is gone.
    pub(super) fn is_detached(&self) -> bool {
        !self.state.lock().handover.present
    }

    /// Waits until `done` finds something in the handover; `None` if it does not within `limit`.
    fn wait<R>(&self, limit: Delta, done: impl Fn(&Handover) -> Option<R>) -> Option<R> {
        wait_for(&self.state, &self.progress, limit, |state| {
            done(&state.handover)
        })
    }

    /// Does what is wanted; called by the workqueue, which runs it once at a time.
    pub(super) fn hand_over(self: &Arc<Self>) {
        loop {
            let mut registration = self.registration.lock();
            let wanted = self.state.lock().handover.wanted;
            match (wanted, registration.is_some()) {
                (true, false) => {
                    let made = self.register();
                    let outcome = made.as_ref().map(|_| ()).map_err(|failure| *failure);
                    *registration = made.ok().map(Handed::Auxiliary);
                    drop(registration);
                    let handover = &mut self.state.lock().handover;
                    handover.wanted &= outcome.is_ok();
                    handover.outcome = Some(outcome);
                    self.progress.notify_all();
                }
                (false, true) => {
                    let handed = registration.take();
                    self.state.lock().handover.removing = true;
                    // Who has made the device says that it is handed back.
                    drop(registration);
                    // Unbinds the driver, which unregisters from VFIO.
                    drop(handed);
                    self.state.lock().handover.removing = false;
                    self.progress.notify_all();
                }
                (true, true) => return,
                (false, false) => {
                    self.end_handover();
                    return;
                }
            }
        }
    }

    fn register(self: &Arc<Self>) -> Result<Registration, Failure> {
        let index = self.identity().index;
        let data = Ok::<_, Error>(self.clone());
        let registration = Registration::new(&self.dev, AUX_NAME, index, AUX_MODULE, data)
            .map_err(Failure::Error)?;
        // A device that no driver bound to is no success; dropping takes it away again.
        if self.is_attached() {
            Ok(registration)
        } else {
            Err(Failure::NoDriver)
        }
    }

    /// Nothing is left of a handover. [`Self::registration`] is locked: another handover does not begin
    /// before this has seen that it is not wanted.
    fn end_handover(&self) {
        let function = {
            let state = &mut *self.state.lock();
            if state.handover.wanted || !state.handover.present {
                return;
            }
            state.handover.present = false;
            // At once: from here on there may be another.
            state.function.take()
        };
        drop(function);
        self.progress.notify_all();
        // The last: the parent may go now.
        self.presence.leave();
    }
}
