// SPDX-License-Identifier: GPL-2.0

//! A naive device: carries out raw descriptors on a memory, as the specification says.

/// Memory of the device, by address.
pub(super) struct Memory(pub(super) Vec<u8>);

impl Memory {
    pub(super) fn at(&self, addr: u64, len: u32) -> &[u8] {
        &self.0[addr as usize..][..len as usize]
    }

    pub(super) fn at_mut(&mut self, addr: u64, len: u32) -> &mut [u8] {
        &mut self.0[addr as usize..][..len as usize]
    }
}

fn field<const N: usize>(raw: &[u8; 64], at: usize) -> [u8; N] {
    raw[at..][..N].try_into().unwrap()
}

/// Carries out a descriptor and gives its completion record.
pub(super) fn execute(memory: &mut Memory, raw: &[u8; 64]) -> [u8; 32] {
    let control = u32::from_le_bytes(field(raw, 4));
    // Record and interrupt are always asked for.
    assert_eq!(control & 0x1c, 0x1c);
    let first = u64::from_le_bytes(field(raw, 0x10));
    let second = u64::from_le_bytes(field(raw, 0x18));
    let len = u32::from_le_bytes(field(raw, 0x20));

    let mut record = [0; 32];
    record[0] = 1;
    let mut completed = len;
    match control >> 24 {
        0x00 => (),
        0x03 => {
            let source = memory.at(first, len).to_vec();
            memory.at_mut(second, len).copy_from_slice(&source);
        }
        0x04 => {
            let pattern = first.to_le_bytes().into_iter().cycle();
            for (to, from) in memory.at_mut(second, len).iter_mut().zip(pattern) {
                *to = from;
            }
        }
        op @ (0x05 | 0x06) => {
            let other: Vec<u8> = if op == 0x05 {
                memory.at(second, len).to_vec()
            } else {
                let pattern = second.to_le_bytes().into_iter().cycle();
                pattern.take(len as usize).collect()
            };
            let pairs = memory.at(first, len).iter().zip(&other);
            if let Some(difference) = pairs.into_iter().position(|(a, b)| a != b) {
                record[1] = 1;
                completed = difference as u32;
            }
            if control & 1 << 7 != 0 && record[1] != raw[0x28] {
                record[0] = 2;
            }
        }
        0x10 => {
            let seed = u32::from_le_bytes(field(raw, 0x28));
            let crc = crc(memory.at(first, len), seed, control);
            record[16..20].copy_from_slice(&crc.to_le_bytes());
        }
        opcode => panic!("opcode {opcode:#x}"),
    }
    record[4..8].copy_from_slice(&completed.to_le_bytes());
    record
}

/// CRC-32C bit by bit, the highest bit first as the specification describes it.
pub(super) fn crc(data: &[u8], seed: u32, control: u32) -> u32 {
    let bypass_inversion = control & 1 << 17 != 0;
    let bypass_reflection = control & 1 << 18 != 0;
    let mut crc = if bypass_inversion {
        seed
    } else {
        (!seed).reverse_bits()
    };
    for byte in data {
        let byte = if bypass_reflection {
            *byte
        } else {
            byte.reverse_bits()
        };
        crc ^= u32::from(byte) << 24;
        for _ in 0..8 {
            let carry = crc >> 31;
            crc = (crc << 1) ^ (carry * 0x1edc_6f41);
        }
    }
    if bypass_inversion {
        crc
    } else {
        !crc.reverse_bits()
    }
}

#[test]
fn the_usual_crc() {
    assert_eq!(crc(b"123456789", 0, 0), 0xe306_9283);
    let half = crc(b"12345", 0, 0);
    assert_eq!(crc(b"6789", half, 0), 0xe306_9283);
}
