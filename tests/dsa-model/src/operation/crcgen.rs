// SPDX-License-Identifier: MIT OR Apache-2.0
//! CRCGEN: the CRC of a range with the polynomial 0x1EDC6F41.
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

pub(super) fn run(descriptor: &Descriptor, memory: &Memory) -> Completion {
    let seed = if descriptor.has(flags::CRC_READ_SEED) {
        let mut seed = [0; SEED];
        if let Err(fault) = memory.read(descriptor.crc_seed_address(), &mut seed) {
            return Completion::page_fault(fault, 0);
        }
        u32::from_le_bytes(seed)
    } else {
        descriptor.crc_seed()
    };
    let bypass_inversion = descriptor.has(flags::CRC_BYPASS_INVERSION);
    let mirror_data = descriptor.has(flags::CRC_BYPASS_DATA_REFLECTION);

    let mut crc = swap_convention(seed, bypass_inversion);
    let size = u64::from(descriptor.size());
    let completion = match append(&mut crc, memory, descriptor.first(), size, mirror_data) {
        Ok(()) => Completion::success(),
        // The CRC so far goes with it: it is the seed for the rest.
        Err(interrupted) => interrupted.into(),
    };
    completion.with_details(&swap_convention(crc, bypass_inversion).to_le_bytes())
}

/// Turns a seed or result into what `crc32c` takes and gives, and back.
fn swap_convention(crc: u32, bypass_inversion: bool) -> u32 {
    if bypass_inversion {
        !crc.reverse_bits()
    } else {
        crc
    }
}

fn append(
    crc: &mut u32,
    memory: &Memory,
    address: u64,
    size: u64,
    mirror: bool,
) -> Result<(), Interrupted> {
    let mut buffer = vec![0_u8; BUFFER];
    let mut done = 0;
    while done < size {
        let view = memory.view();
        let limit = (size - done).min(BUFFER as u64);
        let piece = view
            .piece(address, done, limit, Access::Read)
            .map_err(|fault| Interrupted { fault, done })?;
        let bytes = &mut buffer[..piece.len()];
        piece.copy_to(bytes);
        if mirror {
            bytes
                .iter_mut()
                .for_each(|byte| *byte = byte.reverse_bits());
        }
        *crc = crc32c::crc32c_append(*crc, bytes);
        done += bytes.len() as u64;
    }
    Ok(())
}
