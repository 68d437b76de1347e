// SPDX-License-Identifier: GPL-2.0

//! What the instructions do.
//!
//! A store of 64 bytes becomes eight of 8 bytes. Stores of several processors to one portal must
//! not mix, so one at a time is made. MOVDIR64B stores the first last: where the portal is memory,
//! whoever polls it takes a descriptor once its first 8 bytes are there, and the processor may be
//! away for long between two stores. The two that learn whether their descriptor was accepted store
//! in descending order, by which the device model knows them, and then read the answer from where
//! they stored.

use kernel::{prelude::*, sync::global_lock};

use crate::{
    decode::{self, Operation},
    processor::Processor,
};

extern "C" {
    fn cpu_shim_count_kernel_store();
}

global_lock! {
    // SAFETY: Initialized in `init` before the first trap can get here.
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

/// Does the instruction that trapped, if it is one of ours; also if that is to fault, or to be tried
/// again.
pub(crate) fn emulate(processor: &mut Processor<'_>, pasid: u32) -> Option<()> {
    let (code, length) = processor.code();
    let instruction = decode::decode(&code[..length])?;
    let source = processor.address(&instruction, &instruction.source);
    let target = processor.register(instruction.destination);
    let privileged = instruction.operation == Operation::Enqcmds;
    if target % ALIGNMENT != 0 || privileged && processor.user() {
        return processor.fault();
    }
    match perform(processor, instruction.operation, source, target, pasid) {
        Some(()) => {
            processor.skip(&instruction);
            Some(())
        }
        None => processor.retry_when_present(source, target),
    }
}

/// Stores, unless some of the memory is not there.
fn perform(
    processor: &mut Processor<'_>,
    operation: Operation,
    source: u64,
    target: u64,
    pasid: u32,
) -> Option<()> {
    let mut descriptor = [0; QUADWORDS];
    for (index, quadword) in descriptor.iter_mut().enumerate() {
        *quadword = processor.read(at(source, index))?;
    }
    if operation == Operation::Enqcmd {
        descriptor[0] = descriptor[0] & !IDENTITY | u64::from(pasid);
    }

    let _one_at_a_time = PORTALS.lock();
    if operation == Operation::Movdir64b {
        let [first, ..] = descriptor;
        for (index, quadword) in descriptor.into_iter().enumerate().skip(1) {
            processor.write(at(target, index), quadword)?;
        }
        processor.write(target, first)?;
        if !processor.user() {
            // SAFETY: The lock keeps calls apart.
            unsafe { cpu_shim_count_kernel_store() };
        }
    } else {
        for (index, quadword) in descriptor.into_iter().enumerate().rev() {
            processor.write(at(target, index), quadword)?;
        }
        // The zero flag says that it has to be tried again.
        let answer = processor.read(target)?;
        processor.set_zero_flag(answer != ACCEPTED);
    }
    Some(())
}

/// The address of a quadword; one beyond the last of all is not there.
fn at(base: u64, index: usize) -> u64 {
    base.saturating_add((index * size_of::<u64>()) as u64)
}
