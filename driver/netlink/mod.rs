// SPDX-License-Identifier: GPL-2.0

//! The generic netlink family `subdev`: parse, ask the framework, reply, notify.
//!
//! Policies, the table of operations and the family are generated from `spec/subdev.yaml` into
//! `generated`; so is `uapi/linux/subdev.h`, from which the numbers come.

mod events;
mod parent;
mod refuse;
mod subdev;
mod types;
mod wq;

use kernel::prelude::*;

use crate::{
    ffi::genl,
    framework, //
};

/// The registration of the family: requests and events work while it lives.
pub(crate) struct Registration {
    _family: genl::Registration,
}

impl Registration {
    /// Registers the family.
    pub(crate) fn new() -> Result<Self> {
        let family = genl::Registration::new()?;
        framework::set_sink(events::send);
        Ok(Self { _family: family })
    }
}
