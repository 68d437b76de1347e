// SPDX-License-Identifier: MIT OR Apache-2.0
//! What goes wrong on demand in the model reaches `idxd` as it would from hardware: what it logs, the
//! state that it shows, and how to recover from it.
//!
//! What `idxd` does not recover from by itself, although the hardware would let it, is said where it
//! is seen (srctree drivers/dma/idxd/irq.c and init.c).

mod commands;
mod halts;
mod transfers;
mod vanishing;

pub use self::commands::IDXD_COMMANDS;
pub use self::halts::IDXD_HALTS;
pub use self::transfers::IDXD_FAULTS;
pub use self::vanishing::IDXD_VANISHING;
