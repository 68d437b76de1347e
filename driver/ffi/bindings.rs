// SPDX-License-Identifier: GPL-2.0

//! Raw bindings that the kernel crate lacks: VFIO, vhost's threads, the shims and the numbers of the family.
//!
//! Kbuild makes `bindings_generated.rs` from `bindings_helper.h`. Types that the kernel crate
//! binds are taken from there, so that there is one Rust type for each C type.

#![allow(
    clippy::all,
    clippy::ptr_as_ptr,
    clippy::ref_as_ptr,
    clippy::undocumented_unsafe_blocks,
    dead_code,
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    unreachable_pub,
    unsafe_op_in_unsafe_fn,
    improper_ctypes
)]

use kernel::{
    bindings::*,
    ffi, //
};

include!("bindings_generated.rs");
