// SPDX-License-Identifier: MIT OR Apache-2.0
//! Operations that only need their addresses to be accessible: CFLUSH, because there are no caches
//! in between here, TRANSL_FETCH, because every access translates anew, and readbacks, because
//! writes are visible at once.

use super::Interrupted;
use crate::completion::Completion;
use crate::descriptor::{Descriptor, flags};
use crate::memory::{Access, Fault, Memory};

/// CFLUSH.
pub(super) fn flush(descriptor: &Descriptor, memory: &Memory) -> Completion {
    let size = u64::from(descriptor.size());
    let mut done = 0;
    while done < size {
        let piece = memory
            .view()
            .piece(descriptor.second(), done, size - done, Access::Read)
            .map(|piece| piece.len() as u64);
        match piece {
            Ok(length) => done += length,
            Err(fault) => return Interrupted { fault, done }.into(),
        }
    }
    Completion::success()
}

/// TRANSL_FETCH: one address in each stride of the region.
pub(super) fn translate(descriptor: &Descriptor, memory: &Memory) -> Completion {
    let stride = descriptor.region_stride().max(1);
    for offset in (0..descriptor.size()).step_by(stride as usize) {
        let address = descriptor.first().saturating_add(offset.into());
        if let Err(fault) = memory.read(address, &mut [0]) {
            return Completion::faulted(fault, offset);
        }
    }
    Completion::success()
}

/// DRAIN. That it waits is seen to before it begins.
pub(super) fn drain(descriptor: &Descriptor, memory: &Memory) -> Completion {
    let addresses = [
        (flags::READBACK_1_VALID, descriptor.first()),
        (flags::READBACK_2_VALID, descriptor.second()),
    ];
    for (valid, address) in addresses {
        if descriptor.has(valid)
            && let Err(fault) = read_back(&[address], memory)
        {
            return Completion::unread_back(fault);
        }
    }
    Completion::success()
}

/// Reads at each address.
pub(super) fn read_back(addresses: &[u64], memory: &Memory) -> Result<(), Fault> {
    addresses
        .iter()
        .try_for_each(|address| memory.read(*address, &mut [0]))
}
