// SPDX-License-Identifier: MIT OR Apache-2.0
//! DUALCAST: copies a range to two places.

use super::{BUFFER, Interrupted};
use crate::completion::Completion;
use crate::descriptor::Descriptor;
use crate::memory::{Access, Memory};

pub(super) fn run(descriptor: &Descriptor, memory: &Memory) -> Completion {
    let destinations = [descriptor.second(), descriptor.second_destination()];
    let size = u64::from(descriptor.size());
    copy(memory, descriptor.first(), destinations, size)
        .map_or_else(Completion::from, |()| Completion::success())
}

/// Copies piece by piece, each as long as it is contiguous in all three places.
fn copy(
    memory: &Memory,
    source: u64,
    destinations: [u64; 2],
    size: u64,
) -> Result<(), Interrupted> {
    let mut done = 0;
    while done < size {
        let interrupted = |fault| Interrupted { fault, done };
        let view = memory.view();
        let from = view
            .piece(source, done, (size - done).min(BUFFER as u64), Access::Read)
            .map_err(interrupted)?;
        let mut length = from.len() as u64;
        let mut room = |destination| {
            let to = view.piece(destination, done, length, Access::Write)?;
            length = to.len() as u64;
            Ok(to)
        };
        let first = room(destinations[0]).map_err(interrupted)?;
        let second = room(destinations[1]).map_err(interrupted)?;
        let mut bytes = vec![0_u8; second.len()];
        from.copy_to(&mut bytes);
        first.copy_from(&bytes);
        second.copy_from(&bytes);
        done += length;
    }
    Ok(())
}
