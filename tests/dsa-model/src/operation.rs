// SPDX-License-Identifier: MIT OR Apache-2.0
//! The operations: what a checked descriptor does to memory. One file each; BATCH, which runs
//! other descriptors, is in `execution`.

use crate::completion::Completion;
use crate::descriptor::{Descriptor, Opcode};
use crate::memory::{Fault, Memory};

mod compare;
mod crcgen;
mod fill;
mod memmove;

/// Size of the buffers through which operations look at memory, in bytes.
const BUFFER: usize = 64 * 1024;

/// A transfer that ended at a fault.
struct Interrupted {
    fault: Fault,
    /// Bytes done before; a transfer size, so it fits 32 bits.
    done: u64,
}

impl From<Interrupted> for Completion {
    fn from(interrupted: Interrupted) -> Self {
        Self::page_fault(interrupted.fault, interrupted.done as u32)
    }
}

/// Runs an operation other than BATCH.
pub(crate) fn run(opcode: Opcode, descriptor: &Descriptor, memory: &Memory) -> Completion {
    match opcode {
        // A batch's own work is done by the caller; what is left is nothing.
        Opcode::Noop | Opcode::Batch => Completion::success(),
        Opcode::Memmove => memmove::run(descriptor, memory),
        Opcode::Fill => fill::run(descriptor, memory),
        Opcode::Compare => compare::run(descriptor, memory),
        Opcode::CrcGen => crcgen::run(descriptor, memory),
    }
}

#[cfg(test)]
mod tests;
