// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is built: the kernel tree that modules need, the module and the
//! programs of the checkout.

pub mod kernel;
pub mod module;
pub mod toolchain;
pub mod userspace;
