// SPDX-License-Identifier: GPL-2.0

//! `parent-get` and `parent-set`.

use kernel::prelude::*;

use super::{
    events::origin,
    given::{
        self,
        Given, //
    },
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
        Attributes,
        Field,
        ParentId,
        ParentView,
        Refusal, //
    }, //
};

const NUMBERS: Numbers = Numbers(&[
    (Field::ParentIndex, uapi::SUBDEV_A_PARENT_INDEX),
    (Field::Parent, uapi::SUBDEV_A_PARENT_NAME),
    (Field::Bus, uapi::SUBDEV_A_PARENT_BUS),
    (Field::Device, uapi::SUBDEV_A_PARENT_DEVICE),
]);

genl_do!(subdev_nl_parent_get_doit, get);
genl_dump!(subdev_nl_parent_get_dumpit, dump);
genl_do!(subdev_nl_parent_set_doit, set);

/// By what a request names its parent: the attributes `index` and `name`.
pub(super) fn parent_id<'a>(request: &Request<'a>, index: u32, name: u32) -> ParentId<'a> {
    ParentId {
        index: request.u32(index),
        name: request.text(name),
        ..ParentId::default()
    }
}

/// By what a request about a parent names it.
fn id<'a>(request: &Request<'a>) -> ParentId<'a> {
    ParentId {
        bus: request.text(uapi::SUBDEV_A_PARENT_BUS),
        device: request.text(uapi::SUBDEV_A_PARENT_DEVICE),
        ..parent_id(
            request,
            uapi::SUBDEV_A_PARENT_INDEX,
            uapi::SUBDEV_A_PARENT_NAME,
        )
    }
}

fn get(request: &Request<'_>) -> Result {
    let id = id(request);
    let generation = framework::generation();
    let mut message = Message::reply(request, uapi::SUBDEV_CMD_PARENT_GET)?;
    let found = framework::parent(&id, |parent| put(&mut message.writer(), parent, generation));
    found.map_err(|refusal| refuse(request, &NUMBERS, &refusal))?;
    message.send(request)
}

fn set(request: &Request<'_>) -> Result {
    let given = Given::find(request, vendor::PARENT);
    let mut put_reply = Ok(());
    // What can fail does so before anything is done.
    Message::reply(request, uapi::SUBDEV_CMD_PARENT_SET)
        .map_err(Refusal::from)
        .and_then(|mut message| {
            framework::set_parent(
                &id(request),
                given.as_ref().map(Given::vendor),
                request.flag(uapi::SUBDEV_A_PARENT_DRY_RUN),
                origin(request),
                |parent, planned, generation| {
                    put_reply = put_after(&mut message.writer(), parent, planned, generation);
                },
            )?;
            Ok(message)
        })
        .map_err(|refusal| given::refuse(request, &NUMBERS, given.as_ref(), &refusal))
        .map(|message| {
            // It is configured, whether the requester gets to see the reply or not.
            let _ = put_reply.and_then(|()| message.send(request));
        })
}

fn dump(dump: &mut Dump<'_>) -> Result {
    let generation = framework::generation();
    dump.set_generation(framework::structure());
    framework::parents(dump.position(), |key, parent| {
        dump.show(key, uapi::SUBDEV_CMD_PARENT_GET, |writer| {
            put(writer, parent, generation)
        })
    })
}

/// Puts a parent into a message.
pub(super) fn put(writer: &mut Writer<'_>, parent: &ParentView, generation: u64) -> Result {
    put_after(writer, parent, None, generation)
}

/// Puts a parent into a message, as it would be after a change if there is one.
fn put_after(
    writer: &mut Writer<'_>,
    parent: &ParentView,
    planned: Option<&dyn Attributes>,
    generation: u64,
) -> Result {
    let description = parent.description();
    writer.uint(uapi::SUBDEV_A_PARENT_GENERATION, generation)?;
    writer.u32(uapi::SUBDEV_A_PARENT_INDEX, parent.index())?;
    writer.string(uapi::SUBDEV_A_PARENT_NAME, parent.name())?;
    writer.string(uapi::SUBDEV_A_PARENT_BUS, description.bus)?;
    writer.string(uapi::SUBDEV_A_PARENT_DEVICE, parent.device()?)?;
    writer.u32(uapi::SUBDEV_A_PARENT_STATE, parent.state as u32)?;
    let flag = |set: bool, flag: u32| if set { flag } else { 0 };
    let capabilities = flag(description.pasid, uapi::SUBDEV_CAPABILITIES_PASID)
        | flag(description.shared_wq, uapi::SUBDEV_CAPABILITIES_SHARED_WQ);
    writer.u32(uapi::SUBDEV_A_PARENT_CAPABILITIES, capabilities)?;
    writer.u32(uapi::SUBDEV_A_PARENT_WQ_COUNT, parent.wqs)?;
    writer.u32(uapi::SUBDEV_A_PARENT_SUBDEV_COUNT, parent.subdevs)?;
    put_vendor(writer, vendor::PARENT, description.vendor, |visitor| {
        parent.provider().attributes(planned, visitor)
    })?;
    match description.owner {
        Some(owner) => writer.string(uapi::SUBDEV_A_PARENT_OWNER, owner),
        None => Ok(()),
    }
}
