// SPDX-License-Identifier: GPL-2.0

//! `subdev-reset` and `subdev-drain`.

use kernel::prelude::*;

use super::{
    events::origin,
    refuse::refuse,
    subdev::{
        id,
        put,
        NUMBERS, //
    }, //
};
use crate::{
    ffi::{
        bindings as uapi,
        genl::{
            genl_do,
            Message,
            Request, //
        }, //
    },
    framework::{
        self,
        Id,
        Refusal,
        Snapshot, //
    }, //
};

genl_do!(subdev_nl_subdev_reset_doit, reset);
genl_do!(subdev_nl_subdev_drain_doit, drain);

fn reset(request: &Request<'_>) -> Result {
    act(request, uapi::SUBDEV_CMD_SUBDEV_RESET, |id, reply| {
        framework::reset(id, origin(request), reply)
    })
}

fn drain(request: &Request<'_>) -> Result {
    act(request, uapi::SUBDEV_CMD_SUBDEV_DRAIN, |id, reply| {
        framework::drain(id, reply)
    })
}

/// Has `act` do something with the subdev that the request names, and replies what is shown to its
/// second argument.
fn act(
    request: &Request<'_>,
    command: u32,
    act: impl FnOnce(Id<'_>, &mut dyn FnMut(&Snapshot<'_>, u64)) -> Result<(), Refusal>,
) -> Result {
    let mut put_it = Ok(());
    // What can fail does so before anything is done.
    Message::reply(request, command)
        .map_err(Refusal::from)
        .and_then(|mut message| {
            let id = id(request)?;
            act(id, &mut |subdev, generation| {
                put_it = put(&mut message.writer(), subdev, generation);
            })?;
            Ok(message)
        })
        .map_err(|refusal| refuse(request, &NUMBERS, &refusal))
        .map(|message| {
            // It is done, whether the requester gets to see the reply or not.
            let _ = put_it.and_then(|()| message.send(request));
        })
}
