// SPDX-License-Identifier: GPL-2.0

//! The generic netlink family `subdev`: parse, ask the framework, reply, notify.
//!
//! Policies, the table of operations and the family are generated from `spec/subdev.yaml` into
//! `generated`; so is `uapi/linux/subdev.h`, from which the numbers come.

mod events;
mod family;
mod fault;
mod given;
mod parent;
mod refuse;
mod reset;
mod stats;
mod subdev;
mod types;
#[path = "generated/vendor.rs"]
mod vendor;
mod visitor;
mod wq;

pub(crate) use self::events::send;
pub(crate) use crate::ffi::genl::Registration;
