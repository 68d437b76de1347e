// SPDX-License-Identifier: GPL-2.0

//! Raw bindings to mdev, to what `subdev.ko` exports, and to the tables in C.

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
