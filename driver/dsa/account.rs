// SPDX-License-Identifier: GPL-2.0

//! What a virtual WQ has in the hardware: taken by the thread that submits, and given back by whoever
//! notices an end. The thread may have to wait for its tenant then, and others do not wait for that:
//! those who take turns with it, and whoever removes it.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    front::Front,
    scheduler::Flow,
    submitter::Owner, //
};
use crate::framework::Fault;

/// The account of a virtual WQ.
pub(super) struct Account {
    front: Arc<Front>,
    flow: Arc<Flow>,
}

impl Account {
    /// For what is submitted for `front` with turns of `flow`.
    pub(super) fn new(front: Arc<Front>, flow: Arc<Flow>) -> Result<Arc<Self>> {
        Ok(Arc::new(Self { front, flow }, GFP_KERNEL)?)
    }
}

impl Owner for Account {
    fn fault(&self, fault: Fault) {
        self.front.fault_of_hardware(fault);
    }

    fn ended(&self, bytes: u32) {
        self.flow.give_back(bytes);
        self.front.flights().leave();
        self.front.waker().note();
    }
}
