// SPDX-License-Identifier: GPL-2.0

//! The generic netlink family `subdev`: parse, ask the framework, reply, notify.
//!
//! Policies, the table of operations and the family are generated from `spec/subdev.yaml` into
//! `generated`; so is `uapi/linux/subdev.h`, from which the numbers come.

mod events;
mod family;
mod fault;
mod filter;
mod given;
mod lease;
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

use kernel::prelude::*;

use crate::ffi::{
    genl,
    netlink::Closings, //
};

/// The registration of the family. Fields are dropped in this order: no request is handled when
/// sockets that are closed are looked for no more.
pub(crate) struct Registration {
    _family: genl::Registration,
    _closings: Closings,
    _sockets: Sockets,
}

/// What is known of sockets: their leases and filters; cleared when dropped.
struct Sockets;

impl Drop for Sockets {
    fn drop(&mut self) {
        lease::clear();
        filter::clear();
    }
}

/// Sockets were closed.
fn closed() {
    lease::end_closed();
    filter::forget_closed();
}

impl Registration {
    /// Registers the family: from now on requests arrive.
    ///
    /// # Safety
    ///
    /// Must be called exactly once. When the returned value is dropped there are no subdevs any more.
    pub(crate) unsafe fn new() -> Result<Self> {
        // SAFETY: By the safety requirement.
        unsafe { lease::init() };
        // SAFETY: As above.
        unsafe { filter::init() };
        // In the reverse order: who ends a lease is there before the first one.
        let (sockets, closings) = (Sockets, Closings::new(closed)?);
        Ok(Self {
            _family: genl::Registration::new()?,
            _closings: closings,
            _sockets: sockets,
        })
    }
}
