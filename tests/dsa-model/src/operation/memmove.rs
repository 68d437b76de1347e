// SPDX-License-Identifier: MIT OR Apache-2.0
//! MEMMOVE: copies `size` bytes; source and destination may overlap.
//!
//! Result 0 says that the copy ran upwards, 1 that it ran downwards, which it does when the
//! destination begins within the source. After a fault, `bytes completed` counts from the end
//! where the copy began.

use super::Interrupted;
use crate::completion::Completion;
use crate::descriptor::Descriptor;
use crate::memory::{Access, Memory};

pub(super) fn run(descriptor: &Descriptor, memory: &Memory) -> Completion {
    let (source, destination) = (descriptor.first(), descriptor.second());
    let size = u64::from(descriptor.size());
    let downwards = source < destination && destination - source < size;
    let copied = if downwards {
        copy_downwards(memory, source, destination, size)
    } else {
        copy_upwards(memory, source, destination, size)
    };
    Completion {
        result: downwards.into(),
        ..copied.map_or_else(Completion::from, |()| Completion::success())
    }
}

fn copy_upwards(
    memory: &Memory,
    source: u64,
    destination: u64,
    size: u64,
) -> Result<(), Interrupted> {
    let mut done = 0;
    while done < size {
        let interrupted = |fault| Interrupted { fault, done };
        let view = memory.view();
        let from = view
            .piece(source, done, size - done, Access::Read)
            .map_err(interrupted)?;
        let to = view
            .piece(destination, done, from.len() as u64, Access::Write)
            .map_err(interrupted)?;
        from.copy_to_volatile_slice(to);
        done += to.len() as u64;
    }
    Ok(())
}

fn copy_downwards(
    memory: &Memory,
    source: u64,
    destination: u64,
    size: u64,
) -> Result<(), Interrupted> {
    let mut left = size;
    while left > 0 {
        let interrupted = |fault| Interrupted {
            fault,
            done: size - left,
        };
        let view = memory.view();
        let longest = view
            .piece_before(source, left, left, Access::Read)
            .map_err(interrupted)?;
        let to = view
            .piece_before(destination, left, longest.len() as u64, Access::Write)
            .map_err(interrupted)?;
        let from = view
            .piece_before(source, left, to.len() as u64, Access::Read)
            .map_err(interrupted)?;
        from.copy_to_volatile_slice(to);
        left -= to.len() as u64;
    }
    Ok(())
}
