// SPDX-License-Identifier: GPL-2.0

//! Core of the subdev driver: all that can be decided without hardware.
//!
//! Everything here is plain data and pure functions: no kernel import, no allocation, no unsafe
//! code, and no input that panics. The same files are the room `core` of the kernel module and
//! the crate `subdev-core` on the host, where they are tested.
//!
//! - What the admin names and divides: [`name`], [`uuid`], [`partition`], [`share`], [`state`].
//! - What the hardware and its virtual twin look like: [`regs`], [`virt`].
//! - What a tenant submits and how it is carried out: [`desc`], [`plan`].

#![cfg_attr(not(any(MODULE, test)), no_std)]
#![deny(unsafe_code)]
// Inside the module this is a room and not a crate: it is not reachable from outside, and need not
// be used to the last accessor.
#![cfg_attr(MODULE, allow(dead_code, unreachable_pub, unused_imports))]

pub mod desc;
pub mod name;
pub mod partition;
pub mod plan;
pub mod regs;
pub mod share;
pub mod state;
pub mod uuid;
pub mod virt;
