// SPDX-License-Identifier: GPL-2.0

//! Check of a tenant's descriptor, with the rules and errors of the hardware.

use super::super::regs::swerr;
use super::{
    code::{
        flag,
        le_u32,
        le_u64,
        opcode,
        status, //
    },
    Completion,
    Descriptor,
    Op,
    SUPPORTED_OPCAP, //
};

/// Flags that every operation takes.
const FLAGS_ANY: u32 = flag::FENCE
    | flag::CR_VALID
    | flag::CR_REQUEST
    | flag::INT_REQUEST
    | flag::CR_STEERING
    | flag::TRAFFIC_CLASS
    | flag::STRICT_ORDER;
/// Flags of operations that write memory.
const FLAGS_WRITE: u32 = FLAGS_ANY | flag::CACHE_CONTROL | flag::DEST_STEERING;
/// Flags of operations that compare.
const FLAGS_COMPARE: u32 = FLAGS_ANY | flag::CHECK_RESULT;
/// Flags of a CRC.
const FLAGS_CRC: u32 =
    FLAGS_ANY | flag::CRC_READ_SEED | flag::CRC_BYPASS_INVERSION | flag::CRC_BYPASS_REFLECTION;

/// Bits of [`Descriptor::identity`] that are reserved.
const IDENTITY_RESERVED: u32 = 0x7ff0_0000;

/// What a descriptor is checked against: the virtual WQ that it was submitted to.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Operations that the tenant may use; of these, those of [`SUPPORTED_OPCAP`] are carried out.
    pub opcap: [u64; 4],
    /// Largest transfer in bytes.
    pub max_transfer: u64,
    /// Number of MSI-X vectors; interrupt handles are 1 to below this.
    pub vectors: u16,
    /// Whether the virtual function may do DMA.
    pub bus_master: bool,
    /// Whether the virtual WQ is enabled.
    pub wq_enabled: bool,
    /// [`Function::epoch`](super::super::virt::Function::epoch) of the virtual WQ. The check does
    /// not look at it; it is for the caller to compare when it accepts the work.
    pub epoch: u32,
}

/// A descriptor that is to be carried out.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Work {
    /// What is to be done.
    pub op: Op,
    /// The flags as submitted; those that are not told by the other fields are hints.
    pub flags: u32,
    /// Address of the completion record, if there is to be one.
    pub cr: Option<u64>,
    /// Whether the record is to be written on success as well.
    pub cr_always: bool,
    /// Vector to raise on completion, after the record is written.
    pub interrupt: Option<u16>,
}

/// A descriptor that is not to be carried out.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Reject {
    /// What is wrong: a status of a completion record, or an error of SWERR.
    pub status: u8,
    /// Who is told.
    pub to: RejectTo,
    /// Vector to raise after the record is written.
    pub interrupt: Option<u16>,
    /// The flags that are not valid, with status [`status::FLAGS`].
    pub invalid_flags: u32,
}

/// Who is told of a descriptor that is not carried out.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum RejectTo {
    /// The completion record at this address.
    Record(u64),
    /// The register SWERR, as there is no completion record or none can be written.
    Swerr,
}

impl Reject {
    /// The completion record that tells of it.
    pub fn completion(&self) -> Completion {
        Completion {
            status: self.status,
            ..Completion::default()
        }
        .with_tail(self.invalid_flags)
    }

    /// One that no completion record can tell of.
    const fn swerr(status: u8) -> Self {
        Self {
            status,
            to: RejectTo::Swerr,
            interrupt: None,
            invalid_flags: 0,
        }
    }
}

impl Descriptor {
    /// Checks the descriptor as the hardware would and says what is to be done.
    ///
    /// PASID and privilege of the descriptor are ignored, as a dedicated WQ has its own. What
    /// forbids to write a completion record is looked at first, the rest in the order of the
    /// status codes.
    pub fn check(&self, limits: &Limits) -> Result<Work, Reject> {
        if !limits.wq_enabled {
            return Err(Reject::swerr(swerr::WQ_NOT_ENABLED));
        }
        if !limits.bus_master {
            return Err(Reject::swerr(swerr::BUS_MASTER_OFF));
        }
        let cr = self.has(flag::CR_VALID).then_some(self.cr);
        if cr.is_some_and(|addr| addr % 32 != 0) {
            return Err(Reject::swerr(status::CR_ALIGN));
        }

        let handle_is_valid = (1..limits.vectors).contains(&self.handle);
        let interrupt = (self.has(flag::INT_REQUEST) && handle_is_valid).then_some(self.handle);
        let reject = |status, invalid_flags| match cr {
            Some(addr) => Reject {
                status,
                to: RejectTo::Record(addr),
                interrupt,
                invalid_flags,
            },
            None => Reject {
                invalid_flags,
                ..Reject::swerr(status)
            },
        };
        let fail = |status| reject(status, 0);

        let allowed = self
            .allowed_flags(limits)
            .ok_or_else(|| fail(status::OPCODE))?;
        let invalid_flags = self.invalid_flags(allowed);
        if invalid_flags != 0 {
            return Err(reject(status::FLAGS, invalid_flags));
        }
        let op = self.op().ok_or_else(|| fail(status::RESERVED))?;
        self.check_buffers(&op, limits).map_err(fail)?;
        if self.has(flag::INT_REQUEST) && !handle_is_valid {
            return Err(fail(status::INT_HANDLE));
        }

        Ok(Work {
            op,
            flags: self.flags,
            cr,
            cr_always: self.has(flag::CR_REQUEST),
            interrupt,
        })
    }

    /// Whether a flag is set.
    const fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// The flags that the operation takes; `None` for an operation that is not to be had.
    fn allowed_flags(&self, limits: &Limits) -> Option<u32> {
        let word = usize::from(self.opcode / 64);
        let bit = 1_u64 << (self.opcode % 64);
        if limits.opcap.get(word)? & SUPPORTED_OPCAP.get(word)? & bit == 0 {
            return None;
        }
        Some(match self.opcode {
            opcode::MEMMOVE | opcode::FILL => FLAGS_WRITE,
            opcode::COMPARE | opcode::COMPVAL => FLAGS_COMPARE,
            opcode::CRCGEN => FLAGS_CRC,
            _ => FLAGS_ANY,
        })
    }

    /// The flags that are set and must not be.
    const fn invalid_flags(&self, allowed: u32) -> u32 {
        // A record can only be requested at an address that is valid.
        let allowed = if self.has(flag::CR_VALID) {
            allowed
        } else {
            allowed & !flag::CR_REQUEST
        };
        self.flags & !allowed
    }

    /// The operation with its operands; `None` if a reserved field is not zero.
    fn op(&self) -> Option<Op> {
        if self.identity & IDENTITY_RESERVED != 0 || self.reserved != 0 {
            return None;
        }
        let specific = &self.specific;
        let len = self.size;
        let (op, reserved_is_zero) = match self.opcode {
            opcode::NOOP => (
                Op::Noop,
                self.first == 0 && self.second == 0 && len == 0 && is_zero(specific, 0, 24),
            ),
            opcode::MEMMOVE => (
                Op::Memmove {
                    src: self.first,
                    dst: self.second,
                    len,
                },
                is_zero(specific, 0, 24),
            ),
            opcode::FILL => (
                Op::Fill {
                    dst: self.second,
                    len,
                    pattern: self.first,
                },
                is_zero(specific, 0, 24),
            ),
            opcode::COMPARE => (
                Op::Compare {
                    a: self.first,
                    b: self.second,
                    len,
                    expect: self.expected_result(),
                },
                self.comparison_reserved_is_zero(),
            ),
            opcode::COMPVAL => (
                Op::ComparePattern {
                    src: self.first,
                    len,
                    pattern: self.second,
                    expect: self.expected_result(),
                },
                self.comparison_reserved_is_zero(),
            ),
            opcode::CRCGEN => (
                Op::Crc {
                    src: self.first,
                    len,
                    seed: le_u32(specific, 0),
                    seed_addr: self.has(flag::CRC_READ_SEED).then(|| le_u64(specific, 8)),
                    bypass_inversion: self.has(flag::CRC_BYPASS_INVERSION),
                    bypass_reflection: self.has(flag::CRC_BYPASS_REFLECTION),
                },
                self.second == 0
                    && is_zero(specific, 4, 8)
                    && (self.has(flag::CRC_READ_SEED) || is_zero(specific, 8, 16))
                    && is_zero(specific, 16, 24),
            ),
            _ => return None,
        };
        reserved_is_zero.then_some(op)
    }

    /// The result that a comparison is expected to have, if it is to be checked.
    fn expected_result(&self) -> Option<u8> {
        let [expected, ..] = self.specific;
        self.has(flag::CHECK_RESULT).then_some(expected)
    }

    /// Whether the fields that a comparison does not use are zero; a result is 0 or 1.
    fn comparison_reserved_is_zero(&self) -> bool {
        let [expected, ..] = self.specific;
        expected <= 1 && is_zero(&self.specific, 1, 24)
    }

    /// Checks size and place of the buffers; gives the status if something is wrong.
    fn check_buffers(&self, op: &Op, limits: &Limits) -> Result<(), u8> {
        let [a, b] = op.buffers();
        let Some(a) = a else {
            return Ok(());
        };
        if op.is_empty() || u64::from(op.len()) > limits.max_transfer {
            return Err(status::SIZE);
        }
        let wraps = a.wraps() || b.is_some_and(|b| b.wraps());
        if wraps {
            return Err(status::TRANSLATION);
        }
        // Two sources may overlap.
        if b.is_some_and(|b| b.write && a.overlaps(&b)) {
            return Err(status::OVERLAP);
        }
        Ok(())
    }
}

/// Whether the bytes from `start` to below `end` are zero.
fn is_zero(bytes: &[u8], start: usize, end: usize) -> bool {
    bytes
        .get(start..end)
        .is_some_and(|bytes| bytes.iter().all(|byte| *byte == 0))
}
