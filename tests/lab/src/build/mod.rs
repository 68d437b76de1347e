// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is built: the kernel tree that modules need, the module, the programs,
//! the client in C and the fuzz targets of the checkout, and modules of the kernel's own.

pub mod c_client;
pub mod fuzz;
pub mod kernel;
pub mod kvm_amd;
pub mod mdev;
pub mod module;
pub mod peer;
pub mod toolchain;
pub mod userspace;
