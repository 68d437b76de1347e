// SPDX-License-Identifier: GPL-2.0

//! Writing completion records.

use kernel::sync::{
    barrier,
    Arc, //
};

use super::{
    super::{
        ranges::Room,
        span::Span, //
    },
    finish::Origin,
    Engine,
    Queue, //
};
use crate::{
    dsa_core::{
        desc::{
            code::status,
            Completion, //
        },
        virt::Swerr, //
    },
    ffi::memory::Memory,
    framework::Meter, //
};

/// Where a record is.
pub(super) fn span_of(addr: u64) -> Span {
    Span {
        iova: addr,
        // CAST: Widening.
        len: Completion::LEN as u64,
    }
}

impl Engine {
    /// Writes the completion record of a descriptor that was carried out; by the thread of the engine.
    /// Returns whether it is written.
    ///
    /// Its page is pinned, like what descriptors need: to have the kernel copy to the memory of a
    /// process takes locks, and another address space.
    pub(super) fn record(
        &self,
        origin: Origin,
        queue: &Queue,
        memory: &Arc<dyn Memory>,
        addr: u64,
        completion: &Completion,
    ) -> bool {
        self.store_record(queue, memory, addr, completion)
            || self.write_record(origin, &**memory, addr, completion)
    }

    /// Stores a record to memory that is pinned, or can be. Returns whether it is.
    fn store_record(
        &self,
        queue: &Queue,
        memory: &Arc<dyn Memory>,
        addr: u64,
        completion: &Completion,
    ) -> bool {
        let span = span_of(addr);
        let is_there = {
            let mut ranges = self.ranges.lock();
            // Nothing is given up for it.
            ranges.has(&span) || matches!(ranges.room(1), Room::Free)
        };
        if !is_there {
            return false;
        }
        let Ok(Some(at)) = self.range(queue, memory, &span, true, false) else {
            return false;
        };
        let is_stored = {
            let ranges = self.ranges.lock();
            let range = ranges.span(at).zip(ranges.mapped(at));
            range.is_some_and(|(range, mapped)| {
                let offset = addr.wrapping_sub(range.iova);
                mapped.store(offset, &completion.to_words())
            })
        };
        self.leave(&[Some(at), None, None]);
        is_stored
    }

    /// Writes a completion record, its status last: a tenant polls it. Returns whether it is written.
    pub(super) fn write_record(
        &self,
        origin: Origin,
        memory: &dyn Memory,
        addr: u64,
        completion: &Completion,
    ) -> bool {
        let bytes = completion.to_bytes();
        let [status, rest @ ..] = &bytes;
        let written = memory
            .write(addr.wrapping_add(1), rest)
            .inspect(|()| barrier::smp_mb(barrier::Write))
            .and_then(|()| memory.write(addr, core::slice::from_ref(status)));
        if written.is_err() {
            self.count(origin.wq, Meter::faulted);
            self.front.software_error(Swerr {
                code: status::CR_TRANSLATION,
                addr: Some(addr),
                write: true,
                ..origin.swerr()
            });
        }
        written.is_ok()
    }
}
