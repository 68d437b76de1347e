// SPDX-License-Identifier: GPL-2.0

//! The register SWERR of the virtual function.

use super::{
    super::regs::{
        genctrl,
        intcause,
        swerr, //
    },
    Effect,
    Function, //
};

/// An error that no completion record can tell of.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Swerr {
    /// Error code: a status of a completion record or one of [`swerr`].
    pub code: u8,
    /// The WQ that it happened on.
    pub wq: Option<u8>,
    /// Operation code of the descriptor that is to blame.
    pub opcode: Option<u8>,
    /// Place of that descriptor in its batch, if it is from one.
    pub batch_index: Option<u16>,
    /// Address that faulted.
    pub addr: Option<u64>,
    /// Whether the access that faulted was a write.
    pub write: bool,
    /// The flags that are not valid, with status [`FLAGS`](super::super::desc::code::status::FLAGS).
    pub invalid_flags: u32,
}

impl Function {
    /// Records an error that no completion record can tell of.
    ///
    /// A WQ that is not there is left out: idxd takes the number as an index unchecked.
    pub fn report_swerr(&mut self, error: Swerr) -> Effect {
        let [first, ..] = &mut self.swerr;
        if *first & swerr::VALID != 0 {
            *first |= swerr::OVERFLOW;
        } else {
            self.swerr = error.encode(self.params.wqs);
        }
        self.reported = Some(error);
        self.raise(intcause::SWERR, genctrl::SOFTERR_INT_EN)
    }

    /// The error that was recorded last, or only counted; once. For the owner, who may want to
    /// know what goes wrong.
    pub fn take_reported(&mut self) -> Option<Swerr> {
        self.reported.take()
    }
}

impl Swerr {
    /// The registers SWERR that tell of the error, on a function with `wqs` WQs.
    fn encode(&self, wqs: u8) -> [u64; 4] {
        let mut first = swerr::VALID | u64::from(self.code) << swerr::ERROR_SHIFT;
        if let Some(wq) = self.wq.filter(|wq| *wq < wqs) {
            first |= swerr::WQ_VALID | u64::from(wq) << swerr::WQ_SHIFT;
        }
        if let Some(opcode) = self.opcode {
            first |= swerr::DESC_VALID | u64::from(opcode) << swerr::OPERATION_SHIFT;
        }
        if self.write {
            first |= swerr::FAULT_WRITE;
        }
        let mut second = u64::from(self.invalid_flags) << swerr::INVALID_FLAGS_SHIFT;
        if let Some(index) = self.batch_index {
            first |= swerr::BATCH;
            second |= u64::from(index);
        }
        [first, second, self.addr.unwrap_or(0), 0]
    }
}
