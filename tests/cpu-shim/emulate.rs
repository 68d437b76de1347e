// SPDX-License-Identifier: GPL-2.0

//! What the instructions do.
//!
//! A store of 64 bytes becomes eight of 8 bytes. Stores of several processors to one portal must
//! not mix, so one at a time is made. MOVDIR64B stores in ascending order. The two that learn
//! whether their descriptor was accepted store in descending order, by which the device model knows
//! them, and then read the answer from where they stored.

use kernel::{prelude::*, sync::global_lock};

use crate::{
    decode::{self, Operation},
    processor::Processor,
};

global_lock! {
    // SAFETY: Initialized in `start` before the first trap can get here.
    pub(crate) unsafe(uninit) static PORTALS: SpinLock<()> = ();
}

/// The quadwords of a descriptor.
const QUADWORDS: usize = 8;
/// Destinations are aligned to their size, in bytes.
const ALIGNMENT: u64 = 64;
/// The model's answer: the descriptor is in the work queue.
const ACCEPTED: u64 = 0;
/// Privilege and PASID of a descriptor, in its first quadword.
const IDENTITY: u64 = 0xffff_ffff;

/// Does the instruction that trapped, if it is one of ours and could be done.
pub(crate) fn emulate(processor: &mut Processor<'_>, pasid: u32) -> Option<()> {
    let (code, length) = processor.code();
    let instruction = decode::decode(&code[..length])?;
    if instruction.operation == Operation::Enqcmds && processor.user() {
        return None;
    }
    let source = processor.address(&instruction, &instruction.source);
    let destination = processor.register(instruction.destination);
    if destination % ALIGNMENT != 0 {
        return None;
    }
    let mut descriptor = [0; QUADWORDS];
    for (address, quadword) in (source..).step_by(size_of::<u64>()).zip(&mut descriptor) {
        *quadword = processor.read(address)?;
    }
    if instruction.operation == Operation::Enqcmd {
        descriptor[0] = descriptor[0] & !IDENTITY | u64::from(pasid);
    }

    let quadwords = (destination..)
        .step_by(size_of::<u64>())
        .zip(descriptor)
        .take(QUADWORDS);
    let _one_at_a_time = PORTALS.lock();
    if instruction.operation == Operation::Movdir64b {
        for (address, quadword) in quadwords {
            processor.write(address, quadword)?;
        }
    } else {
        for index in (0..QUADWORDS).rev() {
            let offset = (index * size_of::<u64>()) as u64;
            processor.write(destination + offset, descriptor[index])?;
        }
        // The zero flag says that it has to be tried again.
        let answer = processor.read(destination)?;
        processor.set_zero_flag(answer != ACCEPTED);
    }
    processor.skip(&instruction);
    Some(())
}
