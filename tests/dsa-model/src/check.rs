// SPDX-License-Identifier: MIT OR Apache-2.0
//! Checks of a descriptor before any of its work is done.
//!
//! The order of the checks decides which error software sees when there are several: operation,
//! flags, reserved fields, sizes, alignment, overlap, interrupt handle, traffic class. Public
//! sources do not fix that order.

mod format;
mod operands;

use self::format::Format;
use crate::completion::{Completion, Status};
use crate::descriptor::{Descriptor, Opcode, flags};
use crate::handles::Handles;

/// What the device's and the work queue's configuration allow a descriptor.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The operations that there are, one bit each, as in OPCAP.
    pub operations: u64,
    /// The largest transfer, in bytes.
    pub max_transfer: u64,
    /// The largest batch, in descriptors.
    pub max_batch: u32,
    /// Whether the block-on-fault flag may be set.
    pub block_on_fault: bool,
    /// Whether a descriptor may ask for an interrupt: always when privileged, and when
    /// GENCFG.user_int_en is set otherwise.
    pub interrupts: bool,
    /// Whether the descriptor may be privileged.
    pub privilege: bool,
    /// The interrupt handles that are valid.
    pub handles: Handles,
    /// Traffic classes A and B of the group.
    pub traffic_classes: [u8; 2],
    /// Whether what cannot be told in a completion record goes to the event log.
    pub event_log: bool,
    /// Whether the event log has records that were to be written before this descriptor began.
    pub records_logged: bool,
    /// What DSA 2.0 has: fill patterns of 16 bytes, and DRAIN in a batch.
    pub second_generation: bool,
}

impl Rules {
    /// The operation that the descriptor asks for, if it may run.
    ///
    /// # Errors
    ///
    /// The outcome to report instead.
    pub fn check(&self, descriptor: &Descriptor, in_batch: bool) -> Result<Opcode, Completion> {
        let opcode = Opcode::try_from(descriptor.opcode())
            .ok()
            .filter(|opcode| self.operations >> *opcode as u8 & 1 == 1)
            .filter(|opcode| !in_batch || self.in_batch(*opcode))
            .ok_or(Completion::new(Status::BadOpcode))?;
        let format = Format::of(opcode, descriptor, self.second_generation);
        self.flags(descriptor, &format)?;
        if !format.reserved_fields_are_zero(descriptor) {
            return Err(Completion::new(Status::ReservedField));
        }
        operands::check(self, opcode, descriptor).map_err(Completion::new)?;
        self.vector(descriptor)?;
        self.traffic_class(descriptor, &format)?;
        Ok(opcode)
    }

    /// Whether the operation exists within a batch.
    fn in_batch(&self, opcode: Opcode) -> bool {
        match opcode {
            Opcode::Batch => false,
            Opcode::Drain => self.second_generation,
            _ => true,
        }
    }

    /// The MSI-X vector of the interrupt that the descriptor asks for, if it does.
    ///
    /// # Errors
    ///
    /// The outcome to report when that interrupt cannot be had.
    pub fn vector(&self, descriptor: &Descriptor) -> Result<Option<u16>, Completion> {
        if !descriptor.has(flags::REQUEST_INTERRUPT) {
            return Ok(None);
        }
        if !self.interrupts {
            return Err(Completion::invalid_flags(flags::REQUEST_INTERRUPT));
        }
        self.handles
            .vector(descriptor.interrupt_handle())
            .map(Some)
            .ok_or(Completion::new(Status::InterruptHandle))
    }

    fn flags(&self, descriptor: &Descriptor, format: &Format) -> Result<(), Completion> {
        let mut allowed = format.flags;
        if !self.block_on_fault {
            allowed &= !flags::BLOCK_ON_FAULT;
        }
        if !descriptor.has(flags::COMPLETION_ADDRESS_VALID) {
            allowed &= !flags::REQUEST_COMPLETION;
        }
        match descriptor.flags() & !allowed {
            0 => Ok(()),
            offending => Err(Completion::invalid_flags(offending)),
        }
    }

    /// Data and record in different classes could overtake each other: software has to ask for a
    /// readback then.
    fn traffic_class(&self, descriptor: &Descriptor, format: &Format) -> Result<(), Completion> {
        let class = |flag| self.traffic_classes[usize::from(descriptor.has(flag))];
        let record = class(flags::COMPLETION_CLASS);
        let differs = format.written.iter().any(|flag| class(*flag) != record);
        if differs
            && descriptor.has(flags::COMPLETION_ADDRESS_VALID)
            && !descriptor.has(flags::DESTINATION_READBACK)
        {
            return Err(Completion::new(Status::TrafficClass));
        }
        Ok(())
    }
}
