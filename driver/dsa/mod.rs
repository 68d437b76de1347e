// SPDX-License-Identifier: GPL-2.0

//! The first provider: the Intel Data Streaming Accelerator (DSA).
//!
//! From the bottom up: [`device`] reaches the registers and runs commands, [`config`] divides the
//! device into groups and work queues, [`wq`] submits descriptors and waits for them,
//! [`interrupts`] tells when they are done; [`transfer`] carries out one operation of a tenant,
//! [`engine`] all those of one subdev, one after another, and [`unmaps`] keeps them away from memory
//! that is going; [`function`] is the virtual device in
//! front of it. [`provider`] tells the framework of it all, and [`driver`] binds to the hardware.
//!
//! Facts about the hardware are from the Intel Data Streaming Accelerator Architecture
//! Specification (341204) as `drivers/dma/idxd` of the kernel has them.

mod config;
mod device;
mod driver;
mod engine;
mod front;
mod function;
mod interrupts;
mod provider;
mod ring;
mod transfer;
mod unmaps;
mod wq;

pub(crate) use driver::Driver;
