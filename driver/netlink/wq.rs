// SPDX-License-Identifier: GPL-2.0

//! `wq-get` and `wq-set`.

use kernel::prelude::*;

use super::{
    events::origin,
    given::{
        self,
        Given, //
    },
    parent::parent_id,
    refuse::{
        refuse,
        Numbers, //
    },
    vendor,
    visitor::put_vendor, //
};
use crate::{
    ffi::{
        bindings as uapi,
        genl::{
            genl_do,
            genl_dump,
            Dump,
            Message,
            Request,
            Writer, //
        }, //
    },
    framework::{
        self,
        Field,
        ParentId,
        Refusal,
        SetWq,
        WqMode,
        WqView, //
    }, //
};

const NUMBERS: Numbers = Numbers(&[
    (Field::ParentIndex, uapi::SUBDEV_A_WQ_PARENT_INDEX),
    (Field::Parent, uapi::SUBDEV_A_WQ_PARENT),
    (Field::Wq(None), uapi::SUBDEV_A_WQ_ID),
    (Field::Size, uapi::SUBDEV_A_WQ_SIZE),
    (Field::Mode, uapi::SUBDEV_A_WQ_MODE),
]);

/// Most subdevs that a work queue lists.
pub(super) const MAX_LISTED: u32 = 256;

genl_do!(subdev_nl_wq_get_doit, get);
genl_dump!(subdev_nl_wq_get_dumpit, dump);
genl_do!(subdev_nl_wq_set_doit, set);

fn parent<'a>(request: &Request<'a>) -> ParentId<'a> {
    parent_id(
        request,
        uapi::SUBDEV_A_WQ_PARENT_INDEX,
        uapi::SUBDEV_A_WQ_PARENT,
    )
}

fn get(request: &Request<'_>) -> Result {
    let id = request.u32(uapi::SUBDEV_A_WQ_ID);
    let parent = parent(request);
    let generation = framework::generation();
    let mut message = Message::reply(request, uapi::SUBDEV_CMD_WQ_GET)?;
    let found = framework::wq(&parent, id, |wq| put(&mut message.writer(), wq, generation));
    found.map_err(|refusal| refuse(request, &NUMBERS, &refusal))?;
    message.send(request)
}

fn set(request: &Request<'_>) -> Result {
    let given = Given::find(request, vendor::WQ);
    let mut put_reply = Ok(());
    // What can fail does so before anything is done.
    Message::reply(request, uapi::SUBDEV_CMD_WQ_SET)
        .map_err(Refusal::from)
        .and_then(|mut message| {
            // The policy has checked the range.
            let mode = match request.u32(uapi::SUBDEV_A_WQ_MODE) {
                Some(uapi::SUBDEV_WQ_MODE_DEDICATED) => Some(WqMode::Dedicated),
                Some(_) => Some(WqMode::Shared),
                None => None,
            };
            let set = SetWq {
                parent: parent(request),
                id: request.u32(uapi::SUBDEV_A_WQ_ID),
                size: request.u32(uapi::SUBDEV_A_WQ_SIZE),
                mode,
                vendor: given.as_ref().map(Given::vendor),
                dry_run: request.flag(uapi::SUBDEV_A_WQ_DRY_RUN),
            };
            framework::set_wq(&set, origin(request), |wq, generation| {
                put_reply = put(&mut message.writer(), wq, generation);
            })?;
            Ok(message)
        })
        .map_err(|refusal| given::refuse(request, &NUMBERS, given.as_ref(), &refusal))
        .map(|message| {
            // It is configured, whether the requester gets to see the reply or not.
            let _ = put_reply.and_then(|()| message.send(request));
        })
}

fn dump(dump: &mut Dump<'_>) -> Result {
    let request = dump.request()?;
    let parent = parent(&request);
    let generation = framework::generation();
    dump.set_generation(framework::structure());
    let shown = framework::wqs(&parent, dump.position(), |key, wq| {
        dump.show(key, uapi::SUBDEV_CMD_WQ_GET, |writer| {
            put(writer, wq, generation)
        })
    });
    shown.map_err(|refusal| refuse(&request, &NUMBERS, &refusal))
}

/// Puts a work queue into a message.
pub(super) fn put(writer: &mut Writer<'_>, wq: &WqView<'_>, generation: u64) -> Result {
    let description = &wq.description;
    writer.uint(uapi::SUBDEV_A_WQ_GENERATION, generation)?;
    writer.u32(uapi::SUBDEV_A_WQ_PARENT_INDEX, wq.parent_index())?;
    writer.string(uapi::SUBDEV_A_WQ_PARENT, wq.parent())?;
    writer.u32(uapi::SUBDEV_A_WQ_ID, wq.id)?;
    writer.u32(uapi::SUBDEV_A_WQ_STATE, description.state as u32)?;
    writer.u32(uapi::SUBDEV_A_WQ_MODE, description.mode as u32)?;
    writer.u32(uapi::SUBDEV_A_WQ_SIZE, description.size)?;
    if let Some(mode) = wq.pasid_mode() {
        writer.u32(uapi::SUBDEV_A_WQ_PASID_MODE, mode.into())?;
    }
    writer.u32(uapi::SUBDEV_A_WQ_AVAILABLE, wq.available())?;
    writer.u32(uapi::SUBDEV_A_WQ_SUBDEV_COUNT, wq.count())?;
    // No more than fit into any message: a dump of the subdevs has them all.
    for index in wq.subdevs().take(MAX_LISTED as usize) {
        writer.u32(uapi::SUBDEV_A_WQ_SUBDEV, index)?;
    }
    put_vendor(writer, vendor::WQ, wq.vendor(), |visitor| {
        wq.attributes(visitor)
    })
}
