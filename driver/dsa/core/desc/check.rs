// SPDX-License-Identifier: GPL-2.0

//! Check of a tenant's descriptor, with the rules and errors of the hardware.

mod format;
mod operands;
mod operation;

use self::format::Format;
use super::{
    super::regs::swerr,
    code::{
        flag,
        status, //
    },
    Completion,
    Descriptor,
    Op,
    ALL_OPCAP, //
};

/// What a descriptor is checked against: the virtual WQ that it was submitted to.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Operations that the tenant may use; of these, those of [`ALL_OPCAP`] are carried
    /// out.
    pub opcap: [u64; 4],
    /// Largest transfer in bytes.
    pub max_transfer: u64,
    /// Most descriptors of a batch.
    pub max_batch: u32,
    /// Whether a copy may be between buffers that overlap.
    pub overlapping_copy: bool,
    /// Whether the hardware knows [`flag::CACHE_CONTROL`].
    pub cache_control: bool,
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
    /// The flags that its descriptors for the hardware are to have too, by
    /// [`with_hints`](super::super::plan::with_hints).
    ///
    /// That is cache control, if the hardware knows it and the operation writes memory, and strict
    /// order. Steering tags and traffic classes are the driver's and not passed: they choose among
    /// what the group of the hardware is configured with, which the tenant does not see.
    pub hints: u32,
    /// Whether it must not begin before the earlier descriptors of its batch are done, and not at all
    /// if one of these did not succeed.
    pub fence: bool,
    /// Address of the completion record, if there is to be one.
    pub cr: Option<u64>,
    /// Whether the record is to be written on success as well.
    pub cr_always: bool,
    /// Vector to raise on completion, after the record is written.
    pub interrupt: Option<u16>,
}

impl Work {
    /// Whether what it writes must become visible in order: its pieces are to be carried out one after
    /// another.
    pub const fn is_strict(&self) -> bool {
        self.hints & flag::STRICT_ORDER != 0
    }
}

/// A descriptor that is not to be carried out.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Reject {
    /// What is wrong: a status of a completion record, or an error of SWERR.
    pub status: u8,
    /// Who is told.
    pub to: RejectTo,
    /// As [`Work::fence`].
    pub fence: bool,
    /// Vector to raise after the record is written, or after SWERR tells of it.
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
            fence: false,
            interrupt: None,
            invalid_flags: 0,
        }
    }
}

/// Where a descriptor is from.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Source {
    Portal,
    Batch,
}

impl Descriptor {
    /// Checks the descriptor as the hardware would and says what is to be done.
    ///
    /// PASID and privilege of the descriptor are ignored, as a dedicated WQ has its own. What
    /// forbids to write a completion record is looked at first, the rest in the order of the
    /// hardware: operation, flags, reserved fields, sizes, alignment, overlap, interrupt handle.
    pub fn check(&self, limits: &Limits) -> Result<Work, Reject> {
        if !limits.wq_enabled {
            return Err(Reject::swerr(swerr::WQ_NOT_ENABLED));
        }
        if !limits.bus_master {
            return Err(Reject::swerr(swerr::BUS_MASTER_OFF));
        }
        self.check_from(Source::Portal, limits)
    }

    /// The same for a descriptor from the list of a batch, which was accepted: there is no batch and
    /// no drain in a batch, and a fence is one.
    pub fn check_member(&self, limits: &Limits) -> Result<Work, Reject> {
        self.check_from(Source::Batch, limits)
    }

    fn check_from(&self, from: Source, limits: &Limits) -> Result<Work, Reject> {
        let fence = from == Source::Batch && self.has(flag::FENCE);
        let cr = self.has(flag::CR_VALID).then_some(self.cr);
        if cr.is_some_and(|addr| addr % 32 != 0) {
            return Err(Reject {
                fence,
                ..Reject::swerr(status::CR_ALIGN)
            });
        }

        let handle_is_valid = (1..limits.vectors).contains(&self.handle);
        let interrupt = (self.has(flag::INT_REQUEST) && handle_is_valid).then_some(self.handle);
        let reject = |status, invalid_flags| match cr {
            Some(addr) => Reject {
                status,
                to: RejectTo::Record(addr),
                fence,
                interrupt,
                invalid_flags,
            },
            None => Reject {
                fence,
                interrupt,
                invalid_flags,
                ..Reject::swerr(status)
            },
        };
        let fail = |status| reject(status, 0);

        let (op, format) = self
            .op()
            .zip(Format::of(self))
            .filter(|(op, _)| is_allowed(op, from, limits))
            .ok_or_else(|| fail(status::OPCODE))?;
        let invalid_flags = format.invalid_flags(self);
        if invalid_flags != 0 {
            return Err(reject(status::FLAGS, invalid_flags));
        }
        if !format.reserved_is_zero(self) {
            return Err(fail(status::RESERVED));
        }
        operands::check(self, &op, limits).map_err(fail)?;
        if self.has(flag::INT_REQUEST) && !handle_is_valid {
            return Err(fail(status::INT_HANDLE));
        }

        Ok(Work {
            hints: self.hints(&op, limits),
            op,
            fence,
            cr,
            cr_always: self.has(flag::CR_REQUEST),
            interrupt,
        })
    }

    /// Whether a flag is set.
    const fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// See [`Work::hints`].
    fn hints(&self, op: &Op, limits: &Limits) -> u32 {
        let writes = op.buffers().iter().flatten().any(|buffer| buffer.write);
        let mut passed = flag::STRICT_ORDER;
        if limits.cache_control && writes {
            passed |= flag::CACHE_CONTROL;
        }
        self.flags & passed
    }
}

/// Whether an operation is to be had.
fn is_allowed(op: &Op, from: Source, limits: &Limits) -> bool {
    let opcode = op.opcode();
    let register = usize::from(opcode / 64);
    let is_in = |opcap: &[u64; 4]| {
        let register = opcap.get(register).copied().unwrap_or(0);
        register >> (opcode % 64) & 1 != 0
    };
    is_in(&limits.opcap)
        && is_in(&ALL_OPCAP)
        && (from == Source::Portal || !matches!(op, Op::Batch { .. } | Op::Drain { .. }))
}
