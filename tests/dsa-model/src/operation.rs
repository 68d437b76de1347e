// SPDX-License-Identifier: MIT OR Apache-2.0
//! The operations: what a checked descriptor does to memory. BATCH, which runs other descriptors,
//! is in `execution`, and so is the waiting of DRAIN.

use crate::completion::Completion;
use crate::descriptor::{Descriptor, Opcode, flags};
use crate::memory::{Fault, Memory};
use crate::operation::dif::Shape;

mod compare;
mod crcgen;
pub(crate) mod delta;
pub(crate) mod dif;
mod dualcast;
mod fill;
mod memmove;
mod pattern;
mod touch;

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
        Self::faulted(interrupted.fault, interrupted.done as u32)
    }
}

/// Runs an operation other than BATCH. `wide` are the fill patterns of DSA 2.0.
pub(crate) fn run(
    opcode: Opcode,
    descriptor: &Descriptor,
    memory: &Memory,
    wide: bool,
) -> Completion {
    let completion = work(opcode, descriptor, memory, wide);
    if completion.succeeded() && descriptor.has(flags::DESTINATION_READBACK) {
        let written = match opcode {
            // Ranges that are equal leave nothing to record.
            Opcode::CreateDelta if completion.details[..4] == [0; 4] => &[][..],
            Opcode::CreateDelta => &[descriptor.delta_address()],
            Opcode::Dualcast => &[descriptor.second(), descriptor.second_destination()],
            _ => &[descriptor.second()],
        };
        if let Err(fault) = touch::read_back(written, memory) {
            return Completion::unread_back(fault);
        }
    }
    completion
}

fn work(opcode: Opcode, descriptor: &Descriptor, memory: &Memory, wide: bool) -> Completion {
    match opcode {
        // A batch's own work is done by the caller; what is left is nothing.
        Opcode::Noop | Opcode::Batch => Completion::success(),
        Opcode::Drain => touch::drain(descriptor, memory),
        Opcode::Memmove => memmove::run(descriptor, memory),
        Opcode::Fill => fill::run(descriptor, memory, wide),
        Opcode::Compare => compare::run(descriptor, memory),
        Opcode::ComparePattern => pattern::run(descriptor, memory),
        Opcode::CreateDelta => delta::create(descriptor, memory),
        Opcode::ApplyDelta => delta::apply(descriptor, memory),
        Opcode::Dualcast => dualcast::run(descriptor, memory),
        Opcode::TranslationFetch => touch::translate(descriptor, memory),
        Opcode::CrcGen => crcgen::generate(descriptor, memory),
        Opcode::CopyCrc => crcgen::copy(descriptor, memory),
        Opcode::DifCheck => dif::run(Shape::CHECK, descriptor, memory),
        Opcode::DifInsert => dif::run(Shape::INSERT, descriptor, memory),
        Opcode::DifStrip => dif::run(Shape::STRIP, descriptor, memory),
        Opcode::DifUpdate => dif::run(Shape::UPDATE, descriptor, memory),
        Opcode::DixGenerate => dif::run(Shape::GENERATE, descriptor, memory),
        Opcode::CacheFlush => touch::flush(descriptor, memory),
    }
}

#[cfg(test)]
mod tests;
