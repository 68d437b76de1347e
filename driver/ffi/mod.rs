// SPDX-License-Identifier: GPL-2.0

//! The only module with unsafe code: safe types over what the kernel crate does not wrap.
//!
//! Each file is written as a candidate for `rust/kernel/`: it knows the C interface that it wraps
//! and nothing of this driver, apart from `bindings`, which is generated for this module.

pub(crate) mod auxiliary;
pub(crate) mod bindings;
pub(crate) mod bound;
pub(crate) mod device;
pub(crate) mod eventfd;
pub(crate) mod face;
pub(crate) mod genl;
pub(crate) mod irq;
pub(crate) mod mapped;
pub(crate) mod memory;
pub(crate) mod mmap;
pub(crate) mod netlink;
pub(crate) mod pci;
pub(crate) mod pinned;
pub(crate) mod portal;
pub(crate) mod provider;
pub(crate) mod random;
pub(crate) mod records;
pub(crate) mod removable;
pub(crate) mod task;
pub(crate) mod vfio;
pub(crate) mod vhost_task;
pub(crate) mod workqueue;
