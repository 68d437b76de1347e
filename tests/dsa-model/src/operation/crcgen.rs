// SPDX-License-Identifier: MIT OR Apache-2.0
//! CRCGEN: the CRC of a range with the polynomial 0x1EDC6F41. COPY_CRC copies the range as well.
//!
//! By default seed and result are inverted and reflected and the data is reflected: seed 0 gives
//! the usual CRC-32C, and a result is the seed that continues it. Two flags turn that off. The
//! `crc32c` crate computes the default; the other variants are expressed through it, because
//! inverting and reflecting twice changes nothing, and feeding a byte most significant bit first
//! is feeding its mirror image least significant bit first.

use super::{BUFFER, Interrupted};
use crate::completion::Completion;
use crate::descriptor::{Descriptor, flags};
use crate::memory::{Access, Memory};

/// Size of the seed in memory, in bytes.
const SEED: usize = 4;

/// CRCGEN.
pub(super) fn generate(descriptor: &Descriptor, memory: &Memory) -> Completion {
    run(descriptor, memory, None)
}

/// COPY_CRC.
pub(super) fn copy(descriptor: &Descriptor, memory: &Memory) -> Completion {
    run(descriptor, memory, Some(descriptor.second()))
}

fn run(descriptor: &Descriptor, memory: &Memory, destination: Option<u64>) -> Completion {
    let seed = if descriptor.has(flags::CRC_READ_SEED) {
        let mut seed = [0; SEED];
        if let Err(fault) = memory.read(descriptor.crc_seed_address(), &mut seed) {
            return Completion::faulted(fault, 0);
        }
        u32::from_le_bytes(seed)
    } else {
        descriptor.crc_seed()
    };
    let bypass_inversion = descriptor.has(flags::CRC_BYPASS_INVERSION);
    let mut pass = Pass {
        memory,
        source: descriptor.first(),
        destination,
        mirror: descriptor.has(flags::CRC_BYPASS_DATA_REFLECTION),
        crc: swap_convention(seed, bypass_inversion),
    };
    let completion = match pass.run(descriptor.size().into()) {
        Ok(()) => Completion::success(),
        // The CRC so far goes with it: it is the seed for the rest.
        Err(interrupted) => interrupted.into(),
    };
    completion.with_details(&swap_convention(pass.crc, bypass_inversion).to_le_bytes())
}

/// Turns a seed or result into what `crc32c` takes and gives, and back.
fn swap_convention(crc: u32, bypass_inversion: bool) -> u32 {
    if bypass_inversion {
        !crc.reverse_bits()
    } else {
        crc
    }
}

/// One pass over the source.
struct Pass<'a> {
    memory: &'a Memory,
    source: u64,
    destination: Option<u64>,
    /// Whether the bits of each byte are taken in the other order.
    mirror: bool,
    crc: u32,
}

impl Pass<'_> {
    fn run(&mut self, size: u64) -> Result<(), Interrupted> {
        let mut buffer = vec![0_u8; BUFFER];
        let mut done = 0;
        while done < size {
            let interrupted = |fault| Interrupted { fault, done };
            let view = self.memory.view();
            let limit = (size - done).min(BUFFER as u64);
            let from = view
                .piece(self.source, done, limit, Access::Read)
                .map_err(interrupted)?;
            let mut bytes = &mut buffer[..from.len()];
            from.copy_to(bytes);
            if let Some(destination) = self.destination {
                let to = view
                    .piece(destination, done, from.len() as u64, Access::Write)
                    .map_err(interrupted)?;
                bytes = &mut bytes[..to.len()];
                to.copy_from(bytes);
            }
            if self.mirror {
                bytes
                    .iter_mut()
                    .for_each(|byte| *byte = byte.reverse_bits());
            }
            self.crc = crc32c::crc32c_append(self.crc, bytes);
            done += bytes.len() as u64;
        }
        Ok(())
    }
}
