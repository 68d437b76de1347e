// SPDX-License-Identifier: GPL-2.0

//! One result of those of the descriptors of a batch.

use super::super::desc::{
    code::status,
    Completion,
    DESC_LEN, //
};

/// Address of a descriptor of a batch, from the address of the list and its place there.
pub const fn member(list: u64, index: u32) -> u64 {
    // CAST: Widening; `From` is not usable in a const function.
    list.wrapping_add(index as u64 * DESC_LEN as u64)
}

/// The result of a batch, folded from those of its descriptors in whatever order they end.
///
/// It is complete when all that began have ended. Descriptors are begun in the order of the list.
/// None is begun after one that cannot be read, nor after a fence if not all before it succeeded.
/// It is a failure of the hardware if descriptors are missing for no such reason.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct BatchOutcome {
    count: u32,
    /// Descriptors that ended, with success or without.
    done: u32,
    has_failed: bool,
    /// Address of the descriptor that could not be read.
    fault: Option<u64>,
}

impl BatchOutcome {
    /// The result of a batch of `count` descriptors before any of them is begun.
    pub const fn new(count: u32) -> Self {
        Self {
            count,
            done: 0,
            has_failed: false,
            fault: None,
        }
    }

    /// A descriptor ended with this status; `is_recorded` is false if its record was to be written
    /// and could not be. It succeeded only if the status is plain success.
    pub fn member_done(&mut self, status: u8, is_recorded: bool) {
        self.done = self.done.saturating_add(1);
        self.has_failed |= status != status::SUCCESS || !is_recorded;
    }

    /// The descriptor at `addr` cannot be read, as its page is not there.
    pub fn list_fault(&mut self, addr: u64) {
        self.fault.get_or_insert(addr);
    }

    /// Whether a fence may be passed once all before it have ended.
    pub const fn may_pass_fence(&self) -> bool {
        !self.has_failed
    }

    /// The tenant's completion record.
    pub fn finish(&self) -> Completion {
        let status = match self.fault {
            Some(_) => status::BATCH_PAGE_FAULT,
            None if self.has_failed => status::BATCH_FAIL,
            None if self.done < self.count => status::HARDWARE,
            None => status::SUCCESS,
        };
        Completion {
            status,
            bytes: self.done,
            fault_addr: self.fault.unwrap_or(0),
            ..Completion::default()
        }
    }
}
