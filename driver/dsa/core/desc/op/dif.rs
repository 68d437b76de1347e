// SPDX-License-Identifier: GPL-2.0

//! Operations on blocks with data integrity fields (T10 protection information).

use super::{
    super::code::opcode,
    buffer::buffer,
    Buffer, //
};

/// Length of a field in bytes.
const FIELD: u32 = 8;

/// What is done with blocks and their fields.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum DifKind {
    /// Checks fields.
    Check,
    /// Copies blocks and adds fields.
    Insert,
    /// Checks fields and copies blocks without them.
    Strip,
    /// Checks fields and copies blocks with others.
    Update,
}

impl DifKind {
    /// Whether the source has fields.
    pub const fn checks(self) -> bool {
        !matches!(self, DifKind::Insert)
    }

    /// Whether blocks are copied.
    pub const fn copies(self) -> bool {
        !matches!(self, DifKind::Check)
    }

    /// Whether the destination has fields.
    pub const fn writes(self) -> bool {
        matches!(self, DifKind::Insert | DifKind::Update)
    }
}

/// A DIF operation with its operands.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Dif {
    /// What is done.
    pub kind: DifKind,
    /// Source.
    pub src: u64,
    /// Destination, if there is one.
    pub dst: u64,
    /// Length of the source.
    pub len: u32,
    /// Flags, and tags of the first fields, as the descriptor has them from 0x28 on.
    pub fields: [u8; 24],
}

impl Dif {
    pub(super) const fn opcode(&self) -> u8 {
        match self.kind {
            DifKind::Check => opcode::DIF_CHECK,
            DifKind::Insert => opcode::DIF_INSERT,
            DifKind::Strip => opcode::DIF_STRIP,
            DifKind::Update => opcode::DIF_UPDATE,
        }
    }

    /// Length of a block without its field.
    const fn block(&self) -> u32 {
        let [_, _, flags, ..] = self.fields;
        match flags & 3 {
            0 => 512,
            1 => 520,
            2 => 4096,
            _ => 4104,
        }
    }

    /// Bytes of a block in the source, with its field if it has one.
    pub const fn source_step(&self) -> u32 {
        self.block() + if self.kind.checks() { FIELD } else { 0 }
    }

    /// The same in the destination; 0 if there is none.
    pub const fn destination_step(&self) -> u32 {
        match self.kind {
            DifKind::Check => 0,
            _ => self.block() + if self.kind.writes() { FIELD } else { 0 },
        }
    }

    /// Number of blocks.
    const fn blocks(&self) -> u32 {
        self.len / self.source_step()
    }

    /// Blocks that are there as a whole, when of source and destination so many bytes are.
    pub(in super::super::super) const fn blocks_within(
        &self,
        [source, destination, _]: [u32; 3],
    ) -> u32 {
        let source = source / self.source_step();
        match destination.checked_div(self.destination_step()) {
            Some(destination) if destination < source => destination,
            _ => source,
        }
    }

    pub(super) const fn buffers(&self) -> [Option<Buffer>; 3] {
        let destination = self.blocks().saturating_mul(self.destination_step());
        [
            buffer(self.src, self.len, false),
            if self.kind.copies() {
                buffer(self.dst, destination, true)
            } else {
                None
            },
            None,
        ]
    }

    /// What the last 16 bytes of the completion record are when no block is done: the tags that the
    /// next fields are to have.
    pub(in super::super::super) fn first_tags(&self) -> [u8; 16] {
        let mut tags = [0; 16];
        let [_, _, _, _, _, _, _, _, given @ ..] = self.fields;
        let kind = self.kind;
        for (at, (to, from)) in tags.iter_mut().zip(given).enumerate() {
            let is_there = if at < 8 { kind.checks() } else { kind.writes() };
            if is_there {
                *to = from;
            }
        }
        tags
    }
}
