// SPDX-License-Identifier: GPL-2.0

//! Decoding of MOVDIR64B, ENQCMD and ENQCMDS in 64-bit mode.
//!
//! All three are `PREFIX [REX] 0F 38 F8 /r`: the prefix tells which, the register operand holds the
//! address of the destination, and the memory operand is the source. Forms with a segment or an
//! address size of their own are not decoded; no compiler makes them.

#![cfg_attr(not(any(MODULE, test)), no_std)]
#![deny(unsafe_code)]
#![cfg_attr(MODULE, allow(unreachable_pub))]

/// The most bytes that any of the instructions has.
pub const MAX_LENGTH: usize = 11;

/// Which instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Stores 64 bytes.
    Movdir64b,
    /// Stores 64 bytes with the PASID of the task and learns whether they were accepted.
    Enqcmd,
    /// Stores 64 bytes as they are and learns whether they were accepted; privileged.
    Enqcmds,
}

/// A general register by its number in the encoding: RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8…
pub type Register = u8;

/// What an address counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Zero.
    Nothing,
    /// A register.
    Register(Register),
    /// The instruction that follows.
    NextInstruction,
}

/// An address in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// What it counts from.
    pub base: Base,
    /// A register to add, shifted left by so many bits.
    pub index: Option<(Register, u8)>,
    /// A constant to add.
    pub displacement: i32,
}

/// A decoded instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Which.
    pub operation: Operation,
    /// The register with the destination's address.
    pub destination: Register,
    /// The 64 bytes to store.
    pub source: Address,
    /// Bytes of the instruction.
    pub length: u8,
}

/// Decodes the instruction that the bytes begin with, if it is one of the three.
pub fn decode(code: &[u8]) -> Option<Instruction> {
    let mut code = Code { bytes: code, at: 0 };
    let operation = match code.byte()? {
        0x66 => Operation::Movdir64b,
        0xf2 => Operation::Enqcmd,
        0xf3 => Operation::Enqcmds,
        _ => return None,
    };
    let mut byte = code.byte()?;
    let mut rex = 0;
    if byte & 0xf0 == 0x40 {
        rex = byte;
        byte = code.byte()?;
    }
    if [byte, code.byte()?, code.byte()?] != [0x0f, 0x38, 0xf8] {
        return None;
    }
    let (r, x, b) = (rex << 1 & 8, rex << 2 & 8, rex << 3 & 8);
    let modrm = code.byte()?;
    let source = code.address(modrm, x, b)?;
    Some(Instruction {
        operation,
        destination: modrm >> 3 & 7 | r,
        source,
        length: code.at,
    })
}

/// The bytes, and how many were read.
struct Code<'a> {
    bytes: &'a [u8],
    at: u8,
}

impl Code<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(usize::from(self.at))?;
        self.at += 1;
        Some(byte)
    }

    fn dword(&mut self) -> Option<i32> {
        let bytes = [self.byte()?, self.byte()?, self.byte()?, self.byte()?];
        Some(i32::from_le_bytes(bytes))
    }

    /// The memory operand; a register in its place is no operand of these instructions.
    fn address(&mut self, modrm: u8, x: u8, b: u8) -> Option<Address> {
        /// In place of a base: a SIB byte follows. In place of an index: there is none.
        const SIB: u8 = 4;
        /// In place of a base without displacement: only a displacement.
        const DISPLACEMENT_ONLY: u8 = 5;

        let (mode, rm) = (modrm >> 6, modrm & 7);
        if mode == 3 {
            return None;
        }
        let mut index = None;
        let mut base = Base::Register(rm | b);
        let mut wide = mode == 2;
        if rm == SIB {
            let sib = self.byte()?;
            let register = sib >> 3 & 7 | x;
            if register != SIB {
                index = Some((register, sib >> 6));
            }
            base = Base::Register(sib & 7 | b);
            if sib & 7 == DISPLACEMENT_ONLY && mode == 0 {
                base = Base::Nothing;
                wide = true;
            }
        } else if rm == DISPLACEMENT_ONLY && mode == 0 {
            base = Base::NextInstruction;
            wide = true;
        }
        let displacement = if wide {
            self.dword()?
        } else if mode == 1 {
            i32::from(i8::from_le_bytes([self.byte()?]))
        } else {
            0
        };
        Some(Address {
            base,
            index,
            displacement,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAX: u8 = 0;
    const RDX: u8 = 2;
    const RSP: u8 = 4;

    fn plain(base: u8) -> Address {
        Address {
            base: Base::Register(base),
            index: None,
            displacement: 0,
        }
    }

    /// Encodings as GNU as makes them.
    #[test]
    fn every_form_of_operand_is_decoded() {
        let with = |base, index, displacement| Address {
            base,
            index,
            displacement,
        };
        let cases: &[(&[u8], u8, Address)] = &[
            // (%rdx), %rax, which is the kernel's own
            (&[0x66, 0x0f, 0x38, 0xf8, 0x02], RAX, plain(RDX)),
            // (%r10), %r9
            (&[0x66, 0x45, 0x0f, 0x38, 0xf8, 0x0a], 9, plain(10)),
            // (%rsp), %rax
            (&[0x66, 0x0f, 0x38, 0xf8, 0x04, 0x24], RAX, plain(RSP)),
            // -0x40(%rbp), %rdi
            (
                &[0x66, 0x0f, 0x38, 0xf8, 0x7d, 0xc0],
                7,
                with(Base::Register(5), None, -0x40),
            ),
            // 0x12345678(%r13,%r12,4), %rcx
            (
                &[
                    0x66, 0x43, 0x0f, 0x38, 0xf8, 0x8c, 0xa5, 0x78, 0x56, 0x34, 0x12,
                ],
                1,
                with(Base::Register(13), Some((12, 2)), 0x1234_5678),
            ),
            // 0x10(%rip), %rax
            (
                &[0x66, 0x0f, 0x38, 0xf8, 0x05, 0x10, 0, 0, 0],
                RAX,
                with(Base::NextInstruction, None, 0x10),
            ),
            // 0x1000, %rax
            (
                &[0x66, 0x0f, 0x38, 0xf8, 0x04, 0x25, 0, 0x10, 0, 0],
                RAX,
                with(Base::Nothing, None, 0x1000),
            ),
        ];
        for (bytes, destination, source) in cases {
            // What follows in memory does not matter.
            let code = [bytes, &[0xcc; 4][..]].concat();
            let instruction = Instruction {
                operation: Operation::Movdir64b,
                destination: *destination,
                source: *source,
                length: bytes.len() as u8,
            };
            assert_eq!(decode(&code), Some(instruction), "{bytes:02x?}");
            assert_eq!(decode(&bytes[..bytes.len() - 1]), None, "cut off");
        }
    }

    #[test]
    fn the_prefix_tells_the_instructions_apart() {
        for (prefix, operation) in [
            (0x66, Some(Operation::Movdir64b)),
            (0xf2, Some(Operation::Enqcmd)),
            (0xf3, Some(Operation::Enqcmds)),
            (0x67, None),
        ] {
            let decoded = decode(&[prefix, 0x0f, 0x38, 0xf8, 0x02]);
            assert_eq!(decoded.map(|found| found.operation), operation);
        }
    }

    #[test]
    fn other_instructions_and_register_operands_are_left_alone() {
        for code in [
            &[0x0f, 0x0b][..],
            &[0x66, 0x0f, 0x38, 0xf9, 0x02],
            &[0x66, 0x0f, 0x38, 0xf8, 0xc2],
            &[],
        ] {
            assert_eq!(decode(code), None, "{code:02x?}");
        }
    }
}
