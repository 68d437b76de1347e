// SPDX-License-Identifier: GPL-2.0

//! `type-get`.

use kernel::prelude::*;

use super::{
    parent::parent_id,
    refuse::{
        refuse,
        Numbers, //
    }, //
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
        TypeView, //
    }, //
};

const NUMBERS: Numbers = Numbers(&[
    (Field::ParentIndex, uapi::SUBDEV_A_TYPE_PARENT_INDEX),
    (Field::Parent, uapi::SUBDEV_A_TYPE_PARENT),
    (Field::Type, uapi::SUBDEV_A_TYPE_NAME),
]);

genl_do!(subdev_nl_type_get_doit, get);
genl_dump!(subdev_nl_type_get_dumpit, dump);

fn parent<'a>(request: &Request<'a>) -> ParentId<'a> {
    parent_id(
        request,
        uapi::SUBDEV_A_TYPE_PARENT_INDEX,
        uapi::SUBDEV_A_TYPE_PARENT,
    )
}

fn get(request: &Request<'_>) -> Result {
    let name = request.text(uapi::SUBDEV_A_TYPE_NAME);
    let parent = parent(request);
    let generation = framework::generation();
    let mut message = Message::reply(request, uapi::SUBDEV_CMD_TYPE_GET)?;
    let found = framework::type_named(&parent, name, |kind| {
        put(&mut message.writer(), kind, generation)
    });
    found.map_err(|refusal| refuse(request, &NUMBERS, &refusal))?;
    message.send(request)
}

fn dump(dump: &mut Dump<'_>) -> Result {
    let request = dump.request()?;
    let parent = parent(&request);
    let generation = framework::generation();
    dump.set_generation(framework::structure());
    let shown = framework::types(&parent, dump.position(), |key, kind| {
        dump.show(key, uapi::SUBDEV_CMD_TYPE_GET, |writer| {
            put(writer, kind, generation)
        })
    });
    shown.map_err(|refusal| refuse(&request, &NUMBERS, &refusal))
}

fn put(writer: &mut Writer<'_>, view: &TypeView<'_>, generation: u64) -> Result {
    let kind = view.kind;
    writer.uint(uapi::SUBDEV_A_TYPE_GENERATION, generation)?;
    writer.u32(uapi::SUBDEV_A_TYPE_PARENT_INDEX, view.parent_index())?;
    writer.string(uapi::SUBDEV_A_TYPE_PARENT, view.parent())?;
    writer.string(uapi::SUBDEV_A_TYPE_NAME, kind.name)?;
    writer.u32(uapi::SUBDEV_A_TYPE_PASID_MODE, kind.pasid_mode.into())?;
    writer.u32(uapi::SUBDEV_A_TYPE_ISOLATION, kind.isolation as u32)?;
    writer.u32(uapi::SUBDEV_A_TYPE_MAX_INSTANCES, view.max_instances())?;
    writer.u32(
        uapi::SUBDEV_A_TYPE_AVAILABLE_INSTANCES,
        view.available_instances(),
    )?;
    if let Some(missing) = kind.missing {
        writer.string(uapi::SUBDEV_A_TYPE_MISSING_PREREQUISITE, missing)?;
    }
    writer.string(uapi::SUBDEV_A_TYPE_DESCRIPTION, kind.description)
}
