// SPDX-License-Identifier: GPL-2.0

//! Core of the DSA provider: all that can be decided without hardware.
//!
//! Everything here is plain data and pure functions: no kernel import, no allocation, no unsafe
//! code, and no input that panics. The same files are the module `dsa_core` of the driver and the
//! crate `dsa-core` on the host, where they are tested.
//!
//! - How a device is divided: [`partition`]; what the admin may make of it: [`setup`].
//! - What the hardware and its virtual twin look like: [`regs`], [`virt`].
//! - What a tenant submits and how it is carried out: [`desc`], [`plan`].
//! - How descriptors are found in a portal that is memory: [`portal`].
//! - Which descriptor an error of the hardware is about: [`blame`].
//! - Who of several tenants is next, and how fast: [`fair`], [`rate`].

#![cfg_attr(not(any(MODULE, test)), no_std)]
#![deny(unsafe_code)]
// Inside the driver this is a module and not a crate: it is not reachable from outside, and need
// not be used to the last accessor.
#![cfg_attr(MODULE, allow(dead_code, unreachable_pub, unused_imports))]

pub mod blame;
pub mod desc;
pub mod fair;
pub mod partition;
pub mod plan;
pub mod portal;
pub mod rate;
pub mod regs;
pub mod setup;
pub mod virt;
