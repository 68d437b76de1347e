// SPDX-License-Identifier: GPL-2.0

//! Events for the multicast group `monitor`.

use kernel::prelude::*;

use super::subdev;
use crate::{
    ffi::{
        bindings as uapi,
        genl::Message, //
    },
    framework::{
        Event,
        Kind, //
    }, //
};

/// Sends an event to the listeners of every network namespace: parents belong to none.
pub(crate) fn send(event: &Event<'_>) {
    // There is nobody to return an error to. Listeners see the gap in the generation.
    if try_send(event).is_err() {
        kernel::pr_warn_once!("an event could not be sent: out of memory\n");
    }
}

fn try_send(event: &Event<'_>) -> Result {
    let command = match event.kind {
        Kind::Created => uapi::SUBDEV_CMD_SUBDEV_CREATE_NTF,
        Kind::Deleted => uapi::SUBDEV_CMD_SUBDEV_DELETE_NTF,
        Kind::Changed => uapi::SUBDEV_CMD_SUBDEV_CHANGE_NTF,
    };
    let mut message = Message::event(command)?;
    subdev::put(&mut message.writer(), event.subdev, event.generation)?;
    message.multicast(uapi::SUBDEV_NLGRP_MONITOR);
    Ok(())
}
