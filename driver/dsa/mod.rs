// SPDX-License-Identifier: GPL-2.0

//! The first provider: the Intel Data Streaming Accelerator (DSA).
//!
//! Imports run downward only. In the order of this list, each module uses some of those before it, and
//! none of those after it.
//!
//! - The hardware: [`registers`] reaches the BARs, [`command`] runs commands, [`config`] divides the
//!   device into groups and work queues.
//! - Its work queues: [`submitter`] is what an engine needs of one, whoever owns it; [`slots`] keeps
//!   the completion records of one that is ours, and [`wq`] submits to it.
//! - The device as a whole: [`device`] has the work queues and notices when it is lost, [`recovery`]
//!   ends descriptors that do not end by themselves, [`interrupts`] handles its vectors;
//!   [`hardware`] makes a submitter of all that.
//! - What tenants submit: [`ring`] and [`span`] are helpers, [`transfer`] carries out one operation,
//!   [`unmaps`] keeps pins away from memory that is going, [`front`] has the registers that a tenant
//!   sees, and [`engine`] carries out all descriptors of one subdev.
//! - What the framework sees: [`function`], [`work_queue`] and [`parent`].
//! - [`bring_up`] puts a device together, and [`driver`] binds to it.
//!
//! Facts about the hardware are from the Intel Data Streaming Accelerator Architecture
//! Specification (341204) as `drivers/dma/idxd` of the kernel has them.

mod bring_up;
mod command;
mod config;
mod device;
mod driver;
mod engine;
mod front;
mod function;
mod hardware;
mod interrupts;
mod parent;
mod recovery;
mod registers;
mod ring;
mod slots;
mod span;
mod submitter;
mod transfer;
mod unmaps;
mod work_queue;
mod wq;

pub(crate) use driver::Driver;
