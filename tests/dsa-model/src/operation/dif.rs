// SPDX-License-Identifier: MIT OR Apache-2.0
//! DIF operations: blocks of data, each with a data integrity field of 8 bytes (T10 protection
//! information).
//!
//! Each operation goes from block to block. It may check the field of the source, may copy the
//! block, and may write a field to the destination:
//!
//! | operation | source | checks | copies | writes |
//! |-|-|-|-|-|
//! | DIF_CHECK | block and field | x | | |
//! | DIF_INS | block | | x | x |
//! | DIF_STRP | block and field | x | x | |
//! | DIF_UPDT | block and field | x | x | x |
//! | DIX_GEN | block | | | x |
//!
//! A field that is not as expected ends the operation with status 9, and the record's result says
//! what was wrong. Whatever ends it, `bytes completed` counts the bytes of the source in whole
//! blocks, and the last 16 bytes of the record hold the tags that the next block would have.
//!
//! Public sources leave open what an inserted application tag has where its mask is set: here the
//! bits of the source's field, and zeros when there is none.

mod field;
mod tags;

use self::field::{Field, Guard};
use self::tags::Tags;
use crate::completion::{Completion, Status};
use crate::descriptor::Descriptor;
use crate::memory::{Fault, Memory};

/// Size of a field, in bytes.
const FIELD: u32 = field::SIZE as u32;

/// Flags of the source.
mod source {
    /// It is an error when a field is one not to be checked.
    pub const DETECTION_IS_ERROR: u8 = 1 << 0;
    /// A field of ones is not checked.
    pub const DETECT_ALL: u8 = 1 << 1;
    /// A field whose application tag is ones is not checked.
    pub const DETECT_APPLICATION: u8 = 1 << 2;
    /// A field whose application and reference tags are ones is not checked.
    pub const DETECT_TAGS: u8 = 1 << 3;
    /// The guard is not checked.
    pub const IGNORE_GUARD: u8 = 1 << 5;
    /// The reference tag is not checked.
    pub const IGNORE_REFERENCE: u8 = 1 << 6;
}

/// Flags of the destination: parts of the source's field that stay.
mod destination {
    pub const KEEP_APPLICATION: u8 = 1 << 3;
    pub const KEEP_GUARD: u8 = 1 << 5;
    pub const KEEP_REFERENCE: u8 = 1 << 6;
}

/// What is wrong with a field: bits of the record's result.
mod error {
    pub const GUARD: u8 = 1 << 0;
    pub const APPLICATION: u8 = 1 << 1;
    pub const REFERENCE: u8 = 1 << 2;
    pub const DETECTED: u8 = 1 << 3;
}

/// What an operation does with a block and its field.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// The source has fields, and they are checked.
    checks: bool,
    /// The block goes to the destination.
    copies: bool,
    /// A field goes to the destination.
    writes: bool,
}

impl Shape {
    /// DIF_CHECK.
    pub(crate) const CHECK: Self = Self::new(true, false, false);
    /// DIF_INS.
    pub(crate) const INSERT: Self = Self::new(false, true, true);
    /// DIF_STRP.
    pub(crate) const STRIP: Self = Self::new(true, true, false);
    /// DIF_UPDT.
    pub(crate) const UPDATE: Self = Self::new(true, true, true);
    /// DIX_GEN.
    pub(crate) const GENERATE: Self = Self::new(false, false, true);

    const fn new(checks: bool, copies: bool, writes: bool) -> Self {
        Self {
            checks,
            copies,
            writes,
        }
    }

    /// Bytes of a block and field in the source.
    fn source_step(self, descriptor: &Descriptor) -> u32 {
        block_size(descriptor) + if self.checks { FIELD } else { 0 }
    }

    /// Bytes of a block and field in the destination.
    fn destination_step(self, descriptor: &Descriptor) -> u32 {
        let block = if self.copies {
            block_size(descriptor)
        } else {
            0
        };
        block + if self.writes { FIELD } else { 0 }
    }

    /// Whether the transfer size is that of whole blocks.
    pub(crate) fn fits(self, descriptor: &Descriptor) -> bool {
        descriptor
            .size()
            .is_multiple_of(self.source_step(descriptor))
    }

    /// Bytes of the destination.
    pub(crate) fn destination_size(self, descriptor: &Descriptor) -> u64 {
        let blocks = descriptor.size() / self.source_step(descriptor);
        u64::from(blocks) * u64::from(self.destination_step(descriptor))
    }
}

/// Bytes of a block without its field.
fn block_size(descriptor: &Descriptor) -> u32 {
    [512, 520, 4096, 4104][usize::from(descriptor.dif_flags() & 3)]
}

/// Runs the operation of this shape.
pub(super) fn run(shape: Shape, descriptor: &Descriptor, memory: &Memory) -> Completion {
    let mut pass = Pass {
        shape,
        descriptor,
        memory,
        guard: Guard::new(descriptor.dif_flags()),
        source: Tags::source(descriptor),
        destination: Tags::destination(descriptor),
    };
    let step = shape.source_step(descriptor);
    let mut completion = Completion::success();
    // The size is checked to be that of whole blocks.
    for index in 0..descriptor.size() / step {
        if let Err(stop) = pass.block(index) {
            completion = stop.completion(index * step);
            break;
        }
    }
    completion.with_details(&pass.details())
}

/// Why an operation ends before its last block.
enum Stop {
    /// An address could not be accessed.
    Fault(Fault),
    /// A field is not as expected.
    Mismatch(u8),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Stop {
    fn completion(self, done: u32) -> Completion {
        match self {
            Self::Fault(fault) => Completion::faulted(fault, done),
            Self::Mismatch(result) => Completion {
                result,
                completed: done,
                ..Completion::new(Status::DifError)
            },
        }
    }
}

/// One pass over the blocks.
struct Pass<'a> {
    shape: Shape,
    descriptor: &'a Descriptor,
    memory: &'a Memory,
    guard: Guard,
    /// The tags that the next field of the source is to have.
    source: Tags,
    /// The tags of the next field of the destination.
    destination: Tags,
}

impl Pass<'_> {
    /// Does one block. The tags advance only when all of it is done.
    fn block(&mut self, index: u32) -> Result<(), Stop> {
        let size = block_size(self.descriptor) as usize;
        let from = place(
            self.descriptor.first(),
            index,
            self.shape.source_step(self.descriptor),
        );
        let mut bytes = vec![0; self.shape.source_step(self.descriptor) as usize];
        self.memory.read(from, &mut bytes)?;
        let (block, field) = bytes.split_at(size);
        let guard = self.guard.of(block);
        let found = field.first_chunk().map(Field::from_bytes);
        if let Some(found) = found {
            self.check(found, guard)?;
        }

        let to = place(
            self.descriptor.second(),
            index,
            self.shape.destination_step(self.descriptor),
        );
        let mut written = Vec::new();
        if self.shape.copies {
            written.extend_from_slice(block);
        }
        if self.shape.writes {
            written.extend(self.field(found, guard).to_bytes());
        }
        self.memory.write(to, &written)?;
        self.source.advance();
        self.destination.advance();
        Ok(())
    }

    /// Compares a field of the source with what it is to be.
    fn check(&self, found: Field, guard: u16) -> Result<(), Stop> {
        let flags = self.descriptor.dif_source_flags();
        let has = |flag| flags & flag != 0;
        let application = found.application == u16::MAX;
        let tags = application && found.reference == u32::MAX;
        let exempt = has(source::DETECT_ALL) && tags && found.guard == u16::MAX
            || has(source::DETECT_APPLICATION) && application
            || has(source::DETECT_TAGS) && tags;
        if exempt {
            return if has(source::DETECTION_IS_ERROR) {
                Err(Stop::Mismatch(error::DETECTED))
            } else {
                Ok(())
            };
        }
        let mut wrong = 0;
        if !has(source::IGNORE_GUARD) && found.guard != guard {
            wrong |= error::GUARD;
        }
        if (found.application ^ self.source.application) & !self.source.mask != 0 {
            wrong |= error::APPLICATION;
        }
        if !has(source::IGNORE_REFERENCE) && found.reference != self.source.reference {
            wrong |= error::REFERENCE;
        }
        if wrong == 0 {
            Ok(())
        } else {
            Err(Stop::Mismatch(wrong))
        }
    }

    /// The field for the destination.
    fn field(&self, found: Option<Field>, guard: u16) -> Field {
        let flags = self.descriptor.dif_destination_flags();
        let tags = &self.destination;
        let kept = found.unwrap_or_default();
        let fresh = Field {
            guard,
            application: kept.application & tags.mask | tags.application & !tags.mask,
            reference: tags.reference,
        };
        let keeps = |flag| found.is_some() && flags & flag != 0;
        Field {
            guard: if keeps(destination::KEEP_GUARD) {
                kept.guard
            } else {
                fresh.guard
            },
            application: if keeps(destination::KEEP_APPLICATION) {
                kept.application
            } else {
                fresh.application
            },
            reference: if keeps(destination::KEEP_REFERENCE) {
                kept.reference
            } else {
                fresh.reference
            },
        }
    }

    /// The last 16 bytes of the record.
    fn details(&self) -> [u8; 16] {
        let mut details = [0; 16];
        if self.shape.checks {
            details[..8].copy_from_slice(&self.source.to_bytes());
        }
        if self.shape.writes {
            details[8..].copy_from_slice(&self.destination.to_bytes());
        }
        details
    }
}

/// Where block number `index` is. An address beyond the last of all is the last: nothing is there.
fn place(base: u64, index: u32, step: u32) -> u64 {
    base.saturating_add(u64::from(index) * u64::from(step))
}
