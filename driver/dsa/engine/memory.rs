// SPDX-License-Identifier: GPL-2.0

//! Pinning what descriptors need, and giving it up. All of this is done by the thread of the engine, but
//! for unpinning what a tenant takes away.

use kernel::{
    page::PAGE_SIZE,
    prelude::*,
    sync::Arc, //
};

use super::{
    super::{
        ranges::{
            Held,
            Room, //
        },
        span::Span, //
    },
    lane::Sides,
    Engine,
    Queue, //
};
use crate::ffi::{
    mapped::Mapped,
    memory::Memory,
    pinned::{
        Observer,
        Pinned,
        Unpinned, //
    },
    workqueue, //
};

/// Why there is no range.
pub(super) enum Missing {
    /// Its memory is being taken away; then it may be there, or not.
    TakenAway,
    /// Others need the place.
    Later,
    /// A limit of the tenant does not allow it.
    Limited,
    /// The hardware cannot be given it.
    Unmapped,
    /// It would have to be pinned, which is not done now.
    NotAtHand,
}

impl Observer for Engine {
    fn begin_call(&self) {
        // Others do not wait for this tenant's memory.
        for queue in self.queues.iter() {
            queue.flow.withdraw();
        }
        self.ranges.lock().note_progress();
    }

    fn end_call(&self) {
        self.ranges.lock().note_progress();
    }

    fn stop(&self) -> bool {
        let span = self.ranges.lock().being_pinned();
        span.is_some_and(|span| self.unmaps.concern(&span))
    }
}

impl Engine {
    /// A range that has `span`, pinned and mapped as far as it is there, with a further user; nothing
    /// if nothing is there. Takes as long as the tenant likes, unless what is `at_hand` is enough.
    pub(super) fn range(
        &self,
        queue: &Queue,
        memory: &Arc<dyn Memory>,
        span: &Span,
        write: bool,
        at_hand: bool,
    ) -> Result<Option<usize>, Missing> {
        let Some(pages) = span.pages() else {
            return Ok(None);
        };
        let count = pages.len / PAGE_SIZE as u64;
        let mut was_limited = false;
        loop {
            let reserved = {
                let mut ranges = self.ranges.lock();
                // Whoever unmaps from now on sees what is pinned, and waits.
                if self.unmaps.concern(&pages) {
                    return Err(Missing::TakenAway);
                }
                if let Some(at) = ranges.find(&pages, write) {
                    return Ok(Some(at));
                }
                if at_hand {
                    return Err(Missing::NotAtHand);
                }
                match ranges.room(count) {
                    Room::Free => Ok(ranges.reserve(pages, write).ok_or(Missing::Later)?),
                    Room::Instead(other) => Err(other),
                    Room::Later => return Err(Missing::Later),
                    Room::Limited => return Err(Missing::Limited),
                }
            };
            let at = match reserved {
                Ok(at) => at,
                Err(other) => {
                    self.give_up(other);
                    continue;
                }
            };
            // CAST: A range is no longer than what can be pinned at a time.
            let pinned = Pinned::new(memory.clone(), self, pages.iova, count as usize, write);
            match pinned {
                Ok(pinned) if pinned.len() > 0 => return self.map(queue, at, pinned).map(Some),
                Ok(_) => {
                    self.forget(at);
                    return Ok(None);
                }
                Err(Unpinned::Limited) => {
                    self.ranges.lock().set_limited();
                    self.forget(at);
                    if was_limited {
                        return Err(Missing::Limited);
                    }
                    // Once more without what is not in use: VFIO prints a line each time.
                    was_limited = true;
                    self.give_up_idle();
                }
                Err(Unpinned::Stopped) => {
                    self.forget(at);
                    return Err(Missing::TakenAway);
                }
                Err(Unpinned::Unmapped) => {
                    self.forget(at);
                    return Err(Missing::Unmapped);
                }
            }
        }
    }

    /// Maps what was pinned for a range.
    fn map(&self, queue: &Queue, at: usize, pinned: Pinned) -> Result<usize, Missing> {
        let len = (pinned.len() * PAGE_SIZE) as u64;
        let counted = queue.meter.pin(pinned.len());
        let mut ranges = self.ranges.lock();
        // The unbinding of the device waits for what is mapped, which `Ranges::kill` unmaps before: with
        // the same lock, after which it is dead.
        let mapped = match ranges.is_dead() {
            true => Err(pinned),
            false => Mapped::new(pinned, queue.submitter.device()),
        };
        match mapped {
            Ok(mapped) => {
                let held = Held {
                    mapped,
                    _counted: counted,
                };
                ranges.fill(at, len, held);
                Ok(at)
            }
            Err(pinned) => {
                drop(ranges);
                self.begin_call();
                drop(pinned);
                self.end_call();
                drop(counted);
                self.forget(at);
                Err(Missing::Unmapped)
            }
        }
    }

    fn forget(&self, at: usize) {
        self.ranges.lock().forget(at);
        self.changed.notify_all();
    }

    /// Unpins a range that nobody needs.
    fn give_up(&self, at: usize) {
        let held = self.ranges.lock().take(at);
        if let Some(held) = held {
            self.begin_call();
            self.unpin(at, held);
        }
    }

    /// Ranges have a user less. Those that are stale are given up by the next look.
    pub(super) fn leave(&self, sides: &Sides) {
        let mut ranges = self.ranges.lock();
        for at in sides.iter().flatten() {
            ranges.leave(*at);
        }
    }

    /// Gives up all that nobody needs. Returns whether there was something.
    pub(super) fn give_up_idle(&self) -> bool {
        let mut some = false;
        loop {
            let idle = self.ranges.lock().idle();
            let Some(at) = idle else {
                return some;
            };
            self.give_up(at);
            some = true;
        }
    }

    /// Gives up what is being taken away and what is stale, unless it is in use.
    pub(super) fn give_up_stale(self: &Arc<Self>) {
        let is_urgent = self.unmaps.are_there();
        if is_urgent {
            let mut ranges = self.ranges.lock();
            ranges.set_stale(|span| self.unmaps.concern(span));
        }
        loop {
            let mut ranges = self.ranges.lock();
            let Some(at) = ranges.idle_and_stale() else {
                return;
            };
            let held = ranges.take(at);
            drop(ranges);
            let Some(held) = held else {
                return;
            };
            if !is_urgent {
                self.begin_call();
                self.unpin(at, held);
                continue;
            }
            // Side by side, so that all of them are queued for the locks of VFIO before whoever takes
            // the memory away looks again, see `unmap`.
            let engine = self.clone();
            let unpin = move || engine.unpin(at, held);
            let queue = workqueue::engines().ok_or(ENODEV);
            // Without memory to do that it is done here: what is dropped is unpinned.
            if queue
                .and_then(|queue| Ok(queue.try_spawn(GFP_KERNEL, unpin)?))
                .is_err()
            {
                self.forget(at);
            }
        }
    }

    /// Unpins a range that was taken.
    fn unpin(&self, at: usize, held: Held) {
        self.ranges.lock().note_progress();
        drop(held);
        self.forget(at);
        self.front.waker().wake();
    }
}
