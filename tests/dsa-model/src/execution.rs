// SPDX-License-Identifier: MIT OR Apache-2.0
//! The way of a descriptor from check to completion record and interrupt, and BATCH.

use crate::check::Rules;
use crate::completion::{self, Completion, Status};
use crate::descriptor::{Descriptor, Opcode, SIZE, flags};
use crate::device::Shared;
use crate::interrupts::Interrupts;
use crate::memory::Memory;
use crate::operation;
use crate::software_error::{Delivery, SoftwareError};
use crate::state::Job;
use crate::trace::Trace;

/// The execution of one descriptor from a work queue, with its members if it is a batch.
pub(crate) struct Execution<'a> {
    memory: &'a Memory,
    interrupts: &'a Interrupts,
    trace: &'a Trace,
    rules: &'a Rules,
    wq: u8,
    /// The number of the batch, if it is one.
    batch: u8,
    /// Whether records of its members are for the event log.
    members_logged: bool,
    /// What completion records could not tell.
    errors: Vec<SoftwareError>,
}

impl<'a> Execution<'a> {
    /// Runs the descriptor and gives the errors that SWERR has to report.
    pub(crate) fn run(shared: &'a Shared, job: &'a Job, engine: usize) -> Vec<SoftwareError> {
        let mut execution = Self {
            memory: &shared.memory,
            interrupts: &shared.interrupts,
            trace: &shared.trace,
            rules: &job.rules,
            wq: job.wq,
            // There are at most 16. An engine has one batch at a time.
            batch: engine as u8,
            members_logged: false,
            errors: Vec::new(),
        };
        execution.execute(&job.descriptor, None);
        execution.errors
    }

    /// Runs a descriptor of no device.
    pub(crate) fn bare(
        memory: &'a Memory,
        interrupts: &'a Interrupts,
        trace: &'a Trace,
        rules: &'a Rules,
        descriptor: &Descriptor,
    ) -> Vec<SoftwareError> {
        let mut execution = Self {
            memory,
            interrupts,
            trace,
            rules,
            wq: 0,
            batch: 0,
            members_logged: false,
            errors: Vec::new(),
        };
        execution.execute(descriptor, None);
        execution.errors
    }

    /// Runs a descriptor, which is a batch's member if it has an index there; whether it
    /// succeeded.
    fn execute(&mut self, descriptor: &Descriptor, batch_index: Option<u16>) -> bool {
        if descriptor.privileged() && !self.rules.privilege {
            self.report(descriptor, batch_index, &Completion::new(Status::Privilege));
            return false;
        }
        let misaligned = descriptor.has(flags::COMPLETION_ADDRESS_VALID)
            && !descriptor
                .completion_address()
                .is_multiple_of(completion::SIZE as u64);
        if misaligned {
            let completion = Completion::new(Status::CompletionAlignment);
            self.report(descriptor, batch_index, &completion);
            return false;
        }
        let completion = match self.rules.check(descriptor, batch_index.is_some()) {
            Ok(Opcode::Batch) => self.batch(descriptor),
            Ok(opcode) => self.operate(opcode, descriptor),
            Err(completion) => completion,
        };
        self.complete(descriptor, batch_index, &completion) && completion.status == Status::Success
    }

    /// Runs an operation. The host has no answer to a page request but that it is invalid, so a
    /// descriptor that blocks on a fault does not block for long.
    fn operate(&self, opcode: Opcode, descriptor: &Descriptor) -> Completion {
        let wide = self.rules.second_generation;
        let mut completion = operation::run(opcode, descriptor, self.memory, wide);
        if completion.status == Status::PageFault && descriptor.has(flags::BLOCK_ON_FAULT) {
            completion.status = Status::PageRequest;
        }
        completion
    }

    /// Runs the members of a batch one after the other: a fence has nothing to wait for, but gives
    /// up the rest if a member before it failed.
    fn batch(&mut self, batch: &Descriptor) -> Completion {
        let mut completion = Completion::success();
        // The count is checked to be at most a power of two below 2^16.
        for index in 0..batch.size() as u16 {
            let mut member = Descriptor([0; SIZE]);
            let offset = u64::from(index) * SIZE as u64;
            let read = self
                .memory
                .read(batch.first().wrapping_add(offset), &mut member.0);
            if let Err(fault) = read {
                completion = Completion {
                    completed: completion.completed,
                    ..Completion::faulted_beside(fault, Status::BatchPageFault)
                };
                break;
            }
            member = member.with_identity(batch.pasid(), batch.privileged());
            if member.has(flags::FENCE) && completion.status != Status::Success {
                break;
            }
            if !self.execute(&member, Some(index)) {
                completion.status = Status::BatchFailed;
            }
            completion.completed += 1;
        }
        completion
    }

    /// Tells software what a descriptor came to: the record, or SWERR in its place, and then the
    /// interrupt. Whether the record, if there had to be one, was written, or is for software to write.
    fn complete(
        &mut self,
        descriptor: &Descriptor,
        batch_index: Option<u16>,
        completion: &Completion,
    ) -> bool {
        self.trace.completion(self.wq, descriptor, completion);
        if descriptor.has(flags::COMPLETION_ADDRESS_VALID) {
            let wanted =
                descriptor.has(flags::REQUEST_COMPLETION) || completion.status != Status::Success;
            if let Some(status) = self.follows_logged(descriptor, batch_index, wanted) {
                self.log_record(descriptor, batch_index, status, completion);
                return true;
            }
            if wanted
                && let Err(fault) = self
                    .memory
                    .publish(descriptor.completion_address(), &completion.record())
            {
                let unwritten = Completion::faulted_beside(fault, Status::CompletionTranslation);
                if self.rules.event_log && unwritten.status == Status::CompletionTranslation {
                    self.log_record(descriptor, batch_index, unwritten.status, completion);
                    return true;
                }
                self.report(descriptor, batch_index, &unwritten);
                return false;
            }
        } else if !completion.succeeded() {
            self.report(descriptor, batch_index, completion);
        }
        if let Ok(Some(vector)) = self.rules.vector(descriptor) {
            self.interrupts.raise(vector);
        }
        true
    }

    /// The status with which a record goes to the event log because others did before that belong
    /// to it. That of a batch goes there also when nobody asked for it: the others may turn out to
    /// have no place, which fails the batch.
    fn follows_logged(
        &self,
        descriptor: &Descriptor,
        batch_index: Option<u16>,
        wanted: bool,
    ) -> Option<Status> {
        let code = descriptor.opcode();
        if batch_index.is_some() || !self.rules.event_log {
            None
        } else if code == Opcode::Batch as u8 && self.members_logged {
            Some(Status::BatchLogged)
        } else if code == Opcode::Drain as u8 && self.rules.records_logged && wanted {
            Some(Status::DrainLogged)
        } else {
            None
        }
    }

    /// Leaves a record to software. It is also who raises the interrupt, if one was asked for.
    fn log_record(
        &mut self,
        descriptor: &Descriptor,
        batch_index: Option<u16>,
        status: Status,
        completion: &Completion,
    ) {
        let member = batch_index.is_some();
        let delivery = Delivery {
            batch: self.batch,
            first_in_batch: member && !self.members_logged,
        };
        self.members_logged |= member;
        self.errors.push(SoftwareError::record_of(
            self.wq,
            descriptor,
            batch_index,
            status,
            completion,
            delivery,
        ));
    }

    fn report(
        &mut self,
        descriptor: &Descriptor,
        batch_index: Option<u16>,
        completion: &Completion,
    ) {
        self.errors.push(SoftwareError::descriptor(
            self.wq,
            descriptor,
            batch_index,
            completion,
        ));
    }
}
