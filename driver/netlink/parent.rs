// SPDX-License-Identifier: GPL-2.0

//! `parent-get`.

use kernel::prelude::*;

use super::{
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
            Attr,
            Dump,
            Message,
            Request,
            Writer, //
        }, //
    },
    framework::{
        self,
        Field,
        ParentView, //
    }, //
};

const NUMBERS: Numbers = Numbers(&[
    (Field::Index, uapi::SUBDEV_A_PARENT_INDEX),
    (Field::Name, uapi::SUBDEV_A_PARENT_NAME),
]);

genl_do!(subdev_nl_parent_get_doit, get);
genl_dump!(subdev_nl_parent_get_dumpit, dump);

fn get(request: &Request<'_>) -> Result {
    let index = request
        .attr(uapi::SUBDEV_A_PARENT_INDEX)
        .and_then(|attr| attr.u32());
    let name = request.attr(uapi::SUBDEV_A_PARENT_NAME);
    let name = name.as_ref().map(Attr::text);
    let generation = framework::generation();
    let mut message = Message::reply(request, uapi::SUBDEV_CMD_PARENT_GET)?;
    let found = framework::parent(index, name, |parent| {
        put(&mut message.writer(), parent, generation)
    });
    found.map_err(|refusal| refuse(request, &NUMBERS, &refusal))?;
    message.send(request)
}

fn dump(dump: &mut Dump<'_>) -> Result {
    let generation = framework::generation();
    dump.set_generation(framework::structure());
    framework::parents(dump.position(), |key, parent| {
        let fits = dump.entry(uapi::SUBDEV_CMD_PARENT_GET, |writer| {
            put(writer, parent, generation)
        })?;
        dump.set_position(if fits { key + 1 } else { key });
        Ok(fits)
    })
}

fn put(writer: &mut Writer<'_>, parent: &ParentView, generation: u64) -> Result {
    let description = parent.description();
    writer.uint(uapi::SUBDEV_A_PARENT_GENERATION, generation)?;
    writer.u32(uapi::SUBDEV_A_PARENT_INDEX, parent.index())?;
    writer.string(uapi::SUBDEV_A_PARENT_NAME, parent.name())?;
    writer.string(uapi::SUBDEV_A_PARENT_BUS, description.bus)?;
    writer.string(uapi::SUBDEV_A_PARENT_DEVICE, parent.device()?)?;
    writer.u32(uapi::SUBDEV_A_PARENT_STATE, parent.state as u32)?;
    writer.u32(uapi::SUBDEV_A_PARENT_WQS, parent.wqs)?;
    writer.u32(uapi::SUBDEV_A_PARENT_PASID, description.pasid.into())?;
    writer.u32(uapi::SUBDEV_A_PARENT_SUBDEVS, parent.subdevs)?;
    put_vendor(writer, vendor::PARENT, description.vendor, |visitor| {
        parent.provider().attributes(visitor)
    })
}
