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
    /// What is left alone for [`REST`].
    resting: Option<Resting>,
}

/// A range that is left alone for a while.
#[derive(Clone, Copy)]
struct Resting {
    span: Span,
    since: Instant<Monotonic>,
    /// How often it was unmapped meanwhile.
    calls: usize,
}

impl Resting {
    fn is_over(&self) -> bool {
        self.since.elapsed() >= REST
    }
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
        self.begin_until_return(span).unwrap_or_else(|_| {
            let mut state = self.state.lock();
            let others = state.resting.filter(|resting| !resting.is_over());
            let calls = others.map_or(0, |resting| resting.calls).saturating_add(1);
            state.resting = Some(Resting {
                span: span.around(others.map(|resting| resting.span)),
                since: Instant::now(),
                calls,
            });
            calls
        })
    }

    fn begin_until_return(self: &Arc<Self>, span: Span) -> Result<usize> {
        let task = task::current();
        let mut state = self.state.lock();
        let same = |unmap: &&Unmap| core::ptr::eq(&*unmap.task, &*task) && unmap.span == span;
        let before = state.in_flight.iter().filter(same).count();
        let number = state.next;
        state
            .in_flight
            // Others must not wait for memory.
            .push(Unmap { number, span, task }, GFP_NOWAIT)?;
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
        state.resting = state.resting.filter(|resting| !resting.is_over());
        let mut in_flight = state.in_flight.iter().map(|unmap| &unmap.span);
        in_flight.any(|unmapped| unmapped.overlaps(span))
            || state
                .resting
                .is_some_and(|resting| resting.span.overlaps(span))
    }

    /// Whether something is.
    pub(super) fn are_there(&self) -> bool {
        let state = self.state.lock();
        !state.in_flight.is_empty() || state.resting.is_some()
    }
}
