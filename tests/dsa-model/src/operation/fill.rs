// SPDX-License-Identifier: MIT OR Apache-2.0
//! FILL: repeats an 8-byte pattern over `size` bytes, beginning with its lowest byte at the
//! destination, whatever that is aligned to.

use super::{BUFFER, Interrupted};
use crate::completion::Completion;
use crate::descriptor::Descriptor;
use crate::memory::{Access, Memory};

pub(super) fn run(descriptor: &Descriptor, memory: &Memory) -> Completion {
    let pattern = descriptor.first().to_le_bytes();
    let size = u64::from(descriptor.size());
    fill(memory, descriptor.second(), size, pattern)
        .map_or_else(Completion::from, |()| Completion::success())
}

fn fill(memory: &Memory, destination: u64, size: u64, pattern: [u8; 8]) -> Result<(), Interrupted> {
    let width = pattern.len();
    // One pattern more than a piece needs, because a piece can begin in the middle of one.
    let source = pattern.repeat(BUFFER / width + 1);
    let mut done = 0;
    while done < size {
        let view = memory.view();
        let piece = view
            .piece(
                destination,
                done,
                (size - done).min(BUFFER as u64),
                Access::Write,
            )
            .map_err(|fault| Interrupted { fault, done })?;
        let phase = done as usize % width;
        piece.copy_from(&source[phase..phase + piece.len()]);
        done += piece.len() as u64;
    }
    Ok(())
}
