// SPDX-License-Identifier: MIT OR Apache-2.0
//! Checks of a descriptor before any of its work is done.
//!
//! The order of the checks decides which error software sees when there are several: operation,
//! flags, reserved fields, size, alignment, interrupt handle, traffic class. Public sources do
//! not fix that order.

use crate::completion::{Completion, Status};
use crate::descriptor::{Descriptor, Opcode, SIZE, flags};
use crate::handles::Handles;

/// What the device's and the work queue's configuration allow a descriptor.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The largest transfer, in bytes.
    pub max_transfer: u64,
    /// The largest batch, in descriptors.
    pub max_batch: u32,
    /// Whether the block-on-fault flag may be set.
    pub block_on_fault: bool,
    /// Whether a descriptor may ask for an interrupt: always when privileged, and when
    /// GENCFG.user_int_en is set otherwise.
    pub interrupts: bool,
    /// The interrupt handles that are valid.
    pub handles: Handles,
    /// Traffic classes A and B of the group.
    pub traffic_classes: [u8; 2],
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
            // A batch within a batch is an operation that does not exist there.
            .filter(|opcode| !(in_batch && *opcode == Opcode::Batch))
            .ok_or(Completion::new(Status::BadOpcode))?;
        let format = Format::of(opcode);
        self.flags(descriptor, &format)?;
        reserved(descriptor, &format)?;
        self.size(descriptor, opcode)?;
        self.vector(descriptor)?;
        self.traffic_class(descriptor, opcode)?;
        Ok(opcode)
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

    fn size(&self, descriptor: &Descriptor, opcode: Opcode) -> Result<(), Completion> {
        let size = descriptor.size();
        let wrong = match opcode {
            Opcode::Noop => None,
            Opcode::Batch if !(2..=self.max_batch).contains(&size) => Some(Status::DescriptorCount),
            Opcode::Batch if !descriptor.first().is_multiple_of(SIZE as u64) => {
                Some(Status::DescriptorListAlignment)
            }
            Opcode::Batch => None,
            Opcode::Memmove | Opcode::Fill | Opcode::Compare | Opcode::CrcGen => {
                (size == 0 || u64::from(size) > self.max_transfer).then_some(Status::TransferSize)
            }
        };
        wrong.map_or(Ok(()), |status| Err(Completion::new(status)))
    }

    /// Data and record in different classes could overtake each other: software has to ask for a
    /// readback then.
    fn traffic_class(&self, descriptor: &Descriptor, opcode: Opcode) -> Result<(), Completion> {
        let writes = matches!(opcode, Opcode::Memmove | Opcode::Fill);
        let class = |flag| self.traffic_classes[usize::from(descriptor.has(flag))];
        if writes
            && descriptor.has(flags::COMPLETION_ADDRESS_VALID)
            && !descriptor.has(flags::DESTINATION_READBACK)
            && class(flags::ADDRESS_2_CLASS) != class(flags::COMPLETION_CLASS)
        {
            return Err(Completion::new(Status::TrafficClass));
        }
        Ok(())
    }
}

/// What an operation's descriptor may hold.
struct Format {
    /// The flags that may be set.
    flags: u32,
    /// The bytes that must be zero, one bit each.
    reserved: u64,
}

impl Format {
    fn of(opcode: Opcode) -> Self {
        const ANY: u32 = flags::FENCE
            | flags::COMPLETION_ADDRESS_VALID
            | flags::REQUEST_COMPLETION
            | flags::REQUEST_INTERRUPT
            | flags::COMPLETION_STEERING
            | flags::COMPLETION_CLASS;
        const WRITES: u32 = ANY
            | flags::BLOCK_ON_FAULT
            | flags::CACHE_CONTROL
            | flags::ADDRESS_2_CLASS
            | flags::STRICT_ORDERING
            | flags::DESTINATION_READBACK
            | flags::DESTINATION_STEERING;

        let (flags, reserved) = match opcode {
            Opcode::Noop => (ANY, bytes(0x10, 0x24) | bytes(0x28, 0x40)),
            // The list blocks on a fault in any case, so the flag is reserved.
            Opcode::Batch => (
                (ANY & !flags::FENCE) | flags::ADDRESS_1_CLASS,
                bytes(0x18, 0x20) | bytes(0x28, 0x40),
            ),
            Opcode::Memmove => (WRITES | flags::ADDRESS_1_CLASS, bytes(0x28, 0x40)),
            Opcode::Fill => (WRITES, bytes(0x28, 0x40)),
            Opcode::Compare => (
                ANY | flags::BLOCK_ON_FAULT
                    | flags::CHECK_RESULT
                    | flags::ADDRESS_1_CLASS
                    | flags::ADDRESS_2_CLASS,
                bytes(0x29, 0x40),
            ),
            Opcode::CrcGen => (
                ANY | flags::BLOCK_ON_FAULT
                    | flags::ADDRESS_1_CLASS
                    | flags::ADDRESS_3_CLASS
                    | flags::CRC_READ_SEED
                    | flags::CRC_BYPASS_INVERSION
                    | flags::CRC_BYPASS_DATA_REFLECTION,
                bytes(0x18, 0x20) | bytes(0x2c, 0x30) | bytes(0x38, 0x40),
            ),
        };
        Self { flags, reserved }
    }
}

/// The bytes from `start` up to, but not including, `end`: one bit each.
const fn bytes(start: u32, end: u32) -> u64 {
    (u64::MAX >> (64 - (end - start))) << start
}

fn reserved(descriptor: &Descriptor, format: &Format) -> Result<(), Completion> {
    let in_use = (0..SIZE)
        .filter(|index| descriptor.0[*index] != 0)
        .fold(0, |bits, index| bits | 1_u64 << index);
    if descriptor.reserved_0() == 0 && in_use & (format.reserved | bytes(0x26, 0x28)) == 0 {
        Ok(())
    } else {
        Err(Completion::new(Status::ReservedField))
    }
}
