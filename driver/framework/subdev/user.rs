// SPDX-License-Identifier: GPL-2.0

//! What VFIO, its user and the hardware do with a subdev.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    super::{
        events::{
            Cause,
            Origin, //
        },
        identity::Handles, //
    },
    Holder,
    Subdev, //
};

impl Subdev {
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
    pub(in crate::framework) fn is_attached(&self) -> bool {
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
    pub(in crate::framework) fn while_reset<R>(
        &self,
        origin: Origin,
        reset: impl FnOnce() -> R,
    ) -> R {
        self.state.lock().reset = Some(origin);
        let result = reset();
        self.state.lock().reset = None;
        result
    }

    /// The hardware below is lost.
    pub(in crate::framework) fn lose(&self) {
        if let Some(function) = self.function() {
            function.halt();
        }
        let changed = self.state.lock().life.lose();
        self.changed(changed, Cause::Fault);
    }

    /// The hardware below is back.
    pub(in crate::framework) fn recover(&self) {
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

    /// Whether a VFIO user has the device open.
    pub(in crate::framework) fn is_open(&self) -> bool {
        self.state.lock().life.is_open()
    }

    /// Ends what the VFIO user can do with a subdev that is dead, and asks for its release.
    /// Does not wait.
    pub(in crate::framework) fn doom(&self) {
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
    pub(in crate::framework) fn let_go(self: &Arc<Self>) {
        if !self.is_open() {
            self.detach();
        }
    }
}
