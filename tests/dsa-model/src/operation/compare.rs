// SPDX-License-Identifier: MIT OR Apache-2.0
//! COMPARE: result 0 when two ranges are equal, 1 when they differ; `bytes completed` is then the
//! offset of the first difference. With the check-result flag, a result other than the expected
//! one gives status 2 instead of 1.

use super::{BUFFER, Interrupted};
use crate::completion::{Completion, Status};
use crate::descriptor::{Descriptor, flags};
use crate::memory::{Access, Memory};

pub(super) fn run(descriptor: &Descriptor, memory: &Memory) -> Completion {
    let size = u64::from(descriptor.size());
    match first_difference(memory, descriptor.first(), descriptor.second(), size) {
        Ok(difference) => outcome(descriptor, difference),
        Err(interrupted) => interrupted.into(),
    }
}

/// The outcome of a comparison whose first difference is here, if there is one.
pub(super) fn outcome(descriptor: &Descriptor, difference: Option<u64>) -> Completion {
    let result = difference.is_some().into();
    let unexpected = descriptor.has(flags::CHECK_RESULT) && result != descriptor.expected_result();
    Completion {
        result,
        // An offset within the transfer, whose size has 32 bits.
        completed: difference.unwrap_or(0) as u32,
        ..Completion::new(if unexpected {
            Status::SuccessFalsePredicate
        } else {
            Status::Success
        })
    }
}

fn first_difference(
    memory: &Memory,
    left: u64,
    right: u64,
    size: u64,
) -> Result<Option<u64>, Interrupted> {
    let mut buffers = (vec![0_u8; BUFFER], vec![0_u8; BUFFER]);
    let mut done = 0;
    while done < size {
        let interrupted = |fault| Interrupted { fault, done };
        let view = memory.view();
        let limit = (size - done).min(BUFFER as u64);
        let a = view
            .piece(left, done, limit, Access::Read)
            .map_err(interrupted)?;
        let b = view
            .piece(right, done, a.len() as u64, Access::Read)
            .map_err(interrupted)?;
        let (a_bytes, b_bytes) = (&mut buffers.0[..b.len()], &mut buffers.1[..b.len()]);
        a.copy_to(a_bytes);
        b.copy_to(b_bytes);
        if a_bytes != b_bytes {
            let equal = a_bytes.iter().zip(&*b_bytes).take_while(|(a, b)| a == b);
            return Ok(Some(done + equal.count() as u64));
        }
        done += b.len() as u64;
    }
    Ok(None)
}
