// SPDX-License-Identifier: GPL-2.0

//! Hardware and a host made of software.

use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc,
        Mutex, //
    }, //
};

use super::super::super::{
    account::Account,
    submitter::{
        self,
        Ended,
        Make,
        Owner,
        Ticket, //
    }, //
};
use crate::{
    dsa_core::desc::{
        code::status,
        Completion,
        DESC_LEN, //
    },
    ffi::{
        bound::BoundDevice,
        memory::{
            self,
            Memory, //
        }, //
    },
    framework::{
        self,
        Culprit,
        Fault,
        Mappable,
        Region, //
    }, //
};

/// What the lock of a submitter guards.
struct State {
    /// All descriptors that were submitted.
    descriptors: KVec<[u8; DESC_LEN]>,
    /// Bytes of those whose owner was not told of their end.
    untold: KVec<Option<u32>>,
    /// Nothing completes.
    held: bool,
    /// But for this one.
    completes: Option<usize>,
    lost: bool,
    /// The next descriptor completes with an invalid interrupt handle.
    revoked: bool,
}

/// Hardware that completes all descriptors, and does nothing else.
#[pin_data]
pub(super) struct Submitter {
    dev: BoundDevice,
    owner: Arc<Account>,
    #[pin]
    state: Mutex<State>,
}

impl Submitter {
    pub(super) fn new(dev: BoundDevice, owner: Arc<Account>) -> Result<Arc<Self>> {
        let state = State {
            descriptors: KVec::new(),
            untold: KVec::new(),
            held: false,
            completes: None,
            lost: false,
            revoked: false,
        };
        Arc::pin_init(
            pin_init!(Self {
                dev,
                owner,
                state <- new_mutex!(state),
            }),
            GFP_KERNEL,
        )
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock();
        change(&mut state);
        self.tell(&mut state);
    }

    /// Tells of what has ended.
    fn tell(&self, state: &mut State) {
        for at in 0..state.untold.len() {
            let ends = state.ends(at);
            let untold = state.untold.get_mut(at).filter(|_| ends);
            if let Some(bytes) = untold.and_then(Option::take) {
                self.owner.ended(bytes);
            }
        }
    }

    /// From now on nothing completes.
    pub(super) fn hold(&self) {
        self.change(|state| state.held = true);
    }

    /// One of those that are held completes.
    pub(super) fn complete(&self, at: usize) {
        self.change(|state| state.completes = Some(at));
    }

    /// What is held completes.
    pub(super) fn release(&self) {
        self.change(|state| state.held = false);
    }

    /// From now on nothing is taken, and what there is, is lost.
    pub(super) fn lose(&self) {
        self.change(|state| state.lost = true);
    }

    /// The next descriptor completes with an invalid interrupt handle.
    pub(super) fn revoke_handle(&self) {
        self.change(|state| state.revoked = true);
    }

    /// Number of descriptors that were submitted.
    pub(super) fn count(&self) -> usize {
        self.state.lock().descriptors.len()
    }

    /// Bytes that a descriptor asks for.
    pub(super) fn length(&self, at: usize) -> Option<u32> {
        length(self.state.lock().descriptors.get(at)?)
    }
}

impl State {
    fn ends(&self, at: usize) -> bool {
        self.lost || !self.held || self.completes == Some(at)
    }
}

fn length(descriptor: &[u8; DESC_LEN]) -> Option<u32> {
    let bytes = descriptor.get(32..36)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

// SAFETY: Nothing here accesses memory.
unsafe impl submitter::Submitter for Submitter {
    fn device(&self) -> &BoundDevice {
        &self.dev
    }

    fn max_transfer_shift(&self) -> u32 {
        21
    }

    fn is_lost(&self) -> bool {
        self.state.lock().lost
    }

    fn submit(&self, make: Make<'_>, bytes: u32) -> Result<Ticket> {
        let mut state = self.state.lock();
        if state.lost {
            return Err(ENODEV);
        }
        let at = state.descriptors.len();
        state.descriptors.push(make(0, 1), GFP_KERNEL)?;
        state.untold.push(Some(bytes), GFP_KERNEL)?;
        self.tell(&mut state);
        Ok(Ticket::new(at))
    }

    fn poll(&self, ticket: &Ticket) -> Option<Ended> {
        let mut state = self.state.lock();
        if state.lost {
            return Some(Ended::Lost);
        }
        if !state.ends(ticket.at()) {
            return None;
        }
        let bytes = state.descriptors.get(ticket.at()).and_then(length);
        let status = if core::mem::take(&mut state.revoked) {
            status::INT_HANDLE
        } else {
            status::SUCCESS
        };
        Some(Ended::Done(Completion {
            status,
            bytes: bytes.unwrap_or(0),
            ..Completion::default()
        }))
    }

    fn reap(&self) -> bool {
        false
    }

    fn look_after(&self) {}
}

/// Who has the function open.
pub(super) struct Host {
    memory: Arc<memory::kunit::Fake>,
    interrupts: Atomic<u32>,
}

impl Host {
    pub(super) fn new(memory: Arc<memory::kunit::Fake>) -> Result<Arc<Self>> {
        let interrupts = Atomic::new(0);
        Ok(Arc::new(Self { memory, interrupts }, GFP_KERNEL)?)
    }

    /// Interrupts so far.
    pub(super) fn interrupts(&self) -> u32 {
        self.interrupts.load(Relaxed)
    }
}

impl framework::Host for Host {
    fn memory(&self) -> Arc<dyn Memory> {
        self.memory.clone()
    }

    fn mappable(&self, _region: Region) -> Result<Mappable> {
        Err(EINVAL)
    }

    fn interrupt(&self, _vector: u32) {
        self.interrupts.fetch_add(1, Relaxed);
    }

    fn enabled(&self, _enabled: bool) {}

    fn works(&self) {}

    fn fault(&self, _fault: Fault, _culprit: Culprit) {}
}
