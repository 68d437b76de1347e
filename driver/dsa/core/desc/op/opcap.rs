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

/// Those that tenants are offered: what the engine of the driver carries out.
<<<<<<< HEAD
pub const OFFERED_OPCAP: [u64; 4] = opcap(&[
    NOOP, DRAIN, MEMMOVE, FILL, COMPARE, COMPVAL, DUALCAST, CRCGEN, COPY_CRC, CFLUSH,
]);
=======
pub const OFFERED_OPCAP: [u64; 4] = opcap(&[NOOP, MEMMOVE, FILL, COMPARE, COMPVAL, CRCGEN]);
>>>>>>> w-ops

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
