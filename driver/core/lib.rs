// SPDX-License-Identifier: GPL-2.0

//! Core of the subdev driver: what the framework decides without hardware.
//!
//! Everything here is plain data and pure functions: no kernel import, no allocation, no unsafe
//! code, and no input that panics. The same files are the module `subdev_core` of the driver and
//! the crate `subdev-core` on the host, where they are tested. Nothing here knows a vendor.

#![cfg_attr(not(any(MODULE, test)), no_std)]
#![deny(unsafe_code)]
// Inside the driver this is a module and not a crate: it is not reachable from outside, and need
// not be used to the last accessor.
#![cfg_attr(MODULE, allow(dead_code, unreachable_pub, unused_imports))]

pub mod bucket;
pub mod face;
pub mod list;
pub mod name;
pub mod quality;
pub mod sentence;
pub mod share;
pub mod state;
pub mod uuid;
