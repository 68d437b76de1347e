// SPDX-License-Identifier: GPL-2.0

//! The operations in the form of the registers OPCAP.

use super::super::code::opcode::*;

/// The operations of [`Op`](super::Op) that can be carried out whatever pages the buffers lie in.
pub const SUPPORTED_OPCAP: [u64; 4] = opcap(&[
    NOOP, BATCH, DRAIN, MEMMOVE, FILL, COMPARE, COMPVAL, DUALCAST, CRCGEN, COPY_CRC, CFLUSH,
]);

/// Those that cannot be divided ([`Op::is_divisible`](super::Op::is_divisible)): for where an IOMMU
/// makes each buffer contiguous for the device.
pub const WHOLE_OPCAP: [u64; 4] = opcap(&[
    CREATE_DELTA,
    APPLY_DELTA,
    DIF_CHECK,
    DIF_INSERT,
    DIF_STRIP,
    DIF_UPDATE,
]);

/// All operations that there are, of which a device may have less.
pub const ALL_OPCAP: [u64; 4] = [SUPPORTED_OPCAP[0] | WHOLE_OPCAP[0], 0, 0, 0];

/// The registers with a bit for each of these operations.
const fn opcap(opcodes: &[u8]) -> [u64; 4] {
    let mut low = 0;
    let mut rest = opcodes;
    while let [opcode, others @ ..] = rest {
        low |= 1 << *opcode;
        rest = others;
    }
    [low, 0, 0, 0]
}
