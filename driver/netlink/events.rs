// SPDX-License-Identifier: GPL-2.0

//! Events for the multicast group `monitor`.

use kernel::prelude::*;

use super::{
    fault,
    filter,
    parent,
    subdev,
    wq, //
};
use crate::{
    ffi::{
        bindings as uapi,
        genl::{
            self,
            Message,
            Request,
            Sender, //
        }, //
    },
    framework::{
        Event,
        Kind,
        Object,
        Origin,
        Requester, //
    }, //
};

/// Sends an event to the listeners.
pub(crate) fn send(event: &Event<'_>) {
    // There is nobody to return an error to.
    if try_send(event).is_err() {
        genl::notify_loss(uapi::SUBDEV_NLGRP_MONITOR);
        kernel::pr_warn_once!("an event could not be sent: out of memory\n");
    }
}

fn try_send(event: &Event<'_>) -> Result {
    let requester = event.origin.requester;
    let echo = requester.filter(|it| it.echo).map(|it| Sender {
        port: it.port,
        sequence: it.sequence,
    });
    // Most of the time nobody does. Who begins to listen now, and asks then, is answered after this.
    if echo.is_none() && !genl::has_listeners(uapi::SUBDEV_NLGRP_MONITOR) {
        return Ok(());
    }
    let (command, kind) = command_and_kind(event);
    let mut message = Message::event(command, echo)?;
    let writer = &mut message.writer();
    let (cause, port_id) = match event.object {
        Object::Parent(parent) => {
            parent::put(writer, parent, event.generation)?;
            (
                uapi::SUBDEV_A_PARENT_CAUSE,
                uapi::SUBDEV_A_PARENT_PORT_ID, //
            )
        }
        Object::Wq(wq) => {
            wq::put(writer, wq, event.generation)?;
            (uapi::SUBDEV_A_WQ_CAUSE, uapi::SUBDEV_A_WQ_PORT_ID)
        }
        Object::Subdev(subdev) => {
            subdev::put(writer, subdev, event.generation)?;
            (
                uapi::SUBDEV_A_SUBDEV_CAUSE,
                uapi::SUBDEV_A_SUBDEV_PORT_ID, //
            )
        }
    };
    if let Kind::Fault(fault) = &event.kind {
        let number = match event.object {
            Object::Parent(_) => Some(uapi::SUBDEV_A_PARENT_FAULT),
            Object::Subdev(_) => Some(uapi::SUBDEV_A_SUBDEV_FAULT),
            // Those of a work queue are told of whoever is on it, or of its parent.
            Object::Wq(_) => None,
        };
        if let Some(number) = number {
            fault::put(writer, number, fault)?;
        }
    }
    writer.u32(cause, event.origin.cause as u32)?;
    if let Some(requester) = requester {
        writer.u32(port_id, requester.port)?;
    }
    filter::send(message, event, kind, echo);
    Ok(())
}

/// The notification that an event is, and its kind in filters.
fn command_and_kind(event: &Event<'_>) -> (u32, u32) {
    match (event.object, event.kind) {
        (Object::Parent(_), Kind::Created) => {
            (
                uapi::SUBDEV_CMD_PARENT_CREATE_NTF,
                uapi::SUBDEV_NOTIFY_KINDS_PARENT_CREATE, //
            )
        }
        (Object::Parent(_), Kind::Deleted) => {
            (
                uapi::SUBDEV_CMD_PARENT_DELETE_NTF,
                uapi::SUBDEV_NOTIFY_KINDS_PARENT_DELETE, //
            )
        }
        (Object::Parent(_), Kind::Changed) => {
            (
                uapi::SUBDEV_CMD_PARENT_CHANGE_NTF,
                uapi::SUBDEV_NOTIFY_KINDS_PARENT_CHANGE, //
            )
        }
        (Object::Parent(_), Kind::Fault(_)) => {
            (
                uapi::SUBDEV_CMD_PARENT_FAULT_NTF,
                uapi::SUBDEV_NOTIFY_KINDS_PARENT_FAULT, //
            )
        }
        (Object::Wq(_), Kind::Created) => {
            (
                uapi::SUBDEV_CMD_WQ_CREATE_NTF,
                uapi::SUBDEV_NOTIFY_KINDS_WQ_CREATE, //
            )
        }
        (Object::Wq(_), Kind::Deleted) => {
            (
                uapi::SUBDEV_CMD_WQ_DELETE_NTF,
                uapi::SUBDEV_NOTIFY_KINDS_WQ_DELETE, //
            )
        }
        (Object::Wq(_), Kind::Changed | Kind::Fault(_)) => {
            (
                uapi::SUBDEV_CMD_WQ_CHANGE_NTF,
                uapi::SUBDEV_NOTIFY_KINDS_WQ_CHANGE, //
            )
        }
        (Object::Subdev(_), Kind::Created) => {
            (
                uapi::SUBDEV_CMD_SUBDEV_CREATE_NTF,
                uapi::SUBDEV_NOTIFY_KINDS_SUBDEV_CREATE, //
            )
        }
        (Object::Subdev(_), Kind::Deleted) => {
            (
                uapi::SUBDEV_CMD_SUBDEV_DELETE_NTF,
                uapi::SUBDEV_NOTIFY_KINDS_SUBDEV_DELETE, //
            )
        }
        (Object::Subdev(_), Kind::Changed) => {
            (
                uapi::SUBDEV_CMD_SUBDEV_CHANGE_NTF,
                uapi::SUBDEV_NOTIFY_KINDS_SUBDEV_CHANGE, //
            )
        }
        (Object::Subdev(_), Kind::Fault(_)) => {
            (
                uapi::SUBDEV_CMD_SUBDEV_FAULT_NTF,
                uapi::SUBDEV_NOTIFY_KINDS_SUBDEV_FAULT, //
            )
        }
    }
}

/// The origin of what a request causes.
pub(super) fn origin(request: &Request<'_>) -> Origin {
    let sender = request.sender();
    Origin::request(Requester {
        port: sender.port,
        sequence: sender.sequence,
        echo: request.wants_echo(),
    })
}
