// SPDX-License-Identifier: MIT OR Apache-2.0
//! COMPVAL: result 0 when a range repeats an 8-byte pattern, 1 when it does not; otherwise like
//! COMPARE.

use super::compare::outcome;
use super::{BUFFER, Interrupted};
use crate::completion::Completion;
use crate::descriptor::Descriptor;
use crate::memory::{Access, Memory};

pub(super) fn run(descriptor: &Descriptor, memory: &Memory) -> Completion {
    let pattern = descriptor.second().to_le_bytes();
    let size = u64::from(descriptor.size());
    match first_difference(memory, descriptor.first(), size, pattern) {
        Ok(difference) => outcome(descriptor, difference),
        Err(interrupted) => interrupted.into(),
    }
}

fn first_difference(
    memory: &Memory,
    address: u64,
    size: u64,
    pattern: [u8; 8],
) -> Result<Option<u64>, Interrupted> {
    let mut buffer = vec![0_u8; BUFFER];
    let mut done = 0;
    while done < size {
        let view = memory.view();
        let piece = view
            .piece(
                address,
                done,
                (size - done).min(BUFFER as u64),
                Access::Read,
            )
            .map_err(|fault| Interrupted { fault, done })?;
        let bytes = &mut buffer[..piece.len()];
        piece.copy_to(bytes);
        // A piece can begin in the middle of the pattern.
        let phase = done as usize % pattern.len();
        let expected = pattern.iter().cycle().skip(phase);
        if let Some(at) = bytes.iter().zip(expected).position(|(a, b)| a != b) {
            return Ok(Some(done + at as u64));
        }
        done += bytes.len() as u64;
    }
    Ok(None)
}
