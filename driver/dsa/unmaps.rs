// SPDX-License-Identifier: GPL-2.0

//! Memory that a tenant is taking away at this moment, and that must not be pinned again.
//!
//! VFIO's type1 driver looks for pins again after it had a driver release them, and gives up with a
//! `BUG_ON` when it finds some after eleven calls (`vfio_dma_do_unmap` in
//! `srctree/drivers/vfio/vfio_iommu_type1.c`). A tenant can have a thread that unmaps wait as long
//! as it likes, so no span of time is enough to keep away: memory is left alone until that thread
//! has returned to userspace.

use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        aref::ARef,
        Arc,
        Mutex, //
    },
    task::Task,
    time::{
        Delta,
        Instant,
        Monotonic, //
    }, //
};

use super::span::Span;
use crate::ffi::task;

/// How long memory is left alone if the thread that unmaps it cannot take note when it has done so:
/// there is no memory left to take note, or it has no userspace to return to.
pub(super) const REST: Delta = Delta::from_secs(1);

/// What is being unmapped.
#[pin_data]
pub(super) struct Unmaps {
    #[pin]
    state: Mutex<State>,
}

/// A range that is being unmapped.
struct Unmap {
    /// Distinguishes it from others.
    number: u64,
    span: Span,
    /// Whoever unmaps it.
    task: ARef<Task>,
}

struct State {
    in_flight: KVec<Unmap>,
    next: u64,
    /// What is left alone for [`REST`], and since when.
    resting: Option<(Span, Instant<Monotonic>)>,
}

impl Unmaps {
    pub(super) fn new() -> Result<Arc<Self>> {
        let state = State {
            in_flight: KVec::new(),
            next: 0,
            resting: None,
        };
        Arc::pin_init(pin_init!(Self { state <- new_mutex!(state) }), GFP_KERNEL)
    }

    /// The calling thread is unmapping `span`. Returns how often it has said so since it has entered
    /// the kernel, as far as that is known.
    pub(super) fn begin(self: &Arc<Self>, span: Span) -> usize {
        let begun = self.begin_until_return(span);
        if begun.is_err() {
            let mut state = self.state.lock();
            let others = state.resting.map(|(span, _)| span);
            state.resting = Some((span.around(others), Instant::now()));
        }
        begun.unwrap_or(1)
    }

    fn begin_until_return(self: &Arc<Self>, span: Span) -> Result<usize> {
        let task = task::current();
        let mut state = self.state.lock();
        let same = |unmap: &&Unmap| core::ptr::eq(&*unmap.task, &*task) && unmap.span == span;
        let before = state.in_flight.iter().filter(same).count();
        let number = state.next;
        state
            .in_flight
            .push(Unmap { number, span, task }, GFP_KERNEL)?;
        state.next += 1;
        drop(state);
        let this = self.clone();
        task::before_return(move || this.end(number)).inspect_err(|_| self.end(number))?;
        Ok(before + 1)
    }

    fn end(&self, number: u64) {
        let mut state = self.state.lock();
        state.in_flight.retain(|unmap| unmap.number != number);
    }

    /// Whether something in `span` is being unmapped.
    pub(super) fn concern(&self, span: &Span) -> bool {
        let mut state = self.state.lock();
        state.resting = state.resting.filter(|(_, since)| since.elapsed() < REST);
        let mut in_flight = state.in_flight.iter().map(|unmap| &unmap.span);
        in_flight.any(|unmapped| unmapped.overlaps(span))
            || state
                .resting
                .is_some_and(|(resting, _)| resting.overlaps(span))
    }

    /// Whether something is.
    pub(super) fn are_there(&self) -> bool {
        let state = self.state.lock();
        !state.in_flight.is_empty() || state.resting.is_some()
    }
}
