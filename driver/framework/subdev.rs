// SPDX-License-Identifier: GPL-2.0

//! A subdev: its identity, which stays, and its state, which changes.

use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    }, //
};

use super::{
    events,
    Function,
    Isolation,
    Kind, //
};
use crate::subdev_core::{
    name::Name,
    share::PasidMode,
    state::{
        AdminState,
        Busy,
        Life,
        OpState, //
    },
    uuid::Uuid, //
};

/// Most work queues that a subdev may stand on (`SUBDEV_MAX_WQS_PER_SUBDEV`).
pub(crate) const MAX_WQS: usize = crate::ffi::bindings::SUBDEV_MAX_WQS_PER_SUBDEV as usize;

/// A short list of work queues.
#[derive(Clone, Copy)]
pub(crate) struct Wqs {
    ids: [u32; MAX_WQS],
    len: usize,
}

impl Wqs {
    /// No work queues.
    pub(crate) const fn new() -> Self {
        Self {
            ids: [0; MAX_WQS],
            len: 0,
        }
    }

    /// Adds a work queue, if there is room for one more.
    pub(crate) fn push(&mut self, id: u32) -> Option<()> {
        *self.ids.get_mut(self.len)? = id;
        self.len += 1;
        Some(())
    }

    /// The work queues.
    pub(crate) fn as_slice(&self) -> &[u32] {
        self.ids.get(..self.len).unwrap_or_default()
    }
}

/// What a subdev is and does not cease to be.
pub(crate) struct Identity {
    pub(crate) index: u32,
    pub(crate) name: Name,
    pub(crate) uuid: Uuid,
    pub(crate) parent: Name,
    pub(crate) wqs: Wqs,
    pub(crate) type_name: &'static str,
    pub(crate) pasid_mode: PasidMode,
    pub(crate) isolation: Isolation,
    /// Entries of each virtual work queue.
    pub(crate) entries: u32,
}

/// By what names VFIO knows a subdev while it is handed over.
#[derive(Clone, Copy)]
pub(crate) struct Handles {
    /// Number of the IOMMU group.
    pub(crate) group: u32,
    /// Name of the device's own node, where the kernel has those.
    pub(crate) cdev: Option<Name>,
}

/// What changes about a subdev.
struct State {
    life: Life,
    handles: Option<Handles>,
    /// Whether userspace was told that the subdev exists, and not yet that it does not.
    announced: bool,
}

/// A virtual device on one or more work queues.
#[pin_data]
pub(crate) struct Subdev {
    identity: Identity,
    function: Arc<dyn Function>,
    #[pin]
    state: Mutex<State>,
}

/// A subdev at one moment.
pub(crate) struct Snapshot<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) state: AdminState,
    pub(crate) opstate: OpState,
    pub(crate) handles: Option<Handles>,
}

impl Subdev {
    /// Makes a subdev that is not handed to VFIO.
    pub(super) fn new(
        identity: Identity,
        state: AdminState,
        function: Arc<dyn Function>,
    ) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                identity,
                function,
                state <- new_mutex!(State {
                    life: Life::new(state),
                    handles: None,
                    announced: false,
                }),
            }),
            GFP_KERNEL,
        )
    }

    /// What does not change.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The virtual device.
    pub(crate) fn function(&self) -> &Arc<dyn Function> {
        &self.function
    }

    /// The subdev as it is now.
    pub(crate) fn snapshot(&self) -> Snapshot<'_> {
        let state = self.state.lock();
        Snapshot {
            identity: &self.identity,
            state: state.life.admin(),
            opstate: state.life.opstate(),
            handles: state.handles,
        }
    }

    /// There is a VFIO device now, known as `handles`. Refused for a subdev on its way out.
    pub(crate) fn attached(&self, handles: Handles) -> Result {
        let changed = {
            let mut state = self.state.lock();
            if state.life.is_dead() {
                return Err(ENODEV);
            }
            state.handles = Some(handles);
            state.life.attach()
        };
        self.changed(changed);
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
        self.changed(changed);
    }

    /// Whether there is a VFIO device.
    pub(super) fn is_attached(&self) -> bool {
        self.state.lock().handles.is_some()
    }

    /// A VFIO user opens the device.
    pub(crate) fn open(&self) -> Result {
        let changed = self.state.lock().life.open().map_err(|_| ENODEV)?;
        self.changed(changed);
        Ok(())
    }

    /// The VFIO user has closed the device.
    pub(crate) fn closed(&self) {
        let changed = self.state.lock().life.close();
        self.changed(changed);
    }

    /// The VFIO user enabled or disabled the virtual device.
    pub(crate) fn enabled(&self, enabled: bool) {
        let changed = {
            let life = &mut self.state.lock().life;
            if enabled {
                life.enable()
            } else {
                life.disable()
            }
        };
        self.changed(changed);
    }

    /// Whether the subdev is on its way out: its VFIO device answers nobody any more.
    pub(crate) fn is_dead(&self) -> bool {
        self.state.lock().life.is_dead()
    }

    /// Remembers whether userspace knows of the subdev.
    pub(super) fn announce(&self, announced: bool) {
        self.state.lock().announced = announced;
    }

    /// Whether userspace knows of the subdev.
    pub(super) fn is_announced(&self) -> bool {
        self.state.lock().announced
    }

    /// From now on nobody can open the subdev. Returns whether somebody has it open, or refuses
    /// because somebody has unless `force`.
    pub(super) fn begin_removal(&self, force: bool) -> Result<bool, Busy> {
        let life = &mut self.state.lock().life;
        life.begin_removal(force)?;
        Ok(life.is_open())
    }

    fn changed(&self, changed: bool) {
        if changed {
            events::report(Kind::Changed, self);
        }
    }
}
