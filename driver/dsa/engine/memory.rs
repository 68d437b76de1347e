// SPDX-License-Identifier: GPL-2.0

//! Pinning what descriptors need, and giving it up. All of this is done by the thread of the engine.

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
    memory::Memory,
    pinned::{
        Mapped,
        Observer,
        Pinned,
        Unpinned, //
    },
    task, //
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
}

impl Observer for Engine {
    fn begin_call(&self) {
        self.ranges.lock().begin_call(task::current());
    }

    fn end_call(&self) {
        let call = self.ranges.lock().call.take();
        drop(call);
    }

    fn stop(&self) -> bool {
        self.unmaps.are_there()
    }
}

impl Engine {
    /// A range that has `span`, pinned and mapped as far as it is there, with a further user; nothing
    /// if nothing is there. Takes as long as the tenant likes.
    pub(super) fn range(
        &self,
        queue: &Queue,
        memory: &Arc<dyn Memory>,
        span: &Span,
        write: bool,
    ) -> Result<Option<usize>, Missing> {
        let Some(pages) = span.pages() else {
            return Ok(None);
        };
        let count = pages.len / PAGE_SIZE as u64;
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
                    // Once more, if something can be given up.
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
        let mapped = if ranges.is_dead() {
            Err(pinned)
        } else {
            // SAFETY: Before the device is unbound, `Ranges::kill` is called, which unmaps it: with
            // the same lock, after which it is dead.
            unsafe { Mapped::new(pinned, queue.submitter.device().clone()) }
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
        let Some(held) = self.ranges.lock().take(at) else {
            return;
        };
        self.begin_call();
        drop(held);
        self.end_call();
        self.forget(at);
    }

    /// Ranges have a user less.
    pub(super) fn leave(&self, sides: &Sides) {
        for at in sides.iter().flatten() {
            let is_last = self.ranges.lock().leave(*at);
            if is_last {
                self.give_up(*at);
            }
        }
    }

    /// Gives up what is being taken away and what is stale, unless it is in use: then whoever uses it
    /// last does.
    pub(super) fn give_up_stale(&self) {
        if self.unmaps.are_there() {
            let mut ranges = self.ranges.lock();
            ranges.set_stale(|span| self.unmaps.concern(span));
        }
        loop {
            let stale = self.ranges.lock().idle_and_stale();
            match stale {
                Some(at) => self.give_up(at),
                None => return,
            }
        }
    }
}
