// SPDX-License-Identifier: GPL-2.0

//! The phases of a subdev's life, as requests change them.

use super::{
    Lingers,
    Subdev, //
};
use crate::subdev_core::state::Conflict;

impl Subdev {
    /// Says which passing phase of its life the subdev is in, if it is in one.
    pub(in crate::framework) fn check_present(&self) -> Result<(), Conflict> {
        self.state.lock().life.check_present()
    }

    /// As [`Self::check_present`], for who only looks: one that is being activated or deactivated
    /// can be looked at.
    pub(in crate::framework) fn check_shown(&self) -> Result<(), Conflict> {
        match self.check_present() {
            Err(Conflict::Changing) => Ok(()),
            checked => checked,
        }
    }

    /// The creation is complete.
    pub(in crate::framework) fn publish(&self) {
        self.state.lock().life.publish();
    }

    /// Whether the subdev is inactive or on its way out: a VFIO device that it has answers nobody
    /// any more.
    pub(crate) fn is_dead(&self) -> bool {
        self.state.lock().life.is_dead()
    }

    /// Whether the subdev is on its way out.
    pub(in crate::framework) fn is_removing(&self) -> bool {
        self.state.lock().life.is_removing()
    }

    /// Whether the lease that the subdev goes with has ended. The registry is locked.
    pub(in crate::framework) fn is_forsaken(&self) -> bool {
        let lease = self.identity.lease.as_ref();
        lease.is_some_and(|lease| lease.has_ended())
    }

    /// From now on the subdev is the caller's to activate, until [`Self::settle`] or
    /// [`Self::amend`]. Refused in a passing phase.
    pub(in crate::framework) fn begin_activation(&self) -> Result<(), Conflict> {
        self.state.lock().life.begin_activation()
    }

    /// From now on nobody can open the subdev, and it is the caller's to deactivate, until
    /// [`Self::amend`]. Refused if somebody has it open, unless `force`, and in a passing phase.
    pub(in crate::framework) fn begin_deactivation(&self, force: bool) -> Result<(), Conflict> {
        self.state.lock().life.begin_deactivation(force)
    }

    /// A subdev that is being activated may have a VFIO device now. Refused while there is something
    /// left of the one before, which must stay dead.
    pub(in crate::framework) fn revive(&self) -> Result<(), Lingers> {
        let state = &mut *self.state.lock();
        state.check_gone()?;
        state.life.revive();
        Ok(())
    }

    /// A subdev that was active, and is being changed, may have another VFIO device. There is nothing
    /// left of the one before.
    pub(in crate::framework) fn begin_anew(&self) {
        self.drop_function();
        self.state.lock().life.revive();
    }

    /// What [`Self::revive`] refuses.
    pub(in crate::framework) fn check_gone(&self) -> Result<(), Lingers> {
        self.state.lock().check_gone()
    }

    /// The activation failed: from now on nobody can open the subdev.
    pub(in crate::framework) fn give_up(&self) {
        self.state.lock().life.give_up();
    }

    /// The change is undone.
    pub(in crate::framework) fn settle(&self) {
        self.state.lock().life.settle();
    }

    /// From now on nobody can open the subdev, and it is the caller's to remove. Refused if somebody
    /// has it open, unless `force`, and in a passing phase.
    pub(in crate::framework) fn begin_removal(&self, force: bool) -> Result<(), Conflict> {
        self.state.lock().life.begin_removal(force).map(|_| ())
    }

    /// The creation failed, or the parent went during a change: the subdev is the caller's to
    /// remove, who creates or changes it.
    pub(in crate::framework) fn abandon(&self) {
        self.state.lock().life.abandon();
    }
}
