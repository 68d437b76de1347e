// SPDX-License-Identifier: MIT OR Apache-2.0
//! Scenarios that run inside the virtual machine, and what they are made of.
//!
//! They see the project as its users do: through the `dsa-nl` tool, through
//! VFIO, and through the kernel log. Downward only:
//!
//! | room | is |
//! |---|---|
//! | [`scenarios`], [`demo`] | what is shown and asserted |
//! | [`scenario`] | how one scenario runs: clean state before, nothing left after |
//! | [`actor`] | a VFIO user in a process of its own |
//! | [`dsa`] | a tiny userspace driver of the virtual DSA |
//! | [`vfio`] | a VFIO client: group, container, device, memory |
//! | [`ffi`] | the VFIO ioctls; the only room of unsafe code but for one block |
//! | [`tool`], [`monitor`], [`model`] | `dsa-nl`: commands, events, and what they print |
//! | [`system`], [`kmsg`] | the machine: modules, sysfs, the kernel log |
//! | [`process`], [`wait`], [`check`], [`pattern`] | children, deadlines, assertions, bytes |

pub mod actor;
pub mod check;
pub mod demo;
pub mod dsa;
pub mod ffi;
pub mod kmsg;
pub mod model;
pub mod monitor;
pub mod pattern;
pub mod process;
pub mod scenario;
pub mod scenarios;
pub mod system;
pub mod tool;
pub mod vfio;
pub mod wait;
