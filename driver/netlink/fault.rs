// SPDX-License-Identifier: GPL-2.0

//! What went wrong, in events of that.

use kernel::prelude::*;

use crate::{
    ffi::{
        bindings as uapi,
        genl::Writer, //
    },
    framework::Fault, //
};

/// Puts a fault into a message, as the attribute `number`.
pub(super) fn put(writer: &mut Writer<'_>, number: u32, fault: &Fault) -> Result {
    writer.nest(number, |writer| {
        writer.u32(uapi::SUBDEV_A_FAULT_KIND, fault.kind as u32)?;
        if let Some(code) = fault.code {
            writer.u32(uapi::SUBDEV_A_FAULT_CODE, code.into())?;
        }
        if let Some(wq) = fault.wq {
            writer.u32(uapi::SUBDEV_A_FAULT_WQ, wq)?;
        }
        if let Some(operation) = fault.operation {
            writer.u32(uapi::SUBDEV_A_FAULT_OPERATION, operation.into())?;
        }
        if let Some(address) = fault.address {
            writer.uint(uapi::SUBDEV_A_FAULT_ADDRESS, address)?;
        }
        if fault.missed > 0 {
            writer.u32(uapi::SUBDEV_A_FAULT_MISSED, fault.missed)?;
        }
        Ok(())
    })
}
