// SPDX-License-Identifier: MIT OR Apache-2.0
//! The device model under software written by others: the kernel's own driver `idxd`, `accel-config`
//! and `dmatest`; and programs that submit with the processor's own instructions.
//!
//! The processor gets these instructions from `cpu_shim`, which the machine has loaded, see
//! `tests/cpu-shim`.

mod configuration;
mod cycles;
mod faults;
mod kernels;
mod lent;
mod profiles;
mod transfers;
mod user;

pub use self::configuration::IDXD_CONFIG;
pub use self::cycles::IDXD_CYCLES;
pub use self::faults::{IDXD_COMMANDS, IDXD_FAULTS, IDXD_HALTS, IDXD_VANISHING};
pub use self::kernels::IDXD_WQ_KERNEL;
pub use self::lent::{IDXD_WQ, IDXD_WQ_ENDS};
pub use self::profiles::{IDXD_HANDLES, IDXD_SECOND};
pub use self::transfers::IDXD_DMATEST;
pub use self::user::{ENQCMD, MISTAKE, STORE, USER_SUBMISSION, go_wrong};

/// Options of the machine: `idxd` wants a processor that says it has MOVDIR64B. What upstream's driver
/// does with the model is nothing for a kernel that looks after ours.
pub const STOCK: &str = "--kernel stock --movdir64b";
/// The same, where our module has a part in it.
pub const BOTH: &str = "--movdir64b";
