// SPDX-License-Identifier: MIT OR Apache-2.0
//! FILL: repeats a pattern over `size` bytes, beginning with its lowest byte at the destination,
//! whatever that is aligned to. The pattern has 16 bytes; on DSA 1.0, where a descriptor holds 8,
//! these are repeated to make them.

use super::{BUFFER, Interrupted};
use crate::completion::Completion;
use crate::descriptor::Descriptor;
use crate::memory::{Access, Memory};

pub(super) fn run(descriptor: &Descriptor, memory: &Memory, wide: bool) -> Completion {
    let lower = u128::from(descriptor.first());
    let upper = if wide {
        descriptor.pattern_upper().into()
    } else {
        lower
    };
    let pattern = (upper << 64 | lower).to_le_bytes();
    let size = u64::from(descriptor.size());
    fill(memory, descriptor.second(), size, pattern)
        .map_or_else(Completion::from, |()| Completion::success())
}

fn fill(
    memory: &Memory,
    destination: u64,
    size: u64,
    pattern: [u8; 16],
) -> Result<(), Interrupted> {
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
