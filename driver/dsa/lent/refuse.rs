// SPDX-License-Identifier: GPL-2.0

//! Refusals of what only the owner of a device changes, with the command that does.

use core::fmt;
use kernel::prelude::*;

use super::device::Device;
use crate::framework::{
    Attributes,
    Field,
    Refusal,
    Value,
    WqChange,
    WqMode, //
};

/// A value as accel-config takes it.
struct Argument<'a>(Value<'a>);

impl fmt::Display for Argument<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::U32(value) => write!(f, "{value}"),
            Value::Uint(value) => write!(f, "{value}"),
            Value::Binary(_) | Value::Nest(_) => f.write_str("HEX"),
        }
    }
}

fn refuse(field: Field, command: fmt::Arguments<'_>) -> Refusal {
    Refusal::new(
        EOPNOTSUPP,
        field,
        format_args!("ask idxd: accel-config {command}"),
    )
}

/// Refuses a change of a work queue.
pub(super) fn wq(device: &Device, id: u8, change: &WqChange<'_>) -> Result<(), Refusal> {
    let n = device.number;
    let refuse = |field, option: &str, argument: fmt::Arguments<'_>| {
        Err(refuse(
            field,
            format_args!("config-wq dsa{n}/wq{n}.{id} --{option}={argument}"),
        ))
    };
    if let Some(size) = change.size {
        return refuse(Field::Size, "wq-size", format_args!("{size}"));
    }
    if let Some(mode) = change.mode {
        let mode = match mode {
            WqMode::Dedicated => "dedicated",
            WqMode::Shared => "shared",
        };
        return refuse(Field::Mode, "mode", format_args!("{mode}"));
    }
    let Some(vendor) = change.vendor else {
        return Ok(());
    };
    vendor.each(&mut |name, value| {
        let option = match name {
            "group" => "group-id",
            name => name,
        };
        refuse(
            Field::Vendor(name),
            option,
            format_args!("{}", Argument(value)),
        )
    })
}

/// Refuses a change of the device.
pub(super) fn device(device: &Device, change: &dyn Attributes) -> Result<(), Refusal> {
    let n = device.number;
    change.each(&mut |name, value| match value {
        Value::Nest(group) => {
            let mut id = 0;
            group.each(&mut |name, value| {
                let field = match name {
                    "id" => {
                        if let Value::U32(value) = value {
                            id = value;
                        }
                        return Ok(());
                    }
                    "engines" => {
                        return Err(refuse(
                            Field::VendorIn(0, "group.engines"),
                            format_args!("config-engine dsa{n}/engine{n}.N --group-id={id}"),
                        ));
                    }
                    "read-buffers-reserved" => "group.read-buffers-reserved",
                    "read-buffers-allowed" => "group.read-buffers-allowed",
                    _ => "group.use-read-buffer-limit",
                };
                let argument = Argument(value);
                Err(refuse(
                    Field::VendorIn(0, field),
                    format_args!("config-group dsa{n}/group{n}.{id} --{name}={argument}"),
                ))
            })
        }
        value => {
            let argument = Argument(value);
            Err(refuse(
                Field::Vendor(name),
                format_args!("config-device dsa{n} --{name}={argument}"),
            ))
        }
    })
}
