// SPDX-License-Identifier: GPL-2.0

//! The operation of a descriptor with its operands.

use super::super::{
    code::{
        flag,
        le_u32,
        le_u64,
        opcode, //
    },
    op::delta,
    Descriptor,
    Dif,
    DifKind,
    Op, //
};

impl Descriptor {
    /// The operation, whatever its operands are; `None` if there is no such operation.
    pub(super) fn op(&self) -> Option<Op> {
        let specific = &self.specific;
        let len = self.size;
        let dif = |kind| {
            Op::Dif(Dif {
                kind,
                src: self.first,
                dst: self.second,
                len,
                fields: *specific,
            })
        };
        Some(match self.opcode {
            opcode::NOOP => Op::Noop,
            opcode::BATCH => Op::Batch {
                list: self.first,
                count: self.size,
            },
            opcode::DRAIN => Op::Drain {
                readback: [
                    self.has(flag::READBACK1_VALID).then_some(self.first),
                    self.has(flag::READBACK2_VALID).then_some(self.second),
                ],
            },
            opcode::MEMMOVE => Op::Memmove {
                src: self.first,
                dst: self.second,
                len,
            },
            opcode::FILL => Op::Fill {
                dst: self.second,
                len,
                pattern: self.first,
            },
            opcode::COMPARE => Op::Compare {
                a: self.first,
                b: self.second,
                len,
                expect: self.expected(0),
            },
            opcode::COMPVAL => Op::ComparePattern {
                src: self.first,
                len,
                pattern: self.second,
                expect: self.expected(0),
            },
            opcode::CREATE_DELTA => Op::CreateDelta {
                a: self.first,
                b: self.second,
                len,
                delta: le_u64(specific, 0),
                max: delta::room(self.max_delta_size(), len),
                expect: self.expected(16),
            },
            opcode::APPLY_DELTA => Op::ApplyDelta {
                delta: self.first,
                delta_len: delta::meaningful(self.delta_size(), len),
                dst: self.second,
                len,
            },
            opcode::DUALCAST => Op::Dualcast {
                src: self.first,
                dst: [self.second, le_u64(specific, 0)],
                len,
            },
            opcode::CRCGEN | opcode::COPY_CRC => Op::Crc {
                src: self.first,
                dst: (self.opcode == opcode::COPY_CRC).then_some(self.second),
                len,
                seed: le_u32(specific, 0),
                seed_addr: self.has(flag::CRC_READ_SEED).then(|| le_u64(specific, 8)),
                bypass_inversion: self.has(flag::CRC_BYPASS_INVERSION),
                bypass_reflection: self.has(flag::CRC_BYPASS_REFLECTION),
            },
            opcode::DIF_CHECK => dif(DifKind::Check),
            opcode::DIF_INSERT => dif(DifKind::Insert),
            opcode::DIF_STRIP => dif(DifKind::Strip),
            opcode::DIF_UPDATE => dif(DifKind::Update),
            opcode::CFLUSH => Op::Flush {
                dst: self.second,
                len,
            },
            _ => return None,
        })
    }

    /// Create Delta Record: room for the record.
    pub(super) fn max_delta_size(&self) -> u32 {
        le_u32(&self.specific, 8)
    }

    /// Apply Delta Record: length of the record.
    pub(super) fn delta_size(&self) -> u32 {
        le_u32(&self.specific, 0)
    }

    /// What the result is expected to be, if that is to be checked: the byte `at` of the specific
    /// fields.
    fn expected(&self, at: usize) -> Option<u8> {
        let expected = self.specific.get(at).copied();
        expected.filter(|_| self.has(flag::CHECK_RESULT))
    }
}
